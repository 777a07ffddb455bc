/* SPDX-License-Identifier: MIT */
/*
 * mmu/cpu through the public calls: loads and stores of every size anywhere,
 * what a fault says, and that TLB and lines change nothing but speed (D3).
 */
#include <vmmdirty/cpu.h>

#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "base/rng.h"
#include "lowfix.h"
#include "support.h"

static struct lowfix fix;

static void up(void)
{
	const struct lowfix_shape shape = { .nr_cpus = 2 };

	lowfix_up(&fix, &shape);
}

static void down(void)
{
	lowfix_down(&fix);
}

static void assert_fault(vmd_va_t addr, unsigned int error_code, int error)
{
	const struct vmd_fault_info *fault = vmd_cpu_fault(fix.cpu);

	ck_assert_uint_eq(fault->addr, addr);
	ck_assert_uint_eq(fault->error_code, error_code);
	ck_assert_int_eq(fault->error, error);
}

START_TEST(untouched_memory_is_zero)
{
	ck_assert_uint_eq(lowfix_load(fix.cpu, lowfix_page(&fix, 9)), 0);
}
END_TEST

START_TEST(each_size_has_its_own_call)
{
	uint64_t all = UINT64_C(0x1122334455667788);
	uint32_t four;
	uint16_t two;
	uint8_t one;

	lowfix_store(fix.cpu, fix.addr, all);

	ck_assert_int_eq(vmd_load_u32(fix.cpu, fix.addr, &four), 0);
	ck_assert_int_eq(vmd_load_u16(fix.cpu, fix.addr, &two), 0);
	ck_assert_int_eq(vmd_load_u8(fix.cpu, fix.addr, &one), 0);
	ck_assert_uint_eq(four, 0x55667788);
	ck_assert_uint_eq(two, 0x7788);
	ck_assert_uint_eq(one, 0x88);

	ck_assert_int_eq(vmd_store_u32(fix.cpu, fix.addr + 4, 0xaabbccdd), 0);
	ck_assert_int_eq(vmd_store_u16(fix.cpu, fix.addr + 2, 0xeeff), 0);
	ck_assert_int_eq(vmd_store_u8(fix.cpu, fix.addr, 0x99), 0);
	ck_assert_uint_eq(lowfix_load(fix.cpu, fix.addr),
			  UINT64_C(0xaabbccddeeff7799));
}
END_TEST

/* Two pages that are seen twice: by the CPU, and by memcpy(). */
START_TEST(any_size_anywhere_equals_an_array_of_bytes)
{
	unsigned int size = 1U << _i;
	uint8_t model[2 * 4096] = { 0 };
	uint64_t rng = (uint64_t)_i;
	unsigned int step;

	for (step = 0; step < 6000; step++) {
		uint64_t at = step < 5000 ? vmd_rng_next(&rng) % 8185 :
					    4080 + step % 24;
		uint64_t value = vmd_rng_next(&rng);
		uint64_t expected = 0;
		uint64_t found;

		ck_assert_int_eq(vmd_store(fix.cpu, fix.addr + at, value, size),
				 0);
		memcpy(&model[at], &value, size);
		at = vmd_rng_next(&rng) % 8185;
		memcpy(&expected, &model[at], size);
		ck_assert_int_eq(vmd_load(fix.cpu, fix.addr + at, &found, size),
				 0);
		ck_assert_msg(found == expected, "size %u at %u", size,
			      (unsigned int)at);
	}
}
END_TEST

/* TL-1, R11 */
START_TEST(a_load_leaves_d_alone_and_a_store_sets_it)
{
	(void)lowfix_load(fix.cpu, fix.addr);
	ck_assert(!vmd_pte_dirty(lowfix_pte(&fix, 0)));

	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert(vmd_pte_dirty(lowfix_pte(&fix, 0)));
	ck_assert(vmd_pte_young(lowfix_pte(&fix, 0)));
}
END_TEST

