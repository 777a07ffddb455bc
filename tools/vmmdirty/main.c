/* SPDX-License-Identifier: MIT */
/*
 * The command: finds the subcommand.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vmmdirty/vmmdirty.h>

#include "cli.h"
#include "cmd_bench.h"
#include "cmd_trace.h"
#include "cmd_verify.h"
#include "exit.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
} commands[] = {
	{ "bench", cmd_bench, "compare trackers on traces and workloads" },
	{ "trace", cmd_trace, "look at write traces, convert them" },
	{ "verify", cmd_verify, "hold the MMU against rules and Unicorn" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/*
 * A file that is opened while standard output is closed would take its place,
 * and what is printed would end up in it. Here each number is taken by
 * something that refuses what it is used for.
 */
static bool hold_standard_files(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null",
			 fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

static void usage(FILE *to)
{
	size_t i;

	(void)fputs("usage: vmmdirty COMMAND [OPTIONS]\n"
		    "       vmmdirty --version | --help\n\n",
		    to);
	for (i = 0; i < NR_COMMANDS; i++)
		(void)fprintf(to, "  %-8s %s\n", commands[i].name,
			      commands[i].text);
	(void)fputs("\n`vmmdirty COMMAND --help` says more.\n", to);
}

static int run(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return complain(NULL, argv[1], "unknown command; see --help");
}

int main(int argc, char **argv)
{
	/* Who stops reading is told of by a write that fails. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (!hold_standard_files())
		return EXIT_USAGE;
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		(void)puts(vmd_build());
	else if (argc == 2 && strcmp(argv[1], "--help") == 0)
		usage(stdout);
	else
		return run(argc, argv);
	return finish_stdout(NULL);
}
