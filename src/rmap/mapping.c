/* SPDX-License-Identifier: MIT */
/*
 * The reverse map of an object, and the pages of a plain one.
 */
#include "rmap/mapping.h"

#include <errno.h>

#include "base/reserve.h"
#include "sync/atomic.h"

#define MAX_PAGES (UINT64_C(1) << 32)

int vmd_mapping_init(struct vmd_mapping *mapping, struct vmd_hw *hw)
{
	*mapping = (struct vmd_mapping){ .hw = hw };
	return vmd_init_rwsem(&mapping->i_mmap_rwsem, &hw->env,
			      VMD_RANK_i_mmap_rwsem);
}

bool vmd_mapping_in_use(const struct vmd_mapping *mapping)
{
	if (!mapping->nr_vmas)
		return false;
	vmd_bug(&mapping->hw->env, VMD_HERE, VMD_NOWHERE,
		"a mapping is destroyed while %lu areas show it",
		mapping->nr_vmas);
	return true;
}

void vmd_mapping_fini(struct vmd_mapping *mapping)
{
	vmd_destroy_rwsem(&mapping->i_mmap_rwsem);
}

int vmd_mapping_create(struct vmd_machine *machine, vmd_pgoff_t nr_pages,
		       struct vmd_mapping **out)
{
	struct vmd_mapping *mapping;
	struct vmd_hw *hw;
	int err;

	if (!machine || !out || nr_pages == 0 || nr_pages > MAX_PAGES)
		return -EINVAL;

	hw = vmd_machine_hw(machine);
	mapping = vmd_alloc(&hw->env.arena, sizeof(*mapping));
	if (!mapping)
		return -ENOMEM;

	err = vmd_mapping_init(mapping, hw);
	if (err)
		goto out_free;

	mapping->nr_pages = nr_pages;
	mapping->pfns =
		vmd_reserve(&hw->env.arena, nr_pages * sizeof(*mapping->pfns));
	if (!mapping->pfns) {
		err = -ENOMEM;
		goto out_fini;
	}
	*out = mapping;
	return 0;

out_fini:
	vmd_mapping_fini(mapping);
out_free:
	vmd_free(&hw->env.arena, mapping);
	return err;
}

void vmd_mapping_destroy(struct vmd_mapping *mapping)
{
	struct vmd_hw *hw;

	if (!mapping || vmd_mapping_in_use(mapping))
		return;

	hw = mapping->hw;
	while (mapping->first_pfn) {
		vmd_pfn_t pfn = mapping->first_pfn;

		mapping->first_pfn = hw->ram.frames[pfn].next;
		vmd_frame_free_range(&hw->ram, pfn, 1);
	}
	vmd_unreserve(&hw->env.arena, mapping->pfns,
		      mapping->nr_pages * sizeof(*mapping->pfns));
	vmd_mapping_fini(mapping);
	vmd_free(&hw->env.arena, mapping);
}

/* So that the pages are found again without looking at those never touched. */
static void chain(struct vmd_mapping *mapping, vmd_pfn_t pfn)
{
	uint64_t first = VMD_READ_ONCE(mapping->first_pfn);

	do
		mapping->hw->ram.frames[pfn].next = first;
	while (!vmd_try_cmpxchg(&mapping->first_pfn, &first, pfn));
}

/* Two faults may ask at once: the first frame to be put there stays. */
vmd_pfn_t vmd_mapping_get_pfn(struct vmd_mapping *mapping, vmd_pgoff_t pgoff)
{
	uint64_t pfn = vmd_load_acquire(&mapping->pfns[pgoff]);
	vmd_pfn_t fresh;

	if (pfn)
		return pfn;
	fresh = vmd_frame_alloc(&mapping->hw->ram);
	if (!fresh)
		return 0;
	if (vmd_try_cmpxchg(&mapping->pfns[pgoff], &pfn, fresh)) {
		chain(mapping, fresh);
		return fresh;
	}
	vmd_frame_free_range(&mapping->hw->ram, fresh, 1);
	return pfn;
}

void vmd_i_mmap_lock_read(struct vmd_mapping *mapping)
	vmd_no_context_analysis("the accessor names this lock")
{
	vmd_down_read(&mapping->i_mmap_rwsem);
}

void vmd_i_mmap_unlock_read(struct vmd_mapping *mapping)
	vmd_no_context_analysis("the accessor names this lock")
{
	vmd_up_read(&mapping->i_mmap_rwsem);
}

void vmd_i_mmap_lock_write(struct vmd_mapping *mapping)
	vmd_no_context_analysis("the accessor names this lock")
{
	vmd_down_write(&mapping->i_mmap_rwsem);
}

void vmd_i_mmap_unlock_write(struct vmd_mapping *mapping)
	vmd_no_context_analysis("the accessor names this lock")
{
	vmd_up_write(&mapping->i_mmap_rwsem);
}

void vmd_mapping_add(struct vmd_mapping *mapping, struct vmd_it_node *node)
{
	vmd_rwsem_assert_held_write(&mapping->i_mmap_rwsem);
	vmd_it_insert(&mapping->i_mmap, node);
	mapping->nr_vmas++;
}

void vmd_mapping_del(struct vmd_mapping *mapping, struct vmd_it_node *node)
{
	vmd_rwsem_assert_held_write(&mapping->i_mmap_rwsem);
	vmd_it_remove(&mapping->i_mmap, node);
	mapping->nr_vmas--;
}

unsigned long vmd_mapping_nr_vmas(struct vmd_mapping *mapping)
{
	unsigned long nr;

	vmd_i_mmap_lock_read(mapping);
	nr = mapping->nr_vmas;
	vmd_i_mmap_unlock_read(mapping);
	return nr;
}
