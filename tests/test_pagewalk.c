/* SPDX-License-Identifier: MIT */
/*
 * The page walk, rule by rule: PW-1 to PW-8, PW-10, PW-13 to PW-19, PW-21,
 * PW-22, PW-33. test_pagewalk_five_levels has what only five levels have.
 */
#include <errno.h>
#include <string.h>

#include "walkbook.h"

static void up(void)
{
	walkbook_up(3, 4);
}

static void up5(void)
{
	walkbook_up(3, 5);
}

/* Every slot of a present table is visited, none included. */
START_TEST(pw_1_an_area_is_tested_begun_walked_top_down_and_ended)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 4);

	load_from(area, PAGES(2));

	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) g f u m p0 p1 p2 p3 E");
}
END_TEST

static const struct {
	char letter;
	const char *text;
} stops[] = {
	{ 'T', "T[0,4)" },
	{ 'B', "T[0,4) B[0,4)" },
	{ 'g', "T[0,4) B[0,4) g E" },
	{ 'f', "T[0,4) B[0,4) g f E" },
	{ 'u', "T[0,4) B[0,4) g f u E" },
	{ 'm', "T[0,4) B[0,4) g f u m E" },
	{ 'p', "T[0,4) B[0,4) g f u m p0 E" },
};

/* PW-2, SP-16: whatever the header of the kernel promises. */
START_TEST(pw_2_post_vma_runs_after_a_failed_walk_but_not_a_failed_pre_vma)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 4);

	load_from(area, PAGES(2));
	book.letter = stops[_i].letter;
	book.value = -EIO;

	ck_assert_int_eq(walk_area(area, &all_ops), -EIO);
	ck_assert_msg(!strcmp(book.text, stops[_i].text), "%c: %s",
		      stops[_i].letter, book.text);
}
END_TEST

/* PW-15, PW-22: the value of a callback is the result, 0 goes on. */
START_TEST(pw_15_22_a_positive_value_stops_a_walk_and_is_its_result)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 4);
	struct midfix_area *next = MAP(&fix, .mm = 1, .nr_pages = 4);

	load_from(area, PAGES(2));
	load_from(next, PAGES(2));
	book.letter = 'p';
	book.nth = 3;
	book.value = 42;

	ck_assert_int_eq(walk_object(0, 4, &all_ops), 42);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) g f u m p0 p1 p2 E");
}
END_TEST

/* PW-3: a folded level reports the level above; nothing is at 1 TiB. */
START_TEST(pw_3_a_hole_says_the_level_of_its_entry)
{
	const vmd_va_t at = UINT64_C(1) << 40;
	struct midfix_area *area = MAP(&fix, .nr_pages = 4, .addr = at);
	struct midfix_area *pmd, *pud;

	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) g h0[0,4) E");

	pud = MAP(&fix, .nr_pages = 4, .addr = at + (UINT64_C(1) << 30));
	load_from(pud, PAGES(0));
	book.at = 0;
	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) g f h2[0,4) E");

	pmd = MAP(&fix, .nr_pages = 4, .addr = at + (UINT64_C(1) << 21));
	load_from(pmd, PAGES(0));
	book.at = 0;
	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4) g f u h3[0,4) E");
}
END_TEST

static const struct {
	const char *name;
	struct vmd_mm_walk_ops ops;
	const char *text;
} depths[] = {
	{ "pgd", { .pgd_entry = note_pgd }, "T[0,2) g" },
	{ "p4d", { .p4d_entry = note_p4d }, "T[0,2) f" },
	{ "pud", { .pud_entry = note_pud }, "T[0,2) u" },
	{ "pmd", { .pmd_entry = note_pmd }, "T[0,2) m" },
	{ "pte", { .pte_entry = note_pte }, "T[0,2) p0 p1" },
	{ "run", { .pte_run = note_run }, "T[0,2) r[0,2)" },
	{ "pgd and pmd",
	  { .pgd_entry = note_pgd, .pmd_entry = note_pmd },
	  "T[0,2) g m" },
	{ "nothing", { .pre_vma = NULL }, "T[0,2)" },
};

START_TEST(pw_4_a_walk_does_not_go_below_what_somebody_asked_for)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 2);
	struct vmd_mm_walk_ops ops = depths[_i].ops;

	ops.test_walk = note_test;
	load_from(area, PAGES(0, 1));

	ck_assert_int_eq(walk_area(area, &ops), 0);
	ck_assert_msg(!strcmp(book.text, depths[_i].text), "%s: %s",
		      depths[_i].name, book.text);
}
END_TEST

