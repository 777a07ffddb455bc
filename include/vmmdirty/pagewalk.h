/* SPDX-License-Identifier: MIT */
/*
 * Walking page tables with callbacks (include/linux/pagewalk.h of Linux 6.12),
 * and a bulk visitor beneath: a run of entries of one table at a time.
 *
 * Order for one area: test_walk, pre_vma, tables, post_vma (PW-1). post_vma
 * runs also if the tables' walk failed, not if pre_vma did (PW-2).
 */
#ifndef VMMDIRTY_PAGEWALK_H
#define VMMDIRTY_PAGEWALK_H

#include <vmmdirty/base.h>
#include <vmmdirty/context.h>
#include <vmmdirty/mapping.h>
#include <vmmdirty/mm.h>
#include <vmmdirty/pte.h>

VMD_BEGIN_DECLS

struct vmd_mm_walk;

/**
 * enum vmd_page_walk_action - what to do with an upper entry after its callback
 * @VMD_ACTION_SUBTREE: go down; the default
 * @VMD_ACTION_CONTINUE: do not go down, go on with the next entry
 * @VMD_ACTION_AGAIN: look at this entry once more
 */
enum vmd_page_walk_action {
	VMD_ACTION_SUBTREE,
	VMD_ACTION_CONTINUE,
	VMD_ACTION_AGAIN
};

/**
 * enum vmd_test_walk - what test_walk may say, besides a negative error
 * @VMD_WALK_VISIT: walk this area
 * @VMD_WALK_SKIP: pass it over and go on with the next one
 */
enum vmd_test_walk {
	VMD_WALK_VISIT = 0,
	VMD_WALK_SKIP = 1
};

/**
 * struct vmd_mm_walk_ops - what to call on the way
 * @test_walk: of each area: an enum vmd_test_walk or a negative error
 * @pre_vma: before an area's tables; an error ends the walk
 * @post_vma: after an area's tables
 * @pgd_entry: of each top-level entry, none included
 * @p4d_entry: of each non-none entry, folded into the top level
 * @pud_entry: of each non-none entry; may set the action
 * @pmd_entry: of each non-none entry; may set the action
 * @pte_entry: of each slot of a table, none included, under its lock
 * @pte_run: in place of @pte_entry: @nr slots of one table, under its lock
 * @pte_hole: of a hole; @depth is 0 PGD, 1 P4D, 2 PUD, 3 PMD, -1 unknown
 *
 * Each is optional. They return 0 to go on, a negative error, or a positive
 * value to stop with; under a page-table lock they must not sleep.
 */
struct vmd_mm_walk_ops {
	int (*test_walk)(vmd_va_t addr, vmd_va_t next,
			 struct vmd_mm_walk *walk);
	int (*pre_vma)(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk);
	void (*post_vma)(struct vmd_mm_walk *walk);
	int (*pgd_entry)(vmd_pte_t *pgd, vmd_va_t addr, vmd_va_t next,
			 struct vmd_mm_walk *walk);
	int (*p4d_entry)(vmd_pte_t *p4d, vmd_va_t addr, vmd_va_t next,
			 struct vmd_mm_walk *walk);
	int (*pud_entry)(vmd_pte_t *pud, vmd_va_t addr, vmd_va_t next,
			 struct vmd_mm_walk *walk);
	int (*pmd_entry)(vmd_pte_t *pmd, vmd_va_t addr, vmd_va_t next,
			 struct vmd_mm_walk *walk);
	int (*pte_entry)(vmd_pte_t *pte, vmd_va_t addr, vmd_va_t next,
			 struct vmd_mm_walk *walk);
	int (*pte_run)(vmd_pte_t *pte, vmd_va_t addr, unsigned int nr,
		       struct vmd_mm_walk *walk);
	int (*pte_hole)(vmd_va_t addr, vmd_va_t next, int depth,
			struct vmd_mm_walk *walk);
};

/**
 * struct vmd_mm_walk - a walk on its way
 * @ops: what to call
 * @mm: the address space of @vma
 * @vma: the area, NULL in a hole between areas
 * @action: for pud_entry and pmd_entry to set
 * @private_data: the caller's
 */
struct vmd_mm_walk {
	const struct vmd_mm_walk_ops *ops;
	struct vmd_mm *mm;
	struct vmd_vma *vma;
	enum vmd_page_walk_action action;
	void *private_data;
};

/**
 * vmd_walk_page_range() - walk a range of addresses
 * @mm: the address space
 * @start: first address
 * @end: first address behind
 * @ops: what to call
 * @private_data: for the callbacks
 *
 * Areas that test_walk skips and gaps between areas are passed over; a gap is
 * reported to pte_hole with depth -1. Kernel: walk_page_range().
 *
 * Context: Caller holds mmap_lock in any mode.
 * Return: 0, -EINVAL for an empty range, or the first non-zero value of a
 * callback (PW-15).
 */
VMD_API vmd_must_check int
vmd_walk_page_range(struct vmd_mm *mm, vmd_va_t start, vmd_va_t end,
		    const struct vmd_mm_walk_ops *ops, void *private_data)
	vmd_must_hold_shared(vmd_mm_mmap_lock(mm));

/**
 * vmd_walk_page_mapping() - walk every entry that maps a range of an object
 * @mapping: the object
 * @first_index: first page
 * @nr_pages: pages; 0 walks nothing (PW-19)
 * @ops: what to call; test_walk gets the whole area (PW-17)
 * @private_data: for the callbacks
 *
 * One address space, and one page, may come up several times (PW-21). An area
 * that test_walk skips is passed over, unlike in the kernel, where it ends the
 * walk (PW-33, docs/kernel-differences.md). Kernel: walk_page_mapping().
 *
 * Context: Caller holds the mapping's rwsem in any mode, and no mmap_lock is
 *          needed: vm_flags may change meanwhile.
 * Return: 0, or the first non-zero value of a callback (PW-22).
 */
VMD_API vmd_must_check int
vmd_walk_page_mapping(struct vmd_mapping *mapping, vmd_pgoff_t first_index,
		      vmd_pgoff_t nr_pages, const struct vmd_mm_walk_ops *ops,
		      void *private_data)
	vmd_must_hold_shared(vmd_mapping_rwsem(mapping));

VMD_END_DECLS

#endif /* VMMDIRTY_PAGEWALK_H */
