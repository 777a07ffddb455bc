/* SPDX-License-Identifier: MIT */
/*
 * What bench found, as a table for people and as CSV and JSON for programs.
 * Every figure in it is virtual: the same input gives the same bytes
 * everywhere (I-11).
 */
#ifndef VMMDIRTY_TOOL_REPORT_H
#define VMMDIRTY_TOOL_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "replay.h"

/* One trace under one tracker. */
struct report_row {
	const char *trace; /* of one job the same pointer */
	const struct tracker *tracker;
	struct replay_result result;
	uint64_t ps[VMD_NR_CAUSES];
	uint64_t total_ps;
};

#define MAX_TRACKERS 8

/* Cost of an epoch in which @nr_dirty pages of the object are written. */
struct sweep_point {
	uint64_t nr_dirty;
	uint64_t ns[MAX_TRACKERS]; /* per epoch, by tracker */
};

struct sweep {
	uint64_t nr_pages; /* of the object; 0: not made */
	size_t nr_points;
	struct sweep_point points[32];
	bool crosses;
	uint64_t crossover_milli; /* thousandths of a page */
};

struct report {
	const char *profile;
	struct vmd_costs costs;
	uint64_t seed;

	/* Rows of one trace stand together, explicit first. */
	struct report_row *rows;
	size_t nr_rows;
	struct sweep sweep;
};

/* Virtual time of the row's events. */
void report_price(struct report_row *row, const struct vmd_costs *costs);

/* Tenths of a percent above explicit synchronisation; false: not known. */
bool report_overhead(const struct report *report, const struct report_row *row,
		     int64_t *permille);

/* Is it the cheapest of its trace, explicit aside? */
bool report_wins(const struct report *report, const struct report_row *row);

void report_table(FILE *to, const struct report *report);
void report_csv(FILE *to, const struct report *report);
void report_json(FILE *to, const struct report *report);

#endif /* VMMDIRTY_TOOL_REPORT_H */
