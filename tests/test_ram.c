/* SPDX-License-Identifier: MIT */
/*
 * mmu/ram: frames are zero, apart from each other, and come back.
 */
#include "mmu/ram.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "lowfix.h"
#include "support.h"

#define NR_FRAMES 200

static struct lowfix_reports reports;
static struct vmd_env env;
static struct vmd_ram ram;

static void up(void)
{
	lowfix_env_up(&env, &reports);
	ck_assert_int_eq(vmd_ram_init(&ram, &env, NR_FRAMES), 0);
}

static void down(void)
{
	vmd_ram_fini(&ram);
	ck_assert_msg(reports.nr_bugs == 0, "reported: %s", reports.text);
	lowfix_env_down(&env);
}

static bool is_zero(vmd_pfn_t pfn)
{
	const unsigned char *byte = vmd_pfn_to_virt(&ram, pfn);
	unsigned int i;

	for (i = 0; i < VMD_PAGE_SIZE; i++)
		if (byte[i])
			return false;
	return true;
}

static void scribble(vmd_pfn_t pfn)
{
	vmd_frame_mark_written(&ram, pfn);
	memset(vmd_pfn_to_virt(&ram, pfn), 0xa5, VMD_PAGE_SIZE);
}

/* D1 */
START_TEST(a_frame_is_one_addition_away)
{
	uint8_t *base = vmd_pfn_to_virt(&ram, 0);

	ck_assert_ptr_eq(vmd_pfn_to_virt(&ram, 7), base + 7 * 4096);
}
END_TEST

START_TEST(every_frame_but_0_is_given_out_once)
{
	bool seen[NR_FRAMES] = { false };
	unsigned int i;

	for (i = 1; i < NR_FRAMES; i++) {
		vmd_pfn_t pfn = vmd_frame_alloc(&ram);

		ck_assert_uint_gt(pfn, 0);
		ck_assert_uint_lt(pfn, NR_FRAMES);
		ck_assert_msg(!seen[pfn], "frame %u twice", (unsigned int)pfn);
		seen[pfn] = true;
	}
	ck_assert_uint_eq(vmd_frame_alloc(&ram), 0);

	vmd_frame_free_range(&ram, 1, NR_FRAMES - 1);
	ck_assert_uint_eq(vmd_frame_alloc_range(&ram, NR_FRAMES - 1), 1);
	vmd_frame_free_range(&ram, 1, NR_FRAMES - 1);
}
END_TEST

START_TEST(a_frame_is_zero_whoever_had_it_before)
{
	vmd_pfn_t pfn = vmd_frame_alloc(&ram);
	vmd_pfn_t again;

	ck_assert(is_zero(pfn));
	scribble(pfn);
	vmd_frame_free_range(&ram, pfn, 1);
	again = vmd_frame_alloc(&ram);

	ck_assert_uint_eq(again, pfn);
	ck_assert(is_zero(again));
	vmd_frame_free_range(&ram, again, 1);
}
END_TEST

START_TEST(a_frame_that_nobody_wrote_is_not_marked)
{
	vmd_pfn_t pfn = vmd_frame_alloc(&ram);

	ck_assert_uint_eq(vmd_frame_next_written(&ram, 0, NR_FRAMES),
			  NR_FRAMES);
	scribble(pfn);
	ck_assert_uint_eq(vmd_frame_next_written(&ram, 0, NR_FRAMES), pfn);

	vmd_frame_free_range(&ram, pfn, 1);
	ck_assert_uint_eq(vmd_frame_alloc(&ram), pfn);
	ck_assert_uint_eq(vmd_frame_next_written(&ram, 0, NR_FRAMES),
			  NR_FRAMES);
	vmd_frame_free_range(&ram, pfn, 1);
}
END_TEST

static const vmd_pfn_t marks[] = { 1, 63, 64, 65, 127, 128, NR_FRAMES - 1 };

START_TEST(the_next_written_frame_is_found_from_anywhere)
{
	vmd_pfn_t mark = marks[_i];
	vmd_pfn_t start;
	vmd_pfn_t end;

	vmd_frame_mark_written(&ram, mark);

	for (end = 0; end <= NR_FRAMES; end++)
		for (start = 0; start <= end; start++) {
			bool inside = start <= mark && mark < end;

			ck_assert_msg(vmd_frame_next_written(&ram, start,
							     end) ==
					      (inside ? mark : end),
				      "mark %u, [%u, %u)", (unsigned int)mark,
				      (unsigned int)start, (unsigned int)end);
		}
}
END_TEST

START_TEST(a_run_of_frames_is_contiguous_and_zero)
{
	vmd_pfn_t first = vmd_frame_alloc_range(&ram, 100);
	vmd_pfn_t pfn;

	for (pfn = first; pfn < first + 100; pfn++)
		scribble(pfn);
	vmd_frame_free_range(&ram, first, 100);

	ck_assert_uint_eq(vmd_frame_alloc_range(&ram, 100), first);
	for (pfn = first; pfn < first + 100; pfn++)
		ck_assert_msg(is_zero(pfn), "frame %u", (unsigned int)pfn);
	vmd_frame_free_range(&ram, first, 100);
}
END_TEST

START_TEST(neighbours_that_came_back_make_one_run)
{
	vmd_pfn_t low = vmd_frame_alloc_range(&ram, 60);
	vmd_pfn_t high = vmd_frame_alloc_range(&ram, 60);

	vmd_frame_free_range(&ram, high, 60);
	vmd_frame_free_range(&ram, low, 60);

	ck_assert_uint_eq(vmd_frame_alloc_range(&ram, 120), low);
	vmd_frame_free_range(&ram, low, 120);
}
END_TEST

