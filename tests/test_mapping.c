/* SPDX-License-Identifier: MIT */
/*
 * rmap: a plain object's pages, and the tree of areas that show it.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "midfix.h"

static struct midfix fix;

static void up(void)
{
	midfix_up(&fix, 3);
}

static void down(void)
{
	midfix_down(&fix);
}

START_TEST(each_page_has_a_frame_of_its_own_and_keeps_it)
{
	vmd_pfn_t first = vmd_mapping_get_pfn(fix.mapping, 0);
	vmd_pfn_t last = vmd_mapping_get_pfn(fix.mapping, 1023);

	ck_assert_uint_ne(first, 0);
	ck_assert_uint_ne(last, 0);
	ck_assert_uint_ne(first, last);
	ck_assert_uint_eq(vmd_mapping_get_pfn(fix.mapping, 0), first);
	ck_assert_uint_eq(vmd_mapping_get_pfn(fix.mapping, 1023), last);
}
END_TEST

START_TEST(two_objects_share_no_frame)
{
	struct vmd_mapping *other;

	ck_assert_int_eq(vmd_mapping_create(fix.machine, 1, &other), 0);
	ck_assert_uint_ne(vmd_mapping_get_pfn(fix.mapping, 0),
			  vmd_mapping_get_pfn(other, 0));
	vmd_mapping_destroy(other);
}
END_TEST

START_TEST(only_touched_pages_cost_memory_and_all_of_it_goes_back)
{
	uint64_t before = fix.hw->ram.nr_used;
	struct vmd_mapping *object;

	ck_assert_int_eq(vmd_mapping_create(fix.machine, 1U << 20, &object), 0);
	ck_assert_uint_eq(fix.hw->ram.nr_used, before);
	(void)vmd_mapping_get_pfn(object, 5);
	(void)vmd_mapping_get_pfn(object, (1U << 20) - 1);
	ck_assert_uint_eq(fix.hw->ram.nr_used, before + 2);

	vmd_mapping_destroy(object);
	ck_assert_uint_eq(fix.hw->ram.nr_used, before);
	vmd_mapping_destroy(NULL);
}
END_TEST

/* I-12: bad input is an error code and changes nothing. */
START_TEST(a_bad_length_or_pointer_is_refused)
{
	struct vmd_mapping *const nothing = (void *)&fix;
	struct vmd_mapping *out = nothing;

	ck_assert_int_eq(vmd_mapping_create(fix.machine, 0, &out), -EINVAL);
	ck_assert_int_eq(vmd_mapping_create(fix.machine,
					    (UINT64_C(1) << 32) + 1, &out),
			 -EINVAL);
	ck_assert_int_eq(vmd_mapping_create(NULL, 1, &out), -EINVAL);
	ck_assert_int_eq(vmd_mapping_create(fix.machine, 1, NULL), -EINVAL);
	ck_assert_ptr_eq(out, nothing);
}
END_TEST

/* I-10: whichever request fails, nothing is left over. */
START_TEST(every_failed_allocation_of_create_leaves_nothing)
{
	uint64_t before = fix.hw->env.arena.nr_live;
	struct vmd_mapping *object = NULL;
	uint64_t nth;
	int err = -ENOMEM;

	for (nth = 1; err; nth++) {
		midfix_fail_alloc(&fix, nth);
		err = vmd_mapping_create(fix.machine, 8, &object);
		ck_assert_msg(!err || (err == -ENOMEM && !object),
			      "request %lu: %d", nth, err);
		ck_assert_msg(!err || fix.hw->env.arena.nr_live == before,
			      "request %lu leaks", nth);
	}
	midfix_fail_alloc(&fix, 0);
	ck_assert_uint_gt(nth, 3);
	vmd_mapping_destroy(object);
}
END_TEST

START_TEST(a_page_without_memory_has_frame_0)
{
	midfix_fail_alloc(&fix, 1);
	ck_assert_uint_eq(vmd_mapping_get_pfn(fix.mapping, 7), 0);
	midfix_fail_alloc(&fix, 0);
	ck_assert_uint_ne(vmd_mapping_get_pfn(fix.mapping, 7), 0);
}
END_TEST

#define NR_RACED 512

struct toucher {
	pthread_t thread;
	vmd_pfn_t pfns[NR_RACED];
};

static pthread_barrier_t both_are_there;

static void *touch_all(void *arg)
{
	struct toucher *toucher = arg;
	vmd_pgoff_t page;

	(void)pthread_barrier_wait(&both_are_there);
	for (page = 0; page < NR_RACED; page++)
		toucher->pfns[page] = vmd_mapping_get_pfn(fix.mapping, page);
	return NULL;
}

