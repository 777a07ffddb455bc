/* SPDX-License-Identifier: MIT */
/*
 * The list of subscriptions of one address space.
 */
#ifndef VMD_SRC_NOTIFIER_NOTIFIER_H
#define VMD_SRC_NOTIFIER_NOTIFIER_H

#include <vmmdirty/notifier.h>

#include "sync/spinlock.h"

struct vmd_mm_notifiers {
	struct vmd_env *env;
	struct vmd_spinlock lock; /* of writers; readers are under RCU */
	struct vmd_mmu_notifier *first;
	uint32_t nr_active; /* ranges between start and end; under lock */
};

void vmd_mm_notifiers_init(struct vmd_mm_notifiers *notifiers,
			   struct vmd_env *env);

/* floor 4 says where the list of an mm is. */
void vmd_mm_notifiers_add(struct vmd_mm_notifiers *notifiers,
			  struct vmd_mmu_notifier *subscription);
void vmd_mm_notifiers_del(struct vmd_mm_notifiers *notifiers,
			  struct vmd_mmu_notifier *subscription);

/* Kernel: mmu_notifier_invalidate_range_start() and _end(). */
void vmd_mmu_notifier_invalidate_range_start(
	struct vmd_mm_notifiers *notifiers,
	const struct vmd_mmu_notifier_range *range);
void vmd_mmu_notifier_invalidate_range_end(
	struct vmd_mm_notifiers *notifiers,
	const struct vmd_mmu_notifier_range *range);

#endif /* VMD_SRC_NOTIFIER_NOTIFIER_H */
