/* SPDX-License-Identifier: MIT */
/*
 * Cost profiles: what a file may say, what is refused and at which line, and
 * that profiles/ says the same as the library (CA-3).
 */
#include "upfix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/vmd_profile_XXXXXX";

static void setup(void)
{
	int fd;

	(void)snprintf(path, sizeof(path), "/tmp/vmd_profile_XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(unlink(path), 0);
}

static void write_file(const char *text, size_t len)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static struct vmd_costs builtin(const char *name)
{
	struct vmd_costs costs;

	ck_assert_int_eq(vmd_costs_builtin(name, &costs), 0);
	return costs;
}

static struct vmd_costs load(const char *text)
{
	struct vmd_profile_error error;
	struct vmd_costs costs;
	int err;

	write_file(text, strlen(text));
	err = vmd_costs_load(path, &costs, &error);
	ck_assert_msg(err == 0, "%s: line %u: %s", text, error.line,
		      error.text);
	return costs;
}

static void assert_costs_eq(const struct vmd_costs *a,
			    const struct vmd_costs *b, const char *name)
{
	unsigned int i;

	for (i = 0; i < VMD_NR_EVENTS; i++)
		ck_assert_msg(a->ps[i] == b->ps[i], "%s: %s: %lu and %lu ps",
			      name, vmd_event_name((enum vmd_event)i),
			      (unsigned long)a->ps[i], (unsigned long)b->ps[i]);
}

static const char *const names[] = { "host-quiet", "host-loaded", "slow-walk",
				     "emulator" };

START_TEST(the_built_in_profiles_are_these_four)
{
	struct vmd_costs costs = { { 7 } };
	unsigned int i;

	for (i = 0; i < VMD_ARRAY_SIZE(names); i++)
		ck_assert_str_eq(vmd_costs_builtin_name(i), names[i]);

	ck_assert_ptr_null(vmd_costs_builtin_name(i));
	ck_assert_ptr_null(vmd_costs_builtin_name(~0U));
	ck_assert_int_eq(vmd_costs_builtin("host", &costs), -ENOENT);
	ck_assert_int_eq(vmd_costs_builtin("", &costs), -ENOENT);
	ck_assert_int_eq(vmd_costs_builtin(NULL, &costs), -ENOENT);
	ck_assert_uint_eq(costs.ps[0], 7);
}
END_TEST

static void profile_path(char *buffer, size_t size, const char *name)
{
	(void)snprintf(buffer, size, "%s/profiles/%s.profile", VMD_SOURCE_DIR,
		       name);
}

START_TEST(a_profile_file_says_what_the_library_says)
{
	struct vmd_costs want = builtin(names[_i]);
	struct vmd_profile_error error;
	struct vmd_costs costs;
	char file[4096];
	int err;

	profile_path(file, sizeof(file), names[_i]);
	err = vmd_costs_load(file, &costs, &error);

	ck_assert_msg(err == 0, "%s:%u: %s", file, error.line, error.text);
	assert_costs_eq(&costs, &want, names[_i]);
}
END_TEST

static bool is_cost(const char *line)
{
	return line[strspn(line, " \t")] != '#' && strstr(line, "_ns") &&
	       strchr(line, '=');
}

/* Where each number comes from stands behind it; no number is left out. */
START_TEST(a_profile_file_gives_every_number_its_source)
{
	char file[4096];
	char line[256];
	unsigned int nr = 0;
	FILE *stream;

	profile_path(file, sizeof(file), names[_i]);
	stream = fopen(file, "re");
	ck_assert_msg(stream != NULL, "%s", file);
	while (fgets(line, sizeof(line), stream)) {
		if (!is_cost(line))
			continue;
		nr++;
		ck_assert_msg(strchr(line, '#') != NULL, "%s: %s", file, line);
	}
	(void)fclose(stream);

	ck_assert_uint_eq(nr, VMD_NR_EVENTS);
}
END_TEST

START_TEST(a_key_that_is_missing_comes_from_host_quiet)
{
	struct vmd_costs want = builtin("host-quiet");
	struct vmd_costs costs = load("");

	assert_costs_eq(&costs, &want, "empty");
	costs = load("# nothing but a remark\n\n   \n\t# and another\n");
	assert_costs_eq(&costs, &want, "remarks");
	costs = load("fault_ns = 1\n");
	want.ps[VMD_EV_FAULT] = 1000;
	assert_costs_eq(&costs, &want, "one key");
}
END_TEST

START_TEST(a_base_gives_what_is_not_said)
{
	struct vmd_costs want = builtin(names[_i]);
	struct vmd_costs costs;
	char text[128];

	(void)snprintf(text, sizeof(text), "base = %s\npte_visit_ns = 9\n",
		       names[_i]);
	costs = load(text);

	want.ps[VMD_EV_PTE_VISIT] = 9000;
	assert_costs_eq(&costs, &want, names[_i]);
}
END_TEST

START_TEST(every_event_has_a_key)
{
	const char *name = vmd_event_name((enum vmd_event)_i);
	struct vmd_costs want = builtin("emulator");
	struct vmd_costs costs;
	char text[128];

	(void)snprintf(text, sizeof(text), "base=emulator\n%s_ns=12.345\n",
		       name);
	costs = load(text);

	want.ps[_i] = 12345;
	assert_costs_eq(&costs, &want, name);
}
END_TEST

static const struct {
	const char *text;
	uint64_t ps;
} numbers[] = {
	{ "0", 0 },
	{ "1", 1000 },
	{ "662", 662000 },
	{ "1.06", 1060 },
	{ "0.03", 30 },
	{ "0.030", 30 },
	{ "0.001", 1 },
	{ "34.5", 34500 },
	{ "007", 7000 },
	{ "5.", 5000 },
	{ "10000000000", UINT64_C(10000000000000) },
	{ "10000000000.000", UINT64_C(10000000000000) },
};

START_TEST(a_number_has_up_to_three_decimals)
{
	char text[128];
	struct vmd_costs costs;

	(void)snprintf(text, sizeof(text), "fault_ns = %s", numbers[_i].text);
	costs = load(text);

	ck_assert_msg(costs.ps[VMD_EV_FAULT] == numbers[_i].ps, "%s: %lu",
		      numbers[_i].text, (unsigned long)costs.ps[VMD_EV_FAULT]);
}
END_TEST

static const char *const same_lines[] = {
	"fault_ns = 5\n",
	"fault_ns=5",
	"  fault_ns\t=\t5  \n",
	"fault_ns = 5 # why\n",
	"fault_ns = 5# why",
	"\r\nfault_ns = 5\r\n",
	"# fault_ns = 6\nfault_ns = 5\n",
	"base = host-quiet\nfault_ns = 5\n",
};

START_TEST(blanks_remarks_and_line_ends_do_not_matter)
{
	struct vmd_costs want = builtin("host-quiet");
	struct vmd_costs costs = load(same_lines[_i]);

	want.ps[VMD_EV_FAULT] = 5000;
	assert_costs_eq(&costs, &want, same_lines[_i]);
}
END_TEST

#define LONG_50	 "12345678901234567890123456789012345678901234567890"
#define LONG_250 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50

static const struct {
	const char *text;
	unsigned int line;
	const char *what;
} refusals[] = {
	{ "fault_ns\n", 1, "expected \"key = value\"" },
	{ "\n# x\nnonsense\n", 3, "expected \"key = value\"" },
	{ "= 5\n", 1, "unknown key \"\"" },
	{ "fault = 5\n", 1, "unknown key \"fault\"" },
	{ "_ns = 5\n", 1, "unknown key \"_ns\"" },
	{ "fault_us = 5\n", 1, "unknown key \"fault_us\"" },
	{ "Fault_ns = 5\n", 1, "unknown key \"Fault_ns\"" },
	{ "faul_ns = 5\n", 1, "unknown key \"faul_ns\"" },
	{ "fault_ns_ns = 5\n", 1, "unknown key \"fault_ns_ns\"" },
	{ "fault ns = 5\n", 1, "unknown key \"fault ns\"" },
	{ "fault_ns = 1\nsubmit_ns = 2\nfault_ns = 1\n", 3, "given twice" },
	{ "fault_ns =\n", 1, "\"\" is not a number" },
	{ "fault_ns = -1\n", 1, "\"-1\" is not a number" },
	{ "fault_ns = +1\n", 1, "is not a number" },
	{ "fault_ns = .5\n", 1, "is not a number" },
	{ "fault_ns = 1e3\n", 1, "is not a number" },
	{ "fault_ns = 0x10\n", 1, "is not a number" },
	{ "fault_ns = 1,5\n", 1, "is not a number" },
	{ "fault_ns = 1.5.2\n", 1, "is not a number" },
	{ "fault_ns = 1.2345\n", 1, "is not a number" },
	{ "fault_ns = 5 ns\n", 1, "is not a number" },
	{ "fault_ns = 5 = 6\n", 1, "is not a number" },
	{ "fault_ns = 10000000001\n", 1, "is not a number" },
	{ "fault_ns = 10000000000.001\n", 1, "is not a number" },
	{ "fault_ns = " LONG_50 "\n", 1, "is not a number" },
	{ "base = nobody\n", 1, "no built-in profile \"nobody\"" },
	{ "base =\n", 1, "no built-in profile \"\"" },
	{ "fault_ns = 1\nbase = emulator\n", 2, "base must come before" },
	{ "base = emulator\nbase = emulator\n", 2, "base must come before" },
	{ "\nfault_ns = " LONG_250 "\n", 2, "the line is too long" },
};

/* Every kind of error, with its line; the costs stay as they were. */
START_TEST(a_line_that_makes_no_sense_is_refused_with_its_number)
{
	const char *text = refusals[_i].text;
	struct vmd_profile_error error = { 99, "?" };
	struct vmd_costs costs = { { 7 } };

	write_file(text, strlen(text));
	ck_assert_int_eq(vmd_costs_load(path, &costs, &error), -EINVAL);

	ck_assert_msg(error.line == refusals[_i].line &&
			      strstr(error.text, refusals[_i].what),
		      "\"%s\": line %u: %s", text, error.line, error.text);
	ck_assert_uint_eq(costs.ps[0], 7);
	ck_assert_uint_eq(costs.ps[1], 0);
}
END_TEST

/* What stands behind a NUL would be read by a person and not by us. */
START_TEST(a_file_that_is_not_text_is_refused)
{
	static const char text[] = "fault_ns = 1\0 and more\n";
	struct vmd_profile_error error;
	struct vmd_costs costs;

	write_file(text, sizeof(text) - 1);

	ck_assert_int_eq(vmd_costs_load(path, &costs, &error), -EINVAL);
	ck_assert_uint_eq(error.line, 1);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_no_line)
{
	struct vmd_profile_error error = { 99, "?" };
	struct vmd_costs costs = { { 7 } };

	ck_assert_int_eq(vmd_costs_load("/nowhere/at.all", &costs, &error),
			 -ENOENT);
	ck_assert_uint_eq(error.line, 0);
	ck_assert_str_eq(error.text, "no such file or directory");
	ck_assert_int_lt(vmd_costs_load("/tmp", &costs, &error), 0);
	ck_assert_uint_eq(error.line, 0);
	ck_assert_str_ne(error.text, "");
	ck_assert_uint_eq(costs.ps[0], 7);
}
END_TEST

/* I-12 */
START_TEST(loading_needs_all_three_arguments)
{
	struct vmd_profile_error error = { 99, "?" };
	struct vmd_costs costs = { { 7 } };

	ck_assert_int_eq(vmd_costs_load(NULL, &costs, &error), -EINVAL);
	ck_assert_int_eq(vmd_costs_load(path, NULL, &error), -EINVAL);
	ck_assert_int_eq(vmd_costs_load(path, &costs, NULL), -EINVAL);

	ck_assert_uint_eq(costs.ps[0], 7);
	ck_assert_uint_eq(error.line, 99);
}
END_TEST

static void add_built_in(Suite *suite)
{
	TCase *tc = tcase_create("built_in");

	tcase_add_test(tc, the_built_in_profiles_are_these_four);
	tcase_add_loop_test(tc, a_profile_file_says_what_the_library_says, 0,
			    VMD_ARRAY_SIZE(names));
	tcase_add_loop_test(tc, a_profile_file_gives_every_number_its_source, 0,
			    VMD_ARRAY_SIZE(names));
	suite_add_tcase(suite, tc);
}

static void add_file(Suite *suite)
{
	TCase *tc = tcase_create("file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_key_that_is_missing_comes_from_host_quiet);
	tcase_add_loop_test(tc, a_base_gives_what_is_not_said, 0,
			    VMD_ARRAY_SIZE(names));
	tcase_add_loop_test(tc, every_event_has_a_key, 0, VMD_NR_EVENTS);
	tcase_add_loop_test(tc, a_number_has_up_to_three_decimals, 0,
			    VMD_ARRAY_SIZE(numbers));
	tcase_add_loop_test(tc, blanks_remarks_and_line_ends_do_not_matter, 0,
			    VMD_ARRAY_SIZE(same_lines));
	tcase_add_loop_test(
		tc, a_line_that_makes_no_sense_is_refused_with_its_number, 0,
		VMD_ARRAY_SIZE(refusals));
	tcase_add_test(tc, a_file_that_is_not_text_is_refused);
	tcase_add_test(tc, a_file_that_cannot_be_read_is_no_line);
	tcase_add_test(tc, loading_needs_all_three_arguments);
	suite_add_tcase(suite, tc);
}

int main(void)
{
	Suite *suite = suite_create("profile");

	add_built_in(suite);
	add_file(suite);
	return vmd_test_main(suite);
}
