/* SPDX-License-Identifier: MIT */
/*
 * How fast a recorded trace is replayed, per recorded page write: a store
 * through a CPU, its faults, the scan, the UPDATE, and the comparison of every
 * page of every object after each submission.
 *
 * The peer does the same memory work on two plain arrays and nothing else: a
 * store to each page, a copy of it, and a comparison of all pages that were
 * ever written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "replay.h"

#define MAX_BUFFERS 256

struct replay_bench {
	struct vmd_trace *trace;
	const struct tracker *tracker;
	uint64_t nr_writes;
	uint64_t base[MAX_BUFFERS]; /* page of the arrays that a buffer is at */
	uint64_t nr_pages;
	uint8_t *guest;
	uint8_t *device;
	uint8_t *touched; /* by page */
};

static void die(const char *what)
{
	(void)fprintf(stderr, "bench_replay: %s\n", what);
	exit(1);
}

static void rewind_trace(const struct replay_bench *bench)
{
	if (vmd_trace_rewind(bench->trace))
		die("the trace cannot be read again");
}

static bool next(const struct replay_bench *bench,
		 struct vmd_trace_record *record)
{
	struct vmd_trace_error error;
	int more = vmd_trace_next(bench->trace, record, &error);

	if (more < 0)
		die(error.text);
	return more;
}

static void ours(void *arg)
{
	const struct replay_bench *bench = arg;
	const struct replay_args args = {
		.trace = bench->trace,
		.tracker = bench->tracker,
	};
	struct replay_result result;
	struct replay_error error;

	rewind_trace(bench);
	if (replay(&args, &result, &error))
		die(error.text);
}

static void write_run(struct replay_bench *bench,
		      const struct vmd_trace_run *run, uint64_t stamp)
{
	uint64_t page = bench->base[run->buffer] + run->first;
	uint64_t end = page + run->nr;

	for (; page < end; page++) {
		memcpy(bench->guest + page * VMD_PAGE_SIZE, &stamp,
		       sizeof(stamp));
		bench->touched[page] = 1;
		memcpy(bench->device + page * VMD_PAGE_SIZE,
		       bench->guest + page * VMD_PAGE_SIZE, VMD_PAGE_SIZE);
	}
}

static void compare_touched(const struct replay_bench *bench)
{
	uint64_t page;

	for (page = 0; page < bench->nr_pages; page++)
		if (bench->touched[page] &&
		    memcmp(bench->guest + page * VMD_PAGE_SIZE,
			   bench->device + page * VMD_PAGE_SIZE,
			   VMD_PAGE_SIZE) != 0)
			die("the arrays differ");
}

static void peers(void *arg)
{
	struct replay_bench *bench = arg;
	struct vmd_trace_record record;
	uint64_t stamp = 0;
	size_t i;

	rewind_trace(bench);
	memset(bench->touched, 0, bench->nr_pages);
	while (next(bench, &record)) {
		for (i = 0; i < record.nr_runs; i++)
			write_run(bench, &record.runs[i], ++stamp);
		compare_touched(bench);
	}
}

static void open_trace(struct replay_bench *bench, const char *name)
{
	const struct vmd_trace_buffer *buffers;
	struct vmd_trace_record record;
	struct vmd_trace_error error;
	char path[512];
	size_t nr;
	size_t i;

	(void)snprintf(path, sizeof(path), "%s/%s.dtr", VMD_SOURCE_TRACES,
		       name);
	if (vmd_trace_open(path, &bench->trace, &error))
		die(error.text);
	buffers = vmd_trace_buffers(bench->trace, &nr);
	if (nr > MAX_BUFFERS)
		die("too many buffers");
	for (i = 0; i < nr; i++) {
		bench->base[i] = bench->nr_pages;
		bench->nr_pages += buffers[i].pages;
	}
	bench->guest = calloc(bench->nr_pages, VMD_PAGE_SIZE);
	bench->device = calloc(bench->nr_pages, VMD_PAGE_SIZE);
	bench->touched = calloc(bench->nr_pages, 1);
	if (!bench->guest || !bench->device || !bench->touched)
		die("out of memory");
	while (next(bench, &record))
		for (i = 0; i < record.nr_runs; i++)
			bench->nr_writes += record.runs[i].nr;
}

static void close_trace(struct replay_bench *bench)
{
	vmd_trace_close(bench->trace);
	free(bench->guest);
	free(bench->device);
	free(bench->touched);
}

static void run_trace(const char *name, struct bench_options *options)
{
	struct replay_bench bench = { 0 };
	char title[64];
	size_t t;

	open_trace(&bench, name);
	for (t = 1; t < nr_trackers; t++) {
		const struct bench_case row = {
			.bench = "replay",
			.name = title,
			.unit = "ns/page write",
			.peer = "store, copy, compare on arrays",
			.per_call = (double)bench.nr_writes,
			.repeats = 7,
			.ours = ours,
			.peers = peers,
			.arg = &bench,
		};

		bench.tracker = &trackers[t];
		(void)snprintf(title, sizeof(title), "%s_%s", name,
			       trackers[t].name);
		bench_run(&row, options);
	}
	close_trace(&bench);
}

int main(int argc, char **argv)
{
	struct bench_options options;

	bench_parse(argc, argv, &options);
	run_trace("sqlite3", &options);
	run_trace("glxgears", &options);
	if (!options.quick)
		run_trace("glmark2-buffer-map", &options);
	return bench_status(&options);
}
