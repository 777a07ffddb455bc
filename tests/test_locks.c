/* SPDX-License-Identifier: MIT */
/*
 * sync/: spinlock, rwsem, and the book-keeping of what a thread holds. Broken
 * contracts go to a hook; two of them end the program.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "base/compiler.h"
#include "lowfix.h"
#include "support.h"
#include "sync/rwsem.h"
#include "sync/spinlock.h"

static struct lowfix_reports reports;
static struct vmd_env env;
static struct vmd_spinlock lock;
static struct vmd_rwsem sem;

static void up(void)
{
	lowfix_env_up(&env, &reports);
	vmd_spin_init(&lock, &env, VMD_RANK_ptl);
	ck_assert_int_eq(vmd_init_rwsem(&sem, &env, VMD_RANK_mmap_lock), 0);
}

static void down(void)
{
	ck_assert_uint_eq(vmd_nr_held(), 0);
	vmd_destroy_rwsem(&sem);
	lowfix_env_down(&env);
}

/* Locks in a test are taken in ways that clang rightly refuses. */
#define UNCHECKED vmd_no_context_analysis("the test breaks the rules")

static void assert_reported(const char *text)
{
	ck_assert_uint_eq(reports.nr_bugs, 1);
	ck_assert_msg(strstr(reports.text, text), "reported: %s", reports.text);
}

#define NR_THREADS 3
#define ROUNDS	   20000

static uint64_t shared_count;

static void *count_under_spinlock(void *unused) UNCHECKED
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		vmd_spin_lock(&lock);
		shared_count++;
		vmd_spin_unlock(&lock);
	}
	return unused;
}

static void *count_under_rwsem(void *unused) UNCHECKED
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		vmd_down_write(&sem);
		shared_count++;
		vmd_up_write(&sem);
	}
	return unused;
}

static void run_threads(void *(*body)(void *))
{
	pthread_t threads[NR_THREADS];
	unsigned int i;

	for (i = 0; i < NR_THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, body, NULL),
				 0);
	for (i = 0; i < NR_THREADS; i++)
		(void)pthread_join(threads[i], NULL);
}

START_TEST(a_spinlock_lets_one_in)
{
	shared_count = 0;

	run_threads(count_under_spinlock);

	ck_assert_uint_eq(shared_count, NR_THREADS * ROUNDS);
	ck_assert_uint_eq(reports.nr_bugs, 0);
}
END_TEST

START_TEST(a_writer_is_alone)
{
	shared_count = 0;

	run_threads(count_under_rwsem);

	ck_assert_uint_eq(shared_count, NR_THREADS * ROUNDS);
	ck_assert_uint_eq(reports.nr_bugs, 0);
}
END_TEST

static UNCHECKED void take_and_check_modes(void)
{
	vmd_down_read(&sem);
	vmd_rwsem_assert_held(&sem);
	ck_assert(!vmd_held(&sem.base, VMD_HELD_EXCLUSIVE));
	vmd_up_read(&sem);
	ck_assert(!vmd_held(&sem.base, VMD_HELD_SHARED));

	vmd_down_write(&sem);
	vmd_rwsem_assert_held(&sem);
	vmd_rwsem_assert_held_write(&sem);
	vmd_up_write(&sem);
	ck_assert(!vmd_held(&sem.base, VMD_HELD_SHARED));
}

START_TEST(a_lock_is_held_from_taking_to_giving_back)
{
	take_and_check_modes();

	ck_assert_uint_eq(reports.nr_bugs, 0);
}
END_TEST

static void *read_once(void *unused) UNCHECKED
{
	vmd_down_read(&sem);
	vmd_up_read(&sem);
	return unused;
}

static UNCHECKED void read_beside_a_reader(void)
{
	pthread_t thread;

	vmd_down_read(&sem);
	ck_assert_int_eq(pthread_create(&thread, NULL, read_once, NULL), 0);
	(void)pthread_join(thread, NULL);
	vmd_up_read(&sem);
}

START_TEST(readers_share)
{
	read_beside_a_reader();
}
END_TEST

static void *write_once(void *unused) UNCHECKED
{
	vmd_down_write(&sem);
	vmd_up_write(&sem);
	return unused;
}

