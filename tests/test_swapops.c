/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty/swapops.h: what stands in an entry whose page is elsewhere (TL-17).
 */
#include <vmmdirty/swapops.h>

#include "base/compiler.h"
#include "support.h"
#include "trace/rng.h"

#define NR_TYPES   32
#define MAX_OFFSET ((UINT64_C(1) << VMD_SWP_OFFSET_BITS) - 1)

static const uint64_t edges[] = {
	0,
	1,
	2,
	0x12345,
	VMD_SWP_PFN_MASK,
	VMD_SWP_MIG_YOUNG,
	VMD_SWP_MIG_DIRTY,
	VMD_SWP_MIG_DIRTY << 1,
	MAX_OFFSET / 2,
	MAX_OFFSET / 2 + 1,
	UINT64_C(0x2aaaaaaaaaaaa),
	UINT64_C(0x1555555555555),
	MAX_OFFSET - 1,
	MAX_OFFSET,
};

/* Written by hand from the kernel's drawing. */
static const struct {
	unsigned int type;
	uint64_t offset;
	uint64_t val;
} drawn[] = {
	{ 0, 0, UINT64_C(0x07fffffffffffe00) },
	{ 1, 0, UINT64_C(0x0ffffffffffffe00) },
	{ 31, 0, UINT64_C(0xfffffffffffffe00) },
	{ 31, MAX_OFFSET, UINT64_C(0xf800000000000000) },
	{ 1, 1, UINT64_C(0x0ffffffffffffc00) },
	{ 24, 0x12345, UINT64_C(0xc7fffffffdb97400) },
};

/* TL-17 */
START_TEST(tl_17_type_is_on_top_and_the_offset_inverted_below)
{
	vmd_swp_entry_t entry = vmd_swp_entry(drawn[_i].type, drawn[_i].offset);

	ck_assert_uint_eq(vmd_swp_entry_to_pte(entry).val, drawn[_i].val);
	ck_assert_uint_eq(vmd_swp_entry_to_pmd(entry).val, drawn[_i].val);
}
END_TEST

static void check_round_trip(unsigned int type, uint64_t offset)
{
	vmd_swp_entry_t entry = vmd_swp_entry(type, offset);
	vmd_pte_t pte = vmd_swp_entry_to_pte(entry);
	vmd_swp_entry_t back = vmd_pte_to_swp_entry(pte);

	ck_assert_uint_eq(vmd_swp_type(entry), type);
	ck_assert_uint_eq(vmd_swp_offset(entry), offset);
	ck_assert_msg(back.val == entry.val, "type %u offset %#lx", type,
		      offset);
	back = vmd_pmd_to_swp_entry(vmd_swp_entry_to_pmd(entry));
	ck_assert_msg(back.val == entry.val, "type %u offset %#lx", type,
		      offset);
}

/* VT-22 */
START_TEST(vt_22_type_and_offset_come_back_out_of_an_entry)
{
	unsigned int type = (unsigned int)_i;
	struct vmd_rng rng;
	unsigned int i;

	vmd_rng_init(&rng, type);
	for (i = 0; i < VMD_ARRAY_SIZE(edges); i++)
		check_round_trip(type, edges[i]);
	for (i = 0; i < 2000; i++)
		check_round_trip(type, vmd_rng_next(&rng) & MAX_OFFSET);
}
END_TEST

/* TL-17: not P, protnone or PS, and neither A nor D, whatever the flags. */
START_TEST(tl_17_no_entry_is_present_or_uses_a_or_d)
{
	const uint64_t unused = VMD_PAGE_PRESENT | VMD_PAGE_ACCESSED |
				VMD_PAGE_DIRTY | VMD_PAGE_PSE |
				VMD_PAGE_PROTNONE;
	unsigned int i;

	for (i = 0; i < VMD_ARRAY_SIZE(edges); i++) {
		vmd_pte_t pte = vmd_swp_entry_to_pte(
			vmd_swp_entry((unsigned int)_i, edges[i]));

		pte = vmd_pte_swp_mkexclusive(
			vmd_pte_swp_mksoft_dirty(vmd_pte_swp_mkuffd_wp(pte)));
		ck_assert_msg(!(pte.val & unused), "entry %#lx", pte.val);
		ck_assert(vmd_is_swap_pte(pte));
		ck_assert(vmd_is_swap_pmd(pte));
	}
}
END_TEST

