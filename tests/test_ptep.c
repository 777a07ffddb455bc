/* SPDX-License-Identifier: MIT */
/*
 * mmu/ptep: slots change without losing what hardware sets in them, and TLBs
 * are flushed when they must forget: TL-8 to TL-16.
 */
#include "mmu/ptep.h"

#include <errno.h>
#include <pthread.h>

#include "base/compiler.h"
#include "lowfix.h"
#include "support.h"

#define ADDR	  UINT64_C(0x40000000)
#define PMD_SIZE  (UINT64_C(2) << 20)
#define PUD_SIZE  (UINT64_C(1) << 30)
#define NR_FRAMES (UINT64_C(600) << 9) /* a bit more than one page of 1G */
#define FRESH	  (VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER)

static struct lowfix_reports reports;
static struct vmd_hw hw; /* no CPUs */
static struct vmd_mm_context ctx;

/* What was flushed since the test began. */
static unsigned int nr_flushes;
static uint64_t flushed_bytes;

static void note(struct vmd_hook *hook, enum vmd_hook_kind kind,
		 const void *object, uint64_t start, uint64_t end)
{
	(void)hook;
	if (kind != VMD_HOOK_FLUSH)
		return;
	ck_assert_ptr_eq(object, &ctx);
	ck_assert_uint_eq(start, ADDR);
	nr_flushes++;
	flushed_bytes = end - start;
}

static struct vmd_hook hook = { .happens = note };

static void up(void)
{
	hw = (struct vmd_hw){ .mmu.levels = 4 };
	lowfix_env_up(&hw.env, &reports);
	ck_assert_int_eq(vmd_ram_init(&hw.ram, &hw.env, NR_FRAMES), 0);
	ck_assert_int_eq(vmd_mm_context_init(&ctx, &hw, NULL), 0);
	hw.env.hook = &hook;
	nr_flushes = 0;
}

static void down(void)
{
	vmd_mm_context_fini(&ctx);
	vmd_ram_fini(&hw.ram);
	ck_assert_msg(reports.nr_bugs == 0, "reported: %s", reports.text);
	lowfix_env_down(&hw.env);
}

#define SET   1 /* a flush if the bit becomes 1 */
#define CLEAR 2 /* a flush if the bit becomes 0 */

/* Each bit beside the frame, as the rule has it. */
static const struct {
	unsigned int bit;
	int of_pte;
	int of_pmd;
} needs[] = {
	{ 0, CLEAR, CLEAR },
	{ 1, SET | CLEAR, SET | CLEAR },
	{ 2, SET | CLEAR, SET | CLEAR },
	{ 3, SET | CLEAR, SET | CLEAR },
	{ 4, SET | CLEAR, SET | CLEAR },
	{ 5, 0, CLEAR },
	{ 6, CLEAR, CLEAR },
	{ 8, SET | CLEAR, SET | CLEAR },
	{ 9, 0, 0 },
	{ 10, 0, 0 },
	{ 11, 0, 0 },
	{ 57, 0, 0 },
	{ 58, 0, 0 },
	{ 59, SET | CLEAR, SET | CLEAR },
	{ 60, SET | CLEAR, SET | CLEAR },
	{ 61, SET | CLEAR, SET | CLEAR },
	{ 62, SET | CLEAR, SET | CLEAR },
	{ 63, SET | CLEAR, SET | CLEAR },
};

/* TL-8: P of the old entry is set, except where P is the bit. */
START_TEST(tl_8_a_bit_that_changes_needs_a_flush_as_the_rule_says)
{
	const uint64_t bit = UINT64_C(1) << needs[_i].bit;
	uint64_t rest = VMD_PAGE_PRESENT | VMD_PAGE_USER;
	vmd_pte_t with = vmd_pfn_pte(512, rest | bit);
	vmd_pte_t without = vmd_make_pte(with.val & ~bit);
	vmd_pte_t pmd_with = vmd_pmd_mkhuge(with);
	vmd_pte_t pmd_without = vmd_pmd_mkhuge(without);

	if (bit == VMD_PAGE_PRESENT) /* the frame is inverted: look at flags */
		ck_assert(vmd_pte_flags_need_flush(bit, 0, true));
	ck_assert_msg(vmd_pte_needs_flush(with, without) ==
			      !!(needs[_i].of_pte & CLEAR),
		      "bit %u cleared", needs[_i].bit);
	ck_assert_msg(vmd_pte_needs_flush(without, with) ==
			      !!(needs[_i].of_pte & SET),
		      "bit %u set", needs[_i].bit);
	ck_assert_msg(vmd_huge_pmd_needs_flush(pmd_with, pmd_without) ==
			      !!(needs[_i].of_pmd & CLEAR),
		      "bit %u of a PMD cleared", needs[_i].bit);
	ck_assert_msg(vmd_huge_pmd_needs_flush(pmd_without, pmd_with) ==
			      !!(needs[_i].of_pmd & SET),
		      "bit %u of a PMD set", needs[_i].bit);
}
END_TEST

