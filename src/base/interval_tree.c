/* SPDX-License-Identifier: MIT */
/*
 * A treap: a search tree by start, a heap by priority. The priorities are
 * hashes of the insertion count, so that the same calls give the same tree on
 * every machine, and its depth stays logarithmic. It does what a red-black
 * tree would do here in a third of the cases to get wrong.
 *
 *	        p            rotate_up(n)          n
 *	       / \          ------------->        / \
 *	      n   C                              A   p
 *	     / \         order A n B p C            / \
 *	    A   B           is kept                B   C
 */
#include "base/interval_tree.h"

#include <stddef.h>

#include "base/rng.h"

static uint64_t max_of(const struct vmd_it_node *node)
{
	uint64_t max = node->last;

	if (node->left && node->left->max > max)
		max = node->left->max;
	if (node->right && node->right->max > max)
		max = node->right->max;
	return max;
}

static void fix_max_upwards(struct vmd_it_node *node)
{
	for (; node; node = node->parent)
		node->max = max_of(node);
}

/* Where the pointer to @node stands. */
static struct vmd_it_node **link_of(struct vmd_it_root *root,
				    struct vmd_it_node *node)
{
	if (!node->parent)
		return &root->top;
	return node->parent->left == node ? &node->parent->left :
					    &node->parent->right;
}

static void rotate_up(struct vmd_it_root *root, struct vmd_it_node *node)
{
	struct vmd_it_node *parent = node->parent;
	struct vmd_it_node *middle;

	*link_of(root, parent) = node;
	node->parent = parent->parent;
	parent->parent = node;
	if (parent->left == node) {
		middle = node->right;
		parent->left = middle;
		node->right = parent;
	} else {
		middle = node->left;
		parent->right = middle;
		node->left = parent;
	}
	if (middle)
		middle->parent = parent;
	parent->max = max_of(parent);
	node->max = max_of(node);
}

static void attach(struct vmd_it_root *root, struct vmd_it_node *node,
		   struct vmd_it_node *parent, struct vmd_it_node **link)
{
	node->priority = vmd_mix64(++root->nr_inserted);
	node->parent = parent;
	node->left = NULL;
	node->right = NULL;
	*link = node;
	fix_max_upwards(node);
	while (node->parent && node->parent->priority < node->priority)
		rotate_up(root, node);
}

void vmd_it_insert(struct vmd_it_root *root, struct vmd_it_node *node)
{
	struct vmd_it_node **link = &root->top;
	struct vmd_it_node *parent = NULL;

	while (*link) {
		parent = *link;
		link = node->start < parent->start ? &parent->left :
						     &parent->right;
	}
	attach(root, node, parent, link);
}

void vmd_it_insert_after(struct vmd_it_root *root, struct vmd_it_node *node,
			 struct vmd_it_node *prev)
{
	struct vmd_it_node **link = &prev->right;
	struct vmd_it_node *parent = prev;

	while (*link) {
		parent = *link;
		link = &parent->left;
	}
	attach(root, node, parent, link);
}

/* Sinks to where it has one child at most, then that child takes its place. */
void vmd_it_remove(struct vmd_it_root *root, struct vmd_it_node *node)
{
	struct vmd_it_node *child;

	while (node->left && node->right)
		rotate_up(root, node->left->priority > node->right->priority ?
					node->left :
					node->right);

	child = node->left ? node->left : node->right;
	*link_of(root, node) = child;
	if (child)
		child->parent = node->parent;
	fix_max_upwards(node->parent);
	node->parent = NULL;
}

/* The first node below and including @node that meets [start, last]. */
static struct vmd_it_node *first_below(struct vmd_it_node *node, uint64_t start,
				       uint64_t last)
{
	while (node && node->max >= start) {
		if (node->left && node->left->max >= start) {
			node = node->left;
			continue;
		}
		if (node->start > last)
			return NULL;
		if (node->last >= start)
			return node;
		node = node->right;
	}
	return NULL;
}

struct vmd_it_node *vmd_it_first(const struct vmd_it_root *root, uint64_t start,
				 uint64_t last)
{
	return first_below(root->top, start, last);
}

/* What follows in order: the right subtree, then the ancestors to the right. */
struct vmd_it_node *vmd_it_next(const struct vmd_it_node *node, uint64_t start,
				uint64_t last)
{
	struct vmd_it_node *found = first_below(node->right, start, last);
	struct vmd_it_node *parent = node->parent;

	while (!found && parent) {
		if (parent->left == node) {
			if (parent->start > last)
				return NULL;
			if (parent->last >= start)
				return parent;
			found = first_below(parent->right, start, last);
		}
		node = parent;
		parent = node->parent;
	}
	return found;
}