START_TEST(pw_5_a_walk_ends_at_the_top_of_the_address_space)
{
	struct midfix_area *area =
		MAP(&fix, .nr_pages = 2, .addr = VMD_TASK_SIZE - 8192);

	load_from(area, PAGES(1));

	ck_assert_int_eq(walk_range(area->addr, VMD_TASK_SIZE, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,2) B[0,2) g f u m p0 p1 E");
}
END_TEST

static const struct {
	char letter;
	const char *text;
} repeats[] = {
	{ 'u', "T[0,2) B[0,2) g f u u m p0 p1 E" },
	{ 'm', "T[0,2) B[0,2) g f u m m p0 p1 E" },
};

/* PW-6: SUBTREE again on the second look, although nobody set it. */
START_TEST(pw_6_7_again_looks_once_more_and_then_goes_down)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 2);

	load_from(area, PAGES(1));
	book.letter = repeats[_i].letter;
	book.nth = 1;
	book.action = VMD_ACTION_AGAIN;

	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_msg(!strcmp(book.text, repeats[_i].text), "%s", book.text);
}
END_TEST

/* A PMD slot is emptied in its callback; put back before teardown. */
static int walk_with_vanishing_table(const struct midfix_area *area,
				     enum vmd_page_walk_action action)
{
	vmd_pte_t entry;
	int err;

	book.clear =
		vmd_lookup_slot(midfix_ctx(area), area->addr, VMD_LEVEL_PMD);
	ck_assert_ptr_nonnull(book.clear);
	entry = vmd_ptep_get(book.clear);
	book.letter = 'm';
	book.nth = 1;
	book.action = action;
	err = walk_area(area, &all_ops);
	vmd_set_pte(book.clear, entry);
	return err;
}

/* PW-6: what AGAIN asked of the entry does not leak to the level above. */
START_TEST(pw_6_an_entry_that_vanished_before_again_is_a_hole)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 2);

	load_from(area, PAGES(1));

	ck_assert_int_eq(walk_with_vanishing_table(area, VMD_ACTION_AGAIN), 0);
	ck_assert_str_eq(book.text, "T[0,2) B[0,2) g f u m h3[0,2) E");
}
END_TEST

START_TEST(pw_10_a_table_that_vanished_is_looked_at_again)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 2);

	load_from(area, PAGES(1));

	ck_assert_int_eq(walk_with_vanishing_table(area, VMD_ACTION_SUBTREE),
			 0);
	ck_assert_str_eq(book.text, "T[0,2) B[0,2) g f u m h3[0,2) E");
}
END_TEST

START_TEST(pw_8_continue_goes_to_the_next_entry_and_not_down)
{
	struct midfix_area *area =
		MAP(&fix, .nr_pages = 514, .addr = UINT64_C(1) << 30);

	load_from(area, PAGES(0, 512));
	book.letter = 'm';
	book.nth = 1;
	book.action = VMD_ACTION_CONTINUE;

	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,514) B[0,514) g f u m m p512 p513 E");
}
END_TEST

/* PW-9 splits; nothing here can be split, so that a leaf is passed over. */
START_TEST(a_large_leaf_is_called_for_and_not_gone_into)
{
	struct midfix_area *area =
		MAP(&fix, .nr_pages = 514, .addr = UINT64_C(1) << 30);

	midfix_put_entry(area, 0, VMD_LEVEL_PMD,
			 VMD_PAGE_PRESENT | VMD_PAGE_USER | VMD_PAGE_PSE |
				 (UINT64_C(1) << 21));
	load_from(area, PAGES(512));

	ck_assert_int_eq(walk_area(area, &all_ops), 0);
	ck_assert_str_eq(book.text, "T[0,514) B[0,514) g f u m m p512 p513 E");
}
END_TEST

/* The book's base is the area: runs are cut where tables end. */
START_TEST(a_run_is_as_long_as_its_table_and_the_range_allow)
{
	struct midfix_area *area =
		MAP(&fix, .nr_pages = 1024, .addr = (UINT64_C(1) << 30) - 8192);

	load_from(area, PAGES(0, 2, 600));

	ck_assert_int_eq(walk_range(midfix_addr(area, 1),
				    midfix_addr(area, 600), &run_ops),
			 0);
	ck_assert_str_eq(book.text, "T[1,600) r[1,2) r[2,514) r[514,600)");
}
END_TEST

