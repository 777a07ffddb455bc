/* SPDX-License-Identifier: MIT */
/*
 * One pass over the trace; two if a tail is to be left out.
 */
#include "trace_stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "short_name.h"

static struct trace_epoch *new_epoch(struct trace_stats *stats)
{
	if (stats->nr_counted == stats->capacity) {
		size_t capacity = stats->capacity ? 2 * stats->capacity : 256;
		struct trace_epoch *epochs =
			realloc(stats->epochs, capacity * sizeof(*epochs));

		if (!epochs)
			return NULL;
		stats->epochs = epochs;
		stats->capacity = capacity;
	}
	return &stats->epochs[stats->nr_counted++];
}

static uint64_t jaccard_ppm(const struct trace_stats *stats,
			    const struct vmd_trace_record *record,
			    uint64_t dirty)
{
	uint64_t common = page_set_count_common(&stats->before, record->runs,
						record->nr_runs);
	uint64_t either = dirty - common +
			  page_set_count(stats->before.runs, stats->before.nr);

	return either ? (common * 1000000 + either / 2) / either : 1000000;
}

static int add_seen(struct trace_stats *stats,
		    const struct vmd_trace_record *record)
{
	struct page_set seen;
	int err = page_set_unite(&stats->scratch, &stats->seen, record->runs,
				 record->nr_runs);

	seen = stats->scratch;
	stats->scratch = stats->seen;
	stats->seen = seen;
	return err;
}

static int count_epoch(struct trace_stats *stats,
		       const struct vmd_trace_record *record)
{
	struct trace_epoch *epoch = new_epoch(stats);

	if (!epoch || add_seen(stats, record))
		return -ENOMEM;
	epoch->dirty = page_set_count(record->runs, record->nr_runs);
	epoch->runs = record->nr_runs;
	epoch->dt_us = record->dt_us;
	epoch->similar = jaccard_ppm(stats, record, epoch->dirty);
	stats->page_writes += epoch->dirty;
	return page_set_copy(&stats->before, record->runs, record->nr_runs);
}

static void count_kind(struct trace_stats *stats,
		       const struct vmd_trace_record *record)
{
	stats->nr_epochs += record->type == VMD_TRACE_EPOCH;
	stats->nr_maps += record->type == VMD_TRACE_MAP;
	stats->nr_unmaps += record->type == VMD_TRACE_UNMAP;
	stats->nr_gpu_writes += record->type == VMD_TRACE_GPU_WRITE;
	stats->hash = vmd_trace_hash(stats->hash, record);
}

static int fail(const struct vmd_trace *trace, struct vmd_trace_error *error,
		int err, const char *text)
{
	(void)snprintf(error->text, sizeof(error->text), "%s: %s",
		       short_name(trace), text);
	return err;
}

/* Where the tail begins is known after reading once. */
static int find_end(struct vmd_trace *trace, uint64_t tail, uint64_t *end,
		    struct vmd_trace_error *error)
{
	struct vmd_trace_record record;
	uint64_t nr = 0;
	int rc;

	*end = UINT64_MAX;
	if (tail == 0)
		return 0;
	while ((rc = vmd_trace_next(trace, &record, error)) > 0)
		nr += record.type == VMD_TRACE_EPOCH;
	if (rc)
		return rc;
	*end = nr > tail ? nr - tail : 0;
	rc = vmd_trace_rewind(trace);
	return rc ? fail(trace, error, rc,
			 "--tail reads twice, and this input cannot be") :
		    0;
}

int trace_stats_read(struct trace_stats *stats, struct vmd_trace *trace,
		     uint64_t warmup, uint64_t tail,
		     struct vmd_trace_error *error)
{
	struct vmd_trace_record record;
	uint64_t end;
	int rc;

	memset(stats, 0, sizeof(*stats));
	stats->hash = VMD_TRACE_HASH_INIT;
	rc = find_end(trace, tail, &end, error);
	if (rc)
		return rc;
	while ((rc = vmd_trace_next(trace, &record, error)) > 0) {
		count_kind(stats, &record);
		if (record.type != VMD_TRACE_EPOCH ||
		    stats->nr_epochs <= warmup || stats->nr_epochs > end)
			continue;
		if (count_epoch(stats, &record))
			return fail(trace, error, -ENOMEM, "out of memory");
	}
	return rc;
}

void trace_stats_fini(struct trace_stats *stats)
{
	free(stats->epochs);
	page_set_fini(&stats->before);
	page_set_fini(&stats->seen);
	page_set_fini(&stats->scratch);
}

static int cmp_u64(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

int trace_stats_spread(const struct trace_stats *stats, size_t offset,
		       size_t skip, struct spread *spread)
{
	size_t nr = stats->nr_counted > skip ? stats->nr_counted - skip : 0;
	uint64_t *values;
	size_t i;

	memset(spread, 0, sizeof(*spread));
	if (nr == 0)
		return 0;
	values = malloc(nr * sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		memcpy(&values[i],
		       (const char *)&stats->epochs[i + skip] + offset,
		       sizeof(values[i]));
	qsort(values, nr, sizeof(*values), cmp_u64);
	spread->p10 = values[nr / 10];
	spread->median = values[nr / 2];
	spread->p90 = values[nr * 9 / 10];
	spread->max = values[nr - 1];
	free(values);
	return 0;
}

double trace_stats_mean_similarity(const struct trace_stats *stats)
{
	double sum = 0;
	size_t i;

	for (i = 1; i < stats->nr_counted; i++)
		sum += (double)stats->epochs[i].similar / 1e6;
	return i > 1 ? sum / (double)(i - 1) : 0;
}
