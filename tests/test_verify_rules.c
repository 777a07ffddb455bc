/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty verify: the judge itself. For each rule of docs/mmu.md cases whose
 * outcome is written here by hand, so that a mistake in the evaluator is not
 * taken for one of the walker.
 */
#include "verify_rules.h"

#include "support.h"

#define ADDR  UINT64_C(0x0000123456789678) /* indexes 36, 209, 179, 393 */
#define FRAME UINT64_C(0x0000000055000000)
#define GIB_1 UINT64_C(0x0000000040000000)
#define ALL   (VERIFY_P | VERIFY_W | VERIFY_U)
#define LARGE (ALL | VERIFY_PS)
#define W     VERIFY_ERROR_W
#define U     VERIFY_ERROR_U
#define P     VERIFY_ERROR_P
#define RSVD  VERIFY_ERROR_RSVD
#define I     VERIFY_ERROR_I
#define PK    VERIFY_ERROR_PK

static struct verify_machine machine;
static struct verify_case c;

/* Everything is allowed to everyone; WP=1 and NXE=1, the rest 0. */
static void up(void)
{
	machine = (struct verify_machine){ .levels = 4, .maxphyaddr = 40 };
	c = (struct verify_case){
		.regs = { .wp = true, .nxe = true },
		.access = { .addr = ADDR },
		.entry = { 0, FRAME | ALL, 0x1000 | ALL, 0x2000 | ALL,
			   0x3000 | ALL, 0x4000 | ALL },
	};
}

static struct verify_outcome outcome(enum verify_kind kind, bool user)
{
	struct verify_outcome out;

	c.access.kind = kind;
	c.access.user = user;
	verify_expect(&machine, &c, &out);
	return out;
}

static void allows(enum verify_kind kind, bool user)
{
	struct verify_outcome out = outcome(kind, user);

	ck_assert_uint_eq(out.vector, 0);
	ck_assert_uint_eq(out.error_code, 0);
	ck_assert_uint_eq(out.cr2, 0);
	ck_assert_uint_ne(out.phys, VERIFY_NOWHERE);
}

static void faults(enum verify_kind kind, bool user, unsigned int error_code)
{
	struct verify_outcome out = outcome(kind, user);

	ck_assert_uint_eq(out.vector, VERIFY_PF);
	ck_assert_uint_eq(out.error_code, error_code);
	ck_assert_uint_eq(out.cr2, ADDR);
	ck_assert_uint_eq(out.phys, VERIFY_NOWHERE);
}

START_TEST(r1_an_entry_that_is_not_present_is_the_end_whatever_else_is_in_it)
{
	unsigned int level;

	for (level = 1; level <= 4; level++) {
		up();
		c.entry[level] = ~VERIFY_P;
		faults(VERIFY_READ, false, 0);
		faults(VERIFY_WRITE, true, W | U);
	}
	up();
	c.entry[3] = 0;
	c.entry[2] = ~UINT64_C(0); /* lower levels are not looked at */
	faults(VERIFY_READ, false, 0);
}
END_TEST

START_TEST(r2_a_reserved_bit_comes_before_any_permission_at_every_level)
{
	unsigned int level;

	for (level = 1; level <= 4; level++) {
		up();
		c.entry[level] = VERIFY_P | VERIFY_BIT(51);
		faults(VERIFY_WRITE, true, P | RSVD | W | U);
	}
	up();
	c.entry[3] |= VERIFY_BIT(40);
	c.entry[2] = 0;
	faults(VERIFY_READ, false, P | RSVD);
}
END_TEST

static void has_reserved(unsigned int level, uint64_t entry, bool reserved)
{
	c.entry[level] = entry;
	if (reserved)
		faults(VERIFY_READ, false, P | RSVD);
	else
		allows(VERIFY_READ, false);
	up();
}

