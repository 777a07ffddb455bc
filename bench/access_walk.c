/* SPDX-License-Identifier: MIT */
/*
 * Stores that miss the inline lines: one to each of 4096 pages, which are more
 * than there are lines, a cache line further on than in the page before.
 *
 *	arch_hit          the TLB holds all pages
 *	walk_warm         the TLB misses too, all four levels are walked
 *	walk_first_write  so they are, and A and D of the leaf are to be set
 *	walk_psc          the walk begins where the paging-structure caches say
 *
 * That this is what happens is made sure of by counting the walks.
 */
#include "access.h"

#include <stdlib.h>

#include "space.h"

#define NR_STORES 4096
#define NR_PAGES  NR_STORES
#define ROUNDS	  8

struct walk {
	struct bench_space space;
	unsigned int rounds;
};

static inline uint64_t offset_of(uint64_t page)
{
	return page * VMD_PAGE_SIZE + (page * 64 & (VMD_PAGE_SIZE - 8));
}

static void ours(void *arg)
{
	const struct walk *walk = arg;
	struct vmd_cpu *cpu = walk->space.cpu;
	vmd_va_t base = walk->space.addr;
	unsigned int round;
	uint64_t page;

	for (round = 0; round < walk->rounds; round++)
		for (page = 0; page < NR_STORES; page++)
			if (vmd_store_u64(cpu, base + offset_of(page), page))
				abort();
}

static void direct(void *arg)
{
	const struct walk *walk = arg;
	uintptr_t base = walk->space.host;
	unsigned int round;
	uint64_t page;

	for (round = 0; round < ROUNDS; round++)
		for (page = 0; page < NR_STORES; page++)
			vmd_host_store(base + offset_of(page), page, 8);
}

static void clean(void *arg)
{
	struct walk *walk = arg;

	bench_space_clean(&walk->space);
}

struct shape {
	const char *name;
	double target;
	struct vmd_machine_config config;
	uint64_t walks; /* of one round */
	bool first_write;
};

/* The TLB is 8 ways of sets: 8192 entries hold all pages, 1024 hold none. */
static const struct shape shapes[] = {
	{ .name = "arch_hit", .target = 8, .config = { .tlb_entries = 8192 } },
	{
		.name = "walk_warm",
		.target = 16,
		.config = { .flags = VMD_MACHINE_NO_PSC },
		.walks = NR_STORES,
	},
	{
		.name = "walk_first_write",
		.target = 16,
		.config = { .flags = VMD_MACHINE_NO_PSC },
		.walks = NR_STORES,
		.first_write = true,
	},
	{ .name = "walk_psc", .walks = NR_STORES },
};

/* A case that measures something else is worse than none. */
static void check(struct walk *walk, const struct shape *shape)
{
	uint64_t before;

	ours(walk);
	if (shape->first_write)
		clean(walk);
	before = bench_space_walks(&walk->space);
	ours(walk);
	if (bench_space_walks(&walk->space) - before !=
	    shape->walks * walk->rounds)
		bench_die("not as many walks as there should be");
}

static void run(const struct shape *shape, struct bench_options *options)
{
	static struct walk walk;
	struct bench_case row = {
		.bench = "access",
		.name = shape->name,
		.unit = "ns/store",
		.peer = "direct store, same stride",
		.target = shape->target,
		.peers_per_call = (double)ROUNDS * NR_STORES,
		.prepare = shape->first_write ? clean : NULL,
		.ours = ours,
		.peers = direct,
		.arg = &walk,
	};

	walk.rounds = shape->first_write ? 1 : ROUNDS;
	row.per_call = (double)walk.rounds * NR_STORES;
	bench_space_init(&walk.space, NR_PAGES, shape->config);
	check(&walk, shape);
	bench_run(&row, options);
	bench_space_fini(&walk.space);
}

void access_walk(struct bench_options *options)
{
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (bench_wants(options, shapes[i].name))
			run(&shapes[i], options);
}
