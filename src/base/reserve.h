/* SPDX-License-Identifier: MIT */
/*
 * Large arrays of which only what is touched costs memory: address space from
 * the host, zero when it is first touched.
 */
#ifndef VMD_SRC_BASE_RESERVE_H
#define VMD_SRC_BASE_RESERVE_H

#include <stddef.h>

#include "base/alloc.h"

/* Counted, and made to fail, as an allocation of @arena. NULL: refused. */
void *vmd_reserve(struct vmd_arena *arena, size_t size);

/* Harmless for NULL. */
void vmd_unreserve(struct vmd_arena *arena, void *base, size_t size);

#endif /* VMD_SRC_BASE_RESERVE_H */
