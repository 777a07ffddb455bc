/* SPDX-License-Identifier: MIT */
/*
 * The .dtr form: what is written is read back, and nothing in a file can do
 * more than give an error that names its byte.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/file.h"
#include "trace/rng.h"
#include "trace/trace.h"

#define NR_SEEDS    40
#define MAX_RECORDS 40
#define MAX_RUNS    24
#define PATH_SIZE   256

static char dir[PATH_SIZE];
static char path[PATH_SIZE + 16];

/* A directory per test: what is left behind can be seen. */
static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(dir, sizeof(dir), "%s/vmd_dtr.XXXXXX",
		       tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/t.dtr", dir);
}

/* rmdir() is the check that no sibling is left. */
static void teardown(void)
{
	(void)unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void put_file(const void *bytes, size_t len)
{
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static size_t get_file(unsigned char *bytes, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t len;

	ck_assert_ptr_nonnull(file);
	len = fread(bytes, 1, size, file);
	ck_assert_int_eq(fclose(file), 0);
	return len;
}

/* A record with room for its runs. */
struct sample {
	struct vmd_trace_record record;
	struct vmd_trace_run runs[MAX_RUNS];
};

static const struct vmd_trace_buffer four_buffers[] = {
	{ 100, 1, "heap" },
	{ UINT64_C(1) << 32, 7, "" },
	{ 0, 1, "late" },
	{ 3, UINT64_MAX, NULL },
};

static struct vmd_trace_writer_config
config_of(const struct vmd_trace_buffer *buffers, size_t nr)
{
	return (struct vmd_trace_writer_config){
		.size = sizeof(struct vmd_trace_writer_config),
		.path = path,
		.buffers = buffers,
		.nr_buffers = nr,
	};
}

static struct vmd_trace_writer *
begin_file(const struct vmd_trace_buffer *buffers, size_t nr)
{
	struct vmd_trace_writer_config config = config_of(buffers, nr);
	struct vmd_trace_writer *writer = NULL;
	struct vmd_trace_error error;

	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, &error), 0);
	return writer;
}

static void write_epoch(struct vmd_trace_writer *writer,
			const struct vmd_trace_run *runs, size_t nr)
{
	struct vmd_trace_record record = { .kind = VMD_TRACE_PRESENT,
					   .dt_us = 5,
					   .runs = runs,
					   .nr_runs = nr };
	struct vmd_trace_error error;

	ck_assert_int_eq(vmd_trace_writer_write(writer, &record, &error), 0);
}

static void finish(struct vmd_trace_writer *writer)
{
	struct vmd_trace_error error;

	ck_assert_int_eq(vmd_trace_writer_finish(writer, &error), 0);
}

static struct vmd_trace *open_trace(void)
{
	struct vmd_trace_error error = { "" };
	struct vmd_trace *trace = NULL;
	int err = vmd_trace_open(path, &trace, &error);

	ck_assert_msg(err == 0, "%s", error.text);
	return trace;
}

/* Reads to the end; what it returned there. */
static int drain(struct vmd_trace *trace, size_t *nr,
		 struct vmd_trace_error *error)
{
	struct vmd_trace_record record;
	int rc;

	for (*nr = 0; (rc = vmd_trace_next(trace, &record, error)) > 0; ++*nr)
		ck_assert_uint_le(record.nr_runs, VMD_TRACE_MAX_RUNS);
	return rc;
}

/* Opens and reads to the end; the first error, or 0. */
static int read_whole(size_t *nr, struct vmd_trace_error *error)
{
	struct vmd_trace *trace;
	int rc = vmd_trace_open(path, &trace, error);

	*nr = 0;
	if (rc)
		return rc;
	rc = drain(trace, nr, error);
	vmd_trace_close(trace);
	return rc;
}

/* Random runs, near each other or far; valid for buffers of these sizes. */
static void draw_runs(struct vmd_rng *rng, const uint64_t pages[4],
		      struct sample *s)
{
	uint32_t buffer;

	for (buffer = 0; buffer < 4; buffer++) {
		uint64_t at = vmd_rng_below(rng, 40);

		while (at < pages[buffer] && vmd_rng_below(rng, 4) &&
		       s->record.nr_runs < MAX_RUNS) {
			uint64_t room = pages[buffer] - at;
			uint64_t nr =
				1 + vmd_rng_below(rng, room < 9 ? room : 9);

			s->runs[s->record.nr_runs++] =
				(struct vmd_trace_run){ buffer, at, nr };
			at += nr + 1 +
			      vmd_rng_below(rng,
					    UINT64_C(1)
						    << vmd_rng_below(rng, 33));
		}
	}
}

