/* SPDX-License-Identifier: MIT */
/*
 * When the three policies choose which method: the driver's constants at
 * their edges, one by one and on real objects (VM-1, VM-4, VM-5, SP-10..12).
 */
#include "upfix.h"

#define PT VMD_DIRTY_PAGETABLE
#define MK VMD_DIRTY_MKWRITE

static struct up up;

static void setup(void)
{
	up_start(&up);
}

static void teardown(void)
{
	up_stop(&up);
}

static const struct {
	const struct vmd_dirty_policy *policy;
	unsigned long nr_pages;
	enum vmd_dirty_method method;
} initials[] = {
	{ &vmd_dirty_policy_vmwgfx, 1, PT },
	{ &vmd_dirty_policy_vmwgfx, 511, PT },
	{ &vmd_dirty_policy_vmwgfx, 512, MK },
	{ &vmd_dirty_policy_vmwgfx, 513, MK },
	{ &vmd_dirty_policy_vmwgfx, 1UL << 32, MK },
	{ &vmd_dirty_policy_mkwrite, 1, MK },
	{ &vmd_dirty_policy_mkwrite, 512, MK },
	{ &vmd_dirty_policy_pagetable, 511, PT },
	{ &vmd_dirty_policy_pagetable, 1UL << 32, PT },
};

/* VM-1, SP-12: strictly below 512. */
START_TEST(the_first_method_goes_by_the_size)
{
	const struct vmd_dirty_policy *policy = initials[_i].policy;

	enum vmd_dirty_method method = policy->initial(initials[_i].nr_pages);

	ck_assert_msg(method == initials[_i].method, "%s, %lu pages",
		      policy->name, initials[_i].nr_pages);
}
END_TEST

/* One scan: what was found, what the rule says then, its count after. */
struct step {
	unsigned long nr_found;
	enum vmd_dirty_method method;
	unsigned int change_count;
};

struct row {
	const char *name;
	unsigned long nr_pages;
	enum vmd_dirty_method first;
	unsigned int nr_steps;
	struct step steps[8];
};

static const struct row rows[] = {
	{ "VM-4: the third empty scan in a row",
	  100,
	  PT,
	  3,
	  { { 0, PT, 1 }, { 0, PT, 2 }, { 0, MK, 0 } } },
	{ "VM-4: one dirty page starts the count again",
	  100,
	  PT,
	  6,
	  { { 0, PT, 1 },
	    { 0, PT, 2 },
	    { 1, PT, 0 },
	    { 0, PT, 1 },
	    { 0, PT, 2 },
	    { 0, MK, 0 } } },
	{ "VM-5: the third dense scan",
	  100,
	  MK,
	  3,
	  { { 11, MK, 1 }, { 100, MK, 2 }, { 11, PT, 0 } } },
	{ "VM-5: a thin scan starts the count again",
	  100,
	  MK,
	  6,
	  { { 50, MK, 1 },
	    { 50, MK, 2 },
	    { 10, MK, 0 },
	    { 50, MK, 1 },
	    { 50, MK, 2 },
	    { 50, PT, 0 } } },
	{ "SP-10: 10.9 % is ten",
	  1000,
	  MK,
	  4,
	  { { 109, MK, 0 }, { 109, MK, 0 }, { 109, MK, 0 }, { 109, MK, 0 } } },
	{ "SP-10: 11.0 % is eleven",
	  1000,
	  MK,
	  3,
	  { { 110, MK, 1 }, { 110, MK, 2 }, { 110, PT, 0 } } },
	{ "SP-10: 56 of 512 is ten, 57 is eleven",
	  512,
	  MK,
	  4,
	  { { 57, MK, 1 }, { 56, MK, 0 }, { 57, MK, 1 }, { 57, MK, 2 } } },
	{ "SP-10, VC-3: several mappings count several times",
	  100,
	  MK,
	  3,
	  { { 250, MK, 1 }, { 250, MK, 2 }, { 250, PT, 0 } } },
	{ "the count is 0 after a change, either way",
	  100,
	  PT,
	  8,
	  { { 0, PT, 1 },
	    { 0, PT, 2 },
	    { 0, MK, 0 },
	    { 99, MK, 1 },
	    { 99, MK, 2 },
	    { 99, PT, 0 },
	    { 0, PT, 1 },
	    { 0, PT, 2 } } },
};

START_TEST(the_drivers_rule_changes_at_the_third_trigger)
{
	const struct row *row = &rows[_i];
	struct vmd_dirty_policy_state state = { 0 };
	enum vmd_dirty_method method = row->first;
	unsigned int i;

	for (i = 0; i < row->nr_steps; i++) {
		const struct step *step = &row->steps[i];

		method = vmd_dirty_policy_vmwgfx.scanned(&state, method,
							 step->nr_found,
							 row->nr_pages);

		ck_assert_msg(method == step->method &&
				      state.change_count == step->change_count,
			      "%s, scan %u: %s, count %u", row->name, i,
			      method == MK ? "mkwrite" : "pagetable",
			      state.change_count);
	}
}
END_TEST

START_TEST(the_two_methods_alone_have_no_rule)
{
	ck_assert(!vmd_dirty_policy_mkwrite.scanned);
	ck_assert(!vmd_dirty_policy_pagetable.scanned);
	ck_assert_str_eq(vmd_dirty_policy_mkwrite.name, "mkwrite");
	ck_assert_str_eq(vmd_dirty_policy_pagetable.name, "pagetable");
	ck_assert_str_eq(vmd_dirty_policy_vmwgfx.name, "vmwgfx");
}
END_TEST

