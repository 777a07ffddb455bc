/* SPDX-License-Identifier: MIT */
/*
 * Faults that meet a reservation held by somebody else (TT-1, TT-3, FM-1,
 * VM-13, F.2): the first attempt drops mmap_lock before it waits, the second
 * blocks, mkwrite blocks at once. The test holds the reservation, a thread
 * faults; operations that note their calls tell how far it has come.
 */
#include "upfix.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#define NR 40UL

static struct up up;
static struct vmd_bo *bo;

/* What the noting operations saw. Atomic: read while the thread runs. */
struct noted {
	unsigned int nr_begun;
	unsigned int nr_done;
	unsigned int flags[4]; /* of the fault when it came in */
	unsigned int flags_after[4];
	vmd_vm_fault_t result[4];
};

static struct noted faults;
static struct noted mkwrites;

/* A second attempt waits here until the test has reserved again. */
static bool hold_second_attempt;
static unsigned int gate; /* 1: it has come, 2: it may go on */

static unsigned int get(const unsigned int *what)
{
	return __atomic_load_n(what, __ATOMIC_ACQUIRE);
}

static void set(unsigned int *what, unsigned int value)
{
	__atomic_store_n(what, value, __ATOMIC_RELEASE);
}

static void wait_for(const unsigned int *what, unsigned int value)
{
	while (get(what) != value)
		(void)sched_yield();
}

static vmd_vm_fault_t
noted_call(struct noted *noted, struct vmd_vm_fault *vmf,
	   vmd_vm_fault_t (*call)(struct vmd_vm_fault *vmf))
{
	unsigned int i = get(&noted->nr_begun);

	ck_assert_uint_lt(i, VMD_ARRAY_SIZE(noted->result));
	noted->flags[i] = vmf->flags;
	set(&noted->nr_begun, i + 1);
	noted->result[i] = call(vmf);
	noted->flags_after[i] = vmf->flags;
	set(&noted->nr_done, i + 1);
	return noted->result[i];
}

static vmd_vm_fault_t noting_fault(struct vmd_vm_fault *vmf)
{
	if (hold_second_attempt && (vmf->flags & VMD_FAULT_FLAG_TRIED)) {
		set(&gate, 1);
		wait_for(&gate, 2);
	}
	return noted_call(&faults, vmf, vmd_bo_vm_ops.fault);
}

static vmd_vm_fault_t noting_mkwrite(struct vmd_vm_fault *vmf)
{
	return noted_call(&mkwrites, vmf, vmd_bo_vm_ops.pfn_mkwrite);
}

static void noting_close(struct vmd_vma *vma)
{
	vmd_bo_vm_ops.close(vma);
}

/* No pre_unmap: the areas may go while the test holds the reservation. */
static const struct vmd_vm_operations noting_ops = {
	.close = noting_close,
	.fault = noting_fault,
	.pfn_mkwrite = noting_mkwrite,
};

static void setup(void)
{
	up_start(&up);
	bo = up_tracked_bo(&up, NR, &vmd_dirty_policy_mkwrite);
	faults = (struct noted){ 0 };
	mkwrites = (struct noted){ 0 };
	hold_second_attempt = false;
	gate = 0;
}

static void teardown(void)
{
	vmd_bo_put(bo);
	up_stop(&up);
}

static uint64_t refs(void)
{
	return __atomic_load_n(&bo->ref_count, __ATOMIC_ACQUIRE);
}

/* The first attempt takes one before it drops mmap_lock and waits. */
static void wait_for_refs(uint64_t nr)
{
	while (refs() != nr)
		(void)sched_yield();
}

/* Nobody holds mm[0]'s mmap_lock. */
static bool mmap_lock_is_free(void)
{
	if (pthread_rwlock_trywrlock(&up.mm[0]->mmap_lock.lock))
		return false;
	(void)pthread_rwlock_unlock(&up.mm[0]->mmap_lock.lock);
	return true;
}

/* A writer is queued on it: readers are turned away. */
static bool writer_is_queued(void)
{
	if (pthread_rwlock_tryrdlock(&up.mm[0]->mmap_lock.lock))
		return true;
	(void)pthread_rwlock_unlock(&up.mm[0]->mmap_lock.lock);
	return false;
}

struct job {
	pthread_t thread;
	vmd_va_t addr;
	int err;
};

static void *store_job(void *arg)
{
	struct job *job = arg;

	job->err = vmd_store_u64(up_cpu(&up, 0), job->addr, 42);
	return NULL;
}

