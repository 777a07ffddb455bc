/* SPDX-License-Identifier: MIT */
/*
 * The .dtr form: what is written is read back.
 */
#include "dtr_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

#define NR_SEEDS 40

static void assert_same(const struct vmd_trace_record *got,
			const struct vmd_trace_record *want)
{
	size_t i;

	ck_assert_int_eq(got->type, want->type);
	ck_assert_int_eq(got->kind, want->kind);
	ck_assert_uint_eq(got->dt_us, want->dt_us);
	ck_assert_uint_eq(got->buffer, want->buffer);
	ck_assert_uint_eq(got->pages, want->pages);
	ck_assert_uint_eq(got->nr_runs, want->nr_runs);
	for (i = 0; i < want->nr_runs; i++) {
		ck_assert_uint_eq(got->runs[i].buffer, want->runs[i].buffer);
		ck_assert_uint_eq(got->runs[i].first, want->runs[i].first);
		ck_assert_uint_eq(got->runs[i].nr, want->runs[i].nr);
	}
}

START_TEST(a_trace_is_read_back_as_it_was_written)
{
	struct sample samples[MAX_RECORDS];
	struct vmd_trace_record record;
	struct vmd_trace_error error;
	struct vmd_trace *trace;
	size_t nr = draw_records((uint64_t)_i, samples);
	size_t i;

	write_samples(samples, nr);

	trace = open_trace();
	for (i = 0; i < nr; i++) {
		ck_assert_int_eq(vmd_trace_next(trace, &record, &error), 1);
		assert_same(&record, &samples[i].record);
	}
	ck_assert_int_eq(vmd_trace_next(trace, &record, &error), 0);
	vmd_trace_close(trace);
}
END_TEST

START_TEST(the_header_is_read_back_as_it_was_written)
{
	struct vmd_trace_writer_config config = config_of(dtr_four_buffers, 4);
	const struct vmd_trace_buffer *buffers;
	struct vmd_trace_writer *writer;
	struct vmd_trace *trace;
	size_t nr;
	size_t i;

	config.page_shift = 21;
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, NULL), 0);
	finish(writer);

	trace = open_trace();
	buffers = vmd_trace_buffers(trace, &nr);
	ck_assert_uint_eq(nr, 4);
	for (i = 0; i < nr; i++) {
		const char *name = dtr_four_buffers[i].name;

		ck_assert_uint_eq(buffers[i].pages, dtr_four_buffers[i].pages);
		ck_assert_uint_eq(buffers[i].since, dtr_four_buffers[i].since);
		ck_assert_str_eq(buffers[i].name, name ? name : "");
	}
	ck_assert_uint_eq(vmd_trace_page_shift(trace), 21);
	ck_assert_str_eq(vmd_trace_form_name(trace), "dtr 1");
	ck_assert_str_eq(vmd_trace_name(trace), dtr_path);
	vmd_trace_close(trace);
}
END_TEST

START_TEST(the_documented_example_is_what_the_writer_writes)
{
	static const struct vmd_trace_buffer buffers[] = { { 90, 1, "front" },
							   { 300, 1, "" } };
	static const struct vmd_trace_run a[] = { { 0, 0, 90 },
						  { 1, 10, 3 },
						  { 1, 144, 1 } };
	static const struct vmd_trace_run b[] = { { 0, 0, 90 },
						  { 1, 10, 4 },
						  { 1, 144, 1 } };
	static const struct vmd_trace_run c[] = { { 1, 0, 16 } };
	const struct vmd_trace_record records[] = {
		{ .kind = VMD_TRACE_PRESENT, .runs = a, .nr_runs = 3 },
		{ .kind = VMD_TRACE_PRESENT,
		  .dt_us = 906,
		  .runs = b,
		  .nr_runs = 3 },
		{ .type = VMD_TRACE_UNMAP, .buffer = 1 },
		{ .type = VMD_TRACE_MAP, .buffer = 1, .pages = 16 },
		{ .type = VMD_TRACE_GPU_WRITE, .runs = c, .nr_runs = 1 },
	};
	struct vmd_trace_writer *writer = begin_file(buffers, 2);
	unsigned char bytes[128];
	size_t i;

	for (i = 0; i < 5; i++)
		ck_assert_int_eq(vmd_trace_writer_write(writer, &records[i],
							NULL),
				 0);
	finish(writer);

	ck_assert_uint_eq(get_file(bytes, sizeof(bytes)), sizeof(dtr_example));
	ck_assert_mem_eq(bytes, dtr_example, sizeof(dtr_example));
}
END_TEST

