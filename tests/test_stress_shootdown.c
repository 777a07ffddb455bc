/* SPDX-License-Identifier: MIT */
/*
 * Flushes against CPUs that run (I-3, D4): threads store in a loop while
 * another one takes rights away, flushes, and looks whether anything still
 * moves.
 *
 *	CPU thread     store, store, store ...  fault: waits while frozen
 *	main thread    freeze, take W or D, flush, look twice, thaw
 *
 * Each CPU has a word of its own in every page. CK_RUN_CASE runs one story.
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "base/compiler.h"
#include "base/rng.h"
#include "lowfix.h"
#include "mmu/shootdown.h"
#include "support.h"

#define NR_CPUS	   8U
#define NR_PAGES   4U
#define NR_MS	   300
#define MIN_ROUNDS 20U /* however slow the machine is */
#define UNCHECKED  vmd_no_context_analysis("a ptl known at run time")

#define BALLAST_WORDS (1U << 20)

/* How the CPUs store, and on which machine. */
struct story {
	const char *name;
	int (*store)(struct vmd_cpu *cpu, vmd_va_t addr, uint64_t value);
	unsigned int flags;
};

struct worker {
	pthread_t thread;
	struct vmd_cpu *cpu;
	uint64_t nr_stores; /* read by the main thread */
};

static struct lowfix fix;

/* Only where CPUs switch: the same address shows another object. */
static struct vmd_mm *second;
static struct vmd_mapping *second_object;

static struct worker workers[NR_CPUS];
static const struct story *story;
static uint64_t ballast[NR_CPUS][BALLAST_WORDS];
static uint32_t stop;
static uint32_t frozen; /* a store that faults waits */

