/* SPDX-License-Identifier: MIT */
/*
 * One hook through which a room says what happens and in which order. Tests
 * and traces install a receiver; without one it costs a test for NULL.
 */
#ifndef VMD_SRC_BASE_HOOK_H
#define VMD_SRC_BASE_HOOK_H

#include <stdint.h>

enum vmd_hook_kind {
	VMD_HOOK_NOTIFIER_START,
	VMD_HOOK_NOTIFIER_END,
	VMD_HOOK_PENDING_INC,
	VMD_HOOK_PENDING_DEC,
	VMD_HOOK_PTE_CHANGE,
	VMD_HOOK_FLUSH
};

/* @object says which one; [start, end) are addresses where that makes sense. */
struct vmd_hook {
	void (*happens)(struct vmd_hook *hook, enum vmd_hook_kind kind,
			const void *object, uint64_t start, uint64_t end);
};

static inline void vmd_hook_call(struct vmd_hook *hook, enum vmd_hook_kind kind,
				 const void *object, uint64_t start,
				 uint64_t end)
{
	if (hook)
		hook->happens(hook, kind, object, start, end);
}

#endif /* VMD_SRC_BASE_HOOK_H */
