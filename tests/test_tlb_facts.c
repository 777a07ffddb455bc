/* SPDX-License-Identifier: MIT */
/*
 * What a TLB and the paging-structure caches hold, and when it goes: F1 to F8
 * and TL-1 to TL-7. test_tlb_drops has the table of F5, test_tlb_sizes has F6.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "barefix.h"
#include "support.h"

static struct barefix fix;

static void up(void)
{
	barefix_up(&fix, NULL);
	barefix_map(&fix, PAGE(0), PTE);
}

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

static bool is_dirty(vmd_va_t va)
{
	return barefix_entry(&fix, va, PTE) & D;
}

/* F1, TL-2 */
START_TEST(an_entry_holds_frame_key_rights_g_size_and_pcid)
{
	const uint64_t bits = US | G | NX | KEY(5);
	vmd_pa_t frame = barefix_map(&fix, PAGE(1), PTE);
	struct vmd_tlb_view view;

	barefix_write(&fix, PAGE(1), PTE, frame | P | bits);
	barefix_cr3(&fix, 7, 0);
	(void)barefix_load(&fix, PAGE(1));

	view = barefix_view(&fix, PAGE(1) + 0x123);
	ck_assert_uint_eq(view.pte, frame | P | ACC | bits);
	ck_assert_uint_eq(view.level, 1);
	ck_assert_uint_eq(view.pcid, 7);
}
END_TEST

/* F1: bits that hardware ignores are not of it; those of memory types are. */
START_TEST(an_entry_holds_the_memory_type_and_no_software_bits)
{
	const uint64_t type = VMD_PAGE_PWT | VMD_PAGE_PCD | PS /* PAT */;
	vmd_pa_t frame = barefix_map(&fix, PAGE(1), PTE);

	barefix_set(&fix, PAGE(1), PTE,
		    type | VMD_PAGE_SPECIAL | VMD_PAGE_SOFT_DIRTY |
			    VMD_PAGE_SAVED_DIRTY);
	(void)barefix_load(&fix, PAGE(1));

	ck_assert_uint_eq(barefix_view(&fix, PAGE(1)).pte,
			  frame | P | RW | US | ACC | type);
}
END_TEST

/* F1, R4 */
START_TEST(an_entry_holds_the_rights_of_its_whole_path)
{
	barefix_clear(&fix, PAGE(0), PDE, RW);
	barefix_clear(&fix, PAGE(0), PML4E, US);
	barefix_set(&fix, PAGE(0), PDPTE, NX);
	barefix_reg(&fix, VMD_REG_CPL, 0);
	(void)barefix_load(&fix, PAGE(0));

	ck_assert_uint_eq(barefix_view(&fix, PAGE(0)).pte & (RW | US | NX), NX);
}
END_TEST

/* F1 */
START_TEST(an_entry_knows_the_size_of_its_page)
{
	const vmd_va_t va[] = { PAGE(0), MB2(0), GB1(0) };

	barefix_map(&fix, MB2(0), PDE);
	barefix_map(&fix, GB1(0), PDPTE);

	(void)barefix_load(&fix, va[_i] + 0x18);

	ck_assert_uint_eq(barefix_view(&fix, va[_i]).level,
			  (unsigned int)_i + 1);
}
END_TEST

/* F1, R12, TL-1: a fill has set A in every entry used. */
START_TEST(a_fill_sets_a_in_every_entry_used)
{
	unsigned int level;

	up_as(_i);

	(void)barefix_load(&fix, PAGE(0));

	for (level = PTE; level <= fix.levels; level++)
		ck_assert_uint_eq(barefix_entry(&fix, PAGE(0), level) &
					  (ACC | D),
				  ACC);
	down();
}
END_TEST

/* F1, F2: D in the TLB is a copy of its own. */
START_TEST(d_is_cached_as_the_walk_has_left_it)
{
	(void)barefix_load(&fix, PAGE(0));
	ck_assert(!(barefix_view(&fix, PAGE(0)).pte & D));

	barefix_store(&fix, PAGE(0), 1);
	ck_assert(barefix_view(&fix, PAGE(0)).pte & D);

	barefix_clear(&fix, PAGE(0), PTE, D);
	ck_assert(barefix_view(&fix, PAGE(0)).pte & D);
}
END_TEST

