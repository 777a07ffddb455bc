/* SPDX-License-Identifier: MIT */
/*
 * The walk, in three steps:
 *
 *	descend   from what the paging-structure caches know, at each level
 *		    P = 0            fault, nothing said about protection   R1
 *		    reserved bit     fault, P and RSVD                      R2 R3
 *		    rights           and together, NX or together           R4
 *	judge     the rights of the whole path, at the leaf                 R5-R9
 *	mark      A from the top down, then A and D of the leaf             R11 R12
 *
 * A and D are set by compare-exchange, which fails if the entry is not what was
 * judged any more: then all is read and judged again (TL-1, F7).
 */
#include "mmu/walker.h"

#include <vmmdirty/cpu.h>
#include <vmmdirty/cpufeatures.h>

#include "base/compiler.h"
#include "mmu/pgtable.h"

struct walk {
	struct vmd_walker *walker;
	vmd_va_t addr;
	enum vmd_access_kind kind;
	enum vmd_walk_mode how;
	bool stale_write;
	bool set_dirty;

	/* The path, from the first level that was read down to the last. */
	int first;
	int level;
	vmd_pte_t *slot[VMD_MAX_LEVELS + 1];
	uint64_t entry[VMD_MAX_LEVELS + 1];
	uint64_t rights[VMD_MAX_LEVELS + 1]; /* of the path so far */
	unsigned int error_code;
};

enum outcome {
	GOOD,
	FAULT,
	AGAIN /* an entry has changed meanwhile */
};

static enum outcome fault(struct walk *walk, unsigned int why)
{
	walk->error_code =
		why | vmd_paging_access_code(&walk->walker->mode, walk->kind);
	return FAULT;
}

static bool is_leaf(uint64_t entry, int level)
{
	return level == VMD_LEVEL_PTE ||
	       ((entry & VMD_PAGE_PSE) && level <= VMD_LEVEL_PUD);
}

/* Memory that is not there answers as if the address were reserved. */
static bool is_reserved(const struct walk *walk, uint64_t entry, int level)
{
	unsigned int large = (entry & VMD_PAGE_PSE) != 0;
	vmd_pfn_t pfn = (entry & VMD_PTE_PFN_MASK) >> VMD_PAGE_SHIFT;

	if (vmd_unlikely(entry & walk->walker->mode.reserved[level][large]))
		return true;
	if (vmd_unlikely(large && level > VMD_LEVEL_PTE))
		pfn = vmd_pte_piece(entry, level, walk->addr);
	return vmd_unlikely(!vmd_frame_exists(walk->walker->ram, pfn));
}

static enum outcome descend(struct walk *walk)
{
	struct vmd_psc_hit from = vmd_psc_lookup(&walk->walker->psc,
						 &walk->walker->mode,
						 walk->addr);
	uint64_t rights = from.rights;
	vmd_pfn_t table = from.table;
	int level = from.level - 1;

	for (walk->first = level;; level--) {
		vmd_pte_t *slot = vmd_table(walk->walker->ram, table) +
				  vmd_level_index(walk->addr, level);
		uint64_t entry = vmd_upperp_get(slot).val;

		walk->level = level;
		walk->slot[level] = slot;
		walk->entry[level] = entry;
		if (vmd_unlikely(!(entry & VMD_PAGE_PRESENT)))
			return fault(walk, 0);
		if (is_reserved(walk, entry, level))
			return fault(walk, VMD_PF_PROT | VMD_PF_RSVD);
		rights = (rights & (entry | ~VMD_RIGHTS_AND)) |
			 (entry & VMD_PAGE_NX);
		walk->rights[level] = rights;
		if (is_leaf(entry, level))
			return GOOD;
		table = (entry & VMD_PTE_PFN_MASK) >> VMD_PAGE_SHIFT;
	}
}

/* The leaf with the rights of its path. */
static uint64_t effective(const struct walk *walk)
{
	uint64_t leaf = walk->entry[walk->level];

	return (leaf & ~(VMD_RIGHTS_AND | VMD_IGNORED_BITS)) |
	       walk->rights[walk->level];
}

static enum outcome judge(struct walk *walk)
{
	const struct vmd_paging *mode = &walk->walker->mode;
	uint64_t pte = effective(walk);

	if (walk->how == VMD_WALK_PREFETCH ||
	    vmd_likely(vmd_paging_allowed(mode, pte) & VMD_ALLOW(walk->kind)))
		return GOOD;
	walk->error_code = vmd_paging_denied_code(mode, pte, walk->kind);
	return FAULT;
}

