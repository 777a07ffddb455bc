/* SPDX-License-Identifier: MIT */
/*
 * What every kind of trace has in common, and how a kind plugs in.
 *
 * A kind embeds struct vmd_trace as its first member. All its memory, itself
 * included, comes from the arena in it.
 */
#ifndef VMD_SRC_TRACE_TRACE_H
#define VMD_SRC_TRACE_TRACE_H

#include <vmmdirty/trace.h>

#include "base/alloc.h"
#include "trace/space.h"

struct vmd_trace_ops {
	const char *form;
	const char *unit; /* of a position; NULL: there are none */

	/* 1, 0 or < 0. The record is zeroed, but for writes, which is 1. */
	int (*next)(struct vmd_trace *trace, struct vmd_trace_record *record);

	/* 0 or < 0. The caller resets the space, if this succeeds. */
	int (*rewind)(struct vmd_trace *trace);

	/* Frees what the kind added. */
	void (*fini)(struct vmd_trace *trace);
};

struct vmd_trace {
	const struct vmd_trace_ops *ops;
	struct vmd_arena arena;
	struct vmd_space space;
	char *name;
	unsigned int page_shift;
	uint64_t position; /* of what is being looked at */
	int err; /* the first one; then @error says why */
	struct vmd_trace_error error;
};

/* A zeroed trace of @size bytes, or NULL. Allocation @fail_nth fails. */
struct vmd_trace *vmd_trace_create(size_t size, const char *name,
				   const struct vmd_trace_ops *ops,
				   uint64_t fail_nth);

/* Takes note of the first error, with its position. Returns @err. */
int vmd_trace_fail(struct vmd_trace *trace, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As the public ones, for tests: allocation @fail_nth fails; 0: none. */
int vmd_trace_open_failing(const char *path, uint64_t fail_nth,
			   struct vmd_trace **trace,
			   struct vmd_trace_error *error);
int vmd_trace_open_workload_failing(const char *spec, uint64_t fail_nth,
				    struct vmd_trace **trace,
				    struct vmd_trace_error *error);
int vmd_trace_writer_create_failing(
	const struct vmd_trace_writer_config *config, uint64_t fail_nth,
	struct vmd_trace_writer **writer, struct vmd_trace_error *error);

#endif /* VMD_SRC_TRACE_TRACE_H */