/* F2, TL-4: why a dirty page can be lost. */
START_TEST(d_cleared_without_a_flush_is_lost_for_the_next_store)
{
	up_as(_i);
	barefix_store(&fix, PAGE(0), 1);
	barefix_clear(&fix, PAGE(0), PTE, D);

	barefix_store(&fix, PAGE(0), 2);

	ck_assert(!is_dirty(PAGE(0)));
	ck_assert_uint_eq(barefix_load(&fix, PAGE(0)), 2);
	down();
}
END_TEST

/* F2, TL-4 */
START_TEST(d_cleared_with_a_flush_is_set_by_the_next_store)
{
	up_as(_i);
	barefix_store(&fix, PAGE(0), 1);
	barefix_clear(&fix, PAGE(0), PTE, D);
	vmd_cpu_invlpg(fix.cpu, PAGE(0));
	(void)barefix_load(&fix, PAGE(0));
	ck_assert(!is_dirty(PAGE(0)));

	barefix_store(&fix, PAGE(0), 2);

	ck_assert(is_dirty(PAGE(0)));
	down();
}
END_TEST

/* F2 of large pages: any piece's store would do. */
START_TEST(d_of_a_large_page_is_lost_as_well)
{
	up_as(_i);
	barefix_map(&fix, MB2(0), PDE);
	barefix_store(&fix, MB2(0) + 0x5000, 1);
	ck_assert(barefix_entry(&fix, MB2(0), PDE) & D);
	barefix_clear(&fix, MB2(0), PDE, D);

	barefix_store(&fix, MB2(0) + 0x5008, 2);
	ck_assert(!(barefix_entry(&fix, MB2(0), PDE) & D));

	vmd_cpu_invlpg(fix.cpu, MB2(0) + 0x9000);
	barefix_store(&fix, MB2(0) + 0x5010, 3);
	ck_assert(barefix_entry(&fix, MB2(0), PDE) & D);
	down();
}
END_TEST

/* F2, TL-3, R13: cached clean, a store goes to memory for D. */
START_TEST(a_store_through_a_clean_entry_sets_d)
{
	uint64_t nr_walks;

	up_as(_i);
	(void)barefix_load(&fix, PAGE(0));
	nr_walks = barefix_count(&fix, VMD_EV_TLB_WALK);

	barefix_store(&fix, PAGE(0), 1);
	barefix_store(&fix, PAGE(0), 2);

	ck_assert(is_dirty(PAGE(0)));
	ck_assert_uint_eq(barefix_count(&fix, VMD_EV_TLB_WALK), nr_walks + 1);
	ck_assert_uint_eq(barefix_count(&fix, VMD_EV_DIRTY_ASSIST), 1);
	down();
}
END_TEST

/* F2, TL-1: it judges again. */
START_TEST(a_store_through_a_clean_entry_sees_that_rw_has_gone)
{
	up_as(_i);
	(void)barefix_load(&fix, PAGE(0));
	barefix_clear(&fix, PAGE(0), PTE, RW);

	expect_fault(&fix, BARE_WRITE, PAGE(0),
		     VMD_PF_PROT | VMD_PF_WRITE | VMD_PF_USER);
	ck_assert(!is_dirty(PAGE(0)));
	down();
}
END_TEST

/* F2, TL-1 */
START_TEST(a_store_through_a_clean_entry_fails_if_p_has_gone)
{
	up_as(_i);
	(void)barefix_load(&fix, PAGE(0));
	barefix_clear(&fix, PAGE(0), PTE, P);

	expect_fault(&fix, BARE_WRITE, PAGE(0), VMD_PF_WRITE | VMD_PF_USER);
	ck_assert(!is_dirty(PAGE(0)));
	down();
}
END_TEST

/* TL-3: with D cached a store does not look at memory at all. */
START_TEST(a_store_through_a_dirty_entry_does_not_see_the_tables)
{
	vmd_pa_t frame;
	uint64_t value;

	barefix_up(&fix, &barefix_shapes[_i]);
	frame = barefix_map(&fix, PAGE(0), PTE);
	barefix_store(&fix, PAGE(0), 1);
	barefix_write(&fix, PAGE(0), PTE, 0);

	barefix_store(&fix, PAGE(0), 2);

	ck_assert_int_eq(vmd_read_phys(fix.machine, frame, &value), 0);
	ck_assert_uint_eq(value, 2);
	ck_assert_uint_eq(barefix_entry(&fix, PAGE(0), PTE), 0);
	down();
}
END_TEST

