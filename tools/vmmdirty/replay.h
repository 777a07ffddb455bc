/* SPDX-License-Identifier: MIT */
/*
 * Writes a trace to a simulated machine under one tracker. Each recorded write
 * is a store through a CPU; each epoch ends with a submission of all objects
 * there are; after each, the device's memory is compared with RAM (I-1).
 */
#ifndef VMMDIRTY_TOOL_REPLAY_H
#define VMMDIRTY_TOOL_REPLAY_H

#include <vmmdirty/vmmdirty.h>

struct progress;

/* A way to keep the device up to date. */
struct tracker {
	const char *name;
	const struct vmd_dirty_policy *policy; /* NULL: explicit */
};

/* "explicit" is first: what the others are measured against. */
extern const struct tracker trackers[];
extern const size_t nr_trackers;

struct replay_totals {
	uint64_t epochs;
	uint64_t pages_written; /* by the CPU, as recorded */
	uint64_t pages_updated; /* sent to the device */
	struct vmd_event_counts events;
};

struct replay_result {
	size_t nr_buffers;
	uint64_t nr_pages; /* of all buffers together */
	struct replay_totals totals;
};

/* Most pages that may be mapped at one time: 1 TiB. */
#define REPLAY_MAX_PAGES (UINT64_C(1) << 28)

struct replay_args {
	struct vmd_trace *trace; /* at its beginning; pages of VMD_PAGE_SIZE */
	uint64_t peak_pages; /* mapped at one time; 0: as in the header */
	const struct tracker *tracker;
	uint64_t skip_epochs; /* these do not count in the totals */
	struct progress *progress;
};

struct replay_error {
	int status; /* EXIT_BAD: I-1 is broken; EXIT_USAGE: the trace is bad */
	char text[240];
};

/* 0, or a negative error and why. */
int replay(const struct replay_args *args, struct replay_result *result,
	   struct replay_error *error);

#endif /* VMMDIRTY_TOOL_REPLAY_H */
