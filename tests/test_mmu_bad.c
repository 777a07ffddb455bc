/* SPDX-License-Identifier: MIT */
/*
 * Bad input: an error code, and nothing has changed: no register, no word of a
 * table, nothing that the TLB knows, no fault on record.
 */
#include <errno.h>
#include <string.h>

#include "barefix.h"
#include "support.h"

#define BIT(nr)	  (UINT64_C(1) << (nr))
#define RAM_PAGES UINT64_C(0x10000)

static const vmd_va_t pages[] = { PAGE(0), PAGE(1), HIGH(0), MB2(0) };

#define NR_VIEWS ARRAY_SIZE(pages)

/* All that a refused call could have touched. */
struct state {
	uint64_t regs[VMD_NR_REGS];
	uint64_t tables[4][4]; /* of each page, from the top down */
	uint64_t words[4][2]; /* of each page: known or not, and what */
	struct vmd_event_counts counts;
	struct vmd_fault_info fault;
};

static struct barefix fix;

static void up(void)
{
	const struct vmd_machine_config shape = { .ram_pages = RAM_PAGES };
	int i;

	barefix_up(&fix, &shape);
	for (i = 0; i < NR_VIEWS; i++) {
		barefix_map(&fix, pages[i], pages[i] == MB2(0) ? PDE : PTE);
		(void)barefix_load(&fix, pages[i]);
	}
	barefix_store(&fix, PAGE(1), 1);
	barefix_cr3(&fix, 3, VMD_CR3_NOFLUSH);
	for (i = 0; i < NR_VIEWS; i++)
		(void)barefix_load(&fix, pages[i]);
}

static void down(void)
{
	barefix_down(&fix);
}

static void take(struct state *state)
{
	int i;

	memset(state, 0, sizeof(*state));
	for (i = 0; i < VMD_NR_REGS; i++)
		state->regs[i] = vmd_cpu_read_reg(fix.cpu, (enum vmd_reg)i);
	for (i = 0; i < NR_VIEWS; i++) {
		struct vmd_tlb_view view;
		unsigned int level;

		for (level = PML4E; level >= PDE; level--)
			state->tables[i][level - 1] =
				barefix_entry(&fix, pages[i], level);
		if (pages[i] != MB2(0))
			state->tables[i][0] =
				barefix_entry(&fix, pages[i], PTE);
		state->words[i][0] =
			vmd_cpu_tlb_lookup(fix.cpu, pages[i], &view);
		state->words[i][1] = state->words[i][0] ? view.pte : 0;
	}
	vmd_machine_events(fix.machine, &state->counts);
	state->fault = *vmd_cpu_fault(fix.cpu);
}

static void expect_unchanged(const struct state *before, const char *what)
{
	struct state after;

	take(&after);
	ck_assert_msg(!memcmp(before->regs, after.regs, sizeof(after.regs)),
		      "%s: registers", what);
	ck_assert_msg(!memcmp(before->tables, after.tables,
			      sizeof(after.tables)),
		      "%s: tables", what);
	ck_assert_msg(!memcmp(before->words, after.words, sizeof(after.words)),
		      "%s: TLB", what);
	ck_assert_msg(!memcmp(&before->counts, &after.counts,
			      sizeof(after.counts)),
		      "%s: events", what);
	ck_assert_msg(before->fault.vector == after.fault.vector &&
			      before->fault.addr == after.fault.addr,
		      "%s: fault", what);
}

