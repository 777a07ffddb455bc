/* SPDX-License-Identifier: MIT */
/*
 * mmu/pgtable: tables appear where they are needed, are found, and go when
 * nobody needs them.
 */
#include "mmu/pgtable.h"

#include <pthread.h>
#include <string.h>

#include "base/compiler.h"
#include "lowfix.h"
#include "support.h"

#define UNCHECKED vmd_no_context_analysis("a ptl known at run time")

static struct lowfix_reports reports;
static struct vmd_hw hw; /* no CPUs */
static struct vmd_mm_context ctx;
static vmd_va_t task_size;
static uint64_t nr_tables; /* that one address needs, but the top one */

/* In the middle of a table at each of four levels; PGD's first one. */
#define ADDR UINT64_C(0x0000123456789000)

static void up(int levels)
{
	hw = (struct vmd_hw){ .mmu.levels = levels };
	lowfix_env_up(&hw.env, &reports);
	ck_assert_int_eq(vmd_ram_init(&hw.ram, &hw.env, 1024), 0);
	ck_assert_int_eq(vmd_mm_context_init(&ctx, &hw, NULL), 0);
	task_size = vmd_task_size(levels);
	nr_tables = (uint64_t)levels - 1;
}

static void up4(void)
{
	up(4);
}

static void up5(void)
{
	up(5);
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
	vmd_free_pgtables(&ctx, 0, task_size, 0, task_size);
}

START_TEST(an_address_is_five_indices_and_an_offset)
{
	const vmd_va_t high = ADDR | (UINT64_C(0x155) << 48);

	ck_assert_uint_eq(vmd_level_index(high, VMD_LEVEL_PGD), 0x155);
	ck_assert_uint_eq(vmd_level_index(ADDR, VMD_LEVEL_P4D), 0x24);
	ck_assert_uint_eq(vmd_level_index(ADDR, VMD_LEVEL_PUD), 0xd1);
	ck_assert_uint_eq(vmd_level_index(ADDR, VMD_LEVEL_PMD), 0xb3);
	ck_assert_uint_eq(vmd_level_index(ADDR, VMD_LEVEL_PTE), 0x189);
	ck_assert_uint_eq(vmd_level_size(VMD_LEVEL_PTE), 4096);
	ck_assert_uint_eq(vmd_level_size(VMD_LEVEL_PMD), 2 << 20);
	ck_assert_uint_eq(vmd_level_size(VMD_LEVEL_PUD), 1 << 30);
	ck_assert_uint_eq(vmd_level_size(VMD_LEVEL_P4D), UINT64_C(1) << 39);
	ck_assert_uint_eq(vmd_level_size(VMD_LEVEL_PGD), UINT64_C(1) << 48);
}
END_TEST

/* R24 */
static const struct {
	vmd_va_t addr;
	bool with_four;
	bool with_five;
} canonical[] = {
	{ 0, true, true },
	{ UINT64_C(0x00007fffffffffff), true, true },
	{ UINT64_C(0x0000800000000000), false, true },
	{ UINT64_C(0x00ffffffffffffff), false, true },
	{ UINT64_C(0x0100000000000000), false, false },
	{ UINT64_C(0x8000000000000000), false, false },
	{ UINT64_C(0xfeffffffffffffff), false, false },
	{ UINT64_C(0xff00000000000000), false, true },
	{ UINT64_C(0xffff7fffffffffff), false, true },
	{ UINT64_C(0xffff800000000000), true, true },
	{ UINT64_MAX, true, true },
};

START_TEST(r_24_an_address_repeats_its_highest_translated_bit)
{
	vmd_va_t addr = canonical[_i].addr;

	ck_assert_msg(vmd_is_canonical(addr, 4) == canonical[_i].with_four,
		      "%lx with 4", addr);
	ck_assert_msg(vmd_is_canonical(addr, 5) == canonical[_i].with_five,
		      "%lx with 5", addr);
}
END_TEST

START_TEST(users_have_the_lower_half)
{
	ck_assert_uint_eq(vmd_address_bits(4), 48);
	ck_assert_uint_eq(vmd_address_bits(5), 57);
	ck_assert_uint_eq(vmd_task_size(4), UINT64_C(1) << 47);
	ck_assert_uint_eq(vmd_task_size(5), UINT64_C(1) << 56);
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
	unsigned int index = vmd_level_index(ADDR, ctx.levels);

	ck_assert_ptr_eq(vmd_lookup_slot(&ctx, ADDR, ctx.levels),
			 vmd_table(&hw.ram, ctx.pgd) + index);
	ck_assert_ptr_null(vmd_lookup_slot(&ctx, ADDR, ctx.levels - 1));
	ck_assert_ptr_null(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PTE));
}
END_TEST

