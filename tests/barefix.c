/* SPDX-License-Identifier: MIT */
/*
 * Page tables by hand.
 */
#include "barefix.h"

#include <check.h>
#include <errno.h>

const struct vmd_machine_config barefix_shapes[BAREFIX_NR_SHAPES] = {
	{ .flags = 0 },
	{ .flags = VMD_MACHINE_NO_LINES },
	{ .flags = VMD_MACHINE_FRACTURE_LARGE },
	{ .flags = VMD_MACHINE_RANDOM_REPLACEMENT },
	{ .tlb_entries = 8, .psc_entries = 8, .large_tlb_entries = 8 },
	{ .tlb_entries = VMD_TLB_UNBOUNDED,
	  .large_tlb_entries = VMD_TLB_UNBOUNDED,
	  .psc_entries = VMD_TLB_UNBOUNDED },
	{ .levels = 5 },
};

#define RAM_PAGES (UINT64_C(1) << 22)

/* Pieces of a large page that know their number. */
#define NR_TOLD 16U

/* Not ck_assert(), which tells the runner of each success. */
static void must(bool done, const char *what, uint64_t where)
{
	if (!done)
		ck_abort_msg("%s %#llx", what, (unsigned long long)where);
}

void barefix_up(struct barefix *fix, const struct vmd_machine_config *shape)
{
	struct vmd_machine_config config = { .nr_cpus = 0 };

	if (shape)
		config = *shape;
	config.size = sizeof(config);
	config.nr_cpus = config.nr_cpus ? config.nr_cpus : 1;
	config.ram_pages = config.ram_pages ? config.ram_pages : RAM_PAGES;
	*fix = (struct barefix){ .levels = config.levels ? config.levels : 4 };
	ck_assert_int_eq(vmd_machine_create(&config, &fix->machine), 0);
	fix->cpu = vmd_machine_cpu(fix->machine, 0);
	fix->root = barefix_alloc(fix, 1);
	barefix_cr3(fix, 0, 0);
}

void barefix_down(struct barefix *fix)
{
	while (fix->nr_runs) {
		const struct barefix_run *run = &fix->runs[--fix->nr_runs];

		vmd_free_pages(fix->machine, run->pfn, run->nr_pages);
	}
	vmd_machine_destroy(fix->machine);
}

vmd_pa_t barefix_alloc(struct barefix *fix, uint64_t nr_pages)
{
	vmd_pfn_t pfn;

	ck_assert_uint_lt(fix->nr_runs, BAREFIX_MAX_RUNS);
	ck_assert_int_eq(vmd_alloc_pages(fix->machine, nr_pages, &pfn), 0);
	fix->runs[fix->nr_runs++] = (struct barefix_run){ pfn, nr_pages };
	return pfn << VMD_PAGE_SHIFT;
}

void barefix_free(struct barefix *fix, vmd_pa_t pa)
{
	vmd_pfn_t pfn = pa >> VMD_PAGE_SHIFT;
	unsigned int i = 0;

	while (fix->runs[i].pfn != pfn)
		ck_assert_uint_lt(++i, fix->nr_runs);
	fix->runs[i] = fix->runs[--fix->nr_runs];
	vmd_free_pages(fix->machine, pfn, 1);
}

static uint64_t read_phys(const struct barefix *fix, vmd_pa_t pa)
{
	uint64_t value = 0;

	must(!vmd_read_phys(fix->machine, pa, &value), "vmd_read_phys()", pa);
	return value;
}

static void write_phys(const struct barefix *fix, vmd_pa_t pa, uint64_t value)
{
	must(!vmd_write_phys(fix->machine, pa, value), "vmd_write_phys()", pa);
}

vmd_pa_t barefix_frame(struct barefix *fix, unsigned int level)
{
	uint64_t nr_pages = UINT64_C(1) << (9 * (level - 1));
	uint64_t nr_told = nr_pages < NR_TOLD ? nr_pages : NR_TOLD;
	vmd_pa_t size = nr_pages << VMD_PAGE_SHIFT;
	vmd_pa_t pa;
	uint64_t i;

	pa = barefix_alloc(fix, level > PTE ? 2 * nr_pages : 1);
	pa = (pa + size - 1) & ~(size - 1);
	for (i = 0; i < nr_told; i++)
		write_phys(fix, pa + (i << VMD_PAGE_SHIFT),
			   (pa >> VMD_PAGE_SHIFT) + i);
	return pa;
}

static vmd_pa_t slot_in(vmd_pa_t table, vmd_va_t va, unsigned int level)
{
	return table + 8 * (va >> (3 + 9 * level) & 511);
}

vmd_pa_t barefix_slot(const struct barefix *fix, vmd_va_t va,
		      unsigned int level)
{
	vmd_pa_t table = fix->root;
	unsigned int at;

	for (at = fix->levels; at > level; at--) {
		table = read_phys(fix, slot_in(table, va, at)) &
			VMD_PTE_PFN_MASK;
		must(table != 0, "no table for", va);
	}
	return slot_in(table, va, level);
}

uint64_t barefix_entry(const struct barefix *fix, vmd_va_t va,
		       unsigned int level)
{
	return read_phys(fix, barefix_slot(fix, va, level));
}

void barefix_write(const struct barefix *fix, vmd_va_t va, unsigned int level,
		   uint64_t entry)
{
	write_phys(fix, barefix_slot(fix, va, level), entry);
}

