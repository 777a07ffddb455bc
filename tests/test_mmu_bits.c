/* SPDX-License-Identifier: MIT */
/*
 * Which bits of an entry are reserved (R3), which bits of an address are a tag
 * (R23), and what is not canonical (R24).
 */
#include <errno.h>

#include "barefix.h"
#include "support.h"

#define BIT(nr) (UINT64_C(1) << (nr))

static struct barefix fix;

static void up(void)
{
	barefix_up(&fix, NULL);
	barefix_map(&fix, PAGE(0), PTE);
}

static void down(void)
{
	barefix_down(&fix);
}

static void up_five(void)
{
	const struct vmd_machine_config five = { .levels = 5 };

	barefix_up(&fix, &five);
	barefix_map(&fix, PAGE(0), PTE);
}

/* R23: what is a tag. The page is at PAGE(0) or at HIGH(0). */
static const struct {
	unsigned int levels;
	bool high;
	bool works;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t flip;
} tags[] = {
	{ 4, false, false, 0, 0, BIT(57) },
	{ 4, false, true, VMD_CR3_LAM_U48, 0, BIT(48) },
	{ 4, false, true, VMD_CR3_LAM_U48, 0, BIT(62) | BIT(55) },
	{ 4, false, false, VMD_CR3_LAM_U48, 0, BIT(47) },
	{ 4, false, false, VMD_CR3_LAM_U48, 0, BIT(63) },
	{ 4, false, true, VMD_CR3_LAM_U57, 0, BIT(57) | BIT(62) },
	{ 4, false, false, VMD_CR3_LAM_U57, 0, BIT(56) },
	{ 4, false, false, VMD_CR3_LAM_U57 | VMD_CR3_LAM_U48, 0, BIT(50) },
	{ 4, true, false, VMD_CR3_LAM_U48, 0, BIT(57) },
	{ 4, true, true, 0, VMD_CR4_LAM_SUP, BIT(48) | BIT(62) },
	{ 4, true, false, 0, VMD_CR4_LAM_SUP, BIT(47) },
	{ 4, false, false, 0, VMD_CR4_LAM_SUP, BIT(57) },
	{ 5, false, false, 0, 0, BIT(57) },
	{ 5, false, true, VMD_CR3_LAM_U57, 0, BIT(57) | BIT(62) },
	{ 5, false, true, VMD_CR3_LAM_U48, 0, BIT(57) },
	{ 5, false, true, VMD_CR3_LAM_U48, 0, BIT(50) },
	{ 5, false, true, VMD_CR3_LAM_U48, 0, BIT(56) | BIT(48) },
	{ 5, true, true, 0, VMD_CR4_LAM_SUP, BIT(57) | BIT(60) },
};

static vmd_va_t up_tag(int row, vmd_va_t *tagged)
{
	const struct vmd_machine_config shape = { .levels = tags[row].levels };
	vmd_va_t va = tags[row].high ? HIGH(0) : PAGE(0);

	barefix_up(&fix, &shape);
	barefix_map(&fix, va, PTE);
	barefix_cr3(&fix, 0, tags[row].cr3);
	barefix_reg_set(&fix, VMD_REG_CR4, tags[row].cr4);
	*tagged = va ^ tags[row].flip;
	return va;
}

/* R23, R24; CPL does not matter: bit 63 says whose pointer it is. */
START_TEST(r23_the_tag_of_a_pointer_is_no_part_of_the_address)
{
	vmd_va_t tagged;
	vmd_va_t va = up_tag(_i, &tagged);

	barefix_reg(&fix, VMD_REG_CPL, _i % 2 ? 3 : 0);
	if (tags[_i].works) {
		barefix_store(&fix, tagged, 42);
		ck_assert_uint_eq(barefix_load(&fix, va), 42);
		ck_assert(barefix_entry(&fix, va, PTE) & D);
	} else {
		expect_gp(&fix, BARE_WRITE, tagged);
		expect_gp(&fix, BARE_READ, tagged);
		ck_assert(!(barefix_entry(&fix, va, PTE) & (ACC | D)));
	}
	down();
}
END_TEST

