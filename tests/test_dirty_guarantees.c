/* SPDX-License-Identifier: MIT */
/*
 * What the two dirty helpers guarantee, and in which order they work: DH-7 to
 * DH-11, DH-24 to DH-35. DH-26 is nothing on x86.
 */
#include <pthread.h>
#include <sched.h>
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

static bool is_dirty(const struct midfix_area *area, uint64_t page)
{
	return vmd_pte_dirty(midfix_pte(area, page));
}

START_TEST(dh_7_every_entry_dirty_at_the_start_is_recorded)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 1024);
	vmd_pgoff_t page;

	for (page = 0; page < 1024; page += 7)
		store_to(area, (struct midfix_pages){ &page, 1 });

	ck_assert_uint_eq(clean(0, 1024), 147);
	for (page = 0; page < 1024; page++)
		ck_assert_msg(vmd_test_bit(span.words, page) == !(page % 7),
			      "page %lu", page);
	assert_window(&span, 0, 1023);
}
END_TEST

struct late_store {
	const struct midfix_area *area;
	vmd_pgoff_t page;
	int kind; /* at this event */
	bool done;
};

static void store_late(struct midfix *f, const struct midfix_event *event)
{
	struct late_store *late = f->at_event_arg;

	if ((int)event->kind != late->kind || late->done)
		return;
	late->done = true;
	store_to(late->area, (struct midfix_pages){ &late->page, 1 });
}

/*
 * A store at each step of the call; to a page that was dirty, with D cached by
 * the CPU or not, and to one that was clean.
 */
START_TEST(dh_8_what_is_stored_meanwhile_is_recorded_or_still_dirty)
{
	struct midfix_area *area = MAP(&fix, 0);
	struct late_store late = { area, _i % 3 ? 4 : 9, _i / 3, false };

	store_to(area, PAGES(4));
	load_from(area, PAGES(9));
	if (_i % 3 == 1)
		vmd_flush_tlb_range(midfix_ctx(area), area->addr,
				    midfix_addr(area, 16));
	fix.at_event = store_late;
	fix.at_event_arg = &late;

	midfix_listen(&fix);
	(void)clean(0, 16);
	midfix_deaf(&fix);

	ck_assert_msg(late.done, "no event of kind %d", late.kind);
	ck_assert_msg(is_dirty(area, late.page) ||
			      vmd_test_bit(span.words, late.page),
		      "page %lu, kind %d: lost", late.page, late.kind);
}
END_TEST

START_TEST(dh_9_no_entry_is_cleaned_without_its_bit)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 64);
	vmd_pgoff_t page;
	bool before[64];

	store_to(area, PAGES(0, 1, 15, 16, 30, 31, 62, 63));
	load_from(area, PAGES(2, 17, 32));
	for (page = 0; page < 64; page++)
		before[page] = is_dirty(area, page);

	(void)clean(1, 30);
	(void)clean(40, 24);

	for (page = 0; page < 64; page++)
		ck_assert_msg((before[page] && !is_dirty(area, page)) ==
				      vmd_test_bit(span.words, page),
			      "page %lu", page);
}
END_TEST

/* DH-10: wp, its flush, writers held back in mkwrite, then clean. */
START_TEST(dh_10_wp_and_held_back_writers_make_a_closed_set)
{
	struct midfix_area *area = MAP(&fix, .vm_ops = &midfix_driver_ops,
				       .vm_private_data = &fix.driver);

	store_to(area, PAGES(3, 5));
	ck_assert_uint_eq(fix.driver.nr_mkwrite, 2);

	ck_assert_uint_eq(wp(0, 16), 2);
	fix.driver.mkwrite_answer = VMD_VM_FAULT_SIGBUS;
	ck_assert_int_ne(midfix_try_store(area, 3), 0);
	ck_assert_uint_eq(clean(0, 16), 2);

	ck_assert_uint_eq(fix.driver.nr_mkwrite, 3);
	assert_bits(&span, PAGES(3, 5));
	ck_assert(!is_dirty(area, 3) && !is_dirty(area, 5));
}
END_TEST

/* DH-11, MU-6: the CPU has D cached when it is taken away. */
START_TEST(dh_11_a_store_after_the_call_makes_the_page_dirty_again)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(3));
	store_to(area, PAGES(3));
	ck_assert_uint_eq(clean(0, 16), 1);
	store_to(area, PAGES(3));

	midfix_span_init(&span, 0, 1024);
	ck_assert_uint_eq(clean(0, 16), 1);
	assert_bits(&span, PAGES(3));
}
END_TEST