static void draw_mapping(struct vmd_rng *rng, uint64_t pages[4],
			 struct vmd_trace_record *record)
{
	record->buffer = (uint32_t)vmd_rng_below(rng, 4);
	record->type = VMD_TRACE_UNMAP;
	if (pages[record->buffer] == 0 || vmd_rng_below(rng, 2)) {
		record->type = VMD_TRACE_MAP;
		record->pages = 1 + vmd_rng_below(rng, 5000);
	}
	pages[record->buffer] = record->pages;
}

static void draw_record(struct vmd_rng *rng, uint64_t pages[4],
			struct sample *s, const struct sample *before)
{
	memset(s, 0, sizeof(*s));
	if (vmd_rng_below(rng, 6) == 0) {
		draw_mapping(rng, pages, &s->record);
		return;
	}
	if (vmd_rng_below(rng, 6) == 0)
		s->record.type = VMD_TRACE_GPU_WRITE;
	else
		s->record.dt_us = vmd_rng_next(rng) >> vmd_rng_below(rng, 64);
	if (s->record.type == VMD_TRACE_EPOCH)
		s->record.kind = (enum vmd_trace_kind)vmd_rng_below(rng, 4);
	if (before && before->record.nr_runs &&
	    before->record.type == VMD_TRACE_EPOCH && vmd_rng_below(rng, 2)) {
		s->record.nr_runs = before->record.nr_runs - 1;
		memcpy(s->runs, before->runs, sizeof(s->runs));
	} else {
		draw_runs(rng, pages, s);
	}
	s->record.runs = s->runs;
}

/* A list of records that a writer takes. */
static size_t draw_records(uint64_t seed, struct sample samples[MAX_RECORDS])
{
	uint64_t pages[4];
	struct vmd_rng rng;
	size_t nr;
	size_t i;

	vmd_rng_init(&rng, seed);
	for (i = 0; i < 4; i++)
		pages[i] = four_buffers[i].pages;
	nr = vmd_rng_below(&rng, MAX_RECORDS);
	for (i = 0; i < nr; i++)
		draw_record(&rng, pages, &samples[i],
			    i ? &samples[i - 1] : NULL);
	return nr;
}

static void write_samples(const struct sample *samples, size_t nr)
{
	struct vmd_trace_writer *writer = begin_file(four_buffers, 4);
	struct vmd_trace_error error = { "" };
	size_t i;

	for (i = 0; i < nr; i++) {
		int err = vmd_trace_writer_write(writer, &samples[i].record,
						 &error);

		ck_assert_msg(err == 0, "%s", error.text);
	}
	finish(writer);
}

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
	struct vmd_trace_writer_config config = config_of(four_buffers, 4);
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
		const char *name = four_buffers[i].name;

		ck_assert_uint_eq(buffers[i].pages, four_buffers[i].pages);
		ck_assert_uint_eq(buffers[i].since, four_buffers[i].since);
		ck_assert_str_eq(buffers[i].name, name ? name : "");
	}
	ck_assert_uint_eq(vmd_trace_page_shift(trace), 21);
	ck_assert_str_eq(vmd_trace_form_name(trace), "dtr 1");
	ck_assert_str_eq(vmd_trace_name(trace), path);
	vmd_trace_close(trace);
}
END_TEST

/* The example of docs/dtr.md, byte by byte. */
static const unsigned char example[] = {
	'D', 'T',  'R',	 '1', 12,   0,	  2, 90, 1, 5, 'f',
	'r', 'o',  'n',	 't', 0xac, 0x02, 1, 0, /* 300 pages, no name */
	'E', 0,	   1,	 2,   0,    1,	  0, 89, 0, 2, 10,
	2,   0x83, 0x01, 0, /* full */
	'X', 0x8a, 0x07, 1,   1,    1,	  1, 13, 0, /* page 13 of buffer 1 toggles */
	'U', 1,	   'M',	 1,   16,   'R',  1, 1,	 1, 0, 15
};

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

	ck_assert_uint_eq(get_file(bytes, sizeof(bytes)), sizeof(example));
	ck_assert_mem_eq(bytes, example, sizeof(example));
}
END_TEST

/* Behind "DTR1", page shift, flags, one buffer without a name. */
#define HEADER_OF_ONE(pages) 'D', 'T', 'R', '1', 12, 0, 1, pages, 1, 0
#define HEADER_LEN	     10

static const struct vmd_trace_buffer one_buffer = { 100, 1, "" };

START_TEST(an_epoch_far_from_the_one_before_is_written_in_full)
{
	const struct vmd_trace_run a = { 0, 0, 5 };
	const struct vmd_trace_run b = { 0, 50, 5 };
	struct vmd_trace_writer *writer = begin_file(&one_buffer, 1);
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
	struct vmd_trace_writer *writer = begin_file(&one_buffer, 1);
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
	char start[sizeof(path) + 32];
	size_t nr;

	put_file(bad_files[_i].bytes, bad_files[_i].len);

	ck_assert_int_eq(read_whole(&nr, &error), -EINVAL);
	(void)snprintf(start, sizeof(start), "%s: byte %u: ", path,
		       bad_files[_i].at);
	ck_assert_msg(strncmp(error.text, start, strlen(start)) == 0,
		      "row %d: %s", _i, error.text);
	ck_assert_msg(strstr(error.text, bad_files[_i].says) != NULL,
		      "row %d: %s", _i, error.text);
}
END_TEST

