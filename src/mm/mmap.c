/* SPDX-License-Identifier: MIT */
/*
 * mmap and munmap.
 */
#include <errno.h>
#include <vmmdirty/cpufeatures.h>

#include "base/config.h"
#include "mm/mm.h"
#include "mmu/pgtable.h"

/* Where a search for room begins: away from 0, so that NULL never works. */
#define MMAP_BASE UINT64_C(0x100000000)

#define KNOWN_FLAGS                                                   \
	(VMD_MAP_SHARED | VMD_MAP_PRIVATE | VMD_MAP_FIXED_NOREPLACE | \
	 VMD_MAP_O_RDONLY)

/* What an owner may add; the rest follows from prot and flags. */
#define OWNER_VM_FLAGS                                                      \
	(VMD_VM_PFNMAP | VMD_VM_IO | VMD_VM_RAND_READ | VMD_VM_DONTEXPAND | \
	 VMD_VM_DONTDUMP | VMD_VM_HUGETLB)

static bool page_aligned(uint64_t value)
{
	return !(value & ~VMD_PAGE_MASK);
}

/* Flags of which exactly one sharing, and rights that the object allows. */
static bool flags_make_sense(const struct vmd_mmap_args *args)
{
	bool shared = args->flags & VMD_MAP_SHARED;
	bool private = args->flags & VMD_MAP_PRIVATE;
	bool write = args->prot & VMD_PROT_WRITE;

	if (args->flags & ~KNOWN_FLAGS || args->vm_flags & ~OWNER_VM_FLAGS ||
	    shared == private)
		return false;
	if (args->prot & ~(VMD_PROT_READ | VMD_PROT_WRITE))
		return false;
	return !write || (shared && !(args->flags & VMD_MAP_O_RDONLY));
}

static bool range_makes_sense(const struct vmd_mm *mm,
			      const struct vmd_mmap_args *args)
{
	uint64_t pages = args->len >> VMD_PAGE_SHIFT;
	vmd_va_t task_size = vmd_mm_task_size(mm);

	if (!page_aligned(args->len) || !page_aligned(args->addr))
		return false;
	if (args->len == 0 || args->len > task_size ||
	    args->addr > task_size - args->len)
		return false;
	if (args->pgoff > UINT64_MAX - pages)
		return false;
	return args->vm_ops || !args->mapping->nr_pages ||
	       args->pgoff + pages <= args->mapping->nr_pages;
}

/* A plain object shows its own pages; others need somebody who maps them. */
static int check_args(const struct vmd_mm *mm, const struct vmd_mmap_args *args,
		      const vmd_va_t *addr)
{
	if (!mm || !addr)
		return -EINVAL;
	if (!args->mapping || args->mapping->hw != mm->hw)
		return -EINVAL;
	if (!args->vm_ops && !args->mapping->nr_pages)
		return -EINVAL;
	if (args->vm_ops && !args->vm_ops->fault)
		return -EINVAL;
	return flags_make_sense(args) && range_makes_sense(mm, args) ? 0 :
								       -EINVAL;
}

/* Kernel: do_mmap(); SP-26 for an object that was opened read-only. */
static uint64_t calc_vm_flags(const struct vmd_mmap_args *args)
{
	uint64_t flags = args->vm_flags | VMD_VM_PFNMAP | VMD_VM_MAYREAD |
			 VMD_VM_MAYWRITE | VMD_VM_MAYEXEC;

	if (args->prot & VMD_PROT_READ)
		flags |= VMD_VM_READ;
	if (args->prot & VMD_PROT_WRITE)
		flags |= VMD_VM_WRITE;
	if (args->flags & VMD_MAP_SHARED)
		flags |= VMD_VM_SHARED | VMD_VM_MAYSHARE;
	if (args->flags & VMD_MAP_O_RDONLY)
		flags &= ~(VMD_VM_SHARED | VMD_VM_MAYWRITE);
	return flags;
}

/* FM-51: with a mkwrite operation entries begin without W. */
static bool wants_writenotify(const struct vmd_vma *vma)
{
	return vma->vm_ops->pfn_mkwrite;
}

