/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty trace info: what is in a trace, for people or as JSON.
 */
#ifndef VMMDIRTY_TOOL_TRACE_INFO_H
#define VMMDIRTY_TOOL_TRACE_INFO_H

#include "trace_call.h"

/* The exit status. */
int trace_info(const struct trace_call *call);

#endif /* VMMDIRTY_TOOL_TRACE_INFO_H */
