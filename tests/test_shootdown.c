/* SPDX-License-Identifier: MIT */
/*
 * mmu/shootdown: what stays stale without a flush, and that nothing does after
 * one (I-3). One thread; stress_shootdown has the others.
 */
#include "mmu/shootdown.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "base/compiler.h"
#include "lowfix.h"
#include "support.h"

#define NR_CPUS 4U

/* Staleness does not depend on how the TLB is built. */
static const struct lowfix_shape shapes[] = {
	{ .nr_cpus = NR_CPUS },
	{ .nr_cpus = NR_CPUS, .flags = VMD_MACHINE_NO_LINES },
	{ .nr_cpus = NR_CPUS, .tlb_entries = 8 },
	{ .nr_cpus = NR_CPUS, .tlb_entries = 65536 },
};

#define NR_SHAPES ((int)VMD_ARRAY_SIZE(shapes))

static struct lowfix fix;

static void up(void)
{
	lowfix_up(&fix, &shapes[0]);
}

static void down(void)
{
	lowfix_down(&fix);
}

static uint64_t nr_walks(void)
{
	return lowfix_count(&fix, VMD_EV_TLB_WALK);
}

static bool is_dirty(uint64_t page)
{
	return vmd_pte_dirty(lowfix_pte(&fix, page));
}

/* TL-4, F2: the whole reason why a page can be lost. */
START_TEST(d_cleared_without_a_flush_loses_the_next_store)
{
	lowfix_up(&fix, &shapes[_i]);
	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);

	lowfix_store(fix.cpu, fix.addr, 2);

	ck_assert_msg(!is_dirty(0), "shape %d", _i);
	ck_assert_uint_eq(lowfix_load(fix.cpu, fix.addr), 2);
	lowfix_down(&fix);
}
END_TEST

/* TL-4 */
START_TEST(d_cleared_with_a_flush_is_set_by_the_next_store)
{
	lowfix_up(&fix, &shapes[_i]);
	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	lowfix_flush(&fix, 0, 1);
	ck_assert(!is_dirty(0));

	lowfix_store(fix.cpu, fix.addr, 2);

	ck_assert_msg(is_dirty(0), "shape %d", _i);
	lowfix_down(&fix);
}
END_TEST

/* K8: without a TLB nothing is stale. */
START_TEST(without_a_tlb_d_needs_no_flush)
{
	const struct lowfix_shape none = { .flags = VMD_MACHINE_NO_TLB };

	lowfix_up(&fix, &none);
	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	lowfix_store(fix.cpu, fix.addr, 2);

	ck_assert(is_dirty(0));
	lowfix_down(&fix);
}
END_TEST

/* TL-5: clearing W requires a flush. */
START_TEST(w_is_gone_only_after_a_flush)
{
	uint64_t nr_faults;

	lowfix_up(&fix, &shapes[_i]);
	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_RW);
	nr_faults = lowfix_count(&fix, VMD_EV_WRITE_FAULT);

	lowfix_store(fix.cpu, fix.addr, 2);
	ck_assert_msg(lowfix_count(&fix, VMD_EV_WRITE_FAULT) == nr_faults,
		      "shape %d", _i);

	lowfix_flush(&fix, 0, 1);
	lowfix_store(fix.cpu, fix.addr, 3);
	ck_assert_msg(lowfix_count(&fix, VMD_EV_WRITE_FAULT) == nr_faults + 1,
		      "shape %d", _i);
	lowfix_down(&fix);
}
END_TEST

/* TL-5, F3: raising a right needs no flush; here not even a spurious fault. */
START_TEST(a_right_that_was_raised_is_seen_without_a_flush)
{
	uint64_t nr_faults;

	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_RW);
	lowfix_flush(&fix, 0, 1);
	(void)lowfix_load(fix.cpu, fix.addr);
	nr_faults = lowfix_count(&fix, VMD_EV_FAULT);
	lowfix_set_bits(&fix, 0, VMD_PAGE_RW);

	lowfix_store(fix.cpu, fix.addr, 2);

	ck_assert_uint_eq(lowfix_count(&fix, VMD_EV_FAULT), nr_faults);
}
END_TEST

