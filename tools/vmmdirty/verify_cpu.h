/* SPDX-License-Identifier: MIT */
/*
 * A whole simulated CPU, driven through the public interface: registers,
 * tables in RAM, INVLPG, loads, stores and fetches.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_CPU_H
#define VMMDIRTY_TOOL_VERIFY_CPU_H

#include <vmmdirty/vmmdirty.h>

#include "verify_adapter.h"

struct verify_cpu {
	struct verify_adapter adapter; /* first */
	struct vmd_machine *vmd;
	struct vmd_cpu *cpu;
	bool has_frames;
	bool caches; /* there is a TLB to invalidate */
	uint64_t value; /* the next one to be stored */

	/* What the machine holds: only what differs is written. */
	struct verify_regs regs;
	bool user;
	bool ac;
	uint64_t other_bits[VMD_NR_REGS]; /* of registers, as at reset */
	uint64_t slot[VERIFY_NR_LEVELS];
	uint64_t entry[VERIFY_NR_LEVELS];
	uint64_t probe;
};

/*
 * @flags: VMD_MACHINE_NO_TLB and its like; what @machine says is added.
 * @entries: of TLB and paging-structure caches, 0: the default.
 * 0 or -errno.
 */
int verify_cpu_init(struct verify_cpu *self,
		    const struct verify_machine *machine, unsigned int flags,
		    unsigned int entries);

void verify_cpu_fini(struct verify_cpu *self);

#endif /* VMMDIRTY_TOOL_VERIFY_CPU_H */
