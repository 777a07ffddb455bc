/* SPDX-License-Identifier: MIT */
/*
 * mmu/tlb: what is cached, what has to leave, and that a hit changes nothing
 * (D3).
 */
#include "mmu/tlb.h"

#include <errno.h>
#include <vmmdirty/cpu.h>

#include "lowfix.h"
#include "support.h"

#define NR_SETS 4U

static struct lowfix_reports reports;
static struct vmd_env env;
static struct vmd_tlb tlb;

static void up(void)
{
	lowfix_env_up(&env, &reports);
	ck_assert_int_eq(vmd_tlb_init(&tlb, &env, NR_SETS * VMD_TLB_WAYS), 0);
}

static void down(void)
{
	vmd_tlb_fini(&tlb, &env);
	lowfix_env_down(&env);
}

static vmd_va_t page(uint64_t number)
{
	return number << VMD_PAGE_SHIFT;
}

/* Returns the page that had to leave, or VMD_TLB_NO_TAG. */
static vmd_va_t insert(uint64_t number)
{
	const struct vmd_translation to = { .pfn = number + 1000 };
	vmd_va_t evicted;

	ck_assert(vmd_tlb_insert(&tlb, page(number), &to, &evicted));
	return evicted;
}

static bool knows(uint64_t number)
{
	const struct vmd_tlb_entry *entry =
		vmd_tlb_lookup(&tlb, page(number) + 5);

	ck_assert(!entry || entry->to.pfn == number + 1000);
	return entry;
}

START_TEST(a_translation_is_found_by_any_address_of_its_page)
{
	ck_assert(!knows(7));

	ck_assert_uint_eq(insert(7), VMD_TLB_NO_TAG);

	ck_assert(knows(7));
	ck_assert(!knows(6));
	ck_assert(!knows(7 + NR_SETS));
}
END_TEST

START_TEST(page_0_and_the_last_page_are_pages)
{
	const uint64_t last = UINT64_MAX >> VMD_PAGE_SHIFT;

	ck_assert(!knows(0));
	(void)insert(0);
	(void)insert(last);

	ck_assert(knows(0));
	ck_assert(knows(last));
}
END_TEST

START_TEST(what_is_known_of_a_page_is_replaced_in_place)
{
	const struct vmd_translation dirty = { .pfn = 1007, .dirty = true };
	vmd_va_t evicted;
	unsigned int i;

	for (i = 0; i < 3 * VMD_TLB_WAYS; i++)
		ck_assert_uint_eq(insert(7), VMD_TLB_NO_TAG);
	ck_assert(vmd_tlb_insert(&tlb, page(7), &dirty, &evicted));

	ck_assert(vmd_tlb_lookup(&tlb, page(7))->to.dirty);
	vmd_tlb_drop(&tlb, page(7));
	ck_assert(!knows(7));
}
END_TEST

/* K9, I-11: in turn within a set. */
START_TEST(a_full_set_gives_up_its_pages_in_turn)
{
	unsigned int i;

	for (i = 0; i < VMD_TLB_WAYS; i++)
		ck_assert_uint_eq(insert(i * NR_SETS), VMD_TLB_NO_TAG);
	for (; i < 3 * VMD_TLB_WAYS; i++) {
		uint64_t leaves = (uint64_t)(i - VMD_TLB_WAYS) * NR_SETS;

		ck_assert_msg(insert(i * NR_SETS) == page(leaves), "page %u",
			      i);
		ck_assert(!knows(leaves));
	}
}
END_TEST

/* D3: a hit in a line is invisible here, so a hit here must be as well. */
START_TEST(a_hit_keeps_no_entry_young)
{
	unsigned int i;

	for (i = 0; i < VMD_TLB_WAYS; i++)
		(void)insert(i * NR_SETS);
	for (i = 0; i < 100; i++)
		ck_assert(knows(0));

	ck_assert_uint_eq(insert(VMD_TLB_WAYS * NR_SETS), page(0));
}
END_TEST

