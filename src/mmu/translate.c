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

#include "mmu/plain.h"

enum verdict {
	USE, /* what is cached */
	WALK,
	SPURIOUS /* fault at once, whatever memory says */
};

/* @allowed: what @word allows now. */
static inline enum verdict judge_cached(const struct vmd_cpu *cpu,
					uint64_t word, unsigned int allowed,
					enum vmd_access_kind kind)
{
	if (vmd_likely(allowed & VMD_ALLOW(kind)))
		return kind != VMD_ACCESS_WRITE || (word & VMD_PAGE_DIRTY) ?
			       USE :
			       WALK;
	if (!(cpu->hw->mmu.flags & VMD_MACHINE_SPURIOUS_FAULTS) ||
	    ((word & VMD_PAGE_NX) && !cpu->walker.mode.nxe))
		return WALK; /* a reserved bit is only found in memory */
	return SPURIOUS;
}

/*
 * F3: the retry sees memory. A walk that has asked memory from the top on has
 * found or left nothing of @addr in the upper caches, unless it passed over an
 * entry that NXE will make valid again.
 */
static void drop_faulted(struct vmd_cpu *cpu, vmd_va_t addr, bool asked_memory)
{
	unsigned int pcid = cpu->walker.mode.pcid;
	vmd_va_t page = addr & VMD_PAGE_MASK;

	/* First: afterwards nobody could tell that there was a large page. */
	if (cpu->tlb.large.nr_used || cpu->tlb.any_piece)
		(void)vmd_lines_wipe(&cpu->fast, &cpu->lines);
	else
		(void)vmd_lines_drop(&cpu->fast, page, page + VMD_PAGE_SIZE);
	vmd_tlb_drop(&cpu->tlb, pcid, addr, VMD_TLB_PCID_AND_GLOBAL);
	if (!asked_memory || !cpu->walker.mode.nxe)
		vmd_psc_drop(&cpu->walker.psc, pcid, addr);
}

/* What a translation comes to. */
struct mapped {
	uint64_t word; /* as in the TLB */
	unsigned int allowed;
	bool kept; /* in the TLB: a line may be made of it */
};

/* @known: the TLB has something of this page already. */
static bool walk(struct vmd_cpu *cpu, vmd_va_t addr, enum vmd_access_kind kind,
		 enum vmd_walk_mode how, const uint64_t *known,
		 struct mapped *out, unsigned int *error_code)
{
	const struct vmd_paging *mode = &cpu->walker.mode;
	bool stale_write = known && kind == VMD_ACCESS_WRITE &&
			   (*known & VMD_PAGE_RW);
	struct vmd_translation found;
	struct vmd_tlb_evicted evicted;
	bool walked;

	found.set_dirty = false;
	walked = vmd_hw_walk(&cpu->walker, addr, kind, how, stale_write, &found,
			     error_code);
	vmd_count_walk(cpu, found.set_dirty);
	if (!walked)
		return false;
	out->word = vmd_tlb_word(&found);
	out->allowed = vmd_paging_allowed(mode, found.pte);
	out->kept =
		vmd_tlb_insert(&cpu->tlb, cpu->env, mode->pcid, addr, &found,
			       mode->global && (found.pte & VMD_PAGE_GLOBAL),
			       &evicted);
	vmd_drop_evicted(cpu, &evicted);
	return true;
}

static bool look_up(struct vmd_cpu *cpu, vmd_va_t addr,
		    enum vmd_access_kind kind, const uint64_t *known,
		    struct mapped *out, struct vmd_trap *trap)
{
	const struct vmd_paging *mode = &cpu->walker.mode;

	if (known) {
		out->word = *known;
		out->allowed = vmd_paging_allowed(mode, *known);
		out->kept = true;
		switch (judge_cached(cpu, *known, out->allowed, kind)) {
		case USE:
			return true;
		case SPURIOUS:
			trap->error_code =
				vmd_paging_denied_code(mode, *known, kind);
			return false;
		case WALK:
			break;
		}
	}
	return walk(cpu, addr, kind, VMD_WALK_ACCESS, known, out,
		    &trap->error_code);
}

/* A lazy CPU must not touch user memory (TL-22). */
static bool lazy_user_access(const struct vmd_cpu *cpu, vmd_va_t addr)
{
	return cpu->tlbstate.is_lazy && !(addr >> 63);
}

