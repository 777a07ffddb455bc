/* SPDX-License-Identifier: MIT */
/*
 * How the CPUs of a machine may differ: what CPUID offers, and where the
 * architecture leaves a choice (the knobs of docs/mmu.md). Part of a struct
 * vmd_machine_config; fixed when the machine is created.
 */
#ifndef VMMDIRTY_CPUFEATURES_H
#define VMMDIRTY_CPUFEATURES_H

/** As a number of entries: nothing ever has to leave. */
#define VMD_TLB_UNBOUNDED (~0U)

/** No TLB and no paging-structure caches: every access walks all levels. */
#define VMD_MACHINE_NO_TLB (1U << 0)
/** No inline lines: every access takes the slow path; results are the same. */
#define VMD_MACHINE_NO_LINES (1U << 1)
/** No paging-structure caches: every walk begins at the top. */
#define VMD_MACHINE_NO_PSC (1U << 2)
/** AMD's reserved bits instead of Intel's: bit 8 of the top entries too. */
#define VMD_MACHINE_AMD (1U << 3)
/** A walk that faults leaves the A bits of the levels above alone. */
#define VMD_MACHINE_LAZY_ACCESSED (1U << 4)
/** A cached right that denies is a page fault, though memory may allow. */
#define VMD_MACHINE_SPURIOUS_FAULTS (1U << 5)
/** 2M and 1G pages are cached as the 4K pieces that were used. */
#define VMD_MACHINE_FRACTURE_LARGE (1U << 6)
/** Who leaves a full set is drawn from the seed, else its oldest entry. */
#define VMD_MACHINE_RANDOM_REPLACEMENT (1U << 7)
/** D may appear in an entry whose W was cleared under a cached W. */
#define VMD_MACHINE_STRAY_DIRTY (1U << 8)

/*
 * What CPUID may lack, by the kernel's names (X86_FEATURE_*). All are there
 * unless a config takes them away.
 */
/** No-execute: without it EFER.NXE cannot be set. */
#define VMD_FEATURE_NX (1U << 0)
/** 1G pages. */
#define VMD_FEATURE_GBPAGES (1U << 1)
/** Global pages. */
#define VMD_FEATURE_PGE (1U << 2)
/** Process-context identifiers. */
#define VMD_FEATURE_PCID (1U << 3)
/** The instruction INVPCID. */
#define VMD_FEATURE_INVPCID (1U << 4)
/** Supervisor-mode execution prevention. */
#define VMD_FEATURE_SMEP (1U << 5)
/** Supervisor-mode access prevention. */
#define VMD_FEATURE_SMAP (1U << 6)
/** Protection keys of user pages. */
#define VMD_FEATURE_PKU (1U << 7)
/** Protection keys of supervisor pages. */
#define VMD_FEATURE_PKS (1U << 8)
/** Linear-address masking. */
#define VMD_FEATURE_LAM (1U << 9)

#endif /* VMMDIRTY_CPUFEATURES_H */
