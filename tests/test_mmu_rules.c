/* SPDX-License-Identifier: MIT */
/*
 * R13 to R22, as far as no oracle and no enumeration reaches them: what the
 * manual says, on tables built by hand. test_mmu_bits has R3, R23 and R24.
 */
#include <errno.h>

#include "barefix.h"
#include "base/rng.h"
#include "support.h"

/* PKRU, PKRS: access and write disable of a key. */
#define AD(key) (UINT64_C(1) << (2 * (key)))
#define WD(key) (UINT64_C(2) << (2 * (key)))

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

/* For what must be the same with inline lines and without. */
static void up_lines(int on)
{
	const struct vmd_machine_config shape = {
		.flags = on ? 0 : VMD_MACHINE_NO_LINES
	};

	barefix_up(&fix, &shape);
	barefix_map(&fix, PAGE(0), PTE);
}

static void supervisor(void)
{
	barefix_reg(&fix, VMD_REG_CPL, 0);
}

/* R13: an entry cached clean still gets D; CPL is judged at the access. */
START_TEST(r13_a_second_access_is_judged_by_itself)
{
	up_lines(_i);
	barefix_clear(&fix, PAGE(0), PTE, US);
	supervisor();
	(void)barefix_load(&fix, PAGE(0));

	barefix_store(&fix, PAGE(0), 1);
	ck_assert(barefix_entry(&fix, PAGE(0), PTE) & D);

	barefix_reg(&fix, VMD_REG_CPL, 3);
	expect_fault(&fix, BARE_READ, PAGE(0), PF_P | PF_U);
	down();
}
END_TEST

/* R14 */
START_TEST(r14_wp_takes_effect_at_once)
{
	up_lines(_i);
	barefix_clear(&fix, PAGE(0), PTE, RW);
	supervisor();
	barefix_reg_clear(&fix, VMD_REG_CR0, VMD_CR0_WP);
	barefix_store(&fix, PAGE(0), 1);
	ck_assert(barefix_view(&fix, PAGE(0)).pte & D);

	barefix_reg_set(&fix, VMD_REG_CR0, VMD_CR0_WP);

	expect_fault(&fix, BARE_WRITE, PAGE(0), PF_P | PF_W);
	down();
}
END_TEST

/* R14, R9 */
START_TEST(r14_pkru_takes_effect_at_once)
{
	up_lines(_i);
	barefix_set(&fix, PAGE(0), PTE, KEY(3));
	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_PKE);
	barefix_store(&fix, PAGE(0), 1);

	barefix_reg(&fix, VMD_REG_PKRU, WD(3));
	(void)barefix_load(&fix, PAGE(0));
	expect_fault(&fix, BARE_WRITE, PAGE(0), PF_P | PF_W | PF_U | PF_K);

	barefix_reg(&fix, VMD_REG_PKRU, AD(3));
	expect_fault(&fix, BARE_READ, PAGE(0), PF_P | PF_U | PF_K);

	barefix_reg(&fix, VMD_REG_PKRU, AD(2) | WD(4));
	barefix_store(&fix, PAGE(0), 1);
	down();
}
END_TEST

/* R14, R9: key 0 is a key like the others. */
START_TEST(r14_pke_takes_effect_at_once)
{
	up_lines(_i);
	barefix_reg(&fix, VMD_REG_PKRU, UINT32_MAX);
	barefix_store(&fix, PAGE(0), 1);

	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_PKE);
	expect_fault(&fix, BARE_READ, PAGE(0), PF_P | PF_U | PF_K);
	barefix_fetch(&fix, PAGE(0));

	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_PKE);
	barefix_store(&fix, PAGE(0), 1);
	down();
}
END_TEST

