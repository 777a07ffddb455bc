/* SPDX-License-Identifier: MIT */
/*
 * Entries that are not present and still say something: where a page went
 * (Linux 6.12: include/linux/swapops.h, arch/x86/include/asm/pgtable_64.h).
 *
 *	63..59  58..9            8  7  6  5  4  3   2   1   0
 *	type    offset inverted  0  0  0  0  -  E   UF  SD  0
 *
 * Bits are used again (TL-17): SD, soft-dirty, stands where a present entry has
 * W; UF, uffd-wp, in U; E says that a page is nobody else's. A and D are never
 * used: an old erratum sets them. The offset is inverted so that it names no
 * memory, and what is inverted may show a set bit where a present entry has
 * "saved dirty". So W and dirty are asked of present entries only (SP-9).
 *
 * A vmd_swp_entry_t is the same thing in a form of its own, without flags; only
 * the functions at the end know both.
 */
#ifndef VMMDIRTY_SWAPOPS_H
#define VMMDIRTY_SWAPOPS_H

#include <vmmdirty/pmd.h>
#include <vmmdirty/pte.h>

VMD_BEGIN_DECLS

#define VMD_PAGE_SWP_SOFT_DIRTY VMD_PAGE_RW
#define VMD_PAGE_SWP_UFFD_WP	VMD_PAGE_USER
#define VMD_PAGE_SWP_EXCLUSIVE	VMD_PAGE_PWT

/** Bits of a type. */
#define VMD_SWP_TYPE_BITS 5
/** Bits of an offset, as an entry of a page table has them. */
#define VMD_SWP_OFFSET_BITS 50
/** The lowest bit of the offset in an entry of a page table. */
#define VMD_SWP_OFFSET_FIRST_BIT 9

/**
 * enum vmd_swp_type - types that are no swap file
 * @VMD_MAX_SWAPFILES: types below this one are swap files
 * @VMD_SWP_HWPOISON: the memory has failed
 * @VMD_SWP_MIGRATION_READ: the page is on its way elsewhere; it was read-only
 * @VMD_SWP_MIGRATION_READ_EXCLUSIVE: likewise, and nobody else has it
 * @VMD_SWP_MIGRATION_WRITE: on its way; it was writable
 * @VMD_SWP_DEVICE_WRITE: the page is in a device's memory; it was writable
 * @VMD_SWP_DEVICE_READ: likewise, read-only
 * @VMD_SWP_DEVICE_EXCLUSIVE_WRITE: in RAM, but a device has it alone; writable
 * @VMD_SWP_DEVICE_EXCLUSIVE_READ: likewise, read-only
 * @VMD_SWP_PTE_MARKER: no page, only a remark
 */
enum vmd_swp_type {
	VMD_MAX_SWAPFILES = 23,
	VMD_SWP_HWPOISON = VMD_MAX_SWAPFILES,
	VMD_SWP_MIGRATION_READ,
	VMD_SWP_MIGRATION_READ_EXCLUSIVE,
	VMD_SWP_MIGRATION_WRITE,
	VMD_SWP_DEVICE_WRITE,
	VMD_SWP_DEVICE_READ,
	VMD_SWP_DEVICE_EXCLUSIVE_WRITE,
	VMD_SWP_DEVICE_EXCLUSIVE_READ,
	VMD_SWP_PTE_MARKER
};

/**
 * struct vmd_swp_entry - a type and an offset
 * @val: the type from bit 58 up, the offset below
 */
struct vmd_swp_entry {
	uint64_t val;
};

/** Not an entry of a page table, and not mixed with one. */
typedef struct vmd_swp_entry vmd_swp_entry_t;

#define VMD_SWP_TYPE_SHIFT  58
#define VMD_SWP_OFFSET_MASK ((UINT64_C(1) << VMD_SWP_TYPE_SHIFT) - 1)

static inline vmd_swp_entry_t vmd_swp_entry(unsigned int type, uint64_t offset)
{
	vmd_swp_entry_t entry = { ((uint64_t)type << VMD_SWP_TYPE_SHIFT) |
				  (offset & VMD_SWP_OFFSET_MASK) };

	return entry;
}

static inline unsigned int vmd_swp_type(vmd_swp_entry_t entry)
{
	return (unsigned int)(entry.val >> VMD_SWP_TYPE_SHIFT);
}

static inline uint64_t vmd_swp_offset(vmd_swp_entry_t entry)
{
	return entry.val & VMD_SWP_OFFSET_MASK;
}

/** Is it something else than a place in a swap file? */
static inline bool vmd_non_swap_entry(vmd_swp_entry_t entry)
{
	return vmd_swp_type(entry) >= VMD_MAX_SWAPFILES;
}

