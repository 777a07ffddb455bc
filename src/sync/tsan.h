/* SPDX-License-Identifier: MIT */
/*
 * Orders that ThreadSanitizer cannot see, said to it.
 */
#ifndef VMD_SRC_SYNC_TSAN_H
#define VMD_SRC_SYNC_TSAN_H

#if defined(__SANITIZE_THREAD__)
#define VMD_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define VMD_TSAN 1
#endif
#endif
#ifndef VMD_TSAN
#define VMD_TSAN 0
#endif

#if VMD_TSAN
#include <sanitizer/tsan_interface.h>
#define vmd_tsan_acquire(address) __tsan_acquire(address)
#define vmd_tsan_release(address) __tsan_release(address)
#else
#define vmd_tsan_acquire(address) ((void)(address))
#define vmd_tsan_release(address) ((void)(address))
#endif

#endif /* VMD_SRC_SYNC_TSAN_H */
