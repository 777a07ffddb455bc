/* SPDX-License-Identifier: MIT */
/*
 * Writing .dtr: what could not be read back is refused, and a file is there
 * whole or not at all.
 */
#include "dtr_file.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"
#include "trace/trace.h"

/* The whole of a writer's life; the first error. */
static int try_to_write(uint64_t fail_nth, const struct sample *samples,
			size_t nr)
{
	struct vmd_trace_writer_config config = config_of(dtr_four_buffers, 4);
	struct vmd_trace_writer *writer;
	struct vmd_trace_error error;
	size_t i;
	int err;

	err = vmd_trace_writer_create_failing(&config, fail_nth, &writer,
					      &error);
	if (err)
		return err;
	for (i = 0; i < nr && !err; i++)
		err = vmd_trace_writer_write(writer, &samples[i].record,
					     &error);
	return vmd_trace_writer_finish(writer, &error);
}

START_TEST(a_writer_survives_every_allocation_that_fails)
{
	struct sample samples[MAX_RECORDS];
	size_t nr = draw_records(3, samples);
	uint64_t fail_nth = 0;
	int rc;

	do {
		rc = try_to_write(++fail_nth, samples, nr);
		ck_assert(rc == 0 || rc == -ENOMEM);
		ck_assert_int_eq(access(dtr_path, F_OK), rc ? -1 : 0);
	} while (rc);
	ck_assert_uint_gt(fail_nth, 8);
}
END_TEST

START_TEST(a_refused_record_leaves_the_writer_as_it_was)
{
	static const struct vmd_trace_run good[] = { { 0, 1, 2 } };
	static const struct vmd_trace_run bad[][2] = {
		{ { 1, 0, 1 }, { 1, 4, 1 } }, /* no such buffer */
		{ { 0, 0, 1 }, { 0, 4, 0 } }, /* empty */
		{ { 0, 0, 1 }, { 0, 99, 2 } }, /* behind the end */
		{ { 0, 0, 1 }, { 0, 100, 1 } }, /* behind the end */
		{ { 0, 0, 2 }, { 0, 2, 1 } }, /* touch */
		{ { 0, 0, 3 }, { 0, 2, 4 } }, /* overlap */
		{ { 0, 9, 1 }, { 0, 2, 4 } }, /* descend */
		{ { 0, 9, UINT64_MAX }, { 0, 2, 4 } },
	};
	struct vmd_trace_writer *writer = begin_file(&dtr_one_buffer, 1);
	struct vmd_trace_record record = { .nr_runs = 2 };
	struct vmd_trace_error error;
	size_t i;

	write_epoch(writer, good, 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		record.runs = bad[i];
		ck_assert_int_eq(vmd_trace_writer_write(writer, &record,
							&error),
				 -EINVAL);
		ck_assert_ptr_nonnull(strstr(error.text, ": record 2: "));
	}
	write_epoch(writer, good, 1);
	finish(writer);
	ck_assert_int_eq(read_whole(&i, &error), 0);
	ck_assert_uint_eq(i, 2);
}
END_TEST

START_TEST(a_writer_refuses_mappings_that_make_no_sense)
{
	struct vmd_trace_writer *writer = begin_file(&dtr_one_buffer, 1);
	const struct vmd_trace_record bad[] = {
		{ .type = VMD_TRACE_MAP, .buffer = 0, .pages = 0 },
		{ .type = VMD_TRACE_MAP, .buffer = 1, .pages = 1 },
		{ .type = VMD_TRACE_MAP, .pages = VMD_TRACE_MAX_PAGES + 1 },
		{ .type = VMD_TRACE_UNMAP, .buffer = 1 },
		{ .type = (enum vmd_trace_type)9 },
		{ .kind = (enum vmd_trace_kind)4 },
	};
	const struct vmd_trace_record unmap = { .type = VMD_TRACE_UNMAP };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(vmd_trace_writer_write(writer, &bad[i], NULL),
				 -EINVAL);
	ck_assert_int_eq(vmd_trace_writer_write(writer, &unmap, NULL), 0);
	ck_assert_int_eq(vmd_trace_writer_write(writer, &unmap, NULL), -EINVAL);
	finish(writer);
}
END_TEST