static unsigned int nr_locked;

static bool ptl_is_held(const struct vmd_mm_walk *walk, vmd_va_t addr)
{
	const vmd_pte_t *slot =
		vmd_lookup_slot(&walk->mm->context, addr, VMD_LEVEL_PTE);

	return vmd_held(&vmd_slot_lockptr(&walk->mm->context, slot)->base,
			VMD_HELD_EXCLUSIVE);
}

static int look_above(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t next,
		      struct vmd_mm_walk *walk)
{
	(void)slot;
	(void)next;
	ck_assert(!ptl_is_held(walk, addr));
	return 0;
}

static int look_at_pte(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t next,
		       struct vmd_mm_walk *walk)
{
	(void)next;
	ck_assert_ptr_eq(slot, vmd_lookup_slot(&walk->mm->context, addr,
					       VMD_LEVEL_PTE));
	nr_locked += ptl_is_held(walk, addr);
	return 0;
}

static int look_at_run(vmd_pte_t *slot, vmd_va_t addr, unsigned int nr,
		       struct vmd_mm_walk *walk)
{
	(void)slot;
	nr_locked += ptl_is_held(walk, addr) ? nr : 0;
	return 0;
}

/* B.1, PW-13 */
START_TEST(pw_13_slots_are_visited_under_their_lock_and_upper_levels_not)
{
	const struct vmd_mm_walk_ops slots = {
		.test_walk = note_test,
		.pmd_entry = look_above,
		.pte_entry = look_at_pte,
	};
	const struct vmd_mm_walk_ops runs = {
		.test_walk = note_test,
		.pmd_entry = look_above,
		.pte_run = look_at_run,
	};
	struct midfix_area *area = MAP(&fix, .nr_pages = 7);

	load_from(area, PAGES(3));
	ck_assert_int_eq(walk_area(area, &slots), 0);
	ck_assert_uint_eq(nr_locked, 7);
	ck_assert_int_eq(walk_area(area, &runs), 0);
	ck_assert_uint_eq(nr_locked, 14);
	ck_assert_uint_eq(vmd_nr_held(), 0);
}
END_TEST

START_TEST(pw_14_a_walk_without_its_lock_is_reported)
vmd_no_context_analysis("breaks the rule on purpose")
{
	ck_assert_int_eq(vmd_walk_page_range(fix.mm[0], 0, 4096, &all_ops,
					     NULL),
			 0);
	ck_assert_uint_gt(fix.nr_bugs, 0);
	fix.nr_bugs = 0;
	ck_assert_int_eq(vmd_walk_page_mapping(fix.mapping, 0, 1, &all_ops,
					       NULL),
			 0);
	midfix_expect_bugs(&fix, 1);
}
END_TEST

START_TEST(an_empty_range_of_addresses_is_refused)
{
	ck_assert_int_eq(walk_range(4096, 4096, &all_ops), -EINVAL);
	ck_assert_int_eq(walk_range(8192, 4096, &all_ops), -EINVAL);
	ck_assert_int_eq(walk_range(0, 4096, NULL), -EINVAL);
	ck_assert_str_eq(book.text, "");
}
END_TEST

/* B.3: a gap has no area; its depth is not known. */
START_TEST(a_gap_between_areas_is_a_hole_without_an_area)
{
	struct midfix_area *one =
		MAP(&fix, .nr_pages = 2, .addr = UINT64_C(1) << 30);
	struct midfix_area *two =
		MAP(&fix, .nr_pages = 2, .addr = midfix_addr(one, 5));

	load_from(two, PAGES(0));
	ck_assert_int_eq(walk_range(one->addr - 4096, midfix_addr(one, 9),
				    &run_ops),
			 0);
	ck_assert_str_eq(book.text, "h-1[-1,0)! T[0,2) r[0,2) h-1[2,5)! "
				    "T[5,7) r[5,7) h-1[7,9)!");
}
END_TEST

