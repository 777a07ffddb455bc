/* SPDX-License-Identifier: MIT */
/*
 * mmu/walker: every combination of the bits that decide, against an oracle
 * written from the rules (R1 to R6, R11, R12), and what the case space leaves
 * out.
 */
#include "mmu/walker.h"

#include <pthread.h>
#include <vmmdirty/cpu.h>

#include "lowfix.h"
#include "support.h"

#define ADDR	   UINT64_C(0x0000123456789000)
#define NR_FRAMES  3000
#define LARGE_PFN  512 /* aligned to 2M */
#define SMALL_PFN  700
#define MAXPHYADDR 46
#define BIT(n)	   (UINT64_C(1) << (n))

static struct lowfix_reports reports;
static struct vmd_hw hw;
static struct vmd_walker walker;
static struct vmd_mm_context ctx;
static vmd_pte_t *slots[VMD_LEVEL_P4D + 1];
static uint64_t tables[VMD_LEVEL_P4D + 1]; /* what points to each next one */

/* A walker for user accesses, which caches nothing. */
static void make_walker(void)
{
	struct vmd_regs regs;

	walker = (struct vmd_walker){
		.env = &hw.env,
		.ram = &hw.ram,
		.config = &hw.mmu,
	};
	vmd_regs_init(&regs, &hw.mmu);
	regs.value[VMD_REG_CR3] = ctx.pgd << VMD_PAGE_SHIFT;
	vmd_paging_update(&walker.mode, &regs, &hw.mmu);
}

static void up(void)
{
	int level;

	hw = (struct vmd_hw){ .mmu = {
				      .levels = VMD_LEVEL_P4D,
				      .maxphyaddr = MAXPHYADDR,
				      .features = ~0U,
			      } };
	lowfix_env_up(&hw.env, &reports);
	ck_assert_int_eq(vmd_ram_init(&hw.ram, &hw.env, NR_FRAMES), 0);
	ck_assert_int_eq(vmd_mm_context_init(&ctx, &hw, NULL), 0);
	make_walker();
	(void)vmd_alloc_slot(&ctx, ADDR, VMD_LEVEL_PTE);
	for (level = VMD_LEVEL_PTE; level <= VMD_LEVEL_P4D; level++) {
		slots[level] = vmd_lookup_slot(&ctx, ADDR, level);
		tables[level] = slots[level]->val & ~VMD_PAGE_ACCESSED;
	}
	slots[VMD_LEVEL_PTE]->val =
		vmd_pfn_pte(SMALL_PFN,
			    VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER)
			.val;
}

static void down(void)
{
	int level;

	for (level = VMD_LEVEL_P4D; level > VMD_LEVEL_PTE; level--)
		slots[level]->val = tables[level];
	vmd_free_pgtables(&ctx, 0, VMD_TASK_SIZE, 0, VMD_TASK_SIZE);
	vmd_mm_context_fini(&ctx);
	vmd_ram_fini(&hw.ram);
	ck_assert_uint_eq(reports.nr_bugs, 0);
	lowfix_env_down(&hw.env);
}

/* What a walk found, taken apart. */
struct seen {
	vmd_pfn_t pfn; /* of the 4K piece */
	uint64_t rights;
	bool dirty;
	bool set_dirty;
	int level;
};

static bool walk(vmd_va_t addr, bool write, struct seen *seen,
		 unsigned int *error_code)
{
	struct vmd_translation found;

	if (!vmd_hw_walk(&walker, addr,
			 write ? VMD_ACCESS_WRITE : VMD_ACCESS_READ,
			 VMD_WALK_ACCESS, false, &found, error_code))
		return false;
	*seen = (struct seen){
		.pfn = vmd_pte_piece(found.pte, found.level, addr),
		.rights = found.pte &
			  (VMD_PAGE_RW | VMD_PAGE_USER | VMD_PAGE_NX),
		.dirty = found.pte & VMD_PAGE_DIRTY,
		.set_dirty = found.set_dirty,
		.level = found.level,
	};
	return true;
}

/* What the rules say of one access through four entries. */
struct verdict {
	bool allowed;
	unsigned int error_code;
	int leaf; /* level of the last entry that was looked at */
	uint64_t rights;
};

static bool has_reserved(uint64_t entry, int level)
{
	if (entry & BIT(51))
		return true;
	if (level == VMD_LEVEL_P4D)
		return entry & VMD_PAGE_PSE;
	return level == VMD_LEVEL_PMD && (entry & VMD_PAGE_PSE) &&
	       (entry & BIT(13));
}

