/* SPDX-License-Identifier: MIT */
/*
 * A GPU that cannot see CPU memory and must be told: buffer objects, a device
 * with memory of its own, and a submission that first brings the device up to
 * date. After vmwgfx and TTM of Linux 6.12.
 */
#ifndef VMMDIRTY_GPU_H
#define VMMDIRTY_GPU_H

#include <vmmdirty/base.h>
#include <vmmdirty/dirty.h>
#include <vmmdirty/mm.h>

VMD_BEGIN_DECLS

struct vmd_bo;
struct vmd_cpu;
struct vmd_svga;

/** Number of a fence; a larger one is later. 0 has always signalled. */
typedef uint64_t vmd_seqno_t;

/**
 * struct vmd_svga_config - what a device is made of
 * @size: sizeof(struct vmd_svga_config)
 * @nr_pages: its own memory, in pages; costs what is touched; 0: 2^24
 * @fifo_entries: commands that its queue holds; 0: 256
 */
struct vmd_svga_config {
	size_t size;
	uint64_t nr_pages;
	unsigned int fifo_entries;
};

/**
 * vmd_svga_create() - plug a device in
 * @machine: the machine
 * @config: what it is made of, NULL for the defaults
 * @out: the device, untouched on failure
 *
 * Context: May sleep. Takes no lock.
 * Return: 0, -EINVAL, -ENOMEM.
 */
VMD_API vmd_must_check int vmd_svga_create(struct vmd_machine *machine,
					   const struct vmd_svga_config *config,
					   struct vmd_svga **out);

/**
 * vmd_svga_destroy() - unplug it
 * @svga: the device, or NULL; its buffer objects are gone, else that is
 *	reported
 *
 * Context: May sleep. No other thread uses @svga.
 */
VMD_API void vmd_svga_destroy(struct vmd_svga *svga);

/**
 * vmd_bo_create() - a buffer object
 * @svga: the device
 * @nr_pages: its length, 1 to 2^32
 * @out: the object with one reference, untouched on failure
 *
 * Guest pages and device pages are zero.
 *
 * Context: May sleep. Takes no lock.
 * Return: 0, -EINVAL, -ENOMEM.
 */
VMD_API vmd_must_check int vmd_bo_create(struct vmd_svga *svga,
					 unsigned long nr_pages,
					 struct vmd_bo **out);

/**
 * vmd_bo_put() - drop a reference
 * @bo: the object, or NULL; mappings hold references too
 *
 * Context: May sleep. Not under its reservation.
 */
VMD_API void vmd_bo_put(struct vmd_bo *bo);

/**
 * vmd_bo_nr_pages() - how long an object is
 * @bo: the object
 *
 * Context: Any.
 * Return: pages.
 */
VMD_API unsigned long vmd_bo_nr_pages(const struct vmd_bo *bo);

/**
 * vmd_bo_mmap() - map an object for reading and writing
 * @bo: the object
 * @mm: the address space
 * @first: first page
 * @nr: pages
 * @addr: where it is now, untouched on failure
 *
 * Kernel: ttm_bo_mmap_obj(), with the flags of VM-46.
 *
 * Context: May sleep. As vmd_mmap().
 * Return: 0, -EINVAL, -ENOMEM.
 */
VMD_API vmd_must_check int vmd_bo_mmap(struct vmd_bo *bo, struct vmd_mm *mm,
				       unsigned long first, unsigned long nr,
				       vmd_va_t *addr);

/**
 * vmd_bo_dirty_add() - one more user of dirty tracking
 * @bo: the object
 * @policy: chooses the method; the first user's counts
 *
 * Kernel: vmw_bo_dirty_add() (VM-1).
 *
 * Context: May sleep. Takes the reservation.
 * Return: 0, -EINVAL, -ENOMEM; then nothing has changed.
 */
VMD_API vmd_must_check int
vmd_bo_dirty_add(struct vmd_bo *bo, const struct vmd_dirty_policy *policy);

/**
 * vmd_bo_dirty_release() - one user less
 * @bo: the object, or NULL; without a tracker nothing happens
 *
 * Kernel: vmw_bo_dirty_release() (VM-2).
 *
 * Context: May sleep. Takes the reservation.
 */
