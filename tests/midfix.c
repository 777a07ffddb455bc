/* SPDX-License-Identifier: MIT */
/*
 * The machine of the middle floors' suites.
 */
#include "midfix.h"

#include <stdio.h>
#include <string.h>

#define NR_OBJECT_PAGES 1024

static void note_report(void *arg, const struct vmd_report *report)
{
	struct midfix *fix = arg;

	if (report->kind == VMD_REPORT_BUG)
		fix->nr_bugs++;
	else
		fix->nr_warnings++;
	(void)snprintf(fix->report, sizeof(fix->report), "%s", report->text);
}

static void note_event(struct vmd_hook *hook, enum vmd_hook_kind kind,
		       const void *object, uint64_t start, uint64_t end)
{
	struct midfix *fix = vmd_container_of(hook, struct midfix, hook);
	const struct midfix_event event = { kind, object, start, end };

	if (fix->in_event)
		return;
	if (fix->nr_events < MIDFIX_NR_EVENTS)
		fix->event[fix->nr_events] = event;
	fix->nr_events++;
	fix->in_event = true;
	if (fix->at_event)
		fix->at_event(fix, &event);
	fix->in_event = false;
}

void midfix_up(struct midfix *fix, unsigned int nr_mms)
{
	midfix_up_levels(fix, nr_mms, 4);
}

void midfix_up_levels(struct midfix *fix, unsigned int nr_mms,
		      unsigned int levels)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = MIDFIX_NR_CPUS,
		.ram_pages = 1U << 16,
		.report = note_report,
		.report_arg = fix,
		.levels = levels,
	};

	memset(fix, 0, sizeof(*fix));
	fix->hook.happens = note_event;
	ck_assert_int_eq(vmd_machine_create(&config, &fix->machine), 0);
	fix->hw = vmd_machine_hw(fix->machine);
	ck_assert_int_eq(vmd_mapping_create(fix->machine, NR_OBJECT_PAGES,
					    &fix->mapping),
			 0);
	for (; fix->nr_mms < nr_mms; fix->nr_mms++) {
		unsigned int i = fix->nr_mms;

		ck_assert_int_eq(vmd_mm_create(fix->machine, &fix->mm[i]), 0);
		ck_assert_int_eq(vmd_cpu_switch_mm(vmd_machine_cpu(fix->machine,
								   i),
						   fix->mm[i]),
				 0);
	}
}

void midfix_down(struct midfix *fix)
{
	midfix_deaf(fix);
	while (fix->nr_mms > 0)
		vmd_mm_destroy(fix->mm[--fix->nr_mms]);
	vmd_mapping_destroy(fix->mapping);
	vmd_machine_destroy(fix->machine);
	ck_assert_msg(fix->nr_bugs + fix->nr_warnings == 0, "reported: %s",
		      fix->report);
}

void midfix_expect_warnings(struct midfix *fix, unsigned int nr)
{
	ck_assert_msg(fix->nr_warnings == nr, "%u warnings, not %u: %s",
		      fix->nr_warnings, nr, fix->report);
	fix->nr_warnings = 0;
}

void midfix_expect_bugs(struct midfix *fix, unsigned int nr)
{
	ck_assert_msg(fix->nr_bugs == nr, "%u bugs, not %u: %s", fix->nr_bugs,
		      nr, fix->report);
	fix->nr_bugs = 0;
}

void midfix_fail_alloc(struct midfix *fix, uint64_t nth)
{
	struct vmd_arena *arena = &fix->hw->env.arena;

	arena->fail_nth = nth ? arena->nr_calls + nth : 0;
}

uint64_t midfix_count(const struct midfix *fix, enum vmd_event event)
{
	struct vmd_event_counts counts;

	vmd_machine_events(fix->machine, &counts);
	return counts.nr[event];
}

static struct vmd_vma *find_vma(struct vmd_mm *mm, vmd_va_t addr)
{
	struct vmd_vma *vma;

	vmd_mmap_read_lock(mm);
	vma = vmd_find_vma(mm, addr);
	vmd_mmap_read_unlock(mm);
	return vma;
}

struct midfix_area *midfix_map(struct midfix *fix,
			       const struct midfix_want *want)
{
	const uint64_t nr = want->nr_pages ? want->nr_pages : 16;
	const struct vmd_mmap_args args = {
		.size = sizeof(args),
		.mapping = want->mapping ? want->mapping : fix->mapping,
		.pgoff = want->pgoff,
		.len = nr << VMD_PAGE_SHIFT,
		.prot = VMD_PROT_READ |
			(want->read_only ? 0 : (unsigned int)VMD_PROT_WRITE),
		.flags = (want->flags ? want->flags : VMD_MAP_SHARED) |
			 (want->addr ? VMD_MAP_FIXED_NOREPLACE : 0),
		.addr = want->addr,
		.vm_flags = want->vm_flags,
		.vm_ops = want->vm_ops,
		.vm_private_data = want->vm_private_data,
	};
	struct midfix_area *area = &fix->area[fix->nr_areas];

	ck_assert_uint_lt(fix->nr_areas, MIDFIX_MAX_AREAS);
	*area = (struct midfix_area){
		.fix = fix,
		.mm = fix->mm[want->mm],
		.cpu = vmd_machine_cpu(fix->machine, want->mm),
		.nr_pages = nr,
	};
	ck_assert_int_eq(vmd_mmap(area->mm, &args, &area->addr), 0);
	area->vma = find_vma(area->mm, area->addr);
	fix->nr_areas++;
	return area;
}

