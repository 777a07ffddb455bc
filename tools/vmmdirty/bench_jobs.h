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
	char text[512]; /* a path, or a workload's spec */
	char name[128]; /* what the report calls it */
	bool is_workload;
	struct vmd_trace *trace;
};

struct jobs {
	struct job jobs[MAX_JOBS];
	size_t nr;
};

/* False: there are too many, or the text is too long. */
bool jobs_add(struct jobs *jobs, const char *text, bool is_workload);

/* The traces that come with the program; false: they were not found. */
bool jobs_add_defaults(struct jobs *jobs, bool quick);

/* Opens all; 0, or a negative error and why. */
int jobs_open(struct jobs *jobs, uint64_t seed, struct vmd_trace_error *error);
void jobs_close(struct jobs *jobs);

void jobs_list_traces(FILE *to);

#endif /* VMMDIRTY_TOOL_BENCH_JOBS_H */