/* TL-5, K6: W may be raised without a flush; the fault is tried again. */
START_TEST(a_spurious_fault_of_a_store_is_nobodys_business)
{
	const struct lowfix_shape shape = {
		.flags = VMD_MACHINE_SPURIOUS_FAULTS
	};
	uint64_t nr_faults;

	lowfix_down(&fix);
	lowfix_up(&fix, &shape);
	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_RW);
	lowfix_flush(&fix, 0, 1);
	(void)lowfix_load(fix.cpu, fix.addr);
	nr_faults = lowfix_count(&fix, VMD_EV_FAULT);
	lowfix_set_bits(&fix, 0, VMD_PAGE_RW);

	lowfix_store(fix.cpu, fix.addr, 2);

	ck_assert_uint_eq(lowfix_count(&fix, VMD_EV_FAULT), nr_faults + 1);
}
END_TEST

/*
 * TL-8, K6: any other right needs a flush, also upwards: a kernel takes a read
 * of a present page that is denied for an error (access_error()). Once (F3).
 */
START_TEST(a_spurious_fault_of_a_load_fails_it)
{
	const struct lowfix_shape shape = {
		.flags = _i ? VMD_MACHINE_SPURIOUS_FAULTS : 0
	};
	uint64_t value;

	lowfix_down(&fix);
	lowfix_up(&fix, &shape);
	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_USER);
	lowfix_flush(&fix, 0, 1);
	ck_assert(vmd_cpu_prefetch(fix.cpu, fix.addr));
	lowfix_set_bits(&fix, 0, VMD_PAGE_USER);

	ck_assert_int_eq(vmd_load_u64(fix.cpu, fix.addr, &value),
			 _i ? -EFAULT : 0);
	ck_assert_uint_eq(lowfix_load(fix.cpu, fix.addr), 1);
}
END_TEST

/* TL-3, R13: cached clean is not enough for a store. */
START_TEST(a_page_cached_by_a_load_still_gets_d)
{
	(void)lowfix_load(fix.cpu, fix.addr);
	(void)lowfix_load(fix.cpu, fix.addr);
	ck_assert(!is_dirty(0));

	lowfix_store(fix.cpu, fix.addr, 1);

	ck_assert(is_dirty(0));
}
END_TEST

/* TL-8: another frame needs a flush. */
START_TEST(another_frame_is_seen_after_the_flush)
{
	vmd_pte_t other;

	lowfix_up(&fix, &shapes[_i]);
	lowfix_store(fix.cpu, lowfix_page(&fix, 0), 100);
	lowfix_store(fix.cpu, lowfix_page(&fix, 1), 101);
	other = lowfix_pte(&fix, 1);
	vmd_set_pte(lowfix_slot(&fix, 0), other);

	ck_assert_uint_eq(lowfix_load(fix.cpu, fix.addr), 100);
	lowfix_flush(&fix, 0, 1);
	ck_assert_msg(lowfix_load(fix.cpu, fix.addr) == 101, "shape %d", _i);
	lowfix_down(&fix);
}
END_TEST

/* I-3 */
START_TEST(a_flush_reaches_every_cpu_that_has_it_loaded)
{
	unsigned int id;

	for (id = 0; id < NR_CPUS; id++) {
		struct vmd_cpu *cpu = vmd_machine_cpu(fix.machine, id);

		ck_assert_int_eq(vmd_cpu_switch_mm(cpu, fix.mm), 0);
		lowfix_store(cpu, fix.addr, id);
	}
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	lowfix_flush(&fix, 0, 1);

	for (id = 0; id < NR_CPUS; id++) {
		lowfix_store(vmd_machine_cpu(fix.machine, id), fix.addr, id);
		ck_assert_msg(is_dirty(0), "CPU %u", id);
		lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	}
}
END_TEST

