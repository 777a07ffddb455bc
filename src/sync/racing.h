/* SPDX-License-Identifier: MIT */
/*
 * Copying memory that others may be writing meanwhile: simulated RAM, whose
 * races are the simulated program's own. What is copied of a word under
 * writing is some mix of old and new; whoever wrote it is found dirty.
 */
#ifndef VMD_SRC_SYNC_RACING_H
#define VMD_SRC_SYNC_RACING_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sync/tsan.h"

/* @nr words; the two do not overlap. */
static inline void vmd_copy_racing(uint64_t *to, uint64_t *from, size_t nr)
{
	size_t i;

	if (!VMD_TSAN) {
		memcpy(to, from, nr * sizeof(*to));
		return;
	}
	for (i = 0; i < nr; i++)
		__atomic_store_n(&to[i],
				 __atomic_load_n(&from[i], __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
}

/* @len bytes, anywhere. */
static inline void vmd_copy_bytes_racing(uint8_t *to, const uint8_t *from,
					 size_t len)
{
	size_t i;

	if (!VMD_TSAN) {
		memcpy(to, from, len);
		return;
	}
	for (i = 0; i < len; i++)
		__atomic_store_n(&to[i],
				 __atomic_load_n(&from[i], __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
}

static inline void vmd_fill_racing(uint8_t *to, uint8_t byte, size_t len)
{
	size_t i;

	if (!VMD_TSAN) {
		memset(to, byte, len);
		return;
	}
	for (i = 0; i < len; i++)
		__atomic_store_n(&to[i], byte, __ATOMIC_RELAXED);
}

#endif /* VMD_SRC_SYNC_RACING_H */
