/* SPDX-License-Identifier: MIT */
/*
 * The name of a trace for a message that has little room: the end of a long
 * path says more than its beginning.
 */
#ifndef VMMDIRTY_TOOL_SHORT_NAME_H
#define VMMDIRTY_TOOL_SHORT_NAME_H

#include <string.h>

#include <vmmdirty/trace.h>

#define SHORT_NAME_LEN 80

static inline const char *short_name(const struct vmd_trace *trace)
{
	const char *name = vmd_trace_name(trace);
	size_t len = strlen(name);

	return len > SHORT_NAME_LEN ? name + len - SHORT_NAME_LEN : name;
}

#endif /* VMMDIRTY_TOOL_SHORT_NAME_H */
