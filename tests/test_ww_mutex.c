/* SPDX-License-Identifier: MIT */
/*
 * sync/ww_mutex: who waits, who dies, and that backing off ends (LK-7 to
 * LK-11).
 */
#include "sync/ww_mutex.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "lowfix.h"
#include "support.h"

#define UNCHECKED vmd_no_context_analysis("locked at run time")

static struct lowfix_reports reports;
static struct vmd_env env;
static struct vmd_ww_class ww_class;
static struct vmd_ww_mutex a;
static struct vmd_ww_mutex b;

/* Older than all others, and younger. */
static struct vmd_ww_acquire_ctx older;
static struct vmd_ww_acquire_ctx younger;

static void up(void)
{
	lowfix_env_up(&env, &reports);
	ck_assert_int_eq(vmd_ww_mutex_init(&a, &env), 0);
	ck_assert_int_eq(vmd_ww_mutex_init(&b, &env), 0);
	vmd_ww_acquire_init(&older, &ww_class);
	vmd_ww_acquire_init(&younger, &ww_class);
}

static void down(void)
{
	vmd_ww_acquire_fini(&younger, &env);
	vmd_ww_acquire_fini(&older, &env);
	vmd_ww_mutex_destroy(&b);
	vmd_ww_mutex_destroy(&a);
	ck_assert_uint_eq(vmd_nr_held(), 0);
	ck_assert_msg(reports.nr_bugs == 0, "reported: %s", reports.text);
	lowfix_env_down(&env);
}

static void forgive(const char *text)
{
	ck_assert_uint_ge(reports.nr_bugs, 1);
	ck_assert_msg(strstr(reports.text, text), "reported: %s", reports.text);
	reports.nr_bugs = 0;
}

/* LK-7 */
START_TEST(stamps_increase)
{
	struct vmd_ww_acquire_ctx third;

	vmd_ww_acquire_init(&third, &ww_class);

	ck_assert_uint_lt(older.stamp, younger.stamp);
	ck_assert_uint_lt(younger.stamp, third.stamp);
}
END_TEST

/* LK-10, LK-11 */
START_TEST(without_context_it_is_a_plain_mutex)
UNCHECKED
{
	ck_assert_int_eq(vmd_ww_mutex_lock(&a, NULL), 0);

	vmd_ww_mutex_assert_held(&a);
	ck_assert(!vmd_ww_mutex_trylock(&a, NULL));

	vmd_ww_mutex_unlock(&a);
	ck_assert(vmd_ww_mutex_trylock(&a, NULL));
	vmd_ww_mutex_unlock(&a);
}
END_TEST

/* LK-10 */
START_TEST(a_context_that_locks_twice_is_told_so)
UNCHECKED
{
	ck_assert_int_eq(vmd_ww_mutex_lock(&a, &older), 0);

	ck_assert_int_eq(vmd_ww_mutex_lock(&a, &older), -EALREADY);
	ck_assert_uint_eq(older.nr_acquired, 1);

	vmd_ww_mutex_unlock(&a);
	ck_assert_uint_eq(older.nr_acquired, 0);
}
END_TEST

/* LK-8: "die" */
START_TEST(the_younger_dies_if_it_holds_another_lock)
UNCHECKED
{
	ck_assert_int_eq(vmd_ww_mutex_lock(&a, &older), 0);
	ck_assert_int_eq(vmd_ww_mutex_lock(&b, &younger), 0);

	ck_assert_int_eq(vmd_ww_mutex_lock(&a, &younger), -EDEADLK);

	ck_assert_uint_eq(younger.nr_acquired, 1);
	ck_assert_ptr_eq(a.ctx, &older);
	vmd_ww_mutex_unlock(&b);
	vmd_ww_mutex_unlock(&a);
}
END_TEST

/* LK-10 */
START_TEST(trylock_never_asks_to_back_off)
UNCHECKED
{
	ck_assert_int_eq(vmd_ww_mutex_lock(&a, &older), 0);
	ck_assert_int_eq(vmd_ww_mutex_lock(&b, &younger), 0);

	ck_assert(!vmd_ww_mutex_trylock(&a, &younger));
	ck_assert_uint_eq(younger.nr_acquired, 1);

	vmd_ww_mutex_unlock(&a);
	ck_assert(vmd_ww_mutex_trylock(&a, &younger));
	ck_assert_uint_eq(younger.nr_acquired, 2);
	vmd_ww_mutex_unlock(&a);
	vmd_ww_mutex_unlock(&b);
}
END_TEST

