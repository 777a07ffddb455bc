/* SPDX-License-Identifier: MIT */
/*
 * The tracker of one object: a bitmap with its window, a method, a policy.
 * Kernel: drivers/gpu/drm/vmwgfx/vmwgfx_page_dirty.c (C.1).
 *
 * What holds between calls, under the caller's serialisation:
 *
 *	MKWRITE     every writable entry of the object has its bit set   VM-20
 *	PAGETABLE   every page written since the last scan has a dirty
 *	            entry or its bit set                                 VM-21
 *	both        every set bit lies in the window                     VM-22
 */
#include <vmmdirty/dirty.h>

#include <errno.h>

#include "base/bitmap.h"
#include "mmu/hw.h"

struct vmd_tracker {
	struct vmd_env *env;
	struct vmd_dirty_backend *backend;
	const struct vmd_dirty_policy *policy;
	struct vmd_dirty_policy_state state;
	enum vmd_dirty_method method;
	unsigned int ref_count;
	struct vmd_dirty_span span;
};

static unsigned long nr_pages(const struct vmd_tracker *tracker)
{
	return tracker->span.nr_pages;
}

static unsigned long arm(struct vmd_tracker *tracker, unsigned long start,
			 unsigned long end)
{
	return tracker->backend->ops->arm(tracker->backend, start, end - start);
}

static unsigned long collect(struct vmd_tracker *tracker, unsigned long start,
			     unsigned long end)
{
	return tracker->backend->ops->collect(tracker->backend, start,
					      end - start, &tracker->span);
}

static void empty_window(struct vmd_tracker *tracker)
{
	tracker->span.start = nr_pages(tracker);
	tracker->span.end = 0;
}

static bool window_is_empty(const struct vmd_tracker *tracker)
{
	return tracker->span.start >= tracker->span.end;
}

/* DH-10: two calls, a flush in each, so that the set is closed. */
static void protect_and_collect(struct vmd_tracker *tracker,
				unsigned long start, unsigned long end)
{
	(void)arm(tracker, start, end);
	(void)collect(tracker, start, end);
}

int vmd_tracker_create(struct vmd_machine *machine,
		       struct vmd_dirty_backend *backend,
		       const struct vmd_dirty_policy *policy,
		       unsigned long pages, struct vmd_tracker **out)
{
	struct vmd_tracker *tracker;
	struct vmd_env *env;
	int err;

	if (!machine || !backend || !backend->ops || !policy ||
	    !policy->initial || !out || pages == 0)
		return -EINVAL;
	err = backend->ops->probe(backend);
	if (err)
		return err;

	env = &vmd_machine_hw(machine)->env;
	tracker = vmd_alloc(&env->arena, sizeof(*tracker));
	if (!tracker)
		return -ENOMEM;
	tracker->span.bitmap = vmd_alloc_array(&env->arena,
					       VMD_BITMAP_WORDS(pages),
					       sizeof(uint64_t));
	if (!tracker->span.bitmap) {
		vmd_free(&env->arena, tracker);
		return -ENOMEM;
	}

	tracker->env = env;
	tracker->backend = backend;
	tracker->policy = policy;
	tracker->ref_count = 1;
	tracker->span.nr_pages = pages;
	tracker->method = policy->initial(pages);
	empty_window(tracker);
	if (tracker->method == VMD_DIRTY_MKWRITE)
		protect_and_collect(tracker, 0, pages);
	*out = tracker;
	return 0;
}

void vmd_tracker_get(struct vmd_tracker *tracker)
{
	tracker->ref_count++;
}

bool vmd_tracker_put(struct vmd_tracker *tracker)
{
	struct vmd_env *env = tracker->env;

	if (--tracker->ref_count)
		return false;
	vmd_free(&env->arena, tracker->span.bitmap);
	vmd_free(&env->arena, tracker);
	return true;
}

/* VM-4: the new method first; then what was written before the protection. */
static void change_to_mkwrite(struct vmd_tracker *tracker)
{
	tracker->method = VMD_DIRTY_MKWRITE;
	protect_and_collect(tracker, 0, nr_pages(tracker));
}

/*
 * VM-5: entries are read-only and flushed here, so each D still set belongs to
 * a write that mkwrite recorded: cleaned and dropped, and the whole window is
 * set instead, a superset (VM-6).
 */
static void change_to_pagetable(struct vmd_tracker *tracker)
{
	vmd_pgoff_t start = tracker->span.start;
	vmd_pgoff_t end = tracker->span.end;

	tracker->method = VMD_DIRTY_PAGETABLE;
	(void)collect(tracker, 0, nr_pages(tracker));
	vmd_bitmap_clear(tracker->span.bitmap, 0, nr_pages(tracker));
	tracker->span.start = start;
	tracker->span.end = end;
	if (start < end)
		vmd_bitmap_set(tracker->span.bitmap, start, end - start);
}

static enum vmd_dirty_method ask_policy(struct vmd_tracker *tracker,
					unsigned long nr_found)
{
	if (!tracker->policy->scanned)
		return tracker->method;
	return tracker->policy->scanned(&tracker->state, tracker->method,
					nr_found, nr_pages(tracker));
}