START_TEST(what_is_empty_or_present_is_no_swap_entry)
{
	vmd_pte_t split = vmd_pmd_mkinvalid(
		vmd_pfn_pmd(512, VMD_PAGE_PRESENT | VMD_PAGE_PSE));

	ck_assert(!vmd_is_swap_pte(vmd_make_pte(0)));
	ck_assert(!vmd_is_swap_pte(vmd_make_pte(VMD_PAGE_DIRTY)));
	ck_assert(!vmd_is_swap_pte(vmd_pfn_pte(5, VMD_PAGE_PRESENT)));
	ck_assert(!vmd_is_swap_pte(vmd_pfn_pte(5, VMD_PAGE_PROTNONE)));
	ck_assert(!vmd_is_swap_pmd(vmd_make_pte(0)));
	ck_assert(!vmd_is_swap_pmd(split));
	/* The last place of the first file has no bit left. */
	ck_assert(!vmd_is_swap_pte(
		vmd_swp_entry_to_pte(vmd_swp_entry(0, MAX_OFFSET))));
}
END_TEST

static const struct {
	const char *name;
	vmd_pte_t (*set)(vmd_pte_t pte);
	vmd_pte_t (*clear)(vmd_pte_t pte);
	bool (*question)(vmd_pte_t pte);
	uint64_t bit;
} flags[] = {
	{ "soft_dirty", vmd_pte_swp_mksoft_dirty, vmd_pte_swp_clear_soft_dirty,
	  vmd_pte_swp_soft_dirty, UINT64_C(1) << 1 },
	{ "uffd_wp", vmd_pte_swp_mkuffd_wp, vmd_pte_swp_clear_uffd_wp,
	  vmd_pte_swp_uffd_wp, UINT64_C(1) << 2 },
	{ "exclusive", vmd_pte_swp_mkexclusive, vmd_pte_swp_clear_exclusive,
	  vmd_pte_swp_exclusive, UINT64_C(1) << 3 },
};

/* VT-20, VT-21: the other two questions stay at no. */
START_TEST(vt_20_21_a_flag_is_set_and_cleared_and_changes_nothing_else)
{
	vmd_swp_entry_t entry = vmd_swp_entry(7, 0x123456789);
	vmd_pte_t pte = vmd_swp_entry_to_pte(entry);
	vmd_pte_t with = flags[_i].set(pte);
	unsigned int i;

	ck_assert_uint_eq(with.val ^ pte.val, flags[_i].bit);
	ck_assert(vmd_is_swap_pte(with));
	ck_assert_uint_eq(vmd_pte_to_swp_entry(with).val, entry.val);
	for (i = 0; i < VMD_ARRAY_SIZE(flags); i++) {
		ck_assert(!flags[i].question(pte));
		ck_assert(flags[i].question(with) == (i == (unsigned int)_i));
	}
	ck_assert(vmd_pte_same(flags[_i].clear(with), pte));
	ck_assert(vmd_pte_same(vmd_pte_swp_clear_flags(with), pte));
}
END_TEST

#define NO	  0
#define READ	  1
#define EXCLUSIVE 2
#define WRITE	  3

/* What each type is; files are none of it. */
static const struct {
	unsigned int type;
	int migration;
	int device_private;
	int device_exclusive;
	bool pfn;
} types[] = {
	{ 0, NO, NO, NO, false },    { 22, NO, NO, NO, false },
	{ 23, NO, NO, NO, true }, /* memory that has failed */
	{ 24, READ, NO, NO, true },  { 25, EXCLUSIVE, NO, NO, true },
	{ 26, WRITE, NO, NO, true }, { 27, NO, WRITE, NO, true },
	{ 28, NO, READ, NO, true },  { 29, NO, NO, WRITE, true },
	{ 30, NO, NO, READ, true },  { 31, NO, NO, NO, false },
};

START_TEST(a_type_says_what_the_entry_is)
{
	unsigned int type = types[_i].type;
	vmd_swp_entry_t e = vmd_swp_entry(type, 0x54321);

	ck_assert(vmd_non_swap_entry(e) == (type >= 23));
	ck_assert(vmd_is_hwpoison_entry(e) == (type == 23));
	ck_assert(vmd_is_pfn_swap_entry(e) == types[_i].pfn);
	ck_assert(vmd_is_migration_entry(e) == (types[_i].migration != NO));
	ck_assert(vmd_is_readable_migration_entry(e) ==
		  (types[_i].migration == READ));
	ck_assert(vmd_is_readable_exclusive_migration_entry(e) ==
		  (types[_i].migration == EXCLUSIVE));
	ck_assert(vmd_is_writable_migration_entry(e) ==
		  (types[_i].migration == WRITE));
	ck_assert(vmd_is_device_private_entry(e) ==
		  (types[_i].device_private != NO));
	ck_assert(vmd_is_writable_device_private_entry(e) ==
		  (types[_i].device_private == WRITE));
	ck_assert(vmd_is_device_exclusive_entry(e) ==
		  (types[_i].device_exclusive != NO));
	ck_assert(vmd_is_writable_device_exclusive_entry(e) ==
		  (types[_i].device_exclusive == WRITE));
}
END_TEST