static void *unmap_job(void *arg)
{
	struct job *job = arg;

	job->err = vmd_munmap(up.mm[0], job->addr, VMD_PAGE_SIZE);
	return NULL;
}

static void begin(struct job *job, void *(*work)(void *), vmd_va_t addr)
{
	*job = (struct job){ .addr = addr, .err = -1 };
	ck_assert_int_eq(pthread_create(&job->thread, NULL, work, job), 0);
}

static void end(const struct job *job)
{
	ck_assert_int_eq(pthread_join(job->thread, NULL), 0);
	ck_assert_int_eq(job->err, 0);
}

static vmd_va_t map_noted(void)
{
	return up_map_ops(&up, 0, bo, NR << VMD_PAGE_SHIFT, &noting_ops, 0);
}

/* TT-1, FM-1, FM-2: it waits without mmap_lock, and asks again. */
START_TEST(a_first_attempt_waits_without_mmap_lock_and_asks_again)
{
	vmd_va_t base = map_noted();
	struct job store;

	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
	begin(&store, store_job, base);
	wait_for_refs(3);
	while (!mmap_lock_is_free())
		(void)sched_yield();
	vmd_ww_mutex_unlock(&bo->resv);
	end(&store);

	ck_assert_uint_eq(faults.nr_done, 2);
	ck_assert_uint_eq(faults.flags[0] & VMD_FAULT_FLAG_TRIED, 0);
	ck_assert_uint_ne(faults.flags[0] & VMD_FAULT_FLAG_ALLOW_RETRY, 0);
	ck_assert_uint_eq(faults.result[0], VMD_VM_FAULT_RETRY);
	ck_assert_uint_ne(faults.flags[1] & VMD_FAULT_FLAG_TRIED, 0);
	ck_assert_uint_eq(faults.result[1], VMD_VM_FAULT_NOPAGE);
	ck_assert_uint_eq(refs(), 2);
	ck_assert_uint_eq(up_load(&up, 0, base, 0), 42);
}
END_TEST

/* FM-1: the area may be gone when the fault asks again. */
START_TEST(an_area_may_go_while_its_fault_waits)
{
	vmd_va_t base = map_noted();
	struct job store;

	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
	begin(&store, store_job, base);
	wait_for_refs(3);
	up_unmap(&up, 0, base, NR);
	ck_assert_uint_eq(refs(), 2);
	vmd_ww_mutex_unlock(&bo->resv);
	ck_assert_int_eq(pthread_join(store.thread, NULL), 0);

	ck_assert_int_eq(store.err, -EFAULT);
	ck_assert_uint_eq(faults.nr_done, 1);
	ck_assert_uint_eq(refs(), 1);
}
END_TEST

/* TT-1: the second attempt does not ask a third time. */
START_TEST(a_second_attempt_blocks_with_mmap_lock_held)
{
	vmd_va_t base = map_noted();
	struct job store;

	hold_second_attempt = true;
	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
	begin(&store, store_job, base);
	wait_for_refs(3);
	vmd_ww_mutex_unlock(&bo->resv);
	wait_for(&gate, 1);
	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
	set(&gate, 2);
	wait_for(&faults.nr_begun, 2);
	ck_assert(!mmap_lock_is_free());
	ck_assert_uint_eq(get(&faults.nr_done), 1);
	vmd_ww_mutex_unlock(&bo->resv);
	end(&store);

	ck_assert_uint_eq(faults.nr_done, 2);
	ck_assert_uint_eq(faults.result[1], VMD_VM_FAULT_NOPAGE);
}
END_TEST

static struct vmd_vm_fault fault_at(vmd_va_t addr, unsigned int flags)
{
	return (struct vmd_vm_fault){
		.vma = vmd_find_vma(up.mm[0], addr),
		.address = addr,
		.pgoff = bo->node_start,
		.flags = VMD_FAULT_FLAG_ALLOW_RETRY | flags,
	};
}

