/* SPDX-License-Identifier: MIT */
/*
 * Areas: in the address space's tree by address, in the object's by page
 * offset.
 *
 *	object   0         pgoff                 pgoff + pages
 *	         |-----------[#####################]--------|
 *	area                 vm_start         vm_end
 */
#include "mm/mm.h"

#include <errno.h>

struct vmd_vma *vmd_find_vma(const struct vmd_mm *mm, vmd_va_t addr)
{
	struct vmd_it_node *node = vmd_it_first(&mm->areas, addr, UINT64_MAX);

	vmd_rwsem_assert_held(&mm->mmap_lock);
	return node ? &vmd_container_of(node, struct vmd_area, in_mm)->vma :
		      NULL;
}

/* By last pages: the first page behind the last one may not exist. */
struct vmd_va_range vmd_vma_clip(const struct vmd_vma *vma, vmd_pgoff_t first,
				 vmd_pgoff_t nr)
{
	vmd_pgoff_t vma_first = vma->vm_pgoff;
	vmd_pgoff_t vma_last = vma_first + vmd_vma_pages(vma) - 1;
	vmd_pgoff_t last = vmd_last_page(first, nr);
	vmd_pgoff_t from = first > vma_first ? first : vma_first;
	vmd_pgoff_t to = last < vma_last ? last : vma_last;
	struct vmd_va_range range = { vma->vm_start, vma->vm_start };

	if (nr > 0 && from <= to) {
		range.start += (from - vma_first) << VMD_PAGE_SHIFT;
		range.end += (to + 1 - vma_first) << VMD_PAGE_SHIFT;
	}
	return range;
}

static void set_nodes(struct vmd_area *area)
{
	const struct vmd_vma *vma = &area->vma;

	area->in_mm.start = vma->vm_start;
	area->in_mm.last = vma->vm_end - 1;
	area->in_object.start = vma->vm_pgoff;
	area->in_object.last = vma->vm_pgoff + vmd_vma_pages(vma) - 1;
}

void vmd_vma_link(struct vmd_area *area)
{
	struct vmd_mm *mm = area->vma.vm_mm;

	vmd_rwsem_assert_held_write(&mm->mmap_lock);
	set_nodes(area);
	vmd_it_insert(&mm->areas, &area->in_mm);
	mm->nr_vmas++;
	vmd_i_mmap_lock_write(area->vma.vm_mapping);
	vmd_mapping_add(area->vma.vm_mapping, &area->in_object);
	vmd_i_mmap_unlock_write(area->vma.vm_mapping);
}

void vmd_vma_unlink(struct vmd_area *area)
{
	struct vmd_mm *mm = area->vma.vm_mm;

	vmd_rwsem_assert_held_write(&mm->mmap_lock);
	vmd_i_mmap_lock_write(area->vma.vm_mapping);
	vmd_mapping_del(area->vma.vm_mapping, &area->in_object);
	vmd_i_mmap_unlock_write(area->vma.vm_mapping);
	vmd_it_remove(&mm->areas, &area->in_mm);
	mm->nr_vmas--;
}

/*
 * Both halves enter the object's tree in one critical section: a walk sees
 * the whole or the halves, never a gap.
 */
int vmd_split_vma(struct vmd_vma *vma, vmd_va_t addr)
{
	struct vmd_area *low = vmd_container_of(vma, struct vmd_area, vma);
	struct vmd_mapping *mapping = vma->vm_mapping;
	struct vmd_mm *mm = vma->vm_mm;
	struct vmd_area *high;

	vmd_rwsem_assert_held_write(&mm->mmap_lock);
	high = vmd_alloc(&mm->hw->env.arena, sizeof(*high));
	if (!high)
		return -ENOMEM;

	high->vma = *vma;
	high->vma.vm_start = addr;
	high->vma.vm_pgoff = vmd_linear_page_index(vma, addr);

	vmd_i_mmap_lock_write(mapping);
	vmd_it_remove(&mm->areas, &low->in_mm);
	vmd_mapping_del(mapping, &low->in_object);
	vma->vm_end = addr;
	set_nodes(low);
	set_nodes(high);
	vmd_it_insert(&mm->areas, &low->in_mm);
	vmd_it_insert(&mm->areas, &high->in_mm);
	vmd_mapping_add(mapping, &low->in_object);
	vmd_mapping_add(mapping, &high->in_object);
	mm->nr_vmas++;
	vmd_i_mmap_unlock_write(mapping);

	if (vma->vm_ops->open)
		vma->vm_ops->open(&high->vma);
	return 0;
}
