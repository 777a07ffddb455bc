/* SPDX-License-Identifier: MIT */
/*
 * Reading .dtr, as docs/dtr.md lays it out.
 *
 * Nothing in the file is believed: a number is compared with its bound before
 * it is added to another or used as an index, and memory grows with the bytes
 * that were read, never with a count that was only announced. The position of
 * an error is the first byte of the number that is wrong, or the end of a file
 * that is too short.
 */
#include <errno.h>

#include "trace/file.h"
#include "trace/say.h"

#define MAX_VARINT_BYTES 10

typedef unsigned long long llu;

static int bad_end(struct vmd_file_trace *file, const char *what)
{
	if (file->in.err)
		return vmd_trace_fail(&file->trace, file->in.err, "%s",
				      vmd_say_errno(file->in.err));
	return vmd_trace_fail(&file->trace, -EINVAL,
			      "the file ends where %s should be", what);
}

/* Positions are of what is read, not of what was. */
static void mark(struct vmd_file_trace *file)
{
	file->trace.position = vmd_input_tell(&file->in);
}

static int get_u8(struct vmd_file_trace *file, unsigned int *value,
		  const char *what)
{
	int byte;

	*value = 0;
	mark(file);
	byte = vmd_input_byte(&file->in);
	if (byte < 0)
		return bad_end(file, what);
	*value = (unsigned int)byte;
	return 0;
}

static int bad_varint(struct vmd_file_trace *file, const char *what,
		      const char *why)
{
	return vmd_trace_fail(&file->trace, -EINVAL, "%s %s", what, why);
}

static int get_varint(struct vmd_file_trace *file, uint64_t *value,
		      const char *what)
{
	unsigned int i;

	mark(file);
	*value = 0;
	for (i = 0; i < MAX_VARINT_BYTES; i++) {
		int byte = vmd_input_byte(&file->in);

		if (byte < 0) {
			mark(file);
			return bad_end(file, what);
		}
		if (i == MAX_VARINT_BYTES - 1 && byte > 1)
			break;
		*value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		if (byte == 0 && i > 0)
			return bad_varint(file, what, "has idle bytes");
		return 0;
	}
	return bad_varint(file, what, "does not fit in 64 bits");
}

/* A number that must be in [min, max]. */
static int get_bounded(struct vmd_file_trace *file, uint64_t *value,
		       const char *what, uint64_t min, uint64_t max)
{
	int err = get_varint(file, value, what);

	if (!err && (*value < min || *value > max))
		err = vmd_trace_fail(&file->trace, -EINVAL,
				     "%s is %llu, not in %llu..%llu", what,
				     (llu)*value, (llu)min, (llu)max);
	return err;
}

static int get_name(struct vmd_file_trace *file,
		    char name[VMD_TRACE_MAX_NAME + 1])
{
	uint64_t len;
	uint64_t i;
	int err;

	err = get_bounded(file, &len, "the length of a name", 0,
			  VMD_TRACE_MAX_NAME);
	for (i = 0; i < len && !err; i++) {
		unsigned int byte;

		err = get_u8(file, &byte, "a name");
		if (!err && (byte < ' ' || byte == 0x7f))
			err = vmd_trace_fail(&file->trace, -EINVAL,
					     "a control character in a name");
		if (!err)
			name[i] = (char)byte;
	}
	return err;
}

static int get_buffer(struct vmd_file_trace *file)
{
	char name[VMD_TRACE_MAX_NAME + 1] = "";
	struct vmd_trace_buffer buffer = { .name = name };
	int err;

	err = get_bounded(file, &buffer.pages, "the size of a buffer", 0,
			  VMD_TRACE_MAX_PAGES);
	if (!err)
		err = get_varint(file, &buffer.since,
				 "the first epoch of a buffer");
	if (!err)
		err = get_name(file, name);
	if (!err)
		err = vmd_space_add(&file->trace.space, &buffer);
	return err;
}

static int get_page_shift(struct vmd_file_trace *file)
{
	unsigned int shift;
	int err = get_u8(file, &shift, "the page shift");

	if (err)
		return err;
	if (shift < VMD_TRACE_MIN_PAGE_SHIFT ||
	    shift > VMD_TRACE_MAX_PAGE_SHIFT)
		return vmd_trace_fail(&file->trace, -EINVAL,
				      "the page shift is %u, not in %d..%d",
				      shift, VMD_TRACE_MIN_PAGE_SHIFT,
				      VMD_TRACE_MAX_PAGE_SHIFT);
	file->trace.page_shift = shift;
	return 0;
}

