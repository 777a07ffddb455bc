/* SPDX-License-Identifier: MIT */
/*
 * Messages for people. strerror() is not safe in threads, and the two forms of
 * strerror_r() are chosen by macros that a user of the library may set: so the
 * few errors that files meet are named here.
 */
#include "trace/say.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

#define NAME_SIZE 80

static const struct {
	int err;
	const char *text;
} errnos[] = {
	{ -ENOENT, "no such file or directory" },
	{ -EACCES, "permission denied" },
	{ -EPERM, "not permitted" },
	{ -EISDIR, "is a directory" },
	{ -ENOTDIR, "a part of the path is not a directory" },
	{ -EINVAL, "not a regular file" },
	{ -ENOMEM, "out of memory" },
	{ -E2BIG, "a set has at most 2^22 runs" },
	{ -ENOSPC, "no space left" },
	{ -EROFS, "the file system is read-only" },
	{ -EIO, "input or output error" },
	{ -EMFILE, "too many open files" },
	{ -ENAMETOOLONG, "the name is too long" },
	{ -ELOOP, "too many symbolic links" },
	{ -EFBIG, "the file is too large" },
	{ -EDQUOT, "over quota" },
	{ -EBADF, "not open" },
};

const char *vmd_say_errno(int err)
{
	size_t i;

	for (i = 0; i < VMD_ARRAY_SIZE(errnos); i++) {
		if (errnos[i].err == err)
			return errnos[i].text;
	}
	return "failed";
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
