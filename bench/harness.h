/* SPDX-License-Identifier: MIT */
/*
 * A benchmark case: our way and a peer's, measured in turn in one run, so that
 * what disturbs the machine disturbs both. Prints one JSON line a case:
 *
 *	ratio = our median / the peer's; below 1: faster than the peer
 *
 * The verdict is "good" or "missed" against the target, "report" if there is
 * none, and "noisy" if the peer itself spreads too much to be a measure.
 */
#ifndef VMMDIRTY_BENCH_HARNESS_H
#define VMMDIRTY_BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>

struct bench_options {
	bool quick;
	const char *only; /* the case to run, NULL: all */
	int nr_run; /* cases that were run, or skipped aloud */
};

struct bench_case {
	const char *bench;
	const char *name;
	const char *unit;
	const char *peer;
	double per_call; /* units in one call: times are divided by it */
	double peers_per_call; /* 0: as many */
	double target; /* the ratio is not to be above; 0: none */
	int repeats; /* 0: many; a call that takes long wants few */
	void (*prepare)(
		void *arg); /* before each of ours, not timed; or NULL */
	void (*ours)(void *arg);
	void (*peers)(void *arg);
	void *arg;
};

/* --quick, --case NAME; ends the program on anything else. */
void bench_parse(int argc, char **argv, struct bench_options *options);

/* Is this case to be run? For what is costly to set up. */
bool bench_wants(const struct bench_options *options, const char *name);

/* Any case whose name begins like this? */
bool bench_wants_group(const struct bench_options *options, const char *prefix);

void bench_run(const struct bench_case *bench, struct bench_options *options);

/* Says why a case cannot be run here. */
void bench_skip(const char *bench, const char *name, const char *why,
		struct bench_options *options);

/* What main() returns: 2 if there is no case of that name. */
int bench_status(const struct bench_options *options);

/* Ends the program. */
_Noreturn void bench_die(const char *why);

#endif /* VMMDIRTY_BENCH_HARNESS_H */
