/* SPDX-License-Identifier: MIT */
/*
 * A lock that spins; one stands in each frame of a page table.
 * Nothing sleeps, allocates or calls a notifier while one is held (LK-3).
 */
#ifndef VMD_SRC_SYNC_SPINLOCK_H
#define VMD_SRC_SYNC_SPINLOCK_H

#include <stdint.h>

#include "sync/held.h"

struct vmd_lock_type("spinlock") vmd_spinlock
{
	struct vmd_lock_base base;
	uint32_t taken;
};

void vmd_spin_init(struct vmd_spinlock *lock, struct vmd_env *env,
		   enum vmd_lock_rank rank);
void vmd_spin_lock_at(struct vmd_spinlock *lock, struct vmd_place place)
	vmd_acquires(lock);
void vmd_spin_unlock_at(struct vmd_spinlock *lock, struct vmd_place place)
	vmd_releases(lock);

/*
 * Without the book-keeping of held locks, for the miss path of the TLB: the
 * section is a few lines of one function.
 */
void vmd_spin_lock_raw(struct vmd_spinlock *lock) vmd_acquires(lock);
void vmd_spin_unlock_raw(struct vmd_spinlock *lock) vmd_releases(lock);

#define vmd_spin_lock(lock)   vmd_spin_lock_at(lock, VMD_HERE)
#define vmd_spin_unlock(lock) vmd_spin_unlock_at(lock, VMD_HERE)
#define vmd_spin_assert_held(lock) \
	vmd_held_assert(&(lock)->base, VMD_HELD_EXCLUSIVE, VMD_HERE)

#endif /* VMD_SRC_SYNC_SPINLOCK_H */
