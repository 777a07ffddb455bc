/* SPDX-License-Identifier: MIT */
/*
 * Machines: what they are made of, what they count and report, that nothing
 * is left of them, and that two of them never meet (D11, I-10, I-12).
 */
#include "upfix.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "base/report.h"

static struct up up;

static void setup(void)
{
	up_start(&up);
}

static void teardown(void)
{
	up_stop(&up);
}

/* Small, valid, and then what is said. */
#define CONFIG(...)                                                      \
	{                                                                \
		.size = sizeof(struct vmd_machine_config), .nr_cpus = 1, \
		.ram_pages = 64, __VA_ARGS__                             \
	}

static const struct vmd_machine_config bad_configs[] = {
	{ .size = 0, .nr_cpus = 1 },
	{ .size = sizeof(struct vmd_machine_config) - 1, .nr_cpus = 1 },
	{ .size = sizeof(struct vmd_machine_config) + 8, .nr_cpus = 1 },
	{ .size = sizeof(struct vmd_machine_config), .nr_cpus = 0 },
	{ .size = sizeof(struct vmd_machine_config), .nr_cpus = 65 },
	{ .size = sizeof(struct vmd_machine_config), .nr_cpus = ~0U },
	CONFIG(.flags = 1U << 9),
	CONFIG(.flags = ~0U),
	CONFIG(.tlb_entries = 1),
	CONFIG(.tlb_entries = 4),
	CONFIG(.tlb_entries = 24),
	CONFIG(.tlb_entries = 131072),
	CONFIG(.large_tlb_entries = 24),
	CONFIG(.psc_entries = 4),
	CONFIG(.levels = 3),
	CONFIG(.levels = 6),
	CONFIG(.maxphyaddr = 31),
	CONFIG(.maxphyaddr = 53),
	CONFIG(.features_off = 1U << 10),
	{ .size = sizeof(struct vmd_machine_config),
	  .nr_cpus = 1,
	  .maxphyaddr = 32,
	  .ram_pages = (UINT64_C(1) << 20) + 1 },
	{ .size = sizeof(struct vmd_machine_config),
	  .nr_cpus = 1,
	  .ram_pages = UINT64_C(1) << 34 },
	{ .size = sizeof(struct vmd_machine_config),
	  .nr_cpus = 1,
	  .ram_pages = ~UINT64_C(0) },
};

/* I-12 */
START_TEST(a_machine_is_not_made_of_nonsense)
{
	struct vmd_machine *machine = NULL;

	ck_assert_msg(vmd_machine_create(&bad_configs[_i], &machine) == -EINVAL,
		      "config %d", _i);

	ck_assert_ptr_null(machine);
}
END_TEST

START_TEST(a_machine_needs_a_config_and_somewhere_to_go)
{
	const struct vmd_machine_config config = CONFIG();
	struct vmd_machine *machine = NULL;

	ck_assert_int_eq(vmd_machine_create(NULL, &machine), -EINVAL);
	ck_assert_int_eq(vmd_machine_create(&config, NULL), -EINVAL);

	ck_assert_ptr_null(machine);
	vmd_machine_destroy(NULL);
}
END_TEST

static const struct vmd_machine_config good_configs[] = {
	CONFIG(.tlb_entries = 8),
	CONFIG(.tlb_entries = 65536),
	CONFIG(.flags = VMD_MACHINE_NO_TLB),
	CONFIG(.flags = VMD_MACHINE_NO_LINES),
	CONFIG(.flags = VMD_MACHINE_NO_TLB | VMD_MACHINE_NO_LINES),
	{ .size = sizeof(struct vmd_machine_config), .nr_cpus = 64 },
	{ .size = sizeof(struct vmd_machine_config), .nr_cpus = 1 },
};

START_TEST(a_machine_has_the_cpus_that_it_was_asked_for)
{
	const struct vmd_machine_config *config = &good_configs[_i];
	struct vmd_machine *machine = NULL;
	unsigned int id;

	ck_assert_msg(vmd_machine_create(config, &machine) == 0, "config %d",
		      _i);

	ck_assert_uint_eq(vmd_machine_nr_cpus(machine), config->nr_cpus);
	for (id = 0; id < config->nr_cpus; id++)
		ck_assert_ptr_nonnull(vmd_machine_cpu(machine, id));
	ck_assert_ptr_null(vmd_machine_cpu(machine, config->nr_cpus));
	ck_assert_ptr_null(vmd_machine_cpu(machine, ~0U));
	vmd_machine_destroy(machine);
}
END_TEST

