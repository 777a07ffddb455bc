/* SPDX-License-Identifier: MIT */
/*
 * The kernel's rw_semaphore: many readers or one writer, may sleep. A waiting
 * writer stops new readers (LK-2, F.2).
 */
#ifndef VMD_SRC_SYNC_RWSEM_H
#define VMD_SRC_SYNC_RWSEM_H

#include <pthread.h>

#include "sync/held.h"

struct vmd_lock_type("rwsem") vmd_rwsem
{
	struct vmd_lock_base base;
	pthread_rwlock_t lock;
};

/* 0 or -ENOMEM. */
int vmd_init_rwsem(struct vmd_rwsem *sem, struct vmd_env *env,
		   enum vmd_lock_rank rank);
void vmd_destroy_rwsem(struct vmd_rwsem *sem);

void vmd_down_read_at(struct vmd_rwsem *sem, struct vmd_place place)
	vmd_acquires_shared(sem);
void vmd_up_read_at(struct vmd_rwsem *sem, struct vmd_place place)
	vmd_releases_shared(sem);
void vmd_down_write_at(struct vmd_rwsem *sem, struct vmd_place place)
	vmd_acquires(sem);
void vmd_up_write_at(struct vmd_rwsem *sem, struct vmd_place place)
	vmd_releases(sem);

#define vmd_down_read(sem)  vmd_down_read_at(sem, VMD_HERE)
#define vmd_up_read(sem)    vmd_up_read_at(sem, VMD_HERE)
#define vmd_down_write(sem) vmd_down_write_at(sem, VMD_HERE)
#define vmd_up_write(sem)   vmd_up_write_at(sem, VMD_HERE)

/* In any mode; for writing. */
#define vmd_rwsem_assert_held(sem) \
	vmd_held_assert(&(sem)->base, VMD_HELD_SHARED, VMD_HERE)
#define vmd_rwsem_assert_held_write(sem) \
	vmd_held_assert(&(sem)->base, VMD_HELD_EXCLUSIVE, VMD_HERE)

#endif /* VMD_SRC_SYNC_RWSEM_H */
