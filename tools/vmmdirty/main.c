/* SPDX-License-Identifier: MIT */
/*
 * The command: finds the subcommand.
 */
#include <stdio.h>
#include <string.h>

#include <vmmdirty/vmmdirty.h>

#include "cmd_bench.h"
#include "cmd_trace.h"
#include "exit.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
} commands[] = {
	{ "bench", cmd_bench, "compare trackers on traces and workloads" },
	{ "trace", cmd_trace, "look at write traces, convert them" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(FILE *to, int status)
{
	size_t i;

	(void)fputs("usage: vmmdirty COMMAND [OPTIONS]\n"
		    "       vmmdirty --version | --help\n\n",
		    to);
	for (i = 0; i < NR_COMMANDS; i++)
		(void)fprintf(to, "  %-8s %s\n", commands[i].name,
			      commands[i].text);
	(void)fputs("\n`vmmdirty COMMAND --help` says more.\n", to);
	return status;
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts(vmd_build()) < 0 ? EXIT_BAD : EXIT_GOOD;
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EXIT_GOOD);
	if (argc < 2)
		return usage(stderr, EXIT_USAGE);
	for (i = 0; i < NR_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	(void)fprintf(stderr, "vmmdirty: unknown command \"%s\"; see --help\n",
		      argv[1]);
	return EXIT_USAGE;
}