/* R23 */
START_TEST(r23_neither_fetches_nor_invlpg_know_tags)
{
	vmd_va_t tagged;
	vmd_va_t va = up_tag(_i, &tagged);

	barefix_fetch(&fix, va);
	/* Five levels without a tag for fetches: it may be canonical. */
	ck_assert_int_eq(barefix_access(&fix, BARE_FETCH, tagged), -EFAULT);
	vmd_cpu_invlpg(fix.cpu, tagged);

	ck_assert(barefix_cached(&fix, va));
	down();
}
END_TEST

/* R23: CR2 has no tag. */
START_TEST(r23_a_page_fault_reports_the_address_without_its_tag)
{
	const vmd_va_t tag = BIT(60) | BIT(57);

	barefix_cr3(&fix, 0, VMD_CR3_LAM_U57);

	ck_assert_int_eq(barefix_access(&fix, BARE_READ, PAGE(1) | tag),
			 -EFAULT);

	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->vector, VMD_TRAP_PF);
	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->addr, PAGE(1));
}
END_TEST

/* R23: copies and read-modify-writes take tagged pointers too. */
START_TEST(r23_every_way_to_data_takes_a_tag)
{
	const vmd_va_t tagged = PAGE(0) | BIT(60);
	uint64_t value = 7;
	uint64_t old = 0;

	barefix_map(&fix, PAGE(1), PTE);
	barefix_cr3(&fix, 0, VMD_CR3_LAM_U57);

	ck_assert_int_eq(vmd_copy_to(fix.cpu, tagged, &value, 8), 0);
	ck_assert_int_eq(vmd_xadd_u64(fix.cpu, tagged, 1, &old), 0);
	ck_assert_uint_eq(old, 7);
	ck_assert_int_eq(vmd_copy_from(fix.cpu, &value, tagged, 8), 0);
	ck_assert_uint_eq(value, 8);
	ck_assert_int_eq(vmd_store_u64(fix.cpu, tagged + 0xffc, 9), 0);
	ck_assert_uint_eq(barefix_load(&fix, PAGE(0) + 0xffc), 9);
}
END_TEST

/* R24: data and fetch; A, D, and what is cached do not change. */
START_TEST(r24_an_address_that_is_not_canonical_changes_nothing)
{
	const vmd_va_t bad = PAGE(0) | BIT(47) | BIT(52);
	const enum bare_kind kind = (enum bare_kind)_i;

	expect_gp(&fix, kind, bad);
	ck_assert(!(barefix_entry(&fix, PAGE(0), PTE) & (ACC | D)));
	ck_assert(!(barefix_entry(&fix, PAGE(0), PML4E) & ACC));

	(void)barefix_load(&fix, PAGE(0));
	expect_gp(&fix, kind, bad);
	ck_assert(barefix_cached(&fix, PAGE(0)));
	ck_assert(!(barefix_entry(&fix, PAGE(0), PTE) & D));
}
END_TEST

/* R3: at level @level of a walk that reaches it, @bit is reserved or not. */
static void expect_bit(unsigned int level, uint64_t bit, bool reserved)
{
	barefix_set(&fix, PAGE(0), level, bit);
	vmd_cpu_invlpg(fix.cpu, PAGE(0));
	if (reserved)
		expect_fault(&fix, BARE_READ, PAGE(0), PF_P | PF_R | PF_U);
	else
		(void)barefix_load(&fix, PAGE(0));
	barefix_clear(&fix, PAGE(0), level, bit);
	vmd_cpu_invlpg(fix.cpu, PAGE(0));
}

/* R3, K2 */
START_TEST(r3_amd_reserves_bit_8_of_the_top_entries)
{
	const bool amd = _i;
	const struct vmd_machine_config shape = {
		.levels = 5, .flags = amd ? VMD_MACHINE_AMD : 0
	};

	barefix_up(&fix, &shape);
	barefix_map(&fix, PAGE(0), PTE);

	expect_bit(PML5E, G, amd);
	expect_bit(PML4E, G, amd);
	expect_bit(PDPTE, G, false);
	expect_bit(PDE, G, false);
	expect_bit(PTE, G, false);
	down();
}
END_TEST

