/* SPDX-License-Identifier: MIT */
/*
 * mmu/tlb: what is cached, what has to leave, and that a hit changes nothing
 * (D3).
 */
#include "mmu/tlb.h"

#include <errno.h>
#include <vmmdirty/machine.h>

#include "lowfix.h"
#include "support.h"

#define NR_SETS 4U

#define PCID 3U

static const struct vmd_mmu_config config = {
	.levels = 4,
	.tlb_entries = NR_SETS * VMD_ASSOC_WAYS,
	.large_tlb_entries = VMD_ASSOC_WAYS,
};

static struct lowfix_reports reports;
static struct vmd_env env;
static struct vmd_tlb tlb;

static void up(void)
{
	lowfix_env_up(&env, &reports);
	ck_assert_int_eq(vmd_tlb_init(&tlb, &env, &config, 1), 0);
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

static uint64_t leaf(vmd_pfn_t pfn)
{
	return vmd_pfn_pte(pfn, VMD_PAGE_PRESENT | VMD_PAGE_ACCESSED).val;
}

/* Returns the tag that had to leave, or 0. */
static uint64_t insert_as(vmd_va_t addr, int level, uint64_t pte,
			  unsigned int pcid, bool global)
{
	const struct vmd_translation to = { .pte = pte, .level = level };
	struct vmd_tlb_evicted evicted;

	ck_assert(
		vmd_tlb_insert(&tlb, &env, pcid, addr, &to, global, &evicted));
	return evicted.tag;
}

/* Returns the page that had to leave, or NONE. */
#define NONE UINT64_MAX

static vmd_va_t insert(uint64_t number)
{
	uint64_t tag = insert_as(page(number), 1, leaf(number % 7 + 1000), PCID,
				 false);

	return tag ? tag & VMD_TAG_ADDRESS : NONE;
}

static bool knows(uint64_t number)
{
	const uint64_t *word = vmd_tlb_find(&tlb, PCID, page(number) + 5);

	ck_assert(!word ||
		  (*word & VMD_PTE_PFN_MASK) ==
			  (leaf(number % 7 + 1000) & VMD_PTE_PFN_MASK));
	return word;
}

static void drop(vmd_va_t addr)
{
	vmd_tlb_drop(&tlb, PCID, addr, VMD_TLB_PCID_AND_GLOBAL);
}

START_TEST(a_translation_is_found_by_any_address_of_its_page)
{
	ck_assert(!knows(7));

	ck_assert_uint_eq(insert(7), NONE);

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
	uint64_t dirty = leaf(1000) | VMD_PAGE_DIRTY;
	unsigned int i;

	for (i = 0; i < 3 * VMD_ASSOC_WAYS; i++)
		ck_assert_uint_eq(insert(7), NONE);
	ck_assert_uint_eq(insert_as(page(7), 1, dirty, PCID, false), 0);

	ck_assert(*vmd_tlb_find(&tlb, PCID, page(7)) & VMD_PAGE_DIRTY);
	drop(page(7));
	ck_assert(!knows(7));
}
END_TEST

/* K9, I-11: in turn within a set. */
START_TEST(a_full_set_gives_up_its_pages_in_turn)
{
	unsigned int i;

	for (i = 0; i < VMD_ASSOC_WAYS; i++)
		ck_assert_uint_eq(insert(i * NR_SETS), NONE);
	for (; i < 3 * VMD_ASSOC_WAYS; i++) {
		uint64_t leaves = (uint64_t)(i - VMD_ASSOC_WAYS) * NR_SETS;

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

	for (i = 0; i < VMD_ASSOC_WAYS; i++)
		(void)insert(i * NR_SETS);
	for (i = 0; i < 100; i++)
		ck_assert(knows(0));

	ck_assert_uint_eq(insert(VMD_ASSOC_WAYS * NR_SETS), page(0));
}
END_TEST

START_TEST(sets_do_not_disturb_each_other)
{
	unsigned int i;

	for (i = 0; i < NR_SETS * VMD_ASSOC_WAYS; i++)
		ck_assert_msg(insert(i) == NONE, "page %u", i);
	for (i = 0; i < NR_SETS * VMD_ASSOC_WAYS; i++)
		ck_assert_msg(knows(i), "page %u", i);
}
END_TEST

START_TEST(dropping_a_page_makes_room_and_leaves_the_others)
{
	unsigned int i;

	for (i = 0; i < VMD_ASSOC_WAYS; i++)
		(void)insert(i * NR_SETS);
	drop(page(3 * NR_SETS) + 77);
	drop(page(99));

	for (i = 0; i < VMD_ASSOC_WAYS; i++)
		ck_assert_msg(knows(i * NR_SETS) == (i != 3), "way %u", i);
	ck_assert_uint_eq(insert(50 * NR_SETS), NONE);
}
END_TEST

START_TEST(dropping_all_leaves_a_new_tlb)
{
	unsigned int i;

	for (i = 0; i < 2 * VMD_ASSOC_WAYS - 3; i++)
		(void)insert(i * NR_SETS);
	(void)insert_as(page(512), 2, leaf(512), PCID, false);
	(void)insert_as(page(1), 1, leaf(1), PCID, true);
	vmd_tlb_drop_all(&tlb);

	ck_assert(!tlb.any_global);
	ck_assert_uint_eq(tlb.small.nr_used + tlb.large.nr_used, 0);
	for (i = 0; i < 2 * VMD_ASSOC_WAYS; i++)
		ck_assert(!knows(i * NR_SETS));
	for (i = 0; i < VMD_ASSOC_WAYS; i++)
		ck_assert_uint_eq(insert(i * NR_SETS), NONE);
	ck_assert_uint_eq(insert(VMD_ASSOC_WAYS * NR_SETS), page(0));
}
END_TEST

/* K8 */
START_TEST(without_entries_nothing_is_kept)
{
	const struct vmd_translation to = { .pte = leaf(1), .level = 1 };
	const struct vmd_mmu_config nothing = { .levels = 4 };
	struct vmd_tlb_evicted evicted;
	struct vmd_tlb none;

	ck_assert_int_eq(vmd_tlb_init(&none, &env, &nothing, 1), 0);

	ck_assert(!vmd_tlb_insert(&none, &env, PCID, page(1), &to, false,
				  &evicted));
	ck_assert_uint_eq(evicted.tag, 0);
	ck_assert_ptr_null(vmd_tlb_find(&none, PCID, page(1)));
	vmd_tlb_drop(&none, PCID, page(1), VMD_TLB_PCID_AND_GLOBAL);
	vmd_tlb_drop_pcid(&none, PCID, VMD_TLB_PCID_AND_GLOBAL);
	vmd_tlb_drop_all(&none);
	vmd_tlb_fini(&none, &env);
}
END_TEST

/* F1: a translation belongs to its PCID. */
START_TEST(another_pcid_is_another_address)
{
	(void)insert_as(page(5), 1, leaf(1), 1, false);
	(void)insert_as(page(5), 1, leaf(2), 2, false);

	ck_assert_uint_eq(*vmd_tlb_find(&tlb, 1, page(5)) & VMD_PTE_PFN_MASK,
			  0x1000);
	ck_assert_uint_eq(*vmd_tlb_find(&tlb, 2, page(5)) & VMD_PTE_PFN_MASK,
			  0x2000);
	ck_assert_ptr_null(vmd_tlb_find(&tlb, 4, page(5)));

	vmd_tlb_drop_pcid(&tlb, 1, VMD_TLB_PCID);
	ck_assert_ptr_null(vmd_tlb_find(&tlb, 1, page(5)));
	ck_assert_ptr_nonnull(vmd_tlb_find(&tlb, 2, page(5)));
}
END_TEST

/* F5: what is global belongs to every PCID, and one kind replaces the other. */
START_TEST(a_global_entry_serves_every_pcid)
{
	(void)insert_as(page(5), 1, leaf(1), 1, false);
	(void)insert_as(page(5), 1, leaf(2), 1, true);

	ck_assert_uint_eq(*vmd_tlb_find(&tlb, 1, page(5)) & VMD_PTE_PFN_MASK,
			  0x2000);
	ck_assert_ptr_nonnull(vmd_tlb_find(&tlb, 2, page(5)));
	vmd_tlb_drop_non_global(&tlb);
	ck_assert_ptr_nonnull(vmd_tlb_find(&tlb, 2, page(5)));
	vmd_tlb_drop_pcid(&tlb, 1, VMD_TLB_PCID_AND_GLOBAL);
	ck_assert_ptr_null(vmd_tlb_find(&tlb, 2, page(5)));
}
END_TEST

static const struct {
	int level;
	vmd_va_t size;
} sizes[] = { { 2, UINT64_C(2) << 20 }, { 3, UINT64_C(1) << 30 } };

/* F6: the smaller page is found first, the larger one stays. */
START_TEST(pages_of_two_sizes_live_side_by_side)
{
	const vmd_va_t base = UINT64_C(3) << 30;
	vmd_va_t last = base + sizes[_i].size - 1;

	(void)insert_as(base, sizes[_i].level, leaf(0x40000), PCID, false);
	(void)insert_as(base, 1, leaf(7), PCID, false);

	ck_assert_int_eq(vmd_tlb_level(*vmd_tlb_find(&tlb, PCID, base)), 1);
	ck_assert_int_eq(vmd_tlb_level(*vmd_tlb_find(&tlb, PCID, last)),
			 sizes[_i].level);
	ck_assert_ptr_null(vmd_tlb_find(&tlb, PCID, last + 1));
	ck_assert_ptr_null(vmd_tlb_find(&tlb, PCID, base - 1));

	drop(last);
	ck_assert_ptr_null(vmd_tlb_find(&tlb, PCID, last));
	ck_assert_ptr_nonnull(vmd_tlb_find(&tlb, PCID, base));
}
END_TEST

/* K8, unbounded: whatever the pattern of addresses is. */
START_TEST(an_unbounded_tlb_gives_nothing_up)
{
	const struct vmd_mmu_config all = { .levels = 4,
					    .tlb_entries = VMD_TLB_UNBOUNDED };
	struct vmd_tlb big;
	uint64_t nr_lost = 0;
	uint64_t i;

	ck_assert_int_eq(vmd_tlb_init(&big, &env, &all, 1), 0);
	for (i = 0; i < 20000; i++) {
		const struct vmd_translation to = { .pte = leaf(i + 1),
						    .level = 1 };
		struct vmd_tlb_evicted evicted;

		nr_lost += !vmd_tlb_insert(&big, &env, PCID, page(i << _i), &to,
					   false, &evicted) ||
			   evicted.tag;
	}

	for (i = 0; i < 20000; i++) {
		const uint64_t *word = vmd_tlb_find(&big, PCID, page(i << _i));

		nr_lost += !word || (*word & VMD_PTE_PFN_MASK) != page(i + 1);
	}
	ck_assert_uint_eq(nr_lost, 0);
	vmd_tlb_fini(&big, &env);
}
END_TEST

/* I-10: of each memory its sets and their victims. */
START_TEST(a_tlb_without_memory_is_refused_and_leaks_nothing)
{
	uint64_t nr_live = env.arena.nr_live;
	struct vmd_tlb other;

	env.arena.fail_nth = env.arena.nr_calls + (uint64_t)_i;

	ck_assert_int_eq(vmd_tlb_init(&other, &env, &config, 1), -ENOMEM);
	ck_assert_uint_eq(env.arena.nr_live, nr_live);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tlb");
	TCase *tc = tcase_create("contents D3 K8 K9");
	TCase *whose = tcase_create("PCID, global, sizes F1 F5 F6");

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
	tcase_add_loop_test(tc, an_unbounded_tlb_gives_nothing_up, 0, 20);
	tcase_add_loop_test(tc,
			    a_tlb_without_memory_is_refused_and_leaks_nothing,
			    1, 5);
	suite_add_tcase(suite, tc);

	tcase_add_checked_fixture(whose, up, down);
	tcase_add_test(whose, another_pcid_is_another_address);
	tcase_add_test(whose, a_global_entry_serves_every_pcid);
	tcase_add_loop_test(whose, pages_of_two_sizes_live_side_by_side, 0, 2);
	suite_add_tcase(suite, whose);
	return vmd_test_main(suite);
}