/* F2, TL-4 */
START_TEST(a_cleared_without_a_flush_stays_clear_while_cached)
{
	up_as(_i);
	(void)barefix_load(&fix, PAGE(0));
	barefix_clear(&fix, PAGE(0), PTE, ACC);

	(void)barefix_load(&fix, PAGE(0));
	ck_assert(!(barefix_entry(&fix, PAGE(0), PTE) & ACC));

	vmd_cpu_invlpg(fix.cpu, PAGE(0));
	(void)barefix_load(&fix, PAGE(0));
	ck_assert(barefix_entry(&fix, PAGE(0), PTE) & ACC);
	down();
}
END_TEST

/* F3, TL-2 */
START_TEST(what_is_not_present_is_never_cached)
{
	up_as(_i);
	barefix_clear(&fix, PAGE(0), PTE, P);
	expect_fault(&fix, BARE_READ, PAGE(0), VMD_PF_USER);
	ck_assert(!vmd_cpu_prefetch(fix.cpu, PAGE(0)));
	ck_assert(!barefix_cached(&fix, PAGE(0)));

	barefix_set(&fix, PAGE(0), PTE, P);

	(void)barefix_load(&fix, PAGE(0));
	down();
}
END_TEST

/* F3: at any level. */
START_TEST(what_has_a_reserved_bit_is_never_cached)
{
	const uint64_t bit51 = UINT64_C(1) << 51;
	unsigned int level = (unsigned int)_i;

	barefix_set(&fix, PAGE(0), level, bit51);
	expect_fault(&fix, BARE_READ, PAGE(0),
		     VMD_PF_PROT | VMD_PF_RSVD | VMD_PF_USER);
	ck_assert(!vmd_cpu_prefetch(fix.cpu, PAGE(0)));
	ck_assert(!barefix_cached(&fix, PAGE(0)));

	barefix_clear(&fix, PAGE(0), level, bit51);

	(void)barefix_load(&fix, PAGE(0));
}
END_TEST

/* F3, TL-5: RW, US and NX at each level; K6 has the other way. */
START_TEST(a_right_that_was_raised_needs_no_flush)
{
	const unsigned int level = (unsigned int)_i;

	barefix_clear(&fix, PAGE(0), level, RW | US);
	barefix_set(&fix, PAGE(0), level, NX);
	barefix_reg(&fix, VMD_REG_CPL, 0);
	(void)barefix_load(&fix, PAGE(0));
	barefix_reg(&fix, VMD_REG_CPL, 3);

	barefix_set(&fix, PAGE(0), level, RW | US);
	barefix_clear(&fix, PAGE(0), level, NX);

	ck_assert(barefix_cached(&fix, PAGE(0)));
	barefix_fetch(&fix, PAGE(0));
	barefix_store(&fix, PAGE(0), 1);
}
END_TEST

/* F3: what stays cached is not what the retry uses. */
START_TEST(a_fault_drops_the_translations_of_its_address)
{
	vmd_pa_t frame;

	up_as(_i);
	barefix_clear(&fix, PAGE(0), PTE, RW);
	(void)barefix_load(&fix, PAGE(0));
	frame = barefix_remap(&fix, PAGE(0), PTE);
	ck_assert_uint_ne(barefix_load(&fix, PAGE(0)),
			  barefix_number(&fix, frame));

	expect_fault(&fix, BARE_WRITE, PAGE(0),
		     VMD_PF_PROT | VMD_PF_WRITE | VMD_PF_USER);

	ck_assert(!barefix_cached(&fix, PAGE(0)));
	ck_assert_uint_eq(barefix_load(&fix, PAGE(0)),
			  barefix_number(&fix, frame));
	down();
}
END_TEST

/* F3: global ones, and those of large pages. */
START_TEST(a_fault_drops_global_and_large_translations)
{
	up_as(_i);
	barefix_map(&fix, MB2(0), PDE);
	barefix_clear(&fix, MB2(0), PDE, RW);
	barefix_set(&fix, MB2(0), PDE, G);
	(void)barefix_load(&fix, MB2(0) + 0x1000);
	(void)barefix_load(&fix, MB2(0) + 0x2000);

	expect_fault(&fix, BARE_WRITE, MB2(0) + 0x2000,
		     VMD_PF_PROT | VMD_PF_WRITE | VMD_PF_USER);

	ck_assert(!barefix_cached(&fix, MB2(0) + 0x2000));
	ck_assert(!barefix_cached(&fix, MB2(0) + 0x1000));
	down();
}
END_TEST

