/* SPDX-License-Identifier: MIT */
/*
 * Structs that a caller fills in, compiled with an older or a newer header:
 * the first member is its size.
 */
#ifndef VMD_SRC_BASE_CONFIG_H
#define VMD_SRC_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * Into @to, ours, of @to_size bytes. What an older caller does not know is
 * zero; what a newer one knows and we do not must be zero, else false.
 */
static inline bool vmd_copy_config(void *to, size_t to_size, const void *from)
{
	const unsigned char *bytes = from;
	size_t from_size;
	size_t i;

	memcpy(&from_size, from, sizeof(from_size));
	if (from_size <= sizeof(from_size) || from_size % sizeof(from_size))
		return false;
	for (i = to_size; i < from_size; i++)
		if (bytes[i])
			return false;
	memset(to, 0, to_size);
	memcpy(to, from, from_size < to_size ? from_size : to_size);
	memcpy(to, &to_size, sizeof(to_size));
	return true;
}

#endif /* VMD_SRC_BASE_CONFIG_H */
