/* SPDX-License-Identifier: MIT */
/*
 * The allocation seam. The only file that knows which allocator stands behind
 * it: a jemalloc arena, or libc where a sanitizer must see every block.
 *
 * No other file of the library may call malloc, free or strdup: a block would
 * come from one heap and go back to another.
 */
#include "base/alloc.h"

#include <errno.h>

#include "base/compiler.h"
#include "base/counter.h"

#if VMD_HAVE_JEMALLOC

#include <jemalloc/jemalloc.h>
#include <stdio.h>

/*
 * Arenas that nobody uses, number + 1. jemalloc keeps some memory and 2 MiB of
 * address space for each arena that is destroyed: they are emptied instead,
 * and used again.
 */
static uint32_t idle_arenas[64];

static bool take_idle(unsigned int *index)
{
	size_t i;

	for (i = 0; i < VMD_ARRAY_SIZE(idle_arenas); i++) {
		uint32_t found = vmd_slot_take(&idle_arenas[i]);

		if (found) {
			*index = found - 1;
			return true;
		}
	}
	return false;
}

static int backend_init(struct vmd_arena *arena)
{
	size_t size = sizeof(arena->index);

	if (take_idle(&arena->index))
		return 0;
	if (mallctl("arenas.create", &arena->index, &size, NULL, 0))
		return -ENOMEM;
	return 0;
}

static void arena_command(const struct vmd_arena *arena, const char *command)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "arena.%u.%s", arena->index,
		       command);
	(void)mallctl(name, NULL, NULL, NULL, 0);
}

static void backend_fini(const struct vmd_arena *arena)
{
	size_t i;

	arena_command(arena, "reset");
	for (i = 0; i < VMD_ARRAY_SIZE(idle_arenas); i++)
		if (vmd_slot_fill(&idle_arenas[i], arena->index + 1))
			return;
	arena_command(arena, "destroy");
}

static void *backend_alloc(const struct vmd_arena *arena, size_t size)
{
	return mallocx(size, MALLOCX_ARENA(arena->index) | MALLOCX_ZERO |
				     MALLOCX_TCACHE_NONE);
}

static void backend_free(void *ptr)
{
	dallocx(ptr, MALLOCX_TCACHE_NONE);
}

#else /* !VMD_HAVE_JEMALLOC */

#include <stdlib.h>

static int backend_init(struct vmd_arena *arena)
{
	arena->index = 0;
	return 0;
}

static void backend_fini(const struct vmd_arena *arena)
{
	(void)arena;
}

static void *backend_alloc(const struct vmd_arena *arena, size_t size)
{
	(void)arena;
	return calloc(1, size);
}

static void backend_free(void *ptr)
{
	free(ptr);
}

#endif

int vmd_arena_init(struct vmd_arena *arena, uint64_t fail_nth)
{
	arena->nr_live = 0;
	arena->nr_calls = 0;
	arena->fail_nth = fail_nth;
	return backend_init(arena);
}

void vmd_arena_fini(struct vmd_arena *arena)
{
	backend_fini(arena);
}

bool vmd_alloc_must_fail(struct vmd_arena *arena)
{
	return vmd_counter_inc_return(&arena->nr_calls) == arena->fail_nth;
}

void *vmd_alloc(struct vmd_arena *arena, size_t size)
{
	void *ptr;

	if (vmd_alloc_must_fail(arena) || size == 0)
		return NULL;

	ptr = backend_alloc(arena, size);
	if (ptr)
		vmd_counter_add(&arena->nr_live, 1);
	return ptr;
}

void *vmd_alloc_array(struct vmd_arena *arena, size_t nr, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nr, size, &bytes))
		return NULL;
	return vmd_alloc(arena, bytes);
}

void vmd_free(struct vmd_arena *arena, void *ptr)
{
	if (!ptr)
		return;
	vmd_counter_add(&arena->nr_live, UINT64_MAX);
	backend_free(ptr);
}
