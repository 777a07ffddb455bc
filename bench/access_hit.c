/* SPDX-License-Identifier: MIT */
/*
 * Stores that hit an inline line, in an address space: over a ring that wraps,
 * so that the loop's own work is the same on both sides; at random; and in a
 * loop that does nothing but store.
 */
#include "access.h"

#include <stdlib.h>

#include "space.h"

#define MAX_PAGES 1024 /* as many as there are lines */
#define NR_STORES (UINT64_C(16) * 64 * VMD_PAGE_SIZE / 8)

struct hit {
	struct vmd_machine *machine;
	struct vmd_mapping *object;
	struct vmd_mm *mm;
	struct vmd_cpu *cpu;
	vmd_va_t addr;
	uintptr_t direct;
	uint64_t ring; /* mask of an offset */
};

static void ours_seq(void *arg)
{
	const struct hit *hit = arg;
	struct vmd_cpu *cpu = hit->cpu;
	vmd_va_t base = hit->addr;
	uint64_t ring = hit->ring;
	uint64_t offset = 0;
	uint64_t i;

	for (i = 0; i < NR_STORES; i++) {
		if (vmd_store_u64(cpu, base + offset, i))
			abort();
		offset = (offset + 8) & ring;
	}
}

/* The same kind of store: one that the compiler may not merge or drop. */
static void direct_seq(void *arg)
{
	const struct hit *hit = arg;
	uintptr_t base = hit->direct;
	uint64_t ring = hit->ring;
	uint64_t offset = 0;
	uint64_t i;

	for (i = 0; i < NR_STORES; i++) {
		vmd_host_store(base + offset, i, 8);
		offset = (offset + 8) & ring;
	}
}

/* xorshift64 */
static inline uint64_t next_random(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ x << 17;
}

static void ours_rand(void *arg)
{
	const struct hit *hit = arg;
	struct vmd_cpu *cpu = hit->cpu;
	vmd_va_t base = hit->addr;
	uint64_t ring = hit->ring & ~UINT64_C(7);
	uint64_t x = 88172645463325252;
	uint64_t i;

	for (i = 0; i < NR_STORES; i++) {
		x = next_random(x);
		if (vmd_store_u64(cpu, base + (x & ring), i))
			abort();
	}
}

static void direct_rand(void *arg)
{
	const struct hit *hit = arg;
	uintptr_t base = hit->direct;
	uint64_t ring = hit->ring & ~UINT64_C(7);
	uint64_t x = 88172645463325252;
	uint64_t i;

	for (i = 0; i < NR_STORES; i++) {
		x = next_random(x);
		vmd_host_store(base + (x & ring), i, 8);
	}
}

/* Nothing but stores: what is left when the loop costs nothing. */
static void ours_tight(void *arg)
{
	const struct hit *hit = arg;
	struct vmd_cpu *cpu = hit->cpu;
	vmd_va_t end = hit->addr + hit->ring + 1;
	uint64_t round;
	vmd_va_t addr;

	for (round = 0; round < NR_STORES * 8 / (hit->ring + 1); round++)
		for (addr = hit->addr; addr < end; addr += 8)
			if (vmd_store_u64(cpu, addr, addr))
				abort();
}

static void direct_tight(void *arg)
{
	const struct hit *hit = arg;
	uintptr_t end = hit->direct + hit->ring + 1;
	uint64_t round;
	uintptr_t addr;

	for (round = 0; round < NR_STORES * 8 / (hit->ring + 1); round++)
		for (addr = hit->direct; addr < end; addr += 8)
			vmd_host_store(addr, addr, 8);
}

static void init(struct hit *hit)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = 1,
		.ram_pages = 1 << 16,
	};
	struct vmd_mmap_args args = {
		.size = sizeof(args),
		.len = MAX_PAGES * VMD_PAGE_SIZE,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED,
	};

	hit->direct = (uintptr_t)bench_host_pages(MAX_PAGES);
	if (vmd_machine_create(&config, &hit->machine) ||
	    vmd_mapping_create(hit->machine, MAX_PAGES, &hit->object) ||
	    vmd_mm_create(hit->machine, &hit->mm))
		bench_die("out of memory");
	args.mapping = hit->object;
	hit->cpu = vmd_machine_cpu(hit->machine, 0);
	if (vmd_mmap(hit->mm, &args, &hit->addr) ||
	    vmd_cpu_switch_mm(hit->cpu, hit->mm))
		bench_die("nothing could be mapped");
}

static void fini(struct hit *hit)
{
	vmd_mm_destroy(hit->mm);
	vmd_mapping_destroy(hit->object);
	vmd_machine_destroy(hit->machine);
	bench_host_pages_free((void *)hit->direct, MAX_PAGES);
}

static void run(struct bench_case *row, struct hit *hit, const char *name,
		uint64_t nr_pages, struct bench_options *options)
{
	row->name = name;
	row->arg = hit;
	hit->ring = nr_pages * VMD_PAGE_SIZE - 1;
	bench_run(row, options);
}

void access_hit(struct bench_options *options)
{
	struct bench_case row = {
		.bench = "access",
		.unit = "ns/store",
		.peer = "direct store loop",
		.per_call = (double)NR_STORES,
		.target = 1.75,
		.ours = ours_seq,
		.peers = direct_seq,
	};
	struct hit hit;

	if (!bench_wants_group(options, "store_hit_"))
		return;
	init(&hit);
	run(&row, &hit, "store_hit_seq_1", 1, options);
	run(&row, &hit, "store_hit_seq_64", 64, options);
	run(&row, &hit, "store_hit_seq_1024", MAX_PAGES, options);

	row.target = 0;
	row.peer = "direct store loop, no ring";
	row.ours = ours_tight;
	row.peers = direct_tight;
	run(&row, &hit, "store_hit_tight", 64, options);

	row.target = 2.0;
	row.peer = "direct store at random";
	row.ours = ours_rand;
	row.peers = direct_rand;
	run(&row, &hit, "store_hit_rand_1024", MAX_PAGES, options);
	fini(&hit);
}
