/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty/pte.h: the kernel's own checks of its entry helpers (VT-1 to
 * VT-10, VT-18), for every combination of the bits that they look at.
 */
#include <vmmdirty/pte.h>

#include "support.h"

/* The bits of which a loop's index is made. */
static const uint64_t bits[] = {
	VMD_PAGE_PRESENT,  VMD_PAGE_RW,		 VMD_PAGE_USER,
	VMD_PAGE_ACCESSED, VMD_PAGE_DIRTY,	 VMD_PAGE_SOFT_DIRTY,
	VMD_PAGE_SPECIAL,  VMD_PAGE_SAVED_DIRTY, VMD_PAGE_NX,
};

#define NR_BITS	 ((int)(sizeof(bits) / sizeof(bits[0])))
#define NR_CASES (1 << NR_BITS)

static vmd_pte_t nth(int n)
{
	vmd_pte_t pte = vmd_pfn_pte(0x12345, 0);
	int i;

	for (i = 0; i < NR_BITS; i++)
		if (n & (1 << i))
			pte.val |= bits[i];
	return pte;
}

static unsigned long long bare(vmd_pte_t pte)
{
	return pte.val;
}

#define check(pte, cond) ck_assert_msg(cond, "entry %#llx", bare(pte))

START_TEST(each_change_is_seen_by_its_question)
{
	int n;

	for (n = 0; n < NR_CASES; n++) {
		vmd_pte_t p = nth(n);

		check(p, vmd_pte_same(p, p)); /* VT-2 */
		check(p, vmd_pte_young(vmd_pte_mkyoung(vmd_pte_mkold(p))));
		check(p, vmd_pte_dirty(vmd_pte_mkdirty(vmd_pte_mkclean(p))));
		check(p, vmd_pte_write(vmd_pte_mkwrite(vmd_pte_wrprotect(p))));
		check(p, !vmd_pte_young(vmd_pte_mkold(vmd_pte_mkyoung(p))));
		check(p, !vmd_pte_dirty(vmd_pte_mkclean(vmd_pte_mkdirty(p))));
		check(p, !vmd_pte_write(vmd_pte_wrprotect(vmd_pte_mkwrite(p))));
		check(p, !vmd_pte_dirty(vmd_pte_wrprotect(vmd_pte_mkclean(p))));
		check(p, vmd_pte_special(vmd_pte_mkspecial(p))); /* VT-18 */
	}
}
END_TEST

/* VT-10, TL-12 */
START_TEST(write_protecting_never_loses_dirty)
{
	int n;

	for (n = 0; n < NR_CASES; n++) {
		vmd_pte_t p = nth(n);

		check(p,
		      vmd_pte_dirty(vmd_pte_wrprotect(p)) == vmd_pte_dirty(p));
		check(p, vmd_pte_dirty(vmd_pte_mkwrite(p)) == vmd_pte_dirty(p));
		check(p, vmd_pte_dirty(vmd_pte_wrprotect(vmd_pte_mkdirty(p))));
	}
}
END_TEST

/* TL-12: W=0 with D=1 would be a shadow stack. */
START_TEST(no_change_leaves_a_shadow_stack_entry)
{
	const uint64_t shadow = VMD_PAGE_RW | VMD_PAGE_DIRTY;
	int n;

	for (n = 0; n < NR_CASES; n++) {
		vmd_pte_t p = nth(n);

		check(p, (vmd_pte_wrprotect(p).val & shadow) == 0);
		check(p, (vmd_pte_mkdirty(p).val & shadow) != VMD_PAGE_DIRTY);
		check(p, !(vmd_pte_mkwrite(p).val & VMD_PAGE_SAVED_DIRTY));
	}
}
END_TEST

/* Which bits each change may touch. */
static const struct {
	const char *name;
	vmd_pte_t (*change)(vmd_pte_t pte);
	uint64_t may_touch;
} changes[] = {
	{ "wrprotect", vmd_pte_wrprotect, VMD_PAGE_RW | VMD_PAGE_DIRTY_BITS },
	{ "mkwrite", vmd_pte_mkwrite, VMD_PAGE_RW | VMD_PAGE_DIRTY_BITS },
	{ "mkclean", vmd_pte_mkclean, VMD_PAGE_DIRTY_BITS },
	{ "mkdirty", vmd_pte_mkdirty,
	  VMD_PAGE_DIRTY_BITS | VMD_PAGE_SOFT_DIRTY },
	{ "mkyoung", vmd_pte_mkyoung, VMD_PAGE_ACCESSED },
	{ "mkold", vmd_pte_mkold, VMD_PAGE_ACCESSED },
	{ "mkspecial", vmd_pte_mkspecial, VMD_PAGE_SPECIAL },
	{ "shift_dirty", vmd_pte_shift_dirty, VMD_PAGE_DIRTY_BITS },
};

START_TEST(a_change_touches_its_own_bits_and_once_is_enough)
{
	int n;

	for (n = 0; n < NR_CASES; n++) {
		vmd_pte_t p = nth(n);
		vmd_pte_t q = changes[_i].change(p);

		ck_assert_msg(!((p.val ^ q.val) & ~changes[_i].may_touch),
			      "%s of %#llx", changes[_i].name, bare(p));
		ck_assert_msg(vmd_pte_same(changes[_i].change(q), q),
			      "%s twice of %#llx", changes[_i].name, bare(p));
	}
}
END_TEST

