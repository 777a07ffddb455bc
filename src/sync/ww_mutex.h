/* SPDX-License-Identifier: MIT */
/*
 * A mutex of which a thread takes several in any order without deadlock: the
 * reservation lock. The class is wait-die (LK-7): who meets an older holder
 * while holding others must give them all back and start again.
 *
 *	ctx            begin with vmd_ww_acquire_init(): draws a stamp
 *	lock all       -EDEADLK: unlock all, vmd_ww_mutex_lock_slow() the one
 *	               that was refused, then the rest again, same stamp
 *	work, unlock   vmd_ww_acquire_fini()
 */
#ifndef VMD_SRC_SYNC_WW_MUTEX_H
#define VMD_SRC_SYNC_WW_MUTEX_H

#include <pthread.h>
#include <stdint.h>

#include "sync/held.h"

struct vmd_ww_class {
	uint64_t nr_stamps;
};

struct vmd_ww_acquire_ctx {
	uint64_t stamp; /* smaller is older */
	unsigned int nr_acquired;
};

struct vmd_lock_type("ww_mutex") vmd_ww_mutex
{
	struct vmd_lock_base base;
	pthread_mutex_t guard; /* of the fields below */
	pthread_cond_t changed;
	bool locked;
	struct vmd_ww_acquire_ctx *ctx; /* the holder's, may be NULL */
};

/* 0 or -ENOMEM. */
int vmd_ww_mutex_init(struct vmd_ww_mutex *lock, struct vmd_env *env);
void vmd_ww_mutex_destroy(struct vmd_ww_mutex *lock);

void vmd_ww_acquire_init(struct vmd_ww_acquire_ctx *ctx,
			 struct vmd_ww_class *ww_class);
void vmd_ww_acquire_fini(struct vmd_ww_acquire_ctx *ctx, struct vmd_env *env);

/*
 * 0, -EDEADLK: back off (LK-8), -EALREADY: @ctx holds it (LK-10). Without
 * context a plain mutex: always 0.
 */
int vmd_ww_mutex_lock_at(struct vmd_ww_mutex *lock,
			 struct vmd_ww_acquire_ctx *ctx,
			 struct vmd_place place);

/* After -EDEADLK: waits, cannot be refused, as nothing else is held (LK-9). */
void vmd_ww_mutex_lock_slow_at(struct vmd_ww_mutex *lock,
			       struct vmd_ww_acquire_ctx *ctx,
			       struct vmd_place place);

bool vmd_ww_mutex_trylock_at(struct vmd_ww_mutex *lock,
			     struct vmd_ww_acquire_ctx *ctx,
			     struct vmd_place place);
void vmd_ww_mutex_unlock_at(struct vmd_ww_mutex *lock, struct vmd_place place);

#define vmd_ww_mutex_lock(lock, ctx) vmd_ww_mutex_lock_at(lock, ctx, VMD_HERE)
#define vmd_ww_mutex_lock_slow(lock, ctx) \
	vmd_ww_mutex_lock_slow_at(lock, ctx, VMD_HERE)
#define vmd_ww_mutex_trylock(lock, ctx) \
	vmd_ww_mutex_trylock_at(lock, ctx, VMD_HERE)
#define vmd_ww_mutex_unlock(lock) vmd_ww_mutex_unlock_at(lock, VMD_HERE)
#define vmd_ww_mutex_assert_held(lock) \
	vmd_held_assert(&(lock)->base, VMD_HELD_EXCLUSIVE, VMD_HERE)

#endif /* VMD_SRC_SYNC_WW_MUTEX_H */