START_TEST(sets_do_not_disturb_each_other)
{
	unsigned int i;

	for (i = 0; i < NR_SETS * VMD_TLB_WAYS; i++)
		ck_assert_msg(insert(i) == VMD_TLB_NO_TAG, "page %u", i);
	for (i = 0; i < NR_SETS * VMD_TLB_WAYS; i++)
		ck_assert_msg(knows(i), "page %u", i);
}
END_TEST

START_TEST(dropping_a_page_makes_room_and_leaves_the_others)
{
	unsigned int i;

	for (i = 0; i < VMD_TLB_WAYS; i++)
		(void)insert(i * NR_SETS);
	vmd_tlb_drop(&tlb, page(3 * NR_SETS) + 77);
	vmd_tlb_drop(&tlb, page(99));

	for (i = 0; i < VMD_TLB_WAYS; i++)
		ck_assert_msg(knows(i * NR_SETS) == (i != 3), "way %u", i);
	ck_assert_uint_eq(insert(50 * NR_SETS), VMD_TLB_NO_TAG);
}
END_TEST

START_TEST(dropping_all_leaves_a_new_tlb)
{
	const struct vmd_translation piece = { .pfn = 1, .fragment = true };
	vmd_va_t evicted;
	unsigned int i;

	for (i = 0; i < 2 * VMD_TLB_WAYS - 3; i++)
		(void)insert(i * NR_SETS);
	ck_assert(vmd_tlb_insert(&tlb, page(1), &piece, &evicted));
	ck_assert(tlb.fragments);
	vmd_tlb_drop_all(&tlb);

	ck_assert(!tlb.fragments);
	for (i = 0; i < 2 * VMD_TLB_WAYS; i++)
		ck_assert(!knows(i * NR_SETS));
	for (i = 0; i < VMD_TLB_WAYS; i++)
		ck_assert_uint_eq(insert(i * NR_SETS), VMD_TLB_NO_TAG);
	ck_assert_uint_eq(insert(VMD_TLB_WAYS * NR_SETS), page(0));
}
END_TEST

/* K8 */
START_TEST(without_entries_nothing_is_kept)
{
	const struct vmd_translation to = { .pfn = 1 };
	struct vmd_tlb none;
	vmd_va_t evicted;

	ck_assert_int_eq(vmd_tlb_init(&none, &env, 0), 0);

	ck_assert(!vmd_tlb_insert(&none, page(1), &to, &evicted));
	ck_assert_uint_eq(evicted, VMD_TLB_NO_TAG);
	ck_assert_ptr_null(vmd_tlb_lookup(&none, page(1)));
	vmd_tlb_drop(&none, page(1));
	vmd_tlb_drop_all(&none);
	vmd_tlb_fini(&none, &env);
}
END_TEST

/* I-10 */
START_TEST(a_tlb_without_memory_is_refused_and_leaks_nothing)
{
	uint64_t nr_live = env.arena.nr_live;
	struct vmd_tlb other;

	env.arena.fail_nth = env.arena.nr_calls + (uint64_t)_i;

	ck_assert_int_eq(vmd_tlb_init(&other, &env, 64), -ENOMEM);
	ck_assert_uint_eq(env.arena.nr_live, nr_live);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tlb");
	TCase *tc = tcase_create("contents D3 K8 K9");

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, a_translation_is_found_by_any_address_of_its_page);
	tcase_add_test(tc, page_0_and_the_last_page_are_pages);
	tcase_add_test(tc, what_is_known_of_a_page_is_replaced_in_place);
	tcase_add_test(tc, a_full_set_gives_up_its_pages_in_turn);
	tcase_add_test(tc, a_hit_keeps_no_entry_young);
	tcase_add_test(tc, sets_do_not_disturb_each_other);
	tcase_add_test(tc, dropping_a_page_makes_room_and_leaves_the_others);
	tcase_add_test(tc, dropping_all_leaves_a_new_tlb);
	tcase_add_test(tc, without_entries_nothing_is_kept);
	tcase_add_loop_test(tc,
			    a_tlb_without_memory_is_refused_and_leaks_nothing,
			    1, 3);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