int midfix_try_store(const struct midfix_area *area, uint64_t page)
{
	return vmd_store_u64(area->cpu, midfix_addr(area, page), page + 1);
}

int midfix_try_load(const struct midfix_area *area, uint64_t page)
{
	uint64_t value;

	return vmd_load_u64(area->cpu, midfix_addr(area, page), &value);
}

void store_to(const struct midfix_area *area, struct midfix_pages pages)
{
	unsigned int i;

	for (i = 0; i < pages.nr; i++)
		ck_assert_int_eq(midfix_try_store(area, pages.page[i]), 0);
}

void load_from(const struct midfix_area *area, struct midfix_pages pages)
{
	unsigned int i;

	for (i = 0; i < pages.nr; i++)
		ck_assert_int_eq(midfix_try_load(area, pages.page[i]), 0);
}

static vmd_pte_t *find_slot(const struct midfix_area *area, uint64_t page)
{
	return vmd_lookup_slot(midfix_ctx(area), midfix_addr(area, page),
			       VMD_LEVEL_PTE);
}

vmd_pte_t midfix_pte(const struct midfix_area *area, uint64_t page)
{
	const vmd_pte_t *slot = find_slot(area, page);

	return slot ? vmd_ptep_get(slot) : vmd_make_pte(0);
}

void midfix_change_pte(const struct midfix_area *area, uint64_t page,
		       uint64_t set, uint64_t clear)
{
	vmd_pte_t *slot = find_slot(area, page);

	ck_assert_ptr_nonnull(slot);
	(void)vmd_fetch_and(&slot->val, ~clear);
	(void)vmd_fetch_or(&slot->val, set);
}

void midfix_forget(const struct midfix_area *area, uint64_t page)
{
	vmd_va_t addr = midfix_addr(area, page);
	vmd_pte_t *slot = find_slot(area, page);

	if (slot)
		(void)vmd_ptep_get_and_clear(slot);
	vmd_flush_tlb_range(midfix_ctx(area), addr, addr + VMD_PAGE_SIZE);
}

void midfix_put_entry(const struct midfix_area *area, uint64_t page, int level,
		      uint64_t entry)
{
	vmd_pte_t *slot = vmd_alloc_slot(midfix_ctx(area),
					 midfix_addr(area, page), level);

	ck_assert_ptr_nonnull(slot);
	vmd_set_pte(slot, vmd_make_pte(entry));
}

struct midfix_bits midfix_bits(const struct midfix_area *area, uint64_t page)
{
	static const struct {
		uint64_t bit;
		char letter;
	} letters[] = {
		{ VMD_PAGE_PRESENT, 'P' },     { VMD_PAGE_RW, 'W' },
		{ VMD_PAGE_ACCESSED, 'A' },    { VMD_PAGE_DIRTY, 'D' },
		{ VMD_PAGE_SAVED_DIRTY, 'S' },
	};
	uint64_t entry = midfix_pte(area, page).val;
	struct midfix_bits bits = { "" };
	unsigned int i;

	for (i = 0; i < VMD_ARRAY_SIZE(letters); i++)
		(void)snprintf(&bits.text[i], sizeof(bits.text) - i, "%c",
			       entry & letters[i].bit ? letters[i].letter :
							'-');
	return bits;
}

void midfix_span_init(struct midfix_span *span, vmd_pgoff_t bitmap_pgoff,
		      vmd_pgoff_t nr_pages)
{
	memset(span, 0, sizeof(*span));
	ck_assert_uint_le(nr_pages, MIDFIX_NR_BITS);
	span->span.bitmap = span->words;
	span->span.bitmap_pgoff = bitmap_pgoff;
	span->span.nr_pages = nr_pages;
}

static bool is_one_of(vmd_pgoff_t page, struct midfix_pages pages)
{
	unsigned int i;

	for (i = 0; i < pages.nr; i++)
		if (pages.page[i] == page)
			return true;
	return false;
}

void assert_bits(const struct midfix_span *span, struct midfix_pages pages)
{
	vmd_pgoff_t bit;

	for (bit = 0; bit < MIDFIX_NR_BITS; bit++)
		ck_assert_msg(vmd_test_bit(span->words, bit) ==
				      is_one_of(bit, pages),
			      "bit %lu is %s", bit,
			      is_one_of(bit, pages) ? "clear" : "set");
}

void assert_window(const struct midfix_span *span, vmd_pgoff_t start,
		   vmd_pgoff_t end)
{
	ck_assert_msg(span->span.start == start && span->span.end == end,
		      "the window is [%lu,%lu), not [%lu,%lu)",
		      span->span.start, span->span.end, start, end);
}

void midfix_listen(struct midfix *fix)
{
	fix->nr_events = 0;
	fix->hw->env.hook = &fix->hook;
}

