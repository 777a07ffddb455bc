/* SPDX-License-Identifier: MIT */
/*
 * The initiator drops the translations of every CPU that has the address space
 * loaded, itself, under the lock of that CPU's TLB: a walk on that CPU is
 * either before, and its result is dropped, or after, and sees the new tables.
 * What remains is an access that read its line before it was cleared: one
 * barrier on all threads, then wait until each CPU is outside its section.
 */
#include "mmu/shootdown.h"

#include "base/counter.h"
#include "mmu/cpu.h"
#include "sync/atomic.h"
#include "sync/membarrier.h"

static void drop_translations(struct vmd_cpu *cpu,
			      const struct vmd_mm_context *ctx, vmd_va_t start,
			      vmd_va_t end)
{
	vmd_spin_lock_raw(&cpu->tlb_lock);
	if (cpu->loaded == ctx) {
		if ((end - start) >> VMD_PAGE_SHIFT >
		    VMD_TLB_SINGLE_PAGE_FLUSH_CEILING)
			vmd_cpu_drop_all(cpu);
		else
			vmd_cpu_drop_range(cpu, start, end);
	}
	vmd_spin_unlock_raw(&cpu->tlb_lock);
}

void vmd_flush_tlb_range(struct vmd_mm_context *ctx, vmd_va_t start,
			 vmd_va_t end)
{
	uint64_t mask;
	uint64_t left;

	vmd_charge(ctx->env, VMD_EV_TLB_FLUSH, 1);
	vmd_counter_add(&ctx->nr_flushes, 1);

	/* Pairs with the bit set before the first walk, vmd_cpu_load_mm(). */
	vmd_mb();
	mask = VMD_READ_ONCE(ctx->cpumask);
	for (left = mask; left; left &= left - 1)
		drop_translations(ctx->cpus->cpu[__builtin_ctzll(left)], ctx,
				  start, end);
	if (mask)
		vmd_membarrier();
	for (left = mask; left; left &= left - 1)
		vmd_wait_until_zero(
			&ctx->cpus->cpu[__builtin_ctzll(left)]->fast.in_access);

	vmd_hook_call(ctx->env->hook, VMD_HOOK_FLUSH, ctx, start, end);
}

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

bool vmd_tlb_flush_nested(const struct vmd_mm_context *ctx)
{
	return vmd_load_acquire(&ctx->tlb_flush_pending) > 1;
}
