/* SPDX-License-Identifier: MIT */
/*
 * What a store through a simulated CPU costs when it hits, against the same
 * loop storing through a plain pointer.
 */
#include <stdio.h>
#include <stdlib.h>

#include <vmmdirty/vmmdirty.h>

#include "harness.h"

#define NR_PAGES  64
#define ROUNDS	  16
#define WORDS	  (NR_PAGES * VMD_PAGE_SIZE / 8)
#define NR_STORES (ROUNDS * WORDS)

struct access_bench {
	struct vmd_machine *machine;
	struct vmd_mapping *object;
	struct vmd_mm *mm;
	struct vmd_cpu *cpu;
	vmd_va_t addr;
	uint64_t *direct;
};

/* A ring that wraps, so that the loop's own work is the same on both sides. */
#define RING (NR_PAGES * VMD_PAGE_SIZE - 1)

static void ours_seq(void *arg)
{
	const struct access_bench *bench = arg;
	struct vmd_cpu *cpu = bench->cpu;
	vmd_va_t base = bench->addr;
	uint64_t offset = 0;
	uint64_t i;

	for (i = 0; i < NR_STORES; i++) {
		if (vmd_store_u64(cpu, base + offset, i))
			abort();
		offset = (offset + 8) & RING;
	}
}

/* The same kind of store: one that the compiler may not merge or drop. */
static void direct_seq(void *arg)
{
	const struct access_bench *bench = arg;
	uintptr_t base = (uintptr_t)bench->direct;
	uint64_t offset = 0;
	uint64_t i;

	for (i = 0; i < NR_STORES; i++) {
		vmd_host_store(base + offset, i, 8);
		offset = (offset + 8) & RING;
	}
}

/* Nothing but stores: what is left when the loop costs nothing. */
static void ours_tight(void *arg)
{
	const struct access_bench *bench = arg;
	struct vmd_cpu *cpu = bench->cpu;
	vmd_va_t end = bench->addr + RING + 1;
	unsigned int round;
	vmd_va_t addr;

	for (round = 0; round < ROUNDS; round++)
		for (addr = bench->addr; addr < end; addr += 8)
			if (vmd_store_u64(cpu, addr, addr))
				abort();
}

static void direct_tight(void *arg)
{
	const struct access_bench *bench = arg;
	uintptr_t end = (uintptr_t)bench->direct + RING + 1;
	unsigned int round;
	uintptr_t addr;

	for (round = 0; round < ROUNDS; round++)
		for (addr = (uintptr_t)bench->direct; addr < end; addr += 8)
			vmd_host_store(addr, addr, 8);
}

static bool init(struct access_bench *bench)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = 1,
	};
	struct vmd_mmap_args args = {
		.size = sizeof(args),
		.len = NR_PAGES * VMD_PAGE_SIZE,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED,
	};

	bench->direct = aligned_alloc(VMD_PAGE_SIZE, WORDS * 8);
	if (!bench->direct || vmd_machine_create(&config, &bench->machine) ||
	    vmd_mapping_create(bench->machine, NR_PAGES, &bench->object) ||
	    vmd_mm_create(bench->machine, &bench->mm))
		return false;
	args.mapping = bench->object;
	bench->cpu = vmd_machine_cpu(bench->machine, 0);
	return !vmd_mmap(bench->mm, &args, &bench->addr) &&
	       !vmd_cpu_switch_mm(bench->cpu, bench->mm);
}

static void fini(struct access_bench *bench)
{
	vmd_mm_destroy(bench->mm);
	vmd_mapping_destroy(bench->object);
	vmd_machine_destroy(bench->machine);
	free(bench->direct);
}

int main(int argc, char **argv)
{
	bool quick = bench_parse(argc, argv);
	static struct access_bench bench;
	const uint64_t nr_stores = NR_STORES;
	const struct bench_case store_hit_seq = {
		.bench = "access",
		.name = "store_hit_seq",
		.unit = "ns/store",
		.peer = "direct store loop",
		.per_call = (double)nr_stores,
		.ours = ours_seq,
		.peers = direct_seq,
		.arg = &bench,
	};
	struct bench_case store_hit_tight = store_hit_seq;

	store_hit_tight.name = "store_hit_tight";
	store_hit_tight.peer = "direct store loop, no ring";
	store_hit_tight.ours = ours_tight;
	store_hit_tight.peers = direct_tight;
	if (!init(&bench)) {
		(void)fputs("bench_access: out of memory\n", stderr);
		return 1;
	}
	bench_run(&store_hit_seq, quick);
	bench_run(&store_hit_tight, quick);
	fini(&bench);
	return 0;
}
