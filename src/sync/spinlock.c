/* SPDX-License-Identifier: MIT */
/*
 * Test, test and set. After a while the spinner gives its time slice away:
 * with more threads than processors the holder may not be running.
 */
#include "sync/spinlock.h"

#include <sched.h>

#include "base/compiler.h"

#define SPINS_BEFORE_YIELD 200

void vmd_spin_init(struct vmd_spinlock *lock, struct vmd_env *env,
		   enum vmd_lock_rank rank)
{
	lock->base = (struct vmd_lock_base){ .env = env,
					     .rank = rank,
					     .spins = true };
	lock->taken = 0;
}

static bool try_take(struct vmd_spinlock *lock)
{
	return !__atomic_load_n(&lock->taken, __ATOMIC_RELAXED) &&
	       !__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE);
}

void vmd_spin_lock_raw(struct vmd_spinlock *lock)
	vmd_no_context_analysis("is the lock")
{
	unsigned int spins = 0;

	while (vmd_unlikely(!try_take(lock)))
		if (++spins % SPINS_BEFORE_YIELD == 0)
			(void)sched_yield();
}

void vmd_spin_unlock_raw(struct vmd_spinlock *lock)
	vmd_no_context_analysis("is the lock")
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

void vmd_spin_lock_at(struct vmd_spinlock *lock, struct vmd_place place)
	vmd_no_context_analysis("is the lock")
{
	if (vmd_held_recursion(&lock->base, place))
		return;
	vmd_spin_lock_raw(lock);
	vmd_held_push(&lock->base, VMD_HELD_EXCLUSIVE, place);
}

void vmd_spin_unlock_at(struct vmd_spinlock *lock, struct vmd_place place)
	vmd_no_context_analysis("is the lock")
{
	if (vmd_held_pop(&lock->base, VMD_HELD_EXCLUSIVE, place))
		vmd_spin_unlock_raw(lock);
}
