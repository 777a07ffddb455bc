/* SPDX-License-Identifier: MIT */
/*
 * The errors that files meet.
 */
#include "base/error.h"

#include <errno.h>
#include <stddef.h>

#include "base/compiler.h"

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

const char *vmd_error_text(int err)
{
	size_t i;

	for (i = 0; i < VMD_ARRAY_SIZE(errnos); i++)
		if (errnos[i].err == err)
			return errnos[i].text;
	return "failed";
}
