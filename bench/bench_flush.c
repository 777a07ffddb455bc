/* SPDX-License-Identifier: MIT */
/*
 * What it costs to take a right away from CPUs that may be using it.
 *
 *	flush_page        the bare flush of one page: gate, membarrier(2), wait;
 *			  the peer changes the protection of one page, which
 *			  makes the kernel flush it
 *	flush_wp_fault    write-protect one page of an object, then store to it:
 *			  reverse map, flush, page fault; the peer takes the
 *			  right away with mprotect(2), gives it back and stores
 *
 * _2cpu: meanwhile a second thread drives a second CPU that has the address
 * space loaded, and stores to other pages of it, and to memory of the host; so
 * both we and the kernel have somebody to interrupt.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <vmmdirty/vmmdirty.h>

#include "harness.h"
#include "mm/mm.h"
#include "mmu/shootdown.h"

#define NR_PAGES  16
#define PER_CALL  64
#define BURST	  1024 /* stores of the second thread between two looks */
#define LAST_PAGE ((NR_PAGES - 1) * VMD_PAGE_SIZE)

struct flush_bench {
	struct vmd_machine *machine;
	struct vmd_mapping *object;
	struct vmd_mm *mm;
	vmd_va_t addr;
	uint8_t *direct;
	pthread_t thread;
	unsigned int stop; /* atomic */
	unsigned int runs; /* atomic */
};

static void ours_flush(void *arg)
{
	const struct flush_bench *bench = arg;
	unsigned int i;

	for (i = 0; i < PER_CALL; i++)
		vmd_flush_tlb_page(&bench->mm->context, bench->addr);
}

static void protect(const struct flush_bench *bench, int prot)
{
	if (mprotect(bench->direct, VMD_PAGE_SIZE, prot))
		bench_die("mprotect failed");
}

/* Every other call takes a right away: twice as many calls, and touched. */
static void host_flush(void *arg)
{
	const struct flush_bench *bench = arg;
	unsigned int i;

	for (i = 0; i < PER_CALL / 2; i++) {
		protect(bench, PROT_READ);
		protect(bench, PROT_READ | PROT_WRITE);
		vmd_host_store((uintptr_t)bench->direct, i, 8);
	}
}

static void ours_wp_fault(void *arg)
{
	const struct flush_bench *bench = arg;
	struct vmd_cpu *cpu = vmd_machine_cpu(bench->machine, 0);
	unsigned int i;

	for (i = 0; i < PER_CALL; i++)
		if (vmd_wp_shared_mapping_range(bench->object, 0, 1) != 1 ||
		    vmd_store_u64(cpu, bench->addr, i))
			abort();
}

static void host_wp_touch(void *arg)
{
	const struct flush_bench *bench = arg;
	unsigned int i;

	for (i = 0; i < PER_CALL; i++) {
		protect(bench, PROT_READ);
		protect(bench, PROT_READ | PROT_WRITE);
		vmd_host_store((uintptr_t)bench->direct, i, 8);
	}
}

/* The second thread, on CPU 1 and on the last page. */
static void *store_on(void *arg)
{
	struct flush_bench *bench = arg;
	struct vmd_cpu *cpu = vmd_machine_cpu(bench->machine, 1);
	unsigned int i;

	if (vmd_cpu_switch_mm(cpu, bench->mm))
		abort();
	while (!__atomic_load_n(&bench->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < BURST; i++) {
			if (vmd_store_u64(cpu, bench->addr + LAST_PAGE, i))
				abort();
			vmd_host_store((uintptr_t)bench->direct + LAST_PAGE, i,
				       8);
		}
		__atomic_store_n(&bench->runs, 1, __ATOMIC_RELAXED);
	}
	if (vmd_cpu_switch_mm(cpu, NULL))
		abort();
	return NULL;
}

static void start_second(struct flush_bench *bench)
{
	if (pthread_create(&bench->thread, NULL, store_on, bench))
		bench_die("no thread");
	while (!__atomic_load_n(&bench->runs, __ATOMIC_RELAXED))
		;
}

static void stop_second(struct flush_bench *bench)
{
	__atomic_store_n(&bench->stop, 1, __ATOMIC_RELAXED);
	(void)pthread_join(bench->thread, NULL);
}

static void init(struct flush_bench *bench)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = 2,
	};
	struct vmd_mmap_args args = {
		.size = sizeof(args),
		.len = NR_PAGES * VMD_PAGE_SIZE,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED,
	};

	bench->direct = mmap(NULL, NR_PAGES * VMD_PAGE_SIZE,
			     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			     -1, 0);
	if (bench->direct == MAP_FAILED ||
	    vmd_machine_create(&config, &bench->machine) ||
	    vmd_mapping_create(bench->machine, NR_PAGES, &bench->object) ||
	    vmd_mm_create(bench->machine, &bench->mm))
		bench_die("out of memory");
	args.mapping = bench->object;
	if (vmd_mmap(bench->mm, &args, &bench->addr) ||
	    vmd_cpu_switch_mm(vmd_machine_cpu(bench->machine, 0), bench->mm) ||
	    vmd_store_u64(vmd_machine_cpu(bench->machine, 0), bench->addr, 1))
		bench_die("nothing could be mapped");
}

static void fini(struct flush_bench *bench)
{
	if (vmd_cpu_switch_mm(vmd_machine_cpu(bench->machine, 0), NULL))
		abort();
	vmd_mm_destroy(bench->mm);
	vmd_mapping_destroy(bench->object);
	vmd_machine_destroy(bench->machine);
	(void)munmap(bench->direct, NR_PAGES * VMD_PAGE_SIZE);
}

static void run(struct flush_bench *bench, const char *flush, const char *fault,
		struct bench_options *options)
{
	struct bench_case row = {
		.bench = "flush",
		.name = flush,
		.unit = "ns/call",
		.peer = "mprotect of one page, every other one touched",
		.per_call = PER_CALL,
		.ours = ours_flush,
		.peers = host_flush,
		.arg = bench,
	};

	bench_run(&row, options);
	row.name = fault;
	row.unit = "ns/cycle";
	row.peer = "mprotect twice and touch";
	row.ours = ours_wp_fault;
	row.peers = host_wp_touch;
	bench_run(&row, options);
}

int main(int argc, char **argv)
{
	static struct flush_bench bench;
	struct bench_options options;

	bench_parse(argc, argv, &options);
	init(&bench);
	run(&bench, "flush_page_1cpu", "flush_wp_fault_1cpu", &options);
	start_second(&bench);
	run(&bench, "flush_page_2cpu", "flush_wp_fault_2cpu", &options);
	stop_second(&bench);
	fini(&bench);
	return bench_status(&options);
}
