/* SPDX-License-Identifier: MIT */
/*
 * Which address space a CPU has loaded, and how much of what it knows of it is
 * up to date: PCIDs with generations, lazy mode (TL-18, TL-22, TL-23). Kernel:
 * arch/x86/mm/tlb.c.
 */
#ifndef VMD_SRC_MMU_SWITCH_H
#define VMD_SRC_MMU_SWITCH_H

#include "mmu/cpu.h"

/* By the CPU's thread: load @ctx, or nothing. Kernel: switch_mm(). */
void vmd_cpu_load_mm(struct vmd_cpu *cpu, struct vmd_mm_context *ctx);

/*
 * By the CPU's thread: what runs now is nobody's, the address space stays
 * loaded. Kernel: enter_lazy_tlb().
 */
void vmd_cpu_set_lazy(struct vmd_cpu *cpu);

/* In the section, or with the gate closed: as if nothing were loaded. */
void vmd_cpu_leave_mm(struct vmd_cpu *cpu);

/* In the section: somebody else has used these PCIDs. */
void vmd_cpu_forget_asids(struct vmd_cpu *cpu);

/* In the section: MOV CR3. */
void vmd_cpu_set_cr3(struct vmd_cpu *cpu, uint64_t value);

#endif /* VMD_SRC_MMU_SWITCH_H */
