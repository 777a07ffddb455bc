/* SPDX-License-Identifier: MIT */
/*
 * The way of a page fault through mm, and what inserting a frame does:
 * FM-1, FM-9 to FM-12, FM-15, FM-18 to FM-21, FM-28, FM-29.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "midfix.h"

static struct midfix fix;

static void up(void)
{
	midfix_up(&fix, 2);
}

static void down(void)
{
	midfix_down(&fix);
}

/* An area whose owner has pfn_mkwrite: entries begin read-only. */
static struct midfix_area *map_told(void)
{
	return MAP(&fix, .pgoff = 32, .vm_ops = &midfix_driver_ops,
		   .vm_private_data = &fix.driver);
}

static struct midfix_area *map_untold(void)
{
	return MAP(&fix, .pgoff = 32, .vm_ops = &midfix_driver_ops_no_mkwrite,
		   .vm_private_data = &fix.driver);
}

/* What the CPU does on a fault, without the CPU. */
static int fault_at(const struct midfix_area *area, uint64_t page,
		    unsigned int error_code)
{
	struct vmd_mm_context *ctx = midfix_ctx(area);

	return ctx->fault_ops->handle(ctx, area->cpu, midfix_addr(area, page),
				      error_code);
}

/* FM-11: read -> ->fault, protection as given, D = 0. */
START_TEST(fm_11_a_read_of_a_missing_page_asks_fault_once)
{
	struct midfix_area *area = map_told();

	load_from(area, PAGES(5));

	ck_assert_uint_eq(fix.driver.nr_fault, 1);
	ck_assert_uint_eq(fix.driver.nr_mkwrite, 0);
	ck_assert_uint_eq(fix.driver.pgoff, 37);
	assert_entry(area, 5, "P-A--");
	ck_assert(vmd_pte_special(midfix_pte(area, 5)));
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_FAULT), 1);
}
END_TEST

/* FM-2: what an x86 fault begins with. */
START_TEST(fm_2_a_first_attempt_may_retry_and_says_what_it_was)
{
	const unsigned int common =
		VMD_FAULT_FLAG_ALLOW_RETRY | VMD_FAULT_FLAG_KILLABLE |
		VMD_FAULT_FLAG_INTERRUPTIBLE | VMD_FAULT_FLAG_USER;
	struct midfix_area *area = map_untold();

	load_from(area, PAGES(1));
	ck_assert_uint_eq(fix.driver.flags, common);
	store_to(area, PAGES(2));
	ck_assert_uint_eq(fix.driver.flags, common | VMD_FAULT_FLAG_WRITE);
}
END_TEST

/* FM-12, SP-6: W = 1 and D = 0; the hardware sets D on re-execution. */
START_TEST(fm_12_a_write_to_a_missing_page_leaves_d_to_hardware)
{
	struct midfix_area *area = map_untold();

	ck_assert_int_eq(fault_at(area, 5, VMD_PF_WRITE | VMD_PF_USER), 0);
	assert_entry(area, 5, "PWA--");
	store_to(area, PAGES(5));

	assert_entry(area, 5, "PWAD-");
	ck_assert_uint_eq(fix.driver.nr_fault, 1);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_DIRTY_ASSIST), 1);
}
END_TEST

/* FM-12, SP-6, VM-18: first ->fault, then, as a fault of its own, mkwrite. */
START_TEST(fm_12_a_write_to_a_missing_page_faults_twice_with_mkwrite)
{
	struct midfix_area *area = map_told();

	ck_assert_int_eq(fault_at(area, 5, VMD_PF_WRITE | VMD_PF_USER), 0);
	ck_assert_uint_eq(fix.driver.nr_mkwrite, 0);
	assert_entry(area, 5, "P-A--");
	store_to(area, PAGES(5));

	ck_assert_uint_eq(fix.driver.nr_fault, 1);
	ck_assert_uint_eq(fix.driver.nr_mkwrite, 1);
	assert_entry(area, 5, "PWAD-");
}
END_TEST

