/* SPDX-License-Identifier: MIT */
/*
 * Traces made up by rule: each keeps its promise, and one seed is one trace
 * wherever it is made.
 */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "trace/fixed.h"
#include "trace/trace.h"

static struct vmd_trace *open_seeded(const char *spec, uint64_t seed)
{
	struct vmd_trace_error error = { "" };
	struct vmd_trace *trace = NULL;
	int err = vmd_trace_open_workload(spec, seed, &trace, &error);

	ck_assert_msg(err == 0, "%s", error.text);
	return trace;
}

static struct vmd_trace *open_spec(const char *spec)
{
	return open_seeded(spec, 1);
}

static struct vmd_trace_record next(struct vmd_trace *trace)
{
	struct vmd_trace_record record;

	ck_assert_int_eq(vmd_trace_next(trace, &record, NULL), 1);
	return record;
}

static void assert_end(struct vmd_trace *trace)
{
	struct vmd_trace_record record;

	ck_assert_int_eq(vmd_trace_next(trace, &record, NULL), 0);
	vmd_trace_close(trace);
}

static uint64_t count_pages(const struct vmd_trace_record *record)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < record->nr_runs; i++)
		pages += record->runs[i].nr;
	return pages;
}

static void assert_run(const struct vmd_trace_record *record, size_t i,
		       struct vmd_trace_run run)
{
	ck_assert_uint_lt(i, record->nr_runs);
	ck_assert_uint_eq(record->runs[i].buffer, run.buffer);
	ck_assert_uint_eq(record->runs[i].first, run.first);
	ck_assert_uint_eq(record->runs[i].nr, run.nr);
}

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

static uint64_t hash_of(const char *spec, uint64_t seed)
{
	struct vmd_trace *trace = open_seeded(spec, seed);
	uint64_t hash = hash_of_rest(trace);

	vmd_trace_close(trace);
	return hash;
}

/* Seed 1. A change of one of these is a change of every benchmark. */
static const struct {
	const char *spec;
	uint64_t hash;
	int is_random;
} golden[] = {
	{ "stream_vb", UINT64_C(0x823e60e55819db30), 0 },
	{ "persistent_ring", UINT64_C(0x54656380d948a8cc), 1 },
	{ "sparse_tex", UINT64_C(0xc845d883d91617b5), 1 },
	{ "full_frame", UINT64_C(0xf061adafe0378c05), 0 },
	{ "full_frame:double=1", UINT64_C(0x479ffaca26376c05), 0 },
	{ "readback", UINT64_C(0x779c3855c364a6b3), 1 },
	{ "heartbeat", UINT64_C(0x120ad2b0dbcc4099), 1 },
	{ "heartbeat:k=3,bursts=3", UINT64_C(0x0ee21dc056178091), 1 },
	{ "regime:epochs=300", UINT64_C(0x369737305df97701), 1 },
	{ "hot2M_far", UINT64_C(0x7f06ab3d490dc865), 0 },
	{ "uniform", UINT64_C(0xb4b510d7bba9bd01), 1 },
};

START_TEST(a_seed_gives_the_same_trace_everywhere)
{
	ck_assert_msg(hash_of(golden[_i].spec, 1) == golden[_i].hash,
		      "%s: 0x%016llx", golden[_i].spec,
		      (unsigned long long)hash_of(golden[_i].spec, 1));
}
END_TEST

START_TEST(another_seed_gives_another_trace)
{
	uint64_t a = hash_of(golden[_i].spec, 1);
	uint64_t b = hash_of(golden[_i].spec, 2);

	ck_assert_msg((a != b) == golden[_i].is_random, "%s", golden[_i].spec);
}
END_TEST

START_TEST(a_rewound_workload_gives_the_same_records)
{
	struct vmd_trace *trace = open_spec(golden[_i].spec);

	(void)next(trace);
	(void)next(trace);
	ck_assert_int_eq(vmd_trace_rewind(trace), 0);
	ck_assert_uint_eq(hash_of_rest(trace), golden[_i].hash);
	vmd_trace_close(trace);
}
END_TEST

