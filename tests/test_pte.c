/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty/pte.h, vmmdirty/pmd.h: bits, and what asks for and changes them, for
 * every combination of those that the helpers look at.
 */
#include <vmmdirty/pmd.h>
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

#define NR(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

static uint64_t nth_bits(int n)
{
	uint64_t prot = 0;
	int i;

	for (i = 0; i < NR_BITS; i++)
		if (n & (1 << i))
			prot |= bits[i];
	return prot;
}

static vmd_pte_t nth(int n)
{
	return vmd_pfn_pte(0x12345, nth_bits(n));
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
	{ "mksaveddirty", vmd_pte_mksaveddirty, VMD_PAGE_DIRTY_BITS },
	{ "clear_saveddirty", vmd_pte_clear_saveddirty, VMD_PAGE_DIRTY_BITS },
	{ "mkexec", vmd_pte_mkexec, VMD_PAGE_NX },
	{ "mkglobal", vmd_pte_mkglobal, VMD_PAGE_GLOBAL },
	{ "clrglobal", vmd_pte_clrglobal, VMD_PAGE_GLOBAL },
	{ "mkhuge", vmd_pte_mkhuge, VMD_PAGE_PSE },
	{ "clrhuge", vmd_pte_clrhuge, VMD_PAGE_PSE },
	{ "mkdevmap", vmd_pte_mkdevmap, VMD_PAGE_SPECIAL | VMD_PAGE_DEVMAP },
	{ "mksoft_dirty", vmd_pte_mksoft_dirty, VMD_PAGE_SOFT_DIRTY },
	{ "clear_soft_dirty", vmd_pte_clear_soft_dirty, VMD_PAGE_SOFT_DIRTY },
	{ "mkuffd_wp", vmd_pte_mkuffd_wp,
	  VMD_PAGE_UFFD_WP | VMD_PAGE_RW | VMD_PAGE_DIRTY_BITS },
	{ "clear_uffd_wp", vmd_pte_clear_uffd_wp, VMD_PAGE_UFFD_WP },
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

static const struct {
	const char *name;
	bool (*question)(vmd_pte_t pte);
	uint64_t bits; /* any of them is a yes */
} questions[] = {
	{ "write", vmd_pte_write, VMD_PAGE_RW },
	{ "dirty", vmd_pte_dirty, VMD_PAGE_DIRTY_BITS },
	{ "young", vmd_pte_young, VMD_PAGE_ACCESSED },
	{ "global", vmd_pte_global, VMD_PAGE_GLOBAL },
	{ "huge", vmd_pte_huge, VMD_PAGE_PSE },
	{ "special", vmd_pte_special, VMD_PAGE_SPECIAL },
	{ "devmap", vmd_pte_devmap, VMD_PAGE_DEVMAP },
	{ "soft_dirty", vmd_pte_soft_dirty, VMD_PAGE_SOFT_DIRTY },
	{ "uffd_wp", vmd_pte_uffd_wp, VMD_PAGE_UFFD_WP },
	{ "pmd_leaf", vmd_pmd_leaf, VMD_PAGE_PSE },
	{ "pud_leaf", vmd_pud_leaf, VMD_PAGE_PSE },
	{ "pmd_present", vmd_pmd_present,
	  VMD_PAGE_PRESENT | VMD_PAGE_PROTNONE | VMD_PAGE_PSE },
	{ "pud_present", vmd_pud_present, VMD_PAGE_PRESENT },
	{ "p4d_present", vmd_p4d_present, VMD_PAGE_PRESENT },
};

/* TL-13 */
START_TEST(a_question_is_about_its_own_bits)
{
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		uint64_t val = UINT64_C(1) << bit;

		ck_assert_msg(questions[_i].question(vmd_make_pte(val)) ==
				      !!(val & questions[_i].bits),
			      "%s of bit %u", questions[_i].name, bit);
	}
}
END_TEST

