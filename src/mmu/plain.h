/* SPDX-License-Identifier: MIT */
/*
 * The short ways through the MMU, inline, for what nearly all accesses are:
 *
 *	hit     the TLB has the 4K page, allows the access, and has D for a store
 *	walk    the TLB has nothing; every entry above the last level leads on and
 *		has A, the leaf is of 4K and not global, no bit is reserved,
 *		nothing is denied
 *
 * They do what translate.c and walker.c would do and know nothing else: of
 * anything that is not plain they say nothing, and have changed nothing.
 *
 * The caller is in the CPU's section.
 */
#ifndef VMD_SRC_MMU_PLAIN_H
#define VMD_SRC_MMU_PLAIN_H

#include "base/compiler.h"
#include "base/counter.h"
#include "mmu/cpu.h"
#include "mmu/hw.h"
#include "mmu/pgtable.h"

/* Not canonical, or a CPU that is not plain: vmd_translate() looks closer. */
static inline bool vmd_is_odd(const struct vmd_cpu *cpu, vmd_va_t addr)
{
	return !vmd_is_canonical_in(&cpu->walker.mode, addr) || !cpu->is_plain;
}

/*
 * @word: as in the TLB; @allowed: what it allows now, @kind among it: what has
 * just been done needs no second look.
 */
static inline VMD_ALWAYS_INLINE void
vmd_fill_line(struct vmd_cpu *cpu, vmd_va_t addr, const void *page,
	      uint64_t word, unsigned int allowed, enum vmd_access_kind kind)
{
	const struct vmd_line_rights rights = {
		.read = kind == VMD_ACCESS_READ ||
			(allowed & VMD_ALLOW(VMD_ACCESS_READ)),
		.write = kind == VMD_ACCESS_WRITE ||
			 ((allowed & VMD_ALLOW(VMD_ACCESS_WRITE)) &&
			  (word & VMD_PAGE_DIRTY)),
		.fetch = kind == VMD_ACCESS_FETCH ||
			 (allowed & VMD_ALLOW(VMD_ACCESS_FETCH)),
	};

	vmd_line_fill(&cpu->fast, &cpu->lines, addr, page, rights);
}

/* A cached 4K page that needs no second look: allowed, and D is cached. */
static inline bool vmd_usable_at_once(uint64_t word, unsigned int allowed,
				      enum vmd_access_kind kind)
{
	uint64_t dirty = kind == VMD_ACCESS_WRITE ? VMD_PAGE_DIRTY : 0;
	uint64_t is_small = (uint64_t)VMD_LEVEL_PTE << VMD_TLB_LEVEL_SHIFT;

	return (allowed & VMD_ALLOW(kind)) &&
	       (word & (VMD_TLB_LEVEL_MASK | dirty)) == (is_small | dirty);
}

/*
 * In the section: the host address of @addr if the TLB has all that it takes,
 * the line filled; or NULL, and *known is what it has. The frame exists and is
 * marked as written, or it would not be in the TLB.
 */
static inline VMD_ALWAYS_INLINE void *
vmd_translate_hit(struct vmd_cpu *cpu, vmd_va_t addr, enum vmd_access_kind kind,
		  const uint64_t **known)
{
	const struct vmd_paging *mode = &cpu->walker.mode;
	unsigned int allowed;
	const uint8_t *page;
	uint64_t word;

	*known = vmd_tlb_find_small(&cpu->tlb, mode->pcid, addr);
	if (!*known)
		return NULL;
	word = **known;
	allowed = vmd_paging_plainly_allowed(mode, word);
	if (vmd_unlikely(!vmd_usable_at_once(word, allowed, kind)))
		return NULL;
	page = cpu->walker.ram->base + (word & VMD_PTE_PFN_MASK);
	vmd_fill_line(cpu, addr, page, word, allowed, kind);
	return (void *)((uintptr_t)page + (addr & ~VMD_PAGE_MASK));
}

struct vmd_plain_path {
	uint8_t *base; /* of memory */
	uint64_t size; /* of what is behind frame 0 */
	uint64_t table; /* where the next one is */
	vmd_pte_t *slot; /* of the entry that was read last */
	uint64_t entry;
	uint64_t all; /* bits that all entries have */
	uint64_t any; /* bits that one of them has */
};

/* Reads one entry; false: it leads out of memory. */
static inline VMD_ALWAYS_INLINE bool vmd_step_down(struct vmd_plain_path *path,
						   vmd_va_t addr, int level)
{
	path->slot = (vmd_pte_t *)(void *)(path->base + path->table) +
		     vmd_level_index(addr, level);
	path->entry = vmd_upperp_get(path->slot).val;
	path->all &= path->entry;
	path->any |= path->entry;
	path->table = path->entry & VMD_PTE_PFN_MASK;
	return vmd_likely(path->table - VMD_PAGE_SIZE < path->size);
}

/* From the top; what was read on the way is judged when all of it is there. */
static inline VMD_ALWAYS_INLINE bool
vmd_descend_upper(const struct vmd_walker *walker, vmd_va_t addr,
		  struct vmd_plain_path *path)
{
	const uint64_t leads_on = VMD_PAGE_PRESENT | VMD_PAGE_ACCESSED;

