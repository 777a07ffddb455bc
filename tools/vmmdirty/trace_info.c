/* SPDX-License-Identifier: MIT */
/*
 * Reads all, then says what it was.
 */
#include "trace_info.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "trace_stats.h"

struct description {
	const char *name;
	const char *form;
	size_t nr_buffers;
	uint64_t page_size;
	uint64_t tracked;
	uint64_t distinct;
	double fraction;
	double jaccard_mean;
	double jaccard;
	struct spread dirty;
	struct spread runs;
	struct spread dt_us;
	const struct trace_stats *stats;
};

static int describe(const struct vmd_trace *trace,
		    const struct trace_stats *stats, struct description *d)
{
	const struct vmd_trace_buffer *buffers;
	struct spread similar;
	size_t i;

	memset(d, 0, sizeof(*d));
	d->stats = stats;
	d->name = vmd_trace_name(trace);
	d->form = vmd_trace_form_name(trace);
	d->page_size = UINT64_C(1) << vmd_trace_page_shift(trace);
	buffers = vmd_trace_buffers(trace, &d->nr_buffers);
	for (i = 0; i < d->nr_buffers; i++)
		d->tracked += buffers[i].pages;
	d->distinct = page_set_count(stats->seen.runs, stats->seen.nr);
	if (trace_stats_spread(stats, offsetof(struct trace_epoch, dirty), 0,
			       &d->dirty) ||
	    trace_stats_spread(stats, offsetof(struct trace_epoch, runs), 0,
			       &d->runs) ||
	    trace_stats_spread(stats, offsetof(struct trace_epoch, dt_us), 0,
			       &d->dt_us) ||
	    trace_stats_spread(stats, offsetof(struct trace_epoch, similar), 1,
			       &similar))
		return -ENOMEM;
	d->jaccard = (double)similar.median / 1e6;
	d->jaccard_mean = trace_stats_mean_similarity(stats);
	if (d->tracked)
		d->fraction = (double)d->dirty.median / (double)d->tracked;
	return 0;
}

static void print_text(const struct description *d)
{
	const struct trace_stats *s = d->stats;

	(void)printf("%s: %s\n", d->name, d->form);
	(void)printf("page size        %" PRIu64 " bytes\n", d->page_size);
	(void)printf("buffers          %zu, %" PRIu64 " pages\n", d->nr_buffers,
		     d->tracked);
	(void)printf("epochs           %" PRIu64 ", of these counted %zu\n",
		     s->nr_epochs, s->nr_counted);
	(void)printf("other records    %" PRIu64 " maps, %" PRIu64
		     " unmaps, %" PRIu64 " GPU writes\n",
		     s->nr_maps, s->nr_unmaps, s->nr_gpu_writes);
	(void)printf("dirty per epoch  median %" PRIu64 ", p10 %" PRIu64
		     ", p90 %" PRIu64 ", max %" PRIu64 "\n",
		     d->dirty.median, d->dirty.p10, d->dirty.p90, d->dirty.max);
	(void)printf("dirty fraction   median %.2f %%\n", 100 * d->fraction);
	(void)printf("runs per epoch   median %" PRIu64 "\n", d->runs.median);
	(void)printf("page writes      %" PRIu64 "\n", s->page_writes);
	(void)printf("distinct pages   %" PRIu64 "\n", d->distinct);
	(void)printf("Jaccard          median %.2f, mean %.2f\n", d->jaccard,
		     d->jaccard_mean);
	(void)printf("epoch length     median %" PRIu64 " us\n",
		     d->dt_us.median);
	(void)printf("hash             %016" PRIx64 "\n", s->hash);
}

static void print_json(const struct description *d)
{
	const struct trace_stats *s = d->stats;

	(void)printf("{\"name\":");
	put_json_string(stdout, d->name);
	(void)printf(",\"form\":\"%s\",\"page_size\":%" PRIu64
		     ",\"buffers\":%zu,\"tracked_pages\":%" PRIu64,
		     d->form, d->page_size, d->nr_buffers, d->tracked);
	(void)printf(",\"epochs\":%" PRIu64 ",\"counted_epochs\":%zu"
		     ",\"maps\":%" PRIu64 ",\"unmaps\":%" PRIu64
		     ",\"gpu_writes\":%" PRIu64,
		     s->nr_epochs, s->nr_counted, s->nr_maps, s->nr_unmaps,
		     s->nr_gpu_writes);
	(void)printf(",\"dirty_per_epoch\":{\"median\":%" PRIu64
		     ",\"p10\":%" PRIu64 ",\"p90\":%" PRIu64 ",\"max\":%" PRIu64
		     "},\"dirty_fraction\":%.6f",
		     d->dirty.median, d->dirty.p10, d->dirty.p90, d->dirty.max,
		     d->fraction);
	(void)printf(",\"runs_per_epoch\":%" PRIu64 ",\"page_writes\":%" PRIu64
		     ",\"distinct_pages\":%" PRIu64 ",\"jaccard\":%.6f"
		     ",\"jaccard_mean\":%.6f"
		     ",\"dt_us\":%" PRIu64 ",\"hash\":\"%016" PRIx64 "\"}\n",
		     d->runs.median, s->page_writes, d->distinct, d->jaccard,
		     d->jaccard_mean, d->dt_us.median, s->hash);
}

static int info(struct vmd_trace *trace, const struct trace_call *call,
		struct trace_stats *stats)
{
	struct vmd_trace_error error;
	struct description description;

	if (trace_stats_read(stats, trace, call->warmup, call->tail, &error))
		return trace_complain(NULL, error.text);
	if (describe(trace, stats, &description))
		return trace_complain(NULL, "out of memory");
	if (call->json)
		print_json(&description);
	else
		print_text(&description);
	return finish_stdout("trace");
}

int trace_info(const struct trace_call *call)
{
	struct trace_stats stats;
	struct vmd_trace_error error;
	struct vmd_trace *trace;
	int status;

	if (trace_call_open(call, &trace, &error))
		return trace_complain(NULL, error.text);
	status = info(trace, call, &stats);
	trace_stats_fini(&stats);
	vmd_trace_close(trace);
	return status;
}
