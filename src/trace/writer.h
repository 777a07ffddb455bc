/* SPDX-License-Identifier: MIT */
/*
 * What the two forms of writing have in common.
 */
#ifndef VMD_SRC_TRACE_WRITER_H
#define VMD_SRC_TRACE_WRITER_H

#include <stdbool.h>

#include <vmmdirty/trace.h>

#include "base/alloc.h"
#include "trace/output.h"
#include "trace/runset.h"
#include "trace/space.h"

struct vmd_trace_writer {
	struct vmd_arena arena;
	struct vmd_output out;
	struct vmd_space space;
	enum vmd_trace_form form;
	unsigned int page_shift;
	uint64_t nr_records;
	uint64_t nr_epochs;
	int err; /* a lost byte; no record is taken any more */

	/* .dtr: */
	struct vmd_runset before; /* the set of the epoch before */
	struct vmd_runset set; /* scratch: the set of this one */
	struct vmd_runset toggles; /* scratch: what differs */
	unsigned int nr_toggled; /* epochs since the last full one */
	bool has_before;
};

/* Lost bytes are in @writer->out.err. */
void vmd_dtr_write_header(struct vmd_trace_writer *writer);
void vmd_text_write_header(struct vmd_trace_writer *writer);

/*
 * The record was checked. 0, or -ENOMEM or -E2BIG and nothing was written.
 */
int vmd_dtr_write(struct vmd_trace_writer *writer,
		  const struct vmd_trace_record *record);
void vmd_text_write(struct vmd_trace_writer *writer,
		    const struct vmd_trace_record *record);

/* Puts the number of epochs into the header. */
void vmd_text_write_end(struct vmd_trace_writer *writer);

#endif /* VMD_SRC_TRACE_WRITER_H */
