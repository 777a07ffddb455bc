/* SPDX-License-Identifier: MIT */
/*
 * Records are drawn so that a writer takes them: runs within buffers that are
 * mapped, near those of the epoch before or far from them.
 */
#include "dtr_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "trace/rng.h"

char dtr_dir[PATH_SIZE];
char dtr_path[PATH_SIZE + 16];

void dtr_setup(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(dtr_dir, sizeof(dtr_dir), "%s/vmd_dtr.XXXXXX",
		       tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dtr_dir));
	(void)snprintf(dtr_path, sizeof(dtr_path), "%s/t.dtr", dtr_dir);
}

/* rmdir() is the check that no sibling is left. */
void dtr_teardown(void)
{
	(void)unlink(dtr_path);
	ck_assert_int_eq(rmdir(dtr_dir), 0);
}

void put_file(const void *bytes, size_t len)
{
	FILE *file = fopen(dtr_path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

size_t get_file(unsigned char *bytes, size_t size)
{
	FILE *file = fopen(dtr_path, "rb");
	size_t len;

	ck_assert_ptr_nonnull(file);
	len = fread(bytes, 1, size, file);
	ck_assert_int_eq(fclose(file), 0);
	return len;
}

const unsigned char
	dtr_example
		[EXAMPLE_LEN] = { 'D',	'T',  'R',  '1', 12,   0,    2,	  90,
				  1,	5,    'f',  'r', 'o',  'n',  't', 0xac,
				  0x02, 1,    0, /* 300 pages, no name */
				  'E',	0,    1,    2,	 0,    1,    0,	  89,
				  0,	2,    10,   2,	 0x83, 0x01, 0, /* full */
				  'X',	0x8a, 0x07, 1,	 1,    1,    1,	  13,
				  0, /* page 13 of buffer 1 toggles */
				  'U',	1,    'M',  1,	 16,   'R',  1,	  1,
				  1,	0,    15 };

const struct vmd_trace_buffer dtr_one_buffer = { 100, 1, "" };

const struct vmd_trace_buffer dtr_four_buffers[4] = {
	{ 100, 1, "heap" },
	{ UINT64_C(1) << 32, 7, "" },
	{ 0, 1, "late" },
	{ 3, UINT64_MAX, NULL },
};

struct vmd_trace_writer_config config_of(const struct vmd_trace_buffer *buffers,
					 size_t nr)
{
	return (struct vmd_trace_writer_config){
		.size = sizeof(struct vmd_trace_writer_config),
		.path = dtr_path,
		.buffers = buffers,
		.nr_buffers = nr,
	};
}

struct vmd_trace_writer *begin_file(const struct vmd_trace_buffer *buffers,
				    size_t nr)
{
	struct vmd_trace_writer_config config = config_of(buffers, nr);
	struct vmd_trace_writer *writer = NULL;
	struct vmd_trace_error error;

	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, &error), 0);
	return writer;
}

void write_epoch(struct vmd_trace_writer *writer,
		 const struct vmd_trace_run *runs, size_t nr)
{
	struct vmd_trace_record record = { .kind = VMD_TRACE_PRESENT,
					   .dt_us = 5,
					   .runs = runs,
					   .nr_runs = nr };
	struct vmd_trace_error error;

	ck_assert_int_eq(vmd_trace_writer_write(writer, &record, &error), 0);
}

void finish(struct vmd_trace_writer *writer)
{
	struct vmd_trace_error error;

	ck_assert_int_eq(vmd_trace_writer_finish(writer, &error), 0);
}

struct vmd_trace *open_trace(void)
{
	struct vmd_trace_error error = { "" };
	struct vmd_trace *trace = NULL;
	int err = vmd_trace_open(dtr_path, &trace, &error);

	ck_assert_msg(err == 0, "%s", error.text);
	return trace;
}

int drain(struct vmd_trace *trace, size_t *nr, struct vmd_trace_error *error)
{
	struct vmd_trace_record record;
	int rc;

	for (*nr = 0; (rc = vmd_trace_next(trace, &record, error)) > 0; ++*nr)
		ck_assert_uint_le(record.nr_runs, VMD_TRACE_MAX_RUNS);
	return rc;
}

int read_whole(size_t *nr, struct vmd_trace_error *error)
{
	struct vmd_trace *trace;
	int rc = vmd_trace_open(dtr_path, &trace, error);

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

size_t draw_records(uint64_t seed, struct sample samples[MAX_RECORDS])
{
	uint64_t pages[4];
	struct vmd_rng rng;
	size_t nr;
	size_t i;

	vmd_rng_init(&rng, seed);
	for (i = 0; i < 4; i++)
		pages[i] = dtr_four_buffers[i].pages;
	nr = vmd_rng_below(&rng, MAX_RECORDS);
	for (i = 0; i < nr; i++)
		draw_record(&rng, pages, &samples[i],
			    i ? &samples[i - 1] : NULL);
	return nr;
}

void write_samples(const struct sample *samples, size_t nr)
{
	struct vmd_trace_writer *writer = begin_file(dtr_four_buffers, 4);
	struct vmd_trace_error error = { "" };
	size_t i;

	for (i = 0; i < nr; i++) {
		int err = vmd_trace_writer_write(writer, &samples[i].record,
						 &error);

		ck_assert_msg(err == 0, "%s", error.text);
	}
	finish(writer);
}
