/* SPDX-License-Identifier: MIT */
/*
 * Which pages did the CPU dirty since somebody last looked: the two helpers
 * of mm/mapping_dirty_helpers.c, and the tracker that vmwgfx builds on them.
 */
#ifndef VMMDIRTY_DIRTY_H
#define VMMDIRTY_DIRTY_H

#include <stdbool.h>

#include <vmmdirty/backend.h>
#include <vmmdirty/base.h>
#include <vmmdirty/context.h>
#include <vmmdirty/mapping.h>

VMD_BEGIN_DECLS

struct vmd_machine;

/**
 * vmd_wp_shared_mapping_range() - write-protect all entries of a range
 * @mapping: the object
 * @first_index: first page of it
 * @nr_pages: pages; 0 does nothing
 *
 * Guarantees:
 * (a) No entry that shows a page of the range, in an area that is shared and
 *     may become writable, is writable when it returns, unless a fault made it
 *     so meanwhile.
 * (b) On return no CPU stores through an old right.
 * (c) What was dirty stays dirty.
 *
 * Huge entries are passed over; one that is writable or dirty is a warning.
 * Kernel: wp_shared_mapping_range().
 *
 * Context: May sleep. Takes the mapping's rwsem shared, then one page-table
 *          lock at a time. Calls notifiers, flushes TLBs.
 * Return: entries changed; a page with n mappings counts n times.
 */
VMD_API unsigned long vmd_wp_shared_mapping_range(struct vmd_mapping *mapping,
						  vmd_pgoff_t first_index,
						  vmd_pgoff_t nr_pages)
	vmd_must_not_hold(vmd_mapping_rwsem(mapping));

/**
 * vmd_clean_record_shared_mapping_range() - clean entries, record the dirty
 * @mapping: the object
 * @first_index: first page of it
 * @nr_pages: pages; 0 does nothing
 * @span: bitmap to record into; its window is widened, never narrowed
 *
 * Guarantees:
 * (a) An entry dirty when the call starts is recorded (DH-7).
 * (b) An entry dirtied later stays dirty, or is recorded, or both (DH-8).
 * (c) No entry is cleaned that is not recorded (DH-9).
 *
 * To get a closed set write-protect first, and hold back new writers in
 * pfn_mkwrite (DH-10). Bits are set without atomics: the caller serialises
 * whoever uses @span. Huge entries as in vmd_wp_shared_mapping_range().
 * Kernel: clean_record_shared_mapping_range().
 *
 * Context: May sleep. Takes the mapping's rwsem shared, then one page-table
 *          lock at a time. Calls notifiers, flushes TLBs. A range that does not
 *          fit @span is a broken contract.
 * Return: entries cleaned; a page with n mappings counts n times.
 */
VMD_API unsigned long
vmd_clean_record_shared_mapping_range(struct vmd_mapping *mapping,
				      vmd_pgoff_t first_index,
				      vmd_pgoff_t nr_pages,
				      struct vmd_dirty_span *span)
	vmd_must_not_hold(vmd_mapping_rwsem(mapping));

/**
 * enum vmd_dirty_method - how a tracker finds dirty pages
 * @VMD_DIRTY_PAGETABLE: looks for D in the page tables
 * @VMD_DIRTY_MKWRITE: write-protects, and is told by faults
 */
enum vmd_dirty_method {
	VMD_DIRTY_PAGETABLE,
	VMD_DIRTY_MKWRITE
};

/**
 * struct vmd_dirty_policy_state - what a policy remembers about one tracker
 * @change_count: scans in favour of the other method
 */
struct vmd_dirty_policy_state {
	unsigned int change_count;
};

/**
 * struct vmd_dirty_policy - when to use which method
 * @name: one word
 * @initial: the method of a new tracker of @nr_pages
 * @scanned: after a scan that looked: @nr_found entries were found dirty
 *	(PAGETABLE) or write-protected (MKWRITE); returns the method from now
 *	on. NULL: the method never changes
 */
struct vmd_dirty_policy {
	const char *name;
	enum vmd_dirty_method (*initial)(unsigned long nr_pages);
	enum vmd_dirty_method (*scanned)(struct vmd_dirty_policy_state *state,
					 enum vmd_dirty_method method,
					 unsigned long nr_found,
					 unsigned long nr_pages);
};

/** Faults only. */
VMD_API extern const struct vmd_dirty_policy vmd_dirty_policy_mkwrite;
/** D bits only. */
VMD_API extern const struct vmd_dirty_policy vmd_dirty_policy_pagetable;
/** The rule of vmwgfx_page_dirty.c: 512 pages; above 10 whole %, third in a row. */
VMD_API extern const struct vmd_dirty_policy vmd_dirty_policy_vmwgfx;

struct vmd_tracker;

/**
 * vmd_tracker_create() - begin to track an object
 * @machine: where memory comes from
 * @backend: reaches the object's pages; outlives the tracker
 * @policy: chooses the method
 * @nr_pages: the object's length, at least 1
 * @out: the tracker with one reference, untouched on failure
 *
 * In MKWRITE all pages are write-protected, and what was dirty before is
 * recorded (VM-1). Kernel: vmw_bo_dirty_add().
 *
 * Context: May sleep. All functions of one tracker are serialised by the
 *          caller: by the reservation of the buffer object, if it has one.
 * Return: 0, -EINVAL, -ENOMEM, or what the back end's probe says.
 */