START_TEST(pw_15_an_area_that_test_walk_skips_is_passed_over)
{
	struct midfix_area *one =
		MAP(&fix, .nr_pages = 2, .addr = UINT64_C(1) << 30);

	(void)MAP(&fix, .nr_pages = 2, .addr = midfix_addr(one, 2));
	load_from(one, PAGES(0));
	book.letter = 'T';
	book.nth = 1;
	book.value = VMD_WALK_SKIP;

	ck_assert_int_eq(walk_range(one->addr, midfix_addr(one, 4), &run_ops),
			 0);
	ck_assert_str_eq(book.text, "T[0,2) T[2,4) r[2,4)");
}
END_TEST

static const struct vmd_mm_walk_ops no_test_ops = {
	.pre_vma = note_pre,
	.pte_entry = note_pte,
	.pte_hole = note_hole,
};

/* PW-16: clipped in a walk of addresses, the full area in one of an object. */
START_TEST(pw_16_without_test_walk_an_area_of_raw_frames_is_a_hole)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 8);

	load_from(area, PAGES(3));
	ck_assert_int_eq(walk_range(midfix_addr(area, 2), midfix_addr(area, 5),
				    &no_test_ops),
			 0);
	ck_assert_str_eq(book.text, "h-1[2,5)");

	book.at = 0;
	ck_assert_int_eq(walk_object(2, 3, &no_test_ops), 0);
	ck_assert_str_eq(book.text, "h-1[0,8)");
}
END_TEST

START_TEST(pw_16_of_that_hole_only_a_negative_result_counts)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 8);

	book.letter = 'h';
	book.value = -EIO;
	ck_assert_int_eq(walk_area(area, &no_test_ops), -EIO);
	ck_assert_int_eq(walk_object(0, 8, &no_test_ops), -EIO);
	book.value = 7;
	ck_assert_int_eq(walk_area(area, &no_test_ops), 0);
	ck_assert_int_eq(walk_object(0, 8, &no_test_ops), 0);
}
END_TEST

START_TEST(pw_17_test_walk_sees_the_clipped_range_or_the_whole_area)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 8);

	load_from(area, PAGES(3));
	ck_assert_int_eq(walk_range(midfix_addr(area, 2), midfix_addr(area, 5),
				    &run_ops),
			 0);
	ck_assert_str_eq(book.text, "T[2,5) r[2,5)");

	book.at = 0;
	ck_assert_int_eq(walk_object(2, 3, &run_ops), 0);
	ck_assert_str_eq(book.text, "T[0,8) r[2,5)");
}
END_TEST

/* The worked examples of B.4. */
static const struct {
	vmd_pgoff_t pgoff;
	uint64_t nr_pages; /* of the area, which begins at 0x7f0000000000 */
	vmd_pgoff_t first;
	vmd_pgoff_t nr;
	const char *text;
} clips[] = {
	{ 0x100000, 64, 0x100000, 64, "B[0,64) E" },
	{ 0x100000, 64, 0x100020, 8, "B[32,40) E" },
	{ 0x100000, 64, 0x100030, 100, "B[48,64) E" },
	{ 0x100000, 64, 0x100005, 0, "" },
	{ 0x100010, 16, 0x100000, 64, "B[0,16) E" },
	{ 0x100000, 64, 0xfff00, 0x101, "B[0,1) E" },
	{ 0x100000, 64, 0xfff00, 0x100, "" },
	{ 0x100000, 64, 0x10003f, 1, "B[63,64) E" },
	{ 0x100000, 64, 0x100040, 1, "" },
	{ 0x100000, 64, 0, UINT64_MAX, "B[0,64) E" },
	{ 0x100000, 64, 1, UINT64_MAX, "B[0,64) E" },
	{ 0x100000, 64, 0x100030, (uint64_t)-0x100030, "B[48,64) E" },
};

static int visit_all(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk)
{
	(void)start;
	(void)end;
	(void)walk;
	return VMD_WALK_VISIT;
}

