/* SPDX-License-Identifier: MIT */
/*
 * Submissions: what is sent, in which order, what is refused (VM-35, VM-37,
 * VM-48..50, I-2, I-12), fences, a small queue, backing off (LK-7..9).
 */
#include "upfix.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

static struct up up;

static void setup(void)
{
	up_start(&up);
}

static void teardown(void)
{
	up_stop(&up);
}

static const struct vmd_dirty_policy *const policies[] = {
	&vmd_dirty_policy_mkwrite,
	&vmd_dirty_policy_pagetable,
	&vmd_dirty_policy_vmwgfx,
};

/* What one submission left in the queue, worked off or not. */
static void assert_ops(const enum vmd_svga_op *ops, unsigned int nr)
{
	unsigned int i;

	ck_assert_uint_le(nr, up.svga->fifo_entries);
	for (i = 0; i < nr; i++)
		ck_assert_msg(up.svga->fifo[i].op == ops[i],
			      "command %u is of kind %d", i,
			      (int)up.svga->fifo[i].op);
}
#define ASSERT_OPS(...)                                 \
	assert_ops((enum vmd_svga_op[]){ __VA_ARGS__ }, \
		   VMD_ARRAY_SIZE(((enum vmd_svga_op[]){ __VA_ARGS__ })))

/* VM-48, I-1 */
START_TEST(what_was_stored_before_a_submission_is_on_the_device)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 600, policies[_i]);
	vmd_va_t base = up_map(&up, 0, bo);

	up_store(&up, 0, base, 0, 1);
	up_store(&up, 0, base, 300, 2);
	up_store(&up, 0, base, 599, 3);

	ck_assert_uint_eq(up_submit_wait(&up, bo).nr_updated, 3);
	up_assert_equal(bo);
	ck_assert_uint_eq(up_submit_wait(&up, bo).nr_updated, 0);
	vmd_bo_put(bo);
}
END_TEST

/* VM-10, VM-48 */
START_TEST(each_run_of_dirty_pages_is_one_command)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 100, policies[_i]);
	vmd_va_t base = up_map(&up, 0, bo);
	unsigned long page;

	for (page = 10; page < 20; page++)
		up_store(&up, 0, base, page, page);
	up_store(&up, 0, base, 30, 1);
	up_submit(&up, bo);

	ASSERT_OPS(VMD_SVGA_UPDATE, VMD_SVGA_UPDATE, VMD_SVGA_FENCE);
	ck_assert_uint_eq(up.svga->nr_queued, 3);
	ck_assert_uint_eq(up.svga->fifo[0].guest, bo->guest + 10);
	ck_assert_uint_eq(up.svga->fifo[0].device, bo->device + 10);
	ck_assert_uint_eq(up.svga->fifo[0].nr, 10);
	ck_assert_uint_eq(up.svga->fifo[1].nr, 1);
	ck_assert_uint_eq(up_event(&up, VMD_EV_UPDATE_CMD), 2);
	ck_assert_int_eq(vmd_fence_wait(up.svga, 1), 0);
	ck_assert_uint_eq(up_event(&up, VMD_EV_UPDATE_BYTE),
			  11 * VMD_PAGE_SIZE);
	vmd_bo_put(bo);
}
END_TEST

/* VM-35, VM-50: updates of all, then the work of all, then the fence. */
START_TEST(updates_come_before_the_work_and_the_fence_is_last)
{
	const struct vmd_page_range writes = { 8, 4 };
	struct vmd_bo *a = up_tracked_bo(&up, 20, policies[_i]);
	struct vmd_bo *b = up_tracked_bo(&up, 20, policies[_i]);
	const struct vmd_submit_bo bos[] = {
		{ .bo = a, .gpu_writes = &writes, .nr_gpu_writes = 1 },
		{ .bo = b },
	};

	up_store(&up, 0, up_map(&up, 0, a), 9, 1);
	up_store(&up, 0, up_map(&up, 0, b), 3, 1);
	(void)up_submit_all(&up, bos, 2);

	ASSERT_OPS(VMD_SVGA_UPDATE, VMD_SVGA_UPDATE, VMD_SVGA_WRITE,
		   VMD_SVGA_READBACK, VMD_SVGA_FENCE);
	ck_assert_uint_eq(up.svga->fifo[0].guest, a->guest + 9);
	ck_assert_uint_eq(up.svga->fifo[1].guest, b->guest + 3);
	ck_assert_uint_eq(up.svga->fifo[2].device, a->device + 8);
	ck_assert_uint_eq(up.svga->fifo[3].nr, 4);
	vmd_bo_put(a);
	vmd_bo_put(b);
}
END_TEST

