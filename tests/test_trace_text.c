/* SPDX-License-Identifier: MIT */
/*
 * The text form: it says what .dtr says, and its mistakes have lines.
 */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/trace.h"

#define NR_SEEDS  20
#define PATH_SIZE 256
#define FILE_SIZE 65536

#define MAGIC "# vmmdirty write trace, text form 1\n"

static char path[PATH_SIZE];
static char other[PATH_SIZE + 8];

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");
	int fd;

	(void)snprintf(path, sizeof(path), "%s/vmd_text.XXXXXX",
		       tmp ? tmp : "/tmp");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	(void)snprintf(other, sizeof(other), "%s.other", path);
}

static void teardown(void)
{
	(void)unlink(path);
	(void)unlink(other);
}

static void put_bytes(const char *text, size_t len)
{
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static void put_text(const char *text)
{
	put_bytes(text, strlen(text));
}

static size_t get_text(const char *name, char text[FILE_SIZE])
{
	FILE *file = fopen(name, "rb");
	size_t len;

	ck_assert_ptr_nonnull(file);
	len = fread(text, 1, FILE_SIZE - 1, file);
	ck_assert_uint_lt(len, FILE_SIZE - 1);
	text[len] = '\0';
	ck_assert_int_eq(fclose(file), 0);
	return len;
}

static struct vmd_trace *open_trace(const char *name)
{
	struct vmd_trace_error error = { "" };
	struct vmd_trace *trace = NULL;
	int err = vmd_trace_open(name, &trace, &error);

	ck_assert_msg(err == 0, "%s", error.text);
	return trace;
}

/* What opening, or reading to the end, returned. */
static int read_whole(uint64_t fail_nth, struct vmd_trace_error *error)
{
	struct vmd_trace_record record;
	struct vmd_trace *trace;
	int rc = vmd_trace_open_failing(path, fail_nth, &trace, error);

	if (rc)
		return rc;
	do
		rc = vmd_trace_next(trace, &record, error);
	while (rc > 0);
	vmd_trace_close(trace);
	return rc;
}

/* Copies a trace into another file; the trace is closed. */
static int copy(struct vmd_trace *trace, const char *to,
		enum vmd_trace_form form, struct vmd_trace_error *error)
{
	struct vmd_trace_writer_config config = { .size = sizeof(config),
						  .path = to,
						  .form = form };
	struct vmd_trace_writer *writer;
	struct vmd_trace_record record;
	int rc;

	config.page_shift = vmd_trace_page_shift(trace);
	config.buffers = vmd_trace_buffers(trace, &config.nr_buffers);
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, error), 0);
	while ((rc = vmd_trace_next(trace, &record, error)) > 0) {
		rc = vmd_trace_writer_write(writer, &record, error);
		if (rc)
			break;
	}
	vmd_trace_close(trace);
	if (rc == 0)
		return vmd_trace_writer_finish(writer, error);
	vmd_trace_writer_abort(writer);
	return rc;
}

START_TEST(text_to_dtr_to_text_loses_nothing)
{
	static char before[FILE_SIZE];
	static char after[FILE_SIZE];
	static const char *const specs[] = { "regime:pages=300,epochs=60",
					     "sparse_tex:epochs=60",
					     "full_frame:double=1" };
	struct vmd_trace_error error;
	struct vmd_trace *trace;

	ck_assert_int_eq(vmd_trace_open_workload(specs[_i % 3], (uint64_t)_i,
						 &trace, &error),
			 0);
	ck_assert_int_eq(copy(trace, path, VMD_TRACE_TEXT, &error), 0);
	ck_assert_uint_gt(get_text(path, before), 0);

	trace = open_trace(path);
	ck_assert_int_eq(copy(trace, other, VMD_TRACE_DTR, &error), 0);
	trace = open_trace(other);
	ck_assert_str_eq(vmd_trace_form_name(trace), "dtr 1");
	ck_assert_int_eq(copy(trace, path, VMD_TRACE_TEXT, &error), 0);

	ck_assert_uint_gt(get_text(path, after), 0);
	ck_assert_str_eq(after, before);
}
END_TEST

static const char example[] = MAGIC "# program: glxgears\n"
				    "# page_size: 65536\n"
				    "# epochs: 3\n"
				    "B 0 90 1\n"
				    "B 1 100 18\n"
				    "E 0\n"
				    "0 0 90\n"
				    "# a comment\n"
				    "1 0 94\n"
				    "1 96 4\n"
				    "E 906\n"
				    "E 18446744073709551615\n"
				    "1 99 1\n";

