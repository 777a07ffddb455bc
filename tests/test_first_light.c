/* SPDX-License-Identifier: MIT */
/*
 * The whole way of a byte: store, fault, tracker, submission, update, device;
 * with every allocation failing once, and in random order (I-1, I-10, I-12,
 * VM-20..23).
 */
#include "upfix.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"

static const struct vmd_dirty_policy *const policies[] = {
	&vmd_dirty_policy_mkwrite,
	&vmd_dirty_policy_pagetable,
	&vmd_dirty_policy_vmwgfx,
};

static const unsigned int machine_flags[] = {
	0,
	VMD_MACHINE_NO_LINES,
	VMD_MACHINE_NO_TLB,
	VMD_MACHINE_NO_TLB | VMD_MACHINE_NO_LINES,
};

#define NR_CASES (VMD_ARRAY_SIZE(policies) * VMD_ARRAY_SIZE(machine_flags))

/* Design, 2: each station of the way is looked at. */
START_TEST(a_store_comes_to_the_device_by_every_station)
{
	const struct vmd_dirty_policy *policy = policies[_i % 3];
	const struct up_options options = { .flags = machine_flags[_i / 3] };
	struct vmd_submit_result result;
	unsigned long differs = 0;
	struct vmd_bo *bo;
	vmd_va_t base;
	struct up up;

	up_start_with(&up, &options);
	bo = up_tracked_bo(&up, 600, policy);
	base = up_map(&up, 0, bo);
	up_store(&up, 0, base, 123, 0x1122334455667788);
	up_check_tracker(bo, NULL);
	ck_assert(vmd_pte_dirty(up_pte(&up, 0, base, 123)));
	ck_assert(vmd_bo_first_difference(bo, &differs));
	ck_assert_uint_eq(differs, 123);
	result = up_submit(&up, bo);
	ck_assert_uint_eq(result.nr_updated, 1);
	ck_assert(!vmd_fence_signalled(up.svga, result.seqno));
	ck_assert_int_eq(vmd_fence_wait(up.svga, result.seqno), 0);

	up_assert_equal(bo);
	ck_assert_uint_eq(up_load(&up, 0, base, 123), 0x1122334455667788);
	ck_assert_uint_eq(up_submit_wait(&up, bo).nr_updated, 0);
	vmd_bo_put(bo);
	up_stop(&up);
}
END_TEST

/* Stages of the path below; each one is undone from where it was reached. */
struct path {
	struct vmd_machine *machine;
	struct vmd_svga *svga;
	struct vmd_mm *mm;
	struct vmd_bo *bo;
	vmd_va_t base;
};

static int build_path(struct path *path,
		      const struct vmd_machine_config *config,
		      const struct vmd_dirty_policy *policy)
{
	const struct vmd_svga_config device = { .size = sizeof(device),
						.nr_pages = 1024 };
	int err = vmd_machine_create(config, &path->machine);

	if (!err)
		err = vmd_svga_create(path->machine, &device, &path->svga);
	if (!err)
		err = vmd_mm_create(path->machine, &path->mm);
	if (!err)
		err = vmd_bo_create(path->svga, 600, &path->bo);
	if (!err)
		err = vmd_bo_mmap(path->bo, path->mm, 0, 600, &path->base);
	if (!err)
		err = vmd_bo_dirty_add(path->bo, policy);
	if (!err)
		err = vmd_cpu_switch_mm(vmd_machine_cpu(path->machine, 0),
					path->mm);
	return err;
}

