/* SPDX-License-Identifier: MIT */
/*
 * The checks that the kernel runs on its own entry helpers when it boots
 * (mm/debug_vm_pgtable.c): VT-1 to VT-26, for entries of each level that maps
 * memory, all 16 protections, and tables of both shapes.
 */
#include <vmmdirty/swapops.h>

#include "base/compiler.h"
#include "lowfix.h"
#include "support.h"

#define ADDR	  UINT64_C(0x0000123440000000) /* begins a page of 1G */
#define NR_FRAMES (UINT64_C(600) << 9)
#define FRAME	  (UINT64_C(1) << 18) /* begins one, too */
#define NR_PROTS  16

static vmd_pte_t make_pmd(vmd_pfn_t pfn, uint64_t prot)
{
	return vmd_pmd_mkhuge(vmd_pfn_pmd(pfn, prot));
}

static vmd_pte_t make_pud(vmd_pfn_t pfn, uint64_t prot)
{
	return vmd_pud_mkhuge(vmd_pfn_pud(pfn, prot));
}

/* An entry that maps memory, where it stands and what is asked of it. */
static const struct form {
	const char *name;
	int level;
	vmd_pte_t (*make)(vmd_pfn_t pfn, uint64_t prot);
	vmd_pfn_t (*pfn)(vmd_pte_t entry);
	bool (*present)(vmd_pte_t entry);
} forms[] = {
	{ "pte", VMD_LEVEL_PTE, vmd_pfn_pte, vmd_pte_pfn, vmd_pte_present },
	{ "pmd", VMD_LEVEL_PMD, make_pmd, vmd_pmd_pfn, vmd_pmd_present },
	{ "pud", VMD_LEVEL_PUD, make_pud, vmd_pud_pfn, vmd_pud_present },
};

#define READABLE (VMD_PAGE_PRESENT | VMD_PAGE_USER | VMD_PAGE_ACCESSED)

/* Kernel: protection_map[] by VM_READ, WRITE, EXEC and SHARED. */
static uint64_t protection(int vm_flags)
{
	uint64_t prot = READABLE;

	if (!(vm_flags & 7))
		return VMD_PAGE_PROTNONE | VMD_PAGE_ACCESSED;
	if (!(vm_flags & 4))
		prot |= VMD_PAGE_NX;
	if ((vm_flags & 2) && (vm_flags & 8))
		prot |= VMD_PAGE_RW;
	return prot;
}

/* A looped test's case. */
#define NR_CASES ((int)VMD_ARRAY_SIZE(forms) * NR_PROTS)

static const struct form *form_of(int i)
{
	return &forms[i / NR_PROTS];
}

static vmd_pte_t entry_of(int i)
{
	return form_of(i)->make(FRAME, protection(i % NR_PROTS));
}

#define check(i, cond)                                             \
	ck_assert_msg(cond, "%s, protection %x", form_of(i)->name, \
		      (unsigned int)((i) % NR_PROTS))

/* VT-1 .. VT-10 */
START_TEST(vt_1_to_10_each_change_is_seen_by_its_question)
{
	vmd_pte_t p = entry_of(_i);

	check(_i, !vmd_pte_dirty(vmd_pte_wrprotect(p)));
	check(_i, vmd_pte_same(p, p));
	check(_i, vmd_pte_young(vmd_pte_mkyoung(vmd_pte_mkold(p))));
	check(_i, vmd_pte_dirty(vmd_pte_mkdirty(vmd_pte_mkclean(p))));
	check(_i, vmd_pte_write(vmd_pte_mkwrite(vmd_pte_wrprotect(p))));
	check(_i, !vmd_pte_young(vmd_pte_mkold(vmd_pte_mkyoung(p))));
	check(_i, !vmd_pte_dirty(vmd_pte_mkclean(vmd_pte_mkdirty(p))));
	check(_i, !vmd_pte_write(vmd_pte_wrprotect(vmd_pte_mkwrite(p))));
	check(_i, !vmd_pte_dirty(vmd_pte_wrprotect(vmd_pte_mkclean(p))));
	check(_i, vmd_pte_dirty(vmd_pte_wrprotect(vmd_pte_mkdirty(p))));
}
END_TEST

