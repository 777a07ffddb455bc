/* SPDX-License-Identifier: MIT */
/*
 * mmu/shootdown: what stays stale without a flush, and that nothing does after
 * one (I-3). One thread; stress_shootdown has the others.
 */
#include "mmu/shootdown.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

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

static void *flush_page_0(void *unused)
{
	lowfix_flush(&fix, 0, 1);
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

/* TL-23: its bit is set already, its generation is read already. */
START_TEST(a_flush_waits_for_a_cpu_in_the_middle_of_a_switch)
{
	struct vmd_tlb_state *state = &fix.cpu->tlbstate;
	pthread_t thread;
	unsigned int i;

	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	vmd_cpu_enter(fix.cpu);
	vmd_store_release(&state->loaded_mm, VMD_LOADED_MM_SWITCHING);
	__atomic_store_n(&returned, 0, __ATOMIC_RELEASE);
	ck_assert_int_eq(pthread_create(&thread, NULL, flush_page_0, NULL), 0);
	for (i = 0; i < 500; i++)
		(void)sched_yield();
	ck_assert(!__atomic_load_n(&returned, __ATOMIC_ACQUIRE));

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

/* TL-23: the mask says who must be told. */
START_TEST(the_cpumask_follows_the_address_space_that_is_loaded)
{
	struct vmd_mm *second = lowfix_second_mm(&fix);
	struct vmd_cpu *other = vmd_machine_cpu(fix.machine, 2);

	ck_assert_uint_eq(fix.ctx->cpumask, 0x1);
	ck_assert_int_eq(vmd_cpu_switch_mm(other, fix.mm), 0);
	ck_assert_uint_eq(fix.ctx->cpumask, 0x5);
	ck_assert_int_eq(vmd_cpu_switch_mm(other, second), 0);
	ck_assert_uint_eq(fix.ctx->cpumask, 0x1);
	ck_assert_uint_eq(second->context.cpumask, 0x4);
	ck_assert_int_eq(vmd_cpu_switch_mm(other, NULL), 0);
	ck_assert_uint_eq(second->context.cpumask, 0);

	vmd_mm_destroy(second);
}
END_TEST

/* TL-20: another mm loaded, nothing to do. */
START_TEST(a_flush_of_one_address_space_spares_the_others)
{
	struct vmd_mm *second = lowfix_second_mm(&fix);
	uint64_t before;

	lowfix_store(fix.cpu, fix.addr, 1);
	vmd_flush_tlb_range(&second->context, 0, VMD_TASK_SIZE);
	before = nr_walks();
	lowfix_store(fix.cpu, fix.addr, 2);

	ck_assert_uint_eq(nr_walks(), before);
	vmd_mm_destroy(second);
}
END_TEST

/* F5: without PCIDs a load of CR3 drops all that is not global. */
START_TEST(without_pcids_switching_drops_every_translation)
{
	const struct lowfix_shape shape = {
		.features_off = VMD_FEATURE_PCID,
	};
	struct vmd_mm *second;
	uint64_t before;

	lowfix_up(&fix, &shape);
	second = lowfix_second_mm(&fix);
	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, second), 0);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, fix.mm), 0);
	before = nr_walks();
	lowfix_store(fix.cpu, fix.addr, 2);

	ck_assert_uint_eq(nr_walks(), before + 1);
	ck_assert(is_dirty(0));
	vmd_mm_destroy(second);
	lowfix_down(&fix);
}
END_TEST

/* TL-18, TL-23: what nobody has flushed meanwhile is still known. */
START_TEST(a_pcid_that_is_up_to_date_keeps_its_translations)
{
	struct vmd_mm *second = lowfix_second_mm(&fix);
	uint64_t before;

	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, second), 0);
	lowfix_store(fix.cpu, fix.addr, 7);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, fix.mm), 0);
	before = nr_walks();
	lowfix_store(fix.cpu, fix.addr, 2);

	ck_assert_uint_eq(nr_walks(), before);
	vmd_mm_destroy(second);
}
END_TEST

/* TL-18, TL-23: the mask did not say so, the generation does. */
START_TEST(a_flush_that_a_cpu_has_missed_is_made_up_for_at_the_switch)
{
	struct vmd_mm *second = lowfix_second_mm(&fix);

	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, second), 0);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	lowfix_flush(&fix, 0, 1);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, fix.mm), 0);
	lowfix_store(fix.cpu, fix.addr, 2);

	ck_assert(is_dirty(0));
	vmd_mm_destroy(second);
}
END_TEST

/* TL-23: a seventh address space takes the PCID of the first. */
START_TEST(a_recycled_pcid_is_flushed)
{
	struct vmd_mm *others[VMD_TLB_NR_DYN_ASIDS];
	uint64_t before;
	unsigned int i;

	lowfix_store(fix.cpu, fix.addr, 1);
	for (i = 0; i < VMD_TLB_NR_DYN_ASIDS; i++) {
		others[i] = lowfix_second_mm(&fix);
		ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, others[i]), 0);
		before = nr_walks();
		lowfix_store(fix.cpu, fix.addr, i);
		ck_assert_msg(nr_walks() > before, "address space %u", i);
	}
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, fix.mm), 0);
	before = nr_walks();
	lowfix_store(fix.cpu, fix.addr, 2);

	ck_assert_uint_eq(nr_walks(), before + 1);
	for (i = 0; i < VMD_TLB_NR_DYN_ASIDS; i++)
		vmd_mm_destroy(others[i]);
}
END_TEST