/* R16: D stands where the store went through, and nowhere else. */
START_TEST(d_belongs_to_the_mapping_that_was_used)
{
	struct vmd_mm *second = lowfix_second_mm(&fix);
	struct vmd_cpu *other = vmd_machine_cpu(fix.machine, 1);

	ck_assert_int_eq(vmd_cpu_switch_mm(other, second), 0);
	ck_assert_uint_eq(lowfix_load(fix.cpu, fix.addr), 0);
	lowfix_store(other, fix.addr, 77);

	ck_assert_uint_eq(lowfix_load(fix.cpu, fix.addr), 77);
	ck_assert(!vmd_pte_dirty(lowfix_pte(&fix, 0)));
	vmd_mm_destroy(second);
}
END_TEST

START_TEST(a_first_store_costs_one_fault_and_two_walks)
{
	static const struct {
		enum vmd_event event;
		unsigned int nr;
	} costs[] = {
		{ VMD_EV_FAULT, 1 },	    { VMD_EV_WRITE_FAULT, 1 },
		{ VMD_EV_PTE_INSTALL, 1 },  { VMD_EV_TLB_WALK, 2 },
		{ VMD_EV_DIRTY_ASSIST, 1 }, { VMD_EV_TLB_FLUSH, 0 },
	};
	unsigned int i;

	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_store(fix.cpu, fix.addr + 8, 2);
	(void)lowfix_load(fix.cpu, fix.addr + 16);

	for (i = 0; i < VMD_ARRAY_SIZE(costs); i++)
		ck_assert_msg(lowfix_count(&fix, costs[i].event) == costs[i].nr,
			      "%s", vmd_event_name(costs[i].event));
}
END_TEST

/* D7: what a fault does is charged to the CPU that took it. */
START_TEST(a_fault_is_charged_to_its_cpu)
{
	struct vmd_cpu *other = vmd_machine_cpu(fix.machine, 1);

	ck_assert_int_eq(vmd_cpu_switch_mm(other, fix.mm), 0);
	lowfix_store(other, fix.addr, 1);

	ck_assert_uint_eq(other->clock.counts.nr[VMD_EV_PTE_INSTALL], 1);
	ck_assert_uint_eq(fix.cpu->clock.counts.nr[VMD_EV_FAULT], 0);
	ck_assert_uint_eq(fix.hw->env.clock.counts.nr[VMD_EV_FAULT], 0);
}
END_TEST

/* Addresses at which nothing is; x86: CR2 and the error code. */
static const struct {
	vmd_va_t addr;
	bool canonical;
} nowhere[] = {
	{ 0, true },
	{ 0x7ffffffff000, true },
	{ UINT64_C(0xffff800000000000), true },
	{ UINT64_C(0xfffffffffffffff8), true },
	{ UINT64_C(0x0000800000000000), false }, /* R24 */
	{ UINT64_C(0xffff7ffffffffff8), false },
};

START_TEST(an_access_to_nothing_fails_and_says_where)
{
	vmd_va_t addr = nowhere[_i].addr;
	unsigned int user = nowhere[_i].canonical ? VMD_PF_USER : 0;
	unsigned int write = nowhere[_i].canonical ? VMD_PF_WRITE : 0;
	uint64_t value = 42;

	ck_assert_int_eq(vmd_load_u64(fix.cpu, addr, &value), -EFAULT);
	ck_assert_uint_eq(value, 42);
	assert_fault(addr, user, -EFAULT);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, addr, 1), -EFAULT);
	assert_fault(addr, user | write, -EFAULT);
}
END_TEST

static vmd_va_t map_read_only(void)
{
	const struct vmd_mmap_args args = {
		.size = sizeof(args),
		.mapping = fix.mapping,
		.len = VMD_PAGE_SIZE,
		.prot = VMD_PROT_READ,
		.flags = VMD_MAP_SHARED,
	};
	vmd_va_t addr;

	ck_assert_int_eq(vmd_mmap(fix.mm, &args, &addr), 0);
	return addr;
}

/* R6, R10: P says whether the page was there. */
START_TEST(a_store_to_a_read_only_page_fails)
{
	vmd_va_t addr = map_read_only();

	ck_assert_int_eq(vmd_store_u64(fix.cpu, addr, 1), -EFAULT);
	assert_fault(addr, VMD_PF_USER | VMD_PF_WRITE, -EFAULT);

	ck_assert_uint_eq(lowfix_load(fix.cpu, addr), 0);
	ck_assert_int_eq(vmd_store_u64(fix.cpu, addr, 1), -EFAULT);
	assert_fault(addr, VMD_PF_USER | VMD_PF_WRITE | VMD_PF_PROT, -EFAULT);
	ck_assert_uint_eq(lowfix_load(fix.cpu, addr), 0);
}
END_TEST

