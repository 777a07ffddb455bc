/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty bench: every trace and workload under every tracker.
 *
 *	options -> jobs (bench_jobs.c) -> replay (replay.c) -> prices, report
 *
 * All inputs are read, and all outputs tried, before the first replay: a bad
 * call ends at once and leaves nothing behind.
 */
#include "cmd_bench.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench_jobs.h"
#include "bench_out.h"
#include "cli.h"
#include "exit.h"
#include "progress.h"
#include "report.h"
#include "short_name.h"
#include "sweep.h"

static const char usage[] =
	"usage: vmmdirty bench [OPTIONS]\n"
	"\n"
	"Replays recorded traces and synthetic workloads under each tracker,\n"
	"compares the device's memory with RAM after every submission, and\n"
	"prints what each tracker costs in virtual time.\n"
	"\n"
	"  --trace FILE      a .dtr or text trace; may be given again\n"
	"  --workload SPEC   NAME[:KEY=VALUE,...]; may be given again\n"
	"  --tracker NAME    explicit, mkwrite, pagetable or vmwgfx; may be "
	"given again\n"
	"  --profile NAME    cost profile, built in or a file (host-quiet)\n"
	"  --seed N          of the workloads (1)\n"
	"  --quick           fewer epochs of each workload, no sweep\n"
	"  --no-sweep        no cost over dirty fraction\n"
	"  --out DIR         write table.txt, bench.csv, bench.json, cost.svg\n"
	"  --csv, --json     print CSV or JSON instead of the table\n"
	"  --list            print traces, workloads, trackers and profiles\n"
	"\n"
	"Without --trace and --workload: the traces that come with the program,\n"
	"and eight workloads. Exit status: 0 good, 1 the device missed a write\n"
	"(I-1), 2 a bad call or bad input.\n";

enum format {
	FORMAT_TABLE,
	FORMAT_CSV,
	FORMAT_JSON
};

struct bench {
	struct jobs jobs;
	struct report report;
	const struct tracker *chosen[MAX_TRACKERS];
	size_t nr_chosen;
	struct bench_out out;
	enum format format;
	bool quick;
	bool no_sweep;
	bool list;
	struct {
		uint64_t pages;
		uint64_t ms;
	} speed[2]; /* recorded traces, workloads */
};

static bool is_chosen(const struct bench *bench, const struct tracker *tracker)
{
	size_t i;

	for (i = 0; i < bench->nr_chosen; i++)
		if (bench->chosen[i] == tracker)
			return true;
	return false;
}

static int choose_tracker(struct bench *bench, const char *name)
{
	size_t t;

	for (t = 0; t < nr_trackers; t++) {
		if (strcmp(trackers[t].name, name) != 0)
			continue;
		if (!is_chosen(bench, &trackers[t]))
			bench->chosen[bench->nr_chosen++] = &trackers[t];
		return EXIT_GOOD;
	}
	return complain("bench", name, "unknown tracker; see --list");
}

static int choose_profile(struct bench *bench, const char *name)
{
	struct vmd_profile_error error;
	char text[sizeof(error.text) + 32];
	int err;

	bench->report.profile = name;
	if (!vmd_costs_builtin(name, &bench->report.costs))
		return EXIT_GOOD;
	err = vmd_costs_load(name, &bench->report.costs, &error);
	if (!err)
		return EXIT_GOOD;
	if (error.line)
		(void)snprintf(text, sizeof(text), "line %u: %s", error.line,
			       error.text);
	else
		(void)snprintf(text, sizeof(text), "%s",
			       err == -ENOENT ?
				       "neither a profile (see --list) nor a "
				       "file" :
				       error.text);
	return complain("bench", name, text);
}

static int choose_seed(struct bench *bench, const char *text)
{
	if (parse_number(text, &bench->report.seed))
		return EXIT_GOOD;
	return complain("bench", text, "not a seed: a whole number is wanted");
}

enum bench_option {
	OPT_TRACE = 256,
	OPT_WORKLOAD,
	OPT_TRACKER,
	OPT_PROFILE,
	OPT_SEED,
	OPT_QUICK,
	OPT_NO_SWEEP,
	OPT_OUT,
	OPT_CSV,
	OPT_JSON,
	OPT_LIST
};

