/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes across CPUs. On return no CPU uses a translation that was
 * covered, on real threads too (I-3, D4); lazy CPUs may still know one, and
 * flush before they use user memory again (TL-22). Kernel: arch/x86/mm/tlb.c.
 */
#ifndef VMD_SRC_MMU_SHOOTDOWN_H
#define VMD_SRC_MMU_SHOOTDOWN_H

#include "mmu/context.h"

/* More pages than this and everything goes (TL-19). */
#define VMD_TLB_SINGLE_PAGE_FLUSH_CEILING 33

/* As the end of a range: everything. */
#define VMD_TLB_FLUSH_ALL UINT64_MAX

/*
 * Kernel: flush_tlb_mm_range(). One step every 2^@stride_shift bytes. With
 * @freed_tables lazy CPUs are reached as well. May be called under a ptl.
 */
void vmd_flush_tlb_mm_range(struct vmd_mm_context *ctx, vmd_va_t start,
			    vmd_va_t end, unsigned int stride_shift,
			    bool freed_tables);

/* Kernel: flush_tlb_range(), flush_tlb_page() and flush_tlb_mm(). */
void vmd_flush_tlb_range(struct vmd_mm_context *ctx, vmd_va_t start,
			 vmd_va_t end);
void vmd_flush_tlb_page(struct vmd_mm_context *ctx, vmd_va_t addr);
void vmd_flush_tlb_mm(struct vmd_mm_context *ctx);

/* All that the CPUs of @mask are behind with, whatever they have loaded. */
void vmd_flush_tlb_cpus(const struct vmd_cpus *cpus, uint64_t mask);

/* Nobody has @ctx loaded on return: it is about to go. */
void vmd_mm_context_unload(struct vmd_mm_context *ctx);

/* Kernel: inc_tlb_flush_pending() and its family (TL-24). */
void vmd_inc_tlb_flush_pending(struct vmd_mm_context *ctx);
void vmd_dec_tlb_flush_pending(struct vmd_mm_context *ctx);
bool vmd_tlb_flush_nested(const struct vmd_mm_context *ctx);

/* Kernel: mm_tlb_flush_pending(). */
bool vmd_tlb_flush_is_pending(const struct vmd_mm_context *ctx);

/*
 * A flush that is put off until many entries are gone (TL-25). Kernel: struct
 * tlbflush_unmap_batch. Begins as all zero.
 */
struct vmd_tlbflush_batch {
	const struct vmd_cpus *cpus;
	uint64_t cpumask; /* who may know what was cleared */
	bool flush_required;
	bool writable; /* an entry was dirty: flush before the page is written */
};

/* Under the ptl, behind the change. Kernel: set_tlb_ubc_flush_pending(). */
void vmd_tlbbatch_add_pending(struct vmd_tlbflush_batch *batch,
			      struct vmd_mm_context *ctx, bool dirty);

/* Kernel: try_to_unmap_flush() and try_to_unmap_flush_dirty(). */
void vmd_tlbbatch_flush(struct vmd_tlbflush_batch *batch);
void vmd_tlbbatch_flush_dirty(struct vmd_tlbflush_batch *batch);

/*
 * Under the ptl: what another thread has cleared and not yet flushed is
 * flushed now. Kernel: flush_tlb_batched_pending().
 */
void vmd_flush_tlb_batched_pending(struct vmd_mm_context *ctx);

#endif /* VMD_SRC_MMU_SHOOTDOWN_H */
