/* SPDX-License-Identifier: MIT */
/*
 * mmap(2) without a reservation of swap space.
 */
#include "base/reserve.h"

#include <sys/mman.h>

#include "base/counter.h"

void *vmd_reserve(struct vmd_arena *arena, size_t size)
{
	void *base;

	if (vmd_alloc_must_fail(arena))
		return NULL;
	base = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	vmd_counter_add(&arena->nr_live, 1);
	return base;
}

void vmd_unreserve(struct vmd_arena *arena, void *base, size_t size)
{
	if (!base)
		return;
	vmd_counter_add(&arena->nr_live, UINT64_MAX);
	(void)munmap(base, size);
}
