/* SPDX-License-Identifier: MIT */
/*
 * Random cases over all that the enumeration leaves out: 1G leaves, all bits at
 * all levels, PAT, reserved address bits, SMAP and AC, sixteen keys, PKS,
 * addresses that are not canonical. Drawn so that most walks get far.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_GEN_H
#define VMMDIRTY_TOOL_VERIFY_GEN_H

#include "verify_adapter.h"

struct verify_gen {
	uint64_t state; /* the seed at first */
	bool no_smep;
	bool no_smap;
	bool no_pke;
	bool no_pks;
	bool no_twice;
	unsigned int
		addr_bits; /* addresses end there; 0: the canonical width */
	unsigned int nr_places; /* addresses lie in so many pages; 0: any */
};

uint64_t verify_draw(struct verify_gen *gen);

/* 0 to @end - 1 */
uint64_t verify_draw_below(struct verify_gen *gen, uint64_t end);

/* One in @n. */
bool verify_draw_chance(struct verify_gen *gen, unsigned int n);

/* The highest table index of an address that is canonical is never 0. */
void verify_gen_case(struct verify_gen *gen,
		     const struct verify_adapter *adapter,
		     struct verify_case *c);

#endif /* VMMDIRTY_TOOL_VERIFY_GEN_H */