int vmd_dtr_read_header(struct vmd_file_trace *file)
{
	uint64_t flags;
	uint64_t nr;
	int err;

	file->in.pos += sizeof(VMD_DTR_MAGIC) - 1;
	err = get_page_shift(file);
	if (!err)
		err = get_varint(file, &flags, "the flags");
	if (!err && (flags & ~VMD_DTR_HAS_COUNTS))
		err = vmd_trace_fail(&file->trace, -EINVAL,
				     "unknown flags 0x%llx", (llu)flags);
	if (!err)
		err = get_bounded(file, &nr, "the number of buffers", 1,
				  VMD_TRACE_MAX_BUFFERS);
	if (err)
		return err;

	file->has_counts = flags & VMD_DTR_HAS_COUNTS;
	while (nr-- && !err)
		err = get_buffer(file);
	file->first_record = vmd_input_tell(&file->in);
	return err;
}

/* @at: the page behind the run before, 0 for the first. */
static int get_run(struct vmd_file_trace *file, struct vmd_runset *set,
		   uint32_t buffer, uint64_t *at, bool is_first)
{
	uint64_t pages = file->trace.space.pages[buffer];
	uint64_t gap;
	uint64_t len;
	uint64_t writes;
	int err;

	err = get_varint(file, &gap, "the gap before a run");
	if (!err && gap == 0 && !is_first)
		err = vmd_trace_fail(&file->trace, -EINVAL,
				     "two runs of buffer %u touch", buffer);
	if (!err && gap >= pages - *at)
		err = vmd_trace_fail(&file->trace, -EINVAL,
				     "a run begins behind the %llu pages of "
				     "buffer %u",
				     (llu)pages, buffer);
	if (!err)
		err = get_varint(file, &len, "the length of a run");
	if (!err && len >= pages - *at - gap)
		err = vmd_trace_fail(&file->trace, -EINVAL,
				     "a run ends behind the %llu pages of "
				     "buffer %u",
				     (llu)pages, buffer);
	if (!err && file->has_counts)
		err = get_bounded(file, &writes, "a count of writes", 0, 31);
	if (err)
		return err;
	err = vmd_runset_push(set, (struct vmd_trace_run){ buffer, *at + gap,
							   len + 1 });
	*at += gap + len + 1;
	return err;
}

/* @next: one more than the number of the buffer before. */
static int get_buffer_runs(struct vmd_file_trace *file, struct vmd_runset *set,
			   uint64_t *next)
{
	const struct vmd_space *space = &file->trace.space;
	uint64_t at = 0;
	uint64_t buffer;
	uint64_t nr;
	uint64_t i;
	int err;

	err = get_varint(file, &buffer, "the gap before a buffer");
	if (err)
		return err;
	if (buffer >= space->nr - *next)
		return vmd_trace_fail(&file->trace, -EINVAL,
				      "a set names a buffer behind the last, "
				      "%zu",
				      space->nr - 1);
	buffer += *next;
	*next = buffer + 1;

	err = get_bounded(file, &nr, "the number of runs", 1,
			  (space->pages[buffer] + 1) / 2);
	for (i = 0; i < nr && !err; i++)
		err = get_run(file, set, (uint32_t)buffer, &at, i == 0);
	return err;
}

static int get_set(struct vmd_file_trace *file, struct vmd_runset *set)
{
	uint64_t next = 0;
	uint64_t nr;
	int err;

	vmd_runset_clear(set);
	err = get_bounded(file, &nr, "the number of buffers in a set", 0,
			  file->trace.space.nr);
	while (!err && nr--)
		err = get_buffer_runs(file, set, &next);
	return err;
}

/* Has X a base, and may one more follow it? The position is the tag's. */
static int check_toggle(struct vmd_file_trace *file)
{
	const char *why = NULL;

	if (file->has_counts)
		why = "'X' in a file with counts of writes";
	else if (!file->has_before)
		why = "'X' before the first 'E'";
	else if (file->nr_toggled + 1 >= VMD_DTR_EPOCHS_PER_FULL)
		why = "1024 epochs without an 'E'";
	if (!why)
		return 0;
	return vmd_trace_fail(&file->trace, -EINVAL, "%s", why);
}

static int get_epoch_head(struct vmd_file_trace *file,
			  struct vmd_trace_record *record)
{
	unsigned int kind;
	int err;

