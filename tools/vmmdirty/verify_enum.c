/* SPDX-License-Identifier: MIT */
/*
 * Registers change in the outermost loops and the access in the innermost, so
 * that two neighbours differ in little. Illegal, and passed over:
 *
 *	fetch and write; a user and SMEP; bits of PKRU without PKE
 *	bit 13 of a PDE that is no leaf
 *	two reserved bits at once; NX is one while NXE is 0
 *	bit 51 from MAXPHYADDR 52 on, bit 36 from 37 on
 *
 * Where a PTE is the leaf and has key 1, the PDE carries key 2, which PKRU
 * denies: only the leaf's key counts (R9). With PKE=0 PKRU denies everything.
 */
#include "verify_enum.h"

#include <errno.h>

/* Bits of a PTE and a PDE that are enumerated. */
enum {
	E_W = 1,
	E_U = 2,
	E_A = 4,
	E_D = 8,
	E_NX = 16,
	E_P = 32,
	E_51 = 64,
	E_36 = 128,
	NR_PTES = 256,
	E_PS = 256,
	E_13 = 512,
	NR_PDES = 1024
};

enum {
	KEYS_OFF, /* CR4.PKE=0 */
	KEYS_NONE, /* the rest: AD and WD of key 1 */
	KEYS_AD,
	KEYS_WD,
	KEYS_AD_WD,
	NR_KEYS
};

#define NR_ACCESSES 6U /* read, write, fetch; each of them once and twice */

#define DENY_KEY_2 UINT32_C(0x30)
#define BASE	   (VERIFY_P | VERIFY_W | VERIFY_U)

struct walk {
	const struct verify_enum *space;
	struct verify_adapter *adapter;
	struct verify_tally *tally;
	uint64_t nr_legal;
	uint64_t until_next; /* combinations to pass over */
	unsigned int reserved; /* bits that are, with NXE as it is */
	unsigned int absent; /* bits that are not enumerated */
	bool use_key;
	struct verify_case c;
	int (*judge)(struct walk *walk);
};

uint64_t verify_enum_count(unsigned int maxphyaddr, bool with_smep)
{
	uint64_t nr_reserved = maxphyaddr >= 52 ? 19 :
			       maxphyaddr >= 37 ? 39 :
						  59;

	return 49152 * nr_reserved * 10 * (with_smep ? 3 : 2) / 2;
}

/* None or one; more than one reserved bit is not legal. */
static bool at_most_one(unsigned int bits)
{
	return (bits & (bits - 1)) == 0;
}

static uint64_t entry_bits(unsigned int bits)
{
	return (bits & E_W ? VERIFY_W : 0) | (bits & E_U ? VERIFY_U : 0) |
	       (bits & E_A ? VERIFY_A : 0) | (bits & E_D ? VERIFY_D : 0) |
	       (bits & E_NX ? VERIFY_NX : 0) | (bits & E_P ? VERIFY_P : 0) |
	       (bits & E_51 ? VERIFY_BIT(51) : 0) |
	       (bits & E_36 ? VERIFY_BIT(36) : 0) |
	       (bits & E_PS ? VERIFY_PS : 0) |
	       (bits & E_13 ? VERIFY_BIT(13) : 0);
}

static uint64_t leaf(const struct walk *walk)
{
	return walk->adapter->data_begin | (uint64_t)walk->use_key
						   << VERIFY_KEY_SHIFT;
}

static uint64_t pde(const struct walk *walk, unsigned int bits)
{
	uint64_t other_key = walk->use_key ? 2 : 0;

	if (bits & E_PS)
		return entry_bits(bits) | leaf(walk);
	return entry_bits(bits) | walk->adapter->table[1] |
	       other_key << VERIFY_KEY_SHIFT;
}

static int each_access(struct walk *walk)
{
	struct verify_access *access = &walk->c.access;
	unsigned int i;
	int err = 0;

	for (i = 0; i < NR_ACCESSES && !err; i++) {
		if (--walk->until_next)
			continue;
		walk->until_next = walk->space->stride;
		access->kind = (enum verify_kind)(i % 3);
		access->twice = i >= 3;
		err = walk->judge(walk);
	}
	return err;
}

static int each_pte(struct walk *walk, unsigned int pde_bits)
{
	unsigned int reserved = walk->reserved;
	unsigned int illegal = walk->absent;
	unsigned int bits;
	int err = 0;

	if (pde_bits & reserved)
		illegal |= reserved;
	for (bits = 0; bits < NR_PTES && !err; bits++) {
		if ((bits & illegal) || !at_most_one(bits & reserved))
			continue;
		walk->nr_legal += NR_ACCESSES;
		if (walk->until_next > NR_ACCESSES) {
			walk->until_next -= NR_ACCESSES;
			continue;
		}
		walk->c.entry[1] = entry_bits(bits) | leaf(walk);
		err = each_access(walk);
	}
	return err;
}

static int each_pde(struct walk *walk)
{
	unsigned int bits;
	int err = 0;

	for (bits = 0; bits < NR_PDES && !err; bits++) {
		if ((bits & walk->absent) ||
		    !at_most_one(bits & walk->reserved) ||
		    ((bits & E_13) && !(bits & E_PS)))
			continue;
		walk->c.entry[2] = pde(walk, bits);
		err = each_pte(walk, bits);
	}
	return err;
}

