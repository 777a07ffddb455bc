/* SPDX-License-Identifier: MIT */
/*
 * What the hardware does on a TLB miss: walk the tables, judge, and set A and
 * D. The caller is in the CPU's section.
 */
#ifndef VMD_SRC_MMU_WALKER_H
#define VMD_SRC_MMU_WALKER_H

#include "mmu/psc.h"
#include "mmu/ram.h"

/* Bits 11:9 and 58:52 are software's. */
#define VMD_IGNORED_BITS UINT64_C(0x07f0000000000e00)

/* Everything that a walk looks at. */
struct vmd_walker {
	struct vmd_env *env;
	const struct vmd_ram *ram;
	const struct vmd_mmu_config *config;
	struct vmd_paging mode;
	struct vmd_psc psc;
};

/* One translation, raw: rights, not a verdict (R14). */
struct vmd_translation {
	/*
	 * The leaf; RW and USER only if all levels have them, NX if any has.
	 * Bits that hardware ignores are clear.
	 */
	uint64_t pte;
	int level;
	bool set_dirty; /* this walk set D */
};

enum vmd_walk_mode {
	VMD_WALK_ACCESS, /* judge, set A and D, fill the caches */
	VMD_WALK_PREFETCH, /* no verdict, no D (TL-7) */
	VMD_WALK_PROBE /* judge, and mark nothing */
};

/*
 * True, or false and *error_code as in the x86 page-fault error code.
 * @stale_write: a cached W has let this store come so far (K10).
 */
bool vmd_hw_walk(struct vmd_walker *walker, vmd_va_t addr,
		 enum vmd_access_kind kind, enum vmd_walk_mode how,
		 bool stale_write, struct vmd_translation *found,
		 unsigned int *error_code);

/* The frame of the 4K piece of a leaf that holds @addr. */
static inline vmd_pfn_t vmd_pte_piece(uint64_t pte, int level, vmd_va_t addr)
{
	uint64_t mask = (UINT64_C(1) << (9 * (level - 1))) - 1;
	vmd_pfn_t pfn = (pte & VMD_PTE_PFN_MASK) >> VMD_PAGE_SHIFT;

	return (pfn & ~mask) | ((addr >> VMD_PAGE_SHIFT) & mask);
}

#endif /* VMD_SRC_MMU_WALKER_H */
