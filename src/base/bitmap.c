/* SPDX-License-Identifier: MIT */
/*
 * Ranges of bits.
 *
 *	word   |0 ......... 63|64 ........ 127|
 *	range            [start, start + nr)
 *	masks      ....1111 |  all ones  | 1111....
 *
 * A range touches one word or several; each word gets the intersection, so
 * there is no special first or last case.
 */
#include "base/bitmap.h"

static uint64_t mask_from(unsigned long bit)
{
	return ~UINT64_C(0) << (bit % VMD_BITS_PER_WORD);
}

static uint64_t mask_upto(unsigned long last)
{
	return ~UINT64_C(0) >>
	       (VMD_BITS_PER_WORD - 1 - last % VMD_BITS_PER_WORD);
}

/* The bits of @word that lie in [start, last]. */
static uint64_t mask_of_word(unsigned long word, unsigned long start,
			     unsigned long last)
{
	uint64_t mask = ~UINT64_C(0);

	if (word == start / VMD_BITS_PER_WORD)
		mask &= mask_from(start);
	if (word == last / VMD_BITS_PER_WORD)
		mask &= mask_upto(last);
	return mask;
}

void vmd_bitmap_set(uint64_t *map, unsigned long start, unsigned long nr)
{
	unsigned long last = start + nr - 1;
	unsigned long word = start / VMD_BITS_PER_WORD;

	if (nr == 0)
		return;
	for (; word <= last / VMD_BITS_PER_WORD; word++)
		map[word] |= mask_of_word(word, start, last);
}

void vmd_bitmap_clear(uint64_t *map, unsigned long start, unsigned long nr)
{
	unsigned long last = start + nr - 1;
	unsigned long word = start / VMD_BITS_PER_WORD;

	if (nr == 0)
		return;
	for (; word <= last / VMD_BITS_PER_WORD; word++)
		map[word] &= ~mask_of_word(word, start, last);
}

unsigned long vmd_bitmap_weight(const uint64_t *map, unsigned long nr_bits)
{
	unsigned long weight = 0;
	unsigned long word;

	for (word = 0; word < VMD_BITMAP_WORDS(nr_bits); word++)
		weight += (unsigned long)__builtin_popcountll(
			map[word] & mask_of_word(word, 0, nr_bits - 1));
	return weight;
}

/* @flip is 0 to look for ones, all ones to look for zeroes. */
static unsigned long find_next(const uint64_t *map, unsigned long end,
			       unsigned long start, uint64_t flip)
{
	unsigned long word = start / VMD_BITS_PER_WORD;

	if (start >= end)
		return end;

	for (; word < VMD_BITMAP_WORDS(end); word++) {
		uint64_t bits = (map[word] ^ flip) &
				mask_of_word(word, start, end - 1);

		if (bits)
			return word * VMD_BITS_PER_WORD +
			       (unsigned long)__builtin_ctzll(bits);
	}
	return end;
}

unsigned long vmd_find_next_bit(const uint64_t *map, unsigned long end,
				unsigned long start)
{
	return find_next(map, end, start, 0);
}

unsigned long vmd_find_next_zero_bit(const uint64_t *map, unsigned long end,
				     unsigned long start)
{
	return find_next(map, end, start, ~UINT64_C(0));
}
