/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty bench: every trace and workload under every tracker.
 *
 *	options -> jobs (bench_jobs.c) -> replay (replay.c) -> prices, report
 *
 * All inputs are opened, and all outputs created, before the first replay: a
 * bad call ends at once and leaves nothing behind.
 */
#include "cmd_bench.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench_jobs.h"
#include "exit.h"
#include "outfile.h"
#include "progress.h"
#include "report.h"
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
	const char *out;
	enum format format;
	bool quick;
	bool no_sweep;
	bool list;
	struct outfile files[3]; /* by enum format */
};

static int complain(const char *what, const char *text)
{
	(void)fprintf(stderr, "vmmdirty bench: %s%s%s\n", what,
		      *what ? ": " : "", text);
	return EXIT_USAGE;
}

static int choose_tracker(struct bench *bench, const char *name)
{
	size_t t;

	for (t = 0; t < nr_trackers; t++) {
		if (strcmp(trackers[t].name, name) != 0)
			continue;
		if (bench->nr_chosen < MAX_TRACKERS)
			bench->chosen[bench->nr_chosen++] = &trackers[t];
		return EXIT_GOOD;
	}
	return complain(name, "unknown tracker; see --list");
}

static int choose_profile(struct bench *bench, const char *name)
{
	struct vmd_profile_error error;
	char where[64] = "";

	bench->report.profile = name;
	if (!vmd_costs_builtin(name, &bench->report.costs) ||
	    !vmd_costs_load(name, &bench->report.costs, &error))
		return EXIT_GOOD;
	if (error.line)
		(void)snprintf(where, sizeof(where), "line %u: ", error.line);
	(void)fprintf(stderr, "vmmdirty bench: %s: %s%s\n", name, where,
		      error.text);
	return EXIT_USAGE;
}

static int choose_seed(struct bench *bench, const char *text)
{
	char *end;

	errno = 0;
	bench->report.seed = strtoull(text, &end, 0);
	if (errno || *end || end == text || *text == '-')
		return complain(text, "not a seed: a whole number is wanted");
	return EXIT_GOOD;
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
	OPT_LIST,
	OPT_HELP
};

static const struct option_row {
	const char *name;
	int has_arg;
	enum bench_option value;
} option_rows[] = {
	{ "trace", required_argument, OPT_TRACE },
	{ "workload", required_argument, OPT_WORKLOAD },
	{ "tracker", required_argument, OPT_TRACKER },
	{ "profile", required_argument, OPT_PROFILE },
	{ "seed", required_argument, OPT_SEED },
	{ "quick", no_argument, OPT_QUICK },
	{ "no-sweep", no_argument, OPT_NO_SWEEP },
	{ "out", required_argument, OPT_OUT },
	{ "csv", no_argument, OPT_CSV },
	{ "json", no_argument, OPT_JSON },
	{ "list", no_argument, OPT_LIST },
	{ "help", no_argument, OPT_HELP },
};

#define NR_OPTIONS (sizeof(option_rows) / sizeof(option_rows[0]))

static int add_job(struct bench *bench, const char *text, bool is_workload)
{
	if (jobs_add(&bench->jobs, text, is_workload))
		return EXIT_GOOD;
	return complain(text, "too many traces and workloads");
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
		bench->out = value;
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
	case OPT_HELP:
		break;
	}
	return EXIT_USAGE;
}

static bool wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

static int parse(struct bench *bench, int argc, char **argv)
{
	struct option options[NR_OPTIONS + 1] = { { 0 } };
	int status = EXIT_GOOD;
	size_t i;

	for (i = 0; i < NR_OPTIONS; i++) {
		options[i].name = option_rows[i].name;
		options[i].has_arg = option_rows[i].has_arg;
		options[i].val = (int)option_rows[i].value;
	}
	opterr = 0;
	optind = 1;
	while (status == EXIT_GOOD) {
		int option = getopt_long(argc, argv, ":", options, NULL);

		if (option == -1)
			break;
		if (option == '?' || option == ':')
			return complain(argv[optind - 1],
					option == ':' ?
						"this option wants a value" :
						"unknown option; see --help");
		status = take_option(bench, (enum bench_option)option, optarg);
	}
	if (status == EXIT_GOOD && optind < argc)
		return complain(argv[optind],
				"unexpected argument; see --help");
	return status;
}

static int list(void)
{
	const char *name;
	size_t i;

	(void)puts("traces:");
	jobs_list_traces(stdout);
	(void)puts("workloads:");
	for (i = 0; (name = vmd_trace_workload_name(i)); i++)
		(void)printf("  %-16s %s\n", name, vmd_trace_workload_help(i));
	(void)puts("trackers:");
	for (i = 0; i < nr_trackers; i++)
		(void)printf("  %s\n", trackers[i].name);
	(void)puts("profiles:");
	for (i = 0; (name = vmd_costs_builtin_name((unsigned int)i)); i++)
		(void)printf("  %s\n", name);
	return EXIT_GOOD;
}

static const char *const file_names[] = { "table.txt", "bench.csv",
					  "bench.json" };
static void (*const writers[])(FILE *to, const struct report *report) = {
	report_table, report_csv, report_json
};

static void abort_outputs(struct bench *bench)
{
	size_t i;

	for (i = 0; i < 3; i++)
		outfile_abort(&bench->files[i]);
}

