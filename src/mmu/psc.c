/* SPDX-License-Identifier: MIT */
/*
 * One associative memory a level. The word is the table's frame with RW, USER
 * and NX of the whole path (R15).
 */
#include "mmu/psc.h"

#include "mmu/pgtable.h"

int vmd_psc_init(struct vmd_psc *psc, struct vmd_env *env,
		 const struct vmd_mmu_config *config, uint64_t *rng)
{
	int level;

	*psc = (struct vmd_psc){ .on = config->psc_entries };
	for (level = 2; level <= config->levels; level++) {
		int err = vmd_assoc_init(&psc->level[level], env,
					 config->psc_entries,
					 vmd_level_shift(level), rng);

		if (err) {
			vmd_psc_fini(psc, env);
			return err;
		}
	}
	return 0;
}

void vmd_psc_fini(struct vmd_psc *psc, struct vmd_env *env)
{
	int level;

	for (level = 2; level <= VMD_MAX_LEVELS; level++)
		vmd_assoc_fini(&psc->level[level], env);
}

static uint64_t tag_of(vmd_va_t addr, int level, unsigned int pcid)
{
	return VMD_TAG_VALID | pcid |
	       (addr & ~(vmd_level_size(level) - 1) & VMD_TAG_ADDRESS);
}

struct vmd_psc_hit vmd_psc_lookup(const struct vmd_psc *psc,
				  const struct vmd_paging *mode, vmd_va_t addr)
{
	struct vmd_psc_hit hit = { .rights = VMD_RIGHTS_AND };

	for (hit.level = 2; hit.level <= mode->levels; hit.level++) {
		const uint64_t *word =
			vmd_assoc_find(&psc->level[hit.level],
				       tag_of(addr, hit.level, mode->pcid));

		/* R14: NX without NXE is a reserved bit; see it in memory. */
		if (!word || ((*word & VMD_PAGE_NX) && !mode->nxe))
			continue;
		hit.table = (*word & VMD_PTE_PFN_MASK) >> VMD_PAGE_SHIFT;
		hit.rights = *word & (VMD_RIGHTS_AND | VMD_PAGE_NX);
		return hit;
	}
	hit.table = mode->root;
	return hit;
}

void vmd_psc_insert(struct vmd_psc *psc, struct vmd_env *env,
		    const struct vmd_paging *mode, vmd_va_t addr, int level,
		    uint64_t entry, uint64_t rights)
{
	uint64_t tag = tag_of(addr, level, mode->pcid);
	uint64_t word = (entry & VMD_PTE_PFN_MASK) | rights;
	uint64_t *known = vmd_assoc_find(&psc->level[level], tag);
	bool kept;

	if (known)
		*known = word;
	else
		(void)vmd_assoc_insert(&psc->level[level], env, tag, word,
				       &kept);
}

void vmd_psc_drop(struct vmd_psc *psc, unsigned int pcid, vmd_va_t addr)
{
	int level;

	for (level = 2; level <= VMD_MAX_LEVELS; level++)
		(void)vmd_assoc_drop(&psc->level[level],
				     tag_of(addr, level, pcid));
}

void vmd_psc_drop_pcid(struct vmd_psc *psc, unsigned int pcid)
{
	int level;

	for (level = 2; level <= VMD_MAX_LEVELS; level++)
		vmd_assoc_drop_matching(&psc->level[level], VMD_TAG_PCID, pcid);
}

void vmd_psc_drop_all(struct vmd_psc *psc)
{
	int level;

	for (level = 2; level <= VMD_MAX_LEVELS; level++)
		vmd_assoc_drop_all(&psc->level[level]);
}
