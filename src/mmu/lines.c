/* SPDX-License-Identifier: MIT */
/*
 * Taking lines away.
 */
#include "mmu/lines.h"

static bool drop_line(struct vmd_tlb_line *line)
{
	bool valid = VMD_READ_ONCE(line->read_tag) != VMD_TLB_NO_TAG ||
		     VMD_READ_ONCE(line->write_tag) != VMD_TLB_NO_TAG ||
		     VMD_READ_ONCE(line->fetch_tag) != VMD_TLB_NO_TAG;

	if (!valid)
		return false;
	VMD_WRITE_ONCE(line->read_tag, VMD_TLB_NO_TAG);
	VMD_WRITE_ONCE(line->write_tag, VMD_TLB_NO_TAG);
	VMD_WRITE_ONCE(line->fetch_tag, VMD_TLB_NO_TAG);
	return true;
}

/* Where lines may be valid; a bit stands for some that follow each other. */
static bool drop_used(struct vmd_cpu_lines *fast, uint64_t used)
{
	bool any = false;

	for (; used; used &= used - 1) {
		unsigned int first =
			VMD_LINES_PER_BIT * (unsigned int)__builtin_ctzll(used);
		unsigned int i;

		for (i = first; i < first + VMD_LINES_PER_BIT; i++)
			any |= drop_line(&fast->lines[i]);
	}
	return any;
}

void vmd_lines_init(struct vmd_cpu_lines *fast, struct vmd_lines *lines,
		    bool on)
{
	*lines = (struct vmd_lines){ .on = on, .used = UINT64_MAX };
	(void)vmd_lines_wipe(fast, lines);
}

bool vmd_lines_drop_all(struct vmd_cpu_lines *fast,
			const struct vmd_lines *lines)
{
	return drop_used(fast, VMD_READ_ONCE(lines->used));
}

/* Another page may be in the line of this one: it is dropped as well. */
bool vmd_lines_drop(struct vmd_cpu_lines *fast, vmd_va_t start, vmd_va_t end)
{
	uint64_t first = start >> VMD_PAGE_SHIFT;
	uint64_t nr = ((end - 1) >> VMD_PAGE_SHIFT) - first + 1;
	bool any = false;

	if (nr > VMD_NR_TLB_LINES)
		nr = VMD_NR_TLB_LINES;
	for (; nr > 0; nr--, first++)
		any |= drop_line(&fast->lines[first & (VMD_NR_TLB_LINES - 1)]);
	return any;
}

bool vmd_lines_wipe(struct vmd_cpu_lines *fast, struct vmd_lines *lines)
{
	uint64_t used = lines->used;

	VMD_WRITE_ONCE(lines->used, 0);
	return drop_used(fast, used);
}
