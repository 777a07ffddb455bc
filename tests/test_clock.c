/* SPDX-License-Identifier: MIT */
/*
 * base/clock: who is charged for what, and what it adds up to.
 */
#include "base/clock.h"

#include <pthread.h>
#include <string.h>

#include "lowfix.h"
#include "support.h"

static struct lowfix_reports reports;
static struct vmd_env env;

static void up(void)
{
	lowfix_env_up(&env, &reports);
}

static void down(void)
{
	(void)vmd_clock_switch(NULL);
	lowfix_env_down(&env);
}

START_TEST(what_no_clock_covers_goes_to_the_machine)
{
	vmd_charge(&env, VMD_EV_FAULT, 3);
	vmd_charge(&env, VMD_EV_FAULT, 4);

	ck_assert_uint_eq(env.clock.counts.nr[VMD_EV_FAULT], 7);
	ck_assert_uint_eq(env.clock.counts.nr[VMD_EV_WRITE_FAULT], 0);
}
END_TEST

START_TEST(work_is_charged_to_the_clock_in_use)
{
	struct vmd_clock clock;

	vmd_clock_init(&clock, &env);
	(void)vmd_clock_switch(&clock);
	vmd_charge(&env, VMD_EV_SUBMIT, 2);

	ck_assert_uint_eq(clock.counts.nr[VMD_EV_SUBMIT], 2);
	ck_assert_uint_eq(env.clock.counts.nr[VMD_EV_SUBMIT], 0);
}
END_TEST

START_TEST(switching_says_what_was_in_use)
{
	struct vmd_clock first;
	struct vmd_clock second;

	vmd_clock_init(&first, &env);
	vmd_clock_init(&second, &env);

	ck_assert_ptr_null(vmd_clock_switch(&first));
	ck_assert_ptr_eq(vmd_clock_switch(&second), &first);
	ck_assert_ptr_eq(vmd_clock_switch(NULL), &second);
}
END_TEST

/* D11: two machines do not meet. */
START_TEST(a_clock_takes_no_charge_of_another_machine)
{
	struct lowfix_reports other_reports;
	struct vmd_clock clock;
	struct vmd_env other;

	lowfix_env_up(&other, &other_reports);
	vmd_clock_init(&clock, &other);
	(void)vmd_clock_switch(&clock);
	vmd_charge(&env, VMD_EV_FAULT, 1);

	ck_assert_uint_eq(clock.counts.nr[VMD_EV_FAULT], 0);
	ck_assert_uint_eq(env.clock.counts.nr[VMD_EV_FAULT], 1);
	lowfix_env_down(&other);
}
END_TEST

static void *charge_here(void *unused)
{
	vmd_charge(&env, VMD_EV_FAULT, 1);
	return unused;
}

START_TEST(the_clock_in_use_belongs_to_its_thread)
{
	struct vmd_clock clock;
	pthread_t thread;

	vmd_clock_init(&clock, &env);
	(void)vmd_clock_switch(&clock);
	ck_assert_int_eq(pthread_create(&thread, NULL, charge_here, NULL), 0);
	(void)pthread_join(thread, NULL);

	ck_assert_uint_eq(clock.counts.nr[VMD_EV_FAULT], 0);
	ck_assert_uint_eq(env.clock.counts.nr[VMD_EV_FAULT], 1);
}
END_TEST

START_TEST(sums_add_to_what_is_there)
{
	struct vmd_event_counts sum = { { 0 } };

	vmd_charge(&env, VMD_EV_PTE_ZAP, 5);
	vmd_clock_sum(&env.clock, &sum);
	vmd_clock_sum(&env.clock, &sum);

	ck_assert_uint_eq(sum.nr[VMD_EV_PTE_ZAP], 10);
}
END_TEST

START_TEST(each_event_has_a_name_of_its_own_and_a_cause)
{
	enum vmd_event event = (enum vmd_event)_i;
	unsigned int other;

	ck_assert_ptr_nonnull(vmd_event_name(event));
	ck_assert_uint_lt(vmd_event_cause(event), VMD_NR_CAUSES);
	ck_assert_ptr_nonnull(vmd_cause_name(vmd_event_cause(event)));
	for (other = 0; other < VMD_NR_EVENTS; other++)
		ck_assert(other == event ||
			  strcmp(vmd_event_name(event),
				 vmd_event_name((enum vmd_event)other)) != 0);
}
END_TEST

START_TEST(no_event_and_no_cause_have_no_name)
{
	ck_assert_ptr_null(vmd_event_name(VMD_NR_EVENTS));
	ck_assert_ptr_null(vmd_cause_name(VMD_NR_CAUSES));
}
END_TEST

/* D7: virtual time is the sum of events times costs, and nothing else. */
START_TEST(virtual_time_is_split_by_cause_and_adds_up)
{
	struct vmd_event_counts counts = { { 0 } };
	struct vmd_costs costs = { { 0 } };
	uint64_t ps[VMD_NR_CAUSES];
	uint64_t sum;

	counts.nr[VMD_EV_FAULT] = 2;
	costs.ps[VMD_EV_FAULT] = 100;
	counts.nr[VMD_EV_PTE_INSTALL] = 3;
	costs.ps[VMD_EV_PTE_INSTALL] = 10;
	counts.nr[VMD_EV_TLB_WALK] = 7;
	costs.ps[VMD_EV_TLB_WALK] = 1;
	counts.nr[VMD_EV_SUBMIT] = 9; /* free of charge */

	sum = vmd_virtual_ps(&counts, &costs, ps);

	ck_assert_uint_eq(ps[VMD_CAUSE_FAULT], 230);
	ck_assert_uint_eq(ps[VMD_CAUSE_WALK], 7);
	ck_assert_uint_eq(ps[VMD_CAUSE_SUBMIT], 0);
	ck_assert_uint_eq(sum, 237);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *charge = tcase_create("charge");
	TCase *names = tcase_create("names");

	tcase_add_checked_fixture(charge, up, down);
	tcase_add_test(charge, what_no_clock_covers_goes_to_the_machine);
	tcase_add_test(charge, work_is_charged_to_the_clock_in_use);
	tcase_add_test(charge, switching_says_what_was_in_use);
	tcase_add_test(charge, a_clock_takes_no_charge_of_another_machine);
	tcase_add_test(charge, the_clock_in_use_belongs_to_its_thread);
	tcase_add_test(charge, sums_add_to_what_is_there);
	suite_add_tcase(suite, charge);

	tcase_add_loop_test(names, each_event_has_a_name_of_its_own_and_a_cause,
			    0, VMD_NR_EVENTS);
	tcase_add_test(names, no_event_and_no_cause_have_no_name);
	tcase_add_test(names, virtual_time_is_split_by_cause_and_adds_up);
	suite_add_tcase(suite, names);
	return vmd_test_main(suite);
}
