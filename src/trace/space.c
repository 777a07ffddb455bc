/* SPDX-License-Identifier: MIT */
/*
 * The buffers of a trace, and the rules that a record must keep. The rules
 * stand here once, for readers and writers: what a writer lets through, the
 * reader takes.
 */
#include "trace/space.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define FIRST_CAPACITY 8

void vmd_space_init(struct vmd_space *space, struct vmd_arena *arena)
{
	memset(space, 0, sizeof(*space));
	space->arena = arena;
}

static void free_name(struct vmd_arena *arena, const char *name)
{
	vmd_free(arena, (void *)(uintptr_t)name);
}

void vmd_space_fini(struct vmd_space *space)
{
	size_t i;

	for (i = 0; i < space->nr; i++)
		free_name(space->arena, space->buffers[i].name);
	vmd_free(space->arena, space->buffers);
	vmd_free(space->arena, space->pages);
	vmd_space_init(space, space->arena);
}

static bool name_is_one_line(const char *name)
{
	for (; *name; name++) {
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return false;
	}
	return true;
}

const char *vmd_space_check_buffer(const struct vmd_trace_buffer *buffer)
{
	if (buffer->pages > VMD_TRACE_MAX_PAGES)
		return "a buffer has at most 2^32 pages";
	if (!buffer->name)
		return NULL;
	if (strlen(buffer->name) > VMD_TRACE_MAX_NAME)
		return "a buffer's name has at most 255 bytes";
	if (!name_is_one_line(buffer->name))
		return "a buffer's name has a control character";
	return NULL;
}

const char *vmd_space_check_set(const struct vmd_space *space,
				const struct vmd_trace_run *runs, size_t nr)
{
	size_t i;

	if (nr > VMD_TRACE_MAX_RUNS)
		return "a set has at most 2^22 runs";
	for (i = 0; i < nr; i++) {
		const struct vmd_trace_run *run = &runs[i];
		const struct vmd_trace_run *before = run - (i > 0);
		uint64_t pages;

		if (run->buffer >= space->nr)
			return "no such buffer";
		if (run->nr == 0)
			return "a run without pages";
		pages = space->pages[run->buffer];
		if (run->first >= pages || run->nr > pages - run->first)
			return "a run ends behind its buffer";
		if (run->buffer < before->buffer)
			return "buffers do not ascend";
		if (i > 0 && run->buffer == before->buffer &&
		    run->first <= before->first + before->nr)
			return "runs overlap, touch or do not ascend";
	}
	return NULL;
}

static const char *check_map(const struct vmd_space *space,
			     const struct vmd_trace_record *record)
{
	if (record->buffer >= space->nr)
		return "no such buffer";
	if (record->pages == 0)
		return "a buffer is mapped without pages";
	if (record->pages > VMD_TRACE_MAX_PAGES)
		return "a buffer has at most 2^32 pages";
	return NULL;
}

static const char *check_unmap(const struct vmd_space *space,
			       const struct vmd_trace_record *record)
{
	if (record->buffer >= space->nr)
		return "no such buffer";
	if (space->pages[record->buffer] == 0)
		return "the buffer is not mapped";
	return NULL;
}

const char *vmd_space_check_record(const struct vmd_space *space,
				   const struct vmd_trace_record *record)
{
	switch (record->type) {
	case VMD_TRACE_MAP:
		return check_map(space, record);
	case VMD_TRACE_UNMAP:
		return check_unmap(space, record);
	case VMD_TRACE_EPOCH:
		if ((unsigned int)record->kind > VMD_TRACE_READBACK)
			return "no such kind of epoch";
		return vmd_space_check_set(space, record->runs,
					   record->nr_runs);
	case VMD_TRACE_GPU_WRITE:
		return vmd_space_check_set(space, record->runs,
					   record->nr_runs);
	default:
		return "no such type of record";
	}
}

static int grow(struct vmd_space *space)
{
	size_t capacity = space->capacity ? 2 * space->capacity :
					    FIRST_CAPACITY;
	struct vmd_trace_buffer *buffers;
	uint64_t *pages;

	buffers = vmd_alloc_array(space->arena, capacity, sizeof(*buffers));
	if (!buffers)
		return -ENOMEM;
	pages = vmd_alloc_array(space->arena, capacity, sizeof(*pages));
	if (!pages) {
		vmd_free(space->arena, buffers);
		return -ENOMEM;
	}
	if (space->nr) {
		memcpy(buffers, space->buffers, space->nr * sizeof(*buffers));
		memcpy(pages, space->pages, space->nr * sizeof(*pages));
	}
	vmd_free(space->arena, space->buffers);
	vmd_free(space->arena, space->pages);
	space->buffers = buffers;
	space->pages = pages;
	space->capacity = capacity;
	return 0;
}

int vmd_space_add(struct vmd_space *space,
		  const struct vmd_trace_buffer *buffer)
{
	const char *text = buffer->name ? buffer->name : "";
	char *name;

	if (space->nr == space->capacity && grow(space))
		return -ENOMEM;
	name = vmd_alloc(space->arena, strlen(text) + 1);
	if (!name)
		return -ENOMEM;
	memcpy(name, text, strlen(text));
	space->buffers[space->nr] = *buffer;
	space->buffers[space->nr].name = name;
	space->pages[space->nr] = buffer->pages;
	space->nr++;
	return 0;
}

void vmd_space_apply(struct vmd_space *space,
		     const struct vmd_trace_record *record)
{
	if (record->type == VMD_TRACE_MAP)
		space->pages[record->buffer] = record->pages;
	else if (record->type == VMD_TRACE_UNMAP)
		space->pages[record->buffer] = 0;
}

void vmd_space_reset(struct vmd_space *space)
{
	size_t i;

	for (i = 0; i < space->nr; i++)
		space->pages[i] = space->buffers[i].pages;
}
