/* SPDX-License-Identifier: MIT */
/*
 * What the cases are measured on: pages in a row that a simulated CPU sees at
 * one address and a plain pointer at another.
 */
#ifndef VMMDIRTY_BENCH_SPACE_H
#define VMMDIRTY_BENCH_SPACE_H

#include <vmmdirty/vmmdirty.h>

#include "harness.h"

/*
 * A bare CPU whose tables were built by hand, of 4K pages. The peer's pointer
 * leads to the very same memory.
 */
struct bench_space {
	struct vmd_machine *machine;
	struct vmd_cpu *cpu;
	vmd_va_t addr;
	uintptr_t host;
	void *own; /* memory of the peer's own, NULL: the same */
	uint64_t nr_pages;
	vmd_pfn_t leaves; /* the tables of the last level, in a row */
};

/* @config: its size and number of CPUs, and RAM if it is 0, are filled in. */
void bench_space_init(struct bench_space *space, uint64_t nr_pages,
		      struct vmd_machine_config config);
void bench_space_fini(struct bench_space *space);

/* Takes A and D out of all leaves, and flushes. */
void bench_space_clean(struct bench_space *space);

/* Hardware walks so far. */
uint64_t bench_space_walks(const struct bench_space *space);

/* Memory of the host, of the kind that machines are made of: 4K pages. */
void *bench_host_pages(uint64_t nr_pages);
void bench_host_pages_free(void *base, uint64_t nr_pages);

#endif /* VMMDIRTY_BENCH_SPACE_H */
