/* SPDX-License-Identifier: MIT */
/*
 * Entries above the last level, where the kernel's helpers differ from pte_
 * ones: an entry points to a table or maps a large page.
 *
 *	          P  PS  DM         present    leaf   trans_huge
 *	table     1  0   0          yes        no     no
 *	2M, 1G    1  1   0          yes        yes    yes
 *	devmap    1  1   1          yes        yes    no
 *	split     0  1   0          pmd: yes   yes    yes          mkinvalid
 *	                            pud: no
 *
 * All other questions and changes are the pte_ ones of vmmdirty/pte.h.
 */
#ifndef VMMDIRTY_PMD_H
#define VMMDIRTY_PMD_H

#include <vmmdirty/geometry.h>
#include <vmmdirty/pte.h>

VMD_BEGIN_DECLS

/** Where the frame's number of a large page stands: bits below are zero. */
#define VMD_PHYSICAL_PMD_PAGE_MASK (VMD_PTE_PFN_MASK & ~UINT64_C(0x1fffff))
#define VMD_PHYSICAL_PUD_PAGE_MASK (VMD_PTE_PFN_MASK & ~UINT64_C(0x3fffffff))

/**
 * What a change of rights of a large page keeps (TL-14): the same bits, as PS
 * stands where PAT does, and PAT in what was the frame's.
 */
#define VMD_HPAGE_CHG_MASK VMD_PAGE_CHG_MASK

/** Rights of a 4K page as those of a large one: PAT moves to bit 12. */
static inline uint64_t vmd_protval_4k_2_large(uint64_t prot)
{
	return (prot & ~(VMD_PAGE_PAT | VMD_PAGE_PAT_LARGE)) |
	       (prot & VMD_PAGE_PAT ? VMD_PAGE_PAT_LARGE : 0);
}

/** And back: PAT moves to bit 7. */
static inline uint64_t vmd_protval_large_2_4k(uint64_t prot)
{
	return (prot & ~(VMD_PAGE_PAT | VMD_PAGE_PAT_LARGE)) |
	       (prot & VMD_PAGE_PAT_LARGE ? VMD_PAGE_PAT : 0);
}

/** In an upper level: maps memory itself instead of pointing to a table. */
static inline bool vmd_pmd_leaf(vmd_pte_t pmd)
{
	return pmd.val & VMD_PAGE_PSE;
}

static inline bool vmd_pud_leaf(vmd_pte_t pud)
{
	return pud.val & VMD_PAGE_PSE;
}

/** A large page of ordinary memory. */
static inline bool vmd_pmd_trans_huge(vmd_pte_t pmd)
{
	return (pmd.val & (VMD_PAGE_PSE | VMD_PAGE_DEVMAP)) == VMD_PAGE_PSE;
}

static inline bool vmd_pud_trans_huge(vmd_pte_t pud)
{
	return (pud.val & (VMD_PAGE_PSE | VMD_PAGE_DEVMAP)) == VMD_PAGE_PSE;
}

/** Also while a large page is split: P is clear then, PS stays (TL-13). */
static inline bool vmd_pmd_present(vmd_pte_t pmd)
{
	return pmd.val & (VMD_PAGE_PRESENT | VMD_PAGE_PROTNONE | VMD_PAGE_PSE);
}

/** P alone (TL-13). */
static inline bool vmd_pud_present(vmd_pte_t pud)
{
	return pud.val & VMD_PAGE_PRESENT;
}

static inline bool vmd_p4d_present(vmd_pte_t p4d)
{
	return p4d.val & VMD_PAGE_PRESENT;
}

static inline bool vmd_pmd_protnone(vmd_pte_t pmd)
{
	return vmd_pte_protnone(pmd);
}

/** The bits of the frame's number, which a large page has fewer of. */
static inline uint64_t vmd_pmd_pfn_mask(vmd_pte_t pmd)
{
	return vmd_pmd_leaf(pmd) ? VMD_PHYSICAL_PMD_PAGE_MASK :
				   VMD_PTE_PFN_MASK;
}

static inline uint64_t vmd_pud_pfn_mask(vmd_pte_t pud)
{
	return vmd_pud_leaf(pud) ? VMD_PHYSICAL_PUD_PAGE_MASK :
				   VMD_PTE_PFN_MASK;
}

static inline vmd_pfn_t vmd_pmd_pfn(vmd_pte_t pmd)
{
	uint64_t frame = pmd.val ^ vmd_protnone_mask(pmd.val);

	return (frame & vmd_pmd_pfn_mask(pmd)) >> VMD_PAGE_SHIFT;
}

