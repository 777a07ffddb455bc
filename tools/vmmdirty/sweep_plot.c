/* SPDX-License-Identifier: MIT */
/*
 * gnuplot's folder is the one in which the files lie, so that the script says
 * the same wherever that is.
 */
#include "sweep_plot.h"

#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void sweep_write_points(FILE *to, const struct report *report)
{
	const struct sweep *sweep = &report->sweep;
	size_t i;
	size_t t;

	(void)fputs("# dirty_percent", to);
	for (t = 0; t < nr_trackers; t++)
		(void)fprintf(to, " %s_ns", trackers[t].name);
	(void)fputc('\n', to);
	for (i = 0; i < sweep->nr_points; i++) {
		uint64_t percent_e6 = sweep->points[i].nr_dirty *
				      UINT64_C(100000000) / sweep->nr_pages;

		(void)fprintf(to, "%" PRIu64 ".%06" PRIu64,
			      percent_e6 / 1000000, percent_e6 % 1000000);
		for (t = 0; t < nr_trackers; t++)
			(void)fprintf(to, " %" PRIu64, sweep->points[i].ns[t]);
		(void)fputc('\n', to);
	}
}

static void write_mark(FILE *to, const struct sweep *sweep)
{
	uint64_t e5 = sweep->crossover_milli * 10000 / sweep->nr_pages;

	if (!sweep->crosses)
		return;
	(void)fprintf(to,
		      "x = %" PRIu64 ".%05" PRIu64 "\n"
		      "set arrow from x, graph 0 to x, graph 1 nohead dt 3 "
		      "lc rgb '#777777'\n"
		      "set label sprintf(' crossover: %%.3f %%%% dirty', x) at "
		      "x, graph 0.06 tc rgb '#444444'\n",
		      e5 / 100000, e5 % 100000);
}

/* A profile may be a path; gnuplot would run what stands in backquotes. */
static void write_title(FILE *to, const struct report *report)
{
	const char *c;

	(void)fprintf(to,
		      "set title \"Cost of one epoch, object of %" PRIu64
		      " pages, random pages written\\n"
		      "virtual time, cost profile ",
		      report->sweep.nr_pages);
	for (c = report->profile; *c; c++)
		(void)fputc(strchr("\"`\\@{}^_&~", *c) ||
					    (unsigned char)*c < ' ' ?
				    '?' :
				    *c,
			    to);
	(void)fputs("\"\n", to);
}

void sweep_write_script(FILE *to, const struct report *report)
{
	static const char *const colours[] = { "#999999", "#c44e52", "#4c72b0",
					       "#55a868" };
	size_t t;

	(void)fputs("# gnuplot cost.gp >cost.svg\n"
		    "set terminal svg size 800,480 font 'sans,13' background "
		    "'#ffffff'\n",
		    to);
	write_title(to, report);
	(void)fputs("set logscale xy\nset key top left\nset grid lc rgb "
		    "'#dddddd'\n"
		    "set xlabel 'pages written per epoch, % of the object'\n"
		    "set ylabel 'virtual ns per epoch'\n"
		    "set format y '10^{%L}'\n",
		    to);
	write_mark(to, &report->sweep);
	for (t = 0; t < nr_trackers; t++)
		(void)fprintf(to,
			      "%s 'cost.dat' using 1:%zu with linespoints "
			      "lw 2 dt %d pt 7 ps 0.4 lc rgb '%s' title '%s'",
			      t ? ",\\\n    " : "plot", t + 2, t == 3 ? 2 : 1,
			      colours[t % 4], trackers[t].name);
	(void)fputc('\n', to);
}

/* Its picture goes to @picture, in @dir. */
static bool run_gnuplot(const char *dir, const char *picture)
{
	char script[] = "cost.gp";
	char gnuplot[] = "gnuplot";
	char *argv[] = { gnuplot, script, NULL };
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions))
		return false;
	if (!posix_spawn_file_actions_addchdir_np(&actions, dir) &&
	    !posix_spawn_file_actions_addopen(&actions, 1, picture,
					      O_WRONLY | O_CREAT | O_TRUNC,
					      0666) &&
	    !posix_spawn_file_actions_addopen(&actions, 2, "/dev/null",
					      O_WRONLY, 0) &&
	    !posix_spawnp(&pid, gnuplot, &actions, NULL, argv, environ) &&
	    waitpid(pid, &status, 0) != pid)
		status = -1;
	(void)posix_spawn_file_actions_destroy(&actions);
	return status == 0;
}

bool sweep_plot(const char *dir)
{
	char picture[4096];
	char temporary[4104];
	int len = snprintf(picture, sizeof(picture), "%s/cost.svg", dir);

	if (len < 0 || (size_t)len >= sizeof(picture))
		return false;
	(void)snprintf(temporary, sizeof(temporary), "%s.part", picture);
	if (run_gnuplot(dir, "cost.svg.part") && !rename(temporary, picture))
		return true;
	(void)unlink(temporary);
	return false;
}