/* F3: the upper entries that would serve the retry go as well. */
START_TEST(a_fault_drops_the_upper_entries_of_its_address)
{
	vmd_pa_t frame;
	uint64_t upper;

	up_as(_i);
	(void)barefix_load(&fix, PAGE(0));
	upper = barefix_entry(&fix, PAGE(0), PDE);
	barefix_write(&fix, PAGE(0), PDE, barefix_alloc(&fix, 1) | P | RW | US);
	frame = barefix_map(&fix, PAGE(1), PTE);

	/* Through the old table, which has nothing there. */
	expect_fault(&fix, BARE_READ, PAGE(2), VMD_PF_USER);

	ck_assert_uint_ne(barefix_entry(&fix, PAGE(0), PDE), upper);
	ck_assert_uint_eq(barefix_load(&fix, PAGE(1)),
			  barefix_number(&fix, frame));
	down();
}
END_TEST

/* The next address that shares the entry of @level and nothing below it. */
static vmd_va_t neighbour(unsigned int level)
{
	return PAGE(0) + (UINT64_C(1) << (3 + 9 * (level - 1)));
}

/* F4: each level has its cache; five levels, so that all are there. */
START_TEST(an_upper_entry_is_used_until_it_is_flushed)
{
	const struct vmd_machine_config five = { .levels = 5 };
	const unsigned int level = (unsigned int)_i;
	const vmd_va_t next = neighbour(level);

	barefix_up(&fix, &five);
	barefix_map(&fix, PAGE(0), PTE);
	barefix_map(&fix, next, PTE);
	(void)barefix_load(&fix, PAGE(0));
	barefix_clear(&fix, PAGE(0), level, P);

	(void)barefix_load(&fix, next);

	vmd_cpu_invlpg(fix.cpu, HIGH(0)); /* F5: whatever the address */
	vmd_cpu_evict(fix.cpu, next);
	expect_fault(&fix, BARE_READ, next, VMD_PF_USER);
	down();
}
END_TEST

/* F4: use after free, by hardware. */
START_TEST(a_table_that_was_freed_is_walked_until_it_is_flushed)
{
	vmd_pa_t table;
	vmd_pa_t secret;
	vmd_pa_t again;

	(void)barefix_load(&fix, PAGE(0));
	table = barefix_entry(&fix, PAGE(0), PDE) & VMD_PTE_PFN_MASK;
	barefix_write(&fix, PAGE(0), PDE, 0);
	secret = barefix_frame(&fix, PTE);
	barefix_free(&fix, table);
	again = barefix_alloc(&fix, 1);
	ck_assert_uint_eq(again, table);
	ck_assert_int_eq(vmd_write_phys(fix.machine,
					again + 8 * (PAGE(3) >> 12 & 511),
					secret | P | US),
			 0);

	ck_assert_uint_eq(barefix_load(&fix, PAGE(3)),
			  barefix_number(&fix, secret));

	vmd_cpu_invlpg(fix.cpu, PAGE(3));
	expect_fault(&fix, BARE_READ, PAGE(3), VMD_PF_USER);
}
END_TEST

/* F4: a walk that set no A has cached nothing. */
START_TEST(upper_entries_are_cached_only_with_a)
{
	const struct vmd_machine_config lazy = {
		.flags = VMD_MACHINE_LAZY_ACCESSED
	};

	barefix_up(&fix, &lazy);
	barefix_map(&fix, PAGE(0), PTE);
	expect_fault(&fix, BARE_READ, PAGE(1), VMD_PF_USER);
	ck_assert(!(barefix_entry(&fix, PAGE(0), PDE) & ACC));
	barefix_clear(&fix, PAGE(0), PDE, P);

	expect_fault(&fix, BARE_READ, PAGE(0), VMD_PF_USER);
	down();
}
END_TEST