/* R2: not even a handler that means well can help. */
START_TEST(a_reserved_bit_fails_the_access)
{
	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_set_bits(&fix, 0, UINT64_C(1) << 51);
	lowfix_flush(&fix, 0, 1);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, fix.addr, 2), -EFAULT);

	assert_fault(fix.addr,
		     VMD_PF_USER | VMD_PF_WRITE | VMD_PF_PROT | VMD_PF_RSVD,
		     -EFAULT);
	lowfix_clear_bits(&fix, 0, UINT64_C(1) << 51);
}
END_TEST

START_TEST(an_access_across_the_end_fails_at_the_first_byte_outside)
{
	vmd_va_t end = lowfix_page(&fix, 64);
	uint64_t value = 42;

	ck_assert_int_eq(vmd_load_u64(fix.cpu, end - 3, &value), -EFAULT);
	ck_assert_uint_eq(value, 42);
	assert_fault(end, VMD_PF_USER, -EFAULT);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, end - 3, 7), -EFAULT);
	assert_fault(end, VMD_PF_USER | VMD_PF_WRITE, -EFAULT);
}
END_TEST

START_TEST(a_cpu_without_an_address_space_can_access_nothing)
{
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, NULL), 0);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, fix.addr, 1), -EFAULT);
	ck_assert_int_eq(vmd_cpu_fault(fix.cpu)->error, -EFAULT);
}
END_TEST

/* R3: where there is no NX its bit is reserved. */
START_TEST(a_machine_that_lacks_a_feature_has_memory_all_the_same)
{
	const struct lowfix_shape shape = { .features_off = 1U << _i };

	down();
	lowfix_up(&fix, &shape);

	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert_uint_eq(lowfix_load(fix.cpu, fix.addr), 1);
}
END_TEST

static const unsigned int bad_sizes[] = { 0, 3, 5, 6, 7, 9, 16 };

START_TEST(other_sizes_are_refused)
{
	unsigned int size = bad_sizes[_i];
	uint64_t value = 42;

	ck_assert_int_eq(vmd_cpu_load_slow(fix.cpu, fix.addr, &value, size),
			 -EINVAL);
	ck_assert_int_eq(vmd_cpu_store_slow(fix.cpu, fix.addr, 1, size),
			 -EINVAL);
	ck_assert_uint_eq(value, 42);
}
END_TEST

START_TEST(without_memory_a_store_fails_and_earlier_ones_stay)
{
	const struct lowfix_shape shape = { .ram_pages = 16 };
	struct lowfix small;
	uint64_t page = 0;
	int err;

	lowfix_up(&small, &shape);
	do
		err = vmd_store_u64(small.cpu, lowfix_page(&small, page),
				    page + 1);
	while (!err && ++page < 64);

	ck_assert_int_eq(err, -ENOMEM);
	ck_assert_int_eq(vmd_cpu_fault(small.cpu)->error, -ENOMEM);
	ck_assert_uint_gt(page, 5);
	while (page-- > 0)
		ck_assert_uint_eq(lowfix_load(small.cpu,
					      lowfix_page(&small, page)),
				  page + 1);
	lowfix_down(&small);
}
END_TEST

/*
 * D3: one program of accesses, faults and changed entries, run on machines
 * that differ only in what they cache.
 */
#define NR_PAGES 2100 /* more than there are lines */

struct outcome {
	uint64_t digest; /* of each result and each fault */
	uint64_t entries; /* of what stands in the tables in the end */
	struct vmd_event_counts counts;
};

static void mix(uint64_t *digest, uint64_t value)
{
	*digest = vmd_mix64(*digest ^ value) + 1;
}

/* Pages that share sets and lines, and now and then one behind the end. */
static vmd_va_t any_addr(const struct lowfix *on, uint64_t *rng)
{
	uint64_t page = vmd_rng_next(rng) % 12 + 1024 * (vmd_rng_next(rng) % 2);

	if (vmd_rng_next(rng) % 50 == 0)
		page = NR_PAGES - 1;
	return lowfix_page(on, page) + vmd_rng_next(rng) % 4096;
}

