/* SPDX-License-Identifier: MIT */
/*
 * A growable list of runs, ascending and maximal: a set of pages.
 */
#ifndef VMD_SRC_TRACE_RUNSET_H
#define VMD_SRC_TRACE_RUNSET_H

#include <stdbool.h>

#include <vmmdirty/trace.h>

#include "base/alloc.h"

struct vmd_runset {
	struct vmd_arena *arena;
	struct vmd_trace_run *runs;
	size_t nr;
	size_t capacity;
};

void vmd_runset_init(struct vmd_runset *set, struct vmd_arena *arena);
void vmd_runset_fini(struct vmd_runset *set);

static inline void vmd_runset_clear(struct vmd_runset *set)
{
	set->nr = 0;
}

/*
 * Appends. The caller keeps the order, and the runs apart. 0, -ENOMEM, or
 * -E2BIG beyond VMD_TRACE_MAX_RUNS.
 */
int vmd_runset_push(struct vmd_runset *set, struct vmd_trace_run run);

/* 0, -ENOMEM or -E2BIG. */
int vmd_runset_copy(struct vmd_runset *set, const struct vmd_trace_run *runs,
		    size_t nr);

/*
 * @set becomes the pages that are in exactly one of the two; it is neither.
 * 0, -ENOMEM or -E2BIG.
 */
int vmd_runset_xor(struct vmd_runset *set, const struct vmd_runset *a,
		   const struct vmd_runset *b);

void vmd_runset_drop_buffer(struct vmd_runset *set, uint32_t buffer);
void vmd_runset_swap(struct vmd_runset *a, struct vmd_runset *b);

#endif /* VMD_SRC_TRACE_RUNSET_H */