static struct vmd_tracker *fake_tracker(struct up_fake *fake,
					unsigned long nr_pages)
{
	struct vmd_tracker *tracker = NULL;

	up_fake_init(fake);
	ck_assert_int_eq(vmd_tracker_create(up.machine, &fake->backend,
					    &vmd_dirty_policy_vmwgfx, nr_pages,
					    &tracker),
			 0);
	fake->nr_calls = 0;
	return tracker;
}

static int forget_run(void *arg, unsigned long start, unsigned long end)
{
	(void)arg;
	(void)start;
	(void)end;
	return 0;
}

/* What a submission does with a tracker. */
static void scan_and_forget(struct vmd_tracker *tracker, unsigned long nr)
{
	vmd_tracker_scan(tracker);
	ck_assert_int_eq(vmd_tracker_transfer(tracker, 0, nr, forget_run, NULL),
			 0);
}

/* VC-4, SP-11 */
START_TEST(idle_scans_in_mkwrite_neither_count_nor_reset)
{
	struct up_fake fake;
	struct vmd_tracker *tracker = fake_tracker(&fake, 1000);
	unsigned int burst;
	unsigned int idle;

	fake.arm_result = 500;
	for (burst = 0; burst < 3; burst++) {
		ck_assert_int_eq(vmd_tracker_method(tracker), MK);
		for (idle = 0; idle < 5; idle++)
			scan_and_forget(tracker, 1000);
		vmd_tracker_mkwrite(tracker, 7);
		scan_and_forget(tracker, 1000);
	}

	ck_assert_int_eq(vmd_tracker_method(tracker), PT);
	ck_assert(vmd_tracker_put(tracker));
}
END_TEST

/* SP-11 */
START_TEST(an_idle_scan_in_pagetable_is_the_trigger)
{
	struct up_fake fake;
	struct vmd_tracker *tracker = fake_tracker(&fake, 100);

	vmd_tracker_scan(tracker);
	vmd_tracker_scan(tracker);
	ck_assert_int_eq(vmd_tracker_method(tracker), PT);
	vmd_tracker_scan(tracker);

	ck_assert_int_eq(vmd_tracker_method(tracker), MK);
	ck_assert(vmd_tracker_put(tracker));
}
END_TEST

static void store_pages(vmd_va_t base, unsigned long nr, uint64_t value)
{
	unsigned long page;

	for (page = 0; page < nr; page++)
		up_store(&up, 0, base, page, value + page);
}

/* VM-5, SP-10: on an object of 1000 pages, with what one mapping finds. */
START_TEST(an_object_changes_at_eleven_percent_and_not_at_ten)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 1000, &vmd_dirty_policy_vmwgfx);
	vmd_va_t base = up_map(&up, 0, bo);
	unsigned int i;

	for (i = 1; i <= 5; i++) {
		store_pages(base, 109, i);
		up_submit_wait(&up, bo);
		ck_assert_int_eq(up_method(bo), MK);
	}
	for (i = 1; i <= 3; i++) {
		ck_assert_int_eq(up_method(bo), MK);
		store_pages(base, 110, i);
		up_submit_wait(&up, bo);
	}

	ck_assert_int_eq(up_method(bo), PT);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* VC-3: entries are counted, not pages. */
START_TEST(two_mappings_reach_eleven_percent_with_six)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 1000, &vmd_dirty_policy_vmwgfx);
	vmd_va_t here = up_map(&up, 0, bo);
	vmd_va_t there = up_map(&up, 1, bo);
	unsigned int i;
	unsigned long page;

	for (i = 1; i <= 3; i++) {
		ck_assert_int_eq(up_method(bo), MK);
		store_pages(here, 60, i);
		for (page = 0; page < 60; page++)
			up_store(&up, 1, there, page, i + 100);
		up_submit_wait(&up, bo);
	}

	ck_assert_int_eq(up_method(bo), PT);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* C.2, all the way round. */
START_TEST(an_object_comes_back_to_mkwrite_when_nobody_writes)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 600, &vmd_dirty_policy_vmwgfx);
	vmd_va_t base = up_map(&up, 0, bo);
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		store_pages(base, 300, i);
		up_submit_wait(&up, bo);
	}
	ck_assert_int_eq(up_method(bo), PT);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(up_method(bo), PT);
		up_submit_wait(&up, bo);
	}

	ck_assert_int_eq(up_method(bo), MK);
	up_check_tracker(bo, NULL);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *rules = tcase_create("rules");
	TCase *objects = tcase_create("objects");

	tcase_add_loop_test(rules, the_first_method_goes_by_the_size, 0,
			    VMD_ARRAY_SIZE(initials));
	tcase_add_loop_test(rules,
			    the_drivers_rule_changes_at_the_third_trigger, 0,
			    VMD_ARRAY_SIZE(rows));
	tcase_add_test(rules, the_two_methods_alone_have_no_rule);
	suite_add_tcase(suite, rules);

	tcase_add_checked_fixture(objects, setup, teardown);
	tcase_add_test(objects, idle_scans_in_mkwrite_neither_count_nor_reset);
	tcase_add_test(objects, an_idle_scan_in_pagetable_is_the_trigger);
	tcase_add_test(objects,
		       an_object_changes_at_eleven_percent_and_not_at_ten);
	tcase_add_test(objects, two_mappings_reach_eleven_percent_with_six);
	tcase_add_test(objects,
		       an_object_comes_back_to_mkwrite_when_nobody_writes);
	suite_add_tcase(suite, objects);
	return vmd_test_main(suite);
}
