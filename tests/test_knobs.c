/* SPDX-License-Identifier: MIT */
/*
 * K1 to K10: where processors differ, and a machine can be had both ways. Each
 * knob makes the difference that is described, and no other. K2 and K3 stand
 * in test_mmu_bits, K5 in test_tlb_facts, K7 in test_tlb_sizes.
 */
#include <errno.h>

#include "barefix.h"
#include "support.h"

#define STORE_DENIED (VMD_PF_PROT | VMD_PF_WRITE | VMD_PF_USER)

static struct barefix fix;

static void up_with(unsigned int flags)
{
	const struct vmd_machine_config shape = { .flags = flags };

	barefix_up(&fix, &shape);
	barefix_map(&fix, PAGE(0), PTE);
	barefix_map(&fix, PAGE(1), PTE);
}

static void down(void)
{
	barefix_down(&fix);
}

static uint64_t accessed(unsigned int level)
{
	return barefix_entry(&fix, PAGE(0), level) & ACC;
}

/* K1, R12: not present, and not allowed. */
START_TEST(k1_a_walk_that_faults_marks_the_levels_above_or_not)
{
	const bool lazy = _i % 2;
	const bool present = _i / 2;
	unsigned int level;

	up_with(lazy ? VMD_MACHINE_LAZY_ACCESSED : 0);
	barefix_clear(&fix, PAGE(0), PTE, present ? RW : P);

	ck_assert_int_eq(barefix_access(&fix, BARE_WRITE, PAGE(0)), -EFAULT);

	ck_assert_uint_eq(accessed(PTE), 0);
	for (level = PDE; level <= PML4E; level++)
		ck_assert_int_eq(!accessed(level), lazy);
	down();
}
END_TEST

/* K1: a walk that succeeds marks all of them either way. */
START_TEST(k1_a_walk_that_succeeds_marks_every_level)
{
	unsigned int level;

	up_with(_i ? VMD_MACHINE_LAZY_ACCESSED : 0);

	(void)barefix_load(&fix, PAGE(0));

	for (level = PTE; level <= PML4E; level++)
		ck_assert_uint_ne(accessed(level), 0);
	down();
}
END_TEST

/* K4 */
START_TEST(k4_addresses_end_at_maxphyaddr)
{
	static const unsigned int bits[] = { 32, 36, 37, 46, 51, 52 };
	const struct vmd_machine_config shape = { .maxphyaddr = bits[_i],
						  .ram_pages = UINT64_C(1)
							       << 20 };
	unsigned int bit;

	barefix_up(&fix, &shape);
	barefix_map(&fix, PAGE(0), PTE);
	for (bit = bits[_i]; bit < 52; bit++) {
		barefix_set(&fix, PAGE(0), PDE, UINT64_C(1) << bit);
		expect_fault(&fix, BARE_READ, PAGE(0),
			     VMD_PF_PROT | VMD_PF_RSVD | VMD_PF_USER);
		barefix_clear(&fix, PAGE(0), PDE, UINT64_C(1) << bit);
	}

	/* The last frame that there is. */
	barefix_write(&fix, PAGE(0), PTE, UINT64_C(0xfffff000) | P | RW | US);
	barefix_store(&fix, PAGE(0), 4);
	ck_assert_uint_eq(barefix_load(&fix, PAGE(0)), 4);
	down();
}
END_TEST

START_TEST(k4_k5_values_that_make_no_sense_are_refused)
{
	static const struct vmd_machine_config bad[] = {
		{ .levels = 3 },
		{ .levels = 6 },
		{ .maxphyaddr = 31 },
		{ .maxphyaddr = 53 },
		{ .maxphyaddr = 32, .ram_pages = (UINT64_C(1) << 20) + 1 },
		{ .tlb_entries = 4 },
		{ .tlb_entries = 24 },
		{ .tlb_entries = 1U << 17 },
		{ .large_tlb_entries = 12 },
		{ .psc_entries = 1 },
		{ .features_off = 1U << 10 },
		{ .flags = 1U << 31 },
	};
	struct vmd_machine *machine = NULL;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct vmd_machine_config config = bad[i];

		config.size = sizeof(config);
		config.nr_cpus = 1;
		ck_assert_msg(vmd_machine_create(&config, &machine) == -EINVAL,
			      "row %d", i);
	}
	ck_assert_ptr_null(machine);
}
END_TEST

/* K6, F3: a stale TLB entry denies, memory allows. */
START_TEST(k6_a_right_that_was_raised_may_cost_one_fault)
{
	const bool spurious = _i;

	up_with(spurious ? VMD_MACHINE_SPURIOUS_FAULTS : 0);
	barefix_clear(&fix, PAGE(0), PTE, RW);
	(void)barefix_load(&fix, PAGE(0));
	barefix_set(&fix, PAGE(0), PTE, RW);

	if (spurious)
		expect_fault(&fix, BARE_WRITE, PAGE(0), STORE_DENIED);
	barefix_store(&fix, PAGE(0), 1);

	ck_assert_uint_eq(barefix_count(&fix, VMD_EV_FAULT), spurious);
	down();
}
END_TEST

