/* SPDX-License-Identifier: MIT */
/*
 * Subscriptions are called newest first. A reader inside a callback keeps the
 * subscription alive: unregistering waits for a grace period.
 */
#include "notifier/notifier.h"

#include <stddef.h>

#include "sync/atomic.h"
#include "sync/membarrier.h"
#include "sync/rcu.h"

void vmd_mm_notifiers_init(struct vmd_mm_notifiers *notifiers,
			   struct vmd_env *env)
{
	notifiers->env = env;
	notifiers->first = NULL;
	notifiers->nr_active = 0;
	vmd_spin_init(&notifiers->lock, env, VMD_RANK_notifier_lock);
}

/* Under the lock: where the pointer to @subscription stands, or the end. */
static struct vmd_mmu_notifier **
find_link(struct vmd_mm_notifiers *notifiers,
	  const struct vmd_mmu_notifier *subscription)
{
	struct vmd_mmu_notifier **link = &notifiers->first;

	while (*link && *link != subscription)
		link = &(*link)->next;
	return link;
}

/* MN-2: not in the middle of a range, or it would hear the end alone. */
void vmd_mm_notifiers_add(struct vmd_mm_notifiers *notifiers,
			  struct vmd_mmu_notifier *subscription)
{
	bool idle;

	do {
		vmd_wait_until_zero(&notifiers->nr_active);
		vmd_spin_lock(&notifiers->lock);
		idle = !notifiers->nr_active;
		if (idle) {
			subscription->next = notifiers->first;
			vmd_store_release(&notifiers->first, subscription);
		}
		vmd_spin_unlock(&notifiers->lock);
	} while (!idle);
}

void vmd_mm_notifiers_del(struct vmd_mm_notifiers *notifiers,
			  struct vmd_mmu_notifier *subscription)
{
	struct vmd_mmu_notifier **link;

	vmd_spin_lock(&notifiers->lock);
	link = find_link(notifiers, subscription);
	if (*link)
		vmd_store_release(link, subscription->next);
	vmd_spin_unlock(&notifiers->lock);
	vmd_synchronize_rcu();
}

void vmd_mmu_notifier_invalidate_range_start(
	struct vmd_mm_notifiers *notifiers,
	const struct vmd_mmu_notifier_range *range)
{
	struct vmd_mmu_notifier *at;

	vmd_might_sleep(notifiers->env);
	vmd_spin_lock(&notifiers->lock);
	VMD_WRITE_ONCE(notifiers->nr_active, notifiers->nr_active + 1);
	vmd_spin_unlock(&notifiers->lock);
	vmd_hook_call(notifiers->env->hook, VMD_HOOK_NOTIFIER_START, range->mm,
		      range->start, range->end);
	vmd_rcu_read_lock();
	for (at = vmd_load_acquire(&notifiers->first); at;
	     at = vmd_load_acquire(&at->next))
		if (at->ops->invalidate_range_start)
			at->ops->invalidate_range_start(at, range);
	vmd_rcu_read_unlock();
}

void vmd_mmu_notifier_invalidate_range_end(
	struct vmd_mm_notifiers *notifiers,
	const struct vmd_mmu_notifier_range *range)
{
	struct vmd_mmu_notifier *at;

	vmd_rcu_read_lock();
	for (at = vmd_load_acquire(&notifiers->first); at;
	     at = vmd_load_acquire(&at->next))
		if (at->ops->invalidate_range_end)
			at->ops->invalidate_range_end(at, range);
	vmd_rcu_read_unlock();
	vmd_hook_call(notifiers->env->hook, VMD_HOOK_NOTIFIER_END, range->mm,
		      range->start, range->end);
	vmd_spin_lock(&notifiers->lock);
	vmd_store_release(&notifiers->nr_active, notifiers->nr_active - 1);
	vmd_spin_unlock(&notifiers->lock);
}
