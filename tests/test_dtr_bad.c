/* SPDX-License-Identifier: MIT */
/*
 * Nothing in a .dtr file can do more than give an error that names its byte.
 */
#include "dtr_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "trace/file.h"
#include "trace/trace.h"

/* Everything that can be wrong, and the byte at which it is. */
#define ROW(at, says, ...)                                                  \
	{                                                                   \
		(const unsigned char[]){ __VA_ARGS__ },                     \
			sizeof((const unsigned char[]){ __VA_ARGS__ }), at, \
			says                                                \
	}
#define FF9 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
#define H   HEADER_OF_ONE(100)

static const struct {
	const unsigned char *bytes;
	size_t len;
	unsigned int at;
	const char *says;
} bad_files[] = {
	ROW(0, "neither a .dtr file", 'P', 'K', 3, 4),
	ROW(0, "another version", 'D', 'T', 'R', '2', 12, 0, 1, 4, 1, 0),
	ROW(4, "ends where the page shift", 'D', 'T', 'R', '1'),
	ROW(4, "page shift is 8", 'D', 'T', 'R', '1', 8, 0, 1, 4, 1, 0),
	ROW(4, "page shift is 31", 'D', 'T', 'R', '1', 31, 0, 1, 4, 1, 0),
	ROW(5, "unknown flags 0x2", 'D', 'T', 'R', '1', 12, 2, 1, 4, 1, 0),
	ROW(6, "buffers is 0", 'D', 'T', 'R', '1', 12, 0, 0),
	ROW(6, "buffers is 65537", 'D', 'T', 'R', '1', 12, 0, 0x81, 0x80, 4),
	ROW(6, "64 bits", 'D', 'T', 'R', '1', 12, 0, FF9, 2),
	ROW(6, "idle bytes", 'D', 'T', 'R', '1', 12, 0, 0x81, 0),
	ROW(7, "size of a buffer is", 'D', 'T', 'R', '1', 12, 0, 1, 0x81, 0x80,
	    0x80, 0x80, 0x10),
	ROW(9, "a name is 256", 'D', 'T', 'R', '1', 12, 0, 1, 4, 1, 0x80, 2),
	ROW(11, "control character", 'D', 'T', 'R', '1', 12, 0, 1, 4, 1, 2, 'a',
	    '\n'),
	ROW(10, "0x5a begins no record", H, 'Z'),
	ROW(11, "64 bits", H, 'E', FF9, 0x7f),
	ROW(12, "4 is no kind", H, 'E', 0, 4, 0),
	ROW(13, "buffers in a set is 2", H, 'E', 0, 0, 2),
	ROW(14, "buffer behind the last", H, 'E', 0, 0, 1, 1, 1, 0, 0),
	ROW(14, "64 bits", H, 'E', 0, 0, 1, FF9, 3),
	ROW(15, "runs is 0", H, 'E', 0, 0, 1, 0, 0),
	ROW(15, "runs is 51", H, 'E', 0, 0, 1, 0, 51),
	ROW(16, "begins behind", H, 'E', 0, 0, 1, 0, 1, 100, 0),
	ROW(16, "begins behind", H, 'E', 0, 0, 1, 0, 1, FF9, 1, 0),
	ROW(17, "ends behind", H, 'E', 0, 0, 1, 0, 1, 99, 1),
	ROW(17, "ends behind", H, 'E', 0, 0, 1, 0, 1, 99, FF9, 1),
	ROW(18, "touch", H, 'E', 0, 0, 1, 0, 2, 3, 4, 0, 4),
	ROW(10, "before the first 'E'", H, 'X', 0, 0, 0),
	ROW(10, "counts of writes", 'D', 'T', 'R', '1', 12, 1, 1, 100, 1, 0,
	    'X', 0, 0, 0),
	ROW(16, "count of writes is 32", 'D', 'T', 'R', '1', 12, 1, 1, 100, 1,
	    0, 'R', 1, 0, 1, 4, 0, 32),
	ROW(11, "a buffer is 1", H, 'M', 1, 5),
	ROW(12, "size of a buffer is 0", H, 'M', 0, 0),
	ROW(13, "not mapped", H, 'U', 0, 'U', 0),
	ROW(15, "runs is 1, not in", H, 'U', 0, 'R', 1, 0, 1, 0, 0),
};

START_TEST(every_kind_of_bad_content_is_named_with_its_byte)
{
	struct vmd_trace_error error = { "" };
	char start[sizeof(dtr_path) + 32];
	size_t nr;

	put_file(bad_files[_i].bytes, bad_files[_i].len);

	ck_assert_int_eq(read_whole(&nr, &error), -EINVAL);
	(void)snprintf(start, sizeof(start), "%s: byte %u: ", dtr_path,
		       bad_files[_i].at);
	ck_assert_msg(strncmp(error.text, start, strlen(start)) == 0,
		      "row %d: %s", _i, error.text);
	ck_assert_msg(strstr(error.text, bad_files[_i].says) != NULL,
		      "row %d: %s", _i, error.text);
}
END_TEST

/* Where records of the dtr_example end. */
static bool is_whole(size_t len)
{
	return len == 19 || len == 34 || len == 43 || len == 45 || len == 48 ||
	       len == sizeof(dtr_example);
}

START_TEST(a_file_cut_at_any_byte_is_an_error_at_its_end)
{
	struct vmd_trace_error error;
	char place[32];
	size_t len;
	size_t nr;

	for (len = 0; len <= sizeof(dtr_example); len++) {
		int rc;

		put_file(dtr_example, len);
		rc = read_whole(&nr, &error);
		ck_assert_int_eq(rc, is_whole(len) ? 0 : -EINVAL);
		(void)snprintf(place, sizeof(place),
			       ": byte %zu: ", len < 4 ? 0 : len);
		ck_assert_msg(!rc || strstr(error.text, place), "%zu: %s", len,
			      error.text);
	}
}
END_TEST

