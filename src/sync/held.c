/* SPDX-License-Identifier: MIT */
/*
 * A list per thread of what it holds exclusively, and a short array of what it
 * holds shared. Locks may be given back in any order.
 */
#include "sync/held.h"

#include <stddef.h>

#include "base/compiler.h"
#include "sync/atomic.h"

/* Readers nest: mmap_lock, then i_mmap_rwsem; more is a mistake. */
#define MAX_SHARED 8

struct shared_hold {
	const struct vmd_lock_base *lock;
	struct vmd_place place;
};

/* One block: its address is the thread's name. */
static _Thread_local struct {
	struct vmd_lock_base *top;
	unsigned int nr_exclusive;
	unsigned int nr_shared;
	struct shared_hold shared[MAX_SHARED];
} held;

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

static bool holds_exclusively(const struct vmd_lock_base *lock)
{
	return VMD_READ_ONCE(lock->owner) == &held;
}

/* The newest of this thread's shared holds of @lock, or NULL. */
static struct shared_hold *find_shared(const struct vmd_lock_base *lock)
{
	unsigned int i;

	for (i = held.nr_shared; i > 0; i--)
		if (held.shared[i - 1].lock == lock)
			return &held.shared[i - 1];
	return NULL;
}

/* A report needs a second place: where another lock was taken, if any. */
static struct vmd_place some_place(void)
{
	if (held.top)
		return held.top->place;
	return held.nr_shared ? held.shared[held.nr_shared - 1].place :
				VMD_NOWHERE;
}

bool vmd_held_too_many(const struct vmd_lock_base *lock, struct vmd_place place)
{
	if (held.nr_shared < MAX_SHARED)
		return false;
	vmd_bug(lock->env, place, some_place(),
		"one thread holds more than %d locks shared", MAX_SHARED);
	return true;
}

void vmd_held_push(struct vmd_lock_base *lock, enum vmd_held_mode mode,
		   struct vmd_place place)
{
	if (mode == VMD_HELD_SHARED) {
		held.shared[held.nr_shared++] =
			(struct shared_hold){ lock, place };
		return;
	}
	lock->place = place;
	lock->below = held.top;
	held.top = lock;
	held.nr_exclusive++;
	VMD_WRITE_ONCE(lock->owner, &held);
}

static bool pop_shared(const struct vmd_lock_base *lock)
{
	struct shared_hold *hold = find_shared(lock);

	if (!hold)
		return false;
	for (held.nr_shared--; hold < &held.shared[held.nr_shared]; hold++)
		hold[0] = hold[1];
	return true;
}

/* Nearly always the top: locks are given back in reverse. */
static bool pop_exclusive(struct vmd_lock_base *lock)
{
	struct vmd_lock_base **link = &held.top;

	if (!holds_exclusively(lock))
		return false;
	while (*link != lock)
		link = &(*link)->below;
	*link = lock->below;
	held.nr_exclusive--;
	VMD_WRITE_ONCE(lock->owner, NULL);
	return true;
}

bool vmd_held_pop(struct vmd_lock_base *lock, enum vmd_held_mode mode,
		  struct vmd_place place)
{
	bool popped = mode == VMD_HELD_SHARED ? pop_shared(lock) :
						pop_exclusive(lock);

	if (!popped)
		vmd_bug(lock->env, place, some_place(),
			"%s is given back but not held %s",
			ranks[lock->rank].name,
			mode == VMD_HELD_SHARED ? "shared" : "exclusively");
	return popped;
}

bool vmd_held(const struct vmd_lock_base *lock, enum vmd_held_mode at_least)
{
	if (holds_exclusively(lock))
		return true;
	return at_least == VMD_HELD_SHARED && find_shared(lock);
}

bool vmd_held_recursion(const struct vmd_lock_base *lock,
			struct vmd_place place)
{
	const struct shared_hold *hold = find_shared(lock);

	if (vmd_likely(!hold && !holds_exclusively(lock)))
		return false;
	vmd_bug(lock->env, place, hold ? hold->place : lock->place,
		"%s is taken by a thread that holds it",
		ranks[lock->rank].name);
	return true;
}

void vmd_held_assert(const struct vmd_lock_base *lock,
		     enum vmd_held_mode at_least, struct vmd_place place)
{
	if (vmd_likely(vmd_held(lock, at_least)))
		return;
	vmd_bug(lock->env, place, some_place(), "%s must be held%s",
		ranks[lock->rank].name,
		at_least == VMD_HELD_EXCLUSIVE ? " exclusively" : "");
}

/* What is held shared may sleep: only the others can be locks that spin. */
void vmd_might_sleep_at(struct vmd_env *env, struct vmd_place place)
{
	const struct vmd_lock_base *lock;

	for (lock = held.top; lock; lock = lock->below)
		if (lock->spins)
			vmd_bug(env, place, lock->place,
				"may sleep while %s is held",
				ranks[lock->rank].name);
}

unsigned int vmd_nr_held(void)
{
	return held.nr_exclusive + held.nr_shared;
}
