/* SPDX-License-Identifier: MIT */
/*
 * Removing entries: FM-34 to FM-36, and what of them is different here.
 */
#include "midfix.h"

static struct midfix fix;
static struct midfix_span span;

static void up(void)
{
	midfix_up(&fix, 2);
	midfix_span_init(&span, 0, 1024);
}

static void down(void)
{
	midfix_down(&fix);
}

static void zap(vmd_pgoff_t first, vmd_pgoff_t nr)
{
	vmd_unmap_mapping_pages(fix.mapping, first, nr);
}

/* FM-34: each area that meets the range, clipped to it. */
START_TEST(fm_34_every_area_loses_the_entries_of_the_range_and_no_other)
{
	struct midfix_area *one = MAP(&fix, .pgoff = 8);
	struct midfix_area *two = MAP(&fix, .mm = 1);

	store_to(one, PAGES(1, 2, 3, 4));
	store_to(two, PAGES(9, 10, 11, 12));
	zap(10, 2);

	assert_entry(one, 1, "PWAD-");
	assert_entry(one, 2, "-----");
	assert_entry(one, 3, "-----");
	assert_entry(one, 4, "PWAD-");
	assert_entry(two, 9, "PWAD-");
	assert_entry(two, 10, "-----");
	assert_entry(two, 11, "-----");
	assert_entry(two, 12, "PWAD-");
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_PTE_ZAP), 4);
}
END_TEST

static void look_at_locks(struct midfix *f, const struct midfix_event *event)
{
	unsigned int *nr_wrong = f->at_event_arg;
	const struct vmd_mm *mm = event->object;
	const struct vmd_lock_base *i_mmap = &f->mapping->i_mmap_rwsem.base;

	*nr_wrong += !vmd_held(i_mmap, VMD_HELD_SHARED);
	*nr_wrong += vmd_held(i_mmap, VMD_HELD_EXCLUSIVE);
	*nr_wrong += vmd_held(&mm->mmap_lock.base, VMD_HELD_SHARED);
}

START_TEST(fm_34_i_mmap_rwsem_is_held_shared_and_no_mmap_lock)
{
	struct midfix_area *area = MAP(&fix, 0);
	unsigned int nr_wrong = 0;

	store_to(area, PAGES(3));
	fix.at_event = look_at_locks;
	fix.at_event_arg = &nr_wrong;

	midfix_listen(&fix);
	zap(0, 16);
	ck_assert_uint_gt(fix.nr_events, 0);
	ck_assert_uint_eq(nr_wrong, 0);
}
END_TEST

/* FM-34, TL-24, SP-28: an area at a time, its flush counted as pending; of PFN areas the flush, then the end. */
START_TEST(fm_34_each_area_is_announced_flushed_and_ended)
{
	struct midfix_area *one = MAP(&fix, .pgoff = 8);
	struct midfix_area *two = MAP(&fix, .mm = 1);

	store_to(one, PAGES(2));
	store_to(two, PAGES(10));

	midfix_listen(&fix);
	zap(10, 2);
	ck_assert_str_eq(midfix_story(&fix),
			 "start B[10,12) inc 1 flush B[10,12) dec 1 "
			 "end B[10,12) "
			 "start A[2,4) inc 0 flush A[2,4) dec 0 end A[2,4)");
}
END_TEST

START_TEST(an_area_without_entries_is_announced_but_not_flushed)
{
	(void)MAP(&fix, 0);

	midfix_listen(&fix);
	zap(4, 4);
	ck_assert_str_eq(midfix_story(&fix),
			 "start A[4,8) inc 0 dec 0 end A[4,8)");
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_PTE_ZAP), 0);
}
END_TEST

/* FM-35 is the kernel's wrap; docs/kernel-differences.md. */
START_TEST(fm_35_no_pages_is_nothing_and_not_everything)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(0, 5));

	midfix_listen(&fix);
	zap(0, 0);
	zap(3, 0);
	ck_assert_uint_eq(fix.nr_events, 0);
	assert_entry(area, 0, "PWAD-");
	assert_entry(area, 5, "PWAD-");
}
END_TEST

