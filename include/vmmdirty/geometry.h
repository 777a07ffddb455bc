/* SPDX-License-Identifier: MIT */
/*
 * The shape of x86-64 page tables: four levels, or five.
 *
 *	addr  63..57  56..48 | 47..39 | 38..30 | 29..21 | 20..12 | 11..0
 *	index of level   5        4        3        2        1     offset
 *	kernel's name   PGD      P4D      PUD      PMD      PTE
 *
 * A level is a number, and so is the shape: how many levels there are. Of four
 * levels the top one is VMD_LEVEL_P4D, which is the kernel's view too: it folds
 * P4D into PGD, so that both names mean the same entry.
 */
#ifndef VMMDIRTY_GEOMETRY_H
#define VMMDIRTY_GEOMETRY_H

#include <stdbool.h>

#include <vmmdirty/base.h>

VMD_BEGIN_DECLS

/** Levels, from the last table up. */
enum {
	VMD_LEVEL_PTE = 1,
	VMD_LEVEL_PMD = 2,
	VMD_LEVEL_PUD = 3,
	VMD_LEVEL_P4D = 4,
	VMD_LEVEL_PGD = 5
};

/** log2 of the entries in a table. */
#define VMD_PTRS_PER_TABLE_SHIFT 9
/** Entries in a table. */
#define VMD_PTRS_PER_TABLE (1U << VMD_PTRS_PER_TABLE_SHIFT)

/** Addresses from here on are given only to who asks for them: 2^47. */
#define VMD_DEFAULT_MAP_WINDOW (UINT64_C(1) << 47)

/** log2 of what one entry of @level covers. */
static inline unsigned int vmd_level_shift(int level)
{
	return VMD_PAGE_SHIFT +
	       (unsigned int)(level - 1) * VMD_PTRS_PER_TABLE_SHIFT;
}

/** What one entry of @level covers, in bytes. */
static inline uint64_t vmd_level_size(int level)
{
	return UINT64_C(1) << vmd_level_shift(level);
}

/** Which entry of a table of @level is that of @addr. */
static inline unsigned int vmd_level_index(vmd_va_t addr, int level)
{
	return (unsigned int)(addr >> vmd_level_shift(level)) &
	       (VMD_PTRS_PER_TABLE - 1);
}

/**
 * Where the entry of @level that holds @addr ends, or @end if that is nearer.
 * The end of the number line is 0.
 */
static inline vmd_va_t vmd_addr_end(vmd_va_t addr, vmd_va_t end, int level)
{
	vmd_va_t next = (addr | (vmd_level_size(level) - 1)) + 1;

	return next - 1 < end - 1 ? next : end;
}

/** Bits of an address that are translated: 48 or 57. */
static inline unsigned int vmd_address_bits(int levels)
{
	return vmd_level_shift(levels + 1);
}

/** Are the @nr_above highest bits all equal to the one below them? */
static inline bool vmd_is_sign_extended(vmd_va_t addr, unsigned int nr_above)
{
	return (vmd_va_t)((int64_t)(addr << nr_above) >> nr_above) == addr;
}

/** Are the bits that are not translated what a pointer needs? (R24) */
static inline bool vmd_is_canonical(vmd_va_t addr, int levels)
{
	return vmd_is_sign_extended(addr, 64 - vmd_address_bits(levels));
}

/** The end of the lower half: user addresses are below. */
static inline vmd_va_t vmd_task_size(int levels)
{
	return UINT64_C(1) << (vmd_address_bits(levels) - 1);
}

VMD_END_DECLS

#endif /* VMMDIRTY_GEOMETRY_H */
