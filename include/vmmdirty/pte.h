/* SPDX-License-Identifier: MIT */
/*
 * Entries of x86-64 page tables, bit for bit, under the kernel's names
 * (arch/x86/include/asm/pgtable.h, pgtable_types.h of Linux 6.12).
 *
 *	63  62..59  58  57  56..52  51..12  11  10   9    8  7   6 5 4   3   2 1 0
 *	NX  key     SD  DM  -       frame   S   UF   SP   G  PS  D A PCD PWT U W P
 *
 * SD keeps "dirty" of an entry that was write-protected while dirty: W=0 with
 * D=1 would mean a shadow stack (TL-12). S is soft-dirty, UF uffd-wp, SP
 * special (no struct page), DM devmap.
 *
 * All functions are pure: they look at a value or return a changed one.
 */
#ifndef VMMDIRTY_PTE_H
#define VMMDIRTY_PTE_H

#include <stdbool.h>

#include <vmmdirty/base.h>

VMD_BEGIN_DECLS

#define VMD_PAGE_PRESENT     (UINT64_C(1) << 0)
#define VMD_PAGE_RW	     (UINT64_C(1) << 1)
#define VMD_PAGE_USER	     (UINT64_C(1) << 2)
#define VMD_PAGE_PWT	     (UINT64_C(1) << 3)
#define VMD_PAGE_PCD	     (UINT64_C(1) << 4)
#define VMD_PAGE_ACCESSED    (UINT64_C(1) << 5)
#define VMD_PAGE_DIRTY	     (UINT64_C(1) << 6)
#define VMD_PAGE_PSE	     (UINT64_C(1) << 7)
#define VMD_PAGE_GLOBAL	     (UINT64_C(1) << 8)
#define VMD_PAGE_SPECIAL     (UINT64_C(1) << 9)
#define VMD_PAGE_UFFD_WP     (UINT64_C(1) << 10)
#define VMD_PAGE_SOFT_DIRTY  (UINT64_C(1) << 11)
#define VMD_PAGE_DEVMAP	     (UINT64_C(1) << 57)
#define VMD_PAGE_SAVED_DIRTY (UINT64_C(1) << 58)
#define VMD_PAGE_NX	     (UINT64_C(1) << 63)

/** Either of the two bits says that the page was written. */
#define VMD_PAGE_DIRTY_BITS (VMD_PAGE_DIRTY | VMD_PAGE_SAVED_DIRTY)

/** Bits 51:12, where the frame's number stands. */
#define VMD_PTE_PFN_MASK UINT64_C(0x000ffffffffff000)

/** log2 of the entries in a table. */
#define VMD_PTRS_PER_TABLE_SHIFT 9
/** Entries in a table. */
#define VMD_PTRS_PER_TABLE (1U << VMD_PTRS_PER_TABLE_SHIFT)

/**
 * struct vmd_pte - one entry, of any level
 * @val: the 64 bits
 */
struct vmd_pte {
	uint64_t val;
};

/** Not an integer, so that an entry is never taken for an address. */
typedef struct vmd_pte vmd_pte_t;

static inline vmd_pte_t vmd_make_pte(uint64_t val)
{
	vmd_pte_t pte = { val };

	return pte;
}

static inline vmd_pte_t vmd_pfn_pte(vmd_pfn_t pfn, uint64_t prot)
{
	return vmd_make_pte(((pfn << VMD_PAGE_SHIFT) & VMD_PTE_PFN_MASK) |
			    prot);
}

static inline vmd_pfn_t vmd_pte_pfn(vmd_pte_t pte)
{
	return (pte.val & VMD_PTE_PFN_MASK) >> VMD_PAGE_SHIFT;
}

static inline vmd_pte_t vmd_pte_set_flags(vmd_pte_t pte, uint64_t bits)
{
	return vmd_make_pte(pte.val | bits);
}

static inline vmd_pte_t vmd_pte_clear_flags(vmd_pte_t pte, uint64_t bits)
{
	return vmd_make_pte(pte.val & ~bits);
}

/** Stray A and D do not make an entry (TL-13). */
static inline bool vmd_pte_none(vmd_pte_t pte)
{
	return !(pte.val & ~(VMD_PAGE_ACCESSED | VMD_PAGE_DIRTY));
}

static inline bool vmd_pte_present(vmd_pte_t pte)
{
	return pte.val & (VMD_PAGE_PRESENT | VMD_PAGE_GLOBAL);
}

static inline bool vmd_pte_write(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_RW;
}

static inline bool vmd_pte_dirty(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_DIRTY_BITS;
}

static inline bool vmd_pte_young(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_ACCESSED;
}

static inline bool vmd_pte_special(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_SPECIAL;
}

/** In an upper level: maps memory itself instead of pointing to a table. */
static inline bool vmd_pmd_leaf(vmd_pte_t pmd)
{
	return pmd.val & VMD_PAGE_PSE;
}

static inline bool vmd_pte_same(vmd_pte_t a, vmd_pte_t b)
{
	return a.val == b.val;
}

/** Moves D to where it is safe without W, or back (TL-12). */
static inline vmd_pte_t vmd_pte_shift_dirty(vmd_pte_t pte)
{
	if (vmd_pte_write(pte) && (pte.val & VMD_PAGE_SAVED_DIRTY))
		return vmd_make_pte((pte.val & ~VMD_PAGE_SAVED_DIRTY) |
				    VMD_PAGE_DIRTY);
	if (!vmd_pte_write(pte) && (pte.val & VMD_PAGE_DIRTY))
		return vmd_make_pte((pte.val & ~VMD_PAGE_DIRTY) |
				    VMD_PAGE_SAVED_DIRTY);
	return pte;
}

static inline vmd_pte_t vmd_pte_wrprotect(vmd_pte_t pte)
{
	return vmd_pte_shift_dirty(vmd_pte_clear_flags(pte, VMD_PAGE_RW));
}

static inline vmd_pte_t vmd_pte_mkwrite(vmd_pte_t pte)
{
	return vmd_pte_shift_dirty(vmd_pte_set_flags(pte, VMD_PAGE_RW));
}

static inline vmd_pte_t vmd_pte_mkclean(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_DIRTY_BITS);
}

static inline vmd_pte_t vmd_pte_mkdirty(vmd_pte_t pte)
{
	return vmd_pte_shift_dirty(
		vmd_pte_set_flags(pte, VMD_PAGE_DIRTY | VMD_PAGE_SOFT_DIRTY));
}

static inline vmd_pte_t vmd_pte_mkyoung(vmd_pte_t pte)
{
	return vmd_pte_set_flags(pte, VMD_PAGE_ACCESSED);
}

static inline vmd_pte_t vmd_pte_mkold(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_ACCESSED);
}

static inline vmd_pte_t vmd_pte_mkspecial(vmd_pte_t pte)
{
	return vmd_pte_set_flags(pte, VMD_PAGE_SPECIAL);
}

VMD_END_DECLS

#endif /* VMMDIRTY_PTE_H */
