/* SPDX-License-Identifier: MIT */
/*
 * Real threads: some store into shared objects while others submit them, the
 * device writes, areas come and go. Then all stop, everything is submitted
 * once, and both memories must be equal (I-1); what each thread stored last
 * is what it loads (I-2).
 */
#include "upfix.h"

#include <pthread.h>

#include "base/rng.h"

#define NR_BOS	    3
#define NR_SUBMITS  150U /* at least, of each who submits */
#define NR_ROUNDS   300U /* of twenty stores each, or of mmap and munmap */
#define NR_CPUS	    4U
#define WORDS_AHEAD 8 /* bytes from one CPU's word of a page to the next's */

static const struct vmd_dirty_policy *const policies[] = {
	&vmd_dirty_policy_mkwrite,
	&vmd_dirty_policy_pagetable,
	&vmd_dirty_policy_vmwgfx,
};

static const unsigned long bo_pages[NR_BOS] = { 16, 64, 520 };

/* The last object is never written by the device: stores to it stay. */
#define KEPT (NR_BOS - 1)

static struct up up;
static struct vmd_bo *bo[NR_BOS];
static unsigned int nr_short; /* atomic: workers that have not done enough */
static unsigned int nr_failed; /* atomic */

struct worker {
	pthread_t thread;
	unsigned int id; /* its CPU */
	uint64_t rng;
	vmd_va_t map[NR_BOS];
	uint64_t last[520]; /* of KEPT, what this one stored */
	uint64_t nr_done;
};

/* ck_assert() is for the main thread. */
static void must(bool good)
{
	if (!good)
		__atomic_fetch_add(&nr_failed, 1, __ATOMIC_RELAXED);
}

/* All go on until each has done enough: so they run beside each other. */
static bool again(struct worker *me, uint64_t enough)
{
	if (++me->nr_done == enough)
		__atomic_fetch_sub(&nr_short, 1, __ATOMIC_RELAXED);
	return __atomic_load_n(&nr_short, __ATOMIC_RELAXED) > 0;
}

static void store_one(struct worker *me)
{
	uint64_t draw = vmd_rng_next(&me->rng);
	unsigned int k = (unsigned int)(draw % NR_BOS);
	unsigned long page = (draw >> 8) % bo_pages[k];
	vmd_va_t addr = me->map[k] + page * VMD_PAGE_SIZE +
			(vmd_va_t)me->id * WORDS_AHEAD;

	must(vmd_store_u64(up_cpu(&up, me->id), addr, draw) == 0);
	if (k == KEPT)
		me->last[page] = draw;
}

static void load_one(struct worker *me)
{
	unsigned long page = vmd_rng_next(&me->rng) % bo_pages[KEPT];
	vmd_va_t addr = me->map[KEPT] + page * VMD_PAGE_SIZE +
			(vmd_va_t)me->id * WORDS_AHEAD;
	uint64_t value = 0;

	must(vmd_load_u64(up_cpu(&up, me->id), addr, &value) == 0);
	must(value == me->last[page]);
}

static void *store_many(void *arg)
{
	struct worker *me = arg;
	unsigned int i;

	do {
		for (i = 0; i < 20; i++)
			store_one(me);
		load_one(me);
	} while (again(me, NR_ROUNDS));
	return NULL;
}

/* In an order of its own, so that others must back off. */
static void submit_some(struct worker *me, bool gpu_writes)
{
	uint64_t draw = vmd_rng_next(&me->rng);
	struct vmd_page_range writes = { (draw >> 16) % bo_pages[0], 1 };
	struct vmd_submit_bo bos[NR_BOS] = { { .bo = NULL } };
	struct vmd_submit_result result;
	unsigned int i;

	for (i = 0; i < NR_BOS; i++) {
		unsigned int k = (unsigned int)(draw + i) % NR_BOS;

		bos[i].bo = bo[k];
		if (gpu_writes && k == 0) {
			bos[i].gpu_writes = &writes;
			bos[i].nr_gpu_writes = 1;
		}
	}
	must(vmd_svga_submit(up.svga, up_cpu(&up, me->id), bos,
			     1 + (draw >> 8) % NR_BOS, &result) == 0);
	if (draw & 1)
		must(vmd_fence_wait(up.svga, result.seqno) == 0);
}