/* What is refused: the bits that are flipped in a register. */
static const struct {
	const char *what;
	enum vmd_reg reg;
	uint64_t flip;
} regs[] = {
	{ "PE of CR0", VMD_REG_CR0, VMD_CR0_PE },
	{ "PG of CR0", VMD_REG_CR0, VMD_CR0_PG },
	{ "a bit of CR0 that we do not have", VMD_REG_CR0, BIT(18) },
	{ "the upper half of CR0", VMD_REG_CR0, BIT(32) },
	{ "CR3 behind the end of memory", VMD_REG_CR3, RAM_PAGES << 12 },
	{ "CR3 behind MAXPHYADDR", VMD_REG_CR3, BIT(46) },
	{ "CR3, bit 52", VMD_REG_CR3, BIT(52) },
	{ "CR3, bit 60", VMD_REG_CR3, BIT(60) },
	{ "PAE of CR4", VMD_REG_CR4, VMD_CR4_PAE },
	{ "LA57 of CR4", VMD_REG_CR4, VMD_CR4_LA57 },
	{ "LA57 and PGE of CR4", VMD_REG_CR4, VMD_CR4_LA57 | VMD_CR4_PGE },
	{ "a reserved bit of CR4", VMD_REG_CR4, BIT(15) },
	{ "CET of CR4", VMD_REG_CR4, BIT(23) },
	{ "the upper half of CR4", VMD_REG_CR4, BIT(32) | VMD_CR4_SMEP },
	{ "LME", VMD_REG_EFER, VMD_EFER_LME },
	{ "LMA and NXE", VMD_REG_EFER, VMD_EFER_LMA | VMD_EFER_NXE },
	{ "a bit of EFER that we do not have", VMD_REG_EFER, BIT(0) },
	{ "more than 32 bits of PKRU", VMD_REG_PKRU, BIT(32) },
	{ "more than 32 bits of PKRS", VMD_REG_PKRS, BIT(63) },
	{ "ring 1", VMD_REG_CPL, 2 },
	{ "ring 2", VMD_REG_CPL, 1 },
	{ "ring 7", VMD_REG_CPL, 4 },
	{ "AC of 2", VMD_REG_AC, 2 },
	{ "no register", VMD_NR_REGS, 1 },
	{ "no register at all", (enum vmd_reg)1000, 1 },
};

START_TEST(a_register_that_refuses_a_value_keeps_its_own)
{
	const enum vmd_reg reg = regs[_i].reg;
	const uint64_t old = vmd_cpu_read_reg(fix.cpu, reg);
	struct state before;

	take(&before);

	ck_assert_msg(vmd_cpu_write_reg(fix.cpu, reg, old ^ regs[_i].flip) ==
			      -EINVAL,
		      "%s", regs[_i].what);

	expect_unchanged(&before, regs[_i].what);
}
END_TEST

static const struct {
	const char *what;
	unsigned int type;
	unsigned int pcid;
	vmd_va_t addr;
} invpcids[] = {
	{ "no such type", 4, 0, 0 },
	{ "no type at all", UINT32_MAX, 0, 0 },
	{ "a PCID of 13 bits", VMD_INVPCID_TYPE_SINGLE_CTXT, 4096, 0 },
	{ "a PCID of 32 bits", VMD_INVPCID_TYPE_INDIV_ADDR, UINT32_MAX,
	  PAGE(0) },
	{ "not canonical", VMD_INVPCID_TYPE_INDIV_ADDR, 3, BIT(47) },
	{ "a tag", VMD_INVPCID_TYPE_INDIV_ADDR, 3, PAGE(0) | BIT(60) },
};

START_TEST(an_invpcid_that_is_refused_drops_nothing)
{
	struct state before;

	take(&before);

	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu,
					 (enum vmd_invpcid_type)invpcids[_i]
						 .type,
					 invpcids[_i].pcid, invpcids[_i].addr),
			 -EINVAL);

	expect_unchanged(&before, invpcids[_i].what);
}
END_TEST

START_TEST(invlpg_of_no_canonical_address_does_nothing)
{
	struct state before;

	take(&before);

	vmd_cpu_invlpg(fix.cpu, PAGE(0) | BIT(47));
	vmd_cpu_invlpg(fix.cpu, PAGE(0) | BIT(63));
	vmd_cpu_invlpg(fix.cpu, HIGH(0) & ~BIT(63));
	ck_assert(!vmd_cpu_prefetch(fix.cpu, PAGE(0) | BIT(47)));

	expect_unchanged(&before, "INVLPG");
}
END_TEST

/* Physical addresses that are no word of RAM. */
static const struct {
	vmd_pa_t addr;
	bool readable; /* frame 0 is */
} words[] = {
	{ 0x1001, false },
	{ 0x1004, false },
	{ 0x100f, false },
	{ RAM_PAGES << 12, false },
	{ (RAM_PAGES << 12) - 4, false },
	{ UINT64_MAX, false },
	{ UINT64_MAX & ~UINT64_C(7), false },
	{ BIT(63), false },
	{ 0, true },
	{ 0xff8, true },
};