START_TEST(the_example_says_what_it_says)
{
	const struct vmd_trace_buffer *buffers;
	struct vmd_trace_record record;
	struct vmd_trace *trace;
	size_t nr;

	put_text(example);

	trace = open_trace(path);
	buffers = vmd_trace_buffers(trace, &nr);
	ck_assert_uint_eq(nr, 2);
	ck_assert_uint_eq(buffers[1].pages, 100);
	ck_assert_uint_eq(buffers[1].since, 18);
	ck_assert_str_eq(buffers[1].name, "");
	ck_assert_uint_eq(vmd_trace_page_shift(trace), 16);
	ck_assert_int_eq(vmd_trace_next(trace, &record, NULL), 1);
	ck_assert_int_eq(record.type, VMD_TRACE_EPOCH);
	ck_assert_int_eq(record.kind, VMD_TRACE_PRESENT);
	ck_assert_uint_eq(record.nr_runs, 3);
	ck_assert_uint_eq(record.runs[2].first, 96);
	ck_assert_int_eq(vmd_trace_next(trace, &record, NULL), 1);
	ck_assert_uint_eq(record.dt_us, 906);
	ck_assert_uint_eq(record.nr_runs, 0);
	ck_assert_int_eq(vmd_trace_next(trace, &record, NULL), 1);
	ck_assert_uint_eq(record.dt_us, UINT64_MAX);
	ck_assert_int_eq(vmd_trace_next(trace, &record, NULL), 0);
	vmd_trace_close(trace);
}
END_TEST

START_TEST(a_trace_without_epochs_is_a_trace)
{
	put_text(MAGIC "B 0 90 1\n");
	ck_assert_int_eq(read_whole(0, NULL), 0);
}
END_TEST

#define H MAGIC "B 0 90 1\nB 1 5 1\n"

/* Everything that can be wrong, and the line on which it is. */
static const struct {
	const char *text;
	unsigned int line;
	const char *says;
} bad_files[] = {
	{ MAGIC, 2, "a buffer before the first epoch was expected" },
	{ MAGIC "E 0\n", 2, "a buffer before the first epoch was expected" },
	{ MAGIC "B 0 90 1", 2, "the file ends within a line" },
	{ MAGIC "B 1 90 1\n", 2, "buffer 0 should come next" },
	{ MAGIC "B 0 90\n", 2, "'B BUFFER PAGES SINCE'" },
	{ MAGIC "B 0 90 1 \n", 2, "'B BUFFER PAGES SINCE'" },
	{ MAGIC "B 0 90 -1\n", 2, "'B BUFFER PAGES SINCE'" },
	{ MAGIC "B 0 90 1\r\n", 2, "'B BUFFER PAGES SINCE'" },
	{ MAGIC "B 0 4294967297 1\n", 2, "at most 2^32 pages" },
	{ MAGIC "# page_size: 5000\n", 2, "a power of two" },
	{ MAGIC "# epochs: many\n", 2, "number of epochs" },
	{ MAGIC "\n", 2, "'B BUFFER PAGES SINCE'" },
	{ H "E\n", 4, "'E DT_US'" },
	{ H "E 18446744073709551616\n", 4, "'E DT_US'" },
	{ H "E 0\n2 0 1\n", 5, "no such buffer" },
	{ H "E 0\n0 0\n", 5, "'BUFFER FIRST_PAGE NR_PAGES'" },
	{ H "E 0\nB 2 1 1\n", 5, "'BUFFER FIRST_PAGE NR_PAGES'" },
	{ H "E 0\n0 0 0\n", 5, "a run without pages" },
	{ H "E 0\n0 89 2\n", 5, "behind its buffer" },
	{ H "E 0\n0 18446744073709551615 2\n", 5, "behind its buffer" },
	{ H "E 0\n0 0 2\n0 2 1\n", 6, "overlap, touch" },
	{ H "E 0\n1 0 2\n0 2 1\n", 6, "buffers do not ascend" },
	{ H "E 0\n0 0 2", 5, "the file ends within a line" },
	{ MAGIC "# epochs: 2\nB 0 1 1\nE 0\n", 5, "after 1 of 2 epochs" },
	{ H "E 0\n"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000000000 1 1\n",
	  5, "the line is too long" },
};

START_TEST(every_kind_of_bad_content_is_named_with_its_line)
{
	struct vmd_trace_error error = { "" };
	char start[PATH_SIZE + 32];

	put_text(bad_files[_i].text);

	ck_assert_int_eq(read_whole(0, &error), -EINVAL);
	(void)snprintf(start, sizeof(start), "%s: line %u: ", path,
		       bad_files[_i].line);
	ck_assert_msg(strncmp(error.text, start, strlen(start)) == 0,
		      "row %d: %s", _i, error.text);
	ck_assert_msg(strstr(error.text, bad_files[_i].says) != NULL,
		      "row %d: %s", _i, error.text);
}
END_TEST