/* TL-13: devmap is no trans_huge. */
START_TEST(trans_huge_is_ps_without_devmap)
{
	const uint64_t both = VMD_PAGE_PSE | VMD_PAGE_DEVMAP;

	ck_assert(vmd_pmd_trans_huge(vmd_make_pte(VMD_PAGE_PSE)));
	ck_assert(vmd_pud_trans_huge(vmd_make_pte(VMD_PAGE_PSE)));
	ck_assert(!vmd_pmd_trans_huge(vmd_make_pte(both)));
	ck_assert(!vmd_pud_trans_huge(vmd_make_pte(both)));
	ck_assert(!vmd_pmd_trans_huge(vmd_make_pte(VMD_PAGE_PRESENT)));
	ck_assert(!vmd_pte_special(vmd_pmd_mkdevmap(vmd_make_pte(0))));
}
END_TEST

/* TL-9: protnone only until its flush is done. */
START_TEST(a_tlb_may_hold_what_is_present_or_was_a_moment_ago)
{
	const vmd_pte_t present = vmd_make_pte(VMD_PAGE_PRESENT);
	const vmd_pte_t protnone = vmd_make_pte(VMD_PAGE_PROTNONE);
	const vmd_pte_t elsewhere = vmd_make_pte(VMD_PAGE_RW);

	ck_assert(vmd_pte_accessible(present, false));
	ck_assert(!vmd_pte_accessible(protnone, false));
	ck_assert(vmd_pte_accessible(protnone, true));
	ck_assert(!vmd_pte_accessible(elsewhere, true));
}
END_TEST

START_TEST(pat_has_another_place_in_a_large_page)
{
	ck_assert_uint_eq(vmd_protval_4k_2_large(0x80 | 0x3), 0x1000 | 0x3);
	ck_assert_uint_eq(vmd_protval_large_2_4k(0x1000 | 0x3), 0x80 | 0x3);
	ck_assert_uint_eq(vmd_protval_4k_2_large(0x3), 0x3);
	ck_assert_uint_eq(vmd_protval_large_2_4k(0x80 | 0x3), 0x3);
}
END_TEST

static const struct {
	const char *name;
	vmd_pte_t (*modify)(vmd_pte_t pte, uint64_t prot);
	vmd_pfn_t (*pfn)(vmd_pte_t pte);
	vmd_pfn_t frame;
	uint64_t bits; /* that make it an entry of this level */
} modifies[] = {
	{ "pte", vmd_pte_modify, vmd_pte_pfn, 0x12345, 0 },
	{ "pmd", vmd_pmd_modify, vmd_pmd_pfn, 0x12200, VMD_PAGE_PSE },
	{ "pud", vmd_pud_modify, vmd_pud_pfn, 0x40000, VMD_PAGE_PSE },
};

/* All but PFN, A, dirty, SOFT, SPEC, DEVMAP, UFFD and the caching bits. */
#define BY_PROT                                                             \
	(VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER | VMD_PAGE_GLOBAL | \
	 VMD_PAGE_PKEY_MASK | (UINT64_C(31) << 52) | VMD_PAGE_NX)

/* TL-14 */
START_TEST(modify_takes_rights_from_the_protection_and_keeps_the_rest)
{
	const uint64_t kept =
		~(BY_PROT | VMD_PTE_PFN_MASK | VMD_PAGE_DIRTY_BITS);
	int from, to;

	for (from = 0; from < NR_CASES; from++)
		for (to = 0; to < NR_CASES; to += 3) {
			vmd_pte_t old =
				vmd_pfn_pte(modifies[_i].frame,
					    nth_bits(from) | modifies[_i].bits);
			uint64_t prot = nth_bits(to);
			vmd_pte_t now = modifies[_i].modify(old, prot);

			check(old, (now.val & BY_PROT) == (prot & BY_PROT));
			check(old, (now.val & kept) == (old.val & kept));
			check(old, vmd_pte_dirty(now) == vmd_pte_dirty(old));
			if (vmd_pte_flags(now) && vmd_pte_flags(old))
				check(old, modifies[_i].pfn(now) ==
						   modifies[_i].frame);
		}
}
END_TEST

/* TL-14: caching, A, software's bits; of a large page 7 is PS and 12 PAT. */
static const unsigned int kept_bits[] = { 3, 4, 5, 7, 9, 10, 11, 57 };

