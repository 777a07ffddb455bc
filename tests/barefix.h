/* SPDX-License-Identifier: MIT */
/*
 * A bare machine: no address space, tables built by hand in its RAM, and
 * accesses that end at their faults. Only the public API is used.
 *
 *	barefix_up()                    CR3 points to an empty top table, PCID 0
 *	barefix_map(&fix, va, level)    a page there, and the tables above it
 *	barefix_set(), barefix_clear()  bits of an entry; nothing is flushed
 *
 * Each page begins with its own frame number, so that a load says which frame
 * answered.
 */
#ifndef VMD_TESTS_BAREFIX_H
#define VMD_TESTS_BAREFIX_H

#include <vmmdirty/vmmdirty.h>

/* Bits of entries, in short. */
#define P	 VMD_PAGE_PRESENT
#define RW	 VMD_PAGE_RW
#define US	 VMD_PAGE_USER
#define ACC	 VMD_PAGE_ACCESSED
#define D	 VMD_PAGE_DIRTY
#define PS	 VMD_PAGE_PSE
#define G	 VMD_PAGE_GLOBAL
#define NX	 VMD_PAGE_NX
#define KEY(key) ((uint64_t)(key) << 59)

/* And of error codes. */
#define PF_P VMD_PF_PROT
#define PF_W VMD_PF_WRITE
#define PF_U VMD_PF_USER
#define PF_R VMD_PF_RSVD
#define PF_I VMD_PF_INSTR
#define PF_K VMD_PF_PK

#define ARRAY_SIZE(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* Levels of entries. */
#define PTE   1U
#define PDE   2U
#define PDPTE 3U
#define PML4E 4U
#define PML5E 5U

/* Pages of user memory: their indices differ at each level. */
#define PAGE(nr) (UINT64_C(0x0000123456400000) + ((uint64_t)(nr) << 12))
#define MB2(nr)	 (UINT64_C(0x0000123480000000) + ((uint64_t)(nr) << 21))
#define GB1(nr)	 (UINT64_C(0x0000200000000000) + ((uint64_t)(nr) << 30))
/* And where the kernel would live. */
#define HIGH(nr) (UINT64_C(0xffffffff81000000) + ((uint64_t)(nr) << 12))

enum bare_kind {
	BARE_READ,
	BARE_WRITE,
	BARE_FETCH
};

/* Frames that barefix_down() gives back. */
struct barefix_run {
	vmd_pfn_t pfn;
	uint64_t nr_pages;
};

#define BAREFIX_MAX_RUNS 2048U

struct barefix {
	struct vmd_machine *machine;
	struct vmd_cpu *cpu;
	unsigned int levels;
	vmd_pa_t root; /* what table functions work on */
	unsigned int nr_runs;
	struct barefix_run runs[BAREFIX_MAX_RUNS];
};

/* Facts do not depend on how the caches are built: for looped tests. */
#define BAREFIX_NR_SHAPES 7
extern const struct vmd_machine_config barefix_shapes[BAREFIX_NR_SHAPES];

/* @shape may be NULL; what it leaves open is small. */
void barefix_up(struct barefix *fix, const struct vmd_machine_config *shape);
void barefix_down(struct barefix *fix);

/* Zeroed memory; the address of its first byte. */
vmd_pa_t barefix_alloc(struct barefix *fix, uint64_t nr_pages);

/* Gives one page of them back. */
void barefix_free(struct barefix *fix, vmd_pa_t pa);

/* A frame for a page of that level; its first 16 pieces know their numbers. */
vmd_pa_t barefix_frame(struct barefix *fix, unsigned int level);

/* Where the entry of @va is: all tables above it exist. */
vmd_pa_t barefix_slot(const struct barefix *fix, vmd_va_t va,
		      unsigned int level);
uint64_t barefix_entry(const struct barefix *fix, vmd_va_t va,
		       unsigned int level);
void barefix_write(const struct barefix *fix, vmd_va_t va, unsigned int level,
		   uint64_t entry);
void barefix_set(const struct barefix *fix, vmd_va_t va, unsigned int level,
		 uint64_t bits);
void barefix_clear(const struct barefix *fix, vmd_va_t va, unsigned int level,
		   uint64_t bits);

/* A new frame, present, RW and user, below tables that grant everything. */
vmd_pa_t barefix_map(struct barefix *fix, vmd_va_t va, unsigned int level);

/* Another frame into an entry that exists; its other bits stay. */
vmd_pa_t barefix_remap(struct barefix *fix, vmd_va_t va, unsigned int level);

/* Registers that may be written so. */
void barefix_reg(const struct barefix *fix, enum vmd_reg reg, uint64_t value);
void barefix_reg_set(const struct barefix *fix, enum vmd_reg reg,
		     uint64_t bits);
void barefix_reg_clear(const struct barefix *fix, enum vmd_reg reg,
		       uint64_t bits);

/* MOV CR3 to the tables of @fix. */
void barefix_cr3(const struct barefix *fix, unsigned int pcid, uint64_t flags);

/* Eight bytes; what vmd_load_u64() and its likes return. */
int barefix_access(const struct barefix *fix, enum bare_kind kind, vmd_va_t va);

/* Accesses that must succeed. */
uint64_t barefix_load(const struct barefix *fix, vmd_va_t va);
void barefix_store(const struct barefix *fix, vmd_va_t va, uint64_t value);
void barefix_fetch(const struct barefix *fix, vmd_va_t va);

/* The number that the frame at @pa has been given. */
uint64_t barefix_number(const struct barefix *fix, vmd_pa_t pa);

/* The TLB holds @va for the current PCID. */
bool barefix_cached(const struct barefix *fix, vmd_va_t va);
struct vmd_tlb_view barefix_view(const struct barefix *fix, vmd_va_t va);

uint64_t barefix_count(const struct barefix *fix, enum vmd_event event);

/* The access ends with this page fault, or with #GP at this address. */
void barefix_expect_fault(const struct barefix *fix, enum bare_kind kind,
			  vmd_va_t va, unsigned int code, int line);
void barefix_expect_gp(const struct barefix *fix, enum bare_kind kind,
		       vmd_va_t va, int line);

#define expect_fault(fix, kind, va, code) \
	barefix_expect_fault(fix, kind, va, code, __LINE__)
#define expect_gp(fix, kind, va) barefix_expect_gp(fix, kind, va, __LINE__)

#endif /* VMD_TESTS_BAREFIX_H */