static void scan_pagetable(struct vmd_tracker *tracker)
{
	unsigned long nr_found = collect(tracker, 0, nr_pages(tracker));

	if (ask_policy(tracker, nr_found) != tracker->method)
		change_to_mkwrite(tracker);
}

/* VC-4: an idle scan costs nothing, and the policy does not hear of it. */
static void scan_mkwrite(struct vmd_tracker *tracker)
{
	unsigned long nr_found;

	if (window_is_empty(tracker))
		return;
	nr_found = arm(tracker, tracker->span.start, tracker->span.end);
	if (ask_policy(tracker, nr_found) != tracker->method)
		change_to_pagetable(tracker);
}

void vmd_tracker_scan(struct vmd_tracker *tracker)
{
	if (tracker->method == VMD_DIRTY_PAGETABLE)
		scan_pagetable(tracker);
	else
		scan_mkwrite(tracker);
}

static bool range_is_bad(const struct vmd_tracker *tracker, unsigned long start,
			 unsigned long end)
{
	return VMD_BUG_ON(tracker->env, start > end || end > nr_pages(tracker));
}

static void widen_window(struct vmd_dirty_span *span, unsigned long start,
			 unsigned long end)
{
	if (start < span->start)
		span->start = start;
	if (end > span->end)
		span->end = end;
}

void vmd_tracker_mkwrite(struct vmd_tracker *tracker, unsigned long page)
{
	struct vmd_dirty_span *span = &tracker->span;

	if (tracker->method != VMD_DIRTY_MKWRITE ||
	    VMD_BUG_ON(tracker->env, page >= nr_pages(tracker)))
		return;
	vmd_set_bit(span->bitmap, page);
	widen_window(span, page, page + 1);
}

void vmd_tracker_record(struct vmd_tracker *tracker, unsigned long start,
			unsigned long end)
{
	if (range_is_bad(tracker, start, end) || start == end)
		return;
	vmd_bitmap_set(tracker->span.bitmap, start, end - start);
	widen_window(&tracker->span, start, end);
}

/* VM-8: in MKWRITE the bits are there already. */
void vmd_tracker_pre_unmap(struct vmd_tracker *tracker, unsigned long start,
			   unsigned long end)
{
	if (range_is_bad(tracker, start, end))
		return;
	if (tracker->method == VMD_DIRTY_PAGETABLE && start < end)
		protect_and_collect(tracker, start, end);
}

void vmd_tracker_unmap(struct vmd_tracker *tracker, unsigned long start,
		       unsigned long end)
{
	if (range_is_bad(tracker, start, end) || start == end)
		return;
	vmd_tracker_pre_unmap(tracker, start, end);
	tracker->backend->ops->unmap(tracker->backend, start, end - start);
}

/* VM-10: what was handed over at an edge of the window leaves it. */
static void shrink_window(struct vmd_tracker *tracker, unsigned long start,
			  unsigned long end)
{
	struct vmd_dirty_span *span = &tracker->span;

	if (start <= span->start && end > span->start)
		span->start = end;
	if (start < span->end && end >= span->end)
		span->end = start;
	if (window_is_empty(tracker))
		empty_window(tracker);
}

/* Bits are cleared as runs are taken, so that a refused run is still there. */
int vmd_tracker_transfer(struct vmd_tracker *tracker, unsigned long start,
			 unsigned long end, vmd_dirty_run_fn run, void *arg)
{
	struct vmd_dirty_span *span = &tracker->span;
	unsigned long from = start > span->start ? start : span->start;
	unsigned long to = end < span->end ? end : span->end;
	unsigned long at = from;
	int err;

	if (range_is_bad(tracker, start, end))
		return -EINVAL;
	while (at < to) {
		unsigned long run_end;

		at = vmd_find_next_bit(span->bitmap, to, at);
		if (at == to)
			break;
		run_end = vmd_find_next_zero_bit(span->bitmap, to, at);
		err = run(arg, at, run_end);
		if (err)
			return err;
		vmd_bitmap_clear(span->bitmap, at, run_end - at);
		at = run_end;
	}
	if (from < to)
		shrink_window(tracker, start, end);
	return 0;
}

void vmd_tracker_clear(struct vmd_tracker *tracker, unsigned long start,
		       unsigned long end)
{
	struct vmd_dirty_span *span = &tracker->span;
	unsigned long from = start > span->start ? start : span->start;
	unsigned long to = end < span->end ? end : span->end;

	if (range_is_bad(tracker, start, end) || from >= to)
		return;
	vmd_bitmap_clear(span->bitmap, from, to - from);
	shrink_window(tracker, start, end);
}

enum vmd_dirty_method vmd_tracker_method(const struct vmd_tracker *tracker)
{
	return tracker->method;
}

const struct vmd_dirty_span *vmd_tracker_span(const struct vmd_tracker *tracker)
{
	return &tracker->span;
}
