/* SPDX-License-Identifier: MIT */
/*
 * Making tables, finding entries in them, freeing them.
 */
#include "mmu/pgtable.h"

#include <errno.h>

#include "mmu/hw.h"
#include "mmu/shootdown.h"
#include "sync/rcu.h"

static vmd_pfn_t alloc_table(struct vmd_mm_context *ctx)
{
	vmd_pfn_t pfn = vmd_frame_alloc(ctx->ram);

	if (pfn) {
		vmd_frame_mark_written(ctx->ram, pfn);
		vmd_spin_init(&ctx->ram->frames[pfn].ptl, ctx->env,
			      VMD_RANK_ptl);
	}
	return pfn;
}

int vmd_mm_context_init(struct vmd_mm_context *ctx, struct vmd_hw *hw,
			const struct vmd_fault_ops *fault_ops)
{
	*ctx = (struct vmd_mm_context){
		.hw = hw,
		.env = &hw->env,
		.ram = &hw->ram,
		.cpus = &hw->cpus,
		.fault_ops = fault_ops,
		.levels = hw->mmu.levels,
		.tlb_gen = 1,
	};
	vmd_spin_init(&ctx->page_table_lock, ctx->env,
		      VMD_RANK_page_table_lock);
	ctx->pgd = alloc_table(ctx);
	if (!ctx->pgd)
		return -ENOMEM;
	vmd_mm_context_register(ctx);
	return 0;
}

void vmd_mm_context_fini(struct vmd_mm_context *ctx)
{
	(void)VMD_BUG_ON(ctx->env, ctx->cpumask != 0);
	(void)VMD_BUG_ON(ctx->env, ctx->nr_tables != 0);
	vmd_mm_context_unregister(ctx);
	vmd_frame_free_range(ctx->ram, ctx->pgd, 1);
}

vmd_pte_t *vmd_lookup_slot(const struct vmd_mm_context *ctx, vmd_va_t addr,
			   int level)
{
	vmd_pte_t *slot = vmd_table(ctx->ram, ctx->pgd);
	int at = ctx->levels;

	for (slot += vmd_level_index(addr, at); at > level; at--) {
		vmd_pte_t entry = vmd_upperp_get(slot);

		if (!vmd_entry_is_table(entry))
			return NULL;
		slot = vmd_table(ctx->ram, vmd_pte_pfn(entry)) +
		       vmd_level_index(addr, at - 1);
	}
	return slot;
}

/* Another thread may have been faster: then @slot is no longer none. */
static int populate(struct vmd_mm_context *ctx, vmd_pte_t *slot)
{
	vmd_pfn_t pfn = alloc_table(ctx);

	if (!pfn)
		return -ENOMEM;

	vmd_spin_lock(&ctx->page_table_lock);
	if (vmd_pte_none(vmd_ptep_get(slot))) {
		vmd_set_pte(slot, vmd_pfn_pte(pfn, VMD_PAGE_TABLE));
		ctx->nr_tables++;
		pfn = 0;
	}
	vmd_spin_unlock(&ctx->page_table_lock);

	if (pfn)
		vmd_frame_free_range(ctx->ram, pfn, 1);
	return 0;
}

vmd_pte_t *vmd_alloc_slot(struct vmd_mm_context *ctx, vmd_va_t addr, int level)
{
	int at;

	for (at = ctx->levels; at > level; at--) {
		vmd_pte_t *slot = vmd_lookup_slot(ctx, addr, at);

		if (!slot)
			return NULL;
		if (vmd_pte_none(vmd_ptep_get(slot)) && populate(ctx, slot))
			return NULL;
	}
	return vmd_lookup_slot(ctx, addr, level);
}

struct vmd_spinlock *vmd_slot_lockptr(const struct vmd_mm_context *ctx,
				      const vmd_pte_t *slot)
{
	uint64_t offset = (uint64_t)((const uint8_t *)slot - ctx->ram->base);

	return &ctx->ram->frames[offset >> VMD_PAGE_SHIFT].ptl;
}

