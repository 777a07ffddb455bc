/* SPDX-License-Identifier: MIT */
/*
 * Registers: what may be written, and what a write drops (F5). All of it
 * happens in the CPU's section.
 */
#include <errno.h>
#include <vmmdirty/cpufeatures.h>

#include "mmu/cpu.h"
#include "mmu/hw.h"
#include "mmu/switch.h"

#define CR0_BITS  (VMD_CR0_PE | VMD_CR0_WP | VMD_CR0_PG)
#define EFER_BITS (VMD_EFER_LME | VMD_EFER_LMA | VMD_EFER_NXE)
#define LAM_BITS  (VMD_CR3_LAM_U57 | VMD_CR3_LAM_U48)

static bool has(const struct vmd_cpu *cpu, unsigned int feature)
{
	return cpu->hw->mmu.features & feature;
}

static bool pcide(const struct vmd_cpu *cpu)
{
	return cpu->regs.value[VMD_REG_CR4] & VMD_CR4_PCIDE;
}

/* R22 and long mode: paging cannot be switched off. */
static int check_cr0(uint64_t value)
{
	const uint64_t always = VMD_CR0_PE | VMD_CR0_PG;

	return (value & ~CR0_BITS) || (value & always) != always ? -EINVAL : 0;
}

static int check_cr3(const struct vmd_cpu *cpu, uint64_t value)
{
	uint64_t known = VMD_PTE_PFN_MASK | VMD_CR3_PCID_MASK;

	if (cpu->hw->mmu.maxphyaddr < 52)
		known &= (UINT64_C(1) << cpu->hw->mmu.maxphyaddr) - 1;
	if (has(cpu, VMD_FEATURE_LAM))
		known |= LAM_BITS;
	if (pcide(cpu))
		known |= VMD_CR3_NOFLUSH;
	if (value & ~known)
		return -EINVAL;
	if ((value & VMD_PTE_PFN_MASK) >> VMD_PAGE_SHIFT >=
	    cpu->hw->ram.nr_frames)
		return -EINVAL;
	return cpu->tlbstate.loaded_mm ? -EBUSY : 0;
}

static const struct {
	uint64_t bit;
	unsigned int feature;
} cr4_features[] = {
	{ VMD_CR4_PGE, VMD_FEATURE_PGE },
	{ VMD_CR4_PCIDE, VMD_FEATURE_PCID },
	{ VMD_CR4_SMEP, VMD_FEATURE_SMEP },
	{ VMD_CR4_SMAP, VMD_FEATURE_SMAP },
	{ VMD_CR4_PKE, VMD_FEATURE_PKU },
	{ VMD_CR4_PKS, VMD_FEATURE_PKS },
	{ VMD_CR4_LAM_SUP, VMD_FEATURE_LAM },
};

/* R19, R22 */
static int check_cr4(const struct vmd_cpu *cpu, uint64_t value)
{
	uint64_t old = cpu->regs.value[VMD_REG_CR4];
	uint64_t fixed = VMD_CR4_PAE | VMD_CR4_LA57;
	uint64_t known = fixed;
	unsigned int i;

	for (i = 0; i < sizeof(cr4_features) / sizeof(cr4_features[0]); i++)
		if (has(cpu, cr4_features[i].feature))
			known |= cr4_features[i].bit;
	if ((value & ~known) || ((value ^ old) & fixed))
		return -EINVAL;
	if (!((value ^ old) & VMD_CR4_PCIDE))
		return 0;
	if (cpu->tlbstate.loaded_mm)
		return -EBUSY;
	return (value & VMD_CR4_PCIDE) && (cpu->regs.value[VMD_REG_CR3] &
					   VMD_CR3_PCID_MASK) ?
		       -EINVAL :
		       0;
}

static int check_efer(const struct vmd_cpu *cpu, uint64_t value)
{
	uint64_t known = EFER_BITS;

	if (!has(cpu, VMD_FEATURE_NX))
		known &= ~VMD_EFER_NXE;
	return (value & ~known) || (value | VMD_EFER_NXE) != EFER_BITS ?
		       -EINVAL :
		       0;
}

