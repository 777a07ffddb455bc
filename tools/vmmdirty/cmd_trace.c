/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty trace: the call. What is done is in trace_info.c and
 * trace_convert.c.
 */
#include "cmd_trace.h"

#include <string.h>

#include "cli.h"
#include "exit.h"
#include "trace_convert.h"
#include "trace_info.h"

static const char usage[] =
	"usage: vmmdirty trace info IN [--json] [--warmup N] [--tail N]\n"
	"       vmmdirty trace convert IN OUT [--text]\n"
	"\n"
	"IN is a .dtr file, a text trace, - for standard input, or\n"
	"workload:NAME[:KEY=VALUE,...] for a trace made up by rule.\n"
	"\n"
	"  --json      info: one JSON object\n"
	"  --warmup N  info: leave the first N epochs out of the statistics\n"
	"  --tail N    info: leave the last N epochs out of the statistics\n"
	"  --text      convert: write the text form; .dtr otherwise\n"
	"  --seed N    of a workload; 1 if not given\n"
	"\n"
	"workloads:\n";

enum trace_option {
	OPT_JSON = 256,
	OPT_TEXT,
	OPT_SEED,
	OPT_WARMUP,
	OPT_TAIL
};

static const struct option info_options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "warmup", required_argument, NULL, OPT_WARMUP },
	{ "tail", required_argument, NULL, OPT_TAIL },
	{ NULL, 0, NULL, 0 },
};

static const struct option convert_options[] = {
	{ "text", no_argument, NULL, OPT_TEXT },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ NULL, 0, NULL, 0 },
};

static const struct subcommand {
	const char *name;
	const struct option *options;
	int nr_paths;
	const char *paths;
	int (*run)(const struct trace_call *call);
} subcommands[] = {
	{ "info", info_options, 1, "one IN is wanted; see --help", trace_info },
	{ "convert", convert_options, 2, "IN and OUT are wanted; see --help",
	  trace_convert },
};

#define NR_SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

int trace_complain(const char *what, const char *text)
{
	return complain("trace", what, text);
}

int trace_call_open(const struct trace_call *call, struct vmd_trace **trace,
		    struct vmd_trace_error *error)
{
	static const char prefix[] = "workload:";

	if (strncmp(call->in, prefix, sizeof(prefix) - 1) == 0)
		return vmd_trace_open_workload(call->in + sizeof(prefix) - 1,
					       call->seed, trace, error);
	return vmd_trace_open(call->in, trace, error);
}

static int help(void)
{
	(void)fputs(usage, stdout);
	print_workloads(stdout);
	return finish_stdout("trace");
}

static int take_number(uint64_t *value, const char *text)
{
	if (parse_number(text, value))
		return EXIT_GOOD;
	return trace_complain(text, "not a number");
}

static int take_option(struct trace_call *call, enum trace_option option)
{
	switch (option) {
	case OPT_JSON:
		call->json = true;
		return EXIT_GOOD;
	case OPT_TEXT:
		call->text = true;
		return EXIT_GOOD;
	case OPT_SEED:
		return take_number(&call->seed, optarg);
	case OPT_WARMUP:
		return take_number(&call->warmup, optarg);
	case OPT_TAIL:
		return take_number(&call->tail, optarg);
	}
	return EXIT_USAGE;
}

/* argv[0] is the subcommand's name. */
static int parse(const struct subcommand *sub, struct trace_call *call,
		 int argc, char **argv)
{
	int status = EXIT_GOOD;
	int option;

	optind = 1;
	while (status == EXIT_GOOD) {
		option = next_option("trace", argc, argv, sub->options);
		if (option == -1)
			break;
		if (option == 0)
			return EXIT_USAGE;
		status = take_option(call, (enum trace_option)option);
	}
	if (status != EXIT_GOOD)
		return status;
	if (argc - optind != sub->nr_paths)
		return trace_complain(sub->name, sub->paths);
	call->in = argv[optind];
	call->out = argv[argc - 1];
	return EXIT_GOOD;
}

int cmd_trace(int argc, char **argv)
{
	struct trace_call call = { .seed = 1 };
	size_t i;

	if (wants_help(argc, argv))
		return help();
	if (argc < 2)
		return trace_complain(NULL, "say info or convert; see --help");
	for (i = 0; i < NR_SUBCOMMANDS; i++) {
		if (strcmp(argv[1], subcommands[i].name) != 0)
			continue;
		if (parse(&subcommands[i], &call, argc - 1, argv + 1))
			return EXIT_USAGE;
		return subcommands[i].run(&call);
	}
	return trace_complain(argv[1], "neither info nor convert; see --help");
}
