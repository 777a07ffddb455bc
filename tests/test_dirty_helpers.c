/* SPDX-License-Identifier: MIT */
/*
 * What the two dirty helpers change, find and pass over: DH-1 to DH-6, DH-12 to
 * DH-16, DH-19, DH-23. Guarantees and order are in test_dirty_guarantees.c.
 * DH-17, 18, 20 to 22 are history.
 */
#include <string.h>

#include "midfix.h"

static struct midfix fix;
static struct midfix_span span;

static void up(void)
{
	midfix_up(&fix, 3);
	midfix_span_init(&span, 0, 1024);
}

static void down(void)
{
	midfix_down(&fix);
}

static unsigned long wp(vmd_pgoff_t first, vmd_pgoff_t nr)
{
	return vmd_wp_shared_mapping_range(fix.mapping, first, nr);
}

static unsigned long clean(vmd_pgoff_t first, vmd_pgoff_t nr)
{
	return vmd_clean_record_shared_mapping_range(fix.mapping, first, nr,
						     &span.span);
}

START_TEST(dh_1_wp_clears_w_and_keeps_a_soft_and_dirt)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(2));
	load_from(area, PAGES(3));
	midfix_change_pte(area, 2, VMD_PAGE_SOFT_DIRTY, 0);
	midfix_change_pte(area, 3, 0, VMD_PAGE_ACCESSED);

	ck_assert_uint_eq(wp(0, 16), 2);

	assert_entry(area, 2, "P-A-S");
	assert_entry(area, 3, "P----");
	ck_assert(midfix_pte(area, 2).val & VMD_PAGE_SOFT_DIRTY);
}
END_TEST

START_TEST(dh_1_wp_does_not_count_what_is_read_only_already)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(2, 3, 4));
	ck_assert_uint_eq(wp(2, 1), 1);

	ck_assert_uint_eq(wp(0, 16), 2);
	ck_assert_uint_eq(wp(0, 16), 0);
}
END_TEST

START_TEST(dh_2_clean_takes_d_and_saved_d_and_leaves_w)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(2, 9));
	load_from(area, PAGES(5));
	(void)wp(9, 1);
	assert_entry(area, 9, "P-A-S");

	ck_assert_uint_eq(clean(0, 16), 2);

	assert_entry(area, 2, "PWA--");
	assert_entry(area, 5, "PWA--");
	assert_entry(area, 9, "P-A--");
	assert_bits(&span, PAGES(2, 9));
	assert_window(&span, 2, 10);
}
END_TEST

static const struct {
	vmd_pgoff_t pgoff; /* of an area of 16 pages */
	uint64_t page; /* of the area */
	vmd_pgoff_t first;
	vmd_pgoff_t bitmap_pgoff;
	vmd_pgoff_t bit;
} indices[] = {
	{ 0, 5, 0, 0, 5 },	 { 100, 5, 0, 0, 105 },
	{ 100, 5, 100, 100, 5 }, { 100, 5, 103, 100, 5 },
	{ 100, 0, 64, 64, 36 },	 { 100, 15, 115, 50, 65 },
};

START_TEST(dh_3_the_bit_is_the_page_of_the_object_behind_bitmap_pgoff)
{
	struct midfix_area *area = MAP(&fix, .pgoff = indices[_i].pgoff);

	midfix_span_init(&span, indices[_i].bitmap_pgoff, 512);
	store_to(area, (struct midfix_pages){ &indices[_i].page, 1 });

	ck_assert_msg(clean(indices[_i].first, 128) == 1, "row %d", _i);

	ck_assert_msg(vmd_test_bit(span.words, indices[_i].bit), "row %d", _i);
	assert_bits(&span, (struct midfix_pages){ &indices[_i].bit, 1 });
}
END_TEST

START_TEST(dh_3_areas_that_show_different_windows_record_one_object)
{
	struct midfix_area *low = MAP(&fix, .pgoff = 0, .nr_pages = 8);
	struct midfix_area *high = MAP(&fix, .pgoff = 40, .nr_pages = 8);
	struct midfix_area *middle =
		MAP(&fix, .mm = 1, .pgoff = 20, .nr_pages = 8);

	store_to(low, PAGES(1));
	store_to(middle, PAGES(1));
	store_to(high, PAGES(1));

	ck_assert_uint_eq(clean(0, 64), 3);
	assert_bits(&span, PAGES(1, 21, 41));
	assert_window(&span, 1, 42);
}
END_TEST

