/* SPDX-License-Identifier: MIT */
/*
 * Faults on buffer objects (D, VM-13, VM-15).
 *
 * mmap_lock comes before the reservation. Who submits holds reservations for
 * long, and a writer may be queued on mmap_lock: so the first attempt drops
 * mmap_lock before it waits, and asks to be called again (F.2).
 */
#include "gpu/bo.h"
#include "mm/mm.h"

#define NUM_PREFAULT 16U

static bool first_attempt(const struct vmd_vm_fault *vmf)
{
	return (vmf->flags & VMD_FAULT_FLAG_ALLOW_RETRY) &&
	       !(vmf->flags & VMD_FAULT_FLAG_TRIED);
}

/* TT-1: 0 with the reservation, or a result without it. */
static vmd_vm_fault_t bo_vm_reserve(struct vmd_bo *bo, struct vmd_vm_fault *vmf)
	vmd_no_context_analysis("RETRY drops the caller's mmap_lock")
{
	if (vmd_ww_mutex_trylock(&bo->resv, NULL))
		return 0;
	if (!first_attempt(vmf)) {
		(void)vmd_ww_mutex_lock(&bo->resv, NULL);
		return 0;
	}
	if (vmf->flags & VMD_FAULT_FLAG_RETRY_NOWAIT)
		return VMD_VM_FAULT_RETRY;

	vmd_bo_get(bo);
	vmd_mmap_read_unlock(vmf->vma->vm_mm);
	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
	vmd_ww_mutex_unlock(&bo->resv);
	vmd_bo_put(bo);
	return VMD_VM_FAULT_RETRY;
}

/* VM-15: read-only in MKWRITE, so that the first store is reported (VM-18). */
static uint64_t fault_prot(const struct vmd_bo *bo, const struct vmd_vma *vma)
{
	uint64_t prot = vma->vm_page_prot & ~VMD_PAGE_RW;

	if (bo->tracker && vmd_tracker_method(bo->tracker) == VMD_DIRTY_MKWRITE)
		return prot;
	return vma->vm_flags & VMD_VM_WRITE ? prot | VMD_PAGE_RW : prot;
}

/*
 * TT-4..6: from the faulting page forward, never past the area. What goes
 * wrong behind the first page is nobody's loss.
 */
static vmd_vm_fault_t fault_reserved(struct vmd_bo *bo,
				     struct vmd_vm_fault *vmf)
{
	struct vmd_vma *vma = vmf->vma;
	unsigned int nr = vma->vm_flags & VMD_VM_RAND_READ ? 1 : NUM_PREFAULT;
	vmd_pgoff_t page = vmf->pgoff - bo->node_start;
	uint64_t prot = fault_prot(bo, vma);
	vmd_vm_fault_t ret = VMD_VM_FAULT_SIGBUS;
	unsigned int i;

	for (i = 0; i < nr && page + i < bo->nr_pages; i++) {
		vmd_va_t addr = vmf->address + i * VMD_PAGE_SIZE;

		if (i > 0 && addr >= vma->vm_end)
			break;
		ret = vmd_vmf_insert_pfn_prot(vma, addr, bo->guest + page + i,
					      prot);
		if (ret != VMD_VM_FAULT_NOPAGE)
			return i > 0 ? VMD_VM_FAULT_NOPAGE : ret;
	}
	return ret;
}

static vmd_vm_fault_t bo_fault(struct vmd_vm_fault *vmf)
{
	struct vmd_bo *bo = vmf->vma->vm_private_data;
	vmd_vm_fault_t ret = bo_vm_reserve(bo, vmf);

	if (ret)
		return ret;
	ret = fault_reserved(bo, vmf);
	vmd_ww_mutex_unlock(&bo->resv);
	return ret;
}

/* The bit first, then the entry, both under the reservation. */
static vmd_vm_fault_t record_and_finish(const struct vmd_bo *bo,
					struct vmd_vm_fault *vmf)
{
	vmd_pgoff_t page = vmf->pgoff - bo->node_start;

	if (page >= bo->nr_pages)
		return VMD_VM_FAULT_SIGBUS;
	if (bo->tracker)
		vmd_tracker_mkwrite(bo->tracker, page);
	return vmd_finish_mkwrite_fault(vmf);
}

/*
 * VM-13: blocks instead of asking for a retry, which nobody would honour. The
 * kernel's driver drops the reservation before the entry becomes writable; a
 * submission in between hands the bit over and finds nothing to protect, and
 * the next store is lost. So the entry is finished here.
 */
static vmd_vm_fault_t bo_pfn_mkwrite(struct vmd_vm_fault *vmf)
{
	struct vmd_bo *bo = vmf->vma->vm_private_data;
	unsigned int flags = vmf->flags;
	vmd_vm_fault_t ret;

	vmf->flags &= ~VMD_FAULT_FLAG_ALLOW_RETRY;
	ret = bo_vm_reserve(bo, vmf);
	vmf->flags = flags;
	if (ret)
		return ret;

	ret = record_and_finish(bo, vmf);
	vmd_ww_mutex_unlock(&bo->resv);
	return ret;
}

static unsigned long min_pages(unsigned long a, unsigned long b)
{
	return a < b ? a : b;
}

/* FM-37: dirt of the entries would go with them. */
static void bo_pre_unmap(struct vmd_vma *vma, vmd_va_t start, vmd_va_t end)
{
	struct vmd_bo *bo = vma->vm_private_data;
	vmd_pgoff_t first = vmd_linear_page_index(vma, start) - bo->node_start;
	vmd_pgoff_t behind = first + ((end - start) >> VMD_PAGE_SHIFT);

	first = min_pages(first, bo->nr_pages);
	behind = min_pages(behind, bo->nr_pages);
	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
	if (bo->tracker) {
		vmd_tracker_pre_unmap(bo->tracker, first, behind);
	} else {
		/* No store may come behind a tracker that is added now. */
		(void)vmd_wp_shared_mapping_range(&bo->svga->mapping,
						  bo->node_start + first,
						  behind - first);
		bo->guest_memory_dirty = true;
	}
	vmd_ww_mutex_unlock(&bo->resv);
}

static void bo_vm_open(struct vmd_vma *vma)
{
	vmd_bo_get(vma->vm_private_data);
}

static void bo_vm_close(struct vmd_vma *vma)
{
	vmd_bo_put(vma->vm_private_data);
}

const struct vmd_vm_operations vmd_bo_vm_ops = {
	.open = bo_vm_open,
	.close = bo_vm_close,
	.pre_unmap = bo_pre_unmap,
	.fault = bo_fault,
	.pfn_mkwrite = bo_pfn_mkwrite,
};
