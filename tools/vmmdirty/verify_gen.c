/* SPDX-License-Identifier: MIT */
/*
 * Everything is drawn; how often it happens is what is chosen here. A case
 * whose first entry faults says little, so each obstacle is rare, and there
 * are many of them.
 */
#include "verify_gen.h"

/* Bits that mean nothing in any entry: PWT, PCD, 11:9, 58:52. */
#define IGNORED (VERIFY_BITS(4, 3) | VERIFY_BITS(11, 9) | VERIFY_BITS(58, 52))

/* SplitMix64 */
static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t verify_draw(struct verify_gen *gen)
{
	gen->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(gen->state);
}

uint64_t verify_draw_below(struct verify_gen *gen, uint64_t end)
{
	return verify_draw(gen) % end;
}

bool verify_draw_chance(struct verify_gen *gen, unsigned int n)
{
	return verify_draw_below(gen, n) == 0;
}

/* @bit, most times. */
static uint64_t usually(struct verify_gen *gen, unsigned int n, uint64_t bit)
{
	return verify_draw_chance(gen, n) ? 0 : bit;
}

/* @bit, one time in @n. */
static uint64_t rarely(struct verify_gen *gen, unsigned int n, uint64_t bit)
{
	return verify_draw_chance(gen, n) ? bit : 0;
}

/* A quarter of the bits of all keys. */
static uint32_t draw_denials(struct verify_gen *gen)
{
	uint64_t bits = verify_draw(gen);

	return (uint32_t)(bits & bits >> 32);
}

static void draw_regs(struct verify_gen *gen, struct verify_regs *regs)
{
	uint64_t bits = verify_draw(gen);

	regs->wp = bits & 1;
	regs->nxe = bits & 6;
	regs->smep = !gen->no_smep && (bits & 8);
	regs->smap = !gen->no_smap && (bits & 16);
	regs->pke = !gen->no_pke && (bits & 32);
	regs->pks = !gen->no_pks && (bits & 64);
	regs->pkru = 0;
	regs->pkrs = 0;
	if (!gen->no_pke)
		regs->pkru = draw_denials(gen);
	if (!gen->no_pks)
		regs->pkrs = draw_denials(gen);
}

/* The part of an address above @shift, with some bits of @phys below it. */
static uint64_t draw_addr(struct verify_gen *gen, unsigned int levels,
			  unsigned int shift, uint64_t phys)
{
	unsigned int width = gen->addr_bits ? gen->addr_bits : 12 + 9 * levels;
	unsigned int top = 12 + 9 * (levels - 1);
	uint64_t place = verify_draw(gen);
	uint64_t addr;

	if (gen->nr_places)
		place = mix(place % gen->nr_places + 1);
	addr = place & (VERIFY_BIT(width) - VERIFY_BIT(shift));
	addr |= phys & (VERIFY_BIT(shift) - 1);
	if (!(addr >> top))
		addr |= VERIFY_BIT(top);
	if (!gen->addr_bits && (addr & VERIFY_BIT(width - 1)))
		addr |= ~(VERIFY_BIT(width) - 1);
	return addr;
}

/* One bit above the width is wrong. */
static uint64_t spoil_addr(struct verify_gen *gen, unsigned int levels,
			   uint64_t addr)
{
	unsigned int width = 12 + 9 * levels;

	return addr ^ VERIFY_BIT(width + verify_draw_below(gen, 64 - width));
}

static void draw_access(struct verify_gen *gen, struct verify_access *access)
{
	uint64_t bits = verify_draw(gen);

	access->kind = (enum verify_kind)(bits % 3);
	bits >>= 32;
	access->user = bits & 1;
	access->ac = !gen->no_smap && (bits & 2);
	access->twice = !gen->no_twice && !(bits & 12);
}