/* VM-37: afterwards nothing is held by anybody. */
START_TEST(a_submission_gives_all_reservations_back)
{
	struct vmd_bo *a = up_bo(&up, 1);
	struct vmd_bo *b = up_tracked_bo(&up, 1, policies[_i]);
	const struct vmd_submit_bo bos[] = { { .bo = a }, { .bo = b } };

	(void)up_submit_all(&up, bos, 2);

	ck_assert_uint_eq(vmd_nr_held(), 0);
	ck_assert(vmd_ww_mutex_trylock(&a->resv, NULL));
	ck_assert(vmd_ww_mutex_trylock(&b->resv, NULL));
	vmd_ww_mutex_unlock(&a->resv);
	vmd_ww_mutex_unlock(&b->resv);
	vmd_bo_put(a);
	vmd_bo_put(b);
}
END_TEST

START_TEST(a_submission_of_nothing_is_a_fence)
{
	struct vmd_submit_result result = up_submit_all(&up, NULL, 0);

	ck_assert_uint_eq(result.nr_updated, 0);
	ck_assert_uint_eq(result.seqno, 1);
	ck_assert_int_eq(vmd_fence_wait(up.svga, 1), 0);
	ck_assert(vmd_fence_signalled(up.svga, 1));
}
END_TEST

/* What I-12 promises not to change. */
struct state {
	struct vmd_event_counts events;
	unsigned int nr_queued;
	vmd_seqno_t emitted;
	unsigned long weight;
	uint64_t pte;
	uint64_t allocs;
};

static struct state state_of(const struct vmd_bo *bo, vmd_va_t base)
{
	struct state state;

	memset(&state, 0, sizeof(state)); /* compared as bytes */
	state.events = up_events(&up);
	state.nr_queued = up.svga->nr_queued;
	state.emitted = up.svga->emitted;
	state.weight = up_weight(bo->tracker);
	state.pte = up_pte(&up, 0, base, 3).val;
	state.allocs = vmd_machine_nr_allocs(up.machine);
	return state;
}

static const struct vmd_page_range bad_ranges[] = {
	{ 0, 0 },  { 10, 0 },	{ 10, 1 },   { 0, 11 },	     { 9, 2 },
	{ 11, 1 }, { ~0UL, 1 }, { 1, ~0UL }, { ~0UL, ~0UL }, { ~0UL, 2 },
};

/* I-12 */
START_TEST(a_bad_range_is_refused_and_changes_nothing)
{
	const struct vmd_page_range ranges[] = { { 0, 1 }, bad_ranges[_i] };
	struct vmd_bo *bo = up_tracked_bo(&up, 10, &vmd_dirty_policy_mkwrite);
	vmd_va_t base = up_map(&up, 0, bo);
	struct vmd_submit_result result = { 7, 7 };
	struct vmd_submit_bo use = { .bo = bo };
	struct state before;
	struct state after;

	up_store(&up, 0, base, 3, 1);
	before = state_of(bo, base);
	use.written = ranges;
	use.nr_written = 2;
	ck_assert_int_eq(vmd_svga_submit(up.svga, up_cpu(&up, 0), &use, 1,
					 &result),
			 -EINVAL);
	use = (struct vmd_submit_bo){ .bo = bo,
				      .gpu_writes = ranges,
				      .nr_gpu_writes = 2 };
	ck_assert_int_eq(vmd_svga_submit(up.svga, up_cpu(&up, 0), &use, 1,
					 &result),
			 -EINVAL);
	after = state_of(bo, base);

	ck_assert_mem_eq(&before, &after, sizeof(before));
	ck_assert_uint_eq(result.seqno + result.nr_updated, 14);
	vmd_bo_put(bo);
}
END_TEST