START_TEST(what_is_no_word_of_ram_is_neither_read_nor_written)
{
	uint64_t value = 0x5a5a;
	struct state before;

	take(&before);

	ck_assert_int_eq(vmd_write_phys(fix.machine, words[_i].addr,
					UINT64_MAX),
			 -EINVAL);
	if (words[_i].readable) {
		ck_assert_int_eq(vmd_read_phys(fix.machine, words[_i].addr,
					       &value),
				 0);
		ck_assert_uint_eq(value, 0);
	} else {
		ck_assert_int_eq(vmd_read_phys(fix.machine, words[_i].addr,
					       &value),
				 -EINVAL);
		ck_assert_uint_eq(value, 0x5a5a);
	}

	expect_unchanged(&before, "a word");
}
END_TEST

START_TEST(the_last_word_of_ram_is_one)
{
	const vmd_pa_t last = (RAM_PAGES << 12) - 8;
	uint64_t value = 0;

	ck_assert_int_eq(vmd_write_phys(fix.machine, last, 77), 0);
	ck_assert_int_eq(vmd_read_phys(fix.machine, last, &value), 0);
	ck_assert_uint_eq(value, 77);
}
END_TEST

START_TEST(pages_that_are_not_there_are_not_given_out)
{
	vmd_pfn_t pfn = 0x5a5a;
	struct state before;

	take(&before);

	ck_assert_int_eq(vmd_alloc_pages(fix.machine, 0, &pfn), -EINVAL);
	ck_assert_int_eq(vmd_alloc_pages(fix.machine, 1, NULL), -EINVAL);
	ck_assert_int_eq(vmd_alloc_pages(NULL, 1, &pfn), -EINVAL);
	ck_assert_int_eq(vmd_alloc_pages(fix.machine, RAM_PAGES, &pfn),
			 -ENOMEM);
	ck_assert_int_eq(vmd_alloc_pages(fix.machine, UINT64_MAX, &pfn),
			 -ENOMEM);

	ck_assert_uint_eq(pfn, 0x5a5a);
	expect_unchanged(&before, "pages");
}
END_TEST

static unsigned int nr_reports;

static void count_report(void *arg, const struct vmd_report *report)
{
	(void)arg;
	(void)report;
	nr_reports++;
}

/* What was never given out, frame 0 among it. */
static const struct {
	vmd_pfn_t pfn;
	uint64_t nr_pages;
} frees[] = {
	{ 0, 1 },
	{ 0, 2 },
	{ UINT64_MAX, 1 },
	{ UINT64_MAX, 2 },
	{ UINT64_MAX - 62, 64 },
	{ 1, UINT64_MAX },
	{ RAM_PAGES - 1, 1 },
	{ RAM_PAGES, 1 },
	{ BIT(52), 1 },
};

START_TEST(pages_that_nobody_has_are_not_taken_back)
{
	const struct vmd_machine_config shape = {
		.ram_pages = RAM_PAGES,
		.report = count_report,
	};
	vmd_pfn_t pfn = 0;

	down();
	barefix_up(&fix, &shape);
	nr_reports = 0;

	vmd_free_pages(fix.machine, frees[_i].pfn, frees[_i].nr_pages);

	ck_assert_uint_eq(nr_reports, 1);
	ck_assert_int_eq(vmd_alloc_pages(fix.machine, 1, &pfn), 0);
	ck_assert_uint_eq(pfn, 2);
	vmd_free_pages(fix.machine, pfn, 1);
}
END_TEST

