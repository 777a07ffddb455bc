/* SPDX-License-Identifier: MIT */
/*
 * Reading the text form: comments, B lines, then E lines each followed by the
 * runs of the epoch. An epoch ends where the next begins, so one line is read
 * ahead and kept.
 */
#include <errno.h>
#include <string.h>

#include "trace/file.h"
#include "trace/say.h"

/* The next line without its newline, comments cut. 1, 0 at the end, or < 0. */
static int read_line(struct vmd_file_trace *file)
{
	size_t len = 0;
	int byte;

	if (file->is_ended)
		return 0;
	file->trace.position++;
	while ((byte = vmd_input_byte(&file->in)) >= 0 && byte != '\n') {
		if (len < sizeof(file->line) - 1)
			file->line[len++] = (char)byte;
		else if (file->line[0] != '#')
			return vmd_trace_fail(&file->trace, -EINVAL,
					      "the line is too long");
	}
	file->line[len] = '\0';
	if (byte == '\n')
		return 1;
	if (file->in.err)
		return file->in.err;
	if (len)
		return vmd_trace_fail(&file->trace, -EINVAL,
				      "the file ends within a line");
	file->is_ended = true;
	return 0;
}

/* Takes a number off the front of @text; false if there is none, or too large. */
static bool take_number(const char **text, uint64_t *value)
{
	const char *c = *text;

	*value = 0;
	for (; *c >= '0' && *c <= '9'; c++) {
		uint64_t digit = (uint64_t)(*c - '0');

		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, digit, value))
			return false;
	}
	if (c == *text)
		return false;
	*text = c;
	return true;
}

/* Exactly @nr numbers, one blank between two of them. */
static bool take_numbers(const char *text, uint64_t *values, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (i > 0 && *text++ != ' ')
			return false;
		if (!take_number(&text, &values[i]))
			return false;
	}
	return *text == '\0';
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static int bad_line(struct vmd_file_trace *file, const char *want)
{
	return vmd_trace_fail(&file->trace, -EINVAL, "%s was expected", want);
}

/* log2 of @size, 0 if it has none that a trace may have. */
static unsigned int shift_of(uint64_t size)
{
	unsigned int shift;

	for (shift = VMD_TRACE_MIN_PAGE_SHIFT;
	     shift <= VMD_TRACE_MAX_PAGE_SHIFT; shift++) {
		if (size == UINT64_C(1) << shift)
			return shift;
	}
	return 0;
}

/* Two keys mean something to a reader; all others are for people. */
static int read_comment(struct vmd_file_trace *file)
{
	static const char page_size[] = "# page_size: ";
	static const char epochs[] = "# epochs: ";
	const char *text = file->line;
	uint64_t value;

	if (starts_with(text, page_size)) {
		text += sizeof(page_size) - 1;
		if (!take_number(&text, &value) || !shift_of(value))
			return bad_line(file, "a power of two as page size");
		file->trace.page_shift = shift_of(value);
	} else if (starts_with(text, epochs)) {
		text += sizeof(epochs) - 1;
		if (!take_number(&text, &value))
			return bad_line(file, "the number of epochs");
		file->says_epochs = true;
		file->epochs_said = value;
	}
	return 0;
}

static int read_buffer(struct vmd_file_trace *file)
{
	struct vmd_trace_buffer buffer = { .name = "" };
	const char *why;
	uint64_t v[3];

	if (!starts_with(file->line, "B ") ||
	    !take_numbers(file->line + 2, v, 3))
		return bad_line(file, "'B BUFFER PAGES SINCE' or 'E DT_US'");
	if (v[0] != file->trace.space.nr)
		return vmd_trace_fail(&file->trace, -EINVAL,
				      "buffer %zu should come next",
				      file->trace.space.nr);
	if (v[0] == VMD_TRACE_MAX_BUFFERS)
		return vmd_trace_fail(&file->trace, -EINVAL,
				      "a trace has at most 65536 buffers");
	buffer.pages = v[1];
	buffer.since = v[2];
	why = vmd_space_check_buffer(&buffer);
	if (why)
		return vmd_trace_fail(&file->trace, -EINVAL, "%s", why);
	return vmd_space_add(&file->trace.space, &buffer);
}