static void assert_refused(struct vmd_svga *svga, struct vmd_cpu *cpu,
			   const struct vmd_submit_bo *bos, size_t nr, int line)
{
	struct vmd_submit_result result = { 7, 7 };
	int err = vmd_svga_submit(svga, cpu, bos, nr, &result);

	ck_assert_msg(err == -EINVAL && result.seqno == 7 &&
			      result.nr_updated == 7,
		      "line %d: %d", line, err);
}

/* I-12 */
START_TEST(a_submission_of_nonsense_is_refused_and_changes_nothing)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 10, &vmd_dirty_policy_mkwrite);
	struct vmd_bo *other = up_bo(&up, 10);
	vmd_va_t base = up_map(&up, 0, bo);
	const struct vmd_submit_bo twice[] = { { .bo = bo },
					       { .bo = other },
					       { .bo = bo } };
	const struct vmd_submit_bo no_bo[] = { { .bo = bo }, { .bo = NULL } };
	const struct vmd_submit_bo no_ranges = { .bo = bo, .nr_written = 1 };
	const struct vmd_submit_bo no_writes = { .bo = bo, .nr_gpu_writes = 1 };
	struct vmd_cpu *cpu = up_cpu(&up, 0);
	struct state before;
	struct state after;

	up_store(&up, 0, base, 3, 1);
	before = state_of(bo, base);
	assert_refused(up.svga, cpu, twice, 3, __LINE__);
	assert_refused(up.svga, cpu, no_bo, 2, __LINE__);
	assert_refused(up.svga, cpu, &no_ranges, 1, __LINE__);
	assert_refused(up.svga, cpu, &no_writes, 1, __LINE__);
	assert_refused(up.svga, cpu, NULL, 1, __LINE__);
	assert_refused(NULL, cpu, twice, 1, __LINE__);
	assert_refused(up.svga, NULL, twice, 1, __LINE__);
	ck_assert_int_eq(vmd_svga_submit(up.svga, cpu, twice, 1, NULL),
			 -EINVAL);
	after = state_of(bo, base);

	ck_assert_mem_eq(&before, &after, sizeof(before));
	vmd_bo_put(bo);
	vmd_bo_put(other);
}
END_TEST

/* I-12, D11 */
START_TEST(objects_and_cpus_of_others_are_refused)
{
	struct vmd_bo *bo = up_bo(&up, 1);
	const struct vmd_submit_bo use = { .bo = bo };
	struct vmd_svga *second = NULL;
	struct up other;

	up_start(&other);
	ck_assert_int_eq(vmd_svga_create(up.machine, NULL, &second), 0);

	assert_refused(second, up_cpu(&up, 0), &use, 1, __LINE__);
	assert_refused(other.svga, up_cpu(&other, 0), &use, 1, __LINE__);
	assert_refused(up.svga, up_cpu(&other, 0), &use, 1, __LINE__);

	vmd_svga_destroy(second);
	up_stop(&other);
	vmd_bo_put(bo);
}
END_TEST

START_TEST(without_tracking_only_what_the_program_names_is_sent)
{
	const struct vmd_page_range written[] = { { 2, 3 }, { 8, 1 } };
	struct vmd_bo *bo = up_bo(&up, 10);
	const struct vmd_submit_bo use = { .bo = bo,
					   .written = written,
					   .nr_written = 2 };
	vmd_va_t base = up_map(&up, 0, bo);
	struct vmd_submit_result result;
	unsigned long page = 99;

	up_store(&up, 0, base, 3, 1);
	up_store(&up, 0, base, 8, 1);
	up_store(&up, 0, base, 9, 1);
	result = up_submit_all(&up, &use, 1);
	ck_assert_int_eq(vmd_fence_wait(up.svga, result.seqno), 0);

	ck_assert_uint_eq(result.nr_updated, 4);
	ck_assert(vmd_bo_first_difference(bo, &page));
	ck_assert_uint_eq(page, 9);
	vmd_bo_put(bo);
}
END_TEST

