/* SPDX-License-Identifier: MIT */
/*
 * mm: areas appear, are cut, and go, with their tables.
 */
#include <errno.h>
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

static uint64_t bytes(uint64_t nr_pages)
{
	return nr_pages << VMD_PAGE_SHIFT;
}

static int unmap(const struct midfix_area *area, uint64_t page, uint64_t nr)
{
	return vmd_munmap(area->mm, midfix_addr(area, page), bytes(nr));
}

/* Each row spoils one thing of a call that would succeed. */
static const struct {
	const char *name;
	struct vmd_mmap_args args; /* what is not 0 replaces the good value */
	bool zero_len, zero_flags, wrong_size, no_mapping;
} bad[] = {
	{ .name = "size", .wrong_size = true },
	{ .name = "no object", .no_mapping = true },
	{ .name = "no length", .zero_len = true },
	{ .name = "odd length", .args.len = 4097 },
	{ .name = "odd address", .args.addr = 4097 },
	{ .name = "too long", .args.len = VMD_TASK_SIZE + VMD_PAGE_SIZE },
	{ .name = "too high", .args.addr = VMD_TASK_SIZE },
	{ .name = "behind the object", .args.pgoff = 1017 },
	{ .name = "pgoff wraps", .args.pgoff = UINT64_MAX },
	{ .name = "neither shared nor private", .zero_flags = true },
	{ .name = "both", .args.flags = VMD_MAP_SHARED | VMD_MAP_PRIVATE },
	{ .name = "unknown flag", .args.flags = VMD_MAP_SHARED | 0x80U },
	{ .name = "unknown right", .args.prot = 4 },
	{ .name = "rights as vm_flags", .args.vm_flags = VMD_VM_MAYWRITE },
	{ .name = "private and writable", .args.flags = VMD_MAP_PRIVATE },
	{ .name = "written but opened read-only",
	  .args.flags = VMD_MAP_SHARED | VMD_MAP_O_RDONLY },
};

static struct vmd_mmap_args good_args(void)
{
	return (struct vmd_mmap_args){
		.size = sizeof(struct vmd_mmap_args),
		.mapping = fix.mapping,
		.len = bytes(8),
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED,
	};
}

static struct vmd_mmap_args spoil(int row)
{
	struct vmd_mmap_args args = good_args();
	const struct vmd_mmap_args *with = &bad[row].args;

	if (with->len || bad[row].zero_len)
		args.len = with->len;
	if (with->flags || bad[row].zero_flags)
		args.flags = with->flags;
	if (with->prot)
		args.prot = with->prot;
	args.addr = with->addr;
	args.pgoff = with->pgoff;
	args.vm_flags = with->vm_flags;
	args.size -= bad[row].wrong_size;
	if (bad[row].no_mapping)
		args.mapping = NULL;
	return args;
}

/* I-12 */
START_TEST(bad_arguments_are_refused_and_change_nothing)
{
	struct vmd_mmap_args args = spoil(_i);
	vmd_va_t addr = 77;
	int err = vmd_mmap(fix.mm[0], &args, &addr);

	ck_assert_msg(err == -EINVAL, "%s: %d", bad[_i].name, err);
	ck_assert_msg(addr == 77, "%s", bad[_i].name);
	ck_assert_uint_eq(vmd_mapping_nr_vmas(fix.mapping), 0);
}
END_TEST