/* F7, TL-7: D belongs to a store that retires. */
START_TEST(neither_a_prefetch_nor_a_fetch_nor_a_fault_sets_d)
{
	ck_assert(vmd_cpu_prefetch(fix.cpu, PAGE(0)));
	barefix_fetch(&fix, PAGE(0));
	barefix_clear(&fix, PAGE(0), PTE, RW);
	expect_fault(&fix, BARE_WRITE, PAGE(0),
		     VMD_PF_PROT | VMD_PF_WRITE | VMD_PF_USER);

	ck_assert_uint_eq(barefix_entry(&fix, PAGE(0), PTE) & (ACC | D), ACC);
}
END_TEST

#define NR_TABLES 512U

/* Of each page, the moment when A of the leaf has come. */
static void *watch_leaves(void *arg)
{
	unsigned long nr_wrong = 0;
	unsigned int i;

	(void)arg;
	for (i = 0; i < NR_TABLES; i++) {
		while (!(barefix_entry(&fix, MB2(i), PTE) & ACC))
			(void)sched_yield();
		nr_wrong += !(barefix_entry(&fix, MB2(i), PDE) & ACC);
	}
	return (void *)nr_wrong;
}

/* F7: whoever sees A below sees it above. */
START_TEST(a_is_set_from_the_top_down)
{
	pthread_t watcher;
	void *nr_wrong;
	unsigned int i;

	for (i = 0; i < NR_TABLES; i++)
		barefix_map(&fix, MB2(i), PTE);
	ck_assert_int_eq(pthread_create(&watcher, NULL, watch_leaves, NULL), 0);

	for (i = 0; i < NR_TABLES; i++)
		(void)barefix_load(&fix, MB2(i));

	ck_assert_int_eq(pthread_join(watcher, &nr_wrong), 0);
	ck_assert_ptr_null(nr_wrong);
}
END_TEST

static void *load_all(void *arg)
{
	struct barefix *other = arg;
	unsigned int i;

	for (i = 0; i < NR_TABLES; i++)
		if (barefix_access(other, BARE_READ, PAGE(i)))
			return arg;
	return NULL;
}

/* F7: two CPUs mark one entry; neither takes the other's bit away. */
START_TEST(a_and_d_are_set_by_locked_operations)
{
	const struct vmd_machine_config two = { .nr_cpus = 2 };
	struct barefix other;
	pthread_t reader;
	void *failed;
	unsigned int i;

	barefix_up(&fix, &two);
	other = fix;
	other.cpu = vmd_machine_cpu(fix.machine, 1);
	barefix_cr3(&other, 0, 0);
	for (i = 0; i < NR_TABLES; i++)
		barefix_map(&fix, PAGE(i), PTE);
	ck_assert_int_eq(pthread_create(&reader, NULL, load_all, &other), 0);

	for (i = 0; i < NR_TABLES; i++)
		barefix_store(&fix, PAGE(i), i);

	ck_assert_int_eq(pthread_join(reader, &failed), 0);
	ck_assert_ptr_null(failed);
	for (i = 0; i < NR_TABLES; i++)
		ck_assert_uint_eq(barefix_entry(&fix, PAGE(i), PTE) & (ACC | D),
				  ACC | D);
	down();
}
END_TEST

/* F8, K5 */
START_TEST(five_levels_make_addresses_of_57_bits)
{
	const struct vmd_machine_config five = { .levels = 5 };
	const vmd_va_t bit47 = UINT64_C(1) << 47;
	const vmd_va_t bit55 = UINT64_C(1) << 55;
	const vmd_va_t bit56 = UINT64_C(1) << 56;

	expect_gp(&fix, BARE_READ, bit47);
	expect_gp(&fix, BARE_READ, ~(bit47 | 7));
	down();

	barefix_up(&fix, &five);
	expect_fault(&fix, BARE_READ, bit47, VMD_PF_USER);
	expect_fault(&fix, BARE_READ, ~(bit47 | 7), VMD_PF_USER);
	expect_gp(&fix, BARE_READ, bit56);
	expect_gp(&fix, BARE_READ, ~(bit56 | 7));
	barefix_map(&fix, bit55, PTE);
	barefix_store(&fix, bit55, 1);
	ck_assert(is_dirty(bit55));
}
END_TEST

/* TL-7: a translation may come without an access. */
START_TEST(a_prefetch_fills_the_tlb_and_sets_a)
{
	up_as(_i);

	ck_assert(vmd_cpu_prefetch(fix.cpu, PAGE(0)));

	ck_assert(barefix_cached(&fix, PAGE(0)));
	ck_assert_uint_eq(barefix_entry(&fix, PAGE(0), PTE) & (ACC | D), ACC);
	barefix_write(&fix, PAGE(0), PTE, 0);
	(void)barefix_load(&fix, PAGE(0));
	down();
}
END_TEST