/* I-10 */
START_TEST(a_machine_without_memory_leaves_nothing_behind)
{
	struct vmd_machine_config config = CONFIG();
	struct vmd_machine *machine = NULL;
	int err;

	config.nr_cpus = 2;
	do {
		config.fail_nth_alloc++;
		err = vmd_machine_create(&config, &machine);
		ck_assert_msg(err == 0 || (err == -ENOMEM && !machine),
			      "call %lu: %d",
			      (unsigned long)config.fail_nth_alloc, err);
	} while (err);

	ck_assert_uint_eq(vmd_machine_nr_allocs(machine),
			  config.fail_nth_alloc - 1);
	vmd_machine_destroy(machine);
}
END_TEST

static unsigned int nr_open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int nr = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		nr++;
	(void)closedir(dir);
	return nr;
}

static unsigned int nr_maps(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	unsigned int nr = 0;
	int c;

	ck_assert_ptr_nonnull(file);
	while ((c = fgetc(file)) != EOF)
		nr += c == '\n';
	(void)fclose(file);
	return nr;
}

static unsigned long resident_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	char line[128] = "";
	char *second = line;

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	(void)fclose(file);
	(void)strtoul(line, &second, 10); /* the first is the size */
	return strtoul(second, NULL, 10);
}

/* jemalloc's number of a machine's arena: a leaked arena counts it up. */
static unsigned int arena_index(struct vmd_machine *machine)
{
	return vmd_machine_hw(machine)->env.arena.index;
}

static unsigned int one_machine(void)
{
	const struct vmd_machine_config config = CONFIG();
	struct vmd_machine *machine = NULL;
	unsigned int index;

	UP_REQUIRE(vmd_machine_create(&config, &machine) == 0, "no machine");
	index = arena_index(machine);
	vmd_machine_destroy(machine);
	return index;
}

#define NR_MACHINES 10000UL

/*
 * jemalloc 5.3 itself keeps 4 KiB of each arena that is made and destroyed; a
 * leaked CPU would be 9 pages. A sanitizer keeps what is freed for a while, and
 * looks for leaks itself.
 */
#if defined(__SANITIZE_ADDRESS__)
#define MAX_RESIDENT_EACH 100
#else
#define MAX_RESIDENT_EACH 2
#endif

/* I-10 */
START_TEST(ten_thousand_machines_leave_nothing_behind)
{
	unsigned int files = nr_open_files();
	unsigned long resident;
	unsigned int maps;
	unsigned int index = 0;
	unsigned int i;

	for (i = 0; i < 100; i++)
		index = one_machine();
	maps = nr_maps();
	resident = resident_pages();
	for (i = 0; i < NR_MACHINES; i++)
		UP_REQUIRE(one_machine() <= index + 1,
			   "machine %u has a new arena", i);

	ck_assert_uint_eq(nr_open_files(), files);
	ck_assert_uint_le(nr_maps(), maps + 16);
	ck_assert_uint_le(resident_pages(),
			  resident + MAX_RESIDENT_EACH * NR_MACHINES);
}
END_TEST

/* The same with a device, areas and dirt. */
START_TEST(a_hundred_machines_with_everything_leave_nothing_behind)
{
	unsigned int files = nr_open_files();
	unsigned int maps = 0;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		struct up full;
		struct vmd_bo *bo;
		vmd_va_t base;

		if (i == 10)
			maps = nr_maps();
		up_start(&full);
		bo = up_tracked_bo(&full, 600, &vmd_dirty_policy_vmwgfx);
		base = up_map(&full, 0, bo);
		up_store(&full, 0, base, i, 1);
		up_submit_wait(&full, bo);
		vmd_bo_put(bo);
		up_stop(&full);
	}

	ck_assert_uint_eq(nr_open_files(), files);
	ck_assert_uint_le(nr_maps(), maps + 16);
}
END_TEST