static const struct {
	vmd_swp_entry_t (*make)(uint64_t offset);
	unsigned int type;
} makers[] = {
	{ vmd_make_readable_migration_entry, 24 },
	{ vmd_make_readable_exclusive_migration_entry, 25 },
	{ vmd_make_writable_migration_entry, 26 },
	{ vmd_make_writable_device_private_entry, 27 },
	{ vmd_make_readable_device_private_entry, 28 },
	{ vmd_make_writable_device_exclusive_entry, 29 },
	{ vmd_make_readable_device_exclusive_entry, 30 },
};

START_TEST(an_entry_that_is_made_has_its_type_and_its_frame)
{
	vmd_swp_entry_t entry = makers[_i].make(VMD_SWP_PFN_MASK);

	ck_assert_uint_eq(vmd_swp_type(entry), makers[_i].type);
	ck_assert_uint_eq(vmd_swp_offset_pfn(entry), VMD_SWP_PFN_MASK);
}
END_TEST

/* VT-23 */
START_TEST(vt_23_a_migration_entry_made_readable_is_not_writable)
{
	vmd_swp_entry_t entry = vmd_make_writable_migration_entry(0x777);
	vmd_pte_t pmd;

	ck_assert(vmd_is_migration_entry(entry));
	ck_assert(vmd_is_writable_migration_entry(entry));
	entry = vmd_make_readable_migration_entry(vmd_swp_offset(entry));
	ck_assert(vmd_is_migration_entry(entry));
	ck_assert(!vmd_is_writable_migration_entry(entry));

	pmd = vmd_swp_entry_to_pmd(entry);
	ck_assert(vmd_is_pmd_migration_entry(pmd));
	ck_assert(!vmd_is_pmd_migration_entry(vmd_make_pte(0)));
}
END_TEST

START_TEST(a_page_that_migrates_keeps_a_and_d_beside_its_frame)
{
	vmd_swp_entry_t old = vmd_make_writable_migration_entry(0x777);
	vmd_swp_entry_t young = vmd_make_migration_entry_young(old);
	vmd_swp_entry_t dirty = vmd_make_migration_entry_dirty(old);

	ck_assert(!vmd_is_migration_entry_young(old));
	ck_assert(!vmd_is_migration_entry_dirty(old));
	ck_assert(vmd_is_migration_entry_young(young));
	ck_assert(!vmd_is_migration_entry_dirty(young));
	ck_assert(vmd_is_migration_entry_dirty(dirty));
	ck_assert(!vmd_is_migration_entry_young(dirty));
	ck_assert_uint_eq(vmd_swp_offset_pfn(young), 0x777);
	ck_assert_uint_eq(vmd_swp_offset_pfn(dirty), 0x777);
}
END_TEST

/* SP-9: asked of what is not present, W and dirty mean something else. */
START_TEST(sp_9_w_and_dirty_of_an_entry_that_is_not_present_mean_nothing)
{
	vmd_pte_t pte = vmd_swp_entry_to_pte(vmd_swp_entry(5, 0));

	ck_assert(!vmd_pte_present(pte));
	ck_assert(vmd_pte_dirty(pte));
	ck_assert(vmd_pte_write(vmd_pte_swp_mksoft_dirty(pte)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("swapops");
	TCase *layout = tcase_create("layout TL-17 VT-20..22 SP-9");
	TCase *kinds = tcase_create("kinds VT-23");

	tcase_add_loop_test(layout,
			    tl_17_type_is_on_top_and_the_offset_inverted_below,
			    0, VMD_ARRAY_SIZE(drawn));
	tcase_add_loop_test(layout,
			    vt_22_type_and_offset_come_back_out_of_an_entry, 0,
			    NR_TYPES);
	tcase_add_loop_test(layout, tl_17_no_entry_is_present_or_uses_a_or_d, 0,
			    NR_TYPES);
	tcase_add_test(layout, what_is_empty_or_present_is_no_swap_entry);
	tcase_add_loop_test(
		layout,
		vt_20_21_a_flag_is_set_and_cleared_and_changes_nothing_else, 0,
		VMD_ARRAY_SIZE(flags));
	tcase_add_test(
		layout,
		sp_9_w_and_dirty_of_an_entry_that_is_not_present_mean_nothing);
	suite_add_tcase(suite, layout);

	tcase_add_loop_test(kinds, a_type_says_what_the_entry_is, 0,
			    VMD_ARRAY_SIZE(types));
	tcase_add_loop_test(kinds,
			    an_entry_that_is_made_has_its_type_and_its_frame, 0,
			    VMD_ARRAY_SIZE(makers));
	tcase_add_test(kinds,
		       vt_23_a_migration_entry_made_readable_is_not_writable);
	tcase_add_test(kinds,
		       a_page_that_migrates_keeps_a_and_d_beside_its_frame);
	suite_add_tcase(suite, kinds);
	return vmd_test_main(suite);
}
