/* SPDX-License-Identifier: MIT */
/*
 * I-3 and I-4: random writes to tables, accesses and operations of F5 on a
 * small machine, beside the slow reference of mmu_model.h. After each step all
 * that the CPU knows must be something that the reference has kept, and the
 * outcome of each access must follow from that.
 *
 * Each frame knows its number, in a word that no table uses: an access says
 * which translation it went through.
 */
#include "mmu_model.h"

#include <errno.h>
#include <string.h>
#include <vmmdirty/uaccess.h>

#include "base/rng.h"
#include "mmu/cpu.h"
#include "support.h"

#define NR_SEQUENCES 200
#define NR_COMPARED  80 /* of these, with lines and without */
#define NR_STEPS     60
#define NR_PCIDS     3U
#define NR_FRAMES    6U
#define NUMBER	     UINT64_C(0xff8) /* where in its page */

static const struct {
	const char *name;
	struct vmd_machine_config config;
} shapes[] = {
	{ "default", { .flags = 0 } },
	{ "no lines", { .flags = VMD_MACHINE_NO_LINES } },
	{ "small",
	  { .tlb_entries = 8, .large_tlb_entries = 8, .psc_entries = 8 } },
	{ "unbounded",
	  { .tlb_entries = VMD_TLB_UNBOUNDED,
	    .large_tlb_entries = VMD_TLB_UNBOUNDED,
	    .psc_entries = VMD_TLB_UNBOUNDED } },
	{ "fractured", { .flags = VMD_MACHINE_FRACTURE_LARGE } },
	{ "spurious", { .flags = VMD_MACHINE_SPURIOUS_FAULTS } },
	{ "fractured, spurious",
	  { .flags = VMD_MACHINE_FRACTURE_LARGE |
		     VMD_MACHINE_SPURIOUS_FAULTS } },
	{ "lazy A", { .flags = VMD_MACHINE_LAZY_ACCESSED } },
	{ "random",
	  { .flags = VMD_MACHINE_RANDOM_REPLACEMENT, .tlb_entries = 8 } },
	{ "no upper caches", { .flags = VMD_MACHINE_NO_PSC } },
	{ "no TLB", { .flags = VMD_MACHINE_NO_TLB } },
};

struct run {
	struct barefix fix;
	struct mmu_model model;
	const char *name;
	unsigned int flags;
	vmd_pa_t tables;
	vmd_pa_t frames;
	uint64_t rng;
	uint64_t digest; /* of all that was seen */
	int sequence;
	int step;
};

static struct run run;

/* Not ck_assert_msg(), which tells the runner of each success. */
#define FAIL_IF(condition, what)                                               \
	do {                                                                   \
		if (condition)                                                 \
			ck_abort_msg("%s, sequence %d, step %d: %s", run.name, \
				     run.sequence, run.step, what);            \
	} while (0)

static void saw(uint64_t value)
{
	run.digest = vmd_mix64(run.digest ^ value) + 1;
}

static unsigned int draw(unsigned int nr)
{
	return (unsigned int)(vmd_rng_next(&run.rng) >> 33) % nr;
}

static bool chance(unsigned int percent)
{
	return draw(100) < percent;
}

static unsigned int level_of(unsigned int table)
{
	if (table < 2)
		return PML4E;
	if (table < 4)
		return PDPTE;
	return table < 7 ? PDE : PTE;
}

/* A frame, or a table of the next level. */
static uint64_t draw_target(unsigned int level)
{
	vmd_pa_t table = run.tables;

	if (level == PTE)
		return run.frames + (draw(NR_FRAMES) << VMD_PAGE_SHIFT);
	if (level == PDE && chance(30))
		return ((uint64_t)(2 + draw(3)) << 21) | PS;
	if (level == PDPTE && chance(15))
		return PS; /* 1G at 0 */
	if (level == PML4E)
		table += (2 + draw(2)) << VMD_PAGE_SHIFT;
	else if (level == PDPTE)
		table += (4 + draw(3)) << VMD_PAGE_SHIFT;
	else
		table += (7 + draw(4)) << VMD_PAGE_SHIFT;
	return table;
}