static bool is_kept(unsigned int bit)
{
	unsigned int i;

	for (i = 0; i < NR(kept_bits); i++)
		if (kept_bits[i] == bit)
			return true;
	return false;
}

/* TL-14: bit by bit; a leaf of any level, so that PS stays as it is. */
START_TEST(modify_keeps_a_bit_or_takes_it_from_the_protection)
{
	const uint64_t rest = VMD_PAGE_PRESENT | modifies[_i].bits;
	const uint64_t shifted = VMD_PAGE_DIRTY_BITS | VMD_PTE_PFN_MASK;
	unsigned int bit;

	for (bit = 1; bit < 64; bit++) {
		uint64_t val = UINT64_C(1) << bit;
		vmd_pte_t with = vmd_make_pte(rest | val);
		vmd_pte_t without = vmd_make_pte(rest & ~val);

		if (val & shifted)
			continue;
		with = modifies[_i].modify(with, rest & ~val);
		without = modifies[_i].modify(without, rest | val);
		ck_assert_msg(!!(with.val & val) == is_kept(bit),
			      "%s: bit %u was set", modifies[_i].name, bit);
		ck_assert_msg(!!(without.val & val) != is_kept(bit),
			      "%s: bit %u was clear", modifies[_i].name, bit);
	}
}
END_TEST

/* TL-12, TL-14: the new W says where dirty stands. */
START_TEST(modify_shifts_dirty_as_the_new_right_to_write_asks)
{
	const vmd_pte_t rw =
		vmd_make_pte(VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_DIRTY);
	const vmd_pte_t ro =
		vmd_make_pte(VMD_PAGE_PRESENT | VMD_PAGE_SAVED_DIRTY);

	ck_assert(vmd_pte_same(vmd_pte_modify(rw, VMD_PAGE_PRESENT), ro));
	ck_assert(
		vmd_pte_same(vmd_pte_modify(ro, VMD_PAGE_PRESENT | VMD_PAGE_RW),
			     rw));
	ck_assert(vmd_pte_same(vmd_pte_modify(ro, VMD_PAGE_PRESENT), ro));
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
	ck_assert_uint_eq(VMD_PAGE_PWT, 0x8);
	ck_assert_uint_eq(VMD_PAGE_PCD, 0x10);
	ck_assert_uint_eq(VMD_PAGE_PAT, 0x80);
	ck_assert_uint_eq(VMD_PAGE_GLOBAL, 0x100);
	ck_assert_uint_eq(VMD_PAGE_PAT_LARGE, 0x1000);
	ck_assert_uint_eq(VMD_PAGE_PKEY_MASK, UINT64_C(0x7800000000000000));
	ck_assert_uint_eq(VMD_PAGE_NX, UINT64_C(0x8000000000000000));
	ck_assert_uint_eq(VMD_PTE_PFN_MASK, UINT64_C(0x000ffffffffff000));
}
END_TEST

static const vmd_pfn_t pfns[] = { 0, 1, 0x12345, UINT64_C(0xffffffffff) };

START_TEST(a_frame_comes_back_out_whatever_the_rights)
{
	const uint64_t all = ~VMD_PTE_PFN_MASK;
	const uint64_t none = VMD_PAGE_PROTNONE | VMD_PAGE_ACCESSED;

	ck_assert_uint_eq(vmd_pte_pfn(vmd_pfn_pte(pfns[_i], VMD_PAGE_PRESENT)),
			  pfns[_i]);
	ck_assert_uint_eq(vmd_pte_pfn(vmd_pfn_pte(pfns[_i], all)), pfns[_i]);
	ck_assert_uint_eq(vmd_pte_pfn(vmd_pfn_pte(pfns[_i], none)), pfns[_i]);
	ck_assert_uint_eq(vmd_pte_flags(vmd_pfn_pte(pfns[_i], all)), all);
}
END_TEST

