/* SPDX-License-Identifier: MIT */
/*
 * Removing entries. A and D of what is removed are discarded: no page stands
 * behind a PFN entry that could remember them (FM-36). Owners that care
 * collect first (VM-8).
 */
#include "mm/mm.h"
#include "mmu/pgtable.h"
#include "mmu/shootdown.h"

/* Under the ptl: entries of one table; how many there were. */
static uint64_t zap_entries(vmd_pte_t *pte, uint64_t nr)
{
	uint64_t nr_zapped = 0;

	for (; nr > 0; nr--, pte++) {
		if (vmd_pte_none(vmd_ptep_get(pte)))
			continue;
		(void)vmd_ptep_get_and_clear(pte);
		nr_zapped++;
	}
	return nr_zapped;
}

/* A large leaf goes whole: nothing in this library maps a part of one. */
static uint64_t zap_leaf(struct vmd_mm_context *ctx, vmd_va_t addr)
	vmd_no_context_analysis("a ptl that is known at run time")
{
	vmd_pte_t *pmd = vmd_lookup_slot(ctx, addr, VMD_LEVEL_PMD);
	struct vmd_spinlock *ptl;
	bool is_leaf;

	if (!pmd)
		return 0;
	ptl = vmd_slot_lockptr(ctx, pmd);
	vmd_spin_lock(ptl);
	/* Or a table that a fault has made meanwhile. */
	is_leaf = vmd_pmd_leaf(vmd_ptep_get(pmd));
	if (is_leaf)
		(void)vmd_ptep_get_and_clear(pmd);
	vmd_spin_unlock(ptl);
	return is_leaf;
}

/* [addr, end) lies within one table of the last level. */
static uint64_t zap_table(struct vmd_mm_context *ctx, vmd_va_t addr,
			  vmd_va_t end)
	vmd_no_context_analysis("a ptl that is known at run time")
{
	struct vmd_spinlock *ptl;
	vmd_pte_t *pte = vmd_pte_offset_map_lock(ctx, addr, &ptl);
	uint64_t nr_zapped;

	if (!pte)
		return zap_leaf(ctx, addr);
	vmd_flush_tlb_batched_pending(ctx); /* TL-25 */
	nr_zapped = zap_entries(pte, (end - addr) >> VMD_PAGE_SHIFT);
	vmd_spin_unlock(ptl);
	return nr_zapped;
}

/* The nearest end of a hole: the smallest level that has an entry here. */
static vmd_va_t skip_hole(const struct vmd_mm_context *ctx, vmd_va_t addr,
			  vmd_va_t end)
{
	int level = VMD_LEVEL_PMD;

	while (level < ctx->levels && !vmd_lookup_slot(ctx, addr, level))
		level++;
	return vmd_addr_end(addr, end, level);
}

void vmd_zap_page_range(struct vmd_vma *vma, vmd_va_t start, vmd_va_t end)
{
	struct vmd_mm_context *ctx = &vma->vm_mm->context;
	uint64_t nr_zapped = 0;
	vmd_va_t addr;
	vmd_va_t next;

	/* Who passes over a cleared entry must flush too (TL-24, DH-30). */
	vmd_inc_tlb_flush_pending(ctx);
	for (addr = start; addr < end; addr = next) {
		next = skip_hole(ctx, addr, end);
		nr_zapped += zap_table(ctx, addr,
				       vmd_addr_end(addr, next, VMD_LEVEL_PMD));
	}
	if (nr_zapped)
		vmd_charge(ctx->env, VMD_EV_PTE_ZAP, nr_zapped);
	/* What another has cleared and not yet flushed is none here (TL-24). */
	if (vmd_tlb_flush_nested(ctx))
		vmd_flush_tlb_mm(ctx);
	else if (nr_zapped)
		vmd_flush_tlb_range(ctx, start, end);
	vmd_dec_tlb_flush_pending(ctx);
}

/* Of a PFN area: flush at its end, then the notifier's end (SP-28). */
static void zap_vma_clipped(struct vmd_vma *vma, struct vmd_va_range clipped)
{
	const struct vmd_mmu_notifier_range range = {
		.mm = vma->vm_mm,
		.start = clipped.start,
		.end = clipped.end,
		.event = VMD_MMU_NOTIFY_CLEAR,
	};

	vmd_mmu_notifier_invalidate_range_start(&vma->vm_mm->notifiers, &range);
	vmd_zap_page_range(vma, range.start, range.end);
	vmd_mmu_notifier_invalidate_range_end(&vma->vm_mm->notifiers, &range);
}

void vmd_unmap_mapping_pages(struct vmd_mapping *mapping, vmd_pgoff_t start,
			     vmd_pgoff_t nr)
{
	vmd_pgoff_t last = vmd_last_page(start, nr);
	struct vmd_it_node *node;

	if (nr == 0)
		return;

	vmd_i_mmap_lock_read(mapping);
	for (node = vmd_it_first(&mapping->i_mmap, start, last); node;
	     node = vmd_it_next(node, start, last)) {
		struct vmd_vma *vma = vmd_vma_in_object(node);

		zap_vma_clipped(vma, vmd_vma_clip(vma, start, nr));
	}
	vmd_i_mmap_unlock_read(mapping);
}