/* FM-9, FM-10: somebody else was faster, or the fault is spurious. */
START_TEST(fm_10_a_fault_on_an_entry_with_the_rights_changes_nothing)
{
	struct midfix_area *area = map_told();
	vmd_pte_t before;

	store_to(area, PAGES(5));
	before = midfix_pte(area, 5);

	midfix_listen(&fix);
	ck_assert_int_eq(fault_at(area, 5, VMD_PF_WRITE | VMD_PF_USER), 0);
	ck_assert_int_eq(fault_at(area, 5, VMD_PF_USER), 0);

	ck_assert(vmd_pte_same(midfix_pte(area, 5), before));
	ck_assert_uint_eq(fix.driver.nr_fault, 1);
	ck_assert_uint_eq(fix.driver.nr_mkwrite, 1);
	ck_assert_uint_eq(fix.nr_events, 0);
}
END_TEST

static void map_meanwhile(struct midfix_driver *driver,
			  struct vmd_vm_fault *vmf)
{
	vmd_pfn_t *other = driver->arg;

	*other = vmd_mapping_get_pfn(fix.mapping, 999);
	ck_assert_uint_eq(vmd_vmf_insert_pfn_prot(vmf->vma, vmf->address,
						  *other,
						  vmf->vma->vm_page_prot),
			  VMD_VM_FAULT_NOPAGE);
}

/* FM-15, FM-29: the slot is filled between the look and the insertion. */
START_TEST(fm_15_what_another_fault_installed_meanwhile_stays)
{
	struct midfix_area *area = map_told();
	vmd_pfn_t other = 0;

	fix.driver.in_fault = map_meanwhile;
	fix.driver.arg = &other;
	load_from(area, PAGES(5));

	ck_assert_uint_eq(vmd_pte_pfn(midfix_pte(area, 5)), other);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_PTE_INSTALL), 1);
}
END_TEST

/* FM-18, SP-7 */
START_TEST(fm_18_mkwrite_keeps_allow_retry_and_is_told_that_it_is_mkwrite)
{
	const unsigned int want = VMD_FAULT_FLAG_ALLOW_RETRY |
				  VMD_FAULT_FLAG_WRITE | VMD_FAULT_FLAG_MKWRITE;
	struct midfix_area *area = map_told();

	store_to(area, PAGES(5));

	ck_assert_uint_eq(fix.driver.flags & want, want);
	ck_assert_uint_eq(fix.driver.flags & VMD_FAULT_FLAG_TRIED, 0);
	ck_assert_uint_eq(fix.driver.pgoff, 37);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_MKWRITE), 1);
}
END_TEST

static const struct {
	vmd_vm_fault_t answer;
	int err;
} answers[] = {
	{ VMD_VM_FAULT_SIGBUS, -EFAULT },
	{ VMD_VM_FAULT_SIGSEGV, -EFAULT },
	{ VMD_VM_FAULT_OOM, -ENOMEM },
};

START_TEST(fm_18_an_error_of_mkwrite_ends_the_store_and_changes_nothing)
{
	struct midfix_area *area = map_told();
	vmd_pte_t before;

	load_from(area, PAGES(5));
	before = midfix_pte(area, 5);
	fix.driver.mkwrite_answer = answers[_i].answer;

	ck_assert_int_eq(midfix_try_store(area, 5), answers[_i].err);
	ck_assert_msg(vmd_pte_same(midfix_pte(area, 5), before), "answer %x",
		      answers[_i].answer);
	ck_assert_uint_eq(fix.driver.nr_mkwrite, 1);
	ck_assert_int_eq(midfix_try_store(area, 5), 0);
}
END_TEST

START_TEST(fm_18_nopage_of_mkwrite_means_that_the_store_is_redone)
{
	struct midfix_area *area = map_told();

	load_from(area, PAGES(5));
	fix.driver.mkwrite_answer = VMD_VM_FAULT_NOPAGE;
	ck_assert_int_eq(fault_at(area, 5, VMD_PF_WRITE | VMD_PF_USER), 0);
	assert_entry(area, 5, "P-A--");
	store_to(area, PAGES(5));

	ck_assert_uint_eq(fix.driver.nr_mkwrite, 2);
	assert_entry(area, 5, "PWAD-");
}
END_TEST