START_TEST(a_range_up_to_the_last_index_removes_everything)
{
	struct midfix_area *area = MAP(&fix, .pgoff = 4);

	store_to(area, PAGES(0, 5));
	zap(1, UINT64_MAX);

	assert_entry(area, 0, "-----");
	assert_entry(area, 5, "-----");
}
END_TEST

/* FM-36, SP-5 */
START_TEST(fm_36_a_and_d_of_what_is_removed_are_lost)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(5));
	zap(5, 1);
	load_from(area, PAGES(5));

	assert_entry(area, 5, "PWA--");
	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(fix.mapping, 0,
								16, &span.span),
			  0);
}
END_TEST

START_TEST(what_was_stored_is_still_there_when_the_page_comes_back)
{
	struct midfix_area *area = MAP(&fix, 0);
	uint64_t value;

	store_to(area, PAGES(5));
	zap(5, 1);

	ck_assert_int_eq(vmd_load_u64(area->cpu, midfix_addr(area, 5), &value),
			 0);
	ck_assert_uint_eq(value, 6);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_PTE_INSTALL), 2);
}
END_TEST

/* I-3: the CPU has W and D cached. */
START_TEST(i_3_after_a_zap_the_next_store_faults)
{
	struct midfix_area *area = MAP(&fix, 0);
	uint64_t faults;

	store_to(area, PAGES(5));
	store_to(area, PAGES(5));
	faults = midfix_count(&fix, VMD_EV_FAULT);
	zap(0, 16);
	store_to(area, PAGES(5));

	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_FAULT), faults + 1);
	assert_entry(area, 5, "PWAD-");
}
END_TEST

START_TEST(a_large_leaf_goes_whole)
{
	struct midfix_area *area =
		MAP(&fix, .nr_pages = 1024, .addr = UINT64_C(1) << 30);
	const vmd_pte_t *pmd;

	midfix_put_entry(area, 0, VMD_LEVEL_PMD,
			 VMD_PAGE_PRESENT | VMD_PAGE_USER | VMD_PAGE_PSE |
				 (UINT64_C(1) << 21));
	pmd = vmd_lookup_slot(midfix_ctx(area), area->addr, VMD_LEVEL_PMD);
	store_to(area, PAGES(512));
	zap(0, 1024);

	ck_assert_uint_eq(pmd->val, 0);
	assert_entry(area, 512, "-----");
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_PTE_ZAP), 2);
}
END_TEST

/* Holes of each level between the entries; page 2^18 begins a new PGD slot. */
START_TEST(a_sparse_area_is_searched_to_its_end)
{
	const vmd_pgoff_t nr_pages = (UINT64_C(1) << 19) + 2;
	static const vmd_pgoff_t pages[] = {
		3,
		511,
		512,
		1025,
		(UINT64_C(1) << 18) - 1,
		(UINT64_C(1) << 18) + 1536,
		UINT64_C(1) << 19,
	};
	const struct midfix_pages touched = { pages, VMD_ARRAY_SIZE(pages) };
	struct midfix_area *area;
	struct vmd_mapping *object;
	unsigned int i;

	ck_assert_int_eq(vmd_mapping_create(fix.machine, nr_pages, &object), 0);
	area = MAP(&fix, .mapping = object, .nr_pages = nr_pages,
		   .addr = (UINT64_C(1) << 40) - (UINT64_C(1) << 30));
	store_to(area, touched);
	vmd_unmap_mapping_pages(object, 4, nr_pages - 5);

	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_PTE_ZAP), touched.nr - 1);
	assert_entry(area, 3, "PWAD-");
	for (i = 1; i < touched.nr; i++)
		assert_entry(area, pages[i], "-----");
	ck_assert_int_eq(vmd_munmap(area->mm, 0, VMD_TASK_SIZE), 0);
	vmd_mapping_destroy(object);
}
END_TEST