static struct verdict oracle(const uint64_t *entry, bool write)
{
	struct verdict verdict = { .leaf = VMD_LEVEL_P4D };
	uint64_t all = VMD_PAGE_RW | VMD_PAGE_USER;
	uint64_t nx = 0;
	int level = VMD_LEVEL_P4D;

	verdict.error_code = VMD_PF_USER | (write ? VMD_PF_WRITE : 0);
	for (;; level--) {
		verdict.leaf = level;
		if (!(entry[level] & VMD_PAGE_PRESENT)) /* R1 */
			return verdict;
		verdict.error_code |= VMD_PF_PROT;
		if (has_reserved(entry[level], level)) { /* R2, R3 */
			verdict.error_code |= VMD_PF_RSVD;
			return verdict;
		}
		all &= entry[level]; /* R4 */
		nx |= entry[level] & VMD_PAGE_NX;
		if (level == VMD_LEVEL_PTE || (entry[level] & VMD_PAGE_PSE))
			break;
		verdict.error_code &= ~VMD_PF_PROT;
	}
	verdict.rights = all | nx;
	verdict.allowed = (all & VMD_PAGE_USER) && /* R5 */
			  (!write || (all & VMD_PAGE_RW)); /* R6 */
	return verdict;
}

/* R11, R12: what each entry must be afterwards; upper A of a fault is free. */
static bool entries_are_right(const uint64_t *before,
			      const struct verdict *verdict, bool write)
{
	int level;

	for (level = VMD_LEVEL_P4D; level >= VMD_LEVEL_PTE; level--) {
		uint64_t expected = before[level];
		uint64_t found = slots[level]->val;

		if (verdict->allowed && level >= verdict->leaf)
			expected |= VMD_PAGE_ACCESSED;
		if (verdict->allowed && level == verdict->leaf && write)
			expected |= VMD_PAGE_DIRTY;
		if (!verdict->allowed && level > verdict->leaf)
			found = (found & ~VMD_PAGE_ACCESSED) |
				(before[level] & VMD_PAGE_ACCESSED);
		if (found != expected)
			return false;
	}
	return true;
}

static bool translation_is_right(const struct seen *found,
				 const struct verdict *verdict,
				 const uint64_t *before, bool write)
{
	bool large = verdict->leaf == VMD_LEVEL_PMD;
	bool was_dirty = before[verdict->leaf] & VMD_PAGE_DIRTY;

	return found->pfn == (large ? LARGE_PFN + 0x189 : SMALL_PFN) &&
	       found->rights == verdict->rights &&
	       found->level == verdict->leaf &&
	       found->dirty == (was_dirty || write) &&
	       found->set_dirty == (write && !was_dirty);
}

static void check_one(const uint64_t *entry, bool write)
{
	struct verdict verdict = oracle(entry, write);
	struct seen found = { 0 };
	unsigned int error_code = 0;
	bool good;
	int level;

	for (level = VMD_LEVEL_PTE; level <= VMD_LEVEL_P4D; level++)
		slots[level]->val = entry[level];
	good = walk(ADDR, write, &found, &error_code) == verdict.allowed;
	if (good && verdict.allowed)
		good = translation_is_right(&found, &verdict, entry, write);
	else
		good = good && error_code == verdict.error_code;
	good = good && entries_are_right(entry, &verdict, write);
	if (!good)
		ck_abort_msg("%s, entries %#llx %#llx %#llx %#llx: code %u, "
			     "expected %u",
			     write ? "store" : "load",
			     (unsigned long long)entry[4],
			     (unsigned long long)entry[3],
			     (unsigned long long)entry[2],
			     (unsigned long long)entry[1], error_code,
			     verdict.error_code);
}

static const uint64_t pte_bits[] = { VMD_PAGE_PRESENT, VMD_PAGE_RW,
				     VMD_PAGE_USER,    VMD_PAGE_ACCESSED,
				     VMD_PAGE_DIRTY,   VMD_PAGE_NX,
				     BIT(51) };
static const uint64_t pmd_bits[] = { VMD_PAGE_PRESENT, VMD_PAGE_RW,
				     VMD_PAGE_USER,    VMD_PAGE_ACCESSED,
				     VMD_PAGE_PSE,     VMD_PAGE_NX,
				     BIT(51),	       VMD_PAGE_DIRTY,
				     BIT(13) };
static const uint64_t upper_bits[] = { VMD_PAGE_PRESENT, VMD_PAGE_RW,
				       VMD_PAGE_USER, VMD_PAGE_NX };

static uint64_t pick(const uint64_t *bits, unsigned int nr, unsigned int n)
{
	uint64_t picked = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (n & (1U << i))
			picked |= bits[i];
	return picked;
}

