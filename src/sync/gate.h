/* SPDX-License-Identifier: MIT */
/*
 * A section of one owner, which costs it two plain stores and a load, and
 * which others can keep it out of:
 *
 *	owner                          another
 *	inside = 1                     closed = 1
 *	closed? then leave and wait    barrier on all threads
 *	work                           wait until inside is 0
 *	inside = 0                     work
 *	                               closed = 0
 *
 * After the barrier either the owner sees the gate closed, or the other sees it
 * inside: Dekker's rule with the whole cost on one side. It is what disabled
 * interrupts are to a real CPU, and closing the gate is an interrupt of it: it
 * comes when they are enabled again.
 *
 * The inline accesses of vmmdirty/cpu.h raise the same flag and do not look at
 * the gate: they rely on what only the holder of the gate takes away.
 */
#ifndef VMD_SRC_SYNC_GATE_H
#define VMD_SRC_SYNC_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/atomic.h"
#include "sync/spinlock.h"

struct vmd_gate {
	struct vmd_spinlock lock; /* among those who close it */
	uint32_t closed;
	bool fenced; /* no barrier on others: the owner pays for one */
};

void vmd_gate_init(struct vmd_gate *gate, struct vmd_env *env, bool fenced);

/* The owner has met a closed gate: waits until it is inside. */
void vmd_gate_enter_slow(struct vmd_gate *gate, uint32_t *inside);

static inline void vmd_gate_enter(struct vmd_gate *gate, uint32_t *inside)
{
	VMD_WRITE_ONCE(*inside, 1);
	if (gate->fenced)
		vmd_mb();
	else
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* Both pair with the barrier behind vmd_gate_close(). */
	if (__builtin_expect(__atomic_load_n(&gate->closed, __ATOMIC_ACQUIRE),
			     0))
		vmd_gate_enter_slow(gate, inside);
}

/* Without waiting. False: it is closed, or a barrier is due; stays outside. */
static inline bool vmd_gate_try_enter(struct vmd_gate *gate, uint32_t *inside)
{
	VMD_WRITE_ONCE(*inside, 1);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(!gate->fenced &&
				     !__atomic_load_n(&gate->closed,
						      __ATOMIC_ACQUIRE),
			     1))
		return true;
	vmd_store_release(inside, 0);
	return false;
}

static inline void vmd_gate_leave(uint32_t *inside)
{
	vmd_store_release(inside, 0);
}

/* Then vmd_membarrier(), then vmd_gate_wait(): the owner is outside. */
void vmd_gate_close(struct vmd_gate *gate) vmd_acquires(&gate->lock);

/* False: it has been inside, whenever somebody looked, for quite a while. */
bool vmd_gate_wait(const uint32_t *inside);
void vmd_gate_open(struct vmd_gate *gate) vmd_releases(&gate->lock);

#endif /* VMD_SRC_SYNC_GATE_H */
