/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the lower floors share: a receiver of reports, an
 * environment without a machine, and a small machine whose one address space
 * shows one object.
 */
#ifndef VMD_TESTS_LOWFIX_H
#define VMD_TESTS_LOWFIX_H

#include <vmmdirty/vmmdirty.h>

#include "mm/mm.h"
#include "mmu/cpu.h"
#include "mmu/pgtable.h"

/* What lowfix_report() has heard; the newest report in full. */
struct lowfix_reports {
	unsigned int nr_bugs;
	unsigned int nr_warnings;
	char text[256];
	struct vmd_place here;
	struct vmd_place there;
};

/* A vmd_report_fn; @arg is a struct lowfix_reports. */
void lowfix_report(void *arg, const struct vmd_report *report);

/* An environment on its own, whose reports go to @reports. */
void lowfix_env_up(struct vmd_env *env, struct lowfix_reports *reports);

/* Fails if a block is still live. */
void lowfix_env_down(struct vmd_env *env);

struct lowfix_shape {
	unsigned int nr_cpus; /* 0: one */
	unsigned int flags;
	unsigned int features_off;
	unsigned int tlb_entries;
	uint64_t ram_pages; /* 0: 4096 */
	vmd_pgoff_t nr_pages; /* 0: 64 */
	const struct vmd_vm_operations *vm_ops;
};

/* CPU 0 has the address space loaded, the others have none. */
struct lowfix {
	struct lowfix_reports reports;
	struct vmd_machine *machine;
	struct vmd_hw *hw;
	struct vmd_mapping *mapping;
	struct vmd_mm *mm;
	struct vmd_mm_context *ctx;
	struct vmd_cpu *cpu;
	vmd_va_t addr;
};

void lowfix_up(struct lowfix *fix, const struct lowfix_shape *shape);

/* Fails if anything was reported that the test has not forgiven. */
void lowfix_down(struct lowfix *fix);

/* Another address space that shows the object at the same address. */
struct vmd_mm *lowfix_second_mm(struct lowfix *fix);

static inline vmd_va_t lowfix_page(const struct lowfix *fix, uint64_t page)
{
	return fix->addr + (page << VMD_PAGE_SHIFT);
}

/* The entry of a page that was touched before. */
vmd_pte_t *lowfix_slot(const struct lowfix *fix, uint64_t page);
vmd_pte_t lowfix_pte(const struct lowfix *fix, uint64_t page);

/* Takes bits out of an entry, and flushes nothing. */
void lowfix_clear_bits(const struct lowfix *fix, uint64_t page, uint64_t bits);
void lowfix_set_bits(const struct lowfix *fix, uint64_t page, uint64_t bits);

/* Flushes [page, page + nr). */
void lowfix_flush(const struct lowfix *fix, uint64_t page, uint64_t nr);

/* Stores and loads that must succeed. */
void lowfix_store(struct vmd_cpu *cpu, vmd_va_t addr, uint64_t value);
uint64_t lowfix_load(struct vmd_cpu *cpu, vmd_va_t addr);

/*
 * Threads that shall collide start together: returns once @nr of them have
 * called it. @arrived begins at 0 and serves once.
 */
void lowfix_meet(uint32_t *arrived, uint32_t nr);

/* How often @event has happened on the whole machine. */
uint64_t lowfix_count(const struct lowfix *fix, enum vmd_event event);

#endif /* VMD_TESTS_LOWFIX_H */
