/* SPDX-License-Identifier: MIT */
/*
 * A complaint is one line whatever is in a name: its control characters come
 * out as '?'.
 */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vmmdirty/trace.h>

#include "exit.h"

#define MAX_WORDS 300 /* of one part of a complaint */

/* The end of a long path says more than its beginning. */
static void put_part(FILE *to, const char *text, const char *end)
{
	size_t len = strlen(text);

	if (len > MAX_WORDS) {
		(void)fputs("...", to);
		text += len - MAX_WORDS;
	}
	for (; *text; text++)
		(void)fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' :
									  *text,
			    to);
	(void)fputs(end, to);
}

int complain(const char *command, const char *what, const char *text)
{
	char line[3 * MAX_WORDS] = "";
	FILE *to = fmemopen(line, sizeof(line), "w");

	if (to) {
		put_part(to, command ? "vmmdirty " : "vmmdirty",
			 command ? "" : ": ");
		if (command)
			put_part(to, command, ": ");
		if (what)
			put_part(to, *what ? what : "\"\"", ": ");
		put_part(to, text, "\n");
		(void)fclose(to);
	}
	(void)fputs(line, stderr);
	return EXIT_USAGE;
}

static bool is_short(int option)
{
	return option > 0 && option < 256;
}

static void complain_about_option(const char *command, char **argv, bool wants)
{
	char name[] = { '-', (char)optopt, '\0' };
	const char *text = "unknown or ambiguous option; see --help";

	if (wants)
		text = "this option wants a value";
	else if (optopt && !is_short(optopt))
		text = "this option takes no value";
	(void)complain(command, is_short(optopt) ? name : argv[optind - 1],
		       text);
}

int next_option(const char *command, int argc, char **argv,
		const struct option *options)
{
	int option;

	opterr = 0;
	option = getopt_long(argc, argv, ":", options, NULL);
	if (option != '?' && option != ':')
		return option;
	complain_about_option(command, argv, option == ':');
	return 0;
}

bool parse_number(const char *text, uint64_t *value)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, is_hex ? 16 : 10);
	return *end == '\0' && errno == 0;
}

bool wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

void print_workloads(FILE *to)
{
	const char *name;
	size_t i;

	for (i = 0; (name = vmd_trace_workload_name(i)); i++)
		(void)fprintf(to, "  %-16s %s\n", name,
			      vmd_trace_workload_help(i));
}

int finish_stdout(const char *command)
{
	if (fflush(stdout) || ferror(stdout))
		return complain(command, "standard output",
				"cannot be written");
	return EXIT_GOOD;
}
