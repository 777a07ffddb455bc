/* SPDX-License-Identifier: MIT */
/*
 * What the hardware side knows of an address space: the root of its tables,
 * the CPUs that have it loaded, and who handles its faults. Embedded in
 * struct vmd_mm; the kernel's mm_context_t and the TLB fields of mm_struct.
 */
#ifndef VMD_SRC_MMU_CONTEXT_H
#define VMD_SRC_MMU_CONTEXT_H

#include <vmmdirty/pte.h>

#include "base/interval_tree.h"
#include "mmu/ram.h"

struct vmd_cpu;
struct vmd_hw;
struct vmd_mm_context;

/* Every CPU of a machine. */
struct vmd_cpus {
	unsigned int nr;
	struct vmd_cpu *cpu[64];
};

struct vmd_fault_ops {
	/*
	 * The access to @addr faulted with @error_code. 0: try it again;
	 * -EFAULT, -ENOMEM: it fails. Called without locks.
	 */
	int (*handle)(struct vmd_mm_context *ctx, struct vmd_cpu *cpu,
		      vmd_va_t addr, unsigned int error_code);
};

struct vmd_mm_context {
	struct vmd_hw *hw;
	struct vmd_env *env;
	struct vmd_ram *ram;
	const struct vmd_cpus *cpus;
	const struct vmd_fault_ops *fault_ops;
	vmd_pfn_t pgd; /* frame of the top table */
	int levels; /* of the tables, 4 or 5: the top table is of this level */

	/* Tables appear and vanish under it; never while a ptl is held. */
	struct vmd_spinlock page_table_lock;
	uint64_t nr_tables;

	struct vmd_it_node in_hw; /* under the lock of hw->contexts */

	uint64_t ctx_id; /* of this one and never of another */
	uint64_t tlb_gen; /* atomic: of the newest flush (TL-18) */
	uint64_t cpumask; /* atomic: CPUs that have it loaded */
	uint64_t tlb_flush_pending; /* atomic: TL-24 */
	uint64_t tlb_batched_pending; /* atomic: TL-25 */
	uint64_t tlb_batched_flushed; /* atomic: of these */
	uint64_t nr_flushes; /* a statistic */
};

int vmd_mm_context_init(struct vmd_mm_context *ctx, struct vmd_hw *hw,
			const struct vmd_fault_ops *fault_ops);

/* Into the list of its machine, which gives it a number, and out again. */
void vmd_mm_context_register(struct vmd_mm_context *ctx);
void vmd_mm_context_unregister(struct vmd_mm_context *ctx);

/* Is @ctx, a pointer from anywhere, an address space of @hw? */
bool vmd_mm_context_exists(struct vmd_hw *hw, const struct vmd_mm_context *ctx);

/* No CPU has it loaded any more; all tables but the top one are gone. */
void vmd_mm_context_fini(struct vmd_mm_context *ctx);

#endif /* VMD_SRC_MMU_CONTEXT_H */