void midfix_deaf(struct midfix *fix)
{
	fix->hw->env.hook = NULL;
}

/* The newest area that holds @addr; areas never move. */
static int find_area(const struct midfix *fix, const void *mm, uint64_t addr)
{
	unsigned int i;

	for (i = fix->nr_areas; i > 0; i--) {
		const struct midfix_area *area = &fix->area[i - 1];

		if (area->mm == mm && addr >= area->addr &&
		    addr < midfix_addr(area, area->nr_pages))
			return (int)i - 1;
	}
	return -1;
}

static unsigned int find_mm(const struct midfix *fix, const void *mm)
{
	unsigned int i;

	for (i = 0; i < fix->nr_mms; i++)
		if (fix->mm[i] == mm)
			return i;
	return MIDFIX_MAX_MMS;
}

/* struct vmd_mm begins with its context: one address names both. */
_Static_assert(offsetof(struct vmd_mm, context) == 0, "see note_event()");

void midfix_tell(const struct midfix *fix, unsigned int i, char *text,
		 size_t size)
{
	static const char *const words[] = { "start", "end", "inc",
					     "dec",   "pte", "flush" };
	const struct midfix_event *event = &fix->event[i];
	int area = find_area(fix, event->object, event->start);
	vmd_va_t base;

	if (event->kind == VMD_HOOK_PENDING_INC ||
	    event->kind == VMD_HOOK_PENDING_DEC) {
		(void)snprintf(text, size, "%s %u", words[event->kind],
			       find_mm(fix, event->object));
		return;
	}
	if (area < 0) {
		(void)snprintf(text, size, "%s ?", words[event->kind]);
		return;
	}
	base = fix->area[area].addr;
	(void)snprintf(text, size, "%s %c[%d,%d)", words[event->kind],
		       'A' + area,
		       (int)((event->start - base) >> VMD_PAGE_SHIFT),
		       (int)((event->end - base) >> VMD_PAGE_SHIFT));
}

const char *midfix_story(struct midfix *fix)
{
	size_t at = 0;
	unsigned int i;

	fix->story[0] = '\0';
	for (i = 0; i < fix->nr_events; i++) {
		char text[64];

		midfix_tell(fix, i, text, sizeof(text));
		at += (size_t)snprintf(fix->story + at, sizeof(fix->story) - at,
				       "%s%s", i ? " " : "", text);
		ck_assert_uint_lt(at, sizeof(fix->story));
	}
	return fix->story;
}

unsigned int midfix_count_events(const struct midfix *fix,
				 enum vmd_hook_kind kind)
{
	unsigned int nr = 0;
	unsigned int i;

	for (i = 0; i < fix->nr_events && i < MIDFIX_NR_EVENTS; i++)
		nr += fix->event[i].kind == kind;
	return nr;
}

static vmd_vm_fault_t take_answer(vmd_vm_fault_t *answer)
{
	vmd_vm_fault_t taken = *answer;

	*answer = 0;
	return taken;
}

static vmd_vm_fault_t driver_fault(struct vmd_vm_fault *vmf)
	vmd_no_context_analysis("RETRY drops the caller's mmap_lock")
{
	struct midfix_driver *driver = vmf->vma->vm_private_data;
	vmd_vm_fault_t answer = take_answer(&driver->fault_answer);
	vmd_pfn_t pfn;

	driver->flags = vmf->flags;
	driver->pgoff = vmf->pgoff;
	if (driver->nr_fault++ == 0 && driver->in_fault)
		driver->in_fault(driver, vmf);
	if (answer & VMD_VM_FAULT_RETRY)
		vmd_mmap_read_unlock(vmf->vma->vm_mm);
	if (answer)
		return answer;
	pfn = vmd_mapping_get_pfn(vmf->vma->vm_mapping, vmf->pgoff);
	return vmd_vmf_insert_pfn_prot(vmf->vma, vmf->address, pfn,
				       vmf->vma->vm_page_prot);
}

static vmd_vm_fault_t driver_mkwrite(struct vmd_vm_fault *vmf)
{
	struct midfix_driver *driver = vmf->vma->vm_private_data;

	driver->flags = vmf->flags;
	driver->pgoff = vmf->pgoff;
	if (driver->nr_mkwrite++ == 0 && driver->in_mkwrite)
		driver->in_mkwrite(driver, vmf);
	return take_answer(&driver->mkwrite_answer);
}

static void driver_open(struct vmd_vma *vma)
{
	struct midfix_driver *driver = vma->vm_private_data;

	driver->nr_open++;
}

static void driver_close(struct vmd_vma *vma)
{
	struct midfix_driver *driver = vma->vm_private_data;

	driver->nr_close++;
	if (driver->in_close)
		driver->in_close(driver, vma);
}

const struct vmd_vm_operations midfix_driver_ops = {
	.open = driver_open,
	.close = driver_close,
	.fault = driver_fault,
	.pfn_mkwrite = driver_mkwrite,
};

const struct vmd_vm_operations midfix_driver_ops_no_mkwrite = {
	.open = driver_open,
	.close = driver_close,
	.fault = driver_fault,
};