/* Another thread that locks @wanted, perhaps while it holds @has. */
struct waiter {
	struct vmd_ww_acquire_ctx *ctx;
	struct vmd_ww_mutex *has; /* NULL: nothing */
	struct vmd_ww_mutex *wanted;
	bool slow;
	uint32_t about_to_lock;
	uint32_t done;
	int err;
};

static void *wait_for_lock(void *arg) UNCHECKED
{
	struct waiter *waiter = arg;

	if (waiter->has)
		waiter->err = vmd_ww_mutex_lock(waiter->has, waiter->ctx);
	__atomic_store_n(&waiter->about_to_lock, 1, __ATOMIC_RELEASE);
	if (waiter->slow)
		vmd_ww_mutex_lock_slow(waiter->wanted, waiter->ctx);
	else
		waiter->err = vmd_ww_mutex_lock(waiter->wanted, waiter->ctx);
	__atomic_store_n(&waiter->done, 1, __ATOMIC_RELEASE);
	if (!waiter->err)
		vmd_ww_mutex_unlock(waiter->wanted);
	if (waiter->has)
		vmd_ww_mutex_unlock(waiter->has);
	return NULL;
}

/* Gives the waiter many chances to get what it must not get. */
static pthread_t start_waiter(struct waiter *waiter)
{
	pthread_t thread;
	unsigned int i;

	ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_lock, waiter),
			 0);
	while (!__atomic_load_n(&waiter->about_to_lock, __ATOMIC_ACQUIRE))
		(void)sched_yield();
	for (i = 0; i < 500; i++)
		(void)sched_yield();
	return thread;
}

static bool done(const struct waiter *waiter)
{
	return __atomic_load_n(&waiter->done, __ATOMIC_ACQUIRE);
}

/* LK-8, LK-9, LK-11: everybody who is never refused. */
static struct waiter waiters[] = {
	{ .ctx = &younger, .wanted = &a }, /* holds nothing else */
	{ .ctx = &younger, .wanted = &a, .slow = true },
	{ .ctx = NULL, .wanted = &a },
};

START_TEST(who_holds_nothing_else_waits)
UNCHECKED
{
	struct waiter waiter = waiters[_i];
	pthread_t thread;

	ck_assert_int_eq(vmd_ww_mutex_lock(&a, &older), 0);
	thread = start_waiter(&waiter);

	ck_assert_msg(!done(&waiter), "waiter %d", _i);

	vmd_ww_mutex_unlock(&a);
	(void)pthread_join(thread, NULL);
	ck_assert_msg(done(&waiter) && waiter.err == 0, "waiter %d: %d", _i,
		      waiter.err);
}
END_TEST

/* LK-8 */
START_TEST(the_older_waits_whatever_it_holds)
UNCHECKED
{
	struct waiter waiter = { .ctx = &older, .has = &b, .wanted = &a };
	pthread_t thread;

	ck_assert_int_eq(vmd_ww_mutex_lock(&a, &younger), 0);
	thread = start_waiter(&waiter);

	ck_assert(!done(&waiter));

	vmd_ww_mutex_unlock(&a);
	(void)pthread_join(thread, NULL);
	ck_assert_int_eq(waiter.err, 0);
}
END_TEST

/* The lock passes to @ctx while others wait for it. */
static void hand_over(struct vmd_ww_mutex *lock, struct vmd_ww_acquire_ctx *ctx)
{
	(void)pthread_mutex_lock(&lock->guard);
	lock->ctx = ctx;
	(void)pthread_cond_broadcast(&lock->changed);
	(void)pthread_mutex_unlock(&lock->guard);
}

/* LK-8 */
START_TEST(a_waiter_dies_when_an_older_one_gets_the_lock)
UNCHECKED
{
	struct waiter waiter = { .ctx = &younger, .has = &b, .wanted = &a };
	struct vmd_ww_acquire_ctx youngest;
	pthread_t thread;

	vmd_ww_acquire_init(&youngest, &ww_class);
	ck_assert_int_eq(vmd_ww_mutex_lock(&a, &youngest), 0);
	thread = start_waiter(&waiter);
	ck_assert(!done(&waiter));
	hand_over(&a, &older);

	(void)pthread_join(thread, NULL);
	ck_assert_int_eq(waiter.err, -EDEADLK);

	hand_over(&a, &youngest);
	vmd_ww_mutex_unlock(&a);
}
END_TEST

#define ROUNDS 2000

/* As a submitter does it: all of them, or none and again (LK-9). */
static UNCHECKED unsigned int lock_both(struct vmd_ww_mutex *first,
					struct vmd_ww_mutex *second,
					struct vmd_ww_acquire_ctx *ctx)
{
	unsigned int nr_deaths = 0;