START_TEST(what_the_program_names_is_sent_beside_what_was_found)
{
	const struct vmd_page_range written = { 0, 2 };
	struct vmd_bo *bo = up_tracked_bo(&up, 10, policies[_i]);
	const struct vmd_submit_bo use = { .bo = bo,
					   .written = &written,
					   .nr_written = 1 };
	vmd_va_t base = up_map(&up, 0, bo);
	struct vmd_submit_result result;

	up_store(&up, 0, base, 7, 1);
	result = up_submit_all(&up, &use, 1);
	ck_assert_int_eq(vmd_fence_wait(up.svga, result.seqno), 0);

	ck_assert_uint_eq(result.nr_updated, 3);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

static struct vmd_submit_result gpu_write(struct vmd_bo *bo,
					  unsigned long first, unsigned long nr)
{
	const struct vmd_page_range writes = { first, nr };
	const struct vmd_submit_bo use = { .bo = bo,
					   .gpu_writes = &writes,
					   .nr_gpu_writes = 1 };

	return up_submit_all(&up, &use, 1);
}

/* I-2, VM-49: also through a translation that the CPU had cached. */
START_TEST(a_load_sees_what_the_device_wrote)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 40, policies[_i]);
	vmd_va_t base = up_map(&up, 0, bo);
	uint64_t first;
	uint64_t second;

	up_store(&up, 0, base, 4, 1);
	up_store(&up, 0, base, 20, 2);
	(void)gpu_write(bo, 4, 8);
	first = up_load(&up, 0, base, 4);
	(void)gpu_write(bo, 4, 8);
	second = up_load(&up, 0, base, 4);

	ck_assert_uint_ne(first, 1);
	ck_assert_uint_ne(first, second);
	ck_assert_uint_ne(second, up_load(&up, 0, base, 5));
	ck_assert_uint_eq(up_load(&up, 0, base, 20), 2);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* VM-28, VM-29: the entries go, their neighbours stay. */
START_TEST(pages_that_the_device_writes_are_unmapped)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 16, policies[_i]);
	vmd_va_t base = up_map(&up, 0, bo);
	unsigned long page;

	(void)up_load(&up, 0, base, 0);
	(void)gpu_write(bo, 4, 8);

	for (page = 0; page < 16; page++)
		ck_assert_msg(vmd_pte_none(up_pte(&up, 0, base, page)) ==
				      (page >= 4 && page < 12),
			      "page %lu", page);
	up_check_tracker(bo, NULL);
	vmd_bo_put(bo);
}
END_TEST

/* VM-29, MU-17: the unmap discards D, so its dirt is picked up before. */
START_TEST(dirt_of_pages_that_the_device_writes_is_sent_first)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 16, policies[_i]);
	vmd_va_t base = up_map(&up, 0, bo);
	struct vmd_submit_result result;

	up_store(&up, 0, base, 3, 1);
	up_store(&up, 0, base, 5, 1);
	result = gpu_write(bo, 4, 8);

	ck_assert_uint_eq(result.nr_updated, 2);
	ASSERT_OPS(VMD_SVGA_UPDATE, VMD_SVGA_UPDATE, VMD_SVGA_WRITE,
		   VMD_SVGA_READBACK, VMD_SVGA_FENCE);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* I-1 and I-2 in turns. */
START_TEST(cpu_and_device_write_in_turns)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 600, policies[_i]);
	vmd_va_t base = up_map(&up, 0, bo);
	unsigned long page;
	unsigned int turn;

	for (turn = 1; turn <= 8; turn++) {
		for (page = 0; page < 100 * turn / 2; page += turn)
			up_store(&up, 0, base, page, turn);
		up_submit_wait(&up, bo);
		up_assert_equal(bo);
		(void)gpu_write(bo, 50, 100);
		up_assert_equal(bo);
		up_store(&up, 0, base, 60, turn);
		ck_assert_uint_eq(up_load(&up, 0, base, 60), turn);
		up_check_tracker(bo, NULL);
	}

	vmd_bo_put(bo);
}
END_TEST

