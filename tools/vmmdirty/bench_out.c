/* SPDX-License-Identifier: MIT */
/*
 * check	before the long work: make everything, remove it again
 * write	behind it: fill files under other names
 * commit	rename them
 *
 * Between check and write nothing of it is on the disk, so that it does not
 * matter how the work ends.
 */
#include "bench_out.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "exit.h"
#include "sweep_plot.h"

/* The last two only if there was a sweep. */
static const struct {
	const char *name;
	void (*write)(FILE *to, const struct report *report);
} makers[] = {
	{ "table.txt", report_table },	   { "bench.csv", report_csv },
	{ "bench.json", report_json },	   { "cost.dat", sweep_write_points },
	{ "cost.gp", sweep_write_script },
};

#define NR_MAKERS	 (sizeof(makers) / sizeof(makers[0]))
#define NR_WITHOUT_SWEEP 3

_Static_assert(NR_MAKERS == MAX_BENCH_FILES, "a file for each");

static int fail(struct bench_out *out, const char *path, int err)
{
	bench_out_abort(out);
	return complain("bench", path, strerror(err));
}

static int open_all(struct bench_out *out, size_t nr)
{
	int err;

	out->made_dir = !mkdir(out->dir, 0777);
	if (!out->made_dir && errno != EEXIST)
		return fail(out, *out->dir ? out->dir : "--out", errno);
	for (out->nr_files = 0; out->nr_files < nr; out->nr_files++) {
		struct outfile *file = &out->files[out->nr_files];

		err = outfile_open(file, out->dir, makers[out->nr_files].name);
		if (err)
			return fail(out, file->path, -err);
	}
	return EXIT_GOOD;
}

int bench_out_check(struct bench_out *out)
{
	int status = EXIT_GOOD;

	if (!out->dir)
		return EXIT_GOOD;
	status = open_all(out, NR_MAKERS);
	if (status == EXIT_GOOD)
		bench_out_abort(out);
	return status;
}

int bench_out_write(struct bench_out *out, const struct report *report)
{
	bool swept = report->sweep.nr_pages;
	size_t i;
	int status;
	int err;

	if (!out->dir)
		return EXIT_GOOD;
	status = open_all(out, swept ? NR_MAKERS : NR_WITHOUT_SWEEP);
	for (i = 0; status == EXIT_GOOD && i < out->nr_files; i++) {
		makers[i].write(out->files[i].to, report);
		err = outfile_close(&out->files[i]);
		if (err)
			status = fail(out, out->files[i].path, -err);
	}
	return status;
}

int bench_out_commit(struct bench_out *out, const struct report *report)
{
	size_t i;
	int err;

	if (!out->dir)
		return EXIT_GOOD;
	for (i = 0; i < out->nr_files; i++) {
		err = outfile_commit(&out->files[i]);
		if (err)
			return fail(out, out->files[i].path, -err);
	}
	if (report->sweep.nr_pages && !sweep_plot(out->dir))
		(void)complain("bench", out->dir,
			       "no cost.svg: gnuplot is missing or failed; "
			       "cost.dat has the points");
	return EXIT_GOOD;
}

void bench_out_abort(struct bench_out *out)
{
	size_t i;

	for (i = 0; i < out->nr_files; i++)
		outfile_abort(&out->files[i]);
	if (out->made_dir)
		(void)rmdir(out->dir);
	out->nr_files = 0;
	out->made_dir = false;
}