void barefix_set(const struct barefix *fix, vmd_va_t va, unsigned int level,
		 uint64_t bits)
{
	barefix_write(fix, va, level, barefix_entry(fix, va, level) | bits);
}

void barefix_clear(const struct barefix *fix, vmd_va_t va, unsigned int level,
		   uint64_t bits)
{
	barefix_write(fix, va, level, barefix_entry(fix, va, level) & ~bits);
}

vmd_pa_t barefix_map(struct barefix *fix, vmd_va_t va, unsigned int level)
{
	vmd_pa_t frame = barefix_frame(fix, level);
	unsigned int at;

	for (at = fix->levels; at > level; at--)
		if (!barefix_entry(fix, va, at))
			barefix_write(fix, va, at,
				      barefix_alloc(fix, 1) | P | RW | US);
	barefix_write(fix, va, level,
		      frame | P | RW | US | (level > PTE ? PS : 0));
	return frame;
}

vmd_pa_t barefix_remap(struct barefix *fix, vmd_va_t va, unsigned int level)
{
	vmd_pa_t frame = barefix_frame(fix, level);

	barefix_write(fix, va, level,
		      frame | (barefix_entry(fix, va, level) &
			       ~VMD_PTE_PFN_MASK));
	return frame;
}

void barefix_reg(const struct barefix *fix, enum vmd_reg reg, uint64_t value)
{
	must(!vmd_cpu_write_reg(fix->cpu, reg, value), "a register refuses",
	     value);
}

void barefix_reg_set(const struct barefix *fix, enum vmd_reg reg, uint64_t bits)
{
	barefix_reg(fix, reg, vmd_cpu_read_reg(fix->cpu, reg) | bits);
}

void barefix_reg_clear(const struct barefix *fix, enum vmd_reg reg,
		       uint64_t bits)
{
	barefix_reg(fix, reg, vmd_cpu_read_reg(fix->cpu, reg) & ~bits);
}

void barefix_cr3(const struct barefix *fix, unsigned int pcid, uint64_t flags)
{
	barefix_reg(fix, VMD_REG_CR3, fix->root | pcid | flags);
}

int barefix_access(const struct barefix *fix, enum bare_kind kind, vmd_va_t va)
{
	uint64_t value;

	switch (kind) {
	case BARE_READ:
		return vmd_load_u64(fix->cpu, va, &value);
	case BARE_WRITE:
		return vmd_store_u64(fix->cpu, va, 0);
	case BARE_FETCH:
	default:
		return vmd_fetch_check(fix->cpu, va);
	}
}

uint64_t barefix_load(const struct barefix *fix, vmd_va_t va)
{
	uint64_t value = 0;

	must(!vmd_load_u64(fix->cpu, va, &value), "no load from", va);
	return value;
}

void barefix_store(const struct barefix *fix, vmd_va_t va, uint64_t value)
{
	must(!vmd_store_u64(fix->cpu, va, value), "no store to", va);
}

void barefix_fetch(const struct barefix *fix, vmd_va_t va)
{
	must(!vmd_fetch_check(fix->cpu, va), "no fetch from", va);
}

uint64_t barefix_number(const struct barefix *fix, vmd_pa_t pa)
{
	return read_phys(fix, pa & VMD_PAGE_MASK);
}

bool barefix_cached(const struct barefix *fix, vmd_va_t va)
{
	struct vmd_tlb_view view;

	return vmd_cpu_tlb_lookup(fix->cpu, va, &view);
}

struct vmd_tlb_view barefix_view(const struct barefix *fix, vmd_va_t va)
{
	struct vmd_tlb_view view = { .level = 0 };

	ck_assert(vmd_cpu_tlb_lookup(fix->cpu, va, &view));
	return view;
}

uint64_t barefix_count(const struct barefix *fix, enum vmd_event event)
{
	struct vmd_event_counts counts;

	vmd_machine_events(fix->machine, &counts);
	return counts.nr[event];
}

static void expect_trap(const struct barefix *fix, enum bare_kind kind,
			const struct vmd_fault_info *want, int line)
{
	int err = barefix_access(fix, kind, want->addr);
	const struct vmd_fault_info *is = vmd_cpu_fault(fix->cpu);

	ck_assert_msg(err == -EFAULT, "line %d: kind %d returned %d", line,
		      (int)kind, err);
	ck_assert_msg(is->vector == want->vector &&
			      is->error_code == want->error_code &&
			      is->addr == want->addr && is->error == -EFAULT,
		      "line %d: kind %d: vector %u code %#x at %#llx, not "
		      "vector %u code %#x",
		      line, (int)kind, is->vector, is->error_code,
		      (unsigned long long)is->addr, want->vector,
		      want->error_code);
}

void barefix_expect_fault(const struct barefix *fix, enum bare_kind kind,
			  vmd_va_t va, unsigned int code, int line)
{
	const struct vmd_fault_info want = {
		.addr = va,
		.error_code = code,
		.vector = VMD_TRAP_PF,
	};

	expect_trap(fix, kind, &want, line);
}

void barefix_expect_gp(const struct barefix *fix, enum bare_kind kind,
		       vmd_va_t va, int line)
{
	const struct vmd_fault_info want = {
		.addr = va,
		.vector = VMD_TRAP_GP,
	};

	expect_trap(fix, kind, &want, line);
}