VMD_API vmd_must_check int
vmd_tracker_create(struct vmd_machine *machine,
		   struct vmd_dirty_backend *backend,
		   const struct vmd_dirty_policy *policy,
		   unsigned long nr_pages, struct vmd_tracker **out);

/**
 * vmd_tracker_get() - one more user
 * @tracker: the tracker
 *
 * Context: As vmd_tracker_create().
 */
VMD_API void vmd_tracker_get(struct vmd_tracker *tracker);

/**
 * vmd_tracker_put() - one user less
 * @tracker: the tracker; the last user frees it
 *
 * Entries stay as they are: read-only ones fault once more (VM-2). Kernel:
 * vmw_bo_dirty_release().
 *
 * Context: As vmd_tracker_create().
 * Return: true if it is gone.
 */
VMD_API bool vmd_tracker_put(struct vmd_tracker *tracker);

/**
 * vmd_tracker_scan() - find what was written since the last scan
 * @tracker: the tracker
 *
 * Afterwards every page written before the call has its bit set (VM-20,
 * VM-21). May change the method (VM-4, VM-5). Kernel: vmw_bo_dirty_scan().
 *
 * Context: As vmd_tracker_create().
 */
VMD_API void vmd_tracker_scan(struct vmd_tracker *tracker);

/**
 * vmd_tracker_mkwrite() - a store is about to hit a read-only page
 * @tracker: the tracker
 * @page: the page of the object
 *
 * From pfn_mkwrite, before the entry becomes writable (VM-13). Outside of
 * MKWRITE it records nothing.
 *
 * Context: As vmd_tracker_create().
 */
VMD_API void vmd_tracker_mkwrite(struct vmd_tracker *tracker,
				 unsigned long page);

/**
 * vmd_tracker_record() - pages are known to be newer than their copy
 * @tracker: the tracker
 * @start: first page
 * @end: first page behind
 *
 * For what a scan cannot find, such as writes from before the tracker whose
 * entries are gone. Kernel: the full update that follows guest_memory_dirty.
 *
 * Context: As vmd_tracker_create().
 */
VMD_API void vmd_tracker_record(struct vmd_tracker *tracker,
				unsigned long start, unsigned long end);

/**
 * vmd_tracker_unmap() - remove the entries of a range, losing no dirt
 * @tracker: the tracker
 * @start: first page
 * @end: first page behind; an empty range does nothing (VM-9)
 *
 * Kernel: vmw_bo_dirty_unmap().
 *
 * Context: As vmd_tracker_create().
 */
VMD_API void vmd_tracker_unmap(struct vmd_tracker *tracker, unsigned long start,
			       unsigned long end);

/**
 * vmd_tracker_pre_unmap() - record what is about to be unmapped
 * @tracker: the tracker
 * @start: first page
 * @end: first page behind
 *
 * For callers that remove entries themselves (VM-8). Kernel:
 * vmw_bo_dirty_pre_unmap().
 *
 * Context: As vmd_tracker_create().
 */
VMD_API void vmd_tracker_pre_unmap(struct vmd_tracker *tracker,
				   unsigned long start, unsigned long end);

/**
 * typedef vmd_dirty_run_fn - receives a run of dirty pages
 *
 * Context: Of vmd_tracker_transfer(). Returns 0, or an error that ends the
 *          transfer; then the run stays recorded.
 */
typedef int (*vmd_dirty_run_fn)(void *arg, unsigned long start,
				unsigned long end);

/**
 * vmd_tracker_transfer() - hand over and forget what is recorded
 * @tracker: the tracker
 * @start: first page
 * @end: first page behind
 * @run: called for each maximal run of dirty pages within the range
 * @arg: for @run
 *
 * Kernel: vmw_bo_dirty_transfer_to_res(), with the intended intersection
 * (VM-10, not VM-11).
 *
 * Context: As vmd_tracker_create().
 * Return: 0, or what @run returned.
 */
VMD_API vmd_must_check int
vmd_tracker_transfer(struct vmd_tracker *tracker, unsigned long start,
		     unsigned long end, vmd_dirty_run_fn run, void *arg);

/**
 * vmd_tracker_clear() - forget what is recorded
 * @tracker: the tracker
 * @start: first page
 * @end: first page behind
 *
 * After a full upload (VM-12), which must have come after a scan: in MKWRITE
 * an entry that is still writable would be left without its bit. Kernel:
 * vmw_bo_dirty_clear_res().
 *
 * Context: As vmd_tracker_create().
 */
VMD_API void vmd_tracker_clear(struct vmd_tracker *tracker, unsigned long start,
			       unsigned long end);

/**
 * vmd_tracker_method() - how the tracker works at the moment
 * @tracker: the tracker
 *
 * Context: As vmd_tracker_create().
 * Return: the method.
 */
VMD_API enum vmd_dirty_method
vmd_tracker_method(const struct vmd_tracker *tracker);

/**
 * vmd_tracker_span() - what is recorded
 * @tracker: the tracker
 *
 * Context: As vmd_tracker_create().
 * Return: bitmap and window, to be read only.
 */
VMD_API const struct vmd_dirty_span *
vmd_tracker_span(const struct vmd_tracker *tracker);

VMD_END_DECLS

#endif /* VMMDIRTY_DIRTY_H */
