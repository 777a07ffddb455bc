/* SPDX-License-Identifier: MIT */
/*
 * Against guest code on Unicorn, the emulator that a program would otherwise
 * take: loads and stores that hit, and stores that miss its TLB. Without
 * libunicorn the load's peer is a plain loop, and the others are skipped.
 */
#include "access.h"

#include <stdlib.h>

#include "space.h"
#include "unicorn_peer.h"

#define ROUNDS	 16
#define RING	 (64 * VMD_PAGE_SIZE - 1)
#define NR_LOADS (ROUNDS * (RING + 1) / 8)
#define UNROLLED 16

#define NR_STRIDES 4096
#define STRIDE	   (VMD_PAGE_SIZE + 64) /* as access_walk.c */
#define NR_PAGES   (NR_STRIDES * STRIDE / VMD_PAGE_SIZE)

static void ours_load_seq(void *arg)
{
	const struct bench_space *space = arg;
	struct vmd_cpu *cpu = space->cpu;
	vmd_va_t base = space->addr;
	uint64_t offset = 0;
	uint64_t value;
	uint64_t i;

	for (i = 0; i < NR_LOADS; i++) {
		if (vmd_load_u64(cpu, base + offset, &value))
			abort();
		__asm__ volatile("" : : "r"(value));
		offset = (offset + 8) & RING;
	}
}

static void direct_load_seq(void *arg)
{
	const struct bench_space *space = arg;
	uintptr_t base = space->host;
	uint64_t offset = 0;
	uint64_t i;

	for (i = 0; i < NR_LOADS; i++) {
		uint64_t value = vmd_host_load(base + offset, 8);

		__asm__ volatile("" : : "r"(value));
		offset = (offset + 8) & RING;
	}
}

/* As the guest's: sixteen stores next to each other, and round again. */
static void ours_store_unrolled(void *arg)
{
	const struct bench_space *space = arg;
	struct vmd_cpu *cpu = space->cpu;
	vmd_va_t base = space->addr;
	uint64_t i;
	unsigned int k;

	for (i = 0; i < NR_LOADS / UNROLLED; i++)
		for (k = 0; k < UNROLLED; k++)
			if (vmd_store_u64(cpu, base + k * 8ULL, i))
				abort();
}

static void ours_store_stride(void *arg)
{
	const struct bench_space *space = arg;
	vmd_va_t end = space->addr + NR_STRIDES * STRIDE;
	vmd_va_t addr;

	for (addr = space->addr; addr < end; addr += STRIDE)
		if (vmd_store_u64(space->cpu, addr, addr))
			abort();
}

static void guest_loads(void *arg)
{
	(void)arg;
	unicorn_peer_run(UNICORN_LOADS, NR_LOADS / UNROLLED);
}

static void guest_stores(void *arg)
{
	(void)arg;
	unicorn_peer_run(UNICORN_STORES, 1024);
}

static void guest_strides(void *arg)
{
	(void)arg;
	unicorn_peer_run(UNICORN_STRIDES, NR_STRIDES);
}

static void run_stores(struct bench_case *row, struct bench_options *options)
{
	static const char *const names[] = { "store_hit_vs_unicorn",
					     "walk_warm_vs_unicorn" };
	size_t i;

	if (!unicorn_peer_is_there()) {
		for (i = 0; i < 2; i++)
			bench_skip("access", names[i], "no libunicorn",
				   options);
		return;
	}
	row->name = names[0];
	row->unit = "ns/store";
	row->peer = "Unicorn, store that hits";
	row->target = 0.033;
	row->peers_per_call = 1024 * UNROLLED;
	row->ours = ours_store_unrolled;
	row->peers = guest_stores;
	bench_run(row, options);

	row->name = names[1];
	row->peer = "Unicorn, store that misses its TLB";
	row->target = 0.125;
	row->per_call = NR_STRIDES;
	row->peers_per_call = 0;
	row->ours = ours_store_stride;
	row->peers = guest_strides;
	bench_run(row, options);
}

void access_unicorn(struct bench_options *options)
{
	const struct vmd_machine_config config = {
		.flags = VMD_MACHINE_NO_PSC,
	};
	bool unicorn = unicorn_peer_is_there();
	const uint64_t nr_loads = NR_LOADS;
	struct bench_space space;
	struct bench_case row = {
		.bench = "access",
		.name = "load_hit_seq_64",
		.unit = "ns/load",
		.peer = unicorn ? "Unicorn, load that hits" :
				  "direct load loop",
		.per_call = (double)nr_loads,
		.target = unicorn ? 1.2 : 0,
		.ours = ours_load_seq,
		.peers = unicorn ? guest_loads : direct_load_seq,
		.arg = &space,
	};

	bench_space_init(&space, NR_PAGES, config);
	if (unicorn)
		unicorn_peer_init(NR_PAGES, STRIDE);
	bench_run(&row, options);
	run_stores(&row, options);
	unicorn_peer_fini();
	bench_space_fini(&space);
}