/* R14, R3: the cached NX of any level becomes a reserved bit. */
START_TEST(r14_nxe_takes_effect_at_once)
{
	const unsigned int level = (unsigned int)_i / 2;

	up_lines(_i % 2);
	barefix_map(&fix, PAGE(1), PTE);
	barefix_set(&fix, PAGE(0), level, NX);
	barefix_store(&fix, PAGE(0), 1);
	expect_fault(&fix, BARE_FETCH, PAGE(0), PF_P | PF_U | PF_I);
	(void)barefix_load(&fix, PAGE(0));

	barefix_reg_clear(&fix, VMD_REG_EFER, VMD_EFER_NXE);
	expect_fault(&fix, BARE_READ, PAGE(0), PF_P | PF_R | PF_U);
	expect_fault(&fix, BARE_FETCH, PAGE(0), PF_P | PF_R | PF_U);

	barefix_reg_set(&fix, VMD_REG_EFER, VMD_EFER_NXE);
	barefix_store(&fix, PAGE(0), 1);
	down();
}
END_TEST

/* R14, R20 */
START_TEST(r14_ac_takes_effect_at_once)
{
	up_lines(_i);
	supervisor();
	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_SMAP);
	barefix_reg(&fix, VMD_REG_AC, 1);
	barefix_store(&fix, PAGE(0), 1);

	barefix_reg(&fix, VMD_REG_AC, 0);
	ck_assert(barefix_cached(&fix, PAGE(0)));
	expect_fault(&fix, BARE_READ, PAGE(0), PF_P);
	expect_fault(&fix, BARE_WRITE, PAGE(0), PF_P | PF_W);

	barefix_reg(&fix, VMD_REG_AC, 1);
	barefix_store(&fix, PAGE(0), 1);
	down();
}
END_TEST

/* Bits that a path may deny, and the accesses that show it. */
static const struct {
	uint64_t cleared;
	uint64_t set;
	enum bare_kind kind;
	unsigned int code;
} denials[] = {
	{ RW, 0, BARE_WRITE, PF_P | PF_W | PF_U },
	{ US, 0, BARE_READ, PF_P | PF_U },
	{ 0, NX, BARE_FETCH, PF_P | PF_U | PF_I },
};

/* R15: one directory under two PDPTEs, whichever is used first. */
START_TEST(r15_rights_belong_to_the_path)
{
	const int row = _i / 2;
	const vmd_va_t open = PAGE(0);
	const vmd_va_t closed = PAGE(0) + (UINT64_C(1) << 30);
	uint64_t directory = barefix_entry(&fix, open, PDPTE);

	barefix_write(&fix, closed, PDPTE,
		      (directory & ~denials[row].cleared) | denials[row].set);

	if (_i % 2)
		ck_assert_int_eq(barefix_access(&fix, denials[row].kind, open),
				 0);
	expect_fault(&fix, denials[row].kind, closed, denials[row].code);
	ck_assert_int_eq(barefix_access(&fix, denials[row].kind, open), 0);
	expect_fault(&fix, denials[row].kind, closed, denials[row].code);
}
END_TEST

/* R15: what is known of the path is all of it. */
START_TEST(r15_upper_entries_are_cached_with_the_rights_of_their_path)
{
	const int row = _i / 3;
	const unsigned int level = PDE + (unsigned int)_i % 3;

	barefix_map(&fix, PAGE(1), PTE);
	barefix_clear(&fix, PAGE(0), level, denials[row].cleared);
	barefix_set(&fix, PAGE(0), level, denials[row].set);
	supervisor();
	(void)barefix_load(&fix, PAGE(1));
	barefix_reg(&fix, VMD_REG_CPL, 3);

	expect_fault(&fix, denials[row].kind, PAGE(0), denials[row].code);
}
END_TEST

/* R16 */
START_TEST(r16_d_goes_to_the_entry_that_was_used)
{
	const struct vmd_machine_config shape = {
		.flags = _i ? VMD_MACHINE_FRACTURE_LARGE : 0
	};

	barefix_up(&fix, &shape);
	barefix_map(&fix, MB2(0), PDE);
	barefix_write(&fix, MB2(1), PDE, barefix_entry(&fix, MB2(0), PDE));
	(void)barefix_load(&fix, MB2(0));
	(void)barefix_load(&fix, MB2(1));

	barefix_store(&fix, MB2(1) + 0x3000, 99);

	ck_assert(!(barefix_entry(&fix, MB2(0), PDE) & D));
	ck_assert(barefix_entry(&fix, MB2(1), PDE) & D);
	ck_assert_uint_eq(barefix_load(&fix, MB2(0) + 0x3000), 99);
	down();
}
END_TEST