/* The writer checks each record: order, bounds, gaps. */
START_TEST(every_workload_goes_into_a_file_and_comes_back)
{
	struct vmd_trace *trace = open_spec(golden[_i].spec);
	char path[] = "/tmp/vmd_workload.XXXXXX";
	struct vmd_trace_writer_config config = { .size = sizeof(config),
						  .path = path };
	struct vmd_trace_writer *writer;
	struct vmd_trace_record record;

	(void)close(mkstemp(path));
	config.buffers = vmd_trace_buffers(trace, &config.nr_buffers);
	ck_assert_int_eq(vmd_trace_writer_create(&config, &writer, NULL), 0);
	while (vmd_trace_next(trace, &record, NULL) > 0)
		ck_assert_int_eq(vmd_trace_writer_write(writer, &record, NULL),
				 0);
	ck_assert_int_eq(vmd_trace_writer_finish(writer, NULL), 0);
	vmd_trace_close(trace);

	ck_assert_int_eq(vmd_trace_open(path, &trace, NULL), 0);
	(void)unlink(path);
	ck_assert_uint_eq(hash_of_rest(trace), golden[_i].hash);
	vmd_trace_close(trace);
}
END_TEST

START_TEST(nine_workloads_are_named_and_open_by_name)
{
	const char *name;
	size_t nr;

	for (nr = 0; (name = vmd_trace_workload_name(nr)); nr++) {
		struct vmd_trace *trace = open_spec(name);

		ck_assert_ptr_nonnull(vmd_trace_workload_help(nr));
		ck_assert_ptr_null(strchr(vmd_trace_workload_help(nr), '\n'));
		ck_assert_str_eq(vmd_trace_form_name(trace), "workload");
		ck_assert_str_eq(vmd_trace_name(trace), name);
		ck_assert_uint_eq(vmd_trace_page_shift(trace), 12);
		vmd_trace_close(trace);
	}
	ck_assert_uint_eq(nr, 9);
	ck_assert_ptr_null(vmd_trace_workload_help(nr));
}
END_TEST

START_TEST(every_workload_takes_epochs)
{
	struct vmd_trace *trace;
	char spec[64];
	int i;

	(void)snprintf(spec, sizeof(spec), "%s:epochs=5",
		       vmd_trace_workload_name((size_t)_i));
	trace = open_spec(spec);
	for (i = 0; i < 5; i++) {
		struct vmd_trace_record record = next(trace);

		ck_assert_int_eq(record.type, VMD_TRACE_EPOCH);
		ck_assert_uint_eq(record.dt_us, i ? 16667 : 0);
	}
	assert_end(trace);
}
END_TEST

START_TEST(stream_vb_writes_200_pages_in_order_and_wraps)
{
	struct vmd_trace *trace = open_spec("stream_vb:epochs=22");
	struct vmd_trace_record record;
	uint64_t i;

	for (i = 0; i < 20; i++) {
		record = next(trace);
		ck_assert_uint_eq(record.nr_runs, 1);
		assert_run(&record, 0,
			   (struct vmd_trace_run){ 0, 200 * i, 200 });
	}
	record = next(trace);
	ck_assert_uint_eq(record.nr_runs, 2);
	assert_run(&record, 0, (struct vmd_trace_run){ 0, 0, 104 });
	assert_run(&record, 1, (struct vmd_trace_run){ 0, 4000, 96 });
	record = next(trace);
	assert_run(&record, 0, (struct vmd_trace_run){ 0, 104, 200 });
	assert_end(trace);
}
END_TEST

START_TEST(stream_vb_may_use_its_whole_ring)
{
	struct vmd_trace *trace =
		open_spec("stream_vb:pages=10,batch=10,flight=0,epochs=1");
	struct vmd_trace_record record = next(trace);

	ck_assert_uint_eq(record.nr_runs, 1);
	assert_run(&record, 0, (struct vmd_trace_run){ 0, 0, 10 });
	assert_end(trace);
}
END_TEST

