/* SPDX-License-Identifier: MIT */
/*
 * What a pass came to, and its first mismatches in full.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_TALLY_H
#define VMMDIRTY_TOOL_VERIFY_TALLY_H

#include <stdio.h>

#include "verify_adapter.h"

#define VERIFY_NR_KEPT 3U

struct progress;

struct verify_mismatch {
	struct verify_adapter adapter; /* as it was */
	struct verify_case c;
	struct verify_outcome expected;
	struct verify_outcome seen;
};

struct verify_tally {
	uint64_t nr_cases; /* that were run */
	uint64_t nr_mismatches;
	uint64_t nr_known; /* the oracle's own mistake: see verify_unicorn.h */
	uint64_t nr_faults;
	struct verify_mismatch kept[VERIFY_NR_KEPT];
	struct progress *progress; /* or NULL */
};

/* Counts @c, which @adapter ran; true if it came out as expected. */
bool verify_count(struct verify_tally *tally,
		  const struct verify_adapter *adapter,
		  const struct verify_case *c,
		  const struct verify_outcome *expected,
		  const struct verify_outcome *seen);

/* Runs @c on @adapter and counts it against the rules; 0 or -errno. */
int verify_judge(struct verify_tally *tally, struct verify_adapter *adapter,
		 const struct verify_case *c);

/* The mismatches that were kept, in full. */
void verify_print_kept(FILE *to, const struct verify_tally *tally);

#endif /* VMMDIRTY_TOOL_VERIFY_TALLY_H */