/* The same for wp: DH-10 (2). */
START_TEST(dh_11_no_cpu_stores_through_an_old_right_after_wp)
{
	struct midfix_area *area = MAP(&fix, .vm_ops = &midfix_driver_ops,
				       .vm_private_data = &fix.driver);

	store_to(area, PAGES(3));
	(void)wp(0, 16);
	store_to(area, PAGES(3));

	ck_assert_uint_eq(fix.driver.nr_mkwrite, 2);
}
END_TEST

/* DH-24: the window begins empty, for each area anew. */
START_TEST(dh_24_an_area_without_changes_is_not_flushed)
{
	struct midfix_area *one = MAP(&fix, 0);
	struct midfix_area *two = MAP(&fix, .mm = 1);

	store_to(one, PAGES(4));
	load_from(two, PAGES(4));

	midfix_listen(&fix);
	ck_assert_uint_eq(clean(0, 16), 1);
	ck_assert_str_eq(midfix_story(&fix),
			 "start A[0,16) inc 0 pte A[4,5) flush A[4,5) "
			 "end A[0,16) dec 0 "
			 "start B[0,16) inc 1 end B[0,16) dec 1");
}
END_TEST

struct subscriber {
	struct vmd_mmu_notifier notifier;
	unsigned int nr_starts;
	unsigned int nr_ends;
	struct vmd_mmu_notifier_range range; /* of the newest start */
};

static void see_start(struct vmd_mmu_notifier *notifier,
		      const struct vmd_mmu_notifier_range *range)
{
	struct subscriber *subscriber =
		vmd_container_of(notifier, struct subscriber, notifier);

	subscriber->nr_starts++;
	subscriber->range = *range;
}

static void see_end(struct vmd_mmu_notifier *notifier,
		    const struct vmd_mmu_notifier_range *range)
{
	struct subscriber *subscriber =
		vmd_container_of(notifier, struct subscriber, notifier);

	(void)range;
	subscriber->nr_ends++;
}

static const struct vmd_mmu_notifier_ops subscriber_ops = {
	.invalidate_range_start = see_start,
	.invalidate_range_end = see_end,
};

START_TEST(dh_25_subscribers_hear_protection_page_of_the_clipped_range)
{
	struct subscriber subscriber = { .notifier.ops = &subscriber_ops };
	struct midfix_area *area = MAP(&fix, .pgoff = 10);

	ck_assert_int_eq(vmd_mmu_notifier_register(&subscriber.notifier,
						   area->mm),
			 0);
	(void)wp(4, 10);
	vmd_mmu_notifier_unregister(&subscriber.notifier);

	ck_assert_uint_eq(subscriber.nr_starts, 1);
	ck_assert_uint_eq(subscriber.nr_ends, 1);
	ck_assert_ptr_eq(subscriber.range.mm, area->mm);
	ck_assert_uint_eq(subscriber.range.start, area->addr);
	ck_assert_uint_eq(subscriber.range.end, midfix_addr(area, 4));
	ck_assert_int_eq(subscriber.range.event,
			 VMD_MMU_NOTIFY_PROTECTION_PAGE);
}
END_TEST

/* DH-27 and DH-29, SP-18: start, inc, entries, flush, end, dec. */
START_TEST(dh_27_29_pending_is_raised_after_start_and_lowered_after_end)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(4));

	midfix_listen(&fix);
	ck_assert_uint_eq(wp(0, 16), 1);
	ck_assert_str_eq(midfix_story(&fix),
			 "start A[0,16) inc 0 pte A[4,5) flush A[4,5) "
			 "end A[0,16) dec 0");
	ck_assert_uint_eq(midfix_ctx(area)->tlb_flush_pending, 0);
}
END_TEST

START_TEST(dh_28_a_nested_flush_covers_the_whole_range_and_not_the_window)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(4));
	vmd_inc_tlb_flush_pending(midfix_ctx(area));

	midfix_listen(&fix);
	ck_assert_uint_eq(wp(2, 8), 1);
	midfix_deaf(&fix);

	ck_assert_str_eq(midfix_story(&fix),
			 "start A[2,10) inc 0 pte A[4,5) flush A[2,10) "
			 "end A[2,10) dec 0");
	vmd_dec_tlb_flush_pending(midfix_ctx(area));
}
END_TEST

