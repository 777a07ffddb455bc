/* SPDX-License-Identifier: MIT */
/*
 * Which passes a call means.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_PLAN_H
#define VMMDIRTY_TOOL_VERIFY_PLAN_H

#include "verify_pass.h"

#define VERIFY_MAX_PASSES 64U

struct verify_wish {
	bool quick; /* a sample of each pass */
	const char *only; /* NULL, or enum, random, unicorn */
	unsigned int levels; /* 0: both */
	unsigned int maxphyaddr; /* 0: those where the enumeration changes */
	uint64_t nr_cases; /* random ones; 0: the default */
	uint64_t seed;
};

struct verify_plan {
	unsigned int nr;
	struct verify_pass passes[VERIFY_MAX_PASSES];
};

void verify_plan_make(struct verify_plan *plan, const struct verify_wish *wish);

#endif /* VMMDIRTY_TOOL_VERIFY_PLAN_H */