static bool is_set(const uint32_t *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void set(uint32_t *flag, uint32_t value)
{
	__atomic_store_n(flag, value, __ATOMIC_SEQ_CST);
}

/* A device's fault handlers: entries begin read-only, a write asks. */
static vmd_vm_fault_t map_page(struct vmd_vm_fault *vmf)
{
	vmd_pfn_t pfn = vmd_mapping_get_pfn(vmf->vma->vm_mapping, vmf->pgoff);

	return vmd_vmf_insert_pfn_prot(vmf->vma, vmf->address, pfn,
				       vmf->vma->vm_page_prot);
}

static vmd_vm_fault_t wait_while_frozen(struct vmd_vm_fault *vmf)
{
	(void)vmf;
	while (is_set(&frozen))
		(void)sched_yield();
	return 0;
}

static const struct vmd_vm_operations freezing_ops = {
	.fault = map_page,
	.pfn_mkwrite = wait_while_frozen,
};

/* The word of a CPU in a page, as memory has it. */
static uint64_t peek(unsigned int page, unsigned int id)
{
	vmd_pfn_t pfn = VMD_READ_ONCE(fix.mapping->pfns[page]);
	const uint64_t *words = vmd_pfn_to_virt(&fix.hw->ram, pfn);

	return VMD_READ_ONCE(words[id * 8]);
}

/*
 * As vmd_store(), but long between reading the line and using it, and now and
 * then without the processor just there.
 */
static int store_slowly(struct vmd_cpu *cpu, vmd_va_t addr, uint64_t value)
{
	const struct vmd_tlb_line *line = vmd_cpu_line(cpu, addr);
	unsigned int i;

	vmd_access_begin(cpu);
	if (VMD_READ_ONCE(line->write_tag) != vmd_access_tag(addr, 8)) {
		vmd_access_end(cpu);
		return vmd_cpu_store_slow(cpu, addr, value, 8);
	}
	for (i = 0; i < (value % 8 ? 10U : 20000U); i++)
		(void)VMD_READ_ONCE(stop);
	if (value % 8 == 0)
		(void)sched_yield();
	vmd_host_store((uintptr_t)addr + line->addend, value, 8);
	vmd_access_end(cpu);
	return 0;
}

/* Stores that miss: those that follow leave the processor much later. */
static int store_late(struct vmd_cpu *cpu, vmd_va_t addr, uint64_t value)
{
	uint64_t rng = value;
	unsigned int i;

	for (i = 0; i < 48; i++)
		VMD_WRITE_ONCE(ballast[cpu->id]
				      [vmd_rng_next(&rng) % BALLAST_WORDS],
			       value);
	return vmd_store_u64(cpu, addr, value);
}

static int store_plainly(struct vmd_cpu *cpu, vmd_va_t addr, uint64_t value)
{
	return vmd_store_u64(cpu, addr, value);
}

/* No two stores of a CPU are equal. */
static void *store_all_the_time(void *arg)
{
	struct worker *worker = arg;
	vmd_va_t addr = fix.addr + (vmd_va_t)worker->cpu->id * 64;
	uint64_t value = 1;

	for (; !is_set(&stop); value++) {
		uint64_t page = value % NR_PAGES;

		if (story->store(worker->cpu, addr + page * VMD_PAGE_SIZE,
				 value))
			return worker;
		if (second && value % 64 == 0 &&
		    vmd_cpu_switch_mm(worker->cpu,
				      value & 64 ? second : fix.mm))
			return worker;
		VMD_WRITE_ONCE(worker->nr_stores, value);
		if (value % 512 == 0)
			(void)sched_yield(); /* may be more than processors */
	}
	return NULL;
}

/* Takes @bits out of the entry of each page; which pages were dirty. */
static UNCHECKED unsigned int take_bits(uint64_t bits)
{
	unsigned int dirty = 0;
	unsigned int page;

	for (page = 0; page < NR_PAGES; page++) {
		struct vmd_spinlock *ptl;
		vmd_pte_t *pte =
			vmd_pte_offset_map_lock(fix.ctx,
						lowfix_page(&fix, page), &ptl);
		vmd_pte_t old = vmd_ptep_modify_prot_start(pte);

		if (vmd_pte_dirty(old))
			dirty |= 1U << page;
		vmd_ptep_modify_prot_commit(pte,
					    vmd_pte_clear_flags(old, bits));
		vmd_spin_unlock(ptl);
	}
	return dirty;
}

struct picture {
	uint64_t word[NR_PAGES][NR_CPUS];
};

static void look(struct picture *picture)
{
	unsigned int page;
	unsigned int id;

	for (page = 0; page < NR_PAGES; page++)
		for (id = 0; id < NR_CPUS; id++)
			picture->word[page][id] = peek(page, id);
}

static bool same_page(const struct picture *a, const struct picture *b,
		      unsigned int page)
{
	unsigned int id;

	for (id = 0; id < NR_CPUS; id++)
		if (a->word[page][id] != b->word[page][id])
			return false;
	return true;
}

/* Until every CPU has stored again, so that what we take away is in use. */
static void let_them_run(void)
{
	uint64_t before[NR_CPUS];
	unsigned int id;

	for (id = 0; id < NR_CPUS; id++)
		before[id] = VMD_READ_ONCE(workers[id].nr_stores);
	for (id = 0; id < NR_CPUS; id++)
		while (VMD_READ_ONCE(workers[id].nr_stores) <
		       before[id] + NR_PAGES)
			(void)sched_yield();
}

static void make_second(void)
{
	struct vmd_mmap_args args = {
		.size = sizeof(args),
		.len = NR_PAGES * VMD_PAGE_SIZE,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED | VMD_MAP_FIXED_NOREPLACE,
		.addr = fix.addr,
	};
	vmd_va_t addr;

	ck_assert_int_eq(vmd_mapping_create(fix.machine, NR_PAGES,
					    &second_object),
			 0);
	ck_assert_int_eq(vmd_mm_create(fix.machine, &second), 0);
	args.mapping = second_object;
	ck_assert_int_eq(vmd_mmap(second, &args, &addr), 0);
}

static void make_machine(bool switching)
{
	const struct lowfix_shape shape = {
		.nr_cpus = NR_CPUS,
		.flags = story->flags,
		.vm_ops = &freezing_ops,
	};
	unsigned int page;

	lowfix_up(&fix, &shape);
	second = NULL;
	second_object = NULL;
	if (switching)
		make_second();
	for (page = 0; page < NR_PAGES; page++)
		lowfix_store(fix.cpu, lowfix_page(&fix, page), 0);
}

static void start(const struct story *which, bool switching)
{
	unsigned int id;

	story = which;
	set(&stop, 0);
	set(&frozen, 0);
	make_machine(switching);
	for (id = 0; id < NR_CPUS; id++) {
		struct worker *worker = &workers[id];

		*worker = (struct worker){
			.cpu = vmd_machine_cpu(fix.machine, id),
		};
		ck_assert_int_eq(vmd_cpu_switch_mm(worker->cpu, fix.mm), 0);
		ck_assert_int_eq(pthread_create(&worker->thread, NULL,
						store_all_the_time, worker),
				 0);
	}
}

static void finish(void)
{
	unsigned int id;

	set(&frozen, 0);
	set(&stop, 1);
	for (id = 0; id < NR_CPUS; id++) {
		void *failed;

		(void)pthread_join(workers[id].thread, &failed);
		ck_assert_msg(!failed, "a store of CPU %u failed", id);
	}
	vmd_mm_destroy(second);
	vmd_mapping_destroy(second_object);
	lowfix_down(&fix);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A moment, in which a store that was on its way would land. */
static void wait_a_moment(unsigned int round)
{
	unsigned int i;

	for (i = 0; i < (round % 8 ? 300U : 3000U); i++)
		vmd_mb();
	if (round % 4 == 0)
		(void)sched_yield();
}

static const struct story stories[] = {
	{ "plain", store_plainly, 0 },
	{ "without lines", store_plainly, VMD_MACHINE_NO_LINES },
	{ "slow", store_slowly, 0 },
	{ "late", store_late, 0 },
};

/* One round: nothing may change after the flush has returned. */
static void freeze_and_look(unsigned int round)
{
	struct picture before;
	struct picture after;
	unsigned int page;

	set(&frozen, 1);
	(void)take_bits(VMD_PAGE_RW);
	lowfix_flush(&fix, 0, NR_PAGES);
	look(&before);
	wait_a_moment(round);
	look(&after);

	for (page = 0; page < NR_PAGES; page++)
		ck_assert_msg(same_page(&before, &after, page),
			      "%s, round %u: a store to page %u landed after "
			      "the flush",
			      story->name, round, page);
	set(&frozen, 0);
}

/* I-3 */
START_TEST(no_store_lands_through_a_right_that_was_flushed)
{
	uint64_t deadline = now_ms() + NR_MS;
	unsigned int round;

	start(&stories[_i], false);
	for (round = 0; round < MIN_ROUNDS || now_ms() < deadline; round++) {
		let_them_run();
		freeze_and_look(round);
	}
	finish();
}
END_TEST

/* TL-4, I-5: a page that changed since the last look has D, or had it. */
static void clean_and_look(struct picture *last, unsigned int round)
{
	unsigned int dirty = take_bits(VMD_PAGE_DIRTY_BITS);
	struct picture now;
	unsigned int page;

	lowfix_flush(&fix, 0, NR_PAGES);
	look(&now);
	for (page = 0; page < NR_PAGES; page++) {
		bool known = (dirty & (1U << page)) ||
			     vmd_pte_dirty(lowfix_pte(&fix, page));

		ck_assert_msg(known || same_page(last, &now, page),
			      "%s, round %u: page %u changed and is clean",
			      story->name, round, page);
	}
	*last = now;
}

START_TEST(no_store_is_lost_by_a_cleaner_that_flushes)
{
	uint64_t deadline = now_ms() + NR_MS;
	struct picture last;
	unsigned int round;

	start(&stories[_i], false);
	look(&last);
	for (round = 0; round < MIN_ROUNDS || now_ms() < deadline; round++) {
		clean_and_look(&last, round);
		if (round % 3)
			let_them_run();
	}
	finish();
}
END_TEST

/* TL-23: a CPU that is just loading the tables is told, or walks later. */
START_TEST(no_store_is_lost_while_cpus_switch_address_spaces)
{
	uint64_t deadline = now_ms() + NR_MS;
	struct picture last;
	unsigned int round;

	start(&stories[_i], true);
	look(&last);
	for (round = 0; round < MIN_ROUNDS || now_ms() < deadline; round++) {
		clean_and_look(&last, round);
		if (round % 3)
			let_them_run();
	}
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stress_shootdown");
	TCase *wp = tcase_create("write-protect I-3");
	TCase *clean = tcase_create("clean TL-4");
	TCase *switching = tcase_create("switch_mm TL-23");

	tcase_add_loop_test(wp, no_store_lands_through_a_right_that_was_flushed,
			    0, (int)VMD_ARRAY_SIZE(stories));
	suite_add_tcase(suite, wp);
	tcase_add_loop_test(clean, no_store_is_lost_by_a_cleaner_that_flushes,
			    0, 2);
	suite_add_tcase(suite, clean);
	tcase_add_loop_test(switching,
			    no_store_is_lost_while_cpus_switch_address_spaces,
			    0, 2);
	suite_add_tcase(suite, switching);
	return vmd_test_main(suite);
}