/* PW-3: both names mean one entry if there are four levels. */
START_TEST(pgd_is_p4d_unless_there_are_five_levels)
{
	const vmd_pte_t *p4d;

	(void)vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);
	p4d = vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_P4D);

	ck_assert((p4d == vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PGD)) ==
		  (ctx.levels == 4));
	free_all();
}
END_TEST

START_TEST(missing_tables_are_made_once)
{
	vmd_pte_t *slot = vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);

	ck_assert_ptr_nonnull(slot);
	ck_assert_uint_eq(ctx.nr_tables, nr_tables);
	ck_assert_ptr_eq(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PTE), slot);

	ck_assert_ptr_eq(vmd_alloc_slot(&ctx, ADDR + 4096, VMD_LEVEL_PTE),
			 slot + 1);
	ck_assert_uint_eq(ctx.nr_tables, nr_tables);
	free_all();
}
END_TEST

/* VT-15 */
START_TEST(a_new_table_is_empty_and_grants_everything)
{
	vmd_pte_t *slot = vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);
	unsigned int i;
	int level;

	for (level = VMD_LEVEL_PMD; level <= ctx.levels; level++) {
		vmd_pte_t upper =
			vmd_ptep_get(vmd_lookup_slot(&ctx, ADDR, level));

		ck_assert(vmd_entry_is_table(upper));
		ck_assert_uint_eq(vmd_pte_flags(upper), VMD_PAGE_TABLE);
	}
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

/* FM-37: what a neighbour needs stays. */
static const struct {
	vmd_va_t floor;
	vmd_va_t ceiling;
	int highest; /* level of the tables that go; 0: none does */
} neighbours[] = {
	{ 0, UINT64_MAX, VMD_LEVEL_PGD },
	/* In the same table of entries, below or above. */
	{ ADDR - 4096, UINT64_MAX, 0 },
	{ 0, ADDR + 8192, 0 },
	/* Under the same table of PMDs, of PUDs, of P4Ds. */
	{ ADDR - (4 << 20), UINT64_MAX, VMD_LEVEL_PTE },
	{ 0, ADDR + (4 << 20), VMD_LEVEL_PTE },
	{ ADDR - (UINT64_C(4) << 30), UINT64_MAX, VMD_LEVEL_PMD },
	{ 0, ADDR + (UINT64_C(4) << 30), VMD_LEVEL_PMD },
	{ ADDR - (UINT64_C(4) << 39), UINT64_MAX, VMD_LEVEL_PUD },
	{ 0, ADDR + (UINT64_C(4) << 39), VMD_LEVEL_PUD },
};

START_TEST(a_table_goes_when_no_neighbour_needs_it)
{
	vmd_va_t ceiling = neighbours[_i].ceiling;
	int highest = neighbours[_i].highest;
	uint64_t gone = highest < ctx.levels ? (uint64_t)highest : nr_tables;

	(void)vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);

	vmd_free_pgtables(&ctx, ADDR, ADDR + 4096, neighbours[_i].floor,
			  ceiling < task_size ? ceiling : task_size);

	ck_assert_msg(ctx.nr_tables == nr_tables - gone, "case %d: %u tables",
		      _i, (unsigned int)ctx.nr_tables);
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

	vmd_free_pgtables(&ctx, ADDR, ADDR + 10 * step, 0, task_size);

	ck_assert_uint_eq(ctx.nr_tables, 0);
	ck_assert_uint_eq(hw.ram.nr_used, 1);
}
END_TEST

START_TEST(a_range_over_the_whole_lower_half_frees_its_ends)
{
	ck_assert_ptr_nonnull(vmd_alloc_slot(&ctx, 0, VMD_LEVEL_PTE));
	ck_assert_ptr_nonnull(
		vmd_alloc_slot(&ctx, task_size - 4096, VMD_LEVEL_PTE));
	ck_assert_uint_eq(ctx.nr_tables, 2 * nr_tables);

	free_all();

	ck_assert_uint_eq(ctx.nr_tables, 0);
	ck_assert_uint_eq(hw.ram.nr_used, 1);
}
END_TEST

static unsigned int nr_grace_periods;
static uint64_t nr_used_then;

void __real_vmd_synchronize_rcu(void);
void __wrap_vmd_synchronize_rcu(void);

void __wrap_vmd_synchronize_rcu(void)
{
	nr_grace_periods++;
	nr_used_then = hw.ram.nr_used;
	__real_vmd_synchronize_rcu();
}

/* Software that looks without a lock may stand in an unlinked table. */
START_TEST(tables_are_given_back_after_one_grace_period)
{
	(void)vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);
	nr_grace_periods = 0;

	free_all();

	ck_assert_uint_eq(nr_grace_periods, 1);
	ck_assert_uint_eq(nr_used_then, 1 + nr_tables);
	free_all();
	ck_assert_uint_eq(nr_grace_periods, 1);
}
END_TEST