static const struct option options[] = {
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "workload", required_argument, NULL, OPT_WORKLOAD },
	{ "tracker", required_argument, NULL, OPT_TRACKER },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "quick", no_argument, NULL, OPT_QUICK },
	{ "no-sweep", no_argument, NULL, OPT_NO_SWEEP },
	{ "out", required_argument, NULL, OPT_OUT },
	{ "csv", no_argument, NULL, OPT_CSV },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "list", no_argument, NULL, OPT_LIST },
	{ NULL, 0, NULL, 0 },
};

static int add_job(struct bench *bench, const char *text, bool is_workload)
{
	const char *why = jobs_add(&bench->jobs, text, is_workload);

	return why ? complain("bench", text, why) : EXIT_GOOD;
}

static int take_option(struct bench *bench, enum bench_option option,
		       const char *value)
{
	switch (option) {
	case OPT_TRACE:
		return add_job(bench, value, false);
	case OPT_WORKLOAD:
		return add_job(bench, value, true);
	case OPT_TRACKER:
		return choose_tracker(bench, value);
	case OPT_PROFILE:
		return choose_profile(bench, value);
	case OPT_SEED:
		return choose_seed(bench, value);
	case OPT_QUICK:
		bench->quick = true;
		return EXIT_GOOD;
	case OPT_NO_SWEEP:
		bench->no_sweep = true;
		return EXIT_GOOD;
	case OPT_OUT:
		bench->out.dir = value;
		return EXIT_GOOD;
	case OPT_CSV:
		bench->format = FORMAT_CSV;
		return EXIT_GOOD;
	case OPT_JSON:
		bench->format = FORMAT_JSON;
		return EXIT_GOOD;
	case OPT_LIST:
		bench->list = true;
		return EXIT_GOOD;
	}
	return EXIT_USAGE;
}

static int parse(struct bench *bench, int argc, char **argv)
{
	int status = EXIT_GOOD;
	int option;

	optind = 1;
	while (status == EXIT_GOOD) {
		option = next_option("bench", argc, argv, options);
		if (option == -1)
			break;
		if (option == 0)
			return EXIT_USAGE;
		status = take_option(bench, (enum bench_option)option, optarg);
	}
	if (status == EXIT_GOOD && optind < argc)
		return complain("bench", argv[optind],
				"unexpected argument; see --help");
	return status;
}

static int help(void)
{
	(void)fputs(usage, stdout);
	return finish_stdout("bench");
}

static int list(void)
{
	const char *name;
	size_t i;

	(void)puts("traces:");
	jobs_list_traces(stdout);
	(void)puts("workloads:");
	print_workloads(stdout);
	(void)puts("trackers:");
	for (i = 0; i < nr_trackers; i++)
		(void)printf("  %s\n", trackers[i].name);
	(void)puts("profiles:");
	for (i = 0; (name = vmd_costs_builtin_name((unsigned int)i)); i++)
		(void)printf("  %s\n", name);
	return finish_stdout("bench");
}

/* The job's trace is at its beginning already for the first tracker. */
static int rewind_job(const struct job *job, size_t tracker,
		      struct replay_error *error)
{
	if (tracker == 0 || !vmd_trace_rewind(job->trace))
		return 0;
	error->status = EXIT_USAGE;
	(void)snprintf(error->text, sizeof(error->text),
		       "%s: cannot be read twice: name one tracker, or a "
		       "file",
		       short_name(job->trace));
	return -ESPIPE;
}

static int run_job(struct bench *bench, const struct job *job,
		   struct progress *progress, struct replay_error *error)
{
	size_t t;
	int err = 0;

	for (t = 0; t < bench->nr_chosen; t++) {
		struct report_row *row =
			&bench->report.rows[bench->report.nr_rows];
		const struct replay_args args = {
			.trace = job->trace,
			.peak_pages = job->peak_pages,
			.tracker = bench->chosen[t],
			.progress = progress,
		};

		progress_job(progress, job->name, bench->chosen[t]->name);
		row->trace = job->name;
		row->tracker = bench->chosen[t];
		err = rewind_job(job, t, error);
		if (!err)
			err = replay(&args, &row->result, error);
		if (err)
			break;
		report_price(row, &bench->report.costs);
		bench->report.nr_rows++;
	}
	return err;
}

