/* SPDX-License-Identifier: MIT */
/*
 * The small machine of the lower floors' suites.
 */
#include "lowfix.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>

#include "mmu/shootdown.h"

void lowfix_report(void *arg, const struct vmd_report *report)
{
	struct lowfix_reports *reports = arg;

	if (report->kind == VMD_REPORT_BUG)
		reports->nr_bugs++;
	else
		reports->nr_warnings++;
	(void)snprintf(reports->text, sizeof(reports->text), "%s",
		       report->text);
	reports->here = report->here;
	reports->there = report->there;
}

void lowfix_env_up(struct vmd_env *env, struct lowfix_reports *reports)
{
	*reports = (struct lowfix_reports){ 0 };
	*env = (struct vmd_env){
		.report = lowfix_report,
		.report_arg = reports,
	};
	ck_assert_int_eq(vmd_arena_init(&env->arena, 0), 0);
	vmd_clock_init(&env->clock, env);
}

void lowfix_env_down(struct vmd_env *env)
{
	ck_assert_uint_eq(env->arena.nr_live, 0);
	vmd_arena_fini(&env->arena);
}

static void map_object(struct lowfix *fix, struct vmd_mm *mm, uint64_t nr,
		       const struct vmd_vm_operations *vm_ops)
{
	const struct vmd_mmap_args args = {
		.size = sizeof(args),
		.mapping = fix->mapping,
		.len = nr << VMD_PAGE_SHIFT,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED,
		.vm_ops = vm_ops,
		.vm_private_data = fix,
	};

	ck_assert_int_eq(vmd_mmap(mm, &args, &fix->addr), 0);
}

void lowfix_up(struct lowfix *fix, const struct lowfix_shape *shape)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = shape->nr_cpus ? shape->nr_cpus : 1,
		.flags = shape->flags,
		.features_off = shape->features_off,
		.tlb_entries = shape->tlb_entries,
		.ram_pages = shape->ram_pages ? shape->ram_pages : 4096,
		.report = lowfix_report,
		.report_arg = &fix->reports,
	};
	vmd_pgoff_t nr_pages = shape->nr_pages ? shape->nr_pages : 64;

	*fix = (struct lowfix){ .addr = 0 };
	ck_assert_int_eq(vmd_machine_create(&config, &fix->machine), 0);
	fix->hw = vmd_machine_hw(fix->machine);
	ck_assert_int_eq(vmd_mapping_create(fix->machine, nr_pages,
					    &fix->mapping),
			 0);
	ck_assert_int_eq(vmd_mm_create(fix->machine, &fix->mm), 0);
	fix->ctx = &fix->mm->context;
	fix->cpu = vmd_machine_cpu(fix->machine, 0);
	map_object(fix, fix->mm, nr_pages, shape->vm_ops);
	ck_assert_int_eq(vmd_cpu_switch_mm(fix->cpu, fix->mm), 0);
}

void lowfix_down(struct lowfix *fix)
{
	vmd_mm_destroy(fix->mm);
	vmd_mapping_destroy(fix->mapping);
	vmd_machine_destroy(fix->machine);
	ck_assert_msg(fix->reports.nr_bugs + fix->reports.nr_warnings == 0,
		      "reported: %s", fix->reports.text);
}

struct vmd_mm *lowfix_second_mm(struct lowfix *fix)
{
	vmd_va_t addr = fix->addr;
	struct vmd_mm *mm;

	ck_assert_int_eq(vmd_mm_create(fix->machine, &mm), 0);
	map_object(fix, mm, fix->mapping->nr_pages, NULL);
	ck_assert_uint_eq(fix->addr, addr);
	return mm;
}

vmd_pte_t *lowfix_slot(const struct lowfix *fix, uint64_t page)
{
	vmd_pte_t *slot = vmd_lookup_slot(fix->ctx, lowfix_page(fix, page),
					  VMD_LEVEL_PTE);

	ck_assert_ptr_nonnull(slot);
	return slot;
}

vmd_pte_t lowfix_pte(const struct lowfix *fix, uint64_t page)
{
	return vmd_ptep_get(lowfix_slot(fix, page));
}

void lowfix_clear_bits(const struct lowfix *fix, uint64_t page, uint64_t bits)
{
	(void)vmd_fetch_and(&lowfix_slot(fix, page)->val, ~bits);
}

void lowfix_set_bits(const struct lowfix *fix, uint64_t page, uint64_t bits)
{
	(void)vmd_fetch_or(&lowfix_slot(fix, page)->val, bits);
}

void lowfix_flush(const struct lowfix *fix, uint64_t page, uint64_t nr)
{
	vmd_flush_tlb_range(fix->ctx, lowfix_page(fix, page),
			    lowfix_page(fix, page + nr));
}

void lowfix_store(struct vmd_cpu *cpu, vmd_va_t addr, uint64_t value)
{
	ck_assert_int_eq(vmd_store_u64(cpu, addr, value), 0);
}

uint64_t lowfix_load(struct vmd_cpu *cpu, vmd_va_t addr)
{
	uint64_t value = 0;

	ck_assert_int_eq(vmd_load_u64(cpu, addr, &value), 0);
	return value;
}

void lowfix_meet(uint32_t *arrived, uint32_t nr)
{
	uint32_t spins = 0;

	(void)__atomic_add_fetch(arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(arrived, __ATOMIC_ACQUIRE) < nr)
		if (++spins % 2000 == 0)
			(void)sched_yield();
}

uint64_t lowfix_count(const struct lowfix *fix, enum vmd_event event)
{
	struct vmd_event_counts counts;

	vmd_machine_events(fix->machine, &counts);
	return counts.nr[event];
}
