/* SPDX-License-Identifier: MIT */
/*
 * Cost profiles: the built-in ones, and a reader for text files. A cost is
 * kept in picoseconds, so that sums are exact and the same everywhere.
 *
 *	# where the numbers come from
 *	base = host-quiet
 *	fault_ns = 662
 */
#include <vmmdirty/machine.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/error.h"

/* 10 s for one event: more is a typing error. */
#define MAX_PS UINT64_C(10000000000000)

#define NS(x) ((uint64_t)((x)*1000 + 0.5))

static const struct {
	const char *name;
	struct vmd_costs costs;
} builtins[] = {
	{ .name = "host-quiet",
	  .costs.ps = { [VMD_EV_FAULT] = NS(662),
			[VMD_EV_TLB_WALK] = NS(7.5),
			[VMD_EV_SCAN_CALL] = NS(1084),
			[VMD_EV_PTE_VISIT] = NS(1.06),
			[VMD_EV_PTE_WRPROTECT] = NS(34.5),
			[VMD_EV_PTE_CLEAN] = NS(34.5),
			[VMD_EV_PTE_ZAP] = NS(57),
			[VMD_EV_TLB_FLUSH] = NS(605),
			[VMD_EV_UPDATE_CMD] = NS(170),
			[VMD_EV_UPDATE_BYTE] = NS(0.030),
			[VMD_EV_READBACK_BYTE] = NS(0.030),
			[VMD_EV_SUBMIT] = NS(170) } },
	{ .name = "host-loaded",
	  .costs.ps = { [VMD_EV_FAULT] = NS(862),
			[VMD_EV_PTE_VISIT] = NS(1.94),
			[VMD_EV_PTE_WRPROTECT] = NS(41),
			[VMD_EV_PTE_CLEAN] = NS(41),
			[VMD_EV_TLB_FLUSH] = NS(1780),
			[VMD_EV_UPDATE_BYTE] = NS(0.030),
			[VMD_EV_READBACK_BYTE] = NS(0.030) } },
	{ .name = "slow-walk",
	  .costs.ps = { [VMD_EV_FAULT] = NS(500),
			[VMD_EV_PTE_VISIT] = NS(5),
			[VMD_EV_PTE_WRPROTECT] = NS(20),
			[VMD_EV_PTE_CLEAN] = NS(20),
			[VMD_EV_TLB_FLUSH] = NS(1000),
			[VMD_EV_UPDATE_BYTE] = NS(0.030),
			[VMD_EV_READBACK_BYTE] = NS(0.030) } },
	{ .name = "emulator",
	  .costs.ps = { [VMD_EV_FAULT] = NS(300),
			[VMD_EV_PTE_VISIT] = NS(0.3),
			[VMD_EV_PTE_WRPROTECT] = NS(2.2),
			[VMD_EV_PTE_CLEAN] = NS(2.2),
			[VMD_EV_TLB_FLUSH] = NS(200),
			[VMD_EV_UPDATE_BYTE] = NS(0.030),
			[VMD_EV_READBACK_BYTE] = NS(0.030) } },
};

int vmd_costs_builtin(const char *name, struct vmd_costs *costs)
{
	size_t i;

	for (i = 0; name && i < VMD_ARRAY_SIZE(builtins); i++) {
		if (strcmp(builtins[i].name, name) == 0) {
			*costs = builtins[i].costs;
			return 0;
		}
	}
	return -ENOENT;
}

const char *vmd_costs_builtin_name(unsigned int index)
{
	return index < VMD_ARRAY_SIZE(builtins) ? builtins[index].name : NULL;
}

struct reader {
	struct vmd_costs costs;
	struct vmd_profile_error *error;
	bool seen[VMD_NR_EVENTS];
	bool any; /* a cost has been read: too late for a base */
};

static int refuse(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(struct reader *reader, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reader->error->text, sizeof(reader->error->text),
			format, args);
	va_end(args);
	return -EINVAL;
}

static int refuse_errno(struct reader *reader, int err)
{
	(void)refuse(reader, "%s", vmd_error_text(-err));
	return -err;
}

