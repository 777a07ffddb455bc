/* SPDX-License-Identifier: MIT */
/*
 * The tracker's rules without page tables: what it asks of its back end, in
 * which order, and what it does with the answers (VM-1..12, VM-20..23).
 */
#include "upfix.h"

#include <errno.h>

#define NR 1000UL
#define PT VMD_DIRTY_PAGETABLE
#define MK VMD_DIRTY_MKWRITE

static struct up up;
static struct up_fake fake;

/* A policy that a test steers. */
static enum vmd_dirty_method first_method;
static enum vmd_dirty_method next_method;
static unsigned long policy_heard; /* nr_found of the last call */
static unsigned int nr_policy_calls;

static enum vmd_dirty_method steered_initial(unsigned long nr_pages)
{
	(void)nr_pages;
	return first_method;
}

static enum vmd_dirty_method
steered_scanned(struct vmd_dirty_policy_state *state,
		enum vmd_dirty_method method, unsigned long nr_found,
		unsigned long nr_pages)
{
	(void)state;
	(void)method;
	ck_assert_uint_eq(nr_pages, NR);
	policy_heard = nr_found;
	nr_policy_calls++;
	return next_method;
}

static const struct vmd_dirty_policy steered = {
	.name = "steered",
	.initial = steered_initial,
	.scanned = steered_scanned,
};

static void setup(void)
{
	up_start(&up);
	up_fake_init(&fake);
	nr_policy_calls = 0;
}

static void teardown(void)
{
	up_stop(&up);
}

/* Stays with @method; what creating it asked for is forgotten. */
static struct vmd_tracker *make(enum vmd_dirty_method method)
{
	struct vmd_tracker *tracker = NULL;

	first_method = method;
	next_method = method;
	ck_assert_int_eq(vmd_tracker_create(up.machine, &fake.backend, &steered,
					    NR, &tracker),
			 0);
	fake.nr_calls = 0;
	return tracker;
}

static void drop(struct vmd_tracker *tracker)
{
	ck_assert(vmd_tracker_put(tracker));
}

static void mkwrite_pages(struct vmd_tracker *tracker, unsigned long start,
			  unsigned long end)
{
	for (; start < end; start++)
		vmd_tracker_mkwrite(tracker, start);
}

/* Runs that were handed over. */
struct runs {
	unsigned int nr;
	unsigned int refuse; /* this one, from 1 */
	struct vmd_page_range run[16];
};

static int take_run(void *arg, unsigned long start, unsigned long end)
{
	struct runs *runs = arg;

	ck_assert_uint_lt(start, end);
	ck_assert_uint_lt(runs->nr, VMD_ARRAY_SIZE(runs->run));
	if (runs->nr + 1 == runs->refuse)
		return -EBUSY;
	runs->run[runs->nr++] = (struct vmd_page_range){ start, end - start };
	return 0;
}

static struct runs transfer(struct vmd_tracker *tracker, unsigned long start,
			    unsigned long end)
{
	struct runs runs = { 0 };

	ck_assert_int_eq(vmd_tracker_transfer(tracker, start, end, take_run,
					      &runs),
			 0);
	return runs;
}

static void assert_runs(const struct runs *runs,
			const struct vmd_page_range *want, unsigned int nr)
{
	unsigned int i;

	ck_assert_uint_eq(runs->nr, nr);
	for (i = 0; i < nr; i++)
		ck_assert_msg(runs->run[i].first == want[i].first &&
				      runs->run[i].nr == want[i].nr,
			      "run %u is [%lu, +%lu)", i, runs->run[i].first,
			      runs->run[i].nr);
}
#define ASSERT_RUNS(runs, ...)                                      \
	assert_runs(runs, (struct vmd_page_range[]){ __VA_ARGS__ }, \
		    VMD_ARRAY_SIZE(                                 \
			    ((struct vmd_page_range[]){ __VA_ARGS__ })))