START_TEST(r3_address_bits_are_reserved_from_maxphyaddr_to_51)
{
	unsigned int bit;

	for (bit = 39; bit <= 52; bit++)
		has_reserved(1, FRAME | ALL | VERIFY_BIT(bit),
			     bit >= 40 && bit <= 51);
	machine.maxphyaddr = 52;
	has_reserved(1, FRAME | ALL | VERIFY_BIT(51), false);
	machine.maxphyaddr = 32;
	has_reserved(4, 0x3000 | ALL | VERIFY_BIT(32), true);
}
END_TEST

START_TEST(r3_no_execute_is_reserved_while_it_is_off)
{
	has_reserved(1, FRAME | ALL | VERIFY_NX, false);
	c.regs.nxe = false;
	has_reserved(1, FRAME | ALL | VERIFY_NX, true);
}
END_TEST

START_TEST(r3_low_address_bits_of_a_large_page_are_reserved_but_for_pat)
{
	unsigned int bit;

	for (bit = 12; bit <= 21; bit++)
		has_reserved(2, LARGE | VERIFY_BIT(bit),
			     bit >= 13 && bit <= 20);
	for (bit = 12; bit <= 30; bit++)
		has_reserved(3, LARGE | VERIFY_BIT(bit),
			     bit >= 13 && bit <= 29);
}
END_TEST

START_TEST(r3_bit_7_is_reserved_where_no_page_is_so_large)
{
	has_reserved(1, FRAME | ALL | VERIFY_PS, false); /* PAT */
	has_reserved(3, GIB_1 | LARGE, false);
	machine.no_1g = true;
	has_reserved(3, GIB_1 | LARGE, true);
	has_reserved(4, 0x3000 | LARGE, true);
	machine.levels = 5;
	has_reserved(5, 0x4000 | LARGE, true);
}
END_TEST

START_TEST(r3_amd_reserves_bit_8_of_the_two_top_entries)
{
	unsigned int level;

	for (level = 2; level <= 5; level++) {
		machine.levels = 5;
		has_reserved(level, c.entry[level] | VERIFY_BIT(8), false);
		machine.levels = 5;
		machine.amd = true;
		has_reserved(level, c.entry[level] | VERIFY_BIT(8), level >= 4);
	}
}
END_TEST

START_TEST(r4_a_right_that_one_level_lacks_is_lacking)
{
	unsigned int level;

	machine.levels = 5;
	for (level = 1; level <= 5; level++) {
		c.entry[level] &= ~VERIFY_W;
		faults(VERIFY_WRITE, true, P | W | U);
		c.entry[level] |= VERIFY_W;
		c.entry[level] &= ~VERIFY_U;
		faults(VERIFY_READ, true, P | U);
		c.entry[level] |= VERIFY_U | VERIFY_NX;
		faults(VERIFY_FETCH, true, P | U | I);
		c.entry[level] &= ~VERIFY_NX;
	}
	allows(VERIFY_WRITE, true);
}
END_TEST

START_TEST(r5_a_user_gets_no_page_of_the_supervisor)
{
	c.entry[1] &= ~VERIFY_U;
	faults(VERIFY_READ, true, P | U);
	faults(VERIFY_WRITE, true, P | W | U);
	faults(VERIFY_FETCH, true, P | U | I);
	allows(VERIFY_READ, false);
}
END_TEST

START_TEST(r6_a_supervisor_writes_what_is_read_only_while_wp_is_0)
{
	c.entry[1] &= ~VERIFY_W;
	faults(VERIFY_WRITE, true, P | W | U);
	faults(VERIFY_WRITE, false, P | W);
	c.regs.wp = false;
	faults(VERIFY_WRITE, true, P | W | U);
	allows(VERIFY_WRITE, false);
}
END_TEST

START_TEST(r7_nothing_is_fetched_where_nx_is_set)
{
	c.entry[1] |= VERIFY_NX;
	faults(VERIFY_FETCH, false, P | I);
	allows(VERIFY_READ, false);
}
END_TEST