int vmd_text_read_header(struct vmd_file_trace *file)
{
	int err = 0;

	while (!err) {
		file->first_record = vmd_input_tell(&file->in);
		file->first_line = file->trace.position;
		err = read_line(file);
		if (err <= 0)
			break;
		if (file->line[0] == 'E')
			break;
		if (file->line[0] == '#')
			err = read_comment(file);
		else
			err = read_buffer(file);
	}
	if (err < 0)
		return err;
	if (file->trace.space.nr == 0)
		return bad_line(file, "a buffer before the first epoch");
	file->is_pending = err > 0;
	return 0;
}

/* The next line that is no comment. 1, 0 at the end, or < 0. */
static int next_line(struct vmd_file_trace *file)
{
	int rc;

	do
		rc = read_line(file);
	while (rc > 0 && file->line[0] == '#');
	return rc;
}

static int read_run(struct vmd_file_trace *file)
{
	struct vmd_trace_run two[2];
	struct vmd_runset *set = &file->set;
	const char *why;
	uint64_t v[3];
	size_t nr = 0;

	if (!take_numbers(file->line, v, 3))
		return bad_line(file, "'BUFFER FIRST_PAGE NR_PAGES' or "
				      "'E DT_US'");
	if (v[0] >= file->trace.space.nr)
		return vmd_trace_fail(&file->trace, -EINVAL, "no such buffer");
	if (set->nr)
		two[nr++] = set->runs[set->nr - 1];
	two[nr++] = (struct vmd_trace_run){ (uint32_t)v[0], v[1], v[2] };
	why = vmd_space_check_set(&file->trace.space, two, nr);
	if (why)
		return vmd_trace_fail(&file->trace, -EINVAL, "%s", why);
	return vmd_runset_push(set, two[nr - 1]);
}

/* Behind the last epoch. */
static int at_end(struct vmd_file_trace *file)
{
	if (file->says_epochs && file->nr_epochs != file->epochs_said)
		return vmd_trace_fail(&file->trace, -EINVAL,
				      "the file ends after %llu of %llu epochs",
				      (unsigned long long)file->nr_epochs,
				      (unsigned long long)file->epochs_said);
	return 0;
}

static int read_runs(struct vmd_file_trace *file)
{
	int rc;

	vmd_runset_clear(&file->set);
	for (;;) {
		rc = next_line(file);
		file->is_pending = rc > 0 && file->line[0] == 'E';
		if (rc <= 0 || file->is_pending)
			return rc < 0 ? rc : 0;
		rc = read_run(file);
		if (rc)
			return rc;
	}
}

int vmd_text_next(struct vmd_trace *trace, struct vmd_trace_record *record)
{
	struct vmd_file_trace *file = vmd_file_trace(trace);
	int rc = file->is_pending ? 1 : next_line(file);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return at_end(file);

	record->type = VMD_TRACE_EPOCH;
	record->kind = VMD_TRACE_PRESENT;
	if (!starts_with(file->line, "E ") ||
	    !take_numbers(file->line + 2, &record->dt_us, 1))
		return bad_line(file, "'E DT_US'");
	rc = read_runs(file);
	if (rc)
		return rc;
	file->nr_epochs++;
	record->runs = file->set.runs;
	record->nr_runs = file->set.nr;
	return 1;
}

int vmd_text_rewind(struct vmd_trace *trace)
{
	struct vmd_file_trace *file = vmd_file_trace(trace);
	int err = vmd_input_seek(&file->in, file->first_record);

	if (err)
		return err;
	trace->position = file->first_line;
	file->is_pending = false;
	file->is_ended = false;
	file->nr_epochs = 0;
	return 0;
}
