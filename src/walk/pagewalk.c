/* SPDX-License-Identifier: MIT */
/*
 * One function per kind of level, from the last one up, then the areas, then
 * the entries of the kernel's API.
 *
 *	walk_pgd_entry      the top; with four levels it is P4D's as well
 *	  walk_p4d          with five levels
 *	    walk_middle     PUD, then PMD: callback, action, hole or table
 *	      walk_pte      the slots of one table, under its lock
 *
 * Tables above the last one are looked at without a lock of theirs: the area
 * keeps them, and mmap_lock or i_mmap_rwsem keep the area.
 */
#include <vmmdirty/pagewalk.h>

#include <errno.h>

#include "mm/mm.h"
#include "mmu/pgtable.h"

typedef int (*entry_fn)(vmd_pte_t *entry, vmd_va_t addr, vmd_va_t next,
			struct vmd_mm_walk *walk);

static entry_fn callback_of(const struct vmd_mm_walk_ops *ops, int level)
{
	return level == VMD_LEVEL_PUD ? ops->pud_entry : ops->pmd_entry;
}

/* pte_hole's number for a level: 1 for P4D, 2 for PUD, 3 for PMD. */
static int depth_of(int level)
{
	return 5 - level;
}

/* PW-4: does anybody want to hear of what is below @level? */
static bool wanted_below(const struct vmd_mm_walk_ops *ops, int level)
{
	if (ops->pte_entry || ops->pte_run)
		return true;
	if (level > VMD_LEVEL_PMD && ops->pmd_entry)
		return true;
	if (level > VMD_LEVEL_PUD && ops->pud_entry)
		return true;
	return level > VMD_LEVEL_P4D && ops->p4d_entry;
}

static int report_hole(vmd_va_t addr, vmd_va_t next, int depth,
		       struct vmd_mm_walk *walk)
{
	return walk->ops->pte_hole ?
		       walk->ops->pte_hole(addr, next, depth, walk) :
		       0;
}

static int visit_slots(vmd_pte_t *pte, vmd_va_t addr, vmd_va_t end,
		       struct vmd_mm_walk *walk)
{
	unsigned int nr = (unsigned int)((end - addr) >> VMD_PAGE_SHIFT);
	int err = 0;

	if (walk->ops->pte_run)
		return walk->ops->pte_run(pte, addr, nr, walk);
	for (; nr > 0 && !err; nr--, pte++, addr += VMD_PAGE_SIZE)
		err = walk->ops->pte_entry(pte, addr, addr + VMD_PAGE_SIZE,
					   walk);
	return err;
}

/* PW-10: the table may be gone by now, then its entry is looked at again. */
static int walk_pte(vmd_va_t addr, vmd_va_t end, struct vmd_mm_walk *walk)
	vmd_no_context_analysis("a ptl that is known at run time")
{
	struct vmd_spinlock *ptl;
	vmd_pte_t *pte =
		vmd_pte_offset_map_lock(&walk->mm->context, addr, &ptl);
	int err;

	if (!pte) {
		walk->action = VMD_ACTION_AGAIN;
		return 0;
	}
	err = visit_slots(pte, addr, end, walk);
	vmd_spin_unlock(ptl);
	return err;
}

static int walk_middle(vmd_pfn_t table, int level, vmd_va_t addr, vmd_va_t end,
		       struct vmd_mm_walk *walk);