START_TEST(a_text_cut_at_any_byte_is_an_error)
{
	size_t len;

	for (len = 0; len < sizeof(example) - 1; len++) {
		int rc;

		put_bytes(example, len);
		rc = read_whole(0, NULL);
		/* The last run is a line of its own that nobody misses. */
		ck_assert_msg(rc == -EINVAL ||
				      (rc == 0 && len == sizeof(example) - 8),
			      "%zu", len);
	}
}
END_TEST

START_TEST(a_character_changed_anywhere_is_an_error_or_another_trace)
{
	static const char values[] = { '0', '9', ' ', '\n', 'E', '#', 0, -1 };
	char text[sizeof(example)];
	size_t at;
	size_t i;

	for (at = 0; at < sizeof(example) - 1; at++) {
		for (i = 0; i < sizeof(values); i++) {
			int rc;

			memcpy(text, example, sizeof(text));
			text[at] = values[i];
			put_bytes(text, sizeof(text) - 1);
			rc = read_whole(0, NULL);
			ck_assert_msg(rc == 0 || rc == -EINVAL, "%zu", at);
		}
	}
}
END_TEST

START_TEST(the_text_form_refuses_what_it_cannot_say)
{
	struct vmd_trace_error error = { "" };
	struct vmd_trace *trace;

	ck_assert_int_eq(vmd_trace_open_workload("readback", 1, &trace, NULL),
			 0);

	ck_assert_int_eq(copy(trace, other, VMD_TRACE_TEXT, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "epochs only"));
	ck_assert_int_eq(access(other, F_OK), -1);
}
END_TEST

START_TEST(the_header_says_how_many_epochs_were_written)
{
	static char text[FILE_SIZE];
	struct vmd_trace *trace;

	ck_assert_int_eq(vmd_trace_open_workload("hot2M_far:epochs=123", 1,
						 &trace, NULL),
			 0);
	ck_assert_int_eq(copy(trace, path, VMD_TRACE_TEXT, NULL), 0);

	ck_assert_uint_gt(get_text(path, text), 0);
	ck_assert_ptr_nonnull(strstr(text, "# epochs: 123 "));
	ck_assert_ptr_nonnull(strstr(text, "# tracked_pages: 16384\n"));
	ck_assert_int_eq(read_whole(0, NULL), 0);
}
END_TEST

static uint64_t hash_of_rest(struct vmd_trace *trace)
{
	uint64_t hash = VMD_TRACE_HASH_INIT;
	struct vmd_trace_record record;
	int rc;

	while ((rc = vmd_trace_next(trace, &record, NULL)) > 0)
		hash = vmd_trace_hash(hash, &record);
	ck_assert_int_eq(rc, 0);
	return hash;
}

START_TEST(a_rewound_text_gives_the_same_records)
{
	struct vmd_trace_record record;
	struct vmd_trace *trace;
	uint64_t hash;

	put_text(example);
	trace = open_trace(path);
	hash = hash_of_rest(trace);

	ck_assert_int_eq(vmd_trace_rewind(trace), 0);
	ck_assert_uint_eq(hash_of_rest(trace), hash);
	ck_assert_int_eq(vmd_trace_rewind(trace), 0);
	ck_assert_int_eq(vmd_trace_next(trace, &record, NULL), 1);
	ck_assert_int_eq(vmd_trace_rewind(trace), 0);
	ck_assert_uint_eq(hash_of_rest(trace), hash);
	vmd_trace_close(trace);
}
END_TEST

START_TEST(reading_text_survives_every_allocation_that_fails)
{
	struct vmd_trace_error error;
	uint64_t fail_nth = 0;
	int rc;

	put_text(example);
	do {
		rc = read_whole(++fail_nth, &error);
		ck_assert(rc == 0 || rc == -ENOMEM);
	} while (rc);
	ck_assert_uint_gt(fail_nth, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace text");
	TCase *tc = tcase_create("text");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, text_to_dtr_to_text_loses_nothing, 0, NR_SEEDS);
	tcase_add_test(tc, the_example_says_what_it_says);
	tcase_add_test(tc, a_trace_without_epochs_is_a_trace);
	tcase_add_loop_test(tc,
			    every_kind_of_bad_content_is_named_with_its_line, 0,
			    sizeof(bad_files) / sizeof(bad_files[0]));
	tcase_add_test(tc, a_text_cut_at_any_byte_is_an_error);
	tcase_add_test(
		tc, a_character_changed_anywhere_is_an_error_or_another_trace);
	tcase_add_test(tc, the_text_form_refuses_what_it_cannot_say);
	tcase_add_test(tc, the_header_says_how_many_epochs_were_written);
	tcase_add_test(tc, a_rewound_text_gives_the_same_records);
	tcase_add_test(tc, reading_text_survives_every_allocation_that_fails);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