/* K6, F3: it is a paging-structure cache that denies. */
START_TEST(k6_a_right_of_an_upper_entry_may_cost_one_fault)
{
	const bool spurious = _i % 2;
	const unsigned int level = (unsigned int)_i / 2;

	up_with(spurious ? VMD_MACHINE_SPURIOUS_FAULTS : 0);
	barefix_clear(&fix, PAGE(0), level, RW);
	(void)barefix_load(&fix, PAGE(0));
	barefix_set(&fix, PAGE(0), level, RW);

	if (spurious)
		expect_fault(&fix, BARE_WRITE, PAGE(1), STORE_DENIED);
	barefix_store(&fix, PAGE(1), 1);

	ck_assert_uint_eq(barefix_count(&fix, VMD_EV_FAULT), spurious);
	down();
}
END_TEST

/* K6: what memory denies too is a fault in both. */
START_TEST(k6_a_fault_of_memory_is_one_either_way)
{
	up_with(_i ? VMD_MACHINE_SPURIOUS_FAULTS : 0);
	barefix_clear(&fix, PAGE(0), PTE, RW);
	(void)barefix_load(&fix, PAGE(0));

	expect_fault(&fix, BARE_WRITE, PAGE(0), STORE_DENIED);
	expect_fault(&fix, BARE_WRITE, PAGE(0), STORE_DENIED);
	down();
}
END_TEST

/* All of one frame: only the TLB is looked at. */
static void map_many(vmd_va_t va, unsigned int nr, unsigned int level)
{
	const vmd_va_t step = UINT64_C(1) << (3 + 9 * level);
	uint64_t entry;
	unsigned int i;

	barefix_map(&fix, va, level);
	entry = barefix_entry(&fix, va, level);
	for (i = 0; i < nr; i++) {
		const vmd_va_t next = va + i * step;

		if (!barefix_entry(&fix, next, level + 1))
			barefix_write(&fix, next, level + 1,
				      barefix_alloc(&fix, 1) | P | RW | US);
		barefix_write(&fix, next, level, entry);
		(void)barefix_load(&fix, next);
	}
}

static unsigned int nr_cached(vmd_va_t va, unsigned int nr, unsigned int level)
{
	const vmd_va_t step = UINT64_C(1) << (3 + 9 * level);
	unsigned int cached = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		cached += barefix_cached(&fix, va + i * step);
	return cached;
}

/* K8: pages that follow one another fill all of it, and no more. */
static const struct {
	unsigned int config;
	unsigned int entries;
	unsigned int touched;
} sizes[] = {
	{ 8, 8, 100 },
	{ 128, 128, 1000 },
	{ 0, VMD_DEFAULT_TLB_ENTRIES, 3000 },
	{ 65536, 20000, 20000 },
	{ VMD_TLB_UNBOUNDED, 20000, 20000 },
};

START_TEST(k8_a_tlb_holds_as_many_pages_as_it_has_entries)
{
	const struct vmd_machine_config shape = { .tlb_entries =
							  sizes[_i].config };

	barefix_up(&fix, &shape);
	barefix_map(&fix, HIGH(0), PTE);
	map_many(PAGE(0), sizes[_i].touched, PTE);

	ck_assert_uint_eq(nr_cached(PAGE(0), sizes[_i].touched, PTE),
			  sizes[_i].entries);
	down();
}
END_TEST

static const struct {
	unsigned int config;
	unsigned int entries;
} large_sizes[] = {
	{ 8, 8 },
	{ 0, VMD_DEFAULT_LARGE_TLB_ENTRIES },
	{ VMD_TLB_UNBOUNDED, 400 },
};

START_TEST(k8_large_pages_have_a_memory_of_their_own)
{
	const struct vmd_machine_config shape = {
		.large_tlb_entries = large_sizes[_i].config
	};

	barefix_up(&fix, &shape);
	barefix_map(&fix, PAGE(0), PTE);
	(void)barefix_load(&fix, PAGE(0));
	map_many(MB2(0), 400, PDE);

	ck_assert_uint_eq(nr_cached(MB2(0), 400, PDE), large_sizes[_i].entries);
	ck_assert(barefix_cached(&fix, PAGE(0)));
	down();
}
END_TEST