START_TEST(null_is_refused)
{
	uint64_t value;

	ck_assert_int_eq(vmd_cpu_write_reg(NULL, VMD_REG_CR3, 0), -EINVAL);
	ck_assert_int_eq(vmd_cpu_invpcid(NULL, VMD_INVPCID_TYPE_ALL_INCL_GLOBAL,
					 0, 0),
			 -EINVAL);
	ck_assert_int_eq(vmd_read_phys(NULL, 0x1000, &value), -EINVAL);
	ck_assert_int_eq(vmd_read_phys(fix.machine, 0x1000, NULL), -EINVAL);
	ck_assert_int_eq(vmd_write_phys(NULL, 0x1000, 0), -EINVAL);
	ck_assert_int_eq(vmd_copy_to(NULL, PAGE(0), &value, 8), -EINVAL);
	ck_assert_int_eq(vmd_copy_from(NULL, &value, PAGE(0), 8), -EINVAL);
	ck_assert_int_eq(vmd_copy_to(fix.cpu, PAGE(0), NULL, 8), -EINVAL);
	ck_assert_int_eq(vmd_copy_from(fix.cpu, NULL, PAGE(0), 8), -EINVAL);
	ck_assert_int_eq(vmd_fill(NULL, PAGE(0), 0, 8), -EINVAL);
	ck_assert(!vmd_cpu_tlb_lookup(NULL, PAGE(0),
				      &(struct vmd_tlb_view){ 0 }));
	ck_assert(!vmd_cpu_tlb_lookup(fix.cpu, PAGE(0), NULL));
	ck_assert(!vmd_cpu_prefetch(NULL, PAGE(0)));
	ck_assert_uint_eq(vmd_cpu_read_reg(NULL, VMD_REG_CR3), 0);
	ck_assert_int_eq(vmd_cpu_rmw_slow(NULL, VMD_RMW_XADD, PAGE(0), &value,
					  1, 8),
			 -EINVAL);
	ck_assert_int_eq(vmd_cpu_rmw_slow(fix.cpu, VMD_RMW_XADD, PAGE(0), NULL,
					  1, 8),
			 -EINVAL);
	vmd_cpu_invlpg(NULL, PAGE(0));
	vmd_cpu_evict(NULL, PAGE(0));
}
END_TEST

/* An entry may say anything: memory that is not there is a reserved bit. */
START_TEST(a_frame_behind_the_end_of_memory_is_a_page_fault)
{
	const unsigned int level = (unsigned int)_i;
	const unsigned int code = VMD_PF_PROT | VMD_PF_RSVD | VMD_PF_USER;
	const uint64_t good = barefix_entry(&fix, PAGE(0), level);

	barefix_write(&fix, PAGE(0), level,
		      (RAM_PAGES << 12) | (good & ~VMD_PTE_PFN_MASK));
	ck_assert_int_eq(vmd_cpu_invpcid(fix.cpu,
					 VMD_INVPCID_TYPE_ALL_INCL_GLOBAL, 0,
					 0),
			 0);

	expect_fault(&fix, BARE_READ, PAGE(0), code);
	ck_assert(!vmd_cpu_prefetch(fix.cpu, PAGE(0)));
	expect_fault(&fix, BARE_WRITE, PAGE(0), code | VMD_PF_WRITE);

	barefix_write(&fix, PAGE(0), level, good);
	(void)barefix_load(&fix, PAGE(0));
}
END_TEST

/* F3: a large page of which only a part is there. */
START_TEST(the_missing_part_of_a_large_page_is_a_page_fault)
{
	const struct vmd_machine_config shape = { .ram_pages = 4096 + 4 };
	const vmd_pa_t end = UINT64_C(4096) << 12;

	down();
	barefix_up(&fix, &shape);
	barefix_map(&fix, MB2(0), PDE);
	barefix_write(&fix, MB2(0), PDE, end | P | RW | US | PS);
	barefix_store(&fix, MB2(0) + 0x3000, 1);
	expect_fault(&fix, BARE_READ, MB2(0) + 0x4000,
		     VMD_PF_PROT | VMD_PF_RSVD | VMD_PF_USER);

	barefix_remap(&fix, MB2(0), PDE);

	(void)barefix_load(&fix, MB2(0) + 0x4000);
}
END_TEST

/*
 * R11, F6: a store whose second half would be missing marks neither half; of
 * the first one the TLB knows a clean 4K page, of the other the large one.
 */
