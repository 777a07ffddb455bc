/* SPDX-License-Identifier: MIT */
/*
 * An object that address spaces map: the kernel's struct address_space. It
 * knows who maps it (the i_mmap tree) and, if it is a plain object, its pages.
 */
#ifndef VMMDIRTY_MAPPING_H
#define VMMDIRTY_MAPPING_H

#include <vmmdirty/base.h>
#include <vmmdirty/context.h>

VMD_BEGIN_DECLS

struct vmd_machine;
struct vmd_mapping;
struct vmd_lock_type("rwsem") vmd_rwsem;

/** Names the lock of @mapping in annotations; it is not called at run time. */
struct vmd_rwsem *vmd_mapping_rwsem(const struct vmd_mapping *mapping);

/**
 * vmd_mapping_create() - make a plain object
 * @machine: the machine whose memory holds it
 * @nr_pages: its length, 1 to 2^32; a page costs memory when first touched
 * @out: the object, untouched on failure
 *
 * The kernel's counterpart is a file on tmpfs.
 *
 * Context: May sleep. Takes no lock.
 * Return: 0, -EINVAL, -ENOMEM.
 */
VMD_API vmd_must_check int vmd_mapping_create(struct vmd_machine *machine,
					      vmd_pgoff_t nr_pages,
					      struct vmd_mapping **out);

/**
 * vmd_mapping_destroy() - give an object and its pages back
 * @mapping: the object, or NULL; nobody maps it any more, else that is reported
 *
 * Context: May sleep. No other thread uses @mapping.
 */
VMD_API void vmd_mapping_destroy(struct vmd_mapping *mapping);

/**
 * vmd_mapping_nr_vmas() - how many areas map the object
 * @mapping: the object
 *
 * Context: Takes the mapping's rwsem shared.
 * Return: areas of all address spaces.
 */
VMD_API unsigned long vmd_mapping_nr_vmas(struct vmd_mapping *mapping)
	vmd_must_not_hold(vmd_mapping_rwsem(mapping));

/**
 * vmd_i_mmap_lock_read() - keep the set of areas as it is
 * @mapping: the object
 *
 * Kernel: i_mmap_lock_read(). For callers of vmd_walk_page_mapping().
 *
 * Context: May sleep. Below mmap_lock and reservations in the lock order.
 */
VMD_API void vmd_i_mmap_lock_read(struct vmd_mapping *mapping)
	vmd_acquires_shared(vmd_mapping_rwsem(mapping));

/**
 * vmd_i_mmap_unlock_read() - the end of vmd_i_mmap_lock_read()
 * @mapping: the object
 *
 * Context: Any that may hold the lock.
 */
VMD_API void vmd_i_mmap_unlock_read(struct vmd_mapping *mapping)
	vmd_releases_shared(vmd_mapping_rwsem(mapping));

VMD_END_DECLS

#endif /* VMMDIRTY_MAPPING_H */