/* K8: nothing ever leaves, wherever the pages lie. */
START_TEST(k8_unbounded_holds_pages_of_any_pattern)
{
	const struct vmd_machine_config shape = { .tlb_entries =
							  VMD_TLB_UNBOUNDED };
	const vmd_va_t stride = UINT64_C(1) << 21;
	unsigned int i;

	barefix_up(&fix, &shape);
	for (i = 0; i < 512; i++) {
		barefix_map(&fix, MB2(0) + i * stride, PTE);
		barefix_set(&fix, MB2(i), PTE, i % 2 ? G : 0);
		(void)barefix_load(&fix, MB2(i));
	}

	for (i = 0; i < 512; i++)
		ck_assert(barefix_cached(&fix, MB2(i)));
	down();
}
END_TEST

/* K8, size 0: every access walks, and nothing is stale. */
START_TEST(k8_without_a_tlb_every_access_walks)
{
	vmd_pa_t frame;

	up_with(VMD_MACHINE_NO_TLB);
	(void)barefix_load(&fix, PAGE(0));
	barefix_store(&fix, PAGE(0), 1);
	barefix_fetch(&fix, PAGE(0));
	(void)barefix_load(&fix, PAGE(0));
	ck_assert_uint_eq(barefix_count(&fix, VMD_EV_TLB_WALK), 4);
	ck_assert(!barefix_cached(&fix, PAGE(0)));
	ck_assert(!vmd_cpu_prefetch(fix.cpu, PAGE(0)));

	barefix_clear(&fix, PAGE(0), PTE, D | ACC);
	barefix_store(&fix, PAGE(0), 2);
	ck_assert(barefix_entry(&fix, PAGE(0), PTE) & D);
	frame = barefix_remap(&fix, PAGE(0), PTE);
	ck_assert_uint_eq(barefix_load(&fix, PAGE(0)),
			  barefix_number(&fix, frame));
	barefix_clear(&fix, PAGE(0), PDE, P);
	expect_fault(&fix, BARE_READ, PAGE(0), VMD_PF_USER);
	down();
}
END_TEST

/* K8: walks begin at the top; pages are cached as ever. */
START_TEST(k8_without_upper_caches_every_walk_sees_the_tables)
{
	up_with(VMD_MACHINE_NO_PSC);
	(void)barefix_load(&fix, PAGE(0));
	barefix_clear(&fix, PAGE(0), PML4E, P);

	(void)barefix_load(&fix, PAGE(0));
	expect_fault(&fix, BARE_READ, PAGE(1), VMD_PF_USER);
	down();
}
END_TEST

/* K8: how many tables of 2M are known; the others are walked from above. */
START_TEST(k8_upper_caches_hold_as_many_as_they_have_entries)
{
	static const unsigned int config[] = { 8, 0, VMD_TLB_UNBOUNDED };
	static const unsigned int want[] = { 8, VMD_DEFAULT_PSC_ENTRIES, 100 };
	const struct vmd_machine_config shape = { .psc_entries = config[_i] };
	unsigned int known = 0;
	unsigned int i;

	barefix_up(&fix, &shape);
	for (i = 0; i < 100; i++) {
		barefix_map(&fix, MB2(i), PTE);
		barefix_map(&fix, MB2(i) + 0x1000, PTE);
	}
	for (i = 0; i < 100; i++) {
		(void)barefix_load(&fix, MB2(i));
		barefix_clear(&fix, MB2(i), PDE, P);
	}

	for (i = 0; i < 100; i++)
		known += !barefix_access(&fix, BARE_READ, MB2(i) + 0x1000);
	ck_assert_uint_eq(known, want[_i]);
	down();
}
END_TEST

/* A TLB of one set, and which of its first pages are left. */
static uint32_t left_after(unsigned int flags, uint64_t seed, unsigned int nr)
{
	const struct vmd_machine_config shape = { .flags = flags,
						  .tlb_entries = 8,
						  .seed = seed };
	uint32_t left = 0;
	unsigned int i;

	barefix_up(&fix, &shape);
	map_many(PAGE(0), 8, PTE);
	(void)barefix_load(&fix, PAGE(0)); /* a hit keeps nobody young */
	map_many(PAGE(8), nr, PTE);
	for (i = 0; i < 8 + nr; i++)
		left |= (uint32_t)barefix_cached(&fix, PAGE(i)) << i;
	down();
	return left;
}

/* K9, D3: the oldest leaves, whether it was used or not. */
START_TEST(k9_in_turn_the_oldest_entry_leaves)
{
	unsigned int flags = _i ? VMD_MACHINE_NO_LINES : 0;
	unsigned int nr;

	for (nr = 0; nr < 20; nr += 3)
		ck_assert_uint_eq(left_after(flags, nr, nr), 0xffU << nr);
}
END_TEST