/* Cuts blanks and comments off both ends. */
static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	text[strcspn(text, "#\n\r")] = '\0';
	for (len = strlen(text);
	     len > 0 && strchr(" \t", text[len - 1]) != NULL; len--)
		text[len - 1] = '\0';
	return text;
}

/* "662" or "1.06", in thousandths; anything else is refused. */
static bool parse_ns(const char *text, uint64_t *ps)
{
	uint64_t value = 0;
	int decimals = -1;

	if (*text == '\0' || *text == '.')
		return false;
	for (; *text; text++) {
		if (*text == '.' && decimals < 0) {
			decimals = 0;
			continue;
		}
		if (*text < '0' || *text > '9' || decimals == 3 ||
		    value > MAX_PS)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
		decimals += decimals >= 0;
	}
	for (decimals = decimals < 0 ? 0 : decimals; decimals < 3; decimals++)
		value *= 10;
	*ps = value;
	return value <= MAX_PS;
}

static int find_event(const char *key)
{
	size_t len = strlen(key);
	unsigned int event;

	if (len < 4 || strcmp(key + len - 3, "_ns") != 0)
		return -1;
	for (event = 0; event < VMD_NR_EVENTS; event++) {
		const char *name = vmd_event_name((enum vmd_event)event);

		if (strlen(name) == len - 3 && strncmp(name, key, len - 3) == 0)
			return (int)event;
	}
	return -1;
}

static int read_base(struct reader *reader, const char *name)
{
	if (reader->any)
		return refuse(reader, "base must come before the first cost");
	reader->any = true;
	if (vmd_costs_builtin(name, &reader->costs))
		return refuse(reader, "no built-in profile \"%.40s\"", name);
	return 0;
}

static int read_cost(struct reader *reader, const char *key, const char *value)
{
	int event = find_event(key);

	if (event < 0)
		return refuse(reader, "unknown key \"%.40s\"", key);
	if (reader->seen[event])
		return refuse(reader, "\"%s\" is given twice", key);
	if (!parse_ns(value, &reader->costs.ps[event]))
		return refuse(reader,
			      "\"%.40s\" is not a number of nanoseconds",
			      value);
	reader->seen[event] = true;
	reader->any = true;
	return 0;
}

static int read_line(struct reader *reader, char *line)
{
	char *text = trim(line);
	char *equals = strchr(text, '=');
	char *key;

	if (*text == '\0')
		return 0;
	if (!equals)
		return refuse(reader, "expected \"key = value\"");
	*equals = '\0';
	key = trim(text);
	text = trim(equals + 1);
	if (strcmp(key, "base") == 0)
		return read_base(reader, text);
	return read_cost(reader, key, text);
}

enum {
	LINE_SIZE = 256
};

/* 1: a line, without its newline; 0: the end; negative: refused. */
static int get_line(struct reader *reader, FILE *file, char *line)
{
	size_t len = 0;
	int c;

	reader->error->line++;
	while ((c = getc(file)) != EOF && c != '\n') {
		if (c == '\0')
			return refuse(reader, "this is not text");
		if (len == LINE_SIZE - 1)
			return refuse(reader, "the line is too long");
		line[len++] = (char)c;
	}
	line[len] = '\0';
	if (ferror(file))
		return -EIO;
	return c != EOF || len > 0;
}

static int read_lines(struct reader *reader, FILE *file)
{
	char line[LINE_SIZE];
	int more = get_line(reader, file, line);
	int err = 0;

	while (more > 0 && !err) {
		err = read_line(reader, line);
		if (!err)
			more = get_line(reader, file, line);
	}
	return more < 0 ? more : err;
}

int vmd_costs_load(const char *path, struct vmd_costs *costs,
		   struct vmd_profile_error *error)
{
	struct reader reader = { .error = error };
	FILE *file;
	int err;

	if (!path || !costs || !error)
		return -EINVAL;
	*error = (struct vmd_profile_error){ 0 };
	reader.costs = builtins[0].costs;
	file = fopen(path, "re");
	if (!file)
		return refuse_errno(&reader, errno);
	err = read_lines(&reader, file);
	if (err == -EIO) {
		error->line = 0;
		err = refuse_errno(&reader, EIO);
	}
	(void)fclose(file);
	if (!err)
		*costs = reader.costs;
	return err;
}
