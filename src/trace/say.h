/* SPDX-License-Identifier: MIT */
/*
 * Messages for people: one line, printable, and short enough to be read.
 */
#ifndef VMD_SRC_TRACE_SAY_H
#define VMD_SRC_TRACE_SAY_H

#include <stdarg.h>
#include <stdint.h>

#include <vmmdirty/trace.h>

/* "NAME: UNIT POSITION: ..."; without a unit: "NAME: ...". @name is cut. */
struct vmd_say_where {
	const char *name;
	const char *unit;
	uint64_t position;
};

void vmd_say_v(struct vmd_trace_error *error, struct vmd_say_where where,
	       const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

void vmd_say(struct vmd_trace_error *error, struct vmd_say_where where,
	     const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What an errno means; @err is negative. */
const char *vmd_say_errno(int err);

#endif /* VMD_SRC_TRACE_SAY_H */
