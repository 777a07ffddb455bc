/* SPDX-License-Identifier: MIT */
/*
 * Every access to memory that threads share without a lock: kernel names over
 * the compiler's builtins. The only place where a schedule point can stand in
 * front of each of them.
 */
#ifndef VMD_SRC_SYNC_ATOMIC_H
#define VMD_SRC_SYNC_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

/* No tearing, no invention; no order either. */
#define VMD_READ_ONCE(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define VMD_WRITE_ONCE(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELAXED)

#define vmd_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define vmd_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/*
 * Sequentially consistent. Where the kernel relies on the full barrier that
 * its own have, also for plain accesses behind them, vmd_mb() is said.
 */
static inline uint64_t vmd_xchg(uint64_t *p, uint64_t value)
{
	return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}

/* On failure @old is what stands there. */
static inline bool vmd_try_cmpxchg(uint64_t *p, uint64_t *old, uint64_t value)
{
	return __atomic_compare_exchange_n(p, old, value, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline uint64_t vmd_fetch_or(uint64_t *p, uint64_t bits)
{
	return __atomic_fetch_or(p, bits, __ATOMIC_SEQ_CST);
}

static inline uint64_t vmd_fetch_and(uint64_t *p, uint64_t bits)
{
	return __atomic_fetch_and(p, bits, __ATOMIC_SEQ_CST);
}

static inline uint64_t vmd_add_return(uint64_t *p, uint64_t nr)
{
	return __atomic_add_fetch(p, nr, __ATOMIC_SEQ_CST);
}

static inline uint64_t vmd_sub_return(uint64_t *p, uint64_t nr)
{
	return __atomic_sub_fetch(p, nr, __ATOMIC_SEQ_CST);
}

static inline void vmd_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif /* VMD_SRC_SYNC_ATOMIC_H */
