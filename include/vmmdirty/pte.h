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
 * special (no struct page), DM devmap. Bit 7 is PAT in the last level, where
 * there is nothing larger; a large page has its PAT in bit 12. With P=0 bit 8
 * is protnone: memory is there, nobody may touch it.
 *
 * One type serves all levels: a level is a number (vmmdirty/geometry.h). What
 * holds for an entry of any level is called pte_; pmd_ and pud_ forms, where
 * the kernel's differ, are in vmmdirty/pmd.h; entries of pages that are
 * elsewhere in vmmdirty/swapops.h.
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
#define VMD_PAGE_PAT	     VMD_PAGE_PSE
#define VMD_PAGE_GLOBAL	     (UINT64_C(1) << 8)
#define VMD_PAGE_PROTNONE    VMD_PAGE_GLOBAL
#define VMD_PAGE_SPECIAL     (UINT64_C(1) << 9)
#define VMD_PAGE_UFFD_WP     (UINT64_C(1) << 10)
#define VMD_PAGE_SOFT_DIRTY  (UINT64_C(1) << 11)
#define VMD_PAGE_PAT_LARGE   (UINT64_C(1) << 12)
#define VMD_PAGE_DEVMAP	     (UINT64_C(1) << 57)
#define VMD_PAGE_SAVED_DIRTY (UINT64_C(1) << 58)
#define VMD_PAGE_PKEY_SHIFT  59
#define VMD_PAGE_PKEY_MASK   (UINT64_C(15) << VMD_PAGE_PKEY_SHIFT)
#define VMD_PAGE_NX	     (UINT64_C(1) << 63)

/** Either of the two bits says that the page was written. */
#define VMD_PAGE_DIRTY_BITS (VMD_PAGE_DIRTY | VMD_PAGE_SAVED_DIRTY)

/** Which memory type an entry asks for, in the last level. */
#define VMD_PAGE_CACHE_MASK (VMD_PAGE_PWT | VMD_PAGE_PCD | VMD_PAGE_PAT)

/** What an entry says that points to a table: rights are the leaf's matter. */
#define VMD_PAGE_TABLE                                                        \
	(VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER | VMD_PAGE_ACCESSED | \
	 VMD_PAGE_DIRTY)

/** Bits 51:12, where the frame's number stands. */
#define VMD_PTE_PFN_MASK UINT64_C(0x000ffffffffff000)

/** What a change of rights keeps, for vmd_pte_modify() (TL-14). */
#define VMD_PAGE_CHG_MASK                                             \
	(VMD_PTE_PFN_MASK | VMD_PAGE_CACHE_MASK | VMD_PAGE_ACCESSED | \
	 VMD_PAGE_DIRTY_BITS | VMD_PAGE_SPECIAL | VMD_PAGE_UFFD_WP |  \
	 VMD_PAGE_SOFT_DIRTY | VMD_PAGE_DEVMAP)

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

static inline vmd_pte_t vmd_pte_set_flags(vmd_pte_t pte, uint64_t bits)
{
	return vmd_make_pte(pte.val | bits);
}

static inline vmd_pte_t vmd_pte_clear_flags(vmd_pte_t pte, uint64_t bits)
{
	return vmd_make_pte(pte.val & ~bits);
}

/**
 * What the frame's number is combined with: the number of an entry that is
 * there but not present stands inverted, as the kernel has it against L1TF, so
 * that it names no memory.
 */
static inline uint64_t vmd_protnone_mask(uint64_t val)
{
	return val && !(val & VMD_PAGE_PRESENT) ? ~UINT64_C(0) : 0;
}

/** @prot without a bit is no entry; a frame is then not found in it again. */
static inline vmd_pte_t vmd_pfn_pte(vmd_pfn_t pfn, uint64_t prot)
{
	uint64_t frame = (pfn << VMD_PAGE_SHIFT) ^ vmd_protnone_mask(prot);

	return vmd_make_pte((frame & VMD_PTE_PFN_MASK) | prot);
}

static inline vmd_pfn_t vmd_pte_pfn(vmd_pte_t pte)
{
	uint64_t frame = pte.val ^ vmd_protnone_mask(pte.val);

	return (frame & VMD_PTE_PFN_MASK) >> VMD_PAGE_SHIFT;
}

/** The same rights for the frame @nr further on. */
static inline vmd_pte_t vmd_pte_advance_pfn(vmd_pte_t pte, uint64_t nr)
{
	uint64_t step = nr << VMD_PAGE_SHIFT;

	return vmd_make_pte(vmd_protnone_mask(pte.val) ? pte.val - step :
							 pte.val + step);
}

/** All but the frame. */
static inline uint64_t vmd_pte_flags(vmd_pte_t pte)
{
	return pte.val & ~VMD_PTE_PFN_MASK;
}

/** Stray A and D do not make an entry (TL-13). */
static inline bool vmd_pte_none(vmd_pte_t pte)
{
	return !(pte.val & ~(VMD_PAGE_ACCESSED | VMD_PAGE_DIRTY));
}

static inline bool vmd_pte_present(vmd_pte_t pte)
{
	return pte.val & (VMD_PAGE_PRESENT | VMD_PAGE_PROTNONE);
}

static inline bool vmd_pte_protnone(vmd_pte_t pte)
{
	return (pte.val & (VMD_PAGE_PRESENT | VMD_PAGE_PROTNONE)) ==
	       VMD_PAGE_PROTNONE;
}

/** May a TLB hold it? A protnone entry: until its flush is done (TL-9). */
static inline bool vmd_pte_accessible(vmd_pte_t pte, bool tlb_flush_pending)
{
	return (pte.val & VMD_PAGE_PRESENT) ||
	       (vmd_pte_protnone(pte) && tlb_flush_pending);
}

