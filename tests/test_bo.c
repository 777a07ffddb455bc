/* SPDX-License-Identifier: MIT */
/*
 * Buffer objects: their life, their faults, what is prefaulted with which
 * rights (TT-4..8, TT-10, VM-13, VM-15, VM-18, VM-27, VM-46).
 */
#include "upfix.h"

#include <errno.h>

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
	NULL, /* not tracked */
	&vmd_dirty_policy_mkwrite,
	&vmd_dirty_policy_pagetable,
	&vmd_dirty_policy_vmwgfx,
};

static const char *policy_name(int i)
{
	return policies[i] ? policies[i]->name : "untracked";
}

static struct vmd_bo *bo_with_policy(unsigned long nr_pages, int i)
{
	return policies[i] ? up_tracked_bo(&up, nr_pages, policies[i]) :
			     up_bo(&up, nr_pages);
}

static uint64_t refs(const struct vmd_bo *bo)
{
	return __atomic_load_n(&bo->ref_count, __ATOMIC_RELAXED);
}

/* I-12 */
START_TEST(an_object_is_not_made_of_nonsense)
{
	struct vmd_bo *bo = NULL;

	ck_assert_int_eq(vmd_bo_create(up.svga, 0, &bo), -EINVAL);
	ck_assert_int_eq(vmd_bo_create(up.svga, (1UL << 32) + 1, &bo), -EINVAL);
	ck_assert_int_eq(vmd_bo_create(NULL, 1, &bo), -EINVAL);
	ck_assert_int_eq(vmd_bo_create(up.svga, 1, NULL), -EINVAL);

	ck_assert_ptr_null(bo);
	vmd_bo_put(NULL);
}
END_TEST

START_TEST(an_object_larger_than_memory_is_refused)
{
	struct vmd_bo *bo = NULL;

	ck_assert_int_eq(vmd_bo_create(up.svga, 1UL << 16, &bo), -ENOMEM);

	ck_assert_ptr_null(bo);
	bo = up_bo(&up, (1UL << 16) - 16); /* what it asked for came back */
	vmd_bo_put(bo);
}
END_TEST

/* I-10 */
START_TEST(an_object_without_memory_leaves_nothing_behind)
{
	uint64_t live = up_env(&up)->arena.nr_live;
	struct vmd_bo *bo = NULL;
	unsigned int nth = 0;
	int err;

	do {
		up_fail_alloc(&up, ++nth);
		err = vmd_bo_create(up.svga, 10, &bo);
		ck_assert_msg(err == 0 || (err == -ENOMEM && !bo),
			      "call %u: %d", nth, err);
		if (err)
			ck_assert_uint_eq(up_env(&up)->arena.nr_live, live);
	} while (err);

	ck_assert_uint_gt(nth, 1);
	vmd_bo_put(bo);
	ck_assert_uint_eq(up.svga->nr_bos, 0);
}
END_TEST