START_TEST(a_run_does_not_take_what_is_in_use)
{
	vmd_pfn_t all = vmd_frame_alloc_range(&ram, NR_FRAMES - 1);

	vmd_frame_free_range(&ram, all, 10);
	vmd_frame_free_range(&ram, all + 11, 20);

	ck_assert_uint_eq(vmd_frame_alloc_range(&ram, 21), 0);
	ck_assert_uint_eq(vmd_frame_alloc_range(&ram, 11), all + 11);

	vmd_frame_free_range(&ram, all + 10, 12);
	vmd_frame_free_range(&ram, all + 31, NR_FRAMES - 1 - 31);
}
END_TEST

START_TEST(what_cannot_be_had_is_0_and_changes_nothing)
{
	ck_assert_uint_eq(vmd_frame_alloc_range(&ram, 0), 0);
	ck_assert_uint_eq(vmd_frame_alloc_range(&ram, NR_FRAMES), 0);
	ck_assert_uint_eq(vmd_frame_alloc_range(&ram, UINT64_MAX), 0);
	env.arena.fail_nth = env.arena.nr_calls + 1;
	ck_assert_uint_eq(vmd_frame_alloc(&ram), 0);

	ck_assert_uint_eq(ram.nr_used, 0);
}
END_TEST

START_TEST(a_copy_marks_and_equals_its_source)
{
	vmd_pfn_t from = vmd_frame_alloc(&ram);
	vmd_pfn_t to = vmd_frame_alloc(&ram);

	scribble(from);
	ck_assert(!vmd_frame_equal(&ram, to, &ram, from));
	vmd_frame_copy(&ram, to, &ram, from);

	ck_assert(vmd_frame_equal(&ram, to, &ram, from));
	ck_assert_uint_eq(vmd_frame_next_written(&ram, to, to + 1), to);
	*(uint8_t *)vmd_pfn_to_virt(&ram, to) ^= 1;
	ck_assert(!vmd_frame_equal(&ram, to, &ram, from));
	vmd_frame_free_range(&ram, from, 2);
}
END_TEST

/* I-10 */
START_TEST(a_reservation_that_fails_leaves_nothing)
{
	uint64_t live = env.arena.nr_live;
	struct vmd_ram other;

	env.arena.fail_nth = env.arena.nr_calls + (uint64_t)_i;

	ck_assert_int_eq(vmd_ram_init(&other, &env, NR_FRAMES), -ENOMEM);
	ck_assert_uint_eq(env.arena.nr_live, live);
}
END_TEST

/* I-10 */
START_TEST(a_frame_that_does_not_come_back_is_reported)
{
	struct vmd_ram other;

	ck_assert_int_eq(vmd_ram_init(&other, &env, NR_FRAMES), 0);
	(void)vmd_frame_alloc(&other);
	vmd_ram_fini(&other);

	ck_assert_uint_eq(reports.nr_bugs, 1);
	reports.nr_bugs = 0;
}
END_TEST

static uint32_t arrived;

/* Each thread writes its number into its frames and must find it there. */
static void *take_and_write(void *number)
{
	uint64_t mine = (uint64_t)(uintptr_t)number;
	unsigned int round;

	lowfix_meet(&arrived, 3);
	for (round = 0; round < 5000; round++) {
		vmd_pfn_t pfn = vmd_frame_alloc_range(&ram, 1 + mine);
		uint64_t *word = vmd_pfn_to_virt(&ram, pfn);

		if (!pfn || word[0])
			return NULL;
		vmd_frame_mark_written(&ram, pfn);
		word[0] = mine;
		if (word[0] != mine)
			return NULL;
		vmd_frame_free_range(&ram, pfn, 1 + mine);
	}
	return number;
}

START_TEST(threads_never_share_a_frame)
{
	pthread_t threads[3];
	uintptr_t i;

	arrived = 0;
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						take_and_write,
						(void *)(i + 1)),
				 0);
	for (i = 0; i < 3; i++) {
		void *result;

		(void)pthread_join(threads[i], &result);
		ck_assert_ptr_eq(result, (void *)(i + 1));
	}
	ck_assert_uint_eq(ram.nr_used, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ram");
	TCase *frames = tcase_create("frames D1");
	TCase *leaks = tcase_create("leaks I-10");

	tcase_add_checked_fixture(frames, up, down);
	tcase_add_checked_fixture(leaks, up, down);
	tcase_add_test(frames, a_frame_is_one_addition_away);
	tcase_add_test(frames, every_frame_but_0_is_given_out_once);
	tcase_add_test(frames, a_frame_is_zero_whoever_had_it_before);
	tcase_add_test(frames, a_frame_that_nobody_wrote_is_not_marked);
	tcase_add_loop_test(frames,
			    the_next_written_frame_is_found_from_anywhere, 0,
			    (int)(sizeof(marks) / sizeof(marks[0])));
	tcase_add_test(frames, a_run_of_frames_is_contiguous_and_zero);
	tcase_add_test(frames, neighbours_that_came_back_make_one_run);
	tcase_add_test(frames, a_run_does_not_take_what_is_in_use);
	tcase_add_test(frames, what_cannot_be_had_is_0_and_changes_nothing);
	tcase_add_test(frames, a_copy_marks_and_equals_its_source);
	tcase_add_test(frames, threads_never_share_a_frame);
	suite_add_tcase(suite, frames);

	tcase_add_loop_test(leaks, a_reservation_that_fails_leaves_nothing, 1,
			    5);
	tcase_add_test(leaks, a_frame_that_does_not_come_back_is_reported);
	suite_add_tcase(suite, leaks);
	return vmd_test_main(suite);
}