static inline bool vmd_pte_same(vmd_pte_t a, vmd_pte_t b)
{
	return a.val == b.val;
}

/* Questions about one bit, or two that mean one thing. */

static inline bool vmd_pte_write(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_RW;
}

static inline bool vmd_pte_exec(vmd_pte_t pte)
{
	return !(pte.val & VMD_PAGE_NX);
}

static inline bool vmd_pte_dirty(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_DIRTY_BITS;
}

static inline bool vmd_pte_young(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_ACCESSED;
}

static inline bool vmd_pte_global(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_GLOBAL;
}

static inline bool vmd_pte_huge(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_PSE;
}

static inline bool vmd_pte_special(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_SPECIAL;
}

static inline bool vmd_pte_devmap(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_DEVMAP;
}

static inline bool vmd_pte_soft_dirty(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_SOFT_DIRTY;
}

static inline bool vmd_pte_uffd_wp(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_UFFD_WP;
}

/** The protection key in flags, 0 to 15. */
static inline unsigned int vmd_pte_flags_pkey(uint64_t flags)
{
	return (unsigned int)((flags & VMD_PAGE_PKEY_MASK) >>
			      VMD_PAGE_PKEY_SHIFT);
}

/* Changes. */

/** Without W: D goes to where it is safe (TL-12). */
static inline vmd_pte_t vmd_pte_mksaveddirty(vmd_pte_t pte)
{
	if (vmd_pte_write(pte) || !(pte.val & VMD_PAGE_DIRTY))
		return pte;
	return vmd_make_pte((pte.val & ~VMD_PAGE_DIRTY) | VMD_PAGE_SAVED_DIRTY);
}

/** With W: D comes back (TL-12). */
static inline vmd_pte_t vmd_pte_clear_saveddirty(vmd_pte_t pte)
{
	if (!vmd_pte_write(pte) || !(pte.val & VMD_PAGE_SAVED_DIRTY))
		return pte;
	return vmd_make_pte((pte.val & ~VMD_PAGE_SAVED_DIRTY) | VMD_PAGE_DIRTY);
}

static inline vmd_pte_t vmd_pte_wrprotect(vmd_pte_t pte)
{
	return vmd_pte_mksaveddirty(vmd_pte_clear_flags(pte, VMD_PAGE_RW));
}

static inline vmd_pte_t vmd_pte_mkwrite(vmd_pte_t pte)
{
	return vmd_pte_clear_saveddirty(vmd_pte_set_flags(pte, VMD_PAGE_RW));
}

static inline vmd_pte_t vmd_pte_mkclean(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_DIRTY_BITS);
}

static inline vmd_pte_t vmd_pte_mkdirty(vmd_pte_t pte)
{
	return vmd_pte_mksaveddirty(
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

static inline vmd_pte_t vmd_pte_mkexec(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_NX);
}

static inline vmd_pte_t vmd_pte_mkglobal(vmd_pte_t pte)
{
	return vmd_pte_set_flags(pte, VMD_PAGE_GLOBAL);
}

static inline vmd_pte_t vmd_pte_clrglobal(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_GLOBAL);
}

static inline vmd_pte_t vmd_pte_mkhuge(vmd_pte_t pte)
{
	return vmd_pte_set_flags(pte, VMD_PAGE_PSE);
}

static inline vmd_pte_t vmd_pte_clrhuge(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_PSE);
}

static inline vmd_pte_t vmd_pte_mkspecial(vmd_pte_t pte)
{
	return vmd_pte_set_flags(pte, VMD_PAGE_SPECIAL);
}

static inline vmd_pte_t vmd_pte_mkdevmap(vmd_pte_t pte)
{
	return vmd_pte_set_flags(pte, VMD_PAGE_SPECIAL | VMD_PAGE_DEVMAP);
}

static inline vmd_pte_t vmd_pte_mksoft_dirty(vmd_pte_t pte)
{
	return vmd_pte_set_flags(pte, VMD_PAGE_SOFT_DIRTY);
}

static inline vmd_pte_t vmd_pte_clear_soft_dirty(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_SOFT_DIRTY);
}

/** Stores are to be reported, so W goes. */
static inline vmd_pte_t vmd_pte_mkuffd_wp(vmd_pte_t pte)
{
	return vmd_pte_wrprotect(vmd_pte_set_flags(pte, VMD_PAGE_UFFD_WP));
}

static inline vmd_pte_t vmd_pte_clear_uffd_wp(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_UFFD_WP);
}

/**
 * Other rights for the same memory: @kept_mask stays, @prot says the rest, and
 * the frame's bits (@pfn_mask) turn with "present". D moves as the new W asks;
 * only from an entry that could not be written it does not move to SD: W=0 with
 * D=1 was a shadow stack.
 */
static inline vmd_pte_t vmd_entry_modify(vmd_pte_t old, uint64_t prot,
					 uint64_t kept_mask, uint64_t pfn_mask)
{
	uint64_t val = (old.val & kept_mask) | (prot & ~kept_mask);

	if (vmd_protnone_mask(old.val) != vmd_protnone_mask(val))
		val ^= pfn_mask;
	return vmd_pte_write(old) ? vmd_pte_mksaveddirty(vmd_make_pte(val)) :
				    vmd_pte_clear_saveddirty(vmd_make_pte(val));
}

/** TL-14 */
static inline vmd_pte_t vmd_pte_modify(vmd_pte_t pte, uint64_t prot)
{
	return vmd_entry_modify(pte, prot, VMD_PAGE_CHG_MASK, VMD_PTE_PFN_MASK);
}

VMD_END_DECLS

#endif /* VMMDIRTY_PTE_H */