/* The pages may have been somebody else's. */
START_TEST(a_new_object_is_zero_on_both_sides)
{
	struct vmd_bo *bo = up_bo(&up, 64);
	vmd_va_t base = up_map(&up, 0, bo);
	unsigned long page;

	for (page = 0; page < 64; page++)
		up_store(&up, 0, base, page, ~0UL);
	up_unmap(&up, 0, base, 64);
	vmd_bo_put(bo);
	bo = up_bo(&up, 64);
	base = up_map(&up, 0, bo);

	for (page = 0; page < 64; page++)
		ck_assert_uint_eq(up_load(&up, 0, base, page), 0);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* An object of @nr_pages; its area shows [first, first + nr) of it. */
static const struct prefault {
	unsigned long nr_pages, first, nr;
	unsigned long touch; /* page of the area */
	uint64_t vm_flags;
	unsigned int nr_mapped;
	const char *name;
} prefaults[] = {
	{ 64, 0, 64, 0, 0, 16, "from the start" },
	{ 64, 0, 64, 5, 0, 16, "from the faulting page forward" },
	{ 64, 0, 64, 48, 0, 16, "the last sixteen" },
	{ 64, 0, 64, 60, 0, 4, "the end of the object" },
	{ 64, 0, 64, 63, 0, 1, "the last page" },
	{ 64, 8, 20, 10, 0, 10, "the end of the area" },
	{ 64, 8, 20, 19, 0, 1, "the last page of the area" },
	{ 1, 0, 1, 0, 0, 1, "one page" },
	{ 64, 0, 64, 5, VMD_VM_RAND_READ, 1, "RAND_READ" },
};

/* VM-27, TT-5, TT-6, VM-15 */
START_TEST(a_fault_maps_sixteen_pages_forward)
{
	const struct prefault *row = &prefaults[_i];
	struct vmd_bo *bo = up_bo(&up, row->nr_pages);
	unsigned long page;
	vmd_va_t base;

	base = row->vm_flags ? up_map_ops(&up, 0, bo, row->nr << VMD_PAGE_SHIFT,
					  &vmd_bo_vm_ops, row->vm_flags) :
			       up_map_range(&up, 0, bo, row->first, row->nr);
	(void)up_load(&up, 0, base, row->touch);

	for (page = 0; page < row->nr; page++)
		ck_assert_msg(!vmd_pte_none(up_pte(&up, 0, base, page)) ==
				      (page >= row->touch &&
				       page < row->touch + row->nr_mapped),
			      "%s: page %lu", row->name, page);
	ck_assert_uint_eq(up_event(&up, VMD_EV_PTE_INSTALL), row->nr_mapped);
	vmd_bo_put(bo);
}
END_TEST

/* TT-8, VM-15, SP-23: special, young, clean; writable but in MKWRITE. */
START_TEST(a_mapped_entry_has_the_rights_of_the_method)
{
	struct vmd_bo *bo = bo_with_policy(20, _i);
	vmd_va_t base = up_map(&up, 0, bo);
	bool mkwrite = policies[_i] == &vmd_dirty_policy_mkwrite;
	unsigned long page;

	(void)up_load(&up, 0, base, 0);

	for (page = 0; page < 16; page++) {
		vmd_pte_t pte = up_pte(&up, 0, base, page);

		ck_assert_msg(vmd_pte_present(pte) && vmd_pte_special(pte) &&
				      vmd_pte_young(pte) &&
				      !vmd_pte_dirty(pte) &&
				      vmd_pte_write(pte) == !mkwrite &&
				      (pte.val & VMD_PAGE_USER) &&
				      vmd_pte_pfn(pte) == bo->guest + page,
			      "%s: page %lu is %#lx", policy_name(_i), page,
			      (unsigned long)pte.val);
	}
	vmd_bo_put(bo);
}
END_TEST

/* TT-7, FM-29: also dirt that stands in the way of a prefault. */
START_TEST(a_prefault_leaves_what_is_mapped_as_it_is)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 64, &vmd_dirty_policy_pagetable);
	vmd_va_t base = up_map(&up, 0, bo);
	vmd_pte_t before;

	up_store(&up, 0, base, 20, 1);
	before = up_pte(&up, 0, base, 20);
	(void)up_load(&up, 0, base, 10);

	ck_assert(vmd_pte_dirty(before));
	ck_assert_uint_eq(up_pte(&up, 0, base, 20).val, before.val);
	ck_assert_uint_eq(up_count_ptes(&up, 0, base, 64), 26);
	up_submit_wait(&up, bo);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* VM-18, VC-7: by policies[]. */
static const unsigned int first_write_faults[] = { 1, 2, 1, 1 };

START_TEST(the_first_write_takes_two_faults_in_mkwrite_and_one_else)
{
	struct vmd_bo *bo = bo_with_policy(40, _i);
	vmd_va_t base = up_map(&up, 0, bo);

	uint64_t first = up_faults_of_store(&up, base, 3);
	uint64_t again = up_faults_of_store(&up, base, 3);
	uint64_t prefaulted = up_faults_of_store(&up, base, 4);

	ck_assert_msg(first == first_write_faults[_i], "%s: %lu faults",
		      policy_name(_i), (unsigned long)first);
	ck_assert_uint_eq(again, 0);
	ck_assert_uint_eq(prefaulted, first - 1);
	ck_assert_uint_eq(up_event(&up, VMD_EV_MKWRITE), 2 * (first - 1));
	vmd_bo_put(bo);
}
END_TEST

/* VM-18: after a submission MKWRITE is told again, PAGETABLE never asks. */
START_TEST(a_submission_makes_the_next_write_fault_in_mkwrite_only)
{
	struct vmd_bo *bo = bo_with_policy(40, _i);
	bool mkwrite = policies[_i] == &vmd_dirty_policy_mkwrite;
	vmd_va_t base = up_map(&up, 0, bo);
	unsigned int i;

	up_store(&up, 0, base, 3, 1);
	for (i = 0; i < 5; i++) {
		up_submit_wait(&up, bo);
		ck_assert_msg(up_faults_of_store(&up, base, 3) == mkwrite, "%s",
			      policy_name(_i));
	}

	vmd_bo_put(bo);
}
END_TEST

