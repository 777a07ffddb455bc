/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a file, one after the other, and where they stand in it.
 */
#ifndef VMD_SRC_TRACE_INPUT_H
#define VMD_SRC_TRACE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

/* What vmd_input_byte() returns behind the last byte. */
#define VMD_INPUT_END (-1)

struct vmd_input {
	struct vmd_arena *arena;
	int fd; /* -1: not open */
	bool is_ours;
	uint64_t base; /* of the buffer, in the file */
	unsigned char *buffer;
	size_t pos; /* in the buffer */
	size_t len;
	int err; /* what read said; it ends the input */
};

/* "-" is standard input. 0 or -errno. */
int vmd_input_open(struct vmd_input *in, struct vmd_arena *arena,
		   const char *path);
void vmd_input_close(struct vmd_input *in);

/* 0..255, or VMD_INPUT_END: look at @in->err. */
int vmd_input_byte(struct vmd_input *in);

/* Does the file begin with @text? Only before the first byte is taken. */
bool vmd_input_begins_with(struct vmd_input *in, const char *text);

static inline uint64_t vmd_input_tell(const struct vmd_input *in)
{
	return in->base + in->pos;
}

/* 0 or -errno: -ESPIPE for a pipe. Clears @in->err. */
int vmd_input_seek(struct vmd_input *in, uint64_t offset);

#endif /* VMD_SRC_TRACE_INPUT_H */
