/* SPDX-License-Identifier: MIT */
/*
 * Unicorn 2 as something that runs cases: four levels, MAXPHYADDR 40, 1G
 * pages, Intel, eager.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_ORACLE_H
#define VMMDIRTY_TOOL_VERIFY_ORACLE_H

#include "verify_adapter.h"

/* Each virtual address must exist as memory: that many bits of them do. */
#define VERIFY_ORACLE_ADDR_BITS 45U

/*
 * @table: where the tables shall lie. 0; -ENOTSUP, and @why says what is
 * missing.
 */
int verify_oracle_create(const struct verify_machine *machine,
			 const uint64_t *table, struct verify_adapter **out,
			 const char **why);

void verify_oracle_destroy(struct verify_adapter *adapter);

#endif /* VMMDIRTY_TOOL_VERIFY_ORACLE_H */
