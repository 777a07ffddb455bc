/* SPDX-License-Identifier: MIT */
/*
 * Sets of pages as runs.
 *
 * A set is also the list of its edges: where it begins, where it ends, where it
 * begins again. The edges of a symmetric difference are those of both sets
 * without the ones that coincide:
 *
 *	a    |-------|     |----|
 *	b        |---|     |------|
 *	xor  |---|              |-|
 *
 * Every buffer has an even number of edges, so no run of the result spans two.
 */
#include "trace/runset.h"

#include <errno.h>
#include <string.h>

#define FIRST_CAPACITY 64

struct edge {
	uint32_t buffer;
	uint64_t page;
};

void vmd_runset_init(struct vmd_runset *set, struct vmd_arena *arena)
{
	memset(set, 0, sizeof(*set));
	set->arena = arena;
}

void vmd_runset_fini(struct vmd_runset *set)
{
	if (set->arena)
		vmd_free(set->arena, set->runs);
	memset(set, 0, sizeof(*set));
}

static int grow(struct vmd_runset *set)
{
	size_t capacity = set->capacity ? 2 * set->capacity : FIRST_CAPACITY;
	struct vmd_trace_run *runs;

	runs = vmd_alloc_array(set->arena, capacity, sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	if (set->nr)
		memcpy(runs, set->runs, set->nr * sizeof(*runs));
	vmd_free(set->arena, set->runs);
	set->runs = runs;
	set->capacity = capacity;
	return 0;
}

int vmd_runset_push(struct vmd_runset *set, struct vmd_trace_run run)
{
	int err;

	if (set->nr >= VMD_TRACE_MAX_RUNS)
		return -E2BIG;
	if (set->nr == set->capacity) {
		err = grow(set);
		if (err)
			return err;
	}
	set->runs[set->nr++] = run;
	return 0;
}

int vmd_runset_copy(struct vmd_runset *set, const struct vmd_trace_run *runs,
		    size_t nr)
{
	size_t i;
	int err = 0;

	vmd_runset_clear(set);
	for (i = 0; i < nr && !err; i++)
		err = vmd_runset_push(set, runs[i]);
	return err;
}

/* Edges with even numbers begin a run, those with odd ones end it. */
static struct edge edge_at(const struct vmd_runset *set, size_t index)
{
	const struct vmd_trace_run *run = &set->runs[index / 2];

	return (struct edge){ run->buffer,
			      run->first + (index % 2 ? run->nr : 0) };
}

static int edge_cmp(struct edge a, struct edge b)
{
	if (a.buffer != b.buffer)
		return a.buffer < b.buffer ? -1 : 1;
	return a.page < b.page ? -1 : a.page > b.page;
}

/* Which edge comes first: < 0 that of @a, > 0 that of @b, 0 they coincide. */
static int next_edge(const struct vmd_runset *a, size_t i,
		     const struct vmd_runset *b, size_t j)
{
	if (j == 2 * b->nr)
		return -1;
	if (i == 2 * a->nr)
		return 1;
	return edge_cmp(edge_at(a, i), edge_at(b, j));
}

int vmd_runset_xor(struct vmd_runset *set, const struct vmd_runset *a,
		   const struct vmd_runset *b)
{
	struct edge start = { 0, 0 };
	bool inside = false;
	size_t i = 0;
	size_t j = 0;
	int err = 0;

	vmd_runset_clear(set);
	while (!err && (i < 2 * a->nr || j < 2 * b->nr)) {
		int which = next_edge(a, i, b, j);
		struct edge edge = which > 0 ? edge_at(b, j) : edge_at(a, i);

		i += which <= 0;
		j += which >= 0;
		if (which == 0)
			continue;
		if (inside)
			err = vmd_runset_push(set,
					      (struct vmd_trace_run){
						      start.buffer, start.page,
						      edge.page - start.page });
		start = edge;
		inside = !inside;
	}
	return err;
}

void vmd_runset_drop_buffer(struct vmd_runset *set, uint32_t buffer)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < set->nr; i++) {
		if (set->runs[i].buffer != buffer)
			set->runs[kept++] = set->runs[i];
	}
	set->nr = kept;
}

void vmd_runset_swap(struct vmd_runset *a, struct vmd_runset *b)
{
	struct vmd_runset t = *a;

	*a = *b;
	*b = t;
}
