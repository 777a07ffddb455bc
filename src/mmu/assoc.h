/* SPDX-License-Identifier: MIT */
/*
 * A set-associative memory: a tag of 64 bits leads to a word. All caches of an
 * MMU are made of it. A hit changes nothing, so that nobody can tell whether
 * one was saved by the inline lines (D3); who leaves a full set is its oldest
 * entry or drawn from a seed (K9), the same everywhere.
 *
 *	tag    63 valid | 62 global | 56..12 address | 11..0 PCID
 *
 * The owner of the memory has the lock.
 */
#ifndef VMD_SRC_MMU_ASSOC_H
#define VMD_SRC_MMU_ASSOC_H

#include <vmmdirty/base.h>

#include "base/compiler.h"
#include "base/env.h"
#include "base/rng.h"

#define VMD_ASSOC_WAYS 8U

#define VMD_TAG_VALID	(UINT64_C(1) << 63)
#define VMD_TAG_GLOBAL	(UINT64_C(1) << 62)
#define VMD_TAG_ADDRESS UINT64_C(0x01fffffffffff000)
#define VMD_TAG_PCID	UINT64_C(0xfff)

/* The page's address, sign and all. */
static inline vmd_va_t vmd_tag_page(uint64_t tag)
{
	return (vmd_va_t)((int64_t)(tag << 7) >> 7) & VMD_PAGE_MASK;
}

/* Tag and word together: a hit touches one cache line of the host. */
struct vmd_assoc_set {
	struct {
		uint64_t tag; /* 0: free */
		uint64_t data;
	} way[VMD_ASSOC_WAYS];
};

struct vmd_assoc {
	struct vmd_assoc_set *sets;
	uint8_t *victim; /* of each set: who goes next, in turn */
	uint64_t nr_used;
	uint64_t nr_in_turn; /* that used, any tag takes a victim's place */
	unsigned int nr_sets; /* a power of two, 0: nothing is kept */
	unsigned int shift; /* the set is numbered by the tag from here on */
	unsigned int fold; /* by which a higher part of it joins in, or 0 */
	bool grows; /* instead of giving up an entry */
	bool mixes; /* the number is not simply the tag's low part */
	uint64_t *rng; /* of the replacement, NULL: in turn */
};

/*
 * @nr_entries: 0, VMD_ASSOC_WAYS times a power of two, or VMD_TLB_UNBOUNDED.
 * 0 or -ENOMEM.
 */
int vmd_assoc_init(struct vmd_assoc *assoc, struct vmd_env *env,
		   unsigned int nr_entries, unsigned int shift, uint64_t *rng);
void vmd_assoc_fini(struct vmd_assoc *assoc, struct vmd_env *env);

static inline unsigned int vmd_assoc_index(const struct vmd_assoc *assoc,
					   uint64_t tag)
{
	uint64_t number = tag >> assoc->shift;

	if (vmd_unlikely(assoc->mixes))
		number = assoc->grows ? vmd_mix64(number) :
					number ^ number >> assoc->fold;
	return (unsigned int)number & (assoc->nr_sets - 1);
}

/* The word of @tag, or NULL. */
static inline uint64_t *vmd_assoc_find(const struct vmd_assoc *assoc,
				       uint64_t tag)
{
	struct vmd_assoc_set *set;
	unsigned int way;

	if (!assoc->nr_used)
		return NULL;
	set = &assoc->sets[vmd_assoc_index(assoc, tag)];
#pragma GCC unroll 8
	for (way = 0; way < VMD_ASSOC_WAYS; way++)
		if (set->way[way].tag == tag)
			return &set->way[way].data;
	return NULL;
}

uint64_t vmd_assoc_insert_slow(struct vmd_assoc *assoc, struct vmd_env *env,
			       uint64_t tag, uint64_t data, bool *kept);

/*
 * A tag that is not there yet. Returns the tag that had to leave, or 0; *kept
 * is false if there is no room at all. Mostly all sets are full, and the next
 * one in turn leaves.
 */
static inline uint64_t vmd_assoc_insert(struct vmd_assoc *assoc,
					struct vmd_env *env, uint64_t tag,
					uint64_t data, bool *kept)
{
	struct vmd_assoc_set *set;
	unsigned int index;
	unsigned int way;
	uint64_t evicted;

	if (assoc->nr_used != assoc->nr_in_turn)
		return vmd_assoc_insert_slow(assoc, env, tag, data, kept);
	index = vmd_assoc_index(assoc, tag);
	set = &assoc->sets[index];
	way = assoc->victim[index];
	assoc->victim[index] = (uint8_t)((way + 1) % VMD_ASSOC_WAYS);
	evicted = set->way[way].tag;
	set->way[way].tag = tag;
	set->way[way].data = data;
	*kept = true;
	return evicted;
}

/* False: it was not there. */
bool vmd_assoc_drop(struct vmd_assoc *assoc, uint64_t tag);

/* All whose tag, under @mask, is @value. */
void vmd_assoc_drop_matching(struct vmd_assoc *assoc, uint64_t mask,
			     uint64_t value);
void vmd_assoc_drop_all(struct vmd_assoc *assoc);

#endif /* VMD_SRC_MMU_ASSOC_H */
