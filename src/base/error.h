/* SPDX-License-Identifier: MIT */
/*
 * Errors in words. strerror() is not safe in threads, and which of the two
 * strerror_r() there are is chosen by macros of whoever compiles.
 */
#ifndef VMD_SRC_BASE_ERROR_H
#define VMD_SRC_BASE_ERROR_H

/* A few words for a negative errno that files meet; "failed" for others. */
const char *vmd_error_text(int err);

#endif /* VMD_SRC_BASE_ERROR_H */
