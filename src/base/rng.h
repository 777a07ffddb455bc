/* SPDX-License-Identifier: MIT */
/*
 * Numbers that look drawn by chance and are the same everywhere: splitmix64
 * (Steele, Lea and Flood, 2014), whose authors gave it to the public domain.
 */
#ifndef VMD_SRC_BASE_RNG_H
#define VMD_SRC_BASE_RNG_H

#include <stdint.h>

/* A bijection that leaves no trace of order in its argument. */
static inline uint64_t vmd_mix64(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static inline uint64_t vmd_rng_next(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return vmd_mix64(*state);
}

#endif /* VMD_SRC_BASE_RNG_H */
