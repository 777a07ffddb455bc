/* SPDX-License-Identifier: MIT */
/*
 * base/alloc: zeroed, counted, and able to fail on request.
 */
#include "base/alloc.h"

#include <pthread.h>
#include <string.h>

#include "base/compiler.h"
#include "lowfix.h"
#include "support.h"

static struct vmd_arena arena;

static void up(void)
{
	ck_assert_int_eq(vmd_arena_init(&arena, 0), 0);
}

static void down(void)
{
	ck_assert_uint_eq(arena.nr_live, 0);
	vmd_arena_fini(&arena);
}

static const size_t sizes[] = { 1, 8, 100, 4096, 100000 };

START_TEST(memory_is_zero_even_where_it_was_used_before)
{
	size_t size = sizes[_i];
	unsigned int round;
	size_t at;

	for (round = 0; round < 4; round++) {
		unsigned char *block = vmd_alloc(&arena, size);

		ck_assert_ptr_nonnull(block);
		for (at = 0; at < size; at++)
			if (block[at])
				ck_abort_msg("byte %zu of %zu", at, size);
		memset(block, 0xff, size);
		vmd_free(&arena, block);
	}
}
END_TEST

START_TEST(blocks_and_calls_are_counted)
{
	void *first = vmd_alloc(&arena, 10);
	void *second = vmd_alloc_array(&arena, 3, 5);

	ck_assert_uint_eq(arena.nr_live, 2);
	ck_assert_uint_eq(arena.nr_calls, 2);

	vmd_free(&arena, first);
	ck_assert_uint_eq(arena.nr_live, 1);
	vmd_free(&arena, second);
	ck_assert_uint_eq(arena.nr_live, 0);
	ck_assert_uint_eq(arena.nr_calls, 2);
}
END_TEST

START_TEST(exactly_the_nth_call_fails)
{
	struct vmd_arena failing;
	unsigned int call;

	ck_assert_int_eq(vmd_arena_init(&failing, (uint64_t)_i), 0);

	for (call = 1; call <= 5; call++) {
		void *block = vmd_alloc(&failing, 16);

		ck_assert_msg(!block == (call == (unsigned int)_i),
			      "call %u, the failing one is %d", call, _i);
		vmd_free(&failing, block);
	}

	ck_assert_uint_eq(failing.nr_live, 0);
	vmd_arena_fini(&failing);
}
END_TEST

START_TEST(a_request_for_memory_from_elsewhere_counts_too)
{
	struct vmd_arena failing;

	ck_assert_int_eq(vmd_arena_init(&failing, 2), 0);

	ck_assert(!vmd_alloc_must_fail(&failing));
	ck_assert(vmd_alloc_must_fail(&failing));
	ck_assert(!vmd_alloc_must_fail(&failing));

	ck_assert_uint_eq(failing.nr_calls, 3);
	vmd_arena_fini(&failing);
}
END_TEST

START_TEST(no_bytes_are_no_block)
{
	ck_assert_ptr_null(vmd_alloc(&arena, 0));
	ck_assert_ptr_null(vmd_alloc_array(&arena, 0, 8));
	ck_assert_ptr_null(vmd_alloc_array(&arena, 8, 0));
	ck_assert_uint_eq(arena.nr_live, 0);
}
END_TEST

START_TEST(an_array_too_large_for_a_number_is_refused)
{
	ck_assert_ptr_null(vmd_alloc_array(&arena, SIZE_MAX / 16 + 2, 16));
	ck_assert_ptr_null(vmd_alloc_array(&arena, 16, SIZE_MAX / 16 + 2));
	ck_assert_uint_eq(arena.nr_live, 0);
}
END_TEST

START_TEST(freeing_nothing_does_nothing)
{
	vmd_free(&arena, NULL);

	ck_assert_uint_eq(arena.nr_live, 0);
}
END_TEST

/* D11 */
START_TEST(two_arenas_do_not_count_each_other)
{
	struct vmd_arena other;
	void *block;

	ck_assert_int_eq(vmd_arena_init(&other, 1), 0);
	block = vmd_alloc(&arena, 8);

	ck_assert_ptr_nonnull(block);
	ck_assert_uint_eq(other.nr_calls, 0);
	ck_assert_uint_eq(other.nr_live, 0);

	vmd_free(&arena, block);
	vmd_arena_fini(&other);
}
END_TEST

#define NR_THREADS 3
#define ROUNDS	   10000

static uint32_t arrived;

static void *allocate_and_free(void *unused)
{
	unsigned int i;

	lowfix_meet(&arrived, NR_THREADS);
	for (i = 0; i < ROUNDS; i++)
		vmd_free(&arena, vmd_alloc(&arena, 32));
	return unused;
}

START_TEST(threads_lose_no_count)
{
	pthread_t threads[NR_THREADS];
	unsigned int i;

	arrived = 0;
	for (i = 0; i < VMD_ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						allocate_and_free, NULL),
				 0);
	for (i = 0; i < VMD_ARRAY_SIZE(threads); i++)
		(void)pthread_join(threads[i], NULL);

	ck_assert_uint_eq(arena.nr_calls, NR_THREADS * ROUNDS);
	ck_assert_uint_eq(arena.nr_live, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alloc");
	TCase *blocks = tcase_create("blocks");
	TCase *failing = tcase_create("failing");

	tcase_add_checked_fixture(blocks, up, down);
	tcase_add_loop_test(blocks,
			    memory_is_zero_even_where_it_was_used_before, 0,
			    (int)VMD_ARRAY_SIZE(sizes));
	tcase_add_test(blocks, blocks_and_calls_are_counted);
	tcase_add_test(blocks, no_bytes_are_no_block);
	tcase_add_test(blocks, an_array_too_large_for_a_number_is_refused);
	tcase_add_test(blocks, freeing_nothing_does_nothing);
	tcase_add_test(blocks, two_arenas_do_not_count_each_other);
	tcase_add_test(blocks, threads_lose_no_count);
	suite_add_tcase(suite, blocks);

	tcase_add_loop_test(failing, exactly_the_nth_call_fails, 0, 6);
	tcase_add_test(failing, a_request_for_memory_from_elsewhere_counts_too);
	suite_add_tcase(suite, failing);
	return vmd_test_main(suite);
}