/* VM-1 */
START_TEST(a_tracker_in_pagetable_begins_without_touching_an_entry)
{
	struct vmd_tracker *tracker = NULL;

	first_method = PT;
	ck_assert_int_eq(vmd_tracker_create(up.machine, &fake.backend, &steered,
					    NR, &tracker),
			 0);

	UP_ASSERT_NO_CALLS(&fake);
	ck_assert_uint_eq(up_weight(tracker), 0);
	ck_assert_uint_ge(vmd_tracker_span(tracker)->start,
			  vmd_tracker_span(tracker)->end);
	drop(tracker);
}
END_TEST

/* VM-1: protect first, then collect: dirt from before is picked up. */
START_TEST(a_tracker_in_mkwrite_begins_with_what_was_dirty_before)
{
	struct vmd_tracker *tracker = NULL;

	first_method = MK;
	fake.dirty[3] = true;
	fake.dirty_at_arm[900] = true;
	ck_assert_int_eq(vmd_tracker_create(up.machine, &fake.backend, &steered,
					    NR, &tracker),
			 0);

	UP_ASSERT_CALLS(&fake, { UP_ARM, 0, NR }, { UP_COLLECT, 0, NR });
	ck_assert_uint_eq(up_weight(tracker), 2);
	ck_assert(up_bit(tracker, 3) && up_bit(tracker, 900));
	up_check_window(tracker);
	drop(tracker);
}
END_TEST

START_TEST(a_back_end_that_cannot_work_refuses_the_tracker)
{
	struct vmd_tracker *tracker = NULL;

	fake.probe_result = -ENOSYS;

	ck_assert_int_eq(vmd_tracker_create(up.machine, &fake.backend, &steered,
					    NR, &tracker),
			 -ENOSYS);
	ck_assert_ptr_null(tracker);
	UP_ASSERT_NO_CALLS(&fake);
}
END_TEST

/* I-12 */
START_TEST(a_tracker_is_not_made_of_nonsense)
{
	struct vmd_tracker *tracker = NULL;
	struct vmd_dirty_backend *backend = &fake.backend;
	struct vmd_machine *machine = up.machine;

	ck_assert_int_eq(vmd_tracker_create(NULL, backend, &steered, NR,
					    &tracker),
			 -EINVAL);
	ck_assert_int_eq(vmd_tracker_create(machine, NULL, &steered, NR,
					    &tracker),
			 -EINVAL);
	ck_assert_int_eq(vmd_tracker_create(machine, backend, NULL, NR,
					    &tracker),
			 -EINVAL);
	ck_assert_int_eq(vmd_tracker_create(machine, backend, &steered, 0,
					    &tracker),
			 -EINVAL);
	ck_assert_int_eq(vmd_tracker_create(machine, backend, &steered, NR,
					    NULL),
			 -EINVAL);
	ck_assert_ptr_null(tracker);
}
END_TEST

/* VM-1, I-10: -ENOMEM leaves nothing behind, and no entry is touched. */
START_TEST(a_tracker_without_memory_leaves_nothing_behind)
{
	struct vmd_tracker *tracker = NULL;
	uint64_t live = up_env(&up)->arena.nr_live;
	unsigned int nth = 0;
	int err;

	first_method = MK;
	do {
		up_fail_alloc(&up, ++nth);
		err = vmd_tracker_create(up.machine, &fake.backend, &steered,
					 NR, &tracker);
		ck_assert_msg(err == 0 || err == -ENOMEM, "call %u: %d", nth,
			      err);
		if (err) {
			ck_assert_ptr_null(tracker);
			ck_assert_uint_eq(up_env(&up)->arena.nr_live, live);
			UP_ASSERT_NO_CALLS(&fake);
		}
	} while (err);

	ck_assert_uint_eq(nth, 3); /* the struct and the bitmap failed once */
	drop(tracker);
	ck_assert_uint_eq(up_env(&up)->arena.nr_live, live);
}
END_TEST

/* VM-2 */
START_TEST(the_last_user_frees_the_tracker_and_no_entry_changes)
{
	struct vmd_tracker *tracker = make(MK);

	vmd_tracker_get(tracker);
	vmd_tracker_get(tracker);

	ck_assert(!vmd_tracker_put(tracker));
	ck_assert(!vmd_tracker_put(tracker));
	ck_assert(vmd_tracker_put(tracker));
	UP_ASSERT_NO_CALLS(&fake);
}
END_TEST

