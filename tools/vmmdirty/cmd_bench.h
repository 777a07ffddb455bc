/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty bench: compare trackers.
 */
#ifndef VMMDIRTY_TOOL_CMD_BENCH_H
#define VMMDIRTY_TOOL_CMD_BENCH_H

/* argv[0] is "bench". */
int cmd_bench(int argc, char **argv);

#endif /* VMMDIRTY_TOOL_CMD_BENCH_H */
