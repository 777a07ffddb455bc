/* SPDX-License-Identifier: MIT */
/*
 * Traces made up by rule: the list of rules, and the trace that drives one.
 */
#include "trace/workload.h"

#include <errno.h>
#include <string.h>

#include "base/bitmap.h"
#include "base/compiler.h"
#include "trace/say.h"

static const struct vmd_workload_rule *const rules[] = {
	&vmd_rule_stream_vb,  &vmd_rule_persistent_ring, &vmd_rule_sparse_tex,
	&vmd_rule_full_frame, &vmd_rule_readback,	 &vmd_rule_heartbeat,
	&vmd_rule_regime,     &vmd_rule_hot2m_far,	 &vmd_rule_uniform,
};

const struct vmd_workload_rule *vmd_workload_rule(size_t index)
{
	return index < VMD_ARRAY_SIZE(rules) ? rules[index] : NULL;
}

const char *vmd_trace_workload_name(size_t index)
{
	const struct vmd_workload_rule *rule = vmd_workload_rule(index);

	return rule ? rule->name : NULL;
}

const char *vmd_trace_workload_help(size_t index)
{
	const struct vmd_workload_rule *rule = vmd_workload_rule(index);

	return rule ? rule->help : NULL;
}

int vmd_workload_push(struct vmd_workload *w, uint32_t buffer, uint64_t first,
		      uint64_t nr)
{
	return vmd_runset_push(&w->set,
			       (struct vmd_trace_run){ buffer, first, nr });
}

int vmd_workload_push_ring(struct vmd_workload *w, uint64_t start, uint64_t nr)
{
	uint64_t pages = w->param[VMD_PARAM_PAGES];
	uint64_t end = start + nr;
	int err = 0;

	if (nr == pages)
		return vmd_workload_push(w, 0, 0, pages);
	if (end > pages) {
		err = vmd_workload_push(w, 0, 0, end - pages);
		end = pages;
	}
	return err ? err : vmd_workload_push(w, 0, start, end - start);
}

int vmd_workload_alloc_map(struct vmd_workload *w)
{
	w->map = vmd_alloc_array(&w->trace.arena,
				 VMD_BITMAP_WORDS(w->param[VMD_PARAM_PAGES]),
				 sizeof(*w->map));
	return w->map ? 0 : -ENOMEM;
}

int vmd_workload_push_map(struct vmd_workload *w)
{
	unsigned long pages = (unsigned long)w->param[VMD_PARAM_PAGES];
	unsigned long start = vmd_find_next_bit(w->map, pages, 0);
	int err = 0;

	while (start < pages && !err) {
		unsigned long end =
			vmd_find_next_zero_bit(w->map, pages, start);

		err = vmd_workload_push(w, 0, start, end - start);
		start = vmd_find_next_bit(w->map, pages, end);
	}
	vmd_bitmap_clear(w->map, 0, pages);
	return err;
}

/*
 * Floyd's way: of the first @last + 1 pages draw one; if it is taken, take the
 * last of them, which cannot be.
 */
void vmd_workload_draw_pages(struct vmd_workload *w, uint64_t nr)
{
	uint64_t pages = w->param[VMD_PARAM_PAGES];
	uint64_t last;

	for (last = pages - nr; last < pages; last++) {
		uint64_t page = vmd_rng_below(&w->rng, last + 1);

		if (vmd_test_bit(w->map, (unsigned long)page))
			page = last;
		vmd_set_bit(w->map, (unsigned long)page);
	}
}

static struct vmd_workload *to_workload(struct vmd_trace *trace)
{
	return (struct vmd_workload *)(void *)trace;
}

static void workload_fini(struct vmd_trace *trace)
{
	struct vmd_workload *w = to_workload(trace);

	vmd_runset_fini(&w->set);
	vmd_free(&trace->arena, w->map);
	vmd_free(&trace->arena, w->weights);
	vmd_free(&trace->arena, w->tiles);
}

