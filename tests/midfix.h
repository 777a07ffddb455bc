/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the middle floors share: a machine with a few address
 * spaces, each on a CPU of its own; objects, and areas that show them; a driver
 * that notes how it is called; a bitmap to record into; and a recorder that
 * tells what happened as one line of text:
 *
 *	start A[0,16) inc 0 pte A[3,4) flush A[3,4) end A[0,16) dec 0
 *
 * Areas are letters in the order in which they were mapped, their pages count
 * from their start; inc and dec name the address space.
 */
#ifndef VMD_TESTS_MIDFIX_H
#define VMD_TESTS_MIDFIX_H

#include <vmmdirty/vmmdirty.h>

#include "base/bitmap.h"
#include "base/compiler.h"
#include "mm/mm.h"
#include "mmu/cpu.h"
#include "mmu/pgtable.h"
#include "mmu/shootdown.h"
#include "support.h"

#define MIDFIX_NR_CPUS	 4
#define MIDFIX_MAX_MMS	 4
#define MIDFIX_MAX_AREAS 16
#define MIDFIX_NR_EVENTS 2048
#define MIDFIX_NR_BITS	 4096

/* A set of pages, as an argument: PAGES(3, 7). */
struct midfix_pages {
	const vmd_pgoff_t *page;
	unsigned int nr;
};

#define PAGES(...)                                    \
	((struct midfix_pages){                       \
		(const vmd_pgoff_t[]){ __VA_ARGS__ }, \
		(unsigned int)VMD_ARRAY_SIZE(         \
			((const vmd_pgoff_t[]){ __VA_ARGS__ })) })
#define NO_PAGES ((struct midfix_pages){ NULL, 0 })

struct midfix;

struct midfix_area {
	struct midfix *fix;
	struct vmd_mm *mm;
	struct vmd_cpu *cpu; /* has mm loaded */
	struct vmd_vma *vma; /* as mapped; splits and unmapping leave it be */
	vmd_va_t addr;
	uint64_t nr_pages;
};

struct midfix_event {
	enum vmd_hook_kind kind;
	const void *object;
	uint64_t start;
	uint64_t end;
};

/*
 * An owner of objects that notes how it is called. Each answer but 0 is used
 * once and then taken away; RETRY drops mmap_lock, as it must.
 */
struct midfix_driver {
	unsigned int nr_fault;
	unsigned int nr_mkwrite;
	unsigned int nr_open;
	unsigned int nr_close;
	unsigned int flags; /* of the newest call */
	vmd_pgoff_t pgoff;
	vmd_vm_fault_t fault_answer;
	vmd_vm_fault_t mkwrite_answer;
	/* Called in the first fault or mkwrite, before the answer. */
	void (*in_fault)(struct midfix_driver *driver,
			 struct vmd_vm_fault *vmf);
	void (*in_mkwrite)(struct midfix_driver *driver,
			   struct vmd_vm_fault *vmf);
	void (*in_close)(struct midfix_driver *driver, struct vmd_vma *vma);
	void *arg;
};

struct midfix {
	struct vmd_hook hook;
	struct vmd_machine *machine;
	struct vmd_hw *hw;
	struct vmd_mapping *mapping; /* 1024 pages */
	struct midfix_driver driver; /* outlives its areas */

	struct vmd_mm *mm[MIDFIX_MAX_MMS]; /* mm[i] is loaded by CPU i */
	struct midfix_area area[MIDFIX_MAX_AREAS];
	unsigned int nr_mms;
	unsigned int nr_areas;

	unsigned int nr_bugs;
	unsigned int nr_warnings;
	char report[256]; /* the newest one */

	/* What happened since midfix_listen(). */
	struct midfix_event event[MIDFIX_NR_EVENTS];
	char story[2048];
	unsigned int nr_events;
	bool in_event;

	/* Called at each event; what happens in it is not told. */
	void (*at_event)(struct midfix *fix, const struct midfix_event *event);
	void *at_event_arg;
};

/* Life. midfix_down() fails if anything was reported that was not expected. */
void midfix_up(struct midfix *fix, unsigned int nr_mms);
void midfix_up_levels(struct midfix *fix, unsigned int nr_mms,
		      unsigned int levels);
