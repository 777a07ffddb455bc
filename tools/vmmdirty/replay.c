/* SPDX-License-Identifier: MIT */
/*
 * One buffer of the trace is one buffer object, from the epoch on in which it
 * is first seen. A submission uses every object there is: a program with
 * coherent memory does not say which ones it wrote.
 */
#include "replay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "progress.h"
#include "short_name.h"

const struct tracker trackers[] = {
	{ "explicit", NULL },
	{ "mkwrite", &vmd_dirty_policy_mkwrite },
	{ "pagetable", &vmd_dirty_policy_pagetable },
	{ "vmwgfx", &vmd_dirty_policy_vmwgfx },
};
const size_t nr_trackers = sizeof(trackers) / sizeof(trackers[0]);

/* One object while the trace runs. */
struct object {
	struct vmd_bo *bo; /* NULL: not there */
	uint64_t pages;
	vmd_va_t addr;
	bool is_known; /* it was there, or a record said otherwise */
};

struct replayer {
	const struct replay_args *args;
	struct replay_error *error;
	struct vmd_machine *machine;
	struct vmd_svga *svga;
	struct vmd_mm *mm;
	struct vmd_cpu *cpu;
	struct object *objects;
	size_t nr_objects;
	uint64_t epoch; /* the one on its way, from 1 */
	uint64_t stamp; /* makes each store differ from what was there */
	struct vmd_submit_bo *uses;
	struct vmd_page_range *ranges; /* of one epoch, all objects */
	size_t nr_ranges; /* room in @ranges */
	struct replay_totals now;
	struct replay_totals skipped;
};

static int fail(struct replayer *replayer, int status, int err,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The trace's name comes first. */
static int fail(struct replayer *replayer, int status, int err,
		const char *format, ...)
{
	struct replay_error *error = replayer->error;
	size_t len =
		(size_t)snprintf(error->text, sizeof(error->text),
				 "%s: ", short_name(replayer->args->trace));
	va_list args;

	error->status = status;
	va_start(args, format);
	(void)vsnprintf(error->text + len, sizeof(error->text) - len, format,
			args);
	va_end(args);
	return err;
}

static int no_memory(struct replayer *replayer)
{
	return fail(replayer, EXIT_USAGE, -ENOMEM, "epoch %llu: out of memory",
		    (unsigned long long)replayer->epoch);
}

/* Everything is mapped and writable: nothing but memory can be short. */
static int no_access(struct replayer *replayer, int err, vmd_va_t addr)
{
	if (err == -ENOMEM)
		return no_memory(replayer);
	return fail(replayer, EXIT_BAD, err,
		    "epoch %llu: an access to %#llx failed with error %d",
		    (unsigned long long)replayer->epoch,
		    (unsigned long long)addr, -err);
}

/* Tables and rounding come on top of the pages themselves. */
static uint64_t ram_pages(const struct replayer *replayer,
			  const struct vmd_trace_buffer *buffers)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < replayer->nr_objects; i++)
		pages += buffers[i].pages;
	if (pages < replayer->args->peak_pages)
		pages = replayer->args->peak_pages;
	return 65536 + 2 * (pages + replayer->nr_objects);
}

static int init_machine(struct replayer *replayer,
			const struct vmd_trace_buffer *buffers)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = 1,
		.ram_pages = ram_pages(replayer, buffers),
	};
	const struct vmd_svga_config svga_config = {
		.size = sizeof(svga_config),
		.nr_pages = config.ram_pages,
	};

	if (vmd_machine_create(&config, &replayer->machine) ||
	    vmd_svga_create(replayer->machine, &svga_config, &replayer->svga) ||
	    vmd_mm_create(replayer->machine, &replayer->mm))
		return no_memory(replayer);
	replayer->cpu = vmd_machine_cpu(replayer->machine, 0);
	return vmd_cpu_switch_mm(replayer->cpu, replayer->mm);
}

