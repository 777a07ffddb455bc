/* SPDX-License-Identifier: MIT */
/*
 * Making a CPU, and making it forget.
 */
#include "mmu/cpu.h"

#include <errno.h>
#include <stddef.h>
#include <vmmdirty/cpufeatures.h>

#include "mmu/hw.h"

/* The inline fast path is compiled into programs: this layout is ABI. */
_Static_assert(offsetof(struct vmd_cpu, fast) == 0, "lines come first");
_Static_assert(sizeof(struct vmd_tlb_line) == 1 << VMD_TLB_LINE_SHIFT,
	       "see docs/abi.md");
_Static_assert(offsetof(struct vmd_cpu_lines, lines) == 64, "see docs/abi.md");

/* Each CPU draws numbers of its own. */
static uint64_t seed_of(const struct vmd_cpu *cpu)
{
	return vmd_mix64(cpu->env->seed + cpu->id);
}

int vmd_cpu_init(struct vmd_cpu *cpu, struct vmd_hw *hw, unsigned int id)
{
	int err;

	cpu->env = &hw->env;
	cpu->hw = hw;
	cpu->id = id;
	cpu->walker.env = &hw->env;
	cpu->walker.ram = &hw->ram;
	cpu->walker.config = &hw->mmu;
	vmd_clock_init(&cpu->clock, &hw->env);
	vmd_gate_init(&cpu->gate, &hw->env, !hw->mmu.membarrier);
	vmd_lines_init(&cpu->fast, &cpu->lines,
		       hw->mmu.membarrier &&
			       !(hw->mmu.flags & VMD_MACHINE_NO_LINES));
	vmd_regs_init(&cpu->regs, &hw->mmu);
	vmd_paging_update(&cpu->walker.mode, &cpu->regs, &hw->mmu);
	vmd_cpu_update_plain(cpu);
	err = vmd_tlb_init(&cpu->tlb, &hw->env, &hw->mmu, seed_of(cpu));
	if (err)
		return err;
	err = vmd_psc_init(&cpu->walker.psc, &hw->env, &hw->mmu,
			   cpu->tlb.small.rng);
	if (err)
		vmd_tlb_fini(&cpu->tlb, &hw->env);
	return err;
}

void vmd_cpu_fini(struct vmd_cpu *cpu)
{
	vmd_psc_fini(&cpu->walker.psc, cpu->env);
	vmd_tlb_fini(&cpu->tlb, cpu->env);
}

/* Pieces of a large page stand in any line of its range. */
static bool drop_lines_of(struct vmd_cpu *cpu, vmd_va_t start, uint64_t nr,
			  unsigned int stride_shift)
{
	vmd_va_t page = start & VMD_PAGE_MASK;

	if (stride_shift != VMD_PAGE_SHIFT || cpu->tlb.large.nr_used ||
	    cpu->tlb.any_piece)
		return vmd_lines_wipe(&cpu->fast, &cpu->lines);
	return vmd_lines_drop(&cpu->fast, page, page + nr * VMD_PAGE_SIZE);
}

bool vmd_cpu_drop_range(struct vmd_cpu *cpu, vmd_va_t start, uint64_t nr,
			unsigned int stride_shift)
{
	unsigned int pcid = cpu->walker.mode.pcid;
	bool lines = drop_lines_of(cpu, start, nr, stride_shift);

	for (; nr > 0; nr--, start += UINT64_C(1) << stride_shift)
		vmd_tlb_drop(&cpu->tlb, pcid, start, VMD_TLB_PCID_AND_GLOBAL);
	vmd_psc_drop_pcid(&cpu->walker.psc, pcid);
	return lines;
}

bool vmd_cpu_drop_page(struct vmd_cpu *cpu, vmd_va_t addr)
{
	return vmd_cpu_drop_range(cpu, addr, 1, VMD_PAGE_SHIFT);
}

bool vmd_cpu_drop_pcid(struct vmd_cpu *cpu)
{
	unsigned int pcid = cpu->walker.mode.pcid;

	vmd_tlb_drop_pcid(&cpu->tlb, pcid, VMD_TLB_PCID);
	vmd_psc_drop_pcid(&cpu->walker.psc, pcid);
	return vmd_lines_wipe(&cpu->fast, &cpu->lines);
}

bool vmd_cpu_drop_all(struct vmd_cpu *cpu)
{
	vmd_tlb_drop_all(&cpu->tlb);
	vmd_psc_drop_all(&cpu->walker.psc);
	return vmd_lines_wipe(&cpu->fast, &cpu->lines);
}

void vmd_cpu_update_mode(struct vmd_cpu *cpu)
{
	vmd_paging_update(&cpu->walker.mode, &cpu->regs, &cpu->hw->mmu);
	vmd_cpu_update_plain(cpu);
	(void)vmd_lines_wipe(&cpu->fast, &cpu->lines);
}