/* VM-4 */
START_TEST(a_scan_in_pagetable_collects_the_whole_object)
{
	struct vmd_tracker *tracker = make(PT);

	fake.dirty[0] = true;
	fake.dirty[NR - 1] = true;
	vmd_tracker_scan(tracker);

	UP_ASSERT_CALLS(&fake, { UP_COLLECT, 0, NR });
	ck_assert_uint_eq(policy_heard, 2);
	ck_assert(up_bit(tracker, 0) && up_bit(tracker, NR - 1));
	up_check_window(tracker);
	drop(tracker);
}
END_TEST

/* VM-4, MU-26b: protect, then collect what was written in between. */
START_TEST(the_change_to_mkwrite_protects_and_collects_once_more)
{
	struct vmd_tracker *tracker = make(PT);

	next_method = MK;
	fake.dirty_at_arm[77] = true;
	vmd_tracker_scan(tracker);

	UP_ASSERT_CALLS(&fake, { UP_COLLECT, 0, NR }, { UP_ARM, 0, NR },
			{ UP_COLLECT, 0, NR });
	ck_assert_int_eq(vmd_tracker_method(tracker), MK);
	ck_assert(up_bit(tracker, 77));
	drop(tracker);
}
END_TEST

/* VM-5, VC-4 */
START_TEST(an_idle_scan_in_mkwrite_asks_nobody)
{
	struct vmd_tracker *tracker = make(MK);

	vmd_tracker_scan(tracker);

	UP_ASSERT_NO_CALLS(&fake);
	ck_assert_uint_eq(nr_policy_calls, 0);
	drop(tracker);
}
END_TEST

/* VM-5, VC-2 */
START_TEST(a_scan_in_mkwrite_protects_the_window_alone)
{
	struct vmd_tracker *tracker = make(MK);

	vmd_tracker_mkwrite(tracker, 700);
	vmd_tracker_mkwrite(tracker, 20);
	fake.arm_result = 2;
	vmd_tracker_scan(tracker);

	UP_ASSERT_CALLS(&fake, { UP_ARM, 20, 681 });
	ck_assert_uint_eq(policy_heard, 2);
	ck_assert_uint_eq(up_weight(tracker), 2);
	drop(tracker);
}
END_TEST

/* VM-5, VM-6, MU-25: old dirt is cleaned and dropped, the window is dirty. */
START_TEST(the_change_to_pagetable_sets_the_window_and_drops_old_dirt)
{
	struct vmd_tracker *tracker = make(MK);
	const struct vmd_dirty_span *span = vmd_tracker_span(tracker);
	unsigned long page;

	vmd_tracker_mkwrite(tracker, 100);
	vmd_tracker_mkwrite(tracker, 199);
	fake.dirty[100] = true;
	fake.dirty[500] = true; /* handed over by some earlier scan */
	next_method = PT;
	vmd_tracker_scan(tracker);

	UP_ASSERT_CALLS(&fake, { UP_ARM, 100, 100 }, { UP_COLLECT, 0, NR });
	ck_assert_int_eq(vmd_tracker_method(tracker), PT);
	for (page = 0; page < NR; page++)
		ck_assert_msg(up_bit(tracker, page) ==
				      (page >= 100 && page < 200),
			      "page %lu", page);
	ck_assert_uint_eq(span->start, 100);
	ck_assert_uint_eq(span->end, 200);
	ck_assert(!fake.dirty[500]);
	drop(tracker);
}
END_TEST

/* VM-13, VM-7 */
START_TEST(mkwrite_records_in_mkwrite_only)
{
	struct vmd_tracker *mkwrite = make(MK);
	struct vmd_tracker *pagetable = make(PT);

	vmd_tracker_mkwrite(mkwrite, 5);
	vmd_tracker_mkwrite(pagetable, 5);

	ck_assert_uint_eq(up_weight(mkwrite), 1);
	ck_assert(up_bit(mkwrite, 5));
	ck_assert_uint_eq(up_weight(pagetable), 0);
	UP_ASSERT_NO_CALLS(&fake);
	drop(mkwrite);
	drop(pagetable);
}
END_TEST

