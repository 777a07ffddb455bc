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

static inline uint64_t vmd_tag_small(vmd_va_t addr, unsigned int pcid)
{
	return VMD_TAG_VALID | (addr & VMD_TAG_ADDRESS) | pcid;
}

/* The word that is cached for @addr in @pcid as a 4K page or piece, or NULL. */
static inline uint64_t *vmd_tlb_find_small(const struct vmd_tlb *tlb,
					   unsigned int pcid, vmd_va_t addr)
{
	return vmd_assoc_find(&tlb->small,
			      VMD_TAG_VALID | (addr & VMD_TAG_ADDRESS) | pcid);
}

/* Is there anything but 4K pages that are not global? */
static inline bool vmd_tlb_has_other(const struct vmd_tlb *tlb)
{
	return tlb->any_global || tlb->large.nr_used;
}

/* As any page. */
static inline uint64_t *vmd_tlb_find(const struct vmd_tlb *tlb,
				     unsigned int pcid, vmd_va_t addr)
{
	uint64_t *word = vmd_tlb_find_small(tlb, pcid, addr);

	if (word || !vmd_tlb_has_other(tlb))
		return word;
	return vmd_tlb_find_other(tlb, pcid, addr);
}

static inline int vmd_tlb_level(uint64_t word)
{
	return (int)((word & VMD_TLB_LEVEL_MASK) >> VMD_TLB_LEVEL_SHIFT);
}

/* The frame that holds @addr; also of a piece of a large page. */
static inline vmd_pfn_t vmd_tlb_frame(uint64_t word, vmd_va_t addr)
{
	return vmd_pte_piece(word, vmd_tlb_level(word), addr);
}

/* What is cached of a translation that is not cut in pieces. */
static inline uint64_t vmd_tlb_word(const struct vmd_translation *to)
{
	return to->pte | (uint64_t)to->level << VMD_TLB_LEVEL_SHIFT;
}

/*
 * What a walk has found of @addr, global if @global. False: it is not kept.
 * *evicted has left for it.
 */
bool vmd_tlb_insert(struct vmd_tlb *tlb, struct vmd_env *env, unsigned int pcid,
		    vmd_va_t addr, const struct vmd_translation *to,
		    bool global, struct vmd_tlb_evicted *evicted);

/*
 * The same of a 4K page that is not global, of which vmd_tlb_find() has found
 * nothing just now: no entry of it, of whatever kind, has to be looked for.
 */
static inline bool
vmd_tlb_add_small(struct vmd_tlb *tlb, struct vmd_env *env, unsigned int pcid,
		  vmd_va_t addr, uint64_t word, struct vmd_tlb_evicted *evicted)
{
	bool kept;

	evicted->large = false;
	evicted->tag = vmd_assoc_insert(&tlb->small, env,
					vmd_tag_small(addr, pcid), word, &kept);
	return kept;
}

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
