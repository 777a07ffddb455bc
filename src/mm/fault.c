/* SPDX-License-Identifier: MIT */
/*
 * The page fault, from the CPU to the area's owner and back:
 *
 *	none                      do_fault          ->fault           FM-9..12
 *	present, write, not W     wp_pfn_shared     ->pfn_mkwrite     FM-18
 *	                          finish            W and D, if the   FM-20, 21
 *	                                            entry is as it was
 *	present, rights suffice   nothing: another CPU was faster     FM-10
 *
 * A handler that returns RETRY has dropped mmap_lock (FM-1): the area is
 * looked up again, and the second attempt may block (FM-2).
 */
#include <errno.h>
#include <vmmdirty/cpu.h>

#include "mm/mm.h"
#include "mmu/cpu.h"
#include "mmu/pgtable.h"
#include "sync/rcu.h"

static bool may_access(const struct vmd_vma *vma, unsigned int flags)
{
	if (flags & VMD_FAULT_FLAG_WRITE)
		return vma->vm_flags & VMD_VM_WRITE;
	return vma->vm_flags & (VMD_VM_READ | VMD_VM_WRITE);
}

/* FM-20, FM-21: only if nobody changed the entry while mkwrite ran. */
vmd_vm_fault_t vmd_finish_mkwrite_fault(struct vmd_vm_fault *vmf)
	vmd_no_context_analysis("a ptl that is known at run time")
{
	struct vmd_mm_context *ctx = &vmf->vma->vm_mm->context;
	vmd_pte_t orig = vmd_make_pte(vmf->orig_pte);
	struct vmd_spinlock *ptl;
	vmd_pte_t *pte = vmd_pte_offset_map_lock(ctx, vmf->address, &ptl);

	if (!pte)
		return VMD_VM_FAULT_NOPAGE;
	if (vmd_pte_same(vmd_ptep_get(pte), orig)) {
		vmd_pte_t entry = vmd_pte_mkyoung(orig);

		vmd_set_pte(pte, vmd_pte_mkwrite(vmd_pte_mkdirty(entry)));
		vmd_hook_call(ctx->env->hook, VMD_HOOK_PTE_CHANGE, ctx,
			      vmf->address, vmf->address + VMD_PAGE_SIZE);
	}
	vmd_spin_unlock(ptl);
	return VMD_VM_FAULT_NOPAGE;
}

/* FM-18: ALLOW_RETRY stays set; ERROR and NOPAGE end it, RETRY is a bug. */
static vmd_vm_fault_t wp_pfn_shared(struct vmd_vm_fault *vmf)
{
	const struct vmd_vm_operations *ops = vmf->vma->vm_ops;
	struct vmd_env *env = vmf->vma->vm_mm->context.env;
	vmd_vm_fault_t ret;

	if (ops->pfn_mkwrite) {
		vmf->flags |= VMD_FAULT_FLAG_MKWRITE;
		vmd_charge(env, VMD_EV_MKWRITE, 1);
		ret = ops->pfn_mkwrite(vmf);
		if (ret & (VMD_VM_FAULT_ERROR | VMD_VM_FAULT_NOPAGE))
			return ret;
		if (VMD_BUG_ON(env, (ret & VMD_VM_FAULT_RETRY) != 0))
			return VMD_VM_FAULT_SIGBUS;
	}
	return vmd_finish_mkwrite_fault(vmf);
}

/* Nobody here gives a page to be mapped (0), as page caches do. */
static vmd_vm_fault_t missing_page(struct vmd_vm_fault *vmf)
{
	struct vmd_env *env = vmf->vma->vm_mm->context.env;
	vmd_vm_fault_t ret = vmf->vma->vm_ops->fault(vmf);

	if (VMD_BUG_ON(env, ret == 0))
		return VMD_VM_FAULT_SIGBUS;
	return ret;
}