/* VM-13: a load is no write, also on a read-only entry. */
START_TEST(mkwrite_records_the_page_that_was_stored_to_and_no_other)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 600, &vmd_dirty_policy_vmwgfx);
	vmd_va_t base = up_map_range(&up, 0, bo, 100, 50);

	(void)up_load(&up, 0, base, 0);
	ck_assert_uint_eq(up_weight(bo->tracker), 0);
	up_store(&up, 0, base, 7, 1);

	ck_assert_uint_eq(up_weight(bo->tracker), 1);
	ck_assert(up_bit(bo->tracker, 107));
	up_check_tracker(bo, NULL);
	vmd_bo_put(bo);
}
END_TEST

/* VM-7 */
START_TEST(after_the_change_to_pagetable_a_write_faults_once_unrecorded)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 512, &vmd_dirty_policy_vmwgfx);
	vmd_va_t base = up_map(&up, 0, bo);
	unsigned long page;
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		for (page = 0; page < 100; page++)
			up_store(&up, 0, base, page, i);
		up_submit_wait(&up, bo);
	}
	ck_assert_int_eq(up_method(bo), VMD_DIRTY_PAGETABLE);

	ck_assert_uint_eq(up_faults_of_store(&up, base, 42), 1);
	ck_assert_uint_eq(up_weight(bo->tracker), 0);
	ck_assert_uint_eq(up_submit_wait(&up, bo).nr_updated, 1);
	ck_assert_uint_eq(up_faults_of_store(&up, base, 42), 0);
	up_submit_wait(&up, bo);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* VM-46 */
START_TEST(an_area_has_the_flags_of_raw_frames)
{
	const uint64_t want = VMD_VM_PFNMAP | VMD_VM_IO | VMD_VM_DONTEXPAND |
			      VMD_VM_DONTDUMP | VMD_VM_SHARED |
			      VMD_VM_MAYWRITE | VMD_VM_READ | VMD_VM_WRITE;
	struct vmd_bo *bo = up_bo(&up, 4);
	vmd_va_t base = up_map(&up, 0, bo);
	const struct vmd_vma *vma;

	vmd_mmap_read_lock(up.mm[0]);
	vma = vmd_find_vma(up.mm[0], base);

	ck_assert_uint_eq(vma->vm_flags & want, want);
	ck_assert_uint_eq(vma->vm_page_prot & VMD_PAGE_RW, 0); /* FM-51 */
	vmd_mmap_read_unlock(up.mm[0]);
	vmd_bo_put(bo);
}
END_TEST

/* VM-46, TT-10: no copy-on-write of an object. */
START_TEST(a_private_writable_mapping_is_refused)
{
	struct vmd_bo *bo = up_bo(&up, 4);
	const struct vmd_mmap_args args = {
		.size = sizeof(args),
		.mapping = &up.svga->mapping,
		.pgoff = bo->node_start,
		.len = 4 * VMD_PAGE_SIZE,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_PRIVATE,
		.vm_ops = &vmd_bo_vm_ops,
		.vm_private_data = bo,
	};
	vmd_va_t addr = 42;

	ck_assert_int_eq(vmd_mmap(up.mm[0], &args, &addr), -EINVAL);
	ck_assert_uint_eq(addr, 42);
	ck_assert_uint_eq(up.mm[0]->nr_vmas, 0);
	vmd_bo_put(bo);
}
END_TEST

/* TT-4: the area is longer than the object: the rest is not there. */
START_TEST(a_page_behind_the_object_is_an_error)
{
	struct vmd_bo *bo = bo_with_policy(10, _i);
	vmd_va_t base =
		up_map_ops(&up, 0, bo, 20 * VMD_PAGE_SIZE, &vmd_bo_vm_ops, 0);
	uint64_t value = 42;

	up_store(&up, 0, base, 9, 1);
	ck_assert_int_eq(vmd_store_u64(up_cpu(&up, 0),
				       base + 10 * VMD_PAGE_SIZE, 1),
			 -EFAULT);
	ck_assert_int_eq(vmd_load_u64(up_cpu(&up, 0), base + 19 * VMD_PAGE_SIZE,
				      &value),
			 -EFAULT);

	ck_assert_uint_eq(value, 42);
	ck_assert_uint_eq(up_count_ptes(&up, 0, base, 20), 1);
	vmd_bo_put(bo);
}
END_TEST