	ck_assert_int_eq(vmd_ww_mutex_lock(first, ctx), 0);
	while (vmd_ww_mutex_lock(second, ctx) == -EDEADLK) {
		struct vmd_ww_mutex *refused = second;

		nr_deaths++;
		vmd_ww_mutex_unlock(first);
		vmd_ww_mutex_lock_slow(refused, ctx);
		second = first;
		first = refused;
	}
	return nr_deaths;
}

static uint64_t shared_count;

static void *lock_both_many_times(void *backwards) UNCHECKED
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		struct vmd_ww_acquire_ctx ctx;

		vmd_ww_acquire_init(&ctx, &ww_class);
		(void)lock_both(backwards ? &b : &a, backwards ? &a : &b, &ctx);
		shared_count++;
		vmd_ww_mutex_unlock(&a);
		vmd_ww_mutex_unlock(&b);
		vmd_ww_acquire_fini(&ctx, &env);
	}
	return NULL;
}

/* LK-9 */
START_TEST(opposite_orders_do_not_deadlock)
{
	pthread_t threads[4];
	unsigned int i;

	shared_count = 0;
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						lock_both_many_times,
						i % 2 ? &env : NULL),
				 0);
	for (i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);

	ck_assert_uint_eq(shared_count, 4 * ROUNDS);
}
END_TEST

START_TEST(the_slow_form_while_others_are_held_is_reported)
UNCHECKED
{
	ck_assert_int_eq(vmd_ww_mutex_lock(&a, &older), 0);

	vmd_ww_mutex_lock_slow(&b, &older);

	forgive("slow lock while others of the context are held");
	vmd_ww_mutex_unlock(&b);
	vmd_ww_mutex_unlock(&a);
}
END_TEST

START_TEST(a_context_that_ends_with_locks_is_reported)
UNCHECKED
{
	ck_assert_int_eq(vmd_ww_mutex_lock(&a, &older), 0);

	vmd_ww_acquire_fini(&older, &env);

	forgive("nr_acquired");
	vmd_ww_mutex_unlock(&a);
}
END_TEST

START_TEST(giving_back_what_is_not_held_is_reported)
UNCHECKED
{
	vmd_ww_mutex_unlock(&a);

	forgive("resv is given back but not held");
}
END_TEST

/* LK-3 */
START_TEST(a_reservation_under_a_page_table_lock_is_reported)
UNCHECKED
{
	struct vmd_spinlock ptl;

	vmd_spin_init(&ptl, &env, VMD_RANK_ptl);
	vmd_spin_lock(&ptl);
	ck_assert_int_eq(vmd_ww_mutex_lock(&a, NULL), 0);
	vmd_ww_mutex_unlock(&a);
	vmd_spin_unlock(&ptl);

	forgive("may sleep while ptl is held");
}
END_TEST

START_TEST(a_mutex_without_memory_is_refused)
{
	struct vmd_ww_mutex other;

	env.arena.fail_nth = env.arena.nr_calls + 1;

	ck_assert_int_eq(vmd_ww_mutex_init(&other, &env), -ENOMEM);
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
	Suite *suite = suite_create("ww_mutex");
	TCase *rules = make_case(suite, "wait-die LK-7 LK-8 LK-10");
	TCase *backoff = make_case(suite, "back-off LK-9");
	TCase *broken = make_case(suite, "contracts");

	tcase_add_test(rules, stamps_increase);
	tcase_add_test(rules, without_context_it_is_a_plain_mutex);
	tcase_add_test(rules, a_context_that_locks_twice_is_told_so);
	tcase_add_test(rules, the_younger_dies_if_it_holds_another_lock);
	tcase_add_test(rules, trylock_never_asks_to_back_off);
	tcase_add_loop_test(rules, who_holds_nothing_else_waits, 0,
			    (int)(sizeof(waiters) / sizeof(waiters[0])));
	tcase_add_test(rules, the_older_waits_whatever_it_holds);
	tcase_add_test(rules, a_waiter_dies_when_an_older_one_gets_the_lock);

	tcase_add_test(backoff, opposite_orders_do_not_deadlock);

	tcase_add_test(broken, the_slow_form_while_others_are_held_is_reported);
	tcase_add_test(broken, a_context_that_ends_with_locks_is_reported);
	tcase_add_test(broken, giving_back_what_is_not_held_is_reported);
	tcase_add_test(broken,
		       a_reservation_under_a_page_table_lock_is_reported);
	tcase_add_test(broken, a_mutex_without_memory_is_refused);
	return vmd_test_main(suite);
}
