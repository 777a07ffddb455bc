/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: areas (VMAs), and the faults that fill their page tables.
 * Flags, results and field names are those of Linux 6.12.
 */
#ifndef VMMDIRTY_MM_H
#define VMMDIRTY_MM_H

#include <vmmdirty/base.h>
#include <vmmdirty/context.h>
#include <vmmdirty/mapping.h>

VMD_BEGIN_DECLS

struct vmd_machine;
struct vmd_cpu;
struct vmd_mm;
struct vmd_vma;

/** Names the mmap_lock of @mm in annotations; it is not called at run time. */
struct vmd_rwsem *vmd_mm_mmap_lock(const struct vmd_mm *mm);

/* struct vmd_vma, vm_flags */
#define VMD_VM_READ	  UINT64_C(0x00000001)
#define VMD_VM_WRITE	  UINT64_C(0x00000002)
#define VMD_VM_EXEC	  UINT64_C(0x00000004)
#define VMD_VM_SHARED	  UINT64_C(0x00000008)
#define VMD_VM_MAYREAD	  UINT64_C(0x00000010)
#define VMD_VM_MAYWRITE	  UINT64_C(0x00000020)
#define VMD_VM_MAYEXEC	  UINT64_C(0x00000040)
#define VMD_VM_MAYSHARE	  UINT64_C(0x00000080)
#define VMD_VM_PFNMAP	  UINT64_C(0x00000400)
#define VMD_VM_IO	  UINT64_C(0x00004000)
#define VMD_VM_RAND_READ  UINT64_C(0x00010000)
#define VMD_VM_DONTEXPAND UINT64_C(0x00040000)
#define VMD_VM_HUGETLB	  UINT64_C(0x00400000)
#define VMD_VM_DONTDUMP	  UINT64_C(0x04000000)

/* struct vmd_vm_fault, flags (E.1) */
#define VMD_FAULT_FLAG_WRITE	     (1U << 0)
#define VMD_FAULT_FLAG_MKWRITE	     (1U << 1)
#define VMD_FAULT_FLAG_ALLOW_RETRY   (1U << 2)
#define VMD_FAULT_FLAG_RETRY_NOWAIT  (1U << 3)
#define VMD_FAULT_FLAG_KILLABLE	     (1U << 4)
#define VMD_FAULT_FLAG_TRIED	     (1U << 5)
#define VMD_FAULT_FLAG_USER	     (1U << 6)
#define VMD_FAULT_FLAG_INTERRUPTIBLE (1U << 9)

/* What a fault comes to (E.1). */
#define VMD_VM_FAULT_OOM      0x0001U
#define VMD_VM_FAULT_SIGBUS   0x0002U
#define VMD_VM_FAULT_SIGSEGV  0x0040U
#define VMD_VM_FAULT_NOPAGE   0x0100U
#define VMD_VM_FAULT_RETRY    0x0400U
#define VMD_VM_FAULT_FALLBACK 0x0800U
#define VMD_VM_FAULT_ERROR                                               \
	(VMD_VM_FAULT_OOM | VMD_VM_FAULT_SIGBUS | VMD_VM_FAULT_SIGSEGV | \
	 VMD_VM_FAULT_FALLBACK)

/** A set of VMD_VM_FAULT_ bits. */
typedef unsigned int vmd_vm_fault_t;

/**
 * struct vmd_vm_fault - a fault on its way
 * @vma: the area; not to be used after a result with RETRY (FM-1)
 * @address: the page's address
 * @pgoff: the page's place in the object
 * @flags: VMD_FAULT_FLAG_ bits
 * @orig_pte: what stood in the entry, for a write to a read-only one
 */
struct vmd_vm_fault {
	struct vmd_vma *vma;
	vmd_va_t address;
	vmd_pgoff_t pgoff;
	unsigned int flags;
	uint64_t orig_pte;
};

/**
 * struct vmd_vm_operations - what an area's owner does
 * @open: the area appeared by a split
 * @close: the area goes
 * @pre_unmap: entries of [@start, @end) are about to go by munmap: collect
 *	their D bits now; mmap_lock is held for writing, so no new ones come.
 *	Not in the kernel (docs/kernel-differences.md, FM-37)
 * @fault: nothing is mapped at the address: map it with
 *	vmd_vmf_insert_pfn_prot(); called under mmap_lock
 * @pfn_mkwrite: a store met a read-only entry: take note; 0 lets the core
 *	make it writable and dirty; called under mmap_lock, must not return
 *	RETRY (FM-22)
 *
 * Kernel: struct vm_operations_struct.
 */
