/* SPDX-License-Identifier: MIT */
/*
 * notifier/: who is told, in which order, and until when (MN-2, MN-4, MN-11,
 * I-7).
 */
#include "notifier/notifier.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/compiler.h"
#include "lowfix.h"
#include "support.h"

#define UNCHECKED vmd_no_context_analysis("the test breaks the rules")

static struct lowfix fix;

/* A subscriber that remembers what it was told. */
struct listener {
	struct vmd_mmu_notifier subscription;
	unsigned int nr_starts;
	unsigned int nr_ends;
	unsigned int nr_present_at_start; /* is the first page mapped then? */
	unsigned int nr_present_at_end;
	unsigned int turn; /* of the newest start */
	struct vmd_mmu_notifier_range range;
	void (*also)(struct listener *listener);
};

static unsigned int nr_turns;

static void up(void)
{
	const struct lowfix_shape shape = { .nr_cpus = 1 };

	nr_turns = 0;
	lowfix_up(&fix, &shape);
}

static void down(void)
{
	lowfix_down(&fix);
}

static bool first_page_is_mapped(void)
{
	const vmd_pte_t *slot =
		vmd_lookup_slot(fix.ctx, fix.addr, VMD_LEVEL_PTE);

	return slot && !vmd_pte_none(vmd_ptep_get(slot));
}

static void on_start(struct vmd_mmu_notifier *subscription,
		     const struct vmd_mmu_notifier_range *range)
{
	struct listener *listener =
		vmd_container_of(subscription, struct listener, subscription);

	listener->nr_starts++;
	listener->turn = ++nr_turns;
	listener->range = *range;
	listener->nr_present_at_start += first_page_is_mapped();
	if (listener->also)
		listener->also(listener);
}

static void on_end(struct vmd_mmu_notifier *subscription,
		   const struct vmd_mmu_notifier_range *range)
{
	struct listener *listener =
		vmd_container_of(subscription, struct listener, subscription);

	ck_assert(listener->nr_starts == 0 ||
		  (listener->range.start == range->start &&
		   listener->range.end == range->end));
	listener->nr_ends++;
	listener->nr_present_at_end += first_page_is_mapped();
}

static const struct vmd_mmu_notifier_ops both = { on_start, on_end };
static const struct vmd_mmu_notifier_ops neither = { NULL, NULL };

static void listen(struct listener *listener)
{
	*listener = (struct listener){ .subscription = { .ops = &both } };
	ck_assert_int_eq(vmd_mmu_notifier_register(&listener->subscription,
						   fix.mm),
			 0);
}

static void unlisten(struct listener *listener)
{
	vmd_mmu_notifier_unregister(&listener->subscription);
}

/* All entries of the object go, so that everybody has to be told. */
static void unmap_pages(vmd_pgoff_t start, vmd_pgoff_t nr)
{
	vmd_unmap_mapping_pages(fix.mapping, start, nr);
}

