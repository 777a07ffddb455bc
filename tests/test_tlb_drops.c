/* SPDX-License-Identifier: MIT */
/*
 * F5: what drops what. Two PCIDs know the same tables: a page of 4K and one of
 * 2M, a global one of each, and an upper entry of a table of its own. An
 * operation comes while PCID 1 is loaded; then all of it is looked at.
 *
 * Dropping more than the table says is legal for a processor. Ours does so
 * where a row says DONT_CARE, and nowhere else: staleness is what it is for.
 */
#include <errno.h>

#include "barefix.h"
#include "support.h"

enum known {
	SMALL_1 = 1, /* in PCID 1 */
	SMALL_2 = 2, /* in PCID 2 */
	LARGE_1 = 4,
	LARGE_2 = 8,
	UPPER_1 = 16,
	UPPER_2 = 32,
	GLOBAL_SMALL = 64,
	GLOBAL_LARGE = 128,
	ALL_1 = SMALL_1 | LARGE_1 | UPPER_1,
	ALL_2 = SMALL_2 | LARGE_2 | UPPER_2,
	GLOBALS = GLOBAL_SMALL | GLOBAL_LARGE,
	ALL = ALL_1 | ALL_2 | GLOBALS
};

#define AT_SMALL	PAGE(0)
#define AT_GLOBAL_SMALL PAGE(1)
#define AT_LARGE	MB2(0)
#define AT_GLOBAL_LARGE MB2(1)
/* Two pages of one table; the first is used, the second shows the entry. */
#define AT_UPPER HIGH(0)
#define AT_PROBE HIGH(1)

static struct barefix fix;

static void use_pcid(unsigned int pcid)
{
	barefix_cr3(&fix, pcid, VMD_CR3_NOFLUSH);
}

static void touch_all(void)
{
	(void)barefix_load(&fix, AT_SMALL);
	(void)barefix_load(&fix, AT_LARGE + 0x1000);
	(void)barefix_load(&fix, AT_LARGE + 0x8000);
	(void)barefix_load(&fix, AT_GLOBAL_SMALL);
	(void)barefix_load(&fix, AT_GLOBAL_LARGE + 0x1000);
	(void)barefix_load(&fix, AT_UPPER);
}

/* Large pages are cached whole, or in two pieces (K7). */
static void up_as(unsigned int flags)
{
	const struct vmd_machine_config shape = { .flags = flags };

	barefix_up(&fix, &shape);
	barefix_map(&fix, AT_SMALL, PTE);
	barefix_map(&fix, AT_GLOBAL_SMALL, PTE);
	barefix_map(&fix, AT_LARGE, PDE);
	barefix_map(&fix, AT_GLOBAL_LARGE, PDE);
	barefix_map(&fix, AT_UPPER, PTE);
	barefix_map(&fix, AT_PROBE, PTE);
	barefix_set(&fix, AT_GLOBAL_SMALL, PTE, G);
	barefix_set(&fix, AT_GLOBAL_LARGE, PDE, G);
}

static void up(void)
{
	up_as(0);
}

static void down(void)
{
	barefix_down(&fix);
}

/* Of the PCID that is loaded. The global ones are everybody's. */
static unsigned int known_here(void)
{
	unsigned int known = 0;
	bool part = barefix_cached(&fix, AT_LARGE + 0x1000);
	bool other = barefix_cached(&fix, AT_LARGE + 0x8000);

	ck_assert_msg(part == other, "half of a large page");
	if (barefix_cached(&fix, AT_SMALL))
		known |= SMALL_1;
	if (part)
		known |= LARGE_1;
	if (barefix_cached(&fix, AT_GLOBAL_SMALL))
		known |= GLOBAL_SMALL;
	if (barefix_cached(&fix, AT_GLOBAL_LARGE + 0x1000))
		known |= GLOBAL_LARGE;
	if (!barefix_access(&fix, BARE_READ, AT_PROBE))
		known |= UPPER_1;
	return known;
}

static unsigned int known_in_both(void)
{
	unsigned int one;
	unsigned int two;

	barefix_clear(&fix, AT_PROBE, PDE, P);
	use_pcid(1);
	one = known_here();
	use_pcid(2);
	two = known_here();
	ck_assert_uint_eq(one & GLOBALS, two & GLOBALS);
	return one | (two & ALL_1) << 1;
}