/* TL-8 */
START_TEST(tl_8_another_frame_or_memory_type_needs_a_flush)
{
	const vmd_pte_t pte = vmd_pfn_pte(512, FRESH);
	const vmd_pte_t other = vmd_pfn_pte(513, FRESH);
	const vmd_pte_t pmd = vmd_pfn_pmd(512, FRESH | VMD_PAGE_PSE);
	const vmd_pte_t far = vmd_pfn_pmd(1024, FRESH | VMD_PAGE_PSE);
	const vmd_pte_t pat =
		vmd_pfn_pmd(512, FRESH | VMD_PAGE_PSE | VMD_PAGE_PAT_LARGE);

	ck_assert(vmd_pte_needs_flush(pte, other));
	ck_assert(vmd_pte_needs_flush(pte, vmd_pte_mkhuge(pte)));
	ck_assert(vmd_huge_pmd_needs_flush(pmd, far));
	ck_assert(vmd_huge_pmd_needs_flush(pmd, pat));
	ck_assert(!vmd_pte_needs_flush(pte, pte));
	ck_assert(!vmd_huge_pmd_needs_flush(pmd, pmd));
}
END_TEST

/* TL-8: what was not present is in no TLB. */
START_TEST(tl_8_an_entry_that_was_not_present_needs_no_flush)
{
	const vmd_pte_t protnone = vmd_pfn_pte(512, VMD_PAGE_PROTNONE);
	const vmd_pte_t pte = vmd_pfn_pte(700, FRESH);

	ck_assert(!vmd_pte_needs_flush(vmd_make_pte(0), pte));
	ck_assert(!vmd_pte_needs_flush(protnone, pte));
	ck_assert(!vmd_huge_pmd_needs_flush(vmd_make_pte(VMD_PAGE_PSE), pte));
}
END_TEST

/* TL-9, VT-12 */
START_TEST(tl_9_what_is_taken_out_is_what_was_there)
{
	const vmd_pte_t before = vmd_pfn_pte(5, FRESH | VMD_PAGE_DIRTY);
	vmd_pte_t slot = before;

	ck_assert(vmd_pte_same(vmd_ptep_get_and_clear(&slot), before));
	ck_assert_uint_eq(slot.val, 0);
	slot = before;
	ck_assert(vmd_pte_same(vmd_ptep_get_and_clear_full(&slot, false),
			       before));
	ck_assert_uint_eq(slot.val, 0);
	slot = before;
	ck_assert(
		vmd_pte_same(vmd_ptep_get_and_clear_full(&slot, true), before));
	ck_assert_uint_eq(slot.val, 0);
}
END_TEST

static const struct {
	uint64_t entry;
	uint64_t pending;
	unsigned int nr_flushes;
} clears[] = {
	{ FRESH, 0, 1 },
	{ FRESH, 1, 1 },
	{ VMD_PAGE_PROTNONE, 0, 0 },
	{ VMD_PAGE_PROTNONE, 1, 1 },
	{ VMD_PAGE_USER, 1, 0 },
	{ 0, 1, 0 },
};

/* TL-9 */
START_TEST(tl_9_clear_flush_flushes_what_a_tlb_may_hold)
{
	const vmd_pte_t before = vmd_make_pte(clears[_i].entry);
	vmd_pte_t slot = before;

	ctx.tlb_flush_pending = clears[_i].pending;

	ck_assert(
		vmd_pte_same(vmd_ptep_clear_flush(&ctx, ADDR, &slot), before));
	ck_assert_uint_eq(slot.val, 0);
	ck_assert_msg(nr_flushes == clears[_i].nr_flushes, "case %d", _i);
	if (nr_flushes)
		ck_assert_uint_eq(flushed_bytes, VMD_PAGE_SIZE);
}
END_TEST

