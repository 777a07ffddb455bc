/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty verify: a sample of the enumeration and random cases on the whole
 * CPU, in every build; that a wrong product is noticed; that Unicorn is left
 * out by name where it is not there. All of it: ctest -L exhaustive.
 */
#include <errno.h>
#include <string.h>

#include "support.h"
#include "verify_cpu.h"
#include "verify_enum.h"
#include "verify_gen.h"
#include "verify_pass.h"
#include "verify_plan.h"

/* Primes: no bit of a case keeps its value from one to the next. */
#define STRIDE	    1999
#define PML5_STRIDE 20011
#define NR_RANDOM   20000

static void good(struct verify_pass *pass)
{
	int err = verify_pass_run(pass, NULL);

	if (!verify_pass_is_good(pass)) {
		verify_print_head(stdout);
		verify_print_row(stdout, pass);
		verify_print_kept(stdout, &pass->tally);
		(void)fflush(stdout);
	}
	ck_assert_int_eq(err, 0);
	ck_assert_ptr_null(pass->skipped);
	ck_assert_uint_gt(pass->tally.nr_cases, 0);
	ck_assert(verify_pass_is_good(pass));
}

/* R1 to R13 */
START_TEST(a_sample_of_all_legal_combinations_comes_out_as_the_rules_say)
{
	static const unsigned int maxphyaddrs[] = { 36, 40, 52 };
	struct verify_pass pass = {
		.suite = VERIFY_ENUM,
		.machine = { .levels = _i & 1 ? 5 : 4, .lazy = _i & 2 },
		.stride = STRIDE,
	};
	unsigned int i;

	for (i = 0; i < 3; i++) {
		pass.machine.maxphyaddr = maxphyaddrs[i];
		pass.nr_legal = 0;
		good(&pass);
	}
	pass.machine.maxphyaddr = 40;
	pass.nr_legal = 0;
	pass.extra = true;
	good(&pass);
}
END_TEST

/* R13, R14 */
START_TEST(no_tlb_and_no_line_shows)
{
	struct verify_pass pass = {
		.suite = VERIFY_ENUM,
		.machine = { .levels = 4, .maxphyaddr = 40 },
		.tlb = (enum verify_tlb)_i,
		.stride = STRIDE,
	};

	good(&pass);
}
END_TEST

/* R4, K5 */
START_TEST(a_right_that_the_pml5e_lacks_is_lacking)
{
	struct verify_pass pass = {
		.suite = VERIFY_PML5,
		.machine = { .levels = 5, .maxphyaddr = 40, .lazy = _i },
		.stride = PML5_STRIDE,
	};

	good(&pass);
}
END_TEST

/* R3, R9, R20, R21, R24, K1 to K5 */
START_TEST(random_cases_on_random_machines_come_out_as_the_rules_say)
{
	struct verify_pass pass = {
		.suite = VERIFY_RANDOM,
		.nr_wanted = NR_RANDOM,
		.seed = 2,
	};

	good(&pass);
	ck_assert_uint_eq(pass.tally.nr_cases, NR_RANDOM);
	ck_assert_uint_gt(pass.tally.nr_faults, NR_RANDOM / 4);
	ck_assert_uint_lt(pass.tally.nr_faults, NR_RANDOM * 3 / 4);
}
END_TEST

START_TEST(one_seed_is_one_series_of_cases)
{
	struct verify_adapter adapter = {
		.machine = { .levels = 5, .maxphyaddr = 46 },
		.data_begin = 1 << 22,
		.data_end = 1 << 24,
	};
	struct verify_gen first = { .state = 7 };
	struct verify_gen again = { .state = 7 };
	struct verify_gen other = { .state = 8 };
	struct verify_case cases[3];
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		memset(cases, 0, sizeof(cases));
		verify_gen_case(&first, &adapter, &cases[0]);
		verify_gen_case(&again, &adapter, &cases[1]);
		verify_gen_case(&other, &adapter, &cases[2]);
		ck_assert_mem_eq(cases[0].entry, cases[1].entry,
				 sizeof(cases[0].entry));
		ck_assert_mem_ne(cases[0].entry, cases[2].entry,
				 sizeof(cases[0].entry));
	}
}
END_TEST