static uint64_t calc_page_prot(const struct vmd_vma *vma)
{
	uint64_t prot = VMD_PAGE_USER | VMD_PAGE_ACCESSED;

	if (vma->vm_mm->hw->mmu.features & VMD_FEATURE_NX)
		prot |= VMD_PAGE_NX; /* kernel: __supported_pte_mask */
	if (vma->vm_flags & (VMD_VM_READ | VMD_VM_WRITE))
		prot |= VMD_PAGE_PRESENT;
	if ((vma->vm_flags & VMD_VM_WRITE) && (vma->vm_flags & VMD_VM_SHARED) &&
	    !wants_writenotify(vma))
		prot |= VMD_PAGE_RW;
	return prot;
}

static bool is_free(const struct vmd_mm *mm, vmd_va_t addr, uint64_t len)
{
	return !vmd_it_first(&mm->areas, addr, addr + len - 1);
}

/* The first gap from @addr up to @end; areas may touch. */
static int find_gap(const struct vmd_mm *mm, vmd_va_t *addr, vmd_va_t end,
		    uint64_t len)
{
	while (len <= end && *addr <= end - len) {
		const struct vmd_it_node *in_the_way =
			vmd_it_first(&mm->areas, *addr, *addr + len - 1);

		if (!in_the_way)
			return 0;
		*addr = in_the_way->last + 1;
	}
	return -ENOMEM;
}

/*
 * A program that knows 47 bits of an address must not get more: with five
 * levels only a hint behind them opens the rest.
 */
static vmd_va_t search_end(const struct vmd_mm *mm, vmd_va_t hint)
{
	return hint < VMD_DEFAULT_MAP_WINDOW ? VMD_DEFAULT_MAP_WINDOW :
					       vmd_mm_task_size(mm);
}

/* Kernel: mmap_address_hint_valid(): on one side of the window's end. */
static bool hint_makes_sense(const struct vmd_mmap_args *args)
{
	return args->addr &&
	       ((args->addr < VMD_DEFAULT_MAP_WINDOW) ==
		(args->addr + args->len <= VMD_DEFAULT_MAP_WINDOW));
}

static int choose_addr(const struct vmd_mm *mm,
		       const struct vmd_mmap_args *args, vmd_va_t *addr)
{
	*addr = args->addr;
	if (args->flags & VMD_MAP_FIXED_NOREPLACE)
		return is_free(mm, *addr, args->len) ? 0 : -EEXIST;
	if (hint_makes_sense(args) && is_free(mm, args->addr, args->len))
		return 0;
	*addr = MMAP_BASE;
	return find_gap(mm, addr, search_end(mm, args->addr), args->len);
}

static void init_vma(struct vmd_vma *vma, struct vmd_mm *mm,
		     const struct vmd_mmap_args *args, vmd_va_t addr)
{
	*vma = (struct vmd_vma){
		.vm_start = addr,
		.vm_end = addr + args->len,
		.vm_flags = calc_vm_flags(args),
		.vm_pgoff = args->pgoff,
		.vm_mm = mm,
		.vm_mapping = args->mapping,
		.vm_ops = args->vm_ops ? args->vm_ops : &vmd_plain_vm_ops,
		.vm_private_data = args->vm_private_data,
	};
	vma->vm_page_prot = calc_page_prot(vma);
}

int vmd_mmap(struct vmd_mm *mm, const struct vmd_mmap_args *args,
	     vmd_va_t *addr)
{
	struct vmd_mmap_args ours;
	struct vmd_area *area;
	vmd_va_t start;
	int err;

	if (!args || !vmd_copy_config(&ours, sizeof(ours), args) ||
	    check_args(mm, &ours, addr))
		return -EINVAL;
	area = vmd_alloc(&mm->hw->env.arena, sizeof(*area));
	if (!area)
		return -ENOMEM;

	vmd_mmap_write_lock(mm);
	err = choose_addr(mm, &ours, &start);
	if (!err) {
		init_vma(&area->vma, mm, &ours, start);
		vmd_vma_link(area);
		*addr = start;
	}
	vmd_mmap_write_unlock(mm);
	if (err)
		vmd_free(&mm->hw->env.arena, area);
	return err;
}