/*
 * DH-30, MU-5: S1 has cleared D of page 5 and has not flushed; S2 finds nothing
 * there, returns; the CPU stores through the D that it has cached.
 */
START_TEST(dh_30_no_cpu_stores_through_what_another_cleared)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(5));
	vmd_inc_tlb_flush_pending(midfix_ctx(area));
	midfix_change_pte(area, 5, 0, VMD_PAGE_DIRTY);

	ck_assert_uint_eq(clean(0, 16), 0);
	store_to(area, PAGES(5));

	assert_entry(area, 5, "PWAD-");
	vmd_dec_tlb_flush_pending(midfix_ctx(area));
}
END_TEST

/* DH-31: also if both areas belong to one address space. */
START_TEST(dh_31_the_steps_of_two_areas_never_overlap)
{
	struct midfix_area *one = MAP(&fix, .pgoff = 0);
	struct midfix_area *two = MAP(&fix, .pgoff = 8);

	store_to(one, PAGES(1, 9));
	store_to(two, PAGES(1));

	midfix_listen(&fix);
	ck_assert_uint_eq(clean(0, 24), 3);
	ck_assert_str_eq(midfix_story(&fix),
			 "start A[0,16) inc 0 pte A[1,2) pte A[9,10) "
			 "flush A[1,10) end A[0,16) dec 0 "
			 "start B[0,16) inc 0 pte B[1,2) "
			 "flush B[1,2) end B[0,16) dec 0");
}
END_TEST

static const struct {
	vmd_pgoff_t low;
	vmd_pgoff_t high;
} changed[] = { { 0, 0 }, { 15, 15 }, { 0, 600 }, { 511, 512 }, { 3, 1023 } };

START_TEST(dh_32_the_flush_is_as_wide_as_what_was_changed)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = 1024);
	unsigned int i;

	store_to(area, PAGES(changed[_i].low, changed[_i].high));
	load_from(area, PAGES(1, 700));

	midfix_listen(&fix);
	(void)clean(0, 1024);

	for (i = 0; fix.event[i].kind != VMD_HOOK_FLUSH;)
		ck_assert_uint_lt(++i, fix.nr_events);
	ck_assert_msg(fix.event[i].start ==
				      midfix_addr(area, changed[_i].low) &&
			      fix.event[i].end ==
				      midfix_addr(area, changed[_i].high + 1),
		      "pages %lu and %lu: %s", changed[_i].low,
		      changed[_i].high, midfix_story(&fix));
	ck_assert_uint_eq(midfix_count_events(&fix, VMD_HOOK_FLUSH), 1);
}
END_TEST

/* Rounds in which a writer and the helper go towards each other. */
#define NR_ROUNDS      400
#define NR_RACED_PAGES 512

struct race {
	const struct midfix_area *area;
	unsigned int go; /* the round that may begin */
	unsigned int done; /* the round that the writer has ended */
	unsigned int nr_failed;
};

static void wait_for(const unsigned int *round, unsigned int which)
{
	while (__atomic_load_n(round, __ATOMIC_ACQUIRE) != which)
		(void)sched_yield();
}

