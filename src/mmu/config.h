/* SPDX-License-Identifier: MIT */
/*
 * How the CPUs of one machine are built; fixed when the machine is created.
 */
#ifndef VMD_SRC_MMU_CONFIG_H
#define VMD_SRC_MMU_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct vmd_mmu_config {
	int levels; /* of page tables: 4 or 5 */
	unsigned int maxphyaddr;
	unsigned int features; /* VMD_FEATURE_ bits that there are */
	unsigned int flags; /* VMD_MACHINE_ bits */

	/* Entries of each cache: 0 for none, or VMD_TLB_UNBOUNDED: */
	unsigned int tlb_entries; /* of 4K pages */
	unsigned int large_tlb_entries; /* of 2M and 1G pages */
	unsigned int psc_entries; /* of each upper level */

	bool membarrier; /* one thread can have all others pass a barrier */
};

#endif /* VMD_SRC_MMU_CONFIG_H */
