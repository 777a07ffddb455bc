/* SPDX-License-Identifier: MIT */
/*
 * The acceptance examples of the two dirty helpers, DH-E1 to DH-E7, as tabled.
 */
#include <string.h>

#include "midfix.h"

static struct midfix fix;
static struct midfix_span span;

static void up(void)
{
	midfix_up(&fix, 2);
	midfix_span_init(&span, 0, 16);
}

static void down(void)
{
	midfix_down(&fix);
}

/* 1 VMA, pgoff 0, pages 3 and 7 W+D; clean(0, 16, bp = 0), empty window. */
START_TEST(dh_e1_two_dirty_pages_are_recorded_and_flushed_as_one_window)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 16);

	store_to(area, PAGES(3, 7));
	assert_entry(area, 3, "PWAD-");

	midfix_listen(&fix);
	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(fix.mapping, 0,
								16, &span.span),
			  2);

	assert_bits(&span, PAGES(3, 7));
	assert_window(&span, 3, 8);
	ck_assert_str_eq(midfix_story(&fix),
			 "start A[0,16) inc 0 pte A[3,4) pte A[7,8) "
			 "flush A[3,8) end A[0,16) dec 0");
	assert_entry(area, 3, "PWA--");
	assert_entry(area, 7, "PWA--");
}
END_TEST

/* The same call again. */
START_TEST(dh_e2_the_same_call_again_finds_nothing_and_flushes_nothing)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 16);

	store_to(area, PAGES(3, 7));
	(void)vmd_clean_record_shared_mapping_range(fix.mapping, 0, 16,
						    &span.span);

	midfix_listen(&fix);
	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(fix.mapping, 0,
								16, &span.span),
			  0);

	ck_assert_str_eq(midfix_story(&fix),
			 "start A[0,16) inc 0 end A[0,16) dec 0");
	assert_window(&span, 3, 8);
	assert_bits(&span, PAGES(3, 7));
}
END_TEST

/* Two mms map page 5, both W. */
START_TEST(dh_e3_write_protecting_a_page_of_two_mms_flushes_each_once)
{
	struct midfix_area *one = MAP(&fix, .nr_pages = 16);
	struct midfix_area *two = MAP(&fix, .mm = 1, .nr_pages = 16);

	store_to(one, PAGES(5));
	store_to(two, PAGES(5));

	midfix_listen(&fix);
	ck_assert_uint_eq(vmd_wp_shared_mapping_range(fix.mapping, 5, 1), 2);

	ck_assert_str_eq(midfix_story(&fix),
			 "start A[5,6) inc 0 pte A[5,6) flush A[5,6) "
			 "end A[5,6) dec 0 "
			 "start B[5,6) inc 1 pte B[5,6) flush B[5,6) "
			 "end B[5,6) dec 1");
	assert_entry(one, 5, "P-A-S");
	assert_entry(two, 5, "P-A-S");
}
END_TEST

/* VMA pgoff = 100, length 10; clean(100, 10, bp = 100). */
START_TEST(dh_e4_an_area_at_page_100_records_relative_to_the_bitmap)
{
	struct midfix_area *area = MAP(&fix, .pgoff = 100, .nr_pages = 10);

	midfix_span_init(&span, 100, 10);
	store_to(area, PAGES(2));

	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(fix.mapping,
								100, 10,
								&span.span),
			  1);

	assert_bits(&span, PAGES(2));
	assert_window(&span, 2, 3);
}
END_TEST

/* Private mapping (no VM_SHARED), dirty PTE. */
START_TEST(dh_e5_a_private_mapping_is_left_alone_without_a_notifier_call)
{
	struct midfix_area *area = MAP(&fix, .flags = VMD_MAP_PRIVATE,
				       .read_only = true, .nr_pages = 16);
	uint64_t before;

	load_from(area, PAGES(4));
	midfix_change_pte(area, 4, VMD_PAGE_SAVED_DIRTY, 0);
	before = midfix_pte(area, 4).val;

	midfix_listen(&fix);
	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(fix.mapping, 0,
								16, &span.span),
			  0);

	ck_assert_str_eq(midfix_story(&fix), "");
	ck_assert_uint_eq(midfix_pte(area, 4).val, before);
	assert_bits(&span, NO_PAGES);
}
END_TEST