/* FM-18: after wp_shared_mapping_range() of an area without pfn_mkwrite. */
START_TEST(fm_18_without_mkwrite_a_read_only_entry_is_reused_at_once)
{
	struct midfix_area *area = map_untold();

	load_from(area, PAGES(5));
	ck_assert_uint_eq(vmd_wp_shared_mapping_range(fix.mapping, 37, 1), 1);
	assert_entry(area, 5, "P-A--");

	ck_assert_int_eq(fault_at(area, 5, VMD_PF_WRITE | VMD_PF_USER), 0);
	assert_entry(area, 5, "PWAD-");
	ck_assert_uint_eq(fix.driver.nr_fault, 1);
}
END_TEST

/* FM-21: D is set by software, before the store; SOFT with it (FM-49). */
START_TEST(fm_21_a_reused_entry_is_young_dirty_and_writable)
{
	struct midfix_area *area = map_told();

	load_from(area, PAGES(5));
	midfix_change_pte(area, 5, 0, VMD_PAGE_ACCESSED);
	ck_assert_int_eq(fault_at(area, 5, VMD_PF_WRITE | VMD_PF_USER), 0);

	assert_entry(area, 5, "PWAD-");
	ck_assert(midfix_pte(area, 5).val & VMD_PAGE_SOFT_DIRTY);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_DIRTY_ASSIST), 0);
}
END_TEST

/* SP-4: read-only and dirty becomes writable and dirty. */
START_TEST(fm_21_dirt_that_wp_saved_becomes_d_again)
{
	struct midfix_area *area = map_told();

	store_to(area, PAGES(5));
	(void)vmd_wp_shared_mapping_range(fix.mapping, 37, 1);
	assert_entry(area, 5, "P-A-S");
	store_to(area, PAGES(5));

	assert_entry(area, 5, "PWAD-");
	ck_assert_uint_eq(fix.driver.nr_mkwrite, 2);
}
END_TEST

static void zap_meanwhile(struct midfix_driver *driver,
			  struct vmd_vm_fault *vmf)
{
	(void)driver;
	vmd_unmap_mapping_pages(vmf->vma->vm_mapping, vmf->pgoff, 1);
}

static void clean_meanwhile(struct midfix_driver *driver,
			    struct vmd_vm_fault *vmf)
{
	struct midfix_span *span = driver->arg;

	midfix_span_init(span, 0, 64);
	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(
				  vmf->vma->vm_mapping, vmf->pgoff, 1,
				  &span->span),
			  1);
}

static void age_meanwhile(struct midfix_driver *driver,
			  struct vmd_vm_fault *vmf)
{
	(void)driver;
	(void)vmf;
	midfix_change_pte(&fix.area[0], 5, 0, VMD_PAGE_ACCESSED);
}

static const struct {
	const char *name;
	void (*change)(struct midfix_driver *driver, struct vmd_vm_fault *vmf);
	const char *entry; /* after the fault that met the change */
} changes[] = {
	{ "zapped", zap_meanwhile, "-----" },
	{ "cleaned", clean_meanwhile, "P-A--" },
	{ "aged", age_meanwhile, "P---S" },
};

/* FM-20, MU-8: then nothing changes, and mkwrite is asked again. */
START_TEST(fm_20_mkwrite_is_asked_again_if_the_entry_changed_meanwhile)
{
	struct midfix_area *area = map_told();
	static struct midfix_span span;

	store_to(area, PAGES(5));
	(void)vmd_wp_shared_mapping_range(fix.mapping, 37, 1);
	fix.driver.nr_mkwrite = 0;
	fix.driver.in_mkwrite = changes[_i].change;
	fix.driver.arg = &span;

	ck_assert_int_eq(fault_at(area, 5, VMD_PF_WRITE | VMD_PF_USER), 0);
	ck_assert_msg(!strcmp(midfix_bits(area, 5).text, changes[_i].entry),
		      "%s: %s", changes[_i].name, midfix_bits(area, 5).text);
	store_to(area, PAGES(5));

	ck_assert_msg(fix.driver.nr_mkwrite == 2, "%s: asked %u times",
		      changes[_i].name, fix.driver.nr_mkwrite);
	assert_entry(area, 5, "PWAD-");
}
END_TEST