static void know_all(void)
{
	use_pcid(2);
	touch_all();
	use_pcid(1);
	touch_all();
}

static void expect_known(const char *what, unsigned int want,
			 unsigned int dont_care)
{
	unsigned int known = known_in_both();

	ck_assert_msg((known | dont_care) == (want | dont_care),
		      "%s: left %#x, not %#x", what, known, want);
}

/* The measure itself: without an operation all is known. */
START_TEST(nothing_is_forgotten_by_itself)
{
	up_as(_i ? VMD_MACHINE_FRACTURE_LARGE : 0);
	know_all();

	expect_known("nothing", ALL, 0);
	down();
}
END_TEST

static const struct {
	const char *what;
	vmd_va_t addr;
	unsigned int gone;
} invlpgs[] = {
	{ "a page of 4K", AT_SMALL + 0xabc, SMALL_1 | UPPER_1 },
	{ "a global page", AT_GLOBAL_SMALL, GLOBAL_SMALL | UPPER_1 },
	{ "any piece of 2M", AT_LARGE + 0x5000, LARGE_1 | UPPER_1 },
	{ "any piece, global", AT_GLOBAL_LARGE + 0x1ff000,
	  GLOBAL_LARGE | UPPER_1 },
	{ "another address", UINT64_C(0x1000), UPPER_1 },
	{ "not canonical", UINT64_C(0x0000800000000000), 0 },
	{ "with a tag (R23)", AT_SMALL | UINT64_C(1) << 60, 0 },
};

/* F5: INVLPG, of large pages whole and in pieces. */
START_TEST(invlpg_drops_the_page_and_all_upper_entries_of_the_pcid)
{
	const int row = _i % ARRAY_SIZE(invlpgs);

	up_as(_i == row ? 0 : VMD_MACHINE_FRACTURE_LARGE);
	know_all();

	vmd_cpu_invlpg(fix.cpu, invlpgs[row].addr);

	expect_known(invlpgs[row].what, ALL & ~invlpgs[row].gone, 0);
	down();
}
END_TEST

static const struct {
	uint64_t cr3;
	unsigned int gone;
} loads[] = {
	{ 1, ALL_1 },
	{ 2, ALL_2 },
	{ 3, 0 },
	{ 1 | VMD_CR3_NOFLUSH, 0 },
	{ 2 | VMD_CR3_NOFLUSH, 0 },
	{ 2 | VMD_CR3_LAM_U57, ALL_2 },
};

/* F5: MOV CR3 with PCIDE=1. */
START_TEST(mov_cr3_drops_the_new_pcid_unless_bit_63_is_set)
{
	know_all();

	barefix_cr3(&fix, 0, loads[_i].cr3);

	expect_known("MOV CR3", ALL & ~loads[_i].gone, 0);
}
END_TEST

/* F5: MOV CR3 with PCIDE=0. */
START_TEST(mov_cr3_without_pcids_drops_all_but_global)
{
	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_PCIDE);
	touch_all();
	barefix_clear(&fix, AT_PROBE, PDE, P);
	ck_assert_uint_eq(known_here(), ALL_1 | GLOBALS);
	touch_all();

	barefix_cr3(&fix, 0, 0);

	ck_assert_uint_eq(known_here(), GLOBALS);
}
END_TEST

/* F5 */
START_TEST(clearing_pge_drops_everything)
{
	know_all();

	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_PGE);

	expect_known("PGE 1->0", 0, 0);
}
END_TEST

/* F5; without PGE the bit G means nothing. */
START_TEST(setting_pge_drops_everything)
{
	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_PGE);
	know_all();
	barefix_cr3(&fix, 1, 0);
	ck_assert(!barefix_cached(&fix, AT_GLOBAL_SMALL));
	know_all();

	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_PGE);

	expect_known("PGE 0->1", 0, 0);
}
END_TEST

