/* SPDX-License-Identifier: MIT */
/*
 * What the hardware side knows of an address space: the root of its tables,
 * the CPUs that have it loaded, and who handles its faults. Embedded in
 * struct vmd_mm; the kernel's mm_context_t and the TLB fields of mm_struct.
 */
#ifndef VMD_SRC_MMU_CONTEXT_H
#define VMD_SRC_MMU_CONTEXT_H

#include <vmmdirty/pte.h>

#include "mmu/ram.h"

struct vmd_cpu;
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
	struct vmd_env *env;
	struct vmd_ram *ram;
	const struct vmd_cpus *cpus;
	const struct vmd_fault_ops *fault_ops;
	vmd_pfn_t pgd; /* frame of the top table */

	/* Tables appear and vanish under it; never while a ptl is held. */
	struct vmd_spinlock page_table_lock;
	uint64_t nr_tables;

	uint64_t cpumask; /* atomic: CPUs that have it loaded */
	uint64_t tlb_flush_pending; /* atomic: TL-24 */
	uint64_t nr_flushes; /* a statistic */
};

int vmd_mm_context_init(struct vmd_mm_context *ctx, struct vmd_env *env,
			struct vmd_ram *ram, const struct vmd_cpus *cpus,
			const struct vmd_fault_ops *fault_ops);

/* No CPU has it loaded any more; all tables but the top one are gone. */
void vmd_mm_context_fini(struct vmd_mm_context *ctx);

#endif /* VMD_SRC_MMU_CONTEXT_H */