/* R17: come early or not, it has its own fault. */
START_TEST(r17_a_translation_that_came_early_keeps_its_fault)
{
	barefix_map(&fix, PAGE(1), PTE);
	barefix_set(&fix, PAGE(1), PTE, NX);
	if (_i)
		ck_assert(vmd_cpu_prefetch(fix.cpu, PAGE(1)));
	barefix_reg_clear(&fix, VMD_REG_EFER, VMD_EFER_NXE);
	(void)barefix_load(&fix, PAGE(0));
	if (!_i)
		ck_assert(!vmd_cpu_prefetch(fix.cpu, PAGE(1)));

	expect_fault(&fix, BARE_READ, PAGE(1), PF_P | PF_R | PF_U);
	expect_fault(&fix, BARE_WRITE, PAGE(1), PF_P | PF_R | PF_W | PF_U);
}
END_TEST

/* R18 */
START_TEST(r18_a_store_without_wp_does_not_get_round_smep)
{
	const bool wp = _i;

	barefix_clear(&fix, PAGE(0), PTE, RW);
	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_SMEP);
	supervisor();
	if (wp) {
		expect_fault(&fix, BARE_WRITE, PAGE(0), PF_P | PF_W);
	} else {
		barefix_reg_clear(&fix, VMD_REG_CR0, VMD_CR0_WP);
		barefix_store(&fix, PAGE(0), 1);
	}

	expect_fault(&fix, BARE_FETCH, PAGE(0), PF_P | PF_I);
	(void)barefix_load(&fix, PAGE(0));
}
END_TEST

static const struct {
	unsigned int feature;
	uint64_t bit;
} cr4_bits[] = { { VMD_FEATURE_PGE, VMD_CR4_PGE },
		 { VMD_FEATURE_PCID, VMD_CR4_PCIDE },
		 { VMD_FEATURE_SMEP, VMD_CR4_SMEP },
		 { VMD_FEATURE_SMAP, VMD_CR4_SMAP },
		 { VMD_FEATURE_PKU, VMD_CR4_PKE },
		 { VMD_FEATURE_PKS, VMD_CR4_PKS },
		 { VMD_FEATURE_LAM, VMD_CR4_LAM_SUP } };

/* R19 */
START_TEST(r19_a_bit_of_cr4_needs_its_feature)
{
	const struct vmd_machine_config without = {
		.features_off = cr4_bits[_i].feature
	};
	const uint64_t bit = cr4_bits[_i].bit;
	uint64_t cr4;

	barefix_up(&fix, &without);
	cr4 = vmd_cpu_read_reg(fix.cpu, VMD_REG_CR4);
	ck_assert(!(cr4 & bit));

	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR4, cr4 | bit),
			 -EINVAL);

	ck_assert_uint_eq(vmd_cpu_read_reg(fix.cpu, VMD_REG_CR4), cr4);
	down();
}
END_TEST

/* R19, and what CPUID says of other registers. */
START_TEST(r19_other_registers_need_their_features)
{
	const struct vmd_machine_config without = {
		.features_off = VMD_FEATURE_NX | VMD_FEATURE_LAM |
				VMD_FEATURE_INVPCID
	};
	const uint64_t efer = VMD_EFER_LME | VMD_EFER_LMA;

	barefix_up(&fix, &without);
	ck_assert_uint_eq(vmd_cpu_read_reg(fix.cpu, VMD_REG_EFER), efer);

	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_EFER,
					   efer | VMD_EFER_NXE),
			 -EINVAL);
	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR3,
					   fix.root | VMD_CR3_LAM_U48),
			 -EINVAL);
	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu,
					 VMD_INVPCID_TYPE_ALL_INCL_GLOBAL, 0,
					 0),
			 -EINVAL);
	down();
}
END_TEST

