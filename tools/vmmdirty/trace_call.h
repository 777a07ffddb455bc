/* SPDX-License-Identifier: MIT */
/*
 * A call of vmmdirty trace, taken apart.
 */
#ifndef VMMDIRTY_TOOL_TRACE_CALL_H
#define VMMDIRTY_TOOL_TRACE_CALL_H

#include <stdbool.h>

#include <vmmdirty/trace.h>

struct trace_call {
	const char *in;
	const char *out; /* of convert */
	uint64_t seed; /* of a workload */
	bool text; /* of convert */
	bool json; /* of info, like all below */
	uint64_t warmup;
	uint64_t tail;
};

/* Opens what @call->in names: a file, "-", or "workload:SPEC". */
int trace_call_open(const struct trace_call *call, struct vmd_trace **trace,
		    struct vmd_trace_error *error);

/* As complain(), in the name of vmmdirty trace. */
int trace_complain(const char *what, const char *text);

#endif /* VMMDIRTY_TOOL_TRACE_CALL_H */