/* R3: what is reserved in a PML5E. */
START_TEST(r3_a_pml5e_has_the_reserved_bits_of_a_pml4e)
{
	unsigned int level;

	down();
	up_five();
	for (level = PML4E; level <= PML5E; level++) {
		expect_bit(level, PS, true);
		expect_bit(level, BIT(51), true);
		expect_bit(level, BIT(46), true);
		expect_bit(level, BIT(52) | BIT(62) | BIT(9) | BIT(11), false);
		expect_bit(level, NX | D, false);
	}
	barefix_reg_clear(&fix, VMD_REG_EFER, VMD_EFER_NXE);
	expect_bit(PML5E, NX, true);
}
END_TEST

/* R3: address bits below the size, down to PAT. */
START_TEST(r3_a_large_leaf_has_reserved_address_bits)
{
	const unsigned int level = (unsigned int)_i;
	const vmd_va_t va = level == PDE ? MB2(0) : GB1(0);
	unsigned int bit;

	barefix_map(&fix, va, level);
	for (bit = 12; bit < 12 + 9 * (level - 1); bit++) {
		barefix_set(&fix, va, level, BIT(bit));
		if (bit == 12)
			(void)barefix_load(&fix, va);
		else
			expect_fault(&fix, BARE_READ, va, PF_P | PF_R | PF_U);
		vmd_cpu_invlpg(fix.cpu, va);
		barefix_clear(&fix, va, level, BIT(bit));
	}
}
END_TEST

/* R3, K3 */
START_TEST(r3_without_1g_pages_ps_of_a_pdpte_is_reserved)
{
	const bool off = _i;
	const struct vmd_machine_config shape = {
		.features_off = off ? VMD_FEATURE_GBPAGES : 0
	};

	barefix_up(&fix, &shape);
	barefix_map(&fix, GB1(0), PDPTE);

	if (off)
		expect_fault(&fix, BARE_READ, GB1(0), PF_P | PF_R | PF_U);
	else
		(void)barefix_load(&fix, GB1(0));
	down();
}
END_TEST

static TCase *new_case(Suite *suite, const char *name, bool page)
{
	TCase *tc = tcase_create(name);

	if (page)
		tcase_add_checked_fixture(tc, up, down);
	suite_add_tcase(suite, tc);
	return tc;
}

static void add_r23(Suite *suite)
{
	TCase *page = new_case(suite, "R23 R24", true);
	TCase *own = new_case(suite, "R23, each kind of tag", false);

	tcase_add_test(page,
		       r23_a_page_fault_reports_the_address_without_its_tag);
	tcase_add_test(page, r23_every_way_to_data_takes_a_tag);
	tcase_add_loop_test(
		page, r24_an_address_that_is_not_canonical_changes_nothing, 0,
		3);
	tcase_add_loop_test(own,
			    r23_the_tag_of_a_pointer_is_no_part_of_the_address,
			    0, ARRAY_SIZE(tags));
	tcase_add_loop_test(own, r23_neither_fetches_nor_invlpg_know_tags, 0,
			    ARRAY_SIZE(tags));
}

static void add_r3(Suite *suite)
{
	TCase *page = new_case(suite, "R3", true);
	TCase *own = new_case(suite, "R3 K2 K3", false);

	tcase_add_test(page, r3_a_pml5e_has_the_reserved_bits_of_a_pml4e);
	tcase_add_loop_test(page, r3_a_large_leaf_has_reserved_address_bits, 2,
			    4);
	tcase_add_loop_test(own, r3_amd_reserves_bit_8_of_the_top_entries, 0,
			    2);
	tcase_add_loop_test(own, r3_without_1g_pages_ps_of_a_pdpte_is_reserved,
			    0, 2);
}

int main(void)
{
	Suite *suite = suite_create("mmu_bits");

	add_r23(suite);
	add_r3(suite);
	return vmd_test_main(suite);
}