static void do_access(const struct lowfix *on, uint64_t *rng, uint64_t *digest)
{
	unsigned int size = 1U << vmd_rng_next(rng) % 4;
	vmd_va_t addr = any_addr(on, rng);
	uint64_t value = vmd_rng_next(rng);
	int err;

	if (value & 1)
		addr &= ~(uint64_t)(size - 1);
	err = value & 2 ? vmd_store(on->cpu, addr, value, size) :
			  vmd_load(on->cpu, addr, &value, size);
	mix(digest, value);
	if (err)
		mix(digest, vmd_cpu_fault(on->cpu)->addr ^
				    vmd_cpu_fault(on->cpu)->error_code);
}

static const uint64_t taken[] = { VMD_PAGE_DIRTY, VMD_PAGE_RW, ~UINT64_C(0) };

static void change_entry(const struct lowfix *on, uint64_t *rng, bool flush)
{
	vmd_va_t addr = any_addr(on, rng) & VMD_PAGE_MASK;
	vmd_pte_t *slot = vmd_lookup_slot(on->ctx, addr, VMD_LEVEL_PTE);
	uint64_t kind = vmd_rng_next(rng) % 4;

	if (kind == 3)
		ck_assert_int_eq(vmd_cpu_switch_mm(on->cpu, on->mm), 0);
	else if (slot && kind < 3)
		(void)vmd_fetch_and(&slot->val, ~taken[kind]);
	if (flush)
		lowfix_flush(on, (addr - on->addr) >> VMD_PAGE_SHIFT, 1);
}

static struct outcome run_program(unsigned int flags, unsigned int tlb_entries,
				  bool flush, uint64_t seed)
{
	const struct lowfix_shape shape = {
		.flags = flags,
		.tlb_entries = tlb_entries,
		.nr_pages = NR_PAGES,
	};
	struct outcome outcome = { 0 };
	struct lowfix on;
	unsigned int step;
	uint64_t page;

	lowfix_up(&on, &shape);
	for (step = 0; step < 20000; step++)
		if (vmd_rng_next(&seed) % 64)
			do_access(&on, &seed, &outcome.digest);
		else
			change_entry(&on, &seed, flush);
	for (page = 0; page < NR_PAGES; page++) {
		const vmd_pte_t *slot = vmd_lookup_slot(on.ctx,
							lowfix_page(&on, page),
							VMD_LEVEL_PTE);

		mix(&outcome.entries, slot ? slot->val : 0);
	}
	vmd_machine_events(on.machine, &outcome.counts);
	lowfix_down(&on);
	return outcome;
}

static void assert_same(const struct outcome *a, const struct outcome *b,
			bool walks_too)
{
	unsigned int event;

	ck_assert_msg(a->digest == b->digest, "case %s", "results");
	ck_assert_msg(a->entries == b->entries, "case %s", "entries");
	for (event = 0; event < VMD_NR_EVENTS; event++)
		ck_assert_msg(a->counts.nr[event] == b->counts.nr[event] ||
				      (event == VMD_EV_TLB_WALK && !walks_too),
			      "%s: %u and %u",
			      vmd_event_name((enum vmd_event)event),
			      (unsigned int)a->counts.nr[event],
			      (unsigned int)b->counts.nr[event]);
}

static const unsigned int tlb_sizes[] = { 8, 16, 1024, 65536 };

/* Who flushes and who does not: the latter is where staleness shows. */
START_TEST(lines_on_and_off_cannot_be_told_apart)
{
	unsigned int entries = tlb_sizes[_i / 2];
	bool flush = _i % 2;
	struct outcome on = run_program(0, entries, flush, 1);
	struct outcome off =
		run_program(VMD_MACHINE_NO_LINES, entries, flush, 1);

	assert_same(&on, &off, true);
}
END_TEST

/* K8: who flushes sees one result, however much is cached. */
START_TEST(with_flushes_every_size_of_tlb_gives_one_result)
{
	struct outcome none = run_program(VMD_MACHINE_NO_TLB, 0, true, 2);
	struct outcome some = run_program(0, tlb_sizes[_i], true, 2);

	assert_same(&none, &some, false);
	ck_assert_uint_lt(some.counts.nr[VMD_EV_TLB_WALK],
			  none.counts.nr[VMD_EV_TLB_WALK]);
}
END_TEST

