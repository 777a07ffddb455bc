/* SPDX-License-Identifier: MIT */
/*
 * The uniform source of records: what does not depend on where they come from.
 */
#include "trace/trace.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "trace/say.h"

#define FNV_PRIME UINT64_C(0x100000001b3)

static char *copy_text(struct vmd_arena *arena, const char *text)
{
	char *copy = vmd_alloc(arena, strlen(text) + 1);

	if (copy)
		memcpy(copy, text, strlen(text));
	return copy;
}

struct vmd_trace *vmd_trace_create(size_t size, const char *name,
				   const struct vmd_trace_ops *ops,
				   uint64_t fail_nth)
{
	struct vmd_arena arena;
	struct vmd_trace *trace;

	if (vmd_arena_init(&arena, fail_nth))
		return NULL;
	trace = vmd_alloc(&arena, size);
	if (!trace) {
		vmd_arena_fini(&arena);
		return NULL;
	}

	trace->arena = arena;
	trace->ops = ops;
	trace->page_shift = VMD_PAGE_SHIFT;
	vmd_space_init(&trace->space, &trace->arena);
	trace->name = copy_text(&trace->arena, name);
	if (!trace->name) {
		arena = trace->arena;
		vmd_free(&arena, trace);
		vmd_arena_fini(&arena);
		return NULL;
	}
	return trace;
}

void vmd_trace_close(struct vmd_trace *trace)
{
	struct vmd_arena arena;

	if (!trace)
		return;
	trace->ops->fini(trace);
	vmd_space_fini(&trace->space);
	vmd_free(&trace->arena, trace->name);

	/* It lies in the arena that it holds. */
	arena = trace->arena;
	vmd_free(&arena, trace);
	vmd_arena_fini(&arena);
}

int vmd_trace_fail(struct vmd_trace *trace, int err, const char *format, ...)
{
	struct vmd_say_where where = { trace->name, trace->ops->unit,
				       trace->position };
	va_list args;

	if (trace->err)
		return trace->err;
	va_start(args, format);
	vmd_say_v(&trace->error, where, format, args);
	va_end(args);
	trace->err = err;
	return err;
}

int vmd_trace_next(struct vmd_trace *trace, struct vmd_trace_record *record,
		   struct vmd_trace_error *error)
{
	int rc = trace->err;

	if (!rc) {
		memset(record, 0, sizeof(*record));
		record->writes = 1;
		rc = trace->ops->next(trace, record);
	}
	if (rc < 0) {
		/* A set that is too large is bad contents. */
		rc = vmd_trace_fail(trace, rc == -E2BIG ? -EINVAL : rc, "%s",
				    vmd_say_errno(rc));
		if (error)
			*error = trace->error;
	}
	return rc;
}

int vmd_trace_rewind(struct vmd_trace *trace)
{
	int err = trace->ops->rewind(trace);

	if (err)
		return err;
	vmd_space_reset(&trace->space);
	trace->err = 0;
	return 0;
}

const char *vmd_trace_name(const struct vmd_trace *trace)
{
	return trace->name;
}

const char *vmd_trace_form_name(const struct vmd_trace *trace)
{
	return trace->ops->form;
}

unsigned int vmd_trace_page_shift(const struct vmd_trace *trace)
{
	return trace->page_shift;
}

const struct vmd_trace_buffer *vmd_trace_buffers(const struct vmd_trace *trace,
						 size_t *nr)
{
	*nr = trace->space.nr;
	return trace->space.buffers;
}

/* The bytes of @value, lowest first, whatever the machine. */
static uint64_t hash_u64(uint64_t hash, uint64_t value)
{
	int i;

	for (i = 0; i < 8; i++) {
		hash = (hash ^ (value & 0xff)) * FNV_PRIME;
		value >>= 8;
	}
	return hash;
}

uint64_t vmd_trace_hash(uint64_t hash, const struct vmd_trace_record *record)
{
	size_t i;

	hash = hash_u64(hash, (uint64_t)record->type);
	hash = hash_u64(hash, record->buffer);
	hash = hash_u64(hash, record->pages);
	hash = hash_u64(hash, record->nr_runs);
	for (i = 0; i < record->nr_runs; i++) {
		hash = hash_u64(hash, record->runs[i].buffer);
		hash = hash_u64(hash, record->runs[i].first);
		hash = hash_u64(hash, record->runs[i].nr);
	}
	return hash;
}