static uint32_t returned;

/* One page: lazy CPUs are not told (TL-22). */
static void *flush_page_0(void *unused)
{
	vmd_flush_tlb_page(fix.ctx, fix.addr);
	__atomic_store_n(&returned, 1, __ATOMIC_RELEASE);
	return unused;
}

/* D4: the flag is up, the line was read; the access itself comes last. */
START_TEST(a_flush_waits_for_an_access_that_has_begun)
{
	pthread_t thread;
	unsigned int i;

	lowfix_store(fix.cpu, fix.addr, 1);
	vmd_access_begin(fix.cpu);
	ck_assert_int_eq(pthread_create(&thread, NULL, flush_page_0, NULL), 0);
	while (!vmd_load_acquire(&fix.cpu->gate.closed))
		(void)sched_yield();
	for (i = 0; i < 500; i++)
		(void)sched_yield();

	ck_assert(!__atomic_load_n(&returned, __ATOMIC_ACQUIRE));

	vmd_access_end(fix.cpu);
	(void)pthread_join(thread, NULL);
	ck_assert_uint_eq(returned, 1);
}
END_TEST

/*
 * TL-23: its bit is set already, its generation is read already. It may have
 * been lazy on what was there before.
 */
START_TEST(a_flush_waits_for_a_cpu_in_the_middle_of_a_switch)
{
	struct vmd_tlb_state *state = &fix.cpu->tlbstate;
	pthread_t thread;
	unsigned int i;

	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	vmd_cpu_enter(fix.cpu);
	VMD_WRITE_ONCE(state->is_lazy, _i);
	vmd_store_release(&state->loaded_mm, VMD_LOADED_MM_SWITCHING);
	__atomic_store_n(&returned, 0, __ATOMIC_RELEASE);
	ck_assert_int_eq(pthread_create(&thread, NULL, flush_page_0, NULL), 0);
	for (i = 0; i < 500; i++)
		(void)sched_yield();
	ck_assert(!__atomic_load_n(&returned, __ATOMIC_ACQUIRE));

	VMD_WRITE_ONCE(state->is_lazy, false);
	vmd_store_release(&state->loaded_mm, fix.ctx);
	vmd_cpu_leave(fix.cpu);
	(void)pthread_join(thread, NULL);
	lowfix_store(fix.cpu, fix.addr, 2);
	ck_assert(is_dirty(0));
}
END_TEST

/* D4: a CPU that is inside at each look loses its lines, and then stops. */
START_TEST(a_waiter_does_not_wait_for_ever_for_a_cpu_that_only_hits)
{
	uint32_t inside = 1;

	ck_assert(!vmd_gate_wait(&inside));
	inside = 0;
	ck_assert(vmd_gate_wait(&inside));
}
END_TEST

/* TL-19: up to 33 pages go one by one, more take everything along. */
static const struct {
	uint64_t nr_pages;
	bool all;
} ceilings[] = {
	{ 1, false }, { 32, false }, { 33, false }, { 34, true }, { 60, true },
};

START_TEST(a_flush_of_more_than_33_pages_is_a_full_one)
{
	const uint64_t nr = ceilings[_i].nr_pages;
	uint64_t page;
	uint64_t before;

	for (page = 0; page < 64; page++)
		lowfix_store(fix.cpu, lowfix_page(&fix, page), page);
	lowfix_flush(&fix, 0, nr);

	before = nr_walks();
	lowfix_store(fix.cpu, lowfix_page(&fix, 63), 1);
	ck_assert_msg(nr_walks() - before == ceilings[_i].all, "%u pages",
		      (unsigned int)nr);

	before = nr_walks();
	for (page = 0; page < nr; page++)
		lowfix_store(fix.cpu, lowfix_page(&fix, page), page);
	ck_assert_msg(nr_walks() - before == nr, "%u pages: %u walks",
		      (unsigned int)nr, (unsigned int)(nr_walks() - before));
}
END_TEST

