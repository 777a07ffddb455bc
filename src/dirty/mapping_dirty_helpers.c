/* SPDX-License-Identifier: MIT */
/*
 * The two helpers of the coherent-memory series on top of the page walk, in
 * bulk form: a table's run of entries at a time. Kernel:
 * mm/mapping_dirty_helpers.c.
 *
 * For each area, in this order (DH-24..32):
 *
 *	test_walk   shared, may become writable, no hugetlb
 *	pre_vma     notifier start, then tlb_flush_pending + 1
 *	  entries   under their ptl; each changed one widens the flush window
 *	post_vma    flush, then notifier end, then tlb_flush_pending - 1
 *
 * If another thread has a flush pending on the same address space, it may have
 * changed an entry that was passed over here, and its flush may not have been
 * made: then the whole range is flushed, not the window (DH-28, DH-30).
 */
#include <vmmdirty/dirty.h>
#include <vmmdirty/pagewalk.h>

#include "base/bitmap.h"
#include "mm/mm.h"
#include "mmu/pgtable.h"
#include "mmu/shootdown.h"

struct dirty_walk {
	struct vmd_env *env;
	struct vmd_dirty_span *span; /* NULL while write-protecting */
	struct vmd_mmu_notifier_range range;
	vmd_va_t tlbflush_start;
	vmd_va_t tlbflush_end;
	unsigned long total;
};

/* DH-32: the window is the smallest that holds what was changed. */
static void widen_flush(struct dirty_walk *dirty, vmd_va_t addr)
{
	if (addr < dirty->tlbflush_start)
		dirty->tlbflush_start = addr;
	if (addr + VMD_PAGE_SIZE > dirty->tlbflush_end)
		dirty->tlbflush_end = addr + VMD_PAGE_SIZE;
}

static void record(struct vmd_dirty_span *span, vmd_pgoff_t idx)
{
	vmd_set_bit(span->bitmap, idx);
	if (idx < span->start)
		span->start = idx;
	if (idx + 1 > span->end)
		span->end = idx + 1;
}

/* DH-33: the new value comes from what the exchange returned. */
static void wp_pte(vmd_pte_t *pte, vmd_va_t addr, struct vmd_mm_walk *walk)
{
	struct dirty_walk *dirty = walk->private_data;
	vmd_pte_t old = vmd_ptep_modify_prot_start(pte);

	vmd_ptep_modify_prot_commit(pte, vmd_pte_wrprotect(old));
	dirty->total++;
	widen_flush(dirty, addr);
	vmd_hook_call(dirty->env->hook, VMD_HOOK_PTE_CHANGE, &walk->mm->context,
		      addr, addr + VMD_PAGE_SIZE);
}

static void clean_record_pte(vmd_pte_t *pte, vmd_va_t addr,
			     struct vmd_mm_walk *walk)
{
	struct dirty_walk *dirty = walk->private_data;
	vmd_pgoff_t pgoff = vmd_linear_page_index(walk->vma, addr);
	vmd_pte_t old = vmd_ptep_modify_prot_start(pte);

	vmd_ptep_modify_prot_commit(pte, vmd_pte_mkclean(old));
	dirty->total++;
	widen_flush(dirty, addr);
	record(dirty->span, pgoff - dirty->span->bitmap_pgoff);
	vmd_hook_call(dirty->env->hook, VMD_HOOK_PTE_CHANGE, &walk->mm->context,
		      addr, addr + VMD_PAGE_SIZE);
}

/* SP-9: W and D of a non-present entry mean nothing. */
static int wp_run(vmd_pte_t *pte, vmd_va_t addr, unsigned int nr,
		  struct vmd_mm_walk *walk)
{
	struct dirty_walk *dirty = walk->private_data;
	unsigned long before = dirty->total;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		vmd_pte_t entry = vmd_ptep_get(&pte[i]);

		if (vmd_pte_write(entry) && vmd_pte_present(entry))
			wp_pte(&pte[i], addr + i * VMD_PAGE_SIZE, walk);
	}
	vmd_charge(dirty->env, VMD_EV_PTE_VISIT, nr);
	vmd_charge(dirty->env, VMD_EV_PTE_WRPROTECT, dirty->total - before);
	return 0;
}

static int clean_record_run(vmd_pte_t *pte, vmd_va_t addr, unsigned int nr,
			    struct vmd_mm_walk *walk)
{
	struct dirty_walk *dirty = walk->private_data;
	unsigned long before = dirty->total;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		vmd_pte_t entry = vmd_ptep_get(&pte[i]);

		if (vmd_pte_dirty(entry) && vmd_pte_present(entry))
			clean_record_pte(&pte[i], addr + i * VMD_PAGE_SIZE,
					 walk);
	}
	vmd_charge(dirty->env, VMD_EV_PTE_VISIT, nr);
	vmd_charge(dirty->env, VMD_EV_PTE_CLEAN, dirty->total - before);
	return 0;
}

