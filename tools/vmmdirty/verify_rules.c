/* SPDX-License-Identifier: MIT */
/*
 * A function for each rule; the order in which they are asked is that of the
 * manuals: canonical, then level by level present and reserved, then all
 * rights at once, then A and D.
 */
#include "verify_rules.h"

#include <string.h>

/* Where a walk ended, and why. */
struct path {
	unsigned int end; /* the level of the last entry that was looked at */
	bool not_present;
	bool reserved;
};

struct rights {
	bool writable;
	bool user;
	bool executable;
};

static inline bool has(uint64_t entry, uint64_t bit)
{
	return (entry & bit) != 0;
}

/* R24: the bits above the width repeat its highest bit. */
static bool is_canonical(unsigned int levels, uint64_t addr)
{
	unsigned int highest = 12 + 9 * levels - 1;
	uint64_t repeated = addr >> highest;

	return repeated == 0 || repeated == UINT64_MAX >> highest;
}

static bool is_leaf(unsigned int level, uint64_t entry)
{
	return level == 1 || (level <= 3 && has(entry, VERIFY_PS));
}

/* R3 */
static uint64_t reserved_bits(const struct verify_machine *machine, bool nxe,
			      unsigned int level, uint64_t entry)
{
	uint64_t bits = 0;

	if (machine->maxphyaddr < 52)
		bits |= VERIFY_BITS(51, machine->maxphyaddr);
	if (!nxe)
		bits |= VERIFY_NX;
	if (level >= 4)
		bits |= VERIFY_PS;
	if (level >= 4 && machine->amd)
		bits |= VERIFY_BIT(8);
	if (level == 3 && machine->no_1g)
		bits |= VERIFY_PS;
	if (level == 3 && has(entry, VERIFY_PS))
		bits |= VERIFY_BITS(29, 13);
	if (level == 2 && has(entry, VERIFY_PS))
		bits |= VERIFY_BITS(20, 13);
	return bits;
}

/* R1 and R2 end the walk early: a lower level is not looked at. */
static struct path follow(const struct verify_machine *machine,
			  const struct verify_case *c, const uint64_t *entry)
{
	struct path path = { .end = machine->levels };

	for (;; path.end--) {
		uint64_t e = entry[path.end];

		if (!has(e, VERIFY_P))
			path.not_present = true;
		else if (e & reserved_bits(machine, c->regs.nxe, path.end, e))
			path.reserved = true;
		else if (!is_leaf(path.end, e))
			continue;
		return path;
	}
}

/* R4 */
static struct rights collect_rights(const uint64_t *entry, unsigned int top,
				    unsigned int end)
{
	uint64_t all = UINT64_MAX;
	uint64_t any = 0;
	unsigned int level;

	for (level = end; level <= top; level++) {
		all &= entry[level];
		any |= entry[level];
	}
	return (struct rights){
		.writable = has(all, VERIFY_W),
		.user = has(all, VERIFY_U),
		.executable = !has(any, VERIFY_NX),
	};
}

/* A supervisor writes to what is not writable, and through WD, while WP=0. */
static bool write_is_judged(const struct verify_regs *regs, bool user)
{
	return user || regs->wp;
}

/* R5, R6, R7, R8, R20 */
static bool rights_deny(const struct verify_regs *regs,
			const struct verify_access *access,
			struct rights rights)
{
	bool fetch = access->kind == VERIFY_FETCH;

	if (access->user && !rights.user)
		return true;
	if (access->kind == VERIFY_WRITE && !rights.writable &&
	    write_is_judged(regs, access->user))
		return true;
	if (fetch && !rights.executable)
		return true;
	if (fetch && !access->user && rights.user && regs->smep)
		return true;
	return !fetch && !access->user && rights.user && regs->smap &&
	       !access->ac;
}

/* R9 for pages of users, R21 for those of the supervisor */
static bool key_denies(const struct verify_regs *regs,
		       const struct verify_access *access, struct rights rights,
		       uint64_t leaf)
{
	bool counts = rights.user ? regs->pke : regs->pks;
	uint32_t value = rights.user ? regs->pkru : regs->pkrs;
	unsigned int key = (unsigned int)(leaf >> VERIFY_KEY_SHIFT) & 15;
	bool access_disabled = value >> (2 * key) & 1;
	bool write_disabled = value >> (2 * key + 1) & 1;

	if (!counts || access->kind == VERIFY_FETCH)
		return false;
	return access_disabled ||
	       (write_disabled && access->kind == VERIFY_WRITE &&
		write_is_judged(regs, access->user));
}