START_TEST(missing_pointers_and_a_foreign_object_are_refused)
{
	const struct vmd_machine_config config = { .size = sizeof(config),
						   .nr_cpus = 1,
						   .ram_pages = 64 };
	struct vmd_mmap_args args = good_args();
	struct vmd_machine *other;
	vmd_va_t addr;

	ck_assert_int_eq(vmd_mmap(NULL, &args, &addr), -EINVAL);
	ck_assert_int_eq(vmd_mmap(fix.mm[0], NULL, &addr), -EINVAL);
	ck_assert_int_eq(vmd_mmap(fix.mm[0], &args, NULL), -EINVAL);

	ck_assert_int_eq(vmd_machine_create(&config, &other), 0);
	ck_assert_int_eq(vmd_mapping_create(other, 8, &args.mapping), 0);
	ck_assert_int_eq(vmd_mmap(fix.mm[0], &args, &addr), -EINVAL);
	ck_assert_int_eq(vmd_cpu_switch_mm(vmd_machine_cpu(other, 0),
					   fix.mm[0]),
			 -EINVAL);
	vmd_mapping_destroy(args.mapping);
	vmd_machine_destroy(other);
}
END_TEST

#define MAYS (VMD_VM_MAYREAD | VMD_VM_MAYWRITE | VMD_VM_MAYEXEC | VMD_VM_PFNMAP)

#define MAYS_NOT_WRITE (MAYS & ~VMD_VM_MAYWRITE)

static const struct {
	const char *name;
	unsigned int flags;
	bool read_only;
	uint64_t vm_flags;
} kinds[] = {
	{ "shared", VMD_MAP_SHARED, false,
	  MAYS | VMD_VM_READ | VMD_VM_WRITE | VMD_VM_SHARED | VMD_VM_MAYSHARE },
	{ "shared, read", VMD_MAP_SHARED, true,
	  MAYS | VMD_VM_READ | VMD_VM_SHARED | VMD_VM_MAYSHARE },
	{ "shared, O_RDONLY", VMD_MAP_SHARED | VMD_MAP_O_RDONLY, true,
	  MAYS_NOT_WRITE | VMD_VM_READ | VMD_VM_MAYSHARE },
	{ "private", VMD_MAP_PRIVATE, true, MAYS | VMD_VM_READ },
};

/* SP-26: O_RDONLY and MAP_SHARED is neither VM_SHARED nor VM_MAYWRITE. */
START_TEST(sp_26_vm_flags_follow_from_sharing_rights_and_open_mode)
{
	struct midfix_area *area = MAP(&fix, .flags = kinds[_i].flags,
				       .read_only = kinds[_i].read_only,
				       .vm_flags = VMD_VM_DONTDUMP);

	ck_assert_msg(area->vma->vm_flags ==
			      (kinds[_i].vm_flags | VMD_VM_DONTDUMP),
		      "%s: %lx", kinds[_i].name, area->vma->vm_flags);
}
END_TEST

/* FM-51 */
START_TEST(fm_51_new_entries_are_writable_unless_the_owner_wants_to_know)
{
	struct midfix_area *plain = MAP(&fix, 0);
	struct midfix_area *reader = MAP(&fix, .read_only = true);
	struct midfix_area *told = MAP(&fix, .vm_ops = &midfix_driver_ops,
				       .vm_private_data = &fix.driver);
	struct midfix_area *untold =
		MAP(&fix, .vm_ops = &midfix_driver_ops_no_mkwrite,
		    .vm_private_data = &fix.driver);

	ck_assert(plain->vma->vm_page_prot & VMD_PAGE_RW);
	ck_assert(untold->vma->vm_page_prot & VMD_PAGE_RW);
	ck_assert(!(reader->vma->vm_page_prot & VMD_PAGE_RW));
	ck_assert(!(told->vma->vm_page_prot & VMD_PAGE_RW));
	/* SP-23 */
	ck_assert(!(plain->vma->vm_page_prot & VMD_PAGE_DIRTY_BITS));
}
END_TEST

START_TEST(a_fixed_address_that_is_taken_is_refused)
{
	struct midfix_area *area = MAP(&fix, .addr = UINT64_C(1) << 30);
	struct vmd_mmap_args args = good_args();
	vmd_va_t addr = 0;

	args.flags |= VMD_MAP_FIXED_NOREPLACE;
	args.addr = midfix_addr(area, 15);
	ck_assert_int_eq(vmd_mmap(area->mm, &args, &addr), -EEXIST);
	args.addr = area->addr - bytes(7);
	ck_assert_int_eq(vmd_mmap(area->mm, &args, &addr), -EEXIST);
	args.addr = midfix_addr(area, 16);
	ck_assert_int_eq(vmd_mmap(area->mm, &args, &addr), 0);
	ck_assert_uint_eq(addr, args.addr);
}
END_TEST