START_TEST(dh_3_only_the_asked_part_of_an_area_is_touched)
{
	struct midfix_area *area = MAP(&fix, .pgoff = 10);

	store_to(area, PAGES(3, 4, 7, 8));

	ck_assert_uint_eq(clean(14, 4), 2);

	assert_bits(&span, PAGES(14, 17));
	assert_entry(area, 3, "PWAD-");
	assert_entry(area, 8, "PWAD-");
}
END_TEST

START_TEST(dh_4_a_page_counts_once_for_each_mapping)
{
	struct midfix_area *area[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		area[i] = MAP(&fix, .mm = i);
		store_to(area[i], PAGES(6));
	}

	ck_assert_uint_eq(wp(6, 1), 3);
	ck_assert_uint_eq(clean(6, 1), 3);
	assert_bits(&span, PAGES(6));
}
END_TEST

/* From inside the call: what this thread holds. */
static void look_at_locks(struct midfix *f, const struct midfix_event *event)
{
	unsigned int *nr_wrong = f->at_event_arg;
	const struct vmd_mm *mm = event->object;
	const struct vmd_lock_base *i_mmap = &f->mapping->i_mmap_rwsem.base;

	*nr_wrong += !vmd_held(i_mmap, VMD_HELD_SHARED);
	*nr_wrong += vmd_held(i_mmap, VMD_HELD_EXCLUSIVE);
	*nr_wrong += vmd_held(&mm->mmap_lock.base, VMD_HELD_SHARED);
}

START_TEST(dh_5_both_hold_i_mmap_rwsem_shared_and_no_mmap_lock)
{
	struct midfix_area *area = MAP(&fix, 0);
	unsigned int nr_wrong = 0;

	store_to(area, PAGES(2));
	fix.at_event = look_at_locks;
	fix.at_event_arg = &nr_wrong;

	midfix_listen(&fix);
	ck_assert_uint_eq(wp(0, 16) + clean(0, 16), 2);

	ck_assert_uint_eq(fix.nr_events, 12);
	ck_assert_uint_eq(nr_wrong, 0);
	ck_assert_uint_eq(vmd_nr_held(), 0);
}
END_TEST

static const struct {
	vmd_pgoff_t start;
	vmd_pgoff_t end;
	vmd_pgoff_t new_start;
	vmd_pgoff_t new_end;
} windows[] = {
	{ 0, 0, 4, 7 },	   { 9, 9, 4, 7 }, /* empty */
	{ 1000, 0, 4, 7 }, { 5, 6, 4, 7 }, /* empty; inside */
	{ 2, 3, 2, 7 },	   { 0, 100, 0, 100 }, /* below; around */
	{ 30, 40, 4, 40 }, /* above */
};

START_TEST(dh_12_an_empty_window_is_set_and_another_is_widened)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(4, 6));
	span.span.start = windows[_i].start;
	span.span.end = windows[_i].end;

	ck_assert_uint_eq(clean(0, 16), 2);
	ck_assert_msg(span.span.start == windows[_i].new_start &&
			      span.span.end == windows[_i].new_end,
		      "[%lu,%lu) became [%lu,%lu)", windows[_i].start,
		      windows[_i].end, span.span.start, span.span.end);
}
END_TEST

START_TEST(dh_13_nothing_found_leaves_nr_pages_and_0)
{
	(void)MAP(&fix, 0);

	ck_assert_uint_eq(clean(3, 10), 0);
	assert_window(&span, 10, 0);
}
END_TEST

START_TEST(dh_14_the_window_may_be_wider_than_the_bits_but_never_narrower)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 64);

	store_to(area, PAGES(40, 41));

	ck_assert_uint_eq(clean(32, 16), 2);
	assert_bits(&span, PAGES(40, 41));
	assert_window(&span, 16, 42);
}
END_TEST