START_TEST(an_epoch_far_from_the_one_before_is_written_in_full)
{
	const struct vmd_trace_run a = { 0, 0, 5 };
	const struct vmd_trace_run b = { 0, 50, 5 };
	struct vmd_trace_writer *writer = begin_file(&dtr_one_buffer, 1);
	unsigned char bytes[64];

	write_epoch(writer, &a, 1);
	write_epoch(writer, &b, 1);
	finish(writer);

	ck_assert_uint_eq(get_file(bytes, sizeof(bytes)), HEADER_LEN + 16);
	ck_assert_int_eq(bytes[HEADER_LEN], 'E');
	ck_assert_int_eq(bytes[HEADER_LEN + 8], 'E');
}
END_TEST

START_TEST(a_full_epoch_comes_every_1024_epochs)
{
	const struct vmd_trace_run run = { 0, 7, 5 };
	struct vmd_trace_writer *writer = begin_file(&dtr_one_buffer, 1);
	struct vmd_trace_error error;
	unsigned char bytes[16384];
	size_t at = HEADER_LEN;
	size_t len;
	size_t i;

	for (i = 0; i < 2500; i++)
		write_epoch(writer, &run, 1);
	finish(writer);

	len = get_file(bytes, sizeof(bytes));
	for (i = 0; at < len; i++) {
		ck_assert_int_eq(bytes[at], i % 1024 ? 'X' : 'E');
		at += i % 1024 ? 4 : 8;
	}
	ck_assert_uint_eq(i, 2500);
	ck_assert_int_eq(read_whole(&i, &error), 0);
	ck_assert_uint_eq(i, 2500);
}
END_TEST

START_TEST(a_reader_insists_on_a_full_epoch_every_1024)
{
	unsigned char bytes[HEADER_LEN + 8 + 4 * 1024] = {
		HEADER_OF_ONE(100), 'E', 0, 1, 1, 0, 1, 7, 4
	};
	struct vmd_trace_error error;
	size_t nr;

	for (nr = 0; nr < 1024; nr++)
		memcpy(bytes + HEADER_LEN + 8 + 4 * nr, "X\0\1\0", 4);
	put_file(bytes, sizeof(bytes));

	ck_assert_int_eq(read_whole(&nr, &error), -EINVAL);
	ck_assert_uint_eq(nr, 1024);
	ck_assert_ptr_nonnull(strstr(error.text, "1024 epochs without an 'E'"));
}
END_TEST

START_TEST(what_a_buffer_held_is_no_base_after_it_was_mapped_anew)
{
	static const unsigned char bytes[] = {
		HEADER_OF_ONE(100),
		'E',
		0,
		1,
		1,
		0,
		1,
		90,
		4, /* 90..94 */
		'M',
		0,
		20, /* 20 pages now */
		'X',
		0,
		1,
		1,
		0,
		1,
		3,
		0, /* page 3 */
	};
	struct vmd_trace_record record;
	struct vmd_trace *trace;
	int i;

	put_file(bytes, sizeof(bytes));

	trace = open_trace();
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(vmd_trace_next(trace, &record, NULL), 1);
	ck_assert_uint_eq(record.nr_runs, 1);
	ck_assert_uint_eq(record.runs[0].first, 3);
	vmd_trace_close(trace);
}
END_TEST

START_TEST(counts_of_writes_are_read_and_left_out)
{
	static const unsigned char bytes[] = { 'D', 'T', 'R', '1', 12, 1,
					       1,   100, 1,   0, /* flag 0 */
					       'E', 0,	 1,   1,   0,  2,
					       3,   0,	 5,   1,   1,  31 };
	struct vmd_trace_record record;
	struct vmd_trace *trace;

	put_file(bytes, sizeof(bytes));

	trace = open_trace();
	ck_assert_int_eq(vmd_trace_next(trace, &record, NULL), 1);
	ck_assert_uint_eq(record.nr_runs, 2);
	ck_assert_uint_eq(record.runs[1].first, 5);
	ck_assert_uint_eq(record.runs[1].nr, 2);
	ck_assert_uint_eq(record.writes, 1);
	ck_assert_int_eq(vmd_trace_next(trace, &record, NULL), 0);
	vmd_trace_close(trace);
}
END_TEST

