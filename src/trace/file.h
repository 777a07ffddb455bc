/* SPDX-License-Identifier: MIT */
/*
 * A trace that comes from a file, in either form.
 */
#ifndef VMD_SRC_TRACE_FILE_H
#define VMD_SRC_TRACE_FILE_H

#include <stdbool.h>

#include "trace/input.h"
#include "trace/runset.h"
#include "trace/trace.h"

#define VMD_DTR_MAGIC	   "DTR1"
#define VMD_DTR_HAS_COUNTS UINT64_C(1)
#define VMD_TEXT_MAGIC	   "# vmmdirty write trace, text form 1\n"
#define VMD_TEXT_LINE	   160

/* A full set comes at least so often. */
#define VMD_DTR_EPOCHS_PER_FULL 1024

struct vmd_file_trace {
	struct vmd_trace trace; /* first: the two are one pointer */
	struct vmd_input in;
	struct vmd_runset set; /* of the record at hand */
	uint64_t first_record; /* where to rewind to */

	/* .dtr: */
	struct vmd_runset before; /* the set of the epoch before */
	struct vmd_runset toggles; /* scratch */
	unsigned int nr_toggled; /* epochs since the last full one */
	bool has_before;
	bool has_counts;

	/* text: */
	char line[VMD_TEXT_LINE];
	bool is_pending; /* the line was read, and is an epoch's */
	bool is_ended; /* nothing comes after the last line */
	bool says_epochs;
	uint64_t epochs_said;
	uint64_t nr_epochs;
	uint64_t first_line;
};

static inline struct vmd_file_trace *vmd_file_trace(struct vmd_trace *trace)
{
	return (struct vmd_file_trace *)(void *)trace;
}

/* Reads the header. 0 or < 0 with the trace's error set. */
int vmd_dtr_read_header(struct vmd_file_trace *file);
int vmd_text_read_header(struct vmd_file_trace *file);

int vmd_dtr_next(struct vmd_trace *trace, struct vmd_trace_record *record);
int vmd_text_next(struct vmd_trace *trace, struct vmd_trace_record *record);

int vmd_dtr_rewind(struct vmd_trace *trace);
int vmd_text_rewind(struct vmd_trace *trace);

#endif /* VMD_SRC_TRACE_FILE_H */