#define LEAF                                                                  \
	(VMD_PAGE_PRESENT | VMD_PAGE_USER | VMD_PAGE_PSE | VMD_PAGE_SPECIAL | \
	 (UINT64_C(1) << 21))

static const struct {
	const char *name;
	uint64_t entry;
	unsigned int nr_warnings;
} leaves[] = {
	{ "clean and read-only", LEAF, 0 },
	{ "writable", LEAF | VMD_PAGE_RW, 1 },
	{ "dirty", LEAF | VMD_PAGE_SAVED_DIRTY, 1 },
	{ "writable and dirty", LEAF | VMD_PAGE_RW | VMD_PAGE_DIRTY, 1 },
};

/* A huge PMD over the range. */
START_TEST(dh_e6_a_huge_entry_is_passed_over_with_a_warning_if_w_or_dirty)
{
	struct midfix_area *area =
		MAP(&fix, .nr_pages = 512, .addr = UINT64_C(1) << 30);
	const vmd_pte_t *pmd;

	midfix_put_entry(area, 0, VMD_LEVEL_PMD, leaves[_i].entry);
	pmd = vmd_lookup_slot(midfix_ctx(area), area->addr, VMD_LEVEL_PMD);

	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(fix.mapping, 0,
								16, &span.span),
			  0);

	ck_assert_msg(fix.nr_warnings == leaves[_i].nr_warnings,
		      "%s: %u warnings", leaves[_i].name, fix.nr_warnings);
	ck_assert_uint_eq(vmd_machine_nr_warnings(fix.machine),
			  leaves[_i].nr_warnings);
	ck_assert_msg(pmd->val == leaves[_i].entry, "%s: changed",
		      leaves[_i].name);
	assert_bits(&span, NO_PAGES);
	fix.nr_warnings = 0;
}
END_TEST

/* Another thread holds tlb_flush_pending = 1; nothing to change. */
START_TEST(dh_e7_with_another_flush_pending_the_whole_range_is_flushed)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 16);

	load_from(area, PAGES(3, 7));
	vmd_inc_tlb_flush_pending(midfix_ctx(area));

	midfix_listen(&fix);
	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(fix.mapping, 2,
								10, &span.span),
			  0);
	midfix_deaf(&fix);

	ck_assert_str_eq(midfix_story(&fix),
			 "start A[2,12) inc 0 flush A[2,12) end A[2,12) dec 0");
	vmd_dec_tlb_flush_pending(midfix_ctx(area));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dirty_examples");
	TCase *tc = tcase_create("examples");

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(
		tc,
		dh_e1_two_dirty_pages_are_recorded_and_flushed_as_one_window);
	tcase_add_test(
		tc,
		dh_e2_the_same_call_again_finds_nothing_and_flushes_nothing);
	tcase_add_test(
		tc, dh_e3_write_protecting_a_page_of_two_mms_flushes_each_once);
	tcase_add_test(
		tc, dh_e4_an_area_at_page_100_records_relative_to_the_bitmap);
	tcase_add_test(
		tc,
		dh_e5_a_private_mapping_is_left_alone_without_a_notifier_call);
	tcase_add_loop_test(
		tc,
		dh_e6_a_huge_entry_is_passed_over_with_a_warning_if_w_or_dirty,
		0, VMD_ARRAY_SIZE(leaves));
	tcase_add_test(
		tc,
		dh_e7_with_another_flush_pending_the_whole_range_is_flushed);
	return vmd_test_main(suite);
}
