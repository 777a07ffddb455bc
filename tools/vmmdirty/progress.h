/* SPDX-License-Identifier: MIT */
/*
 * A line on the terminal that says how far long work has come. In a pipe it
 * is silent.
 */
#ifndef VMMDIRTY_TOOL_PROGRESS_H
#define VMMDIRTY_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool on;
	unsigned int nr_jobs;
	unsigned int job; /* from 1 */
	char name[64];
	const char *unit; /* what a job counts */
	uint64_t last_ms; /* when the line was last written */
};

void progress_init(struct progress *progress, unsigned int nr_jobs,
		   const char *unit);

/* The next job begins. */
void progress_job(struct progress *progress, const char *what, const char *how);

/* @done units of this job are done; @progress may be NULL. */
void progress_step(struct progress *progress, uint64_t done);

/* Removes the line; the next step writes it anew. */
void progress_end(struct progress *progress);

uint64_t monotonic_ms(void);

#endif /* VMMDIRTY_TOOL_PROGRESS_H */