START_TEST(a_flush_takes_its_range_and_nothing_else)
{
	uint64_t page;
	uint64_t before;

	for (page = 0; page < 10; page++)
		lowfix_store(fix.cpu, lowfix_page(&fix, page), page);
	lowfix_flush(&fix, 3, 4);

	for (page = 0; page < 10; page++) {
		before = nr_walks();
		(void)lowfix_load(fix.cpu, lowfix_page(&fix, page));
		ck_assert_msg(nr_walks() - before == (page >= 3 && page < 7),
			      "page %u", (unsigned int)page);
	}
}
END_TEST

/* F4, TL-26: freed tables are not walked, freed frames not used. */
START_TEST(nothing_is_reached_after_munmap)
{
	uint64_t value;

	lowfix_up(&fix, &shapes[_i]);
	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert_int_eq(vmd_munmap(fix.mm, fix.addr, 64 * VMD_PAGE_SIZE), 0);

	ck_assert_int_eq(vmd_load_u64(fix.cpu, fix.addr, &value), -EFAULT);
	ck_assert_int_eq(vmd_store_u64(fix.cpu, fix.addr, 1), -EFAULT);
	ck_assert_uint_eq(fix.ctx->nr_tables, 0);
	lowfix_down(&fix);
}
END_TEST

/* F5, F6: INVLPG drops all pieces of the page that holds the address. */
START_TEST(a_flush_of_one_piece_drops_all_of_a_large_leaf)
{
	const vmd_va_t va = UINT64_C(1) << 40;
	const vmd_va_t far = va + 99 * VMD_PAGE_SIZE;
	vmd_pfn_t run = vmd_frame_alloc_range(&fix.hw->ram, 1023);
	vmd_pfn_t pfn = (run + 511) & ~UINT64_C(511);
	vmd_pte_t *pmd = vmd_alloc_slot(fix.ctx, va, VMD_LEVEL_PMD);

	vmd_set_pte(pmd,
		    vmd_pfn_pte(pfn, VMD_PAGE_PRESENT | VMD_PAGE_RW |
					     VMD_PAGE_USER | VMD_PAGE_PSE));
	lowfix_store(fix.cpu, va, 1);
	lowfix_store(fix.cpu, far, 2);
	(void)vmd_fetch_and(&pmd->val, ~VMD_PAGE_DIRTY);
	vmd_flush_tlb_range(fix.ctx, va, va + VMD_PAGE_SIZE);
	lowfix_store(fix.cpu, far, 3);

	ck_assert(vmd_pte_dirty(vmd_ptep_get(pmd)));

	(void)vmd_ptep_get_and_clear(pmd);
	vmd_free_pgtables(fix.ctx, va, va + VMD_PAGE_SIZE, va,
			  va + (UINT64_C(1) << 39));
	ck_assert_int_eq(vmd_store_u64(fix.cpu, va, 1), -EFAULT);
	vmd_frame_free_range(&fix.hw->ram, run, 1023);
}
END_TEST

/* TL-24 */
START_TEST(pending_flushes_are_nested_from_two_on)
{
	ck_assert(!vmd_tlb_flush_nested(fix.ctx));
	ck_assert(!vmd_tlb_flush_is_pending(fix.ctx));
	vmd_inc_tlb_flush_pending(fix.ctx);
	ck_assert(!vmd_tlb_flush_nested(fix.ctx));
	ck_assert(vmd_tlb_flush_is_pending(fix.ctx));
	vmd_inc_tlb_flush_pending(fix.ctx);
	ck_assert(vmd_tlb_flush_nested(fix.ctx));
	vmd_dec_tlb_flush_pending(fix.ctx);
	ck_assert(!vmd_tlb_flush_nested(fix.ctx));
	vmd_dec_tlb_flush_pending(fix.ctx);
	ck_assert_uint_eq(fix.ctx->tlb_flush_pending, 0);
}
END_TEST