/* Bit by bit what arch/x86/include/asm/pgtable-invert.h is for. */
START_TEST(the_frame_of_an_entry_that_is_not_present_is_inverted)
{
	ck_assert_uint_eq(vmd_pfn_pte(pfns[_i], VMD_PAGE_PROTNONE).val,
			  (~(pfns[_i] << 12) & VMD_PTE_PFN_MASK) |
				  VMD_PAGE_PROTNONE);
	ck_assert_uint_eq(vmd_pfn_pte(pfns[_i], VMD_PAGE_PRESENT).val,
			  (pfns[_i] << 12) | VMD_PAGE_PRESENT);
}
END_TEST

START_TEST(the_next_frame_is_one_further_whether_present_or_not)
{
	const uint64_t prots[] = { VMD_PAGE_PRESENT, VMD_PAGE_PROTNONE };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		vmd_pte_t pte = vmd_pfn_pte(0x12345, prots[i]);

		ck_assert_uint_eq(vmd_pte_pfn(vmd_pte_advance_pfn(pte, 3)),
				  0x12348);
	}
}
END_TEST

START_TEST(a_key_is_the_four_bits_below_nx)
{
	unsigned int key;

	for (key = 0; key < 16; key++) {
		uint64_t flags = (uint64_t)key << 59;

		ck_assert_uint_eq(vmd_pte_flags_pkey(flags | VMD_PAGE_NX), key);
		ck_assert_uint_eq(vmd_pte_flags_pkey(~flags), 15 - key);
	}
}
END_TEST

START_TEST(a_frame_number_too_large_spills_into_no_right)
{
	ck_assert_uint_eq(vmd_pfn_pte(UINT64_C(1) << 40, VMD_PAGE_PRESENT).val,
			  VMD_PAGE_PRESENT);
}
END_TEST

static void add_helpers(TCase *tc)
{
	tcase_add_test(tc, each_change_is_seen_by_its_question);
	tcase_add_test(tc, write_protecting_never_loses_dirty);
	tcase_add_test(tc, no_change_leaves_a_shadow_stack_entry);
	tcase_add_loop_test(tc,
			    a_change_touches_its_own_bits_and_once_is_enough, 0,
			    NR(changes));
	tcase_add_test(tc, mkdirty_says_where_by_the_right_to_write);
	tcase_add_loop_test(
		tc, modify_takes_rights_from_the_protection_and_keeps_the_rest,
		0, NR(modifies));
	tcase_add_loop_test(tc,
			    modify_keeps_a_bit_or_takes_it_from_the_protection,
			    0, NR(modifies));
	tcase_add_test(tc, modify_shifts_dirty_as_the_new_right_to_write_asks);
}

static void add_layout(TCase *tc)
{
	tcase_add_test(tc, none_ignores_stray_a_and_d_and_nothing_else);
	tcase_add_test(tc, present_is_p_or_protnone);
	tcase_add_loop_test(tc, a_question_is_about_its_own_bits, 0,
			    NR(questions));
	tcase_add_test(tc, trans_huge_is_ps_without_devmap);
	tcase_add_test(tc, a_tlb_may_hold_what_is_present_or_was_a_moment_ago);
	tcase_add_test(tc, pat_has_another_place_in_a_large_page);
	tcase_add_test(tc, bits_stand_where_the_hardware_has_them);
	tcase_add_loop_test(tc, a_frame_comes_back_out_whatever_the_rights, 0,
			    NR(pfns));
	tcase_add_loop_test(
		tc, the_frame_of_an_entry_that_is_not_present_is_inverted, 0,
		NR(pfns));
	tcase_add_test(tc,
		       the_next_frame_is_one_further_whether_present_or_not);
	tcase_add_test(tc, a_frame_number_too_large_spills_into_no_right);
	tcase_add_test(tc, a_key_is_the_four_bits_below_nx);
}

int main(void)
{
	Suite *suite = suite_create("pte");
	TCase *helpers = tcase_create("helpers VT-1..10 TL-12 TL-14");
	TCase *layout = tcase_create("layout TL-9 TL-13");

	add_helpers(helpers);
	suite_add_tcase(suite, helpers);
	add_layout(layout);
	suite_add_tcase(suite, layout);
	return vmd_test_main(suite);
}