/* Or the two tests above would compare nothing. */
START_TEST(a_store_that_hit_once_hits_inline_from_then_on)
{
	const struct vmd_tlb_line *line = vmd_cpu_line(fix.cpu, fix.addr);

	(void)lowfix_load(fix.cpu, fix.addr);
	ck_assert_uint_eq(line->write_tag, VMD_TLB_NO_TAG);
	lowfix_store(fix.cpu, fix.addr, 1);

	ck_assert_uint_eq(line->read_tag,
			  fix.cpu->lines.on ? fix.addr : VMD_TLB_NO_TAG);
	ck_assert_uint_eq(line->write_tag, line->read_tag);
	ck_assert_uint_eq(fix.cpu->fast.in_access, 0);
}
END_TEST

/* D3: what leaves the TLB takes its line along. */
START_TEST(no_line_outlives_its_entry)
{
	const struct lowfix_shape shape = { .tlb_entries = 8 };
	struct lowfix tiny;
	uint64_t page;

	lowfix_up(&tiny, &shape);
	for (page = 0; page < 40; page++)
		lowfix_store(tiny.cpu, lowfix_page(&tiny, page), page);

	for (page = 0; page < 40; page++) {
		vmd_va_t addr = lowfix_page(&tiny, page);

		ck_assert_msg(vmd_cpu_line(tiny.cpu, addr)->read_tag != addr ||
				      vmd_tlb_find(&tiny.cpu->tlb,
						   tiny.cpu->walker.mode.pcid,
						   addr),
			      "page %u", (unsigned int)page);
	}
	lowfix_down(&tiny);
}
END_TEST

static TCase *make_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, up, down);
	suite_add_tcase(suite, tc);
	return tc;
}

int main(void)
{
	const int nr_sizes = (int)VMD_ARRAY_SIZE(tlb_sizes);
	Suite *suite = suite_create("access");
	TCase *bytes = make_case(suite, "bytes TL-1 R11 R16");
	TCase *faults = make_case(suite, "faults R2 R6 R10 R24");
	TCase *cached = make_case(suite, "caches D3 K8");

	tcase_add_test(bytes, untouched_memory_is_zero);
	tcase_add_test(bytes, each_size_has_its_own_call);
	tcase_add_loop_test(bytes, any_size_anywhere_equals_an_array_of_bytes,
			    0, 4);
	tcase_add_test(bytes, a_load_leaves_d_alone_and_a_store_sets_it);
	tcase_add_test(bytes, d_belongs_to_the_mapping_that_was_used);
	tcase_add_test(bytes, a_first_store_costs_one_fault_and_two_walks);
	tcase_add_test(bytes, a_fault_is_charged_to_its_cpu);

	tcase_add_loop_test(faults, an_access_to_nothing_fails_and_says_where,
			    0, (int)VMD_ARRAY_SIZE(nowhere));
	tcase_add_test(faults, a_store_to_a_read_only_page_fails);
	tcase_add_loop_test(
		faults, a_machine_that_lacks_a_feature_has_memory_all_the_same,
		0, 10);
	tcase_add_test(faults, a_reserved_bit_fails_the_access);
	tcase_add_test(
		faults,
		an_access_across_the_end_fails_at_the_first_byte_outside);
	tcase_add_test(faults,
		       a_cpu_without_an_address_space_can_access_nothing);
	tcase_add_loop_test(faults, other_sizes_are_refused, 0,
			    (int)VMD_ARRAY_SIZE(bad_sizes));
	tcase_add_test(faults,
		       without_memory_a_store_fails_and_earlier_ones_stay);

	tcase_add_loop_test(cached, lines_on_and_off_cannot_be_told_apart, 0,
			    2 * nr_sizes);
	tcase_add_loop_test(cached,
			    with_flushes_every_size_of_tlb_gives_one_result, 0,
			    nr_sizes);
	tcase_add_test(cached, a_store_that_hit_once_hits_inline_from_then_on);
	tcase_add_test(cached, no_line_outlives_its_entry);
	return vmd_test_main(suite);
}
