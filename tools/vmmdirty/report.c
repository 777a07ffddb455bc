/* SPDX-License-Identifier: MIT */
/*
 * All arithmetic is on integers, so that no compiler rounds differently.
 */
#include "report.h"

#include <inttypes.h>

void report_price(struct report_row *row, const struct vmd_costs *costs)
{
	row->total_ps =
		vmd_virtual_ps(&row->result.totals.events, costs, row->ps);
}

/* Names may be equal where the files are not: one job, one string. */
static bool same_trace(const struct report_row *a, const struct report_row *b)
{
	return a->trace == b->trace;
}

/* In nanoseconds; beyond four months in microseconds, so that it fits. */
static int64_t permille_above(uint64_t ps, uint64_t base_ps)
{
	uint64_t unit = ps > UINT64_MAX / 2 || base_ps > UINT64_MAX / 2 ?
				1000000 :
				1000;
	int64_t base = (int64_t)(base_ps / unit);

	return ((int64_t)(ps / unit) - base) * 1000 / (base + 1);
}

bool report_overhead(const struct report *report, const struct report_row *row,
		     int64_t *permille)
{
	size_t i;

	for (i = 0; i < report->nr_rows; i++) {
		const struct report_row *base = &report->rows[i];

		if (base->tracker->policy || !same_trace(base, row) ||
		    !base->total_ps)
			continue;
		*permille = permille_above(row->total_ps, base->total_ps);
		return true;
	}
	return false;
}

bool report_wins(const struct report *report, const struct report_row *row)
{
	size_t i;

	for (i = 0; i < report->nr_rows; i++)
		if (report->rows[i].tracker->policy &&
		    same_trace(&report->rows[i], row) &&
		    report->rows[i].total_ps < row->total_ps)
			return false;
	return row->tracker->policy;
}

/* Tenths: @value per epoch. */
static uint64_t tenths(const struct report_row *row, uint64_t value)
{
	uint64_t epochs = row->result.totals.epochs;

	return epochs ? (value * 10 + epochs / 2) / epochs : 0;
}

static void put_tenths(FILE *to, int width, uint64_t value)
{
	if (value < 100000)
		(void)fprintf(to, " %*" PRIu64 ".%" PRIu64, width - 2,
			      value / 10, value % 10);
	else
		(void)fprintf(to, " %*" PRIu64, width, (value + 5) / 10);
}

static uint64_t events(const struct report_row *row, enum vmd_event event)
{
	return row->result.totals.events.nr[event];
}

static uint64_t over_reported(const struct report_row *row)
{
	return row->result.totals.pages_updated -
	       row->result.totals.pages_written;
}