START_TEST(dh_15_no_bit_is_ever_cleared)
{
	struct midfix_area *area = MAP(&fix, 0);

	vmd_set_bit(span.words, 3);
	vmd_set_bit(span.words, 11);
	span.span.start = 3;
	span.span.end = 12;
	store_to(area, PAGES(5));
	load_from(area, PAGES(3, 11));

	ck_assert_uint_eq(clean(0, 16), 1);
	assert_bits(&span, PAGES(3, 5, 11));
}
END_TEST

static const struct {
	const char *name;
	uint64_t set;
	uint64_t clear;
	bool visited;
} filters[] = {
	{ "shared, may write", 0, 0, true },
	{ "not shared", 0, VMD_VM_SHARED, false },
	{ "never writable", 0, VMD_VM_MAYWRITE, false },
	{ "neither", 0, VMD_VM_SHARED | VMD_VM_MAYWRITE, false },
	{ "hugetlb", VMD_VM_HUGETLB, 0, false },
	{ "no VM_WRITE", 0, VMD_VM_WRITE, true },
	{ "no rights at all", 0, VMD_VM_WRITE | VMD_VM_READ, true },
	{ "io", VMD_VM_IO, 0, true },
};

START_TEST(dh_16_areas_are_chosen_by_shared_maywrite_and_hugetlb)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(5));
	area->vma->vm_flags &= ~filters[_i].clear;
	area->vma->vm_flags |= filters[_i].set;

	midfix_listen(&fix);
	ck_assert_msg(clean(0, 16) == filters[_i].visited, "%s",
		      filters[_i].name);
	ck_assert_msg(wp(0, 16) == filters[_i].visited, "%s", filters[_i].name);
	ck_assert_msg((fix.nr_events > 0) == filters[_i].visited, "%s",
		      filters[_i].name);
}
END_TEST

/* DH-16, MU-22: stored, then mprotected: read-only, dirt in SAVED_DIRTY. */
START_TEST(dh_16_dirt_from_before_an_mprotect_is_found)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(5));
	area->vma->vm_flags &= ~VMD_VM_WRITE;
	midfix_change_pte(area, 5, VMD_PAGE_SAVED_DIRTY,
			  VMD_PAGE_RW | VMD_PAGE_DIRTY);
	vmd_flush_tlb_range(midfix_ctx(area), area->addr,
			    midfix_addr(area, 16));

	ck_assert_uint_eq(clean(0, 16), 1);
	assert_bits(&span, PAGES(5));
	assert_entry(area, 5, "P-A--");
}
END_TEST

/* PW-33, SP-26, MU-23: a reader's area sorts first and is passed over. */
START_TEST(dh_16_an_area_that_is_passed_over_does_not_hide_the_next)
{
	struct midfix_area *reader =
		MAP(&fix, .read_only = true,
		    .flags = VMD_MAP_SHARED | VMD_MAP_O_RDONLY);
	struct midfix_area *writer = MAP(&fix, .mm = 1);

	load_from(reader, PAGES(5));
	store_to(writer, PAGES(5));

	midfix_listen(&fix);
	ck_assert_uint_eq(clean(0, 16), 1);
	ck_assert_uint_eq(wp(0, 16), 1);

	assert_bits(&span, PAGES(5));
	ck_assert_uint_eq(midfix_count_events(&fix, VMD_HOOK_NOTIFIER_START),
			  2);
	ck_assert_ptr_eq(fix.event[0].object, writer->mm);
}
END_TEST

#define LEAF \
	(VMD_PAGE_PRESENT | VMD_PAGE_USER | VMD_PAGE_PSE | (UINT64_C(1) << 30))

static const struct {
	const char *name;
	uint64_t entry;
	int level;
	unsigned int nr_warnings;
} upper[] = {
	{ "clean PMD", LEAF, VMD_LEVEL_PMD, 0 },
	{ "W PMD", LEAF | VMD_PAGE_RW, VMD_LEVEL_PMD, 1 },
	{ "D PMD", LEAF | VMD_PAGE_DIRTY, VMD_LEVEL_PMD, 1 },
	{ "saved D PMD", LEAF | VMD_PAGE_SAVED_DIRTY, VMD_LEVEL_PMD, 1 },
	{ "clean PUD", LEAF, VMD_LEVEL_PUD, 0 },
	{ "W and D PUD", LEAF | VMD_PAGE_RW | VMD_PAGE_DIRTY, VMD_LEVEL_PUD,
	  1 },
	{ "migration PMD",
	  VMD_PAGE_PSE | VMD_PAGE_SAVED_DIRTY | VMD_PAGE_DEVMAP, VMD_LEVEL_PMD,
	  0 },
	{ "migration PMD without PS", VMD_PAGE_SAVED_DIRTY | VMD_PAGE_DEVMAP,
	  VMD_LEVEL_PMD, 0 },
};

