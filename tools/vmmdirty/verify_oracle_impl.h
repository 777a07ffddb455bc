/* SPDX-License-Identifier: MIT */
/*
 * Between verify_oracle.c, which runs cases, and verify_oracle_find.c, which
 * finds out where this Unicorn keeps what it does not offer.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_ORACLE_IMPL_H
#define VMMDIRTY_TOOL_VERIFY_ORACLE_IMPL_H

#include <stddef.h>
#include <unicorn/unicorn.h>

#include "verify_oracle.h"

/* Offsets in a saved context. */
struct oracle_offsets {
	size_t efer;
	size_t cr4;
	size_t flags; /* of the mode; bit 23 follows CR4.SMAP */
	size_t error_code;
};

/* One guest access, in the terms of Unicorn. */
struct oracle_access {
	uint64_t addr;
	enum verify_kind kind;
	bool user;
	bool ac;
	uint64_t cr0;
	uint64_t cr4;
	uint64_t efer;
	uint32_t pkru;
};

/* Vectors that no processor has. */
enum {
	ORACLE_DONE = 0x80, /* the access went through, then came INT 0x80 */
	ORACLE_STRAY = 0x100 /* plus uc_err: it ended without an interrupt */
};

struct oracle {
	struct verify_adapter adapter; /* first */
	uc_engine *uc;
	uc_context *fresh; /* restored before each access */
	uc_context *saved; /* taken after it */
	size_t context_size;
	struct oracle_offsets at;
	uint8_t *memory;
	bool trapped;
	uint32_t vector;
};

/* Returns the vector, ORACLE_DONE, or ORACLE_STRAY and more. */
unsigned int oracle_access(struct oracle *self,
			   const struct oracle_access *access);

/* Fills @self->at; NULL, or why this Unicorn cannot be used. */
const char *oracle_find_offsets(struct oracle *self);

uint32_t oracle_read_u32(const uc_context *context, size_t offset);
uint64_t oracle_read_u64(const uc_context *context, size_t offset);

#endif /* VMMDIRTY_TOOL_VERIFY_ORACLE_IMPL_H */
