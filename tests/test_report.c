/* SPDX-License-Identifier: MIT */
/*
 * base/report: who hears of a broken contract, and what it says.
 */
#include "base/report.h"

#include <signal.h>
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
	lowfix_env_down(&env);
}

START_TEST(a_warning_is_counted_and_handed_over)
{
	const struct vmd_place here = { "some.c", 12 };

	vmd_warn(&env, here, "odd");

	ck_assert_uint_eq(env.nr_warnings, 1);
	ck_assert_uint_eq(reports.nr_warnings, 1);
	ck_assert_uint_eq(reports.nr_bugs, 0);
	ck_assert_str_eq(reports.text, "odd");
	ck_assert_str_eq(reports.here.file, "some.c");
	ck_assert_int_eq(reports.here.line, 12);
	ck_assert_ptr_null(reports.there.file);
}
END_TEST

START_TEST(a_warning_without_hook_is_only_counted)
{
	env.report = NULL;

	vmd_warn(&env, VMD_HERE, "odd");

	ck_assert_uint_eq(env.nr_warnings, 1);
}
END_TEST

/* I-12 */
START_TEST(a_bug_names_both_places)
{
	const struct vmd_place here = { "here.c", 1 };
	const struct vmd_place there = { "there.c", 2 };

	vmd_bug(&env, here, there, "%d is not %s", 7, "even");

	ck_assert_uint_eq(reports.nr_bugs, 1);
	ck_assert_uint_eq(env.nr_warnings, 0);
	ck_assert_str_eq(reports.text, "7 is not even");
	ck_assert_str_eq(reports.here.file, "here.c");
	ck_assert_str_eq(reports.there.file, "there.c");
	ck_assert_int_eq(reports.there.line, 2);
}
END_TEST

START_TEST(a_long_text_is_cut_not_overrun)
{
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	vmd_bug(&env, VMD_HERE, VMD_NOWHERE, "%s", text);

	ck_assert_uint_eq(strlen(reports.text), 255);
}
END_TEST

START_TEST(conditions_report_themselves_and_this_line)
{
	const int answer = 42;
	int line;

	ck_assert(VMD_WARN_ON(&env, answer == 42));
	ck_assert_str_eq(reports.text, "answer == 42");
	line = __LINE__ + 1;
	ck_assert(VMD_BUG_ON(&env, answer > 1));

	ck_assert_str_eq(reports.text, "answer > 1");
	ck_assert_int_eq(reports.here.line, line);
	ck_assert_ptr_nonnull(strstr(reports.here.file, "test_report.c"));
	ck_assert_uint_eq(reports.nr_warnings, 1);
	ck_assert_uint_eq(reports.nr_bugs, 1);
}
END_TEST

START_TEST(a_condition_that_is_false_is_silent)
{
	ck_assert(!VMD_WARN_ON(&env, env.nr_warnings > 0));
	ck_assert(!VMD_BUG_ON(&env, env.nr_warnings > 0));

	ck_assert_uint_eq(reports.nr_warnings + reports.nr_bugs, 0);
}
END_TEST

START_TEST(a_bug_without_hook_ends_the_program)
{
	env.report = NULL;

	vmd_bug(&env, VMD_HERE, VMD_HERE, "expected by test_report");
}
END_TEST

START_TEST(a_bug_without_environment_ends_the_program)
{
	vmd_bug(NULL, VMD_HERE, VMD_NOWHERE, "expected by test_report");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *hook = tcase_create("hook");
	TCase *death = vmd_death_case(suite);

	tcase_add_checked_fixture(hook, up, down);
	tcase_add_test(hook, a_warning_is_counted_and_handed_over);
	tcase_add_test(hook, a_warning_without_hook_is_only_counted);
	tcase_add_test(hook, a_bug_names_both_places);
	tcase_add_test(hook, a_long_text_is_cut_not_overrun);
	tcase_add_test(hook, conditions_report_themselves_and_this_line);
	tcase_add_test(hook, a_condition_that_is_false_is_silent);
	suite_add_tcase(suite, hook);

	tcase_add_test_raise_signal(death, a_bug_without_hook_ends_the_program,
				    SIGABRT);
	tcase_add_test_raise_signal(death,
				    a_bug_without_environment_ends_the_program,
				    SIGABRT);
	return vmd_test_main(suite);
}