/* VM-13, VM-22 */
START_TEST(mkwrite_widens_the_window_as_little_as_it_must)
{
	struct vmd_tracker *tracker = make(MK);
	const struct vmd_dirty_span *span = vmd_tracker_span(tracker);

	vmd_tracker_mkwrite(tracker, 50);
	ck_assert_uint_eq(span->start, 50);
	ck_assert_uint_eq(span->end, 51);
	vmd_tracker_mkwrite(tracker, 60);
	vmd_tracker_mkwrite(tracker, 55);
	vmd_tracker_mkwrite(tracker, 49);

	ck_assert_uint_eq(span->start, 49);
	ck_assert_uint_eq(span->end, 61);
	ck_assert_uint_eq(up_weight(tracker), 4);
	drop(tracker);
}
END_TEST

/* I-12 */
START_TEST(mkwrite_of_a_page_outside_is_reported_and_records_nothing)
{
	struct vmd_tracker *tracker = make(MK);

	vmd_tracker_mkwrite(tracker, NR);

	ck_assert_uint_eq(up_take_reports(&up), 1);
	ck_assert_uint_eq(up_weight(tracker), 0);
	drop(tracker);
}
END_TEST

/* VM-8, MU-18 */
START_TEST(before_an_unmap_pagetable_protects_and_then_collects)
{
	struct vmd_tracker *tracker = make(PT);

	fake.dirty[12] = true;
	fake.dirty[30] = true; /* not asked for */
	fake.dirty_at_arm[15] = true;
	vmd_tracker_pre_unmap(tracker, 10, 20);

	UP_ASSERT_CALLS(&fake, { UP_ARM, 10, 10 }, { UP_COLLECT, 10, 10 });
	ck_assert(up_bit(tracker, 12) && up_bit(tracker, 15));
	ck_assert_uint_eq(up_weight(tracker), 2);
	drop(tracker);
}
END_TEST

/* VM-8: its bits are recorded already. */
START_TEST(before_an_unmap_mkwrite_has_nothing_to_do)
{
	struct vmd_tracker *tracker = make(MK);

	vmd_tracker_pre_unmap(tracker, 10, 20);

	UP_ASSERT_NO_CALLS(&fake);
	drop(tracker);
}
END_TEST

/* VM-9, MU-17 */
START_TEST(an_unmap_picks_up_dirt_first)
{
	struct vmd_tracker *tracker = make(PT);

	vmd_tracker_unmap(tracker, 10, 20);

	UP_ASSERT_CALLS(&fake, { UP_ARM, 10, 10 }, { UP_COLLECT, 10, 10 },
			{ UP_UNMAP, 10, 10 });
	drop(tracker);
}
END_TEST

/* VM-9 */
START_TEST(an_unmap_in_mkwrite_is_just_that)
{
	struct vmd_tracker *tracker = make(MK);

	vmd_tracker_mkwrite(tracker, 10);
	vmd_tracker_unmap(tracker, 10, NR);

	UP_ASSERT_CALLS(&fake, { UP_UNMAP, 10, NR - 10 });
	ck_assert(up_bit(tracker, 10));
	drop(tracker);
}
END_TEST

/* VM-9, MU-55: in the kernel it would zap to the end of the file. */
START_TEST(an_empty_range_unmaps_nothing)
{
	struct vmd_tracker *tracker = make(PT);

	vmd_tracker_unmap(tracker, 10, 10);
	vmd_tracker_unmap(tracker, NR, NR);
	vmd_tracker_pre_unmap(tracker, 0, 0);

	UP_ASSERT_NO_CALLS(&fake);
	drop(tracker);
}
END_TEST

static const struct vmd_page_range bad_ranges[] = {
	/* start, end */
	{ 11, 10 },	    { 0, NR + 1 }, { NR, NR + 1 },
	{ NR + 1, NR + 1 }, { 0, ~0UL },   { ~0UL, 0 },
};

