/* SPDX-License-Identifier: MIT */
/*
 * Random numbers that are the same everywhere: xoshiro256**, seeded by
 * splitmix64. Both are public domain, by Blackman and Vigna.
 */
#ifndef VMD_SRC_TRACE_RNG_H
#define VMD_SRC_TRACE_RNG_H

#include <stdint.h>

struct vmd_rng {
	uint64_t s[4];
};

static inline uint64_t vmd_splitmix64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline void vmd_rng_init(struct vmd_rng *rng, uint64_t seed)
{
	int i;

	for (i = 0; i < 4; i++)
		rng->s[i] = vmd_splitmix64(&seed);
}

static inline uint64_t vmd_rotl64(uint64_t x, unsigned int k)
{
	return x << k | x >> (64 - k);
}

static inline uint64_t vmd_rng_next(struct vmd_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = vmd_rotl64(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = vmd_rotl64(s[3], 45);
	return result;
}

/* Uniform in [0, end), @end > 0: the top bits, drawn again if out of range. */
static inline uint64_t vmd_rng_below(struct vmd_rng *rng, uint64_t end)
{
	uint64_t value;

	if (end == 1)
		return 0;
	do
		value = vmd_rng_next(rng) >> __builtin_clzll(end - 1);
	while (value >= end);
	return value;
}

#endif /* VMD_SRC_TRACE_RNG_H */