/* Stores, two submissions, an unmap that splits, and a device write. */
static int walk_path(const struct path *path)
{
	const struct vmd_page_range writes = { 90, 20 };
	const struct vmd_submit_bo use = { .bo = path->bo,
					   .gpu_writes = &writes,
					   .nr_gpu_writes = 1 };
	struct vmd_cpu *cpu = vmd_machine_cpu(path->machine, 0);
	struct vmd_submit_result result;
	int err = 0;
	unsigned int i;

	for (i = 0; i < 600 && !err; i += 97)
		err = vmd_store_u64(cpu, path->base + i * VMD_PAGE_SIZE, i + 1);
	if (!err)
		err = vmd_svga_submit(path->svga, cpu, &use, 1, &result);
	if (!err)
		err = vmd_fence_wait(path->svga, result.seqno);
	if (!err)
		err = vmd_munmap(path->mm, path->base + 5 * VMD_PAGE_SIZE,
				 10 * VMD_PAGE_SIZE);
	if (!err)
		err = vmd_store_u64(cpu, path->base, 77);
	if (!err)
		err = vmd_svga_submit(path->svga, cpu, &use, 1, &result);
	if (!err)
		err = vmd_fence_wait(path->svga, result.seqno);
	return err;
}

static void clear_path(const struct path *path)
{
	vmd_bo_put(path->bo);
	vmd_mm_destroy(path->mm);
	vmd_svga_destroy(path->svga);
	vmd_machine_destroy(path->machine);
}

/* I-10, I-12: an error or a success, and nothing is left of either. */
START_TEST(every_allocation_may_fail_once)
{
	struct up_reports reports = { 0 };
	struct vmd_machine_config config = { .size = sizeof(config),
					     .nr_cpus = 1,
					     .ram_pages = 1024,
					     .report = up_note_report,
					     .report_arg = &reports };
	unsigned int nr_failures = 0;
	bool reached;

	do {
		struct path path = { 0 };
		int err;

		config.fail_nth_alloc++;
		err = build_path(&path, &config, policies[_i]);
		if (!err)
			err = walk_path(&path);
		if (!err)
			up_assert_equal(path.bo);
		reached = !path.machine ||
			  vmd_machine_nr_allocs(path.machine) >=
				  config.fail_nth_alloc;
		clear_path(&path);
		nr_failures += err != 0;

		ck_assert_msg((err == 0 || err == -ENOMEM) && !reports.nr,
			      "%s, allocation %lu: %d, %s", policies[_i]->name,
			      (unsigned long)config.fail_nth_alloc, err,
			      reports.text);
	} while (reached);

	ck_assert_uint_gt(nr_failures, 20);
}
END_TEST

#define NR_BOS	  3
#define MAPS_EACH 2
#define MAX_PAGES 600

/* A world, and what a model of it knows. */
struct model {
	struct up up;
	uint64_t rng;
	struct vmd_bo *bo[NR_BOS];
	vmd_va_t map[NR_BOS][UP_NR_MMS][MAPS_EACH]; /* 0: not mapped */
	bool written[NR_BOS][MAX_PAGES]; /* since the last scan */
	uint64_t value[NR_BOS][MAX_PAGES]; /* what a load must give */
	bool known[NR_BOS][MAX_PAGES]; /* not written by the device */
};

static const unsigned long bo_pages[NR_BOS] = { 20, 511, 600 };

static unsigned int draw(struct model *model, unsigned long below)
{
	return (unsigned int)(vmd_rng_next(&model->rng) % below);
}

static void model_submit(struct model *model, bool gpu_writes)
{
	struct vmd_submit_bo bos[NR_BOS] = { { .bo = NULL } };
	unsigned int nr = 1 + draw(model, NR_BOS);
	unsigned int first = draw(model, NR_BOS);
	struct vmd_page_range writes;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		unsigned int k = (first + i) % NR_BOS;

		bos[i].bo = model->bo[k];
		memset(model->written[k], 0, sizeof(model->written[k]));
	}
	if (gpu_writes) {
		writes.first = draw(model, bo_pages[first]);
		writes.nr = 1 + draw(model, bo_pages[first] - writes.first);
		bos[0].gpu_writes = &writes;
		bos[0].nr_gpu_writes = 1;
		memset(&model->known[first][writes.first], 0,
		       writes.nr * sizeof(bool));
	}
	ck_assert_int_eq(vmd_fence_wait(model->up.svga,
					up_submit_all(&model->up, bos, nr)
						.seqno),
			 0);
	for (i = 0; i < nr; i++)
		up_assert_equal(bos[i].bo); /* I-1 */
}

