/* SPDX-License-Identifier: MIT */
/*
 * base/interval_tree against a sorted array that is searched from end to end.
 */
#include "base/interval_tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/rng.h"
#include "support.h"

#define MAX_NODES 64

/* The model: nodes in their order. */
struct model {
	struct vmd_it_root root;
	struct vmd_it_node nodes[MAX_NODES];
	bool in_use[MAX_NODES];
	struct vmd_it_node *order[MAX_NODES];
	unsigned int nr;
};

static void model_put(struct model *model, unsigned int at,
		      struct vmd_it_node *node)
{
	memmove(&model->order[at + 1], &model->order[at],
		(model->nr - at) * sizeof(model->order[0]));
	model->order[at] = node;
	model->nr++;
}

static void model_take(struct model *model, unsigned int at)
{
	model->nr--;
	memmove(&model->order[at], &model->order[at + 1],
		(model->nr - at) * sizeof(model->order[0]));
}

static struct vmd_it_node *model_first(const struct model *model,
				       unsigned int from, uint64_t start,
				       uint64_t last)
{
	for (; from < model->nr; from++)
		if (model->order[from]->start <= last &&
		    model->order[from]->last >= start)
			return model->order[from];
	return NULL;
}

/* Does @node know what it must? Assertions cost more than the comparison. */
static bool is_sound(const struct vmd_it_node *node,
		     const struct vmd_it_node *parent)
{
	uint64_t max = node->last;

	if (node->left && node->left->max > max)
		max = node->left->max;
	if (node->right && node->right->max > max)
		max = node->right->max;
	return node->parent == parent && node->max == max &&
	       (!parent || parent->priority >= node->priority);
}

/* Counts the nodes below @node. */
static unsigned int check_below(const struct vmd_it_node *node,
				const struct vmd_it_node *parent)
{
	if (!node)
		return 0;
	if (!is_sound(node, parent))
		ck_abort_msg("node [%llu, %llu]",
			     (unsigned long long)node->start,
			     (unsigned long long)node->last);
	return 1 + check_below(node->left, node) +
	       check_below(node->right, node);
}

/* Every node of the tree in order, by its own first and next. */
static void check_against(const struct model *model, uint64_t start,
			  uint64_t last, int seed)
{
	struct vmd_it_node *expected = model_first(model, 0, start, last);
	struct vmd_it_node *found = vmd_it_first(&model->root, start, last);
	unsigned int at = 0;

	while (expected) {
		if (found != expected)
			ck_abort_msg("seed %d, [%llu, %llu]", seed,
				     (unsigned long long)start,
				     (unsigned long long)last);
		while (model->order[at] != expected)
			at++;
		expected = model_first(model, at + 1, start, last);
		found = vmd_it_next(found, start, last);
	}
	ck_assert_msg(!found, "seed %d, one too many", seed);
}

static void insert_one(struct model *model, unsigned int i, uint64_t *rng)
{
	struct vmd_it_node *node = &model->nodes[i];
	unsigned int at = 0;

	node->start = vmd_rng_next(rng) % 40;
	node->last = node->start + vmd_rng_next(rng) % 20;
	while (at < model->nr && model->order[at]->start <= node->start)
		at++;
	if (at > 0 && model->order[at - 1]->start == node->start &&
	    vmd_rng_next(rng) % 2)
		vmd_it_insert_after(&model->root, node, model->order[at - 1]);
	else
		vmd_it_insert(&model->root, node);
	model_put(model, at, node);
}

static void remove_one(struct model *model, struct vmd_it_node *node)
{
	unsigned int at = 0;

	while (model->order[at] != node)
		at++;
	model_take(model, at);
	vmd_it_remove(&model->root, node);
}

START_TEST(any_sequence_of_calls_equals_a_sorted_array)
{
	uint64_t rng = (uint64_t)_i;
	struct model model = { .nr = 0 };
	unsigned int step;

	for (step = 0; step < 400; step++) {
		unsigned int i = vmd_rng_next(&rng) % MAX_NODES;
		uint64_t start = vmd_rng_next(&rng) % 70;

		if (model.in_use[i])
			remove_one(&model, &model.nodes[i]);
		else
			insert_one(&model, i, &rng);
		model.in_use[i] = !model.in_use[i];

		ck_assert_uint_eq(check_below(model.root.top, NULL), model.nr);
		check_against(&model, start, start + vmd_rng_next(&rng) % 9,
			      _i);
		check_against(&model, 0, UINT64_MAX, _i);
	}
}
END_TEST

START_TEST(an_empty_tree_has_nothing_to_find)
{
	struct vmd_it_root root = { NULL, 0 };

	ck_assert_ptr_null(vmd_it_first(&root, 0, UINT64_MAX));
}
END_TEST

