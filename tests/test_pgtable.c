/* SPDX-License-Identifier: MIT */
/*
 * mmu/pgtable: tables appear where they are needed, are found, and go when
 * nobody needs them.
 */
#include "mmu/pgtable.h"

#include <pthread.h>
#include <string.h>

#include "lowfix.h"
#include "support.h"

#define UNCHECKED vmd_no_context_analysis("a ptl known at run time")

static struct lowfix_reports reports;
static struct vmd_hw hw;
static struct vmd_mm_context ctx;

/* In the middle of a table at each level. */
#define ADDR UINT64_C(0x0000123456789000)

static void up(void)
{
	hw = (struct vmd_hw){ .mmu = { .levels = VMD_LEVEL_PGD } };
	lowfix_env_up(&hw.env, &reports);
	ck_assert_int_eq(vmd_ram_init(&hw.ram, &hw.env, 1024), 0);
	ck_assert_int_eq(vmd_mm_context_init(&ctx, &hw, NULL), 0);
}

static void down(void)
{
	vmd_mm_context_fini(&ctx);
	vmd_ram_fini(&hw.ram);
	ck_assert_msg(reports.nr_bugs == 0, "reported: %s", reports.text);
	lowfix_env_down(&hw.env);
}

static void free_all(void)
{
	vmd_free_pgtables(&ctx, 0, VMD_TASK_SIZE, 0, VMD_TASK_SIZE);
}

START_TEST(an_address_is_four_indices_and_an_offset)
{
	ck_assert_uint_eq(vmd_level_index(ADDR, VMD_LEVEL_PGD), 0x24);
	ck_assert_uint_eq(vmd_level_index(ADDR, VMD_LEVEL_PUD), 0xd1);
	ck_assert_uint_eq(vmd_level_index(ADDR, VMD_LEVEL_PMD), 0xb3);
	ck_assert_uint_eq(vmd_level_index(ADDR, VMD_LEVEL_PTE), 0x189);
	ck_assert_uint_eq(vmd_level_size(VMD_LEVEL_PTE), 4096);
	ck_assert_uint_eq(vmd_level_size(VMD_LEVEL_PMD), 2 << 20);
	ck_assert_uint_eq(vmd_level_size(VMD_LEVEL_PUD), 1 << 30);
}
END_TEST

static const struct {
	vmd_va_t addr;
	vmd_va_t end;
	int level;
	vmd_va_t expected;
} ends[] = {
	{ 0x1000, 0x9000, VMD_LEVEL_PTE, 0x2000 },
	{ 0x1000, 0x9000, VMD_LEVEL_PMD, 0x9000 },
	{ 0x1000, 0x900000, VMD_LEVEL_PMD, 0x200000 },
	{ 0x1ff000, 0x200000, VMD_LEVEL_PMD, 0x200000 },
	{ 0x200000, 0x400001, VMD_LEVEL_PMD, 0x400000 },
	/* The end of the number line is 0: nearer than nothing. */
	{ ~UINT64_C(0xfff), 0, VMD_LEVEL_PMD, 0 },
};

START_TEST(an_entry_ends_at_its_size_or_with_the_range)
{
	ck_assert_msg(vmd_addr_end(ends[_i].addr, ends[_i].end,
				   ends[_i].level) == ends[_i].expected,
		      "case %d", _i);
}
END_TEST

START_TEST(without_tables_only_the_top_has_a_slot)
{
	ck_assert_ptr_eq(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PGD),
			 vmd_table(&hw.ram, ctx.pgd) + 0x24);
	ck_assert_ptr_null(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PUD));
	ck_assert_ptr_null(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PTE));
}
END_TEST

START_TEST(missing_tables_are_made_once)
{
	vmd_pte_t *slot = vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);

	ck_assert_ptr_nonnull(slot);
	ck_assert_uint_eq(ctx.nr_tables, 3);
	ck_assert_ptr_eq(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PTE), slot);

	ck_assert_ptr_eq(vmd_alloc_slot(&ctx, ADDR + 4096, VMD_LEVEL_PTE),
			 slot + 1);
	ck_assert_uint_eq(ctx.nr_tables, 3);
	free_all();
}
END_TEST

START_TEST(a_new_table_is_empty_and_grants_everything)
{
	vmd_pte_t *slot = vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);
	vmd_pte_t pmd =
		vmd_ptep_get(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PMD));
	unsigned int i;

	ck_assert(vmd_entry_is_table(pmd));
	ck_assert(vmd_pte_write(pmd));
	ck_assert(pmd.val & VMD_PAGE_USER);
	slot -= vmd_level_index(ADDR, VMD_LEVEL_PTE);
	for (i = 0; i < VMD_PTRS_PER_TABLE; i++)
		ck_assert_uint_eq(slot[i].val, 0);
	free_all();
}
END_TEST