/* R19 */
START_TEST(r19_la57_cannot_change_in_long_mode)
{
	uint64_t cr4;

	if (_i) {
		down();
		up_five();
	}
	cr4 = vmd_cpu_read_reg(fix.cpu, VMD_REG_CR4);
	ck_assert_int_eq(!(cr4 & VMD_CR4_LA57), !_i);

	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR4,
					   cr4 ^ VMD_CR4_LA57),
			 -EINVAL);

	ck_assert_uint_eq(vmd_cpu_read_reg(fix.cpu, VMD_REG_CR4), cr4);
}
END_TEST

/* Random rights for every level of PAGE(0); the same for the same @seed. */
static void draw(struct barefix *of, uint64_t seed)
{
	const uint64_t wild = P | RW | US | NX | ACC | VMD_PAGE_PWT;
	uint64_t rng = seed;
	unsigned int level;

	for (level = PTE; level <= PML4E; level++) {
		uint64_t bits = vmd_rng_next(&rng);

		bits |= vmd_rng_next(&rng);
		bits &= vmd_rng_next(&rng) | ~NX;
		barefix_clear(of, PAGE(0), level, wild | D);
		barefix_set(of, PAGE(0), level, bits & wild);
	}
	barefix_reg(of, VMD_REG_CPL, vmd_rng_next(&rng) & 1 ? 3 : 0);
	barefix_reg(of, VMD_REG_CR0,
		    VMD_CR0_PE | VMD_CR0_PG |
			    (vmd_rng_next(&rng) & VMD_CR0_WP));
	vmd_cpu_invlpg(of->cpu, PAGE(0));
}

static unsigned int outcome(const struct barefix *of, enum bare_kind kind)
{
	if (!barefix_access(of, kind, PAGE(0)))
		return ~0U;
	return vmd_cpu_fault(of->cpu)->error_code;
}

static struct barefix four;

/* R19, F8: a PML5E that grants everything changes nothing; else it takes. */
START_TEST(r19_five_levels_are_four_and_one_more)
{
	static const uint64_t takes[] = { 0, RW, US, RW | US };
	uint64_t seed;

	barefix_up(&four, NULL);
	barefix_map(&four, PAGE(0), PTE);
	up_five();
	for (seed = 0; seed < 400; seed++) {
		const uint64_t take = takes[seed / 4 % 4];
		const enum bare_kind kind = (enum bare_kind)(seed % 3);

		draw(&four, seed);
		draw(&fix, seed);
		barefix_clear(&four, PAGE(0), PML4E, take);
		barefix_set(&fix, PAGE(0), PML5E, RW | US);
		barefix_clear(&fix, PAGE(0), PML5E, take);

		ck_assert_msg(outcome(&four, kind) == outcome(&fix, kind),
			      "seed %llu", (unsigned long long)seed);
	}
	down();
	barefix_down(&four);
}
END_TEST

/* R20: no bit of its own; never for a fetch; WP=0 does not help. */
START_TEST(r20_smap_is_for_data_of_the_supervisor)
{
	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_SMAP);
	barefix_store(&fix, PAGE(0), 1);
	supervisor();

	expect_fault(&fix, BARE_READ, PAGE(0), PF_P);
	barefix_fetch(&fix, PAGE(0));

	barefix_clear(&fix, PAGE(0), PTE, RW);
	vmd_cpu_invlpg(fix.cpu, PAGE(0));
	barefix_reg_clear(&fix, VMD_REG_CR0, VMD_CR0_WP);
	expect_fault(&fix, BARE_WRITE, PAGE(0), PF_P | PF_W);
	barefix_reg(&fix, VMD_REG_AC, 1);
	barefix_store(&fix, PAGE(0), 1);
}
END_TEST