/* TL-21: a ranged flush does not make up for one that was missed before. */
START_TEST(a_cpu_that_is_two_flushes_behind_forgets_everything)
{
	struct vmd_tlb_context *known =
		&fix.cpu->tlbstate.ctxs[fix.cpu->tlbstate.loaded_mm_asid];
	uint64_t before;

	lowfix_store(fix.cpu, lowfix_page(&fix, 0), 1);
	lowfix_store(fix.cpu, lowfix_page(&fix, 1), 1);
	fix.ctx->tlb_gen++; /* of a flush that has not got here yet */
	lowfix_flush(&fix, 0, 1);
	before = nr_walks();
	lowfix_store(fix.cpu, lowfix_page(&fix, 1), 2);

	ck_assert_uint_eq(nr_walks(), before + 1);
	ck_assert_uint_eq(known->tlb_gen, fix.ctx->tlb_gen);
}
END_TEST

/* TL-22: a flush of one page does not wake a lazy CPU; it makes up for it. */
START_TEST(a_lazy_cpu_makes_up_for_the_flushes_it_was_spared)
{
	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert_int_eq(vmd_cpu_enter_lazy_tlb(fix.cpu), 0);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	vmd_flush_tlb_page(fix.ctx, fix.addr);

	ck_assert_ptr_eq(fix.cpu->tlbstate.loaded_mm, fix.ctx);
	ck_assert(fix.cpu->tlbstate.is_lazy);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, fix.mm), 0);
	lowfix_store(fix.cpu, fix.addr, 2);
	ck_assert(is_dirty(0));
}
END_TEST

/* TL-20, TL-22: freed tables reach lazy CPUs, which then have nothing. */
START_TEST(a_flush_that_frees_tables_unloads_a_lazy_cpu)
{
	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert_int_eq(vmd_cpu_enter_lazy_tlb(fix.cpu), 0);
	lowfix_flush(&fix, 0, 1);

	ck_assert_ptr_null(fix.cpu->tlbstate.loaded_mm);
	ck_assert_uint_eq(fix.ctx->cpumask, 0);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, fix.mm), 0);
	lowfix_store(fix.cpu, fix.addr, 2);
	ck_assert_uint_eq(lowfix_load(fix.cpu, fix.addr), 2);
}
END_TEST

/* TL-22: what a lazy CPU must not do is reported. */
START_TEST(a_lazy_cpu_that_touches_user_memory_is_reported)
{
	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert_int_eq(vmd_cpu_enter_lazy_tlb(fix.cpu), 0);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, fix.addr, 2), -EFAULT);

	ck_assert_uint_eq(fix.reports.nr_bugs, 1);
	ck_assert_ptr_nonnull(strstr(fix.reports.text, "is_lazy"));
	fix.reports.nr_bugs = 0;
}
END_TEST

/* TL-25: entries are gone, the flush comes later, and reaches everybody. */
START_TEST(a_batch_flushes_all_that_it_has_collected)
{
	struct vmd_mm *second = lowfix_second_mm(&fix);
	struct vmd_cpu *other = vmd_machine_cpu(fix.machine, 1);
	struct vmd_tlbflush_batch batch = { .flush_required = false };

	ck_assert_int_eq(vmd_cpu_switch_mm(other, second), 0);
	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_store(other, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	vmd_tlbbatch_add_pending(&batch, fix.ctx, false);
	vmd_tlbbatch_add_pending(&batch, &second->context, true);
	lowfix_store(fix.cpu, fix.addr, 2);
	ck_assert(!is_dirty(0)); /* still cached: nobody has flushed */

	vmd_tlbbatch_flush_dirty(&batch);
	ck_assert_uint_eq(batch.cpumask, 0);
	lowfix_store(fix.cpu, fix.addr, 3);
	ck_assert(is_dirty(0));
	vmd_mm_destroy(second);
}
END_TEST

/* TL-25: a clean batch may wait, one with dirt may not. */
START_TEST(a_batch_without_dirt_is_not_flushed_for_write_back)
{
	struct vmd_tlbflush_batch batch = { .flush_required = false };

	lowfix_store(fix.cpu, fix.addr, 1);
	vmd_tlbbatch_add_pending(&batch, fix.ctx, false);
	vmd_tlbbatch_flush_dirty(&batch);
	ck_assert(batch.flush_required);
	vmd_tlbbatch_flush(&batch);
	ck_assert(!batch.flush_required);
}
END_TEST

/* TL-25: who finds entries that another's batch has cleared flushes first. */
START_TEST(a_pending_batch_is_flushed_by_whoever_needs_it)
{
	struct vmd_tlbflush_batch batch = { .flush_required = false };
	uint64_t nr_flushes;

	lowfix_store(fix.cpu, fix.addr, 1);
	lowfix_clear_bits(&fix, 0, VMD_PAGE_DIRTY);
	vmd_tlbbatch_add_pending(&batch, fix.ctx, true);
	vmd_flush_tlb_batched_pending(fix.ctx);
	lowfix_store(fix.cpu, fix.addr, 2);
	ck_assert(is_dirty(0));

	nr_flushes = fix.ctx->nr_flushes;
	vmd_flush_tlb_batched_pending(fix.ctx);
	ck_assert_uint_eq(fix.ctx->nr_flushes, nr_flushes);
}
END_TEST

/* I-12: a pointer to what has been destroyed is not followed. */
START_TEST(a_destroyed_address_space_is_refused)
{
	struct vmd_mm *second = lowfix_second_mm(&fix);

	vmd_mm_destroy(second);

	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, second), -EINVAL);
	ck_assert_ptr_eq(fix.cpu->tlbstate.loaded_mm, fix.ctx);
	ck_assert_uint_eq(fix.ctx->cpumask, 1);
	lowfix_store(fix.cpu, fix.addr, 1);
}
END_TEST

