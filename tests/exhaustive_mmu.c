/* SPDX-License-Identifier: MIT */
/*
 * exhaustive_mmu suite levels policy tlb: the passes of `vmmdirty verify mmu`
 * that are meant, "-" for any. A part of them for each entry of ctest -L
 * exhaustive, so that two run at once.
 *
 * Ends with 1 if a pass was not good, with 77 if all of it was skipped.
 */
#include <inttypes.h>
#include <string.h>

#include "progress.h"
#include "verify_plan.h"

enum {
	SKIPPED = 77
};

static bool is_meant(const char *word, const char *name)
{
	return strcmp(word, "-") == 0 || strcmp(word, name) == 0;
}

static bool is_wanted(const struct verify_pass *pass, char **words)
{
	const char *policy = pass->machine.lazy ? "lazy" : "eager";
	char levels[16];

	(void)snprintf(levels, sizeof(levels), "%u", pass->machine.levels);
	return is_meant(words[0], verify_pass_name(pass)) &&
	       is_meant(words[1], levels) && is_meant(words[2], policy) &&
	       is_meant(words[3], verify_tlb_names[pass->tlb]);
}

static bool run(struct verify_pass *pass)
{
	int err = verify_pass_run(pass, NULL);

	verify_print_row(stdout, pass);
	verify_print_kept(stdout, &pass->tally);
	if (!pass->skipped)
		(void)printf("    %" PRIu64 ".%02" PRIu64 " s, %" PRIu64
			     " thousand cases a second\n",
			     pass->ms / 1000, pass->ms % 1000 / 10,
			     pass->tally.nr_cases / (pass->ms + 1));
	if (err)
		(void)printf("    ended by %s\n", strerror(-err));
	(void)fflush(stdout);
	return !err && verify_pass_is_good(pass);
}

int main(int argc, char **argv)
{
	static struct verify_plan plan;
	const struct verify_wish wish = { .seed = 1 };
	unsigned int nr_run = 0;
	unsigned int i;
	bool good = true;

	if (argc != 5)
		return 2;
	verify_plan_make(&plan, &wish);
	verify_print_head(stdout);
	for (i = 0; i < plan.nr; i++) {
		if (!is_wanted(&plan.passes[i], argv + 1))
			continue;
		good &= run(&plan.passes[i]);
		nr_run += !plan.passes[i].skipped;
	}
	if (!nr_run)
		return SKIPPED;
	return good ? 0 : 1;
}
