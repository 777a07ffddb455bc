/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the page walk share: a machine, and a book in which all
 * that a walk calls is written down as one line:
 *
 *	T[0,4) B[0,4) g f u m p0 p1 p2 p3 E
 *
 * T test_walk, B pre_vma, E post_vma, g pgd, f p4d, u pud, m pmd, p a slot,
 * r[s,e) a run of slots, h3[s,e) a hole of depth 3. Pages count from the start
 * of the first area.
 */
#ifndef VMD_TESTS_WALKBOOK_H
#define VMD_TESTS_WALKBOOK_H

#include "midfix.h"

/* What was called; and one call, by its letter, that does not return 0. */
struct walkbook {
	char text[2048];
	size_t at;
	char letter;
	unsigned int nth; /* 0: each */
	int value;
	unsigned int seen;
	enum vmd_page_walk_action action; /* of pud and pmd entries */
	vmd_pte_t *clear; /* slot that the callback of this letter empties */
};

extern struct midfix fix;
extern struct walkbook book;

void walkbook_up(unsigned int nr_mms, unsigned int levels);
void walkbook_down(void);

/* Callbacks that write into the book. */
int note_test(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk);
int note_pre(vmd_va_t start, vmd_va_t end, struct vmd_mm_walk *walk);
void note_post(struct vmd_mm_walk *walk);
int note_pgd(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t next,
	     struct vmd_mm_walk *walk);
int note_p4d(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t next,
	     struct vmd_mm_walk *walk);
int note_pud(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t next,
	     struct vmd_mm_walk *walk);
int note_pmd(vmd_pte_t *slot, vmd_va_t addr, vmd_va_t next,
	     struct vmd_mm_walk *walk);
int note_pte(vmd_pte_t *pte, vmd_va_t addr, vmd_va_t next,
	     struct vmd_mm_walk *walk);
int note_run(vmd_pte_t *pte, vmd_va_t addr, unsigned int nr,
	     struct vmd_mm_walk *walk);
int note_hole(vmd_va_t addr, vmd_va_t next, int depth,
	      struct vmd_mm_walk *walk);

/* All of them but runs; and no callback of an upper level, runs for slots. */
extern const struct vmd_mm_walk_ops all_ops;
extern const struct vmd_mm_walk_ops run_ops;

/* Under the lock that the walk needs; of the first address space. */
int walk_range(vmd_va_t start, vmd_va_t end, const struct vmd_mm_walk_ops *ops);
int walk_area(const struct midfix_area *area,
	      const struct vmd_mm_walk_ops *ops);

/* Of the fixture's object. */
int walk_object(vmd_pgoff_t first, vmd_pgoff_t nr,
		const struct vmd_mm_walk_ops *ops);

#endif /* VMD_TESTS_WALKBOOK_H */
