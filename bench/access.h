/* SPDX-License-Identifier: MIT */
/*
 * The groups of cases that bench_access is made of. Each sets up what it
 * needs, runs those of its cases that are wanted, and takes it down.
 */
#ifndef VMMDIRTY_BENCH_ACCESS_H
#define VMMDIRTY_BENCH_ACCESS_H

#include "harness.h"

void access_hit(struct bench_options *options);
void access_walk(struct bench_options *options);
void access_bulk(struct bench_options *options);
void access_unicorn(struct bench_options *options);

#endif /* VMMDIRTY_BENCH_ACCESS_H */
