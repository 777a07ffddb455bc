/* SPDX-License-Identifier: MIT */
/*
 * Paging-structure caches: for a range of addresses, the table that its entry
 * of some level points to, and the rights of the path so far. They are why a
 * table that was freed before the flush is walked through by hardware (F4).
 *
 * The caller is in the CPU's section.
 */
#ifndef VMD_SRC_MMU_PSC_H
#define VMD_SRC_MMU_PSC_H

#include "mmu/assoc.h"
#include "mmu/paging.h"

/* Addresses that one entry of level 2 serves. */
#define VMD_PMD_MASK (~((UINT64_C(1) << 21) - 1))

/* Where a walk begins: the table that the entry of @level points to. */
struct vmd_psc_hit {
	int level; /* of the entry; above the top: nothing was cached */
	vmd_pfn_t table;
	uint64_t rights;
};

struct vmd_psc {
	bool on;
	struct vmd_assoc level[VMD_MAX_LEVELS + 1]; /* from 2 on */
};

int vmd_psc_init(struct vmd_psc *psc, struct vmd_env *env,
		 const struct vmd_mmu_config *config, uint64_t *rng);
void vmd_psc_fini(struct vmd_psc *psc, struct vmd_env *env);

/* The deepest entry that is known of @addr, else the root. */
struct vmd_psc_hit vmd_psc_lookup(const struct vmd_psc *psc,
				  const struct vmd_paging *mode, vmd_va_t addr);

/* The word of level 2 alone, where nearly every walk begins; or NULL. */
static inline const uint64_t *vmd_psc_find_last(const struct vmd_psc *psc,
						const struct vmd_paging *mode,
						vmd_va_t addr)
{
	const uint64_t *word =
		vmd_assoc_find(&psc->level[2],
			       VMD_TAG_VALID | mode->pcid |
				       (addr & VMD_TAG_ADDRESS & VMD_PMD_MASK));

	/* R14: NX without NXE is a reserved bit; see it in memory. */
	return word && (*word & VMD_PAGE_NX) && !mode->nxe ? NULL : word;
}

/* An entry of @level with A set; @rights of the path down to it. */
void vmd_psc_insert(struct vmd_psc *psc, struct vmd_env *env,
		    const struct vmd_paging *mode, vmd_va_t addr, int level,
		    uint64_t entry, uint64_t rights);

/* What serves @addr in @pcid; all of a PCID; everything. */
void vmd_psc_drop(struct vmd_psc *psc, unsigned int pcid, vmd_va_t addr);
void vmd_psc_drop_pcid(struct vmd_psc *psc, unsigned int pcid);
void vmd_psc_drop_all(struct vmd_psc *psc);

#endif /* VMD_SRC_MMU_PSC_H */