START_TEST(r8_with_smep_a_supervisor_fetches_from_no_user_page)
{
	c.regs.smep = true;
	faults(VERIFY_FETCH, false, P | I);
	c.regs.wp = false;
	faults(VERIFY_FETCH, false, P | I);
	allows(VERIFY_READ, false);
	allows(VERIFY_FETCH, true);
	c.entry[3] &= ~VERIFY_U; /* the supervisor's own */
	allows(VERIFY_FETCH, false);
}
END_TEST

/* Key 5 of the leaf, key 2 above it. */
static void give_keys(uint32_t pkru)
{
	c.entry[1] |= UINT64_C(5) << VERIFY_KEY_SHIFT;
	c.entry[2] |= UINT64_C(2) << VERIFY_KEY_SHIFT;
	c.regs.pke = true;
	c.regs.pkru = pkru;
}

START_TEST(r9_the_leafs_key_denies_data_of_user_pages_to_everyone)
{
	give_keys(UINT32_C(1) << 10); /* AD of key 5 */
	faults(VERIFY_READ, true, P | U | PK);
	faults(VERIFY_READ, false, P | PK);
	allows(VERIFY_FETCH, true);
	c.entry[1] &= ~VERIFY_U;
	allows(VERIFY_READ, false);
	faults(VERIFY_READ, true, P | U);
	up();
	give_keys(UINT32_C(3) << 4); /* all of key 2 */
	allows(VERIFY_WRITE, true);
	up();
	give_keys(UINT32_MAX);
	c.regs.pke = false;
	allows(VERIFY_WRITE, true);
}
END_TEST

START_TEST(r9_wd_denies_writes_and_pk_is_said_beside_other_reasons)
{
	give_keys(UINT32_C(1) << 11); /* WD of key 5 */
	allows(VERIFY_READ, true);
	faults(VERIFY_WRITE, true, P | W | U | PK);
	faults(VERIFY_WRITE, false, P | W | PK);
	c.regs.wp = false;
	allows(VERIFY_WRITE, false);
	faults(VERIFY_WRITE, true, P | W | U | PK);
	c.entry[1] &= ~VERIFY_W;
	faults(VERIFY_WRITE, true, P | W | U | PK);
}
END_TEST

START_TEST(r10_a_fetch_is_said_only_if_nxe_or_smep_is_1)
{
	c.entry[1] = 0;
	faults(VERIFY_FETCH, false, I);
	c.regs.nxe = false;
	faults(VERIFY_FETCH, false, 0);
	faults(VERIFY_FETCH, true, U);
	c.regs.smep = true;
	faults(VERIFY_FETCH, true, U | I);
}
END_TEST

START_TEST(r11_the_leaf_gets_a_when_allowed_and_d_when_written)
{
	uint64_t leaf = c.entry[1];

	ck_assert_uint_eq(outcome(VERIFY_READ, true).entry[1], leaf | VERIFY_A);
	ck_assert_uint_eq(outcome(VERIFY_FETCH, true).entry[1],
			  leaf | VERIFY_A);
	ck_assert_uint_eq(outcome(VERIFY_WRITE, true).entry[1],
			  leaf | VERIFY_A | VERIFY_D);
	leaf &= ~VERIFY_W;
	c.entry[1] = leaf;
	ck_assert_uint_eq(outcome(VERIFY_WRITE, true).entry[1], leaf);
	c.entry[2] = LARGE;
	ck_assert_uint_eq(outcome(VERIFY_WRITE, true).entry[2],
			  LARGE | VERIFY_A | VERIFY_D);
	ck_assert_uint_eq(outcome(VERIFY_WRITE, true).entry[1], leaf);
}
END_TEST

