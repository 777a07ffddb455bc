/* SPDX-License-Identifier: MIT */
/*
 * Where a saved context of this Unicorn has EFER, CR4, the flags of the mode
 * and the error code: found by what stands there. One place each, or this
 * Unicorn is not one that we know.
 */
#include <stdlib.h>
#include <string.h>

#include "verify_oracle_impl.h"

#define EFER_AT_RESET UINT64_C(0x500) /* LME, LMA */
#define CR4_MARK      UINT64_C(0x1234567)

typedef bool (*is_it_fn)(const uc_context *context, size_t offset);

/* How many offsets, in steps of @step, satisfy @is_it; the last is @found. */
static unsigned int search(const struct oracle *self, const uc_context *context,
			   size_t step, is_it_fn is_it, size_t *found)
{
	unsigned int nr = 0;
	size_t offset;

	for (offset = 0; offset + step <= self->context_size; offset += step)
		if (is_it(context, offset)) {
			*found = offset;
			nr++;
		}
	return nr;
}

static bool is_efer(const uc_context *context, size_t offset)
{
	return oracle_read_u64(context, offset) == EFER_AT_RESET;
}

static bool is_cr4(const uc_context *context, size_t offset)
{
	return oracle_read_u64(context, offset) == CR4_MARK;
}

/*
 * CPL 0 (bits 1:0), 32-bit and stack size (5:4), PE (7), LMA and CS64 (15:14)
 * of a CPU in 64-bit mode.
 */
static bool is_flags(const uc_context *context, size_t offset)
{
	uint32_t value = oracle_read_u32(context, offset);
	const uint32_t set = 0xc0b0;

	return (value & set) == set && !(value & 3) &&
	       value < UINT32_C(1) << 28;
}

static bool find_registers(struct oracle *self)
{
	uint64_t mark = CR4_MARK;

	if (search(self, self->fresh, 8, is_efer, &self->at.efer) != 1 ||
	    search(self, self->fresh, 4, is_flags, &self->at.flags) != 1)
		return false;
	if (uc_reg_write(self->uc, UC_X86_REG_CR4, &mark) ||
	    uc_context_save(self->uc, self->saved))
		return false;
	return search(self, self->saved, 8, is_cr4, &self->at.cr4) == 1;
}

/* One fault on a page that is not there. */
static bool fault(struct oracle *self, bool user, bool write)
{
	const struct oracle_access access = {
		.addr = UINT64_C(0x5555000000),
		.kind = write ? VERIFY_WRITE : VERIFY_READ,
		.user = user,
		.cr0 = UINT64_C(0x80050033),
		.cr4 = 0x20,
		.efer = 0xd01,
	};

	return oracle_access(self, &access) == VERIFY_PF &&
	       uc_context_save(self->uc, self->saved) == UC_ERR_OK;
}

static void strike_out(const struct oracle *self, uint32_t value,
		       bool *is_candidate)
{
	size_t offset;

	for (offset = 0; offset + 4 <= self->context_size; offset += 4)
		if (oracle_read_u32(self->saved, offset) != value)
			is_candidate[offset] = false;
}

/* What reads 0, 2, 4, 6 after a read and a write by either privilege. */
static bool find_error_code(struct oracle *self, bool *is_candidate)
{
	unsigned int nr = 0;
	uint32_t code;
	size_t offset;

	memset(is_candidate, 1, self->context_size);
	for (code = 0; code < 8; code += 2) {
		if (!fault(self, code & 4, code & 2))
			return false;
		strike_out(self, code, is_candidate);
	}
	for (offset = 0; offset + 4 <= self->context_size; offset += 4)
		if (is_candidate[offset]) {
			self->at.error_code = offset;
			nr++;
		}
	return nr == 1;
}

const char *oracle_find_offsets(struct oracle *self)
{
	bool *is_candidate = calloc(self->context_size, sizeof(*is_candidate));
	bool found = is_candidate && find_registers(self) &&
		     find_error_code(self, is_candidate);

	free(is_candidate);
	return found ? NULL : "unusable with this version of Unicorn";
}