static void model_store(struct model *model, unsigned int k, unsigned int mm,
			vmd_va_t base)
{
	unsigned long page = draw(model, bo_pages[k]);
	unsigned long nr = draw(model, 4) ? 1 : 1 + draw(model, 100);

	for (; nr > 0 && page < bo_pages[k]; nr--, page++) {
		model->value[k][page] = vmd_rng_next(&model->rng);
		model->known[k][page] = true;
		model->written[k][page] = true;
		up_store(&model->up, mm, base, page, model->value[k][page]);
	}
}

static void model_load(struct model *model, unsigned int k, unsigned int mm,
		       vmd_va_t base)
{
	unsigned long page = draw(model, bo_pages[k]);
	uint64_t value = up_load(&model->up, mm, base, page);

	UP_REQUIRE(!model->known[k][page] || value == model->value[k][page],
		   "I-2: page %lu of object %u", page, k);
}

/* All of an area, with whatever dirt its entries have. */
static void model_unmap(struct model *model, unsigned int k, unsigned int mm,
			vmd_va_t *base)
{
	up_unmap(&model->up, mm, *base, bo_pages[k]);
	*base = 0;
}

static void model_step(struct model *model)
{
	unsigned int what = draw(model, 100);
	unsigned int k = draw(model, NR_BOS);
	unsigned int mm = draw(model, UP_NR_MMS);
	vmd_va_t *base = &model->map[k][mm][draw(model, MAPS_EACH)];

	if (what < 20)
		model_submit(model, what < 4);
	else if (!*base)
		*base = up_map(&model->up, mm, model->bo[k]);
	else if (what < 25)
		model_unmap(model, k, mm, base);
	else if (what < 45)
		model_load(model, k, mm, *base);
	else
		model_store(model, k, mm, *base);
}

static void model_check(struct model *model)
{
	unsigned int k;

	for (k = 0; k < NR_BOS; k++)
		up_check_tracker(model->bo[k], model->written[k]);
}

static void run_model(struct model *model,
		      const struct vmd_dirty_policy *policy, uint64_t seed)
{
	unsigned int k;
	unsigned int i;

	*model = (struct model){ .rng = seed };
	up_start(&model->up);
	for (k = 0; k < NR_BOS; k++) {
		model->bo[k] = up_tracked_bo(&model->up, bo_pages[k], policy);
		memset(model->known[k], 1, sizeof(model->known[k]));
	}
	for (i = 0; i < 150; i++) {
		model_step(model);
		model_check(model);
	}
	for (k = 0; k < NR_BOS; k++) {
		up_submit_wait(&model->up, model->bo[k]);
		up_assert_equal(model->bo[k]);
		vmd_bo_put(model->bo[k]);
	}
	up_stop(&model->up);
}

#define SEEDS_EACH 10

/* I-1, I-2, VM-20..23: the message of a failure names policy and seed. */
START_TEST(nothing_is_lost_in_any_order_of_things)
{
	static struct model model;
	const struct vmd_dirty_policy *policy = policies[_i % 3];
	uint64_t seed = 1 + (uint64_t)_i / 3;

	(void)fprintf(stderr, "policy %s, seed %lu\n", policy->name,
		      (unsigned long)seed);
	run_model(&model, policy, seed);
}
END_TEST

static struct up up;

static void setup(void)
{
	up_start(&up);
}

static void teardown(void)
{
	up_stop(&up);
}

/* The driver's rule begins small objects in PAGETABLE. */
static const unsigned long unmapped_pages[] = { 600, 600, 20 };

