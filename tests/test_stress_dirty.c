/* SPDX-License-Identifier: MIT */
/*
 * DH-7 and DH-8 on real threads. Writers store to an object through three CPUs
 * and two address spaces; a scanner cleans, records, and copies what was
 * recorded, as a device would. What it would miss shows in the end: a page that
 * is not dirty and of which the copy is old. Beside them areas come and go,
 * with their tables, and with pages of which nobody keeps account.
 */
#include <pthread.h>
#include <string.h>

#include "base/rng.h"
#include "midfix.h"

#define NR_PAGES   2048
#define NR_STORES  10000
#define NR_WRITERS 3
#define NR_USEFUL  10 /* scans that find something, at least */
#define NR_MAPS	   100
#define NR_CHURNED 16 /* pages behind the others */
#define NR_ALL	   (NR_PAGES + NR_CHURNED)

static struct midfix fix;
static uint64_t copy[NR_PAGES]; /* under copy_lock */
static pthread_mutex_t copy_lock = PTHREAD_MUTEX_INITIALIZER;
static bool writers_are_done;

struct writer {
	pthread_t thread;
	struct vmd_cpu *cpu;
	const struct midfix_area *area[2]; /* of one address space */
	uint64_t rng;
	uint64_t nr_failed;
};

static struct writer writers[NR_WRITERS];

struct scanner {
	pthread_t thread;
	struct midfix_span span;
	uint64_t nr_scans;
	uint64_t nr_useful; /* of these, found something */
};

static struct scanner scanners[2];

/* What each round does beside cleaning, and how many scan. */
static const struct {
	const char *name;
	unsigned int nr_scanners;
	bool write_protect;
	bool all_of_it; /* else a window of the object at a time */
} modes[] = {
	{ "clean", 1, false, true },
	{ "write-protect and clean", 1, true, true },
	{ "windows", 1, true, false },
	{ "two scanners", 2, false, true },
	{ "two scanners that write-protect windows", 2, true, false },
};

static int mode;

static void up(void)
{
	vmd_va_t high = UINT64_C(1) << 40;
	struct vmd_mapping *object;
	unsigned int i;

	midfix_up(&fix, 2);
	ck_assert_int_eq(vmd_mapping_create(fix.machine, NR_ALL, &object), 0);
	(void)MAP(&fix, .mapping = object, .nr_pages = NR_PAGES,
		  .addr = high - (UINT64_C(1) << 22));
	(void)MAP(&fix, .mapping = object, .nr_pages = 1200, .pgoff = 700);
	(void)MAP(&fix, .mapping = object, .nr_pages = NR_PAGES, .mm = 1);
	(void)MAP(&fix, .mapping = object, .nr_pages = 900, .pgoff = 100,
		  .mm = 1, .addr = high);
	for (i = 2; i < MIDFIX_NR_CPUS; i++)
		ck_assert_int_eq(vmd_cpu_switch_mm(vmd_machine_cpu(fix.machine,
								   i),
						   fix.mm[i - 2]),
				 0);
	for (i = 0; i < NR_WRITERS; i++)
		writers[i] = (struct writer){
			.cpu = vmd_machine_cpu(fix.machine, i),
			.area = { &fix.area[i % 2 * 2],
				  &fix.area[i % 2 * 2 + 1] },
			.rng = i + 1,
		};
	memset(copy, 0, sizeof(copy));
	memset(scanners, 0, sizeof(scanners));
	writers_are_done = false;
}

static void down(void)
{
	struct vmd_mapping *object = fix.area[0].vma->vm_mapping;
	unsigned int i;

	for (i = 0; i < 2; i++)
		ck_assert_int_eq(vmd_munmap(fix.mm[i], 0, VMD_TASK_SIZE), 0);
	vmd_mapping_destroy(object);
	midfix_down(&fix);
}

static bool scanners_have_seen_enough(void)
{
	return VMD_READ_ONCE(scanners[0].nr_useful) +
		       VMD_READ_ONCE(scanners[1].nr_useful) >=
	       NR_USEFUL;
}

/* Some pages are hot, so that stores meet a D that is cached. */
static void *keep_storing(void *arg)
{
	struct writer *writer = arg;
	uint64_t i;

	for (i = 0; i < NR_STORES || !scanners_have_seen_enough(); i++) {
		uint64_t number = vmd_rng_next(&writer->rng);
		const struct midfix_area *area = writer->area[number & 1];
		uint64_t page = (number >> 1) % (number & 6 ? 8 : NR_PAGES);

		page %= area->nr_pages;
		writer->nr_failed += vmd_store_u64(writer->cpu,
						   midfix_addr(area, page),
						   number | 1) != 0;
	}
	return NULL;
}

/* Maps, stores and unmaps at ever other addresses; returns what failed. */
static void *keep_churning(void *arg)
{
	struct vmd_mapping *object = arg;
	struct vmd_cpu *cpu = vmd_machine_cpu(fix.machine, 3);
	uintptr_t nr_failed = 0;
	uint64_t i;

	for (i = 0; i < NR_MAPS; i++) {
		const struct vmd_mmap_args args = {
			.size = sizeof(args),
			.mapping = object,
			.pgoff = NR_PAGES,
			.len = NR_CHURNED << VMD_PAGE_SHIFT,
			.prot = VMD_PROT_READ | VMD_PROT_WRITE,
			.flags = VMD_MAP_SHARED | VMD_MAP_FIXED_NOREPLACE,
			.addr = (UINT64_C(1) << 45) + (i % 7 << 33),
		};
		vmd_va_t addr;

		nr_failed += vmd_mmap(fix.mm[1], &args, &addr) != 0;
		nr_failed += vmd_store_u64(cpu, args.addr + 8, i) != 0;
		nr_failed += vmd_munmap(fix.mm[1], args.addr, args.len) != 0;
	}
	return (void *)nr_failed;
}