static uint64_t draw_entry(unsigned int level)
{
	uint64_t entry = draw_target(level);

	entry |= chance(92) ? P : 0;
	entry |= chance(85) ? RW : 0;
	entry |= chance(85) ? US : 0;
	entry |= chance(10) ? NX : 0;
	entry |= chance(60) ? ACC : 0;
	entry |= chance(40) ? D : 0;
	entry |= chance(20) ? G : 0;
	entry |= chance(20) ? KEY(1) : 0;
	entry |= chance(4) ? UINT64_C(1) << 51 : 0;
	return entry;
}

static vmd_pa_t address_of(unsigned int table, unsigned int slot)
{
	return run.tables + ((vmd_pa_t)table << VMD_PAGE_SHIFT) +
	       8 * model_index(slot, PTE);
}

static void write_entry(unsigned int table, unsigned int slot, uint64_t entry)
{
	FAIL_IF(vmd_write_phys(run.fix.machine, address_of(table, slot), entry),
		"no table");
	run.model.memory[table][slot] = entry;
}

/* One bit of an entry, or all of it. */
static void change_tables(void)
{
	static const uint64_t bits[] = { P, RW, US, NX, ACC, D, G, KEY(1) };
	unsigned int table = draw(MODEL_NR_TABLES);
	unsigned int slot = draw(MODEL_NR_SLOTS);
	uint64_t entry = run.model.memory[table][slot];

	if (chance(50))
		entry ^= bits[draw(ARRAY_SIZE(bits))];
	else
		entry = draw_entry(level_of(table));
	write_entry(table, slot, entry);
}

static void read_entry(unsigned int table, unsigned int slot, unsigned int page,
		       uint64_t may_set)
{
	const unsigned int on_path = page >> (level_of(table) - 1) & 1;
	uint64_t *known = &run.model.memory[table][slot];
	uint64_t entry = 0;
	uint64_t set;

	FAIL_IF(vmd_read_phys(run.fix.machine, address_of(table, slot), &entry),
		"no table");
	set = entry ^ *known;
	FAIL_IF(set & *known, "a bit was cleared");
	FAIL_IF(set & ~may_set, "a bit was set (R11, R12)");
	FAIL_IF(set && slot != on_path, "another address was marked");
	*known = entry;
	saw(entry);
}

/* What the access has made of the tables: A and D, where it went. */
static void read_tables(unsigned int page, uint64_t may_set)
{
	unsigned int table;
	unsigned int slot;

	for (table = 0; table < MODEL_NR_TABLES; table++)
		for (slot = 0; slot < MODEL_NR_SLOTS; slot++)
			read_entry(table, slot, page, may_set);
}

static int access_page(enum bare_kind kind, vmd_va_t va, uint64_t *pfn)
{
	switch (kind) {
	case BARE_READ:
		return vmd_load_u64(run.fix.cpu, va + NUMBER, pfn);
	case BARE_WRITE:
		return vmd_xadd_u64(run.fix.cpu, va + NUMBER, 0, pfn);
	case BARE_FETCH:
	default:
		return vmd_fetch_check(run.fix.cpu, va + NUMBER);
	}
}

static void do_access(unsigned int page, enum bare_kind kind)
{
	const struct vmd_fault_info *fault = vmd_cpu_fault(run.fix.cpu);
	const bool lazy = run.flags & VMD_MACHINE_LAZY_ACCESSED;
	uint64_t pfn = 0;
	int err = access_page(kind, model_va(page), &pfn);

	saw(err ? ~(uint64_t)fault->error_code : pfn);
	if (err) {
		FAIL_IF(fault->addr != model_va(page) + NUMBER, "CR2");
		FAIL_IF(!model_explains_fault(
				&run.model, page, kind, fault->error_code,
				run.flags & VMD_MACHINE_SPURIOUS_FAULTS),
			"a fault that nothing explains");
		read_tables(page, lazy ? 0 : ACC);
		model_drop_address(&run.model, run.model.regs.pcid, page, true);
		model_drop_upper_of(&run.model, run.model.regs.pcid, page);
		return;
	}
	read_tables(page, kind == BARE_WRITE ? ACC | D : ACC);
	model_note(&run.model);
	FAIL_IF(!model_explains_success(&run.model, page, kind, pfn),
		"an access through something that was never true, or flushed");
}