/* Where records of the example end. */
static bool is_whole(size_t len)
{
	return len == 19 || len == 34 || len == 43 || len == 45 || len == 48 ||
	       len == sizeof(example);
}

START_TEST(a_file_cut_at_any_byte_is_an_error_at_its_end)
{
	struct vmd_trace_error error;
	char place[32];
	size_t len;
	size_t nr;

	for (len = 0; len <= sizeof(example); len++) {
		int rc;

		put_file(example, len);
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
	unsigned char bytes[sizeof(example)];
	struct vmd_trace_error error;
	size_t nr;
	size_t at;
	size_t i;

	for (at = 0; at < sizeof(example); at++) {
		for (i = 0; i < sizeof(masks); i++) {
			int rc;

			memcpy(bytes, example, sizeof(bytes));
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
	unsigned char bytes[sizeof(example) + 1];
	struct vmd_trace_error error;
	size_t nr;

	memcpy(bytes, example, sizeof(example));
	bytes[sizeof(example)] = 0;
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

START_TEST(an_error_stays_until_the_trace_is_rewound)
{
	static const unsigned char bytes[] = { H, 'E', 0, 1, 0, 'Z' };
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
	ck_assert_int_eq((int)write(fds[1], example, sizeof(example)),
			 (int)sizeof(example));
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

START_TEST(what_cannot_be_opened_is_named)
{
	struct vmd_trace *trace = NULL;
	struct vmd_trace_error error;

	ck_assert_int_eq(vmd_trace_open(path, &trace, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error.text, "t.dtr: no such file"));
	ck_assert_int_eq(vmd_trace_open(dir, &trace, &error), -EISDIR);
	ck_assert_ptr_nonnull(strstr(error.text, "is a directory"));
	ck_assert_int_eq(vmd_trace_open(path, &trace, NULL), -ENOENT);
	put_file("", 0);
	ck_assert_int_eq(vmd_trace_open(path, &trace, &error), -EINVAL);
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
		rc = vmd_trace_open_failing(path, ++fail_nth, &trace, &error);
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

/* The whole of a writer's life; the first error. */
static int try_to_write(uint64_t fail_nth, const struct sample *samples,
			size_t nr)
{
	struct vmd_trace_writer_config config = config_of(four_buffers, 4);
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
		ck_assert_int_eq(access(path, F_OK), rc ? -1 : 0);
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
	struct vmd_trace_writer *writer = begin_file(&one_buffer, 1);
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
	struct vmd_trace_writer *writer = begin_file(&one_buffer, 1);
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
	config = config_of(&one_buffer, 0);
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, NULL),
			 -EINVAL);
	config = config_of(&one_buffer, 1);
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
	writer = begin_file(&one_buffer, 1);
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
	writer = begin_file(&one_buffer, 1);
	write_epoch(writer, NULL, 0);
	vmd_trace_writer_abort(writer);
	vmd_trace_writer_abort(NULL);

	ck_assert_uint_eq(get_file(bytes, sizeof(bytes)), 3);
}
END_TEST

START_TEST(two_writers_of_one_path_do_not_meet)
{
	struct vmd_trace_writer *a = begin_file(&one_buffer, 1);
	struct vmd_trace_writer *b = begin_file(&one_buffer, 1);
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
	struct vmd_trace_writer_config config = config_of(&one_buffer, 1);
	struct vmd_trace_writer *writer;
	struct vmd_trace_error error;

	config.path = dir;
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
	struct vmd_trace_writer *writer = begin_file(&one_buffer, 1);
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
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

static void add_reading(TCase *tc)
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

static void add_bad_input(TCase *tc)
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

static void add_writing(TCase *tc)
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
	Suite *suite = suite_create("dtr");
	TCase *reading = tcase_create("reading");
	TCase *bad_input = tcase_create("bad input");
	TCase *writing = tcase_create("writing");

	tcase_add_checked_fixture(reading, setup, teardown);
	tcase_add_checked_fixture(bad_input, setup, teardown);
	tcase_add_checked_fixture(writing, setup, teardown);
	add_reading(reading);
	add_bad_input(bad_input);
	add_writing(writing);
	suite_add_tcase(suite, reading);
	suite_add_tcase(suite, bad_input);
	suite_add_tcase(suite, writing);
	return vmd_test_main(suite);
}
