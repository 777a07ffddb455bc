/* SPDX-License-Identifier: MIT */
/*
 * From a virtual address to memory:
 *
 *	canonical?   no: #GP                                       R24 R23
 *	TLB          hit, allowed, and D cached for a write: done  F2 R14
 *	             hit and denied: #PF, or memory is asked again K6 F3
 *	walk         sets A and D; what it found goes into the TLB
 *	frame        behind the end of RAM: as a reserved bit
 *	line         what needs no second look from now on
 */
#include "mmu/access.h"

#include <errno.h>
#include <vmmdirty/cpufeatures.h>

#include "base/compiler.h"
#include "base/counter.h"
#include "mmu/hw.h"
#include "mmu/pgtable.h"

struct mapped {
	uint64_t pte;
	int level;
	bool kept; /* in the TLB: a line may be made of it */
};

enum verdict {
	USE, /* what is cached */
	WALK,
	SPURIOUS /* fault at once, whatever memory says */
};

static enum verdict judge_cached(const struct vmd_cpu *cpu, uint64_t word,
				 enum vmd_access_kind kind)
{
	unsigned int allowed = vmd_paging_allowed(&cpu->walker.mode, word);

	if (vmd_likely(allowed & VMD_ALLOW(kind)))
		return kind != VMD_ACCESS_WRITE || (word & VMD_PAGE_DIRTY) ?
			       USE :
			       WALK;
	if (!(cpu->hw->mmu.flags & VMD_MACHINE_SPURIOUS_FAULTS) ||
	    ((word & VMD_PAGE_NX) && !cpu->walker.mode.nxe))
		return WALK; /* a reserved bit is only found in memory */
	return SPURIOUS;
}

/* F3: the retry sees memory. */
static void drop_faulted(struct vmd_cpu *cpu, vmd_va_t addr)
{
	unsigned int pcid = cpu->walker.mode.pcid;
	vmd_va_t page = addr & VMD_PAGE_MASK;

	/* First: afterwards nobody could tell that there was a large page. */
	if (cpu->tlb.large.nr_used || cpu->tlb.any_piece)
		vmd_lines_wipe(&cpu->fast, &cpu->lines);
	else
		(void)vmd_lines_drop(&cpu->fast, page, page + VMD_PAGE_SIZE);
	vmd_tlb_drop(&cpu->tlb, pcid, addr, VMD_TLB_PCID_AND_GLOBAL);
	vmd_psc_drop(&cpu->walker.psc, pcid, addr);
}

/* D3: what leaves the TLB takes its lines along. */
static void drop_evicted(struct vmd_cpu *cpu,
			 const struct vmd_tlb_evicted *evicted)
{
	vmd_va_t page = evicted->tag & VMD_TAG_ADDRESS & VMD_PAGE_MASK;

	if (!evicted->tag)
		return;
	if (evicted->large)
		vmd_lines_wipe(&cpu->fast, &cpu->lines);
	else
		(void)vmd_lines_drop(&cpu->fast, page, page + VMD_PAGE_SIZE);
}

static bool walk(struct vmd_cpu *cpu, vmd_va_t addr, enum vmd_access_kind kind,
		 enum vmd_walk_mode how, bool stale_write, struct mapped *out,
		 unsigned int *error_code)
{
	const struct vmd_paging *mode = &cpu->walker.mode;
	struct vmd_translation found;
	struct vmd_tlb_evicted evicted;

	vmd_counter_add_owner(&cpu->clock.counts.nr[VMD_EV_TLB_WALK], 1);
	if (vmd_unlikely(!vmd_hw_walk(&cpu->walker, addr, kind, how,
				      stale_write, &found, error_code)))
		return false;
	if (found.set_dirty)
		vmd_counter_add_owner(&cpu->clock.counts
					       .nr[VMD_EV_DIRTY_ASSIST],
				      1);
	out->pte = found.pte;
	out->level = found.level;
	out->kept =
		vmd_tlb_insert(&cpu->tlb, cpu->env, mode->pcid, addr, &found,
			       mode->global && (found.pte & VMD_PAGE_GLOBAL),
			       &evicted);
	drop_evicted(cpu, &evicted);
	return true;
}

static bool look_up(struct vmd_cpu *cpu, vmd_va_t addr,
		    enum vmd_access_kind kind, struct mapped *out,
		    struct vmd_trap *trap)
{
	const struct vmd_paging *mode = &cpu->walker.mode;
	const uint64_t *word = vmd_tlb_find(&cpu->tlb, mode->pcid, addr);
	bool stale_write = false;

