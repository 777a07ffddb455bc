/* SPDX-License-Identifier: MIT */
/*
 * What can go wrong in a replay, found out without one. An input that cannot
 * be read twice is checked as far as its header.
 */
#include "bench_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "replay.h"
#include "short_name.h"

typedef unsigned long long llu;

/* What is mapped while the records go by. */
struct census {
	struct vmd_trace *trace;
	struct vmd_trace_error *error;
	uint64_t *pages; /* by buffer */
	uint64_t nr_mapped;
	uint64_t peak;
	uint64_t nr_written; /* pages, each as often as it is written */
};

static int refuse(struct census *census, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(struct census *census, const char *format, ...)
{
	char *text = census->error->text;
	size_t size = sizeof(census->error->text);
	size_t len =
		(size_t)snprintf(text, size, "%s: ", short_name(census->trace));
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text + len, size - len, format, args);
	va_end(args);
	return -EINVAL;
}

static int add_pages(struct census *census, uint32_t buffer, uint64_t pages)
{
	census->nr_mapped += pages - census->pages[buffer];
	census->pages[buffer] = pages;
	if (census->nr_mapped > census->peak)
		census->peak = census->nr_mapped;
	if (census->peak <= REPLAY_MAX_PAGES)
		return 0;
	return refuse(census,
		      "buffer %u: %llu pages are mapped at a time; bench "
		      "models up to %llu",
		      buffer, (llu)census->peak, (llu)REPLAY_MAX_PAGES);
}

/* RAM and the device hold each page that was ever written. */
static int check_memory(struct census *census)
{
	uint64_t nr = census->nr_written < census->peak ? census->nr_written :
							  census->peak;
	uint64_t host = (uint64_t)sysconf(_SC_PHYS_PAGES) *
			(uint64_t)sysconf(_SC_PAGESIZE);

	if (2 * nr * VMD_PAGE_SIZE <= host)
		return 0;
	return refuse(census,
		      "a replay may take %llu MiB of memory; this machine has "
		      "%llu",
		      (llu)(2 * nr * VMD_PAGE_SIZE >> 20), (llu)(host >> 20));
}

static int add_record(struct census *census,
		      const struct vmd_trace_record *record)
{
	size_t i;

	if (record->type == VMD_TRACE_MAP || record->type == VMD_TRACE_UNMAP)
		return add_pages(census, record->buffer, record->pages);
	for (i = 0; i < record->nr_runs; i++)
		census->nr_written += record->runs[i].nr;
	return 0;
}

static int check_header(struct census *census)
{
	unsigned int shift = vmd_trace_page_shift(census->trace);
	const struct vmd_trace_buffer *buffers;
	size_t nr;
	size_t i;
	int err = 0;

	if (shift != VMD_PAGE_SHIFT)
		return refuse(census,
			      "its pages have %llu bytes; bench models pages "
			      "of %llu",
			      1ULL << shift, (llu)VMD_PAGE_SIZE);
	buffers = vmd_trace_buffers(census->trace, &nr);
	census->pages = calloc(nr, sizeof(*census->pages));
	if (!census->pages)
		return refuse(census, "out of memory");
	for (i = 0; i < nr && !err; i++)
		err = add_pages(census, (uint32_t)i, buffers[i].pages);
	return err;
}

static int check_records(struct census *census)
{
	struct vmd_trace_record record;
	int rc;

	while ((rc = vmd_trace_next(census->trace, &record, census->error)) >
	       0) {
		rc = add_record(census, &record);
		if (rc)
			break;
	}
	if (!rc)
		rc = check_memory(census);
	return rc;
}

int bench_check(struct vmd_trace *trace, uint64_t *peak_pages,
		struct vmd_trace_error *error)
{
	struct census census = { .trace = trace, .error = error };
	int err = check_header(&census);

	*peak_pages = 0;
	if (!err && !vmd_trace_rewind(trace)) {
		err = check_records(&census);
		*peak_pages = census.peak;
		if (!err && vmd_trace_rewind(trace))
			err = refuse(&census, "cannot be read twice");
	}
	free(census.pages);
	return err;
}
