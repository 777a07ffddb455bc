/* SPDX-License-Identifier: MIT */
/*
 * Small words that the compiler lacks.
 */
#ifndef VMD_SRC_BASE_COMPILER_H
#define VMD_SRC_BASE_COMPILER_H

#include <stddef.h>

#define vmd_likely(x)	__builtin_expect(!!(x), 1)
#define vmd_unlikely(x) __builtin_expect(!!(x), 0)

#define VMD_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The struct of @type whose @member is at @ptr. */
#define vmd_container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define VMD_COLD	  __attribute__((cold, noinline))
#define VMD_NOINLINE	  __attribute__((noinline))
#define VMD_ALWAYS_INLINE __attribute__((always_inline))

#endif /* VMD_SRC_BASE_COMPILER_H */
