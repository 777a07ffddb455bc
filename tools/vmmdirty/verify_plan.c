/* SPDX-License-Identifier: MIT */
/*
 * The enumeration at each MAXPHYADDR that changes it, with both policies of
 * upper A, on four and five levels, without TLB; then at MAXPHYADDR 40 with
 * each TLB. Random cases. Unicorn, twice.
 */
#include "verify_plan.h"

#include <string.h>

#define QUICK_STRIDE 1009U /* a prime: no bit of a case keeps its value */
#define PML5_STRIDE  61U
#define NR_RANDOM    UINT64_C(1000000)
#define QUICK_RANDOM UINT64_C(20000)
#define USUAL	     40U /* MAXPHYADDR */

static bool wants(const struct verify_wish *wish, const char *suite)
{
	return !wish->only || strcmp(wish->only, suite) == 0;
}

static bool wants_levels(const struct verify_wish *wish, unsigned int levels)
{
	return !wish->levels || wish->levels == levels;
}

static struct verify_pass *add(struct verify_plan *plan,
			       const struct verify_wish *wish,
			       enum verify_suite suite)
{
	struct verify_pass *pass = &plan->passes[plan->nr++];

	*pass = (struct verify_pass){
		.suite = suite,
		.machine = { .levels = wish->levels,
			     .maxphyaddr = wish->maxphyaddr },
		.stride = wish->quick ? QUICK_STRIDE : 1,
		.nr_wanted = wish->quick ? QUICK_RANDOM : NR_RANDOM,
		.seed = wish->seed,
	};
	if (wish->nr_cases)
		pass->nr_wanted = wish->nr_cases;
	return pass;
}

static void add_enum(struct verify_plan *plan, const struct verify_wish *wish,
		     unsigned int maxphyaddr, bool with_smep,
		     enum verify_tlb tlb)
{
	unsigned int levels;
	unsigned int lazy;

	for (levels = 4; levels <= 5; levels++)
		for (lazy = 0; lazy <= 1 && wants_levels(wish, levels);
		     lazy++) {
			struct verify_pass *pass = add(plan, wish, VERIFY_ENUM);

			pass->machine.levels = levels;
			pass->machine.maxphyaddr = maxphyaddr;
			pass->machine.lazy = lazy;
			pass->extra = with_smep;
			pass->tlb = tlb;
		}
}

static void add_pml5(struct verify_plan *plan, const struct verify_wish *wish)
{
	struct verify_pass *pass = add(plan, wish, VERIFY_PML5);

	pass->machine.levels = 5;
	if (!pass->machine.maxphyaddr)
		pass->machine.maxphyaddr = USUAL;
	pass->stride *= PML5_STRIDE;
}

static void add_enums(struct verify_plan *plan, const struct verify_wish *wish)
{
	unsigned int usual = wish->maxphyaddr ? wish->maxphyaddr : USUAL;
	enum verify_tlb tlb;

	add_enum(plan, wish, usual, false, VERIFY_TLB_OFF);
	add_enum(plan, wish, usual, true, VERIFY_TLB_OFF);
	if (!wish->maxphyaddr) {
		add_enum(plan, wish, 36, false, VERIFY_TLB_OFF);
		add_enum(plan, wish, 52, false, VERIFY_TLB_OFF);
	}
	for (tlb = VERIFY_TLB_DEFAULT; tlb < VERIFY_NR_TLBS; tlb++)
		add_enum(plan, wish, usual, false, tlb);
	if (wants_levels(wish, 5))
		add_pml5(plan, wish);
}

/* Unicorn has these alone. */
static bool suits_unicorn(const struct verify_wish *wish)
{
	return wants_levels(wish, 4) &&
	       (!wish->maxphyaddr || wish->maxphyaddr == USUAL);
}

static void add_unicorn(struct verify_plan *plan,
			const struct verify_wish *wish)
{
	unsigned int features;

	for (features = 0; features <= 1; features++) {
		struct verify_pass *pass = add(plan, wish, VERIFY_UNICORN);

		pass->machine.levels = 4;
		pass->machine.maxphyaddr = USUAL;
		pass->extra = features;
	}
}

void verify_plan_make(struct verify_plan *plan, const struct verify_wish *wish)
{
	plan->nr = 0;
	if (wants(wish, "enum"))
		add_enums(plan, wish);
	if (wants(wish, "random"))
		(void)add(plan, wish, VERIFY_RANDOM);
	if (wants(wish, "unicorn") && suits_unicorn(wish))
		add_unicorn(plan, wish);
}