START_TEST(r12_upper_entries_get_a_and_on_a_fault_only_if_eager)
{
	unsigned int level;

	for (level = 2; level <= 4; level++)
		ck_assert_uint_eq(outcome(VERIFY_WRITE, true).entry[level],
				  c.entry[level] | VERIFY_A);
	ck_assert_uint_eq(outcome(VERIFY_WRITE, true).entry[5], c.entry[5]);
	c.entry[2] = 0;
	ck_assert_uint_eq(outcome(VERIFY_READ, true).entry[2], 0);
	ck_assert_uint_eq(outcome(VERIFY_READ, true).entry[3],
			  c.entry[3] | VERIFY_A);
	machine.lazy = true;
	ck_assert_uint_eq(outcome(VERIFY_READ, true).entry[3], c.entry[3]);
	ck_assert_uint_eq(outcome(VERIFY_READ, true).entry[4], c.entry[4]);
}
END_TEST

START_TEST(r13_a_supervisors_read_before_leaves_its_a_and_no_right)
{
	machine.lazy = true;
	c.access.twice = true;
	c.entry[1] &= ~VERIFY_U;
	faults(VERIFY_WRITE, true, P | W | U);
	ck_assert_uint_eq(outcome(VERIFY_WRITE, true).entry[1],
			  c.entry[1] | VERIFY_A);
	ck_assert_uint_eq(outcome(VERIFY_WRITE, true).entry[4],
			  c.entry[4] | VERIFY_A);
	ck_assert_uint_eq(outcome(VERIFY_WRITE, false).entry[1],
			  c.entry[1] | VERIFY_A | VERIFY_D);
	c.entry[1] = 0;
	faults(VERIFY_READ, true, U);
	ck_assert_uint_eq(outcome(VERIFY_READ, true).entry[4], c.entry[4]);
}
END_TEST

START_TEST(r20_with_smap_a_supervisor_needs_ac_for_data_of_users)
{
	c.regs.smap = true;
	faults(VERIFY_READ, false, P);
	faults(VERIFY_WRITE, false, P | W);
	allows(VERIFY_FETCH, false);
	allows(VERIFY_READ, true);
	c.access.ac = true;
	allows(VERIFY_WRITE, false);
	c.access.ac = false;
	c.regs.wp = false;
	c.entry[1] &= ~VERIFY_W;
	faults(VERIFY_WRITE, false, P | W);
	c.entry[1] &= ~VERIFY_U;
	allows(VERIFY_WRITE, false);
}
END_TEST

START_TEST(r21_pks_is_the_same_for_pages_of_the_supervisor)
{
	give_keys(0);
	c.regs.pks = true;
	c.regs.pkrs = UINT32_C(1) << 10;
	allows(VERIFY_READ, false); /* a user page */
	c.entry[1] &= ~VERIFY_U;
	faults(VERIFY_READ, false, P | PK);
	allows(VERIFY_FETCH, false);
	c.regs.pkrs = UINT32_C(1) << 11;
	allows(VERIFY_READ, false);
	faults(VERIFY_WRITE, false, P | W | PK);
	c.regs.wp = false;
	allows(VERIFY_WRITE, false);
	c.regs.pkrs = UINT32_MAX;
	c.regs.pks = false;
	allows(VERIFY_READ, false);
}
END_TEST

static unsigned int vector_at(unsigned int levels, uint64_t addr)
{
	machine.levels = levels;
	c.access.addr = addr;
	return outcome(VERIFY_READ, false).vector;
}

START_TEST(r24_an_address_that_is_not_canonical_is_a_gp_and_nothing_changes)
{
	struct verify_outcome out;

	ck_assert_uint_eq(vector_at(4, UINT64_C(0x00007ffffffffff8)), 0);
	ck_assert_uint_eq(vector_at(4, UINT64_C(0xffff800000000000)), 0);
	ck_assert_uint_eq(vector_at(4, UINT64_C(0xffff7ffffffffff8)), 13);
	ck_assert_uint_eq(vector_at(5, UINT64_C(0x0000800000000000)), 0);
	ck_assert_uint_eq(vector_at(5, UINT64_C(0xff00000000000000)), 0);
	ck_assert_uint_eq(vector_at(5, UINT64_C(0xfeffffffffffffff)), 13);
	ck_assert_uint_eq(vector_at(4, UINT64_C(0x0000800000000000)), 13);

	out = outcome(VERIFY_WRITE, true);
	ck_assert_uint_eq(out.error_code, 0);
	ck_assert_uint_eq(out.cr2, 0);
	ck_assert_mem_eq(out.entry, c.entry, sizeof(out.entry));
}
END_TEST