/* FM-9: without the ptl; whoever acts on it compares under the lock. */
static vmd_pte_t snapshot(const struct vmd_mm_context *ctx, vmd_va_t addr)
{
	vmd_pte_t entry = vmd_make_pte(0);
	const vmd_pte_t *slot;

	vmd_rcu_read_lock();
	slot = vmd_lookup_slot(ctx, addr, VMD_LEVEL_PTE);
	if (slot)
		entry = vmd_ptep_get(slot);
	vmd_rcu_read_unlock();
	return entry;
}

/* Kernel: handle_pte_fault(). */
static vmd_vm_fault_t handle_pte_fault(struct vmd_vm_fault *vmf)
{
	vmd_pte_t entry = snapshot(&vmf->vma->vm_mm->context, vmf->address);

	if (vmd_pte_none(entry))
		return missing_page(vmf);
	if (!vmd_pte_present(entry))
		return VMD_VM_FAULT_SIGBUS; /* nobody here makes such entries */
	if ((vmf->flags & VMD_FAULT_FLAG_WRITE) && !vmd_pte_write(entry)) {
		vmf->orig_pte = entry.val;
		return wp_pfn_shared(vmf);
	}
	return 0;
}

/* One attempt, under mmap_lock, which RETRY has dropped. */
static vmd_vm_fault_t handle_mm_fault(struct vmd_mm *mm, vmd_va_t addr,
				      unsigned int flags)
{
	struct vmd_vma *vma = vmd_find_vma(mm, addr);
	struct vmd_vm_fault vmf = {
		.vma = vma,
		.address = addr & VMD_PAGE_MASK,
		.flags = flags,
	};

	if (!vma || addr < vma->vm_start || !may_access(vma, flags))
		return VMD_VM_FAULT_SIGSEGV;
	vmf.pgoff = vmd_linear_page_index(vma, vmf.address);
	return handle_pte_fault(&vmf);
}

static int result_to_errno(vmd_vm_fault_t ret)
{
	if (ret & VMD_VM_FAULT_OOM)
		return -ENOMEM;
	return ret & VMD_VM_FAULT_ERROR ? -EFAULT : 0;
}

/*
 * What no entry can mend. Kernel: do_user_addr_fault() and access_error(): a
 * reserved bit, a protection key, a supervisor kept out by SMAP, and a page
 * that is there and may not be read, or not be executed.
 */
static bool is_beyond_help(const struct vmd_cpu *cpu, unsigned int error_code)
{
	if (error_code & (VMD_PF_RSVD | VMD_PF_PK))
		return true;
	if (!(error_code & VMD_PF_USER) && vmd_cpu_smap_is_on(cpu))
		return true;
	return (error_code & VMD_PF_PROT) && !(error_code & VMD_PF_WRITE);
}

/* Kernel: do_user_addr_fault(), FM-2. */
static int handle(struct vmd_mm_context *ctx, struct vmd_cpu *cpu,
		  vmd_va_t addr, unsigned int error_code)
	vmd_no_context_analysis("RETRY has dropped mmap_lock")
{
	unsigned int flags = VMD_FAULT_FLAG_ALLOW_RETRY |
			     VMD_FAULT_FLAG_KILLABLE |
			     VMD_FAULT_FLAG_INTERRUPTIBLE | VMD_FAULT_FLAG_USER;
	struct vmd_mm *mm = vmd_context_mm(ctx);
	vmd_vm_fault_t ret;

	if (is_beyond_help(cpu, error_code))
		return -EFAULT;
	if (error_code & VMD_PF_WRITE)
		flags |= VMD_FAULT_FLAG_WRITE;
	for (;;) {
		vmd_mmap_read_lock(mm);
		ret = handle_mm_fault(mm, addr, flags);
		if (!(ret & VMD_VM_FAULT_RETRY))
			break;
		flags |= VMD_FAULT_FLAG_TRIED;
	}
	vmd_mmap_read_unlock(mm);
	return result_to_errno(ret);
}

const struct vmd_fault_ops vmd_mm_fault_ops = {
	.handle = handle,
};
