/* SPDX-License-Identifier: MIT */
/*
 * struct vmd_mapping from inside. The tree holds nodes that are embedded in
 * areas; this floor does not know what an area is.
 */
#ifndef VMD_SRC_RMAP_MAPPING_H
#define VMD_SRC_RMAP_MAPPING_H

#include <vmmdirty/mapping.h>

#include "base/interval_tree.h"
#include "mmu/hw.h"
#include "sync/rwsem.h"

struct vmd_mapping {
	struct vmd_hw *hw;
	struct vmd_rwsem i_mmap_rwsem;

	/* Under i_mmap_rwsem: areas by the page offsets they show */
	struct vmd_it_root i_mmap vmd_guarded_by(&i_mmap_rwsem);
	unsigned long nr_vmas vmd_guarded_by(&i_mmap_rwsem);

	/* Frames of a plain object, 0 where none yet; each set once. */
	vmd_pgoff_t nr_pages;
	vmd_pfn_t *pfns;
	vmd_pfn_t first_pfn; /* atomic: all of them, chained */
};

/* A mapping whose pages somebody else provides, such as a device's. */
int vmd_mapping_init(struct vmd_mapping *mapping, struct vmd_hw *hw);
void vmd_mapping_fini(struct vmd_mapping *mapping);

/* True, and a report, if areas still show it: it must not be destroyed. */
bool vmd_mapping_in_use(const struct vmd_mapping *mapping);

/* The frame of a page of a plain object; 0: no memory. @pgoff is inside. */
vmd_pfn_t vmd_mapping_get_pfn(struct vmd_mapping *mapping, vmd_pgoff_t pgoff);

void vmd_i_mmap_lock_write(struct vmd_mapping *mapping)
	vmd_acquires(vmd_mapping_rwsem(mapping));
void vmd_i_mmap_unlock_write(struct vmd_mapping *mapping)
	vmd_releases(vmd_mapping_rwsem(mapping));

/* Under i_mmap_rwsem for writing. */
void vmd_mapping_add(struct vmd_mapping *mapping, struct vmd_it_node *node)
	vmd_must_hold(vmd_mapping_rwsem(mapping));
void vmd_mapping_del(struct vmd_mapping *mapping, struct vmd_it_node *node)
	vmd_must_hold(vmd_mapping_rwsem(mapping));

#endif /* VMD_SRC_RMAP_MAPPING_H */
