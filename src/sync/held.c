/* SPDX-License-Identifier: MIT */
/*
 * A short stack per thread. Locks may be given back in any order, so taking
 * one off closes the gap.
 */
#include "sync/held.h"

#include <stddef.h>

#include "base/compiler.h"

#define MAX_HELD 64

struct held_lock {
	const struct vmd_lock_base *lock;
	enum vmd_held_mode mode;
	struct vmd_place place;
};

static _Thread_local struct held_lock held[MAX_HELD];
static _Thread_local unsigned int nr_held;

static const struct {
	const char *name;
	const char *text;
} ranks[] = {
#define LOCK_RANK(name, after, text) { #name, text },
#include "sync/lock_order.def"
#undef LOCK_RANK
};

const char *vmd_lock_rank_name(enum vmd_lock_rank rank)
{
	return ranks[rank].name;
}

const char *vmd_lock_rank_text(enum vmd_lock_rank rank)
{
	return ranks[rank].text;
}

/* The newest entry of @lock, or NULL. */
static struct held_lock *find(const struct vmd_lock_base *lock)
{
	unsigned int i;

	for (i = nr_held; i > 0; i--)
		if (held[i - 1].lock == lock)
			return &held[i - 1];
	return NULL;
}

/* A report needs a second place: where the newest lock was taken, if any. */
static struct vmd_place newest_place(void)
{
	return nr_held ? held[nr_held - 1].place : VMD_NOWHERE;
}

void vmd_held_push(const struct vmd_lock_base *lock, enum vmd_held_mode mode,
		   struct vmd_place place)
{
	if (nr_held == MAX_HELD) {
		vmd_bug(lock->env, place, newest_place(),
			"more than %d locks held by one thread", MAX_HELD);
		return;
	}
	held[nr_held++] = (struct held_lock){ lock, mode, place };
}

bool vmd_held_pop(const struct vmd_lock_base *lock, enum vmd_held_mode mode,
		  struct vmd_place place)
{
	struct held_lock *entry = find(lock);

	if (!entry || entry->mode != mode) {
		vmd_bug(lock->env, place, entry ? entry->place : newest_place(),
			"%s is given back but not held %s",
			ranks[lock->rank].name,
			mode == VMD_HELD_SHARED ? "shared" : "exclusively");
		return false;
	}
	for (nr_held--; entry < &held[nr_held]; entry++)
		entry[0] = entry[1];
	return true;
}

bool vmd_held(const struct vmd_lock_base *lock, enum vmd_held_mode at_least)
{
	const struct held_lock *entry = find(lock);

	return entry && entry->mode >= at_least;
}

void vmd_held_assert(const struct vmd_lock_base *lock,
		     enum vmd_held_mode at_least, struct vmd_place place)
{
	if (vmd_likely(vmd_held(lock, at_least)))
		return;
	vmd_bug(lock->env, place, newest_place(), "%s must be held%s",
		ranks[lock->rank].name,
		at_least == VMD_HELD_EXCLUSIVE ? " exclusively" : "");
}

void vmd_might_sleep_at(struct vmd_env *env, struct vmd_place place)
{
	unsigned int i;

	for (i = 0; i < nr_held; i++)
		if (held[i].lock->rank >= VMD_RANK_page_table_lock)
			vmd_bug(env, place, held[i].place,
				"may sleep while %s is held",
				ranks[held[i].lock->rank].name);
}

unsigned int vmd_nr_held(void)
{
	return nr_held;
}