/* I-12 */
START_TEST(an_address_space_of_another_machine_is_refused)
{
	struct lowfix other;
	const struct lowfix_shape shape = { .nr_cpus = 1 };

	lowfix_up(&other, &shape);

	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, other.mm), -EINVAL);
	ck_assert_int_eq(vmd_cpu_switch_mm(NULL, fix.mm), -EINVAL);
	ck_assert_ptr_eq(fix.cpu->tlbstate.loaded_mm, fix.ctx);
	ck_assert_uint_eq(fix.ctx->cpumask, 1);
	lowfix_down(&other);
}
END_TEST

START_TEST(a_cpu_has_nothing_once_its_address_space_is_destroyed)
{
	struct vmd_mm *second = lowfix_second_mm(&fix);

	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, second), 0);
	lowfix_store(fix.cpu, fix.addr, 1);
	vmd_mm_destroy(second);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, fix.addr, 2), -EFAULT);
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
	vmd_inc_tlb_flush_pending(fix.ctx);
	ck_assert(!vmd_tlb_flush_nested(fix.ctx));
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
	TCase *mask = make_case(suite, "switch_mm TL-18 TL-20 TL-21 TL-23");
	TCase *lazy = make_case(suite, "lazy TL-20 TL-22");
	TCase *batch = make_case(suite, "batch TL-25");
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
	tcase_add_test(rights, a_page_cached_by_a_load_still_gets_d);

	tcase_add_test(range, a_flush_reaches_every_cpu_that_has_it_loaded);
	tcase_add_loop_test(range, a_flush_of_more_than_33_pages_is_a_full_one,
			    0, (int)VMD_ARRAY_SIZE(ceilings));
	tcase_add_test(range, a_flush_waits_for_an_access_that_has_begun);
	tcase_add_test(range,
		       a_flush_waits_for_a_cpu_in_the_middle_of_a_switch);
	tcase_add_test(
		range,
		a_waiter_does_not_wait_for_ever_for_a_cpu_that_only_hits);
	tcase_add_test(range, a_flush_takes_its_range_and_nothing_else);
	tcase_add_test(range, a_flush_of_one_piece_drops_all_of_a_large_leaf);

	tcase_add_test(mask,
		       the_cpumask_follows_the_address_space_that_is_loaded);
	tcase_add_test(mask, a_flush_of_one_address_space_spares_the_others);
	tcase_add_test(stale, without_pcids_switching_drops_every_translation);
	tcase_add_test(mask, a_pcid_that_is_up_to_date_keeps_its_translations);
	tcase_add_test(
		mask,
		a_flush_that_a_cpu_has_missed_is_made_up_for_at_the_switch);
	tcase_add_test(mask, a_recycled_pcid_is_flushed);
	tcase_add_test(mask,
		       a_cpu_that_is_two_flushes_behind_forgets_everything);
	tcase_add_test(lazy, a_lazy_cpu_makes_up_for_the_flushes_it_was_spared);
	tcase_add_test(lazy, a_flush_that_frees_tables_unloads_a_lazy_cpu);
	tcase_add_test(lazy, a_lazy_cpu_that_touches_user_memory_is_reported);
	tcase_add_test(batch, a_batch_flushes_all_that_it_has_collected);
	tcase_add_test(batch,
		       a_batch_without_dirt_is_not_flushed_for_write_back);
	tcase_add_test(batch, a_pending_batch_is_flushed_by_whoever_needs_it);
	tcase_add_test(mask, a_destroyed_address_space_is_refused);
	tcase_add_test(mask, an_address_space_of_another_machine_is_refused);
	tcase_add_test(mask,
		       a_cpu_has_nothing_once_its_address_space_is_destroyed);

	tcase_add_test(told, pending_flushes_are_nested_from_two_on);
	tcase_add_test(told, a_flush_is_counted_and_told);
	return vmd_test_main(suite);
}
