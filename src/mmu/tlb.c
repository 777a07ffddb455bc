/* SPDX-License-Identifier: MIT */
/*
 * Tags and words of the two memories. Bit 12 of a large page's tag, which is
 * part of the offset in 2M and 1G alike, tells them apart.
 */
#include "mmu/tlb.h"

#include <vmmdirty/cpufeatures.h>

#include "mmu/pgtable.h"

#define TAG_IS_1G (UINT64_C(1) << 12)

int vmd_tlb_init(struct vmd_tlb *tlb, struct vmd_env *env,
		 const struct vmd_mmu_config *config, uint64_t seed)
{
	uint64_t *rng = config->flags & VMD_MACHINE_RANDOM_REPLACEMENT ?
				&tlb->rng :
				NULL;
	int err;

	*tlb = (struct vmd_tlb){
		.fracture = config->flags & VMD_MACHINE_FRACTURE_LARGE,
		.rng = seed,
	};
	err = vmd_assoc_init(&tlb->small, env, config->tlb_entries,
			     VMD_PAGE_SHIFT, rng);
	if (err)
		return err;
	err = vmd_assoc_init(&tlb->large, env, config->large_tlb_entries,
			     vmd_level_shift(VMD_LEVEL_PMD), rng);
	if (err)
		vmd_assoc_fini(&tlb->small, env);
	/* Pages of 1G are counted from bit 30 on. */
	tlb->large.fold = VMD_PTRS_PER_TABLE_SHIFT;
	tlb->large.mixes = true;
	return err;
}

void vmd_tlb_fini(struct vmd_tlb *tlb, struct vmd_env *env)
{
	vmd_assoc_fini(&tlb->small, env);
	vmd_assoc_fini(&tlb->large, env);
}

/* @space: a PCID, or VMD_TAG_GLOBAL. */
static uint64_t tag_of(vmd_va_t addr, int level, uint64_t space)
{
	uint64_t tag = VMD_TAG_VALID | space |
		       (addr & ~(vmd_level_size(level) - 1) & VMD_TAG_ADDRESS);

	return level == VMD_LEVEL_PUD ? tag | TAG_IS_1G : tag;
}

static struct vmd_assoc *memory_of(struct vmd_tlb *tlb, int level)
{
	return level == VMD_LEVEL_PTE ? &tlb->small : &tlb->large;
}

static uint64_t *find(const struct vmd_tlb *tlb, vmd_va_t addr, int level,
		      uint64_t space)
{
	return vmd_assoc_find(level == VMD_LEVEL_PTE ? &tlb->small :
						       &tlb->large,
			      tag_of(addr, level, space));
}

uint64_t *vmd_tlb_find_other(const struct vmd_tlb *tlb, unsigned int pcid,
			     vmd_va_t addr)
{
	uint64_t *word = NULL;
	int level;

	for (level = VMD_LEVEL_PTE; level <= VMD_LEVEL_PUD && !word; level++) {
		word = find(tlb, addr, level, pcid);
		if (!word && tlb->any_global)
			word = find(tlb, addr, level, VMD_TAG_GLOBAL);
	}
	return word;
}

/* The 4K piece of a large page that holds @addr; it remembers the size. */
static uint64_t piece(uint64_t word, vmd_va_t addr)
{
	return (word & ~VMD_PTE_PFN_MASK) |
	       (vmd_tlb_frame(word, addr) << VMD_PAGE_SHIFT);
}

/* What is cached of a translation, and as a page of which size (K7). */
static uint64_t word_of(struct vmd_tlb *tlb, const struct vmd_translation *to,
			vmd_va_t addr, int *level)
{
	uint64_t word = vmd_tlb_word(to);

	*level = to->level;
	if (!tlb->fracture || to->level == VMD_LEVEL_PTE)
		return word;
	tlb->any_piece = true;
	*level = VMD_LEVEL_PTE;
	return piece(word, addr);
}

/*
 * The page is known already: the new word takes the place of the old one. Of
 * a change that is more than a new D the inline lines must hear.
 */
static bool replace(uint64_t *known, uint64_t word)
{
	bool differs = (*known | VMD_PAGE_DIRTY) != (word | VMD_PAGE_DIRTY);

	*known = word;
	return differs;
}

/*
 * What would be found instead of a new entry goes: smaller pages at @addr, and
 * the same page if it was global and is not, or the reverse. True: one was a
 * large page, whose inline lines stand anywhere in its range.
 */