/*
 * MU-8 as it is told: between the record and the entry that becomes writable a
 * submission takes the record away. The entry is read-only all the time, so
 * that comparing it does not help: an owner finishes it under its own lock.
 */
static struct vmd_tracker *tracker;
static unsigned int nr_transferred;

static int count_run(void *arg, unsigned long start, unsigned long end)
{
	(void)arg;
	nr_transferred += (unsigned int)(end - start);
	return 0;
}

static void submit(void)
{
	vmd_tracker_scan(tracker);
	ck_assert_int_eq(vmd_tracker_transfer(tracker, 0, 64, count_run, NULL),
			 0);
}

static vmd_vm_fault_t record_and_finish(struct vmd_vm_fault *vmf)
{
	vmd_vm_fault_t ret;

	vmd_tracker_mkwrite(tracker, vmf->pgoff);
	ret = vmd_finish_mkwrite_fault(vmf);
	if (fix.driver.nr_mkwrite++ == 0)
		submit();
	return ret;
}

START_TEST(fm_20_an_owner_that_finishes_itself_loses_no_page)
{
	struct vmd_vm_operations ops = midfix_driver_ops;
	struct vmd_mapping_backend backend;
	struct midfix_area *area;

	ops.pfn_mkwrite = record_and_finish;
	vmd_mapping_backend_init(&backend, fix.mapping, 0);
	ck_assert_int_eq(vmd_tracker_create(fix.machine, &backend.backend,
					    &vmd_dirty_policy_mkwrite, 64,
					    &tracker),
			 0);
	area = MAP(&fix, .vm_ops = &ops, .vm_private_data = &fix.driver);
	load_from(area, PAGES(5));
	store_to(area, PAGES(5)); /* one submission before it, one behind */
	ck_assert_uint_eq(nr_transferred, 1);
	submit();

	ck_assert_uint_eq(nr_transferred, 2);
	ck_assert_uint_eq(fix.driver.nr_mkwrite, 2);
	ck_assert_int_eq(vmd_munmap(area->mm, 0, VMD_TASK_SIZE), 0);
	ck_assert(vmd_tracker_put(tracker));
}
END_TEST

/* The result says "again", and the access finds the entry as it is wanted. */
START_TEST(fm_20_finishing_an_entry_that_changed_changes_nothing)
{
	struct midfix_area *area = map_told();
	struct vmd_vm_fault vmf = {
		.vma = area->vma,
		.address = midfix_addr(area, 5),
	};

	load_from(area, PAGES(5));
	vmf.orig_pte = vmd_pte_mkold(midfix_pte(area, 5)).val;
	ck_assert_uint_eq(vmd_finish_mkwrite_fault(&vmf), VMD_VM_FAULT_NOPAGE);
	assert_entry(area, 5, "P-A--");

	vmf.orig_pte = midfix_pte(area, 5).val;
	ck_assert_uint_eq(vmd_finish_mkwrite_fault(&vmf), VMD_VM_FAULT_NOPAGE);
	assert_entry(area, 5, "PWAD-");
}
END_TEST

/* FM-1, FM-2: RETRY has dropped the lock; ALLOW_RETRY stays, TRIED comes. */
START_TEST(fm_1_retry_calls_again_with_tried_and_leaves_no_lock)
{
	struct midfix_area *area = map_told();

	fix.driver.fault_answer = VMD_VM_FAULT_RETRY;
	load_from(area, PAGES(5));

	ck_assert_uint_eq(fix.driver.nr_fault, 2);
	ck_assert(fix.driver.flags & VMD_FAULT_FLAG_TRIED);
	ck_assert(fix.driver.flags & VMD_FAULT_FLAG_ALLOW_RETRY);
	ck_assert_uint_eq(vmd_nr_held(), 0);
	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_FAULT), 1);
}
END_TEST