/* TT-1, TT-3: RETRY_NOWAIT keeps mmap_lock, and the reservation alone. */
START_TEST(a_fault_that_must_not_wait_gives_up_with_mmap_lock_held)
{
	vmd_va_t base = map_noted();
	struct vmd_vm_fault vmf;

	vmd_mmap_read_lock(up.mm[0]);
	vmf = fault_at(base, VMD_FAULT_FLAG_RETRY_NOWAIT);
	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
	ck_assert_uint_eq(vmd_bo_vm_ops.fault(&vmf), VMD_VM_FAULT_RETRY);

	ck_assert(vmd_held(&up.mm[0]->mmap_lock.base, VMD_HELD_SHARED));
	ck_assert_uint_eq(vmd_nr_held(), 2);
	ck_assert_uint_eq(refs(), 2);
	vmd_ww_mutex_unlock(&bo->resv);
	vmd_mmap_read_unlock(up.mm[0]);
	ck_assert_uint_eq(up_count_ptes(&up, 0, base, NR), 0);
}
END_TEST

/* VM-13, FM-22, MU-9: RETRY would be taken for consent. */
START_TEST(mkwrite_blocks_at_its_first_attempt)
{
	vmd_va_t base = map_noted();
	struct job store;

	(void)up_load(&up, 0, base, 0);
	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
	begin(&store, store_job, base);
	wait_for(&mkwrites.nr_begun, 1);
	ck_assert(!mmap_lock_is_free());
	ck_assert_uint_eq(up_weight(bo->tracker), 0);
	ck_assert(!vmd_pte_write(up_pte(&up, 0, base, 0)));
	vmd_ww_mutex_unlock(&bo->resv);
	end(&store);

	ck_assert_uint_eq(mkwrites.nr_done, 1);
	ck_assert_uint_eq(mkwrites.result[0] & ~VMD_VM_FAULT_NOPAGE, 0);
	ck_assert_uint_ne(mkwrites.flags[0] & VMD_FAULT_FLAG_ALLOW_RETRY, 0);
	ck_assert_uint_eq(mkwrites.flags[0], mkwrites.flags_after[0]);
	ck_assert(up_bit(bo->tracker, 0));
}
END_TEST

/*
 * F.2 (c), SP-1: F blocks on the reservation with mmap_lock, W is queued
 * behind it, and S, who holds the reservation, scans all the same.
 */
START_TEST(a_scan_needs_no_mmap_lock_where_a_writer_is_queued)
{
	struct vmd_bo *other = up_bo(&up, 1);
	vmd_va_t base = map_noted();
	vmd_va_t gone = up_map(&up, 0, other);
	struct job store;
	struct job unmap;

	up_store(&up, 1, up_map(&up, 1, bo), 5, 1); /* something to scan */
	(void)up_load(&up, 0, base, 0);
	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
	begin(&store, store_job, base);
	wait_for(&mkwrites.nr_begun, 1); /* holds mmap_lock: F */
	begin(&unmap, unmap_job, gone); /* W */
	while (!writer_is_queued())
		(void)sched_yield();
	vmd_tracker_scan(bo->tracker); /* S */
	vmd_ww_mutex_unlock(&bo->resv);
	end(&store);
	end(&unmap);

	ck_assert_uint_eq(up_load(&up, 0, base, 0), 42);
	up_submit_wait(&up, bo);
	up_assert_equal(bo);
	vmd_bo_put(other);
}
END_TEST

/* TT-1, from the user's side: a fault waits for a whole submission. */
START_TEST(a_store_that_waited_for_a_submission_is_seen_by_the_next)
{
	vmd_va_t base = map_noted();
	struct job store;

	(void)vmd_ww_mutex_lock(&bo->resv, NULL);
	begin(&store, store_job, base);
	wait_for_refs(3);
	vmd_tracker_scan(bo->tracker);
	ck_assert_uint_eq(up_weight(bo->tracker), 0);
	vmd_ww_mutex_unlock(&bo->resv);
	end(&store);

	up_check_tracker(bo, NULL);
	ck_assert_uint_eq(up_submit_wait(&up, bo).nr_updated, 1);
	up_assert_equal(bo);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bo_retry");
	TCase *tc = tcase_create("reservation");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
		       a_first_attempt_waits_without_mmap_lock_and_asks_again);
	tcase_add_test(tc, an_area_may_go_while_its_fault_waits);
	tcase_add_test(tc, a_second_attempt_blocks_with_mmap_lock_held);
	tcase_add_test(tc,
		       a_fault_that_must_not_wait_gives_up_with_mmap_lock_held);
	tcase_add_test(tc, mkwrite_blocks_at_its_first_attempt);
	tcase_add_test(tc, a_scan_needs_no_mmap_lock_where_a_writer_is_queued);
	tcase_add_test(
		tc, a_store_that_waited_for_a_submission_is_seen_by_the_next);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