static const struct vmd_page_range bad_maps[] = {
	{ 0, 0 },  { 10, 1 },	{ 0, 11 },   { 9, 2 },
	{ 11, 0 }, { ~0UL, 1 }, { 1, ~0UL }, { ~0UL, ~0UL },
};

/* I-12 */
START_TEST(a_bad_range_is_not_mapped_and_takes_no_reference)
{
	struct vmd_bo *bo = up_bo(&up, 10);
	vmd_va_t addr = 42;

	ck_assert_int_eq(vmd_bo_mmap(bo, up.mm[0], bad_maps[_i].first,
				     bad_maps[_i].nr, &addr),
			 -EINVAL);
	ck_assert_int_eq(vmd_bo_mmap(bo, NULL, 0, 1, &addr), -EINVAL);
	ck_assert_int_eq(vmd_bo_mmap(NULL, up.mm[0], 0, 1, &addr), -EINVAL);
	ck_assert_int_eq(vmd_bo_mmap(bo, up.mm[0], 0, 1, NULL), -EINVAL);

	ck_assert_uint_eq(addr, 42);
	ck_assert_uint_eq(refs(bo), 1);
	vmd_bo_put(bo);
}
END_TEST

START_TEST(a_mapping_without_memory_takes_no_reference)
{
	struct vmd_bo *bo = up_bo(&up, 10);
	vmd_va_t addr = 42;

	up_fail_alloc(&up, 1);
	ck_assert_int_eq(vmd_bo_mmap(bo, up.mm[0], 0, 10, &addr), -ENOMEM);

	ck_assert_uint_eq(addr, 42);
	ck_assert_uint_eq(refs(bo), 1);
	vmd_bo_put(bo);
}
END_TEST

/* TT-5: without a table the first page fails, and nothing is mapped. */
START_TEST(a_fault_without_memory_is_an_error_and_works_later)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 64, &vmd_dirty_policy_mkwrite);
	vmd_va_t base = up_map(&up, 0, bo);

	up_fail_alloc(&up, 1);
	ck_assert_int_eq(vmd_store_u64(up_cpu(&up, 0), base, 1), -ENOMEM);
	ck_assert_uint_eq(up_count_ptes(&up, 0, base, 64), 0);
	ck_assert_uint_eq(up_weight(bo->tracker), 0);
	up_store(&up, 0, base, 0, 1);

	up_submit_wait(&up, bo);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* TT-5: what goes wrong behind the first page is nobody's loss. */
START_TEST(a_prefault_that_finds_no_table_stops_quietly)
{
	struct vmd_bo *bo = up_bo(&up, 1024);
	vmd_va_t base = up_map(&up, 0, bo);
	unsigned long edge = 512 - ((base >> VMD_PAGE_SHIFT) & 511);

	(void)up_load(&up, 0, base, edge - 1 - 16); /* makes the table */
	up_fail_alloc(&up, 1); /* of the table behind the edge */
	(void)up_load(&up, 0, base, edge - 1);

	ck_assert(!vmd_pte_none(up_pte(&up, 0, base, edge - 1)));
	ck_assert(vmd_pte_none(up_pte(&up, 0, base, edge)));
	vmd_bo_put(bo);
}
END_TEST

/* TT-10 */
START_TEST(areas_hold_references_through_map_split_and_unmap)
{
	struct vmd_bo *bo = up_bo(&up, 10);
	vmd_va_t here = up_map(&up, 0, bo);
	vmd_va_t there = up_map(&up, 1, bo);

	ck_assert_uint_eq(refs(bo), 3);
	up_unmap(&up, 0, here + 4 * VMD_PAGE_SIZE, 2); /* two halves */
	ck_assert_uint_eq(refs(bo), 4);
	up_unmap(&up, 0, here + 9 * VMD_PAGE_SIZE, 1); /* an end */
	ck_assert_uint_eq(refs(bo), 4);
	up_unmap(&up, 0, here, 10);
	ck_assert_uint_eq(refs(bo), 2);
	up_unmap(&up, 1, there, 10);

	ck_assert_uint_eq(refs(bo), 1);
	vmd_bo_put(bo);
}
END_TEST