/* The answer RETRY, but here the area goes before it is looked up again. */
static vmd_vm_fault_t unmap_and_retry(struct vmd_vm_fault *vmf)
	vmd_no_context_analysis("RETRY drops the caller's mmap_lock")
{
	const struct midfix_area *area = &fix.area[0];

	vmd_mmap_read_unlock(vmf->vma->vm_mm);
	ck_assert_int_eq(vmd_munmap(area->mm, area->addr,
				    area->nr_pages << VMD_PAGE_SHIFT),
			 0);
	return VMD_VM_FAULT_RETRY;
}

START_TEST(fm_1_after_retry_the_area_is_looked_up_again)
{
	static const struct vmd_vm_operations ops = {
		.fault = unmap_and_retry,
	};
	struct midfix_area *area = MAP(&fix, .vm_ops = &ops);

	ck_assert_int_eq(midfix_try_load(area, 5), -EFAULT);
	ck_assert_uint_eq(vmd_nr_held(), 0);
}
END_TEST

START_TEST(an_error_of_fault_is_the_error_of_the_access)
{
	struct midfix_area *area = map_told();

	fix.driver.fault_answer = answers[_i].answer;
	ck_assert_int_eq(midfix_try_load(area, 5), answers[_i].err);
	assert_entry(area, 5, "-----");

	ck_assert_int_eq(vmd_cpu_fault(area->cpu)->error, answers[_i].err);
	ck_assert_uint_eq(vmd_cpu_fault(area->cpu)->addr, midfix_addr(area, 5));
	ck_assert_int_eq(midfix_try_load(area, 5), 0);
}
END_TEST

START_TEST(a_store_to_a_read_only_area_fails_and_asks_nobody)
{
	struct midfix_area *area = MAP(&fix, .read_only = true,
				       .vm_ops = &midfix_driver_ops,
				       .vm_private_data = &fix.driver);

	ck_assert_int_eq(midfix_try_store(area, 5), -EFAULT);
	ck_assert_uint_eq(fix.driver.nr_fault, 0);
	load_from(area, PAGES(5));
	ck_assert_int_eq(midfix_try_store(area, 5), -EFAULT);

	ck_assert_uint_eq(fix.driver.nr_mkwrite, 0);
	assert_entry(area, 5, "P-A--");
	ck_assert_uint_eq(vmd_cpu_fault(area->cpu)->error_code,
			  VMD_PF_WRITE | VMD_PF_USER | VMD_PF_PROT);
}
END_TEST

START_TEST(an_access_beside_an_area_fails)
{
	struct midfix_area *area = MAP(&fix, .addr = UINT64_C(1) << 30);

	ck_assert_int_eq(midfix_try_load(area, 16), -EFAULT);
	ck_assert_int_eq(midfix_try_store(area, (uint64_t)-1), -EFAULT);
	ck_assert_int_eq(midfix_try_store(area, 15), 0);
	ck_assert_int_eq(midfix_try_store(area, 0), 0);
}
END_TEST

START_TEST(a_reserved_bit_is_no_fault_that_anybody_could_handle)
{
	struct midfix_area *area = map_told();

	load_from(area, PAGES(5));
	midfix_change_pte(area, 5, UINT64_C(1) << 50, 0);
	vmd_flush_tlb_range(midfix_ctx(area), area->addr,
			    midfix_addr(area, 16));

	ck_assert_int_eq(midfix_try_load(area, 5), -EFAULT);
	ck_assert_uint_eq(fix.driver.nr_fault, 1);
	midfix_change_pte(area, 5, 0, UINT64_C(1) << 50);
}
END_TEST

