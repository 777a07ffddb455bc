/* SPDX-License-Identifier: MIT */
/*
 * Numbers that are only counted and read: they order nothing, and nothing is
 * decided by them. Everything that threads agree by goes through sync/.
 */
#ifndef VMD_SRC_BASE_COUNTER_H
#define VMD_SRC_BASE_COUNTER_H

#include <stdint.h>

/* Counted by several threads. */
static inline void vmd_counter_add(uint64_t *counter, uint64_t nr)
{
	__atomic_fetch_add(counter, nr, __ATOMIC_RELAXED);
}

static inline uint64_t vmd_counter_inc_return(uint64_t *counter)
{
	return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* Counted by one thread, read by others. */
static inline void vmd_counter_add_owner(uint64_t *counter, uint64_t nr)
{
	uint64_t old = __atomic_load_n(counter, __ATOMIC_RELAXED);

	__atomic_store_n(counter, old + nr, __ATOMIC_RELAXED);
}

static inline uint64_t vmd_counter_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* A slot that holds a number or 0: take what is there, or fill it if empty. */
static inline uint32_t vmd_slot_take(uint32_t *slot)
{
	return __atomic_exchange_n(slot, 0, __ATOMIC_ACQUIRE);
}

static inline _Bool vmd_slot_fill(uint32_t *slot, uint32_t value)
{
	uint32_t empty = 0;

	return __atomic_compare_exchange_n(slot, &empty, value, 0,
					   __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

#endif /* VMD_SRC_BASE_COUNTER_H */
