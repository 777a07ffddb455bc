/* SPDX-License-Identifier: MIT */
/*
 * What the subcommands share: complaints, options, numbers, standard output.
 */
#ifndef VMMDIRTY_TOOL_CLI_H
#define VMMDIRTY_TOOL_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * One line on stderr: "vmmdirty COMMAND: WHAT: TEXT". NULL leaves a part out;
 * of a long name the end is kept. Returns EXIT_USAGE.
 */
int complain(const char *command, const char *what, const char *text);

/* The next option's val; -1 at the end; 0 after a complaint. */
int next_option(const char *command, int argc, char **argv,
		const struct option *options);

/* Decimal, or hexadecimal behind 0x; false: anything else. */
bool parse_number(const char *text, uint64_t *value);

bool wants_help(int argc, char **argv);

/* A line for each workload. */
void print_workloads(FILE *to);

/* The exit status: was all that was printed taken? */
int finish_stdout(const char *command);

#endif /* VMMDIRTY_TOOL_CLI_H */