START_TEST(persistent_ring_keeps_its_bounds)
{
	struct vmd_trace *trace = open_spec("persistent_ring");
	uint64_t in_frame = 0;
	uint64_t expected = 0;
	int i;

	for (i = 0; i < 600; i++) {
		struct vmd_trace_record record = next(trace);
		uint64_t pages = count_pages(&record);

		ck_assert_uint_ge(pages, 2);
		ck_assert_uint_le(pages, 16);
		ck_assert_uint_ge(record.writes, 16);
		ck_assert_uint_le(record.writes, 64);
		ck_assert_uint_eq(record.runs[record.nr_runs - 1].first,
				  expected);
		expected = (expected + pages) % 256;
		in_frame++;
		ck_assert_uint_le(in_frame, 4);
		if (record.kind == VMD_TRACE_PRESENT)
			in_frame = 0;
		else
			ck_assert_int_eq(record.kind, VMD_TRACE_SUBMIT);
	}
	assert_end(trace);
}
END_TEST

/* 4 tiles of 16 pages are what 0.1 % of 65536 pages comes to. */
START_TEST(sparse_tex_dirties_whole_tiles)
{
	struct vmd_trace *trace = open_spec("sparse_tex:epochs=1000");
	int nr_idle = 0;
	int i;
	size_t j;

	for (i = 0; i < 1000; i++) {
		struct vmd_trace_record record = next(trace);

		nr_idle += record.nr_runs == 0;
		if (record.nr_runs == 0)
			continue;
		ck_assert_uint_eq(count_pages(&record), 64);
		for (j = 0; j < record.nr_runs; j++) {
			ck_assert_uint_eq(record.runs[j].first % 4, 0);
			ck_assert_uint_eq(record.runs[j].nr % 4, 0);
		}
	}
	ck_assert_int_gt(nr_idle, 150);
	ck_assert_int_lt(nr_idle, 250);
	assert_end(trace);
}
END_TEST

/* How often the busiest and the typical tile are hit, one tile an epoch. */
static void count_tiles(const char *spec, int *most, int *nr_hit)
{
	static int hits[4096];
	struct vmd_trace *trace = open_spec(spec);
	struct vmd_trace_record record;
	int i;

	memset(hits, 0, sizeof(hits));
	while (vmd_trace_next(trace, &record, NULL) > 0) {
		uint64_t first = record.runs[0].first;

		hits[first / 1024 * 64 + first % 256 / 4]++;
	}
	vmd_trace_close(trace);
	*most = 0;
	*nr_hit = 0;
	for (i = 0; i < 4096; i++) {
		*nr_hit += hits[i] > 0;
		*most = hits[i] > *most ? hits[i] : *most;
	}
}

/* With s = 0.9 the first of 4096 ranks has 1 in 13.9 of the weight. */
START_TEST(sparse_tex_has_hot_tiles)
{
	int most;
	int nr_hit;

	count_tiles("sparse_tex:epochs=10000,idle=0,dirty=0.0002", &most,
		    &nr_hit);
	ck_assert_int_gt(most, 600);
	ck_assert_int_lt(most, 850);
	count_tiles("sparse_tex:epochs=10000,idle=0,dirty=0.0002,zipf=0", &most,
		    &nr_hit);
	ck_assert_int_lt(most, 20);
	ck_assert_int_gt(nr_hit, 3500);
}
END_TEST

START_TEST(sparse_tex_can_dirty_all_tiles)
{
	struct vmd_trace *trace =
		open_spec("sparse_tex:pages=1024,width=64,dirty=1,idle=0,"
			  "zipf=4,epochs=1");
	struct vmd_trace_record record = next(trace);

	ck_assert_uint_eq(record.nr_runs, 1);
	assert_run(&record, 0, (struct vmd_trace_run){ 0, 0, 1024 });
	assert_end(trace);
}
END_TEST

START_TEST(full_frame_writes_every_page)
{
	struct vmd_trace *trace = open_spec("full_frame:epochs=3");
	int i;

	for (i = 0; i < 3; i++) {
		struct vmd_trace_record record = next(trace);

		ck_assert_uint_eq(record.nr_runs, 1);
		assert_run(&record, 0, (struct vmd_trace_run){ 0, 0, 2025 });
	}
	assert_end(trace);
}
END_TEST