/* FM-22: it would go on with mmap_lock dropped. */
START_TEST(fm_22_a_mkwrite_that_says_retry_is_reported)
{
	struct midfix_area *area = map_told();

	load_from(area, PAGES(5));
	fix.driver.mkwrite_answer = VMD_VM_FAULT_RETRY;
	fix.hw->env.report = NULL;
	(void)midfix_try_store(area, 5);
}
END_TEST

static vmd_vm_fault_t insert(const struct midfix_area *area, uint64_t page,
			     vmd_pgoff_t pgoff)
{
	return vmd_vmf_insert_pfn_prot(area->vma, midfix_addr(area, page),
				       vmd_mapping_get_pfn(fix.mapping, pgoff),
				       area->vma->vm_page_prot);
}

START_TEST(fm_28_an_address_outside_or_an_area_without_pfnmap_is_sigbus)
{
	struct midfix_area *area = MAP(&fix, 0);

	ck_assert_uint_eq(insert(area, 16, 3), VMD_VM_FAULT_SIGBUS);
	ck_assert_uint_eq(insert(area, (uint64_t)-1, 3), VMD_VM_FAULT_SIGBUS);
	area->vma->vm_flags &= ~VMD_VM_PFNMAP;
	ck_assert_uint_eq(insert(area, 3, 3), VMD_VM_FAULT_SIGBUS);
	ck_assert_uint_eq(midfix_ctx(area)->nr_tables, 0);
	area->vma->vm_flags |= VMD_VM_PFNMAP;
	ck_assert_uint_eq(insert(area, 15, 3), VMD_VM_FAULT_NOPAGE);
}
END_TEST

START_TEST(fm_29_an_insertion_installs_what_was_asked_for_and_special)
{
	struct midfix_area *area = MAP(&fix, 0);

	ck_assert_uint_eq(insert(area, 3, 8), VMD_VM_FAULT_NOPAGE);

	ck_assert_uint_eq(midfix_pte(area, 3).val,
			  vmd_pfn_pte(vmd_mapping_get_pfn(fix.mapping, 8),
				      area->vma->vm_page_prot |
					      VMD_PAGE_SPECIAL)
				  .val);
}
END_TEST

/* Also what is not present: a swapped-out or migrating page. */
START_TEST(fm_29_an_insertion_never_overwrites)
{
	const uint64_t swapped = UINT64_C(77) << VMD_PAGE_SHIFT;
	struct midfix_area *area = MAP(&fix, 0);
	vmd_pte_t before;

	store_to(area, PAGES(3));
	before = midfix_pte(area, 3);
	midfix_put_entry(area, 4, VMD_LEVEL_PTE, swapped);

	ck_assert_uint_eq(insert(area, 3, 8), VMD_VM_FAULT_NOPAGE);
	ck_assert_uint_eq(insert(area, 4, 8), VMD_VM_FAULT_NOPAGE);

	ck_assert(vmd_pte_same(midfix_pte(area, 3), before));
	ck_assert_uint_eq(midfix_pte(area, 4).val, swapped);
}
END_TEST

/* Three tables, then the page: each of the four requests fails once. */
START_TEST(fm_29_without_memory_for_a_table_the_access_fails_for_now)
{
	struct midfix_area *area = MAP(&fix, 0);

	midfix_fail_alloc(&fix, (uint64_t)_i);
	ck_assert_msg(midfix_try_store(area, 3) == -ENOMEM, "request %d", _i);
	midfix_fail_alloc(&fix, 0);

	assert_entry(area, 3, "-----");
	ck_assert_uint_eq(vmd_nr_held(), 0);
	store_to(area, PAGES(3));
	ck_assert_uint_eq(midfix_ctx(area)->nr_tables, 3);
}
END_TEST