/* R20: a page is the user's only if all levels say so. */
START_TEST(r20_smap_leaves_supervisor_pages_alone)
{
	barefix_clear(&fix, PAGE(0), PDPTE, US);
	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_SMAP | VMD_CR4_SMEP);
	supervisor();

	barefix_store(&fix, PAGE(0), 1);
	barefix_fetch(&fix, PAGE(0));
}
END_TEST

/* A supervisor page with key 3 in its leaf, and key 4 above it. */
static void up_keys(int lines)
{
	up_lines(lines);
	barefix_clear(&fix, PAGE(0), PTE, US);
	barefix_set(&fix, PAGE(0), PTE, KEY(3));
	barefix_set(&fix, PAGE(0), PDE, KEY(4));
	supervisor();
	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_PKS | VMD_CR4_PKE);
	barefix_reg(&fix, VMD_REG_PKRS, AD(4));
	barefix_reg(&fix, VMD_REG_PKRU, UINT32_MAX);
	barefix_store(&fix, PAGE(0), 1);
}

/* R21, R14 */
START_TEST(r21_pkrs_denies_supervisor_pages_by_their_key)
{
	up_keys(_i);

	barefix_reg(&fix, VMD_REG_PKRS, WD(3));
	(void)barefix_load(&fix, PAGE(0));
	expect_fault(&fix, BARE_WRITE, PAGE(0), PF_P | PF_W | PF_K);

	barefix_reg(&fix, VMD_REG_PKRS, AD(3));
	expect_fault(&fix, BARE_READ, PAGE(0), PF_P | PF_K);
	barefix_fetch(&fix, PAGE(0));

	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_PKS);
	barefix_store(&fix, PAGE(0), 1);
	down();
}
END_TEST

/* R21, R9: WD counts for a supervisor only with WP; AD always does. */
START_TEST(r21_without_wp_only_ad_counts)
{
	up_keys(_i);
	barefix_reg_clear(&fix, VMD_REG_CR0, VMD_CR0_WP);

	barefix_reg(&fix, VMD_REG_PKRS, WD(3));
	barefix_store(&fix, PAGE(0), 1);

	barefix_reg(&fix, VMD_REG_PKRS, AD(3));
	expect_fault(&fix, BARE_WRITE, PAGE(0), PF_P | PF_W | PF_K);
	down();
}
END_TEST

/* R21 */
START_TEST(r21_pkrs_means_nothing_for_user_pages)
{
	barefix_set(&fix, PAGE(0), PTE, KEY(3));
	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_PKS);
	barefix_reg(&fix, VMD_REG_PKRS, UINT32_MAX);

	barefix_store(&fix, PAGE(0), 1);
	supervisor();
	barefix_store(&fix, PAGE(0), 1);
}
END_TEST

/* R22 */
START_TEST(r22_pcide_needs_a_cr3_without_low_bits)
{
	uint64_t cr4;

	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_PCIDE);
	cr4 = vmd_cpu_read_reg(fix.cpu, VMD_REG_CR4);
	barefix_cr3(&fix, 0, VMD_PAGE_PWT | VMD_PAGE_PCD);

	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR4,
					   cr4 | VMD_CR4_PCIDE),
			 -EINVAL);
	ck_assert_uint_eq(vmd_cpu_read_reg(fix.cpu, VMD_REG_CR4), cr4);

	barefix_cr3(&fix, 0, 0);
	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_PCIDE);
}
END_TEST

/* R22: clearing PCIDE leaves CR3 as it is. */
START_TEST(r22_a_pcid_left_in_cr3_keeps_pcide_off)
{
	uint64_t cr4 = vmd_cpu_read_reg(fix.cpu, VMD_REG_CR4);

	barefix_cr3(&fix, 5, 0);
	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_PCIDE);

	ck_assert_uint_eq(vmd_cpu_read_reg(fix.cpu, VMD_REG_CR3), fix.root | 5);
	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR4, cr4), -EINVAL);
	barefix_store(&fix, PAGE(0), 1);
}
END_TEST

/* R22 */
START_TEST(r22_pg_cannot_be_cleared)
{
	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR0,
					   VMD_CR0_PE | VMD_CR0_WP),
			 -EINVAL);
	barefix_store(&fix, PAGE(0), 1);
}
END_TEST

