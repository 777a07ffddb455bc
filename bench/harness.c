/* SPDX-License-Identifier: MIT */
/*
 * Repetitions interleave; medians and deciles of both sides are printed.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	MAX_REPEATS = 201,
	QUICK_REPEATS = 21
};

static double now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const double *sorted, int nr, double q)
{
	return sorted[(int)((double)(nr - 1) * q + 0.5)];
}

static double time_of(void (*call)(void *arg), void *arg, double per_call)
{
	double begin = now_ns();

	call(arg);
	return (now_ns() - begin) / per_call;
}

static int repeats(const struct bench_case *bench, bool quick)
{
	int nr = bench->repeats ? bench->repeats : MAX_REPEATS;

	if (quick && nr > QUICK_REPEATS)
		return QUICK_REPEATS;
	return quick && bench->repeats ? 3 : nr;
}

bool bench_parse(int argc, char **argv)
{
	if (argc == 1)
		return false;
	if (argc == 2 && strcmp(argv[1], "--quick") == 0)
		return true;
	(void)fprintf(stderr, "usage: %s [--quick]\n", argv[0]);
	exit(2);
}

void bench_run(const struct bench_case *bench, bool quick)
{
	static double ours[MAX_REPEATS];
	static double peers[MAX_REPEATS];
	int nr = repeats(bench, quick);
	int i;

	bench->ours(bench->arg); /* warm both up */
	bench->peers(bench->arg);
	for (i = 0; i < nr; i++) {
		ours[i] = time_of(bench->ours, bench->arg, bench->per_call);
		peers[i] = time_of(bench->peers, bench->arg, bench->per_call);
	}
	qsort(ours, (size_t)nr, sizeof(ours[0]), compare);
	qsort(peers, (size_t)nr, sizeof(peers[0]), compare);
	(void)printf("{\"bench\": \"%s\", \"case\": \"%s\", \"unit\": \"%s\", "
		     "\"median\": %.3f, \"p10\": %.3f, \"p90\": %.3f, "
		     "\"peer\": \"%s\", \"peer_median\": %.3f, "
		     "\"ratio\": %.3f}\n",
		     bench->bench, bench->name, bench->unit,
		     quantile(ours, nr, 0.5), quantile(ours, nr, 0.1),
		     quantile(ours, nr, 0.9), bench->peer,
		     quantile(peers, nr, 0.5),
		     quantile(ours, nr, 0.5) / quantile(peers, nr, 0.5));
	(void)fflush(stdout);
}
