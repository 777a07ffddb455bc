/* SPDX-License-Identifier: MIT */
/*
 * Bits in words, numbered from the lowest bit of word 0. Ranges are
 * [start, start + nr).
 */
#ifndef VMD_SRC_BASE_BITMAP_H
#define VMD_SRC_BASE_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

#define VMD_BITS_PER_WORD 64

#define VMD_BITMAP_WORDS(nr_bits) \
	(((nr_bits) + VMD_BITS_PER_WORD - 1) / VMD_BITS_PER_WORD)

static inline bool vmd_test_bit(const uint64_t *map, unsigned long bit)
{
	return map[bit / VMD_BITS_PER_WORD] >> (bit % VMD_BITS_PER_WORD) & 1;
}

static inline void vmd_set_bit(uint64_t *map, unsigned long bit)
{
	map[bit / VMD_BITS_PER_WORD] |= UINT64_C(1)
					<< (bit % VMD_BITS_PER_WORD);
}

void vmd_bitmap_set(uint64_t *map, unsigned long start, unsigned long nr);
void vmd_bitmap_clear(uint64_t *map, unsigned long start, unsigned long nr);
unsigned long vmd_bitmap_weight(const uint64_t *map, unsigned long nr_bits);

/* The first set (clear) bit in [start, end), or @end. */
unsigned long vmd_find_next_bit(const uint64_t *map, unsigned long end,
				unsigned long start);
unsigned long vmd_find_next_zero_bit(const uint64_t *map, unsigned long end,
				     unsigned long start);

#endif /* VMD_SRC_BASE_BITMAP_H */