	record->type = VMD_TRACE_EPOCH;
	err = get_varint(file, &record->dt_us, "the time of an epoch");
	if (!err)
		err = get_u8(file, &kind, "the kind of an epoch");
	if (err)
		return err;
	if (kind > VMD_TRACE_READBACK)
		return vmd_trace_fail(&file->trace, -EINVAL,
				      "%u is no kind of epoch", kind);
	record->kind = (enum vmd_trace_kind)kind;
	return 0;
}

static void show_set(const struct vmd_runset *set,
		     struct vmd_trace_record *record)
{
	record->runs = set->runs;
	record->nr_runs = set->nr;
}

static int get_full_epoch(struct vmd_file_trace *file,
			  struct vmd_trace_record *record)
{
	int err = get_epoch_head(file, record);

	if (!err)
		err = get_set(file, &file->before);
	if (err)
		return err;
	file->has_before = true;
	file->nr_toggled = 0;
	show_set(&file->before, record);
	return 0;
}

static int get_toggled_epoch(struct vmd_file_trace *file,
			     struct vmd_trace_record *record)
{
	int err = check_toggle(file);

	if (!err)
		err = get_epoch_head(file, record);
	if (!err)
		err = get_set(file, &file->toggles);
	if (!err)
		err = vmd_runset_xor(&file->set, &file->before, &file->toggles);
	if (err)
		return err;
	vmd_runset_swap(&file->set, &file->before);
	file->nr_toggled++;
	show_set(&file->before, record);
	return 0;
}

static int get_gpu_write(struct vmd_file_trace *file,
			 struct vmd_trace_record *record)
{
	int err = get_set(file, &file->set);

	record->type = VMD_TRACE_GPU_WRITE;
	show_set(&file->set, record);
	return err;
}

/* What the buffer held is gone: the next 'X' must not bring it back. */
static void apply(struct vmd_file_trace *file,
		  const struct vmd_trace_record *record)
{
	vmd_space_apply(&file->trace.space, record);
	vmd_runset_drop_buffer(&file->before, record->buffer);
}

static int get_buffer_number(struct vmd_file_trace *file,
			     struct vmd_trace_record *record)
{
	uint64_t buffer;
	int err = get_bounded(file, &buffer, "a buffer", 0,
			      file->trace.space.nr - 1);

	if (!err)
		record->buffer = (uint32_t)buffer;
	return err;
}

static int get_map(struct vmd_file_trace *file, struct vmd_trace_record *record)
{
	int err = get_buffer_number(file, record);

	record->type = VMD_TRACE_MAP;
	if (!err)
		err = get_bounded(file, &record->pages, "the size of a buffer",
				  1, VMD_TRACE_MAX_PAGES);
	if (!err)
		apply(file, record);
	return err;
}

static int get_unmap(struct vmd_file_trace *file,
		     struct vmd_trace_record *record)
{
	int err = get_buffer_number(file, record);

	record->type = VMD_TRACE_UNMAP;
	if (!err && file->trace.space.pages[record->buffer] == 0)
		err = vmd_trace_fail(&file->trace, -EINVAL,
				     "buffer %u is not mapped", record->buffer);
	if (!err)
		apply(file, record);
	return err;
}

static int get_record(struct vmd_file_trace *file, int tag,
		      struct vmd_trace_record *record)
{
	switch (tag) {
	case 'E':
		return get_full_epoch(file, record);
	case 'X':
		return get_toggled_epoch(file, record);
	case 'M':
		return get_map(file, record);
	case 'U':
		return get_unmap(file, record);
	case 'R':
		return get_gpu_write(file, record);
	default:
		return vmd_trace_fail(&file->trace, -EINVAL,
				      "0x%02x begins no record",
				      (unsigned int)tag);
	}
}

int vmd_dtr_next(struct vmd_trace *trace, struct vmd_trace_record *record)
{
	struct vmd_file_trace *file = vmd_file_trace(trace);
	int err;
	int tag;

	mark(file);
	tag = vmd_input_byte(&file->in);
	if (tag < 0)
		return file->in.err;
	err = get_record(file, tag, record);
	return err ? err : 1;
}

int vmd_dtr_rewind(struct vmd_trace *trace)
{
	struct vmd_file_trace *file = vmd_file_trace(trace);
	int err = vmd_input_seek(&file->in, file->first_record);

	if (err)
		return err;
	vmd_runset_clear(&file->before);
	file->has_before = false;
	file->nr_toggled = 0;
	return 0;
}