/*
 * Entries that name a frame: its number is the lower part of the offset, two
 * more bits keep A and D while a page migrates. A kernel with tables of four
 * levels has frames of 34 bits here, one with five has these 40.
 */
#define VMD_SWP_PFN_BITS  40
#define VMD_SWP_PFN_MASK  ((UINT64_C(1) << VMD_SWP_PFN_BITS) - 1)
#define VMD_SWP_MIG_YOUNG (UINT64_C(1) << VMD_SWP_PFN_BITS)
#define VMD_SWP_MIG_DIRTY (UINT64_C(1) << (VMD_SWP_PFN_BITS + 1))

static inline bool vmd_is_migration_entry(vmd_swp_entry_t entry)
{
	return vmd_swp_type(entry) >= VMD_SWP_MIGRATION_READ &&
	       vmd_swp_type(entry) <= VMD_SWP_MIGRATION_WRITE;
}

static inline bool vmd_is_writable_migration_entry(vmd_swp_entry_t entry)
{
	return vmd_swp_type(entry) == VMD_SWP_MIGRATION_WRITE;
}

static inline bool vmd_is_readable_migration_entry(vmd_swp_entry_t entry)
{
	return vmd_swp_type(entry) == VMD_SWP_MIGRATION_READ;
}

static inline bool
vmd_is_readable_exclusive_migration_entry(vmd_swp_entry_t entry)
{
	return vmd_swp_type(entry) == VMD_SWP_MIGRATION_READ_EXCLUSIVE;
}

static inline bool vmd_is_migration_entry_young(vmd_swp_entry_t entry)
{
	return vmd_swp_offset(entry) & VMD_SWP_MIG_YOUNG;
}

static inline bool vmd_is_migration_entry_dirty(vmd_swp_entry_t entry)
{
	return vmd_swp_offset(entry) & VMD_SWP_MIG_DIRTY;
}

static inline bool vmd_is_device_private_entry(vmd_swp_entry_t entry)
{
	return vmd_swp_type(entry) == VMD_SWP_DEVICE_READ ||
	       vmd_swp_type(entry) == VMD_SWP_DEVICE_WRITE;
}

static inline bool vmd_is_writable_device_private_entry(vmd_swp_entry_t entry)
{
	return vmd_swp_type(entry) == VMD_SWP_DEVICE_WRITE;
}

static inline bool vmd_is_device_exclusive_entry(vmd_swp_entry_t entry)
{
	return vmd_swp_type(entry) == VMD_SWP_DEVICE_EXCLUSIVE_READ ||
	       vmd_swp_type(entry) == VMD_SWP_DEVICE_EXCLUSIVE_WRITE;
}

static inline bool vmd_is_writable_device_exclusive_entry(vmd_swp_entry_t entry)
{
	return vmd_swp_type(entry) == VMD_SWP_DEVICE_EXCLUSIVE_WRITE;
}

static inline bool vmd_is_hwpoison_entry(vmd_swp_entry_t entry)
{
	return vmd_swp_type(entry) == VMD_SWP_HWPOISON;
}

/** Does it name a frame? */
static inline bool vmd_is_pfn_swap_entry(vmd_swp_entry_t entry)
{
	return vmd_non_swap_entry(entry) &&
	       vmd_swp_type(entry) != VMD_SWP_PTE_MARKER;
}

/** The frame of an entry that names one. */
static inline vmd_pfn_t vmd_swp_offset_pfn(vmd_swp_entry_t entry)
{
	return vmd_swp_offset(entry) & VMD_SWP_PFN_MASK;
}

static inline vmd_swp_entry_t vmd_make_readable_migration_entry(uint64_t offset)
{
	return vmd_swp_entry(VMD_SWP_MIGRATION_READ, offset);
}

static inline vmd_swp_entry_t
vmd_make_readable_exclusive_migration_entry(uint64_t offset)
{
	return vmd_swp_entry(VMD_SWP_MIGRATION_READ_EXCLUSIVE, offset);
}

static inline vmd_swp_entry_t vmd_make_writable_migration_entry(uint64_t offset)
{
	return vmd_swp_entry(VMD_SWP_MIGRATION_WRITE, offset);
}

static inline vmd_swp_entry_t
vmd_make_migration_entry_young(vmd_swp_entry_t entry)
{
	return vmd_swp_entry(vmd_swp_type(entry),
			     vmd_swp_offset(entry) | VMD_SWP_MIG_YOUNG);
}

static inline vmd_swp_entry_t
vmd_make_migration_entry_dirty(vmd_swp_entry_t entry)
{
	return vmd_swp_entry(vmd_swp_type(entry),
			     vmd_swp_offset(entry) | VMD_SWP_MIG_DIRTY);
}

