/* SPDX-License-Identifier: MIT */
/*
 * The initiator does the work of the interrupt itself, for each CPU:
 *
 *	close the gates of the CPUs concerned, take the inline lines away
 *	one barrier on all threads
 *	wait until each CPU is outside its section: its state is ours now
 *	drop what it knows, as far as it is behind              TL-20 TL-21
 *	a line that it had filled meanwhile: once more barrier and wait
 *	open the gates
 *
 * Gates are closed in the order of their CPUs' numbers, so that two initiators
 * never wait for each other.
 */
#include "mmu/shootdown.h"

#include "base/counter.h"
#include "mmu/cpu.h"
#include "mmu/switch.h"
#include "sync/atomic.h"
#include "sync/membarrier.h"

/* Kernel: struct flush_tlb_info. */
struct flush {
	struct vmd_mm_context *ctx; /* NULL: whatever is loaded */
	vmd_va_t start;
	vmd_va_t end; /* VMD_TLB_FLUSH_ALL: all of it */
	unsigned int stride_shift;
	bool freed_tables;
	uint64_t new_tlb_gen;
	void (*func)(struct vmd_cpu *cpu, const struct flush *flush,
		     bool *lines);
};

/* Kernel: is_ranged flush, its limit in flush_tlb_func(). */
static bool is_partial(const struct flush *flush, uint64_t local_tlb_gen,
		       uint64_t mm_tlb_gen)
{
	return flush->end != VMD_TLB_FLUSH_ALL &&
	       flush->new_tlb_gen == local_tlb_gen + 1 &&
	       flush->new_tlb_gen == mm_tlb_gen; /* TL-21 */
}

static uint64_t nr_strides(const struct flush *flush)
{
	uint64_t stride = UINT64_C(1) << flush->stride_shift;

	return (flush->end - flush->start + stride - 1) >> flush->stride_shift;
}

/* Kernel: flush_tlb_func(). *lines: an inline line was valid. */
static void flush_tlb_func(struct vmd_cpu *cpu, const struct flush *flush,
			   bool *lines)
{
	struct vmd_tlb_state *state = &cpu->tlbstate;
	struct vmd_mm_context *loaded = state->loaded_mm;
	struct vmd_tlb_context *known = &state->ctxs[state->loaded_mm_asid];
	uint64_t mm_tlb_gen;

	if (!loaded || (flush->ctx && flush->ctx != loaded))
		return;
	if (state->is_lazy) {
		*lines |= vmd_lines_wipe(&cpu->fast, &cpu->lines);
		vmd_cpu_leave_mm(cpu);
		return;
	}
	mm_tlb_gen = vmd_load_acquire(&loaded->tlb_gen);
	if (known->tlb_gen == mm_tlb_gen ||
	    (flush->ctx && flush->new_tlb_gen <= known->tlb_gen))
		return;
	if (flush->ctx && is_partial(flush, known->tlb_gen, mm_tlb_gen))
		*lines |= vmd_cpu_drop_range(cpu, flush->start,
					     nr_strides(flush),
					     flush->stride_shift);
	else
		*lines |= vmd_cpu_drop_pcid(cpu);
	known->tlb_gen = mm_tlb_gen;
}

/* Kernel: leave_mm() everywhere, as when an address space ends. */
static void unload_func(struct vmd_cpu *cpu, const struct flush *flush,
			bool *lines)
{
	if (cpu->tlbstate.loaded_mm != flush->ctx)
		return;
	*lines |= vmd_lines_wipe(&cpu->fast, &cpu->lines);
	vmd_cpu_leave_mm(cpu);
}

/* TL-22, TL-23. Kernel: should_flush_tlb() and tlb_is_not_lazy(). */
static bool is_concerned(const struct vmd_cpu *cpu, const struct flush *flush)
{
	const struct vmd_mm_context *loaded =
		vmd_load_acquire(&cpu->tlbstate.loaded_mm);

	/* Even if it is lazy: it was so before, on another one perhaps. */
	if (loaded == VMD_LOADED_MM_SWITCHING)
		return true;
	/* Pairs with vmd_cpu_set_lazy(). */
	if (!flush->freed_tables && vmd_load_acquire(&cpu->tlbstate.is_lazy))
		return false;
	return !flush->ctx || loaded == flush->ctx;
}

static bool drop_lines(struct vmd_cpu *cpu, const struct flush *flush)
{
	if (flush->end == VMD_TLB_FLUSH_ALL ||
	    flush->stride_shift != VMD_PAGE_SHIFT)
		return vmd_lines_drop_all(&cpu->fast, &cpu->lines);
	return vmd_lines_drop(&cpu->fast, flush->start, flush->end);
}

static struct vmd_cpu *first_of(const struct vmd_cpus *cpus, uint64_t mask)
{
	return cpus->cpu[__builtin_ctzll(mask)];
}

