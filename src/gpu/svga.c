/* SPDX-License-Identifier: MIT */
/*
 * A stepped device: commands wait in the queue until somebody waits for a
 * fence or the queue is full; then they are executed in order.
 */
#include "gpu/svga.h"

#include <errno.h>

#include "base/config.h"
#include "base/rng.h"
#include "sync/atomic.h"

#define DEFAULT_PAGES	     (UINT64_C(1) << 24)
#define MAX_PAGES	     (UINT64_C(1) << 34)
#define DEFAULT_FIFO_ENTRIES 256U
#define WORDS_PER_PAGE	     (VMD_PAGE_SIZE / sizeof(uint64_t))

static void execute_update(struct vmd_svga *svga,
			   const struct vmd_svga_cmd *cmd)
{
	uint64_t i;

	for (i = 0; i < cmd->nr; i++)
		vmd_frame_copy(&svga->vram, cmd->device + i, &svga->hw->ram,
			       cmd->guest + i);
	vmd_charge(&svga->hw->env, VMD_EV_UPDATE_BYTE,
		   cmd->nr << VMD_PAGE_SHIFT);
}

static void execute_readback(struct vmd_svga *svga,
			     const struct vmd_svga_cmd *cmd)
{
	uint64_t i;

	for (i = 0; i < cmd->nr; i++)
		vmd_frame_copy(&svga->hw->ram, cmd->guest + i, &svga->vram,
			       cmd->device + i);
	vmd_charge(&svga->hw->env, VMD_EV_READBACK_BYTE,
		   cmd->nr << VMD_PAGE_SHIFT);
}

/* A picture that tells page and submission, so that a wrong page shows. */
static void execute_write(struct vmd_svga *svga, const struct vmd_svga_cmd *cmd)
{
	uint64_t page;
	unsigned int i;

	for (page = cmd->device; page < cmd->device + cmd->nr; page++) {
		uint64_t *words = vmd_pfn_to_virt(&svga->vram, page);

		vmd_frame_mark_written(&svga->vram, page);
		for (i = 0; i < WORDS_PER_PAGE; i++)
			words[i] = vmd_mix64(page ^ cmd->seqno << 32) + i;
	}
}

static void execute(struct vmd_svga *svga, const struct vmd_svga_cmd *cmd)
{
	switch (cmd->op) {
	case VMD_SVGA_UPDATE:
		execute_update(svga, cmd);
		break;
	case VMD_SVGA_WRITE:
		execute_write(svga, cmd);
		break;
	case VMD_SVGA_READBACK:
		execute_readback(svga, cmd);
		break;
	case VMD_SVGA_FENCE:
		vmd_store_release(&svga->signalled, cmd->seqno);
		break;
	}
}

/* Under fifo_lock. */
static void work_off(struct vmd_svga *svga)
{
	unsigned int i;

	for (i = 0; i < svga->nr_queued; i++)
		execute(svga, &svga->fifo[i]);
	svga->nr_queued = 0;
}

/* Under fifo_lock. */
static void queue(struct vmd_svga *svga, const struct vmd_svga_cmd *cmd)
{
	if (svga->nr_queued == svga->fifo_entries)
		work_off(svga);
	svga->fifo[svga->nr_queued] = *cmd;
	if (cmd->op != VMD_SVGA_FENCE) /* the one that will cover it */
		svga->fifo[svga->nr_queued].seqno = svga->emitted + 1;
	svga->nr_queued++;
}

void vmd_fifo_emit(struct vmd_svga *svga, const struct vmd_svga_cmd *cmd)
{
	if (cmd->op == VMD_SVGA_UPDATE)
		vmd_charge(&svga->hw->env, VMD_EV_UPDATE_CMD, 1);
	vmd_spin_lock(&svga->fifo_lock);
	queue(svga, cmd);
	vmd_spin_unlock(&svga->fifo_lock);
}

vmd_seqno_t vmd_fifo_emit_fence(struct vmd_svga *svga)
{
	struct vmd_svga_cmd fence = { .op = VMD_SVGA_FENCE };

	vmd_spin_lock(&svga->fifo_lock);
	fence.seqno = ++svga->emitted;
	queue(svga, &fence);
	vmd_spin_unlock(&svga->fifo_lock);
	return fence.seqno;
}

void vmd_fifo_work_off(struct vmd_svga *svga)
{
	vmd_spin_lock(&svga->fifo_lock);
	work_off(svga);
	vmd_spin_unlock(&svga->fifo_lock);
}

bool vmd_fence_signalled(const struct vmd_svga *svga, vmd_seqno_t seqno)
{
	return vmd_load_acquire(&svga->signalled) >= seqno;
}

int vmd_fence_wait(struct vmd_svga *svga, vmd_seqno_t seqno)
{
	int err = 0;

	if (!svga)
		return -EINVAL;
	if (vmd_fence_signalled(svga, seqno))
		return 0;

	vmd_spin_lock(&svga->fifo_lock);
	if (seqno > svga->emitted)
		err = -EINVAL;
	else
		work_off(svga);
	vmd_spin_unlock(&svga->fifo_lock);
	return err;
}

static int init_svga(struct vmd_svga *svga, struct vmd_hw *hw,
		     const struct vmd_svga_config *config)
{
	int err;

	svga->hw = hw;
	svga->fifo_entries = config->fifo_entries ? config->fifo_entries :
						    DEFAULT_FIFO_ENTRIES;
	vmd_spin_init(&svga->fifo_lock, &hw->env, VMD_RANK_fifo);
	svga->fifo = vmd_alloc_array(&hw->env.arena, svga->fifo_entries,
				     sizeof(*svga->fifo));
	if (!svga->fifo)
		return -ENOMEM;
	err = vmd_mapping_init(&svga->mapping, hw);
	if (err)
		goto out_fifo;
	err = vmd_ram_init(&svga->vram, &hw->env,
			   config->nr_pages ? config->nr_pages : DEFAULT_PAGES);
	if (err)
		goto out_mapping;
	return 0;

out_mapping:
	vmd_mapping_fini(&svga->mapping);
out_fifo:
	vmd_free(&hw->env.arena, svga->fifo);
	return err;
}

int vmd_svga_create(struct vmd_machine *machine,
		    const struct vmd_svga_config *config, struct vmd_svga **out)
{
	struct vmd_svga_config ours = { .size = sizeof(ours) };
	struct vmd_svga *svga;
	struct vmd_hw *hw;
	int err;

	if (!machine || !out ||
	    (config && !vmd_copy_config(&ours, sizeof(ours), config)) ||
	    ours.nr_pages > MAX_PAGES)
		return -EINVAL;

	hw = vmd_machine_hw(machine);
	svga = vmd_alloc(&hw->env.arena, sizeof(*svga));
	if (!svga)
		return -ENOMEM;
	err = init_svga(svga, hw, &ours);
	if (err) {
		vmd_free(&hw->env.arena, svga);
		return err;
	}
	*out = svga;
	return 0;
}

void vmd_svga_destroy(struct vmd_svga *svga)
{
	struct vmd_hw *hw;

	if (!svga)
		return;

	hw = svga->hw;
	if (VMD_BUG_ON(&hw->env, VMD_READ_ONCE(svga->nr_bos) != 0) ||
	    vmd_mapping_in_use(&svga->mapping))
		return;
	vmd_ram_fini(&svga->vram);
	vmd_mapping_fini(&svga->mapping);
	vmd_free(&hw->env.arena, svga->fifo);
	vmd_free(&hw->env.arena, svga);
}
