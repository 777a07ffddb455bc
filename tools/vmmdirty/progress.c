/* SPDX-License-Identifier: MIT */
/*
 * Written to stderr, at most ten times a second.
 */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint64_t monotonic_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void progress_init(struct progress *progress, unsigned int nr_jobs,
		   const char *unit)
{
	*progress = (struct progress){
		.on = isatty(STDERR_FILENO) == 1,
		.nr_jobs = nr_jobs,
		.unit = unit,
	};
}

static void bar(const struct progress *progress, uint64_t done)
{
	enum {
		WIDTH = 24
	};
	unsigned int full = (progress->job - 1) * WIDTH / progress->nr_jobs;
	unsigned int i;

	(void)fputs("\r[", stderr);
	for (i = 0; i < WIDTH; i++)
		(void)fputc(i < full ? '#' : '.', stderr);
	(void)fprintf(stderr, "] %u/%u %-40.40s %9llu %s\033[K", progress->job,
		      progress->nr_jobs, progress->name,
		      (unsigned long long)done, progress->unit);
	(void)fflush(stderr);
}

void progress_job(struct progress *progress, const char *what, const char *how)
{
	progress->job++;
	(void)snprintf(progress->name, sizeof(progress->name), "%.40s %.16s",
		       what, how);
	if (progress->on)
		bar(progress, 0);
}

void progress_step(struct progress *progress, uint64_t done)
{
	uint64_t now;

	if (!progress || !progress->on)
		return;
	now = monotonic_ms();
	if (now - progress->last_ms < 100)
		return;
	progress->last_ms = now;
	bar(progress, done);
}

void progress_end(struct progress *progress)
{
	if (progress->on)
		(void)fputs("\r\033[K", stderr);
}