static int workload_rewind(struct vmd_trace *trace)
{
	struct vmd_workload *w = to_workload(trace);

	memset(&w->state, 0, sizeof(w->state));
	vmd_rng_init(&w->rng, w->seed);
	w->epoch = 0;
	if (w->rule->start)
		w->rule->start(w);
	return 0;
}

static int workload_next(struct vmd_trace *trace,
			 struct vmd_trace_record *record)
{
	struct vmd_workload *w = to_workload(trace);
	int err;

	if (w->epoch == w->param[VMD_PARAM_EPOCHS])
		return 0;

	trace->position = w->epoch + 1;
	vmd_runset_clear(&w->set);
	record->type = VMD_TRACE_EPOCH;
	record->kind = VMD_TRACE_PRESENT;
	err = w->rule->make(w, record);
	if (err)
		return err;
	record->runs = w->set.runs;
	record->nr_runs = w->set.nr;
	if (record->type != VMD_TRACE_EPOCH)
		return 1;
	record->dt_us = w->epoch ? VMD_WORKLOAD_DT_US : 0;
	w->epoch++;
	return 1;
}

static const struct vmd_trace_ops workload_ops = {
	.form = "workload",
	.unit = "epoch",
	.next = workload_next,
	.rewind = workload_rewind,
	.fini = workload_fini,
};

/* Two buffers if there is a parameter "double" that is set. */
static int add_buffers(struct vmd_workload *w)
{
	struct vmd_trace_buffer buffer = { w->param[VMD_PARAM_PAGES], 1,
					   w->rule->buffer };
	uint64_t nr = 1;
	int err = 0;

	if (w->rule == &vmd_rule_full_frame)
		nr += w->param[VMD_PARAM_OWN];
	while (nr-- && !err)
		err = vmd_space_add(&w->trace.space, &buffer);
	return err;
}

static int prepare(struct vmd_workload *w)
{
	int err = add_buffers(w);

	vmd_runset_init(&w->set, &w->trace.arena);
	if (!err && w->rule->prepare)
		err = w->rule->prepare(w);
	return err ? err : workload_rewind(&w->trace);
}

/* The spec was good; the memory may not be. */
static int create(struct vmd_workload *w, const struct vmd_workload *model)
{
	w->rule = model->rule;
	w->seed = model->seed;
	memcpy(w->param, model->param, sizeof(w->param));
	return prepare(w);
}

static int parse(struct vmd_workload *model, const char *spec,
		 struct vmd_trace_error *error)
{
	const char *why;
	int err = vmd_workload_parse(spec, &model->rule, model->param, error);

	if (err || !model->rule->check)
		return err;
	why = model->rule->check(model);
	if (!why)
		return 0;
	vmd_say(error, (struct vmd_say_where){ spec, "character", 1 }, "%s",
		why);
	return -EINVAL;
}

static int open_workload(const char *spec, struct vmd_workload *model,
			 uint64_t fail_nth, struct vmd_trace **trace,
			 struct vmd_trace_error *error)
{
	struct vmd_trace *new;
	int err = parse(model, spec, error);

	if (err)
		return err;
	err = -ENOMEM;
	new = vmd_trace_create(sizeof(*model), spec, &workload_ops, fail_nth);
	if (new)
		err = create(to_workload(new), model);
	if (err) {
		vmd_say(error, (struct vmd_say_where){ spec, NULL, 0 }, "%s",
			vmd_say_errno(err));
		vmd_trace_close(new);
		return err;
	}
	*trace = new;
	return 0;
}

int vmd_trace_open_workload_failing(const char *spec, uint64_t fail_nth,
				    struct vmd_trace **trace,
				    struct vmd_trace_error *error)
{
	struct vmd_workload model = { .seed = 1 };

	return open_workload(spec, &model, fail_nth, trace, error);
}

int vmd_trace_open_workload(const char *spec, uint64_t seed,
			    struct vmd_trace **trace,
			    struct vmd_trace_error *error)
{
	struct vmd_workload model = { .seed = seed };

	return open_workload(spec, &model, 0, trace, error);
}
