/* SPDX-License-Identifier: MIT */
/*
 * The fixture of the upper floors.
 */
#include "upfix.h"

#include <stdio.h>
#include <string.h>

#include <vmmdirty/pagewalk.h>

#include "base/bitmap.h"
#include "base/counter.h"
#include "mmu/pgtable.h"

#define SMALL_RAM (UINT64_C(1) << 16)

void up_note_report(void *arg, const struct vmd_report *report)
{
	struct up_reports *reports = arg;

	__atomic_fetch_add(&reports->nr, 1, __ATOMIC_RELAXED);
	if (report->kind == VMD_REPORT_BUG)
		__atomic_fetch_add(&reports->nr_bugs, 1, __ATOMIC_RELAXED);
	(void)snprintf(reports->text, sizeof(reports->text),
		       "%.120s:%d: %.120s", report->here.file,
		       report->here.line, report->text);
}

static void start_device(struct up *up, const struct up_options *options)
{
	const struct vmd_svga_config config = {
		.size = sizeof(config),
		.nr_pages = options->vram_pages ? options->vram_pages :
						  SMALL_RAM,
		.fifo_entries = options->fifo_entries,
	};

	ck_assert_int_eq(vmd_svga_create(up->machine, &config, &up->svga), 0);
}

void up_start_with(struct up *up, const struct up_options *options)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = options->nr_cpus ? options->nr_cpus : 2,
		.flags = options->flags,
		.ram_pages = options->ram_pages ? options->ram_pages :
						  SMALL_RAM,
		.report = up_note_report,
		.report_arg = &up->reports,
	};
	unsigned int i;

	*up = (struct up){ 0 };
	ck_assert_int_eq(vmd_machine_create(&config, &up->machine), 0);
	start_device(up, options);
	for (i = 0; i < UP_NR_MMS; i++)
		ck_assert_int_eq(vmd_mm_create(up->machine, &up->mm[i]), 0);
	for (i = 0; i < config.nr_cpus; i++)
		ck_assert_int_eq(vmd_cpu_switch_mm(up_cpu(up, i),
						   up->mm[i % UP_NR_MMS]),
				 0);
}

void up_start(struct up *up)
{
	const struct up_options defaults = { 0 };

	up_start_with(up, &defaults);
}

void up_stop(struct up *up)
{
	unsigned int i;

	for (i = 0; i < UP_NR_MMS; i++)
		vmd_mm_destroy(up->mm[i]);
	vmd_svga_destroy(up->svga);
	vmd_machine_destroy(up->machine);
	ck_assert_msg(up->reports.nr == 0, "%u reports, the last: %s",
		      up->reports.nr, up->reports.text);
}

unsigned int up_take_reports(struct up *up)
{
	return __atomic_exchange_n(&up->reports.nr, 0, __ATOMIC_RELAXED);
}

struct vmd_cpu *up_cpu(const struct up *up, unsigned int id)
{
	struct vmd_cpu *cpu = vmd_machine_cpu(up->machine, id);

	UP_REQUIRE(cpu, "no CPU %u", id);
	return cpu;
}

struct vmd_env *up_env(const struct up *up)
{
	return &vmd_machine_hw(up->machine)->env;
}

struct vmd_event_counts up_events(const struct up *up)
{
	struct vmd_event_counts counts;

	vmd_machine_events(up->machine, &counts);
	return counts;
}

uint64_t up_event(const struct up *up, enum vmd_event event)
{
	return up_events(up).nr[event];
}

void up_fail_alloc(struct up *up, uint64_t nth)
{
	struct vmd_arena *arena = &up_env(up)->arena;

	arena->fail_nth = nth ? vmd_counter_read(&arena->nr_calls) + nth : 0;
}

struct vmd_bo *up_bo(struct up *up, unsigned long nr_pages)
{
	struct vmd_bo *bo = NULL;

	ck_assert_int_eq(vmd_bo_create(up->svga, nr_pages, &bo), 0);
	return bo;
}

struct vmd_bo *up_tracked_bo(struct up *up, unsigned long nr_pages,
			     const struct vmd_dirty_policy *policy)
{
	struct vmd_bo *bo = up_bo(up, nr_pages);

	ck_assert_int_eq(vmd_bo_dirty_add(bo, policy), 0);
	return bo;
}

vmd_va_t up_map_range(struct up *up, unsigned int mm, struct vmd_bo *bo,
		      unsigned long first, unsigned long nr)
{
	vmd_va_t addr = 0;

	ck_assert_int_eq(vmd_bo_mmap(bo, up->mm[mm], first, nr, &addr), 0);
	return addr;
}

vmd_va_t up_map(struct up *up, unsigned int mm, struct vmd_bo *bo)
{
	return up_map_range(up, mm, bo, 0, vmd_bo_nr_pages(bo));
}

