/* SPDX-License-Identifier: MIT */
/*
 * Address spaces of five levels, up to 2^56: who is given what address, faults,
 * accesses, dirty helpers, zapping and unmapping behind 2^47.
 */
#include <errno.h>

#include "midfix.h"

#define WINDOW VMD_DEFAULT_MAP_WINDOW
#define END    (UINT64_C(1) << 56)
#define HIGH   ((UINT64_C(1) << 50) + (UINT64_C(3) << 39)) /* not at an end */

static struct midfix fix;

static void up(void)
{
	midfix_up_levels(&fix, 2, 5);
}

static void down(void)
{
	midfix_down(&fix);
}

/* Any length: nothing is shown unless somebody inserts it. */
static int map_anything(vmd_va_t hint, uint64_t len, unsigned int flags,
			vmd_va_t *addr)
{
	const struct vmd_mmap_args args = {
		.size = sizeof(args),
		.mapping = fix.mapping,
		.len = len,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED | flags,
		.addr = hint,
		.vm_ops = &midfix_driver_ops,
		.vm_private_data = &fix.driver,
	};

	return vmd_mmap(fix.mm[0], &args, addr);
}

static const struct {
	const char *name;
	vmd_va_t hint;
	uint64_t len;
	vmd_va_t first; /* the lowest address that would be right */
	vmd_va_t end;
} places[] = {
	{ "no hint", 0, 4096, 4096, WINDOW },
	{ "a low hint", UINT64_C(1) << 40, 4096, UINT64_C(1) << 40,
	  (UINT64_C(1) << 40) + 4096 },
	{ "a high hint", HIGH, 4096, HIGH, HIGH + 4096 },
	{ "the first behind", WINDOW, 4096, WINDOW, WINDOW + 4096 },
	{ "the last of all", END - 4096, 4096, END - 4096, END },
	{ "across the end of the window", WINDOW - 4096, 8192, 4096, WINDOW },
	{ "longer than the window, high", HIGH, WINDOW, HIGH, HIGH + WINDOW },
};

/* Kernel: Documentation/arch/x86/x86_64/5level-paging.rst. */
START_TEST(only_a_hint_behind_2_47_gets_an_address_there)
{
	vmd_va_t addr = 0;

	ck_assert_msg(map_anything(places[_i].hint, places[_i].len, 0, &addr) ==
			      0,
		      "%s", places[_i].name);
	ck_assert_msg(addr >= places[_i].first &&
			      addr + places[_i].len <= places[_i].end,
		      "%s: %lx", places[_i].name, addr);
}
END_TEST

START_TEST(without_a_hint_a_full_window_is_the_end)
{
	vmd_va_t addr = 5;

	ck_assert_int_eq(map_anything(0, WINDOW, 0, &addr), -ENOMEM);
	ck_assert_uint_eq(addr, 5);
	/* A hint that is taken still opens the upper part. */
	ck_assert_int_eq(map_anything(HIGH, 4096, 0, &addr), 0);
	ck_assert_int_eq(map_anything(HIGH, WINDOW, 0, &addr), 0);
	ck_assert_uint_lt(addr, HIGH);
	ck_assert_uint_gt(addr + WINDOW, WINDOW);
}
END_TEST

START_TEST(a_fixed_address_may_be_anywhere)
{
	const unsigned int fixed = VMD_MAP_FIXED_NOREPLACE;
	vmd_va_t addr = 0;

	ck_assert_int_eq(map_anything(WINDOW - 4096, 8192, fixed, &addr), 0);
	ck_assert_uint_eq(addr, WINDOW - 4096);
	ck_assert_int_eq(map_anything(WINDOW, 4096, fixed, &addr), -EEXIST);
	ck_assert_int_eq(map_anything(END, 4096, fixed, &addr), -EINVAL);
	ck_assert_int_eq(map_anything(END - 4096, 8192, fixed, &addr), -EINVAL);
}
END_TEST

static const struct {
	vmd_va_t addr;
	uint64_t len;
	int err;
} unmaps[] = {
	{ 0, END, 0 },
	{ END - 4096, 4096, 0 },
	{ 0, END + 1, -EINVAL },
	{ END, 4096, -EINVAL },
	{ END - 4096, 8192, -EINVAL },
};

START_TEST(a_range_to_unmap_ends_at_2_56)
{
	ck_assert_int_eq(vmd_munmap(fix.mm[0], unmaps[_i].addr, unmaps[_i].len),
			 unmaps[_i].err);
}
END_TEST

/* FM-37 */
START_TEST(fm_37_a_high_page_is_mapped_and_all_its_tables_go_again)
{
	uint64_t used = fix.hw->ram.nr_used;
	struct midfix_area *area = MAP(&fix, .addr = HIGH);

	store_to(area, PAGES(3));
	assert_entry(area, 3, "PWAD-");
	ck_assert_uint_eq(midfix_ctx(area)->nr_tables, 4);

	ck_assert_int_eq(vmd_munmap(area->mm, area->addr, 16 * VMD_PAGE_SIZE),
			 0);
	ck_assert_uint_eq(midfix_ctx(area)->nr_tables, 0);
	ck_assert_uint_eq(fix.hw->ram.nr_used, used + 1); /* its own page */
}
END_TEST

