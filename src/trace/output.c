/* SPDX-License-Identifier: MIT */
/*
 * Buffered writing to a sibling of the path, renamed at the end. Whole means:
 * against this program's failures. It is no fsync, so not against the machine's.
 */
#include "trace/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE  ((size_t)16384)
#define MAX_SIBLINGS 100
#define SUFFIX_SIZE  40 /* of ".PID.N.tmp" */

/* rename() would put a file where a device or a directory was. */
static int check_path(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

/* Another writer of this process may have taken the first name. */
static int open_sibling(struct vmd_output *out, const char *path)
{
	size_t size = strlen(path) + SUFFIX_SIZE;
	int i;

	for (i = 0; i < MAX_SIBLINGS; i++) {
		(void)snprintf(out->sibling, size, "%s.%ld.%d.tmp", path,
			       (long)getpid(), i);
		out->fd = open(out->sibling,
			       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (out->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return -errno;
}

static void free_all(struct vmd_output *out)
{
	vmd_free(out->arena, out->path);
	vmd_free(out->arena, out->sibling);
	vmd_free(out->arena, out->buffer);
	out->path = NULL;
	out->sibling = NULL;
	out->buffer = NULL;
}

int vmd_output_open(struct vmd_output *out, struct vmd_arena *arena,
		    const char *path)
{
	size_t len = strlen(path);
	int err = -ENOMEM;

	memset(out, 0, sizeof(*out));
	out->arena = arena;
	out->fd = -1;
	out->path = vmd_alloc(arena, len + 1);
	out->sibling = vmd_alloc(arena, len + SUFFIX_SIZE);
	out->buffer = vmd_alloc(arena, BUFFER_SIZE);
	if (!out->path || !out->sibling || !out->buffer)
		goto out_free;
	memcpy(out->path, path, len);

	err = check_path(path);
	if (!err)
		err = open_sibling(out, path);
	if (!err)
		return 0;
out_free:
	free_all(out);
	return err;
}

static void flush(struct vmd_output *out)
{
	size_t done = 0;

	while (done < out->len && !out->err) {
		ssize_t nr =
			write(out->fd, out->buffer + done, out->len - done);

		if (nr >= 0)
			done += (size_t)nr;
		else if (errno != EINTR)
			out->err = -errno;
	}
	out->len = 0;
}

void vmd_output_byte(struct vmd_output *out, unsigned char byte)
{
	if (out->len == BUFFER_SIZE)
		flush(out);
	out->buffer[out->len++] = byte;
}

void vmd_output_text(struct vmd_output *out, const char *text)
{
	for (; *text; text++)
		vmd_output_byte(out, (unsigned char)*text);
}

void vmd_output_patch(struct vmd_output *out, uint64_t offset, const char *text)
{
	flush(out);
	if (out->err)
		return;
	if (lseek(out->fd, (off_t)offset, SEEK_SET) < 0) {
		out->err = -errno;
		return;
	}
	vmd_output_text(out, text);
	flush(out);
}

int vmd_output_commit(struct vmd_output *out)
{
	int err;

	flush(out);
	if (close(out->fd) && !out->err)
		out->err = -errno;
	out->fd = -1;
	if (!out->err && rename(out->sibling, out->path))
		out->err = -errno;
	if (out->err)
		(void)unlink(out->sibling);
	err = out->err;
	free_all(out);
	return err;
}

void vmd_output_abort(struct vmd_output *out)
{
	(void)close(out->fd);
	(void)unlink(out->sibling);
	out->fd = -1;
	free_all(out);
}