/* TL-10 */
START_TEST(tl_10_an_entry_is_none_between_start_and_commit)
{
	const vmd_pte_t before = vmd_pfn_pte(5, FRESH | VMD_PAGE_DIRTY);
	vmd_pte_t slot = before;
	vmd_pte_t old = vmd_ptep_modify_prot_start(&slot);

	ck_assert(vmd_pte_same(old, before));
	ck_assert_uint_eq(slot.val, 0);

	vmd_ptep_modify_prot_commit(&slot, vmd_pte_wrprotect(old));
	ck_assert(vmd_pte_same(slot, vmd_pte_wrprotect(before)));
}
END_TEST

/* TL-11, TL-12: D moves to where W=0 wants it. */
START_TEST(tl_11_set_wrprotect_keeps_dirty_and_makes_no_shadow_stack)
{
	vmd_pte_t slot = vmd_pfn_pte(5, FRESH | VMD_PAGE_DIRTY);

	vmd_ptep_set_wrprotect(&slot);

	ck_assert_uint_eq(vmd_pte_flags(slot), VMD_PAGE_PRESENT |
						       VMD_PAGE_USER |
						       VMD_PAGE_SAVED_DIRTY);
	vmd_ptep_set_wrprotect(&slot);
	ck_assert(vmd_pte_dirty(slot));
}
END_TEST

/* TL-11 */
START_TEST(tl_11_access_flags_are_written_only_if_changed_and_dirty)
{
	const vmd_pte_t before = vmd_pfn_pte(5, VMD_PAGE_PRESENT);
	const vmd_pte_t after = vmd_pte_mkwrite(vmd_pte_mkdirty(before));
	vmd_pte_t slot = before;

	ck_assert(!vmd_ptep_set_access_flags(&slot, before, true));
	ck_assert(vmd_ptep_set_access_flags(&slot, after, false));
	ck_assert(vmd_pte_same(slot, before));
	ck_assert(vmd_ptep_set_access_flags(&slot, after, true));
	ck_assert(vmd_pte_same(slot, after));
	ck_assert(!vmd_ptep_set_access_flags(&slot, after, true));
}
END_TEST

/* TL-4, TL-11: a PTE that gets old needs no flush, a PMD does. */
START_TEST(tl_11_only_a_pmd_that_was_young_is_flushed)
{
	vmd_pte_t slot = vmd_pfn_pte(5, FRESH | VMD_PAGE_ACCESSED);

	ck_assert(vmd_ptep_clear_flush_young(&ctx, ADDR, &slot));
	ck_assert_uint_eq(vmd_pte_flags(slot), FRESH);
	ck_assert(!vmd_ptep_clear_flush_young(&ctx, ADDR, &slot));
	ck_assert_uint_eq(nr_flushes, 0);

	slot = vmd_pfn_pmd(512, FRESH | VMD_PAGE_ACCESSED | VMD_PAGE_PSE);
	ck_assert(vmd_pmdp_clear_flush_young(&ctx, ADDR, &slot));
	ck_assert(!vmd_pte_young(slot));
	ck_assert_uint_eq(nr_flushes, 1);
	ck_assert_uint_eq(flushed_bytes, PMD_SIZE);
	ck_assert(!vmd_pmdp_clear_flush_young(&ctx, ADDR, &slot));
	ck_assert_uint_eq(nr_flushes, 1);
}
END_TEST

/* TL-15, VT-24 */
START_TEST(tl_15_invalidate_returns_what_was_there_and_flushes)
{
	const vmd_pte_t pmd =
		vmd_pfn_pmd(512, FRESH | VMD_PAGE_DIRTY | VMD_PAGE_PSE);
	const vmd_pte_t pud =
		vmd_pfn_pud(UINT64_C(1) << 18, FRESH | VMD_PAGE_PSE);
	vmd_pte_t slot = pmd;

	ck_assert(vmd_pte_same(vmd_pmdp_invalidate(&ctx, ADDR, &slot), pmd));
	ck_assert(!(slot.val & VMD_PAGE_PRESENT));
	ck_assert(vmd_pmd_present(slot) && vmd_pmd_trans_huge(slot));
	ck_assert_uint_eq(vmd_pmd_pfn(slot), 512);
	ck_assert_uint_eq(flushed_bytes, PMD_SIZE);

	slot = pud;
	ck_assert(vmd_pte_same(vmd_pudp_invalidate(&ctx, ADDR, &slot), pud));
	ck_assert(!(slot.val & VMD_PAGE_PRESENT));
	ck_assert_uint_eq(vmd_pud_pfn(slot), UINT64_C(1) << 18);
	ck_assert_uint_eq(flushed_bytes, PUD_SIZE);
	ck_assert_uint_eq(nr_flushes, 2);
}
END_TEST