vmd_va_t up_map_ops(struct up *up, unsigned int mm, struct vmd_bo *bo,
		    uint64_t len, const struct vmd_vm_operations *ops,
		    uint64_t vm_flags)
{
	const struct vmd_mmap_args args = {
		.size = sizeof(args),
		.mapping = &up->svga->mapping,
		.pgoff = bo->node_start,
		.len = len,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED,
		.vm_flags = vm_flags,
		.vm_ops = ops,
		.vm_private_data = bo,
	};
	vmd_va_t addr = 0;

	vmd_bo_get(bo);
	ck_assert_int_eq(vmd_mmap(up->mm[mm], &args, &addr), 0);
	return addr;
}

void up_unmap(struct up *up, unsigned int mm, vmd_va_t addr,
	      unsigned long nr_pages)
{
	ck_assert_int_eq(vmd_munmap(up->mm[mm], addr,
				    (uint64_t)nr_pages << VMD_PAGE_SHIFT),
			 0);
}

void up_store(struct up *up, unsigned int cpu, vmd_va_t base,
	      unsigned long page, uint64_t value)
{
	int err = vmd_store_u64(up_cpu(up, cpu), base + page * VMD_PAGE_SIZE,
				value);

	UP_REQUIRE(err == 0, "store to page %lu: %d", page, err);
}

uint64_t up_load(struct up *up, unsigned int cpu, vmd_va_t base,
		 unsigned long page)
{
	uint64_t value = 0;
	int err = vmd_load_u64(up_cpu(up, cpu), base + page * VMD_PAGE_SIZE,
			       &value);

	UP_REQUIRE(err == 0, "load from page %lu: %d", page, err);
	return value;
}

uint64_t up_faults_of_store(struct up *up, vmd_va_t base, unsigned long page)
{
	uint64_t before = up_event(up, VMD_EV_FAULT);

	up_store(up, 0, base, page, before + 1);
	return up_event(up, VMD_EV_FAULT) - before;
}

struct vmd_submit_result
up_submit_all(struct up *up, const struct vmd_submit_bo *bos, size_t nr_bos)
{
	struct vmd_submit_result result = { 0 };

	ck_assert_int_eq(vmd_svga_submit(up->svga, up_cpu(up, 0), bos, nr_bos,
					 &result),
			 0);
	return result;
}

struct vmd_submit_result up_submit(struct up *up, struct vmd_bo *bo)
{
	const struct vmd_submit_bo use = { .bo = bo };

	return up_submit_all(up, &use, 1);
}

struct vmd_submit_result up_submit_wait(struct up *up, struct vmd_bo *bo)
{
	struct vmd_submit_result result = up_submit(up, bo);

	ck_assert_int_eq(vmd_fence_wait(up->svga, result.seqno), 0);
	return result;
}

void up_assert_equal(const struct vmd_bo *bo)
{
	unsigned long page = 0;
	bool differs = vmd_bo_first_difference(bo, &page);

	UP_REQUIRE(!differs, "I-1: page %lu of %lu is not on the device", page,
		   vmd_bo_nr_pages(bo));
}

vmd_pte_t up_pte(struct up *up, unsigned int mm, vmd_va_t base,
		 unsigned long page)
{
	const vmd_pte_t *slot = vmd_lookup_slot(&up->mm[mm]->context,
						base + page * VMD_PAGE_SIZE,
						VMD_LEVEL_PTE);

	return slot ? vmd_ptep_get(slot) : vmd_make_pte(0);
}

unsigned int up_count_ptes(struct up *up, unsigned int mm, vmd_va_t base,
			   unsigned long nr_pages)
{
	unsigned int nr = 0;
	unsigned long page;

	for (page = 0; page < nr_pages; page++)
		nr += !vmd_pte_none(up_pte(up, mm, base, page));
	return nr;
}

enum vmd_dirty_method up_method(struct vmd_bo *bo)
{
	enum vmd_dirty_method method = VMD_DIRTY_PAGETABLE;

	ck_assert_int_eq(vmd_bo_dirty_method(bo, &method), 0);
	return method;
}

bool up_bit(const struct vmd_tracker *tracker, unsigned long page)
{
	return vmd_test_bit(vmd_tracker_span(tracker)->bitmap, page);
}

unsigned long up_weight(const struct vmd_tracker *tracker)
{
	const struct vmd_dirty_span *span = vmd_tracker_span(tracker);

	return vmd_bitmap_weight(span->bitmap, span->nr_pages);
}

void up_check_window(const struct vmd_tracker *tracker)
{
	const struct vmd_dirty_span *span = vmd_tracker_span(tracker);
	unsigned long page;

	for (page = 0; page < span->nr_pages; page++)
		UP_REQUIRE(!up_bit(tracker, page) ||
				   (span->start <= page && page < span->end),
			   "VM-22: page %lu is outside [%lu, %lu)", page,
			   (unsigned long)span->start,
			   (unsigned long)span->end);
	if (span->start < span->end)
		ck_assert_uint_le(span->end, span->nr_pages);
}

struct entries {
	const struct vmd_bo *bo;
	bool *dirty; /* by page: some entry has D */
};

static int visit_area(vmd_va_t addr, vmd_va_t next, struct vmd_mm_walk *walk)
{
	(void)addr;
	(void)next;
	(void)walk;
	return VMD_WALK_VISIT;
}