/* Areas that stick out of [start, end) are cut at its ends. */
static int split_at_ends(const struct vmd_mm *mm, vmd_va_t start, vmd_va_t end)
{
	struct vmd_vma *vma = vmd_find_vma(mm, start);
	int err;

	if (vma && vma->vm_start < start && start < vma->vm_end) {
		err = vmd_split_vma(vma, start);
		if (err)
			return err;
	}
	vma = vmd_find_vma(mm, end);
	if (vma && vma->vm_start < end && end < vma->vm_end)
		return vmd_split_vma(vma, end);
	return 0;
}

/* Tables between the neighbours serve nobody else: [floor, ceiling). */
static void free_tables(struct vmd_mm *mm, vmd_va_t start, vmd_va_t end)
{
	const struct vmd_it_node *node = vmd_it_first(&mm->areas, 0, start);
	const struct vmd_vma *above = vmd_find_vma(mm, end);
	vmd_va_t floor = 0;

	for (; node; node = vmd_it_next(node, 0, start))
		floor = node->last + 1;
	vmd_free_pgtables(&mm->context, start, end, floor,
			  above ? above->vm_start : vmd_mm_task_size(mm));
}

static void free_area(struct vmd_area *area)
{
	if (area->vma.vm_ops->close)
		area->vma.vm_ops->close(&area->vma);
	vmd_free(&area->vma.vm_mm->hw->env.arena, area);
}

/* FM-37, for one area: entries, flush, both trees, tables, close. */
static void unmap_area(struct vmd_area *area)
{
	struct vmd_vma *vma = &area->vma;

	vmd_zap_page_range(vma, vma->vm_start, vma->vm_end);
	vmd_vma_unlink(area);
	free_tables(vma->vm_mm, vma->vm_start, vma->vm_end);
	free_area(area);
}

/* Before the notifier's start: owners may take their locks (LK-2). */
static void pre_unmap_areas(struct vmd_mm *mm, vmd_va_t start, vmd_va_t end)
{
	struct vmd_it_node *node = vmd_it_first(&mm->areas, start, end - 1);

	for (; node; node = vmd_it_next(node, start, end - 1)) {
		struct vmd_vma *vma =
			&vmd_container_of(node, struct vmd_area, in_mm)->vma;

		if (vma->vm_ops->pre_unmap)
			vma->vm_ops->pre_unmap(vma, vma->vm_start, vma->vm_end);
	}
}

static void unmap_areas(struct vmd_mm *mm, vmd_va_t start, vmd_va_t end)
{
	const struct vmd_mmu_notifier_range range = {
		.mm = mm,
		.start = start,
		.end = end,
		.event = VMD_MMU_NOTIFY_UNMAP,
	};
	struct vmd_it_node *node = vmd_it_first(&mm->areas, start, end - 1);

	if (!node)
		return;
	pre_unmap_areas(mm, start, end);
	vmd_mmu_notifier_invalidate_range_start(&mm->notifiers, &range);
	for (; node; node = vmd_it_first(&mm->areas, start, end - 1))
		unmap_area(vmd_container_of(node, struct vmd_area, in_mm));
	vmd_mmu_notifier_invalidate_range_end(&mm->notifiers, &range);
}

int vmd_munmap(struct vmd_mm *mm, vmd_va_t addr, uint64_t len)
{
	vmd_va_t end;
	int err;

	if (!mm || !page_aligned(addr) || len == 0 ||
	    len > vmd_mm_task_size(mm) || addr > vmd_mm_task_size(mm) - len)
		return -EINVAL;

	end = (addr + len + VMD_PAGE_SIZE - 1) & VMD_PAGE_MASK;
	vmd_mmap_write_lock(mm);
	err = split_at_ends(mm, addr, end);
	if (!err)
		unmap_areas(mm, addr, end);
	vmd_mmap_write_unlock(mm);
	return err;
}