/* Waits for the first sign of the waiting writer: no reader gets in. */
static UNCHECKED void wait_until_readers_are_refused(void)
{
	while (pthread_rwlock_tryrdlock(&sem.lock) == 0) {
		(void)pthread_rwlock_unlock(&sem.lock);
		(void)sched_yield();
	}
}

static UNCHECKED void queue_a_writer_behind_a_reader(void)
{
	pthread_t thread;

	vmd_down_read(&sem);
	ck_assert_int_eq(pthread_create(&thread, NULL, write_once, NULL), 0);
	wait_until_readers_are_refused();
	vmd_up_read(&sem);
	(void)pthread_join(thread, NULL);
}

/* F.2: without it the deadlock that is taught cannot happen. */
START_TEST(a_waiting_writer_stops_new_readers)
{
	queue_a_writer_behind_a_reader();
}
END_TEST

START_TEST(an_rwsem_without_memory_is_refused)
{
	struct vmd_rwsem other;

	env.arena.fail_nth = env.arena.nr_calls + 1;

	ck_assert_int_eq(vmd_init_rwsem(&other, &env, VMD_RANK_mmap_lock),
			 -ENOMEM);
}
END_TEST

static UNCHECKED void give_back_in_the_order_of_taking(void)
{
	vmd_down_read(&sem);
	vmd_spin_lock(&lock);
	vmd_up_read(&sem);
	vmd_spin_assert_held(&lock);
	ck_assert(!vmd_held(&sem.base, VMD_HELD_SHARED));
	vmd_spin_unlock(&lock);
}

START_TEST(locks_may_be_given_back_in_any_order)
{
	give_back_in_the_order_of_taking();

	ck_assert_uint_eq(reports.nr_bugs, 0);
}
END_TEST

static UNCHECKED void take_raw(void)
{
	vmd_spin_lock_raw(&lock);
	ck_assert_uint_eq(vmd_nr_held(), 0);
	vmd_spin_unlock_raw(&lock);
	vmd_spin_lock_raw(&lock);
	vmd_spin_unlock_raw(&lock);
}

START_TEST(the_raw_form_locks_without_book_keeping)
{
	take_raw();
}
END_TEST

/* I-9 */
START_TEST(a_missing_lock_is_reported)
{
	vmd_spin_assert_held(&lock);

	assert_reported("ptl must be held exclusively");
}
END_TEST

static UNCHECKED void claim_to_write_as_a_reader(int *line)
{
	*line = __LINE__ + 1;
	vmd_down_read(&sem);
	vmd_rwsem_assert_held_write(&sem);
	vmd_up_read(&sem);
}

/* I-12: the report names the place that asks and the place that took. */
START_TEST(a_reader_that_should_write_is_reported_with_both_places)
{
	int line;

	claim_to_write_as_a_reader(&line);

	assert_reported("mmap_lock must be held exclusively");
	ck_assert_int_eq(reports.here.line, line + 1);
	ck_assert_int_eq(reports.there.line, line);
}
END_TEST

static UNCHECKED void give_back_what_is_not_held(void)
{
	vmd_spin_unlock(&lock);
}

START_TEST(giving_back_what_is_not_held_is_reported)
{
	give_back_what_is_not_held();

	assert_reported("ptl is given back but not held exclusively");
}
END_TEST

static UNCHECKED void give_back_as_a_reader(void)
{
	vmd_down_write(&sem);
	vmd_up_read(&sem);
	ck_assert(vmd_held(&sem.base, VMD_HELD_EXCLUSIVE));
	vmd_up_write(&sem);
}

START_TEST(giving_back_in_the_wrong_mode_is_reported_and_not_done)
{
	give_back_as_a_reader();

	assert_reported("mmap_lock is given back but not held shared");
}
END_TEST

static UNCHECKED void take_twice_for_writing(void)
{
	vmd_down_write(&sem);
	vmd_down_write(&sem);
	if (reports.nr_bugs == 0)
		vmd_up_write(&sem);
	vmd_up_write(&sem);
}

