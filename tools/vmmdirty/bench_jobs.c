/* SPDX-License-Identifier: MIT */
/*
 * The default set: three recordings of real programs and eight workloads, cut
 * to a size that a laptop replays in a minute.
 *
 * The recordings are looked for in $VMMDIRTY_TRACES, then where an installed
 * program has them, then in the source tree that it was built from.
 */
#include "bench_jobs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_check.h"

static const char *const traces[] = { "glxgears.dtr", "glmark2-buffer-map.dtr",
				      "sqlite3.dtr" };

/* Full size, and for --quick. */
static const char *const workloads[][2] = {
	{ "stream_vb:epochs=400", "stream_vb:epochs=60" },
	{ "persistent_ring:epochs=1000", "persistent_ring:epochs=100" },
	{ "sparse_tex:epochs=400", "sparse_tex:epochs=40" },
	{ "full_frame:epochs=200", "full_frame:epochs=8" },
	{ "readback:epochs=200", "readback:epochs=24" },
	{ "heartbeat:pages=32768,bursts=3,epochs=300",
	  "heartbeat:pages=4096,bursts=3,epochs=60" },
	{ "regime:epochs=400", "regime:pages=2048,epochs=60" },
	{ "hot2M_far:epochs=400", "hot2M_far:epochs=30" },
};

#define NR_TRACES    (sizeof(traces) / sizeof(traces[0]))
#define NR_WORKLOADS (sizeof(workloads) / sizeof(workloads[0]))

/* A file without its folder and ending: reports are the same everywhere. */
static void set_name(struct job *job)
{
	const char *slash = strrchr(job->text, '/');
	const char *name = job->is_workload || !slash ? job->text : slash + 1;
	char *end;

	(void)snprintf(job->name, sizeof(job->name), "%.127s", name);
	end = strrchr(job->name, '.');
	if (!job->is_workload && end && strcmp(end, ".dtr") == 0)
		*end = '\0';
}

const char *jobs_add(struct jobs *jobs, const char *text, bool is_workload)
{
	struct job *job = &jobs->jobs[jobs->nr];

	if (jobs->nr == MAX_JOBS)
		return "too many traces and workloads";
	if (strlen(text) >= sizeof(job->text))
		return "the name is too long";
	memcpy(job->text, text, strlen(text) + 1);
	job->is_workload = is_workload;
	set_name(job);
	jobs->nr++;
	return NULL;
}

/* Into @path if the file is there. */
static bool found(char *path, size_t size, const char *dir, const char *rest,
		  const char *name)
{
	int len = snprintf(path, size, "%s%s/%s", dir, rest, name);

	return len > 0 && (size_t)len < size && access(path, R_OK) == 0;
}

/* The folder of the program itself, without what comes behind the last /. */
static bool program_dir(char *dir, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", dir, size - 1);
	char *slash;

	if (len <= 0)
		return false;
	dir[len] = '\0';
	slash = strrchr(dir, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static bool find_trace(char *path, size_t size, const char *name)
{
	const char *env = getenv("VMMDIRTY_TRACES");
	char dir[PATH_MAX];

	if (env && *env)
		return found(path, size, env, "", name);
	if (program_dir(dir, sizeof(dir)) &&
	    found(path, size, dir, "/../share/vmmdirty/traces", name))
		return true;
	return found(path, size, VMD_SOURCE_TRACES, "", name);
}

/* Where it was looked for, in words. */
static int not_found(struct vmd_trace_error *error, const char *name)
{
	const char *env = getenv("VMMDIRTY_TRACES");

	if (env && *env)
		(void)snprintf(error->text, sizeof(error->text),
			       "%s: not in VMMDIRTY_TRACES=%.100s", name, env);
	else
		(void)snprintf(error->text, sizeof(error->text),
			       "%s: not beside the program; say where in "
			       "VMMDIRTY_TRACES, or name a --trace or "
			       "--workload",
			       name);
	return -ENOENT;
}

int jobs_add_defaults(struct jobs *jobs, bool quick,
		      struct vmd_trace_error *error)
{
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < NR_TRACES; i++)
		if (!find_trace(path, sizeof(path), traces[i]) ||
		    jobs_add(jobs, path, false))
			return not_found(error, traces[i]);
	for (i = 0; i < NR_WORKLOADS; i++)
		(void)jobs_add(jobs, workloads[i][quick], true);
	return 0;
}

static int open_job(struct job *job, uint64_t seed,
		    struct vmd_trace_error *error)
{
	if (job->is_workload)
		return vmd_trace_open_workload(job->text, seed, &job->trace,
					       error);
	return vmd_trace_open(job->text, &job->trace, error);
}

int jobs_open(struct jobs *jobs, uint64_t seed, struct vmd_trace_error *error)
{
	size_t i;
	int err = 0;

	for (i = 0; i < jobs->nr && !err; i++) {
		struct job *job = &jobs->jobs[i];

		err = open_job(job, seed, error);
		if (!err)
			err = bench_check(job->trace, &job->peak_pages, error);
	}
	return err;
}

void jobs_close(struct jobs *jobs)
{
	size_t i;

	for (i = 0; i < jobs->nr; i++)
		vmd_trace_close(jobs->jobs[i].trace);
}

void jobs_list_traces(FILE *to)
{
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < NR_TRACES; i++)
		(void)fprintf(to, "  %s\n",
			      find_trace(path, sizeof(path), traces[i]) ?
				      path :
				      traces[i]);
}
