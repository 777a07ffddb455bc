/* SPDX-License-Identifier: MIT */
#ifndef VMMDIRTY_TOOL_CMD_VERIFY_H
#define VMMDIRTY_TOOL_CMD_VERIFY_H

/* vmmdirty verify: argv[0] is "verify". Returns the exit status. */
int cmd_verify(int argc, char **argv);

#endif /* VMMDIRTY_TOOL_CMD_VERIFY_H */