/* PW-6, PW-7: the action is set anew at each look. */
/* NOLINTNEXTLINE(misc-no-recursion): over levels */
static int walk_middle_entry(vmd_pte_t *slot, int level, vmd_va_t addr,
			     vmd_va_t next, struct vmd_mm_walk *walk)
{
	entry_fn callback = callback_of(walk->ops, level);
	int err = 0;

	do {
		vmd_pte_t entry = vmd_upperp_get(slot);

		walk->action = VMD_ACTION_SUBTREE;
		if (vmd_pte_none(entry))
			return report_hole(addr, next, depth_of(level), walk);
		if (callback)
			err = callback(slot, addr, next, walk);
		if (err || walk->action == VMD_ACTION_CONTINUE)
			return err;
		entry = vmd_upperp_get(slot);
		if (vmd_pte_none(entry)) /* PW-10: it has vanished */
			walk->action = VMD_ACTION_AGAIN;
		if (walk->action == VMD_ACTION_AGAIN)
			continue;
		if (!vmd_entry_is_table(entry) ||
		    !wanted_below(walk->ops, level))
			return 0;
		if (level > VMD_LEVEL_PMD)
			return walk_middle(vmd_pte_pfn(entry), level - 1, addr,
					   next, walk);
		err = walk_pte(addr, next, walk);
	} while (!err && walk->action == VMD_ACTION_AGAIN);
	return err;
}

/* NOLINTNEXTLINE(misc-no-recursion): over levels */
static int walk_middle(vmd_pfn_t table, int level, vmd_va_t addr, vmd_va_t end,
		       struct vmd_mm_walk *walk)
{
	vmd_pte_t *slot = vmd_table(walk->mm->context.ram, table) +
			  vmd_level_index(addr, level);
	vmd_va_t next;
	int err = 0;

	for (; addr < end && !err; addr = next, slot++) {
		next = vmd_addr_end(addr, end, level);
		err = walk_middle_entry(slot, level, addr, next, walk);
	}
	return err;
}

/* PW-3: with four levels P4D is folded: its holes report depth 0. */
static int walk_p4d_entry(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t next,
			  struct vmd_mm_walk *walk)
{
	const struct vmd_mm_walk_ops *ops = walk->ops;
	bool folded = walk->mm->context.levels < VMD_LEVEL_PGD;
	vmd_pte_t entry = vmd_upperp_get(slot);
	int err = 0;

	if (vmd_pte_none(entry))
		return report_hole(addr, next,
				   folded ? 0 : depth_of(VMD_LEVEL_P4D), walk);
	if (ops->p4d_entry)
		err = ops->p4d_entry(slot, addr, next, walk);
	if (err || !vmd_entry_is_table(entry) ||
	    !wanted_below(ops, VMD_LEVEL_P4D))
		return err;
	return walk_middle(vmd_pte_pfn(entry), VMD_LEVEL_PUD, addr, next, walk);
}

static int walk_p4d(vmd_pfn_t table, vmd_va_t addr, vmd_va_t end,
		    struct vmd_mm_walk *walk)
{
	vmd_pte_t *slot = vmd_table(walk->mm->context.ram, table) +
			  vmd_level_index(addr, VMD_LEVEL_P4D);
	vmd_va_t next;
	int err = 0;

	for (; addr < end && !err; addr = next, slot++) {
		next = vmd_addr_end(addr, end, VMD_LEVEL_P4D);
		err = walk_p4d_entry(slot, addr, next, walk);
	}
	return err;
}

/* With four levels the kernel takes a PGD entry for present: it is the P4D's. */
static int walk_pgd_entry(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t next,
			  struct vmd_mm_walk *walk)
{
	const struct vmd_mm_walk_ops *ops = walk->ops;
	bool folded = walk->mm->context.levels < VMD_LEVEL_PGD;
	vmd_pte_t entry = vmd_upperp_get(slot);
	int err = 0;

	if (!folded && vmd_pte_none(entry))
		return report_hole(addr, next, 0, walk);
	if (ops->pgd_entry)
		err = ops->pgd_entry(slot, addr, next, walk);
	if (err || !wanted_below(ops, VMD_LEVEL_PGD))
		return err;
	if (folded)
		return walk_p4d_entry(slot, addr, next, walk);
	return vmd_entry_is_table(entry) ?
		       walk_p4d(vmd_pte_pfn(entry), addr, next, walk) :
		       0;
}

