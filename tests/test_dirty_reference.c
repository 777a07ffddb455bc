/* SPDX-License-Identifier: MIT */
/*
 * D13: the bulk form of the two dirty helpers against the form that the kernel
 * has, written here out of the walk's pte_entry callback. Two machines are made
 * from one seed; one form runs on each; everything that can be seen afterwards
 * is the same: counts, entries, bits, window, events with their ranges.
 *
 * TEST_SEED=n runs that seed alone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/rng.h"
#include "midfix.h"

#define NR_SEEDS 30
#define NR_CALLS 10
#define NR_PAGES 1024 /* of the object */

/* What a callback of either helper finds in its walk. */
struct reference {
	struct vmd_env *env;
	struct vmd_dirty_span *span;
	struct vmd_mmu_notifier_range range;
	vmd_va_t tlbflush_start;
	vmd_va_t tlbflush_end;
	unsigned long total;
};

static void note_change(struct reference *ref, const struct vmd_mm_walk *walk,
			vmd_va_t addr, vmd_va_t end)
{
	ref->total++;
	if (addr < ref->tlbflush_start)
		ref->tlbflush_start = addr;
	if (end > ref->tlbflush_end)
		ref->tlbflush_end = end;
	vmd_hook_call(ref->env->hook, VMD_HOOK_PTE_CHANGE, walk->mm, addr, end);
}

/* mm/mapping_dirty_helpers.c: wp_pte(); present is asked first (SP-9). */
static int wp_pte(vmd_pte_t *pte, vmd_va_t addr, vmd_va_t end,
		  struct vmd_mm_walk *walk)
{
	struct reference *ref = walk->private_data;
	vmd_pte_t ptent = vmd_ptep_get(pte);
	vmd_pte_t old;

	if (!vmd_pte_present(ptent) || !vmd_pte_write(ptent))
		return 0;
	old = vmd_ptep_modify_prot_start(pte);
	ptent = vmd_pte_wrprotect(old);
	vmd_ptep_modify_prot_commit(pte, ptent);
	note_change(ref, walk, addr, end);
	return 0;
}

/* mm/mapping_dirty_helpers.c: clean_record_pte(). */
static int clean_record_pte(vmd_pte_t *pte, vmd_va_t addr, vmd_va_t end,
			    struct vmd_mm_walk *walk)
{
	struct reference *ref = walk->private_data;
	struct vmd_dirty_span *span = ref->span;
	vmd_pte_t ptent = vmd_ptep_get(pte);
	vmd_pgoff_t pgoff;
	vmd_pte_t old;

	if (!vmd_pte_present(ptent) || !vmd_pte_dirty(ptent))
		return 0;
	pgoff = ((addr - walk->vma->vm_start) >> VMD_PAGE_SHIFT) +
		walk->vma->vm_pgoff - span->bitmap_pgoff;
	old = vmd_ptep_modify_prot_start(pte);
	ptent = vmd_pte_mkclean(old);
	vmd_ptep_modify_prot_commit(pte, ptent);
	note_change(ref, walk, addr, end);
	span->bitmap[pgoff / 64] |= UINT64_C(1) << (pgoff % 64);
	span->start = pgoff < span->start ? pgoff : span->start;
	span->end = pgoff + 1 > span->end ? pgoff + 1 : span->end;
	return 0;
}

/* wp_clean_pmd_entry() and wp_clean_pud_entry(), without splitting. */
static int upper_entry(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t end,
		       struct vmd_mm_walk *walk)
{
	const struct reference *ref = walk->private_data;
	vmd_pte_t entry = vmd_ptep_get(slot);

	(void)addr;
	(void)end;
	if (vmd_pmd_leaf(entry)) {
		if (vmd_pte_write(entry) || vmd_pte_dirty(entry))
			vmd_warn(ref->env, VMD_HERE, "a leaf is W or dirty");
		walk->action = VMD_ACTION_CONTINUE;
	}
	return 0;
}

/* wp_clean_test_walk() */
static int test_walk(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk)
{
	uint64_t flags = walk->vma->vm_flags;

	(void)start;
	(void)end;
	if (!(flags & VMD_VM_SHARED) || !(flags & VMD_VM_MAYWRITE) ||
	    (flags & VMD_VM_HUGETLB))
		return VMD_WALK_SKIP;
	return VMD_WALK_VISIT;
}

/* wp_clean_pre_vma() */
static int pre_vma(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk)
{
	struct reference *ref = walk->private_data;

	ref->tlbflush_start = end;
	ref->tlbflush_end = start;
	ref->range.mm = walk->mm;
	ref->range.start = start;
	ref->range.end = end;
	ref->range.event = VMD_MMU_NOTIFY_PROTECTION_PAGE;
	vmd_mmu_notifier_invalidate_range_start(&walk->mm->notifiers,
						&ref->range);
	vmd_inc_tlb_flush_pending(&walk->mm->context);
	return 0;
}