START_TEST(a_hint_is_followed_if_it_is_free)
{
	struct vmd_mmap_args args = good_args();
	vmd_va_t first;
	vmd_va_t second;

	args.addr = UINT64_C(0x7f0000000000);
	ck_assert_int_eq(vmd_mmap(fix.mm[0], &args, &first), 0);
	ck_assert_int_eq(vmd_mmap(fix.mm[0], &args, &second), 0);

	ck_assert_uint_eq(first, args.addr);
	ck_assert(second + args.len <= first || second >= first + args.len);
	ck_assert_uint_ne(second, 0);
}
END_TEST

START_TEST(a_gap_of_just_the_right_size_is_found)
{
	struct midfix_area *area[3];
	struct vmd_mmap_args args = good_args();
	vmd_va_t gap;
	vmd_va_t addr;
	unsigned int i;

	for (i = 0; i < 3; i++)
		area[i] = MAP(&fix, .nr_pages = 8);
	gap = area[1]->addr;
	ck_assert_int_eq(unmap(area[1], 0, 8), 0);

	args.len = bytes(9);
	ck_assert_int_eq(vmd_mmap(fix.mm[0], &args, &addr), 0);
	ck_assert_uint_ne(addr, gap);
	args.len = bytes(8);
	ck_assert_int_eq(vmd_mmap(fix.mm[0], &args, &addr), 0);
	ck_assert_uint_eq(addr, gap);
}
END_TEST

START_TEST(without_room_there_is_no_memory)
{
	struct vmd_mmap_args args = good_args();
	vmd_va_t addr = 5;

	args.vm_ops = &midfix_driver_ops;
	args.vm_private_data = &fix.driver;
	args.len = VMD_TASK_SIZE;
	ck_assert_int_eq(vmd_mmap(fix.mm[0], &args, &addr), -ENOMEM);
	ck_assert_uint_eq(addr, 5);
}
END_TEST

START_TEST(a_failed_allocation_of_mmap_changes_nothing)
{
	struct vmd_mmap_args args = good_args();
	vmd_va_t addr = 5;

	midfix_fail_alloc(&fix, 1);
	ck_assert_int_eq(vmd_mmap(fix.mm[0], &args, &addr), -ENOMEM);
	midfix_fail_alloc(&fix, 0);

	ck_assert_uint_eq(addr, 5);
	ck_assert_uint_eq(vmd_mapping_nr_vmas(fix.mapping), 0);
}
END_TEST

/* I-10 */
START_TEST(every_failed_allocation_of_mm_create_leaves_nothing)
{
	uint64_t live = fix.hw->env.arena.nr_live;
	uint64_t used = fix.hw->ram.nr_used;
	struct vmd_mm *mm = NULL;
	int err = -ENOMEM;
	uint64_t nth;

	for (nth = 1; err; nth++) {
		midfix_fail_alloc(&fix, nth);
		err = vmd_mm_create(fix.machine, &mm);
		ck_assert_msg(!err || (err == -ENOMEM && !mm &&
				       fix.hw->env.arena.nr_live == live &&
				       fix.hw->ram.nr_used == used),
			      "request %lu: %d", nth, err);
	}
	midfix_fail_alloc(&fix, 0);
	ck_assert_uint_gt(nth, 3);
	vmd_mm_destroy(mm);
	vmd_mm_destroy(NULL);
}
END_TEST

