/* SPDX-License-Identifier: MIT */
/*
 * The device from inside: its memory, its queue of commands, how far it has
 * come. It reads guest memory only where a command tells it to.
 */
#ifndef VMD_SRC_GPU_SVGA_H
#define VMD_SRC_GPU_SVGA_H

#include <vmmdirty/gpu.h>

#include "mmu/hw.h"
#include "rmap/mapping.h"
#include "sync/ww_mutex.h"

enum vmd_svga_op {
	VMD_SVGA_UPDATE, /* guest pages to the device */
	VMD_SVGA_WRITE, /* the device writes pages of its own */
	VMD_SVGA_READBACK, /* its pages to the guest */
	VMD_SVGA_FENCE
};

/* Pages of one object in both memories, as MOB and surface are for SVGA. */
struct vmd_svga_cmd {
	enum vmd_svga_op op;
	vmd_pfn_t guest;
	vmd_pfn_t device;
	uint64_t nr;
	vmd_seqno_t seqno;
};

struct vmd_svga {
	struct vmd_hw *hw;

	/* One address space for all buffer objects of the device. */
	struct vmd_mapping mapping;
	struct vmd_ww_class resv_class;
	uint64_t next_node; /* atomic: page offsets not yet given out */
	uint64_t nr_bos; /* atomic */

	/* Under fifo_lock: */
	struct vmd_spinlock fifo_lock;
	struct vmd_ram vram;
	struct vmd_svga_cmd *fifo;
	unsigned int fifo_entries;
	unsigned int nr_queued;
	vmd_seqno_t emitted;
	vmd_seqno_t signalled; /* read without the lock, too */
};

/* Queue a command; a full queue is worked off first. */
void vmd_fifo_emit(struct vmd_svga *svga, const struct vmd_svga_cmd *cmd);
vmd_seqno_t vmd_fifo_emit_fence(struct vmd_svga *svga);

/* Nothing is queued afterwards: memory that commands name may go. */
void vmd_fifo_work_off(struct vmd_svga *svga);

#endif /* VMD_SRC_GPU_SVGA_H */