/* TT-10 */
START_TEST(a_mapped_object_outlives_its_maker)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 10, &vmd_dirty_policy_mkwrite);
	vmd_va_t base = up_map(&up, 0, bo);

	up_store(&up, 0, base, 1, 5);
	vmd_bo_put(bo);
	up_store(&up, 0, base, 2, 6);
	ck_assert_uint_eq(up_load(&up, 0, base, 1), 5);
	ck_assert_uint_eq(up.svga->nr_bos, 1);
	up_unmap(&up, 0, base, 10);

	ck_assert_uint_eq(up.svga->nr_bos, 0);
}
END_TEST

/* VM-1 */
START_TEST(tracking_begins_with_what_was_written_before)
{
	struct vmd_bo *bo = up_bo(&up, 600);
	vmd_va_t base = up_map(&up, 0, bo);

	up_store(&up, 0, base, 9, 1);
	up_store(&up, 0, base, 599, 1);
	ck_assert_int_eq(vmd_bo_dirty_add(bo, policies[_i]), 0);
	up_store(&up, 0, base, 300, 1);

	ck_assert_uint_eq(up_submit_wait(&up, bo).nr_updated, 3);
	up_assert_equal(bo);
	vmd_bo_put(bo);
}
END_TEST

/* VM-1, I-12 */
START_TEST(tracking_without_memory_leaves_the_object_untracked)
{
	struct vmd_bo *bo = up_bo(&up, 600);
	vmd_va_t base = up_map(&up, 0, bo);
	enum vmd_dirty_method method = VMD_DIRTY_MKWRITE;

	up_store(&up, 0, base, 0, 1);
	up_fail_alloc(&up, 2);
	ck_assert_int_eq(vmd_bo_dirty_add(bo, &vmd_dirty_policy_mkwrite),
			 -ENOMEM);

	ck_assert_int_eq(vmd_bo_dirty_method(bo, &method), -ENOENT);
	ck_assert_int_eq(method, VMD_DIRTY_MKWRITE);
	ck_assert(vmd_pte_write(up_pte(&up, 0, base, 0)));
	ck_assert_int_eq(vmd_bo_dirty_add(NULL, &vmd_dirty_policy_mkwrite),
			 -EINVAL);
	ck_assert_int_eq(vmd_bo_dirty_add(bo, NULL), -EINVAL);
	vmd_bo_put(bo);
}
END_TEST

/* VM-1, VM-2 */
START_TEST(the_first_user_chooses_the_policy_and_the_last_one_ends_it)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 10, &vmd_dirty_policy_mkwrite);
	enum vmd_dirty_method method;

	ck_assert_int_eq(vmd_bo_dirty_add(bo, &vmd_dirty_policy_pagetable), 0);
	ck_assert_int_eq(up_method(bo), VMD_DIRTY_MKWRITE);
	vmd_bo_dirty_release(bo);
	ck_assert_int_eq(up_method(bo), VMD_DIRTY_MKWRITE);
	vmd_bo_dirty_release(bo);

	ck_assert_int_eq(vmd_bo_dirty_method(bo, &method), -ENOENT);
	vmd_bo_dirty_release(bo); /* no tracker: nothing */
	vmd_bo_put(bo);
}
END_TEST

/* VM-2: entries stay read-only; their next write records nothing. */
START_TEST(after_the_last_release_a_write_faults_once_more)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 10, &vmd_dirty_policy_mkwrite);
	vmd_va_t base = up_map(&up, 0, bo);

	up_store(&up, 0, base, 0, 1);
	up_submit_wait(&up, bo);
	vmd_bo_dirty_release(bo);

	ck_assert(!vmd_pte_write(up_pte(&up, 0, base, 0)));
	ck_assert_uint_eq(up_faults_of_store(&up, base, 0), 1);
	ck_assert_uint_eq(up_faults_of_store(&up, base, 0), 0);
	vmd_bo_put(bo);
}
END_TEST

/* One mapping of the device holds all objects (C). */
START_TEST(neighbours_in_the_devices_mapping_do_not_meet)
{
	struct vmd_bo *a = bo_with_policy(20, _i);
	struct vmd_bo *b = bo_with_policy(20, _i);
	vmd_va_t in_a = up_map(&up, 0, a);
	vmd_va_t in_b = up_map(&up, 0, b);

	up_store(&up, 0, in_a, 19, 1);
	up_store(&up, 0, in_b, 0, 2);
	ck_assert_uint_eq(up_submit_wait(&up, a).nr_updated, 1);
	up_assert_equal(a);
	ck_assert_uint_eq(up_submit_wait(&up, b).nr_updated, 1);
	up_assert_equal(b);

	ck_assert_uint_eq(up_load(&up, 0, in_a, 19), 1);
	ck_assert_uint_eq(up_load(&up, 0, in_b, 0), 2);
	vmd_bo_put(a);
	vmd_bo_put(b);
}
END_TEST