static uint64_t make_pmd(unsigned int n)
{
	uint64_t bits = pick(pmd_bits, 9, n);

	if (bits & VMD_PAGE_PSE)
		return vmd_pfn_pte(LARGE_PFN, bits).val;
	return (tables[VMD_LEVEL_PMD] & VMD_PTE_PFN_MASK) | bits;
}

/* _i picks the bits of one of the two upper levels. */
START_TEST(every_combination_of_bits_is_judged_by_the_rules)
{
	uint64_t entry[VMD_LEVEL_P4D + 1] = { 0 };
	int upper = _i < 16 ? VMD_LEVEL_PUD : VMD_LEVEL_P4D;
	unsigned long nr_cases = 0;
	unsigned int n;

	entry[VMD_LEVEL_P4D] = tables[VMD_LEVEL_P4D];
	entry[VMD_LEVEL_PUD] = tables[VMD_LEVEL_PUD];
	entry[upper] = (tables[upper] & VMD_PTE_PFN_MASK) |
		       pick(upper_bits, 4, (unsigned int)_i % 16);

	for (n = 0; n < 1U << 17; n++) {
		uint64_t pmd = make_pmd(n >> 8);

		/* Bit 13 of a table's address is just another table. */
		if ((n >> 8 & 0x100) && !(pmd & VMD_PAGE_PSE))
			continue;
		entry[VMD_LEVEL_PMD] = pmd;
		entry[VMD_LEVEL_PTE] =
			vmd_pfn_pte(SMALL_PFN, pick(pte_bits, 7, n >> 1)).val;
		check_one(entry, n & 1);
		nr_cases++;
	}
	ck_assert_uint_eq(nr_cases, 3 << 15);
}
END_TEST

static unsigned int code_of(bool write)
{
	struct seen found;
	unsigned int error_code = 0;

	ck_assert(!walk(ADDR, write, &found, &error_code));
	return error_code;
}

/* R3, at each level: PS of the top, address bits above MAXPHYADDR. */
START_TEST(reserved_bits_fault_at_every_level)
{
	unsigned int bit;

	for (bit = MAXPHYADDR; bit < 52; bit++) {
		uint64_t before = slots[_i]->val;

		slots[_i]->val |= BIT(bit);
		ck_assert_msg(code_of(false) ==
				      (VMD_PF_USER | VMD_PF_PROT | VMD_PF_RSVD),
			      "level %d, bit %u", _i, bit);
		slots[_i]->val = before;
	}
}
END_TEST

/* R3 */
START_TEST(the_top_level_has_no_leaves)
{
	slots[VMD_LEVEL_P4D]->val |= VMD_PAGE_PSE;

	ck_assert_uint_eq(code_of(true), VMD_PF_USER | VMD_PF_WRITE |
						 VMD_PF_PROT | VMD_PF_RSVD);
}
END_TEST

/* R1: what an absent entry says otherwise means nothing. */
START_TEST(an_absent_entry_is_absent_whatever_else_it_says)
{
	slots[_i]->val = ~VMD_PAGE_PRESENT;

	ck_assert_uint_eq(code_of(false), VMD_PF_USER);
	ck_assert_uint_eq(slots[_i]->val, ~VMD_PAGE_PRESENT);
}
END_TEST

/* Sizes of leaves: the piece that holds the address, PAT bit and all. */
static const struct {
	int level;
	vmd_pfn_t pfn;
	uint64_t bits;
	vmd_va_t addr;
	vmd_pfn_t piece;
} leaves[] = {
	{ VMD_LEVEL_PMD, 512, 0, ADDR, 512 + 0x189 },
	{ VMD_LEVEL_PMD, 1024, BIT(12), ADDR, 1024 + 0x189 },
	{ VMD_LEVEL_PMD, 512, 0, ADDR & ~BIT(12), 512 + 0x188 },
	{ VMD_LEVEL_PUD, 0, BIT(12), UINT64_C(0x123440189000), 0x189 },
};

START_TEST(a_large_leaf_leads_to_its_4k_piece)
{
	uint64_t bits = VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER |
			VMD_PAGE_PSE | leaves[_i].bits;
	struct seen found;
	unsigned int error_code;

	slots[leaves[_i].level]->val = vmd_pfn_pte(leaves[_i].pfn, bits).val;

	ck_assert(walk(leaves[_i].addr, true, &found, &error_code));
	ck_assert_msg(found.pfn == leaves[_i].piece, "leaf %d: frame %u", _i,
		      (unsigned int)found.pfn);
	ck_assert_int_eq(found.level, leaves[_i].level);
	ck_assert(slots[leaves[_i].level]->val & VMD_PAGE_DIRTY);
}
END_TEST