/* VT-17, VT-18, VT-20, VT-26: and the frame stays. */
START_TEST(vt_17_18_20_26_a_bit_is_set_and_cleared)
{
	vmd_pfn_t (*pfn)(vmd_pte_t entry) = form_of(_i)->pfn;
	vmd_pte_t p = entry_of(_i);

	check(_i, vmd_pmd_leaf(vmd_pmd_mkhuge(p)));
	check(_i, vmd_pud_leaf(vmd_pud_mkhuge(p)));
	check(_i, vmd_pte_special(vmd_pte_mkspecial(p)));
	check(_i, vmd_pte_soft_dirty(vmd_pte_mksoft_dirty(p)));
	check(_i, !vmd_pte_soft_dirty(
			  vmd_pte_clear_soft_dirty(vmd_pte_mksoft_dirty(p))));
	check(_i, vmd_pte_huge(vmd_pte_mkdirty(vmd_pte_mkhuge(p))));
	check(_i, vmd_pte_dirty(vmd_pte_mkdirty(vmd_pte_mkhuge(p))));
	check(_i, pfn(p) == FRAME);
	check(_i, pfn(vmd_pte_mkdirty(vmd_pte_mkspecial(p))) == FRAME);
}
END_TEST

/* VT-19 */
START_TEST(vt_19_a_protnone_entry_is_there_but_for_nobody)
{
	vmd_pte_t pte = vmd_pfn_pte(FRAME, protection(0));
	vmd_pte_t pmd = make_pmd(FRAME, protection(0));

	ck_assert(vmd_pte_protnone(pte) && vmd_pte_present(pte));
	ck_assert(vmd_pmd_protnone(pmd) && vmd_pmd_present(pmd));
	ck_assert(!(pte.val & VMD_PAGE_PRESENT));
	ck_assert(!vmd_pte_protnone(vmd_pfn_pte(FRAME, protection(1))));
}
END_TEST

/* VT-20, VT-21, VT-22; test_swapops has them for every type. */
START_TEST(vt_20_to_22_a_swap_entry_keeps_flags_type_and_offset)
{
	vmd_swp_entry_t entry = vmd_swp_entry((unsigned int)_i % 32, FRAME);
	vmd_pte_t pte = vmd_swp_entry_to_pte(entry);
	vmd_pte_t exclusive = vmd_pte_swp_mkexclusive(pte);

	ck_assert(vmd_pte_swp_soft_dirty(vmd_pte_swp_mksoft_dirty(pte)));
	ck_assert(!vmd_pte_swp_soft_dirty(exclusive));
	ck_assert(vmd_pte_swp_exclusive(exclusive));
	ck_assert(vmd_is_swap_pte(exclusive));
	ck_assert_uint_eq(vmd_pte_to_swp_entry(exclusive).val, entry.val);
	ck_assert(vmd_pte_same(vmd_pte_swp_clear_exclusive(exclusive), pte));
	ck_assert_uint_eq(vmd_pmd_to_swp_entry(vmd_swp_entry_to_pmd(entry)).val,
			  entry.val);
}
END_TEST

/* VT-23 */
START_TEST(vt_23_a_migration_entry_is_writable_until_made_readable)
{
	vmd_swp_entry_t entry = vmd_make_writable_migration_entry(FRAME);

	ck_assert(vmd_is_migration_entry(entry));
	ck_assert(vmd_is_writable_migration_entry(entry));
	entry = vmd_make_readable_migration_entry(vmd_swp_offset(entry));
	ck_assert(vmd_is_migration_entry(entry));
	ck_assert(!vmd_is_writable_migration_entry(entry));
}
END_TEST

/* VT-24 */
START_TEST(vt_24_an_invalid_pmd_is_still_a_large_page)
{
	vmd_pte_t p = make_pmd(FRAME, protection(_i));
	vmd_pte_t q = vmd_pmd_mkinvalid(p);

	ck_assert(vmd_pmd_trans_huge(p));
	ck_assert(vmd_pmd_trans_huge(q));
	ck_assert(vmd_pmd_present(q));
	ck_assert(vmd_pmd_leaf(q));
	ck_assert_uint_eq(vmd_pmd_pfn(q), FRAME);
	ck_assert(!(q.val & (VMD_PAGE_PRESENT | VMD_PAGE_PROTNONE)));
	ck_assert(vmd_pte_same(vmd_pmd_mkinvalid(q), q));
}
END_TEST

/* From here on entries stand in tables. */
static struct lowfix_reports reports;
static struct vmd_hw hw; /* no CPUs */
static struct vmd_mm_context ctx;

