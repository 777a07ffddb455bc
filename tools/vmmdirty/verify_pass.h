/* SPDX-License-Identifier: MIT */
/*
 * A pass: one suite on one kind of machine, and what it came to.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_PASS_H
#define VMMDIRTY_TOOL_VERIFY_PASS_H

#include "verify_tally.h"

enum verify_suite {
	VERIFY_ENUM, /* the enumeration */
	VERIFY_PML5, /* rights taken from the PML5E */
	VERIFY_RANDOM,
	VERIFY_UNICORN,
	VERIFY_NR_SUITES
};

enum verify_tlb {
	VERIFY_TLB_OFF,
	VERIFY_TLB_DEFAULT,
	VERIFY_TLB_NO_LINES,
	VERIFY_TLB_UNBOUNDED,
	VERIFY_TLB_UNBOUNDED_NO_LINES,
	VERIFY_NR_TLBS
};

struct verify_pass {
	enum verify_suite suite;
	struct verify_machine machine; /* random: 0 is any */
	enum verify_tlb tlb; /* of enumerations; random draws it */
	bool extra; /* enum: SMEP enumerated; Unicorn: SMEP, SMAP, PKE */
	uint64_t stride; /* of enumerations */
	uint64_t nr_wanted; /* cases of the others */
	uint64_t seed; /* of the others */

	/* Results. */
	struct verify_tally tally;
	uint64_t nr_legal; /* combinations that the enumeration found legal */
	const char *skipped; /* or why it was */
	uint64_t ms;
};

/* 0, or -errno of the machine; a pass that is skipped is no error. */
int verify_pass_run(struct verify_pass *pass, struct progress *progress);

/* How many combinations must be legal; 0: this suite does not count. */
uint64_t verify_pass_expected(const struct verify_pass *pass);

/* No mismatch, and as many combinations as there must be. */
bool verify_pass_is_good(const struct verify_pass *pass);

/* The suite, and what is extra in it: "enum+SMEP". */
const char *verify_pass_name(const struct verify_pass *pass);

extern const char *const verify_suite_names[VERIFY_NR_SUITES];
extern const char *const verify_tlb_names[VERIFY_NR_TLBS];

/* A line of the table, and its head. */
void verify_print_head(FILE *to);
void verify_print_row(FILE *to, const struct verify_pass *pass);

/* The same as one JSON object on one line. */
void verify_print_json(FILE *to, const struct verify_pass *pass);

#endif /* VMMDIRTY_TOOL_VERIFY_PASS_H */