/* VT-15 */
START_TEST(there_is_no_slot_below_a_large_leaf)
{
	vmd_pte_t *pmd = vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PMD);

	vmd_set_pte(pmd, vmd_pfn_pte(512, VMD_PAGE_PRESENT | VMD_PAGE_PSE));

	ck_assert_ptr_null(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PTE));
	ck_assert_ptr_null(vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE));
	ck_assert_ptr_eq(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PMD), pmd);
	(void)vmd_ptep_get_and_clear(pmd);
	free_all();
}
END_TEST

/* I-10 */
START_TEST(without_memory_there_is_no_slot_and_no_leak)
{
	hw.env.arena.fail_nth = hw.env.arena.nr_calls + (uint64_t)_i;

	ck_assert_ptr_null(vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE));

	ck_assert_uint_eq(ctx.nr_tables, (unsigned int)_i - 1);
	ck_assert_ptr_nonnull(vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE));
	free_all();
	ck_assert_uint_eq(hw.ram.nr_used, 1);
}
END_TEST

START_TEST(each_table_has_one_lock)
{
	vmd_pte_t *slot = vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);
	vmd_pte_t *far = vmd_alloc_slot(&ctx, ADDR + (2 << 20), VMD_LEVEL_PTE);

	ck_assert_ptr_eq(vmd_slot_lockptr(&ctx, slot),
			 vmd_slot_lockptr(&ctx, slot + 1));
	ck_assert_ptr_ne(vmd_slot_lockptr(&ctx, slot),
			 vmd_slot_lockptr(&ctx, far));
	free_all();
}
END_TEST

START_TEST(the_map_lock_is_held_only_if_there_is_a_table)
UNCHECKED
{
	struct vmd_spinlock *ptl = NULL;
	vmd_pte_t *slot;

	ck_assert_ptr_null(vmd_pte_offset_map_lock(&ctx, ADDR, &ptl));
	ck_assert_uint_eq(vmd_nr_held(), 0);

	slot = vmd_pte_alloc_map_lock(&ctx, ADDR, &ptl);
	ck_assert_ptr_eq(ptl, vmd_slot_lockptr(&ctx, slot));
	vmd_spin_assert_held(ptl);
	vmd_spin_unlock(ptl);

	ck_assert_ptr_eq(vmd_pte_offset_map_lock(&ctx, ADDR, &ptl), slot);
	vmd_spin_assert_held(ptl);
	vmd_spin_unlock(ptl);
	free_all();
}
END_TEST

/* TL-9, TL-10, VT-12 */
START_TEST(an_entry_is_none_between_start_and_commit)
{
	vmd_pte_t slot =
		vmd_pfn_pte(5, VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_DIRTY);
	const vmd_pte_t before = slot;
	vmd_pte_t old = vmd_ptep_modify_prot_start(&slot);

	ck_assert(vmd_pte_same(old, before));
	ck_assert_uint_eq(slot.val, 0);

	vmd_ptep_modify_prot_commit(&slot, vmd_pte_wrprotect(old));
	ck_assert(vmd_pte_same(slot, vmd_pte_wrprotect(before)));
}
END_TEST

/* TL-13: a table pointer is present and no leaf. */
START_TEST(only_p_without_ps_points_to_a_table)
{
	ck_assert(vmd_entry_is_table(vmd_make_pte(VMD_PAGE_PRESENT)));
	ck_assert(!vmd_entry_is_table(
		vmd_make_pte(VMD_PAGE_PRESENT | VMD_PAGE_PSE)));
	ck_assert(!vmd_entry_is_table(vmd_make_pte(VMD_PAGE_PSE)));
	ck_assert(!vmd_entry_is_table(vmd_make_pte(VMD_PAGE_RW)));
}
END_TEST

/* FM-37: what a neighbour needs stays. */
static const struct {
	vmd_va_t floor;
	vmd_va_t ceiling;
	unsigned int nr_left;
} neighbours[] = {
	{ 0, VMD_TASK_SIZE, 0 },
	/* In the same table of entries, below or above. */
	{ ADDR - 4096, VMD_TASK_SIZE, 3 },
	{ 0, ADDR + 8192, 3 },
	/* Under the same PMD table, then under the same PUD table. */
	{ ADDR - (4 << 20), VMD_TASK_SIZE, 2 },
	{ 0, ADDR + (4 << 20), 2 },
	{ ADDR - (UINT64_C(4) << 30), VMD_TASK_SIZE, 1 },
	{ 0, ADDR + (UINT64_C(4) << 30), 1 },
};