struct heard {
	struct vmd_hook hook;
	unsigned int nr[VMD_HOOK_FLUSH + 1];
	uint64_t start;
	uint64_t end;
};

static void hear(struct vmd_hook *hook, enum vmd_hook_kind kind,
		 const void *object, uint64_t start, uint64_t end)
{
	struct heard *heard = vmd_container_of(hook, struct heard, hook);

	ck_assert_ptr_eq(object, fix.ctx);
	heard->nr[kind]++;
	heard->start = start;
	heard->end = end;
}

START_TEST(a_flush_is_counted_and_told)
{
	struct heard heard = { .hook = { .happens = hear } };
	uint64_t counted = lowfix_count(&fix, VMD_EV_TLB_FLUSH);

	fix.hw->env.hook = &heard.hook;
	lowfix_flush(&fix, 2, 3);
	fix.hw->env.hook = NULL;

	ck_assert_uint_eq(heard.nr[VMD_HOOK_FLUSH], 1);
	ck_assert_uint_eq(heard.start, lowfix_page(&fix, 2));
	ck_assert_uint_eq(heard.end, lowfix_page(&fix, 5));
	ck_assert_uint_eq(lowfix_count(&fix, VMD_EV_TLB_FLUSH), counted + 1);
	ck_assert_uint_eq(fix.ctx->nr_flushes, 1);
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
	Suite *suite = suite_create("shootdown");
	TCase *stale = tcase_create("stale TL-4 TL-5 TL-8 F2");
	TCase *rights = make_case(suite, "rights TL-3 TL-5 F3");
	TCase *range = make_case(suite, "range I-3 TL-19 F5");
	TCase *told = make_case(suite, "pending TL-24");

	tcase_add_loop_test(stale,
			    d_cleared_without_a_flush_loses_the_next_store, 0,
			    NR_SHAPES);
	tcase_add_loop_test(stale,
			    d_cleared_with_a_flush_is_set_by_the_next_store, 0,
			    NR_SHAPES);
	tcase_add_test(stale, without_a_tlb_d_needs_no_flush);
	tcase_add_loop_test(stale, w_is_gone_only_after_a_flush, 0, NR_SHAPES);
	tcase_add_loop_test(stale, another_frame_is_seen_after_the_flush, 0,
			    NR_SHAPES);
	tcase_add_loop_test(stale, nothing_is_reached_after_munmap, 0,
			    NR_SHAPES);
	suite_add_tcase(suite, stale);

	tcase_add_test(rights, a_right_that_was_raised_is_seen_without_a_flush);
	tcase_add_test(rights, a_spurious_fault_of_a_store_is_nobodys_business);
	tcase_add_loop_test(rights, a_spurious_fault_of_a_load_fails_it, 0, 2);
	tcase_add_test(rights, a_page_cached_by_a_load_still_gets_d);

	tcase_add_test(range, a_flush_reaches_every_cpu_that_has_it_loaded);
	tcase_add_loop_test(range, a_flush_of_more_than_33_pages_is_a_full_one,
			    0, (int)VMD_ARRAY_SIZE(ceilings));
	tcase_add_test(range, a_flush_waits_for_an_access_that_has_begun);
	tcase_add_loop_test(range,
			    a_flush_waits_for_a_cpu_in_the_middle_of_a_switch,
			    0, 2);
	tcase_add_test(
		range,
		a_waiter_does_not_wait_for_ever_for_a_cpu_that_only_hits);
	tcase_add_test(range, a_flush_takes_its_range_and_nothing_else);
	tcase_add_test(range, a_flush_of_one_piece_drops_all_of_a_large_leaf);

	tcase_add_test(told, pending_flushes_are_nested_from_two_on);
	tcase_add_test(told, a_flush_is_counted_and_told);
	return vmd_test_main(suite);
}