static void remove_object(struct replayer *replayer, struct object *object)
{
	if (!object->bo)
		return;
	if (vmd_munmap(replayer->mm, object->addr,
		       object->pages << VMD_PAGE_SHIFT))
		abort(); /* a whole area never needs memory to go */
	vmd_bo_put(object->bo);
	object->bo = NULL;
}

static int no_room(struct replayer *replayer, const struct object *object)
{
	return fail(replayer, EXIT_USAGE, -ENOMEM,
		    "epoch %llu: no room for the %llu pages of buffer %zu",
		    (unsigned long long)replayer->epoch,
		    (unsigned long long)object->pages,
		    (size_t)(object - replayer->objects));
}

static int add_object(struct replayer *replayer, struct object *object,
		      uint64_t pages)
{
	const struct vmd_dirty_policy *policy = replayer->args->tracker->policy;
	int err;

	object->is_known = true;
	object->pages = pages;
	if (pages == 0)
		return 0;
	if (vmd_bo_create(replayer->svga, pages, &object->bo))
		return no_room(replayer, object);
	err = vmd_bo_mmap(object->bo, replayer->mm, 0, pages, &object->addr);
	if (err) {
		vmd_bo_put(object->bo);
		object->bo = NULL;
	}
	if (!err && policy)
		err = vmd_bo_dirty_add(object->bo, policy);
	return err ? no_room(replayer, object) : 0;
}

/* Those seen from this epoch on, unless a record has named them before. */
static int add_due_objects(struct replayer *replayer)
{
	size_t nr;
	const struct vmd_trace_buffer *buffers =
		vmd_trace_buffers(replayer->args->trace, &nr);
	size_t i;
	int err = 0;

	for (i = 0; i < nr && !err; i++) {
		uint64_t since = buffers[i].since ? buffers[i].since : 1;

		if (since == replayer->epoch && !replayer->objects[i].is_known)
			err = add_object(replayer, &replayer->objects[i],
					 buffers[i].pages);
	}
	return err;
}

static int init(struct replayer *replayer, const struct replay_args *args,
		struct replay_error *error)
{
	const struct vmd_trace_buffer *buffers;

	memset(replayer, 0, sizeof(*replayer));
	replayer->args = args;
	replayer->error = error;
	replayer->epoch = 1;
	buffers = vmd_trace_buffers(args->trace, &replayer->nr_objects);
	replayer->objects =
		calloc(replayer->nr_objects + 1, sizeof(*replayer->objects));
	replayer->uses =
		calloc(replayer->nr_objects + 1, sizeof(*replayer->uses));
	if (!replayer->objects || !replayer->uses)
		return no_memory(replayer);
	return init_machine(replayer, buffers);
}

static void fini(struct replayer *replayer)
{
	size_t i;

	for (i = 0; replayer->objects && i < replayer->nr_objects; i++)
		remove_object(replayer, &replayer->objects[i]);
	vmd_mm_destroy(replayer->mm);
	vmd_svga_destroy(replayer->svga);
	vmd_machine_destroy(replayer->machine);
	free(replayer->objects);
	free(replayer->uses);
	free(replayer->ranges);
}

/*
 * The object of a run. The epoch since which a buffer is seen is for people: a
 * write before it brings the object about.
 */
static int find_object(struct replayer *replayer,
		       const struct vmd_trace_run *run, struct object **object)
{
	size_t nr;
	const struct vmd_trace_buffer *buffers =
		vmd_trace_buffers(replayer->args->trace, &nr);
	int err = 0;

	*object = &replayer->objects[run->buffer];
	if (!(*object)->is_known)
		err = add_object(replayer, *object, buffers[run->buffer].pages);
	if (err || ((*object)->bo && run->first + run->nr <= (*object)->pages))
		return err;
	return fail(replayer, EXIT_USAGE, -EINVAL,
		    "epoch %llu writes page %llu of buffer %u, which is not "
		    "mapped",
		    (unsigned long long)replayer->epoch,
		    (unsigned long long)(run->first + run->nr - 1),
		    run->buffer);
}