VMD_API void vmd_bo_dirty_release(struct vmd_bo *bo);

/**
 * vmd_bo_dirty_method() - how the object is tracked at the moment
 * @bo: the object
 * @method: the method, untouched if it is not tracked
 *
 * Context: May sleep. Takes the reservation.
 * Return: 0, -ENOENT if it is not tracked, -EINVAL.
 */
VMD_API vmd_must_check int vmd_bo_dirty_method(struct vmd_bo *bo,
					       enum vmd_dirty_method *method);

/**
 * struct vmd_page_range - some pages of an object
 * @first: the first
 * @nr: how many
 */
struct vmd_page_range {
	unsigned long first;
	unsigned long nr;
};

/**
 * struct vmd_submit_bo - an object that a submission uses
 * @bo: the object
 * @written: what the program says it wrote since the last submission: explicit
 *	synchronisation, for objects that are not tracked
 * @nr_written: how many ranges
 * @gpu_writes: what the device writes
 * @nr_gpu_writes: how many ranges
 */
struct vmd_submit_bo {
	struct vmd_bo *bo;
	const struct vmd_page_range *written;
	size_t nr_written;
	const struct vmd_page_range *gpu_writes;
	size_t nr_gpu_writes;
};

/**
 * struct vmd_submit_result - what a submission did
 * @nr_updated: pages that were sent to the device
 * @seqno: its fence
 */
struct vmd_submit_result {
	uint64_t nr_updated;
	vmd_seqno_t seqno;
};

/**
 * vmd_svga_submit() - let the device work on some objects
 * @svga: the device
 * @cpu: the CPU that submits: its virtual time passes
 * @bos: the objects, each once
 * @nr_bos: how many
 * @result: what it did
 *
 * Reserves all objects, scans those that are tracked, sends an UPDATE for each
 * run of dirty pages, and a fence. Pages that the device writes are unmapped
 * first, if the object is tracked, and read back before the reservation is
 * dropped. Kernel: the order of
 * VM-35 and VM-37.
 *
 * Guarantees:
 * (a) What a CPU stored before the call to a page of a tracked object is in
 *     the device's memory when the fence has signalled (I-1).
 * (b) When the call returns, CPU loads see what the device wrote (I-2).
 *
 * Context: May sleep. Takes reservations, then the mapping's rwsem shared.
 * Return: 0, -EINVAL: nothing has changed.
 */
VMD_API vmd_must_check int
vmd_svga_submit(struct vmd_svga *svga, struct vmd_cpu *cpu,
		const struct vmd_submit_bo *bos, size_t nr_bos,
		struct vmd_submit_result *result);

/**
 * vmd_fence_signalled() - has the device come this far?
 * @svga: the device
 * @seqno: the fence
 *
 * Context: Any.
 * Return: true if it has.
 */
VMD_API bool vmd_fence_signalled(const struct vmd_svga *svga,
				 vmd_seqno_t seqno);

/**
 * vmd_fence_wait() - let the device come this far
 * @svga: the device
 * @seqno: the fence
 *
 * The device is stepped: it works while somebody waits, or when its queue is
 * full.
 *
 * Context: Takes the queue's lock.
 * Return: 0, -EINVAL if there is no such fence yet.
 */
VMD_API vmd_must_check int vmd_fence_wait(struct vmd_svga *svga,
					  vmd_seqno_t seqno);

/**
 * vmd_bo_first_difference() - compare the device's memory with the guest's
 * @bo: the object; nobody writes to it meanwhile
 * @page: the first page that differs, untouched if none does
 *
 * Every page is compared, byte for byte; of pages that neither side could ever
 * have written it is known that both are zero. The oracle of I-1.
 *
 * Context: Any. All fences of @bo have signalled.
 * Return: true if there is a difference.
 */
VMD_API bool vmd_bo_first_difference(const struct vmd_bo *bo,
				     unsigned long *page);

VMD_END_DECLS

#endif /* VMMDIRTY_GPU_H */
