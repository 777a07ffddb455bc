/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty verify: the call. What is run is in verify_plan.c, what is expected
 * in verify_rules.c.
 */
#include "cmd_verify.h"

#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "exit.h"
#include "progress.h"
#include "verify_plan.h"

static const char usage[] =
	"usage: vmmdirty verify mmu [OPTIONS]\n"
	"\n"
	"Runs accesses through page tables on a simulated CPU and compares\n"
	"faults, error codes, CR2, addresses and all entries with what the\n"
	"manuals say (docs/mmu.md) and with Unicorn.\n"
	"\n"
	"  --quick         a sample of each pass\n"
	"  --only SUITE    enum: every legal combination of 30 bits;\n"
	"                  random: everything else; unicorn: second opinion\n"
	"  --levels N      4 or 5; both if not given\n"
	"  --maxphyaddr N  32 to 52; those where rules change if not given\n"
	"  --cases N       of random and unicorn; 1000000 if not given\n"
	"  --seed N        of random and unicorn; 1 if not given\n"
	"  --json          JSON Lines, one object a pass\n";

enum verify_option {
	OPT_QUICK = 256,
	OPT_ONLY,
	OPT_LEVELS,
	OPT_MAXPHYADDR,
	OPT_CASES,
	OPT_SEED,
	OPT_JSON
};

static const struct option options[] = {
	{ "quick", no_argument, NULL, OPT_QUICK },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "levels", required_argument, NULL, OPT_LEVELS },
	{ "maxphyaddr", required_argument, NULL, OPT_MAXPHYADDR },
	{ "cases", required_argument, NULL, OPT_CASES },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "json", no_argument, NULL, OPT_JSON },
	{ NULL, 0, NULL, 0 },
};

struct verify {
	struct verify_wish wish;
	bool json;
	struct progress progress;
	struct verify_plan plan;
};

static int help(void)
{
	(void)fputs(usage, stdout);
	return finish_stdout("verify");
}

static int take_only(struct verify *verify, const char *text)
{
	static const char *const suites[] = { "enum", "random", "unicorn" };
	size_t i;

	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (strcmp(text, suites[i]) == 0)
			verify->wish.only = suites[i];
	if (verify->wish.only)
		return EXIT_GOOD;
	return complain("verify", text, "neither enum, random nor unicorn");
}

/* A number from @low to @high. */
static int take_small(unsigned int *to, const char *text, unsigned int low,
		      unsigned int high)
{
	char range[64];
	uint64_t value;

	if (parse_number(text, &value) && value >= low && value <= high) {
		*to = (unsigned int)value;
		return EXIT_GOOD;
	}
	(void)snprintf(range, sizeof(range), "not a number from %u to %u", low,
		       high);
	return complain("verify", text, range);
}

static int take_number(uint64_t *to, const char *text, uint64_t low)
{
	if (parse_number(text, to) && *to >= low)
		return EXIT_GOOD;
	return complain("verify", text,
			low ? "not a number above 0" : "not a number");
}

static int take_option(struct verify *verify, enum verify_option option)
{
	struct verify_wish *wish = &verify->wish;

	switch (option) {
	case OPT_QUICK:
		wish->quick = true;
		return EXIT_GOOD;
	case OPT_ONLY:
		wish->only = NULL;
		return take_only(verify, optarg);
	case OPT_LEVELS:
		return take_small(&wish->levels, optarg, 4, 5);
	case OPT_MAXPHYADDR:
		return take_small(&wish->maxphyaddr, optarg, 32, 52);
	case OPT_CASES:
		return take_number(&wish->nr_cases, optarg, 1);
	case OPT_SEED:
		return take_number(&wish->seed, optarg, 0);
	case OPT_JSON:
		verify->json = true;
		return EXIT_GOOD;
	}
	return EXIT_USAGE;
}