static inline vmd_swp_entry_t
vmd_make_readable_device_private_entry(uint64_t offset)
{
	return vmd_swp_entry(VMD_SWP_DEVICE_READ, offset);
}

static inline vmd_swp_entry_t
vmd_make_writable_device_private_entry(uint64_t offset)
{
	return vmd_swp_entry(VMD_SWP_DEVICE_WRITE, offset);
}

static inline vmd_swp_entry_t
vmd_make_readable_device_exclusive_entry(uint64_t offset)
{
	return vmd_swp_entry(VMD_SWP_DEVICE_EXCLUSIVE_READ, offset);
}

static inline vmd_swp_entry_t
vmd_make_writable_device_exclusive_entry(uint64_t offset)
{
	return vmd_swp_entry(VMD_SWP_DEVICE_EXCLUSIVE_WRITE, offset);
}

/* Entries of page tables, of the last level and of large pages alike. */

static inline bool vmd_is_swap_pte(vmd_pte_t pte)
{
	return !vmd_pte_none(pte) && !vmd_pte_present(pte);
}

static inline bool vmd_is_swap_pmd(vmd_pte_t pmd)
{
	return !vmd_pte_none(pmd) && !vmd_pmd_present(pmd);
}

static inline bool vmd_pte_swp_soft_dirty(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_SWP_SOFT_DIRTY;
}

static inline vmd_pte_t vmd_pte_swp_mksoft_dirty(vmd_pte_t pte)
{
	return vmd_pte_set_flags(pte, VMD_PAGE_SWP_SOFT_DIRTY);
}

static inline vmd_pte_t vmd_pte_swp_clear_soft_dirty(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_SWP_SOFT_DIRTY);
}

static inline bool vmd_pte_swp_uffd_wp(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_SWP_UFFD_WP;
}

static inline vmd_pte_t vmd_pte_swp_mkuffd_wp(vmd_pte_t pte)
{
	return vmd_pte_set_flags(pte, VMD_PAGE_SWP_UFFD_WP);
}

static inline vmd_pte_t vmd_pte_swp_clear_uffd_wp(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_SWP_UFFD_WP);
}

static inline bool vmd_pte_swp_exclusive(vmd_pte_t pte)
{
	return pte.val & VMD_PAGE_SWP_EXCLUSIVE;
}

static inline vmd_pte_t vmd_pte_swp_mkexclusive(vmd_pte_t pte)
{
	return vmd_pte_set_flags(pte, VMD_PAGE_SWP_EXCLUSIVE);
}

static inline vmd_pte_t vmd_pte_swp_clear_exclusive(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_SWP_EXCLUSIVE);
}

/** Only type and offset are left. */
static inline vmd_pte_t vmd_pte_swp_clear_flags(vmd_pte_t pte)
{
	return vmd_pte_clear_flags(pte, VMD_PAGE_SWP_SOFT_DIRTY |
						VMD_PAGE_SWP_UFFD_WP |
						VMD_PAGE_SWP_EXCLUSIVE);
}

/** An offset of more than VMD_SWP_OFFSET_BITS is cut. */
static inline vmd_pte_t vmd_swp_entry_to_pte(vmd_swp_entry_t entry)
{
	const unsigned int up = VMD_SWP_OFFSET_FIRST_BIT + VMD_SWP_TYPE_BITS;

	return vmd_make_pte(
		(~vmd_swp_offset(entry) << up >> VMD_SWP_TYPE_BITS) |
		((uint64_t)vmd_swp_type(entry) << (64 - VMD_SWP_TYPE_BITS)));
}

static inline vmd_swp_entry_t vmd_pte_to_swp_entry(vmd_pte_t pte)
{
	const unsigned int down = VMD_SWP_OFFSET_FIRST_BIT + VMD_SWP_TYPE_BITS;

	return vmd_swp_entry((unsigned int)(pte.val >>
					    (64 - VMD_SWP_TYPE_BITS)),
			     ~pte.val << VMD_SWP_TYPE_BITS >> down);
}

static inline vmd_pte_t vmd_swp_entry_to_pmd(vmd_swp_entry_t entry)
{
	return vmd_swp_entry_to_pte(entry);
}

static inline vmd_swp_entry_t vmd_pmd_to_swp_entry(vmd_pte_t pmd)
{
	return vmd_pte_to_swp_entry(pmd);
}

static inline bool vmd_is_pmd_migration_entry(vmd_pte_t pmd)
{
	return vmd_is_swap_pmd(pmd) &&
	       vmd_is_migration_entry(vmd_pmd_to_swp_entry(pmd));
}

VMD_END_DECLS

#endif /* VMMDIRTY_SWAPOPS_H */