/* FM-37 */
START_TEST(fm_37_munmap_gives_back_entries_tables_and_the_area)
{
	uint64_t used = fix.hw->ram.nr_used;
	struct midfix_area *area = MAP(&fix, .nr_pages = 1024);

	store_to(area, PAGES(0, 600, 1023));
	ck_assert_uint_gt(midfix_ctx(area)->nr_tables, 3);
	ck_assert_int_eq(unmap(area, 0, 1024), 0);

	ck_assert_uint_eq(midfix_ctx(area)->nr_tables, 0);
	ck_assert_uint_eq(fix.hw->ram.nr_used, used + 3); /* its own pages */
	ck_assert_uint_eq(vmd_mapping_nr_vmas(fix.mapping), 0);
	ck_assert_int_eq(midfix_try_load(area, 0), -EFAULT);
}
END_TEST

/* FM-37, SP-28: of PFN areas the flush comes before the notifier's end. */
START_TEST(fm_37_munmap_tells_subscribers_flushes_and_then_ends)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(3));

	midfix_listen(&fix);
	ck_assert_int_eq(unmap(area, 0, 16), 0);
	midfix_deaf(&fix);

	ck_assert_str_eq(midfix_story(&fix),
			 "start A[0,16) inc 0 flush A[0,16) dec 0 "
			 "flush A[0,16) end A[0,16)");
}
END_TEST

/* FM-37: D of special entries is lost; who wants it collects before. */
START_TEST(fm_37_munmap_discards_dirt)
{
	struct midfix_area *area = MAP(&fix, 0);
	struct midfix_area *again;
	struct midfix_span span;

	store_to(area, PAGES(3));
	ck_assert_int_eq(unmap(area, 0, 16), 0);
	again = MAP(&fix, 0);
	load_from(again, PAGES(3));

	midfix_span_init(&span, 0, 16);
	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(fix.mapping, 0,
								16, &span.span),
			  0);
}
END_TEST

/* Not in the kernel: the owner collects while the entries are still there. */
static void see_pre_unmap(struct vmd_vma *vma, vmd_va_t start, vmd_va_t end)
{
	struct midfix_driver *driver = vma->vm_private_data;
	struct midfix_span *span = driver->arg;

	ck_assert(vmd_held(&vma->vm_mm->mmap_lock.base, VMD_HELD_EXCLUSIVE));
	midfix_span_init(span, vmd_linear_page_index(vma, start),
			 (end - start) >> VMD_PAGE_SHIFT);
	(void)vmd_clean_record_shared_mapping_range(fix.mapping,
						    span->span.bitmap_pgoff,
						    span->span.nr_pages,
						    &span->span);
}

START_TEST(fm_37_pre_unmap_sees_the_entries_of_what_is_unmapped)
{
	struct vmd_vm_operations ops = midfix_driver_ops_no_mkwrite;
	static struct midfix_span span;
	struct midfix_area *area;

	ops.pre_unmap = see_pre_unmap;
	fix.driver.arg = &span;
	area = MAP(&fix, .pgoff = 32, .vm_ops = &ops,
		   .vm_private_data = &fix.driver);
	store_to(area, PAGES(2, 6, 9));
	ck_assert_int_eq(unmap(area, 5, 3), 0);

	ck_assert_uint_eq(span.span.bitmap_pgoff, 37);
	ck_assert_uint_eq(span.span.nr_pages, 3);
	assert_bits(&span, PAGES(1));
	assert_entry(area, 9, "PWAD-");
	ck_assert_int_eq(vmd_munmap(area->mm, 0, VMD_TASK_SIZE), 0);
}
END_TEST

static void see_close(struct midfix_driver *driver, struct vmd_vma *vma)
{
	unsigned int *nr_wrong = driver->arg;

	*nr_wrong += fix.mapping->nr_vmas != 0;
	*nr_wrong += vma->vm_mm->nr_vmas != 0;
	*nr_wrong += vma->vm_mm->context.nr_tables != 0;
}

