/* SPDX-License-Identifier: MIT */
/*
 * Reservations of address space: the bytes, the struct vmd_frame of each frame,
 * the bits that say which frames were ever writable, and which are free. The host gives
 * zeroed memory at the first touch.
 *
 * A freed frame that was written is cleared when it is given out again, so a
 * frame that nobody reuses costs nothing more.
 */
#include "mmu/ram.h"

#include <errno.h>
#include <string.h>

#include "base/reserve.h"
#include "sync/racing.h"

#define WORDS_PER_PAGE (VMD_PAGE_SIZE / sizeof(uint64_t))

static uint64_t bits_size(const struct vmd_ram *ram)
{
	return VMD_BITMAP_WORDS(ram->nr_frames) * sizeof(uint64_t);
}

static void unreserve_all(struct vmd_ram *ram)
{
	struct vmd_arena *arena = &ram->env->arena;

	vmd_unreserve(arena, ram->base, ram->nr_frames << VMD_PAGE_SHIFT);
	vmd_unreserve(arena, ram->frames,
		      ram->nr_frames * sizeof(*ram->frames));
	vmd_unreserve(arena, ram->written, bits_size(ram));
	vmd_unreserve(arena, ram->free, bits_size(ram));
}

int vmd_ram_init(struct vmd_ram *ram, struct vmd_env *env, uint64_t nr_frames)
{
	*ram = (struct vmd_ram){ .env = env, .nr_frames = nr_frames };
	ram->next = 1;
	vmd_spin_init(&ram->lock, env, VMD_RANK_frames);
	ram->base = vmd_reserve(&env->arena, nr_frames << VMD_PAGE_SHIFT);
	ram->frames =
		vmd_reserve(&env->arena, nr_frames * sizeof(*ram->frames));
	ram->written = vmd_reserve(&env->arena, bits_size(ram));
	ram->free = vmd_reserve(&env->arena, bits_size(ram));
	if (!ram->base || !ram->frames || !ram->written || !ram->free) {
		unreserve_all(ram);
		return -ENOMEM;
	}
	return 0;
}

void vmd_ram_fini(struct vmd_ram *ram)
{
	(void)VMD_BUG_ON(ram->env, ram->nr_used != 0);
	unreserve_all(ram);
}

vmd_pfn_t vmd_frame_next_written(const struct vmd_ram *ram, vmd_pfn_t pfn,
				 vmd_pfn_t end)
{
	while (pfn < end) {
		uint64_t bits =
			VMD_READ_ONCE(ram->written[pfn / VMD_BITS_PER_WORD]) >>
			(pfn % VMD_BITS_PER_WORD);

		if (bits) {
			pfn += (vmd_pfn_t)__builtin_ctzll(bits);
			return pfn < end ? pfn : end;
		}
		pfn = (pfn | (VMD_BITS_PER_WORD - 1)) + 1;
	}
	return end;
}

/* Frames that are given out are zero, whoever had them before. */
static void clear_written(struct vmd_ram *ram, vmd_pfn_t pfn, vmd_pfn_t end)
{
	pfn = vmd_frame_next_written(ram, pfn, end);
	while (pfn < end) {
		memset(vmd_pfn_to_virt(ram, pfn), 0, VMD_PAGE_SIZE);
		(void)vmd_fetch_and(&ram->written[pfn / VMD_BITS_PER_WORD],
				    ~(UINT64_C(1)
				      << (pfn % VMD_BITS_PER_WORD)));
		pfn = vmd_frame_next_written(ram, pfn + 1, end);
	}
}

/* Under the lock: the first run of @nr frames that came back, or 0. */
static vmd_pfn_t take_free(struct vmd_ram *ram, uint64_t nr)
{
	vmd_pfn_t end = ram->first_free;
	vmd_pfn_t pfn;

	if (ram->nr_free < nr)
		return 0;
	do {
		pfn = vmd_find_next_bit(ram->free, ram->next, end);
		end = vmd_find_next_zero_bit(ram->free, ram->next, pfn);
	} while (pfn < ram->next && end - pfn < nr);
	if (pfn == ram->next)
		return 0;
	if (pfn == ram->first_free)
		ram->first_free = pfn + nr;
	vmd_bitmap_clear(ram->free, pfn, nr);
	ram->nr_free -= nr;
	return pfn;
}

/* Under the lock: @nr frames that were never given out, or 0. */
static vmd_pfn_t take_new(struct vmd_ram *ram, uint64_t nr)
{
	vmd_pfn_t pfn = ram->next;

	if (nr > ram->nr_frames - ram->next)
		return 0;
	ram->next += nr;
	return pfn;
}

vmd_pfn_t vmd_frame_alloc_range(struct vmd_ram *ram, uint64_t nr)
{
	vmd_pfn_t pfn;

	if (nr == 0 || vmd_alloc_must_fail(&ram->env->arena))
		return 0;

	vmd_spin_lock(&ram->lock);
	pfn = take_free(ram, nr);
	if (!pfn)
		pfn = take_new(ram, nr);
	if (pfn)
		ram->nr_used += nr;
	vmd_spin_unlock(&ram->lock);

	if (pfn)
		clear_written(ram, pfn, pfn + nr);
	return pfn;
}

vmd_pfn_t vmd_frame_alloc(struct vmd_ram *ram)
{
	return vmd_frame_alloc_range(ram, 1);
}

void vmd_frame_free_range(struct vmd_ram *ram, vmd_pfn_t pfn, uint64_t nr)
{
	bool ours;

	vmd_spin_lock(&ram->lock);
	ours = pfn > 0 && pfn <= ram->next && nr <= ram->next - pfn &&
	       vmd_find_next_bit(ram->free, pfn + nr, pfn) == pfn + nr;
	if (ours) {
		vmd_bitmap_set(ram->free, pfn, nr);
		if (pfn < ram->first_free)
			ram->first_free = pfn;
		ram->nr_free += nr;
		ram->nr_used -= nr;
	}
	vmd_spin_unlock(&ram->lock);
	(void)VMD_BUG_ON(ram->env, !ours);
}

void vmd_frame_copy(struct vmd_ram *to, vmd_pfn_t to_pfn,
		    const struct vmd_ram *from, vmd_pfn_t from_pfn)
{
	if (!vmd_frame_is_written(from, from_pfn) &&
	    !vmd_frame_is_written(to, to_pfn))
		return; /* both are zero */
	vmd_frame_mark_written(to, to_pfn);
	vmd_copy_racing(vmd_pfn_to_virt(to, to_pfn),
			vmd_pfn_to_virt(from, from_pfn), WORDS_PER_PAGE);
}

bool vmd_frame_equal(const struct vmd_ram *a, vmd_pfn_t a_pfn,
		     const struct vmd_ram *b, vmd_pfn_t b_pfn)
{
	return memcmp(vmd_pfn_to_virt(a, a_pfn), vmd_pfn_to_virt(b, b_pfn),
		      VMD_PAGE_SIZE) == 0;
}
