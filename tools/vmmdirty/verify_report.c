/* SPDX-License-Identifier: MIT */
/*
 * A pass as a line of the table, and as JSON. No figure in either depends on
 * the time that it took.
 */
#include <inttypes.h>

#include "json.h"
#include "verify_pass.h"

static bool draws_machine(const struct verify_pass *pass)
{
	return pass->suite == VERIFY_RANDOM;
}

static const char *upper_accessed(const struct verify_pass *pass)
{
	if (draws_machine(pass))
		return "drawn";
	return pass->machine.lazy ? "lazy" : "eager";
}

static const char *tlb(const struct verify_pass *pass)
{
	return draws_machine(pass) ? "drawn" : verify_tlb_names[pass->tlb];
}

/* "drawn", or the number. */
static const char *number(char *buf, size_t size, unsigned int value)
{
	if (!value)
		return "drawn";
	(void)snprintf(buf, size, "%u", value);
	return buf;
}

void verify_print_head(FILE *to)
{
	(void)fprintf(to, "%-17s %6s %10s %7s %-19s %12s %12s %10s\n", "suite",
		      "levels", "MAXPHYADDR", "upper A", "TLB", "legal", "run",
		      "mismatches");
}

void verify_print_row(FILE *to, const struct verify_pass *pass)
{
	const struct verify_tally *tally = &pass->tally;
	uint64_t expected = verify_pass_expected(pass);
	char levels[16];
	char maxphyaddr[16];

	(void)fprintf(to, "%-17s %6s %10s %7s %-19s ", verify_pass_name(pass),
		      number(levels, sizeof(levels), pass->machine.levels),
		      number(maxphyaddr, sizeof(maxphyaddr),
			     pass->machine.maxphyaddr),
		      upper_accessed(pass), tlb(pass));
	if (pass->skipped) {
		(void)fprintf(to, "skipped: %s\n", pass->skipped);
		return;
	}
	if (expected)
		(void)fprintf(to, "%12" PRIu64, pass->nr_legal);
	else
		(void)fprintf(to, "%12s", "");
	(void)fprintf(to, " %12" PRIu64 " %10" PRIu64, tally->nr_cases,
		      tally->nr_mismatches);
	if (pass->nr_legal != expected)
		(void)fprintf(to, "  legal should be %" PRIu64, expected);
	if (tally->nr_known)
		(void)fprintf(to, "  and %" PRIu64 " known (1G-leaf A)",
			      tally->nr_known);
	(void)fputc('\n', to);
}

void verify_print_json(FILE *to, const struct verify_pass *pass)
{
	const struct verify_tally *tally = &pass->tally;

	(void)fprintf(to, "{\"suite\": \"%s\", ",
		      verify_suite_names[pass->suite]);
	(void)fprintf(to, "\"extra\": %s, \"levels\": %u, \"maxphyaddr\": %u, ",
		      pass->extra ? "true" : "false", pass->machine.levels,
		      pass->machine.maxphyaddr);
	(void)fprintf(to, "\"upper_a\": \"%s\", \"tlb\": \"%s\", ",
		      upper_accessed(pass), tlb(pass));
	(void)fprintf(to, "\"seed\": %" PRIu64 ", \"skipped\": ", pass->seed);
	if (pass->skipped)
		put_json_string(to, pass->skipped);
	else
		(void)fputs("null", to);
	(void)fprintf(to,
		      ", \"legal\": %" PRIu64 ", \"expected_legal\": %" PRIu64
		      ", \"run\": %" PRIu64 ", \"faults\": %" PRIu64,
		      pass->nr_legal, verify_pass_expected(pass),
		      tally->nr_cases, tally->nr_faults);
	(void)fprintf(to,
		      ", \"mismatches\": %" PRIu64 ", \"known\": %" PRIu64
		      "}\n",
		      tally->nr_mismatches, tally->nr_known);
}
