/* SPDX-License-Identifier: MIT */
/*
 * The case space of the access test of kvm-unit-tests: all combinations of 30
 * bits of entries, registers and access that are legal.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_ENUM_H
#define VMMDIRTY_TOOL_VERIFY_ENUM_H

#include "verify_tally.h"

struct verify_enum {
	bool with_smep; /* SMEP is one of the bits, else it is 0 */
	uint64_t stride; /* every so many-th combination is run; 1: all */
};

/* How many combinations are legal: by formula, not by counting. */
uint64_t verify_enum_count(unsigned int maxphyaddr, bool with_smep);

/*
 * Runs them on @adapter against the rules. @nr_legal: how many there were, run
 * or passed over. 0 or -errno.
 */
int verify_enum_run(const struct verify_enum *space,
		    struct verify_adapter *adapter, struct verify_tally *tally,
		    uint64_t *nr_legal);

/*
 * Five levels: a right that is missing in the PML5E is missing in the result.
 * The judge is the four-level walk with that right taken from its PML4E.
 * @adapter has five levels.
 */
int verify_enum_run_pml5(const struct verify_enum *space,
			 struct verify_adapter *adapter,
			 struct verify_tally *tally);

#endif /* VMMDIRTY_TOOL_VERIFY_ENUM_H */
