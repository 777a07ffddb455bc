/* SPDX-License-Identifier: MIT */
/*
 * Copies into and out of simulated memory, against memcpy() between the same
 * buffers: the copy is cut at each page, and each page has to be allowed.
 */
#include "access.h"

#include <stdlib.h>
#include <string.h>

#include "space.h"

#define MAX_PAGES 256
#define PER_CALL  (UINT64_C(4) << 20) /* bytes */

struct bulk {
	struct bench_space space;
	uint8_t *buffer;
	size_t len; /* of one copy */
};

static void ours_to(void *arg)
{
	const struct bulk *bulk = arg;
	uint64_t done;

	for (done = 0; done < PER_CALL; done += bulk->len)
		if (vmd_copy_to(bulk->space.cpu, bulk->space.addr, bulk->buffer,
				bulk->len))
			abort();
}

static void ours_from(void *arg)
{
	const struct bulk *bulk = arg;
	uint64_t done;

	for (done = 0; done < PER_CALL; done += bulk->len)
		if (vmd_copy_from(bulk->space.cpu, bulk->buffer,
				  bulk->space.addr, bulk->len))
			abort();
}

/* What was copied may be looked at: no copy can be left out. */
static inline void copy(void *to, const void *from, size_t len)
{
	memcpy(to, from, len);
	__asm__ volatile("" : : "r"(to) : "memory");
}

static void memcpy_to(void *arg)
{
	const struct bulk *bulk = arg;
	uint64_t done;

	for (done = 0; done < PER_CALL; done += bulk->len)
		copy((void *)bulk->space.host, bulk->buffer, bulk->len);
}

static void memcpy_from(void *arg)
{
	const struct bulk *bulk = arg;
	uint64_t done;

	for (done = 0; done < PER_CALL; done += bulk->len)
		copy(bulk->buffer, (const void *)bulk->space.host, bulk->len);
}

static const struct {
	const char *name;
	bool from;
	size_t len;
} shapes[] = {
	{ "bulk_copy_4k", false, 4 << 10 },
	{ "bulk_copy_64k", false, 64 << 10 },
	{ "bulk_copy_1m", false, 1 << 20 },
	{ "bulk_copy_from_4k", true, 4 << 10 },
	{ "bulk_copy_from_64k", true, 64 << 10 },
	{ "bulk_copy_from_1m", true, 1 << 20 },
};

void access_bulk(struct bench_options *options)
{
	struct bulk bulk;
	struct bench_case row = {
		.bench = "access",
		.unit = "ns/KiB",
		.peer = "memcpy, same buffers",
		.per_call = (double)PER_CALL / 1024,
		.target = 1.18,
		.arg = &bulk,
	};
	size_t i;

	if (!bench_wants_group(options, "bulk_"))
		return;
	bulk.buffer = bench_host_pages(MAX_PAGES);
	bench_space_init(&bulk.space, MAX_PAGES,
			 (struct vmd_machine_config){ 0 });
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		bulk.len = shapes[i].len;
		row.name = shapes[i].name;
		row.ours = shapes[i].from ? ours_from : ours_to;
		row.peers = shapes[i].from ? memcpy_from : memcpy_to;
		bench_run(&row, options);
	}
	bench_space_fini(&bulk.space);
	bench_host_pages_free(bulk.buffer, MAX_PAGES);
}
