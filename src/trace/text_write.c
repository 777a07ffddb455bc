/* SPDX-License-Identifier: MIT */
/*
 * Writing the text form. How many epochs there are is known at the end only:
 * the header has room for the number.
 */
#include <stdio.h>

#include "trace/file.h"
#include "trace/writer.h"

#define BEFORE_EPOCHS VMD_TEXT_MAGIC "# epochs: "
#define LINE_SIZE     80 /* three numbers, a word and blanks */

typedef unsigned long long llu;

static void write_number_line(struct vmd_trace_writer *writer, const char *key,
			      uint64_t value)
{
	char line[LINE_SIZE];

	(void)snprintf(line, sizeof(line), "%s%llu\n", key, (llu)value);
	vmd_output_text(&writer->out, line);
}

static void write_buffer(struct vmd_trace_writer *writer, size_t index)
{
	const struct vmd_trace_buffer *buffer = &writer->space.buffers[index];
	char line[LINE_SIZE];

	(void)snprintf(line, sizeof(line), "B %zu %llu %llu\n", index,
		       (llu)buffer->pages, (llu)buffer->since);
	vmd_output_text(&writer->out, line);
}

void vmd_text_write_header(struct vmd_trace_writer *writer)
{
	const struct vmd_space *space = &writer->space;
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < space->nr; i++)
		pages += space->buffers[i].pages;
	vmd_output_text(&writer->out, BEFORE_EPOCHS "0                   \n");
	write_number_line(writer,
			  "# page_size: ", UINT64_C(1) << writer->page_shift);
	write_number_line(writer, "# buffers: ", space->nr);
	write_number_line(writer, "# tracked_pages: ", pages);
	for (i = 0; i < space->nr; i++)
		write_buffer(writer, i);
}

void vmd_text_write(struct vmd_trace_writer *writer,
		    const struct vmd_trace_record *record)
{
	char line[LINE_SIZE];
	size_t i;

	write_number_line(writer, "E ", record->dt_us);
	for (i = 0; i < record->nr_runs; i++) {
		const struct vmd_trace_run *run = &record->runs[i];

		(void)snprintf(line, sizeof(line), "%u %llu %llu\n",
			       run->buffer, (llu)run->first, (llu)run->nr);
		vmd_output_text(&writer->out, line);
	}
}

void vmd_text_write_end(struct vmd_trace_writer *writer)
{
	char number[LINE_SIZE];

	(void)snprintf(number, sizeof(number), "%llu", (llu)writer->nr_epochs);
	vmd_output_patch(&writer->out, sizeof(BEFORE_EPOCHS) - 1, number);
}