START_TEST(fm_37_close_comes_last)
{
	unsigned int nr_wrong = 0;
	struct midfix_area *area = MAP(&fix, .vm_ops = &midfix_driver_ops,
				       .vm_private_data = &fix.driver);

	fix.driver.in_close = see_close;
	fix.driver.arg = &nr_wrong;
	load_from(area, PAGES(3));
	ck_assert_int_eq(unmap(area, 0, 16), 0);

	ck_assert_uint_eq(fix.driver.nr_close, 1);
	ck_assert_uint_eq(nr_wrong, 0);
}
END_TEST

START_TEST(a_hole_in_an_area_makes_two_that_show_the_same_pages_as_before)
{
	struct midfix_area *area = MAP(&fix, .pgoff = 100,
				       .vm_ops = &midfix_driver_ops,
				       .vm_private_data = &fix.driver);
	const struct vmd_vma *high;

	store_to(area, PAGES(2, 6, 12));
	ck_assert_int_eq(unmap(area, 5, 3), 0);

	vmd_mmap_read_lock(area->mm);
	high = vmd_find_vma(area->mm, midfix_addr(area, 5));
	vmd_mmap_read_unlock(area->mm);
	ck_assert_uint_eq(area->vma->vm_end, midfix_addr(area, 5));
	ck_assert_uint_eq(area->vma->vm_pgoff, 100);
	ck_assert_uint_eq(high->vm_start, midfix_addr(area, 8));
	ck_assert_uint_eq(high->vm_end, midfix_addr(area, 16));
	ck_assert_uint_eq(high->vm_pgoff, 108);
	ck_assert_uint_eq(vmd_mapping_nr_vmas(fix.mapping), 2);
	ck_assert_uint_eq(fix.driver.nr_open, 2); /* [5,8) and [8,16) */
	ck_assert_uint_eq(fix.driver.nr_close, 1);

	assert_entry(area, 2, "PWAD-");
	assert_entry(area, 12, "PWAD-");
	ck_assert_int_eq(midfix_try_load(area, 6), -EFAULT);
}
END_TEST

/* The reverse map follows a split: indices stay right (DH-3). */
START_TEST(i_6_after_a_split_the_reverse_map_finds_both_halves)
{
	struct midfix_area *area = MAP(&fix, .pgoff = 100);
	struct midfix_span span;

	store_to(area, PAGES(2, 12));
	ck_assert_int_eq(unmap(area, 5, 1), 0);

	midfix_span_init(&span, 100, 16);
	ck_assert_uint_eq(vmd_clean_record_shared_mapping_range(fix.mapping,
								100, 16,
								&span.span),
			  2);
	assert_bits(&span, PAGES(2, 12));
}
END_TEST

START_TEST(munmap_goes_over_gaps_and_several_areas)
{
	struct midfix_area *one = MAP(&fix, .addr = UINT64_C(1) << 30);
	struct midfix_area *two = MAP(&fix, .addr = UINT64_C(1) << 31);
	uint64_t len = two->addr + bytes(4) - midfix_addr(one, 12);

	store_to(one, PAGES(11, 12));
	store_to(two, PAGES(3, 4));
	ck_assert_int_eq(vmd_munmap(one->mm, midfix_addr(one, 12), len), 0);

	assert_entry(one, 11, "PWAD-");
	assert_entry(two, 4, "PWAD-");
	ck_assert_int_eq(midfix_try_load(one, 12), -EFAULT);
	ck_assert_int_eq(midfix_try_load(two, 3), -EFAULT);
	ck_assert_uint_eq(vmd_mapping_nr_vmas(fix.mapping), 2);
}
END_TEST

START_TEST(munmap_of_nothing_succeeds_and_tells_nobody)
{
	struct midfix_area *area = MAP(&fix, 0);

	midfix_listen(&fix);
	ck_assert_int_eq(unmap(area, 16, 100), 0);
	ck_assert_uint_eq(fix.nr_events, 0);
}
END_TEST

