/* SPDX-License-Identifier: MIT */
/*
 * The temporary name is the path with ".part" behind it.
 */
#include "outfile.h"

#include <errno.h>
#include <unistd.h>

int outfile_open(struct outfile *file, const char *dir, const char *name)
{
	int len = snprintf(file->path, sizeof(file->path), "%s%s%s",
			   dir ? dir : "", dir ? "/" : "", name);

	file->to = NULL;
	if (len < 0 || (size_t)len >= sizeof(file->path))
		return -ENAMETOOLONG;
	(void)snprintf(file->temporary, sizeof(file->temporary), "%s.part",
		       file->path);
	file->to = fopen(file->temporary, "we");
	return file->to ? 0 : -errno;
}

int outfile_commit(struct outfile *file)
{
	FILE *to = file->to;
	int err = 0;

	file->to = NULL;
	if (fflush(to) || ferror(to))
		err = -EIO;
	if (fclose(to) && !err)
		err = -errno;
	if (!err && rename(file->temporary, file->path))
		err = -errno;
	if (err)
		(void)unlink(file->temporary);
	return err;
}

void outfile_abort(struct outfile *file)
{
	if (!file->to)
		return;
	(void)fclose(file->to);
	(void)unlink(file->temporary);
	file->to = NULL;
}
