/* SPDX-License-Identifier: MIT */
/*
 * The architectural TLB of one CPU: it decides what the CPU may see. Set
 * associative, replaced in turn within a set, so that a hit changes nothing
 * and the same accesses give the same contents everywhere.
 *
 * The caller holds the CPU's tlb_lock.
 */
#ifndef VMD_SRC_MMU_TLB_H
#define VMD_SRC_MMU_TLB_H

#include "mmu/walker.h"

#define VMD_TLB_WAYS 8

struct vmd_tlb_entry {
	uint64_t page; /* virtual page number + 1, 0: free */
	struct vmd_translation to;
};

struct vmd_tlb {
	struct vmd_tlb_entry *entries;
	uint8_t *victim; /* of each set: who goes next */
	unsigned int nr_sets; /* a power of two, 0: no TLB at all */
	bool fragments; /* holds pieces of large leaves */
};

/* @nr_entries: 0, or VMD_TLB_WAYS times a power of two. 0 or -ENOMEM. */
int vmd_tlb_init(struct vmd_tlb *tlb, struct vmd_env *env,
		 unsigned int nr_entries);
void vmd_tlb_fini(struct vmd_tlb *tlb, struct vmd_env *env);

/* NULL on a miss. */
struct vmd_tlb_entry *vmd_tlb_lookup(const struct vmd_tlb *tlb, vmd_va_t addr);

/*
 * Replaces what is known of the page. *evicted is the page that had to leave,
 * or VMD_TLB_NO_TAG. False: there is no TLB.
 */
bool vmd_tlb_insert(struct vmd_tlb *tlb, vmd_va_t addr,
		    const struct vmd_translation *to, vmd_va_t *evicted);

void vmd_tlb_drop(struct vmd_tlb *tlb, vmd_va_t addr);
void vmd_tlb_drop_all(struct vmd_tlb *tlb);

#endif /* VMD_SRC_MMU_TLB_H */
