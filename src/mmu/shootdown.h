/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes across CPUs. On return no CPU uses a translation that was
 * covered, on real threads too (I-3, D4).
 */
#ifndef VMD_SRC_MMU_SHOOTDOWN_H
#define VMD_SRC_MMU_SHOOTDOWN_H

#include "mmu/context.h"

/* More pages than this and everything goes (TL-19). */
#define VMD_TLB_SINGLE_PAGE_FLUSH_CEILING 33

/* Kernel: flush_tlb_mm_range(). May be called under a ptl. */
void vmd_flush_tlb_range(struct vmd_mm_context *ctx, vmd_va_t start,
			 vmd_va_t end);

/* Kernel: inc_tlb_flush_pending() and its family (TL-24). */
void vmd_inc_tlb_flush_pending(struct vmd_mm_context *ctx);
void vmd_dec_tlb_flush_pending(struct vmd_mm_context *ctx);
bool vmd_tlb_flush_nested(const struct vmd_mm_context *ctx);

#endif /* VMD_SRC_MMU_SHOOTDOWN_H */