/* Behind the end of memory: as if a bit of the address were reserved. */
static VMD_COLD void *no_memory(struct vmd_cpu *cpu, struct vmd_trap *trap)
{
	trap->error_code =
		VMD_PF_PROT | VMD_PF_RSVD |
		vmd_paging_access_code(&cpu->walker.mode, trap->kind);
	drop_faulted(cpu, trap->addr, false);
	return NULL;
}

void *vmd_translate_rest(struct vmd_cpu *cpu, vmd_va_t addr,
			 enum vmd_access_kind kind, const uint64_t *known,
			 struct vmd_trap *trap)
{
	const struct vmd_tlb *tlb = &cpu->tlb;
	struct mapped to;
	vmd_pfn_t pfn;
	void *host;

	trap->addr = addr;
	trap->vector = VMD_TRAP_PF;
	trap->kind = kind;
	trap->is_lazy = false;
	if (!known && vmd_tlb_has_other(tlb))
		known = vmd_tlb_find_other(tlb, cpu->walker.mode.pcid, addr);
	if (vmd_unlikely(!look_up(cpu, addr, kind, known, &to, trap))) {
		drop_faulted(cpu, addr,
			     !(cpu->hw->mmu.flags &
			       VMD_MACHINE_SPURIOUS_FAULTS));
		return NULL;
	}

	pfn = vmd_tlb_frame(to.word, addr);
	if (vmd_unlikely(!vmd_frame_exists(&cpu->hw->ram, pfn)))
		return no_memory(cpu, trap);
	host = vmd_pfn_to_virt(&cpu->hw->ram, pfn);
	if (to.word & VMD_PAGE_DIRTY)
		vmd_frame_mark_written(&cpu->hw->ram, pfn);
	if (vmd_likely(cpu->lines.on && to.kept))
		vmd_fill_line(cpu, addr, host, to.word, to.allowed, kind);
	return (uint8_t *)host + (addr & ~VMD_PAGE_MASK);
}

void *vmd_translate(struct vmd_cpu *cpu, vmd_va_t addr,
		    enum vmd_access_kind kind, struct vmd_trap *trap)
{
	const struct vmd_paging *mode = &cpu->walker.mode;
	bool odd = vmd_is_odd(cpu, addr);
	const uint64_t *known;
	void *host = NULL;

	*trap = (struct vmd_trap){
		.addr = addr,
		.vector = VMD_TRAP_GP,
		.kind = kind,
	};
	if (vmd_unlikely(odd)) {
		if (!vmd_paging_canonical(mode, kind, &addr))
			return NULL;
		trap->is_lazy = lazy_user_access(cpu, addr);
		if (trap->is_lazy)
			return NULL;
	}
	known = vmd_tlb_find_small(&cpu->tlb, mode->pcid, addr);
	if (!known && !odd)
		host = vmd_translate_walk(cpu, addr, kind);
	return host ? host : vmd_translate_rest(cpu, addr, kind, known, trap);
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
		verdict = judge_cached(cpu, *word,
				       vmd_paging_allowed(mode, *word), kind);
	if (verdict != WALK)
		return verdict == USE &&
		       vmd_frame_exists(&cpu->hw->ram,
					vmd_tlb_frame(*word, addr));
	return vmd_hw_walk(&cpu->walker, addr, kind, VMD_WALK_PROBE, false,
			   &found, &error_code);
}

static bool prefetch(struct vmd_cpu *cpu, vmd_va_t addr)
{
	unsigned int error_code;
	struct mapped to;

	if (vmd_tlb_find(&cpu->tlb, cpu->walker.mode.pcid, addr))
		return true;
	if (!walk(cpu, addr, VMD_ACCESS_READ, VMD_WALK_PREFETCH, NULL, &to,
		  &error_code))
		return false;
	if (to.word & VMD_PAGE_DIRTY) /* a store may follow without a walk */
		vmd_frame_mark_written(&cpu->hw->ram,
				       vmd_tlb_frame(to.word, addr));
	return to.kept;
}

bool vmd_cpu_prefetch(struct vmd_cpu *cpu, vmd_va_t addr)
{
	bool cached;

	if (!cpu)
		return false;
	vmd_cpu_enter(cpu);
	cached = vmd_is_canonical_in(&cpu->walker.mode, addr) &&
		 prefetch(cpu, addr);
	vmd_cpu_leave(cpu);
	return cached;
}
