/* SPDX-License-Identifier: MIT */
/*
 * A benchmark case: our way and a peer's, measured in turn in one run, so that
 * what disturbs the machine disturbs both. Prints one JSON line a case:
 *
 *	ratio = our median / the peer's; below 1: faster than the peer
 */
#ifndef VMMDIRTY_BENCH_HARNESS_H
#define VMMDIRTY_BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>

struct bench_case {
	const char *bench;
	const char *name;
	const char *unit;
	const char *peer;
	double per_call; /* units in one call: times are divided by it */
	int repeats; /* 0: many; a call that takes long wants few */
	void (*ours)(void *arg);
	void (*peers)(void *arg);
	void *arg;
};

/* --quick, or nothing; ends the program on anything else. */
bool bench_parse(int argc, char **argv);

void bench_run(const struct bench_case *bench, bool quick);

#endif /* VMMDIRTY_BENCH_HARNESS_H */
