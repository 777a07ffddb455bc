/* SPDX-License-Identifier: MIT */
/*
 * Switching address spaces.
 *
 *	loaded_mm = SWITCHING      who flushes counts this CPU in      TL-23
 *	cpumask: old off, new on
 *	read the new one's tlb_gen after that: a flush has either seen the bit,
 *	                           or its generation is seen here       TL-18
 *	PCID: the one that knows it, flushed if it is behind; else another
 *	CR3, loaded_mm = new
 *
 * All of it is one section: a flush that counts the CPU in waits for its end.
 */
#include "mmu/switch.h"

#include "sync/atomic.h"

static bool uses_pcid(const struct vmd_cpu *cpu)
{
	return cpu->regs.value[VMD_REG_CR4] & VMD_CR4_PCIDE;
}

/* Kernel: kern_pcid(): 0 is for when nothing is loaded. */
static unsigned int pcid_of(const struct vmd_cpu *cpu, unsigned int asid)
{
	return uses_pcid(cpu) ? asid + 1 : 0;
}

/* Kernel: choose_new_asid(). True: it has to be flushed. */
static bool choose_new_asid(struct vmd_cpu *cpu,
			    const struct vmd_mm_context *next,
			    uint64_t next_tlb_gen, unsigned int *asid)
{
	struct vmd_tlb_state *state = &cpu->tlbstate;

	*asid = 0;
	if (!uses_pcid(cpu))
		return true;
	for (; *asid < VMD_TLB_NR_DYN_ASIDS; ++*asid)
		if (state->ctxs[*asid].ctx_id == next->ctx_id)
			return state->ctxs[*asid].tlb_gen < next_tlb_gen;
	*asid = state->next_asid;
	state->next_asid = (*asid + 1) % VMD_TLB_NR_DYN_ASIDS;
	return true;
}

void vmd_cpu_forget_asids(struct vmd_cpu *cpu)
{
	unsigned int asid;

	for (asid = 0; asid < VMD_TLB_NR_DYN_ASIDS; asid++)
		cpu->tlbstate.ctxs[asid].ctx_id = 0;
}

static void set_loaded_mm(struct vmd_cpu *cpu, struct vmd_mm_context *ctx)
{
	vmd_store_release(&cpu->tlbstate.loaded_mm, ctx);
}

/* Released: who sees it sees all stores up to here; see is_concerned(). */
static void set_lazy(struct vmd_cpu *cpu, bool is_lazy)
{
	vmd_store_release(&cpu->tlbstate.is_lazy, is_lazy);
	vmd_cpu_update_plain(cpu);
}

static void clear_cpumask(struct vmd_cpu *cpu, struct vmd_mm_context *ctx)
{
	if (ctx)
		(void)vmd_fetch_and(&ctx->cpumask, ~(UINT64_C(1) << cpu->id));
}

void vmd_cpu_leave_mm(struct vmd_cpu *cpu)
{
	struct vmd_mm_context *old = cpu->tlbstate.loaded_mm;

	set_lazy(cpu, false);
	set_loaded_mm(cpu, NULL);
	clear_cpumask(cpu, old);
	/* Of tables by hand, which had PCID 0 before, nothing is left. */
	vmd_cpu_set_cr3(cpu, 0);
}

/* TL-22: the same address space again; lazy CPUs may have missed flushes. */
static void leave_lazy(struct vmd_cpu *cpu, const struct vmd_mm_context *ctx)
{
	struct vmd_tlb_context *known =
		&cpu->tlbstate.ctxs[cpu->tlbstate.loaded_mm_asid];
	uint64_t tlb_gen;

	if (!cpu->tlbstate.is_lazy)
		return;
	set_lazy(cpu, false);
	vmd_mb(); /* pairs with vmd_flush_tlb_mm_range() */
	tlb_gen = VMD_READ_ONCE(ctx->tlb_gen);
	if (known->tlb_gen == tlb_gen)
		return;
	(void)vmd_cpu_drop_pcid(cpu);
	known->tlb_gen = tlb_gen;
}

static void switch_mm(struct vmd_cpu *cpu, struct vmd_mm_context *next)
{
	struct vmd_mm_context *prev = cpu->tlbstate.loaded_mm;
	uint64_t cr3 = next->pgd << VMD_PAGE_SHIFT;
	uint64_t next_tlb_gen;
	unsigned int asid;
	bool need_flush;

	set_loaded_mm(cpu, VMD_LOADED_MM_SWITCHING);
	clear_cpumask(cpu, prev);
	/* Pairs with vmd_flush_tlb_mm_range(): the bit, then the generation. */
	(void)vmd_fetch_or(&next->cpumask, UINT64_C(1) << cpu->id);
	vmd_mb();
	next_tlb_gen = vmd_load_acquire(&next->tlb_gen);

	need_flush = choose_new_asid(cpu, next, next_tlb_gen, &asid);
	if (need_flush)
		cpu->tlbstate.ctxs[asid] =
			(struct vmd_tlb_context){ next->ctx_id, next_tlb_gen };
	else
		cr3 |= VMD_CR3_NOFLUSH;
	vmd_cpu_set_cr3(cpu, cr3 | pcid_of(cpu, asid));
	cpu->tlbstate.loaded_mm_asid = asid;
	set_lazy(cpu, false);
	set_loaded_mm(cpu, next);
}

void vmd_cpu_load_mm(struct vmd_cpu *cpu, struct vmd_mm_context *ctx)
{
	vmd_cpu_enter(cpu);
	if (ctx && ctx == cpu->tlbstate.loaded_mm)
		leave_lazy(cpu, ctx);
	else if (ctx)
		switch_mm(cpu, ctx);
	else if (cpu->tlbstate.loaded_mm)
		vmd_cpu_leave_mm(cpu);
	vmd_cpu_leave(cpu);
}

void vmd_cpu_set_lazy(struct vmd_cpu *cpu)
{
	vmd_cpu_enter(cpu);
	if (cpu->tlbstate.loaded_mm) {
		set_lazy(cpu, true);
		/* Inline accesses would not ask whether the CPU is lazy. */
		(void)vmd_lines_wipe(&cpu->fast, &cpu->lines);
	}
	vmd_cpu_leave(cpu);
}