/* Wall time goes to stderr: the report is virtual from end to end. */
static void say_speed(const struct bench *bench)
{
	static const char *const what[] = { "recorded traces", "workloads" };
	size_t i;

	for (i = 0; i < 2; i++) {
		uint64_t ms = bench->speed[i].ms;
		uint64_t per_ms = bench->speed[i].pages / (ms + 1);

		if (!bench->speed[i].pages)
			continue;
		(void)fprintf(stderr,
			      "wall time, %s: %" PRIu64 ".%" PRIu64
			      " s for %" PRIu64 " page writes, %" PRIu64
			      ".%02" PRIu64 " million a second\n",
			      what[i], ms / 1000, ms % 1000 / 100,
			      bench->speed[i].pages, per_ms / 1000,
			      per_ms % 1000 / 10);
	}
}

static int run_jobs(struct bench *bench, struct progress *progress,
		    struct replay_error *error)
{
	const struct report *report = &bench->report;
	size_t row = 0;
	size_t i;
	int err = 0;

	for (i = 0; i < bench->jobs.nr && !err; i++) {
		const struct job *job = &bench->jobs.jobs[i];
		uint64_t begin = monotonic_ms();

		err = run_job(bench, job, progress, error);
		bench->speed[job->is_workload].ms += monotonic_ms() - begin;
		for (; row < report->nr_rows; row++)
			bench->speed[job->is_workload].pages +=
				report->rows[row].result.totals.pages_written;
	}
	return err;
}

static void (*const writers[])(FILE *to, const struct report *report) = {
	report_table, report_csv, report_json
};

/* Files are complete before anything is printed, and in place after it. */
static int publish(struct bench *bench)
{
	int status = bench_out_write(&bench->out, &bench->report);

	if (status)
		return status;
	writers[bench->format](stdout, &bench->report);
	status = finish_stdout("bench");
	if (status) {
		bench_out_abort(&bench->out);
		return status;
	}
	return bench_out_commit(&bench->out, &bench->report);
}

/* A broken tracker is said in one line, in the words of the replay. */
static int run(struct bench *bench)
{
	struct replay_error error = { .status = EXIT_USAGE };
	bool sweeps = !bench->quick && !bench->no_sweep;
	struct progress progress;
	int err;

	progress_init(&progress,
		      (unsigned int)(bench->jobs.nr * bench->nr_chosen) +
			      (sweeps ? sweep_nr_jobs() : 0),
		      "pages");
	err = run_jobs(bench, &progress, &error);
	if (!err && sweeps)
		err = sweep_run(&bench->report, &progress, &error);
	progress_end(&progress);
	if (err) {
		(void)complain("bench", NULL, error.text);
		return error.status;
	}
	err = publish(bench);
	if (!err)
		say_speed(bench);
	return err;
}

static void choose_all_trackers(struct bench *bench)
{
	for (; bench->nr_chosen < nr_trackers; bench->nr_chosen++)
		bench->chosen[bench->nr_chosen] = &trackers[bench->nr_chosen];
}

static int open_and_run(struct bench *bench)
{
	struct vmd_trace_error why;
	int status;

	if (!bench->nr_chosen)
		choose_all_trackers(bench);
	if (!bench->jobs.nr &&
	    jobs_add_defaults(&bench->jobs, bench->quick, &why))
		return complain("bench", NULL, why.text);
	if (jobs_open(&bench->jobs, bench->report.seed, &why))
		return complain("bench", NULL, why.text);
	bench->report.rows = calloc(bench->jobs.nr * bench->nr_chosen,
				    sizeof(*bench->report.rows));
	if (!bench->report.rows)
		return complain("bench", NULL, strerror(ENOMEM));
	status = bench_out_check(&bench->out);
	return status ? status : run(bench);
}

int cmd_bench(int argc, char **argv)
{
	static struct bench bench;
	int status;

	if (wants_help(argc, argv))
		return help();
	bench.report.seed = 1;
	status = choose_profile(&bench, "host-quiet");
	if (!status)
		status = parse(&bench, argc, argv);
	if (!status)
		status = bench.list ? list() : open_and_run(&bench);
	jobs_close(&bench.jobs);
	free(bench.report.rows);
	return status;
}
