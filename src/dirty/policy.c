/* SPDX-License-Identifier: MIT */
/*
 * Three policies: the two methods alone, and the driver's rule for changing
 * between them (drivers/gpu/drm/vmwgfx/vmwgfx_page_dirty.c, C.1 and C.2).
 */
#include <vmmdirty/dirty.h>

/* The driver's constants: VMW_DIRTY_NUM_CHANGE_TRIGGERS and its neighbours. */
#define NUM_CHANGE_TRIGGERS 2
#define DIRTY_PERCENTAGE    10
#define INITIAL_THRESHOLD   (VMD_PAGE_SIZE / 8) /* pages */

static enum vmd_dirty_method always_mkwrite(unsigned long nr_pages)
{
	(void)nr_pages;
	return VMD_DIRTY_MKWRITE;
}

static enum vmd_dirty_method always_pagetable(unsigned long nr_pages)
{
	(void)nr_pages;
	return VMD_DIRTY_PAGETABLE;
}

/* VM-1: strictly below the threshold. */
static enum vmd_dirty_method vmwgfx_initial(unsigned long nr_pages)
{
	return nr_pages < INITIAL_THRESHOLD ? VMD_DIRTY_PAGETABLE :
					      VMD_DIRTY_MKWRITE;
}

/* Does this scan speak for the other method? */
static bool triggers(enum vmd_dirty_method method, unsigned long nr_found,
		     unsigned long nr_pages)
{
	if (method == VMD_DIRTY_PAGETABLE)
		return nr_found == 0;
	return nr_found * 100 / nr_pages > DIRTY_PERCENTAGE;
}

/* VM-4, VM-5: the third trigger in a row changes the method. */
static enum vmd_dirty_method
vmwgfx_scanned(struct vmd_dirty_policy_state *state,
	       enum vmd_dirty_method method, unsigned long nr_found,
	       unsigned long nr_pages)
{
	if (!triggers(method, nr_found, nr_pages)) {
		state->change_count = 0;
		return method;
	}
	if (++state->change_count <= NUM_CHANGE_TRIGGERS)
		return method;
	state->change_count = 0;
	return method == VMD_DIRTY_PAGETABLE ? VMD_DIRTY_MKWRITE :
					       VMD_DIRTY_PAGETABLE;
}

const struct vmd_dirty_policy vmd_dirty_policy_mkwrite = {
	.name = "mkwrite",
	.initial = always_mkwrite,
};

const struct vmd_dirty_policy vmd_dirty_policy_pagetable = {
	.name = "pagetable",
	.initial = always_pagetable,
};

const struct vmd_dirty_policy vmd_dirty_policy_vmwgfx = {
	.name = "vmwgfx",
	.initial = vmwgfx_initial,
	.scanned = vmwgfx_scanned,
};
