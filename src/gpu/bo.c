/* SPDX-License-Identifier: MIT */
/*
 * Buffer objects: life, tracking, and the comparison of both memories.
 */
#include "gpu/bo.h"

#include <errno.h>

#include "sync/atomic.h"

#define MAX_PAGES (UINT64_C(1) << 32)

/* VM-46 */
#define BO_VM_FLAGS \
	(VMD_VM_PFNMAP | VMD_VM_IO | VMD_VM_DONTEXPAND | VMD_VM_DONTDUMP)

static int init_bo(struct vmd_bo *bo, struct vmd_svga *svga,
		   unsigned long nr_pages)
{
	struct vmd_hw *hw = svga->hw;
	int err = -ENOMEM;

	bo->svga = svga;
	bo->ref_count = 1;
	bo->nr_pages = nr_pages;
	bo->guest = vmd_frame_alloc_range(&hw->ram, nr_pages);
	if (!bo->guest)
		return err;
	bo->device = vmd_frame_alloc_range(&svga->vram, nr_pages);
	if (!bo->device)
		goto out_guest;
	err = vmd_ww_mutex_init(&bo->resv, &hw->env);
	if (err)
		goto out_device;
	bo->node_start = vmd_add_return(&svga->next_node, nr_pages) - nr_pages;
	vmd_mapping_backend_init(&bo->backend, &svga->mapping, bo->node_start);
	(void)vmd_add_return(&svga->nr_bos, 1);
	return 0;

out_device:
	vmd_frame_free_range(&svga->vram, bo->device, nr_pages);
out_guest:
	vmd_frame_free_range(&hw->ram, bo->guest, nr_pages);
	return err;
}

int vmd_bo_create(struct vmd_svga *svga, unsigned long nr_pages,
		  struct vmd_bo **out)
{
	struct vmd_arena *arena;
	struct vmd_bo *bo;
	int err;

	if (!svga || !out || nr_pages == 0 || nr_pages > MAX_PAGES)
		return -EINVAL;

	arena = &svga->hw->env.arena;
	bo = vmd_alloc(arena, sizeof(*bo));
	if (!bo)
		return -ENOMEM;
	err = init_bo(bo, svga, nr_pages);
	if (err) {
		vmd_free(arena, bo);
		return err;
	}
	*out = bo;
	return 0;
}

void vmd_bo_get(struct vmd_bo *bo)
{
	(void)vmd_add_return(&bo->ref_count, 1);
}

void vmd_bo_put(struct vmd_bo *bo)
{
	struct vmd_svga *svga;

	if (!bo || vmd_sub_return(&bo->ref_count, 1))
		return;

	svga = bo->svga;
	vmd_fifo_work_off(svga);
	if (bo->tracker)
		while (!vmd_tracker_put(bo->tracker))
			;
	vmd_ww_mutex_destroy(&bo->resv);
	vmd_frame_free_range(&svga->vram, bo->device, bo->nr_pages);
	vmd_frame_free_range(&svga->hw->ram, bo->guest, bo->nr_pages);
	vmd_free(&svga->hw->env.arena, bo);
	(void)vmd_sub_return(&svga->nr_bos, 1);
}

unsigned long vmd_bo_nr_pages(const struct vmd_bo *bo)
{
	return bo->nr_pages;
}

/* The mapping takes a reference, as the open of an area does (TT-10). */
int vmd_bo_mmap(struct vmd_bo *bo, struct vmd_mm *mm, unsigned long first,
		unsigned long nr, vmd_va_t *addr)
{
	struct vmd_mmap_args args = {
		.size = sizeof(args),
		.len = (uint64_t)nr << VMD_PAGE_SHIFT,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED,
		.vm_flags = BO_VM_FLAGS,
		.vm_ops = &vmd_bo_vm_ops,
		.vm_private_data = bo,
	};
	int err;

	if (!bo || first > bo->nr_pages || nr > bo->nr_pages - first)
		return -EINVAL;
	args.mapping = &bo->svga->mapping;
	args.pgoff = bo->node_start + first;
	vmd_bo_get(bo);
	err = vmd_mmap(mm, &args, addr);
	if (err)
		vmd_bo_put(bo);
	return err;
}