/* Also behind the change the reader must stay within what it promises. */
START_TEST(a_byte_changed_anywhere_is_an_error_or_another_trace)
{
	static const unsigned char masks[] = { 1,  2,	4,    8,    16,	 32,
					       64, 128, 0xff, 0x7f, 0x55 };
	unsigned char bytes[sizeof(dtr_example)];
	struct vmd_trace_error error;
	size_t nr;
	size_t at;
	size_t i;

	for (at = 0; at < sizeof(dtr_example); at++) {
		for (i = 0; i < sizeof(masks); i++) {
			int rc;

			memcpy(bytes, dtr_example, sizeof(bytes));
			bytes[at] ^= masks[i];
			put_file(bytes, sizeof(bytes));
			rc = read_whole(&nr, &error);
			ck_assert_msg(rc == 0 || rc == -EINVAL, "byte %zu", at);
		}
	}
}
END_TEST

START_TEST(garbage_behind_the_last_record_is_an_error)
{
	unsigned char bytes[sizeof(dtr_example) + 1];
	struct vmd_trace_error error;
	size_t nr;

	memcpy(bytes, dtr_example, sizeof(dtr_example));
	bytes[sizeof(dtr_example)] = 0;
	put_file(bytes, sizeof(bytes));

	ck_assert_int_eq(read_whole(&nr, &error), -EINVAL);
	ck_assert_uint_eq(nr, 5);
	ck_assert_ptr_nonnull(strstr(error.text, "0x00 begins no record"));
}
END_TEST

/* 2^31 runs are announced: they would take 48 GiB. */
START_TEST(an_announced_count_takes_no_memory)
{
	static const unsigned char bytes[] = {
		'D',  'T',  'R',  '1',	12,   0,    1,	  0x80, 0x80, 0x80,
		0x80, 0x10, 1,	  0,	'E',  0,    0,	  1,	0,    0x80,
		0x80, 0x80, 0x80, 0x08, 0x05, 0x00, 0x01, 0x00,
	};
	struct vmd_trace_error error;
	struct vmd_trace *trace;
	size_t nr;

	put_file(bytes, sizeof(bytes));

	trace = open_trace();
	ck_assert_int_eq(drain(trace, &nr, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "byte 28: the file ends"));
	ck_assert_uint_le(vmd_file_trace(trace)->before.capacity, 64);
	vmd_trace_close(trace);
}
END_TEST

START_TEST(what_cannot_be_opened_is_named)
{
	struct vmd_trace *trace = NULL;
	struct vmd_trace_error error;

	ck_assert_int_eq(vmd_trace_open(dtr_path, &trace, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error.text, "t.dtr: no such file"));
	ck_assert_int_eq(vmd_trace_open(dtr_dir, &trace, &error), -EISDIR);
	ck_assert_ptr_nonnull(strstr(error.text, "is a directory"));
	ck_assert_int_eq(vmd_trace_open(dtr_path, &trace, NULL), -ENOENT);
	put_file("", 0);
	ck_assert_int_eq(vmd_trace_open(dtr_path, &trace, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "the file is empty"));
	ck_assert_ptr_null(trace);
}
END_TEST

START_TEST(a_message_is_one_line_whatever_the_path_is)
{
	char name[1024];
	struct vmd_trace *trace;
	struct vmd_trace_error error;

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memcpy(name + 1000, "a\nb", 3);

	ck_assert_int_ne(vmd_trace_open(name, &trace, &error), 0);
	ck_assert_ptr_null(strchr(error.text, '\n'));
	ck_assert_ptr_nonnull(strstr(error.text, "the name is too long"));
}
END_TEST

START_TEST(a_reader_survives_every_allocation_that_fails)
{
	struct sample samples[MAX_RECORDS];
	struct vmd_trace_error error;
	struct vmd_trace *trace;
	uint64_t fail_nth = 0;
	size_t nr;
	int rc;

	write_samples(samples, draw_records(3, samples));
	do {
		rc = vmd_trace_open_failing(dtr_path, ++fail_nth, &trace,
					    &error);
		if (rc == 0) {
			rc = drain(trace, &nr, &error);
			vmd_trace_close(trace);
		}
		ck_assert(rc == 0 || rc == -ENOMEM);
		ck_assert(rc == 0 || strstr(error.text, "out of memory"));
	} while (rc);
	ck_assert_uint_gt(fail_nth, 8);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc,
			    every_kind_of_bad_content_is_named_with_its_byte, 0,
			    sizeof(bad_files) / sizeof(bad_files[0]));
	tcase_add_test(tc, a_file_cut_at_any_byte_is_an_error_at_its_end);
	tcase_add_test(tc,
		       a_byte_changed_anywhere_is_an_error_or_another_trace);
	tcase_add_test(tc, garbage_behind_the_last_record_is_an_error);
	tcase_add_test(tc, an_announced_count_takes_no_memory);
	tcase_add_test(tc, what_cannot_be_opened_is_named);
	tcase_add_test(tc, a_message_is_one_line_whatever_the_path_is);
	tcase_add_test(tc, a_reader_survives_every_allocation_that_fails);
}

int main(void)
{
	Suite *suite = suite_create("dtr_bad");
	TCase *tc = tcase_create("bad input");

	tcase_add_checked_fixture(tc, dtr_setup, dtr_teardown);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
