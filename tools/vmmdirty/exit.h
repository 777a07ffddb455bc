/* SPDX-License-Identifier: MIT */
/*
 * What the command's exit status says.
 */
#ifndef VMMDIRTY_TOOL_EXIT_H
#define VMMDIRTY_TOOL_EXIT_H

enum {
	EXIT_GOOD = 0,
	EXIT_BAD = 1, /* the thing checked is bad */
	EXIT_USAGE = 2 /* the call is bad, or its input */
};

#endif /* VMMDIRTY_TOOL_EXIT_H */