static void move_cr3(void)
{
	struct model_regs *regs = &run.model.regs;
	bool noflush = regs->pcide && chance(60);

	regs->root = draw(2);
	regs->pcid = regs->pcide ? draw(NR_PCIDS) : 0;
	barefix_reg(&run.fix, VMD_REG_CR3,
		    (run.tables + ((vmd_pa_t)regs->root << VMD_PAGE_SHIFT)) |
			    regs->pcid | (noflush ? VMD_CR3_NOFLUSH : 0));
	if (!regs->pcide)
		model_drop_non_global(&run.model);
	else if (!noflush)
		model_drop_pcid(&run.model, regs->pcid);
}

static void do_invpcid(unsigned int page)
{
	const enum vmd_invpcid_type type = (enum vmd_invpcid_type)draw(4);
	unsigned int pcid = run.model.regs.pcide ? draw(NR_PCIDS) : 0;

	FAIL_IF(vmd_cpu_invpcid(run.fix.cpu, type, pcid, model_va(page)),
		"INVPCID");
	switch (type) {
	case VMD_INVPCID_TYPE_INDIV_ADDR:
		model_drop_address(&run.model, pcid, page, false);
		model_drop_upper_of(&run.model, pcid, page);
		break;
	case VMD_INVPCID_TYPE_SINGLE_CTXT:
		model_drop_pcid(&run.model, pcid);
		break;
	case VMD_INVPCID_TYPE_ALL_INCL_GLOBAL:
		model_drop_everything(&run.model);
		break;
	case VMD_INVPCID_TYPE_ALL_NON_GLOBAL:
		model_drop_non_global(&run.model);
	}
}

static void set_bit(enum vmd_reg reg, uint64_t bit, bool on)
{
	if (on)
		barefix_reg_set(&run.fix, reg, bit);
	else
		barefix_reg_clear(&run.fix, reg, bit);
}

/* CR4: PGE and SMEP drop something, the others do not. */
static void toggle_cr4(void)
{
	struct model_regs *regs = &run.model.regs;

	switch (draw(5)) {
	case 0:
		regs->pge = !regs->pge;
		set_bit(VMD_REG_CR4, VMD_CR4_PGE, regs->pge);
		model_drop_everything(&run.model);
		break;
	case 1:
		regs->smep = !regs->smep;
		set_bit(VMD_REG_CR4, VMD_CR4_SMEP, regs->smep);
		if (regs->smep)
			model_drop_pcid(&run.model, regs->pcid);
		break;
	case 2:
		regs->smap = !regs->smap;
		set_bit(VMD_REG_CR4, VMD_CR4_SMAP, regs->smap);
		break;
	case 3:
		regs->pke = !regs->pke;
		set_bit(VMD_REG_CR4, VMD_CR4_PKE, regs->pke);
		break;
	default:
		regs->pks = !regs->pks;
		set_bit(VMD_REG_CR4, VMD_CR4_PKS, regs->pks);
	}
}

