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

/* From the lowest decile to the highest, as a part of the median. */
#define MAX_SPREAD 0.15

struct side {
	double times[MAX_REPEATS];
	int nr;
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

/* Sorted. */
static double quantile(const struct side *side, double q)
{
	return side->times[(int)((double)(side->nr - 1) * q + 0.5)];
}

static void measure(struct side *side, void (*call)(void *arg), void *arg,
		    double per_call)
{
	double begin = now_ns();

	call(arg);
	side->times[side->nr++] = (now_ns() - begin) / per_call;
}

static int repeats(const struct bench_case *bench, bool quick)
{
	int nr = bench->repeats ? bench->repeats : MAX_REPEATS;

	if (quick && nr > QUICK_REPEATS)
		return QUICK_REPEATS;
	return quick && bench->repeats ? 3 : nr;
}

_Noreturn void bench_die(const char *why)
{
	(void)fprintf(stderr, "bench: %s\n", why);
	exit(1);
}

void bench_parse(int argc, char **argv, struct bench_options *options)
{
	int i;

	*options = (struct bench_options){ 0 };
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0) {
			options->quick = true;
		} else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc) {
			options->only = argv[++i];
		} else {
			(void)fprintf(stderr,
				      "usage: %s [--quick] [--case NAME]\n",
				      argv[0]);
			exit(2);
		}
	}
}

bool bench_wants(const struct bench_options *options, const char *name)
{
	return !options->only || strcmp(options->only, name) == 0;
}

bool bench_wants_group(const struct bench_options *options, const char *prefix)
{
	return !options->only ||
	       strncmp(options->only, prefix, strlen(prefix)) == 0;
}

int bench_status(const struct bench_options *options)
{
	if (options->nr_run > 0)
		return 0;
	(void)fprintf(stderr, "bench: no case %s\n", options->only);
	return 2;
}

void bench_skip(const char *bench, const char *name, const char *why,
		struct bench_options *options)
{
	if (!bench_wants(options, name))
		return;
	options->nr_run++;
	(void)printf("{\"bench\": \"%s\", \"case\": \"%s\", "
		     "\"skipped\": \"%s\"}\n",
		     bench, name, why);
}

static const char *verdict(const struct bench_case *bench,
			   const struct side *peers, double ratio)
{
	double spread = quantile(peers, 0.9) - quantile(peers, 0.1);

	if (bench->target == 0)
		return "report";
	if (spread > MAX_SPREAD * quantile(peers, 0.5))
		return "noisy";
	return ratio <= bench->target ? "good" : "missed";
}

static void print_case(const struct bench_case *bench, const struct side *ours,
		       const struct side *peers)
{
	double ratio = quantile(ours, 0.5) / quantile(peers, 0.5);

	(void)printf("{\"bench\": \"%s\", \"case\": \"%s\", \"unit\": \"%s\", "
		     "\"median\": %.3f, \"p10\": %.3f, \"p90\": %.3f, "
		     "\"peer\": \"%s\", \"peer_median\": %.3f, "
		     "\"ratio\": %.3f, \"peer_p10\": %.3f, "
		     "\"peer_p90\": %.3f, \"target\": ",
		     bench->bench, bench->name, bench->unit,
		     quantile(ours, 0.5), quantile(ours, 0.1),
		     quantile(ours, 0.9), bench->peer, quantile(peers, 0.5),
		     ratio, quantile(peers, 0.1), quantile(peers, 0.9));
	if (bench->target == 0)
		(void)printf("null, ");
	else
		(void)printf("%.3f, ", bench->target);
	(void)printf("\"verdict\": \"%s\"}\n", verdict(bench, peers, ratio));
	(void)fflush(stdout);
}

void bench_run(const struct bench_case *bench, struct bench_options *options)
{
	static struct side ours;
	static struct side peers;
	double peers_per_call = bench->peers_per_call > 0 ?
					bench->peers_per_call :
					bench->per_call;
	int nr = repeats(bench, options->quick);
	int i;

	if (!bench_wants(options, bench->name))
		return;
	options->nr_run++;
	ours.nr = peers.nr = 0;
	if (bench->prepare)
		bench->prepare(bench->arg);
	bench->ours(bench->arg); /* warm both up */
	bench->peers(bench->arg);
	for (i = 0; i < nr; i++) {
		if (bench->prepare)
			bench->prepare(bench->arg);
		measure(&ours, bench->ours, bench->arg, bench->per_call);
		measure(&peers, bench->peers, bench->arg, peers_per_call);
	}
	qsort(ours.times, (size_t)nr, sizeof(ours.times[0]), compare);
	qsort(peers.times, (size_t)nr, sizeof(peers.times[0]), compare);
	print_case(bench, &ours, &peers);
}
