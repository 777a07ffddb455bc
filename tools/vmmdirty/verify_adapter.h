/* SPDX-License-Identifier: MIT */
/*
 * What can be asked to run a case: a whole CPU, a walker alone, another
 * emulator. The passes know nothing else of it.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_ADAPTER_H
#define VMMDIRTY_TOOL_VERIFY_ADAPTER_H

#include "verify_rules.h"

struct verify_adapter {
	char name[64];
	struct verify_machine machine;
	uint64_t table[VERIFY_NR_LEVELS]; /* where the table of a level lies */
	uint64_t data_begin; /* memory for leaves, aligned to 2M */
	uint64_t data_end;
	uint64_t data_again; /* as much once more, at this distance; 0: no */

	/*
	 * Runs @c: all of its accesses, nothing cached before the first. A
	 * store is looked for at @probe, which is a multiple of eight, and a
	 * load is to find there what stands nowhere else; a fetch that cannot
	 * tell where it reads says @probe. Every word of @out->entry is what
	 * stands in the tables afterwards; above the top, what @c says.
	 *
	 * 0, or -errno if the case could not be run.
	 */
	int (*run)(struct verify_adapter *self, const struct verify_case *c,
		   uint64_t probe, struct verify_outcome *out);
};

#endif /* VMMDIRTY_TOOL_VERIFY_ADAPTER_H */