	if (word) {
		switch (judge_cached(cpu, *word, kind)) {
		case USE:
			out->pte = *word;
			out->level = cpu->tlb.fracture ? VMD_LEVEL_PTE :
							 vmd_tlb_level(*word);
			out->kept = true;
			return true;
		case SPURIOUS:
			trap->error_code =
				vmd_paging_denied_code(mode, *word, kind);
			return false;
		case WALK:
			stale_write = kind == VMD_ACCESS_WRITE &&
				      (*word & VMD_PAGE_RW);
		}
	}
	return walk(cpu, addr, kind, VMD_WALK_ACCESS, stale_write, out,
		    &trap->error_code);
}

static void fill_line(struct vmd_cpu *cpu, vmd_va_t addr, const void *host,
		      const struct mapped *to)
{
	unsigned int allowed = vmd_paging_allowed(&cpu->walker.mode, to->pte);
	struct vmd_line_rights rights = {
		.read = allowed & VMD_ALLOW(VMD_ACCESS_READ),
		.write = (allowed & VMD_ALLOW(VMD_ACCESS_WRITE)) &&
			 (to->pte & VMD_PAGE_DIRTY),
		.fetch = allowed & VMD_ALLOW(VMD_ACCESS_FETCH),
	};

	vmd_line_fill(&cpu->fast, &cpu->lines, addr, host, rights);
}

/* A lazy CPU must not touch user memory (TL-22). */
static bool lazy_user_access(const struct vmd_cpu *cpu, vmd_va_t addr)
{
	return cpu->tlbstate.is_lazy && !(addr >> 63) &&
	       VMD_BUG_ON(cpu->env, cpu->tlbstate.is_lazy);
}

void *vmd_translate(struct vmd_cpu *cpu, vmd_va_t addr,
		    enum vmd_access_kind kind, struct vmd_trap *trap)
{
	struct mapped to;
	vmd_pfn_t pfn;
	void *host;

	*trap = (struct vmd_trap){ .addr = addr, .kind = kind };
	if (vmd_unlikely(
		    !vmd_paging_canonical(&cpu->walker.mode, kind, &addr) ||
		    lazy_user_access(cpu, addr))) {
		trap->vector = VMD_TRAP_GP;
		return NULL;
	}
	trap->addr = addr;
	trap->vector = VMD_TRAP_PF;
	if (vmd_unlikely(!look_up(cpu, addr, kind, &to, trap))) {
		drop_faulted(cpu, addr);
		return NULL;
	}

	pfn = vmd_pte_piece(to.pte, to.level, addr);
	if (vmd_unlikely(pfn >= cpu->hw->ram.nr_frames)) {
		trap->error_code =
			VMD_PF_PROT | VMD_PF_RSVD |
			vmd_paging_access_code(&cpu->walker.mode, kind);
		drop_faulted(cpu, addr);
		return NULL;
	}
	host = vmd_pfn_to_virt(&cpu->hw->ram, pfn);
	if (to.pte & VMD_PAGE_DIRTY)
		vmd_frame_mark_written(&cpu->hw->ram, pfn);
	if (cpu->lines.on && to.kept)
		fill_line(cpu, addr, host, &to);
	return (uint8_t *)host + (addr & ~VMD_PAGE_MASK);
}

bool vmd_may_translate(struct vmd_cpu *cpu, vmd_va_t addr,
		       enum vmd_access_kind kind)
{
	const struct vmd_paging *mode = &cpu->walker.mode;
	struct vmd_translation found;
	enum verdict verdict = WALK;
	unsigned int error_code;
	const uint64_t *word;

	if (!vmd_paging_canonical(mode, kind, &addr))
		return false;
	word = vmd_tlb_find(&cpu->tlb, mode->pcid, addr);
	if (word)
		verdict = judge_cached(cpu, *word, kind);
	if (verdict != WALK)
		return verdict == USE;
	return vmd_hw_walk(&cpu->walker, addr, kind, VMD_WALK_PROBE, false,
			   &found, &error_code);
}

bool vmd_cpu_prefetch(struct vmd_cpu *cpu, vmd_va_t addr)
{
	bool cached = false;

	vmd_cpu_enter(cpu);
	if (vmd_is_canonical_in(&cpu->walker.mode, addr)) {
		struct mapped to = { .kept = false };
		unsigned int error_code;

		cached = vmd_tlb_find(&cpu->tlb, cpu->walker.mode.pcid, addr) ||
			 (walk(cpu, addr, VMD_ACCESS_READ, VMD_WALK_PREFETCH,
			       false, &to, &error_code) &&
			  to.kept);
	}
	vmd_cpu_leave(cpu);
	return cached;
}