/* F5; what PCID 0 knew would else be anybody's. */
START_TEST(clearing_pcide_drops_everything)
{
	know_all();

	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_PCIDE);

	ck_assert(!barefix_cached(&fix, AT_SMALL));
	ck_assert(!barefix_cached(&fix, AT_GLOBAL_SMALL));
	barefix_cr3(&fix, 0, 0);
	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_PCIDE);
	expect_known("PCIDE 1->0", 0, 0);
}
END_TEST

/* F5 */
START_TEST(setting_smep_drops_the_current_pcid)
{
	know_all();

	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_SMEP);

	expect_known("SMEP 0->1", ALL_2, GLOBALS);
}
END_TEST

/* F5 */
START_TEST(clearing_smep_drops_nothing)
{
	barefix_reg_set(&fix, VMD_REG_CR4, VMD_CR4_SMEP);
	know_all();

	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_SMEP);

	expect_known("SMEP 1->0", ALL, 0);
}
END_TEST

static const struct {
	enum vmd_invpcid_type type;
	unsigned int pcid;
	vmd_va_t addr;
	unsigned int gone;
} invpcids[] = {
	{ VMD_INVPCID_TYPE_INDIV_ADDR, 2, AT_SMALL, SMALL_2 },
	{ VMD_INVPCID_TYPE_INDIV_ADDR, 1, AT_SMALL, SMALL_1 },
	{ VMD_INVPCID_TYPE_INDIV_ADDR, 3, AT_SMALL, 0 },
	{ VMD_INVPCID_TYPE_INDIV_ADDR, 2, AT_LARGE + 0x3000, LARGE_2 },
	{ VMD_INVPCID_TYPE_INDIV_ADDR, 1, AT_LARGE + 0x3000, LARGE_1 },
	{ VMD_INVPCID_TYPE_INDIV_ADDR, 2, AT_PROBE, UPPER_2 },
	{ VMD_INVPCID_TYPE_INDIV_ADDR, 1, AT_PROBE, UPPER_1 },
	{ VMD_INVPCID_TYPE_INDIV_ADDR, 1, AT_GLOBAL_SMALL, 0 },
	{ VMD_INVPCID_TYPE_INDIV_ADDR, 1, AT_GLOBAL_LARGE, 0 },
	{ VMD_INVPCID_TYPE_SINGLE_CTXT, 2, 0, ALL_2 },
	{ VMD_INVPCID_TYPE_SINGLE_CTXT, 1, 0, ALL_1 },
	{ VMD_INVPCID_TYPE_SINGLE_CTXT, 4095, 0, 0 },
	{ VMD_INVPCID_TYPE_ALL_INCL_GLOBAL, 0, 0, ALL },
	{ VMD_INVPCID_TYPE_ALL_NON_GLOBAL, 0, 0, ALL_1 | ALL_2 },
	/* Types 2 and 3 look at neither PCID nor address. */
	{ VMD_INVPCID_TYPE_ALL_INCL_GLOBAL, 5000, UINT64_C(1) << 60, ALL },
	{ VMD_INVPCID_TYPE_ALL_NON_GLOBAL, 5000, UINT64_C(1) << 60,
	  ALL_1 | ALL_2 },
};

/* F5: INVPCID, of large pages whole and in pieces. */
START_TEST(invpcid_drops_what_its_type_says)
{
	const int row = _i % ARRAY_SIZE(invpcids);

	up_as(_i == row ? 0 : VMD_MACHINE_FRACTURE_LARGE);
	know_all();

	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu, invpcids[row].type,
					 invpcids[row].pcid,
					 invpcids[row].addr),
			 0);

	ck_assert_msg(known_in_both() == (ALL & ~invpcids[row].gone), "row %d",
		      row);
	down();
}
END_TEST

/* With PCIDE=0 PCID 0 is the only one. */
START_TEST(invpcid_works_without_pcids)
{
	barefix_reg_clear(&fix, VMD_REG_CR4, VMD_CR4_PCIDE);
	touch_all();

	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu, VMD_INVPCID_TYPE_SINGLE_CTXT,
					 0, 0),
			 0);

	barefix_clear(&fix, AT_PROBE, PDE, P);
	ck_assert_uint_eq(known_here(), GLOBALS);
}
END_TEST

