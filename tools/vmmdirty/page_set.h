/* SPDX-License-Identifier: MIT */
/*
 * A set of pages: runs that ascend and do not touch, as those of a trace.
 */
#ifndef VMMDIRTY_TOOL_PAGE_SET_H
#define VMMDIRTY_TOOL_PAGE_SET_H

#include <vmmdirty/trace.h>

struct page_set {
	struct vmd_trace_run *runs;
	size_t nr;
	size_t capacity;
};

void page_set_fini(struct page_set *set);

/* @set becomes these runs; 0 or -ENOMEM. */
int page_set_copy(struct page_set *set, const struct vmd_trace_run *runs,
		  size_t nr);

/* @to becomes @from and these runs together; 0 or -ENOMEM. */
int page_set_unite(struct page_set *to, const struct page_set *from,
		   const struct vmd_trace_run *runs, size_t nr);

uint64_t page_set_count(const struct vmd_trace_run *runs, size_t nr);

/* How many pages are in both. */
uint64_t page_set_count_common(const struct page_set *set,
			       const struct vmd_trace_run *runs, size_t nr);

#endif /* VMMDIRTY_TOOL_PAGE_SET_H */