/* Where within a page changes from store to store. */
static vmd_va_t store_addr(const struct object *object, vmd_pgoff_t page,
			   uint64_t stamp)
{
	return object->addr + (page << VMD_PAGE_SHIFT) + stamp * 8 % 4096;
}

static int store_run(struct replayer *replayer, const struct vmd_trace_run *run)
{
	struct object *object;
	vmd_pgoff_t page;
	int err = find_object(replayer, run, &object);

	if (err)
		return err;
	for (page = run->first; page < run->first + run->nr; page++) {
		uint64_t stamp = ++replayer->stamp;
		vmd_va_t addr = store_addr(object, page, stamp);

		err = vmd_store_u64(replayer->cpu, addr, stamp);
		if (err)
			return no_access(replayer, err, addr);
	}
	replayer->now.pages_written += run->nr;
	return 0;
}

static int load_run(struct replayer *replayer, const struct vmd_trace_run *run)
{
	struct object *object;
	vmd_pgoff_t page;
	uint64_t value;
	int err = find_object(replayer, run, &object);

	for (page = run->first; !err && page < run->first + run->nr; page++) {
		vmd_va_t addr = object->addr + (page << VMD_PAGE_SHIFT);

		err = vmd_load_u64(replayer->cpu, addr, &value);
		if (err)
			return no_access(replayer, err, addr);
	}
	return err;
}

/* All objects; then point into it the ranges that belong to each. */
static size_t fill_uses(struct replayer *replayer)
{
	size_t nr = 0;
	size_t i;

	for (i = 0; i < replayer->nr_objects; i++)
		if (replayer->objects[i].bo)
			replayer->uses[nr++] = (struct vmd_submit_bo){
				.bo = replayer->objects[i].bo,
			};
	return nr;
}

static int make_ranges(struct replayer *replayer,
		       const struct vmd_trace_record *record)
{
	size_t i;

	if (record->nr_runs > replayer->nr_ranges) {
		void *more =
			realloc(replayer->ranges,
				record->nr_runs * sizeof(*replayer->ranges));

		if (!more)
			return no_memory(replayer);
		replayer->ranges = more;
		replayer->nr_ranges = record->nr_runs;
	}
	for (i = 0; i < record->nr_runs; i++) {
		replayer->ranges[i].first = record->runs[i].first;
		replayer->ranges[i].nr = record->runs[i].nr;
	}
	return 0;
}

/* Runs ascend by buffer, and so do the uses. */
static void attach_ranges(struct replayer *replayer, size_t nr_uses,
			  const struct vmd_trace_record *record, bool gpu)
{
	size_t use = 0;
	size_t i;

	for (i = 0; i < record->nr_runs; i++) {
		const struct vmd_bo *bo =
			replayer->objects[record->runs[i].buffer].bo;

		while (use < nr_uses && replayer->uses[use].bo != bo)
			use++;
		if (use == nr_uses)
			return;
		if (gpu && !replayer->uses[use].nr_gpu_writes++)
			replayer->uses[use].gpu_writes = &replayer->ranges[i];
		if (!gpu && !replayer->uses[use].nr_written++)
			replayer->uses[use].written = &replayer->ranges[i];
	}
}

/* I-1, for every page of every object. */
static int compare(struct replayer *replayer)
{
	unsigned long page;
	size_t i;

	for (i = 0; i < replayer->nr_objects; i++) {
		if (!replayer->objects[i].bo ||
		    !vmd_bo_first_difference(replayer->objects[i].bo, &page))
			continue;
		return fail(replayer, EXIT_BAD, -EIO,
			    "lost page (I-1): tracker %s, epoch %llu, buffer "
			    "%zu, page %lu",
			    replayer->args->tracker->name,
			    (unsigned long long)replayer->epoch, i, page);
	}
	return 0;
}

