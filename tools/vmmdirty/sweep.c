/* SPDX-License-Identifier: MIT */
/*
 * The points, and the crossing of the two pure methods between them.
 */
#include "sweep.h"

#include <inttypes.h>
#include <string.h>

#include "exit.h"
#include "progress.h"

#define NR_PAGES    4096
#define WARM_EPOCHS 16
#define EPOCHS	    48 /* that count */

/* Dirty pages of an epoch: a step of about half an octave. */
static const unsigned int steps[] = { 1,   2,	3,   4,	   6,	 8,    12,  16,
				      24,  32,	48,  64,   96,	 128,  192, 256,
				      384, 512, 768, 1024, 1536, 2048, 4096 };

#define NR_STEPS (sizeof(steps) / sizeof(steps[0]))

_Static_assert(NR_STEPS <= sizeof(((struct sweep *)0)->points) /
				   sizeof(struct sweep_point),
	       "a point for each step");

unsigned int sweep_nr_jobs(void)
{
	return (unsigned int)(NR_STEPS * nr_trackers);
}

static int open_step(unsigned int nr_dirty, uint64_t seed,
		     struct vmd_trace **trace, struct replay_error *error)
{
	struct vmd_trace_error why;
	char spec[96];
	int err;

	(void)snprintf(spec, sizeof(spec),
		       "uniform:pages=%u,dirty=%u.%06u,epochs=%u", NR_PAGES,
		       nr_dirty / NR_PAGES,
		       (unsigned int)(nr_dirty % NR_PAGES * UINT64_C(1000000) /
				      NR_PAGES),
		       WARM_EPOCHS + EPOCHS);
	err = vmd_trace_open_workload(spec, seed, trace, &why);
	if (err) {
		error->status = EXIT_USAGE;
		(void)snprintf(error->text, sizeof(error->text), "%s",
			       why.text);
	}
	return err;
}

static int run_point(struct report *report, struct sweep_point *point,
		     struct vmd_trace *trace, struct progress *progress,
		     struct replay_error *error)
{
	struct report_row row;
	size_t t;
	int err = 0;

	for (t = 0; t < nr_trackers && !err; t++) {
		const struct replay_args args = {
			.trace = trace,
			.tracker = &trackers[t],
			.skip_epochs = WARM_EPOCHS,
			.progress = progress,
		};

		progress_job(progress, "sweep", trackers[t].name);
		err = vmd_trace_rewind(trace);
		if (!err)
			err = replay(&args, &row.result, error);
		if (err)
			return err;
		report_price(&row, &report->costs);
		point->nr_dirty = row.result.totals.pages_written / EPOCHS;
		point->ns[t] = row.total_ps / 1000 / EPOCHS;
	}
	return err;
}

/* Where the lines between two points meet, in thousandths of a page. */
static bool crossing(const struct sweep_point *a, const struct sweep_point *b,
		     size_t mkwrite, size_t pagetable, uint64_t *milli)
{
	int64_t before = (int64_t)a->ns[pagetable] - (int64_t)a->ns[mkwrite];
	int64_t after = (int64_t)b->ns[mkwrite] - (int64_t)b->ns[pagetable];

	if (before < 0 || after < 0 || before + after == 0)
		return false;
	*milli = a->nr_dirty * 1000 + (b->nr_dirty - a->nr_dirty) * 1000 *
					      (uint64_t)before /
					      (uint64_t)(before + after);
	return true;
}

static size_t tracker_index(const char *name)
{
	size_t t = 0;

	while (strcmp(trackers[t].name, name) != 0)
		t++;
	return t;
}

static void find_crossover(struct sweep *sweep)
{
	size_t mkwrite = tracker_index("mkwrite");
	size_t pagetable = tracker_index("pagetable");
	size_t i;

	for (i = 0; i + 1 < sweep->nr_points && !sweep->crosses; i++)
		sweep->crosses = crossing(&sweep->points[i],
					  &sweep->points[i + 1], mkwrite,
					  pagetable, &sweep->crossover_milli);
}

int sweep_run(struct report *report, struct progress *progress,
	      struct replay_error *error)
{
	struct sweep *sweep = &report->sweep;
	struct vmd_trace *trace;
	size_t i;
	int err = 0;

	sweep->nr_pages = NR_PAGES;
	for (i = 0; i < NR_STEPS && !err; i++) {
		err = open_step(steps[i], report->seed, &trace, error);
		if (err)
			break;
		err = run_point(report, &sweep->points[i], trace, progress,
				error);
		vmd_trace_close(trace);
		sweep->nr_points = i + 1;
	}
	find_crossover(sweep);
	return err;
}