START_TEST(full_frame_takes_turns_when_double_buffered)
{
	struct vmd_trace *trace = open_spec("full_frame:double=1,epochs=5");
	uint32_t i;
	size_t nr;

	(void)vmd_trace_buffers(trace, &nr);
	ck_assert_uint_eq(nr, 2);
	for (i = 0; i < 5; i++) {
		struct vmd_trace_record record = next(trace);

		ck_assert_uint_eq(record.nr_runs, 1);
		assert_run(&record, 0,
			   (struct vmd_trace_run){ i % 2, 0, 2025 });
	}
	assert_end(trace);
}
END_TEST

START_TEST(readback_follows_a_gpu_write_every_eighth_epoch)
{
	struct vmd_trace *trace = open_spec("readback:epochs=80");
	uint64_t seen = 0;
	int i;

	for (i = 1; i <= 80; i++) {
		struct vmd_trace_record record = next(trace);

		if (i % 8 == 0) {
			ck_assert_int_eq(record.type, VMD_TRACE_GPU_WRITE);
			ck_assert_uint_eq(count_pages(&record), 2025);
			record = next(trace);
			ck_assert_int_eq(record.kind, VMD_TRACE_READBACK);
			ck_assert_uint_le(count_pages(&record), 4);
			seen |= UINT64_C(1) << count_pages(&record);
		} else {
			ck_assert_uint_eq(record.nr_runs, 0);
		}
		ck_assert_int_eq(record.type, VMD_TRACE_EPOCH);
	}
	ck_assert_uint_ne(seen & (seen - 1), 0);
	assert_end(trace);
}
END_TEST

START_TEST(heartbeat_beats_every_kth_epoch_after_its_bursts)
{
	struct vmd_trace *trace = open_spec("heartbeat:k=3,bursts=3,epochs=30");
	int i;

	for (i = 0; i < 30; i++) {
		struct vmd_trace_record record = next(trace);
		uint64_t want = i % 3 == 2;

		if (i < 3)
			want = 1048576 / 4;
		ck_assert_uint_eq(count_pages(&record), want);
	}
	assert_end(trace);
}
END_TEST

START_TEST(regime_stays_within_its_bounds_and_lasts)
{
	struct vmd_trace *trace = open_spec("regime:epochs=6600,pages=512");
	uint64_t before = 0;
	uint64_t least = 512;
	uint64_t most = 0;
	int nr_changes = 0;
	int i;

	for (i = 0; i < 6600; i++) {
		struct vmd_trace_record record = next(trace);
		uint64_t pages = count_pages(&record);

		ck_assert_uint_ge(pages, 1);
		ck_assert_uint_le(pages, 512);
		least = pages < least ? pages : least;
		most = pages > most ? pages : most;
		nr_changes += pages != before;
		before = pages;
	}
	ck_assert_uint_eq(least, 1);
	ck_assert_uint_gt(most, 400);
	/* Of 200 regimes, those that round to one page look alike. */
	ck_assert_int_gt(nr_changes, 90);
	ck_assert_int_lt(nr_changes, 230);
	assert_end(trace);
}
END_TEST

START_TEST(hot2M_far_has_512_hot_pages_and_a_far_one)
{
	struct vmd_trace *trace = open_spec("hot2M_far:epochs=2");
	int i;

	for (i = 0; i < 2; i++) {
		struct vmd_trace_record record = next(trace);

		ck_assert_uint_eq(record.nr_runs, 2);
		assert_run(&record, 0, (struct vmd_trace_run){ 0, 0, 512 });
		assert_run(&record, 1, (struct vmd_trace_run){ 0, 16383, 1 });
	}
	assert_end(trace);
}
END_TEST

START_TEST(uniform_dirties_exactly_its_fraction)
{
	static const struct {
		const char *spec;
		uint64_t pages;
	} rows[] = {
		{ "uniform", 41 },
		{ "uniform:dirty=0", 0 },
		{ "uniform:dirty=1", 4096 },
		{ "uniform:dirty=1.000000", 4096 },
		{ "uniform:dirty=0.5", 2048 },
		{ "uniform:pages=1000000,dirty=0.000001", 1 },
		{ "uniform:pages=7,dirty=0.5", 4 },
	};
	size_t i;

	for (i = 0; i < VMD_ARRAY_SIZE(rows); i++) {
		struct vmd_trace *trace = open_spec(rows[i].spec);
		struct vmd_trace_record record = next(trace);

		ck_assert_uint_eq(count_pages(&record), rows[i].pages);
		record = next(trace);
		ck_assert_uint_eq(count_pages(&record), rows[i].pages);
		vmd_trace_close(trace);
	}
}
END_TEST