/* The neighbour behind the leaf is still reached. */
START_TEST(dh_19_a_huge_entry_is_passed_over_and_never_changed)
{
	int level = upper[_i].level;
	uint64_t nr = vmd_level_size(level) >> VMD_PAGE_SHIFT;
	struct vmd_mapping *object;
	struct midfix_area *area;
	unsigned long nr_cleaned;
	const vmd_pte_t *slot;

	ck_assert_int_eq(vmd_mapping_create(fix.machine, nr + 1, &object), 0);
	area = MAP(&fix, .mapping = object, .nr_pages = nr + 1,
		   .addr = UINT64_C(1) << 32);
	midfix_put_entry(area, 0, level, upper[_i].entry);
	slot = vmd_lookup_slot(midfix_ctx(area), area->addr, level);
	store_to(area, (struct midfix_pages){ &nr, 1 });
	midfix_span_init(&span, nr - 15, 16);
	nr_cleaned = vmd_clean_record_shared_mapping_range(object, nr - 15, 16,
							   &span.span);

	ck_assert_msg(fix.nr_warnings == upper[_i].nr_warnings,
		      "%s: %u warnings", upper[_i].name, fix.nr_warnings);
	ck_assert_msg(slot->val == upper[_i].entry, "%s changed",
		      upper[_i].name);
	ck_assert_uint_eq(nr_cleaned, 1);
	assert_bits(&span, PAGES(15));

	midfix_put_entry(area, 0, level, 0);
	ck_assert_int_eq(vmd_munmap(area->mm, 0, VMD_TASK_SIZE), 0);
	vmd_mapping_destroy(object);
	fix.nr_warnings = 0;
}
END_TEST

static void look_at_ptl(struct midfix *f, const struct midfix_event *event)
{
	const struct midfix_area *area = &f->area[0];
	unsigned int *nr_held = f->at_event_arg;
	const vmd_pte_t *slot =
		vmd_lookup_slot(midfix_ctx(area), event->start, VMD_LEVEL_PTE);

	if (event->kind == VMD_HOOK_PTE_CHANGE)
		*nr_held += vmd_held(&vmd_slot_lockptr(midfix_ctx(area), slot)
					      ->base,
				     VMD_HELD_EXCLUSIVE);
	else
		ck_assert(!slot ||
			  !vmd_held(&vmd_slot_lockptr(midfix_ctx(area), slot)
					     ->base,
				    VMD_HELD_EXCLUSIVE));
}

START_TEST(dh_23_entries_change_under_their_page_table_lock)
{
	struct midfix_area *area = MAP(&fix, 0);
	unsigned int nr_held = 0;

	store_to(area, PAGES(2, 3));
	fix.at_event = look_at_ptl;
	fix.at_event_arg = &nr_held;

	midfix_listen(&fix);
	ck_assert_uint_eq(wp(0, 16) + clean(0, 16), 4);
	ck_assert_uint_eq(nr_held, 4);
}
END_TEST

/* SP-9: bit 1 and bit 58 of such an entry mean something else. */
START_TEST(dh_23_an_entry_that_is_not_present_is_left_alone)
{
	const uint64_t swapped = VMD_PAGE_RW | VMD_PAGE_SAVED_DIRTY |
				 (UINT64_C(77) << VMD_PAGE_SHIFT);
	struct midfix_area *area = MAP(&fix, 0);

	midfix_put_entry(area, 4, VMD_LEVEL_PTE, swapped);

	ck_assert_uint_eq(wp(0, 16), 0);
	ck_assert_uint_eq(clean(0, 16), 0);
	ck_assert_uint_eq(midfix_pte(area, 4).val, swapped);
}
END_TEST