/* FM-37: the neighbours are in other tables of PGD, P4D and PUD entries. */
START_TEST(fm_37_tables_that_a_high_neighbour_uses_stay)
{
	struct midfix_area *area = MAP(&fix, .addr = HIGH);
	struct midfix_area *below =
		MAP(&fix, .addr = HIGH - (UINT64_C(1) << 39));
	struct midfix_area *low = MAP(&fix, .addr = UINT64_C(1) << 30);

	store_to(area, PAGES(0));
	store_to(below, PAGES(0));
	store_to(low, PAGES(0));
	ck_assert_uint_eq(midfix_ctx(area)->nr_tables, 4 + 3 + 4);

	ck_assert_int_eq(vmd_munmap(area->mm, area->addr, 16 * VMD_PAGE_SIZE),
			 0);
	ck_assert_uint_eq(midfix_ctx(area)->nr_tables, 4 + 4);
	assert_entry(below, 0, "PWAD-");
	assert_entry(low, 0, "PWAD-");
}
END_TEST

static void insert(vmd_va_t addr)
{
	const uint64_t prot = VMD_PAGE_PRESENT | VMD_PAGE_USER;
	vmd_pfn_t pfn = vmd_mapping_get_pfn(fix.mapping, 0);
	vmd_vm_fault_t ret;

	vmd_mmap_read_lock(fix.mm[0]);
	ret = vmd_vmf_insert_pfn_prot(vmd_find_vma(fix.mm[0], addr), addr, pfn,
				      prot);
	vmd_mmap_read_unlock(fix.mm[0]);
	ck_assert_uint_eq(ret, VMD_VM_FAULT_NOPAGE);
}

/* Entry by entry of the last level this would take years. */
START_TEST(zapping_steps_over_what_the_upper_levels_lack)
{
	const uint64_t len = END - (UINT64_C(1) << 49);
	vmd_va_t addr;

	ck_assert_int_eq(map_anything(UINT64_C(1) << 48, len, 0, &addr), 0);
	insert(addr);
	insert(addr + len / 2);
	insert(addr + len - 4096);

	ck_assert_int_eq(vmd_munmap(fix.mm[0], addr, len), 0);

	ck_assert_uint_eq(fix.mm[0]->context.nr_tables, 0);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_PTE_ZAP), 3);
}
END_TEST

/* DH-2, DH-3: through the reverse map into a high and a low area. */
START_TEST(dirt_behind_2_47_is_found_recorded_and_cleaned)
{
	struct midfix_area *high = MAP(&fix, .addr = HIGH);
	struct midfix_area *low = MAP(&fix, .mm = 1);
	struct midfix_span span;

	store_to(high, PAGES(3));
	load_from(high, PAGES(4));
	store_to(low, PAGES(9));
	midfix_span_init(&span, 0, 16);

	ck_assert_uint_eq(vmd_wp_shared_mapping_range(fix.mapping, 0, 16), 3);
	assert_entry(high, 3, "P-A-S");
	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(fix.mapping, 0,
								16, &span.span),
			  2);
	assert_bits(&span, PAGES(3, 9));
	assert_entry(high, 3, "P-A--");
}
END_TEST

/* The walk of the CPU has one level more, whatever the address. */
START_TEST(a_cpu_goes_through_five_levels_to_a_low_address)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(3));

	assert_entry(area, 3, "PWAD-");
	ck_assert_uint_eq(midfix_ctx(area)->nr_tables, 4);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, up, down);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("five_levels");
	TCase *places_case = add_case(suite, "places");
	TCase *pages = add_case(suite, "pages FM-37 DH-2 DH-3");

	tcase_add_loop_test(places_case,
			    only_a_hint_behind_2_47_gets_an_address_there, 0,
			    VMD_ARRAY_SIZE(places));
	tcase_add_test(places_case, without_a_hint_a_full_window_is_the_end);
	tcase_add_test(places_case, a_fixed_address_may_be_anywhere);
	tcase_add_loop_test(places_case, a_range_to_unmap_ends_at_2_56, 0,
			    VMD_ARRAY_SIZE(unmaps));

	tcase_add_test(pages,
		       fm_37_a_high_page_is_mapped_and_all_its_tables_go_again);
	tcase_add_test(pages, fm_37_tables_that_a_high_neighbour_uses_stay);
	tcase_add_test(pages, zapping_steps_over_what_the_upper_levels_lack);
	tcase_add_test(pages, dirt_behind_2_47_is_found_recorded_and_cleaned);
	tcase_add_test(pages, a_cpu_goes_through_five_levels_to_a_low_address);
	return vmd_test_main(suite);
}