START_TEST(intervals_include_both_their_ends)
{
	struct vmd_it_root root = { NULL, 0 };
	struct vmd_it_node node = { .start = 10, .last = 20 };

	vmd_it_insert(&root, &node);

	ck_assert_ptr_null(vmd_it_first(&root, 0, 9));
	ck_assert_ptr_eq(vmd_it_first(&root, 0, 10), &node);
	ck_assert_ptr_eq(vmd_it_first(&root, 15, 15), &node);
	ck_assert_ptr_eq(vmd_it_first(&root, 20, 99), &node);
	ck_assert_ptr_null(vmd_it_first(&root, 21, 99));
}
END_TEST

START_TEST(the_whole_number_line_is_one_interval)
{
	struct vmd_it_root root = { NULL, 0 };
	struct vmd_it_node all = { .start = 0, .last = UINT64_MAX };
	struct vmd_it_node top = { .start = UINT64_MAX, .last = UINT64_MAX };

	vmd_it_insert(&root, &all);
	vmd_it_insert(&root, &top);

	ck_assert_ptr_eq(vmd_it_first(&root, UINT64_MAX, UINT64_MAX), &all);
	ck_assert_ptr_eq(vmd_it_next(&all, UINT64_MAX, UINT64_MAX), &top);
	ck_assert_ptr_null(vmd_it_next(&all, 0, UINT64_MAX - 1));
}
END_TEST

START_TEST(equal_starts_keep_the_order_of_insertion)
{
	struct vmd_it_root root = { NULL, 0 };
	struct vmd_it_node nodes[32];
	struct vmd_it_node *at;
	unsigned int i;

	for (i = 0; i < 32; i++) {
		nodes[i] = (struct vmd_it_node){ .start = 5, .last = 5 + i };
		vmd_it_insert(&root, &nodes[i]);
	}

	at = vmd_it_first(&root, 5, 5);
	for (i = 0; i < 32; i++, at = vmd_it_next(at, 5, 5))
		ck_assert_msg(at == &nodes[i], "number %u", i);
}
END_TEST

/* LK-13: a child's area stands directly behind its parent's. */
START_TEST(insert_after_goes_directly_behind)
{
	struct vmd_it_root root = { NULL, 0 };
	struct vmd_it_node parent = { .start = 5, .last = 9 };
	struct vmd_it_node later = { .start = 5, .last = 9 };
	struct vmd_it_node child = { .start = 5, .last = 9 };

	vmd_it_insert(&root, &parent);
	vmd_it_insert(&root, &later);
	vmd_it_insert_after(&root, &child, &parent);

	ck_assert_ptr_eq(vmd_it_first(&root, 5, 5), &parent);
	ck_assert_ptr_eq(vmd_it_next(&parent, 5, 5), &child);
	ck_assert_ptr_eq(vmd_it_next(&child, 5, 5), &later);
}
END_TEST

static unsigned int depth(const struct vmd_it_node *node)
{
	unsigned int left;
	unsigned int right;

	if (!node)
		return 0;
	left = depth(node->left);
	right = depth(node->right);
	return 1 + (left > right ? left : right);
}

START_TEST(sorted_insertion_does_not_make_a_list)
{
	static struct vmd_it_node nodes[10000];
	struct vmd_it_root root = { NULL, 0 };
	unsigned int i;

	for (i = 0; i < 10000; i++) {
		nodes[i].start = i;
		nodes[i].last = i;
		vmd_it_insert(&root, &nodes[i]);
	}

	ck_assert_uint_le(depth(root.top), 50);
}
END_TEST

/* I-11 */
START_TEST(the_same_calls_give_the_same_tree)
{
	struct vmd_it_node nodes[2][20];
	struct vmd_it_root roots[2] = { { NULL, 0 }, { NULL, 0 } };
	unsigned int side;
	unsigned int i;

	for (side = 0; side < 2; side++)
		for (i = 0; i < 20; i++) {
			nodes[side][i].start = i * 7 % 20;
			nodes[side][i].last = nodes[side][i].start + 3;
			vmd_it_insert(&roots[side], &nodes[side][i]);
		}

	for (i = 0; i < 20; i++) {
		const struct vmd_it_node *a = nodes[0][i].parent;
		const struct vmd_it_node *b = nodes[1][i].parent;

		ck_assert_msg(!a == !b, "node %u", i);
		ck_assert_msg(!a || a - nodes[0] == b - nodes[1], "node %u", i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("interval_tree");
	TCase *model = tcase_create("model");
	TCase *order = tcase_create("order");
	TCase *shape = tcase_create("shape");

	tcase_add_loop_test(model, any_sequence_of_calls_equals_a_sorted_array,
			    0, 40);
	suite_add_tcase(suite, model);

	tcase_add_test(order, an_empty_tree_has_nothing_to_find);
	tcase_add_test(order, intervals_include_both_their_ends);
	tcase_add_test(order, the_whole_number_line_is_one_interval);
	tcase_add_test(order, equal_starts_keep_the_order_of_insertion);
	tcase_add_test(order, insert_after_goes_directly_behind);
	suite_add_tcase(suite, order);

	tcase_add_test(shape, sorted_insertion_does_not_make_a_list);
	tcase_add_test(shape, the_same_calls_give_the_same_tree);
	suite_add_tcase(suite, shape);
	return vmd_test_main(suite);
}
