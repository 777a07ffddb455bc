/* SPDX-License-Identifier: MIT */
/*
 * base/bitmap: ranges of bits against a model that looks at one bit at a time.
 */
#include "base/bitmap.h"

#include <string.h>

#include "base/compiler.h"
#include "support.h"

#define NR_WORDS 3UL
#define NR_BITS	 (NR_WORDS * VMD_BITS_PER_WORD)

/* Each pattern is three words. */
static const uint64_t patterns[][NR_WORDS] = {
	{ 0, 0, 0 },
	{ UINT64_MAX, UINT64_MAX, UINT64_MAX },
	{ 1, 0, UINT64_C(1) << 63 },
	{ UINT64_C(1) << 63, 1, 0 },
	{ UINT64_C(0x5555555555555555), UINT64_C(0xaaaaaaaaaaaaaaaa), 1 },
	{ 0, UINT64_MAX, 0 },
	{ UINT64_C(0x8000000180000001), 0, UINT64_C(0x00ff00ff00ff00ff) },
};

static bool model_bit(const uint64_t *map, unsigned long bit)
{
	return map[bit / 64] & (UINT64_C(1) << (bit & 63));
}

static unsigned long model_next(const uint64_t *map, unsigned long end,
				unsigned long start, bool wanted)
{
	for (; start < end; start++)
		if (model_bit(map, start) == wanted)
			return start;
	return end;
}

/* Is every bit of @map that of @old, but those of the range @inside? */
static bool only_range_is(const uint64_t *map, const uint64_t *old,
			  unsigned long start, unsigned long nr, bool inside)
{
	unsigned long bit;

	for (bit = 0; bit < NR_BITS; bit++) {
		bool in = bit >= start && bit < start + nr;

		if (model_bit(map, bit) != (in ? inside : model_bit(old, bit)))
			return false;
	}
	return true;
}

START_TEST(set_changes_the_range_and_nothing_else)
{
	const uint64_t *old = patterns[_i];
	unsigned long start;
	unsigned long nr;

	for (start = 0; start < NR_BITS; start += 3)
		for (nr = 0; nr <= NR_BITS - start; nr++) {
			uint64_t map[NR_WORDS];

			memcpy(map, old, sizeof(map));
			vmd_bitmap_set(map, start, nr);

			if (!only_range_is(map, old, start, nr, true))
				ck_abort_msg("pattern %d, start %lu, nr %lu",
					     _i, start, nr);
		}
}
END_TEST

START_TEST(clear_changes_the_range_and_nothing_else)
{
	const uint64_t *old = patterns[_i];
	unsigned long start;
	unsigned long nr;

	for (start = 0; start < NR_BITS; start += 3)
		for (nr = 0; nr <= NR_BITS - start; nr++) {
			uint64_t map[NR_WORDS];

			memcpy(map, old, sizeof(map));
			vmd_bitmap_clear(map, start, nr);

			if (!only_range_is(map, old, start, nr, false))
				ck_abort_msg("pattern %d, start %lu, nr %lu",
					     _i, start, nr);
		}
}
END_TEST

START_TEST(find_next_bit_gives_the_first_set_bit_or_the_end)
{
	const uint64_t *map = patterns[_i];
	unsigned long start;
	unsigned long end;

	for (end = 0; end <= NR_BITS; end++)
		for (start = 0; start <= NR_BITS; start++)
			if (vmd_find_next_bit(map, end, start) !=
			    model_next(map, end, start, true))
				ck_abort_msg("pattern %d, [%lu, %lu)", _i,
					     start, end);
}
END_TEST

START_TEST(find_next_zero_bit_gives_the_first_clear_bit_or_the_end)
{
	const uint64_t *map = patterns[_i];
	unsigned long start;
	unsigned long end;

	for (end = 0; end <= NR_BITS; end++)
		for (start = 0; start <= NR_BITS; start++)
			if (vmd_find_next_zero_bit(map, end, start) !=
			    model_next(map, end, start, false))
				ck_abort_msg("pattern %d, [%lu, %lu)", _i,
					     start, end);
}
END_TEST

START_TEST(weight_counts_the_bits_below_its_length)
{
	const uint64_t *map = patterns[_i];
	unsigned long expected = 0;
	unsigned long nr;

	for (nr = 0; nr <= NR_BITS; nr++) {
		ck_assert_msg(vmd_bitmap_weight(map, nr) == expected,
			      "pattern %d, length %lu", _i, nr);
		if (nr < NR_BITS)
			expected += model_bit(map, nr);
	}
}
END_TEST

START_TEST(a_bit_that_was_set_is_set_and_its_neighbours_are_not)
{
	unsigned long bit;

	for (bit = 0; bit < NR_BITS; bit++) {
		uint64_t map[NR_WORDS] = { 0 };

		vmd_set_bit(map, bit);

		ck_assert_msg(vmd_test_bit(map, bit), "bit %lu", bit);
		ck_assert_uint_eq(vmd_bitmap_weight(map, NR_BITS), 1);
	}
}
END_TEST

START_TEST(words_hold_their_bits_with_none_to_spare)
{
	ck_assert_uint_eq(VMD_BITMAP_WORDS(0), 0);
	ck_assert_uint_eq(VMD_BITMAP_WORDS(1), 1);
	ck_assert_uint_eq(VMD_BITMAP_WORDS(64), 1);
	ck_assert_uint_eq(VMD_BITMAP_WORDS(65), 2);
}
END_TEST

int main(void)
{
	const int nr = (int)VMD_ARRAY_SIZE(patterns);
	Suite *suite = suite_create("bitmap");
	TCase *ranges = tcase_create("ranges");
	TCase *find = tcase_create("find");
	TCase *bits = tcase_create("bits");

	tcase_add_loop_test(ranges, set_changes_the_range_and_nothing_else, 0,
			    nr);
	tcase_add_loop_test(ranges, clear_changes_the_range_and_nothing_else, 0,
			    nr);
	suite_add_tcase(suite, ranges);

	tcase_add_loop_test(find,
			    find_next_bit_gives_the_first_set_bit_or_the_end, 0,
			    nr);
	tcase_add_loop_test(
		find, find_next_zero_bit_gives_the_first_clear_bit_or_the_end,
		0, nr);
	suite_add_tcase(suite, find);

	tcase_add_loop_test(bits, weight_counts_the_bits_below_its_length, 0,
			    nr);
	tcase_add_test(bits,
		       a_bit_that_was_set_is_set_and_its_neighbours_are_not);
	tcase_add_test(bits, words_hold_their_bits_with_none_to_spare);
	suite_add_tcase(suite, bits);
	return vmd_test_main(suite);
}
