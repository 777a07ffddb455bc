/* SPDX-License-Identifier: MIT */
/*
 * Pages of several sizes in one TLB, in pieces or whole (F6, K7), and what
 * becomes of the inline lines when a translation goes (D3).
 */
#include "barefix.h"
#include "support.h"

static struct barefix fix;

/* For looped tests: shape @i, and one page of 4K. */
static void up_as(int i)
{
	barefix_up(&fix, &barefix_shapes[i]);
	barefix_map(&fix, PAGE(0), PTE);
}

static void down(void)
{
	barefix_down(&fix);
}

/* F6, K7: one entry, or as many as pieces were used; INVLPG drops them all. */
START_TEST(invlpg_drops_every_piece_of_a_large_page)
{
	const vmd_va_t va = _i % 2 ? GB1(0) : MB2(0);
	const bool fracture = _i / 2;
	const struct vmd_machine_config shape = {
		.flags = fracture ? VMD_MACHINE_FRACTURE_LARGE : 0
	};

	barefix_up(&fix, &shape);
	barefix_map(&fix, va, _i % 2 ? PDPTE : PDE);
	(void)barefix_load(&fix, va + 0x1000);
	(void)barefix_load(&fix, va + 0x7000);
	ck_assert(barefix_cached(&fix, va + 0x1000));
	ck_assert(barefix_cached(&fix, va + 0x5000) == !fracture);
	ck_assert(barefix_cached(&fix, va + 0x7000));

	vmd_cpu_invlpg(fix.cpu, va + 0x3000);

	ck_assert(!barefix_cached(&fix, va + 0x1000));
	ck_assert(!barefix_cached(&fix, va + 0x5000));
	ck_assert(!barefix_cached(&fix, va + 0x7000));
	down();
}
END_TEST

/* F6: 4K has become 2M; nothing of the old size was flushed but one page. */
START_TEST(small_and_large_translations_live_side_by_side)
{
	const vmd_va_t other = MB2(0) + 0x5000;
	uint64_t small;
	vmd_pa_t large;

	up_as(_i);
	small = barefix_number(&fix, barefix_map(&fix, MB2(0), PTE));
	ck_assert_uint_eq(barefix_load(&fix, MB2(0)), small);
	large = barefix_frame(&fix, PDE);
	barefix_write(&fix, MB2(0), PDE, large | P | RW | US | PS);
	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu, VMD_INVPCID_TYPE_INDIV_ADDR,
					 0, other),
			 0);

	ck_assert_uint_eq(barefix_load(&fix, other),
			  barefix_number(&fix, large + 0x5000));
	ck_assert_uint_eq(barefix_load(&fix, MB2(0)), small);

	vmd_cpu_invlpg(fix.cpu, MB2(0));
	ck_assert_uint_eq(barefix_load(&fix, MB2(0)),
			  barefix_number(&fix, large));
	down();
}
END_TEST

/* F6, K7: 2M has become 4K, and a piece of it was cached. */
START_TEST(a_piece_outlives_the_large_page_until_it_is_flushed)
{
	const struct vmd_machine_config fracture = {
		.flags = VMD_MACHINE_FRACTURE_LARGE
	};
	vmd_pa_t large;
	vmd_pa_t small;

	barefix_up(&fix, &fracture);
	large = barefix_map(&fix, MB2(0), PDE);
	(void)barefix_load(&fix, MB2(0));
	barefix_write(&fix, MB2(0), PDE, 0);
	small = barefix_map(&fix, MB2(0) + 0x5000, PTE);

	ck_assert_uint_eq(barefix_load(&fix, MB2(0) + 0x5000),
			  barefix_number(&fix, small));
	ck_assert_uint_eq(barefix_load(&fix, MB2(0)),
			  barefix_number(&fix, large));

	vmd_cpu_invlpg(fix.cpu, MB2(0));
	expect_fault(&fix, BARE_READ, MB2(0), VMD_PF_USER);
	down();
}
END_TEST

