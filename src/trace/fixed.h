/* SPDX-License-Identifier: MIT */
/*
 * Powers and logarithms in whole numbers. log() and pow() of libm may differ
 * in the last bit from machine to machine, and then so would a workload.
 */
#ifndef VMD_SRC_TRACE_FIXED_H
#define VMD_SRC_TRACE_FIXED_H

#include <stdint.h>

/* One, in numbers with 24 and with 31 bits behind the point. */
#define VMD_Q24_ONE (UINT64_C(1) << 24)
#define VMD_Q31_ONE (UINT64_C(1) << 31)

/* log2(x) in Q24, x >= 1; rounded down. */
uint64_t vmd_fixed_log2(uint64_t x);

/* 2^-x in Q31, x in Q24. Off by less than 2^-26. */
uint64_t vmd_fixed_exp2_neg(uint64_t x);

#endif /* VMD_SRC_TRACE_FIXED_H */