/* D11: same addresses, same pages, other bytes. */
START_TEST(two_machines_do_not_see_each_others_memory)
{
	struct up other;
	struct vmd_bo *here = up_tracked_bo(&up, 8, &vmd_dirty_policy_mkwrite);
	struct vmd_bo *there;
	vmd_va_t in_here = up_map(&up, 0, here);
	vmd_va_t in_there;
	struct vmd_event_counts before;

	up_start(&other);
	there = up_tracked_bo(&other, 8, &vmd_dirty_policy_mkwrite);
	in_there = up_map(&other, 0, there);
	ck_assert_uint_eq(in_here, in_there);
	up_store(&up, 0, in_here, 0, 1);
	before = up_events(&up);
	up_store(&other, 0, in_there, 0, 2);
	up_submit_wait(&other, there);

	ck_assert_uint_eq(up_load(&up, 0, in_here, 0), 1);
	ck_assert_uint_eq(before.nr[VMD_EV_FAULT], up_event(&up, VMD_EV_FAULT));
	ck_assert_uint_eq(up_event(&up, VMD_EV_SUBMIT), 0);
	ck_assert_uint_eq(up_weight(here->tracker), 1);
	vmd_bo_put(there);
	up_stop(&other);
	vmd_bo_put(here);
}
END_TEST

/* D11, I-12 */
START_TEST(what_belongs_to_two_machines_is_refused)
{
	struct vmd_bo *bo = up_bo(&up, 8);
	vmd_va_t addr = 42;
	struct up other;

	up_start(&other);

	ck_assert_int_eq(vmd_cpu_switch_mm(up_cpu(&up, 0), other.mm[0]),
			 -EINVAL);
	ck_assert_int_eq(vmd_cpu_switch_mm(NULL, up.mm[0]), -EINVAL);
	ck_assert_int_eq(vmd_bo_mmap(bo, other.mm[0], 0, 8, &addr), -EINVAL);
	ck_assert_uint_eq(addr, 42);
	ck_assert_uint_eq(bo->ref_count, 1);
	up_stop(&other);
	vmd_bo_put(bo);
}
END_TEST

START_TEST(every_event_has_a_name_and_a_cause)
{
	unsigned int i;
	unsigned int k;

	for (i = 0; i < VMD_NR_EVENTS; i++) {
		const char *name = vmd_event_name((enum vmd_event)i);

		ck_assert_ptr_nonnull(name);
		ck_assert_ptr_nonnull(
			vmd_cause_name(vmd_event_cause((enum vmd_event)i)));
		for (k = 0; k < i; k++)
			ck_assert_str_ne(name,
					 vmd_event_name((enum vmd_event)k));
	}

	ck_assert_ptr_null(vmd_event_name(VMD_NR_EVENTS));
	ck_assert_ptr_null(vmd_cause_name(VMD_NR_CAUSES));
}
END_TEST

/* D7: the same input gives the same nanoseconds. */
START_TEST(virtual_time_is_events_times_costs)
{
	struct vmd_event_counts counts = { { 0 } };
	struct vmd_costs costs = { { 0 } };
	uint64_t ps[VMD_NR_CAUSES];

	counts.nr[VMD_EV_FAULT] = 3;
	costs.ps[VMD_EV_FAULT] = 662000;
	counts.nr[VMD_EV_TLB_FLUSH] = 2;
	costs.ps[VMD_EV_TLB_FLUSH] = 605000;
	counts.nr[VMD_EV_UPDATE_BYTE] = 4096;
	costs.ps[VMD_EV_UPDATE_BYTE] = 30;

	ck_assert_uint_eq(vmd_virtual_ps(&counts, &costs, ps), 3318880);
	ck_assert_uint_eq(ps[VMD_CAUSE_FAULT], 1986000);
	ck_assert_uint_eq(ps[VMD_CAUSE_FLUSH], 1210000);
	ck_assert_uint_eq(ps[VMD_CAUSE_UPDATE], 122880);
	ck_assert_uint_eq(ps[VMD_CAUSE_WALK] + ps[VMD_CAUSE_SCAN] +
				  ps[VMD_CAUSE_SUBMIT],
			  0);
}
END_TEST

