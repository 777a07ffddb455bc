/* SPDX-License-Identifier: MIT */
/*
 * Physical memory for those who build tables by hand.
 */
#include <errno.h>
#include <vmmdirty/mmu.h>

#include "mmu/hw.h"
#include "sync/atomic.h"

int vmd_alloc_pages(struct vmd_machine *machine, uint64_t nr_pages,
		    vmd_pfn_t *pfn)
{
	vmd_pfn_t first;

	if (!machine || !pfn || nr_pages == 0)
		return -EINVAL;
	first = vmd_frame_alloc_range(&vmd_machine_hw(machine)->ram, nr_pages);
	if (!first)
		return -ENOMEM;
	*pfn = first;
	return 0;
}

void vmd_free_pages(struct vmd_machine *machine, vmd_pfn_t pfn,
		    uint64_t nr_pages)
{
	if (machine && nr_pages)
		vmd_frame_free_range(&vmd_machine_hw(machine)->ram, pfn,
				     nr_pages);
}

/* The word at @addr, or NULL: not aligned, or behind the end. */
static uint64_t *word_at(const struct vmd_ram *ram, vmd_pa_t addr)
{
	if ((addr & 7) || addr >> VMD_PAGE_SHIFT >= ram->nr_frames)
		return NULL;
	return (uint64_t *)(void *)(ram->base + addr);
}

int vmd_read_phys(const struct vmd_machine *machine, vmd_pa_t addr,
		  uint64_t *value)
{
	const uint64_t *word;

	if (!machine || !value)
		return -EINVAL;
	word = word_at(&vmd_machine_hw_const(machine)->ram, addr);
	if (!word)
		return -EINVAL;
	*value = vmd_load_acquire(word);
	return 0;
}

/* Frame 0 is the top table of a CPU that has none: it stays empty. */
int vmd_write_phys(struct vmd_machine *machine, vmd_pa_t addr, uint64_t value)
{
	struct vmd_ram *ram;
	uint64_t *word;

	if (!machine || addr < VMD_PAGE_SIZE)
		return -EINVAL;
	ram = &vmd_machine_hw(machine)->ram;
	word = word_at(ram, addr);
	if (!word)
		return -EINVAL;
	vmd_frame_mark_written(ram, addr >> VMD_PAGE_SHIFT);
	vmd_store_release(word, value);
	return 0;
}
