/* SPDX-License-Identifier: MIT */
/*
 * Wait-die. Whoever waits looks again at each change of holder: the new one
 * may be older, and then a waiter that holds other locks has to die too.
 */
#include "sync/ww_mutex.h"

#include <errno.h>

int vmd_ww_mutex_init(struct vmd_ww_mutex *lock, struct vmd_env *env)
{
	lock->base = (struct vmd_lock_base){
		.env = env,
		.rank = VMD_RANK_resv,
	};
	lock->locked = false;
	lock->ctx = NULL;
	if (vmd_alloc_must_fail(&env->arena) ||
	    pthread_mutex_init(&lock->guard, NULL))
		return -ENOMEM;
	if (pthread_cond_init(&lock->changed, NULL)) {
		(void)pthread_mutex_destroy(&lock->guard);
		return -ENOMEM;
	}
	return 0;
}

void vmd_ww_mutex_destroy(struct vmd_ww_mutex *lock)
{
	(void)VMD_BUG_ON(lock->base.env, lock->locked);
	(void)pthread_cond_destroy(&lock->changed);
	(void)pthread_mutex_destroy(&lock->guard);
}

void vmd_ww_acquire_init(struct vmd_ww_acquire_ctx *ctx,
			 struct vmd_ww_class *ww_class)
{
	ctx->stamp =
		__atomic_add_fetch(&ww_class->nr_stamps, 1, __ATOMIC_RELAXED);
	ctx->nr_acquired = 0;
}

void vmd_ww_acquire_fini(struct vmd_ww_acquire_ctx *ctx, struct vmd_env *env)
{
	(void)VMD_BUG_ON(env, ctx->nr_acquired != 0);
}

/* Under the guard. */
static void take(struct vmd_ww_mutex *lock, struct vmd_ww_acquire_ctx *ctx)
{
	lock->locked = true;
	lock->ctx = ctx;
	if (ctx)
		ctx->nr_acquired++;
}

/* Under the guard: must the caller give up instead of waiting? */
static int must_not_wait(const struct vmd_ww_mutex *lock,
			 const struct vmd_ww_acquire_ctx *ctx)
{
	if (!ctx || !lock->ctx)
		return 0;
	if (lock->ctx == ctx)
		return -EALREADY;
	if (lock->ctx->stamp < ctx->stamp && ctx->nr_acquired > 0)
		return -EDEADLK;
	return 0;
}

static int lock_or_give_up(struct vmd_ww_mutex *lock,
			   struct vmd_ww_acquire_ctx *ctx)
{
	int err = 0;

	(void)pthread_mutex_lock(&lock->guard);
	while (lock->locked) {
		err = must_not_wait(lock, ctx);
		if (err)
			break;
		(void)pthread_cond_wait(&lock->changed, &lock->guard);
	}
	if (!err)
		take(lock, ctx);
	(void)pthread_mutex_unlock(&lock->guard);
	return err;
}

int vmd_ww_mutex_lock_at(struct vmd_ww_mutex *lock,
			 struct vmd_ww_acquire_ctx *ctx, struct vmd_place place)
{
	int err;

	if (!ctx && vmd_held_recursion(&lock->base, place))
		return 0;
	vmd_might_sleep_at(lock->base.env, place);
	err = lock_or_give_up(lock, ctx);
	if (!err)
		vmd_held_push(&lock->base, VMD_HELD_EXCLUSIVE, place);
	return err;
}

void vmd_ww_mutex_lock_slow_at(struct vmd_ww_mutex *lock,
			       struct vmd_ww_acquire_ctx *ctx,
			       struct vmd_place place)
{
	int err;

	if (ctx && ctx->nr_acquired)
		vmd_bug(lock->base.env, place, VMD_NOWHERE,
			"slow lock while others of the context are held");
	err = vmd_ww_mutex_lock_at(lock, ctx, place);
	(void)VMD_BUG_ON(lock->base.env, err != 0);
}

bool vmd_ww_mutex_trylock_at(struct vmd_ww_mutex *lock,
			     struct vmd_ww_acquire_ctx *ctx,
			     struct vmd_place place)
{
	bool taken;

	(void)pthread_mutex_lock(&lock->guard);
	taken = !lock->locked;
	if (taken)
		take(lock, ctx);
	(void)pthread_mutex_unlock(&lock->guard);
	if (taken)
		vmd_held_push(&lock->base, VMD_HELD_EXCLUSIVE, place);
	return taken;
}

void vmd_ww_mutex_unlock_at(struct vmd_ww_mutex *lock, struct vmd_place place)
{
	if (!vmd_held_pop(&lock->base, VMD_HELD_EXCLUSIVE, place))
		return;
	(void)pthread_mutex_lock(&lock->guard);
	if (lock->ctx)
		lock->ctx->nr_acquired--;
	lock->locked = false;
	lock->ctx = NULL;
	(void)pthread_cond_broadcast(&lock->changed);
	(void)pthread_mutex_unlock(&lock->guard);
}
