/* SPDX-License-Identifier: MIT */
/*
 * The inline lines of a CPU: strictly included in its TLB (D3), so that
 * results are the same with them and without. They hold translations that the
 * present mode may use without a second look; a change of mode wipes them.
 *
 * Filled by the CPU's own thread in its section. Cleared there too, or by
 * anybody who has closed the gate, or is about to.
 */
#ifndef VMD_SRC_MMU_LINES_H
#define VMD_SRC_MMU_LINES_H

#include <vmmdirty/cpu.h>

#include "sync/atomic.h"

struct vmd_lines {
	bool on;

	/*
	 * Where lines were filled since the last wipe, a bit for 16 of them
	 * that follow each other. Changes where lines are filled or wiped;
	 * who is about to close the gate may look, and look again inside.
	 */
	uint64_t used;
};

#define VMD_LINES_PER_BIT (VMD_NR_TLB_LINES / 64)
#define VMD_BYTES_PER_BIT (VMD_LINES_PER_BIT * VMD_PAGE_SIZE)

/* Which of the three tags become valid. */
struct vmd_line_rights {
	bool read;
	bool write;
	bool fetch;
};

static inline void vmd_line_fill(struct vmd_cpu_lines *fast,
				 struct vmd_lines *lines, vmd_va_t addr,
				 const void *host, struct vmd_line_rights to)
{
	struct vmd_tlb_line *line = vmd_cpu_line((void *)fast, addr);
	vmd_va_t page = addr & VMD_PAGE_MASK;

	VMD_WRITE_ONCE(lines->used,
		       lines->used |
			       UINT64_C(1) << (addr / VMD_BYTES_PER_BIT % 64));
	line->addend = (uintptr_t)host - (uintptr_t)page;
	VMD_WRITE_ONCE(line->read_tag, to.read ? page : VMD_TLB_NO_TAG);
	VMD_WRITE_ONCE(line->write_tag, to.write ? page : VMD_TLB_NO_TAG);
	VMD_WRITE_ONCE(line->fetch_tag, to.fetch ? page : VMD_TLB_NO_TAG);
}

/* Of one page, in the section of the owner; another page's line stays. */
static inline void vmd_line_drop(struct vmd_cpu_lines *fast, vmd_va_t page)
{
	struct vmd_tlb_line *line = vmd_cpu_line((void *)fast, page);

	if (VMD_READ_ONCE(line->read_tag) != page &&
	    VMD_READ_ONCE(line->write_tag) != page &&
	    VMD_READ_ONCE(line->fetch_tag) != page)
		return;
	VMD_WRITE_ONCE(line->read_tag, VMD_TLB_NO_TAG);
	VMD_WRITE_ONCE(line->write_tag, VMD_TLB_NO_TAG);
	VMD_WRITE_ONCE(line->fetch_tag, VMD_TLB_NO_TAG);
}

/* All invalid, at creation. */
void vmd_lines_init(struct vmd_cpu_lines *fast, struct vmd_lines *lines,
		    bool on);

/*
 * From anywhere: a line that is being filled just now may stay. True if a tag
 * was still valid: somebody may be using it.
 */
bool vmd_lines_drop(struct vmd_cpu_lines *fast, vmd_va_t start, vmd_va_t end);
bool vmd_lines_drop_all(struct vmd_cpu_lines *fast,
			const struct vmd_lines *lines);

/* In the section, or with the gate closed: none is left. */
bool vmd_lines_wipe(struct vmd_cpu_lines *fast, struct vmd_lines *lines);

#endif /* VMD_SRC_MMU_LINES_H */