static uint64_t draw_leaf(struct verify_gen *gen, unsigned int level,
			  uint64_t phys)
{
	unsigned int shift = 12 + 9 * (level - 1);
	uint64_t entry = phys & ~(VERIFY_BIT(shift) - 1);

	entry |= usually(gen, 4, VERIFY_W) | usually(gen, 4, VERIFY_U);
	entry |= rarely(gen, 2, VERIFY_BIT(8));
	if (level == 1)
		return entry | rarely(gen, 2, VERIFY_BIT(7)); /* PAT */
	entry |= VERIFY_PS | rarely(gen, 2, VERIFY_BIT(12)); /* PAT */
	return entry |
	       rarely(gen, 16,
		      VERIFY_BIT(13 + verify_draw_below(gen, shift - 13)));
}

static uint64_t draw_upper(struct verify_gen *gen,
			   const struct verify_machine *machine,
			   unsigned int level, uint64_t next_table)
{
	bool bit_8_is_reserved = level >= 4 && machine->amd;
	uint64_t entry = next_table;

	entry |= usually(gen, 12, VERIFY_W) | usually(gen, 12, VERIFY_U);
	entry |= rarely(gen, bit_8_is_reserved ? 24 : 2, VERIFY_BIT(8));
	if (level >= 4)
		entry |= rarely(gen, 48, VERIFY_PS);
	return entry;
}

static uint64_t
draw_entry(struct verify_gen *gen, const struct verify_adapter *adapter,
	   unsigned int level, unsigned int leaf_level, uint64_t phys)
{
	unsigned int maxphyaddr = adapter->machine.maxphyaddr;
	uint64_t entry;

	if (level < leaf_level) /* must not be looked at */
		return verify_draw(gen);
	if (level == leaf_level)
		entry = draw_leaf(gen, level, phys);
	else
		entry = draw_upper(gen, &adapter->machine, level,
				   adapter->table[level - 1]);
	entry |= usually(gen, 24, VERIFY_P) | rarely(gen, 16, VERIFY_NX);
	entry |= verify_draw(gen) & (IGNORED | VERIFY_A | VERIFY_D);
	entry |= verify_draw_below(gen, 16) << VERIFY_KEY_SHIFT;
	if (maxphyaddr < 52)
		entry |= rarely(gen, 32,
				VERIFY_BIT(maxphyaddr +
					   verify_draw_below(gen,
							     52 - maxphyaddr)));
	if (!(entry & VERIFY_P) && verify_draw_chance(gen, 2))
		entry = verify_draw(gen) & ~VERIFY_P; /* the software's */
	return entry;
}

/* Five in eight 4K, two 2M, one 1G. */
static unsigned int draw_leaf_level(struct verify_gen *gen)
{
	uint64_t n = verify_draw_below(gen, 8);

	return n < 5 ? 1 : n < 7 ? 2 : 3;
}

static uint64_t draw_phys(struct verify_gen *gen,
			  const struct verify_adapter *adapter)
{
	uint64_t size = adapter->data_end - adapter->data_begin;
	uint64_t phys = adapter->data_begin + verify_draw_below(gen, size);

	phys &= ~UINT64_C(7);
	return phys + rarely(gen, 2, adapter->data_again);
}

void verify_gen_case(struct verify_gen *gen,
		     const struct verify_adapter *adapter,
		     struct verify_case *c)
{
	unsigned int levels = adapter->machine.levels;
	unsigned int leaf_level = draw_leaf_level(gen);
	uint64_t phys = draw_phys(gen, adapter);
	unsigned int level;

	*c = (struct verify_case){ 0 };
	draw_regs(gen, &c->regs);
	draw_access(gen, &c->access);
	c->access.addr =
		draw_addr(gen, levels, 12 + 9 * (leaf_level - 1), phys);
	if (verify_draw_chance(gen, 64))
		c->access.addr = spoil_addr(gen, levels, c->access.addr);
	for (level = 1; level <= levels; level++)
		c->entry[level] =
			draw_entry(gen, adapter, level, leaf_level, phys);
}