/* The frame of whoever was too late has gone back. */
START_TEST(two_threads_that_ask_at_once_get_the_same_frame)
{
	static struct toucher toucher[2];
	uint64_t before = fix.hw->ram.nr_used;
	unsigned int i;

	ck_assert_int_eq(pthread_barrier_init(&both_are_there, NULL, 2), 0);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&toucher[i].thread, NULL,
						touch_all, &toucher[i]),
				 0);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(toucher[i].thread, NULL), 0);

	for (i = 0; i < NR_RACED; i++)
		ck_assert_msg(toucher[0].pfns[i] &&
				      toucher[0].pfns[i] == toucher[1].pfns[i],
			      "page %u", i);
	ck_assert_uint_eq(fix.hw->ram.nr_used, before + NR_RACED);
	(void)pthread_barrier_destroy(&both_are_there);
}
END_TEST

START_TEST(areas_of_all_address_spaces_are_counted)
{
	struct midfix_area *one = MAP(&fix, 0);

	(void)MAP(&fix, .pgoff = 100);
	(void)MAP(&fix, .mm = 1);
	ck_assert_uint_eq(vmd_mapping_nr_vmas(fix.mapping), 3);

	ck_assert_int_eq(vmd_munmap(one->mm, one->addr, 16 * VMD_PAGE_SIZE), 0);
	ck_assert_uint_eq(vmd_mapping_nr_vmas(fix.mapping), 2);
}
END_TEST

/* PW-21: by first page; areas that begin with the same page as they came. */
START_TEST(areas_come_by_first_page_then_in_the_order_of_mapping)
{
	static const vmd_pgoff_t pgoffs[] = { 40, 8, 40, 0, 8, 8 };
	static const unsigned int order[] = { 3, 1, 4, 5, 0, 2 };
	struct vmd_it_node *node;
	unsigned int i;

	for (i = 0; i < VMD_ARRAY_SIZE(pgoffs); i++)
		(void)MAP(&fix, .mm = i % 3, .pgoff = pgoffs[i]);

	vmd_i_mmap_lock_read(fix.mapping);
	node = vmd_it_first(&fix.mapping->i_mmap, 0, UINT64_MAX);
	for (i = 0; i < VMD_ARRAY_SIZE(order); i++) {
		ck_assert_ptr_nonnull(node);
		ck_assert_msg(node->start == pgoffs[order[i]], "place %u", i);
		ck_assert_msg(&vmd_container_of(node, struct vmd_area,
						in_object)
					      ->vma == fix.area[order[i]].vma,
			      "place %u", i);
		node = vmd_it_next(node, 0, UINT64_MAX);
	}
	ck_assert_ptr_null(node);
	vmd_i_mmap_unlock_read(fix.mapping);
}
END_TEST

START_TEST(changing_the_tree_without_the_lock_is_reported)
vmd_no_context_analysis("breaks the rule on purpose")
{
	struct vmd_it_node node = { .start = 1, .last = 2 };

	vmd_mapping_add(fix.mapping, &node);
	midfix_expect_bugs(&fix, 1);
	vmd_i_mmap_lock_read(fix.mapping);
	vmd_mapping_del(fix.mapping, &node);
	vmd_i_mmap_unlock_read(fix.mapping);
	midfix_expect_bugs(&fix, 1);
}
END_TEST

START_TEST(destroying_an_object_that_is_mapped_is_reported)
{
	(void)MAP(&fix, 0);
	fix.hw->env.report = NULL;

	vmd_mapping_destroy(fix.mapping);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mapping");
	TCase *tc = tcase_create("mapping");
	TCase *death = vmd_death_case(suite);

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, each_page_has_a_frame_of_its_own_and_keeps_it);
	tcase_add_test(tc, two_objects_share_no_frame);
	tcase_add_test(tc,
		       only_touched_pages_cost_memory_and_all_of_it_goes_back);
	tcase_add_test(tc, a_bad_length_or_pointer_is_refused);
	tcase_add_test(tc, every_failed_allocation_of_create_leaves_nothing);
	tcase_add_test(tc, a_page_without_memory_has_frame_0);
	tcase_add_test(tc, two_threads_that_ask_at_once_get_the_same_frame);
	tcase_add_test(tc, areas_of_all_address_spaces_are_counted);
	tcase_add_test(tc,
		       areas_come_by_first_page_then_in_the_order_of_mapping);
	tcase_add_test(tc, changing_the_tree_without_the_lock_is_reported);

	tcase_add_checked_fixture(death, up, NULL);
	tcase_add_test_raise_signal(
		death, destroying_an_object_that_is_mapped_is_reported,
		SIGABRT);
	return vmd_test_main(suite);
}
