/* SPDX-License-Identifier: MIT */
/*
 * The record of a walk.
 */
#include "walkbook.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct midfix fix;
struct walkbook book;

void walkbook_up(unsigned int nr_mms, unsigned int levels)
{
	midfix_up_levels(&fix, nr_mms, levels);
	memset(&book, 0, sizeof(book));
}

void walkbook_down(void)
{
	midfix_down(&fix);
}

static int64_t page_of(vmd_va_t addr)
{
	return (int64_t)(addr - fix.area[0].addr) >> VMD_PAGE_SHIFT;
}

static __attribute__((format(printf, 3, 4))) int
note(struct vmd_mm_walk *walk, char letter, const char *format, ...)
{
	va_list args;

	if (book.at)
		book.at += (size_t)snprintf(book.text + book.at,
					    sizeof(book.text) - book.at, " ");
	va_start(args, format);
	book.at += (size_t)vsnprintf(book.text + book.at,
				     sizeof(book.text) - book.at, format, args);
	va_end(args);
	ck_assert_uint_lt(book.at, sizeof(book.text));

	if (letter != book.letter || (++book.seen != book.nth && book.nth))
		return 0;
	walk->action = book.action;
	if (book.clear)
		(void)vmd_ptep_get_and_clear(book.clear);
	return book.value;
}

int note_test(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk)
{
	return note(walk, 'T', "T[%ld,%ld)", page_of(start), page_of(end));
}

int note_pre(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk)
{
	return note(walk, 'B', "B[%ld,%ld)", page_of(start), page_of(end));
}

void note_post(struct vmd_mm_walk *walk)
{
	(void)note(walk, 'E', "E");
}

#define NOTE_ENTRY(name, letter)                                \
	int name(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t next, \
		 struct vmd_mm_walk *walk)                      \
	{                                                       \
		(void)slot;                                     \
		(void)addr;                                     \
		(void)next;                                     \
		return note(walk, (letter)[0], letter);         \
	}

NOTE_ENTRY(note_pgd, "g")
NOTE_ENTRY(note_p4d, "f")
NOTE_ENTRY(note_pud, "u")
NOTE_ENTRY(note_pmd, "m")

int note_pte(vmd_pte_t *pte, vmd_va_t addr, vmd_va_t next,
	     struct vmd_mm_walk *walk)
{
	(void)pte;
	ck_assert_uint_eq(next, addr + VMD_PAGE_SIZE);
	return note(walk, 'p', "p%ld", page_of(addr));
}

int note_run(vmd_pte_t *pte, vmd_va_t addr, unsigned int nr,
	     struct vmd_mm_walk *walk)
{
	(void)pte;
	return note(walk, 'r', "r[%ld,%ld)", page_of(addr), page_of(addr) + nr);
}

int note_hole(vmd_va_t addr, vmd_va_t next, int depth, struct vmd_mm_walk *walk)
{
	return note(walk, 'h', "h%d[%ld,%ld)%s", depth, page_of(addr),
		    page_of(next), walk->vma ? "" : "!");
}

const struct vmd_mm_walk_ops all_ops = {
	.test_walk = note_test,
	.pre_vma = note_pre,
	.post_vma = note_post,
	.pgd_entry = note_pgd,
	.p4d_entry = note_p4d,
	.pud_entry = note_pud,
	.pmd_entry = note_pmd,
	.pte_entry = note_pte,
	.pte_hole = note_hole,
};

/* No callback of an upper level, runs in place of slots. */
const struct vmd_mm_walk_ops run_ops = {
	.test_walk = note_test,
	.pte_run = note_run,
	.pte_hole = note_hole,
};

int walk_range(vmd_va_t start, vmd_va_t end, const struct vmd_mm_walk_ops *ops)
{
	int err;

	vmd_mmap_read_lock(fix.mm[0]);
	err = vmd_walk_page_range(fix.mm[0], start, end, ops, NULL);
	vmd_mmap_read_unlock(fix.mm[0]);
	return err;
}

int walk_object(vmd_pgoff_t first, vmd_pgoff_t nr,
		const struct vmd_mm_walk_ops *ops)
{
	int err;

	vmd_i_mmap_lock_read(fix.mapping);
	err = vmd_walk_page_mapping(fix.mapping, first, nr, ops, NULL);
	vmd_i_mmap_unlock_read(fix.mapping);
	return err;
}

int walk_area(const struct midfix_area *area, const struct vmd_mm_walk_ops *ops)
{
	return walk_range(area->addr, midfix_addr(area, area->nr_pages), ops);
}