static int open_outputs(struct bench *bench)
{
	size_t i;
	int err;

	if (!bench->out)
		return EXIT_GOOD;
	if (mkdir(bench->out, 0777) && errno != EEXIST)
		return complain(bench->out, strerror(errno));
	for (i = 0; i < 3; i++) {
		err = outfile_open(&bench->files[i], bench->out, file_names[i]);
		if (!err)
			continue;
		abort_outputs(bench);
		return complain(bench->files[i].path, strerror(-err));
	}
	return EXIT_GOOD;
}

static int write_outputs(struct bench *bench)
{
	size_t i;
	int err;

	for (i = 0; bench->out && i < 3; i++) {
		writers[i](bench->files[i].to, &bench->report);
		err = outfile_commit(&bench->files[i]);
		if (err)
			return complain(bench->files[i].path, strerror(-err));
	}
	if (bench->out && bench->report.sweep.nr_pages &&
	    !sweep_plot(&bench->report.sweep, bench->report.profile,
			bench->out))
		(void)fprintf(stderr,
			      "vmmdirty bench: no plot: gnuplot is missing or "
			      "failed; %s/cost.dat has the points\n",
			      bench->out);
	return EXIT_GOOD;
}

/* A broken tracker is said in one line, in the words of the replay. */
static int fail(struct bench *bench, const struct replay_error *error)
{
	abort_outputs(bench);
	(void)fprintf(stderr, "vmmdirty bench: %s\n", error->text);
	return error->status;
}

static int run_job(struct bench *bench, const struct job *job,
		   struct progress *progress, struct replay_error *error)
{
	size_t t;
	int err = 0;

	for (t = 0; t < bench->nr_chosen && !err; t++) {
		struct report_row *row =
			&bench->report.rows[bench->report.nr_rows];
		const struct replay_args args = {
			.trace = job->trace,
			.tracker = bench->chosen[t],
			.progress = progress,
		};

		progress_job(progress, job->name, bench->chosen[t]->name);
		row->trace = job->name;
		row->tracker = bench->chosen[t];
		err = vmd_trace_rewind(job->trace);
		if (err)
			(void)snprintf(error->text, sizeof(error->text),
				       "%s: cannot be read twice: name one "
				       "tracker, or a file",
				       row->trace);
		else
			err = replay(&args, &row->result, error);
		if (!err)
			bench->report.nr_rows++;
		report_price(row, &bench->report.costs);
	}
	return err;
}

/* Wall time goes to stderr: the report is virtual from end to end. */
static void say_speed(const char *what, uint64_t pages, uint64_t ms)
{
	uint64_t per_ms = pages / (ms + 1);

	if (pages)
		(void)fprintf(stderr,
			      "wall time, %s: %llu.%llu s for %llu page "
			      "writes, %llu.%02llu million a second\n",
			      what, (unsigned long long)ms / 1000,
			      (unsigned long long)ms % 1000 / 100,
			      (unsigned long long)pages,
			      (unsigned long long)per_ms / 1000,
			      (unsigned long long)per_ms % 1000 / 10);
}

/* All jobs, timing recorded traces [0] and workloads [1] apart. */
static int run_jobs(struct bench *bench, struct progress *progress,
		    struct replay_error *error)
{
	uint64_t pages[2] = { 0 };
	uint64_t ms[2] = { 0 };
	size_t row = 0;
	size_t i;
	int err = 0;

	for (i = 0; i < bench->jobs.nr && !err; i++) {
		const struct job *job = &bench->jobs.jobs[i];
		uint64_t begin = monotonic_ms();

		err = run_job(bench, job, progress, error);
		ms[job->is_workload] += monotonic_ms() - begin;
		for (; row < bench->report.nr_rows; row++)
			pages[job->is_workload] +=
				bench->report.rows[row]
					.result.totals.pages_written;
	}
	progress_end(progress);
	say_speed("recorded traces", pages[0], ms[0]);
	say_speed("workloads", pages[1], ms[1]);
	return err;
}

static int run(struct bench *bench)
{
	struct replay_error error = { .status = EXIT_USAGE };
	bool sweeps = !bench->quick && !bench->no_sweep;
	struct progress progress;
	int err;

	progress_init(&progress,
		      (unsigned int)(bench->jobs.nr * bench->nr_chosen) +
			      (sweeps ? sweep_nr_jobs() : 0));
	err = run_jobs(bench, &progress, &error);
	if (!err && sweeps)
		err = sweep_run(&bench->report, &progress, &error);
	progress_end(&progress);
	if (err)
		return fail(bench, &error);

	writers[bench->format](stdout, &bench->report);
	if (fflush(stdout) || ferror(stdout)) {
		abort_outputs(bench);
		return complain("standard output", strerror(EIO));
	}
	return write_outputs(bench);
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
	if (!bench->jobs.nr && !jobs_add_defaults(&bench->jobs, bench->quick))
		return complain("", "the traces that belong to the program are "
				    "not where they should be; name one with "
				    "--trace, or a --workload");
	if (jobs_open(&bench->jobs, bench->report.seed, &why))
		return complain("", why.text);
	bench->report.rows = calloc(bench->jobs.nr * bench->nr_chosen,
				    sizeof(*bench->report.rows));
	if (!bench->report.rows)
		return complain("", strerror(ENOMEM));
	status = open_outputs(bench);
	return status ? status : run(bench);
}

int cmd_bench(int argc, char **argv)
{
	static struct bench bench;
	int status;

	if (wants_help(argc, argv))
		return fputs(usage, stdout) < 0 ? EXIT_USAGE : EXIT_GOOD;
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
