/* SPDX-License-Identifier: MIT */
/*
 * The files that bench leaves: all of them, or none.
 */
#ifndef VMMDIRTY_TOOL_BENCH_OUT_H
#define VMMDIRTY_TOOL_BENCH_OUT_H

#include "outfile.h"
#include "report.h"

#define MAX_BENCH_FILES 5

struct bench_out {
	const char *dir; /* NULL: no files are wanted */
	bool made_dir;
	size_t nr_files;
	struct outfile files[MAX_BENCH_FILES];
};

/* Could the files be written? Leaves everything as it was. Exit status. */
int bench_out_check(struct bench_out *out);

/* Writes the files beside their places. The exit status. */
int bench_out_write(struct bench_out *out, const struct report *report);

/* Puts them in their places, and plots. The exit status. */
int bench_out_commit(struct bench_out *out, const struct report *report);

/* As it was before bench_out_write(). */
void bench_out_abort(struct bench_out *out);

#endif /* VMMDIRTY_TOOL_BENCH_OUT_H */