/* I-6, I-1: every mapping is looked at, in any address space. */
START_TEST(stores_through_any_mapping_are_found)
{
	struct vmd_bo *bo = bo_with_policy(600, _i);
	vmd_va_t whole = up_map(&up, 0, bo);
	vmd_va_t part = up_map_range(&up, 0, bo, 300, 20);
	vmd_va_t other = up_map_range(&up, 1, bo, 500, 100);

	up_store(&up, 0, whole, 1, 1);
	up_store(&up, 0, part, 10, 2); /* 310 */
	up_store(&up, 1, other, 99, 3); /* 599 */
	up_store(&up, 0, whole, 310, 4); /* again */

	ck_assert_uint_eq(up_submit_wait(&up, bo).nr_updated, 3);
	up_assert_equal(bo);
	ck_assert_uint_eq(up_load(&up, 0, part, 10), 4);
	vmd_bo_put(bo);
}
END_TEST

static void add_life(Suite *suite)
{
	TCase *tc = tcase_create("life");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_object_is_not_made_of_nonsense);
	tcase_add_test(tc, an_object_larger_than_memory_is_refused);
	tcase_add_test(tc, an_object_without_memory_leaves_nothing_behind);
	tcase_add_test(tc, a_new_object_is_zero_on_both_sides);
	tcase_add_test(tc, areas_hold_references_through_map_split_and_unmap);
	tcase_add_test(tc, a_mapped_object_outlives_its_maker);
	suite_add_tcase(suite, tc);
}

static void add_map(Suite *suite)
{
	TCase *tc = tcase_create("map");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_area_has_the_flags_of_raw_frames);
	tcase_add_test(tc, a_private_writable_mapping_is_refused);
	tcase_add_loop_test(tc, a_page_behind_the_object_is_an_error, 0,
			    VMD_ARRAY_SIZE(policies));
	tcase_add_loop_test(tc,
			    a_bad_range_is_not_mapped_and_takes_no_reference, 0,
			    VMD_ARRAY_SIZE(bad_maps));
	tcase_add_test(tc, a_mapping_without_memory_takes_no_reference);
	suite_add_tcase(suite, tc);
}

static void add_fault(Suite *suite)
{
	const int nr_policies = VMD_ARRAY_SIZE(policies);
	TCase *tc = tcase_create("fault");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_fault_maps_sixteen_pages_forward, 0,
			    VMD_ARRAY_SIZE(prefaults));
	tcase_add_loop_test(tc, a_mapped_entry_has_the_rights_of_the_method, 0,
			    nr_policies);
	tcase_add_test(tc, a_prefault_leaves_what_is_mapped_as_it_is);
	tcase_add_loop_test(
		tc, the_first_write_takes_two_faults_in_mkwrite_and_one_else, 0,
		nr_policies);
	tcase_add_loop_test(
		tc, a_submission_makes_the_next_write_fault_in_mkwrite_only, 0,
		nr_policies);
	tcase_add_test(
		tc, mkwrite_records_the_page_that_was_stored_to_and_no_other);
	tcase_add_test(
		tc,
		after_the_change_to_pagetable_a_write_faults_once_unrecorded);
	tcase_add_test(tc, a_fault_without_memory_is_an_error_and_works_later);
	tcase_add_test(tc, a_prefault_that_finds_no_table_stops_quietly);
	suite_add_tcase(suite, tc);
}

static void add_tracking(Suite *suite)
{
	const int nr_policies = VMD_ARRAY_SIZE(policies);
	TCase *tc = tcase_create("tracking");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, tracking_begins_with_what_was_written_before, 1,
			    nr_policies);
	tcase_add_test(tc, tracking_without_memory_leaves_the_object_untracked);
	tcase_add_test(
		tc, the_first_user_chooses_the_policy_and_the_last_one_ends_it);
	tcase_add_test(tc, after_the_last_release_a_write_faults_once_more);
	tcase_add_loop_test(tc, neighbours_in_the_devices_mapping_do_not_meet,
			    1, nr_policies);
	tcase_add_loop_test(tc, stores_through_any_mapping_are_found, 1,
			    nr_policies);
	suite_add_tcase(suite, tc);
}

int main(void)
{
	Suite *suite = suite_create("bo");

	add_life(suite);
	add_map(suite);
	add_fault(suite);
	add_tracking(suite);
	return vmd_test_main(suite);
}
