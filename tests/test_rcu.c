/* SPDX-License-Identifier: MIT */
/*
 * sync/rcu: a grace period waits for those inside, and for nobody else.
 */
#include "sync/rcu.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "support.h"

static uint32_t stage;
static uint32_t synchronized;

/* Everybody takes one step. */
static void step(void)
{
	(void)__atomic_add_fetch(&stage, 1, __ATOMIC_ACQ_REL);
}

static void wait_for_stage(uint32_t wanted)
{
	while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) < wanted)
		(void)sched_yield();
}

static void up(void)
{
	stage = 0;
	synchronized = 0;
}

static void *synchronize(void *unused)
{
	step();
	vmd_synchronize_rcu();
	__atomic_store_n(&synchronized, 1, __ATOMIC_RELEASE);
	return unused;
}

/* Would the grace period have ended by now, were it not for us? */
static bool ended_while_inside(void)
{
	unsigned int i;

	wait_for_stage(1);
	for (i = 0; i < 500; i++) {
		(void)sched_yield();
		if (__atomic_load_n(&synchronized, __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

START_TEST(a_grace_period_waits_for_a_reader)
{
	pthread_t thread;

	vmd_rcu_read_lock();
	ck_assert_int_eq(pthread_create(&thread, NULL, synchronize, NULL), 0);

	ck_assert(!ended_while_inside());

	vmd_rcu_read_unlock();
	(void)pthread_join(thread, NULL);
	ck_assert_uint_eq(synchronized, 1);
}
END_TEST

START_TEST(an_inner_section_does_not_end_the_outer_one)
{
	pthread_t thread;

	vmd_rcu_read_lock();
	vmd_rcu_read_lock();
	vmd_rcu_read_unlock();
	ck_assert_int_eq(pthread_create(&thread, NULL, synchronize, NULL), 0);

	ck_assert(!ended_while_inside());

	vmd_rcu_read_unlock();
	(void)pthread_join(thread, NULL);
}
END_TEST

START_TEST(without_readers_it_returns)
{
	vmd_rcu_read_lock();
	vmd_rcu_read_unlock();

	vmd_synchronize_rcu();
}
END_TEST

static void *read_and_end(void *unused)
{
	vmd_rcu_read_lock();
	vmd_rcu_read_unlock();
	return unused;
}

START_TEST(a_thread_that_has_ended_is_not_waited_for)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		pthread_t thread;

		ck_assert_int_eq(pthread_create(&thread, NULL, read_and_end,
						NULL),
				 0);
		(void)pthread_join(thread, NULL);
	}

	vmd_synchronize_rcu();
}
END_TEST

#define ALIVE	   UINT64_C(0x600d600d600d600d)
#define NR_READERS 2
#define NR_OBJECTS 64
#define ROUNDS	   200

static uint64_t objects[NR_OBJECTS];
static uint64_t *published;
static uint64_t nr_seen_dead;

static void *read_until_told(void *unused)
{
	step();
	while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) <= NR_READERS) {
		const uint64_t *object;

		vmd_rcu_read_lock();
		object = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
		(void)sched_yield(); /* a long section */
		if (__atomic_load_n(object, __ATOMIC_RELAXED) != ALIVE)
			__atomic_fetch_add(&nr_seen_dead, 1, __ATOMIC_RELAXED);
		vmd_rcu_read_unlock();
	}
	return unused;
}

static void replace(unsigned int round)
{
	uint64_t *fresh = &objects[round % NR_OBJECTS];
	uint64_t *old = &objects[(round - 1) % NR_OBJECTS];

	__atomic_store_n(fresh, ALIVE, __ATOMIC_RELAXED);
	__atomic_store_n(&published, fresh, __ATOMIC_RELEASE);
	vmd_synchronize_rcu();
	__atomic_store_n(old, 0, __ATOMIC_RELAXED);
}

START_TEST(no_reader_sees_what_was_taken_down)
{
	pthread_t threads[NR_READERS];
	unsigned int i;

	objects[0] = ALIVE;
	published = &objects[0];
	nr_seen_dead = 0;
	for (i = 0; i < NR_READERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						read_until_told, NULL),
				 0);
	wait_for_stage(NR_READERS);
	for (i = 1; i <= ROUNDS; i++)
		replace(i);
	step();
	for (i = 0; i < NR_READERS; i++)
		(void)pthread_join(threads[i], NULL);

	ck_assert_uint_eq(nr_seen_dead, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rcu");
	TCase *grace = tcase_create("grace period");

	tcase_add_checked_fixture(grace, up, NULL);
	tcase_add_test(grace, a_grace_period_waits_for_a_reader);
	tcase_add_test(grace, an_inner_section_does_not_end_the_outer_one);
	tcase_add_test(grace, without_readers_it_returns);
	tcase_add_test(grace, a_thread_that_has_ended_is_not_waited_for);
	tcase_add_test(grace, no_reader_sees_what_was_taken_down);
	suite_add_tcase(suite, grace);
	return vmd_test_main(suite);
}