static void up(int levels)
{
	hw = (struct vmd_hw){ .mmu.levels = levels };
	lowfix_env_up(&hw.env, &reports);
	ck_assert_int_eq(vmd_ram_init(&hw.ram, &hw.env, NR_FRAMES), 0);
	ck_assert_int_eq(vmd_mm_context_init(&ctx, &hw, NULL), 0);
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
	vmd_free_pgtables(&ctx, 0, vmd_task_size(ctx.levels), 0,
			  vmd_task_size(ctx.levels));
	vmd_mm_context_fini(&ctx);
	vmd_ram_fini(&hw.ram);
	ck_assert_msg(reports.nr_bugs == 0, "reported: %s", reports.text);
	lowfix_env_down(&hw.env);
}

static vmd_pte_t *slot_of(int i)
{
	vmd_pte_t *slot = vmd_alloc_slot(&ctx, ADDR, form_of(i)->level);

	ck_assert_ptr_nonnull(slot);
	ck_assert(vmd_pte_none(vmd_ptep_get(slot)));
	return slot;
}

/* VT-11 */
START_TEST(vt_11_a_slot_is_write_protected)
{
	vmd_pte_t *slot = slot_of(_i);

	vmd_set_pte(slot, vmd_pte_mkdirty(vmd_pte_mkwrite(entry_of(_i))));
	vmd_ptep_set_wrprotect(slot);

	check(_i, !vmd_pte_write(vmd_ptep_get(slot)));
	check(_i, vmd_pte_dirty(vmd_ptep_get(slot)));
	vmd_pte_clear(slot);
}
END_TEST

/* VT-12, VT-16 */
START_TEST(vt_12_16_a_slot_that_is_cleared_is_none)
{
	vmd_pte_t *slot = slot_of(_i);
	vmd_pte_t entry = entry_of(_i);

	vmd_set_pte(slot, entry);
	check(_i, vmd_pte_same(vmd_ptep_get_and_clear(slot), entry));
	check(_i, vmd_pte_none(vmd_ptep_get(slot)));
	vmd_set_pte(slot, entry);
	check(_i, vmd_pte_same(vmd_ptep_get_and_clear_full(slot, true), entry));
	check(_i, vmd_pte_none(vmd_ptep_get(slot)));
	vmd_set_pte(slot, entry);
	vmd_pte_clear(slot);
	check(_i, vmd_pte_none(vmd_ptep_get(slot)));
}
END_TEST

/* VT-13 */
START_TEST(vt_13_set_access_flags_makes_it_writable_and_dirty)
{
	vmd_pte_t *slot = slot_of(_i);
	vmd_pte_t entry = vmd_pte_mkclean(vmd_pte_wrprotect(entry_of(_i)));

	vmd_set_pte(slot, entry);
	entry = vmd_pte_mkdirty(vmd_pte_mkwrite(entry));
	check(_i, vmd_ptep_set_access_flags(slot, entry, true));

	check(_i, vmd_pte_write(vmd_ptep_get(slot)));
	check(_i, vmd_pte_dirty(vmd_ptep_get(slot)));
	vmd_pte_clear(slot);
}
END_TEST

/* VT-14 */
START_TEST(vt_14_a_slot_that_was_young_is_not)
{
	vmd_pte_t *slot = slot_of(_i);

	vmd_set_pte(slot, vmd_pte_mkyoung(entry_of(_i)));

	check(_i, vmd_ptep_test_and_clear_young(slot));
	check(_i, !vmd_pte_young(vmd_ptep_get(slot)));
	check(_i, !vmd_ptep_test_and_clear_young(slot));
	vmd_pte_clear(slot);
}
END_TEST

/* VT-15: a large page where a table is expected is bad. */
START_TEST(vt_15_a_large_page_is_bad_and_a_table_is_not)
{
	vmd_pte_t pmd = make_pmd(FRAME, protection(_i));
	vmd_pte_t pud = make_pud(FRAME, protection(_i));

	ck_assert(vmd_pmd_bad(pmd));
	ck_assert(vmd_pud_bad(pud));
	(void)vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);
	pmd = vmd_ptep_get(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PMD));
	pud = vmd_ptep_get(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PUD));
	ck_assert(!vmd_pmd_bad(pmd) && !vmd_pud_bad(pud));
	ck_assert(!vmd_p4d_bad(
		vmd_ptep_get(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_P4D))));
	ck_assert(!vmd_pgd_bad(
		vmd_ptep_get(vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PGD))));
	ck_assert(vmd_p4d_bad(make_pud(FRAME, READABLE)));
	ck_assert(vmd_pgd_bad(make_pud(FRAME, READABLE)));
}
END_TEST

