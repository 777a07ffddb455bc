/* SPDX-License-Identifier: MIT */
/*
 * Slots of page tables: how an entry in RAM is read and changed, while hardware
 * may set A and D in it at any time. Under the kernel's names (ptep_, pmdp_).
 *
 *	none -> present            vmd_set_pte()             a plain store
 *	present -> none            vmd_ptep_get_and_clear()  TL-9, an exchange
 *	present -> other rights    modify_prot_start, commit TL-10, none between
 *	present -> without W       vmd_ptep_set_wrprotect()  TL-11, compare-exchange
 *	present -> invalid         vmd_pmdp_invalidate()     TL-15, an exchange
 *
 * A live entry is never changed by a plain store: what hardware had set in it
 * would be lost (TL-16). All but the reading functions are called under the
 * slot's ptl.
 */
#ifndef VMD_SRC_MMU_PTEP_H
#define VMD_SRC_MMU_PTEP_H

#include <vmmdirty/pmd.h>
#include <vmmdirty/pte.h>

#include "sync/atomic.h"

struct vmd_mm_context;
struct vmd_ram;

static inline vmd_pte_t vmd_ptep_get(const vmd_pte_t *ptep)
{
	return vmd_make_pte(VMD_READ_ONCE(ptep->val));
}

/* An entry that will be followed; pairs with vmd_set_pte(). */
static inline vmd_pte_t vmd_upperp_get(const vmd_pte_t *slot)
{
	return vmd_make_pte(vmd_load_acquire(&slot->val));
}

/* Is it present and points to a table? */
static inline bool vmd_entry_is_table(vmd_pte_t entry)
{
	return (entry.val & (VMD_PAGE_PRESENT | VMD_PAGE_PSE)) ==
	       VMD_PAGE_PRESENT;
}

/* none -> present, or a slot that hardware leaves alone (TL-16). */
static inline void vmd_set_pte(vmd_pte_t *ptep, vmd_pte_t pte)
{
	vmd_store_release(&ptep->val, pte.val);
}

/* Of an entry whose A and D nobody wants; of any level. */
static inline void vmd_pte_clear(vmd_pte_t *ptep)
{
	VMD_WRITE_ONCE(ptep->val, 0);
}

/* TL-9: an exchange, so that no A or D is lost. */
static inline vmd_pte_t vmd_ptep_get_and_clear(vmd_pte_t *ptep)
{
	return vmd_make_pte(vmd_xchg(&ptep->val, 0));
}

/* TL-9: @full, the address space is going: no CPU has it loaded. */
static inline vmd_pte_t vmd_ptep_get_and_clear_full(vmd_pte_t *ptep, bool full)
{
	vmd_pte_t old;

	if (!full)
		return vmd_ptep_get_and_clear(ptep);
	old = vmd_ptep_get(ptep);
	vmd_pte_clear(ptep);
	return old;
}

/* TL-10: the slot is none until the commit, and hardware leaves it alone. */
static inline vmd_pte_t vmd_ptep_modify_prot_start(vmd_pte_t *ptep)
{
	return vmd_ptep_get_and_clear(ptep);
}

static inline void vmd_ptep_modify_prot_commit(vmd_pte_t *ptep, vmd_pte_t pte)
{
	vmd_set_pte(ptep, pte);
}

/* TL-15: what stood there; of a large page too. */
static inline vmd_pte_t vmd_pmdp_establish(vmd_pte_t *pmdp, vmd_pte_t pmd)
{
	return vmd_make_pte(vmd_xchg(&pmdp->val, pmd.val));
}

/* TL-11: a D that hardware sets meanwhile goes where W=0 wants it. */
void vmd_ptep_set_wrprotect(vmd_pte_t *ptep);

/*
 * TL-11: the way up only, W, A or D more than there was; hardware may have set
 * no bit that @entry lacks. Nothing is written unless @dirty. Was it different?
 */
bool vmd_ptep_set_access_flags(vmd_pte_t *ptep, vmd_pte_t entry, bool dirty);

/* TL-11: was it young? One atomic clear; of any level. */
bool vmd_ptep_test_and_clear_young(vmd_pte_t *ptep);

/* TL-8: must TLBs forget @old when it becomes @new? Of user entries. */
bool vmd_pte_flags_need_flush(uint64_t old_flags, uint64_t new_flags,
			      bool ignore_access);
bool vmd_pte_needs_flush(vmd_pte_t old, vmd_pte_t new_pte);
bool vmd_huge_pmd_needs_flush(vmd_pte_t old, vmd_pte_t new_pmd);

/* Those that flush. @addr is the first address of the entry. */

/* TL-9: flushes the page if the old entry was accessible. */
vmd_pte_t vmd_ptep_clear_flush(struct vmd_mm_context *ctx, vmd_va_t addr,
			       vmd_pte_t *ptep);

/* TL-11: no flush: ageing gets less exact, nothing is lost (TL-4). */
bool vmd_ptep_clear_flush_young(struct vmd_mm_context *ctx, vmd_va_t addr,
				vmd_pte_t *ptep);

/* TL-11: flushes if it was young. */
bool vmd_pmdp_clear_flush_young(struct vmd_mm_context *ctx, vmd_va_t addr,
				vmd_pte_t *pmdp);

/* TL-15: the old entry, with every A and D; then the flush. */
vmd_pte_t vmd_pmdp_invalidate(struct vmd_mm_context *ctx, vmd_va_t addr,
			      vmd_pte_t *pmdp);
vmd_pte_t vmd_pudp_invalidate(struct vmd_mm_context *ctx, vmd_va_t addr,
			      vmd_pte_t *pudp);

/* TL-15: for mprotect, which flushes later: nothing can set A or D any more. */
vmd_pte_t vmd_pmdp_invalidate_ad(vmd_pte_t *pmdp);

/*
 * A large page into a slot that is empty or has one: -EBUSY where a table is,
 * -EINVAL if the page is not aligned to its size or not all of it is in RAM.
 * @prot as for a 4K page. The kernel's return 1 and 0.
 */
int vmd_pmd_set_huge(const struct vmd_ram *ram, vmd_pte_t *pmdp, vmd_pa_t addr,
		     uint64_t prot);
int vmd_pud_set_huge(const struct vmd_ram *ram, vmd_pte_t *pudp, vmd_pa_t addr,
		     uint64_t prot);

/* False: there was no large page, and nothing has changed. */
bool vmd_pmd_clear_huge(vmd_pte_t *pmdp);
bool vmd_pud_clear_huge(vmd_pte_t *pudp);

#endif /* VMD_SRC_MMU_PTEP_H */
