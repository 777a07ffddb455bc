/* SPDX-License-Identifier: MIT */
/*
 * Both operations go through two lists of runs side by side, once.
 */
#include "page_set.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void page_set_fini(struct page_set *set)
{
	free(set->runs);
	*set = (struct page_set){ 0 };
}

static int reserve(struct page_set *set, size_t nr)
{
	struct vmd_trace_run *runs;

	if (nr <= set->capacity)
		return 0;
	nr += nr / 2;
	runs = realloc(set->runs, nr * sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	set->runs = runs;
	set->capacity = nr;
	return 0;
}

int page_set_copy(struct page_set *set, const struct vmd_trace_run *runs,
		  size_t nr)
{
	if (reserve(set, nr + 1))
		return -ENOMEM;
	if (nr)
		memcpy(set->runs, runs, nr * sizeof(*runs));
	set->nr = nr;
	return 0;
}

static bool comes_first(const struct vmd_trace_run *a,
			const struct vmd_trace_run *b)
{
	if (a->buffer != b->buffer)
		return a->buffer < b->buffer;
	return a->first < b->first;
}

/* Appends a run, or lengthens the last one. There is room. */
static void merge_run(struct page_set *set, const struct vmd_trace_run *run)
{
	struct vmd_trace_run *last = set->runs + set->nr - 1;
	uint64_t end = run->first + run->nr;

	if (set->nr == 0 || last->buffer != run->buffer ||
	    run->first > last->first + last->nr)
		set->runs[set->nr++] = *run;
	else if (end > last->first + last->nr)
		last->nr = end - last->first;
}

int page_set_unite(struct page_set *to, const struct page_set *from,
		   const struct vmd_trace_run *runs, size_t nr)
{
	size_t i = 0;
	size_t j = 0;

	if (reserve(to, from->nr + nr + 1))
		return -ENOMEM;
	to->nr = 0;
	while (i < from->nr || j < nr) {
		bool is_first =
			j == nr ||
			(i < from->nr && comes_first(&from->runs[i], &runs[j]));

		merge_run(to, is_first ? &from->runs[i++] : &runs[j++]);
	}
	return 0;
}

uint64_t page_set_count(const struct vmd_trace_run *runs, size_t nr)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		pages += runs[i].nr;
	return pages;
}

static uint64_t overlap(const struct vmd_trace_run *a,
			const struct vmd_trace_run *b)
{
	uint64_t start = a->first > b->first ? a->first : b->first;
	uint64_t end_a = a->first + a->nr;
	uint64_t end_b = b->first + b->nr;
	uint64_t end = end_a < end_b ? end_a : end_b;

	return a->buffer == b->buffer && end > start ? end - start : 0;
}

static bool ends_first(const struct vmd_trace_run *a,
		       const struct vmd_trace_run *b)
{
	if (a->buffer != b->buffer)
		return a->buffer < b->buffer;
	return a->first + a->nr < b->first + b->nr;
}

uint64_t page_set_count_common(const struct page_set *set,
			       const struct vmd_trace_run *runs, size_t nr)
{
	uint64_t pages = 0;
	size_t i = 0;
	size_t j = 0;

	while (i < set->nr && j < nr) {
		pages += overlap(&set->runs[i], &runs[j]);
		if (ends_first(&set->runs[i], &runs[j]))
			i++;
		else
			j++;
	}
	return pages;
}
