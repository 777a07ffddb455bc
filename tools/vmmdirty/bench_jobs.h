/* SPDX-License-Identifier: MIT */
/*
 * Which traces and workloads bench replays.
 */
#ifndef VMMDIRTY_TOOL_BENCH_JOBS_H
#define VMMDIRTY_TOOL_BENCH_JOBS_H

#include <stdbool.h>
#include <stdio.h>

#include <vmmdirty/trace.h>

#define MAX_JOBS 64

struct job {
	char text[4096]; /* a path, or a workload's spec */
	char name[128]; /* what the report calls it */
	bool is_workload;
	struct vmd_trace *trace;
	uint64_t peak_pages; /* see bench_check() */
};

struct jobs {
	struct job jobs[MAX_JOBS];
	size_t nr;
};

/* NULL, or why not. */
const char *jobs_add(struct jobs *jobs, const char *text, bool is_workload);

/* The traces that come with the program; 0, or a negative error and why. */
int jobs_add_defaults(struct jobs *jobs, bool quick,
		      struct vmd_trace_error *error);

/* Opens all and looks them through; 0, or a negative error and why. */
int jobs_open(struct jobs *jobs, uint64_t seed, struct vmd_trace_error *error);
void jobs_close(struct jobs *jobs);

void jobs_list_traces(FILE *to);

#endif /* VMMDIRTY_TOOL_BENCH_JOBS_H */
