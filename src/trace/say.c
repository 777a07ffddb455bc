/* SPDX-License-Identifier: MIT */
/*
 * Messages for people.
 */
#include "trace/say.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define NAME_SIZE 80

const char *vmd_say_errno(int err)
{
	return err == -E2BIG ? "a set has at most 2^22 runs" :
			       vmd_error_text(err);
}

/* The end of a long path says more than its beginning. */
static int put_name(char *text, size_t size, struct vmd_say_where where)
{
	size_t len = strlen(where.name);
	bool is_long = len > NAME_SIZE;
	const char *name = is_long ? where.name + len - NAME_SIZE : where.name;
	const char *dots = is_long ? "..." : "";

	if (!where.unit)
		return snprintf(text, size, "%s%s: ", dots, name);
	return snprintf(text, size, "%s%s: %s %llu: ", dots, name, where.unit,
			(unsigned long long)where.position);
}

void vmd_say_v(struct vmd_trace_error *error, struct vmd_say_where where,
	       const char *format, va_list args)
{
	int len;
	char *c;

	if (!error)
		return;
	len = put_name(error->text, sizeof(error->text), where);
	if (len < 0)
		len = 0;
	(void)vsnprintf(error->text + len, sizeof(error->text) - (size_t)len,
			format, args);
	for (c = error->text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
}

void vmd_say(struct vmd_trace_error *error, struct vmd_say_where where,
	     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vmd_say_v(error, where, format, args);
	va_end(args);
}
