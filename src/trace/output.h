/* SPDX-License-Identifier: MIT */
/*
 * A file that appears whole or not at all: written beside its place, then
 * renamed.
 */
#ifndef VMD_SRC_TRACE_OUTPUT_H
#define VMD_SRC_TRACE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

struct vmd_output {
	struct vmd_arena *arena;
	int fd; /* -1: not open */
	char *path;
	char *sibling; /* what is written until it is finished */
	unsigned char *buffer;
	size_t len;
	int err; /* the first error; nothing is written after it */
};

/* 0 or -errno; -EINVAL if something is there that is not a regular file. */
int vmd_output_open(struct vmd_output *out, struct vmd_arena *arena,
		    const char *path);

/* Errors are kept in @out->err. */
void vmd_output_byte(struct vmd_output *out, unsigned char byte);
void vmd_output_text(struct vmd_output *out, const char *text);

/* Writes over what was written before at @offset. */
void vmd_output_patch(struct vmd_output *out, uint64_t offset,
		      const char *text);

/* Renames and closes, or removes and closes. 0 or -errno. */
int vmd_output_commit(struct vmd_output *out);
void vmd_output_abort(struct vmd_output *out);

#endif /* VMD_SRC_TRACE_OUTPUT_H */
