/* SPDX-License-Identifier: MIT */
/*
 * Buffered reading. Not stdio: its blocks would come from another heap, and
 * its position does not count on a pipe.
 */
#include "trace/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE ((size_t)16384)

int vmd_input_open(struct vmd_input *in, struct vmd_arena *arena,
		   const char *path)
{
	memset(in, 0, sizeof(*in));
	in->arena = arena;
	in->fd = -1;
	in->buffer = vmd_alloc(arena, BUFFER_SIZE);
	if (!in->buffer)
		return -ENOMEM;

	in->is_ours = strcmp(path, "-") != 0;
	in->fd = in->is_ours ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (in->fd < 0) {
		int err = -errno;

		vmd_input_close(in);
		return err;
	}
	return 0;
}

void vmd_input_close(struct vmd_input *in)
{
	if (in->fd >= 0 && in->is_ours)
		(void)close(in->fd);
	vmd_free(in->arena, in->buffer);
	in->buffer = NULL;
	in->fd = -1;
}

static ssize_t read_again(int fd, unsigned char *buffer, size_t size)
{
	ssize_t nr;

	do
		nr = read(fd, buffer, size);
	while (nr < 0 && errno == EINTR);
	return nr;
}

/* The buffer is used up. */
static void fill(struct vmd_input *in)
{
	ssize_t nr = read_again(in->fd, in->buffer, BUFFER_SIZE);

	in->base += in->len;
	in->pos = 0;
	in->len = nr > 0 ? (size_t)nr : 0;
	if (nr < 0)
		in->err = -errno;
}

int vmd_input_byte(struct vmd_input *in)
{
	if (in->pos == in->len && !in->err)
		fill(in);
	if (in->pos == in->len)
		return VMD_INPUT_END;
	return in->buffer[in->pos++];
}

bool vmd_input_begins_with(struct vmd_input *in, const char *text)
{
	size_t len = strlen(text);

	/* A pipe may give less than was asked for. */
	while (in->len < len && !in->err) {
		ssize_t nr = read_again(in->fd, in->buffer + in->len,
					BUFFER_SIZE - in->len);

		if (nr < 0)
			in->err = -errno;
		if (nr <= 0)
			break;
		in->len += (size_t)nr;
	}
	return in->len >= len && memcmp(in->buffer, text, len) == 0;
}

int vmd_input_seek(struct vmd_input *in, uint64_t offset)
{
	if (lseek(in->fd, (off_t)offset, SEEK_SET) < 0)
		return -errno;
	in->base = offset;
	in->pos = 0;
	in->len = 0;
	in->err = 0;
	return 0;
}