START_TEST(an_error_stays_until_the_trace_is_rewound)
{
	static const unsigned char bytes[] = {
		HEADER_OF_ONE(100), 'E', 0, 1, 0, 'Z'
	};
	struct vmd_trace_error first;
	struct vmd_trace_error second;
	struct vmd_trace_record record;
	struct vmd_trace *trace;

	put_file(bytes, sizeof(bytes));
	trace = open_trace();
	ck_assert_int_eq(vmd_trace_next(trace, &record, &first), 1);
	ck_assert_int_eq(vmd_trace_next(trace, &record, &first), -EINVAL);

	ck_assert_int_eq(vmd_trace_next(trace, &record, &second), -EINVAL);
	ck_assert_str_eq(first.text, second.text);
	ck_assert_int_eq(vmd_trace_rewind(trace), 0);
	ck_assert_int_eq(vmd_trace_next(trace, &record, &first), 1);
	vmd_trace_close(trace);
}
END_TEST

static uint64_t hash_of_rest(struct vmd_trace *trace)
{
	uint64_t hash = VMD_TRACE_HASH_INIT;
	struct vmd_trace_record record;

	while (vmd_trace_next(trace, &record, NULL) > 0)
		hash = vmd_trace_hash(hash, &record);
	return hash;
}

START_TEST(a_rewound_trace_gives_the_same_records)
{
	struct sample samples[MAX_RECORDS];
	struct vmd_trace_record record;
	struct vmd_trace *trace;
	uint64_t hash;

	write_samples(samples, draw_records((uint64_t)_i, samples));
	trace = open_trace();
	hash = hash_of_rest(trace);

	ck_assert_int_eq(vmd_trace_rewind(trace), 0);
	ck_assert_uint_eq(hash_of_rest(trace), hash);
	ck_assert_int_eq(vmd_trace_rewind(trace), 0);
	(void)!vmd_trace_next(trace, &record, NULL);
	ck_assert_int_eq(vmd_trace_rewind(trace), 0);
	ck_assert_uint_eq(hash_of_rest(trace), hash);
	vmd_trace_close(trace);
}
END_TEST

START_TEST(a_pipe_is_read_once)
{
	struct vmd_trace *trace;
	size_t nr;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq((int)write(fds[1], dtr_example, sizeof(dtr_example)),
			 (int)sizeof(dtr_example));
	(void)close(fds[1]);
	ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
	(void)close(fds[0]);

	ck_assert_int_eq(vmd_trace_open("-", &trace, NULL), 0);
	ck_assert_int_eq(drain(trace, &nr, NULL), 0);
	ck_assert_uint_eq(nr, 5);
	ck_assert_int_eq(vmd_trace_rewind(trace), -ESPIPE);
	vmd_trace_close(trace);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, a_trace_is_read_back_as_it_was_written, 0,
			    NR_SEEDS);
	tcase_add_test(tc, the_header_is_read_back_as_it_was_written);
	tcase_add_test(tc, the_documented_example_is_what_the_writer_writes);
	tcase_add_test(tc, an_epoch_far_from_the_one_before_is_written_in_full);
	tcase_add_test(tc, a_full_epoch_comes_every_1024_epochs);
	tcase_add_test(tc, a_reader_insists_on_a_full_epoch_every_1024);
	tcase_add_test(tc,
		       what_a_buffer_held_is_no_base_after_it_was_mapped_anew);
	tcase_add_test(tc, counts_of_writes_are_read_and_left_out);
	tcase_add_test(tc, an_error_stays_until_the_trace_is_rewound);
	tcase_add_loop_test(tc, a_rewound_trace_gives_the_same_records, 0, 4);
	tcase_add_test(tc, a_pipe_is_read_once);
}

int main(void)
{
	Suite *suite = suite_create("dtr");
	TCase *tc = tcase_create("reading");

	tcase_add_checked_fixture(tc, dtr_setup, dtr_teardown);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