/* One store in MKWRITE, submitted: each event of the way of a byte. */
START_TEST(events_are_counted_where_they_happen)
{
	struct vmd_bo *bo = up_tracked_bo(&up, 8, &vmd_dirty_policy_mkwrite);
	vmd_va_t base = up_map(&up, 0, bo);
	struct vmd_event_counts before = up_events(&up);
	struct vmd_event_counts after;

	up_store(&up, 0, base, 2, 1);
	up_submit_wait(&up, bo);
	after = up_events(&up);

	ck_assert_uint_eq(after.nr[VMD_EV_FAULT], 2);
	ck_assert_uint_eq(after.nr[VMD_EV_WRITE_FAULT], 2);
	ck_assert_uint_eq(after.nr[VMD_EV_MKWRITE], 1);
	ck_assert_uint_eq(after.nr[VMD_EV_PTE_INSTALL], 6);
	ck_assert_uint_eq(after.nr[VMD_EV_SCAN_CALL] -
				  before.nr[VMD_EV_SCAN_CALL],
			  1);
	ck_assert_uint_eq(after.nr[VMD_EV_PTE_VISIT], 1);
	ck_assert_uint_eq(after.nr[VMD_EV_PTE_WRPROTECT], 1);
	ck_assert_uint_eq(after.nr[VMD_EV_PTE_CLEAN], 0);
	ck_assert_uint_eq(after.nr[VMD_EV_TLB_FLUSH], 1);
	ck_assert_uint_eq(after.nr[VMD_EV_UPDATE_CMD], 1);
	ck_assert_uint_eq(after.nr[VMD_EV_UPDATE_BYTE], VMD_PAGE_SIZE);
	ck_assert_uint_eq(after.nr[VMD_EV_SUBMIT], 1);
	vmd_bo_put(bo);
}
END_TEST

START_TEST(a_warning_is_counted_and_handed_to_the_hook)
{
	vmd_warn(up_env(&up), VMD_HERE, "odd");
	vmd_warn(up_env(&up), VMD_HERE, "odd again");

	ck_assert_uint_eq(vmd_machine_nr_warnings(up.machine), 2);
	ck_assert_uint_eq(up_take_reports(&up), 2);
	ck_assert_uint_eq(up.reports.nr_bugs, 0);
	ck_assert_ptr_nonnull(strstr(up.reports.text, "odd again"));
	ck_assert_ptr_nonnull(strstr(up.reports.text, "test_machine.c"));
}
END_TEST

START_TEST(a_warning_without_a_hook_is_only_counted)
{
	const struct vmd_machine_config config = CONFIG();
	struct vmd_machine *machine = NULL;

	ck_assert_int_eq(vmd_machine_create(&config, &machine), 0);
	vmd_warn(&vmd_machine_hw(machine)->env, VMD_HERE, "odd");

	ck_assert_uint_eq(vmd_machine_nr_warnings(machine), 1);
	vmd_machine_destroy(machine);
}
END_TEST

START_TEST(requests_for_memory_are_counted_also_those_that_fail)
{
	uint64_t before = vmd_machine_nr_allocs(up.machine);
	struct vmd_mm *mm = NULL;

	up_fail_alloc(&up, 1);
	ck_assert_int_eq(vmd_mm_create(up.machine, &mm), -ENOMEM);

	ck_assert_uint_eq(vmd_machine_nr_allocs(up.machine), before + 1);
}
END_TEST

/* Stays reachable, so that a leak checker does not report it as well. */
static struct vmd_mapping *left_behind;

/* I-10: who destroys a machine too early is told. */
START_TEST(what_is_left_on_a_machine_is_reported)
{
	struct up_reports reports = { 0 };
	struct vmd_machine_config config = CONFIG();
	struct vmd_machine *machine = NULL;

	config.report = up_note_report;
	config.report_arg = &reports;
	ck_assert_int_eq(vmd_machine_create(&config, &machine), 0);
	ck_assert_int_eq(vmd_mapping_create(machine, 8, &left_behind), 0);
	vmd_machine_destroy(machine);

	ck_assert_uint_eq(reports.nr_bugs, 1);
	ck_assert_ptr_nonnull(strstr(reports.text, "2 allocations live"));
}
END_TEST

