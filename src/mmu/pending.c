/* SPDX-License-Identifier: MIT */
/*
 * Flushes that are owed: entries are gone, the flush comes later. Who finds
 * such an entry under the same ptl finds the debt, too (TL-24, TL-25).
 */
#include "mmu/shootdown.h"

#include "sync/atomic.h"

void vmd_inc_tlb_flush_pending(struct vmd_mm_context *ctx)
{
	(void)vmd_add_return(&ctx->tlb_flush_pending, 1);
	vmd_hook_call(ctx->env->hook, VMD_HOOK_PENDING_INC, ctx, 0, 0);
}

void vmd_dec_tlb_flush_pending(struct vmd_mm_context *ctx)
{
	(void)vmd_sub_return(&ctx->tlb_flush_pending, 1);
	vmd_hook_call(ctx->env->hook, VMD_HOOK_PENDING_DEC, ctx, 0, 0);
}

bool vmd_tlb_flush_is_pending(const struct vmd_mm_context *ctx)
{
	return vmd_load_acquire(&ctx->tlb_flush_pending) > 0;
}

bool vmd_tlb_flush_nested(const struct vmd_mm_context *ctx)
{
	return vmd_load_acquire(&ctx->tlb_flush_pending) > 1;
}

/* Full barrier in the middle: the new generation, then who may know the old. */
void vmd_tlbbatch_add_pending(struct vmd_tlbflush_batch *batch,
			      struct vmd_mm_context *ctx, bool dirty)
{
	(void)vmd_add_return(&ctx->tlb_gen, 1);
	vmd_mb();
	batch->cpus = ctx->cpus;
	batch->cpumask |= vmd_load_acquire(&ctx->cpumask);
	batch->flush_required = true;
	batch->writable |= dirty;
	(void)vmd_add_return(&ctx->tlb_batched_pending, 1);
}

void vmd_tlbbatch_flush(struct vmd_tlbflush_batch *batch)
{
	if (!batch->flush_required)
		return;
	vmd_flush_tlb_cpus(batch->cpus, batch->cpumask);
	*batch = (struct vmd_tlbflush_batch){ .cpus = batch->cpus };
}

void vmd_tlbbatch_flush_dirty(struct vmd_tlbflush_batch *batch)
{
	if (batch->writable)
		vmd_tlbbatch_flush(batch);
}

/* Whoever adds one meanwhile holds another ptl, and its debt stays. */
void vmd_flush_tlb_batched_pending(struct vmd_mm_context *ctx)
{
	uint64_t pending = vmd_load_acquire(&ctx->tlb_batched_pending);
	uint64_t flushed = vmd_load_acquire(&ctx->tlb_batched_flushed);

	if (pending == flushed)
		return;
	vmd_flush_tlb_mm(ctx);
	/* Fails if somebody else has flushed: then less is owed anyway. */
	(void)vmd_try_cmpxchg(&ctx->tlb_batched_flushed, &flushed, pending);
}
