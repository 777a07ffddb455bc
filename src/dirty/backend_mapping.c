/* SPDX-License-Identifier: MIT */
/*
 * The emulated back end: the object is a window of a mapping, and the two
 * helpers do the work.
 */
#include <vmmdirty/backend.h>
#include <vmmdirty/dirty.h>

#include "base/compiler.h"
#include "mm/mm.h"

static struct vmd_mapping_backend *
to_mapping_backend(struct vmd_dirty_backend *backend)
{
	return vmd_container_of(backend, struct vmd_mapping_backend, backend);
}

static int probe(struct vmd_dirty_backend *backend)
{
	(void)backend;
	return 0;
}

static unsigned long arm(struct vmd_dirty_backend *backend, unsigned long first,
			 unsigned long nr_pages)
{
	const struct vmd_mapping_backend *object = to_mapping_backend(backend);

	return vmd_wp_shared_mapping_range(object->mapping,
					   object->node_start + first,
					   nr_pages);
}

static unsigned long collect(struct vmd_dirty_backend *backend,
			     unsigned long first, unsigned long nr_pages,
			     struct vmd_dirty_span *span)
{
	const struct vmd_mapping_backend *object = to_mapping_backend(backend);
	unsigned long nr_cleaned;

	span->bitmap_pgoff = object->node_start;
	nr_cleaned = vmd_clean_record_shared_mapping_range(object->mapping,
							   object->node_start +
								   first,
							   nr_pages, span);
	span->bitmap_pgoff = 0;
	return nr_cleaned;
}

static void unmap(struct vmd_dirty_backend *backend, unsigned long first,
		  unsigned long nr_pages)
{
	const struct vmd_mapping_backend *object = to_mapping_backend(backend);

	vmd_unmap_mapping_pages(object->mapping, object->node_start + first,
				nr_pages);
}

static const struct vmd_dirty_backend_ops mapping_backend_ops = {
	.name = "mapping",
	.caps = VMD_DIRTY_CAP_ALIASES,
	.probe = probe,
	.arm = arm,
	.collect = collect,
	.unmap = unmap,
};

void vmd_mapping_backend_init(struct vmd_mapping_backend *backend,
			      struct vmd_mapping *mapping,
			      vmd_pgoff_t node_start)
{
	backend->backend.ops = &mapping_backend_ops;
	backend->mapping = mapping;
	backend->node_start = node_start;
}