static enum outcome set_bits(struct walk *walk, int level, uint64_t need)
{
	uint64_t old = walk->entry[level];

	if (vmd_likely((old & need) == need))
		return GOOD;
	if (!vmd_try_cmpxchg(&walk->slot[level]->val, &old, old | need))
		return AGAIN;
	walk->entry[level] = old | need;
	return GOOD;
}

/* Entries that point to tables, down to above @last. */
static enum outcome mark_upper(struct walk *walk, int last)
{
	enum outcome out = GOOD;
	int level;

	for (level = walk->first; level > last && out == GOOD; level--)
		out = set_bits(walk, level, VMD_PAGE_ACCESSED);
	return out;
}

static enum outcome mark_leaf(struct walk *walk)
{
	bool dirties = walk->kind == VMD_ACCESS_WRITE &&
		       walk->how == VMD_WALK_ACCESS;
	uint64_t need = VMD_PAGE_ACCESSED | (dirties ? VMD_PAGE_DIRTY : 0);

	walk->set_dirty = need & ~walk->entry[walk->level] & VMD_PAGE_DIRTY;
	return set_bits(walk, walk->level, need);
}

/* K10, TL-6: the store was let in by a cached W, and D comes too late. */
static enum outcome mark_stray(struct walk *walk)
{
	if (!walk->stale_write ||
	    !(walk->walker->config->flags & VMD_MACHINE_STRAY_DIRTY) ||
	    walk->level != VMD_LEVEL_PTE ||
	    (walk->error_code & (VMD_PF_PROT | VMD_PF_RSVD)) != VMD_PF_PROT)
		return GOOD;
	return set_bits(walk, walk->level, VMD_PAGE_DIRTY);
}

/* K1, R12: an access that faults may have set A on its way. */
static enum outcome mark_fault(struct walk *walk)
{
	enum outcome out = GOOD;

	if (walk->how == VMD_WALK_PROBE)
		return FAULT;
	if (!(walk->walker->config->flags & VMD_MACHINE_LAZY_ACCESSED))
		out = mark_upper(walk, walk->level);
	if (out == GOOD)
		out = mark_stray(walk);
	return out == GOOD ? FAULT : out;
}

/*
 * K6: what the caches of upper levels deny need not be what memory denies: it
 * is asked from the top on, unless spurious faults are wanted.
 */
static bool ask_memory(struct walk *walk)
{
	struct vmd_walker *walker = walk->walker;

	if (walk->first == walker->mode.levels ||
	    (walker->config->flags & VMD_MACHINE_SPURIOUS_FAULTS))
		return false;
	vmd_psc_drop(&walker->psc, walker->mode.pcid, walk->addr);
	return true;
}

static enum outcome walk_once(struct walk *walk)
{
	enum outcome out = descend(walk);

	if (out == GOOD)
		out = judge(walk);
	if (vmd_unlikely(out == FAULT))
		return ask_memory(walk) ? AGAIN : mark_fault(walk);
	if (walk->how == VMD_WALK_PROBE)
		return GOOD;
	out = mark_upper(walk, walk->level);
	return out == GOOD ? mark_leaf(walk) : out;
}

static void fill_psc(struct walk *walk)
{
	struct vmd_walker *walker = walk->walker;
	int level;

	for (level = walk->first; level > walk->level; level--)
		vmd_psc_insert(&walker->psc, walker->env, &walker->mode,
			       walk->addr, level, walk->entry[level],
			       walk->rights[level]);
}

bool vmd_hw_walk(struct vmd_walker *walker, vmd_va_t addr,
		 enum vmd_access_kind kind, enum vmd_walk_mode how,
		 bool stale_write, struct vmd_translation *found,
		 unsigned int *error_code)
{
	struct walk walk;
	enum outcome out;

	walk.walker = walker;
	walk.addr = addr;
	walk.kind = kind;
	walk.how = how;
	walk.stale_write = stale_write;
	walk.set_dirty = false;
	do
		out = walk_once(&walk);
	while (out == AGAIN);
	if (out == FAULT) {
		*error_code = walk.error_code;
		return false;
	}
	if (how != VMD_WALK_PROBE && walker->psc.on)
		fill_psc(&walk);
	found->pte = effective(&walk);
	found->level = walk.level;
	found->set_dirty = walk.set_dirty;
	return true;
}
