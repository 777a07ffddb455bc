/* SPDX-License-Identifier: MIT */
/*
 * Over pthread_rwlock_t in the mode in which writers are not starved.
 */
#include "sync/rwsem.h"

#include <errno.h>

int vmd_init_rwsem(struct vmd_rwsem *sem, struct vmd_env *env,
		   enum vmd_lock_rank rank)
{
	pthread_rwlockattr_t attr;
	int err;

	sem->base = (struct vmd_lock_base){ .env = env, .rank = rank };
	if (vmd_alloc_must_fail(&env->arena) || pthread_rwlockattr_init(&attr))
		return -ENOMEM;
	(void)pthread_rwlockattr_setkind_np(
		&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	err = pthread_rwlock_init(&sem->lock, &attr);
	(void)pthread_rwlockattr_destroy(&attr);
	return -err;
}

void vmd_destroy_rwsem(struct vmd_rwsem *sem)
{
	(void)pthread_rwlock_destroy(&sem->lock);
}

void vmd_down_read_at(struct vmd_rwsem *sem, struct vmd_place place)
	vmd_no_context_analysis("is the lock")
{
	if (vmd_held_recursion(&sem->base, place) ||
	    vmd_held_too_many(&sem->base, place))
		return;
	vmd_might_sleep_at(sem->base.env, place);
	(void)pthread_rwlock_rdlock(&sem->lock);
	vmd_held_push(&sem->base, VMD_HELD_SHARED, place);
}

void vmd_up_read_at(struct vmd_rwsem *sem, struct vmd_place place)
	vmd_no_context_analysis("is the lock")
{
	if (vmd_held_pop(&sem->base, VMD_HELD_SHARED, place))
		(void)pthread_rwlock_unlock(&sem->lock);
}

void vmd_down_write_at(struct vmd_rwsem *sem, struct vmd_place place)
	vmd_no_context_analysis("is the lock")
{
	if (vmd_held_recursion(&sem->base, place))
		return;
	vmd_might_sleep_at(sem->base.env, place);
	(void)pthread_rwlock_wrlock(&sem->lock);
	vmd_held_push(&sem->base, VMD_HELD_EXCLUSIVE, place);
}

void vmd_up_write_at(struct vmd_rwsem *sem, struct vmd_place place)
	vmd_no_context_analysis("is the lock")
{
	if (vmd_held_pop(&sem->base, VMD_HELD_EXCLUSIVE, place))
		(void)pthread_rwlock_unlock(&sem->lock);
}