/* I-1: munmap discards D (FM-36), so somebody has to look before. */
START_TEST(a_store_before_an_unmap_is_not_lost)
{
	unsigned long nr_pages = unmapped_pages[_i];
	struct vmd_bo *bo = up_tracked_bo(&up, nr_pages, policies[_i]);
	vmd_va_t base = up_map(&up, 0, bo);

	up_store(&up, 0, base, 7, 1);
	up_unmap(&up, 0, base, nr_pages);
	up_submit_wait(&up, bo);

	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* A submission of the object that faults, once, where mkwrite is done. */
static struct vmd_bo *submit_after_mkwrite;

static vmd_vm_fault_t mkwrite_then_submit(struct vmd_vm_fault *vmf)
{
	vmd_vm_fault_t ret = vmd_bo_vm_ops.pfn_mkwrite(vmf);
	struct vmd_bo *bo = submit_after_mkwrite;
	const struct vmd_submit_bo use = { .bo = bo };
	struct vmd_submit_result result;

	submit_after_mkwrite = NULL;
	if (!bo)
		return ret;
	ck_assert_int_eq(vmd_svga_submit(up.svga, up_cpu(&up, 1), &use, 1,
					 &result),
			 0);
	ck_assert_int_eq(vmd_fence_wait(up.svga, result.seqno), 0);
	return ret;
}

static void close_bo(struct vmd_vma *vma)
{
	vmd_bo_vm_ops.close(vma);
}

static vmd_vm_fault_t fault_bo(struct vmd_vm_fault *vmf)
{
	return vmd_bo_vm_ops.fault(vmf);
}

static const struct vmd_vm_operations submitting_ops = {
	.close = close_bo,
	.fault = fault_bo,
	.pfn_mkwrite = mkwrite_then_submit,
};

/*
 * I-1, VM-20: mkwrite records the page and gives the reservation back; then
 * another thread's submission takes the bit and finds a read-only entry, which
 * it leaves as it is; then the fault makes that entry writable (FM-20).
 */
START_TEST(a_submission_between_mkwrite_and_the_store_loses_nothing)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 20, &vmd_dirty_policy_mkwrite);
	vmd_va_t base =
		up_map_ops(&up, 0, bo, 20 * VMD_PAGE_SIZE, &submitting_ops, 0);

	(void)up_load(&up, 0, base, 3);
	submit_after_mkwrite = bo;
	up_store(&up, 0, base, 3, 1);
	ck_assert_ptr_null(submit_after_mkwrite);
	up_check_tracker(bo, NULL);
	up_submit_wait(&up, bo);

	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* The same where an earlier submission left the entry read-only and dirty. */
START_TEST(a_submission_between_mkwrite_and_a_later_store_loses_nothing)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 20, &vmd_dirty_policy_mkwrite);
	vmd_va_t base =
		up_map_ops(&up, 0, bo, 20 * VMD_PAGE_SIZE, &submitting_ops, 0);

	up_store(&up, 0, base, 3, 1);
	up_submit_wait(&up, bo);
	submit_after_mkwrite = bo;
	up_store(&up, 0, base, 3, 2);
	ck_assert_ptr_null(submit_after_mkwrite);
	up_submit_wait(&up, bo);

	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

int main(void)
{
	const int nr_policies = VMD_ARRAY_SIZE(policies);
	Suite *suite = suite_create("first_light");
	TCase *way = tcase_create("way");
	TCase *order = tcase_create("order");

	tcase_add_loop_test(way, a_store_comes_to_the_device_by_every_station,
			    0, NR_CASES);
	tcase_add_loop_test(way, every_allocation_may_fail_once, 0,
			    nr_policies);
	tcase_set_timeout(way, 20);
	tcase_add_loop_test(way, nothing_is_lost_in_any_order_of_things, 0,
			    nr_policies * SEEDS_EACH);
	suite_add_tcase(suite, way);

	tcase_add_checked_fixture(order, setup, teardown);
	tcase_add_loop_test(order, a_store_before_an_unmap_is_not_lost, 0,
			    nr_policies);
	tcase_add_test(
		order,
		a_submission_between_mkwrite_and_the_store_loses_nothing);
	tcase_add_test(
		order,
		a_submission_between_mkwrite_and_a_later_store_loses_nothing);
	suite_add_tcase(suite, order);
	return vmd_test_main(suite);
}