/* The kernel's mkdirty sets D and SOFT, then shifts. */
START_TEST(mkdirty_says_where_by_the_right_to_write)
{
	vmd_pte_t writable = vmd_pte_mkdirty(vmd_make_pte(VMD_PAGE_RW));
	vmd_pte_t readonly = vmd_pte_mkdirty(vmd_make_pte(0));

	ck_assert_uint_eq(writable.val,
			  VMD_PAGE_RW | VMD_PAGE_DIRTY | VMD_PAGE_SOFT_DIRTY);
	ck_assert_uint_eq(readonly.val,
			  VMD_PAGE_SAVED_DIRTY | VMD_PAGE_SOFT_DIRTY);
}
END_TEST

/* TL-13: an old erratum leaves A and D in entries that are not there. */
START_TEST(none_ignores_stray_a_and_d_and_nothing_else)
{
	const uint64_t stray = VMD_PAGE_ACCESSED | VMD_PAGE_DIRTY;
	unsigned int bit;

	ck_assert(vmd_pte_none(vmd_make_pte(0)));
	ck_assert(vmd_pte_none(vmd_make_pte(stray)));
	for (bit = 0; bit < 64; bit++) {
		uint64_t val = UINT64_C(1) << bit;

		ck_assert_msg(vmd_pte_none(vmd_make_pte(val)) ==
				      !(val & ~stray),
			      "bit %u", bit);
	}
}
END_TEST

/* TL-13: present is P, or the bit of protnone. */
START_TEST(present_is_p_or_protnone)
{
	unsigned int bit;

	for (bit = 0; bit < 64; bit++)
		ck_assert_msg(vmd_pte_present(
				      vmd_make_pte(UINT64_C(1) << bit)) ==
				      (bit == 0 || bit == 8),
			      "bit %u", bit);
}
END_TEST

/* Section 1 of the rules of x86-64 paging. */
START_TEST(bits_stand_where_the_hardware_has_them)
{
	ck_assert_uint_eq(VMD_PAGE_PRESENT, 0x1);
	ck_assert_uint_eq(VMD_PAGE_RW, 0x2);
	ck_assert_uint_eq(VMD_PAGE_USER, 0x4);
	ck_assert_uint_eq(VMD_PAGE_ACCESSED, 0x20);
	ck_assert_uint_eq(VMD_PAGE_DIRTY, 0x40);
	ck_assert_uint_eq(VMD_PAGE_PSE, 0x80);
	ck_assert_uint_eq(VMD_PAGE_NX, UINT64_C(0x8000000000000000));
	ck_assert_uint_eq(VMD_PTE_PFN_MASK, UINT64_C(0x000ffffffffff000));
}
END_TEST

static const vmd_pfn_t pfns[] = { 0, 1, 0x12345, UINT64_C(0xffffffffff) };

START_TEST(a_frame_comes_back_out_whatever_the_rights)
{
	const uint64_t all = ~VMD_PTE_PFN_MASK;

	ck_assert_uint_eq(vmd_pte_pfn(vmd_pfn_pte(pfns[_i], 0)), pfns[_i]);
	ck_assert_uint_eq(vmd_pte_pfn(vmd_pfn_pte(pfns[_i], all)), pfns[_i]);
	ck_assert_uint_eq(vmd_pfn_pte(pfns[_i], all).val & all, all);
}
END_TEST

START_TEST(a_frame_number_too_large_spills_into_no_right)
{
	ck_assert_uint_eq(vmd_pfn_pte(UINT64_C(1) << 40, VMD_PAGE_RW).val,
			  VMD_PAGE_RW);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pte");
	TCase *helpers = tcase_create("helpers VT-1..10 TL-12");
	TCase *layout = tcase_create("layout TL-13");

	tcase_add_test(helpers, each_change_is_seen_by_its_question);
	tcase_add_test(helpers, write_protecting_never_loses_dirty);
	tcase_add_test(helpers, no_change_leaves_a_shadow_stack_entry);
	tcase_add_loop_test(helpers,
			    a_change_touches_its_own_bits_and_once_is_enough, 0,
			    (int)(sizeof(changes) / sizeof(changes[0])));
	tcase_add_test(helpers, mkdirty_says_where_by_the_right_to_write);
	suite_add_tcase(suite, helpers);

	tcase_add_test(layout, none_ignores_stray_a_and_d_and_nothing_else);
	tcase_add_test(layout, present_is_p_or_protnone);
	tcase_add_test(layout, bits_stand_where_the_hardware_has_them);
	tcase_add_loop_test(layout, a_frame_comes_back_out_whatever_the_rights,
			    0, (int)(sizeof(pfns) / sizeof(pfns[0])));
	tcase_add_test(layout, a_frame_number_too_large_spills_into_no_right);
	suite_add_tcase(suite, layout);
	return vmd_test_main(suite);
}