START_TEST(pw_18_an_area_is_clipped_to_the_asked_pages)
{
	const struct vmd_mm_walk_ops ops = {
		.test_walk = visit_all,
		.pre_vma = note_pre,
		.post_vma = note_post,
	};
	struct vmd_mapping *object;
	int err;

	ck_assert_int_eq(vmd_mapping_create(fix.machine, 0x100100, &object), 0);
	(void)MAP(&fix, .mapping = object, .pgoff = clips[_i].pgoff,
		  .nr_pages = clips[_i].nr_pages,
		  .addr = UINT64_C(0x7f0000000000));

	vmd_i_mmap_lock_read(object);
	err = vmd_walk_page_mapping(object, clips[_i].first, clips[_i].nr, &ops,
				    NULL);
	vmd_i_mmap_unlock_read(object);

	ck_assert_int_eq(err, 0);
	ck_assert_msg(!strcmp(book.text, clips[_i].text),
		      "(%lx, %lx): \"%s\", not \"%s\"", clips[_i].first,
		      clips[_i].nr, book.text, clips[_i].text);
	ck_assert_int_eq(vmd_munmap(fix.mm[0], 0, VMD_TASK_SIZE), 0);
	vmd_mapping_destroy(object);
}
END_TEST

/* PW-19: the kernel's query [0, MAX] for no pages at all. */
START_TEST(pw_19_no_pages_are_nothing_also_from_0)
{
	struct midfix_area *area = MAP(&fix, .pgoff = 0);

	load_from(area, PAGES(3));
	ck_assert_int_eq(walk_object(0, 0, &all_ops), 0);
	ck_assert_int_eq(walk_object(3, 0, &all_ops), 0);
	ck_assert_str_eq(book.text, "");
}
END_TEST

static struct midfix_area *visited[8];
static unsigned int nr_visited;

static int visit(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk)
{
	unsigned int i;

	(void)start;
	(void)end;
	for (i = 0; i < fix.nr_areas; i++)
		if (fix.area[i].vma == walk->vma)
			visited[nr_visited++] = &fix.area[i];
	return VMD_WALK_SKIP;
}

/* PW-21: tree order; PW-33: a skip does not end the walk. */
START_TEST(pw_21_33_areas_come_in_tree_order_and_one_mm_several_times)
{
	static const vmd_pgoff_t pgoffs[] = { 12, 0, 12, 4, 0 };
	static const unsigned int mms[] = { 0, 1, 0, 2, 0 };
	static const unsigned int order[] = { 1, 4, 3, 0, 2 };
	const struct vmd_mm_walk_ops ops = { .test_walk = visit };
	unsigned int i;

	for (i = 0; i < VMD_ARRAY_SIZE(pgoffs); i++)
		(void)MAP(&fix, .mm = mms[i], .pgoff = pgoffs[i]);

	ck_assert_int_eq(walk_object(13, 2, &ops), 0);
	ck_assert_uint_eq(nr_visited, VMD_ARRAY_SIZE(order));
	for (i = 0; i < VMD_ARRAY_SIZE(order); i++)
		ck_assert_msg(visited[i] == &fix.area[order[i]], "place %u", i);
}
END_TEST

START_TEST(pw_22_an_error_in_one_area_ends_the_walk_of_the_object)
{
	(void)MAP(&fix, .nr_pages = 4);
	(void)MAP(&fix, .mm = 1, .nr_pages = 4);
	book.letter = 'B';
	book.value = -EIO;

	ck_assert_int_eq(walk_object(0, 4, &all_ops), -EIO);
	ck_assert_str_eq(book.text, "T[0,4) B[0,4)");
	book.letter = 'T';
	book.at = 0;
	ck_assert_int_eq(walk_object(0, 4, &all_ops), -EIO);
	ck_assert_str_eq(book.text, "T[0,4)");
}
END_TEST

/* PW-33, MU-23 */
START_TEST(pw_33_a_skipped_area_does_not_hide_the_next)
{
	struct midfix_area *one = MAP(&fix, .nr_pages = 4);
	struct midfix_area *two =
		MAP(&fix, .nr_pages = 4, .addr = midfix_addr(one, 4));

	load_from(two, PAGES(0));
	book.letter = 'T';
	book.nth = 1;
	book.value = VMD_WALK_SKIP;

	ck_assert_int_eq(walk_object(0, 4, &run_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) T[4,8) r[4,8)");
}
END_TEST

/* FM-35: as many pages as there are not: to the end of the object. */
START_TEST(a_range_of_pages_that_wraps_goes_to_the_end)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 4);

	load_from(area, PAGES(0));

	ck_assert_int_eq(walk_object(2, UINT64_MAX, &run_ops), 0);
	ck_assert_str_eq(book.text, "T[0,4) r[2,4)");
}
END_TEST

