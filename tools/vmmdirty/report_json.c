/* SPDX-License-Identifier: MIT */
/*
 * The report as one JSON object. Keys keep their order: two runs are compared
 * byte by byte.
 */
#include <inttypes.h>

#include "json.h"
#include "report.h"

static void put_events(FILE *to, const struct report_row *row)
{
	unsigned int i;

	(void)fputs(",\n      \"events\": {", to);
	for (i = 0; i < VMD_NR_EVENTS; i++)
		(void)fprintf(to, "%s\"%s\": %" PRIu64, i ? ", " : "",
			      vmd_event_name((enum vmd_event)i),
			      row->result.totals.events.nr[i]);
	(void)fputs("},\n      \"virtual_ps\": {", to);
	for (i = 0; i < VMD_NR_CAUSES; i++)
		(void)fprintf(to, "%s\"%s\": %" PRIu64, i ? ", " : "",
			      vmd_cause_name((enum vmd_cause)i), row->ps[i]);
	(void)fprintf(to, ", \"total\": %" PRIu64 "}", row->total_ps);
}

static void put_row(FILE *to, const struct report *report,
		    const struct report_row *row)
{
	const struct replay_totals *totals = &row->result.totals;
	int64_t permille;

	(void)fputs("    {\"trace\": ", to);
	put_json_string(to, row->trace);
	(void)fprintf(to,
		      ", \"tracker\": \"%s\", \"epochs\": %" PRIu64
		      ", \"objects\": %zu, \"pages\": %" PRIu64
		      ",\n      \"pages_written\": %" PRIu64
		      ", \"pages_updated\": %" PRIu64
		      ", \"over_reported\": %" PRIu64,
		      row->tracker->name, totals->epochs,
		      row->result.nr_buffers, row->result.nr_pages,
		      totals->pages_written, totals->pages_updated,
		      totals->pages_updated - totals->pages_written);
	put_events(to, row);
	if (report_overhead(report, row, &permille))
		(void)fprintf(to, ",\n      \"overhead_permille\": %" PRId64,
			      permille);
	(void)fprintf(to, ", \"wins\": %s}",
		      report_wins(report, row) ? "true" : "false");
}

static void put_point(FILE *to, const struct sweep_point *point)
{
	size_t t;

	(void)fprintf(to, "      {\"pages\": %" PRIu64, point->nr_dirty);
	for (t = 0; t < nr_trackers; t++)
		(void)fprintf(to, ", \"%s_ns\": %" PRIu64, trackers[t].name,
			      point->ns[t]);
	(void)fputc('}', to);
}

static void put_sweep(FILE *to, const struct sweep *sweep)
{
	size_t i;

	(void)fprintf(to, ",\n  \"sweep\": {\"object_pages\": %" PRIu64,
		      sweep->nr_pages);
	if (sweep->crosses)
		(void)fprintf(to, ", \"crossover_millipages\": %" PRIu64,
			      sweep->crossover_milli);
	(void)fputs(", \"points\": [\n", to);
	for (i = 0; i < sweep->nr_points; i++) {
		put_point(to, &sweep->points[i]);
		(void)fputs(i + 1 < sweep->nr_points ? ",\n" : "\n", to);
	}
	(void)fputs("    ]}", to);
}

void report_json(FILE *to, const struct report *report)
{
	unsigned int event;
	size_t i;

	(void)fprintf(to,
		      "{\n  \"build\": \"%s\", \"time\": \"virtual\", "
		      "\"profile\": ",
		      vmd_build());
	put_json_string(to, report->profile);
	(void)fprintf(to, ", \"seed\": %" PRIu64 ",\n  \"cost_ps\": {",
		      report->seed);
	for (event = 0; event < VMD_NR_EVENTS; event++)
		(void)fprintf(to, "%s\"%s\": %" PRIu64, event ? ", " : "",
			      vmd_event_name((enum vmd_event)event),
			      report->costs.ps[event]);
	(void)fputs("},\n  \"results\": [\n", to);
	for (i = 0; i < report->nr_rows; i++) {
		put_row(to, report, &report->rows[i]);
		(void)fputs(i + 1 < report->nr_rows ? ",\n" : "\n", to);
	}
	(void)fputs("  ]", to);
	if (report->sweep.nr_pages)
		put_sweep(to, &report->sweep);
	(void)fputs("\n}\n", to);
}
