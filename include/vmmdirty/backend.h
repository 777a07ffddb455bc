/* SPDX-License-Identifier: MIT */
/*
 * How a tracker reaches the pages that it tracks. The tracker does not know
 * what stands behind: an emulated object, or real memory.
 */
#ifndef VMMDIRTY_BACKEND_H
#define VMMDIRTY_BACKEND_H

#include <vmmdirty/base.h>

VMD_BEGIN_DECLS

/**
 * struct vmd_dirty_span - a bitmap of dirty pages and its window
 * @bitmap: bit i is page @bitmap_pgoff + i; the owner's memory
 * @bitmap_pgoff: the object's page that bit 0 stands for
 * @nr_pages: bits in @bitmap
 * @start: no bit below is set
 * @end: no bit from here on is set; @start >= @end: none at all
 *
 * [@start, @end) holds every set bit and may be wider (DH-14). To begin, clear
 * the bitmap and set @start = @end = 0.
 */
struct vmd_dirty_span {
	uint64_t *bitmap;
	vmd_pgoff_t bitmap_pgoff;
	vmd_pgoff_t nr_pages;
	vmd_pgoff_t start;
	vmd_pgoff_t end;
};

struct vmd_dirty_backend;

/** Whoever writes is seen, also through another mapping of the object. */
#define VMD_DIRTY_CAP_ALIASES 1U

/**
 * struct vmd_dirty_backend_ops - one way to find dirty pages
 * @name: one word
 * @caps: VMD_DIRTY_CAP_ bits
 * @probe: can it work here? 0 or a negative error
 * @arm: write-protect pages, so that the next store to each is reported;
 *	returns how many entries were changed
 * @collect: clean pages and record the dirty ones, indices relative to the
 *	object; returns how many entries were cleaned
 * @unmap: remove all entries of pages
 *
 * Pages are counted from the start of the object. When arm and collect return,
 * no CPU uses an old translation.
 */
struct vmd_dirty_backend_ops {
	const char *name;
	unsigned int caps;
	int (*probe)(struct vmd_dirty_backend *backend);
	unsigned long (*arm)(struct vmd_dirty_backend *backend,
			     unsigned long first, unsigned long nr_pages);
	unsigned long (*collect)(struct vmd_dirty_backend *backend,
				 unsigned long first, unsigned long nr_pages,
				 struct vmd_dirty_span *span);
	void (*unmap)(struct vmd_dirty_backend *backend, unsigned long first,
		      unsigned long nr_pages);
};

/**
 * struct vmd_dirty_backend - a back end, embedded in its owner
 * @ops: what it does
 */
struct vmd_dirty_backend {
	const struct vmd_dirty_backend_ops *ops;
};

struct vmd_mapping;

/**
 * struct vmd_mapping_backend - the emulated one: the two dirty helpers
 * @backend: for vmd_tracker_create()
 * @mapping: what maps the object, perhaps along with others
 * @node_start: the mapping's page that is the object's first
 */
struct vmd_mapping_backend {
	struct vmd_dirty_backend backend;
	struct vmd_mapping *mapping;
	vmd_pgoff_t node_start;
};

/**
 * vmd_mapping_backend_init() - track pages of a mapping
 * @backend: what to fill in
 * @mapping: the mapping
 * @node_start: the object's first page in it
 *
 * Context: Any.
 */
VMD_API void vmd_mapping_backend_init(struct vmd_mapping_backend *backend,
				      struct vmd_mapping *mapping,
				      vmd_pgoff_t node_start);

VMD_END_DECLS

#endif /* VMMDIRTY_BACKEND_H */
