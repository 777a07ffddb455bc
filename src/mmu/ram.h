/* SPDX-License-Identifier: MIT */
/*
 * Memory of a machine, or of a device: one reserved region of the host, of
 * which only what is touched costs anything. A frame is a number; its bytes
 * are one addition away (D1). Frame 0 is never given out.
 */
#ifndef VMD_SRC_MMU_RAM_H
#define VMD_SRC_MMU_RAM_H

#include <vmmdirty/base.h>

#include "base/bitmap.h"
#include "sync/atomic.h"
#include "sync/spinlock.h"

/* What is known about a frame; reserved in the same lazy way. */
struct vmd_frame {
	struct vmd_spinlock ptl; /* if it is a page table */
	vmd_pfn_t next; /* of the list that it is on, 0: the last */
};

struct vmd_ram {
	struct vmd_env *env;
	uint8_t *base;
	struct vmd_frame *frames;
	uint64_t nr_frames;

	/*
	 * A frame whose bit is clear has never been writable by anyone and is
	 * all zero. Set before the first byte can change.
	 */
	uint64_t *written;

	/* Under lock: */
	struct vmd_spinlock lock;
	uint64_t next; /* frames from here on were never given out */
	uint64_t *free; /* of those below, which were given back */
	uint64_t nr_free;
	vmd_pfn_t first_free; /* none of those is below */
	uint64_t nr_used;
};

int vmd_ram_init(struct vmd_ram *ram, struct vmd_env *env, uint64_t nr_frames);
void vmd_ram_fini(struct vmd_ram *ram);

/* One zeroed frame, 0 if there is none. */
vmd_pfn_t vmd_frame_alloc(struct vmd_ram *ram);

/* @nr zeroed frames in a row, 0 if there is no such run. */
vmd_pfn_t vmd_frame_alloc_range(struct vmd_ram *ram, uint64_t nr);
void vmd_frame_free_range(struct vmd_ram *ram, vmd_pfn_t pfn, uint64_t nr);

/* Frame 0 is nobody's: the top table of a CPU that has none. */
static inline bool vmd_frame_exists(const struct vmd_ram *ram, vmd_pfn_t pfn)
{
	return pfn - 1 < ram->nr_frames - 1;
}

static inline void *vmd_pfn_to_virt(const struct vmd_ram *ram, vmd_pfn_t pfn)
{
	return ram->base + (pfn << VMD_PAGE_SHIFT);
}

static inline bool vmd_frame_is_written(const struct vmd_ram *ram,
					vmd_pfn_t pfn)
{
	uint64_t word = VMD_READ_ONCE(ram->written[pfn / VMD_BITS_PER_WORD]);

	return word >> (pfn % VMD_BITS_PER_WORD) & 1;
}

/* Must come before the frame becomes writable by a CPU or a device. */
static inline void vmd_frame_mark_written(struct vmd_ram *ram, vmd_pfn_t pfn)
{
	if (!vmd_frame_is_written(ram, pfn))
		(void)vmd_fetch_or(&ram->written[pfn / VMD_BITS_PER_WORD],
				   UINT64_C(1) << (pfn % VMD_BITS_PER_WORD));
}

/* The next frame of [pfn, end) that was ever writable, or @end. */
vmd_pfn_t vmd_frame_next_written(const struct vmd_ram *ram, vmd_pfn_t pfn,
				 vmd_pfn_t end);

/* One page; its bytes may be changing meanwhile (sync/racing.h). */
void vmd_frame_copy(struct vmd_ram *to, vmd_pfn_t to_pfn,
		    const struct vmd_ram *from, vmd_pfn_t from_pfn);
bool vmd_frame_equal(const struct vmd_ram *a, vmd_pfn_t a_pfn,
		     const struct vmd_ram *b, vmd_pfn_t b_pfn);

#endif /* VMD_SRC_MMU_RAM_H */