START_TEST(a_store_into_the_missing_part_of_a_large_page_marks_nothing)
{
	const struct vmd_machine_config shape = {
		.ram_pages = 4096 + 4,
		.flags = VMD_MACHINE_NO_PSC,
	};
	const vmd_pa_t end = UINT64_C(4096) << 12;
	const unsigned int code = VMD_PF_PROT | VMD_PF_RSVD | VMD_PF_USER |
				  VMD_PF_WRITE;

	down();
	barefix_up(&fix, &shape);
	barefix_map(&fix, MB2(0) + 0x3000, PTE);
	(void)barefix_load(&fix, MB2(0) + 0x3000);
	barefix_write(&fix, MB2(0), PDE, end | P | RW | US | PS);
	barefix_store(&fix, MB2(0), 1);
	barefix_clear(&fix, MB2(0), PDE, D);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, MB2(0) + 0x3ffd, 1), -EFAULT);

	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->addr, MB2(0) + 0x4000);
	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->error_code, code);
	ck_assert(!(barefix_entry(&fix, MB2(0), PDE) & D));
}
END_TEST

/* Frame 0 is the empty table of the next test: nobody writes there. */
START_TEST(frame_0_is_not_there)
{
	uint64_t word = 1;

	barefix_map(&fix, PAGE(7), PTE);
	barefix_map(&fix, MB2(3), PDE);
	barefix_write(&fix, PAGE(7), PTE, P | RW | US);
	barefix_write(&fix, MB2(3), PDE, P | RW | US | PS);

	expect_fault(&fix, BARE_WRITE, PAGE(7),
		     VMD_PF_PROT | VMD_PF_RSVD | VMD_PF_USER | VMD_PF_WRITE);
	expect_fault(&fix, BARE_READ, MB2(3) + 8,
		     VMD_PF_PROT | VMD_PF_RSVD | VMD_PF_USER);
	barefix_store(&fix, MB2(3) + 0x1000,
		      barefix_load(&fix, MB2(3) + 0x1000));
	expect_fault(&fix, BARE_WRITE, MB2(3) + 8,
		     VMD_PF_PROT | VMD_PF_RSVD | VMD_PF_USER | VMD_PF_WRITE);

	ck_assert_int_eq(vmd_read_phys(fix.machine, 8, &word), 0);
	ck_assert_uint_eq(word, 0);
}
END_TEST

/* CR3 that was never written points to an empty table, and stays so. */
START_TEST(a_cpu_without_tables_faults_on_everything)
{
	const struct vmd_machine_config two = { .nr_cpus = 2 };
	struct barefix other;

	down();
	barefix_up(&fix, &two);
	other = fix;
	other.cpu = vmd_machine_cpu(fix.machine, 1);

	expect_fault(&other, BARE_READ, PAGE(0), VMD_PF_USER);
	expect_fault(&other, BARE_WRITE, 0, VMD_PF_USER | VMD_PF_WRITE);
	expect_fault(&other, BARE_FETCH, HIGH(0), VMD_PF_USER | VMD_PF_INSTR);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mmu_bad");
	TCase *tc = tcase_create("bad input");

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_loop_test(tc, a_register_that_refuses_a_value_keeps_its_own,
			    0, ARRAY_SIZE(regs));
	tcase_add_loop_test(tc, an_invpcid_that_is_refused_drops_nothing, 0,
			    ARRAY_SIZE(invpcids));
	tcase_add_test(tc, invlpg_of_no_canonical_address_does_nothing);
	tcase_add_loop_test(tc,
			    what_is_no_word_of_ram_is_neither_read_nor_written,
			    0, ARRAY_SIZE(words));
	tcase_add_test(tc, the_last_word_of_ram_is_one);
	tcase_add_test(tc, pages_that_are_not_there_are_not_given_out);
	tcase_add_loop_test(tc, pages_that_nobody_has_are_not_taken_back, 0,
			    ARRAY_SIZE(frees));
	tcase_add_test(tc, null_is_refused);
	tcase_add_loop_test(tc,
			    a_frame_behind_the_end_of_memory_is_a_page_fault, 1,
			    5);
	tcase_add_test(tc, frame_0_is_not_there);
	tcase_add_test(tc, the_missing_part_of_a_large_page_is_a_page_fault);
	tcase_add_test(
		tc,
		a_store_into_the_missing_part_of_a_large_page_marks_nothing);
	tcase_add_test(tc, a_cpu_without_tables_faults_on_everything);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