START_TEST(a_walk_of_an_object_without_operations_is_refused)
{
	(void)MAP(&fix, 0);

	ck_assert_int_eq(walk_object(0, 1, NULL), -EINVAL);
	ck_assert_str_eq(book.text, "");
}
END_TEST

static TCase *add_case(Suite *suite, const char *name, SFun set_up)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, set_up, walkbook_down);
	return tc;
}

/* The same walks, whatever is above. */
static void add_five_levels(TCase *tc)
{
	tcase_add_test(tc,
		       pw_1_an_area_is_tested_begun_walked_top_down_and_ended);
	tcase_add_loop_test(tc, pw_6_7_again_looks_once_more_and_then_goes_down,
			    0, VMD_ARRAY_SIZE(repeats));
	tcase_add_test(tc, pw_8_continue_goes_to_the_next_entry_and_not_down);
	tcase_add_test(tc, pw_10_a_table_that_vanished_is_looked_at_again);
}

static void add_levels(TCase *tc)
{
	tcase_add_test(tc,
		       pw_1_an_area_is_tested_begun_walked_top_down_and_ended);
	tcase_add_loop_test(
		tc,
		pw_2_post_vma_runs_after_a_failed_walk_but_not_a_failed_pre_vma,
		0, VMD_ARRAY_SIZE(stops));
	tcase_add_test(tc, pw_3_a_hole_says_the_level_of_its_entry);
	tcase_add_loop_test(
		tc, pw_4_a_walk_does_not_go_below_what_somebody_asked_for, 0,
		VMD_ARRAY_SIZE(depths));
	tcase_add_test(tc, pw_5_a_walk_ends_at_the_top_of_the_address_space);
	tcase_add_loop_test(tc, pw_6_7_again_looks_once_more_and_then_goes_down,
			    0, VMD_ARRAY_SIZE(repeats));
	tcase_add_test(tc, pw_6_an_entry_that_vanished_before_again_is_a_hole);
	tcase_add_test(tc, pw_8_continue_goes_to_the_next_entry_and_not_down);
	tcase_add_test(tc, pw_10_a_table_that_vanished_is_looked_at_again);
	tcase_add_test(tc, a_large_leaf_is_called_for_and_not_gone_into);
	tcase_add_test(tc, a_run_is_as_long_as_its_table_and_the_range_allow);
	tcase_add_test(
		tc,
		pw_13_slots_are_visited_under_their_lock_and_upper_levels_not);
}

static void add_entries(TCase *tc)
{
	tcase_add_test(tc, pw_14_a_walk_without_its_lock_is_reported);
	tcase_add_test(tc, an_empty_range_of_addresses_is_refused);
	tcase_add_test(tc, a_gap_between_areas_is_a_hole_without_an_area);
	tcase_add_test(tc, pw_15_an_area_that_test_walk_skips_is_passed_over);
	tcase_add_test(
		tc, pw_15_22_a_positive_value_stops_a_walk_and_is_its_result);
	tcase_add_test(tc,
		       pw_16_without_test_walk_an_area_of_raw_frames_is_a_hole);
	tcase_add_test(tc, pw_16_of_that_hole_only_a_negative_result_counts);
	tcase_add_test(
		tc, pw_17_test_walk_sees_the_clipped_range_or_the_whole_area);
}

static void add_objects(TCase *tc)
{
	tcase_add_loop_test(tc, pw_18_an_area_is_clipped_to_the_asked_pages, 0,
			    VMD_ARRAY_SIZE(clips));
	tcase_add_test(tc, pw_19_no_pages_are_nothing_also_from_0);
	tcase_add_test(
		tc, pw_21_33_areas_come_in_tree_order_and_one_mm_several_times);
	tcase_add_test(tc,
		       pw_22_an_error_in_one_area_ends_the_walk_of_the_object);
	tcase_add_test(tc, pw_33_a_skipped_area_does_not_hide_the_next);
	tcase_add_test(tc, a_range_of_pages_that_wraps_goes_to_the_end);
	tcase_add_test(tc, a_walk_of_an_object_without_operations_is_refused);
}

int main(void)
{
	Suite *suite = suite_create("pagewalk");

	add_levels(add_case(suite, "levels", up));
	add_five_levels(add_case(suite, "levels, five of them", up5));
	add_entries(add_case(suite, "entries", up));
	add_objects(add_case(suite, "objects", up));
	return vmd_test_main(suite);
}