/* In the section. */
static int check(const struct vmd_cpu *cpu, enum vmd_reg reg, uint64_t value)
{
	switch (reg) {
	case VMD_REG_CR0:
		return check_cr0(value);
	case VMD_REG_CR3:
		return check_cr3(cpu, value);
	case VMD_REG_CR4:
		return check_cr4(cpu, value);
	case VMD_REG_EFER:
		return check_efer(cpu, value);
	case VMD_REG_PKRU:
	case VMD_REG_PKRS:
		return value >> 32 ? -EINVAL : 0;
	case VMD_REG_CPL:
		return value != 0 && value != 3 ? -EINVAL : 0;
	case VMD_REG_AC:
		return value > 1 ? -EINVAL : 0;
	case VMD_NR_REGS:
	default:
		return -EINVAL;
	}
}

void vmd_cpu_set_cr3(struct vmd_cpu *cpu, uint64_t value)
{
	bool flush = !pcide(cpu) || !(value & VMD_CR3_NOFLUSH);

	/* Perhaps by who flushes a lazy CPU, whose thread may be reading it. */
	VMD_WRITE_ONCE(cpu->regs.value[VMD_REG_CR3], value & ~VMD_CR3_NOFLUSH);
	vmd_cpu_update_mode(cpu);
	if (!flush)
		return;
	if (pcide(cpu)) {
		(void)vmd_cpu_drop_pcid(cpu);
		return;
	}
	vmd_tlb_drop_non_global(&cpu->tlb);
	vmd_psc_drop_all(&cpu->walker.psc);
}

static void set_cr4(struct vmd_cpu *cpu, uint64_t value)
{
	uint64_t old = cpu->regs.value[VMD_REG_CR4];
	uint64_t cleared = old & ~value;
	uint64_t set = value & ~old;
	unsigned int pcid = cpu->walker.mode.pcid;

	cpu->regs.value[VMD_REG_CR4] = value;
	if ((cleared | set) & VMD_CR4_PCIDE)
		vmd_cpu_forget_asids(cpu);
	if (((cleared | set) & VMD_CR4_PGE) || (cleared & VMD_CR4_PCIDE)) {
		(void)vmd_cpu_drop_all(cpu);
	} else if (set & VMD_CR4_SMEP) {
		vmd_tlb_drop_pcid(&cpu->tlb, pcid, VMD_TLB_PCID_AND_GLOBAL);
		vmd_psc_drop_pcid(&cpu->walker.psc, pcid);
	}
	vmd_cpu_update_mode(cpu);
}

/* R14: takes effect on cached translations; only the lines know a verdict. */
static void set_plain(struct vmd_cpu *cpu, enum vmd_reg reg, uint64_t value)
{
	cpu->regs.value[reg] = value;
	vmd_cpu_update_mode(cpu);
}

static void set_reg(struct vmd_cpu *cpu, enum vmd_reg reg, uint64_t value)
{
	if (reg == VMD_REG_CR3) {
		vmd_cpu_forget_asids(cpu);
		vmd_cpu_set_cr3(cpu, value);
	} else if (cpu->regs.value[reg] == value) {
		return;
	} else if (reg == VMD_REG_CR4) {
		set_cr4(cpu, value);
	} else {
		set_plain(cpu, reg, value);
	}
}

int vmd_cpu_write_reg(struct vmd_cpu *cpu, enum vmd_reg reg, uint64_t value)
{
	int err;

	if (!cpu)
		return -EINVAL;
	vmd_cpu_enter(cpu);
	err = check(cpu, reg, value);
	if (!err)
		set_reg(cpu, reg, value);
	vmd_cpu_leave(cpu);
	return err;
}

uint64_t vmd_cpu_read_reg(const struct vmd_cpu *cpu, enum vmd_reg reg)
{
	return cpu && (unsigned int)reg < VMD_NR_REGS ?
		       VMD_READ_ONCE(cpu->regs.value[reg]) :
		       0;
}