START_TEST(a_writer_refuses_a_header_that_could_not_be_read)
{
	char name[VMD_TRACE_MAX_NAME + 2];
	struct vmd_trace_buffer buffer = { 1, 1, name };
	struct vmd_trace_writer_config config = config_of(&buffer, 1);
	struct vmd_trace_writer *writer = NULL;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, NULL),
			 -EINVAL);
	buffer.name = "two\nlines";
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, NULL),
			 -EINVAL);
	buffer = (struct vmd_trace_buffer){ VMD_TRACE_MAX_PAGES + 1, 1, "" };
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, NULL),
			 -EINVAL);
	config = config_of(&dtr_one_buffer, 0);
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, NULL),
			 -EINVAL);
	config = config_of(&dtr_one_buffer, 1);
	config.page_shift = 8;
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, NULL),
			 -EINVAL);
	config.page_shift = 0;
	config.size--;
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, NULL),
			 -EINVAL);
	ck_assert_ptr_null(writer);
}
END_TEST

START_TEST(a_file_is_replaced_at_finish_and_not_before)
{
	struct vmd_trace_writer *writer;
	unsigned char bytes[64];

	put_file("old", 3);
	writer = begin_file(&dtr_one_buffer, 1);
	write_epoch(writer, NULL, 0);
	ck_assert_uint_eq(get_file(bytes, sizeof(bytes)), 3);
	finish(writer);
	ck_assert_uint_eq(get_file(bytes, sizeof(bytes)), HEADER_LEN + 4);
}
END_TEST

/* teardown() sees that nothing is left beside it. */
START_TEST(an_aborted_writer_leaves_everything_as_it_was)
{
	unsigned char bytes[64];
	struct vmd_trace_writer *writer;

	put_file("old", 3);
	writer = begin_file(&dtr_one_buffer, 1);
	write_epoch(writer, NULL, 0);
	vmd_trace_writer_abort(writer);
	vmd_trace_writer_abort(NULL);

	ck_assert_uint_eq(get_file(bytes, sizeof(bytes)), 3);
}
END_TEST

START_TEST(two_writers_of_one_path_do_not_meet)
{
	struct vmd_trace_writer *a = begin_file(&dtr_one_buffer, 1);
	struct vmd_trace_writer *b = begin_file(&dtr_one_buffer, 1);
	struct vmd_trace_error error;
	size_t nr;

	write_epoch(a, NULL, 0);
	write_epoch(b, NULL, 0);
	write_epoch(b, NULL, 0);
	finish(b);
	finish(a);
	ck_assert_int_eq(read_whole(&nr, &error), 0);
	ck_assert_uint_eq(nr, 1);
}
END_TEST

START_TEST(a_path_that_cannot_be_written_is_named)
{
	struct vmd_trace_writer_config config = config_of(&dtr_one_buffer, 1);
	struct vmd_trace_writer *writer;
	struct vmd_trace_error error;

	config.path = dtr_dir;
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, &error),
			 -EISDIR);
	config.path = "/dev/null";
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, &error),
			 -EINVAL);
	ck_assert_str_eq(error.text, "/dev/null: not a regular file");
	config.path = "/nowhere/at/all.dtr";
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, &error),
			 -ENOENT);
}
END_TEST

/* A limit of the size of files stands for a full disk. */
START_TEST(a_full_disk_leaves_nothing_behind)
{
	struct rlimit before;
	struct rlimit limit;
	struct vmd_trace_writer *writer = begin_file(&dtr_one_buffer, 1);
	struct vmd_trace_record record = { .dt_us = UINT64_MAX };
	struct vmd_trace_error error = { "" };
	int err = 0;
	int i;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 20000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (i = 0; i < 10000 && !err; i++)
		err = vmd_trace_writer_write(writer, &record, &error);

	ck_assert_int_eq(err, -EFBIG);
	ck_assert_int_eq(vmd_trace_writer_write(writer, &record, NULL), -EFBIG);
	ck_assert_int_eq(vmd_trace_writer_finish(writer, &error), -EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_ptr_nonnull(strstr(error.text, "the file is too large"));
	ck_assert_int_eq(access(dtr_path, F_OK), -1);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, a_writer_survives_every_allocation_that_fails);
	tcase_add_test(tc, a_refused_record_leaves_the_writer_as_it_was);
	tcase_add_test(tc, a_writer_refuses_mappings_that_make_no_sense);
	tcase_add_test(tc, a_writer_refuses_a_header_that_could_not_be_read);
	tcase_add_test(tc, a_file_is_replaced_at_finish_and_not_before);
	tcase_add_test(tc, an_aborted_writer_leaves_everything_as_it_was);
	tcase_add_test(tc, two_writers_of_one_path_do_not_meet);
	tcase_add_test(tc, a_path_that_cannot_be_written_is_named);
	tcase_add_test(tc, a_full_disk_leaves_nothing_behind);
}

int main(void)
{
	Suite *suite = suite_create("dtr_write");
	TCase *tc = tcase_create("writing");

	tcase_add_checked_fixture(tc, dtr_setup, dtr_teardown);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