static void *store_downwards(void *arg)
{
	struct race *race = arg;
	unsigned int round;
	uint64_t page;

	for (round = 1; round <= NR_ROUNDS; round++) {
		wait_for(&race->go, round);
		for (page = NR_RACED_PAGES; page > 0; page--)
			race->nr_failed +=
				midfix_try_store(race->area, page - 1) != 0;
		__atomic_store_n(&race->done, round, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Writable and clean again, and no CPU knows better. */
static void make_clean(const struct midfix_area *area)
{
	uint64_t page;

	for (page = 0; page < NR_RACED_PAGES; page++)
		midfix_change_pte(area, page, VMD_PAGE_RW, VMD_PAGE_DIRTY_BITS);
	vmd_flush_tlb_range(midfix_ctx(area), area->addr,
			    midfix_addr(area, NR_RACED_PAGES));
}

/* Each of them was stored to; none shows another frame than before. */
static unsigned int count_lost(const struct midfix_area *area)
{
	unsigned int nr_lost = 0;
	uint64_t page;

	for (page = 0; page < NR_RACED_PAGES; page++)
		nr_lost += !is_dirty(area, page) ||
			   vmd_pte_pfn(midfix_pte(area, page)) !=
				   vmd_mapping_get_pfn(fix.mapping, page);
	return nr_lost;
}

/*
 * DH-33 and DH-34: a D that hardware sets between the look at an entry and its
 * exchange is in what the exchange returns; and nobody installs another frame
 * in the moment in which the slot is none.
 */
START_TEST(dh_33_34_no_bit_that_hardware_sets_meanwhile_is_lost)
{
	struct midfix_area *area = MAP(&fix, .nr_pages = NR_RACED_PAGES);
	struct race race = { .area = area };
	unsigned int nr_lost = 0;
	unsigned int round;
	pthread_t writer;

	for (round = 0; round < NR_RACED_PAGES; round++)
		ck_assert_int_eq(midfix_try_store(area, round), 0);
	ck_assert_int_eq(pthread_create(&writer, NULL, store_downwards, &race),
			 0);
	for (round = 1; round <= NR_ROUNDS; round++) {
		make_clean(area);
		__atomic_store_n(&race.go, round, __ATOMIC_RELEASE);
		(void)wp(0, NR_RACED_PAGES);
		wait_for(&race.done, round);
		nr_lost += count_lost(area);
	}
	ck_assert_int_eq(pthread_join(writer, NULL), 0);

	ck_assert_uint_eq(race.nr_failed, 0);
	ck_assert_uint_eq(nr_lost, 0);
}
END_TEST

/* DH-35: page 1 was looked at, then stored to; page 4 comes later. */
START_TEST(dh_35_a_page_that_becomes_dirty_after_the_look_stays_dirty)
{
	struct midfix_area *area = MAP(&fix, 0);
	struct late_store late = { area, 1, VMD_HOOK_PTE_CHANGE, false };

	store_to(area, PAGES(4));
	load_from(area, PAGES(1));
	fix.at_event = store_late;
	fix.at_event_arg = &late;

	midfix_listen(&fix);
	ck_assert_uint_eq(clean(0, 16), 1);
	midfix_deaf(&fix);

	assert_bits(&span, PAGES(4));
	assert_entry(area, 1, "PWAD-");
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, up, down);
	return tc;
}

static void add_guarantees(TCase *tc)
{
	tcase_add_test(tc, dh_7_every_entry_dirty_at_the_start_is_recorded);
	tcase_add_loop_test(
		tc, dh_8_what_is_stored_meanwhile_is_recorded_or_still_dirty, 0,
		3 * (VMD_HOOK_FLUSH + 1));
	tcase_add_test(tc, dh_9_no_entry_is_cleaned_without_its_bit);
	tcase_add_test(tc, dh_10_wp_and_held_back_writers_make_a_closed_set);
	tcase_add_test(tc,
		       dh_11_a_store_after_the_call_makes_the_page_dirty_again);
	tcase_add_test(tc, dh_11_no_cpu_stores_through_an_old_right_after_wp);
	tcase_add_test(tc,
		       dh_33_34_no_bit_that_hardware_sets_meanwhile_is_lost);
	tcase_add_test(
		tc, dh_35_a_page_that_becomes_dirty_after_the_look_stays_dirty);
}

static void add_order(TCase *tc)
{
	tcase_add_test(tc, dh_24_an_area_without_changes_is_not_flushed);
	tcase_add_test(
		tc,
		dh_25_subscribers_hear_protection_page_of_the_clipped_range);
	tcase_add_test(
		tc,
		dh_27_29_pending_is_raised_after_start_and_lowered_after_end);
	tcase_add_test(
		tc,
		dh_28_a_nested_flush_covers_the_whole_range_and_not_the_window);
	tcase_add_test(tc, dh_30_no_cpu_stores_through_what_another_cleared);
	tcase_add_test(tc, dh_31_the_steps_of_two_areas_never_overlap);
	tcase_add_loop_test(tc, dh_32_the_flush_is_as_wide_as_what_was_changed,
			    0, VMD_ARRAY_SIZE(changed));
}

int main(void)
{
	Suite *suite = suite_create("dirty_guarantees");

	add_guarantees(add_case(suite, "guarantees"));
	add_order(add_case(suite, "order"));
	return vmd_test_main(suite);
}