START_TEST(a_table_goes_when_no_neighbour_needs_it)
{
	(void)vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);

	vmd_free_pgtables(&ctx, ADDR, ADDR + 4096, neighbours[_i].floor,
			  neighbours[_i].ceiling);

	ck_assert_msg(ctx.nr_tables == neighbours[_i].nr_left,
		      "case %d: %u tables", _i, (unsigned int)ctx.nr_tables);
	ck_assert_uint_eq(hw.ram.nr_used, 1 + ctx.nr_tables);
	free_all();
	ck_assert_uint_eq(hw.ram.nr_used, 1);
}
END_TEST

START_TEST(a_range_over_many_tables_frees_all_of_them)
{
	const uint64_t step = UINT64_C(1) << 29;
	vmd_va_t addr;

	for (addr = ADDR; addr < ADDR + 10 * step; addr += step)
		ck_assert_ptr_nonnull(
			vmd_alloc_slot(&ctx, addr, VMD_LEVEL_PTE));
	ck_assert_uint_gt(ctx.nr_tables, 10);

	vmd_free_pgtables(&ctx, ADDR, ADDR + 10 * step, 0, VMD_TASK_SIZE);

	ck_assert_uint_eq(ctx.nr_tables, 0);
	ck_assert_uint_eq(hw.ram.nr_used, 1);
}
END_TEST

/* I-10 */
START_TEST(tables_that_stay_behind_are_reported)
{
	(void)vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);

	vmd_mm_context_fini(&ctx);

	ck_assert_uint_eq(reports.nr_bugs, 1);
	ck_assert_ptr_nonnull(strstr(reports.text, "nr_tables"));
	reports.nr_bugs = 0;
	hw.ram.nr_used = 0;
	ck_assert_int_eq(vmd_mm_context_init(&ctx, &hw, NULL), 0);
}
END_TEST

#define NR_RACES 400U

/* Both threads meet in front of each table. */
static uint32_t arrived[NR_RACES];

static void *populate(void *unused)
{
	unsigned int i;

	for (i = 0; i < NR_RACES; i++) {
		lowfix_meet(&arrived[i], 2);
		if (!vmd_alloc_slot(&ctx, (vmd_va_t)i << 21, VMD_LEVEL_PTE))
			return NULL;
	}
	return unused;
}

START_TEST(threads_that_need_one_table_make_one)
{
	pthread_t threads[2];
	unsigned int i;

	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, populate,
						&ctx),
				 0);
	for (i = 0; i < 2; i++) {
		void *result;

		(void)pthread_join(threads[i], &result);
		ck_assert_ptr_eq(result, &ctx);
	}

	ck_assert_uint_eq(ctx.nr_tables, 2 + NR_RACES);
	ck_assert_uint_eq(hw.ram.nr_used, 1 + ctx.nr_tables);
	free_all();
}
END_TEST

static TCase *make_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, up, down);
	suite_add_tcase(suite, tc);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("pgtable");
	TCase *layout = make_case(suite, "layout D1");
	TCase *slots = make_case(suite, "slots");
	TCase *entries = make_case(suite, "entries TL-9 TL-10 TL-13");
	TCase *freeing = make_case(suite, "freeing FM-37 I-10");

	tcase_add_test(layout, an_address_is_four_indices_and_an_offset);
	tcase_add_loop_test(layout, an_entry_ends_at_its_size_or_with_the_range,
			    0, (int)(sizeof(ends) / sizeof(ends[0])));

	tcase_add_test(slots, without_tables_only_the_top_has_a_slot);
	tcase_add_test(slots, missing_tables_are_made_once);
	tcase_add_test(slots, a_new_table_is_empty_and_grants_everything);
	tcase_add_test(slots, there_is_no_slot_below_a_large_leaf);
	tcase_add_loop_test(slots, without_memory_there_is_no_slot_and_no_leak,
			    1, 4);
	tcase_add_test(slots, each_table_has_one_lock);
	tcase_add_test(slots, the_map_lock_is_held_only_if_there_is_a_table);
	tcase_add_test(slots, threads_that_need_one_table_make_one);

	tcase_add_test(entries, an_entry_is_none_between_start_and_commit);
	tcase_add_test(entries, only_p_without_ps_points_to_a_table);

	tcase_add_loop_test(freeing, a_table_goes_when_no_neighbour_needs_it, 0,
			    (int)(sizeof(neighbours) / sizeof(neighbours[0])));
	tcase_add_test(freeing, a_range_over_many_tables_frees_all_of_them);
	tcase_add_test(freeing, tables_that_stay_behind_are_reported);
	return vmd_test_main(suite);
}
