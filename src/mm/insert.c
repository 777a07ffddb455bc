/* SPDX-License-Identifier: MIT */
/*
 * Mapping a frame that has no struct page, and the fault handler of plain
 * objects, which does just that.
 */
#include "mm/mm.h"
#include "mmu/pgtable.h"

/* An entry that the access could use, of a frame that there is (FM-28). */
static bool makes_sense(const struct vmd_ram *ram, vmd_pfn_t pfn, uint64_t prot)
{
	const uint64_t need = VMD_PAGE_PRESENT | VMD_PAGE_USER;

	return pfn > 0 && pfn < ram->nr_frames && (prot & need) == need &&
	       !(prot & VMD_PTE_PFN_MASK);
}

/* FM-28, FM-29: without mkwrite what stands there stays. */
vmd_vm_fault_t vmd_vmf_insert_pfn_prot(struct vmd_vma *vma, vmd_va_t addr,
				       vmd_pfn_t pfn, uint64_t prot)
	vmd_no_context_analysis("a ptl that is known at run time")
{
	struct vmd_mm_context *ctx = &vma->vm_mm->context;
	struct vmd_spinlock *ptl;
	vmd_pte_t *pte;

	if (addr < vma->vm_start || addr >= vma->vm_end ||
	    !(vma->vm_flags & VMD_VM_PFNMAP) ||
	    !makes_sense(ctx->ram, pfn, prot))
		return VMD_VM_FAULT_SIGBUS;

	pte = vmd_pte_alloc_map_lock(ctx, addr, &ptl);
	if (!pte)
		return VMD_VM_FAULT_OOM;
	if (vmd_pte_none(vmd_ptep_get(pte))) {
		vmd_set_pte(pte, vmd_pte_mkspecial(vmd_pfn_pte(pfn, prot)));
		vmd_charge(ctx->env, VMD_EV_PTE_INSTALL, 1);
	}
	vmd_spin_unlock(ptl);
	return VMD_VM_FAULT_NOPAGE;
}

static vmd_vm_fault_t plain_fault(struct vmd_vm_fault *vmf)
{
	struct vmd_vma *vma = vmf->vma;
	vmd_pfn_t pfn = vmd_mapping_get_pfn(vma->vm_mapping, vmf->pgoff);

	if (!pfn)
		return VMD_VM_FAULT_OOM;
	return vmd_vmf_insert_pfn_prot(vma, vmf->address, pfn,
				       vma->vm_page_prot);
}

const struct vmd_vm_operations vmd_plain_vm_ops = {
	.fault = plain_fault,
};
