/* SPDX-License-Identifier: MIT */
/*
 * The points, the crossing of the two pure methods between them, the plot.
 */
#include "sweep.h"

#include <inttypes.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "exit.h"
#include "progress.h"

#define NR_PAGES    4096
#define WARM_EPOCHS 16
#define EPOCHS	    48 /* that count */

extern char **environ;

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

static bool write_points(const struct sweep *sweep, const char *path)
{
	FILE *to = fopen(path, "we");
	size_t i;
	size_t t;

	if (!to)
		return false;
	(void)fputs("# dirty_percent", to);
	for (t = 0; t < nr_trackers; t++)
		(void)fprintf(to, " %s_ns", trackers[t].name);
	(void)fputc('\n', to);
	for (i = 0; i < sweep->nr_points; i++) {
		uint64_t percent_e6 = sweep->points[i].nr_dirty *
				      UINT64_C(100000000) / sweep->nr_pages;

		(void)fprintf(to, "%" PRIu64 ".%06" PRIu64,
			      percent_e6 / 1000000, percent_e6 % 1000000);
		for (t = 0; t < nr_trackers; t++)
			(void)fprintf(to, " %" PRIu64, sweep->points[i].ns[t]);
		(void)fputc('\n', to);
	}
	return fclose(to) == 0;
}

static void write_mark(FILE *to, const struct sweep *sweep)
{
	uint64_t e5 = sweep->crossover_milli * 10000 / sweep->nr_pages;

	if (!sweep->crosses)
		return;
	(void)fprintf(to,
		      "x = %" PRIu64 ".%05" PRIu64 "\n"
		      "set arrow from x, graph 0 to x, graph 1 nohead dt 3 "
		      "lc rgb '#777777'\n"
		      "set label sprintf(' crossover: %%.3f %%%% dirty', x) at "
		      "x, graph 0.06 tc rgb '#444444'\n",
		      e5 / 100000, e5 % 100000);
}

static bool write_script(const struct sweep *sweep, const char *profile,
			 const char *path)
{
	static const char *const colours[] = { "#999999", "#c44e52", "#4c72b0",
					       "#55a868" };
	FILE *to = fopen(path, "we");
	size_t t;

	if (!to)
		return false;
	(void)fprintf(to,
		      "set terminal svg size 800,480 font 'sans,13' background "
		      "'#ffffff'\n"
		      "set output 'cost.svg'\n"
		      "set title \"Cost of one epoch, object of %" PRIu64
		      " pages, random pages written\\n"
		      "virtual time, cost profile %s\"\n"
		      "set logscale xy\nset key top left\nset grid lc rgb "
		      "'#dddddd'\n"
		      "set xlabel 'pages written per epoch, %% of the object'\n"
		      "set ylabel 'virtual ns per epoch'\n"
		      "set format y '10^{%%L}'\n",
		      sweep->nr_pages, profile);
	write_mark(to, sweep);
	for (t = 0; t < nr_trackers; t++)
		(void)fprintf(to,
			      "%s 'cost.dat' using 1:%zu with linespoints "
			      "lw 2 dt %d pt 7 ps 0.4 lc rgb '%s' title '%s'",
			      t ? ",\\\n    " : "plot", t + 2, t == 3 ? 2 : 1,
			      colours[t % 4], trackers[t].name);
	(void)fputc('\n', to);
	return fclose(to) == 0;
}

/* gnuplot runs in @dir and says nothing. */
static bool run_gnuplot(const char *dir)
{
	char script[] = "cost.gp";
	char gnuplot[] = "gnuplot";
	char *argv[] = { gnuplot, script, NULL };
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions))
		return false;
	if (!posix_spawn_file_actions_addchdir_np(&actions, dir) &&
	    !posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0) &&
	    !posix_spawnp(&pid, gnuplot, &actions, NULL, argv, environ) &&
	    waitpid(pid, &status, 0) != pid)
		status = -1;
	(void)posix_spawn_file_actions_destroy(&actions);
	return status == 0;
}

bool sweep_plot(const struct sweep *sweep, const char *profile, const char *dir)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/cost.dat", dir);
	if (!write_points(sweep, path))
		return false;
	(void)snprintf(path, sizeof(path), "%s/cost.gp", dir);
	return write_script(sweep, profile, path) && run_gnuplot(dir);
}
