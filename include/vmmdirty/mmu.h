/* SPDX-License-Identifier: MIT */
/*
 * The MMU itself: registers that govern paging, instructions that invalidate,
 * what a TLB holds, and physical memory. Enough to build page tables by hand
 * and run accesses through them, without an address space of vmmdirty/mm.h:
 *
 *	frames       vmd_alloc_pages(), vmd_write_phys() the entries
 *	CR3          vmd_cpu_write_reg(cpu, VMD_REG_CR3, top table)
 *	accesses     vmmdirty/cpu.h; -EFAULT and vmd_cpu_fault() without a handler
 *
 * An address space that is loaded owns CR3 and CR4.PCIDE; all else may be changed
 * at any time. Where the processor raises a general protection fault the call
 * returns -EINVAL and nothing has changed.
 *
 * All calls about a CPU come from the thread that drives it. Sections: Intel
 * SDM vol. 3, chapter "Paging"; AMD APM vol. 2, chapter 5.
 */
#ifndef VMMDIRTY_MMU_H
#define VMMDIRTY_MMU_H

#include <stdbool.h>

#include <vmmdirty/base.h>

VMD_BEGIN_DECLS

struct vmd_cpu;
struct vmd_machine;

/**
 * enum vmd_reg - registers that paging looks at
 * @VMD_REG_CR0: only WP and PG may be set or cleared
 * @VMD_REG_CR3: the top table, PCID or PWT and PCD, LAM, and as bit 63 "do not
 *	flush" (written only)
 * @VMD_REG_CR4: PAE, PGE, PCIDE, LA57, SMEP, SMAP, PKE, PKS, LAM_SUP
 * @VMD_REG_EFER: LME, LMA and NXE
 * @VMD_REG_PKRU: protection keys of user pages, 32 bits
 * @VMD_REG_PKRS: protection keys of supervisor pages, 32 bits
 * @VMD_REG_CPL: 0 or 3, the privilege of accesses; 3 at first
 * @VMD_REG_AC: 0 or 1, RFLAGS.AC: at 1 SMAP lets a supervisor pass
 */
enum vmd_reg {
	VMD_REG_CR0,
	VMD_REG_CR3,
	VMD_REG_CR4,
	VMD_REG_EFER,
	VMD_REG_PKRU,
	VMD_REG_PKRS,
	VMD_REG_CPL,
	VMD_REG_AC,
	VMD_NR_REGS
};

/** Bits of CR0. */
#define VMD_CR0_PE (UINT64_C(1) << 0)
#define VMD_CR0_WP (UINT64_C(1) << 16)
#define VMD_CR0_PG (UINT64_C(1) << 31)

/** Bits of CR3. */
#define VMD_CR3_PCID_MASK UINT64_C(0xfff)
#define VMD_CR3_LAM_U57	  (UINT64_C(1) << 61)
#define VMD_CR3_LAM_U48	  (UINT64_C(1) << 62)
#define VMD_CR3_NOFLUSH	  (UINT64_C(1) << 63)

/** Bits of CR4. */
#define VMD_CR4_PAE	(UINT64_C(1) << 5)
#define VMD_CR4_PGE	(UINT64_C(1) << 7)
#define VMD_CR4_LA57	(UINT64_C(1) << 12)
#define VMD_CR4_PCIDE	(UINT64_C(1) << 17)
#define VMD_CR4_SMEP	(UINT64_C(1) << 20)
#define VMD_CR4_SMAP	(UINT64_C(1) << 21)
#define VMD_CR4_PKE	(UINT64_C(1) << 22)
#define VMD_CR4_PKS	(UINT64_C(1) << 24)
#define VMD_CR4_LAM_SUP (UINT64_C(1) << 28)

/** Bits of EFER. */
#define VMD_EFER_LME (UINT64_C(1) << 8)
#define VMD_EFER_LMA (UINT64_C(1) << 10)
#define VMD_EFER_NXE (UINT64_C(1) << 11)

/**
 * vmd_cpu_write_reg() - MOV to a control register, WRMSR, WRPKRU
 * @cpu: the CPU
 * @reg: which register
 * @value: all of its bits
 *
 * Drops what the processor drops: rule F5 of docs/mmu.md has the table. WP,
 * NXE, PKRU, PKRS, AC and CPL drop nothing and take effect on the next access,
 * on cached translations too (R14).
 *
 * Context: The thread that drives @cpu. Takes no lock.
 * Return: 0; -EINVAL where the processor raises an exception: an unknown bit, a
 * feature that CPUID lacks, PCIDE with a PCID in CR3, a top table behind the end of
 * memory; -EBUSY for CR3 and CR4.PCIDE while an address space is loaded.
 */
VMD_API vmd_must_check int vmd_cpu_write_reg(struct vmd_cpu *cpu,
					     enum vmd_reg reg, uint64_t value);

/**
 * vmd_cpu_read_reg() - the value of a register
 * @cpu: the CPU
 * @reg: which register
 *
 * Context: The thread that drives @cpu.
 * Return: the value; 0 for a register that there is not.
 */
VMD_API uint64_t vmd_cpu_read_reg(const struct vmd_cpu *cpu, enum vmd_reg reg);

/**
 * vmd_cpu_invlpg() - INVLPG: forget the translations of one page
 * @cpu: the CPU
 * @addr: any address in the page; one that is not canonical does nothing
 *
 * All pieces of the page in the current PCID and global ones, and the
 * paging-structure caches of the current PCID, whatever the address.
 *
 * Context: The thread that drives @cpu. Takes no lock.
 */
