/* SPDX-License-Identifier: MIT */
/*
 * Powers and logarithms in whole numbers, one bit at a time.
 */
#include "trace/fixed.h"

/* 2^-(2^-k) in Q31, for k = 1..24. Each is the root of the one before. */
static const uint32_t roots_of_half[24] = {
	0x5a82799a, 0x6ba27e65, 0x75606374, 0x7a92be8b, 0x7d41d96e, 0x7e9f0606,
	0x7f4f08ae, 0x7fa765ad, 0x7fd3ab29, 0x7fe9d3a9, 0x7ff4e959, 0x7ffa748e,
	0x7ffd3a3f, 0x7ffe9d1e, 0x7fff4e8e, 0x7fffa747, 0x7fffd3a4, 0x7fffe9d2,
	0x7ffff4e9, 0x7ffffa74, 0x7ffffd3a, 0x7ffffe9d, 0x7fffff4f, 0x7fffffa7,
};

/*
 * The mantissa, in [1, 2), is squared: the logarithm doubles, and its next bit
 * is whether the square reached 2.
 */
uint64_t vmd_fixed_log2(uint64_t x)
{
	unsigned int whole = 63 - (unsigned int)__builtin_clzll(x);
	uint64_t mantissa = whole > 31 ? x >> (whole - 31) : x << (31 - whole);
	uint64_t log = whole;
	int i;

	for (i = 0; i < 24; i++) {
		mantissa = mantissa * mantissa >> 31;
		log <<= 1;
		if (mantissa >= 2 * VMD_Q31_ONE) {
			mantissa >>= 1;
			log |= 1;
		}
	}
	return log;
}

uint64_t vmd_fixed_exp2_neg(uint64_t x)
{
	uint64_t whole = x / VMD_Q24_ONE;
	uint64_t result = VMD_Q31_ONE;
	int i;

	for (i = 0; i < 24; i++) {
		if (x >> (23 - i) & 1)
			result = result * roots_of_half[i] >> 31;
	}
	return whole < 32 ? result >> whole : 0;
}