static UNCHECKED void read_what_is_held_for_writing(void)
{
	vmd_down_write(&sem);
	vmd_down_read(&sem);
	if (reports.nr_bugs == 0)
		vmd_up_read(&sem);
	vmd_up_write(&sem);
}

static void (*const self_deadlocks[])(void) = {
	take_twice_for_writing,
	read_what_is_held_for_writing,
};

/* I-9, I-12: in the kernel the thread would wait for itself for ever. */
START_TEST(a_writer_that_takes_its_lock_again_is_reported)
{
	self_deadlocks[_i]();

	ck_assert_msg(reports.nr_bugs == 1, "case %d: %u reports", _i,
		      reports.nr_bugs);
}
END_TEST

/* Every rank whose locks spin. */
static const enum vmd_lock_rank spinning_ranks[] = {
	VMD_RANK_notifier_lock, VMD_RANK_fifo, VMD_RANK_page_table_lock,
	VMD_RANK_ptl,		VMD_RANK_tlb,  VMD_RANK_frames,
};

static UNCHECKED void sleep_under_a_spinlock(enum vmd_lock_rank rank)
{
	struct vmd_spinlock spin;

	vmd_spin_init(&spin, &env, rank);
	vmd_spin_lock(&spin);
	vmd_might_sleep(&env);
	vmd_spin_unlock(&spin);
}

/* LK-3, I-9 */
START_TEST(sleeping_under_a_lock_that_spins_is_reported)
{
	enum vmd_lock_rank rank = spinning_ranks[_i];

	sleep_under_a_spinlock(rank);

	ck_assert_msg(reports.nr_bugs == 1, "under %s: %u reports",
		      vmd_lock_rank_name(rank), reports.nr_bugs);
	assert_reported(vmd_lock_rank_name(rank));
}
END_TEST

static UNCHECKED void take_the_rwsem_under_the_spinlock(bool write)
{
	vmd_spin_lock(&lock);
	if (write) {
		vmd_down_write(&sem);
		vmd_up_write(&sem);
	} else {
		vmd_down_read(&sem);
		vmd_up_read(&sem);
	}
	vmd_spin_unlock(&lock);
}

/* LK-3 */
START_TEST(an_rwsem_under_a_page_table_lock_is_reported)
{
	take_the_rwsem_under_the_spinlock(_i);

	assert_reported("may sleep while ptl is held");
}
END_TEST

static UNCHECKED void sleep_under_the_rwsem(void)
{
	vmd_down_write(&sem);
	vmd_might_sleep(&env);
	vmd_up_write(&sem);
}

START_TEST(sleeping_under_a_lock_that_sleeps_is_fine)
{
	sleep_under_the_rwsem();

	ck_assert_uint_eq(reports.nr_bugs, 0);
}
END_TEST

#define MANY 300

static UNCHECKED void hold_many(struct vmd_spinlock *locks)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		vmd_spin_init(&locks[i], &env, VMD_RANK_ptl);
		vmd_spin_lock(&locks[i]);
	}
	ck_assert_uint_eq(vmd_nr_held(), MANY);
	for (i = 0; i < MANY; i++) {
		vmd_spin_assert_held(&locks[i]);
		vmd_spin_unlock(&locks[i]);
	}
}

/* A submission holds as many reservations as it has objects. */
START_TEST(any_number_of_locks_can_be_held_exclusively)
{
	struct vmd_spinlock locks[MANY];

	hold_many(locks);

	ck_assert_uint_eq(reports.nr_bugs, 0);
	ck_assert_uint_eq(vmd_nr_held(), 0);
}
END_TEST

static UNCHECKED void read_nine_times(struct vmd_rwsem *sems)
{
	unsigned int i;

	for (i = 0; i < 9; i++) {
		ck_assert_int_eq(vmd_init_rwsem(&sems[i], &env,
						VMD_RANK_mmap_lock),
				 0);
		vmd_down_read(&sems[i]);
	}
	for (i = 0; i < 8; i++)
		vmd_up_read(&sems[i]);
	(void)pthread_rwlock_unlock(&sems[8].lock);
	for (i = 0; i < 9; i++)
		vmd_destroy_rwsem(&sems[i]);
}

