/* SPDX-License-Identifier: MIT */
/*
 * The architectural TLB of one CPU: it decides what the CPU may see. Pages of
 * 4K stand in one memory, those of 2M and 1G in another; after a change of
 * size both may know an address (F6), and the smaller page is found first.
 *
 * The caller is in the CPU's section.
 */
#ifndef VMD_SRC_MMU_TLB_H
#define VMD_SRC_MMU_TLB_H

#include "mmu/assoc.h"
#include "mmu/walker.h"

/* Bits 10:9 of a cached word, software's in memory: the size of the page. */
#define VMD_TLB_LEVEL_SHIFT 9
#define VMD_TLB_LEVEL_MASK  UINT64_C(0x600)

struct vmd_tlb {
	struct vmd_assoc small;
	struct vmd_assoc large;
	bool fracture; /* large pages are cached by their 4K pieces (K7) */
	bool any_global; /* since everything was dropped */
	bool any_piece;
	uint64_t rng;
};

/* What had to leave, or was replaced by something else. */
struct vmd_tlb_evicted {
	uint64_t tag; /* 0: nothing */
	bool large;
};

int vmd_tlb_init(struct vmd_tlb *tlb, struct vmd_env *env,
		 const struct vmd_mmu_config *config, uint64_t seed);
void vmd_tlb_fini(struct vmd_tlb *tlb, struct vmd_env *env);

uint64_t *vmd_tlb_find_other(const struct vmd_tlb *tlb, unsigned int pcid,
			     vmd_va_t addr);

/* The word that is cached for @addr in @pcid, or NULL. */
static inline uint64_t *vmd_tlb_find(const struct vmd_tlb *tlb,
				     unsigned int pcid, vmd_va_t addr)
{
	uint64_t tag = VMD_TAG_VALID | (addr & VMD_TAG_ADDRESS) | pcid;
	uint64_t *word = vmd_assoc_find(&tlb->small, tag);

	if (word || !(tlb->any_global || tlb->large.nr_used))
		return word;
	return vmd_tlb_find_other(tlb, pcid, addr);
}

static inline int vmd_tlb_level(uint64_t word)
{
	return (int)((word & VMD_TLB_LEVEL_MASK) >> VMD_TLB_LEVEL_SHIFT);
}

/*
 * What a walk has found of @addr, global if @global. False: it is not kept.
 * *evicted has left for it.
 */
bool vmd_tlb_insert(struct vmd_tlb *tlb, struct vmd_env *env, unsigned int pcid,
		    vmd_va_t addr, const struct vmd_translation *to,
		    bool global, struct vmd_tlb_evicted *evicted);

/* Which entries a drop is about. */
enum vmd_tlb_scope {
	VMD_TLB_PCID, /* those of the PCID */
	VMD_TLB_PCID_AND_GLOBAL
};

/* All pieces, of all sizes, of the page that holds @addr. */
void vmd_tlb_drop(struct vmd_tlb *tlb, unsigned int pcid, vmd_va_t addr,
		  enum vmd_tlb_scope scope);
void vmd_tlb_drop_pcid(struct vmd_tlb *tlb, unsigned int pcid,
		       enum vmd_tlb_scope scope);
void vmd_tlb_drop_non_global(struct vmd_tlb *tlb);
void vmd_tlb_drop_all(struct vmd_tlb *tlb);

#endif /* VMD_SRC_MMU_TLB_H */
