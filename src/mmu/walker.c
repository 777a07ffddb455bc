/* SPDX-License-Identifier: MIT */
/*
 * The walk: from the top, at each level
 *
 *	P = 0             fault, nothing said about protection          R1
 *	reserved bit      fault, P and RSVD                             R2 R3
 *	rights            and together, NX or together                  R4
 *	a table           set A, go down                                R12
 *	a leaf            judge (R5, R6), then set A, and D for a write R11
 *
 * A and D are set by compare-exchange, which fails if the entry has changed:
 * then it is judged again (TL-1, F7).
 */
#include "mmu/walker.h"

#include <vmmdirty/cpu.h>

#include "mmu/pgtable.h"

#define RIGHTS (VMD_PAGE_RW | VMD_PAGE_USER)

/* Bits 51:MAXPHYADDR. */
#define RESERVED_ADDRESS \
	(VMD_PTE_PFN_MASK & ~((UINT64_C(1) << VMD_MAXPHYADDR) - 1))

struct walk {
	const struct vmd_mm_context *ctx;
	vmd_va_t addr;
	bool write;
	uint64_t rights; /* accumulated */
	unsigned int error_code;
};

static bool fault(struct walk *walk, unsigned int why)
{
	walk->error_code = why | VMD_PF_USER | (walk->write ? VMD_PF_WRITE : 0);
	return false;
}

static bool is_leaf(vmd_pte_t entry, int level)
{
	return level == VMD_LEVEL_PTE ||
	       (level < VMD_LEVEL_PGD && vmd_pmd_leaf(entry));
}

/* R3: address bits, PS of the top level, address bits of large leaves. */
static uint64_t reserved_bits(vmd_pte_t entry, int level)
{
	uint64_t reserved = RESERVED_ADDRESS;

	if (level == VMD_LEVEL_PGD)
		return reserved | VMD_PAGE_PSE;
	if (level > VMD_LEVEL_PTE && vmd_pmd_leaf(entry))
		reserved |= (vmd_level_size(level) - 1) &
			    ~((UINT64_C(1) << 13) - 1);
	return reserved;
}

/* The frame of the 4K piece of a leaf of @level that holds @addr. */
static vmd_pfn_t piece(vmd_pte_t leaf, vmd_va_t addr, int level)
{
	uint64_t offset = (addr & (vmd_level_size(level) - 1)) >>
			  VMD_PAGE_SHIFT;
	uint64_t mask = (vmd_level_size(level) >> VMD_PAGE_SHIFT) - 1;

	return (vmd_pte_pfn(leaf) & ~mask) | offset;
}

/* Memory that is not there answers as if the address were reserved. */
static bool is_reserved(const struct walk *walk, vmd_pte_t entry, int level)
{
	vmd_pfn_t pfn = is_leaf(entry, level) ?
				piece(entry, walk->addr, level) :
				vmd_pte_pfn(entry);

	return (entry.val & reserved_bits(entry, level)) ||
	       pfn >= walk->ctx->ram->nr_frames;
}

static bool judge(struct walk *walk, vmd_pte_t entry, int level,
		  uint64_t *rights)
{
	*rights = walk->rights & (entry.val | ~RIGHTS);
	*rights |= entry.val & VMD_PAGE_NX;
	if (!(entry.val & VMD_PAGE_PRESENT))
		return fault(walk, 0);
	if (is_reserved(walk, entry, level))
		return fault(walk, VMD_PF_PROT | VMD_PF_RSVD);
	if (!is_leaf(entry, level))
		return true;
	if (!(*rights & VMD_PAGE_USER) ||
	    (walk->write && !(*rights & VMD_PAGE_RW)))
		return fault(walk, VMD_PF_PROT);
	return true;
}

/* Reads, judges and marks one entry; *entry is what stands there in the end. */
static bool use_entry(struct walk *walk, vmd_pte_t *slot, int level,
		      vmd_pte_t *entry, bool *changed)
{
	uint64_t old = vmd_upperp_get(slot).val;

	for (;;) {
		uint64_t need = VMD_PAGE_ACCESSED;
		uint64_t rights;

		*entry = vmd_make_pte(old);
		if (!judge(walk, *entry, level, &rights))
			return false;
		if (walk->write && is_leaf(*entry, level))
			need |= VMD_PAGE_DIRTY;
		*changed = (old & need) != need;
		if (!*changed ||
		    vmd_try_cmpxchg(&slot->val, &old, old | need)) {
			*changed = *changed && (need & ~old & VMD_PAGE_DIRTY);
			*entry = vmd_make_pte(old | need);
			walk->rights = rights;
			return true;
		}
	}
}

bool vmd_hw_walk(const struct vmd_mm_context *ctx, vmd_va_t addr, bool write,
		 struct vmd_translation *found, unsigned int *error_code)
{
	struct walk walk = { ctx, addr, write, RIGHTS, 0 };
	vmd_pfn_t table = ctx->pgd;
	vmd_pte_t entry;
	bool set_dirty;
	int level;

	for (level = VMD_LEVEL_PGD;; level--) {
		vmd_pte_t *slot = vmd_table(ctx->ram, table) +
				  vmd_level_index(addr, level);

		if (!use_entry(&walk, slot, level, &entry, &set_dirty)) {
			*error_code = walk.error_code;
			return false;
		}
		if (is_leaf(entry, level))
			break;
		table = vmd_pte_pfn(entry);
	}
	*found = (struct vmd_translation){
		.pfn = piece(entry, addr, level),
		.rights = walk.rights,
		.dirty = entry.val & VMD_PAGE_DIRTY,
		.set_dirty = set_dirty,
		.fragment = level > VMD_LEVEL_PTE,
	};
	return true;
}