START_TEST(more_shared_locks_than_are_kept_count_of_is_reported)
{
	struct vmd_rwsem sems[9];

	read_nine_times(sems);

	assert_reported("more than 8 locks shared");
}
END_TEST

START_TEST(each_rank_has_a_name_and_says_what_it_protects)
{
	enum vmd_lock_rank rank = (enum vmd_lock_rank)_i;

	ck_assert_uint_gt(strlen(vmd_lock_rank_name(rank)), 0);
	ck_assert_uint_gt(strlen(vmd_lock_rank_text(rank)), 0);
}
END_TEST

static void *hold_until_told(void *told) UNCHECKED
{
	uint32_t *state = told;

	vmd_spin_lock(&lock);
	__atomic_store_n(state, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(state, __ATOMIC_ACQUIRE) == 1)
		(void)sched_yield();
	vmd_spin_unlock(&lock);
	return NULL;
}

START_TEST(what_another_thread_holds_is_not_held_here)
{
	uint32_t state = 0;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, hold_until_told, &state),
			 0);
	while (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == 0)
		(void)sched_yield();

	ck_assert(!vmd_held(&lock.base, VMD_HELD_SHARED));

	__atomic_store_n(&state, 2, __ATOMIC_RELEASE);
	(void)pthread_join(thread, NULL);
}
END_TEST

START_TEST(a_missing_lock_without_hook_ends_the_program)
{
	up();
	env.report = NULL;

	vmd_spin_assert_held(&lock);
}
END_TEST

START_TEST(sleeping_under_a_spinlock_without_hook_ends_the_program)
{
	up();
	env.report = NULL;

	sleep_under_a_spinlock(VMD_RANK_ptl);
}
END_TEST

static TCase *make_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, up, down);
	suite_add_tcase(suite, tc);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("locks");
	TCase *exclusion = make_case(suite, "exclusion");
	TCase *held = make_case(suite, "held I-9");
	TCase *sleep = make_case(suite, "might_sleep LK-3");
	TCase *death = vmd_death_case(suite);

	tcase_add_test(exclusion, a_spinlock_lets_one_in);
	tcase_add_test(exclusion, a_writer_is_alone);
	tcase_add_test(exclusion, readers_share);
	tcase_add_test(exclusion, a_waiting_writer_stops_new_readers);
	tcase_add_test(exclusion, an_rwsem_without_memory_is_refused);

	tcase_add_test(held, a_lock_is_held_from_taking_to_giving_back);
	tcase_add_test(held, locks_may_be_given_back_in_any_order);
	tcase_add_test(held, the_raw_form_locks_without_book_keeping);
	tcase_add_test(held, a_missing_lock_is_reported);
	tcase_add_test(held,
		       a_reader_that_should_write_is_reported_with_both_places);
	tcase_add_test(held, giving_back_what_is_not_held_is_reported);
	tcase_add_test(held,
		       giving_back_in_the_wrong_mode_is_reported_and_not_done);
	tcase_add_loop_test(held,
			    a_writer_that_takes_its_lock_again_is_reported, 0,
			    (int)VMD_ARRAY_SIZE(self_deadlocks));
	tcase_add_test(held, any_number_of_locks_can_be_held_exclusively);
	tcase_add_test(held,
		       more_shared_locks_than_are_kept_count_of_is_reported);
	tcase_add_test(held, what_another_thread_holds_is_not_held_here);
	tcase_add_loop_test(held,
			    each_rank_has_a_name_and_says_what_it_protects, 0,
			    VMD_NR_RANKS);

	tcase_add_loop_test(sleep, sleeping_under_a_lock_that_spins_is_reported,
			    0, (int)VMD_ARRAY_SIZE(spinning_ranks));
	tcase_add_loop_test(sleep, an_rwsem_under_a_page_table_lock_is_reported,
			    0, 2);
	tcase_add_test(sleep, sleeping_under_a_lock_that_sleeps_is_fine);

	tcase_add_test_raise_signal(
		death, a_missing_lock_without_hook_ends_the_program, SIGABRT);
	tcase_add_test_raise_signal(
		death, sleeping_under_a_spinlock_without_hook_ends_the_program,
		SIGABRT);
	return vmd_test_main(suite);
}