START_TEST(two_address_spaces_see_one_page_and_each_its_own_dirt)
{
	struct midfix_area *one = MAP(&fix, 0);
	struct midfix_area *two = MAP(&fix, .mm = 1, .pgoff = 2);
	uint64_t value;

	store_to(one, PAGES(5));
	ck_assert_int_eq(vmd_load_u64(two->cpu, midfix_addr(two, 3), &value),
			 0);

	ck_assert_uint_eq(value, 6);
	assert_entry(one, 5, "PWAD-");
	assert_entry(two, 3, "PWA--");
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, up, down);
	return tc;
}

static void add_missing(TCase *tc)
{
	tcase_add_test(tc, fm_11_a_read_of_a_missing_page_asks_fault_once);
	tcase_add_test(tc, fm_2_a_first_attempt_may_retry_and_says_what_it_was);
	tcase_add_test(tc,
		       fm_12_a_write_to_a_missing_page_leaves_d_to_hardware);
	tcase_add_test(
		tc, fm_12_a_write_to_a_missing_page_faults_twice_with_mkwrite);
	tcase_add_test(
		tc, fm_10_a_fault_on_an_entry_with_the_rights_changes_nothing);
	tcase_add_test(tc, fm_15_what_another_fault_installed_meanwhile_stays);
	tcase_add_test(tc,
		       fm_1_retry_calls_again_with_tried_and_leaves_no_lock);
	tcase_add_test(tc, fm_1_after_retry_the_area_is_looked_up_again);
	tcase_add_loop_test(tc, an_error_of_fault_is_the_error_of_the_access, 0,
			    VMD_ARRAY_SIZE(answers));
	tcase_add_test(tc, a_store_to_a_read_only_area_fails_and_asks_nobody);
	tcase_add_test(tc, an_access_beside_an_area_fails);
	tcase_add_test(tc,
		       a_reserved_bit_is_no_fault_that_anybody_could_handle);
	tcase_add_test(tc,
		       two_address_spaces_see_one_page_and_each_its_own_dirt);
}

static void add_mkwrite(TCase *tc)
{
	tcase_add_test(
		tc,
		fm_18_mkwrite_keeps_allow_retry_and_is_told_that_it_is_mkwrite);
	tcase_add_loop_test(
		tc,
		fm_18_an_error_of_mkwrite_ends_the_store_and_changes_nothing, 0,
		VMD_ARRAY_SIZE(answers));
	tcase_add_test(tc,
		       fm_18_nopage_of_mkwrite_means_that_the_store_is_redone);
	tcase_add_test(
		tc, fm_18_without_mkwrite_a_read_only_entry_is_reused_at_once);
	tcase_add_loop_test(
		tc, fm_20_mkwrite_is_asked_again_if_the_entry_changed_meanwhile,
		0, VMD_ARRAY_SIZE(changes));
	tcase_add_test(tc, fm_20_an_owner_that_finishes_itself_loses_no_page);
	tcase_add_test(tc,
		       fm_20_finishing_an_entry_that_changed_changes_nothing);
	tcase_add_test(tc, fm_21_a_reused_entry_is_young_dirty_and_writable);
	tcase_add_test(tc, fm_21_dirt_that_wp_saved_becomes_d_again);
}

static void add_insert(TCase *tc)
{
	tcase_add_test(
		tc,
		fm_28_an_address_outside_or_an_area_without_pfnmap_is_sigbus);
	tcase_add_test(
		tc, fm_29_an_insertion_installs_what_was_asked_for_and_special);
	tcase_add_test(tc, fm_29_an_insertion_never_overwrites);
	tcase_add_loop_test(
		tc, fm_29_without_memory_for_a_table_the_access_fails_for_now,
		1, 5);
}

int main(void)
{
	Suite *suite = suite_create("fault");
	TCase *death = vmd_death_case(suite);

	add_missing(add_case(suite, "missing"));
	add_mkwrite(add_case(suite, "mkwrite"));
	add_insert(add_case(suite, "insert"));
	tcase_add_checked_fixture(death, up, NULL);
	tcase_add_test_raise_signal(death,
				    fm_22_a_mkwrite_that_says_retry_is_reported,
				    SIGABRT);
	return vmd_test_main(suite);
}
