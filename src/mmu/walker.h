/* SPDX-License-Identifier: MIT */
/*
 * What the hardware does on a TLB miss: walk the tables for a user's load or
 * store, judge, and set A and D.
 */
#ifndef VMD_SRC_MMU_WALKER_H
#define VMD_SRC_MMU_WALKER_H

#include "mmu/context.h"

/* Physical addresses have this many bits; the others up to 51 are reserved. */
#define VMD_MAXPHYADDR 46

/* One 4K translation, raw: rights, not a verdict (R14). */
struct vmd_translation {
	vmd_pfn_t pfn;
	uint64_t rights; /* RW and USER of all levels, NX of any */
	bool dirty; /* D of the leaf */
	bool set_dirty; /* this walk set it */
	bool fragment; /* a 4K piece of a larger leaf */
};

/* True, or false and *error_code as in the x86 page-fault error code. */
bool vmd_hw_walk(const struct vmd_mm_context *ctx, vmd_va_t addr, bool write,
		 struct vmd_translation *found, unsigned int *error_code);

#endif /* VMD_SRC_MMU_WALKER_H */