START_TEST(uniform_prefers_no_page)
{
	struct vmd_trace *trace =
		open_spec("uniform:pages=16,dirty=0.25,epochs=4000");
	struct vmd_trace_record record;
	int hits[16] = { 0 };
	size_t i;

	while (vmd_trace_next(trace, &record, NULL) > 0) {
		for (i = 0; i < record.nr_runs; i++) {
			uint64_t page = record.runs[i].first;
			uint64_t end = page + record.runs[i].nr;

			for (; page < end; page++)
				hits[page]++;
		}
	}
	vmd_trace_close(trace);
	/* 1000 each, give or take five standard deviations of 27. */
	for (i = 0; i < 16; i++)
		ck_assert_msg(hits[i] > 863 && hits[i] < 1137, "%zu: %d", i,
			      hits[i]);
}
END_TEST

static const struct {
	const char *spec;
	const char *says;
} bad_specs[] = {
	{ "", ": character 1: no workload ''" },
	{ "unifrm", "unifrm: character 1: no workload 'unifrm'" },
	{ "Uniform", "character 1: no workload 'Uniform'" },
	{ "uniform:", "character 9: uniform has no parameter ''" },
	{ "uniform:page=3", "character 9: uniform has no parameter 'page'" },
	{ "uniform:pages", "character 14: '=' was expected" },
	{ "uniform:pages=", "character 15: pages is a number in 1..4194304" },
	{ "uniform:pages=0", "character 15: pages is" },
	{ "uniform:pages=-1", "character 15: pages is" },
	{ "uniform:pages=0x10", "character 15: pages is" },
	{ "uniform:pages=1.5", "character 15: pages is" },
	{ "uniform:pages=18446744073709551617", "character 15: pages is" },
	{ "uniform:pages=3,", "character 17: uniform has no parameter ''" },
	{ "uniform:pages=3,pages=4", "character 17: pages was set before" },
	{ "uniform:pages=3;epochs=4", "character 15: pages is" },
	{ "uniform:epochs=3,dirty=1.5",
	  "character 24: dirty is a fraction in 0.000000..1.000000" },
	{ "uniform:dirty=.5", "character 15: dirty is" },
	{ "uniform:dirty=0.", "character 15: dirty is" },
	{ "uniform:dirty=0.0000001", "character 15: dirty is" },
	{ "uniform:dirty=99999999999999", "character 15: dirty is" },
	{ "full_frame:double=2", "character 19: double is" },
	{ "stream_vb:batch=2000", "the ring is too small" },
	{ "sparse_tex:width=6", "width is not a multiple of 4" },
	{ "sparse_tex:pages=65537", "pages is not a multiple of 4 rows" },
	{ "hot2M_far:pages=513", "no room between" },
	{ "readback:pages=3", "more writes than pages" },
};

START_TEST(a_bad_spec_is_named_with_its_character)
{
	struct vmd_trace *trace = NULL;
	struct vmd_trace_error error = { "" };
	const char *spec = bad_specs[_i].spec;

	ck_assert_int_eq(vmd_trace_open_workload(spec, 1, &trace, &error),
			 -EINVAL);
	ck_assert_msg(strncmp(error.text, spec, strlen(spec)) == 0 &&
			      strstr(error.text, bad_specs[_i].says) != NULL,
		      "%s: %s", spec, error.text);
	ck_assert_ptr_null(trace);
	ck_assert_int_eq(vmd_trace_open_workload(spec, 1, &trace, NULL),
			 -EINVAL);
}
END_TEST

static int try_all(const char *spec, uint64_t fail_nth)
{
	struct vmd_trace_record record;
	struct vmd_trace *trace;
	int rc;

	rc = vmd_trace_open_workload_failing(spec, fail_nth, &trace, NULL);
	if (rc)
		return rc;
	do
		rc = vmd_trace_next(trace, &record, NULL);
	while (rc > 0);
	vmd_trace_close(trace);
	return rc;
}