	path->table = walker->mode.root << VMD_PAGE_SHIFT;
	path->all = UINT64_MAX;
	path->any = 0;
	if (vmd_unlikely(walker->mode.levels > VMD_LEVEL_P4D) &&
	    !vmd_step_down(path, addr, VMD_LEVEL_PGD))
		return false;
	return vmd_step_down(path, addr, VMD_LEVEL_P4D) &&
	       vmd_step_down(path, addr, VMD_LEVEL_PUD) &&
	       vmd_step_down(path, addr, VMD_LEVEL_PMD) &&
	       vmd_likely((path->all & leads_on) == leads_on &&
			  !(path->any & VMD_PAGE_PSE));
}

static inline VMD_ALWAYS_INLINE bool
vmd_descend_plain(const struct vmd_walker *walker, vmd_va_t addr,
		  struct vmd_plain_path *path)
{
	path->base = walker->ram->base;
	path->size = (walker->ram->nr_frames - 1) << VMD_PAGE_SHIFT;
	if (walker->psc.on) {
		const uint64_t *word =
			vmd_psc_find_last(&walker->psc, &walker->mode, addr);

		if (!word)
			return false; /* the caches want to be filled */
		path->table = *word & VMD_PTE_PFN_MASK;
		path->all = *word | ~VMD_RIGHTS_AND;
		path->any = *word & VMD_PAGE_NX;
	} else if (!vmd_descend_upper(walker, addr, path)) {
		return false;
	}
	return vmd_step_down(path, addr, VMD_LEVEL_PTE) &&
	       (path->entry & VMD_PAGE_PRESENT);
}

static inline VMD_ALWAYS_INLINE bool
vmd_walk_plain(const struct vmd_walker *walker, vmd_va_t addr,
	       enum vmd_access_kind kind, struct vmd_translation *found)
{
	const struct vmd_paging *mode = &walker->mode;
	uint64_t need = VMD_PAGE_ACCESSED |
			(kind == VMD_ACCESS_WRITE ? VMD_PAGE_DIRTY : 0);
	struct vmd_plain_path path;
	uint64_t old;
	uint64_t pte;

	if (vmd_unlikely(!vmd_descend_plain(walker, addr, &path)))
		return false;
	pte = (path.entry & ~(VMD_RIGHTS_AND | VMD_IGNORED_BITS)) |
	      (path.all & VMD_RIGHTS_AND) | (path.any & VMD_PAGE_NX);
	if (vmd_unlikely(
		    (path.any & mode->not_plain) ||
		    !(vmd_paging_plainly_allowed(mode, pte) & VMD_ALLOW(kind))))
		return false;
	found->pte = pte | need;
	found->level = VMD_LEVEL_PTE;
	found->set_dirty = need & ~pte & VMD_PAGE_DIRTY;
	old = path.entry;
	return (pte & need) == need ||
	       vmd_try_cmpxchg(&path.slot->val, &old, old | need);
}

/* D3: what leaves the TLB takes its lines along. */
static inline void vmd_drop_evicted(struct vmd_cpu *cpu,
				    const struct vmd_tlb_evicted *evicted)
{
	if (!evicted->tag)
		return;
	if (vmd_unlikely(evicted->large))
		(void)vmd_lines_wipe(&cpu->fast, &cpu->lines);
	else
		vmd_line_drop(&cpu->fast, vmd_tag_page(evicted->tag));
}

static inline void vmd_count_walk(struct vmd_cpu *cpu, bool set_dirty)
{
	uint64_t *nr = cpu->clock.counts.nr;

	vmd_counter_add_owner(&nr[VMD_EV_TLB_WALK], 1);
	if (set_dirty)
		vmd_counter_add_owner(&nr[VMD_EV_DIRTY_ASSIST], 1);
}

/*
 * The host address of @addr, of which vmd_translate_hit() has found nothing;
 * A and D set, TLB and line filled; or NULL.
 */
static inline VMD_ALWAYS_INLINE void *
vmd_translate_walk(struct vmd_cpu *cpu, vmd_va_t addr,
		   enum vmd_access_kind kind)
{
	const struct vmd_paging *mode = &cpu->walker.mode;
	struct vmd_tlb_evicted evicted;
	struct vmd_translation found;
	const uint8_t *page;
	bool kept;

	if (vmd_unlikely(vmd_tlb_has_other(&cpu->tlb)) ||
	    vmd_unlikely(!vmd_walk_plain(&cpu->walker, addr, kind, &found)))
		return NULL;
	vmd_count_walk(cpu, found.set_dirty);
	kept = vmd_tlb_add_small(&cpu->tlb, cpu->env, mode->pcid, addr,
				 vmd_tlb_word(&found), &evicted);
	vmd_drop_evicted(cpu, &evicted);
	if (found.pte & VMD_PAGE_DIRTY)
		vmd_frame_mark_written(&cpu->hw->ram,
				       (found.pte & VMD_PTE_PFN_MASK) >>
					       VMD_PAGE_SHIFT);
	page = cpu->walker.ram->base + (found.pte & VMD_PTE_PFN_MASK);
	if (vmd_likely(kept))
		vmd_fill_line(cpu, addr, page, found.pte,
			      vmd_paging_plainly_allowed(mode, found.pte),
			      kind);
	return (void *)((uintptr_t)page + (addr & ~VMD_PAGE_MASK));
}

#endif /* VMD_SRC_MMU_PLAIN_H */
