/* SPDX-License-Identifier: MIT */
/*
 * A mismatch is printed so that it can be read without the program: settings,
 * registers, access, the entries before, and both outcomes.
 */
#include "verify_tally.h"

#include <inttypes.h>

#include "progress.h"

#define STEP 4096U /* cases between two looks at the clock */

bool verify_count(struct verify_tally *tally,
		  const struct verify_adapter *adapter,
		  const struct verify_case *c,
		  const struct verify_outcome *expected,
		  const struct verify_outcome *seen)
{
	bool same = verify_same(expected, seen);

	if (!same && tally->nr_mismatches < VERIFY_NR_KEPT)
		tally->kept[tally->nr_mismatches] =
			(struct verify_mismatch){ *adapter, *c, *expected,
						  *seen };
	tally->nr_mismatches += !same;
	tally->nr_faults += expected->vector != 0;
	tally->nr_cases++;
	if (tally->nr_cases % STEP == 0)
		progress_step(tally->progress, tally->nr_cases);
	return same;
}

int verify_judge(struct verify_tally *tally, struct verify_adapter *adapter,
		 const struct verify_case *c)
{
	struct verify_outcome expected;
	struct verify_outcome seen;
	int err;

	verify_expect(&adapter->machine, c, &expected);
	err = adapter->run(adapter, c, expected.phys, &seen);
	if (!err)
		(void)verify_count(tally, adapter, c, &expected, &seen);
	return err;
}

static void print_case(FILE *to, const struct verify_adapter *adapter,
		       const struct verify_case *c)
{
	const struct verify_machine *machine = &adapter->machine;
	static const char *const kinds[] = { "read", "write", "fetch" };
	const struct verify_regs *regs = &c->regs;
	const struct verify_access *access = &c->access;

	(void)fprintf(
		to,
		"  machine   %s, %u levels, MAXPHYADDR %u, upper A %s, %s, "
		"1G pages %s\n",
		adapter->name, machine->levels, machine->maxphyaddr,
		machine->lazy ? "lazy" : "eager",
		machine->amd ? "AMD" : "Intel", machine->no_1g ? "off" : "on");
	(void)fprintf(to,
		      "  registers WP=%d NXE=%d SMEP=%d SMAP=%d PKE=%d PKS=%d "
		      "PKRU=%08" PRIx32 " PKRS=%08" PRIx32 "\n",
		      regs->wp, regs->nxe, regs->smep, regs->smap, regs->pke,
		      regs->pks, regs->pkru, regs->pkrs);
	(void)fprintf(to, "  access    %s by %s of %016" PRIx64 ", AC=%d%s\n",
		      kinds[access->kind],
		      access->user ? "a user" : "the supervisor", access->addr,
		      access->ac,
		      access->twice ? ", after a supervisor's read" : "");
}

static void print_entries(FILE *to, const char *what, unsigned int levels,
			  const uint64_t *entry)
{
	unsigned int level;

	(void)fprintf(to, "  %-9s", what);
	for (level = levels; level > 0; level--)
		(void)fprintf(to, " %016" PRIx64, entry[level]);
	(void)fputc('\n', to);
}

static void print_outcome(FILE *to, const char *what, unsigned int levels,
			  const struct verify_outcome *out)
{
	(void)fprintf(to, "  %-9s ", what);
	if (out->vector)
		(void)fprintf(to,
			      "vector %u, error code %#x, CR2 %016" PRIx64 "\n",
			      out->vector, out->error_code, out->cr2);
	else
		(void)fprintf(to, "no fault, physical address %" PRIx64 "\n",
			      out->phys);
	print_entries(to, "", levels, out->entry);
}

void verify_print_kept(FILE *to, const struct verify_tally *tally)
{
	unsigned int i;

	for (i = 0; i < VERIFY_NR_KEPT && i < tally->nr_mismatches; i++) {
		const struct verify_mismatch *bad = &tally->kept[i];
		unsigned int levels = bad->adapter.machine.levels;

		(void)fprintf(to, "mismatch %u of %" PRIu64 "\n", i + 1,
			      tally->nr_mismatches);
		print_case(to, &bad->adapter, &bad->c);
		print_entries(to, "entries", levels, bad->c.entry);
		print_outcome(to, "expected", levels, &bad->expected);
		print_outcome(to, "seen", levels, &bad->seen);
	}
}