START_TEST(the_formula_gives_the_counts_of_the_table)
{
	ck_assert_uint_eq(verify_enum_count(32, false), 28999680);
	ck_assert_uint_eq(verify_enum_count(36, false), 28999680);
	ck_assert_uint_eq(verify_enum_count(36, true), 43499520);
	ck_assert_uint_eq(verify_enum_count(37, false), 19169280);
	ck_assert_uint_eq(verify_enum_count(51, false), 19169280);
	ck_assert_uint_eq(verify_enum_count(40, true), 28753920);
	ck_assert_uint_eq(verify_enum_count(52, false), 9338880);
	ck_assert_uint_eq(verify_enum_count(52, true), 14008320);
}
END_TEST

/*
 * A product that is wrong once: the rules themselves answer for it, but for
 * the case of number @at.
 */
struct wrong {
	struct verify_adapter adapter; /* first */
	uint64_t at;
	uint64_t nr;
	unsigned int how;
};

static int answer_wrongly(struct verify_adapter *adapter,
			  const struct verify_case *c, uint64_t probe,
			  struct verify_outcome *out)
{
	struct wrong *self = (struct wrong *)(void *)adapter;

	(void)probe;
	verify_expect(&adapter->machine, c, out);
	if (self->nr++ != self->at)
		return 0;
	switch (self->how) {
	case 0:
		out->vector ^= VERIFY_PF;
		break;
	case 1:
		out->error_code ^= VERIFY_ERROR_P;
		break;
	case 2:
		out->cr2 ^= 8;
		break;
	case 3:
		out->phys ^= 8;
		break;
	case 4:
		out->entry[1] ^= VERIFY_D;
		break;
	case 5:
		out->entry[4] ^= VERIFY_A;
		break;
	default:
		return -EIO;
	}
	return 0;
}

static struct wrong wrong_product(unsigned int how, uint64_t at)
{
	return (struct wrong){
		.adapter = { .name = "wrong",
			     .machine = { .levels = 4, .maxphyaddr = 40 },
			     .data_begin = 1 << 22,
			     .data_end = 1 << 24,
			     .run = answer_wrongly },
		.how = how,
		.at = at,
	};
}

START_TEST(one_wrong_outcome_among_all_is_a_mismatch)
{
	const struct verify_enum space = { .stride = STRIDE };
	struct wrong wrong = wrong_product((unsigned int)_i, 4321);
	struct verify_pass pass = {
		.suite = VERIFY_ENUM,
		.machine = wrong.adapter.machine,
	};

	ck_assert_int_eq(verify_enum_run(&space, &wrong.adapter, &pass.tally,
					 &pass.nr_legal),
			 0);
	ck_assert_uint_eq(pass.nr_legal, verify_pass_expected(&pass));
	ck_assert_uint_eq(pass.tally.nr_mismatches, 1);
	ck_assert(!verify_same(&pass.tally.kept[0].expected,
			       &pass.tally.kept[0].seen));
	ck_assert(!verify_pass_is_good(&pass));
}
END_TEST