/* K9, I-11 */
START_TEST(k9_at_random_the_seed_decides_who_leaves)
{
	const unsigned int flags = VMD_MACHINE_RANDOM_REPLACEMENT;
	unsigned int nr_differ = 0;
	uint64_t seed;

	for (seed = 1; seed <= 4; seed++) {
		uint32_t left = left_after(flags, seed, 12);

		ck_assert_uint_eq(left_after(flags, seed, 12), left);
		ck_assert_uint_eq(left_after(flags | VMD_MACHINE_NO_LINES, seed,
					     12),
				  left);
		ck_assert_int_eq(__builtin_popcount(left), 8);
		nr_differ += left != left_after(flags, seed + 100, 12);
		nr_differ += left != 0xffU << 12;
	}

	ck_assert_uint_gt(nr_differ, 6);
}
END_TEST

/* K10, TL-6: a store that a cached W let in, and D comes too late. */
START_TEST(k10_d_may_appear_without_rw)
{
	const bool stray = _i % 2;
	const bool lines = _i / 2;

	up_with((stray ? VMD_MACHINE_STRAY_DIRTY : 0) |
		(lines ? 0 : VMD_MACHINE_NO_LINES));
	(void)barefix_load(&fix, PAGE(0));
	barefix_clear(&fix, PAGE(0), PTE, RW);

	expect_fault(&fix, BARE_WRITE, PAGE(0), STORE_DENIED);

	ck_assert_int_eq(!(barefix_entry(&fix, PAGE(0), PTE) & D), !stray);
	ck_assert_uint_eq(barefix_entry(&fix, PAGE(0), PTE) & RW, 0);
	down();
}
END_TEST

/* K10: never once it was flushed, nor where P has gone, nor in a load. */
START_TEST(k10_a_flush_keeps_d_away)
{
	up_with(VMD_MACHINE_STRAY_DIRTY);
	(void)barefix_load(&fix, PAGE(0));
	(void)barefix_load(&fix, PAGE(1));
	barefix_clear(&fix, PAGE(0), PTE, RW);
	vmd_cpu_invlpg(fix.cpu, PAGE(0));
	(void)barefix_load(&fix, PAGE(0));
	barefix_clear(&fix, PAGE(1), PTE, P);

	expect_fault(&fix, BARE_WRITE, PAGE(0), STORE_DENIED);
	expect_fault(&fix, BARE_WRITE, PAGE(1), VMD_PF_WRITE | VMD_PF_USER);

	ck_assert(!(barefix_entry(&fix, PAGE(0), PTE) & D));
	ck_assert(!(barefix_entry(&fix, PAGE(1), PTE) & D));
	down();
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(suite, tc);
	return tc;
}

static void add_k8(TCase *tc)
{
	tcase_add_loop_test(tc, k8_a_tlb_holds_as_many_pages_as_it_has_entries,
			    0, ARRAY_SIZE(sizes));
	tcase_add_loop_test(tc, k8_large_pages_have_a_memory_of_their_own, 0,
			    ARRAY_SIZE(large_sizes));
	tcase_add_test(tc, k8_unbounded_holds_pages_of_any_pattern);
	tcase_add_test(tc, k8_without_a_tlb_every_access_walks);
	tcase_add_test(tc, k8_without_upper_caches_every_walk_sees_the_tables);
	tcase_add_loop_test(tc,
			    k8_upper_caches_hold_as_many_as_they_have_entries,
			    0, 3);
}

int main(void)
{
	Suite *suite = suite_create("knobs");
	TCase *walk = new_case(suite, "K1 K4 K5");
	TCase *rights = new_case(suite, "K6 K10");
	TCase *replacement = new_case(suite, "K9 I-11");

	tcase_add_loop_test(walk,
			    k1_a_walk_that_faults_marks_the_levels_above_or_not,
			    0, 4);
	tcase_add_loop_test(walk, k1_a_walk_that_succeeds_marks_every_level, 0,
			    2);
	tcase_add_loop_test(walk, k4_addresses_end_at_maxphyaddr, 0, 6);
	tcase_add_test(walk, k4_k5_values_that_make_no_sense_are_refused);

	tcase_add_loop_test(rights,
			    k6_a_right_that_was_raised_may_cost_one_fault, 0,
			    2);
	tcase_add_loop_test(rights,
			    k6_a_right_of_an_upper_entry_may_cost_one_fault, 4,
			    10);
	tcase_add_loop_test(rights, k6_a_fault_of_memory_is_one_either_way, 0,
			    2);
	tcase_add_loop_test(rights, k10_d_may_appear_without_rw, 0, 4);
	tcase_add_test(rights, k10_a_flush_keeps_d_away);

	add_k8(new_case(suite, "K8"));
	tcase_add_loop_test(replacement, k9_in_turn_the_oldest_entry_leaves, 0,
			    2);
	tcase_add_test(replacement, k9_at_random_the_seed_decides_who_leaves);
	return vmd_test_main(suite);
}
