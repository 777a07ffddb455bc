/* SPDX-License-Identifier: MIT */
/*
 * Random cases on machines whose settings are drawn as well.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_RANDOM_H
#define VMMDIRTY_TOOL_VERIFY_RANDOM_H

#include "verify_tally.h"

struct verify_random {
	uint64_t seed;
	uint64_t nr_cases;
	unsigned int levels; /* 0: 4 or 5 */
	unsigned int maxphyaddr; /* 0: 32 to 52 */
};

/* 0 or -errno */
int verify_random_run(const struct verify_random *random,
		      struct verify_tally *tally);

#endif /* VMMDIRTY_TOOL_VERIFY_RANDOM_H */