/* TL-7: what nobody may see is not brought in, and nothing faults. */
START_TEST(a_prefetch_never_faults)
{
	const vmd_va_t odd = UINT64_C(1) << 50;

	ck_assert(!vmd_cpu_prefetch(fix.cpu, PAGE(1)));
	ck_assert(!vmd_cpu_prefetch(fix.cpu, odd));
	ck_assert(!vmd_cpu_prefetch(fix.cpu, MB2(0)));
	ck_assert_uint_eq(barefix_count(&fix, VMD_EV_FAULT), 0);
	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->vector, 0);
}
END_TEST

/* TL-7, R14: it is not judged when it comes, but when it is used. */
START_TEST(a_prefetched_translation_is_judged_by_the_access)
{
	barefix_clear(&fix, PAGE(0), PDE, US);

	ck_assert(vmd_cpu_prefetch(fix.cpu, PAGE(0)));

	expect_fault(&fix, BARE_READ, PAGE(0), VMD_PF_PROT | VMD_PF_USER);
	barefix_reg(&fix, VMD_REG_CPL, 0);
	(void)barefix_load(&fix, PAGE(0));
}
END_TEST

/* TL-7: and it may go at any time. */
START_TEST(an_eviction_makes_the_next_access_walk)
{
	vmd_pa_t frame;

	up_as(_i);
	(void)barefix_load(&fix, PAGE(0));
	frame = barefix_remap(&fix, PAGE(0), PTE);

	vmd_cpu_evict(fix.cpu, PAGE(0));

	ck_assert(!barefix_cached(&fix, PAGE(0)));
	ck_assert_uint_eq(barefix_load(&fix, PAGE(0)),
			  barefix_number(&fix, frame));
	down();
}
END_TEST

/* TL-7: all sizes; what upper levels are known stays. */
START_TEST(an_eviction_leaves_the_upper_entries)
{
	const vmd_va_t va[] = { PAGE(0), MB2(0), GB1(0) };
	int i;

	barefix_map(&fix, MB2(0), PDE);
	barefix_map(&fix, GB1(0), PDPTE);
	barefix_set(&fix, GB1(0), PDPTE, G);
	for (i = 0; i < 3; i++) {
		(void)barefix_load(&fix, va[i]);
		vmd_cpu_evict(fix.cpu, va[i] + 0xfff);
		ck_assert(!barefix_cached(&fix, va[i]));
	}

	barefix_clear(&fix, PAGE(0), PDE, P);
	(void)barefix_load(&fix, PAGE(0));
}
END_TEST

/* The view is of what an access would find: nothing at such an address. */
START_TEST(an_address_that_is_not_canonical_is_never_cached)
{
	const struct vmd_machine_config five = { .levels = 5 };

	barefix_up(&fix, &five);
	barefix_map(&fix, PAGE(0), PTE);
	(void)barefix_load(&fix, PAGE(0));

	ck_assert(barefix_cached(&fix, PAGE(0)));
	ck_assert(!barefix_cached(&fix, PAGE(0) | UINT64_C(1) << 58));
	ck_assert(!vmd_cpu_prefetch(fix.cpu, PAGE(0) | UINT64_C(1) << 58));
	down();
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(suite, tc);
	return tc;
}

static TCase *with_page(Suite *suite, const char *name)
{
	TCase *tc = new_case(suite, name);

	tcase_add_checked_fixture(tc, up, down);
	return tc;
}

static void add_f1(Suite *suite)
{
	TCase *one = with_page(suite, "F1");
	TCase *each = new_case(suite, "F1, each shape");

	tcase_add_test(one, an_entry_holds_frame_key_rights_g_size_and_pcid);
	tcase_add_test(one,
		       an_entry_holds_the_memory_type_and_no_software_bits);
	tcase_add_test(one, an_entry_holds_the_rights_of_its_whole_path);
	tcase_add_loop_test(one, an_entry_knows_the_size_of_its_page, 0, 3);
	tcase_add_test(one, d_is_cached_as_the_walk_has_left_it);
	tcase_add_loop_test(each, a_fill_sets_a_in_every_entry_used, 0,
			    BAREFIX_NR_SHAPES);
}

