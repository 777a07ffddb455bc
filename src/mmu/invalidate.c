/* SPDX-License-Identifier: MIT */
/*
 * Instructions that invalidate, what a processor may forget by itself, and a
 * look at what it knows (F5, TL-7).
 */
#include <errno.h>
#include <vmmdirty/cpufeatures.h>

#include "mmu/cpu.h"
#include "mmu/hw.h"

void vmd_cpu_invlpg(struct vmd_cpu *cpu, vmd_va_t addr)
{
	if (!cpu)
		return;
	vmd_cpu_enter(cpu);
	/* R23 as well: a tag makes it another address. */
	if (vmd_is_canonical_in(&cpu->walker.mode, addr))
		(void)vmd_cpu_drop_page(cpu, addr);
	vmd_cpu_leave(cpu);
}

/* R22 */
static bool invpcid_makes_sense(const struct vmd_cpu *cpu,
				enum vmd_invpcid_type type, unsigned int pcid,
				vmd_va_t addr)
{
	if (!(cpu->hw->mmu.features & VMD_FEATURE_INVPCID) ||
	    (unsigned int)type > VMD_INVPCID_TYPE_ALL_NON_GLOBAL)
		return false;
	if (type > VMD_INVPCID_TYPE_SINGLE_CTXT)
		return true;
	if (pcid > VMD_CR3_PCID_MASK ||
	    (pcid && !(cpu->regs.value[VMD_REG_CR4] & VMD_CR4_PCIDE)))
		return false;
	return type == VMD_INVPCID_TYPE_SINGLE_CTXT ||
	       vmd_is_canonical_in(&cpu->walker.mode, addr);
}

static void invpcid(struct vmd_cpu *cpu, enum vmd_invpcid_type type,
		    unsigned int pcid, vmd_va_t addr)
{
	switch (type) {
	case VMD_INVPCID_TYPE_INDIV_ADDR:
		vmd_tlb_drop(&cpu->tlb, pcid, addr, VMD_TLB_PCID);
		vmd_psc_drop(&cpu->walker.psc, pcid, addr);
		break;
	case VMD_INVPCID_TYPE_SINGLE_CTXT:
		vmd_tlb_drop_pcid(&cpu->tlb, pcid, VMD_TLB_PCID);
		vmd_psc_drop_pcid(&cpu->walker.psc, pcid);
		break;
	case VMD_INVPCID_TYPE_ALL_INCL_GLOBAL:
		(void)vmd_cpu_drop_all(cpu);
		break;
	case VMD_INVPCID_TYPE_ALL_NON_GLOBAL:
		vmd_tlb_drop_non_global(&cpu->tlb);
		vmd_psc_drop_all(&cpu->walker.psc);
	}
	(void)vmd_lines_wipe(&cpu->fast, &cpu->lines);
}

int vmd_cpu_invpcid(struct vmd_cpu *cpu, enum vmd_invpcid_type type,
		    unsigned int pcid, vmd_va_t addr)
{
	bool makes_sense;

	if (!cpu)
		return -EINVAL;
	vmd_cpu_enter(cpu);
	makes_sense = invpcid_makes_sense(cpu, type, pcid, addr);
	if (makes_sense)
		invpcid(cpu, type, pcid, addr);
	vmd_cpu_leave(cpu);
	return makes_sense ? 0 : -EINVAL;
}

void vmd_cpu_evict(struct vmd_cpu *cpu, vmd_va_t addr)
{
	if (!cpu)
		return;
	vmd_cpu_enter(cpu);
	vmd_tlb_drop(&cpu->tlb, cpu->walker.mode.pcid, addr,
		     VMD_TLB_PCID_AND_GLOBAL);
	(void)vmd_lines_wipe(&cpu->fast, &cpu->lines);
	vmd_cpu_leave(cpu);
}

bool vmd_cpu_tlb_lookup(struct vmd_cpu *cpu, vmd_va_t addr,
			struct vmd_tlb_view *view)
{
	const struct vmd_paging *mode;
	const uint64_t *word = NULL;

	if (!cpu || !view)
		return false;
	mode = &cpu->walker.mode;
	vmd_cpu_enter(cpu);
	if (vmd_paging_canonical(mode, VMD_ACCESS_READ, &addr))
		word = vmd_tlb_find(&cpu->tlb, mode->pcid, addr);
	if (word)
		*view = (struct vmd_tlb_view){
			.pte = *word & ~VMD_TLB_LEVEL_MASK,
			.level = (unsigned int)vmd_tlb_level(*word),
			.pcid = mode->pcid,
		};
	vmd_cpu_leave(cpu);
	return word;
}
