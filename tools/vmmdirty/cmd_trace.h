/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty trace: look at write traces, and convert them.
 */
#ifndef VMD_TOOLS_CMD_TRACE_H
#define VMD_TOOLS_CMD_TRACE_H

/* argv[0] is "trace". The exit status: 0, or 2 for a bad call or bad input. */
int cmd_trace(int argc, char **argv);

#endif /* VMD_TOOLS_CMD_TRACE_H */