static void *submit_many(void *arg)
{
	struct worker *me = arg;

	do {
		submit_some(me, me->nr_done % 5 == 0);
	} while (again(me, NR_SUBMITS));
	return NULL;
}

/* Maps, writes and unmaps: nobody but munmap sees that dirt (FM-37). */
static void *map_many(void *arg)
{
	struct worker *me = arg;
	vmd_va_t base;

	do {
		unsigned int k = (unsigned int)(me->nr_done % NR_BOS);

		must(vmd_bo_mmap(bo[k], up.mm[me->id % UP_NR_MMS], 0,
				 bo_pages[k], &base) == 0);
		base += (vmd_va_t)me->id * WORDS_AHEAD;
		must(vmd_store_u64(up_cpu(&up, me->id), base, me->nr_done) ==
		     0);
		base &= VMD_PAGE_MASK;
		must(vmd_munmap(up.mm[me->id % UP_NR_MMS], base,
				bo_pages[k] << VMD_PAGE_SHIFT) == 0);
	} while (again(me, NR_ROUNDS));
	return NULL;
}

static void begin(struct worker *me, unsigned int id, void *(*work)(void *))
{
	unsigned int k;

	*me = (struct worker){ .id = id, .rng = id + 1 };
	for (k = 0; k < NR_BOS; k++)
		me->map[k] = up_map(&up, id % UP_NR_MMS, bo[k]);
	ck_assert_int_eq(pthread_create(&me->thread, NULL, work, me), 0);
}

static void end_all(const struct worker *workers, unsigned int nr)
{
	unsigned int k;

	for (k = 0; k < nr; k++)
		ck_assert_int_eq(pthread_join(workers[k].thread, NULL), 0);
	ck_assert_uint_eq(nr_failed, 0);
	for (k = 0; k < NR_BOS; k++) {
		up_check_tracker(bo[k], NULL);
		up_submit_wait(&up, bo[k]);
		up_assert_equal(bo[k]);
	}
}

static void start(const struct vmd_dirty_policy *policy, unsigned int flags,
		  unsigned int nr_workers)
{
	const struct up_options options = { .nr_cpus = NR_CPUS,
					    .flags = flags,
					    .fifo_entries = 16 };
	unsigned int k;

	nr_short = nr_workers;
	nr_failed = 0;
	up_start_with(&up, &options);
	for (k = 0; k < NR_BOS; k++)
		bo[k] = up_tracked_bo(&up, bo_pages[k], policy);
}

static void finish(void)
{
	unsigned int k;

	for (k = 0; k < NR_BOS; k++)
		vmd_bo_put(bo[k]);
	up_stop(&up);
}

/* I-1: two write, one submits. */
START_TEST(stores_beside_submissions_are_not_lost)
{
	static struct worker workers[3];

	start(policies[_i % 3], _i < 3 ? 0 : VMD_MACHINE_NO_LINES, 3);
	begin(&workers[2], 2, store_many);
	begin(&workers[1], 1, store_many);
	begin(&workers[0], 0, submit_many);

	end_all(workers, 3);
	finish();
}
END_TEST

/* LK-7..9, I-1: two submit in any order, while areas come and go. */
START_TEST(submissions_and_mappings_beside_each_other_lose_nothing)
{
	static struct worker workers[4];

	start(policies[_i], 0, 4);
	begin(&workers[3], 3, map_many);
	begin(&workers[2], 2, store_many);
	begin(&workers[1], 1, submit_many);
	begin(&workers[0], 0, submit_many);

	end_all(workers, 4);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stress_submit");
	TCase *tc = tcase_create("threads");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, stores_beside_submissions_are_not_lost, 0, 4);
	tcase_add_loop_test(
		tc, submissions_and_mappings_beside_each_other_lose_nothing, 0,
		3);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