/* D3: nine pages are one too many; nothing of the first one is left. */
START_TEST(no_line_outlives_an_entry_that_had_to_leave)
{
	const struct vmd_machine_config small = { .tlb_entries = 8,
						  .large_tlb_entries = 8 };
	const unsigned int level = (unsigned int)_i;
	const vmd_va_t first = level == PTE ? PAGE(0) : MB2(0);
	const vmd_va_t size = UINT64_C(1) << (3 + 9 * level);
	vmd_pa_t frame;
	unsigned int i;

	barefix_up(&fix, &small);
	for (i = 0; i < 9; i++) {
		/* Each in another line. */
		const vmd_va_t line = level == PTE ? 0 : (vmd_va_t)i << 12;

		barefix_map(&fix, first + i * size, level);
		(void)barefix_load(&fix, first + i * size + line);
	}
	frame = barefix_remap(&fix, first, level);

	ck_assert_uint_eq(barefix_load(&fix, first),
			  barefix_number(&fix, frame));
	down();
}
END_TEST

/* D3, I-3: the lines of the other pieces too, or no flush would find them. */
START_TEST(no_line_outlives_a_large_page_that_has_faulted)
{
	vmd_pa_t frame;

	up_as(_i);
	barefix_map(&fix, MB2(0), PDE);
	barefix_set(&fix, MB2(0), PDE, NX);
	(void)barefix_load(&fix, MB2(0) + 0x1000);
	expect_fault(&fix, BARE_FETCH, MB2(0) + 0x2000,
		     VMD_PF_PROT | VMD_PF_INSTR | VMD_PF_USER);
	frame = barefix_remap(&fix, MB2(0), PDE);

	vmd_cpu_invlpg(fix.cpu, MB2(0) + 0x2000);

	ck_assert_uint_eq(barefix_load(&fix, MB2(0) + 0x1000),
			  barefix_number(&fix, frame + 0x1000));
	down();
}
END_TEST

/* D3: a translation that another one replaces takes its lines along. */
START_TEST(no_line_outlives_the_entry_that_a_global_one_replaces)
{
	vmd_pa_t frame;

	up_as(_i);
	barefix_map(&fix, MB2(0), PDE);
	(void)barefix_load(&fix, MB2(0));
	(void)barefix_load(&fix, MB2(0) + 0x5000);
	frame = barefix_remap(&fix, MB2(0), PDE);
	barefix_set(&fix, MB2(0), PDE, G);

	barefix_store(&fix, MB2(0) + 8, 1); /* D: walks */

	if (!(barefix_shapes[_i].flags & VMD_MACHINE_FRACTURE_LARGE))
		ck_assert_uint_eq(barefix_load(&fix, MB2(0) + 0x5000),
				  barefix_number(&fix, frame + 0x5000));
	down();
}
END_TEST

/* D3, F6: what a walk has found is what the CPU goes on with. */
START_TEST(a_cpu_loads_what_it_has_just_stored_through_another_size)
{
	vmd_pa_t large;

	up_as(_i);
	barefix_map(&fix, MB2(0), PTE);
	(void)barefix_load(&fix, MB2(0));
	large = barefix_frame(&fix, PDE);
	barefix_write(&fix, MB2(0), PDE, large | P | RW | US | PS);
	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu, VMD_INVPCID_TYPE_INDIV_ADDR,
					 0, MB2(0) + 0x5000),
			 0);

	barefix_store(&fix, MB2(0), 4711);

	ck_assert_uint_eq(barefix_load(&fix, MB2(0)), 4711);
	down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tlb_sizes");
	TCase *own = tcase_create("F6 K7 D3");

	tcase_add_loop_test(own, invlpg_drops_every_piece_of_a_large_page, 0,
			    4);
	tcase_add_loop_test(own, small_and_large_translations_live_side_by_side,
			    0, BAREFIX_NR_SHAPES);
	tcase_add_test(own,
		       a_piece_outlives_the_large_page_until_it_is_flushed);
	tcase_add_loop_test(
		own, a_cpu_loads_what_it_has_just_stored_through_another_size,
		0, BAREFIX_NR_SHAPES);
	tcase_add_loop_test(
		own, no_line_outlives_the_entry_that_a_global_one_replaces, 0,
		BAREFIX_NR_SHAPES);
	tcase_add_loop_test(own, no_line_outlives_an_entry_that_had_to_leave, 1,
			    3);
	tcase_add_loop_test(own, no_line_outlives_a_large_page_that_has_faulted,
			    0, BAREFIX_NR_SHAPES);
	suite_add_tcase(suite, own);
	return vmd_test_main(suite);
}