/* A CPU that is never seen outside hits inline: without lines it will stop. */
static void wait_outside(struct vmd_cpu *cpu)
{
	while (!vmd_gate_wait(&cpu->fast.in_access))
		(void)vmd_lines_drop_all(&cpu->fast, &cpu->lines);
}

static void barrier_and_wait(const struct vmd_cpus *cpus, uint64_t mask)
{
	vmd_membarrier();
	for (; mask; mask &= mask - 1)
		wait_outside(first_of(cpus, mask));
}

/* Closes, and returns which of @mask are concerned. */
static uint64_t close_gates(const struct vmd_cpus *cpus, uint64_t mask,
			    const struct flush *flush)
	vmd_no_context_analysis("as many locks as there are CPUs")
{
	uint64_t closed = 0;

	for (; mask; mask &= mask - 1) {
		struct vmd_cpu *cpu = first_of(cpus, mask);

		if (!is_concerned(cpu, flush))
			continue;
		vmd_gate_close(&cpu->gate);
		(void)drop_lines(cpu, flush);
		closed |= mask & -mask;
	}
	return closed;
}

static void open_gates(const struct vmd_cpus *cpus, uint64_t mask)
	vmd_no_context_analysis("as many locks as there are CPUs")
{
	for (; mask; mask &= mask - 1)
		vmd_gate_open(&first_of(cpus, mask)->gate);
}

/* Kernel: flush_tlb_multi(). On return each CPU has run flush->func(). */
static void on_each_cpu(const struct vmd_cpus *cpus, uint64_t mask,
			const struct flush *flush)
{
	bool lines = false;
	uint64_t left;

	mask = close_gates(cpus, mask, flush);
	if (!mask)
		return;
	barrier_and_wait(cpus, mask);
	for (left = mask; left; left &= left - 1)
		flush->func(first_of(cpus, left), flush, &lines);
	if (lines)
		barrier_and_wait(cpus, mask);
	open_gates(cpus, mask);
}

/* TL-18: a full barrier; pairs with switch_mm() and leave_lazy(). */
static uint64_t inc_mm_tlb_gen(struct vmd_mm_context *ctx)
{
	uint64_t tlb_gen = vmd_add_return(&ctx->tlb_gen, 1);

	vmd_mb();
	return tlb_gen;
}

void vmd_flush_tlb_mm_range(struct vmd_mm_context *ctx, vmd_va_t start,
			    vmd_va_t end, unsigned int stride_shift,
			    bool freed_tables)
{
	struct flush flush = {
		.ctx = ctx,
		.start = start,
		.end = end,
		.stride_shift = stride_shift,
		.freed_tables = freed_tables,
		.func = flush_tlb_func,
	};

	vmd_charge(ctx->env, VMD_EV_TLB_FLUSH, 1);
	vmd_counter_add(&ctx->nr_flushes, 1);
	if (end != VMD_TLB_FLUSH_ALL &&
	    (end - start) >> stride_shift > VMD_TLB_SINGLE_PAGE_FLUSH_CEILING)
		flush.end = VMD_TLB_FLUSH_ALL;
	flush.new_tlb_gen = inc_mm_tlb_gen(ctx);
	on_each_cpu(ctx->cpus, vmd_load_acquire(&ctx->cpumask), &flush);
	vmd_hook_call(ctx->env->hook, VMD_HOOK_FLUSH, ctx, start, end);
}

void vmd_flush_tlb_range(struct vmd_mm_context *ctx, vmd_va_t start,
			 vmd_va_t end)
{
	vmd_flush_tlb_mm_range(ctx, start, end, VMD_PAGE_SHIFT, true);
}

void vmd_flush_tlb_page(struct vmd_mm_context *ctx, vmd_va_t addr)
{
	vmd_va_t page = addr & VMD_PAGE_MASK;

	vmd_flush_tlb_mm_range(ctx, page, page + VMD_PAGE_SIZE, VMD_PAGE_SHIFT,
			       false);
}

void vmd_flush_tlb_mm(struct vmd_mm_context *ctx)
{
	vmd_flush_tlb_mm_range(ctx, 0, VMD_TLB_FLUSH_ALL, VMD_PAGE_SHIFT, true);
}

void vmd_flush_tlb_cpus(const struct vmd_cpus *cpus, uint64_t mask)
{
	const struct flush flush = {
		.end = VMD_TLB_FLUSH_ALL,
		.func = flush_tlb_func,
	};

	on_each_cpu(cpus, mask, &flush);
}

void vmd_mm_context_unload(struct vmd_mm_context *ctx)
{
	const struct flush flush = {
		.ctx = ctx,
		.end = VMD_TLB_FLUSH_ALL,
		.freed_tables = true,
		.func = unload_func,
	};

	on_each_cpu(ctx->cpus, vmd_load_acquire(&ctx->cpumask), &flush);
}