static int look_at_entry(vmd_pte_t *pte, vmd_va_t addr, vmd_va_t next,
			 struct vmd_mm_walk *walk)
{
	struct entries *entries = walk->private_data;
	const struct vmd_bo *bo = entries->bo;
	vmd_pgoff_t page =
		vmd_linear_page_index(walk->vma, addr) - bo->node_start;
	vmd_pte_t entry = vmd_ptep_get(pte);

	(void)next;
	if (vmd_pte_none(entry))
		return 0;
	UP_REQUIRE(vmd_pte_pfn(entry) == bo->guest + page,
		   "page %lu shows another frame", (unsigned long)page);
	UP_REQUIRE(!vmd_pte_write(entry) || up_bit(bo->tracker, page) ||
			   vmd_tracker_method(bo->tracker) ==
				   VMD_DIRTY_PAGETABLE,
		   "VM-20: page %lu is writable and not recorded",
		   (unsigned long)page);
	entries->dirty[page] |= vmd_pte_dirty(entry);
	return 0;
}

void up_check_tracker(struct vmd_bo *bo, const bool *written)
{
	static const struct vmd_mm_walk_ops ops = {
		.test_walk = visit_area,
		.pte_entry = look_at_entry,
	};
	static bool dirty[1U << 16];
	struct entries entries = { bo, dirty };
	unsigned long page;

	ck_assert_uint_le(bo->nr_pages, VMD_ARRAY_SIZE(dirty));
	memset(dirty, 0, bo->nr_pages);
	vmd_i_mmap_lock_read(&bo->svga->mapping);
	ck_assert_int_eq(vmd_walk_page_mapping(&bo->svga->mapping,
					       bo->node_start, bo->nr_pages,
					       &ops, &entries),
			 0);
	vmd_i_mmap_unlock_read(&bo->svga->mapping);

	up_check_window(bo->tracker);
	for (page = 0; written && page < bo->nr_pages; page++)
		UP_REQUIRE(!written[page] || up_bit(bo->tracker, page) ||
				   (dirty[page] &&
				    vmd_tracker_method(bo->tracker) ==
					    VMD_DIRTY_PAGETABLE),
			   "VM-20, VM-21: page %lu was written and nobody "
			   "knows",
			   page);
}

static struct up_fake *to_fake(struct vmd_dirty_backend *backend)
{
	return vmd_container_of(backend, struct up_fake, backend);
}

static void note(struct up_fake *fake, enum up_op op, unsigned long first,
		 unsigned long nr)
{
	UP_REQUIRE(fake->nr_calls < UP_FAKE_CALLS, "too many calls");
	fake->calls[fake->nr_calls++] = (struct up_call){ op, first, nr };
}

static int fake_probe(struct vmd_dirty_backend *backend)
{
	return to_fake(backend)->probe_result;
}

static unsigned long fake_arm(struct vmd_dirty_backend *backend,
			      unsigned long first, unsigned long nr_pages)
{
	struct up_fake *fake = to_fake(backend);
	unsigned long i;

	note(fake, UP_ARM, first, nr_pages);
	for (i = first; i < first + nr_pages; i++) {
		fake->dirty[i] |= fake->dirty_at_arm[i];
		fake->dirty_at_arm[i] = false;
	}
	return fake->arm_result;
}

static unsigned long fake_collect(struct vmd_dirty_backend *backend,
				  unsigned long first, unsigned long nr_pages,
				  struct vmd_dirty_span *span)
{
	struct up_fake *fake = to_fake(backend);
	unsigned long nr_found = 0;
	unsigned long i;

	note(fake, UP_COLLECT, first, nr_pages);
	if (span->start >= span->end) { /* DH-12 */
		span->start = nr_pages;
		span->end = 0;
	}
	for (i = first; i < first + nr_pages; i++) {
		if (!fake->dirty[i])
			continue;
		fake->dirty[i] = false;
		nr_found++;
		vmd_set_bit(span->bitmap, i);
		span->start = i < span->start ? i : span->start;
		span->end = i + 1 > span->end ? i + 1 : span->end;
	}
	return nr_found;
}

static void fake_unmap(struct vmd_dirty_backend *backend, unsigned long first,
		       unsigned long nr_pages)
{
	note(to_fake(backend), UP_UNMAP, first, nr_pages);
}

void up_fake_init(struct up_fake *fake)
{
	static const struct vmd_dirty_backend_ops ops = {
		.name = "fake",
		.probe = fake_probe,
		.arm = fake_arm,
		.collect = fake_collect,
		.unmap = fake_unmap,
	};

	*fake = (struct up_fake){ .backend.ops = &ops };
}

void up_assert_calls(struct up_fake *fake, const struct up_call *calls,
		     unsigned int nr)
{
	unsigned int i;

	ck_assert_uint_eq(fake->nr_calls, nr);
	for (i = 0; i < nr; i++)
		UP_REQUIRE(fake->calls[i].op == calls[i].op &&
				   fake->calls[i].first == calls[i].first &&
				   fake->calls[i].nr == calls[i].nr,
			   "call %u is %d of [%lu, +%lu)", i,
			   (int)fake->calls[i].op, fake->calls[i].first,
			   fake->calls[i].nr);
	fake->nr_calls = 0;
}