static int submit(struct replayer *replayer,
		  const struct vmd_trace_record *record, bool gpu)
{
	bool announce = gpu || !replayer->args->tracker->policy;
	struct vmd_submit_result done;
	size_t nr_uses = fill_uses(replayer);
	int err;

	if (announce) {
		err = make_ranges(replayer, record);
		if (err)
			return err;
		attach_ranges(replayer, nr_uses, record, gpu);
	}
	err = vmd_svga_submit(replayer->svga, replayer->cpu, replayer->uses,
			      nr_uses, &done);
	if (!err)
		err = vmd_fence_wait(replayer->svga, done.seqno);
	if (err)
		return fail(replayer, EXIT_BAD, err,
			    "epoch %llu: submission failed",
			    (unsigned long long)replayer->epoch);
	replayer->now.pages_updated += done.nr_updated;
	return compare(replayer);
}

static int run_epoch(struct replayer *replayer,
		     const struct vmd_trace_record *record)
{
	size_t i;
	int err = 0;

	for (i = 0; i < record->nr_runs && !err; i++)
		err = store_run(replayer, &record->runs[i]);
	if (!err)
		err = submit(replayer, record, false);
	if (err)
		return err;

	replayer->now.epochs++;
	progress_step(replayer->args->progress, replayer->now.pages_written);
	if (replayer->epoch == replayer->args->skip_epochs) {
		vmd_machine_events(replayer->machine, &replayer->now.events);
		replayer->skipped = replayer->now;
	}
	replayer->epoch++;
	return add_due_objects(replayer);
}

/* The device writes; then the program reads all of it. */
static int run_gpu_write(struct replayer *replayer,
			 const struct vmd_trace_record *record)
{
	struct object *object;
	size_t i;
	int err = 0;

	for (i = 0; i < record->nr_runs && !err; i++)
		err = find_object(replayer, &record->runs[i], &object);
	if (!err)
		err = submit(replayer, record, true);
	for (i = 0; i < record->nr_runs && !err; i++)
		err = load_run(replayer, &record->runs[i]);
	return err;
}

static int run_record(struct replayer *replayer,
		      const struct vmd_trace_record *record)
{
	struct object *object = &replayer->objects[record->buffer];

	switch (record->type) {
	case VMD_TRACE_EPOCH:
		return run_epoch(replayer, record);
	case VMD_TRACE_GPU_WRITE:
		return run_gpu_write(replayer, record);
	case VMD_TRACE_MAP:
	case VMD_TRACE_UNMAP:
		remove_object(replayer, object);
		return add_object(replayer, object, record->pages);
	}
	return -EINVAL;
}

static void subtract(struct replay_totals *totals,
		     const struct replay_totals *skipped)
{
	unsigned int i;

	totals->epochs -= skipped->epochs;
	totals->pages_written -= skipped->pages_written;
	totals->pages_updated -= skipped->pages_updated;
	for (i = 0; i < VMD_NR_EVENTS; i++)
		totals->events.nr[i] -= skipped->events.nr[i];
}

static int run(struct replayer *replayer)
{
	struct vmd_trace_error why;
	struct vmd_trace_record record;
	int err = add_due_objects(replayer);
	int more;

	while (!err) {
		more = vmd_trace_next(replayer->args->trace, &record, &why);
		if (more < 0) {
			replayer->error->status = EXIT_USAGE;
			(void)snprintf(replayer->error->text,
				       sizeof(replayer->error->text), "%s",
				       why.text);
			return more;
		}
		if (!more)
			break;
		err = run_record(replayer, &record);
	}
	return err;
}

int replay(const struct replay_args *args, struct replay_result *result,
	   struct replay_error *error)
{
	struct replayer replayer;
	size_t i;
	int err = init(&replayer, args, error);

	if (!err)
		err = run(&replayer);
	if (!err) {
		const struct vmd_trace_buffer *buffers =
			vmd_trace_buffers(args->trace, &result->nr_buffers);

		vmd_machine_events(replayer.machine, &replayer.now.events);
		result->totals = replayer.now;
		subtract(&result->totals, &replayer.skipped);
		result->nr_pages = 0;
		for (i = 0; i < result->nr_buffers; i++)
			result->nr_pages += buffers[i].pages;
	}
	fini(&replayer);
	return err;
}