static bool drop_rivals(struct vmd_tlb *tlb, unsigned int pcid, vmd_va_t addr,
			int level, bool global)
{
	bool lost = false;
	int at;

	for (at = VMD_LEVEL_PTE; at <= level; at++) {
		struct vmd_assoc *memory = memory_of(tlb, at);
		bool gone = false;

		if (at < level || global)
			gone |= vmd_assoc_drop(memory, tag_of(addr, at, pcid));
		if ((at < level || !global) && tlb->any_global)
			gone |= vmd_assoc_drop(memory, tag_of(addr, at,
							      VMD_TAG_GLOBAL));
		lost |= gone && at > VMD_LEVEL_PTE;
	}
	return lost;
}

bool vmd_tlb_insert(struct vmd_tlb *tlb, struct vmd_env *env, unsigned int pcid,
		    vmd_va_t addr, const struct vmd_translation *to,
		    bool global, struct vmd_tlb_evicted *evicted)
{
	int level;
	uint64_t word = word_of(tlb, to, addr, &level);
	uint64_t tag = tag_of(addr, level, global ? VMD_TAG_GLOBAL : pcid);
	uint64_t *known;
	bool lost = drop_rivals(tlb, pcid, addr, level, global);
	bool kept;

	tlb->any_global |= global;
	known = vmd_assoc_find(memory_of(tlb, level), tag);
	evicted->large = level > VMD_LEVEL_PTE;
	if (known) {
		evicted->tag = replace(known, word) || lost ? tag : 0;
		return true;
	}
	evicted->tag =
		vmd_assoc_insert(memory_of(tlb, level), env, tag, word, &kept);
	if (lost && !evicted->tag)
		evicted->tag = tag;
	return kept;
}

/* Is this 4K entry a piece of the large page that holds @addr? */
static bool is_piece_of(uint64_t tag, uint64_t word, vmd_va_t addr,
			uint64_t space)
{
	int level = vmd_tlb_level(word);

	if (!tag || level == VMD_LEVEL_PTE ||
	    (tag & (VMD_TAG_GLOBAL | VMD_TAG_PCID)) != space)
		return false;
	return ((tag ^ addr) & ~(vmd_level_size(level) - 1) &
		VMD_TAG_ADDRESS) == 0;
}

/* F6, K7: every piece of the large page that holds @addr. */
static void drop_pieces(struct vmd_assoc *small, vmd_va_t addr, uint64_t space)
{
	unsigned int i;

	for (i = 0; i < small->nr_sets * VMD_ASSOC_WAYS; i++) {
		const struct vmd_assoc_set *set =
			&small->sets[i / VMD_ASSOC_WAYS];
		uint64_t tag = set->way[i % VMD_ASSOC_WAYS].tag;

		if (is_piece_of(tag, set->way[i % VMD_ASSOC_WAYS].data, addr,
				space))
			(void)vmd_assoc_drop(small, tag);
	}
}

static void drop_space(struct vmd_tlb *tlb, vmd_va_t addr, uint64_t space)
{
	int level;

	for (level = VMD_LEVEL_PTE; level <= VMD_LEVEL_PUD; level++)
		(void)vmd_assoc_drop(memory_of(tlb, level),
				     tag_of(addr, level, space));
	if (tlb->any_piece)
		drop_pieces(&tlb->small, addr, space);
}

void vmd_tlb_drop(struct vmd_tlb *tlb, unsigned int pcid, vmd_va_t addr,
		  enum vmd_tlb_scope scope)
{
	drop_space(tlb, addr, pcid);
	if (scope == VMD_TLB_PCID_AND_GLOBAL && tlb->any_global)
		drop_space(tlb, addr, VMD_TAG_GLOBAL);
}

static void drop_matching(struct vmd_tlb *tlb, uint64_t mask, uint64_t value)
{
	vmd_assoc_drop_matching(&tlb->small, mask, value);
	vmd_assoc_drop_matching(&tlb->large, mask, value);
}

void vmd_tlb_drop_pcid(struct vmd_tlb *tlb, unsigned int pcid,
		       enum vmd_tlb_scope scope)
{
	drop_matching(tlb, VMD_TAG_GLOBAL | VMD_TAG_PCID, pcid);
	if (scope == VMD_TLB_PCID_AND_GLOBAL)
		drop_matching(tlb, VMD_TAG_GLOBAL, VMD_TAG_GLOBAL);
}

void vmd_tlb_drop_non_global(struct vmd_tlb *tlb)
{
	drop_matching(tlb, VMD_TAG_GLOBAL, 0);
}

void vmd_tlb_drop_all(struct vmd_tlb *tlb)
{
	vmd_assoc_drop_all(&tlb->small);
	vmd_assoc_drop_all(&tlb->large);
	tlb->any_global = false;
	tlb->any_piece = false;
}