static const struct {
	vmd_va_t addr;
	uint64_t len;
} bad_unmaps[] = {
	{ 4097, 4096 },
	{ 4096, 0 },
	{ 0, VMD_TASK_SIZE + 1 },
	{ VMD_TASK_SIZE, 4096 },
	{ VMD_TASK_SIZE - 4096, 8192 },
	{ UINT64_MAX & VMD_PAGE_MASK, 4096 },
};

START_TEST(a_bad_range_cannot_be_unmapped)
{
	ck_assert_msg(vmd_munmap(fix.mm[0], bad_unmaps[_i].addr,
				 bad_unmaps[_i].len) == -EINVAL,
		      "%lx, %lx", bad_unmaps[_i].addr, bad_unmaps[_i].len);
	ck_assert_int_eq(vmd_munmap(NULL, 0, 4096), -EINVAL);
}
END_TEST

START_TEST(a_length_is_rounded_up_to_pages)
{
	struct midfix_area *area = MAP(&fix, 0);

	ck_assert_int_eq(vmd_munmap(area->mm, area->addr, 4097), 0);
	ck_assert_int_eq(midfix_try_load(area, 1), -EFAULT);
	ck_assert_int_eq(midfix_try_load(area, 2), 0);
}
END_TEST

/* Both ends are cut, so that two requests can fail. */
START_TEST(munmap_without_memory_to_split_unmaps_nothing)
{
	struct midfix_area *area = MAP(&fix, 0);

	store_to(area, PAGES(4, 5, 10));
	midfix_fail_alloc(&fix, (uint64_t)_i);
	ck_assert_int_eq(unmap(area, 5, 3), -ENOMEM);
	midfix_fail_alloc(&fix, 0);

	assert_entry(area, 4, "PWAD-");
	assert_entry(area, 5, "PWAD-");
	assert_entry(area, 10, "PWAD-");
	ck_assert_int_eq(unmap(area, 5, 3), 0);
	ck_assert_int_eq(midfix_try_load(area, 5), -EFAULT);
}
END_TEST

START_TEST(tables_that_a_neighbour_uses_stay)
{
	struct midfix_area *one = MAP(&fix, .addr = UINT64_C(1) << 30);
	struct midfix_area *two = MAP(&fix, .addr = midfix_addr(one, 16));
	struct midfix_area *far = MAP(&fix, .addr = UINT64_C(3) << 29);
	uint64_t faults;

	store_to(one, PAGES(1));
	store_to(two, PAGES(1));
	store_to(far, PAGES(1));
	faults = midfix_count(&fix, VMD_EV_FAULT);
	ck_assert_int_eq(unmap(one, 0, 16), 0);
	store_to(two, PAGES(1));
	store_to(far, PAGES(1));

	ck_assert_uint_eq(midfix_count(&fix, VMD_EV_FAULT), faults);
	ck_assert_uint_eq(midfix_ctx(two)->nr_tables, 4);
	ck_assert_int_eq(unmap(two, 0, 16), 0);
	ck_assert_uint_eq(midfix_ctx(two)->nr_tables, 3);
	ck_assert_int_eq(unmap(far, 0, 16), 0);
	ck_assert_uint_eq(midfix_ctx(two)->nr_tables, 0);
}
END_TEST

/* I-3: also a CPU that does not take part in the unmapping. */
START_TEST(i_3_after_munmap_no_cpu_uses_an_old_translation)
{
	struct midfix_area *area = MAP(&fix, 0);
	struct vmd_cpu *other = vmd_machine_cpu(fix.machine, 3);
	uint64_t value;

	store_to(area, PAGES(3));
	ck_assert_int_eq(vmd_cpu_switch_mm(other, area->mm), 0);
	ck_assert_int_eq(vmd_load_u64(other, midfix_addr(area, 3), &value), 0);
	ck_assert_int_eq(unmap(area, 0, 16), 0);

	ck_assert_int_eq(vmd_load_u64(other, midfix_addr(area, 3), &value),
			 -EFAULT);
}
END_TEST

