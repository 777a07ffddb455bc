/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty trace convert: reads a record, writes a record.
 */
#ifndef VMMDIRTY_TOOL_TRACE_CONVERT_H
#define VMMDIRTY_TOOL_TRACE_CONVERT_H

#include "trace_call.h"

/* The exit status. */
int trace_convert(const struct trace_call *call);

#endif /* VMMDIRTY_TOOL_TRACE_CONVERT_H */