START_TEST(a_device_without_tracking_writes_too)
{
	struct vmd_bo *bo = up_bo(&up, 4);
	vmd_va_t base = up_map(&up, 0, bo);

	ck_assert_uint_eq(up_load(&up, 0, base, 1), 0);
	(void)gpu_write(bo, 1, 1);

	ck_assert_uint_ne(up_load(&up, 0, base, 1), 0);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

START_TEST(a_fence_signals_when_somebody_waits_for_it)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 4, &vmd_dirty_policy_mkwrite);
	vmd_va_t base = up_map(&up, 0, bo);
	vmd_seqno_t first;
	vmd_seqno_t second;

	ck_assert(vmd_fence_signalled(up.svga, 0));
	ck_assert_int_eq(vmd_fence_wait(up.svga, 0), 0);
	up_store(&up, 0, base, 0, 1);
	first = up_submit(&up, bo).seqno;
	second = up_submit(&up, bo).seqno;

	ck_assert_uint_lt(first, second);
	ck_assert(!vmd_fence_signalled(up.svga, first));
	ck_assert_int_eq(vmd_fence_wait(up.svga, second + 1), -EINVAL);
	ck_assert_int_eq(vmd_fence_wait(NULL, second), -EINVAL);
	ck_assert(!vmd_fence_signalled(up.svga, first));
	ck_assert_int_eq(vmd_fence_wait(up.svga, second), 0);
	ck_assert(vmd_fence_signalled(up.svga, first));
	ck_assert_int_eq(vmd_fence_wait(up.svga, first), 0);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

static const unsigned int fifo_sizes[] = { 1, 2, 3, 7, 64 };

/* A full queue is worked off: nothing is lost, nothing overtakes. */
START_TEST(a_queue_smaller_than_its_commands_loses_none)
{
	const struct up_options options = { .fifo_entries = fifo_sizes[_i] };
	struct vmd_submit_result result;
	struct vmd_bo *bo;
	unsigned long page;
	struct up small;
	vmd_va_t base;

	up_start_with(&small, &options);
	bo = up_tracked_bo(&small, 200, &vmd_dirty_policy_mkwrite);
	base = up_map(&small, 0, bo);
	for (page = 0; page < 200; page += 2)
		up_store(&small, 0, base, page, page + 1);
	result = up_submit_wait(&small, bo);

	ck_assert_uint_eq(result.nr_updated, 100);
	ck_assert_uint_eq(up_event(&small, VMD_EV_UPDATE_CMD), 100);
	up_assert_equal(bo);
	vmd_bo_put(bo);
	up_stop(&small);
}
END_TEST

static const struct vmd_svga_config bad_configs[] = {
	{ .size = 0 },
	{ .size = sizeof(struct vmd_svga_config) - 1 },
	{ .size = sizeof(struct vmd_svga_config),
	  .nr_pages = (UINT64_C(1) << 34) + 1 },
};

/* I-12 */
START_TEST(a_device_of_nonsense_is_refused)
{
	struct vmd_svga *svga = NULL;

	ck_assert_int_eq(vmd_svga_create(up.machine, &bad_configs[_i], &svga),
			 -EINVAL);
	ck_assert_int_eq(vmd_svga_create(NULL, NULL, &svga), -EINVAL);
	ck_assert_int_eq(vmd_svga_create(up.machine, NULL, NULL), -EINVAL);

	ck_assert_ptr_null(svga);
	vmd_svga_destroy(NULL);
}
END_TEST

/* I-10 */
START_TEST(a_device_without_memory_leaves_nothing_behind)
{
	uint64_t live = up_env(&up)->arena.nr_live;
	struct vmd_svga *svga = NULL;
	unsigned int nth = 0;
	int err;

	do {
		up_fail_alloc(&up, ++nth);
		err = vmd_svga_create(up.machine, NULL, &svga);
		ck_assert_msg(err == 0 || (err == -ENOMEM && !svga),
			      "call %u: %d", nth, err);
		if (err)
			ck_assert_uint_eq(up_env(&up)->arena.nr_live, live);
	} while (err);

	ck_assert_uint_gt(nth, 3);
	vmd_svga_destroy(svga);
}
END_TEST

/* One thread; it submits the objects in its own order. */
struct submitter {
	pthread_t thread;
	struct vmd_cpu *cpu;
	struct vmd_submit_bo bos[3];
	vmd_va_t base;
	int err;
};

#define ROUNDS 300U

