/* SPDX-License-Identifier: MIT */
/*
 * One simulated CPU. The inline lines come first: the public fast path knows
 * them. What the thread that drives it changes, it changes in its section,
 * between vmd_cpu_enter() and vmd_cpu_leave(): in there it is what a CPU with
 * interrupts disabled is. A flush from elsewhere closes the gate and works on
 * the CPU's state itself (sync/gate.h).
 */
#ifndef VMD_SRC_MMU_CPU_H
#define VMD_SRC_MMU_CPU_H

#include <vmmdirty/cpu.h>

#include "mmu/context.h"
#include "mmu/lines.h"
#include "mmu/tlb.h"
#include "sync/gate.h"

/* Kernel: TLB_NR_DYN_ASIDS. */
#define VMD_TLB_NR_DYN_ASIDS 6

/* loaded_mm in the middle of a switch. Kernel: LOADED_MM_SWITCHING. */
#define VMD_LOADED_MM_SWITCHING ((struct vmd_mm_context *)1)

/* Up to which flush an address space is known in a PCID (TL-18). */
struct vmd_tlb_context {
	uint64_t ctx_id; /* 0: nothing */
	uint64_t tlb_gen;
};

/* Kernel: struct tlb_state. */
struct vmd_tlb_state {
	struct vmd_mm_context *loaded_mm; /* read by all; NULL: none */
	unsigned int loaded_mm_asid;
	unsigned int next_asid;
	bool is_lazy; /* read by all */
	struct vmd_tlb_context ctxs[VMD_TLB_NR_DYN_ASIDS];
};

struct vmd_cpu {
	struct vmd_cpu_lines fast;

	/* Set once at creation: */
	struct vmd_env *env;
	struct vmd_hw *hw;
	unsigned int id;

	/* Of the thread that drives this CPU: */
	struct vmd_clock clock;
	struct vmd_fault_info fault;
	struct vmd_regs regs;

	/*
	 * In the section, or with the gate closed; is_plain follows from the
	 * rest: lines are on, there are no keys and no LAM, not lazy.
	 */
	bool is_plain;
	struct vmd_gate gate;
	struct vmd_walker walker;
	struct vmd_tlb tlb;
	struct vmd_lines lines;
	struct vmd_tlb_state tlbstate;
};

int vmd_cpu_init(struct vmd_cpu *cpu, struct vmd_hw *hw, unsigned int id);
void vmd_cpu_fini(struct vmd_cpu *cpu);

static inline void vmd_cpu_enter(struct vmd_cpu *cpu)
{
	vmd_gate_enter(&cpu->gate, &cpu->fast.in_access);
}

static inline bool vmd_cpu_try_enter(struct vmd_cpu *cpu)
{
	return vmd_gate_try_enter(&cpu->gate, &cpu->fast.in_access);
}

static inline void vmd_cpu_leave(struct vmd_cpu *cpu)
{
	vmd_gate_leave(&cpu->fast.in_access);
}

/*
 * In the section, or with the gate closed; true if an inline line was valid.
 * One page of the current PCID, whose paging-structure entries go too; @nr of
 * them, 2^@stride_shift bytes apart; all of the current PCID but what is
 * global; everything.
 */
bool vmd_cpu_drop_page(struct vmd_cpu *cpu, vmd_va_t addr);
bool vmd_cpu_drop_range(struct vmd_cpu *cpu, vmd_va_t start, uint64_t nr,
			unsigned int stride_shift);
bool vmd_cpu_drop_pcid(struct vmd_cpu *cpu);
bool vmd_cpu_drop_all(struct vmd_cpu *cpu);

/* Is a supervisor kept from user pages? By the CPU's thread. */
static inline bool vmd_cpu_smap_is_on(const struct vmd_cpu *cpu)
{
	return (cpu->regs.value[VMD_REG_CR4] & VMD_CR4_SMAP) &&
	       !cpu->regs.value[VMD_REG_AC];
}

static inline void vmd_cpu_update_plain(struct vmd_cpu *cpu)
{
	cpu->is_plain = cpu->lines.on && !cpu->walker.mode.odd &&
			!cpu->tlbstate.is_lazy;
}

/* A register has changed: the mode and what is derived from it. */
void vmd_cpu_update_mode(struct vmd_cpu *cpu);

#endif /* VMD_SRC_MMU_CPU_H */
