/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a trace: a few numbers per epoch, and the pages seen.
 */
#ifndef VMMDIRTY_TOOL_TRACE_STATS_H
#define VMMDIRTY_TOOL_TRACE_STATS_H

#include "page_set.h"

struct trace_epoch {
	uint64_t dirty;
	uint64_t runs;
	uint64_t dt_us;
	uint64_t similar; /* Jaccard with the epoch before, in millionths */
};

struct trace_stats {
	struct trace_epoch *epochs; /* counted ones */
	size_t nr_counted;
	size_t capacity;
	uint64_t nr_epochs; /* all */
	uint64_t nr_maps;
	uint64_t nr_unmaps;
	uint64_t nr_gpu_writes;
	uint64_t page_writes;
	uint64_t hash;
	struct page_set before;
	struct page_set seen;
	struct page_set scratch;
};

/* Values that occur, no means of two. */
struct spread {
	uint64_t p10;
	uint64_t median;
	uint64_t p90;
	uint64_t max;
};

/*
 * Reads @trace to its end and counts its epochs but the first @warmup and the
 * last @tail. 0, or a negative error and why.
 */
int trace_stats_read(struct trace_stats *stats, struct vmd_trace *trace,
		     uint64_t warmup, uint64_t tail,
		     struct vmd_trace_error *error);
void trace_stats_fini(struct trace_stats *stats);

/*
 * The spread of the numbers at @offset in struct trace_epoch; the first @skip
 * epochs have none. 0 or -ENOMEM.
 */
int trace_stats_spread(const struct trace_stats *stats, size_t offset,
		       size_t skip, struct spread *spread);

double trace_stats_mean_similarity(const struct trace_stats *stats);

#endif /* VMMDIRTY_TOOL_TRACE_STATS_H */