void midfix_down(struct midfix *fix);
void midfix_expect_warnings(struct midfix *fix, unsigned int nr);
void midfix_expect_bugs(struct midfix *fix, unsigned int nr);

/* From here on the @nth request for memory fails; 0: none does. */
void midfix_fail_alloc(struct midfix *fix, uint64_t nth);
uint64_t midfix_count(const struct midfix *fix, enum vmd_event event);

/* What to map; 0 or NULL stands for what most tests want. */
struct midfix_want {
	unsigned int mm;
	struct vmd_mapping *mapping; /* NULL: the fixture's own */
	vmd_pgoff_t pgoff;
	uint64_t nr_pages; /* 0: 16 */
	vmd_va_t addr; /* 0: anywhere */
	unsigned int flags; /* 0: VMD_MAP_SHARED */
	bool read_only; /* PROT_READ alone */
	uint64_t vm_flags;
	const struct vmd_vm_operations *vm_ops;
	void *vm_private_data;
};

struct midfix_area *midfix_map(struct midfix *fix,
			       const struct midfix_want *want);
#define MAP(fix, ...) midfix_map(fix, &(struct midfix_want){ __VA_ARGS__ })

static inline vmd_va_t midfix_addr(const struct midfix_area *area,
				   uint64_t page)
{
	return area->addr + (page << VMD_PAGE_SHIFT);
}

static inline struct vmd_mm_context *midfix_ctx(const struct midfix_area *area)
{
	return &area->mm->context;
}

/* Accesses that must succeed. */
void store_to(const struct midfix_area *area, struct midfix_pages pages);
void load_from(const struct midfix_area *area, struct midfix_pages pages);

/* 0 or the error of the access. */
int midfix_try_store(const struct midfix_area *area, uint64_t page);
int midfix_try_load(const struct midfix_area *area, uint64_t page);

/* The entry of a page, none if there is no table. */
vmd_pte_t midfix_pte(const struct midfix_area *area, uint64_t page);

/* Of an entry that exists; nothing is flushed. */
void midfix_change_pte(const struct midfix_area *area, uint64_t page,
		       uint64_t set, uint64_t clear);

/* Takes the entry and its translations away. */
void midfix_forget(const struct midfix_area *area, uint64_t page);

/*
 * The slot of @level for the page, with @entry in it: a large leaf, or what
 * a page-out or a migration leaves. Taken out again by midfix_put_entry(0).
 */
void midfix_put_entry(const struct midfix_area *area, uint64_t page, int level,
		      uint64_t entry);

/* P, W, A, D; S is SAVED_DIRTY; a letter that is not set is a dash. */
struct midfix_bits {
	char text[8];
};
struct midfix_bits midfix_bits(const struct midfix_area *area, uint64_t page);
#define assert_entry(area, page, expected)                             \
	ck_assert_msg(!strcmp(midfix_bits(area, page).text, expected), \
		      "page %u is %s, not %s", (unsigned int)(page),   \
		      midfix_bits(area, page).text, expected)

/* A span with room for any test's bits. */
struct midfix_span {
	struct vmd_dirty_span span;
	uint64_t words[VMD_BITMAP_WORDS(MIDFIX_NR_BITS)];
};

void midfix_span_init(struct midfix_span *span, vmd_pgoff_t bitmap_pgoff,
		      vmd_pgoff_t nr_pages);
void assert_bits(const struct midfix_span *span, struct midfix_pages pages);
void assert_window(const struct midfix_span *span, vmd_pgoff_t start,
		   vmd_pgoff_t end);

/* Begins to record, with an empty record; ends it; tells all, or one event. */
void midfix_listen(struct midfix *fix);
void midfix_deaf(struct midfix *fix);
const char *midfix_story(struct midfix *fix);
void midfix_tell(const struct midfix *fix, unsigned int i, char *text,
		 size_t size);
unsigned int midfix_count_events(const struct midfix *fix,
				 enum vmd_hook_kind kind);

/* vm_private_data is a struct midfix_driver. */
extern const struct vmd_vm_operations midfix_driver_ops;
extern const struct vmd_vm_operations midfix_driver_ops_no_mkwrite;

#endif /* VMD_TESTS_MIDFIX_H */