/* No translation may lead out of the machine's memory. */
START_TEST(a_frame_that_does_not_exist_faults_as_reserved)
{
	slots[VMD_LEVEL_PTE]->val =
		vmd_pfn_pte(NR_FRAMES,
			    VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER)
			.val;

	ck_assert_uint_eq(code_of(false),
			  VMD_PF_USER | VMD_PF_PROT | VMD_PF_RSVD);
}
END_TEST

/* 2560 + 0x189 is inside, the last pieces of this leaf are not. */
START_TEST(a_large_leaf_does_not_reach_behind_the_end_of_memory)
{
	const vmd_va_t last = ADDR | UINT64_C(0x1ff000);
	struct seen found = { 0 };
	unsigned int error_code = 0;
	bool allowed;

	slots[VMD_LEVEL_PMD]->val =
		vmd_pfn_pte(2560, VMD_PAGE_PRESENT | VMD_PAGE_RW |
					  VMD_PAGE_USER | VMD_PAGE_PSE)
			.val;
	allowed = walk(last, true, &found, &error_code);

	ck_assert_msg(!allowed || found.pfn < NR_FRAMES,
		      "frame %u of %u is given out", (unsigned int)found.pfn,
		      NR_FRAMES);
}
END_TEST

/* F2: a second store finds D and sets nothing. */
START_TEST(only_the_store_that_sets_d_says_so)
{
	struct seen found;
	unsigned int error_code;

	ck_assert(walk(ADDR, false, &found, &error_code));
	ck_assert(!found.dirty && !found.set_dirty);
	ck_assert(walk(ADDR, true, &found, &error_code));
	ck_assert(found.dirty && found.set_dirty);
	ck_assert(walk(ADDR, true, &found, &error_code));
	ck_assert(found.dirty && !found.set_dirty);
}
END_TEST

static uint32_t stop;

static void *store_again_and_again(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		struct seen found;
		unsigned int error_code;

		(void)walk(ADDR, true, &found, &error_code);
	}
	return unused;
}

static void wait_a_moment(unsigned int nr)
{
	while (nr-- > 0)
		(void)VMD_READ_ONCE(stop);
}

/* TL-1, F7: D is set only in an entry that still maps and permits. */
START_TEST(no_walk_sets_d_in_an_entry_that_was_taken_away)
{
	vmd_pte_t *slot = slots[VMD_LEVEL_PTE];
	const uint64_t writable = slot->val;
	pthread_t thread;
	unsigned int i;

	__atomic_store_n(&stop, 0, __ATOMIC_RELEASE);
	ck_assert_int_eq(pthread_create(&thread, NULL, store_again_and_again,
					NULL),
			 0);
	for (i = 0; i < 200000; i++) {
		uint64_t left = i % 2 ? 0 : writable & ~VMD_PAGE_RW;

		(void)vmd_xchg(&slot->val, writable);
		wait_a_moment(i % 128);
		(void)vmd_xchg(&slot->val, left);
		wait_a_moment(100);
		ck_assert_msg((VMD_READ_ONCE(slot->val) & VMD_PAGE_DIRTY) == 0,
			      "round %u", i);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	(void)pthread_join(thread, NULL);
}
END_TEST

static TCase *make_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, up, down);
	suite_add_tcase(suite, tc);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("walker");
	TCase *space = make_case(suite, "case space R1-R6 R11 R12");
	TCase *faults = make_case(suite, "faults R1 R3");
	TCase *leaf = make_case(suite, "leaves");
	TCase *dirty = make_case(suite, "dirty TL-1 F2 F7");

	tcase_add_loop_test(space,
			    every_combination_of_bits_is_judged_by_the_rules, 0,
			    32);

	tcase_add_loop_test(faults, reserved_bits_fault_at_every_level,
			    VMD_LEVEL_PTE, VMD_LEVEL_P4D + 1);
	tcase_add_test(faults, the_top_level_has_no_leaves);
	tcase_add_loop_test(faults,
			    an_absent_entry_is_absent_whatever_else_it_says,
			    VMD_LEVEL_PTE, VMD_LEVEL_P4D + 1);
	tcase_add_test(faults, a_frame_that_does_not_exist_faults_as_reserved);

	tcase_add_loop_test(leaf, a_large_leaf_leads_to_its_4k_piece, 0,
			    (int)(sizeof(leaves) / sizeof(leaves[0])));
	tcase_add_test(leaf,
		       a_large_leaf_does_not_reach_behind_the_end_of_memory);

	tcase_add_test(dirty, only_the_store_that_sets_d_says_so);
	tcase_add_test(dirty, no_walk_sets_d_in_an_entry_that_was_taken_away);
	return vmd_test_main(suite);
}