static void *submit_in_order(void *arg)
{
	struct submitter *me = arg;
	struct vmd_submit_result result;
	unsigned int i;

	for (i = 0; i < ROUNDS && !me->err; i++) {
		me->err = vmd_store_u64(me->cpu,
					me->base + (vmd_va_t)(i % 20) *
							   VMD_PAGE_SIZE,
					i);
		if (!me->err)
			me->err = vmd_svga_submit(up.svga, me->cpu, me->bos, 3,
						  &result);
	}
	return NULL;
}

/* LK-7..9: neither a deadlock nor a refusal that a caller would see. */
START_TEST(two_threads_submit_the_same_objects_in_opposite_order)
{
	struct submitter a = { .cpu = up_cpu(&up, 0) };
	struct submitter b = { .cpu = up_cpu(&up, 1) };
	struct vmd_bo *bo[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		bo[i] = up_tracked_bo(&up, 20, policies[i]);
		a.bos[i].bo = bo[i];
		b.bos[2 - i].bo = bo[i];
	}
	a.base = up_map(&up, 0, bo[0]);
	b.base = up_map(&up, 1, bo[2]);
	ck_assert_int_eq(pthread_create(&a.thread, NULL, submit_in_order, &a),
			 0);
	ck_assert_int_eq(pthread_create(&b.thread, NULL, submit_in_order, &b),
			 0);
	ck_assert_int_eq(pthread_join(a.thread, NULL), 0);
	ck_assert_int_eq(pthread_join(b.thread, NULL), 0);

	ck_assert_int_eq(a.err, 0);
	ck_assert_int_eq(b.err, 0);
	ck_assert_uint_eq(up.svga->emitted, UINT64_C(2) * ROUNDS);
	ck_assert_uint_eq(up_event(&up, VMD_EV_SUBMIT), UINT64_C(2) * ROUNDS);
	for (i = 0; i < 3; i++) {
		up_submit_wait(&up, bo[i]);
		up_assert_equal(bo[i]);
		vmd_bo_put(bo[i]);
	}
}
END_TEST

/* Until the other thread has it; whoever takes it needs the guard. */
static void wait_until_taken(struct vmd_ww_mutex *lock,
			     const struct vmd_ww_acquire_ctx *not_by)
{
	bool taken = false;

	while (!taken) {
		(void)sched_yield();
		(void)pthread_mutex_lock(&lock->guard);
		taken = lock->locked && lock->ctx != not_by;
		(void)pthread_mutex_unlock(&lock->guard);
	}
}

/*
 * The older one holds object 2 and its guard: so the younger one has 0 and 1
 * when it meets it. Who waits here for ever has met a hoarder.
 */
static void make_it_give_back_two(struct vmd_bo *const *bo,
				  struct vmd_ww_acquire_ctx *old)
{
	wait_until_taken(&bo[1]->resv, old);
	(void)pthread_mutex_unlock(&bo[2]->resv.guard);

	ck_assert_int_eq(vmd_ww_mutex_lock(&bo[0]->resv, old), 0);
	ck_assert_int_eq(vmd_ww_mutex_lock(&bo[1]->resv, old), 0);
}

/* The younger one gets 2, for which it waited, and meets the older at 0. */
static void make_it_give_back_what_it_waited_for(struct vmd_bo *const *bo,
						 struct vmd_ww_acquire_ctx *old)
{
	(void)pthread_mutex_lock(&bo[0]->resv.guard);
	vmd_ww_mutex_unlock(&bo[2]->resv);
	wait_until_taken(&bo[2]->resv, old);
	(void)pthread_mutex_unlock(&bo[0]->resv.guard);

	ck_assert_int_eq(vmd_ww_mutex_lock(&bo[2]->resv, old), 0);
}