/* The columns that are counts per epoch. */
static const struct {
	const char *head;
	int width;
	enum vmd_event event;
	uint64_t unit;
} columns[] = {
	{ "w.faults", 8, VMD_EV_WRITE_FAULT, 1 },
	{ "visited", 8, VMD_EV_PTE_VISIT, 1 },
	{ "protect", 7, VMD_EV_PTE_WRPROTECT, 1 },
	{ "clean", 7, VMD_EV_PTE_CLEAN, 1 },
	{ "flush", 6, VMD_EV_TLB_FLUSH, 1 },
	{ "updates", 7, VMD_EV_UPDATE_CMD, 1 },
	{ "KiB", 8, VMD_EV_UPDATE_BYTE, 1024 },
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void table_head(FILE *to)
{
	unsigned int cause;
	size_t i;

	(void)fprintf(to, "  %-9s", "");
	for (i = 0; i < NR_COLUMNS; i++)
		(void)fprintf(to, " %*s", columns[i].width, columns[i].head);
	(void)fprintf(to, " %7s |", "over");
	for (cause = 0; cause < VMD_NR_CAUSES; cause++)
		(void)fprintf(to, " %8s",
			      vmd_cause_name((enum vmd_cause)cause));
	(void)fprintf(to, " | %9s %9s\n", "ns/epoch", "overhead");
}

static void table_overhead(FILE *to, const struct report *report,
			   const struct report_row *row)
{
	char text[32];
	int64_t permille;

	if (!row->tracker->policy || !report_overhead(report, row, &permille)) {
		(void)fprintf(to, " %9s", "-");
		return;
	}
	(void)snprintf(text, sizeof(text), "%c%" PRId64 ".%" PRId64 " %%",
		       permille < 0 ? '-' : '+',
		       (permille < 0 ? -permille : permille) / 10,
		       (permille < 0 ? -permille : permille) % 10);
	(void)fprintf(to, " %9s", text);
}

static void table_row(FILE *to, const struct report *report,
		      const struct report_row *row)
{
	unsigned int cause;
	size_t i;

	(void)fprintf(to, "  %-9s", row->tracker->name);
	for (i = 0; i < NR_COLUMNS; i++)
		put_tenths(to, columns[i].width,
			   tenths(row, events(row, columns[i].event) /
					       columns[i].unit));
	put_tenths(to, 7, tenths(row, over_reported(row)));
	(void)fputs(" |", to);
	for (cause = 0; cause < VMD_NR_CAUSES; cause++)
		(void)fprintf(to, " %8" PRIu64,
			      (tenths(row, row->ps[cause] / 1000) + 5) / 10);
	(void)fprintf(to, " | %9" PRIu64,
		      (tenths(row, row->total_ps / 1000) + 5) / 10);
	table_overhead(to, report, row);
	(void)fputs(report_wins(report, row) ? "  wins\n" : "\n", to);
}

static void table_title(FILE *to, const struct report_row *row)
{
	(void)fprintf(to,
		      "\n%s: %" PRIu64 " epochs, %zu objects of %" PRIu64
		      " pages, %" PRIu64 " page writes\n",
		      row->trace, row->result.totals.epochs,
		      row->result.nr_buffers, row->result.nr_pages,
		      row->result.totals.pages_written);
}

static void put_milli(FILE *to, uint64_t milli)
{
	(void)fprintf(to, "%" PRIu64 ".%03" PRIu64, milli / 1000, milli % 1000);
}

static void table_sweep(FILE *to, const struct sweep *sweep)
{
	size_t i;
	size_t t;

	if (!sweep->nr_pages)
		return;
	(void)fprintf(to,
		      "\nns per epoch, one object of %" PRIu64
		      " pages, so many of them written at random:\n  %9s",
		      sweep->nr_pages, "pages");
	for (t = 0; t < nr_trackers; t++)
		(void)fprintf(to, " %10s", trackers[t].name);
	(void)fputc('\n', to);
	for (i = 0; i < sweep->nr_points; i++) {
		(void)fprintf(to, "  %9" PRIu64, sweep->points[i].nr_dirty);
		for (t = 0; t < nr_trackers; t++)
			(void)fprintf(to, " %10" PRIu64,
				      sweep->points[i].ns[t]);
		(void)fputc('\n', to);
	}
	if (!sweep->crosses)
		return;
	(void)fputs("  mkwrite and pagetable cost the same at ", to);
	put_milli(to, sweep->crossover_milli);
	(void)fputs(" pages, ", to);
	put_milli(to, sweep->crossover_milli * 100 / sweep->nr_pages);
	(void)fputs(" % of the object\n", to);
}

void report_table(FILE *to, const struct report *report)
{
	size_t i;

	(void)fprintf(
		to,
		"Virtual time, cost profile %s, seed %" PRIu64
		". Counts and ns are per epoch; `over` is pages sent but "
		"not written;\n`overhead` is against explicit "
		"synchronisation, where the program says what it wrote.\n",
		report->profile, report->seed);
	for (i = 0; i < report->nr_rows; i++) {
		const struct report_row *row = &report->rows[i];

		if (i == 0 || !same_trace(row, row - 1)) {
			table_title(to, row);
			table_head(to);
		}
		table_row(to, report, row);
	}
	table_sweep(to, &report->sweep);
}

static void csv_head(FILE *to)
{
	unsigned int i;

	(void)fputs("trace,tracker,epochs,objects,pages,pages_written,"
		    "pages_updated,over_reported",
		    to);
	for (i = 0; i < VMD_NR_EVENTS; i++)
		(void)fprintf(to, ",%s", vmd_event_name((enum vmd_event)i));
	for (i = 0; i < VMD_NR_CAUSES; i++)
		(void)fprintf(to, ",virtual_%s_ps",
			      vmd_cause_name((enum vmd_cause)i));
	(void)fputs(",virtual_ps,overhead_permille,wins\n", to);
}

/* A trace's name may hold commas: always quoted. */
static void csv_name(FILE *to, const char *name)
{
	(void)fputc('"', to);
	for (; *name; name++) {
		if (*name == '"')
			(void)fputc('"', to);
		(void)fputc(*name, to);
	}
	(void)fputc('"', to);
}

void report_csv(FILE *to, const struct report *report)
{
	size_t i;

	csv_head(to);
	for (i = 0; i < report->nr_rows; i++) {
		const struct report_row *row = &report->rows[i];
		const struct replay_totals *totals = &row->result.totals;
		int64_t permille = 0;
		unsigned int n;

		csv_name(to, row->trace);
		(void)fprintf(to,
			      ",%s,%" PRIu64 ",%zu,%" PRIu64 ",%" PRIu64
			      ",%" PRIu64 ",%" PRIu64,
			      row->tracker->name, totals->epochs,
			      row->result.nr_buffers, row->result.nr_pages,
			      totals->pages_written, totals->pages_updated,
			      over_reported(row));
		for (n = 0; n < VMD_NR_EVENTS; n++)
			(void)fprintf(to, ",%" PRIu64, totals->events.nr[n]);
		for (n = 0; n < VMD_NR_CAUSES; n++)
			(void)fprintf(to, ",%" PRIu64, row->ps[n]);
		(void)fprintf(to, ",%" PRIu64 ",", row->total_ps);
		if (report_overhead(report, row, &permille))
			(void)fprintf(to, "%" PRId64, permille);
		(void)fprintf(to, ",%d\n", report_wins(report, row));
	}
}
