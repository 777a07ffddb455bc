/* SPDX-License-Identifier: MIT */
/*
 * The last words of a program that broke a contract.
 */
#include "base/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/counter.h"

static void print(const struct vmd_report *report)
{
	(void)fprintf(stderr, "vmmdirty: %s:%d: %s\n", report->here.file,
		      report->here.line, report->text);
	if (report->there.file)
		(void)fprintf(stderr, "vmmdirty: %s:%d: the other place\n",
			      report->there.file, report->there.line);
}

void vmd_warn(struct vmd_env *env, struct vmd_place here, const char *text)
{
	const struct vmd_report report = {
		.kind = VMD_REPORT_WARN,
		.text = text,
		.here = here,
	};

	vmd_counter_add(&env->nr_warnings, 1);
	if (env->report)
		env->report(env->report_arg, &report);
}

void vmd_bug(struct vmd_env *env, struct vmd_place here, struct vmd_place there,
	     const char *format, ...)
{
	char text[256];
	struct vmd_report report = {
		.kind = VMD_REPORT_BUG,
		.text = text,
		.here = here,
		.there = there,
	};
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	if (env && env->report) {
		env->report(env->report_arg, &report);
		return;
	}
	print(&report);
	abort();
}