struct vmd_vm_operations {
	void (*open)(struct vmd_vma *vma);
	void (*close)(struct vmd_vma *vma);
	void (*pre_unmap)(struct vmd_vma *vma, vmd_va_t start, vmd_va_t end);
	vmd_vm_fault_t (*fault)(struct vmd_vm_fault *vmf);
	vmd_vm_fault_t (*pfn_mkwrite)(struct vmd_vm_fault *vmf);
};

/**
 * struct vmd_vma - an area of an address space
 * @vm_start: first address
 * @vm_end: first address behind
 * @vm_flags: VMD_VM_ bits
 * @vm_page_prot: what new entries get, as entry bits
 * @vm_pgoff: the page of the object that is seen at @vm_start
 * @vm_mm: the address space
 * @vm_mapping: the object; the kernel's vm_file->f_mapping
 * @vm_ops: its owner's operations
 * @vm_private_data: its owner's data
 *
 * Kernel: struct vm_area_struct. For callbacks to read.
 */
struct vmd_vma {
	vmd_va_t vm_start;
	vmd_va_t vm_end;
	uint64_t vm_flags;
	uint64_t vm_page_prot;
	vmd_pgoff_t vm_pgoff;
	struct vmd_mm *vm_mm;
	struct vmd_mapping *vm_mapping;
	const struct vmd_vm_operations *vm_ops;
	void *vm_private_data;
};

/* struct vmd_mmap_args, prot */
#define VMD_PROT_READ  1U
#define VMD_PROT_WRITE 2U

/* struct vmd_mmap_args, flags */
#define VMD_MAP_SHARED		0x01U
#define VMD_MAP_PRIVATE		0x02U
#define VMD_MAP_FIXED_NOREPLACE 0x100000U
/** As if the object had been opened read-only (SP-26). */
#define VMD_MAP_O_RDONLY 0x01000000U

/**
 * struct vmd_mmap_args - what to map where
 * @size: sizeof(struct vmd_mmap_args)
 * @mapping: the object
 * @pgoff: first page of it
 * @len: bytes, a multiple of the page size
 * @prot: VMD_PROT_ bits
 * @flags: VMD_MAP_SHARED or VMD_MAP_PRIVATE (read-only), and others
 * @addr: where, with VMD_MAP_FIXED_NOREPLACE; else a hint or 0. Of tables of
 *	five levels only a hint of 2^47 or more gets an address there
 * @vm_flags: of VMD_VM_PFNMAP, IO, RAND_READ, DONTEXPAND, DONTDUMP, HUGETLB
 * @vm_ops: operations of the object's owner; NULL: a plain object
 * @vm_private_data: for @vm_ops
 */
struct vmd_mmap_args {
	size_t size;
	struct vmd_mapping *mapping;
	vmd_pgoff_t pgoff;
	uint64_t len;
	unsigned int prot;
	unsigned int flags;
	vmd_va_t addr;
	uint64_t vm_flags;
	const struct vmd_vm_operations *vm_ops;
	void *vm_private_data;
};

/**
 * vmd_mm_create() - an empty address space
 * @machine: the machine that it belongs to
 * @out: the address space, untouched on failure
 *
 * Context: May sleep. Takes no lock.
 * Return: 0, -EINVAL, -ENOMEM.
 */
VMD_API vmd_must_check int vmd_mm_create(struct vmd_machine *machine,
					 struct vmd_mm **out);

/**
 * vmd_mm_destroy() - unmap everything and give the tables back
 * @mm: the address space, or NULL
 *
 * CPUs that have it loaded have none afterwards.
 *
 * Context: May sleep. No other thread uses @mm, nor drives such a CPU.
 */
VMD_API void vmd_mm_destroy(struct vmd_mm *mm);

/**
 * vmd_cpu_switch_mm() - load an address space
 * @cpu: the CPU, driven by this thread
 * @mm: the address space, NULL for none
 *
 * Kernel: switch_mm(). A CPU has six PCIDs for address spaces: what it knows in
 * one of them is kept, unless a flush that it has not taken part in has covered
 * it. Without PCIDs all translations are dropped.
 *
 * Context: The thread that drives @cpu.
 * Return: 0, -EINVAL if @mm is none of the address spaces of the CPU's machine,
 * also if it was destroyed.
 */
VMD_API vmd_must_check int vmd_cpu_switch_mm(struct vmd_cpu *cpu,
					     struct vmd_mm *mm);

/**
 * vmd_cpu_enter_lazy_tlb() - go on without an address space of one's own
 * @cpu: the CPU, driven by this thread
 *
 * Kernel: enter_lazy_tlb(). What is loaded stays loaded, so that coming back to
 * it by vmd_cpu_switch_mm() costs nothing; until then flushes spare the CPU,
 * unless tables are freed, and it must not touch user memory: that is reported.
 *
 * Context: The thread that drives @cpu.
 * Return: 0, -EINVAL if there is no @cpu.
 */
