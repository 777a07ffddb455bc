/* SPDX-License-Identifier: MIT */
/*
 * DH-6: a walk that fails is a warning. The helpers' callbacks never make it
 * fail; here the linker puts another walk in its place.
 */
#include <errno.h>

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

static unsigned long wp(vmd_pgoff_t first, vmd_pgoff_t nr)
{
	return vmd_wp_shared_mapping_range(fix.mapping, first, nr);
}

/* The callbacks always return 0: it takes the linker to make a walk fail. */
static bool walk_fails;

int __real_vmd_walk_page_mapping(struct vmd_mapping *mapping,
				 vmd_pgoff_t first_index, vmd_pgoff_t nr_pages,
				 const struct vmd_mm_walk_ops *ops,
				 void *private_data);
int __wrap_vmd_walk_page_mapping(struct vmd_mapping *mapping,
				 vmd_pgoff_t first_index, vmd_pgoff_t nr_pages,
				 const struct vmd_mm_walk_ops *ops,
				 void *private_data);

int __wrap_vmd_walk_page_mapping(struct vmd_mapping *mapping,
				 vmd_pgoff_t first_index, vmd_pgoff_t nr_pages,
				 const struct vmd_mm_walk_ops *ops,
				 void *private_data)
{
	if (walk_fails)
		return -EINVAL;
	return __real_vmd_walk_page_mapping(mapping, first_index, nr_pages, ops,
					    private_data);
}

START_TEST(dh_6_a_walk_that_fails_is_a_warning)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(2));

	walk_fails = true;
	ck_assert_uint_eq(wp(0, 16), 0);
	walk_fails = false;
	midfix_expect_warnings(&fix, 1);
	ck_assert_uint_eq(wp(0, 16), 1);
	midfix_expect_warnings(&fix, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dirty_warning");
	TCase *tc = tcase_create("DH-6");

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, dh_6_a_walk_that_fails_is_a_warning);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
