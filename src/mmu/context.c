/* SPDX-License-Identifier: MIT */
/*
 * The list of address spaces of a machine, so that a pointer to one that was
 * destroyed is told from one that is there without following it.
 */
#include "mmu/context.h"

#include "mmu/hw.h"

void vmd_mm_context_register(struct vmd_mm_context *ctx)
{
	struct vmd_contexts *all = &ctx->hw->contexts;

	ctx->in_hw.start = ctx->in_hw.last = (uintptr_t)ctx;
	vmd_spin_lock(&all->lock);
	ctx->ctx_id = ++all->nr_made;
	vmd_it_insert(&all->live, &ctx->in_hw);
	vmd_spin_unlock(&all->lock);
}

void vmd_mm_context_unregister(struct vmd_mm_context *ctx)
{
	struct vmd_contexts *all = &ctx->hw->contexts;

	vmd_spin_lock(&all->lock);
	vmd_it_remove(&all->live, &ctx->in_hw);
	vmd_spin_unlock(&all->lock);
}

bool vmd_mm_context_exists(struct vmd_hw *hw, const struct vmd_mm_context *ctx)
{
	struct vmd_contexts *all = &hw->contexts;
	bool found;

	vmd_spin_lock(&all->lock);
	found = vmd_it_first(&all->live, (uintptr_t)ctx, (uintptr_t)ctx);
	vmd_spin_unlock(&all->lock);
	return found;
}