/* A PMD slot that changes before this thread's next lock. */
static _Thread_local vmd_pte_t *swapped;
static vmd_pte_t swapped_for;

void __real_vmd_spin_lock_at(struct vmd_spinlock *lock, struct vmd_place place);
void __wrap_vmd_spin_lock_at(struct vmd_spinlock *lock, struct vmd_place place);

void __wrap_vmd_spin_lock_at(struct vmd_spinlock *lock,
			     struct vmd_place place) UNCHECKED
{
	if (swapped)
		vmd_set_pte(swapped, swapped_for);
	swapped = NULL;
	__real_vmd_spin_lock_at(lock, place);
}

START_TEST(the_map_lock_is_that_of_the_table_that_is_linked_now)
UNCHECKED
{
	const vmd_va_t next = ADDR + (2 << 20);
	vmd_pte_t *there = vmd_alloc_slot(&ctx, next, VMD_LEVEL_PTE);
	struct vmd_spinlock *ptl = NULL;
	vmd_pte_t *pmd, *found;
	vmd_pte_t old;

	(void)vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);
	pmd = vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PMD);
	old = vmd_ptep_get(pmd);
	swapped_for = vmd_ptep_get(vmd_lookup_slot(&ctx, next, VMD_LEVEL_PMD));
	swapped = pmd;

	found = vmd_pte_offset_map_lock(&ctx, ADDR, &ptl);
	ck_assert_ptr_eq(found, there);
	ck_assert_ptr_eq(ptl, vmd_slot_lockptr(&ctx, there));
	vmd_spin_assert_held(ptl);
	ck_assert_uint_eq(vmd_nr_held(), 1);

	vmd_spin_unlock(ptl);
	vmd_set_pte(pmd, old);
	free_all();
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

	ck_assert_uint_eq(ctx.nr_tables, nr_tables - 1 + NR_RACES);
	ck_assert_uint_eq(hw.ram.nr_used, 1 + ctx.nr_tables);
	free_all();
}
END_TEST

static void add_layout(Suite *suite)
{
	TCase *tc = tcase_create("layout D1 R24");

	tcase_add_test(tc, an_address_is_five_indices_and_an_offset);
	tcase_add_loop_test(tc, an_entry_ends_at_its_size_or_with_the_range, 0,
			    VMD_ARRAY_SIZE(ends));
	tcase_add_loop_test(tc,
			    r_24_an_address_repeats_its_highest_translated_bit,
			    0, VMD_ARRAY_SIZE(canonical));
	tcase_add_test(tc, users_have_the_lower_half);
	suite_add_tcase(suite, tc);
}

static void add_slots(TCase *tc, int levels)
{
	tcase_add_test(tc, without_tables_only_the_top_has_a_slot);
	tcase_add_test(tc, pgd_is_p4d_unless_there_are_five_levels);
	tcase_add_test(tc, missing_tables_are_made_once);
	tcase_add_test(tc, a_new_table_is_empty_and_grants_everything);
	tcase_add_test(tc, there_is_no_slot_below_a_large_leaf);
	tcase_add_loop_test(tc, without_memory_there_is_no_slot_and_no_leak, 1,
			    levels);
	tcase_add_test(tc, each_table_has_one_lock);
	tcase_add_test(tc, the_map_lock_is_held_only_if_there_is_a_table);
	tcase_add_test(tc,
		       the_map_lock_is_that_of_the_table_that_is_linked_now);
	tcase_add_test(tc, threads_that_need_one_table_make_one);
}

static void add_freeing(TCase *tc)
{
	tcase_add_loop_test(tc, a_table_goes_when_no_neighbour_needs_it, 0,
			    VMD_ARRAY_SIZE(neighbours));
	tcase_add_test(tc, a_range_over_many_tables_frees_all_of_them);
	tcase_add_test(tc, a_range_over_the_whole_lower_half_frees_its_ends);
	tcase_add_test(tc, tables_are_given_back_after_one_grace_period);
	tcase_add_test(tc, tables_that_stay_behind_are_reported);
}

static TCase *make_case(Suite *suite, const char *name, SFun set_up)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up, down);
	suite_add_tcase(suite, tc);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("pgtable");

	add_layout(suite);
	add_slots(make_case(suite, "slots, four levels", up4), 4);
	add_slots(make_case(suite, "slots, five levels", up5), 5);
	add_freeing(make_case(suite, "freeing, four levels FM-37 I-10", up4));
	add_freeing(make_case(suite, "freeing, five levels FM-37 I-10", up5));
	return vmd_test_main(suite);
}