/* LK-9: who is refused gives all back, waits for that one, begins again. */
START_TEST(who_meets_an_older_holder_gives_everything_back_each_time)
{
	struct submitter young = { .cpu = up_cpu(&up, 0) };
	struct vmd_ww_acquire_ctx old;
	struct vmd_bo *bo[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		bo[i] = up_tracked_bo(&up, 20, policies[i]);
		young.bos[i].bo = bo[i];
	}
	young.base = up_map(&up, 0, bo[0]);
	vmd_ww_acquire_init(&old, &up.svga->resv_class);
	ck_assert_int_eq(vmd_ww_mutex_lock(&bo[2]->resv, &old), 0);
	(void)pthread_mutex_lock(&bo[2]->resv.guard);
	ck_assert_int_eq(pthread_create(&young.thread, NULL, submit_in_order,
					&young),
			 0);
	make_it_give_back_two(bo, &old);
	make_it_give_back_what_it_waited_for(bo, &old);
	ck_assert_uint_eq(up.svga->emitted, 0);
	for (i = 0; i < 3; i++)
		vmd_ww_mutex_unlock(&bo[i]->resv);
	vmd_ww_acquire_fini(&old, up_env(&up));
	ck_assert_int_eq(pthread_join(young.thread, NULL), 0);

	ck_assert_int_eq(young.err, 0);
	ck_assert_uint_eq(up.svga->emitted, ROUNDS);
	for (i = 0; i < 3; i++)
		vmd_bo_put(bo[i]);
}
END_TEST

static void add_order(Suite *suite)
{
	const int nr_policies = VMD_ARRAY_SIZE(policies);
	TCase *tc = tcase_create("order");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
		tc, what_was_stored_before_a_submission_is_on_the_device, 0,
		nr_policies);
	tcase_add_loop_test(tc, each_run_of_dirty_pages_is_one_command, 0,
			    nr_policies);
	tcase_add_loop_test(tc,
			    updates_come_before_the_work_and_the_fence_is_last,
			    0, nr_policies);
	tcase_add_loop_test(tc, a_submission_gives_all_reservations_back, 0,
			    nr_policies);
	tcase_add_test(tc, a_submission_of_nothing_is_a_fence);
	tcase_add_test(tc,
		       without_tracking_only_what_the_program_names_is_sent);
	tcase_add_loop_test(
		tc, what_the_program_names_is_sent_beside_what_was_found, 0,
		nr_policies);
	suite_add_tcase(suite, tc);
}

static void add_refused(Suite *suite)
{
	TCase *tc = tcase_create("refused");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_bad_range_is_refused_and_changes_nothing, 0,
			    VMD_ARRAY_SIZE(bad_ranges));
	tcase_add_test(tc,
		       a_submission_of_nonsense_is_refused_and_changes_nothing);
	tcase_add_test(tc, objects_and_cpus_of_others_are_refused);
	tcase_add_loop_test(tc, a_device_of_nonsense_is_refused, 0,
			    VMD_ARRAY_SIZE(bad_configs));
	tcase_add_test(tc, a_device_without_memory_leaves_nothing_behind);
	suite_add_tcase(suite, tc);
}

static void add_gpu_writes(Suite *suite)
{
	const int nr_policies = VMD_ARRAY_SIZE(policies);
	TCase *tc = tcase_create("gpu_writes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_load_sees_what_the_device_wrote, 0,
			    nr_policies);
	tcase_add_loop_test(tc, pages_that_the_device_writes_are_unmapped, 0,
			    nr_policies);
	tcase_add_loop_test(tc,
			    dirt_of_pages_that_the_device_writes_is_sent_first,
			    0, nr_policies);
	tcase_add_loop_test(tc, cpu_and_device_write_in_turns, 0, nr_policies);
	tcase_add_test(tc, a_device_without_tracking_writes_too);
	suite_add_tcase(suite, tc);
}

static void add_queue(Suite *suite)
{
	TCase *tc = tcase_create("queue");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_fence_signals_when_somebody_waits_for_it);
	tcase_add_loop_test(tc, a_queue_smaller_than_its_commands_loses_none, 0,
			    VMD_ARRAY_SIZE(fifo_sizes));
	tcase_add_test(tc,
		       two_threads_submit_the_same_objects_in_opposite_order);
	tcase_add_test(
		tc, who_meets_an_older_holder_gives_everything_back_each_time);
	suite_add_tcase(suite, tc);
}

int main(void)
{
	Suite *suite = suite_create("submit");

	add_order(suite);
	add_refused(suite);
	add_gpu_writes(suite);
	add_queue(suite);
	return vmd_test_main(suite);
}
