/* SPDX-License-Identifier: MIT */
/*
 * The temporary name is the path with the process and ".part" behind it.
 */
#include "outfile.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* rename() would put a file where a device was. */
static int check_place(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EEXIST;
}

int outfile_open(struct outfile *file, const char *dir, const char *name)
{
	int len = snprintf(file->path, sizeof(file->path), "%s/%s", dir, name);
	int err;

	file->to = NULL;
	file->temporary[0] = '\0';
	if (len < 0 || (size_t)len >= sizeof(file->path))
		return -ENAMETOOLONG;
	err = check_place(file->path);
	if (err)
		return err;
	(void)snprintf(file->temporary, sizeof(file->temporary), "%s.%ld.part",
		       file->path, (long)getpid());
	file->to = fopen(file->temporary, "we");
	if (file->to)
		return 0;
	err = -errno;
	file->temporary[0] = '\0';
	return err;
}

int outfile_close(struct outfile *file)
{
	FILE *to = file->to;
	int err = 0;

	file->to = NULL;
	if (fflush(to) || ferror(to))
		err = errno ? -errno : -EIO;
	if (fclose(to) && !err)
		err = -errno;
	return err;
}

int outfile_commit(struct outfile *file)
{
	if (rename(file->temporary, file->path))
		return -errno;
	file->temporary[0] = '\0';
	return 0;
}

void outfile_abort(struct outfile *file)
{
	if (file->to)
		(void)fclose(file->to);
	if (file->temporary[0])
		(void)unlink(file->temporary);
	file->to = NULL;
	file->temporary[0] = '\0';
}
