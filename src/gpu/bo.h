/* SPDX-License-Identifier: MIT */
/*
 * A buffer object from inside. Its reservation protects the tracker and holds
 * new writers back while a submission looks (VM-6, VM-13).
 */
#ifndef VMD_SRC_GPU_BO_H
#define VMD_SRC_GPU_BO_H

#include "gpu/svga.h"

struct vmd_bo {
	struct vmd_svga *svga;
	uint64_t ref_count; /* atomic */
	unsigned long nr_pages;
	vmd_pgoff_t node_start; /* its window of the device's mapping */
	vmd_pfn_t guest; /* first of its pages in RAM */
	vmd_pfn_t device; /* and in the device's memory */
	struct vmd_mapping_backend backend;

	struct vmd_ww_mutex resv;
	struct vmd_tracker *tracker; /* under resv; NULL: not tracked */

	/*
	 * Under resv: the guest's pages are newer than what entries and bits
	 * can tell, since there was no tracker when these went away. Kernel:
	 * guest_memory_dirty.
	 */
	bool guest_memory_dirty;
};

void vmd_bo_get(struct vmd_bo *bo);

extern const struct vmd_vm_operations vmd_bo_vm_ops;

#endif /* VMD_SRC_GPU_BO_H */