START_TEST(a_workload_survives_every_allocation_that_fails)
{
	uint64_t fail_nth = 0;
	int rc;

	do {
		rc = try_all(golden[_i].spec, ++fail_nth);
		ck_assert(rc == 0 || rc == -ENOMEM);
	} while (rc);
	ck_assert_uint_gt(fail_nth, 4);
}
END_TEST

/* 2^-x 2^-y = 2^-(x+y), and 2^-log2(x) = 1/x. */
START_TEST(powers_and_logarithms_agree)
{
	uint64_t x;

	ck_assert_uint_eq(vmd_fixed_exp2_neg(0), VMD_Q31_ONE);
	ck_assert_uint_eq(vmd_fixed_exp2_neg(VMD_Q24_ONE), VMD_Q31_ONE / 2);
	ck_assert_uint_eq(vmd_fixed_exp2_neg(64 * VMD_Q24_ONE), 0);
	ck_assert_uint_eq(vmd_fixed_log2(1), 0);
	ck_assert_uint_eq(vmd_fixed_log2(UINT64_C(1) << 40), 40 * VMD_Q24_ONE);
	for (x = 1; x < 100000; x += 7) {
		uint64_t one = vmd_fixed_exp2_neg(vmd_fixed_log2(x)) * x;

		/* 2^-24 of the logarithm, and one of the result's bits. */
		ck_assert_uint_ge(one + 2 * x + 512, VMD_Q31_ONE);
		ck_assert_uint_le(one, VMD_Q31_ONE + 512 + 2 * x);
	}
}
END_TEST

static void add_rules(TCase *tc)
{
	tcase_add_test(tc, stream_vb_writes_200_pages_in_order_and_wraps);
	tcase_add_test(tc, stream_vb_may_use_its_whole_ring);
	tcase_add_test(tc, persistent_ring_keeps_its_bounds);
	tcase_add_test(tc, sparse_tex_dirties_whole_tiles);
	tcase_add_test(tc, sparse_tex_has_hot_tiles);
	tcase_add_test(tc, sparse_tex_can_dirty_all_tiles);
	tcase_add_test(tc, full_frame_writes_every_page);
	tcase_add_test(tc, full_frame_takes_turns_when_double_buffered);
	tcase_add_test(tc, readback_follows_a_gpu_write_every_eighth_epoch);
	tcase_add_test(tc, heartbeat_beats_every_kth_epoch_after_its_bursts);
	tcase_add_test(tc, regime_stays_within_its_bounds_and_lasts);
	tcase_add_test(tc, hot2M_far_has_512_hot_pages_and_a_far_one);
	tcase_add_test(tc, uniform_dirties_exactly_its_fraction);
	tcase_add_test(tc, uniform_prefers_no_page);
}

int main(void)
{
	const int nr_golden = (int)VMD_ARRAY_SIZE(golden);
	Suite *suite = suite_create("workload");
	TCase *all = tcase_create("all");
	TCase *rules = tcase_create("rules");

	tcase_add_loop_test(all, a_seed_gives_the_same_trace_everywhere, 0,
			    nr_golden);
	tcase_add_loop_test(all, another_seed_gives_another_trace, 0,
			    nr_golden);
	tcase_add_loop_test(all, a_rewound_workload_gives_the_same_records, 0,
			    nr_golden);
	tcase_add_loop_test(all, every_workload_goes_into_a_file_and_comes_back,
			    0, nr_golden);
	tcase_add_loop_test(all,
			    a_workload_survives_every_allocation_that_fails, 0,
			    nr_golden);
	tcase_add_test(all, nine_workloads_are_named_and_open_by_name);
	tcase_add_loop_test(all, every_workload_takes_epochs, 0, 9);
	tcase_add_loop_test(all, a_bad_spec_is_named_with_its_character, 0,
			    (int)VMD_ARRAY_SIZE(bad_specs));
	tcase_add_test(all, powers_and_logarithms_agree);
	add_rules(rules);
	suite_add_tcase(suite, all);
	suite_add_tcase(suite, rules);
	return vmd_test_main(suite);
}