/* VT-16: of upper levels, tables and all. */
START_TEST(vt_16_an_upper_slot_that_is_cleared_is_none)
{
	int level;

	for (level = ctx.levels; level >= VMD_LEVEL_PMD; level--) {
		vmd_pte_t *slot = vmd_alloc_slot(&ctx, ADDR, level);
		vmd_pte_t table = vmd_pfn_pte(1, VMD_PAGE_TABLE);

		vmd_set_pte(slot, table);
		vmd_pte_clear(slot);
		ck_assert(vmd_pte_none(vmd_ptep_get(slot)));
	}
}
END_TEST

/* VT-25: in tables; test_ptep has what is refused. */
START_TEST(vt_25_a_large_page_is_set_in_an_empty_slot_and_cleared)
{
	vmd_pte_t *pmd = vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PMD);
	vmd_pte_t *pud = vmd_lookup_slot(&ctx, ADDR, VMD_LEVEL_PUD);
	vmd_pa_t frame = UINT64_C(2) << 20;

	ck_assert_int_ne(vmd_pud_set_huge(&hw.ram, pud, 0, protection(_i)), 0);
	ck_assert(vmd_entry_is_table(vmd_ptep_get(pud)));
	ck_assert_int_eq(vmd_pmd_set_huge(&hw.ram, pmd, frame, protection(_i)),
			 0);
	ck_assert(vmd_pmd_trans_huge(vmd_ptep_get(pmd)));
	ck_assert_uint_eq(vmd_pmd_pfn(vmd_ptep_get(pmd)), 512);
	ck_assert(vmd_pmd_clear_huge(pmd));
	ck_assert(vmd_pte_none(vmd_ptep_get(pmd)));
}
END_TEST

static void add_values(TCase *tc)
{
	tcase_add_loop_test(tc, vt_1_to_10_each_change_is_seen_by_its_question,
			    0, NR_CASES);
	tcase_add_loop_test(tc, vt_17_18_20_26_a_bit_is_set_and_cleared, 0,
			    NR_CASES);
	tcase_add_test(tc, vt_19_a_protnone_entry_is_there_but_for_nobody);
	tcase_add_loop_test(
		tc, vt_20_to_22_a_swap_entry_keeps_flags_type_and_offset, 0,
		NR_PROTS);
	tcase_add_test(tc,
		       vt_23_a_migration_entry_is_writable_until_made_readable);
	tcase_add_loop_test(tc, vt_24_an_invalid_pmd_is_still_a_large_page, 0,
			    NR_PROTS);
}

static void add_slots(TCase *tc)
{
	tcase_add_loop_test(tc, vt_11_a_slot_is_write_protected, 0, NR_CASES);
	tcase_add_loop_test(tc, vt_12_16_a_slot_that_is_cleared_is_none, 0,
			    NR_CASES);
	tcase_add_loop_test(tc,
			    vt_13_set_access_flags_makes_it_writable_and_dirty,
			    0, NR_CASES);
	tcase_add_loop_test(tc, vt_14_a_slot_that_was_young_is_not, 0,
			    NR_CASES);
	tcase_add_loop_test(tc, vt_15_a_large_page_is_bad_and_a_table_is_not, 0,
			    NR_PROTS);
	tcase_add_test(tc, vt_16_an_upper_slot_that_is_cleared_is_none);
	tcase_add_loop_test(
		tc, vt_25_a_large_page_is_set_in_an_empty_slot_and_cleared, 0,
		NR_PROTS);
}

int main(void)
{
	Suite *suite = suite_create("debug_vm_pgtable");
	TCase *values = tcase_create("values VT-1..VT-10 VT-17..VT-26");
	TCase *slots4 = tcase_create("slots, four levels VT-11..VT-16 VT-25");
	TCase *slots5 = tcase_create("slots, five levels VT-11..VT-16 VT-25");

	add_values(values);
	suite_add_tcase(suite, values);
	tcase_add_checked_fixture(slots4, up4, down);
	add_slots(slots4);
	suite_add_tcase(suite, slots4);
	tcase_add_checked_fixture(slots5, up5, down);
	add_slots(slots5);
	suite_add_tcase(suite, slots5);
	return vmd_test_main(suite);
}