static int walk_tables(vmd_va_t addr, vmd_va_t end, struct vmd_mm_walk *walk)
{
	const struct vmd_mm_context *ctx = &walk->mm->context;
	vmd_pte_t *slot = vmd_table(ctx->ram, ctx->pgd) +
			  vmd_level_index(addr, ctx->levels);
	vmd_va_t next;
	int err = 0;

	for (; addr < end && !err; addr = next, slot++) {
		next = vmd_addr_end(addr, end, ctx->levels);
		err = walk_pgd_entry(slot, addr, next, walk);
	}
	return err;
}

/* PW-16: nobody who did not ask for it walks an area of raw frames. */
static int test_vma(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk)
{
	int err;

	if (walk->ops->test_walk)
		return walk->ops->test_walk(start, end, walk);
	if (!(walk->vma->vm_flags & VMD_VM_PFNMAP))
		return VMD_WALK_VISIT;
	err = report_hole(start, end, -1, walk);
	return err < 0 ? err : VMD_WALK_SKIP;
}

/* One area that is to be walked. */
static int walk_vma(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk)
{
	int err = 0;

	if (walk->ops->pre_vma)
		err = walk->ops->pre_vma(start, end, walk);
	if (err)
		return err;
	err = walk_tables(start, end, walk);
	if (walk->ops->post_vma)
		walk->ops->post_vma(walk);
	return err;
}

static int test_and_walk_vma(vmd_va_t start, vmd_va_t end,
			     struct vmd_mm_walk *walk)
{
	int verdict = test_vma(start, end, walk);

	if (verdict != VMD_WALK_VISIT)
		return verdict < 0 ? verdict : 0;
	return walk_vma(start, end, walk);
}

int vmd_walk_page_range(struct vmd_mm *mm, vmd_va_t start, vmd_va_t end,
			const struct vmd_mm_walk_ops *ops, void *private_data)
{
	struct vmd_mm_walk walk = {
		.ops = ops,
		.mm = mm,
		.private_data = private_data,
	};
	vmd_va_t next;
	int err = 0;

	if (!mm || !ops || start >= end)
		return -EINVAL;
	vmd_rwsem_assert_held(&mm->mmap_lock);

	for (; start < end && !err; start = next) {
		struct vmd_vma *vma = vmd_find_vma(mm, start);
		vmd_va_t stop = vma ? vma->vm_end : end;

		if (vma && vma->vm_start > start)
			stop = vma->vm_start;
		next = stop < end ? stop : end;
		walk.vma = vma && vma->vm_start <= start ? vma : NULL;
		err = walk.vma ? test_and_walk_vma(start, next, &walk) :
				 report_hole(start, next, -1, &walk);
	}
	return err;
}

/* PW-16, PW-17: the test sees the whole area, the walk its clipped part. */
static int walk_mapped_vma(struct vmd_va_range clipped,
			   struct vmd_mm_walk *walk)
{
	int verdict = test_vma(walk->vma->vm_start, walk->vma->vm_end, walk);

	if (verdict != VMD_WALK_VISIT)
		return verdict < 0 ? verdict : 0;
	return walk_vma(clipped.start, clipped.end, walk);
}

int vmd_walk_page_mapping(struct vmd_mapping *mapping, vmd_pgoff_t first_index,
			  vmd_pgoff_t nr_pages,
			  const struct vmd_mm_walk_ops *ops, void *private_data)
{
	vmd_pgoff_t last = vmd_last_page(first_index, nr_pages);
	struct vmd_mm_walk walk = {
		.ops = ops,
		.private_data = private_data,
	};
	struct vmd_it_node *node;
	int err = 0;

	if (!mapping || !ops)
		return -EINVAL;
	vmd_rwsem_assert_held(&mapping->i_mmap_rwsem);
	if (nr_pages == 0)
		return 0;

	for (node = vmd_it_first(&mapping->i_mmap, first_index, last);
	     node && !err; node = vmd_it_next(node, first_index, last)) {
		walk.vma = vmd_vma_in_object(node);
		walk.mm = walk.vma->vm_mm;
		err = walk_mapped_vma(vmd_vma_clip(walk.vma, first_index,
						   nr_pages),
				      &walk);
	}
	return err;
}