/* argv[0] is "mmu". */
static int parse(struct verify *verify, int argc, char **argv)
{
	int status = EXIT_GOOD;
	int option;

	optind = 1;
	while (status == EXIT_GOOD) {
		option = next_option("verify", argc, argv, options);
		if (option == -1)
			break;
		if (option == 0)
			return EXIT_USAGE;
		status = take_option(verify, (enum verify_option)option);
	}
	if (status == EXIT_GOOD && optind < argc)
		return complain("verify", argv[optind],
				"unexpected argument; see --help");
	return status;
}

/* A line is printed when its pass is done: the whole run takes minutes. */
static void print_pass(struct verify *verify, const struct verify_pass *pass)
{
	progress_end(&verify->progress);
	if (verify->json)
		verify_print_json(stdout, pass);
	else
		verify_print_row(stdout, pass);
	(void)fflush(stdout);
}

static int run_pass(struct verify *verify, struct verify_pass *pass)
{
	int err;

	progress_job(&verify->progress, verify_pass_name(pass),
		     verify_tlb_names[pass->tlb]);
	err = verify_pass_run(pass, &verify->progress);
	if (err) {
		progress_end(&verify->progress);
		return complain("verify", verify_suite_names[pass->suite],
				strerror(-err));
	}
	print_pass(verify, pass);
	return EXIT_GOOD;
}

/* Wall time goes to stderr: it is no part of the result. */
static void say_speed(uint64_t nr_cases, uint64_t ms)
{
	uint64_t per_ms = nr_cases / (ms + 1);

	(void)fprintf(stderr,
		      "wall time: %" PRIu64 ".%" PRIu64 " s for %" PRIu64
		      " cases, %" PRIu64 ".%02" PRIu64 " million a second\n",
		      ms / 1000, ms % 1000 / 100, nr_cases, per_ms / 1000,
		      per_ms % 1000 / 10);
}

/* What was not as it must be, in full, and what could not be done. */
static int conclude(const struct verify *verify)
{
	const struct verify_plan *plan = &verify->plan;
	const char *skipped = NULL;
	bool good = true;
	uint64_t nr_cases = 0;
	uint64_t ms = 0;
	unsigned int i;

	for (i = 0; i < plan->nr; i++) {
		const struct verify_pass *pass = &plan->passes[i];

		verify_print_kept(verify->json ? stderr : stdout, &pass->tally);
		good &= verify_pass_is_good(pass);
		if (pass->skipped)
			skipped = pass->skipped;
		nr_cases += pass->tally.nr_cases;
		ms += pass->ms;
	}
	if (finish_stdout("verify"))
		return EXIT_USAGE;
	if (skipped && nr_cases == 0)
		return complain("verify", "unicorn", skipped);
	say_speed(nr_cases, ms);
	return good ? EXIT_GOOD : EXIT_BAD;
}

static int run(struct verify *verify)
{
	struct verify_plan *plan = &verify->plan;
	int status = EXIT_GOOD;
	unsigned int i;

	verify_plan_make(plan, &verify->wish);
	if (!plan->nr)
		return complain("verify", "unicorn",
				"has 4 levels and MAXPHYADDR 40 only");
	progress_init(&verify->progress, plan->nr, "cases");
	if (!verify->json)
		verify_print_head(stdout);
	for (i = 0; i < plan->nr && status == EXIT_GOOD; i++)
		status = run_pass(verify, &plan->passes[i]);
	progress_end(&verify->progress);
	return status ? status : conclude(verify);
}

int cmd_verify(int argc, char **argv)
{
	static struct verify verify = { .wish.seed = 1 };
	int status;

	if (wants_help(argc, argv))
		return help();
	if (argc < 2 || strcmp(argv[1], "mmu") != 0)
		return complain("verify", argc < 2 ? NULL : argv[1],
				"say mmu; see --help");
	status = parse(&verify, argc - 1, argv + 1);
	return status ? status : run(&verify);
}