/* wp_clean_post_vma() */
static void post_vma(struct vmd_mm_walk *walk)
{
	struct reference *ref = walk->private_data;
	struct vmd_mm_context *ctx = &walk->mm->context;

	if (vmd_tlb_flush_nested(ctx))
		vmd_flush_tlb_range(ctx, ref->range.start, ref->range.end);
	else if (ref->tlbflush_end > ref->tlbflush_start)
		vmd_flush_tlb_range(ctx, ref->tlbflush_start,
				    ref->tlbflush_end);
	vmd_mmu_notifier_invalidate_range_end(&walk->mm->notifiers,
					      &ref->range);
	vmd_dec_tlb_flush_pending(ctx);
}

static unsigned long run_reference(struct vmd_mapping *mapping,
				   vmd_pgoff_t first, vmd_pgoff_t nr,
				   struct vmd_dirty_span *span)
{
	const struct vmd_mm_walk_ops ops = {
		.test_walk = test_walk,
		.pre_vma = pre_vma,
		.post_vma = post_vma,
		.pud_entry = upper_entry,
		.pmd_entry = upper_entry,
		.pte_entry = span ? clean_record_pte : wp_pte,
	};
	struct reference ref = { .env = &mapping->hw->env, .span = span };

	if (span && span->start >= span->end) {
		span->start = nr;
		span->end = 0;
	}
	vmd_i_mmap_lock_read(mapping);
	ck_assert_int_eq(vmd_walk_page_mapping(mapping, first, nr, &ops, &ref),
			 0);
	vmd_i_mmap_unlock_read(mapping);
	return ref.total;
}

static unsigned long run_bulk(struct vmd_mapping *mapping, vmd_pgoff_t first,
			      vmd_pgoff_t nr, struct vmd_dirty_span *span)
{
	if (!span)
		return vmd_wp_shared_mapping_range(mapping, first, nr);
	return vmd_clean_record_shared_mapping_range(mapping, first, nr, span);
}

/* Two of everything: [0] is for the bulk form, [1] for the reference. */
static struct midfix fix[2];
static struct midfix_span span[2];
static uint64_t seed;

static uint64_t below(uint64_t *rng, uint64_t limit)
{
	return vmd_rng_next(rng) % limit;
}

static void map_something(struct midfix *f, uint64_t *rng)
{
	struct midfix_want want = { .mm = (unsigned int)below(rng, 3) };

	want.nr_pages = 1 + below(rng, NR_PAGES);
	want.pgoff = below(rng, NR_PAGES - want.nr_pages + 1);
	want.read_only = below(rng, 4) == 0;
	switch (below(rng, 8)) {
	case 0:
		want.flags = VMD_MAP_SHARED | VMD_MAP_O_RDONLY;
		want.read_only = true;
		break;
	case 1:
		want.flags = VMD_MAP_PRIVATE;
		want.read_only = true;
		break;
	case 2:
		want.vm_flags = VMD_VM_HUGETLB;
		break;
	default:
		break;
	}
	(void)midfix_map(f, &want);
}

/* Any bits that a PTE may have; one in four is none, some are not present. */
static void fill_slot(const struct midfix_area *area, uint64_t page,
		      uint64_t *rng)
{
	const uint64_t any = VMD_PAGE_RW | VMD_PAGE_ACCESSED | VMD_PAGE_DIRTY |
			     VMD_PAGE_SAVED_DIRTY | VMD_PAGE_SOFT_DIRTY |
			     VMD_PAGE_UFFD_WP | VMD_PAGE_NX;
	uint64_t bits = (vmd_rng_next(rng) & any) | VMD_PAGE_USER |
			VMD_PAGE_SPECIAL | ((page + 1) << VMD_PAGE_SHIFT);

	if (below(rng, 4) == 0)
		return;
	if (below(rng, 8))
		bits |= VMD_PAGE_PRESENT;
	if (bits & VMD_PAGE_RW)
		bits &= ~VMD_PAGE_SAVED_DIRTY;
	else
		bits &= ~VMD_PAGE_DIRTY;
	midfix_put_entry(area, page, VMD_LEVEL_PTE, bits);
}

/* The table that follows from @rng alone. */
static void fill(struct midfix *f, uint64_t rng)
{
	uint64_t nr_areas = 1 + below(&rng, 8);
	uint64_t density = 1 + below(&rng, 40);
	uint64_t page;
	unsigned int i;

	for (i = 0; i < nr_areas; i++)
		map_something(f, &rng);
	for (i = 0; i < f->nr_areas; i++)
		for (page = below(&rng, density); page < f->area[i].nr_pages;
		     page += 1 + below(&rng, density))
			fill_slot(&f->area[i], page, &rng);
}

static void up(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		midfix_up(&fix[i], 3);
}

static void down(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		midfix_down(&fix[i]);
}

static void compare_entries(unsigned int call)
{
	unsigned int i;
	uint64_t page;

	for (i = 0; i < fix[0].nr_areas; i++)
		for (page = 0; page < fix[0].area[i].nr_pages; page++)
			ck_assert_msg(vmd_pte_same(midfix_pte(&fix[0].area[i],
							      page),
						   midfix_pte(&fix[1].area[i],
							      page)),
				      "seed %lu, call %u: area %c, page %lu",
				      seed, call, 'A' + (int)i, page);
}

