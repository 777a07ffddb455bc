/* SPDX-License-Identifier: MIT */
/*
 * An access from inside: the translation of one page, and what happens when
 * there is none.
 */
#ifndef VMD_SRC_MMU_ACCESS_H
#define VMD_SRC_MMU_ACCESS_H

#include "mmu/cpu.h"

/* Why an access cannot go on. */
struct vmd_trap {
	vmd_va_t addr;
	unsigned int vector;
	unsigned int error_code;
	enum vmd_access_kind kind;
	bool is_lazy; /* no fault: the CPU must not do it */
};

/*
 * In the section: the host address of @addr, A and D set, caches and lines
 * filled; or NULL and *trap.
 */
void *vmd_translate(struct vmd_cpu *cpu, vmd_va_t addr,
		    enum vmd_access_kind kind, struct vmd_trap *trap);

/*
 * The same of a canonical address, on a CPU that is not lazy. @known: what the
 * TLB has of it as a 4K page.
 */
void *vmd_translate_rest(struct vmd_cpu *cpu, vmd_va_t addr,
			 enum vmd_access_kind kind, const uint64_t *known,
			 struct vmd_trap *trap);

/*
 * In the section: would vmd_translate() succeed? Nothing is marked or cached,
 * so that of two pages neither gets D from a store that the other forbids.
 */
bool vmd_may_translate(struct vmd_cpu *cpu, vmd_va_t addr,
		       enum vmd_access_kind kind);

/* What is done with memory, in the section. */
typedef void (*vmd_use_fn)(uint8_t *host, void *arg);

/*
 * Outside the section: an access within one page, tried until it is made or
 * its fault is final. 0, -EFAULT, -ENOMEM.
 */
int vmd_access_page(struct vmd_cpu *cpu, vmd_va_t addr,
		    enum vmd_access_kind kind, vmd_use_fn use, void *arg);

/* Outside the section: 0: try again; else the access ends with this error. */
int vmd_handle_trap(struct vmd_cpu *cpu, const struct vmd_trap *trap);

#endif /* VMD_SRC_MMU_ACCESS_H */