static inline vmd_pfn_t vmd_pud_pfn(vmd_pte_t pud)
{
	uint64_t frame = pud.val ^ vmd_protnone_mask(pud.val);

	return (frame & vmd_pud_pfn_mask(pud)) >> VMD_PAGE_SHIFT;
}

static inline uint64_t vmd_pmd_flags(vmd_pte_t pmd)
{
	return pmd.val & ~vmd_pmd_pfn_mask(pmd);
}

static inline uint64_t vmd_pud_flags(vmd_pte_t pud)
{
	return pud.val & ~vmd_pud_pfn_mask(pud);
}

/** For a large page; the low bits of @pfn that it has no room for go. */
static inline vmd_pte_t vmd_pfn_pmd(vmd_pfn_t pfn, uint64_t prot)
{
	uint64_t frame = (pfn << VMD_PAGE_SHIFT) ^ vmd_protnone_mask(prot);

	return vmd_make_pte((frame & VMD_PHYSICAL_PMD_PAGE_MASK) | prot);
}

static inline vmd_pte_t vmd_pfn_pud(vmd_pfn_t pfn, uint64_t prot)
{
	uint64_t frame = (pfn << VMD_PAGE_SHIFT) ^ vmd_protnone_mask(prot);

	return vmd_make_pte((frame & VMD_PHYSICAL_PUD_PAGE_MASK) | prot);
}

/**
 * Neither empty nor a pointer to a table as the kernel makes them. "Bad" is
 * the kernel's word: a large page is bad where a table was expected.
 */
static inline bool vmd_pmd_bad(vmd_pte_t pmd)
{
	const uint64_t may_vary = VMD_PAGE_USER | VMD_PAGE_ACCESSED;

	return (vmd_pmd_flags(pmd) & ~may_vary) != (VMD_PAGE_TABLE & ~may_vary);
}

static inline bool vmd_pud_bad(vmd_pte_t pud)
{
	return vmd_pud_flags(pud) & ~VMD_PAGE_TABLE;
}

/** NX as well: a kernel with page-table isolation sets it here. */
static inline bool vmd_p4d_bad(vmd_pte_t p4d)
{
	return vmd_pte_flags(p4d) & ~(VMD_PAGE_TABLE | VMD_PAGE_NX);
}

/** Of the fifth level. */
static inline bool vmd_pgd_bad(vmd_pte_t pgd)
{
	const uint64_t may_vary = VMD_PAGE_USER | VMD_PAGE_NX;

	return (vmd_pte_flags(pgd) & ~may_vary) != (VMD_PAGE_TABLE & ~may_vary);
}

static inline vmd_pte_t vmd_pmd_mkhuge(vmd_pte_t pmd)
{
	return vmd_pte_set_flags(pmd, VMD_PAGE_PSE);
}

static inline vmd_pte_t vmd_pud_mkhuge(vmd_pte_t pud)
{
	return vmd_pte_set_flags(pud, VMD_PAGE_PSE);
}

/** Not special, unlike a devmap pte. */
static inline vmd_pte_t vmd_pmd_mkdevmap(vmd_pte_t pmd)
{
	return vmd_pte_set_flags(pmd, VMD_PAGE_DEVMAP);
}

/** Hardware takes it for not present, software knows that it is being split. */
static inline vmd_pte_t vmd_pmd_mkinvalid(vmd_pte_t pmd)
{
	const uint64_t gone = VMD_PAGE_PRESENT | VMD_PAGE_PROTNONE;

	return vmd_pfn_pmd(vmd_pmd_pfn(pmd), vmd_pmd_flags(pmd) & ~gone);
}

static inline vmd_pte_t vmd_pud_mkinvalid(vmd_pte_t pud)
{
	const uint64_t gone = VMD_PAGE_PRESENT | VMD_PAGE_PROTNONE;

	return vmd_pfn_pud(vmd_pud_pfn(pud), vmd_pud_flags(pud) & ~gone);
}

/** TL-14, for large pages. */
static inline vmd_pte_t vmd_pmd_modify(vmd_pte_t pmd, uint64_t prot)
{
	return vmd_entry_modify(pmd, prot, VMD_HPAGE_CHG_MASK,
				VMD_PHYSICAL_PMD_PAGE_MASK);
}

static inline vmd_pte_t vmd_pud_modify(vmd_pte_t pud, uint64_t prot)
{
	return vmd_entry_modify(pud, prot, VMD_HPAGE_CHG_MASK,
				VMD_PHYSICAL_PUD_PAGE_MASK);
}

VMD_END_DECLS

#endif /* VMMDIRTY_PMD_H */
