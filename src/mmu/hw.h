/* SPDX-License-Identifier: MIT */
/*
 * The bare machine: what every floor above may reach from a public
 * struct vmd_machine, which begins with it.
 */
#ifndef VMD_SRC_MMU_HW_H
#define VMD_SRC_MMU_HW_H

#include "mmu/context.h"

struct vmd_machine;

struct vmd_hw {
	struct vmd_env env;
	struct vmd_ram ram;
	struct vmd_cpus cpus;
};

static inline struct vmd_hw *vmd_machine_hw(struct vmd_machine *machine)
{
	return (struct vmd_hw *)(void *)machine;
}

#endif /* VMD_SRC_MMU_HW_H */