/* Whether the leaf has key 1, and whether the PDPTE is writable. */
static int each_upper(struct walk *walk)
{
	const uint64_t *table = walk->adapter->table;
	unsigned int i;
	int err = 0;

	walk->c.entry[5] = BASE | table[4];
	walk->c.entry[4] = BASE | table[3];
	for (i = 0; i < 4 && !err; i++) {
		walk->use_key = i & 1;
		walk->c.entry[3] = (i & 2 ? BASE & ~VERIFY_W : BASE) | table[2];
		err = each_pde(walk);
	}
	return err;
}

static void set_keys(struct verify_regs *regs, unsigned int keys)
{
	regs->pke = keys != KEYS_OFF;
	regs->pkru = DENY_KEY_2;
	if (keys == KEYS_OFF)
		regs->pkru = UINT32_MAX;
	if (keys == KEYS_AD || keys == KEYS_AD_WD)
		regs->pkru |= 4;
	if (keys == KEYS_WD || keys == KEYS_AD_WD)
		regs->pkru |= 8;
}

static int each_keys(struct walk *walk)
{
	unsigned int keys;
	int err = 0;

	for (keys = 0; keys < NR_KEYS && !err; keys++) {
		set_keys(&walk->c.regs, keys);
		err = each_upper(walk);
	}
	return err;
}

static int each_mode(struct walk *walk)
{
	struct verify_regs *regs = &walk->c.regs;
	unsigned int i;
	int err = 0;

	for (i = 0; i < 16 && !err; i++) {
		regs->wp = i & 1;
		regs->nxe = i & 2;
		walk->reserved = E_51 | E_36 | E_13 | (regs->nxe ? 0 : E_NX);
		walk->c.access.user = i & 4;
		regs->smep = i & 8;
		if (regs->smep &&
		    (walk->c.access.user || !walk->space->with_smep))
			continue;
		err = each_keys(walk);
	}
	return err;
}

/* Its highest index is not 0, and its offsets in 4K and 2M differ. */
static uint64_t tested_addr(unsigned int levels)
{
	return levels == 5 ? UINT64_C(0xff12923412345678) :
			     UINT64_C(0xffff923412345678);
}

static int run(const struct verify_enum *space, struct verify_adapter *adapter,
	       struct verify_tally *tally, int (*judge)(struct walk *walk),
	       uint64_t *nr_legal)
{
	unsigned int maxphyaddr = adapter->machine.maxphyaddr;
	struct walk walk = {
		.space = space,
		.adapter = adapter,
		.tally = tally,
		.until_next = 1,
		.absent = (maxphyaddr >= 52 ? E_51 : 0) |
			  (maxphyaddr >= 37 ? E_36 : 0),
		.judge = judge,
		.c.access.addr = tested_addr(adapter->machine.levels),
	};
	int err = each_mode(&walk);

	*nr_legal = walk.nr_legal;
	return err;
}

static int judge_by_rules(struct walk *walk)
{
	return verify_judge(walk->tally, walk->adapter, &walk->c);
}

int verify_enum_run(const struct verify_enum *space,
		    struct verify_adapter *adapter, struct verify_tally *tally,
		    uint64_t *nr_legal)
{
	return run(space, adapter, tally, judge_by_rules, nr_legal);
}

/*
 * What four levels make of it. No PML4E faults in this space, so the PML5E is
 * used when and only when the PML4E is.
 */
static void expect_by_four_levels(const struct verify_machine *five,
				  const struct verify_case *c,
				  uint64_t addr_of_four,
				  struct verify_outcome *out)
{
	const uint64_t rights = VERIFY_W | VERIFY_U;
	struct verify_machine four = *five;
	struct verify_case less = *c;

	four.levels = 4;
	less.access.addr = addr_of_four;
	less.entry[4] &= ~rights | c->entry[5];
	less.entry[4] |= c->entry[5] & VERIFY_NX;
	verify_expect(&four, &less, out);
	out->cr2 = out->vector ? c->access.addr : 0;
	out->entry[5] = c->entry[5] | (out->entry[4] & VERIFY_A);
	out->entry[4] = c->entry[4] | (out->entry[4] & VERIFY_A);
}

static int judge_by_four_levels(struct walk *walk)
{
	static const uint64_t taken[] = { VERIFY_W, VERIFY_U,
					  VERIFY_W | VERIFY_U };
	struct verify_case c = walk->c;
	unsigned int i;
	int err = 0;

	for (i = 0; i < 6 && !err; i++) {
		struct verify_outcome expected;
		struct verify_outcome seen;

		c.entry[5] = walk->c.entry[5] & ~taken[i % 3];
		if (i >= 3 && !c.regs.nxe)
			break; /* NX would be a reserved bit */
		if (i >= 3)
			c.entry[5] |= VERIFY_NX;
		expect_by_four_levels(&walk->adapter->machine, &c,
				      tested_addr(4), &expected);
		err = walk->adapter->run(walk->adapter, &c, expected.phys,
					 &seen);
		if (!err)
			(void)verify_count(walk->tally, walk->adapter, &c,
					   &expected, &seen);
	}
	return err;
}

int verify_enum_run_pml5(const struct verify_enum *space,
			 struct verify_adapter *adapter,
			 struct verify_tally *tally)
{
	uint64_t nr_legal;

	if (adapter->machine.levels != 5)
		return -EINVAL;
	return run(space, adapter, tally, judge_by_four_levels, &nr_legal);
}