/* R14: what is judged at each access. */
static void change_plain_register(void)
{
	struct model_regs *regs = &run.model.regs;

	switch (draw(5)) {
	case 0:
		regs->wp = !regs->wp;
		set_bit(VMD_REG_CR0, VMD_CR0_WP, regs->wp);
		break;
	case 1:
		regs->ac = !regs->ac;
		barefix_reg(&run.fix, VMD_REG_AC, regs->ac);
		break;
	case 2:
		regs->pkru = chance(50) ? 0 : draw(16);
		barefix_reg(&run.fix, VMD_REG_PKRU, regs->pkru);
		break;
	case 3:
		regs->pkrs = chance(50) ? 0 : draw(16);
		barefix_reg(&run.fix, VMD_REG_PKRS, regs->pkrs);
		break;
	default:
		regs->user = !regs->user;
		barefix_reg(&run.fix, VMD_REG_CPL, regs->user ? 3 : 0);
	}
}

static void do_other(unsigned int page)
{
	const vmd_va_t va = model_va(page);

	switch (draw(10)) {
	case 0:
	case 1:
		vmd_cpu_invlpg(run.fix.cpu, va + draw(4096));
		model_drop_address(&run.model, run.model.regs.pcid, page, true);
		model_drop_all_upper(&run.model, run.model.regs.pcid);
		break;
	case 2:
	case 3:
		move_cr3();
		break;
	case 4:
		do_invpcid(page);
		break;
	case 5:
		toggle_cr4();
		break;
	case 6:
		vmd_cpu_evict(run.fix.cpu, va);
		FAIL_IF(barefix_cached(&run.fix, va), "evicted, and there");
		break;
	case 7:
		(void)vmd_cpu_prefetch(run.fix.cpu, va);
		read_tables(page, ACC);
		break;
	default:
		change_plain_register();
	}
}

static void check_tlb(unsigned int page)
{
	struct vmd_tlb_view view = { .level = 0 };

	if (vmd_cpu_tlb_lookup(run.fix.cpu, model_va(page), &view))
		FAIL_IF(!model_may_hold(&run.model, page,
					model_word(page, view.level, view.pte),
					view.level),
			"a translation that was never true, or flushed");
	saw(view.pte | view.level << 9);
}

static void check_upper(unsigned int page)
{
	const struct vmd_psc_hit hit = vmd_psc_lookup(&run.fix.cpu->walker.psc,
						      &run.fix.cpu->walker.mode,
						      model_va(page));

	FAIL_IF(hit.level <= (int)PML4E &&
			!model_may_hold_upper(&run.model, page,
					      (unsigned int)hit.level,
					      hit.table, hit.rights),
		"an upper entry that was never true, or flushed");
	saw(hit.table << 4 | (unsigned int)hit.level);
}

/* All that the CPU knows for the PCID that is loaded. */
static void check_caches(void)
{
	unsigned int page;

	for (page = 0; page < MODEL_NR_PAGES; page++) {
		check_tlb(page);
		check_upper(page);
	}
}

static void take_step(void)
{
	const unsigned int page = draw(MODEL_NR_PAGES);
	const unsigned int what = draw(100);

	if (what < 20)
		do_access(page, BARE_READ);
	else if (what < 42)
		do_access(page, BARE_WRITE);
	else if (what < 50)
		do_access(page, BARE_FETCH);
	else if (what < 75)
		change_tables();
	else
		do_other(page);
	model_note(&run.model);
	check_caches();
}

/* Registers as at reset, random tables, and nothing known. */
static void begin_sequence(void)
{
	unsigned int table;
	unsigned int slot;

	run.model.regs = (struct model_regs){
		.user = true, .wp = true, .pge = true, .pcide = chance(80)
	};
	barefix_reg(&run.fix, VMD_REG_CR3, run.tables);
	barefix_reg(&run.fix, VMD_REG_CR0,
		    VMD_CR0_PE | VMD_CR0_PG | VMD_CR0_WP);
	barefix_reg(&run.fix, VMD_REG_CR4,
		    VMD_CR4_PAE | VMD_CR4_PGE |
			    (run.model.regs.pcide ? VMD_CR4_PCIDE : 0));
	barefix_reg(&run.fix, VMD_REG_CPL, 3);
	barefix_reg(&run.fix, VMD_REG_AC, 0);
	barefix_reg(&run.fix, VMD_REG_PKRU, 0);
	barefix_reg(&run.fix, VMD_REG_PKRS, 0);
	for (table = 0; table < MODEL_NR_TABLES; table++)
		for (slot = 0; slot < MODEL_NR_SLOTS; slot++)
			write_entry(table, slot, draw_entry(level_of(table)));
	ck_assert_int_eq(vmd_cpu_invpcid(run.fix.cpu,
					 VMD_INVPCID_TYPE_ALL_INCL_GLOBAL, 0,
					 0),
			 0);
	model_drop_everything(&run.model);
	model_note(&run.model);
}

