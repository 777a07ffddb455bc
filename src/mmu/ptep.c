/* SPDX-License-Identifier: MIT */
/*
 * Changes of a slot that take more than one instruction, and those that flush.
 */
#include "mmu/ptep.h"

#include <errno.h>
#include <vmmdirty/geometry.h>

#include "mmu/context.h"
#include "mmu/shootdown.h"

void vmd_ptep_set_wrprotect(vmd_pte_t *ptep)
{
	vmd_pte_t old = vmd_ptep_get(ptep);

	while (!vmd_try_cmpxchg(&ptep->val, &old.val,
				vmd_pte_wrprotect(old).val))
		;
}

bool vmd_ptep_set_access_flags(vmd_pte_t *ptep, vmd_pte_t entry, bool dirty)
{
	bool changed = !vmd_pte_same(vmd_ptep_get(ptep), entry);

	if (changed && dirty)
		vmd_set_pte(ptep, entry);
	return changed;
}

bool vmd_ptep_test_and_clear_young(vmd_pte_t *ptep)
{
	if (!vmd_pte_young(vmd_ptep_get(ptep)))
		return false;
	return vmd_fetch_and(&ptep->val, ~VMD_PAGE_ACCESSED) &
	       VMD_PAGE_ACCESSED;
}

/*
 * Cleared: a TLB would go on allowing what memory forbids, or not set D again.
 * Set: the CPU finds out by itself. Bits that only software knows: no TLB has
 * them.
 */
bool vmd_pte_flags_need_flush(uint64_t old_flags, uint64_t new_flags,
			      bool ignore_access)
{
	const uint64_t when_cleared = VMD_PAGE_PRESENT | VMD_PAGE_DIRTY |
				      (ignore_access ? 0 : VMD_PAGE_ACCESSED);
	const uint64_t when_changed =
		VMD_PAGE_RW | VMD_PAGE_USER | VMD_PAGE_PWT | VMD_PAGE_PCD |
		VMD_PAGE_PSE | VMD_PAGE_GLOBAL | VMD_PAGE_PAT_LARGE |
		VMD_PAGE_PKEY_MASK | VMD_PAGE_NX;

	return (old_flags & ~new_flags & when_cleared) ||
	       ((old_flags ^ new_flags) & when_changed);
}

/* A of a pte may go without a flush (TL-4). */
bool vmd_pte_needs_flush(vmd_pte_t old, vmd_pte_t new_pte)
{
	if (!(old.val & VMD_PAGE_PRESENT))
		return false;
	return vmd_pte_pfn(old) != vmd_pte_pfn(new_pte) ||
	       vmd_pte_flags_need_flush(vmd_pte_flags(old),
					vmd_pte_flags(new_pte), true);
}

bool vmd_huge_pmd_needs_flush(vmd_pte_t old, vmd_pte_t new_pmd)
{
	if (!(old.val & VMD_PAGE_PRESENT))
		return false;
	return vmd_pmd_pfn(old) != vmd_pmd_pfn(new_pmd) ||
	       vmd_pte_flags_need_flush(vmd_pmd_flags(old),
					vmd_pmd_flags(new_pmd), false);
}

/* Who made it protnone raised the count before (TL-24). */
vmd_pte_t vmd_ptep_clear_flush(struct vmd_mm_context *ctx, vmd_va_t addr,
			       vmd_pte_t *ptep)
{
	vmd_pte_t old = vmd_ptep_get_and_clear(ptep);
	bool pending = vmd_load_acquire(&ctx->tlb_flush_pending) > 0;

	if (vmd_pte_accessible(old, pending))
		vmd_flush_tlb_page(ctx, addr);
	return old;
}

bool vmd_ptep_clear_flush_young(struct vmd_mm_context *ctx, vmd_va_t addr,
				vmd_pte_t *ptep)
{
	(void)ctx;
	(void)addr;
	return vmd_ptep_test_and_clear_young(ptep);
}

bool vmd_pmdp_clear_flush_young(struct vmd_mm_context *ctx, vmd_va_t addr,
				vmd_pte_t *pmdp)
{
	bool young = vmd_ptep_test_and_clear_young(pmdp);

	if (young)
		vmd_flush_tlb_range(ctx, addr,
				    addr + vmd_level_size(VMD_LEVEL_PMD));
	return young;
}

/*
 * The new value is made of an older look: A and D that hardware sets in between
 * are in what the exchange returns, and that is what callers go by.
 */
vmd_pte_t vmd_pmdp_invalidate_ad(vmd_pte_t *pmdp)
{
	return vmd_pmdp_establish(pmdp, vmd_pmd_mkinvalid(vmd_ptep_get(pmdp)));
}

vmd_pte_t vmd_pmdp_invalidate(struct vmd_mm_context *ctx, vmd_va_t addr,
			      vmd_pte_t *pmdp)
{
	vmd_pte_t old = vmd_pmdp_invalidate_ad(pmdp);

	vmd_flush_tlb_range(ctx, addr, addr + vmd_level_size(VMD_LEVEL_PMD));
	return old;
}

vmd_pte_t vmd_pudp_invalidate(struct vmd_mm_context *ctx, vmd_va_t addr,
			      vmd_pte_t *pudp)
{
	vmd_pte_t old =
		vmd_pmdp_establish(pudp, vmd_pud_mkinvalid(vmd_ptep_get(pudp)));

	vmd_flush_tlb_range(ctx, addr, addr + vmd_level_size(VMD_LEVEL_PUD));
	return old;
}

static bool is_in_ram(const struct vmd_ram *ram, vmd_pa_t addr, uint64_t size)
{
	uint64_t ram_size = ram->nr_frames << VMD_PAGE_SHIFT;

	return !(addr & (size - 1)) && size <= ram_size &&
	       addr <= ram_size - size;
}

static int set_huge(vmd_pte_t *slot, vmd_pte_t entry)
{
	if (vmd_entry_is_table(vmd_ptep_get(slot)))
		return -EBUSY;
	vmd_set_pte(slot, entry);
	return 0;
}

int vmd_pmd_set_huge(const struct vmd_ram *ram, vmd_pte_t *pmdp, vmd_pa_t addr,
		     uint64_t prot)
{
	if (!is_in_ram(ram, addr, vmd_level_size(VMD_LEVEL_PMD)) ||
	    (prot & VMD_PTE_PFN_MASK))
		return -EINVAL;
	prot = vmd_protval_4k_2_large(prot) | VMD_PAGE_PSE;
	return set_huge(pmdp, vmd_pfn_pmd(addr >> VMD_PAGE_SHIFT, prot));
}

int vmd_pud_set_huge(const struct vmd_ram *ram, vmd_pte_t *pudp, vmd_pa_t addr,
		     uint64_t prot)
{
	if (!is_in_ram(ram, addr, vmd_level_size(VMD_LEVEL_PUD)) ||
	    (prot & VMD_PTE_PFN_MASK))
		return -EINVAL;
	prot = vmd_protval_4k_2_large(prot) | VMD_PAGE_PSE;
	return set_huge(pudp, vmd_pfn_pud(addr >> VMD_PAGE_SHIFT, prot));
}

static bool clear_huge(vmd_pte_t *slot)
{
	if (!vmd_pmd_leaf(vmd_ptep_get(slot)))
		return false;
	vmd_pte_clear(slot);
	return true;
}

bool vmd_pmd_clear_huge(vmd_pte_t *pmdp)
{
	return clear_huge(pmdp);
}

bool vmd_pud_clear_huge(vmd_pte_t *pudp)
{
	return clear_huge(pudp);
}