VMD_API void vmd_cpu_invlpg(struct vmd_cpu *cpu, vmd_va_t addr);

/**
 * enum vmd_invpcid_type - what INVPCID drops, by the kernel's names
 * @VMD_INVPCID_TYPE_INDIV_ADDR: one address of one PCID, not global
 * @VMD_INVPCID_TYPE_SINGLE_CTXT: one PCID, not global
 * @VMD_INVPCID_TYPE_ALL_INCL_GLOBAL: everything
 * @VMD_INVPCID_TYPE_ALL_NON_GLOBAL: everything that is not global
 */
enum vmd_invpcid_type {
	VMD_INVPCID_TYPE_INDIV_ADDR,
	VMD_INVPCID_TYPE_SINGLE_CTXT,
	VMD_INVPCID_TYPE_ALL_INCL_GLOBAL,
	VMD_INVPCID_TYPE_ALL_NON_GLOBAL
};

/**
 * vmd_cpu_invpcid() - INVPCID
 * @cpu: the CPU
 * @type: what to drop
 * @pcid: of which PCID, for the first two types
 * @addr: of which page, for the first type
 *
 * Context: The thread that drives @cpu. Takes no lock.
 * Return: 0; -EINVAL where the processor raises an exception: an unknown type,
 * no such instruction, @pcid above 4095, @pcid not 0 while PCIDE is 0, @addr not
 * canonical.
 */
VMD_API vmd_must_check int vmd_cpu_invpcid(struct vmd_cpu *cpu,
					   enum vmd_invpcid_type type,
					   unsigned int pcid, vmd_va_t addr);

/**
 * vmd_cpu_prefetch() - what a processor may do at any time: fill the TLB
 * @cpu: the CPU
 * @addr: the address whose translation is loaded
 *
 * As a speculative load: A is set, D is not, nothing faults (TL-7). What would
 * fault for everyone is not cached.
 *
 * Context: The thread that drives @cpu. Takes no lock.
 * Return: true if the TLB holds a translation of @addr now.
 */
VMD_API bool vmd_cpu_prefetch(struct vmd_cpu *cpu, vmd_va_t addr);

/**
 * vmd_cpu_evict() - what a processor may do at any time: forget
 * @cpu: the CPU
 * @addr: the address whose translations leave the TLB, all sizes (TL-7); the
 *	paging-structure caches keep theirs
 *
 * Context: The thread that drives @cpu. Takes no lock.
 */
VMD_API void vmd_cpu_evict(struct vmd_cpu *cpu, vmd_va_t addr);

/**
 * struct vmd_tlb_view - what a TLB holds about one address
 * @pte: frame and flags as in an entry; RW and USER of all levels together, NX
 *	of any; D as it is cached
 * @level: 1, 2 or 3: a page of 4K, 2M or 1G
 * @pcid: whose it is; of no meaning with VMD_PAGE_GLOBAL in @pte
 */
struct vmd_tlb_view {
	uint64_t pte;
	unsigned int level;
	unsigned int pcid;
};

/**
 * vmd_cpu_tlb_lookup() - look into the TLB, change nothing
 * @cpu: the CPU
 * @addr: the address
 * @view: what an access would find there; untouched if nothing
 *
 * Context: The thread that drives @cpu. Takes no lock.
 * Return: true if the TLB holds a translation that the current PCID may use.
 */
VMD_API bool vmd_cpu_tlb_lookup(struct vmd_cpu *cpu, vmd_va_t addr,
				struct vmd_tlb_view *view);

/**
 * vmd_alloc_pages() - frames of RAM, for tables and data
 * @machine: the machine
 * @nr_pages: how many, in a row
 * @pfn: the first one; untouched on failure. The first call on a new machine
 *	gets frame 1
 *
 * Context: Any. Takes the lock of the free frames.
 * Return: 0, -EINVAL for no page at all, -ENOMEM if there is no such run.
 */
VMD_API vmd_must_check int vmd_alloc_pages(struct vmd_machine *machine,
					   uint64_t nr_pages, vmd_pfn_t *pfn);

/**
 * vmd_free_pages() - give frames back
 * @machine: the machine
 * @pfn: the first one; nothing uses them any more, in no TLB either
 * @nr_pages: how many
 *
 * Context: Any. Takes the lock of the free frames. Frames that are not given
 *          out, frame 0 among them, are reported.
 */
VMD_API void vmd_free_pages(struct vmd_machine *machine, vmd_pfn_t pfn,
			    uint64_t nr_pages);

/**
 * vmd_read_phys() - read eight bytes of RAM
 * @machine: the machine
 * @addr: where: a multiple of eight, within RAM
 * @value: what was there; untouched on failure
 *
 * Context: Any.
 * Return: 0, -EINVAL.
 */
VMD_API vmd_must_check int vmd_read_phys(const struct vmd_machine *machine,
					 vmd_pa_t addr, uint64_t *value);

/**
 * vmd_write_phys() - write eight bytes of RAM, an entry of a table for instance
 * @machine: the machine
 * @addr: where: a multiple of eight, within RAM, not in frame 0
 * @value: what
 *
 * One store: a walk sees the old value or the new one. Nothing is flushed.
 *
 * Context: Any.
 * Return: 0, -EINVAL.
 */
VMD_API vmd_must_check int vmd_write_phys(struct vmd_machine *machine,
					  vmd_pa_t addr, uint64_t value);

VMD_END_DECLS

#endif /* VMMDIRTY_MMU_H */
