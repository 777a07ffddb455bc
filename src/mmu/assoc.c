/* SPDX-License-Identifier: MIT */
/*
 * Sets of ways. One that grows doubles when a set is full: its sets are
 * numbered by a hash, so that no pattern of addresses fills only one.
 */
#include "mmu/assoc.h"

#include <errno.h>
#include <string.h>
#include <vmmdirty/cpufeatures.h>

#define FIRST_GROWING_SETS 64U
#define MAX_SETS	   (1U << 26)

int vmd_assoc_init(struct vmd_assoc *assoc, struct vmd_env *env,
		   unsigned int nr_entries, unsigned int shift, uint64_t *rng)
{
	bool grows = nr_entries == VMD_TLB_UNBOUNDED;

	*assoc = (struct vmd_assoc){
		.nr_sets = grows ? FIRST_GROWING_SETS :
				   nr_entries / VMD_ASSOC_WAYS,
		.shift = shift,
		.grows = grows,
		.mixes = grows,
		.rng = rng,
	};
	/* None if it grows, draws its victims, or is not there. */
	assoc->nr_in_turn = grows || rng || !nr_entries ? UINT64_MAX :
							  nr_entries;
	if (!assoc->nr_sets)
		return 0;

	assoc->sets = vmd_alloc_array(&env->arena, assoc->nr_sets,
				      sizeof(*assoc->sets));
	assoc->victim = vmd_alloc(&env->arena, assoc->nr_sets);
	if (!assoc->sets || !assoc->victim) {
		vmd_assoc_fini(assoc, env);
		return -ENOMEM;
	}
	return 0;
}

void vmd_assoc_fini(struct vmd_assoc *assoc, struct vmd_env *env)
{
	vmd_free(&env->arena, assoc->sets);
	vmd_free(&env->arena, assoc->victim);
	assoc->sets = NULL;
	assoc->victim = NULL;
	assoc->nr_sets = 0;
	assoc->nr_used = 0;
}

/* VMD_ASSOC_WAYS: the set is full. */
static unsigned int free_way(const struct vmd_assoc_set *set)
{
	unsigned int way;

	for (way = 0; way < VMD_ASSOC_WAYS; way++)
		if (!set->way[way].tag)
			break;
	return way;
}

static unsigned int choose_victim(struct vmd_assoc *assoc, unsigned int index)
{
	unsigned int way = assoc->victim[index];

	if (assoc->rng)
		return (unsigned int)vmd_rng_next(assoc->rng) % VMD_ASSOC_WAYS;
	assoc->victim[index] = (uint8_t)((way + 1) % VMD_ASSOC_WAYS);
	return way;
}

/* False: some set of the bigger one is full too. */
static bool rehash(const struct vmd_assoc *from, struct vmd_assoc *to)
{
	unsigned int i;

	for (i = 0; i < from->nr_sets * VMD_ASSOC_WAYS; i++) {
		const struct vmd_assoc_set *old =
			&from->sets[i / VMD_ASSOC_WAYS];
		uint64_t tag = old->way[i % VMD_ASSOC_WAYS].tag;
		struct vmd_assoc_set *set;
		unsigned int way;

		if (!tag)
			continue;
		set = &to->sets[vmd_assoc_index(to, tag)];
		way = free_way(set);
		if (way == VMD_ASSOC_WAYS)
			return false;
		set->way[way].tag = tag;
		set->way[way].data = old->way[i % VMD_ASSOC_WAYS].data;
	}
	return true;
}

/* Without memory it stays as it is, and gives up entries: that is legal too. */
static bool grow(struct vmd_assoc *assoc, struct vmd_env *env)
{
	unsigned int nr_sets = assoc->nr_sets;

	while (nr_sets < MAX_SETS) {
		struct vmd_assoc bigger = *assoc;
		bool fits = false;

		nr_sets *= 2;
		bigger.nr_sets = nr_sets;
		bigger.sets = vmd_alloc_array(&env->arena, nr_sets,
					      sizeof(*bigger.sets));
		bigger.victim = vmd_alloc(&env->arena, nr_sets);
		if (bigger.sets && bigger.victim)
			fits = rehash(assoc, &bigger);
		if (fits) {
			vmd_assoc_fini(assoc, env);
			*assoc = bigger;
			return true;
		}
		if (!bigger.sets || !bigger.victim)
			nr_sets = MAX_SETS;
		vmd_assoc_fini(&bigger, env);
	}
	return false;
}

/* Where a new tag goes; its set may have to grow first. */
static struct vmd_assoc_set *make_room(struct vmd_assoc *assoc,
				       struct vmd_env *env, uint64_t tag,
				       unsigned int *way)
{
	unsigned int index = vmd_assoc_index(assoc, tag);
	bool full = assoc->nr_used == (uint64_t)assoc->nr_sets * VMD_ASSOC_WAYS;

	*way = full ? VMD_ASSOC_WAYS : free_way(&assoc->sets[index]);
	if (*way == VMD_ASSOC_WAYS && assoc->grows && grow(assoc, env)) {
		index = vmd_assoc_index(assoc, tag);
		*way = free_way(&assoc->sets[index]);
	}
	if (*way == VMD_ASSOC_WAYS)
		*way = choose_victim(assoc, index);
	return &assoc->sets[index];
}

uint64_t vmd_assoc_insert_slow(struct vmd_assoc *assoc, struct vmd_env *env,
			       uint64_t tag, uint64_t data, bool *kept)
{
	struct vmd_assoc_set *set;
	uint64_t evicted;
	unsigned int way;

	*kept = assoc->nr_sets;
	if (!*kept)
		return 0;

	set = make_room(assoc, env, tag, &way);
	evicted = set->way[way].tag;
	assoc->nr_used += !evicted;
	set->way[way].tag = tag;
	set->way[way].data = data;
	return evicted;
}

bool vmd_assoc_drop(struct vmd_assoc *assoc, uint64_t tag)
{
	struct vmd_assoc_set *set;
	unsigned int way;

	if (!assoc->nr_used)
		return false;
	set = &assoc->sets[vmd_assoc_index(assoc, tag)];
	for (way = 0; way < VMD_ASSOC_WAYS; way++) {
		if (set->way[way].tag != tag)
			continue;
		set->way[way].tag = 0;
		assoc->nr_used--;
		return true;
	}
	return false;
}

void vmd_assoc_drop_matching(struct vmd_assoc *assoc, uint64_t mask,
			     uint64_t value)
{
	unsigned int i;

	for (i = 0; assoc->nr_used && i < assoc->nr_sets; i++) {
		struct vmd_assoc_set *set = &assoc->sets[i];
		unsigned int way;

		for (way = 0; way < VMD_ASSOC_WAYS; way++) {
			uint64_t tag = set->way[way].tag;

			if (!tag || (tag & mask) != value)
				continue;
			set->way[way].tag = 0;
			assoc->nr_used--;
		}
	}
}

void vmd_assoc_drop_all(struct vmd_assoc *assoc)
{
	if (!assoc->nr_sets)
		return;
	if (assoc->nr_used)
		memset(assoc->sets, 0, assoc->nr_sets * sizeof(*assoc->sets));
	memset(assoc->victim, 0, assoc->nr_sets);
	assoc->nr_used = 0;
}