static void add_f2(Suite *suite)
{
	TCase *each = new_case(suite, "F2, each shape");

	tcase_add_loop_test(
		each, d_cleared_without_a_flush_is_lost_for_the_next_store, 0,
		BAREFIX_NR_SHAPES);
	tcase_add_loop_test(each,
			    d_cleared_with_a_flush_is_set_by_the_next_store, 0,
			    BAREFIX_NR_SHAPES);
	tcase_add_loop_test(each, d_of_a_large_page_is_lost_as_well, 0,
			    BAREFIX_NR_SHAPES);
	tcase_add_loop_test(each, a_store_through_a_clean_entry_sets_d, 0,
			    BAREFIX_NR_SHAPES);
	tcase_add_loop_test(each,
			    a_store_through_a_clean_entry_sees_that_rw_has_gone,
			    0, BAREFIX_NR_SHAPES);
	tcase_add_loop_test(each,
			    a_store_through_a_clean_entry_fails_if_p_has_gone,
			    0, BAREFIX_NR_SHAPES);
	tcase_add_loop_test(
		each, a_store_through_a_dirty_entry_does_not_see_the_tables, 0,
		BAREFIX_NR_SHAPES);
	tcase_add_loop_test(each,
			    a_cleared_without_a_flush_stays_clear_while_cached,
			    0, BAREFIX_NR_SHAPES);
}

static void add_f3(Suite *suite)
{
	TCase *one = with_page(suite, "F3");
	TCase *each = new_case(suite, "F3, each shape");

	tcase_add_loop_test(one, what_has_a_reserved_bit_is_never_cached, 1, 5);
	tcase_add_loop_test(one, a_right_that_was_raised_needs_no_flush, 1, 5);
	tcase_add_loop_test(each, what_is_not_present_is_never_cached, 0,
			    BAREFIX_NR_SHAPES);
	tcase_add_loop_test(each, a_fault_drops_the_translations_of_its_address,
			    0, BAREFIX_NR_SHAPES);
	tcase_add_loop_test(each, a_fault_drops_global_and_large_translations,
			    0, BAREFIX_NR_SHAPES);
	tcase_add_loop_test(each,
			    a_fault_drops_the_upper_entries_of_its_address, 0,
			    BAREFIX_NR_SHAPES);
}

static void add_f4(Suite *suite)
{
	TCase *one = with_page(suite, "F4");
	TCase *own = new_case(suite, "F4, own machine");

	tcase_add_test(one,
		       a_table_that_was_freed_is_walked_until_it_is_flushed);
	tcase_add_loop_test(own, an_upper_entry_is_used_until_it_is_flushed, 2,
			    6);
	tcase_add_test(own, upper_entries_are_cached_only_with_a);
}

static void add_f7(Suite *suite)
{
	TCase *one = with_page(suite, "F7 F8");
	TCase *own = new_case(suite, "F7, two CPUs");

	tcase_add_test(one, neither_a_prefetch_nor_a_fetch_nor_a_fault_sets_d);
	tcase_add_test(one, a_is_set_from_the_top_down);
	tcase_add_test(one, five_levels_make_addresses_of_57_bits);
	tcase_add_test(own, a_and_d_are_set_by_locked_operations);
}

static void add_tl7(Suite *suite)
{
	TCase *one = with_page(suite, "TL-7");
	TCase *each = new_case(suite, "TL-7, each shape");

	tcase_add_test(one, a_prefetch_never_faults);
	tcase_add_test(one, a_prefetched_translation_is_judged_by_the_access);
	tcase_add_test(one, an_eviction_leaves_the_upper_entries);
	tcase_add_loop_test(each, a_prefetch_fills_the_tlb_and_sets_a, 0,
			    BAREFIX_NR_SHAPES);
	tcase_add_loop_test(each, an_eviction_makes_the_next_access_walk, 0,
			    BAREFIX_NR_SHAPES);
	tcase_add_test(each, an_address_that_is_not_canonical_is_never_cached);
}

int main(void)
{
	Suite *suite = suite_create("tlb_facts");

	add_f1(suite);
	add_f2(suite);
	add_f3(suite);
	add_f4(suite);
	add_f7(suite);
	add_tl7(suite);
	return vmd_test_main(suite);
}
