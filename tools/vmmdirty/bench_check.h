/* SPDX-License-Identifier: MIT */
/*
 * A trace is looked through before anything is replayed: late in a file is
 * late in a night, too.
 */
#ifndef VMMDIRTY_TOOL_BENCH_CHECK_H
#define VMMDIRTY_TOOL_BENCH_CHECK_H

#include <vmmdirty/trace.h>

/*
 * Can bench replay it? @peak_pages: how many pages are mapped at most at one
 * time, 0 if that cannot be told. The trace is at its beginning again. 0, or a
 * negative error and why.
 */
int bench_check(struct vmd_trace *trace, uint64_t *peak_pages,
		struct vmd_trace_error *error);

#endif /* VMMDIRTY_TOOL_BENCH_CHECK_H */
