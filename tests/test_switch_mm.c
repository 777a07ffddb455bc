/* SPDX-License-Identifier: MIT */
/*
 * mmu/switch and mmu/pending: what a CPU still knows when it comes back to an
 * address space, lazy CPUs, and flushes that are put off.
 */
#include "mmu/switch.h"

#include <errno.h>
#include <string.h>

#include "lowfix.h"
#include "mmu/shootdown.h"
#include "support.h"

static struct lowfix fix;

static void up(void)
{
	const struct lowfix_shape shape = { .nr_cpus = 4 };

	lowfix_up(&fix, &shape);
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

/* A page at @va, by tables of its own in frames from @table on. */
static void map_by_hand(vmd_pfn_t table, vmd_va_t va)
{
	const uint64_t bits = VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER;
	int level;

	for (level = VMD_LEVEL_P4D; level >= VMD_LEVEL_PTE; level--, table++)
		ck_assert_int_eq(
			vmd_write_phys(fix.machine,
				       (table << VMD_PAGE_SHIFT) +
					       8 * vmd_level_index(va, level),
				       (table + 1) << VMD_PAGE_SHIFT | bits),
			0);
}

/* PCID 0 is that of a CPU without an address space, and of tables by hand. */
START_TEST(a_cpu_has_nothing_once_it_has_unloaded_all)
{
	const vmd_va_t va = UINT64_C(1) << 40;
	vmd_pfn_t root;

	ck_assert_int_eq(vmd_alloc_pages(fix.machine, 5, &root), 0);
	map_by_hand(root, va);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, NULL), 0);
	ck_assert_int_eq(vmd_cpu_write_reg(fix.cpu, VMD_REG_CR3,
					   root << VMD_PAGE_SHIFT),
			 0);
	lowfix_store(fix.cpu, va, 1);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, fix.mm), 0);
	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, NULL), 0);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, va, 2), -EFAULT);
	ck_assert_int_eq(vmd_store_u64(fix.cpu, fix.addr, 2), -EFAULT);
	vmd_free_pages(fix.machine, root, 5);
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

/* TL-9, TL-22: it is a flush of one page. */
START_TEST(clearing_one_entry_spares_a_lazy_cpu)
{
	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert_int_eq(vmd_cpu_enter_lazy_tlb(fix.cpu), 0);

	(void)vmd_ptep_clear_flush(fix.ctx, fix.addr, lowfix_slot(&fix, 0));

	ck_assert_ptr_eq(fix.cpu->tlbstate.loaded_mm, fix.ctx);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix.cpu, fix.mm), 0);
	lowfix_store(fix.cpu, fix.addr, 2);
	ck_assert(is_dirty(0));
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

static void look_at_the_section(void *arg, const struct vmd_report *report)
{
	ck_assert_uint_eq(fix.cpu->fast.in_access, 0);
	lowfix_report(arg, report);
}

/* Who hears of it may flush, or never come back. */
START_TEST(a_report_comes_from_outside_of_the_section)
{
	fix.hw->env.report = look_at_the_section;
	lowfix_store(fix.cpu, fix.addr, 1);
	ck_assert_int_eq(vmd_cpu_enter_lazy_tlb(fix.cpu), 0);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, fix.addr, 2), -EFAULT);

	ck_assert_uint_eq(fix.reports.nr_bugs, 1);
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

static TCase *make_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, up, down);
	suite_add_tcase(suite, tc);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("switch_mm");
	TCase *mask = make_case(suite, "switch TL-18 TL-20 TL-21 TL-23");
	TCase *plain = tcase_create("without PCIDs F5");
	TCase *lazy = make_case(suite, "lazy TL-20 TL-22");
	TCase *batch = make_case(suite, "batch TL-25");

	tcase_add_test(mask,
		       the_cpumask_follows_the_address_space_that_is_loaded);
	tcase_add_test(mask, a_flush_of_one_address_space_spares_the_others);
	tcase_add_test(mask, a_pcid_that_is_up_to_date_keeps_its_translations);
	tcase_add_test(
		mask,
		a_flush_that_a_cpu_has_missed_is_made_up_for_at_the_switch);
	tcase_add_test(mask, a_recycled_pcid_is_flushed);
	tcase_add_test(mask,
		       a_cpu_that_is_two_flushes_behind_forgets_everything);
	tcase_add_test(mask, a_destroyed_address_space_is_refused);
	tcase_add_test(mask, an_address_space_of_another_machine_is_refused);
	tcase_add_test(mask,
		       a_cpu_has_nothing_once_its_address_space_is_destroyed);

	tcase_add_test(mask, a_cpu_has_nothing_once_it_has_unloaded_all);

	tcase_add_test(plain, without_pcids_switching_drops_every_translation);
	suite_add_tcase(suite, plain);

	tcase_add_test(lazy, a_lazy_cpu_makes_up_for_the_flushes_it_was_spared);
	tcase_add_test(lazy, a_flush_that_frees_tables_unloads_a_lazy_cpu);
	tcase_add_test(lazy, clearing_one_entry_spares_a_lazy_cpu);
	tcase_add_test(lazy, a_lazy_cpu_that_touches_user_memory_is_reported);

	tcase_add_test(lazy, a_report_comes_from_outside_of_the_section);

	tcase_add_test(batch, a_batch_flushes_all_that_it_has_collected);
	tcase_add_test(batch,
		       a_batch_without_dirt_is_not_flushed_for_write_back);
	tcase_add_test(batch, a_pending_batch_is_flushed_by_whoever_needs_it);
	return vmd_test_main(suite);
}
