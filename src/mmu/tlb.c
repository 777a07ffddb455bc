/* SPDX-License-Identifier: MIT */
/*
 * Sets of ways, indexed by the low bits of the page number.
 */
#include "mmu/tlb.h"

#include <errno.h>
#include <string.h>
#include <vmmdirty/cpu.h>

int vmd_tlb_init(struct vmd_tlb *tlb, struct vmd_env *env,
		 unsigned int nr_entries)
{
	*tlb = (struct vmd_tlb){ .nr_sets = nr_entries / VMD_TLB_WAYS };
	if (!tlb->nr_sets)
		return 0;

	tlb->entries =
		vmd_alloc_array(&env->arena, nr_entries, sizeof(*tlb->entries));
	tlb->victim = vmd_alloc(&env->arena, tlb->nr_sets);
	if (!tlb->entries || !tlb->victim) {
		vmd_tlb_fini(tlb, env);
		return -ENOMEM;
	}
	return 0;
}

void vmd_tlb_fini(struct vmd_tlb *tlb, struct vmd_env *env)
{
	vmd_free(&env->arena, tlb->entries);
	vmd_free(&env->arena, tlb->victim);
}

static uint64_t page_of(vmd_va_t addr)
{
	return (addr >> VMD_PAGE_SHIFT) + 1;
}

static unsigned int set_of(const struct vmd_tlb *tlb, vmd_va_t addr)
{
	return (unsigned int)(addr >> VMD_PAGE_SHIFT) & (tlb->nr_sets - 1);
}

struct vmd_tlb_entry *vmd_tlb_lookup(const struct vmd_tlb *tlb, vmd_va_t addr)
{
	struct vmd_tlb_entry *entry;
	unsigned int way;

	if (!tlb->nr_sets)
		return NULL;

	entry = tlb->entries + (size_t)set_of(tlb, addr) * VMD_TLB_WAYS;
	for (way = 0; way < VMD_TLB_WAYS; way++)
		if (entry[way].page == page_of(addr))
			return &entry[way];
	return NULL;
}

/* A free way if there is one, else the set's next victim. */
static struct vmd_tlb_entry *choose_way(struct vmd_tlb *tlb, vmd_va_t addr)
{
	unsigned int set = set_of(tlb, addr);
	struct vmd_tlb_entry *entry = tlb->entries + (size_t)set * VMD_TLB_WAYS;
	unsigned int way;

	for (way = 0; way < VMD_TLB_WAYS; way++)
		if (!entry[way].page)
			return &entry[way];
	way = tlb->victim[set];
	tlb->victim[set] = (uint8_t)((way + 1) % VMD_TLB_WAYS);
	return &entry[way];
}

bool vmd_tlb_insert(struct vmd_tlb *tlb, vmd_va_t addr,
		    const struct vmd_translation *to, vmd_va_t *evicted)
{
	struct vmd_tlb_entry *entry = vmd_tlb_lookup(tlb, addr);

	*evicted = VMD_TLB_NO_TAG;
	if (!tlb->nr_sets)
		return false;
	if (!entry) {
		entry = choose_way(tlb, addr);
		if (entry->page)
			*evicted = (entry->page - 1) << VMD_PAGE_SHIFT;
	}
	entry->page = page_of(addr);
	entry->to = *to;
	tlb->fragments |= to->fragment;
	return true;
}

void vmd_tlb_drop(struct vmd_tlb *tlb, vmd_va_t addr)
{
	struct vmd_tlb_entry *entry = vmd_tlb_lookup(tlb, addr);

	if (entry)
		entry->page = 0;
}

void vmd_tlb_drop_all(struct vmd_tlb *tlb)
{
	if (!tlb->nr_sets)
		return;
	memset(tlb->entries, 0,
	       (size_t)tlb->nr_sets * VMD_TLB_WAYS * sizeof(*tlb->entries));
	memset(tlb->victim, 0, tlb->nr_sets);
	tlb->fragments = false;
}