/* I-12 */
START_TEST(a_range_that_does_not_fit_is_reported_and_changes_nothing)
{
	unsigned long start = bad_ranges[_i].first;
	unsigned long end = bad_ranges[_i].nr;
	struct vmd_tracker *tracker = make(MK);
	struct runs runs = { 0 };

	mkwrite_pages(tracker, 5, 15);
	vmd_tracker_unmap(tracker, start, end);
	ck_assert_uint_eq(up_take_reports(&up), 1);
	vmd_tracker_pre_unmap(tracker, start, end);
	ck_assert_uint_eq(up_take_reports(&up), 1);
	vmd_tracker_clear(tracker, start, end);
	ck_assert_uint_eq(up_take_reports(&up), 1);
	ck_assert_int_eq(vmd_tracker_transfer(tracker, start, end, take_run,
					      &runs),
			 -EINVAL);
	ck_assert_uint_eq(up_take_reports(&up), 1);

	UP_ASSERT_NO_CALLS(&fake);
	ck_assert_uint_eq(runs.nr, 0);
	ck_assert_uint_eq(up_weight(tracker), 10);
	up_check_window(tracker);
	drop(tracker);
}
END_TEST

/* VM-10, VM-11, MU-1: min, not max: the neighbour's bits stay his. */
START_TEST(two_resources_in_one_object_get_each_their_own_pages)
{
	struct vmd_tracker *tracker = make(MK);
	struct runs a;
	struct runs b;

	mkwrite_pages(tracker, 90, 110);
	a = transfer(tracker, 0, 100);
	b = transfer(tracker, 100, 200);

	ASSERT_RUNS(&a, { 90, 10 });
	ASSERT_RUNS(&b, { 100, 10 });
	ck_assert_uint_eq(up_weight(tracker), 0);
	drop(tracker);
}
END_TEST

/* VM-11, the other way round. */
START_TEST(a_resource_above_leaves_the_one_below_alone)
{
	struct vmd_tracker *tracker = make(MK);
	struct runs a;
	struct runs b;

	mkwrite_pages(tracker, 90, 110);
	b = transfer(tracker, 100, 200);
	a = transfer(tracker, 0, 100);

	ASSERT_RUNS(&b, { 100, 10 });
	ASSERT_RUNS(&a, { 90, 10 });
	drop(tracker);
}
END_TEST

/* VM-10 */
START_TEST(a_transfer_hands_over_maximal_runs_and_forgets_them)
{
	struct vmd_tracker *tracker = make(MK);
	struct runs runs;

	mkwrite_pages(tracker, 0, 1);
	mkwrite_pages(tracker, 62, 130); /* over two ends of a word */
	mkwrite_pages(tracker, 131, 132);
	mkwrite_pages(tracker, NR - 1, NR);
	runs = transfer(tracker, 0, NR);

	ASSERT_RUNS(&runs, { 0, 1 }, { 62, 68 }, { 131, 1 }, { NR - 1, 1 });
	ck_assert_uint_eq(up_weight(tracker), 0);
	runs = transfer(tracker, 0, NR);
	ck_assert_uint_eq(runs.nr, 0);
	drop(tracker);
}
END_TEST

START_TEST(a_refused_run_stays_recorded_and_ends_the_transfer)
{
	struct vmd_tracker *tracker = make(MK);
	struct runs runs = { .refuse = 2 };

	mkwrite_pages(tracker, 10, 12);
	mkwrite_pages(tracker, 20, 22);
	mkwrite_pages(tracker, 30, 32);
	ck_assert_int_eq(vmd_tracker_transfer(tracker, 0, NR, take_run, &runs),
			 -EBUSY);

	ASSERT_RUNS(&runs, { 10, 2 });
	ck_assert_uint_eq(up_weight(tracker), 4);
	up_check_window(tracker);
	runs = transfer(tracker, 0, NR);
	ASSERT_RUNS(&runs, { 20, 2 }, { 30, 2 });
	drop(tracker);
}
END_TEST

/* Dirty [40, 60); then [start, end) is handed over or cleared. */
static const struct {
	unsigned long start, end;
	unsigned long left_start, left_end; /* equal: the window is empty */
} shrinks[] = {
	{ 0, 40, 40, 60 },  { 60, NR, 40, 60 }, { 0, 50, 50, 60 },
	{ 50, NR, 40, 50 }, { 0, NR, 0, 0 },	{ 40, 60, 0, 0 },
	{ 45, 55, 40, 60 }, { 40, 41, 41, 60 }, { 59, 60, 40, 59 },
	{ 50, 50, 40, 60 }, { 0, 0, 40, 60 },	{ NR, NR, 40, 60 },
};

