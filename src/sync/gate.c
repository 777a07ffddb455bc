/* SPDX-License-Identifier: MIT */
/*
 * The side of those who close it, and of an owner who finds it closed.
 */
#include "sync/gate.h"

#include <sched.h>

#define SPINS_BEFORE_YIELD  100U
#define YIELDS_BEFORE_DOUBT 20U

void vmd_gate_init(struct vmd_gate *gate, struct vmd_env *env, bool fenced)
{
	vmd_spin_init(&gate->lock, env, VMD_RANK_tlb);
	gate->closed = 0;
	gate->fenced = fenced;
}

static void wait_until_open(const struct vmd_gate *gate)
{
	unsigned int spins = 0;

	while (vmd_load_acquire(&gate->closed))
		if (++spins % SPINS_BEFORE_YIELD == 0)
			(void)sched_yield();
}

void vmd_gate_enter_slow(struct vmd_gate *gate, uint32_t *inside)
{
	do {
		vmd_gate_leave(inside);
		wait_until_open(gate);
		VMD_WRITE_ONCE(*inside, 1);
		vmd_mb();
	} while (vmd_load_acquire(&gate->closed));
}

void vmd_gate_close(struct vmd_gate *gate)
{
	vmd_spin_lock_raw(&gate->lock);
	__atomic_store_n(&gate->closed, 1, __ATOMIC_SEQ_CST);
}

/*
 * A section is one access and ends by itself, unless its thread is not
 * running, and then it gets the processor here. But an owner who does nothing
 * but hit inline may be inside at each look.
 */
bool vmd_gate_wait(const uint32_t *inside)
{
	unsigned int looks;

	for (looks = 0; looks < SPINS_BEFORE_YIELD * YIELDS_BEFORE_DOUBT;
	     looks++) {
		if (!vmd_load_acquire(inside))
			return true;
		if (looks % SPINS_BEFORE_YIELD == SPINS_BEFORE_YIELD - 1)
			(void)sched_yield();
	}
	return false;
}

void vmd_gate_open(struct vmd_gate *gate)
{
	vmd_store_release(&gate->closed, 0);
	vmd_spin_unlock_raw(&gate->lock);
}
