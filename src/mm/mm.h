/* SPDX-License-Identifier: MIT */
/*
 * struct vmd_mm and its areas from inside.
 */
#ifndef VMD_SRC_MM_MM_H
#define VMD_SRC_MM_MM_H

#include <vmmdirty/geometry.h>
#include <vmmdirty/mm.h>

#include "base/compiler.h"
#include "base/interval_tree.h"
#include "mmu/hw.h"
#include "notifier/notifier.h"
#include "rmap/mapping.h"
#include "sync/rwsem.h"

struct vmd_mm {
	struct vmd_mm_context context;
	struct vmd_hw *hw;
	struct vmd_mm_notifiers notifiers;
	struct vmd_rwsem mmap_lock;

	/* Under mmap_lock: areas by address, none overlaps another */
	struct vmd_it_root areas vmd_guarded_by(&mmap_lock);
	unsigned long nr_vmas vmd_guarded_by(&mmap_lock);
};

/*
 * The public struct, and where it hangs. Bounds and flags change only under
 * mmap_lock and i_mmap_rwsem, both for writing: either one is enough to read.
 */
struct vmd_area {
	struct vmd_vma vma;
	struct vmd_it_node in_mm; /* addresses */
	struct vmd_it_node in_object; /* page offsets */
};

static inline struct vmd_mm *vmd_context_mm(struct vmd_mm_context *ctx)
{
	return vmd_container_of(ctx, struct vmd_mm, context);
}

/* The end of its user addresses. */
static inline vmd_va_t vmd_mm_task_size(const struct vmd_mm *mm)
{
	return vmd_task_size(mm->context.levels);
}

static inline struct vmd_vma *vmd_vma_in_object(struct vmd_it_node *node)
{
	return &vmd_container_of(node, struct vmd_area, in_object)->vma;
}

static inline uint64_t vmd_vma_pages(const struct vmd_vma *vma)
{
	return (vma->vm_end - vma->vm_start) >> VMD_PAGE_SHIFT;
}

/* The page of the object that is seen at @addr. Kernel: linear_page_index(). */
static inline vmd_pgoff_t vmd_linear_page_index(const struct vmd_vma *vma,
						vmd_va_t addr)
{
	return ((addr - vma->vm_start) >> VMD_PAGE_SHIFT) + vma->vm_pgoff;
}

/* The last of @nr pages, to the end of the object if that many there are not. */
static inline vmd_pgoff_t vmd_last_page(vmd_pgoff_t first, vmd_pgoff_t nr)
{
	vmd_pgoff_t last = first + nr - 1;

	return last < first ? UINT64_MAX : last;
}

/* Part of an area that shows [first, first + nr) of the object (PW-18). */
struct vmd_va_range {
	vmd_va_t start;
	vmd_va_t end; /* == start: nothing */
};
struct vmd_va_range vmd_vma_clip(const struct vmd_vma *vma, vmd_pgoff_t first,
				 vmd_pgoff_t nr);

/* Under mmap_lock. The area that holds @addr or the next one; or NULL. */
struct vmd_vma *vmd_find_vma(const struct vmd_mm *mm, vmd_va_t addr);

/* Under mmap_lock for writing: into and out of both trees. */
void vmd_vma_link(struct vmd_area *area);
void vmd_vma_unlink(struct vmd_area *area);

/* Under mmap_lock for writing: cut @vma in two at @addr. */
int vmd_split_vma(struct vmd_vma *vma, vmd_va_t addr);

void vmd_mmap_write_lock(struct vmd_mm *mm) vmd_acquires(vmd_mm_mmap_lock(mm));
void vmd_mmap_write_unlock(struct vmd_mm *mm)
	vmd_releases(vmd_mm_mmap_lock(mm));

/* Removes the entries of [start, end) of one area and flushes. */
void vmd_zap_page_range(struct vmd_vma *vma, vmd_va_t start, vmd_va_t end);

extern const struct vmd_fault_ops vmd_mm_fault_ops;

/* Operations of an area that shows a plain object. */
extern const struct vmd_vm_operations vmd_plain_vm_ops;

#endif /* VMD_SRC_MM_MM_H */
