/* SPDX-License-Identifier: MIT */
/*
 * A machine of its own for each few thousand cases, with or without TLB,
 * inline lines and so on: none of it may show.
 */
#include "verify_random.h"

#include "verify_cpu.h"
#include "verify_gen.h"

#define CASES_PER_MACHINE 8192U
#define DATA_SIZE	  (UINT64_C(1) << 20) /* touched anew in each machine */

static void draw_machine(struct verify_gen *gen,
			 const struct verify_random *random,
			 struct verify_machine *machine)
{
	uint64_t bits = verify_draw(gen);

	*machine = (struct verify_machine){
		.levels = random->levels,
		.maxphyaddr = random->maxphyaddr,
		.lazy = bits & 1,
		.amd = bits & 2,
		.no_1g = bits & 4,
	};
	if (!machine->levels)
		machine->levels = bits & 8 ? 5 : 4;
	if (!machine->maxphyaddr)
		machine->maxphyaddr =
			32 + (unsigned int)verify_draw_below(gen, 21);
}

/* Flags that change how it is done, and nothing of what comes out. */
static unsigned int draw_flags(struct verify_gen *gen)
{
	static const unsigned int harmless =
		VMD_MACHINE_NO_LINES | VMD_MACHINE_NO_PSC |
		VMD_MACHINE_SPURIOUS_FAULTS | VMD_MACHINE_FRACTURE_LARGE |
		VMD_MACHINE_RANDOM_REPLACEMENT;
	unsigned int flags = (unsigned int)verify_draw(gen) & harmless;

	if (verify_draw_chance(gen, 4))
		flags |= VMD_MACHINE_NO_TLB;
	return flags;
}

static unsigned int draw_entries(struct verify_gen *gen)
{
	static const unsigned int entries[] = { 0, 8, VMD_TLB_UNBOUNDED };

	return entries[verify_draw_below(gen, 3)];
}

static int run_some(struct verify_gen *gen, uint64_t nr,
		    struct verify_tally *tally, struct verify_adapter *adapter)
{
	int err = 0;

	for (; nr > 0 && !err; nr--) {
		struct verify_case c;

		verify_gen_case(gen, adapter, &c);
		err = verify_judge(tally, adapter, &c);
	}
	return err;
}

int verify_random_run(const struct verify_random *random,
		      struct verify_tally *tally)
{
	struct verify_gen gen = { .state = random->seed };
	uint64_t left = random->nr_cases;
	int err = 0;

	while (left > 0 && !err) {
		uint64_t nr = left < CASES_PER_MACHINE ? left :
							 CASES_PER_MACHINE;
		struct verify_machine machine;
		struct verify_cpu cpu;
		unsigned int flags = draw_flags(&gen);
		unsigned int entries = draw_entries(&gen);

		draw_machine(&gen, random, &machine);
		err = verify_cpu_init(&cpu, &machine, flags, entries);
		if (err)
			break;
		cpu.adapter.data_end = cpu.adapter.data_begin + DATA_SIZE;
		err = run_some(&gen, nr, tally, &cpu.adapter);
		verify_cpu_fini(&cpu);
		left -= nr;
	}
	return err;
}
