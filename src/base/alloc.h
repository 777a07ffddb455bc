/* SPDX-License-Identifier: MIT */
/*
 * The one seam through which memory comes: an arena per machine, counted, and
 * able to fail on request.
 */
#ifndef VMD_SRC_BASE_ALLOC_H
#define VMD_SRC_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmd_arena {
	unsigned int index; /* jemalloc's number of it */
	uint64_t nr_live; /* blocks given out and not returned */
	uint64_t nr_calls;
	uint64_t fail_nth; /* this call fails; 0: none does */
};

/* 0 or -ENOMEM. Call number @fail_nth of the arena will fail; 0: none. */
int vmd_arena_init(struct vmd_arena *arena, uint64_t fail_nth);

/* Everything still live goes with it: look at nr_live before. */
void vmd_arena_fini(struct vmd_arena *arena);

/* Zeroed memory, or NULL. */
void *vmd_alloc(struct vmd_arena *arena, size_t size);
void *vmd_alloc_array(struct vmd_arena *arena, size_t nr, size_t size);
void vmd_free(struct vmd_arena *arena, void *ptr);

/* Memory that comes from elsewhere is counted too: must this request fail? */
bool vmd_alloc_must_fail(struct vmd_arena *arena);

#endif /* VMD_SRC_BASE_ALLOC_H */