static uint64_t read_page(const struct vmd_mapping *object, vmd_pgoff_t page)
{
	vmd_pfn_t pfn = vmd_load_acquire(&object->pfns[page]);

	if (!pfn)
		return 0;
	return __atomic_load_n((uint64_t *)vmd_pfn_to_virt(&fix.hw->ram, pfn),
			       __ATOMIC_RELAXED);
}

/* After the helper has flushed, so that what is not seen is dirty again. */
static void take_copies(const struct vmd_mapping *object,
			struct vmd_dirty_span *span)
{
	vmd_pgoff_t page = span->start;

	pthread_mutex_lock(&copy_lock);
	for (; page < span->end && page < NR_PAGES; page++)
		if (vmd_test_bit(span->bitmap, page))
			copy[page] = read_page(object, page);
	pthread_mutex_unlock(&copy_lock);
	memset(span->bitmap, 0, VMD_BITMAP_WORDS(NR_ALL) * sizeof(uint64_t));
	span->start = 0;
	span->end = 0;
}

static void scan(struct scanner *scanner)
{
	struct vmd_mapping *object = fix.area[0].vma->vm_mapping;
	vmd_pgoff_t first = 0;
	vmd_pgoff_t nr = NR_ALL;

	if (!modes[mode].all_of_it) {
		first = scanner->nr_scans * 37 % NR_ALL;
		nr = NR_ALL - first < 600 ? NR_ALL - first : 600;
	}
	scanner->nr_scans++;
	if (modes[mode].write_protect)
		(void)vmd_wp_shared_mapping_range(object, first, nr);
	if (vmd_clean_record_shared_mapping_range(object, first, nr,
						  &scanner->span.span))
		VMD_WRITE_ONCE(scanner->nr_useful, scanner->nr_useful + 1);
	take_copies(object, &scanner->span.span);
}

static void *keep_scanning(void *arg)
{
	struct scanner *scanner = arg;

	midfix_span_init(&scanner->span, 0, NR_ALL);
	do
		scan(scanner);
	while (!__atomic_load_n(&writers_are_done, __ATOMIC_ACQUIRE));
	return NULL;
}

static void run_threads(void)
{
	pthread_t churner;
	void *nr_failed;
	unsigned int i;

	ck_assert_int_eq(pthread_create(&churner, NULL, keep_churning,
					fix.area[0].vma->vm_mapping),
			 0);
	for (i = 0; i < modes[mode].nr_scanners; i++)
		ck_assert_int_eq(pthread_create(&scanners[i].thread, NULL,
						keep_scanning, &scanners[i]),
				 0);
	for (i = 0; i < NR_WRITERS; i++)
		ck_assert_int_eq(pthread_create(&writers[i].thread, NULL,
						keep_storing, &writers[i]),
				 0);
	for (i = 0; i < NR_WRITERS; i++)
		ck_assert_int_eq(pthread_join(writers[i].thread, NULL), 0);
	__atomic_store_n(&writers_are_done, true, __ATOMIC_RELEASE);
	for (i = 0; i < modes[mode].nr_scanners; i++)
		ck_assert_int_eq(pthread_join(scanners[i].thread, NULL), 0);
	ck_assert_int_eq(pthread_join(churner, &nr_failed), 0);
	ck_assert_ptr_null(nr_failed);
}

static bool is_dirty_somewhere(vmd_pgoff_t page)
{
	unsigned int i;

	for (i = 0; i < fix.nr_areas; i++) {
		const struct midfix_area *area = &fix.area[i];
		vmd_pgoff_t pgoff = area->vma->vm_pgoff;

		if (page >= pgoff && page < pgoff + area->nr_pages &&
		    vmd_pte_dirty(midfix_pte(area, page - pgoff)))
			return true;
	}
	return false;
}

START_TEST(dh_7_8_every_page_written_is_recorded_or_still_dirty)
{
	const struct vmd_mapping *object = fix.area[0].vma->vm_mapping;
	vmd_pgoff_t page;
	unsigned int i;

	mode = _i;
	run_threads();

	for (i = 0; i < NR_WRITERS; i++)
		ck_assert_uint_eq(writers[i].nr_failed, 0);
	for (page = 0; page < NR_PAGES; page++)
		ck_assert_msg(copy[page] == read_page(object, page) ||
				      is_dirty_somewhere(page),
			      "%s: page %lu was lost after %lu scans",
			      modes[mode].name, page, scanners[0].nr_scans);
}
END_TEST

/* And then one more call of the helper finds all that is left. */
START_TEST(dh_7_one_more_scan_at_rest_finds_all_that_is_left)
{
	const struct vmd_mapping *object = fix.area[0].vma->vm_mapping;
	vmd_pgoff_t page;

	mode = _i;
	run_threads();
	mode = 0;
	scan(&scanners[0]);

	for (page = 0; page < NR_PAGES; page++)
		ck_assert_msg(copy[page] == read_page(object, page) &&
				      !is_dirty_somewhere(page),
			      "%s: page %lu", modes[_i].name, page);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stress_dirty");
	TCase *tc = tcase_create("threads");

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
		tc, dh_7_8_every_page_written_is_recorded_or_still_dirty, 0,
		(int)VMD_ARRAY_SIZE(modes));
	tcase_add_loop_test(tc,
			    dh_7_one_more_scan_at_rest_finds_all_that_is_left,
			    0, (int)VMD_ARRAY_SIZE(modes));
	return vmd_test_main(suite);
}
