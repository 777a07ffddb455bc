/* SPDX-License-Identifier: MIT */
/*
 * What the manuals say an access through page tables comes to. Written from
 * the rules R1 to R13, R20, R21 and R24 of docs/mmu.md alone: it is the judge
 * of the walker and shares nothing with it, not even names of bits.
 */
#ifndef VMMDIRTY_TOOL_VERIFY_RULES_H
#define VMMDIRTY_TOOL_VERIFY_RULES_H

#include <stdbool.h>
#include <stdint.h>

/* Entries are counted by level: [1] is the PTE, [5] the PML5E; [0] is unused. */
#define VERIFY_NR_LEVELS 6

/* Bits of entries, as the manuals number them. */
#define VERIFY_BIT(n) (UINT64_C(1) << (n))
#define VERIFY_P      VERIFY_BIT(0)
#define VERIFY_W      VERIFY_BIT(1)
#define VERIFY_U      VERIFY_BIT(2)
#define VERIFY_A      VERIFY_BIT(5)
#define VERIFY_D      VERIFY_BIT(6)
#define VERIFY_PS     VERIFY_BIT(7)
#define VERIFY_NX     VERIFY_BIT(63)
/* Bits high:low. */
#define VERIFY_BITS(high, low) \
	(((VERIFY_BIT(high) - 1) | VERIFY_BIT(high)) & ~(VERIFY_BIT(low) - 1))

/* Where the key of a leaf stands. */
#define VERIFY_KEY_SHIFT 59

/* Bits of the error code. */
enum {
	VERIFY_ERROR_P = 1,
	VERIFY_ERROR_W = 2,
	VERIFY_ERROR_U = 4,
	VERIFY_ERROR_RSVD = 8,
	VERIFY_ERROR_I = 16,
	VERIFY_ERROR_PK = 32
};

enum {
	VERIFY_GP = 13,
	VERIFY_PF = 14
};

/* What cannot change in a machine; K1 to K5 of docs/mmu.md. */
struct verify_machine {
	unsigned int levels;
	unsigned int maxphyaddr;
	bool lazy; /* K1: upper A stays as it is when the access faults */
	bool amd; /* K2 */
	bool no_1g; /* K3 */
};

struct verify_regs {
	bool wp;
	bool nxe;
	bool smep;
	bool smap;
	bool pke;
	bool pks;
	uint32_t pkru;
	uint32_t pkrs;
};

enum verify_kind {
	VERIFY_READ,
	VERIFY_WRITE,
	VERIFY_FETCH
};

struct verify_access {
	uint64_t addr; /* a multiple of eight */
	enum verify_kind kind;
	bool user;
	bool ac;
	bool twice; /* R13: a supervisor's read comes first */
};

struct verify_case {
	struct verify_regs regs;
	struct verify_access access;
	uint64_t entry[VERIFY_NR_LEVELS];
};

/* No address: of an access that faults. */
#define VERIFY_NOWHERE UINT64_MAX

struct verify_outcome {
	unsigned int vector; /* 0: no fault */
	unsigned int error_code;
	uint64_t cr2; /* of a page fault, else 0 */
	uint64_t phys; /* or VERIFY_NOWHERE */
	uint64_t entry[VERIFY_NR_LEVELS]; /* afterwards */
};

/* The outcome of the last access of @c. */
void verify_expect(const struct verify_machine *machine,
		   const struct verify_case *c, struct verify_outcome *out);

/* Equal in everything. */
bool verify_same(const struct verify_outcome *expected,
		 const struct verify_outcome *seen);

#endif /* VMMDIRTY_TOOL_VERIFY_RULES_H */