START_TEST(an_object_left_on_a_device_is_reported)
{
	struct vmd_bo *bo = up_bo(&up, 4);

	up.svga->nr_bos++; /* as if there were one more */
	vmd_bo_put(bo);
	vmd_svga_destroy(up.svga);
	up.svga->nr_bos--; /* it is still there, as if nothing had been said */

	ck_assert_uint_eq(up_take_reports(&up), 1);
	ck_assert_uint_eq(up.reports.nr_bugs, 1);
}
END_TEST

/* A program that was compiled with a header before or after ours. */
START_TEST(a_config_may_be_shorter_or_longer_than_ours)
{
	struct {
		struct vmd_machine_config config;
		uint64_t later;
	} newer = { CONFIG(), 0 };
	struct vmd_machine_config older = CONFIG(.fail_nth_alloc = 1);
	struct vmd_machine *machine = NULL;

	older.size = offsetof(struct vmd_machine_config, fail_nth_alloc);
	newer.config.size += sizeof(newer.later);

	ck_assert_int_eq(vmd_machine_create(&older, &machine), 0);
	vmd_machine_destroy(machine);
	ck_assert_int_eq(vmd_machine_create(&newer.config, &machine), 0);
	vmd_machine_destroy(machine);
	newer.later = 1;
	ck_assert_int_eq(vmd_machine_create(&newer.config, &machine), -EINVAL);
}
END_TEST

START_TEST(a_leak_without_a_hook_ends_the_program)
{
	const struct vmd_machine_config config = CONFIG();
	struct vmd_machine *machine = NULL;

	ck_assert_int_eq(vmd_machine_create(&config, &machine), 0);
	ck_assert_int_eq(vmd_mapping_create(machine, 8, &left_behind), 0);

	vmd_machine_destroy(machine);
}
END_TEST

START_TEST(the_library_says_which_one_it_is)
{
	char want[64];

	(void)snprintf(want, sizeof(want), "vmmdirty %d.%d.%d",
		       VMD_VERSION_MAJOR, VMD_VERSION_MINOR, VMD_VERSION_PATCH);

	ck_assert_str_eq(vmd_build(), want);
}
END_TEST

static void add_life(Suite *suite)
{
	TCase *tc = tcase_create("life");

	tcase_add_loop_test(tc, a_machine_is_not_made_of_nonsense, 0,
			    VMD_ARRAY_SIZE(bad_configs));
	tcase_add_test(tc, a_machine_needs_a_config_and_somewhere_to_go);
	tcase_add_loop_test(tc, a_machine_has_the_cpus_that_it_was_asked_for, 0,
			    VMD_ARRAY_SIZE(good_configs));
	tcase_add_test(tc, a_machine_without_memory_leaves_nothing_behind);
	tcase_add_test(tc, what_is_left_on_a_machine_is_reported);
	tcase_add_test(tc, a_warning_without_a_hook_is_only_counted);
	tcase_add_test(tc, the_library_says_which_one_it_is);
	suite_add_tcase(suite, tc);
}

static void add_leaks(Suite *suite)
{
	TCase *tc = tcase_create("leaks");

	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, ten_thousand_machines_leave_nothing_behind);
	tcase_add_test(tc,
		       a_hundred_machines_with_everything_leave_nothing_behind);
	suite_add_tcase(suite, tc);
}

static void add_counts(Suite *suite)
{
	TCase *tc = tcase_create("counts");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, two_machines_do_not_see_each_others_memory);
	tcase_add_test(tc, what_belongs_to_two_machines_is_refused);
	tcase_add_test(tc, every_event_has_a_name_and_a_cause);
	tcase_add_test(tc, virtual_time_is_events_times_costs);
	tcase_add_test(tc, events_are_counted_where_they_happen);
	tcase_add_test(tc, a_warning_is_counted_and_handed_to_the_hook);
	tcase_add_test(tc,
		       requests_for_memory_are_counted_also_those_that_fail);
	tcase_add_test(tc, an_object_left_on_a_device_is_reported);
	tcase_add_test(tc, a_config_may_be_shorter_or_longer_than_ours);
	suite_add_tcase(suite, tc);
}

int main(void)
{
	Suite *suite = suite_create("machine");

	add_life(suite);
	add_leaks(suite);
	add_counts(suite);
	tcase_add_test_raise_signal(vmd_death_case(suite),
				    a_leak_without_a_hook_ends_the_program,
				    SIGABRT);
	return vmd_test_main(suite);
}
