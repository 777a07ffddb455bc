/* SPDX-License-Identifier: MIT */
/*
 * Closed intervals [start, last], several of which may overlap or be equal,
 * in the order of their starts; equal starts keep the order of insertion.
 *
 * The node is embedded in what it stands for. No locks of its own: callers
 * serialise.
 */
#ifndef VMD_SRC_BASE_INTERVAL_TREE_H
#define VMD_SRC_BASE_INTERVAL_TREE_H

#include <stdint.h>

struct vmd_it_node {
	/* Set by the owner before insertion: */
	uint64_t start;
	uint64_t last;

	/* The tree's own: */
	uint64_t max; /* the largest last in this subtree */
	uint64_t priority;
	struct vmd_it_node *parent;
	struct vmd_it_node *left;
	struct vmd_it_node *right;
};

struct vmd_it_root {
	struct vmd_it_node *top;
	uint64_t nr_inserted;
};

void vmd_it_insert(struct vmd_it_root *root, struct vmd_it_node *node);

/* @node goes directly behind @prev; both have the same start. */
void vmd_it_insert_after(struct vmd_it_root *root, struct vmd_it_node *node,
			 struct vmd_it_node *prev);

void vmd_it_remove(struct vmd_it_root *root, struct vmd_it_node *node);

/* The first node that meets [start, last], and the one after @node, or NULL. */
struct vmd_it_node *vmd_it_first(const struct vmd_it_root *root, uint64_t start,
				 uint64_t last);
struct vmd_it_node *vmd_it_next(const struct vmd_it_node *node, uint64_t start,
				uint64_t last);

#endif /* VMD_SRC_BASE_INTERVAL_TREE_H */