vmd_pte_t *vmd_pte_offset_map_lock(const struct vmd_mm_context *ctx,
				   vmd_va_t addr, struct vmd_spinlock **ptl)
	vmd_no_context_analysis("locked unless NULL")
{
	vmd_pte_t *pte;

	vmd_rcu_read_lock();
	for (;;) {
		pte = vmd_lookup_slot(ctx, addr, VMD_LEVEL_PTE);
		if (!pte)
			break;
		*ptl = vmd_slot_lockptr(ctx, pte);
		vmd_spin_lock(*ptl);
		if (vmd_lookup_slot(ctx, addr, VMD_LEVEL_PTE) == pte)
			break;
		vmd_spin_unlock(*ptl); /* another table, or none, by now */
	}
	vmd_rcu_read_unlock();
	return pte;
}

vmd_pte_t *vmd_pte_alloc_map_lock(struct vmd_mm_context *ctx, vmd_va_t addr,
				  struct vmd_spinlock **ptl)
	vmd_no_context_analysis("locked unless NULL")
{
	if (!vmd_alloc_slot(ctx, addr, VMD_LEVEL_PTE))
		return NULL;
	return vmd_pte_offset_map_lock(ctx, addr, ptl);
}

/* What no neighbour needs: a table goes if all that it covers lies inside. */
struct free_range {
	vmd_va_t floor;
	vmd_va_t ceiling;
	vmd_pfn_t freed; /* chained through next */
};

static void unlink_table(struct vmd_mm_context *ctx, vmd_pte_t *slot,
			 struct free_range *range)
{
	vmd_pfn_t pfn = vmd_pte_pfn(vmd_ptep_get(slot));

	vmd_spin_lock(&ctx->page_table_lock);
	(void)vmd_ptep_get_and_clear(slot);
	ctx->nr_tables--;
	vmd_spin_unlock(&ctx->page_table_lock);

	ctx->ram->frames[pfn].next = range->freed;
	range->freed = pfn;
}

/* Depth first; @slot is of @level and the part of it is [addr, end). */
/* NOLINTNEXTLINE(misc-no-recursion): over levels, five deep */
static void free_below(struct vmd_mm_context *ctx, vmd_pte_t *slot, int level,
		       vmd_va_t addr, vmd_va_t end, struct free_range *range)
{
	vmd_va_t first = addr & ~(vmd_level_size(level) - 1);
	vmd_pte_t *table;
	vmd_va_t next;

	if (!vmd_entry_is_table(vmd_ptep_get(slot)))
		return;

	table = vmd_table(ctx->ram, vmd_pte_pfn(vmd_ptep_get(slot)));
	for (; level > VMD_LEVEL_PMD && addr < end; addr = next) {
		next = vmd_addr_end(addr, end, level - 1);
		free_below(ctx, table + vmd_level_index(addr, level - 1),
			   level - 1, addr, next, range);
	}
	if (first >= range->floor &&
	    first + vmd_level_size(level) <= range->ceiling)
		unlink_table(ctx, slot, range);
}

/*
 * Somebody may be in the middle of a walk through a table that was just
 * unlinked: the flush waits for hardware, the grace period for software that
 * looks without a lock (mmu/pgtable.h). Only then is the frame given back.
 */
static void give_back(struct vmd_mm_context *ctx, vmd_va_t start, vmd_va_t end,
		      vmd_pfn_t pfn)
{
	vmd_pfn_t next;

	if (!pfn)
		return;
	vmd_flush_tlb_range(ctx, start, end);
	vmd_synchronize_rcu();
	for (; pfn; pfn = next) {
		next = ctx->ram->frames[pfn].next;
		vmd_frame_free_range(ctx->ram, pfn, 1);
	}
}

void vmd_free_pgtables(struct vmd_mm_context *ctx, vmd_va_t start, vmd_va_t end,
		       vmd_va_t floor, vmd_va_t ceiling)
{
	struct free_range range = { floor, ceiling, 0 };
	vmd_pte_t *pgd = vmd_table(ctx->ram, ctx->pgd);
	vmd_va_t addr;
	vmd_va_t next;

	for (addr = start; addr < end; addr = next) {
		next = vmd_addr_end(addr, end, ctx->levels);
		free_below(ctx, pgd + vmd_level_index(addr, ctx->levels),
			   ctx->levels, addr, next, &range);
	}
	give_back(ctx, start, end, range.freed);
}