START_TEST(a_range_of_no_pages_does_nothing)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(0, 5));

	midfix_listen(&fix);
	ck_assert_uint_eq(wp(0, 0) + wp(5, 0), 0);
	ck_assert_uint_eq(clean(0, 0) + clean(5, 0), 0);
	ck_assert_str_eq(midfix_story(&fix), "");
}
END_TEST

START_TEST(a_range_up_to_the_last_index_reaches_everything)
{
	struct midfix_area *area = MAP(&fix, .pgoff = 4);

	store_to(area, PAGES(0, 5));

	ck_assert_uint_eq(wp(1, UINT64_MAX), 2);
}
END_TEST

START_TEST(a_range_that_does_not_fit_the_bitmap_is_a_broken_contract)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(5));
	midfix_span_init(&span, 2, 8);

	ck_assert_uint_eq(clean(1, 4), 0);
	midfix_expect_bugs(&fix, 1);
	ck_assert_uint_eq(clean(3, 8), 0);
	midfix_expect_bugs(&fix, 1);
	assert_entry(area, 5, "PWAD-");
	ck_assert_uint_eq(clean(2, 8), 1);
}
END_TEST

START_TEST(what_the_helpers_did_is_counted)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(2, 3));
	(void)wp(0, 16);
	(void)clean(0, 8);

	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_SCAN_CALL), 2);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_PTE_VISIT), 24);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_PTE_WRPROTECT), 2);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_PTE_CLEAN), 2);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_TLB_FLUSH), 2);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, up, down);
	return tc;
}

static void add_what_is_changed(TCase *tc)
{
	tcase_add_test(tc, dh_1_wp_clears_w_and_keeps_a_soft_and_dirt);
	tcase_add_test(tc, dh_1_wp_does_not_count_what_is_read_only_already);
	tcase_add_test(tc, dh_2_clean_takes_d_and_saved_d_and_leaves_w);
	tcase_add_loop_test(
		tc, dh_3_the_bit_is_the_page_of_the_object_behind_bitmap_pgoff,
		0, VMD_ARRAY_SIZE(indices));
	tcase_add_test(
		tc, dh_3_areas_that_show_different_windows_record_one_object);
	tcase_add_test(tc, dh_3_only_the_asked_part_of_an_area_is_touched);
	tcase_add_test(tc, dh_4_a_page_counts_once_for_each_mapping);
	tcase_add_test(tc, dh_5_both_hold_i_mmap_rwsem_shared_and_no_mmap_lock);
	tcase_add_test(tc, a_range_of_no_pages_does_nothing);
	tcase_add_test(tc, a_range_up_to_the_last_index_reaches_everything);
	tcase_add_test(tc, what_the_helpers_did_is_counted);
}

static void add_window(TCase *tc)
{
	tcase_add_loop_test(tc,
			    dh_12_an_empty_window_is_set_and_another_is_widened,
			    0, VMD_ARRAY_SIZE(windows));
	tcase_add_test(tc, dh_13_nothing_found_leaves_nr_pages_and_0);
	tcase_add_test(
		tc,
		dh_14_the_window_may_be_wider_than_the_bits_but_never_narrower);
	tcase_add_test(tc, dh_15_no_bit_is_ever_cleared);
	tcase_add_test(
		tc, a_range_that_does_not_fit_the_bitmap_is_a_broken_contract);
}

static void add_filter(TCase *tc)
{
	tcase_add_loop_test(
		tc, dh_16_areas_are_chosen_by_shared_maywrite_and_hugetlb, 0,
		VMD_ARRAY_SIZE(filters));
	tcase_add_test(tc, dh_16_dirt_from_before_an_mprotect_is_found);
	tcase_add_test(
		tc, dh_16_an_area_that_is_passed_over_does_not_hide_the_next);
	tcase_add_loop_test(tc,
			    dh_19_a_huge_entry_is_passed_over_and_never_changed,
			    0, VMD_ARRAY_SIZE(upper));
	tcase_add_test(tc, dh_23_entries_change_under_their_page_table_lock);
	tcase_add_test(tc, dh_23_an_entry_that_is_not_present_is_left_alone);
}

int main(void)
{
	Suite *suite = suite_create("dirty_helpers");

	add_what_is_changed(add_case(suite, "changes"));
	add_window(add_case(suite, "window"));
	add_filter(add_case(suite, "filter"));
	return vmd_test_main(suite);
}