VMD_API vmd_must_check int vmd_cpu_enter_lazy_tlb(struct vmd_cpu *cpu);

/**
 * vmd_mmap() - map part of an object
 * @mm: the address space
 * @args: what and where
 * @addr: where it is now, untouched on failure
 *
 * Context: May sleep. Takes mmap_lock for writing, then the mapping's rwsem.
 * Return: 0, -EINVAL, -EEXIST if VMD_MAP_FIXED_NOREPLACE meets an area,
 * -ENOMEM, also if there is no room.
 */
VMD_API vmd_must_check int
vmd_mmap(struct vmd_mm *mm, const struct vmd_mmap_args *args, vmd_va_t *addr)
	vmd_must_not_hold(vmd_mm_mmap_lock(mm));

/**
 * vmd_munmap() - unmap a range
 * @mm: the address space
 * @addr: first address, a multiple of the page size
 * @len: bytes, rounded up to pages; areas that stick out are split
 *
 * D bits of the entries are lost, as in the kernel (FM-36, FM-37), unless the
 * areas' owner has a pre_unmap operation that collects them.
 *
 * Context: May sleep. Takes mmap_lock for writing, then the mapping's rwsem.
 * Return: 0, -EINVAL, -ENOMEM if a split found no memory; then nothing is
 * unmapped.
 */
VMD_API vmd_must_check int vmd_munmap(struct vmd_mm *mm, vmd_va_t addr,
				      uint64_t len)
	vmd_must_not_hold(vmd_mm_mmap_lock(mm));

/**
 * vmd_mmap_read_lock() - keep the areas as they are
 * @mm: the address space
 *
 * For callers of vmd_walk_page_range().
 *
 * Context: May sleep. The outermost lock.
 */
VMD_API void vmd_mmap_read_lock(struct vmd_mm *mm)
	vmd_acquires_shared(vmd_mm_mmap_lock(mm));

/**
 * vmd_mmap_read_unlock() - the end of vmd_mmap_read_lock()
 * @mm: the address space
 *
 * Context: Any that may hold the lock. A fault handler that returns
 *          VMD_VM_FAULT_RETRY without RETRY_NOWAIT has called it.
 */
VMD_API void vmd_mmap_read_unlock(struct vmd_mm *mm)
	vmd_releases_shared(vmd_mm_mmap_lock(mm));

/**
 * vmd_vmf_insert_pfn_prot() - map a frame at an address
 * @vma: an area with VMD_VM_PFNMAP
 * @addr: a page of it
 * @pfn: the frame
 * @prot: entry bits, VMD_PAGE_PRESENT and VMD_PAGE_USER among them
 *
 * Never overwrites: what is mapped already stays as it is (FM-29). Kernel:
 * vmf_insert_pfn_prot().
 *
 * Context: In a fault handler. Takes a page-table lock.
 * Return: VMD_VM_FAULT_NOPAGE, VMD_VM_FAULT_OOM, VMD_VM_FAULT_SIGBUS for an
 * address outside, a frame that does not exist, or bits that nobody can use.
 */
VMD_API vmd_vm_fault_t vmd_vmf_insert_pfn_prot(struct vmd_vma *vma,
					       vmd_va_t addr, vmd_pfn_t pfn,
					       uint64_t prot);

/**
 * vmd_finish_mkwrite_fault() - make the entry of a write fault writable
 * @vmf: the fault, as pfn_mkwrite got it
 *
 * Sets W, D and A, unless the entry has changed since the fault began: then
 * the fault is simply taken again. The core calls it when pfn_mkwrite returns
 * 0. An owner that must not let go of its own lock between taking note and the
 * entry becoming writable calls it itself and returns the result
 * (docs/kernel-differences.md, VM-13). Kernel: finish_mkwrite_fault().
 *
 * Context: In pfn_mkwrite. Takes a page-table lock.
 * Return: VMD_VM_FAULT_NOPAGE.
 */
VMD_API vmd_vm_fault_t vmd_finish_mkwrite_fault(struct vmd_vm_fault *vmf);

/**
 * vmd_unmap_mapping_pages() - remove all entries that show a range
 * @mapping: the object
 * @start: first page
 * @nr: pages; 0 does nothing (docs/kernel-differences.md)
 *
 * D bits are lost (FM-36): collect before. Kernel: unmap_mapping_pages().
 *
 * Context: May sleep. Takes the mapping's rwsem shared, then one page-table
 *          lock at a time. Flushes.
 */
VMD_API void vmd_unmap_mapping_pages(struct vmd_mapping *mapping,
				     vmd_pgoff_t start, vmd_pgoff_t nr)
	vmd_must_not_hold(vmd_mapping_rwsem(mapping));

VMD_END_DECLS

#endif /* VMMDIRTY_MM_H */