static void number_frame(vmd_pa_t pa)
{
	ck_assert_int_eq(vmd_write_phys(run.fix.machine, pa + NUMBER,
					pa >> VMD_PAGE_SHIFT),
			 0);
}

/* Pages of 2M at 4M to 10M, of 1G at 0: two pieces of each 2M are used. */
static void begin_run(int shape, unsigned int more_flags)
{
	struct vmd_machine_config config = shapes[shape].config;
	unsigned int i;

	memset(&run, 0, sizeof(run));
	run.name = shapes[shape].name;
	config.flags |= more_flags;
	config.ram_pages = 4096;
	run.flags = config.flags;
	barefix_up(&run.fix, &config);
	run.tables = barefix_alloc(&run.fix, MODEL_NR_TABLES);
	run.model.first_table = run.tables >> VMD_PAGE_SHIFT;
	run.frames = barefix_alloc(&run.fix, NR_FRAMES);
	for (i = 0; i < NR_FRAMES; i++)
		number_frame(run.frames + ((vmd_pa_t)i << VMD_PAGE_SHIFT));
	for (i = 1; i < 5; i++) {
		number_frame(((vmd_pa_t)i << 21) + VMD_PAGE_SIZE);
		number_frame(((vmd_pa_t)i << 21) + 2 * VMD_PAGE_SIZE);
	}
}

/* What was seen up to each step, by the first of two runs. */
static uint64_t trail[NR_SEQUENCES][NR_STEPS];

static void follow_trail(bool first)
{
	uint64_t *here = &trail[run.sequence][run.step];

	saw(barefix_count(&run.fix, VMD_EV_TLB_WALK));
	saw(barefix_count(&run.fix, VMD_EV_DIRTY_ASSIST));
	saw(barefix_count(&run.fix, VMD_EV_FAULT));
	if (first)
		*here = run.digest;
	FAIL_IF(*here != run.digest, "the lines make a difference");
}

static void run_shape(int shape, int nr, unsigned int more_flags, bool first)
{
	begin_run(shape, more_flags);
	for (run.sequence = 0; run.sequence < nr; run.sequence++) {
		run.rng = (uint64_t)shape << 32 | (uint64_t)run.sequence;
		begin_sequence();
		for (run.step = 0; run.step < NR_STEPS; run.step++) {
			take_step();
			follow_trail(first);
		}
	}
	barefix_down(&run.fix);
}

/* I-3, I-4 */
START_TEST(all_that_a_cpu_knows_was_true_since_it_was_flushed)
{
	run_shape(_i, NR_SEQUENCES, 0, true);
}
END_TEST

/* D3, I-11: outcomes, tables, caches and counts are the same. */
START_TEST(nobody_can_tell_whether_there_are_inline_lines)
{
	run_shape(_i, NR_COMPARED, 0, true);
	run_shape(_i, NR_COMPARED, VMD_MACHINE_NO_LINES, false);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mmu_model");
	TCase *tc = tcase_create("I-3 I-4");

	tcase_add_loop_test(tc,
			    all_that_a_cpu_knows_was_true_since_it_was_flushed,
			    0, ARRAY_SIZE(shapes));
	tcase_add_loop_test(tc, nobody_can_tell_whether_there_are_inline_lines,
			    0, ARRAY_SIZE(shapes));
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