START_TEST(the_offset_is_that_of_the_pages_size)
{
	ck_assert_uint_eq(outcome(VERIFY_READ, true).phys,
			  FRAME | (ADDR & 0xfff));
	c.entry[1] |= VERIFY_NX | UINT64_C(0x7ff) << 52; /* no address bits */
	ck_assert_uint_eq(outcome(VERIFY_READ, true).phys,
			  FRAME | (ADDR & 0xfff));
	c.entry[2] = FRAME | LARGE | VERIFY_BIT(12);
	ck_assert_uint_eq(outcome(VERIFY_READ, true).phys,
			  FRAME | (ADDR & 0x1fffff));
	c.entry[3] = GIB_1 | LARGE | VERIFY_BIT(12);
	ck_assert_uint_eq(outcome(VERIFY_READ, true).phys,
			  GIB_1 | (ADDR & 0x3fffffff));
}
END_TEST

START_TEST(outcomes_differ_if_any_part_does)
{
	const struct verify_outcome one = outcome(VERIFY_WRITE, true);
	struct verify_outcome other[6] = { one, one, one, one, one, one };
	unsigned int i;

	ck_assert(verify_same(&one, &one));
	other[0].vector++;
	other[1].error_code++;
	other[2].cr2++;
	other[3].phys++;
	other[4].entry[1] ^= VERIFY_D;
	other[5].entry[5] ^= VERIFY_A;
	for (i = 0; i < 6; i++)
		ck_assert(!verify_same(&one, &other[i]));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		r1_an_entry_that_is_not_present_is_the_end_whatever_else_is_in_it,
		r2_a_reserved_bit_comes_before_any_permission_at_every_level,
		r3_address_bits_are_reserved_from_maxphyaddr_to_51,
		r3_no_execute_is_reserved_while_it_is_off,
		r3_low_address_bits_of_a_large_page_are_reserved_but_for_pat,
		r3_bit_7_is_reserved_where_no_page_is_so_large,
		r3_amd_reserves_bit_8_of_the_two_top_entries,
		r4_a_right_that_one_level_lacks_is_lacking,
		r5_a_user_gets_no_page_of_the_supervisor,
		r6_a_supervisor_writes_what_is_read_only_while_wp_is_0,
		r7_nothing_is_fetched_where_nx_is_set,
		r8_with_smep_a_supervisor_fetches_from_no_user_page,
		r9_the_leafs_key_denies_data_of_user_pages_to_everyone,
		r9_wd_denies_writes_and_pk_is_said_beside_other_reasons,
		r10_a_fetch_is_said_only_if_nxe_or_smep_is_1,
		r11_the_leaf_gets_a_when_allowed_and_d_when_written,
		r12_upper_entries_get_a_and_on_a_fault_only_if_eager,
		r13_a_supervisors_read_before_leaves_its_a_and_no_right,
		r20_with_smap_a_supervisor_needs_ac_for_data_of_users,
		r21_pks_is_the_same_for_pages_of_the_supervisor,
		r24_an_address_that_is_not_canonical_is_a_gp_and_nothing_changes,
		the_offset_is_that_of_the_pages_size,
		outcomes_differ_if_any_part_does,
	};
	Suite *suite = suite_create("verify_rules");
	TCase *anchors = tcase_create("anchors");
	size_t i;

	tcase_add_checked_fixture(anchors, up, NULL);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(anchors, tests[i]);
	suite_add_tcase(suite, anchors);
	return vmd_test_main(suite);
}
