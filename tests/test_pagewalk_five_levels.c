/* SPDX-License-Identifier: MIT */
/*
 * The page walk of five levels: PGD and P4D are two (PW-2 to PW-5, PW-15).
 */
#include "walkbook.h"

static void up(void)
{
	walkbook_up(1, 5);
}

/* 2^50 and beyond; CPUs have no part in these tests. */
static struct midfix_area *map_high(vmd_va_t offset)
{
	return MAP(&fix, .nr_pages = 4, .addr = (UINT64_C(1) << 50) + offset);
}

static void make_table(const struct midfix_area *area)
{
	ck_assert_ptr_nonnull(
		vmd_alloc_slot(midfix_ctx(area), area->addr, VMD_LEVEL_PTE));
}

/* PW-3: what is nearest below is filled step by step: PGD, P4D, PUD, PMD. */
START_TEST(pw_3_with_five_levels_pgd_and_p4d_are_two)
{
	struct midfix_area *area = map_high(0);

	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) h0[0,4) E");

	make_table(map_high(UINT64_C(1) << 39));
	book.at = 0;
	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) g h1[0,4) E");

	make_table(map_high(UINT64_C(1) << 30));
	book.at = 0;
	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) g f h2[0,4) E");

	make_table(map_high(UINT64_C(1) << 21));
	book.at = 0;
	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) g f u h3[0,4) E");

	make_table(area);
	book.at = 0;
	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) g f u m p0 p1 p2 p3 E");
}
END_TEST

/* PW-4: what is asked of P4D alone goes down to it. */
START_TEST(pw_4_a_walk_of_five_levels_goes_to_p4d_for_p4d)
{
	const struct vmd_mm_walk_ops p4d = { .test_walk = note_test,
					     .p4d_entry = note_p4d };
	const struct vmd_mm_walk_ops pgd = { .test_walk = note_test,
					     .pgd_entry = note_pgd };
	struct midfix_area *area = map_high(0);

	make_table(area);
	ck_assert_int_eq(walk_area(area, &p4d), 0);
	ck_assert_str_eq(book.text, "T[0,4) f");
	book.at = 0;
	ck_assert_int_eq(walk_area(area, &pgd), 0);
	ck_assert_str_eq(book.text, "T[0,4) g");
}
END_TEST

/* Each entry of each level that the area touches, in order. */
START_TEST(a_walk_of_five_levels_crosses_the_ends_of_tables)
{
	const vmd_va_t end = UINT64_C(1) << 49; /* of a PGD entry */
	struct midfix_area *area =
		MAP(&fix, .nr_pages = 4, .addr = end - 2 * VMD_PAGE_SIZE);

	make_table(area);
	ck_assert_ptr_nonnull(
		vmd_alloc_slot(midfix_ctx(area), end, VMD_LEVEL_PTE));

	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) g f u m p0 p1 "
				    "g f u m p2 p3 E");
}
END_TEST

START_TEST(pw_5_a_walk_of_five_levels_ends_at_the_top)
{
	const vmd_va_t top = vmd_task_size(5);
	struct midfix_area *area =
		MAP(&fix, .nr_pages = 2, .addr = top - 2 * VMD_PAGE_SIZE);

	make_table(area);

	ck_assert_int_eq(walk_range(area->addr, top, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,2) B[0,2) g f u m p0 p1 E");
}
END_TEST

static const struct {
	char letter;
	const char *text;
} stops5[] = {
	{ 'h', "T[0,4) B[0,4) h0[0,4) E" },
	{ 'g', "T[0,4) B[0,4) g E" },
	{ 'f', "T[0,4) B[0,4) g f E" },
	{ 'p', "T[0,4) B[0,4) g f u m p0 E" },
};

/* PW-2, PW-15 */
START_TEST(pw_2_15_each_of_five_levels_may_stop_the_walk)
{
	struct midfix_area *area = map_high(0);

	book.letter = stops5[_i].letter;
	book.value = 7;
	if (book.letter != 'h')
		make_table(area);

	ck_assert_int_eq(walk_area(area, &all_ops), 7);
	ck_assert_str_eq(book.text, stops5[_i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pagewalk_five_levels");
	TCase *tc = tcase_create("levels PW-2..PW-5 PW-15");

	tcase_add_checked_fixture(tc, up, walkbook_down);
	tcase_add_test(tc, pw_3_with_five_levels_pgd_and_p4d_are_two);
	tcase_add_test(tc, pw_4_a_walk_of_five_levels_goes_to_p4d_for_p4d);
	tcase_add_test(tc, a_walk_of_five_levels_crosses_the_ends_of_tables);
	tcase_add_test(tc, pw_5_a_walk_of_five_levels_ends_at_the_top);
	tcase_add_loop_test(tc, pw_2_15_each_of_five_levels_may_stop_the_walk,
			    0, VMD_ARRAY_SIZE(stops5));
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
