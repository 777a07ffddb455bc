/* SPDX-License-Identifier: MIT */
/*
 * Unicorn as a second opinion: random cases on the product and on Unicorn,
 * whose author never saw our rules. It says nothing about the physical address.
 *
 * One mistake of Unicorn 2.0.1 is known: of a 1G leaf it sets A though that
 * very access faults (R11). Where the result is a page fault, the PML4E is
 * present and the PDPTE is a present leaf, that bit is not compared; how often
 * it differed is counted.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_UNICORN_H
#define VMMDIRTY_TOOL_VERIFY_UNICORN_H

#include "verify_tally.h"

struct verify_unicorn {
	uint64_t seed;
	uint64_t nr_cases;
	bool features; /* SMEP, SMAP with AC, PKE with PKRU */
};

/*
 * 0; -ENOTSUP if there is no Unicorn to ask, and @why says what is missing;
 * another -errno.
 */
int verify_unicorn_run(const struct verify_unicorn *args,
		       struct verify_tally *tally, const char **why);

#endif /* VMMDIRTY_TOOL_VERIFY_UNICORN_H */