START_TEST(each_subscriber_is_told_once_before_and_once_after)
{
	struct listener listeners[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		listen(&listeners[i]);
	unmap_pages(0, 4);

	for (i = 0; i < 3; i++) {
		ck_assert_uint_eq(listeners[i].nr_starts, 1);
		ck_assert_uint_eq(listeners[i].nr_ends, 1);
		unlisten(&listeners[i]);
	}
}
END_TEST

START_TEST(the_newest_subscriber_is_told_first)
{
	struct listener listeners[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		listen(&listeners[i]);
	unmap_pages(0, 4);

	ck_assert_uint_eq(listeners[2].turn, 1);
	ck_assert_uint_eq(listeners[1].turn, 2);
	ck_assert_uint_eq(listeners[0].turn, 3);
	for (i = 0; i < 3; i++)
		unlisten(&listeners[i]);
}
END_TEST

/* I-7: entries of the range change only in between. */
START_TEST(entries_change_between_start_and_end)
{
	struct listener listener;

	lowfix_store(fix.cpu, fix.addr, 1);
	listen(&listener);
	unmap_pages(0, 4);

	ck_assert_uint_eq(listener.nr_present_at_start, 1);
	ck_assert_uint_eq(listener.nr_present_at_end, 0);
	unlisten(&listener);
}
END_TEST

START_TEST(the_range_and_the_reason_are_told)
{
	struct listener listener;

	listen(&listener);
	unmap_pages(3, 4);
	ck_assert_ptr_eq(listener.range.mm, fix.mm);
	ck_assert_uint_eq(listener.range.start, lowfix_page(&fix, 3));
	ck_assert_uint_eq(listener.range.end, lowfix_page(&fix, 7));
	ck_assert_int_eq((int)listener.range.event, VMD_MMU_NOTIFY_CLEAR);

	ck_assert_int_eq(vmd_munmap(fix.mm, fix.addr, 2 * VMD_PAGE_SIZE), 0);
	ck_assert_uint_eq(listener.range.start, fix.addr);
	ck_assert_uint_eq(listener.range.end, lowfix_page(&fix, 2));
	ck_assert_int_eq((int)listener.range.event, VMD_MMU_NOTIFY_UNMAP);
	unlisten(&listener);
}
END_TEST

START_TEST(other_address_spaces_are_not_told)
{
	struct vmd_mm *second = lowfix_second_mm(&fix);
	struct listener listener;

	listen(&listener);
	ck_assert_int_eq(vmd_munmap(second, fix.addr, VMD_PAGE_SIZE), 0);

	ck_assert_uint_eq(listener.nr_starts + listener.nr_ends, 0);
	unlisten(&listener);
	vmd_mm_destroy(second);
}
END_TEST

START_TEST(operations_that_are_not_there_are_not_called)
{
	struct vmd_mmu_notifier silent = { .ops = &neither };
	struct listener listener;

	listen(&listener);
	ck_assert_int_eq(vmd_mmu_notifier_register(&silent, fix.mm), 0);
	unmap_pages(0, 4);

	ck_assert_uint_eq(listener.nr_starts, 1);
	vmd_mmu_notifier_unregister(&silent);
	unlisten(&listener);
}
END_TEST

START_TEST(who_has_unregistered_hears_nothing)
{
	struct listener listeners[3];
	unsigned int gone = (unsigned int)_i;
	unsigned int i;

	for (i = 0; i < 3; i++)
		listen(&listeners[i]);
	unlisten(&listeners[gone]);
	unmap_pages(0, 4);

	for (i = 0; i < 3; i++) {
		ck_assert_msg(listeners[i].nr_starts == (i != gone),
			      "%u of 3, without %u", i, gone);
		if (i != gone)
			unlisten(&listeners[i]);
	}
}
END_TEST

START_TEST(registering_twice_is_busy_and_again_later_is_fine)
{
	struct listener listener;

	listen(&listener);
	ck_assert_int_eq(vmd_mmu_notifier_register(&listener.subscription,
						   fix.mm),
			 -EBUSY);
	unlisten(&listener);
	ck_assert_int_eq(vmd_mmu_notifier_register(&listener.subscription,
						   fix.mm),
			 0);
	unmap_pages(0, 4);

	ck_assert_uint_eq(listener.nr_starts, 1);
	unlisten(&listener);
}
END_TEST

/* I-12 */
START_TEST(a_subscription_that_makes_no_sense_is_refused)
{
	struct vmd_mmu_notifier no_ops = { .ops = NULL };
	struct vmd_mmu_notifier good = { .ops = &both };

	ck_assert_int_eq(vmd_mmu_notifier_register(NULL, fix.mm), -EINVAL);
	ck_assert_int_eq(vmd_mmu_notifier_register(&no_ops, fix.mm), -EINVAL);
	ck_assert_int_eq(vmd_mmu_notifier_register(&good, NULL), -EINVAL);
}
END_TEST

START_TEST(a_subscriber_of_a_destroyed_address_space_is_reported)
{
	struct vmd_mm *second = lowfix_second_mm(&fix);
	struct vmd_mmu_notifier forgotten = { .ops = &neither };

	ck_assert_int_eq(vmd_mmu_notifier_register(&forgotten, second), 0);
	vmd_mm_destroy(second);

	ck_assert_uint_eq(fix.reports.nr_bugs, 1);
	fix.reports.nr_bugs = 0;
}
END_TEST

static UNCHECKED void start_under_a_ptl(void)
{
	const struct vmd_mmu_notifier_range range = { .mm = fix.mm, .end = 1 };
	struct vmd_spinlock *ptl;
	vmd_pte_t *pte = vmd_pte_alloc_map_lock(fix.ctx, fix.addr, &ptl);

	ck_assert_ptr_nonnull(pte);
	vmd_mmu_notifier_invalidate_range_start(&fix.mm->notifiers, &range);
	vmd_spin_unlock(ptl);
	vmd_mmu_notifier_invalidate_range_end(&fix.mm->notifiers, &range);
}

/* MN-11 */
START_TEST(a_start_under_a_page_table_lock_is_reported)
{
	start_under_a_ptl();

	ck_assert_uint_eq(fix.reports.nr_bugs, 1);
	ck_assert_ptr_nonnull(strstr(fix.reports.text, "may sleep"));
	fix.reports.nr_bugs = 0;
}
END_TEST

/* A callback in which a second thread tries what it must not finish. */
static struct listener slow;
static struct listener late;
static pthread_t intruder;
static uint32_t begun;
static uint32_t finished;

static void *unregister_slow(void *unused)
{
	__atomic_store_n(&begun, 1, __ATOMIC_RELEASE);
	unlisten(&slow);
	__atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
	return unused;
}

static void *register_late(void *unused)
{
	__atomic_store_n(&begun, 1, __ATOMIC_RELEASE);
	listen(&late);
	__atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
	return unused;
}

/* Gives it many chances to finish, and does not wait for it. */
static void start_intruder(void *(*body)(void *))
{
	unsigned int i;

	ck_assert_int_eq(pthread_create(&intruder, NULL, body, NULL), 0);
	while (!__atomic_load_n(&begun, __ATOMIC_ACQUIRE))
		(void)sched_yield();
	for (i = 0; i < 500; i++)
		(void)sched_yield();
}

static void unregister_from_elsewhere(struct listener *listener)
{
	(void)listener;
	start_intruder(unregister_slow);
	ck_assert(!__atomic_load_n(&finished, __ATOMIC_ACQUIRE));
}

static void register_from_elsewhere(struct listener *listener)
{
	(void)listener;
	start_intruder(register_late);
}

/* MN-4 */
START_TEST(unregistering_waits_for_a_callback_that_runs)
{
	listen(&slow);
	slow.also = unregister_from_elsewhere;
	unmap_pages(0, 4);
	(void)pthread_join(intruder, NULL);

	ck_assert_uint_eq(finished, 1);
	ck_assert_uint_eq(slow.nr_starts, 1);
	unmap_pages(0, 4);
	ck_assert_uint_eq(slow.nr_starts, 1);
}
END_TEST

static void unmap_under_mmap_lock(void)
{
	ck_assert_int_eq(vmd_munmap(fix.mm, fix.addr, VMD_PAGE_SIZE), 0);
}

static void unmap_under_i_mmap_rwsem(void)
{
	unmap_pages(0, 4);
}

static void (*const changes[])(void) = {
	unmap_under_mmap_lock,
	unmap_under_i_mmap_rwsem,
};

/* MN-2, MN-12, I-7: registering lets no invalidation be in flight. */
START_TEST(who_registers_in_the_middle_hears_no_end_without_a_start)
{
	listen(&slow);
	slow.also = register_from_elsewhere;
	changes[_i]();
	(void)pthread_join(intruder, NULL);

	ck_assert_msg(late.nr_ends == late.nr_starts,
		      "change %d: %u starts, %u ends", _i, late.nr_starts,
		      late.nr_ends);
	unlisten(&late);
	unlisten(&slow);
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
	Suite *suite = suite_create("notifier");
	TCase *told = make_case(suite, "told I-7 MN-11");
	TCase *life = make_case(suite, "life MN-2 MN-4");

	tcase_add_test(told,
		       each_subscriber_is_told_once_before_and_once_after);
	tcase_add_test(told, the_newest_subscriber_is_told_first);
	tcase_add_test(told, entries_change_between_start_and_end);
	tcase_add_test(told, the_range_and_the_reason_are_told);
	tcase_add_test(told, other_address_spaces_are_not_told);
	tcase_add_test(told, operations_that_are_not_there_are_not_called);
	tcase_add_test(told, a_start_under_a_page_table_lock_is_reported);

	tcase_add_loop_test(life, who_has_unregistered_hears_nothing, 0, 3);
	tcase_add_test(life, registering_twice_is_busy_and_again_later_is_fine);
	tcase_add_test(life, a_subscription_that_makes_no_sense_is_refused);
	tcase_add_test(life,
		       a_subscriber_of_a_destroyed_address_space_is_reported);
	tcase_add_test(life, unregistering_waits_for_a_callback_that_runs);
	tcase_add_loop_test(
		life, who_registers_in_the_middle_hears_no_end_without_a_start,
		0, (int)VMD_ARRAY_SIZE(changes));
	return vmd_test_main(suite);
}