/* TL-15 */
START_TEST(tl_15_mprotect_invalidates_without_a_flush)
{
	const vmd_pte_t before = vmd_pfn_pmd(512, FRESH | VMD_PAGE_PSE);
	vmd_pte_t slot = before;

	ck_assert(vmd_pte_same(vmd_pmdp_invalidate_ad(&slot), before));
	ck_assert(vmd_pte_same(slot, vmd_pmd_mkinvalid(before)));
	ck_assert_uint_eq(nr_flushes, 0);
}
END_TEST

/* What a CPU does: D into an entry that still permits the store (TL-1). */
static struct {
	vmd_pte_t slot;
	uint64_t nr_stores; /* that set D */
	bool may_store; /* now: the right is about to be taken */
	bool stop;
} cpu;

static void *store_all_the_time(void *unused)
{
	while (!__atomic_load_n(&cpu.stop, __ATOMIC_ACQUIRE)) {
		vmd_pte_t old = vmd_ptep_get(&cpu.slot);

		if (!__atomic_load_n(&cpu.may_store, __ATOMIC_ACQUIRE) ||
		    (old.val & FRESH) != FRESH || vmd_pte_dirty(old))
			continue;
		if (vmd_try_cmpxchg(&cpu.slot.val, &old.val,
				    old.val | VMD_PAGE_DIRTY))
			(void)__atomic_add_fetch(&cpu.nr_stores, 1,
						 __ATOMIC_SEQ_CST);
	}
	return unused;
}

static bool wrprotect_saw_dirty(void)
{
	vmd_ptep_set_wrprotect(&cpu.slot);
	return vmd_pte_dirty(vmd_ptep_get(&cpu.slot));
}

static bool invalidate_saw_dirty(void)
{
	return vmd_pte_dirty(vmd_pmdp_invalidate(&ctx, ADDR, &cpu.slot));
}

static bool (*const takes[])(void) = { wrprotect_saw_dirty,
				       invalidate_saw_dirty };

#define NR_STORES 100
#define NR_ROUNDS 100000U

/* Each D that the CPU has set is seen by who takes the right away. */
static uint64_t count_dirty(bool (*take)(void))
{
	uint64_t nr_dirty = 0;
	unsigned int round;

	for (round = 0; round < NR_ROUNDS; round++) {
		vmd_set_pte(&cpu.slot, vmd_pfn_pmd(512, FRESH | VMD_PAGE_PSE));
		__atomic_store_n(&cpu.may_store, true, __ATOMIC_RELEASE);
		nr_dirty += take();
		__atomic_store_n(&cpu.may_store, false, __ATOMIC_RELEASE);
		if (__atomic_load_n(&cpu.nr_stores, __ATOMIC_SEQ_CST) >=
		    NR_STORES)
			break;
	}
	return nr_dirty;
}

/* TL-11, TL-15 */
START_TEST(tl_11_15_no_dirty_is_lost_to_a_cpu_that_stores_meanwhile)
{
	pthread_t thread;
	uint64_t nr_dirty;

	cpu.nr_stores = 0;
	cpu.stop = false;
	ck_assert_int_eq(pthread_create(&thread, NULL, store_all_the_time,
					NULL),
			 0);
	nr_dirty = count_dirty(takes[_i]);
	__atomic_store_n(&cpu.stop, true, __ATOMIC_RELEASE);
	(void)pthread_join(thread, NULL);

	ck_assert_uint_eq(nr_dirty, cpu.nr_stores);
}
END_TEST

