/* SPDX-License-Identifier: MIT */
/*
 * MMU notifiers: who mirrors an address space is told before its entries
 * change and after, and why (include/linux/mmu_notifier.h of Linux 6.12).
 */
#ifndef VMMDIRTY_NOTIFIER_H
#define VMMDIRTY_NOTIFIER_H

#include <vmmdirty/base.h>

VMD_BEGIN_DECLS

struct vmd_mm;
struct vmd_mmu_notifier;

/**
 * enum vmd_mmu_notifier_event - why entries change
 * @VMD_MMU_NOTIFY_UNMAP: the range goes away
 * @VMD_MMU_NOTIFY_CLEAR: entries are removed, the range stays valid
 * @VMD_MMU_NOTIFY_PROTECTION_VMA: rights of whole areas change
 * @VMD_MMU_NOTIFY_PROTECTION_PAGE: rights change page by page
 *
 * The values are the kernel's.
 */
enum vmd_mmu_notifier_event {
	VMD_MMU_NOTIFY_UNMAP = 0,
	VMD_MMU_NOTIFY_CLEAR = 1,
	VMD_MMU_NOTIFY_PROTECTION_VMA = 2,
	VMD_MMU_NOTIFY_PROTECTION_PAGE = 3
};

/**
 * struct vmd_mmu_notifier_range - what changes
 * @mm: the address space
 * @start: first address
 * @end: first address behind
 * @event: why
 */
struct vmd_mmu_notifier_range {
	struct vmd_mm *mm;
	vmd_va_t start;
	vmd_va_t end;
	enum vmd_mmu_notifier_event event;
};

/**
 * struct vmd_mmu_notifier_ops - what a subscriber wants to know
 * @invalidate_range_start: before the first entry of the range changes; until
 *	the end the subscriber must not use or make translations of the range
 * @invalidate_range_end: after the last one
 *
 * Either may be NULL. They may sleep; i_mmap_rwsem or mmap_lock may be held,
 * never a page-table lock (MN-11).
 */
struct vmd_mmu_notifier_ops {
	void (*invalidate_range_start)(
		struct vmd_mmu_notifier *subscription,
		const struct vmd_mmu_notifier_range *range);
	void (*invalidate_range_end)(
		struct vmd_mmu_notifier *subscription,
		const struct vmd_mmu_notifier_range *range);
};

/**
 * struct vmd_mmu_notifier - a subscription, embedded in its owner
 * @ops: set by the owner before it registers
 * @mm: the address space; NULL while it is not registered
 * @next: the library's own
 */
struct vmd_mmu_notifier {
	const struct vmd_mmu_notifier_ops *ops;
	struct vmd_mm *mm;
	struct vmd_mmu_notifier *next;
};

/**
 * vmd_mmu_notifier_register() - be told about an address space
 * @subscription: what to call
 * @mm: the address space; it outlives the subscription
 *
 * Waits until no range of @mm is being invalidated, so that the subscription
 * never hears an end without its start (MN-2). Kernel: mmu_notifier_register().
 *
 * Context: May sleep. Call without a lock of @mm, and not from a callback.
 * Return: 0, -EINVAL, -EBUSY if it is registered already.
 */
VMD_API vmd_must_check int
vmd_mmu_notifier_register(struct vmd_mmu_notifier *subscription,
			  struct vmd_mm *mm);

/**
 * vmd_mmu_notifier_unregister() - no longer
 * @subscription: the subscription; if it is not registered nothing happens
 *
 * After it returns no callback runs (MN-4). Kernel:
 * mmu_notifier_unregister().
 *
 * Context: May sleep. Not from a callback.
 */
VMD_API void vmd_mmu_notifier_unregister(struct vmd_mmu_notifier *subscription);

VMD_END_DECLS

#endif /* VMMDIRTY_NOTIFIER_H */
