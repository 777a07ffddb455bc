/* SPDX-License-Identifier: MIT */
/*
 * The bare machine: what every floor above may reach from a public
 * struct vmd_machine, which begins with it.
 */
#ifndef VMD_SRC_MMU_HW_H
#define VMD_SRC_MMU_HW_H

#include "mmu/config.h"
#include "mmu/context.h"

struct vmd_machine;

/* The address spaces that there are: by what their pointers are. */
struct vmd_contexts {
	struct vmd_spinlock lock;
	struct vmd_it_root live;
	uint64_t nr_made;
};

struct vmd_hw {
	struct vmd_env env;
	struct vmd_ram ram;
	struct vmd_cpus cpus;
	struct vmd_mmu_config mmu;
	struct vmd_contexts contexts;
};

static inline struct vmd_hw *vmd_machine_hw(struct vmd_machine *machine)
{
	return (struct vmd_hw *)(void *)machine;
}

static inline const struct vmd_hw *
vmd_machine_hw_const(const struct vmd_machine *machine)
{
	return (const struct vmd_hw *)(const void *)machine;
}

#endif /* VMD_SRC_MMU_HW_H */