static const struct {
	enum vmd_reg reg;
	uint64_t bits;
} judged[] = { { VMD_REG_PKRU, 0xfffffffc },
	       { VMD_REG_PKRS, 0xfffffffc },
	       { VMD_REG_EFER, VMD_EFER_NXE },
	       { VMD_REG_CR0, VMD_CR0_WP },
	       { VMD_REG_AC, 1 },
	       { VMD_REG_CPL, 3 },
	       { VMD_REG_CR4, VMD_CR4_PKE },
	       { VMD_REG_CR4, VMD_CR4_PKS },
	       { VMD_REG_CR4, VMD_CR4_LAM_SUP } };

/* F5, R14: what is judged at each access drops nothing. */
START_TEST(what_is_judged_at_each_access_drops_nothing)
{
	const enum vmd_reg reg = judged[_i].reg;
	const uint64_t old = vmd_cpu_read_reg(fix.cpu, reg);

	know_all();

	barefix_reg(&fix, reg, old ^ judged[_i].bits);
	barefix_reg(&fix, reg, old);
	barefix_reg(&fix, reg, old ^ judged[_i].bits);

	expect_known("register", ALL, 0);
}
END_TEST

/* R22, R23, F5: what is refused drops nothing. */
START_TEST(what_is_refused_drops_nothing)
{
	const uint64_t beyond = UINT64_C(1) << 45;

	know_all();

	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR3, beyond),
			 -EINVAL);
	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR4, 0), -EINVAL);
	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR0, VMD_CR0_PE),
			 -EINVAL);
	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu, VMD_INVPCID_TYPE_SINGLE_CTXT,
					 4096, 0),
			 -EINVAL);
	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu, VMD_INVPCID_TYPE_INDIV_ADDR,
					 1, UINT64_C(1) << 47),
			 -EINVAL);

	expect_known("refused", ALL, 0);
}
END_TEST

/* F1: a PCID does not see what another one knows. */
START_TEST(pcids_do_not_share_what_is_not_global)
{
	vmd_pa_t old = barefix_entry(&fix, AT_SMALL, PTE) & VMD_PTE_PFN_MASK;
	vmd_pa_t frame;

	know_all();
	frame = barefix_remap(&fix, AT_SMALL, PTE);
	barefix_cr3(&fix, 2, 0);

	ck_assert_uint_eq(barefix_load(&fix, AT_SMALL),
			  barefix_number(&fix, frame));
	use_pcid(1);
	ck_assert_uint_eq(barefix_load(&fix, AT_SMALL),
			  barefix_number(&fix, old));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tlb_drops");
	TCase *own = tcase_create("F5, whole and in pieces");
	TCase *regs = tcase_create("F5 F1");

	tcase_add_loop_test(own, nothing_is_forgotten_by_itself, 0, 2);
	tcase_add_loop_test(
		own, invlpg_drops_the_page_and_all_upper_entries_of_the_pcid, 0,
		2 * ARRAY_SIZE(invlpgs));
	tcase_add_loop_test(own, invpcid_drops_what_its_type_says, 0,
			    2 * ARRAY_SIZE(invpcids));
	suite_add_tcase(suite, own);

	tcase_add_checked_fixture(regs, up, down);
	tcase_add_loop_test(regs,
			    mov_cr3_drops_the_new_pcid_unless_bit_63_is_set, 0,
			    ARRAY_SIZE(loads));
	tcase_add_test(regs, mov_cr3_without_pcids_drops_all_but_global);
	tcase_add_test(regs, clearing_pge_drops_everything);
	tcase_add_test(regs, setting_pge_drops_everything);
	tcase_add_test(regs, clearing_pcide_drops_everything);
	tcase_add_test(regs, setting_smep_drops_the_current_pcid);
	tcase_add_test(regs, clearing_smep_drops_nothing);
	tcase_add_test(regs, invpcid_works_without_pcids);
	tcase_add_loop_test(regs, what_is_judged_at_each_access_drops_nothing,
			    0, ARRAY_SIZE(judged));
	tcase_add_test(regs, what_is_refused_drops_nothing);
	tcase_add_test(regs, pcids_do_not_share_what_is_not_global);
	suite_add_tcase(suite, regs);
	return vmd_test_main(suite);
}
