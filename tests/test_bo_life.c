/* SPDX-License-Identifier: MIT */
/*
 * Dirt and memory at the edges of an object's life: before it is tracked,
 * between two trackers, and while commands that name it are queued.
 */
#include <string.h>

#include "gpu/bo.h"
#include "upfix.h"

static struct up up;

static void start(void)
{
	up_start(&up);
}

static void stop(void)
{
	up_stop(&up);
}

static const struct vmd_dirty_policy *const policies[] = {
	&vmd_dirty_policy_mkwrite,
	&vmd_dirty_policy_pagetable,
	&vmd_dirty_policy_vmwgfx,
};

/* I-1: the entries that knew are gone; kernel: guest_memory_dirty (VM-38). */
START_TEST(a_store_from_before_tracking_is_not_lost_with_its_entry)
{
	struct vmd_bo *bo = up_bo(&up, 600);
	vmd_va_t base = up_map(&up, 0, bo);

	up_store(&up, 0, base, 7, 1);
	up_unmap(&up, 0, base, 600);
	ck_assert_int_eq(vmd_bo_dirty_add(bo, policies[_i]), 0);
	up_submit_wait(&up, bo);

	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* I-1: bits that nobody fetched go with the tracker. */
START_TEST(a_store_between_two_trackers_is_not_lost)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 600, policies[_i]);
	vmd_va_t base = up_map(&up, 0, bo);

	up_store(&up, 0, base, 7, 1);
	up_unmap(&up, 0, base, 600);
	vmd_bo_dirty_release(bo);
	ck_assert_int_eq(vmd_bo_dirty_add(bo, policies[_i]), 0);
	up_submit_wait(&up, bo);

	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* Eight pages of a plain object, stored to: they take frames that are free. */
static struct vmd_mapping *take_frames(vmd_va_t *base)
{
	struct vmd_mmap_args args = {
		.size = sizeof(args),
		.len = 8 * VMD_PAGE_SIZE,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED,
	};
	unsigned long page;

	ck_assert_int_eq(vmd_mapping_create(up.machine, 8, &args.mapping), 0);
	ck_assert_int_eq(vmd_mmap(up.mm[0], &args, base), 0);
	for (page = 0; page < 8; page++)
		up_store(&up, 0, *base, page, 42);
	return args.mapping;
}

/* A queued UPDATE must not read frames that are somebody else's by now. */
START_TEST(an_object_may_go_while_its_updates_are_queued)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 8, policies[0]);
	vmd_va_t base = up_map(&up, 0, bo);
	struct vmd_submit_result done;
	struct vmd_mapping *plain;

	up_store(&up, 0, base, 3, 1);
	done = up_submit(&up, bo);
	up_unmap(&up, 0, base, 8);
	vmd_bo_put(bo);
	plain = take_frames(&base);
	bo = up_bo(&up, 8);
	ck_assert_int_eq(vmd_fence_wait(up.svga, done.seqno), 0);

	up_assert_equal(bo); /* nobody has written to it */
	vmd_bo_put(bo);
	up_unmap(&up, 0, base, 8);
	vmd_mapping_destroy(plain);
}
END_TEST

struct depth {
	struct vmd_mmu_notifier subscription;
	unsigned int now;
	unsigned int most;
};

static void deeper(struct vmd_mmu_notifier *subscription,
		   const struct vmd_mmu_notifier_range *range)
{
	struct depth *depth = (struct depth *)(void *)subscription;

	(void)range;
	if (++depth->now > depth->most)
		depth->most = depth->now;
}

static void shallower(struct vmd_mmu_notifier *subscription,
		      const struct vmd_mmu_notifier_range *range)
{
	struct depth *depth = (struct depth *)(void *)subscription;

	(void)range;
	depth->now--;
}

/* LK-2: a subscriber may hold its lock from start to end. */
START_TEST(munmap_of_a_tracked_object_does_not_nest_ranges)
{
	static const struct vmd_mmu_notifier_ops ops = {
		.invalidate_range_start = deeper,
		.invalidate_range_end = shallower,
	};
	struct depth depth = { .subscription.ops = &ops };
	struct vmd_bo *bo = up_tracked_bo(&up, 8, policies[1]);
	vmd_va_t base = up_map(&up, 0, bo);

	up_store(&up, 0, base, 3, 1);
	ck_assert_int_eq(vmd_mmu_notifier_register(&depth.subscription,
						   up.mm[0]),
			 0);
	up_unmap(&up, 0, base, 8);
	vmd_mmu_notifier_unregister(&depth.subscription);

	ck_assert_uint_eq(depth.now, 0);
	ck_assert_uint_eq(depth.most, 1);
	vmd_bo_put(bo);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bo_life");
	TCase *tc = tcase_create("edges I-1 I-10");

	tcase_add_checked_fixture(tc, start, stop);
	tcase_add_loop_test(
		tc, a_store_from_before_tracking_is_not_lost_with_its_entry, 0,
		3);
	tcase_add_loop_test(tc, a_store_between_two_trackers_is_not_lost, 0, 3);
	tcase_add_test(tc, an_object_may_go_while_its_updates_are_queued);
	tcase_add_test(tc, munmap_of_a_tracked_object_does_not_nest_ranges);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