/* R10 */
static unsigned int access_bits(const struct verify_regs *regs,
				const struct verify_access *access)
{
	unsigned int bits = 0;

	if (access->kind == VERIFY_WRITE)
		bits |= VERIFY_ERROR_W;
	if (access->user)
		bits |= VERIFY_ERROR_U;
	if (access->kind == VERIFY_FETCH && (regs->nxe || regs->smep))
		bits |= VERIFY_ERROR_I;
	return bits;
}

/* R12: the entries above @end were used. */
static void set_upper_accessed(uint64_t *entry, unsigned int top,
			       unsigned int end)
{
	unsigned int level;

	for (level = end + 1; level <= top; level++)
		entry[level] |= VERIFY_A;
}

static uint64_t physical(uint64_t leaf, unsigned int level, uint64_t addr)
{
	uint64_t offset_mask = VERIFY_BIT(12 + 9 * (level - 1)) - 1;

	return (leaf & VERIFY_BITS(51, 12) & ~offset_mask) |
	       (addr & offset_mask);
}

/* Is what R1, R2 and the rights say a fault, and with which error code? */
static bool faults(const struct verify_case *c,
		   const struct verify_access *access, struct path path,
		   struct rights rights, unsigned int *error_code)
{
	uint64_t leaf = c->entry[path.end];

	if (path.not_present) {
		*error_code = 0;
		return true;
	}
	*error_code = VERIFY_ERROR_P;
	if (path.reserved) {
		*error_code |= VERIFY_ERROR_RSVD;
		return true;
	}
	if (key_denies(&c->regs, access, rights, leaf)) {
		*error_code |= VERIFY_ERROR_PK;
		return true;
	}
	return rights_deny(&c->regs, access, rights);
}

/* One access through @out->entry, which it changes. */
static void
expect_one(const struct verify_machine *machine, const struct verify_case *c,
	   const struct verify_access *access, struct verify_outcome *out)
{
	unsigned int error_code;
	struct path path;

	out->vector = 0;
	out->error_code = 0;
	out->cr2 = 0;
	out->phys = VERIFY_NOWHERE;
	if (!is_canonical(machine->levels, access->addr)) {
		out->vector = VERIFY_GP;
		return;
	}
	path = follow(machine, c, c->entry);
	if (faults(c, access, path,
		   collect_rights(c->entry, machine->levels, path.end),
		   &error_code)) {
		out->vector = VERIFY_PF;
		out->error_code = error_code | access_bits(&c->regs, access);
		out->cr2 = access->addr;
		if (!machine->lazy)
			set_upper_accessed(out->entry, machine->levels,
					   path.end);
		return;
	}
	set_upper_accessed(out->entry, machine->levels, path.end);
	out->entry[path.end] |= VERIFY_A; /* R11 */
	if (access->kind == VERIFY_WRITE)
		out->entry[path.end] |= VERIFY_D; /* R11 */
	out->phys = physical(c->entry[path.end], path.end, access->addr);
}

/* R13: what the first access finds out is forgotten, its A stays. */
void verify_expect(const struct verify_machine *machine,
		   const struct verify_case *c, struct verify_outcome *out)
{
	memcpy(out->entry, c->entry, sizeof(out->entry));
	if (c->access.twice) {
		const struct verify_access first = {
			.addr = c->access.addr,
			.kind = VERIFY_READ,
			.ac = c->access.ac,
		};

		expect_one(machine, c, &first, out);
	}
	expect_one(machine, c, &c->access, out);
}

bool verify_same(const struct verify_outcome *expected,
		 const struct verify_outcome *seen)
{
	return expected->vector == seen->vector &&
	       expected->error_code == seen->error_code &&
	       expected->cr2 == seen->cr2 && expected->phys == seen->phys &&
	       memcmp(expected->entry, seen->entry, sizeof(seen->entry)) == 0;
}