/* The lock of one object without a context always waits and never fails. */
static void reserve(struct vmd_bo *bo)
{
	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
}

/* Every page that anybody could have written; the others are zero. */
static void record_guest_memory(struct vmd_bo *bo)
{
	const struct vmd_ram *ram = &bo->svga->hw->ram;
	vmd_pfn_t end = bo->guest + bo->nr_pages;
	vmd_pfn_t pfn = vmd_frame_next_written(ram, bo->guest, end);

	for (; pfn < end; pfn = vmd_frame_next_written(ram, pfn + 1, end))
		vmd_tracker_record(bo->tracker, pfn - bo->guest,
				   pfn + 1 - bo->guest);
	bo->guest_memory_dirty = false;
}

static int create_tracker(struct vmd_bo *bo,
			  const struct vmd_dirty_policy *policy)
{
	struct vmd_machine *machine =
		(struct vmd_machine *)(void *)bo->svga->hw;
	int err = vmd_tracker_create(machine, &bo->backend.backend, policy,
				     bo->nr_pages, &bo->tracker);

	if (!err && bo->guest_memory_dirty)
		record_guest_memory(bo);
	return err;
}

int vmd_bo_dirty_add(struct vmd_bo *bo, const struct vmd_dirty_policy *policy)
{
	int err = 0;

	if (!bo || !policy)
		return -EINVAL;

	reserve(bo);
	if (bo->tracker)
		vmd_tracker_get(bo->tracker);
	else
		err = create_tracker(bo, policy);
	vmd_ww_mutex_unlock(&bo->resv);
	return err;
}

/* Bits that were not handed over yet go with the tracker: remember that. */
static bool has_bits(const struct vmd_tracker *tracker)
{
	const struct vmd_dirty_span *span = vmd_tracker_span(tracker);

	return span->start < span->end;
}

void vmd_bo_dirty_release(struct vmd_bo *bo)
{
	bool bits;

	if (!bo)
		return;
	reserve(bo);
	bits = bo->tracker && has_bits(bo->tracker);
	if (bo->tracker && vmd_tracker_put(bo->tracker)) {
		bo->tracker = NULL;
		bo->guest_memory_dirty |= bits;
	}
	vmd_ww_mutex_unlock(&bo->resv);
}

int vmd_bo_dirty_method(struct vmd_bo *bo, enum vmd_dirty_method *method)
{
	int err = -ENOENT;

	if (!bo || !method)
		return -EINVAL;
	reserve(bo);
	if (bo->tracker) {
		*method = vmd_tracker_method(bo->tracker);
		err = 0;
	}
	vmd_ww_mutex_unlock(&bo->resv);
	return err;
}

/* The next page from @page on that either side could have written. */
static unsigned long next_written(const struct vmd_bo *bo, unsigned long page)
{
	const struct vmd_ram *ram = &bo->svga->hw->ram;
	const struct vmd_ram *vram = &bo->svga->vram;
	unsigned long in_guest =
		vmd_frame_next_written(ram, bo->guest + page,
				       bo->guest + bo->nr_pages) -
		bo->guest;
	unsigned long in_device =
		vmd_frame_next_written(vram, bo->device + page,
				       bo->device + bo->nr_pages) -
		bo->device;

	return in_guest < in_device ? in_guest : in_device;
}

bool vmd_bo_first_difference(const struct vmd_bo *bo, unsigned long *page)
{
	const struct vmd_svga *svga = bo->svga;
	unsigned long i;

	for (i = next_written(bo, 0); i < bo->nr_pages;
	     i = next_written(bo, i + 1)) {
		if (vmd_frame_equal(&svga->hw->ram, bo->guest + i, &svga->vram,
				    bo->device + i))
			continue;
		*page = i;
		return true;
	}
	return false;
}