static unsigned int mm_of(const struct midfix *f, unsigned int event)
{
	unsigned int i = 0;

	while (f->mm[i] != f->event[event].object)
		ck_assert_uint_lt(++i, f->nr_mms);
	return i;
}

static bool same_event(unsigned int i)
{
	const struct midfix_event *a = &fix[0].event[i];
	const struct midfix_event *b = &fix[1].event[i];

	return a->kind == b->kind && a->start == b->start && a->end == b->end &&
	       mm_of(&fix[0], i) == mm_of(&fix[1], i);
}

static void compare_events(unsigned int call)
{
	char text[2][64];
	unsigned int i;

	ck_assert_uint_le(fix[0].nr_events, MIDFIX_NR_EVENTS);
	for (i = 0; i < fix[0].nr_events; i++) {
		if (i < fix[1].nr_events && same_event(i))
			continue;
		midfix_tell(&fix[0], i, text[0], sizeof(text[0]));
		midfix_tell(&fix[1], i, text[1], sizeof(text[1]));
		ck_abort_msg("seed %lu, call %u, event %u: %s, not %s", seed,
			     call, i, text[0], text[1]);
	}
	ck_assert_msg(fix[0].nr_events == fix[1].nr_events,
		      "seed %lu, call %u: %u events, not %u", seed, call,
		      fix[0].nr_events, fix[1].nr_events);
}

static void compare(unsigned int call)
{
	compare_events(call);
	ck_assert_msg(!memcmp(span[0].words, span[1].words,
			      sizeof(span[0].words)),
		      "seed %lu, call %u: bits differ", seed, call);
	ck_assert_msg(span[0].span.start == span[1].span.start &&
			      span[0].span.end == span[1].span.end,
		      "seed %lu, call %u: windows differ", seed, call);
	ck_assert_msg(fix[0].nr_warnings == fix[1].nr_warnings,
		      "seed %lu, call %u: warnings differ", seed, call);
	compare_entries(call);
}

/* One call of either helper, on both machines. */
static void call_both(unsigned int call, uint64_t *rng)
{
	vmd_pgoff_t base = span[0].span.bitmap_pgoff;
	vmd_pgoff_t first = base + below(rng, NR_PAGES - base);
	vmd_pgoff_t nr = below(rng, NR_PAGES - first + 1);
	bool cleaning = below(rng, 2);
	bool nested = below(rng, 4) == 0;
	unsigned long total[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct vmd_mm_context *ctx = &fix[i].mm[0]->context;

		if (nested)
			vmd_inc_tlb_flush_pending(ctx);
		midfix_listen(&fix[i]);
		total[i] = (i ? run_reference :
				run_bulk)(fix[i].mapping, first, nr,
					  cleaning ? &span[i].span : NULL);
		midfix_deaf(&fix[i]);
		if (nested)
			vmd_dec_tlb_flush_pending(ctx);
	}
	ck_assert_msg(total[0] == total[1],
		      "seed %lu, call %u: %lu entries, not %lu", seed, call,
		      total[0], total[1]);
	compare(call);
}

static void compare_a_seed(void)
{
	uint64_t rng = seed;
	vmd_pgoff_t base = below(&rng, 2) ? below(&rng, 500) : 0;
	unsigned int call;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		fill(&fix[i], seed);
		midfix_span_init(&span[i], base, NR_PAGES - base);
	}
	for (call = 0; call < NR_CALLS; call++)
		call_both(call, &rng);
}

START_TEST(d_13_the_bulk_form_does_what_the_callback_form_does)
{
	const char *wanted = getenv("TEST_SEED");

	seed = wanted ? strtoul(wanted, NULL, 0) : (uint64_t)_i;
	compare_a_seed();
}
END_TEST

/* A comparison that compared nothing would pass: this one has to differ. */
START_TEST(the_comparison_sees_what_it_should_compare)
{
	uint64_t nr_events = 0;
	uint64_t nr_flushes = 0;
	uint64_t nr_bits = 0;

	for (seed = 0; seed < 4; seed++) {
		down();
		up();
		compare_a_seed();
		nr_events += midfix_count(&fix[0], VMD_EV_PTE_WRPROTECT) +
			     midfix_count(&fix[0], VMD_EV_PTE_CLEAN);
		nr_flushes += midfix_count(&fix[0], VMD_EV_TLB_FLUSH);
		nr_bits += vmd_bitmap_weight(span[0].words, NR_PAGES);
	}
	ck_assert_uint_gt(nr_events, 100);
	ck_assert_uint_gt(nr_flushes, 10);
	ck_assert_uint_gt(nr_bits, 50);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dirty_reference");
	TCase *tc = tcase_create("reference");

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, up, down);
	tcase_add_loop_test(tc,
			    d_13_the_bulk_form_does_what_the_callback_form_does,
			    0, NR_SEEDS);
	tcase_add_test(tc, the_comparison_sees_what_it_should_compare);
	return vmd_test_main(suite);
}