/* VT-25 */
START_TEST(vt_25_a_large_page_goes_where_no_table_is)
{
	const vmd_pte_t table = vmd_pfn_pte(3, VMD_PAGE_TABLE);
	vmd_pte_t slot = vmd_make_pte(0);

	ck_assert_int_eq(vmd_pmd_set_huge(&hw.ram, &slot, PMD_SIZE,
					  FRESH | VMD_PAGE_PAT),
			 0);
	ck_assert_uint_eq(slot.val,
			  PMD_SIZE | FRESH | VMD_PAGE_PSE | VMD_PAGE_PAT_LARGE);
	ck_assert(vmd_pmd_clear_huge(&slot));
	ck_assert(vmd_pte_none(slot));
	ck_assert(!vmd_pmd_clear_huge(&slot));

	ck_assert_int_eq(vmd_pud_set_huge(&hw.ram, &slot, 0, FRESH), 0);
	ck_assert(vmd_pud_leaf(slot));
	ck_assert(vmd_pud_clear_huge(&slot));
	ck_assert(vmd_pte_none(slot));

	slot = table;
	ck_assert_int_eq(vmd_pmd_set_huge(&hw.ram, &slot, 0, FRESH), -EBUSY);
	ck_assert_int_eq(vmd_pud_set_huge(&hw.ram, &slot, 0, FRESH), -EBUSY);
	ck_assert(!vmd_pmd_clear_huge(&slot));
	ck_assert(vmd_pte_same(slot, table));
}
END_TEST

/* I-12 */
START_TEST(a_large_page_that_is_not_in_ram_is_refused)
{
	const vmd_pa_t end = NR_FRAMES << VMD_PAGE_SHIFT;
	vmd_pte_t slot = vmd_make_pte(0);

	ck_assert_int_eq(vmd_pmd_set_huge(&hw.ram, &slot, end - PMD_SIZE,
					  FRESH),
			 0);
	slot = vmd_make_pte(0);
	ck_assert_int_eq(vmd_pmd_set_huge(&hw.ram, &slot, end, FRESH), -EINVAL);
	ck_assert_int_eq(vmd_pmd_set_huge(&hw.ram, &slot, 4096, FRESH),
			 -EINVAL);
	ck_assert_int_eq(vmd_pmd_set_huge(&hw.ram, &slot, ~(PMD_SIZE - 1),
					  FRESH),
			 -EINVAL);
	ck_assert_int_eq(vmd_pmd_set_huge(&hw.ram, &slot, 0, FRESH | 0x1000),
			 -EINVAL);
	ck_assert_int_eq(vmd_pud_set_huge(&hw.ram, &slot, PUD_SIZE, FRESH),
			 -EINVAL);
	ck_assert_int_eq(vmd_pud_set_huge(&hw.ram, &slot, PMD_SIZE, FRESH),
			 -EINVAL);
	ck_assert_uint_eq(slot.val, 0);
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

static TCase *make_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, up, down);
	suite_add_tcase(suite, tc);
	return tc;
}

static void add_changes(TCase *tc)
{
	tcase_add_test(tc, tl_9_what_is_taken_out_is_what_was_there);
	tcase_add_loop_test(tc, tl_9_clear_flush_flushes_what_a_tlb_may_hold, 0,
			    VMD_ARRAY_SIZE(clears));
	tcase_add_test(tc, tl_10_an_entry_is_none_between_start_and_commit);
	tcase_add_test(
		tc, tl_11_set_wrprotect_keeps_dirty_and_makes_no_shadow_stack);
	tcase_add_test(
		tc, tl_11_access_flags_are_written_only_if_changed_and_dirty);
	tcase_add_test(tc, tl_11_only_a_pmd_that_was_young_is_flushed);
	tcase_add_test(tc, tl_15_invalidate_returns_what_was_there_and_flushes);
	tcase_add_test(tc, tl_15_mprotect_invalidates_without_a_flush);
	tcase_add_loop_test(
		tc, tl_11_15_no_dirty_is_lost_to_a_cpu_that_stores_meanwhile, 0,
		VMD_ARRAY_SIZE(takes));
}

int main(void)
{
	Suite *suite = suite_create("ptep");
	TCase *flush = make_case(suite, "flush TL-8");
	TCase *huge = make_case(suite, "huge VT-25 TL-13");

	tcase_add_loop_test(
		flush, tl_8_a_bit_that_changes_needs_a_flush_as_the_rule_says,
		0, VMD_ARRAY_SIZE(needs));
	tcase_add_test(flush, tl_8_another_frame_or_memory_type_needs_a_flush);
	tcase_add_test(flush,
		       tl_8_an_entry_that_was_not_present_needs_no_flush);
	add_changes(make_case(suite, "changes TL-9..TL-15"));
	tcase_add_test(huge, vt_25_a_large_page_goes_where_no_table_is);
	tcase_add_test(huge, a_large_page_that_is_not_in_ram_is_refused);
	tcase_add_test(huge, only_p_without_ps_points_to_a_table);
	return vmd_test_main(suite);
}
