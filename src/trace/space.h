/* SPDX-License-Identifier: MIT */
/*
 * The buffers of a trace: as its header names them, and how large they are now.
 */
#ifndef VMD_SRC_TRACE_SPACE_H
#define VMD_SRC_TRACE_SPACE_H

#include <vmmdirty/trace.h>

#include "base/alloc.h"

struct vmd_space {
	struct vmd_arena *arena;
	struct vmd_trace_buffer *buffers;
	uint64_t *pages; /* now; 0: not mapped */
	size_t nr;
	size_t capacity;
};

void vmd_space_init(struct vmd_space *space, struct vmd_arena *arena);
void vmd_space_fini(struct vmd_space *space);

/*
 * What is wrong, or NULL. These texts are for people, and static.
 */
const char *vmd_space_check_buffer(const struct vmd_trace_buffer *buffer);
const char *vmd_space_check_set(const struct vmd_space *space,
				const struct vmd_trace_run *runs, size_t nr);
const char *vmd_space_check_record(const struct vmd_space *space,
				   const struct vmd_trace_record *record);

/* Copies the name. 0 or -ENOMEM. */
int vmd_space_add(struct vmd_space *space,
		  const struct vmd_trace_buffer *buffer);

/* After a map or an unmap that was checked; nothing for other records. */
void vmd_space_apply(struct vmd_space *space,
		     const struct vmd_trace_record *record);

/* As the header says. */
void vmd_space_reset(struct vmd_space *space);

#endif /* VMD_SRC_TRACE_SPACE_H */