/* R22 */
START_TEST(r22_without_pcide_there_is_pcid_0_alone)
{
	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_PCIDE);

	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu, VMD_INVPCID_TYPE_INDIV_ADDR,
					 1, PAGE(0)),
			 -EINVAL);
	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu, VMD_INVPCID_TYPE_SINGLE_CTXT,
					 1, 0),
			 -EINVAL);
	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR3,
					   fix.root | VMD_CR3_NOFLUSH),
			 -EINVAL);
}
END_TEST

/* R22: bit 63 is an order, and not kept. */
START_TEST(r22_bit_63_of_cr3_reads_as_zero)
{
	barefix_cr3(&fix, 5, VMD_CR3_NOFLUSH);

	ck_assert_uint_eq(vmd_cpu_read_reg(fix.cpu, VMD_REG_CR3), fix.root | 5);
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

static void add_r13(Suite *suite)
{
	TCase *lines = new_case(suite, "R13 R14, lines off and on", false);

	tcase_add_loop_test(lines, r13_a_second_access_is_judged_by_itself, 0,
			    2);
	tcase_add_loop_test(lines, r14_wp_takes_effect_at_once, 0, 2);
	tcase_add_loop_test(lines, r14_pkru_takes_effect_at_once, 0, 2);
	tcase_add_loop_test(lines, r14_pke_takes_effect_at_once, 0, 2);
	tcase_add_loop_test(lines, r14_nxe_takes_effect_at_once, 2, 10);
	tcase_add_loop_test(lines, r14_ac_takes_effect_at_once, 0, 2);
}

static void add_r15(Suite *suite)
{
	TCase *page = new_case(suite, "R15 R17 R18 R20", true);
	TCase *own = new_case(suite, "R16 R19 R21", false);

	tcase_add_loop_test(page, r15_rights_belong_to_the_path, 0, 6);
	tcase_add_loop_test(
		page,
		r15_upper_entries_are_cached_with_the_rights_of_their_path, 0,
		9);
	tcase_add_loop_test(page,
			    r17_a_translation_that_came_early_keeps_its_fault,
			    0, 2);
	tcase_add_loop_test(page,
			    r18_a_store_without_wp_does_not_get_round_smep, 0,
			    2);
	tcase_add_loop_test(page, r19_la57_cannot_change_in_long_mode, 0, 2);
	tcase_add_test(page, r20_smap_is_for_data_of_the_supervisor);
	tcase_add_test(page, r20_smap_leaves_supervisor_pages_alone);
	tcase_add_test(page, r21_pkrs_means_nothing_for_user_pages);

	tcase_add_loop_test(own, r16_d_goes_to_the_entry_that_was_used, 0, 2);
	tcase_add_loop_test(own, r19_a_bit_of_cr4_needs_its_feature, 0,
			    ARRAY_SIZE(cr4_bits));
	tcase_add_test(own, r19_other_registers_need_their_features);
	tcase_add_test(own, r19_five_levels_are_four_and_one_more);
	tcase_add_loop_test(own, r21_pkrs_denies_supervisor_pages_by_their_key,
			    0, 2);
	tcase_add_loop_test(own, r21_without_wp_only_ad_counts, 0, 2);
}

static void add_r22(Suite *suite)
{
	TCase *page = new_case(suite, "R22", true);

	tcase_add_test(page, r22_pcide_needs_a_cr3_without_low_bits);
	tcase_add_test(page, r22_a_pcid_left_in_cr3_keeps_pcide_off);
	tcase_add_test(page, r22_pg_cannot_be_cleared);
	tcase_add_test(page, r22_without_pcide_there_is_pcid_0_alone);
	tcase_add_test(page, r22_bit_63_of_cr3_reads_as_zero);
}

int main(void)
{
	Suite *suite = suite_create("mmu_rules");

	add_r13(suite);
	add_r15(suite);
	add_r22(suite);
	return vmd_test_main(suite);
}