START_TEST(a_mismatch_is_printed_in_full)
{
	const struct verify_enum space = { .stride = STRIDE };
	struct wrong wrong = wrong_product(1, 0);
	struct verify_tally tally = { 0 };
	char text[2048] = "";
	uint64_t nr_legal;
	FILE *to = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(to);
	ck_assert_int_eq(verify_enum_run(&space, &wrong.adapter, &tally,
					 &nr_legal),
			 0);
	verify_print_kept(to, &tally);
	(void)fclose(to);

	ck_assert_ptr_nonnull(strstr(text, "mismatch 1 of 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "wrong, 4 levels, MAXPHYADDR 40"));
	ck_assert_ptr_nonnull(strstr(text, "read by the supervisor of "
					   "ffff923412345678"));
	ck_assert_ptr_nonnull(strstr(text, "expected  vector 14, error code "));
	ck_assert_ptr_nonnull(strstr(text, "seen      vector 14, error code "));
}
END_TEST

START_TEST(a_product_that_breaks_off_ends_the_pass)
{
	const struct verify_enum space = { .stride = STRIDE };
	struct wrong wrong = wrong_product(6, 10);
	struct verify_tally tally = { 0 };
	uint64_t nr_legal;

	ck_assert_int_eq(verify_enum_run(&space, &wrong.adapter, &tally,
					 &nr_legal),
			 -EIO);
	ck_assert_uint_eq(tally.nr_cases, 10);
}
END_TEST

START_TEST(a_wrong_count_is_a_failure)
{
	struct verify_pass pass = {
		.suite = VERIFY_ENUM,
		.machine = { .levels = 4, .maxphyaddr = 40 },
		.nr_legal = 19169279,
	};

	ck_assert(!verify_pass_is_good(&pass));
	pass.nr_legal++;
	ck_assert(verify_pass_is_good(&pass));
}
END_TEST

START_TEST(unicorn_agrees_or_is_left_out_by_name)
{
	struct verify_pass pass = {
		.suite = VERIFY_UNICORN,
		.machine = { .levels = 4, .maxphyaddr = 40 },
		.extra = _i,
		.nr_wanted = 5000,
		.seed = 3,
	};

	ck_assert_int_eq(verify_pass_run(&pass, NULL), 0);
	if (pass.skipped)
		printf("skipped: Unicorn: %s\n", pass.skipped);
	verify_print_kept(stdout, &pass.tally);
	ck_assert(verify_pass_is_good(&pass));
	ck_assert_uint_eq(pass.tally.nr_cases, pass.skipped ? 0 : 5000);
}
END_TEST

START_TEST(a_plan_has_what_was_wished_for)
{
	static struct verify_plan plan;
	struct verify_wish wish = { .only = "unicorn", .levels = 5 };
	unsigned int i;

	verify_plan_make(&plan, &wish);
	ck_assert_uint_eq(plan.nr, 0);
	wish = (struct verify_wish){ .levels = 5, .maxphyaddr = 33 };
	verify_plan_make(&plan, &wish);
	ck_assert_uint_gt(plan.nr, 0);
	for (i = 0; i < plan.nr; i++) {
		ck_assert_uint_eq(plan.passes[i].machine.levels, 5);
		ck_assert_uint_eq(plan.passes[i].machine.maxphyaddr, 33);
	}
	wish = (struct verify_wish){ .quick = true };
	verify_plan_make(&plan, &wish);
	ck_assert_uint_le(plan.nr, VERIFY_MAX_PASSES);
	for (i = 0; i < plan.nr; i++)
		ck_assert_uint_gt(plan.passes[i].stride, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify_mmu");
	TCase *product = tcase_create("product");
	TCase *judge = tcase_create("judge");

	tcase_set_timeout(product, 60);
	tcase_add_loop_test(
		product,
		a_sample_of_all_legal_combinations_comes_out_as_the_rules_say,
		0, 4);
	tcase_add_loop_test(product, no_tlb_and_no_line_shows, 0,
			    VERIFY_NR_TLBS);
	tcase_add_loop_test(product, a_right_that_the_pml5e_lacks_is_lacking, 0,
			    2);
	tcase_add_test(
		product,
		random_cases_on_random_machines_come_out_as_the_rules_say);
	tcase_add_loop_test(product, unicorn_agrees_or_is_left_out_by_name, 0,
			    2);
	suite_add_tcase(suite, product);

	tcase_add_test(judge, the_formula_gives_the_counts_of_the_table);
	tcase_add_test(judge, one_seed_is_one_series_of_cases);
	tcase_add_loop_test(judge, one_wrong_outcome_among_all_is_a_mismatch, 0,
			    6);
	tcase_add_test(judge, a_mismatch_is_printed_in_full);
	tcase_add_test(judge, a_product_that_breaks_off_ends_the_pass);
	tcase_add_test(judge, a_wrong_count_is_a_failure);
	tcase_add_test(judge, a_plan_has_what_was_wished_for);
	suite_add_tcase(suite, judge);
	return vmd_test_main(suite);
}
