/* SPDX-License-Identifier: MIT */
/*
 * Writing .dtr, as docs/dtr.md lays it out. An epoch is written twice as a
 * dry run, to see which of the two ways is shorter.
 */
#include <errno.h>
#include <string.h>

#include "trace/file.h"
#include "trace/writer.h"

/* Where bytes go; without an output they are only counted. */
struct sink {
	struct vmd_output *out;
	uint64_t nr;
};

static void put_u8(struct sink *sink, unsigned int byte)
{
	if (sink->out)
		vmd_output_byte(sink->out, (unsigned char)byte);
	sink->nr++;
}

static void put_varint(struct sink *sink, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		put_u8(sink, (value & 0x7f) | 0x80);
	put_u8(sink, (unsigned int)value);
}

static void put_name(struct sink *sink, const char *name)
{
	put_varint(sink, strlen(name));
	for (; *name; name++)
		put_u8(sink, (unsigned char)*name);
}

/* The runs from @start on that are of one buffer: where they end. */
static size_t end_of_buffer(const struct vmd_runset *set, size_t start)
{
	size_t end = start;

	while (end < set->nr &&
	       set->runs[end].buffer == set->runs[start].buffer)
		end++;
	return end;
}

static uint64_t count_buffers(const struct vmd_runset *set)
{
	uint64_t nr = 0;
	size_t i;

	for (i = 0; i < set->nr; i = end_of_buffer(set, i))
		nr++;
	return nr;
}

static void put_runs(struct sink *sink, const struct vmd_trace_run *runs,
		     size_t nr)
{
	uint64_t at = 0;
	size_t i;

	put_varint(sink, nr);
	for (i = 0; i < nr; i++) {
		put_varint(sink, runs[i].first - at);
		put_varint(sink, runs[i].nr - 1);
		at = runs[i].first + runs[i].nr;
	}
}

static void put_set(struct sink *sink, const struct vmd_runset *set)
{
	uint64_t next = 0;
	size_t i = 0;

	put_varint(sink, count_buffers(set));
	while (i < set->nr) {
		size_t end = end_of_buffer(set, i);
		uint64_t buffer = set->runs[i].buffer;

		put_varint(sink, buffer - next);
		put_runs(sink, &set->runs[i], end - i);
		next = buffer + 1;
		i = end;
	}
}

static uint64_t set_size(const struct vmd_runset *set)
{
	struct sink sink = { NULL, 0 };

	put_set(&sink, set);
	return sink.nr;
}

void vmd_dtr_write_header(struct vmd_trace_writer *writer)
{
	const struct vmd_space *space = &writer->space;
	struct sink sink = { &writer->out, 0 };
	size_t i;

	vmd_output_text(&writer->out, VMD_DTR_MAGIC);
	put_u8(&sink, writer->page_shift);
	put_varint(&sink, 0); /* flags */
	put_varint(&sink, space->nr);
	for (i = 0; i < space->nr; i++) {
		put_varint(&sink, space->buffers[i].pages);
		put_varint(&sink, space->buffers[i].since);
		put_name(&sink, space->buffers[i].name);
	}
}

/*
 * May this epoch be an 'X', and is it the shorter one? 1, 0 or -ENOMEM. Two
 * sets may each be small enough while what differs is not.
 */
static int toggles_win(struct vmd_trace_writer *writer)
{
	int err;

	if (!writer->has_before ||
	    writer->nr_toggled + 1 >= VMD_DTR_EPOCHS_PER_FULL)
		return 0;
	err = vmd_runset_xor(&writer->toggles, &writer->before, &writer->set);
	if (err)
		return err == -E2BIG ? 0 : err;
	return set_size(&writer->toggles) < set_size(&writer->set);
}

static int write_epoch(struct vmd_trace_writer *writer,
		       const struct vmd_trace_record *record)
{
	struct sink sink = { &writer->out, 0 };
	int toggled;
	int err;

	err = vmd_runset_copy(&writer->set, record->runs, record->nr_runs);
	if (err)
		return err;
	toggled = toggles_win(writer);
	if (toggled < 0)
		return toggled;

	put_u8(&sink, toggled ? 'X' : 'E');
	put_varint(&sink, record->dt_us);
	put_u8(&sink, (unsigned int)record->kind);
	put_set(&sink, toggled ? &writer->toggles : &writer->set);

	vmd_runset_swap(&writer->before, &writer->set);
	writer->has_before = true;
	writer->nr_toggled = toggled ? writer->nr_toggled + 1 : 0;
	return 0;
}

/* The reader drops these pages, too: see apply() in dtr_read.c. */
static void write_mapping(struct vmd_trace_writer *writer,
			  const struct vmd_trace_record *record)
{
	struct sink sink = { &writer->out, 0 };
	bool is_map = record->type == VMD_TRACE_MAP;

	put_u8(&sink, is_map ? 'M' : 'U');
	put_varint(&sink, record->buffer);
	if (is_map)
		put_varint(&sink, record->pages);
	vmd_runset_drop_buffer(&writer->before, record->buffer);
}

static int write_gpu_write(struct vmd_trace_writer *writer,
			   const struct vmd_trace_record *record)
{
	struct sink sink = { &writer->out, 0 };
	int err = vmd_runset_copy(&writer->set, record->runs, record->nr_runs);

	if (err)
		return err;
	put_u8(&sink, 'R');
	put_set(&sink, &writer->set);
	return 0;
}

int vmd_dtr_write(struct vmd_trace_writer *writer,
		  const struct vmd_trace_record *record)
{
	switch (record->type) {
	case VMD_TRACE_EPOCH:
		return write_epoch(writer, record);
	case VMD_TRACE_GPU_WRITE:
		return write_gpu_write(writer, record);
	case VMD_TRACE_MAP:
	case VMD_TRACE_UNMAP:
		write_mapping(writer, record);
		return 0;
	}
	return 0;
}
