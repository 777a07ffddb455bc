/* SPDX-License-Identifier: MIT */
/*
 * Runs a pass: makes its machine, and calls the suite.
 */
#include "verify_pass.h"

#include <errno.h>

#include "progress.h"
#include "verify_cpu.h"
#include "verify_enum.h"
#include "verify_random.h"
#include "verify_unicorn.h"

const char *const verify_suite_names[VERIFY_NR_SUITES] = { "enum", "pml5",
							   "random",
							   "unicorn" };

const char *const verify_tlb_names[VERIFY_NR_TLBS] = { "off", "default",
						       "default, no lines",
						       "unbounded",
						       "unbounded, no lines" };

static const struct {
	unsigned int flags;
	unsigned int entries;
} tlbs[VERIFY_NR_TLBS] = {
	[VERIFY_TLB_OFF] = { VMD_MACHINE_NO_TLB, 0 },
	[VERIFY_TLB_DEFAULT] = { 0, 0 },
	[VERIFY_TLB_NO_LINES] = { VMD_MACHINE_NO_LINES, 0 },
	[VERIFY_TLB_UNBOUNDED] = { 0, VMD_TLB_UNBOUNDED },
	[VERIFY_TLB_UNBOUNDED_NO_LINES] = { VMD_MACHINE_NO_LINES,
					    VMD_TLB_UNBOUNDED },
};

const char *verify_pass_name(const struct verify_pass *pass)
{
	static const char *const extra[VERIFY_NR_SUITES] = {
		"enum+SMEP", "pml5", "random", "unicorn+features"
	};

	return pass->extra ? extra[pass->suite] :
			     verify_suite_names[pass->suite];
}

static int run_enum(struct verify_pass *pass)
{
	const struct verify_enum space = {
		.with_smep = pass->extra,
		.stride = pass->stride,
	};
	struct verify_cpu cpu;
	int err = verify_cpu_init(&cpu, &pass->machine, tlbs[pass->tlb].flags,
				  tlbs[pass->tlb].entries);

	if (err)
		return err;
	if (pass->suite == VERIFY_PML5)
		err = verify_enum_run_pml5(&space, &cpu.adapter, &pass->tally);
	else
		err = verify_enum_run(&space, &cpu.adapter, &pass->tally,
				      &pass->nr_legal);
	verify_cpu_fini(&cpu);
	return err;
}

static int run_random(struct verify_pass *pass)
{
	const struct verify_random random = {
		.seed = pass->seed,
		.nr_cases = pass->nr_wanted,
		.levels = pass->machine.levels,
		.maxphyaddr = pass->machine.maxphyaddr,
	};

	return verify_random_run(&random, &pass->tally);
}

static int run_unicorn(struct verify_pass *pass)
{
	const struct verify_unicorn unicorn = {
		.seed = pass->seed,
		.nr_cases = pass->nr_wanted,
		.features = pass->extra,
	};
	const char *why;
	int err = verify_unicorn_run(&unicorn, &pass->tally, &why);

	if (err != -ENOTSUP)
		return err;
	pass->skipped = why;
	return 0;
}

int verify_pass_run(struct verify_pass *pass, struct progress *progress)
{
	static int (*const runs[VERIFY_NR_SUITES])(struct verify_pass *
						   pass) = {
		[VERIFY_ENUM] = run_enum,
		[VERIFY_PML5] = run_enum,
		[VERIFY_RANDOM] = run_random,
		[VERIFY_UNICORN] = run_unicorn,
	};
	uint64_t begin = monotonic_ms();
	int err;

	pass->tally = (struct verify_tally){ .progress = progress };
	err = runs[pass->suite](pass);
	pass->ms = monotonic_ms() - begin;
	return err;
}

uint64_t verify_pass_expected(const struct verify_pass *pass)
{
	if (pass->suite != VERIFY_ENUM)
		return 0;
	return verify_enum_count(pass->machine.maxphyaddr, pass->extra);
}

bool verify_pass_is_good(const struct verify_pass *pass)
{
	return pass->tally.nr_mismatches == 0 &&
	       pass->nr_legal == verify_pass_expected(pass);
}