static void assert_shrunk(const struct vmd_tracker *tracker, int i,
			  const char *what)
{
	const struct vmd_dirty_span *span = vmd_tracker_span(tracker);
	bool empty = shrinks[i].left_start == shrinks[i].left_end;

	ck_assert_msg(empty ? span->start >= span->end :
			      span->start == shrinks[i].left_start &&
				      span->end == shrinks[i].left_end,
		      "%s [%lu, %lu): window [%lu, %lu)", what,
		      shrinks[i].start, shrinks[i].end,
		      (unsigned long)span->start, (unsigned long)span->end);
	up_check_window(tracker);
}

/* VM-10, VM-22 */
START_TEST(what_is_handed_over_at_an_edge_leaves_the_window)
{
	struct vmd_tracker *tracker = make(MK);

	mkwrite_pages(tracker, 40, 60);
	(void)transfer(tracker, shrinks[_i].start, shrinks[_i].end);

	assert_shrunk(tracker, _i, "transfer");
	drop(tracker);
}
END_TEST

/* VM-12 */
START_TEST(what_is_cleared_at_an_edge_leaves_the_window)
{
	struct vmd_tracker *tracker = make(MK);
	unsigned long page;

	mkwrite_pages(tracker, 40, 60);
	vmd_tracker_clear(tracker, shrinks[_i].start, shrinks[_i].end);

	assert_shrunk(tracker, _i, "clear");
	for (page = 0; page < NR; page++)
		ck_assert_msg(up_bit(tracker, page) ==
				      (page >= 40 && page < 60 &&
				       (page < shrinks[_i].start ||
					page >= shrinks[_i].end)),
			      "page %lu", page);
	drop(tracker);
}
END_TEST

/* VM-12: an empty window may be [nr, 0): its length is not negative. */
START_TEST(clearing_an_empty_window_does_nothing)
{
	struct vmd_tracker *tracker = make(MK);

	vmd_tracker_clear(tracker, 0, NR);
	vmd_tracker_clear(tracker, 500, 600);
	mkwrite_pages(tracker, 550, 551);

	ck_assert_uint_eq(up_weight(tracker), 1);
	up_check_window(tracker);
	drop(tracker);
}
END_TEST

/* DH-12, DH-14, VM-22: a part is collected while the window is empty. */
START_TEST(collecting_a_part_leaves_a_window_that_holds_all_bits)
{
	struct vmd_tracker *tracker = make(PT);
	struct runs runs;

	fake.dirty[910] = true;
	vmd_tracker_pre_unmap(tracker, 900, 920);
	up_check_window(tracker);
	vmd_tracker_pre_unmap(tracker, 500, 501); /* finds nothing */
	up_check_window(tracker);
	runs = transfer(tracker, 900, 920);

	ASSERT_RUNS(&runs, { 910, 1 });
	drop(tracker);
}
END_TEST

/* DH-12: a kept window is only widened. */
START_TEST(a_scan_that_finds_nothing_keeps_what_is_recorded)
{
	struct vmd_tracker *tracker = make(PT);

	fake.dirty[300] = true;
	vmd_tracker_scan(tracker);
	vmd_tracker_scan(tracker);
	fake.dirty[200] = true;
	vmd_tracker_scan(tracker);

	ck_assert(up_bit(tracker, 200) && up_bit(tracker, 300));
	ck_assert_uint_eq(vmd_tracker_span(tracker)->start, 200);
	ck_assert_uint_eq(vmd_tracker_span(tracker)->end, 301);
	drop(tracker);
}
END_TEST