START_TEST(destroying_an_mm_unmaps_and_unloads_it)
{
	struct vmd_cpu *cpu = vmd_machine_cpu(fix.machine, 1);
	struct midfix_area *area = MAP(&fix, .mm = 1,
				       .vm_ops = &midfix_driver_ops,
				       .vm_private_data = &fix.driver);

	store_to(area, PAGES(3));
	vmd_mm_destroy(fix.mm[1]);
	fix.nr_mms = 1;

	ck_assert_ptr_null(cpu->tlbstate.loaded_mm);
	ck_assert_uint_eq(fix.driver.nr_close, 1);
	ck_assert_uint_eq(vmd_mapping_nr_vmas(fix.mapping), 0);
	ck_assert_int_eq(midfix_try_store(area, 3), -EFAULT);
}
END_TEST

START_TEST(looking_for_an_area_without_the_lock_is_reported)
{
	(void)vmd_find_vma(fix.mm[0], 0);
	midfix_expect_bugs(&fix, 1);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, up, down);
	return tc;
}

static void add_mmap(TCase *tc)
{
	tcase_add_loop_test(tc, bad_arguments_are_refused_and_change_nothing, 0,
			    VMD_ARRAY_SIZE(bad));
	tcase_add_test(tc, missing_pointers_and_a_foreign_object_are_refused);
	tcase_add_loop_test(
		tc, sp_26_vm_flags_follow_from_sharing_rights_and_open_mode, 0,
		VMD_ARRAY_SIZE(kinds));
	tcase_add_test(
		tc,
		fm_51_new_entries_are_writable_unless_the_owner_wants_to_know);
	tcase_add_test(tc, a_fixed_address_that_is_taken_is_refused);
	tcase_add_test(tc, a_hint_is_followed_if_it_is_free);
	tcase_add_test(tc, a_gap_of_just_the_right_size_is_found);
	tcase_add_test(tc, without_room_there_is_no_memory);
	tcase_add_test(tc, a_failed_allocation_of_mmap_changes_nothing);
	tcase_add_test(tc, every_failed_allocation_of_mm_create_leaves_nothing);
	tcase_add_test(tc, looking_for_an_area_without_the_lock_is_reported);
}

static void add_munmap(TCase *tc)
{
	tcase_add_test(tc, fm_37_munmap_gives_back_entries_tables_and_the_area);
	tcase_add_test(tc,
		       fm_37_munmap_tells_subscribers_flushes_and_then_ends);
	tcase_add_test(tc, fm_37_munmap_discards_dirt);
	tcase_add_test(tc,
		       fm_37_pre_unmap_sees_the_entries_of_what_is_unmapped);
	tcase_add_test(tc, fm_37_close_comes_last);
	tcase_add_test(
		tc,
		a_hole_in_an_area_makes_two_that_show_the_same_pages_as_before);
	tcase_add_test(tc, i_6_after_a_split_the_reverse_map_finds_both_halves);
	tcase_add_test(tc, munmap_goes_over_gaps_and_several_areas);
	tcase_add_test(tc, munmap_of_nothing_succeeds_and_tells_nobody);
	tcase_add_loop_test(tc, a_bad_range_cannot_be_unmapped, 0,
			    VMD_ARRAY_SIZE(bad_unmaps));
	tcase_add_test(tc, a_length_is_rounded_up_to_pages);
	tcase_add_loop_test(tc, munmap_without_memory_to_split_unmaps_nothing,
			    1, 3);
	tcase_add_test(tc, tables_that_a_neighbour_uses_stay);
	tcase_add_test(tc, i_3_after_munmap_no_cpu_uses_an_old_translation);
	tcase_add_test(tc, destroying_an_mm_unmaps_and_unloads_it);
}

int main(void)
{
	Suite *suite = suite_create("mmap");

	add_mmap(add_case(suite, "mmap"));
	add_munmap(add_case(suite, "munmap"));
	return vmd_test_main(suite);
}
