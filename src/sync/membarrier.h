/* SPDX-License-Identifier: MIT */
/*
 * A barrier on every running thread of the process, asked for by one of them:
 * the others pay nothing. Pairs with the compiler barriers of the access
 * section in vmmdirty/cpu.h.
 */
#ifndef VMD_SRC_SYNC_MEMBARRIER_H
#define VMD_SRC_SYNC_MEMBARRIER_H

#include <stdbool.h>
#include <stdint.h>

/* Can the kernel do it? Where not, nobody may rely on access sections. */
bool vmd_membarrier_init(void);

void vmd_membarrier(void);

/* Returns once *flag has been seen to be 0. */
void vmd_wait_until_zero(const uint32_t *flag);

#endif /* VMD_SRC_SYNC_MEMBARRIER_H */