/* VM-23: nothing that was ever found is missing from what was handed over. */
START_TEST(the_union_of_all_transfers_is_all_that_was_dirty)
{
	struct vmd_tracker *tracker = make(PT);
	bool seen[NR] = { false };
	unsigned long page;
	unsigned long i;

	for (page = 0; page < NR; page += 10) {
		struct runs runs;

		fake.dirty[page] = true;
		next_method = page % 50 ? PT : MK;
		if (vmd_tracker_method(tracker) == MK)
			vmd_tracker_mkwrite(tracker, page);
		vmd_tracker_scan(tracker);
		runs = transfer(tracker, 0, NR);
		fake.nr_calls = 0;
		for (i = 0; i < runs.nr; i++)
			seen[runs.run[i].first] = true;
	}

	for (page = 0; page < NR; page += 10)
		ck_assert_msg(seen[page], "page %lu", page);
	drop(tracker);
}
END_TEST

static void add_life(Suite *suite)
{
	TCase *tc = tcase_create("life");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
		       a_tracker_in_pagetable_begins_without_touching_an_entry);
	tcase_add_test(tc,
		       a_tracker_in_mkwrite_begins_with_what_was_dirty_before);
	tcase_add_test(tc, a_back_end_that_cannot_work_refuses_the_tracker);
	tcase_add_test(tc, a_tracker_is_not_made_of_nonsense);
	tcase_add_test(tc, a_tracker_without_memory_leaves_nothing_behind);
	tcase_add_test(tc,
		       the_last_user_frees_the_tracker_and_no_entry_changes);
	suite_add_tcase(suite, tc);
}

static void add_scan(Suite *suite)
{
	TCase *tc = tcase_create("scan");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_scan_in_pagetable_collects_the_whole_object);
	tcase_add_test(tc,
		       the_change_to_mkwrite_protects_and_collects_once_more);
	tcase_add_test(tc, an_idle_scan_in_mkwrite_asks_nobody);
	tcase_add_test(tc, a_scan_in_mkwrite_protects_the_window_alone);
	tcase_add_test(
		tc, the_change_to_pagetable_sets_the_window_and_drops_old_dirt);
	tcase_add_test(tc, mkwrite_records_in_mkwrite_only);
	tcase_add_test(tc, mkwrite_widens_the_window_as_little_as_it_must);
	tcase_add_test(
		tc, mkwrite_of_a_page_outside_is_reported_and_records_nothing);
	tcase_add_test(tc,
		       collecting_a_part_leaves_a_window_that_holds_all_bits);
	tcase_add_test(tc, a_scan_that_finds_nothing_keeps_what_is_recorded);
	tcase_add_test(tc, the_union_of_all_transfers_is_all_that_was_dirty);
	suite_add_tcase(suite, tc);
}

static void add_unmap(Suite *suite)
{
	TCase *tc = tcase_create("unmap");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
		       before_an_unmap_pagetable_protects_and_then_collects);
	tcase_add_test(tc, before_an_unmap_mkwrite_has_nothing_to_do);
	tcase_add_test(tc, an_unmap_picks_up_dirt_first);
	tcase_add_test(tc, an_unmap_in_mkwrite_is_just_that);
	tcase_add_test(tc, an_empty_range_unmaps_nothing);
	tcase_add_loop_test(
		tc, a_range_that_does_not_fit_is_reported_and_changes_nothing,
		0, VMD_ARRAY_SIZE(bad_ranges));
	suite_add_tcase(suite, tc);
}

static void add_transfer(Suite *suite)
{
	TCase *tc = tcase_create("transfer");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
		       two_resources_in_one_object_get_each_their_own_pages);
	tcase_add_test(tc, a_resource_above_leaves_the_one_below_alone);
	tcase_add_test(tc, a_transfer_hands_over_maximal_runs_and_forgets_them);
	tcase_add_test(tc, a_refused_run_stays_recorded_and_ends_the_transfer);
	tcase_add_loop_test(tc,
			    what_is_handed_over_at_an_edge_leaves_the_window, 0,
			    VMD_ARRAY_SIZE(shrinks));
	tcase_add_loop_test(tc, what_is_cleared_at_an_edge_leaves_the_window, 0,
			    VMD_ARRAY_SIZE(shrinks));
	tcase_add_test(tc, clearing_an_empty_window_does_nothing);
	suite_add_tcase(suite, tc);
}

int main(void)
{
	Suite *suite = suite_create("tracker");

	add_life(suite);
	add_scan(suite);
	add_unmap(suite);
	add_transfer(suite);
	return vmd_test_main(suite);
}
