/* SPDX-License-Identifier: MIT */
/*
 * One simulated CPU. The inline lines come first: the public fast path knows
 * them. Lines are strictly included in the TLB (D3): what leaves the TLB takes
 * its line along, so that results are the same with lines and without.
 */
#ifndef VMD_SRC_MMU_CPU_H
#define VMD_SRC_MMU_CPU_H

#include <vmmdirty/cpu.h>

#include "mmu/context.h"
#include "mmu/tlb.h"

struct vmd_cpu {
	struct vmd_cpu_lines fast;

	/* Set once at creation: */
	struct vmd_env *env;
	unsigned int id;
	bool lines_on;

	/* Of the thread that drives this CPU: */
	struct vmd_clock clock;
	struct vmd_fault_info fault;

	/* Under tlb_lock; lines are written under it and read without: */
	struct vmd_spinlock tlb_lock;
	struct vmd_tlb tlb;
	struct vmd_mm_context *loaded; /* NULL: no address space */
};

int vmd_cpu_init(struct vmd_cpu *cpu, struct vmd_env *env, unsigned int id,
		 unsigned int nr_tlb_entries, bool lines_on);
void vmd_cpu_fini(struct vmd_cpu *cpu);

/* Load @ctx, or nothing; drops all translations. Kernel: switch_mm(). */
void vmd_cpu_load_mm(struct vmd_cpu *cpu, struct vmd_mm_context *ctx);

/* Under tlb_lock. */
void vmd_cpu_drop_range(struct vmd_cpu *cpu, vmd_va_t start, vmd_va_t end);
void vmd_cpu_drop_all(struct vmd_cpu *cpu);

#endif /* VMD_SRC_MMU_CPU_H */