/* DH-19: a leaf is passed over; the fault handler should have split it. */
static int upper_entry(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t next,
		       struct vmd_mm_walk *walk)
{
	const struct dirty_walk *dirty = walk->private_data;
	vmd_pte_t entry = vmd_ptep_get(slot);

	(void)addr;
	(void)next;
	if (!vmd_pmd_leaf(entry))
		return 0;
	walk->action = VMD_ACTION_CONTINUE;
	if (!vmd_pte_present(entry))
		return 0;
	(void)VMD_WARN_ON(dirty->env,
			  vmd_pte_write(entry) || vmd_pte_dirty(entry));
	return 0;
}

/* DH-16: VM_WRITE is not asked: dirt from before an mprotect counts. */
static int test_walk(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk)
{
	const uint64_t want = VMD_VM_SHARED | VMD_VM_MAYWRITE;
	uint64_t flags = VMD_READ_ONCE(walk->vma->vm_flags);

	(void)start;
	(void)end;
	if ((flags & (want | VMD_VM_HUGETLB)) != want)
		return VMD_WALK_SKIP;
	return VMD_WALK_VISIT;
}

static int pre_vma(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk)
{
	struct dirty_walk *dirty = walk->private_data;

	dirty->tlbflush_start = end;
	dirty->tlbflush_end = start;
	dirty->range = (struct vmd_mmu_notifier_range){
		.mm = walk->mm,
		.start = start,
		.end = end,
		.event = VMD_MMU_NOTIFY_PROTECTION_PAGE,
	};
	vmd_mmu_notifier_invalidate_range_start(&walk->mm->notifiers,
						&dirty->range);
	vmd_inc_tlb_flush_pending(&walk->mm->context);
	return 0;
}

static void post_vma(struct vmd_mm_walk *walk)
{
	struct dirty_walk *dirty = walk->private_data;
	struct vmd_mm_context *ctx = &walk->mm->context;

	if (vmd_tlb_flush_nested(ctx))
		vmd_flush_tlb_range(ctx, dirty->range.start, dirty->range.end);
	else if (dirty->tlbflush_end > dirty->tlbflush_start)
		vmd_flush_tlb_range(ctx, dirty->tlbflush_start,
				    dirty->tlbflush_end);

	vmd_mmu_notifier_invalidate_range_end(&walk->mm->notifiers,
					      &dirty->range);
	vmd_dec_tlb_flush_pending(ctx);
}

static const struct vmd_mm_walk_ops wp_walk_ops = {
	.test_walk = test_walk,
	.pre_vma = pre_vma,
	.post_vma = post_vma,
	.pud_entry = upper_entry,
	.pmd_entry = upper_entry,
	.pte_run = wp_run,
};

static const struct vmd_mm_walk_ops clean_walk_ops = {
	.test_walk = test_walk,
	.pre_vma = pre_vma,
	.post_vma = post_vma,
	.pud_entry = upper_entry,
	.pmd_entry = upper_entry,
	.pte_run = clean_record_run,
};

/* DH-5, DH-6: i_mmap_rwsem shared around the whole walk, no mmap_lock. */
static unsigned long walk_object(struct vmd_mapping *mapping,
				 vmd_pgoff_t first_index, vmd_pgoff_t nr_pages,
				 struct vmd_dirty_span *span)
{
	struct dirty_walk dirty = { .env = &mapping->hw->env, .span = span };
	int err;

	vmd_charge(dirty.env, VMD_EV_SCAN_CALL, 1);
	vmd_i_mmap_lock_read(mapping);
	err = vmd_walk_page_mapping(mapping, first_index, nr_pages,
				    span ? &clean_walk_ops : &wp_walk_ops,
				    &dirty);
	(void)VMD_WARN_ON(dirty.env, err != 0);
	vmd_i_mmap_unlock_read(mapping);
	return dirty.total;
}

unsigned long vmd_wp_shared_mapping_range(struct vmd_mapping *mapping,
					  vmd_pgoff_t first_index,
					  vmd_pgoff_t nr_pages)
{
	return walk_object(mapping, first_index, nr_pages, NULL);
}

static bool fits(const struct vmd_dirty_span *span, vmd_pgoff_t first_index,
		 vmd_pgoff_t nr_pages)
{
	vmd_pgoff_t offset = first_index - span->bitmap_pgoff;

	return first_index >= span->bitmap_pgoff && offset <= span->nr_pages &&
	       nr_pages <= span->nr_pages - offset;
}

/* DH-12: an empty window begins as [nr, 0), so that the first bit sets it. */
unsigned long vmd_clean_record_shared_mapping_range(struct vmd_mapping *mapping,
						    vmd_pgoff_t first_index,
						    vmd_pgoff_t nr_pages,
						    struct vmd_dirty_span *span)
{
	if (VMD_BUG_ON(&mapping->hw->env, !span) ||
	    VMD_BUG_ON(&mapping->hw->env, !fits(span, first_index, nr_pages)))
		return 0;
	if (span->start >= span->end) {
		span->start = nr_pages;
		span->end = 0;
	}
	return walk_object(mapping, first_index, nr_pages, span);
}
