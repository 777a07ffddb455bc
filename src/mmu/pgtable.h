/* SPDX-License-Identifier: MIT */
/*
 * Page tables in simulated RAM: bit-exact x86-64, four or five levels
 * (vmmdirty/geometry.h). A slot is a pointer to a vmd_pte_t in RAM; it is read
 * and changed only by the functions of mmu/ptep.h.
 *
 * Who keeps a table: the area that needs it, which mmap_lock or its object's
 * i_mmap_rwsem hold in place; or RCU. An unlinked table is given back after a
 * flush, for walks by hardware, and a grace period, for walks by software that
 * hold neither of the two locks:
 *
 *	vmd_pte_offset_map_lock()   between finding a table and its ptl
 *	handle_pte_fault()          the snapshot that it takes before any ptl
 *
 * A table that was found under RCU may be unlinked already: look again under
 * its ptl, or at least believe no more than "it was so a moment ago".
 */
#ifndef VMD_SRC_MMU_PGTABLE_H
#define VMD_SRC_MMU_PGTABLE_H

#include <vmmdirty/geometry.h>

#include "mmu/context.h"
#include "mmu/ptep.h"

/* Of four levels; vmd_task_size() knows the others. */
#define VMD_TASK_SIZE VMD_DEFAULT_MAP_WINDOW

static inline vmd_pte_t *vmd_table(const struct vmd_ram *ram, vmd_pfn_t pfn)
{
	return vmd_pfn_to_virt(ram, pfn);
}

/*
 * The slot of @level for @addr, or NULL if there is no table of that level or
 * a leaf above it. With four levels PGD is folded: its slot is that of P4D.
 */
vmd_pte_t *vmd_lookup_slot(const struct vmd_mm_context *ctx, vmd_va_t addr,
			   int level);

/* As above; missing tables are made. NULL: no memory, or a leaf above. */
vmd_pte_t *vmd_alloc_slot(struct vmd_mm_context *ctx, vmd_va_t addr, int level);

/* The lock of the table in which @slot stands. */
struct vmd_spinlock *vmd_slot_lockptr(const struct vmd_mm_context *ctx,
				      const vmd_pte_t *slot);

/*
 * The locked entry of @addr and its lock, or NULL: no such table. While the
 * lock is held the table is the one that is linked for @addr.
 */
vmd_pte_t *vmd_pte_offset_map_lock(const struct vmd_mm_context *ctx,
				   vmd_va_t addr, struct vmd_spinlock **ptl);
vmd_pte_t *vmd_pte_alloc_map_lock(struct vmd_mm_context *ctx, vmd_va_t addr,
				  struct vmd_spinlock **ptl);

/*
 * Frees the tables that cover nothing but [floor, ceiling), after the entries
 * of [start, end) are gone. Nobody maps into this range any more (FM-37). Waits
 * for a grace period if there is a table to free: not from an RCU reader.
 */
void vmd_free_pgtables(struct vmd_mm_context *ctx, vmd_va_t start, vmd_va_t end,
		       vmd_va_t floor, vmd_va_t ceiling);

#endif /* VMD_SRC_MMU_PGTABLE_H */