START_TEST(an_area_that_only_reads_loses_its_entries_too)
{
	struct midfix_area *reader =
		MAP(&fix, .read_only = true,
		    .flags = VMD_MAP_SHARED | VMD_MAP_O_RDONLY);
	struct midfix_area *private =
		MAP(&fix, .mm = 1, .read_only = true, .flags = VMD_MAP_PRIVATE);

	load_from(reader, PAGES(5));
	load_from(private, PAGES(5));
	zap(5, 1);

	assert_entry(reader, 5, "-----");
	assert_entry(private, 5, "-----");
}
END_TEST

/*
 * The linker puts this in front of vmd_pte_offset_map_lock(), see
 * CMakeLists.txt: right after a zap has found no table, another thread's fault
 * makes one.
 */
static const struct midfix_area *fault_after_look;

vmd_pte_t *__real_vmd_pte_offset_map_lock(const struct vmd_mm_context *ctx,
					  vmd_va_t addr,
					  struct vmd_spinlock **ptl);
vmd_pte_t *__wrap_vmd_pte_offset_map_lock(const struct vmd_mm_context *ctx,
					  vmd_va_t addr,
					  struct vmd_spinlock **ptl);

vmd_pte_t *__wrap_vmd_pte_offset_map_lock(const struct vmd_mm_context *ctx,
					  vmd_va_t addr,
					  struct vmd_spinlock **ptl)
{
	vmd_pte_t *pte = __real_vmd_pte_offset_map_lock(ctx, addr, ptl);
	const struct midfix_area *area = fault_after_look;

	if (pte || !area)
		return pte;
	fault_after_look = NULL;
	ck_assert_uint_eq(
		vmd_vmf_insert_pfn_prot(area->vma, midfix_addr(area, 3),
					vmd_mapping_get_pfn(fix.mapping, 3),
					area->vma->vm_page_prot),
		VMD_VM_FAULT_NOPAGE);
	return NULL;
}

/* Else the table is lost, and the count of tables never comes back to 0. */
START_TEST(a_table_that_appears_meanwhile_is_not_taken_for_a_leaf)
{
	struct midfix_area *area =
		MAP(&fix, .nr_pages = 514, .addr = UINT64_C(1) << 30);

	store_to(area, PAGES(512));
	fault_after_look = area;
	zap(0, 16);
	ck_assert_ptr_null(fault_after_look);

	ck_assert_ptr_nonnull(
		vmd_lookup_slot(midfix_ctx(area), area->addr, VMD_LEVEL_PTE));
	store_to(area, PAGES(3));
	ck_assert_int_eq(vmd_munmap(area->mm, 0, VMD_TASK_SIZE), 0);
	ck_assert_uint_eq(midfix_ctx(area)->nr_tables, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zap");
	TCase *tc = tcase_create("zap");

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(
		tc,
		fm_34_every_area_loses_the_entries_of_the_range_and_no_other);
	tcase_add_test(tc, fm_34_i_mmap_rwsem_is_held_shared_and_no_mmap_lock);
	tcase_add_test(tc, fm_34_each_area_is_announced_flushed_and_ended);
	tcase_add_test(tc,
		       an_area_without_entries_is_announced_but_not_flushed);
	tcase_add_test(tc, fm_35_no_pages_is_nothing_and_not_everything);
	tcase_add_test(tc, a_range_up_to_the_last_index_removes_everything);
	tcase_add_test(tc, fm_36_a_and_d_of_what_is_removed_are_lost);
	tcase_add_test(tc,
		       what_was_stored_is_still_there_when_the_page_comes_back);
	tcase_add_test(tc, i_3_after_a_zap_the_next_store_faults);
	tcase_add_test(tc, a_large_leaf_goes_whole);
	tcase_add_test(tc, a_sparse_area_is_searched_to_its_end);
	tcase_add_test(tc, an_area_that_only_reads_loses_its_entries_too);
	tcase_add_test(tc,
		       a_table_that_appears_meanwhile_is_not_taken_for_a_leaf);
	return vmd_test_main(suite);
}
