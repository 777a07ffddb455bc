/* SPDX-License-Identifier: MIT */
/*
 * Which locks this thread holds, and where it took them. What "assert held"
 * asks, and what a report of a broken lock contract quotes.
 */
#ifndef VMD_SRC_SYNC_HELD_H
#define VMD_SRC_SYNC_HELD_H

#include <stdbool.h>

#include "base/report.h"
#include "sync/lock_rank.h"

/*
 * What each lock has in common. A lock that is held exclusively has one holder
 * and is itself the entry of that thread's list; so a thread may hold any
 * number of them, as a submission of many objects does.
 */
struct vmd_lock_base {
	/* Set once, when the lock is made: */
	struct vmd_env *env;
	enum vmd_lock_rank rank;
	bool spins; /* nothing sleeps while it is held */

	/* Of the exclusive holder: */
	const void *owner; /* its thread, NULL: none; read by all */
	struct vmd_place place;
	struct vmd_lock_base *below; /* taken before, by the same thread */
};

enum vmd_held_mode {
	VMD_HELD_SHARED,
	VMD_HELD_EXCLUSIVE
};

void vmd_held_push(struct vmd_lock_base *lock, enum vmd_held_mode mode,
		   struct vmd_place place);

/* False, and a report, if this thread does not hold it so. */
bool vmd_held_pop(struct vmd_lock_base *lock, enum vmd_held_mode mode,
		  struct vmd_place place);

bool vmd_held(const struct vmd_lock_base *lock, enum vmd_held_mode at_least);

/* True, and a report, if this thread holds it: it would wait for itself. */
bool vmd_held_recursion(const struct vmd_lock_base *lock,
			struct vmd_place place);

/* True, and a report, if this thread can hold no more locks shared. */
bool vmd_held_too_many(const struct vmd_lock_base *lock,
		       struct vmd_place place);

/* A report if this thread does not hold it at least so. */
void vmd_held_assert(const struct vmd_lock_base *lock,
		     enum vmd_held_mode at_least, struct vmd_place place);

/* A report if this thread holds a lock that spins: it is about to sleep. */
void vmd_might_sleep_at(struct vmd_env *env, struct vmd_place place);
#define vmd_might_sleep(env) vmd_might_sleep_at(env, VMD_HERE)

/* How many this thread holds. */
unsigned int vmd_nr_held(void);

#endif /* VMD_SRC_SYNC_HELD_H */
