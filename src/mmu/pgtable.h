/* SPDX-License-Identifier: MIT */
/*
 * Page tables in simulated RAM: bit-exact x86-64, four levels.
 *
 *	addr  63..48 sign | 47..39 | 38..30 | 29..21 | 20..12 | 11..0
 *	index of level         4        3        2        1     offset
 *	kernel's name         PGD      PUD      PMD      PTE
 *
 * A level is a number; a slot is a pointer to a vmd_pte_t in RAM. Slots are
 * read and changed only by the functions below: hardware may set A and D in
 * them at any time.
 */
#ifndef VMD_SRC_MMU_PGTABLE_H
#define VMD_SRC_MMU_PGTABLE_H

#include "mmu/context.h"
#include "sync/atomic.h"

enum {
	VMD_LEVEL_PTE = 1,
	VMD_LEVEL_PMD = 2,
	VMD_LEVEL_PUD = 3,
	VMD_LEVEL_PGD = 4
};

/* The end of the lower half: user addresses are below. */
#define VMD_TASK_SIZE (UINT64_C(1) << 47)

static inline unsigned int vmd_level_shift(int level)
{
	return VMD_PAGE_SHIFT +
	       (unsigned int)(level - 1) * VMD_PTRS_PER_TABLE_SHIFT;
}

static inline uint64_t vmd_level_size(int level)
{
	return UINT64_C(1) << vmd_level_shift(level);
}

static inline unsigned int vmd_level_index(vmd_va_t addr, int level)
{
	return (unsigned int)(addr >> vmd_level_shift(level)) &
	       (VMD_PTRS_PER_TABLE - 1);
}

/* Where the entry of @level that holds @addr ends, or @end if that is nearer. */
static inline vmd_va_t vmd_addr_end(vmd_va_t addr, vmd_va_t end, int level)
{
	vmd_va_t next = (addr | (vmd_level_size(level) - 1)) + 1;

	return next - 1 < end - 1 ? next : end;
}

static inline vmd_pte_t *vmd_table(const struct vmd_ram *ram, vmd_pfn_t pfn)
{
	return vmd_pfn_to_virt(ram, pfn);
}

static inline vmd_pte_t vmd_ptep_get(const vmd_pte_t *ptep)
{
	return vmd_make_pte(VMD_READ_ONCE(ptep->val));
}

/* An entry that will be followed; pairs with vmd_set_pte(). */
static inline vmd_pte_t vmd_upperp_get(const vmd_pte_t *slot)
{
	return vmd_make_pte(vmd_load_acquire(&slot->val));
}

/* none -> present, or a slot that hardware leaves alone (TL-16). */
static inline void vmd_set_pte(vmd_pte_t *ptep, vmd_pte_t pte)
{
	vmd_store_release(&ptep->val, pte.val);
}

/* TL-9: an exchange, so that no A or D is lost. */
static inline vmd_pte_t vmd_ptep_get_and_clear(vmd_pte_t *ptep)
{
	return vmd_make_pte(vmd_xchg(&ptep->val, 0));
}

/* TL-10: the slot is none until the commit, and hardware leaves it alone. */
static inline vmd_pte_t vmd_ptep_modify_prot_start(vmd_pte_t *ptep)
{
	return vmd_ptep_get_and_clear(ptep);
}

static inline void vmd_ptep_modify_prot_commit(vmd_pte_t *ptep, vmd_pte_t pte)
{
	vmd_set_pte(ptep, pte);
}

/* Is it present and points to a table? */
static inline bool vmd_entry_is_table(vmd_pte_t entry)
{
	return (entry.val & (VMD_PAGE_PRESENT | VMD_PAGE_PSE)) ==
	       VMD_PAGE_PRESENT;
}

/*
 * The slot of @level for @addr, or NULL if there is no table of that level or
 * a leaf above it. Tables stay while the caller holds a lock that keeps the
 * area (mmap_lock, i_mmap_rwsem) or their ptl.
 */
vmd_pte_t *vmd_lookup_slot(const struct vmd_mm_context *ctx, vmd_va_t addr,
			   int level);

/* As above; missing tables are made. NULL: no memory, or a leaf above. */
vmd_pte_t *vmd_alloc_slot(struct vmd_mm_context *ctx, vmd_va_t addr, int level);

/* The lock of the table in which @slot stands. */
struct vmd_spinlock *vmd_slot_lockptr(const struct vmd_mm_context *ctx,
				      const vmd_pte_t *slot);

/* The locked entry of @addr and its lock, or NULL: no such table. */
vmd_pte_t *vmd_pte_offset_map_lock(const struct vmd_mm_context *ctx,
				   vmd_va_t addr, struct vmd_spinlock **ptl);
vmd_pte_t *vmd_pte_alloc_map_lock(struct vmd_mm_context *ctx, vmd_va_t addr,
				  struct vmd_spinlock **ptl);

/*
 * Frees the tables that cover nothing but [floor, ceiling), after the entries
 * of [start, end) are gone. Nobody walks this range any more (FM-37).
 */
void vmd_free_pgtables(struct vmd_mm_context *ctx, vmd_va_t start, vmd_va_t end,
		       vmd_va_t floor, vmd_va_t ceiling);

#endif /* VMD_SRC_MMU_PGTABLE_H */
