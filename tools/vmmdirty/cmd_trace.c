/* SPDX-License-Identifier: MIT */
/*
 * vmmdirty trace: look at write traces, and convert them.
 *
 *	info	reads records, keeps a few numbers per epoch, sorts them at the end
 *	convert	reads a record, writes a record
 */
#include "cmd_trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmmdirty/trace.h>

#define EXIT_BAD 2

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

struct call {
	const char *paths[2];
	int nr_paths;
	bool json;
	bool text;
	uint64_t seed;
	uint64_t warmup;
	uint64_t tail;
};

static int complain(const char *text)
{
	(void)fprintf(stderr, "vmmdirty trace: %s\n", text);
	return EXIT_BAD;
}

static int complain_about(const char *what, const char *text)
{
	(void)fprintf(stderr, "vmmdirty trace: %s: %s\n", what, text);
	return EXIT_BAD;
}

static int finish_stdout(void)
{
	if (fflush(stdout) || ferror(stdout))
		return complain("standard output cannot be written");
	return 0;
}

static int help(void)
{
	const char *name;
	size_t i;

	(void)fputs(usage, stdout);
	for (i = 0; (name = vmd_trace_workload_name(i)); i++)
		(void)printf("  %-16s %s\n", name, vmd_trace_workload_help(i));
	return finish_stdout();
}

static int open_input(const struct call *call, struct vmd_trace **trace,
		      struct vmd_trace_error *error)
{
	static const char prefix[] = "workload:";
	const char *path = call->paths[0];

	if (strncmp(path, prefix, sizeof(prefix) - 1) == 0)
		return vmd_trace_open_workload(path + sizeof(prefix) - 1,
					       call->seed, trace, error);
	return vmd_trace_open(path, trace, error);
}

/* convert */

static int copy_records(struct vmd_trace *trace,
			struct vmd_trace_writer *writer,
			struct vmd_trace_error *error)
{
	struct vmd_trace_record record;
	int rc;

	while ((rc = vmd_trace_next(trace, &record, error)) > 0) {
		rc = vmd_trace_writer_write(writer, &record, error);
		if (rc)
			break;
	}
	return rc;
}

static int convert_to(struct vmd_trace *trace, const struct call *call,
		      struct vmd_trace_error *error)
{
	struct vmd_trace_writer_config config = {
		.size = sizeof(config),
		.path = call->paths[1],
		.form = call->text ? VMD_TRACE_TEXT : VMD_TRACE_DTR,
		.page_shift = vmd_trace_page_shift(trace),
	};
	struct vmd_trace_writer *writer;
	int err;

	config.buffers = vmd_trace_buffers(trace, &config.nr_buffers);
	err = vmd_trace_writer_create(&config, &writer, error);
	if (err)
		return err;
	err = copy_records(trace, writer, error);
	if (err) {
		vmd_trace_writer_abort(writer);
		return err;
	}
	return vmd_trace_writer_finish(writer, error);
}

static int convert(const struct call *call)
{
	struct vmd_trace_error error;
	struct vmd_trace *trace;
	int err;

	if (call->nr_paths != 2)
		return complain("convert takes IN and OUT");
	err = open_input(call, &trace, &error);
	if (err)
		return complain(error.text);
	err = convert_to(trace, call, &error);
	vmd_trace_close(trace);
	return err ? complain(error.text) : 0;
}

/* info: sets of pages */

struct set {
	struct vmd_trace_run *runs;
	size_t nr;
	size_t capacity;
};

static int reserve(struct set *set, size_t nr)
{
	struct vmd_trace_run *runs;

	if (nr <= set->capacity)
		return 0;
	nr += nr / 2;
	runs = realloc(set->runs, nr * sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	set->runs = runs;
	set->capacity = nr;
	return 0;
}

static bool comes_first(const struct vmd_trace_run *a,
			const struct vmd_trace_run *b)
{
	if (a->buffer != b->buffer)
		return a->buffer < b->buffer;
	return a->first < b->first;
}

/* Appends a run, or lengthens the last one. There is room. */
static void merge_run(struct set *set, const struct vmd_trace_run *run)
{
	struct vmd_trace_run *last = set->runs + set->nr - 1;
	uint64_t end = run->first + run->nr;

	if (set->nr == 0 || last->buffer != run->buffer ||
	    run->first > last->first + last->nr)
		set->runs[set->nr++] = *run;
	else if (end > last->first + last->nr)
		last->nr = end - last->first;
}

/* @to becomes @from and @runs together. */
static int unite(struct set *to, const struct set *from,
		 const struct vmd_trace_run *runs, size_t nr)
{
	size_t i = 0;
	size_t j = 0;

	if (reserve(to, from->nr + nr + 1))
		return -ENOMEM;
	to->nr = 0;
	while (i < from->nr || j < nr) {
		bool is_first =
			j == nr ||
			(i < from->nr && comes_first(&from->runs[i], &runs[j]));

		merge_run(to, is_first ? &from->runs[i++] : &runs[j++]);
	}
	return 0;
}

static uint64_t count_pages(const struct vmd_trace_run *runs, size_t nr)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		pages += runs[i].nr;
	return pages;
}

static uint64_t overlap(const struct vmd_trace_run *a,
			const struct vmd_trace_run *b)
{
	uint64_t start = a->first > b->first ? a->first : b->first;
	uint64_t end_a = a->first + a->nr;
	uint64_t end_b = b->first + b->nr;
	uint64_t end = end_a < end_b ? end_a : end_b;

	return a->buffer == b->buffer && end > start ? end - start : 0;
}

static bool ends_first(const struct vmd_trace_run *a,
		       const struct vmd_trace_run *b)
{
	if (a->buffer != b->buffer)
		return a->buffer < b->buffer;
	return a->first + a->nr < b->first + b->nr;
}

static uint64_t count_common(const struct set *a,
			     const struct vmd_trace_run *runs, size_t nr)
{
	uint64_t pages = 0;
	size_t i = 0;
	size_t j = 0;

	while (i < a->nr && j < nr) {
		pages += overlap(&a->runs[i], &runs[j]);
		if (ends_first(&a->runs[i], &runs[j]))
			i++;
		else
			j++;
	}
	return pages;
}

/* info: what is kept of a trace */

struct epoch {
	uint64_t dirty;
	uint64_t runs;
	uint64_t dt_us;
	uint64_t similar; /* Jaccard with the epoch before, in millionths */
};

struct stats {
	struct epoch *epochs; /* counted ones */
	size_t nr_counted;
	size_t capacity;
	uint64_t nr_epochs; /* all */
	uint64_t nr_maps;
	uint64_t nr_unmaps;
	uint64_t nr_gpu_writes;
	uint64_t page_writes;
	uint64_t hash;
	struct set before;
	struct set seen;
	struct set scratch;
};

static void free_stats(struct stats *stats)
{
	free(stats->epochs);
	free(stats->before.runs);
	free(stats->seen.runs);
	free(stats->scratch.runs);
}

static struct epoch *new_epoch(struct stats *stats)
{
	if (stats->nr_counted == stats->capacity) {
		size_t capacity = stats->capacity ? 2 * stats->capacity : 256;
		struct epoch *epochs =
			realloc(stats->epochs, capacity * sizeof(*epochs));

		if (!epochs)
			return NULL;
		stats->epochs = epochs;
		stats->capacity = capacity;
	}
	return &stats->epochs[stats->nr_counted++];
}

static uint64_t jaccard_ppm(const struct stats *stats,
			    const struct vmd_trace_record *record,
			    uint64_t dirty)
{
	uint64_t common =
		count_common(&stats->before, record->runs, record->nr_runs);
	uint64_t either = dirty - common +
			  count_pages(stats->before.runs, stats->before.nr);

	return either ? (common * 1000000 + either / 2) / either : 1000000;
}

static int count_epoch(struct stats *stats,
		       const struct vmd_trace_record *record)
{
	struct epoch *epoch = new_epoch(stats);
	struct set seen;

	if (!epoch || reserve(&stats->before, record->nr_runs + 1) ||
	    unite(&stats->scratch, &stats->seen, record->runs, record->nr_runs))
		return -ENOMEM;
	seen = stats->scratch;
	stats->scratch = stats->seen;
	stats->seen = seen;

	epoch->dirty = count_pages(record->runs, record->nr_runs);
	epoch->runs = record->nr_runs;
	epoch->dt_us = record->dt_us;
	epoch->similar = jaccard_ppm(stats, record, epoch->dirty);
	stats->page_writes += epoch->dirty;
	stats->before.nr = record->nr_runs;
	if (record->nr_runs)
		memcpy(stats->before.runs, record->runs,
		       record->nr_runs * sizeof(*record->runs));
	return 0;
}

static void count_kind(struct stats *stats,
		       const struct vmd_trace_record *record)
{
	stats->nr_epochs += record->type == VMD_TRACE_EPOCH;
	stats->nr_maps += record->type == VMD_TRACE_MAP;
	stats->nr_unmaps += record->type == VMD_TRACE_UNMAP;
	stats->nr_gpu_writes += record->type == VMD_TRACE_GPU_WRITE;
	stats->hash = vmd_trace_hash(stats->hash, record);
}

/* Counts epochs number @warmup + 1 up to @end. */
static int read_all(struct vmd_trace *trace, struct stats *stats,
		    uint64_t warmup, uint64_t end,
		    struct vmd_trace_error *error)
{
	struct vmd_trace_record record;
	int rc;

	while ((rc = vmd_trace_next(trace, &record, error)) > 0) {
		count_kind(stats, &record);
		if (record.type != VMD_TRACE_EPOCH ||
		    stats->nr_epochs <= warmup || stats->nr_epochs > end)
			continue;
		rc = count_epoch(stats, &record);
		if (rc) {
			(void)snprintf(error->text, sizeof(error->text),
				       "out of memory");
			return rc;
		}
	}
	return rc;
}

/* Where the tail begins is known after reading once. */
static int find_end(struct vmd_trace *trace, uint64_t tail, uint64_t *end,
		    struct vmd_trace_error *error)
{
	struct vmd_trace_record record;
	uint64_t nr = 0;
	int rc;

	*end = UINT64_MAX;
	if (tail == 0)
		return 0;
	while ((rc = vmd_trace_next(trace, &record, error)) > 0)
		nr += record.type == VMD_TRACE_EPOCH;
	if (rc)
		return rc;
	*end = nr > tail ? nr - tail : 0;
	rc = vmd_trace_rewind(trace);
	if (rc)
		(void)snprintf(error->text, sizeof(error->text),
			       "--tail reads twice, and this input cannot be");
	return rc;
}

/* info: what is said about it */

enum field {
	DIRTY,
	RUNS,
	DT_US,
	SIMILAR
};

static uint64_t field_of(const struct epoch *epoch, enum field field)
{
	switch (field) {
	case DIRTY:
		return epoch->dirty;
	case RUNS:
		return epoch->runs;
	case DT_US:
		return epoch->dt_us;
	case SIMILAR:
		return epoch->similar;
	}
	return 0;
}

static int cmp_u64(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

struct spread {
	uint64_t p10;
	uint64_t median;
	uint64_t p90;
	uint64_t max;
};

/* Values that occur, no means of two; @skip epochs have no such value. */
static int spread_of(const struct stats *stats, enum field field, size_t skip,
		     struct spread *spread)
{
	size_t nr = stats->nr_counted > skip ? stats->nr_counted - skip : 0;
	uint64_t *values;
	size_t i;

	memset(spread, 0, sizeof(*spread));
	if (nr == 0)
		return 0;
	values = malloc(nr * sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		values[i] = field_of(&stats->epochs[i + skip], field);
	qsort(values, nr, sizeof(*values), cmp_u64);
	spread->p10 = values[nr / 10];
	spread->median = values[nr / 2];
	spread->p90 = values[nr * 9 / 10];
	spread->max = values[nr - 1];
	free(values);
	return 0;
}

static double mean_similarity(const struct stats *stats)
{
	double sum = 0;
	size_t i;

	for (i = 1; i < stats->nr_counted; i++)
		sum += (double)stats->epochs[i].similar / 1e6;
	return i > 1 ? sum / (double)(i - 1) : 0;
}

struct report {
	const char *name;
	const char *form;
	size_t nr_buffers;
	uint64_t page_size;
	uint64_t tracked;
	uint64_t distinct;
	double fraction;
	double jaccard_mean;
	double jaccard;
	struct spread dirty;
	struct spread runs;
	struct spread dt_us;
	const struct stats *stats;
};

static int make_report(const struct vmd_trace *trace, const struct stats *stats,
		       struct report *report)
{
	const struct vmd_trace_buffer *buffers;
	struct spread similar;
	size_t i;

	memset(report, 0, sizeof(*report));
	report->stats = stats;
	report->name = vmd_trace_name(trace);
	report->form = vmd_trace_form_name(trace);
	report->page_size = UINT64_C(1) << vmd_trace_page_shift(trace);
	buffers = vmd_trace_buffers(trace, &report->nr_buffers);
	for (i = 0; i < report->nr_buffers; i++)
		report->tracked += buffers[i].pages;
	report->distinct = count_pages(stats->seen.runs, stats->seen.nr);
	if (spread_of(stats, DIRTY, 0, &report->dirty) ||
	    spread_of(stats, RUNS, 0, &report->runs) ||
	    spread_of(stats, DT_US, 0, &report->dt_us) ||
	    spread_of(stats, SIMILAR, 1, &similar))
		return -ENOMEM;
	report->jaccard = (double)similar.median / 1e6;
	report->jaccard_mean = mean_similarity(stats);
	if (report->tracked)
		report->fraction =
			(double)report->dirty.median / (double)report->tracked;
	return 0;
}

static void print_text(const struct report *r)
{
	const struct stats *s = r->stats;

	(void)printf("%s: %s\n", r->name, r->form);
	(void)printf("page size        %" PRIu64 " bytes\n", r->page_size);
	(void)printf("buffers          %zu, %" PRIu64 " pages\n", r->nr_buffers,
		     r->tracked);
	(void)printf("epochs           %" PRIu64 ", of these counted %zu\n",
		     s->nr_epochs, s->nr_counted);
	(void)printf("other records    %" PRIu64 " maps, %" PRIu64
		     " unmaps, %" PRIu64 " GPU writes\n",
		     s->nr_maps, s->nr_unmaps, s->nr_gpu_writes);
	(void)printf("dirty per epoch  median %" PRIu64 ", p10 %" PRIu64
		     ", p90 %" PRIu64 ", max %" PRIu64 "\n",
		     r->dirty.median, r->dirty.p10, r->dirty.p90, r->dirty.max);
	(void)printf("dirty fraction   median %.2f %%\n", 100 * r->fraction);
	(void)printf("runs per epoch   median %" PRIu64 "\n", r->runs.median);
	(void)printf("page writes      %" PRIu64 "\n", s->page_writes);
	(void)printf("distinct pages   %" PRIu64 "\n", r->distinct);
	(void)printf("Jaccard          median %.2f, mean %.2f\n", r->jaccard,
		     r->jaccard_mean);
	(void)printf("epoch length     median %" PRIu64 " us\n",
		     r->dt_us.median);
	(void)printf("hash             %016" PRIx64 "\n", s->hash);
}

/* Names are not ours: quotes, backslashes and control characters. */
static void print_json_text(const char *text)
{
	(void)putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			(void)printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			(void)printf("\\u%04x",
				     (unsigned int)(unsigned char)*text);
		else
			(void)putchar(*text);
	}
	(void)putchar('"');
}

static void print_json(const struct report *r)
{
	const struct stats *s = r->stats;

	(void)printf("{\"name\":");
	print_json_text(r->name);
	(void)printf(",\"form\":\"%s\",\"page_size\":%" PRIu64
		     ",\"buffers\":%zu,\"tracked_pages\":%" PRIu64,
		     r->form, r->page_size, r->nr_buffers, r->tracked);
	(void)printf(",\"epochs\":%" PRIu64 ",\"counted_epochs\":%zu"
		     ",\"maps\":%" PRIu64 ",\"unmaps\":%" PRIu64
		     ",\"gpu_writes\":%" PRIu64,
		     s->nr_epochs, s->nr_counted, s->nr_maps, s->nr_unmaps,
		     s->nr_gpu_writes);
	(void)printf(",\"dirty_per_epoch\":{\"median\":%" PRIu64
		     ",\"p10\":%" PRIu64 ",\"p90\":%" PRIu64 ",\"max\":%" PRIu64
		     "},\"dirty_fraction\":%.6f",
		     r->dirty.median, r->dirty.p10, r->dirty.p90, r->dirty.max,
		     r->fraction);
	(void)printf(",\"runs_per_epoch\":%" PRIu64 ",\"page_writes\":%" PRIu64
		     ",\"distinct_pages\":%" PRIu64 ",\"jaccard\":%.6f"
		     ",\"jaccard_mean\":%.6f"
		     ",\"dt_us\":%" PRIu64 ",\"hash\":\"%016" PRIx64 "\"}\n",
		     r->runs.median, s->page_writes, r->distinct, r->jaccard,
		     r->jaccard_mean, r->dt_us.median, s->hash);
}

static int report_on(struct vmd_trace *trace, const struct call *call,
		     struct stats *stats, struct vmd_trace_error *error)
{
	struct report report;
	uint64_t end;
	int err;

	err = find_end(trace, call->tail, &end, error);
	if (!err)
		err = read_all(trace, stats, call->warmup, end, error);
	if (err)
		return complain(error->text);
	if (make_report(trace, stats, &report))
		return complain("out of memory");
	if (call->json)
		print_json(&report);
	else
		print_text(&report);
	return finish_stdout();
}

static int info(const struct call *call)
{
	struct stats stats = { .hash = VMD_TRACE_HASH_INIT };
	struct vmd_trace_error error;
	struct vmd_trace *trace;
	int status;

	if (call->nr_paths != 1)
		return complain("info takes one IN");
	if (open_input(call, &trace, &error))
		return complain(error.text);
	status = report_on(trace, call, &stats, &error);
	free_stats(&stats);
	vmd_trace_close(trace);
	return status;
}

/* The call */

static int parse_number(const char *text, uint64_t *value)
{
	char *end;

	if (!text || *text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return *end || errno ? -EINVAL : 0;
}

/* Options with a number: where it goes, or NULL. */
static uint64_t *number_of(struct call *call, const char *option)
{
	if (strcmp(option, "--seed") == 0)
		return &call->seed;
	if (strcmp(option, "--warmup") == 0)
		return &call->warmup;
	if (strcmp(option, "--tail") == 0)
		return &call->tail;
	return NULL;
}

/* How many arguments were used, 0 after a complaint. */
static int parse_argument(struct call *call, char **argv)
{
	uint64_t *number = number_of(call, argv[0]);

	if (number) {
		if (parse_number(argv[1], number) == 0)
			return 2;
		complain_about(argv[0], "a number should follow");
		return 0;
	}
	if (strcmp(argv[0], "--json") == 0) {
		call->json = true;
	} else if (strcmp(argv[0], "--text") == 0) {
		call->text = true;
	} else if (argv[0][0] == '-' && argv[0][1] != '\0') {
		complain_about(argv[0], "no such option; see --help");
		return 0;
	} else if (call->nr_paths == 2) {
		complain_about(argv[0], "one argument too many");
		return 0;
	} else {
		call->paths[call->nr_paths++] = argv[0];
	}
	return 1;
}

static bool wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0)
			return true;
	}
	return false;
}

int cmd_trace(int argc, char **argv)
{
	struct call call = { .seed = 1 };
	int i;

	if (wants_help(argc, argv))
		return help();
	for (i = 2; i < argc;) {
		int used = parse_argument(&call, &argv[i]);

		if (used == 0)
			return EXIT_BAD;
		i += used;
	}
	if (argc > 1 && strcmp(argv[1], "info") == 0)
		return info(&call);
	if (argc > 1 && strcmp(argv[1], "convert") == 0)
		return convert(&call);
	return complain("say info or convert; see --help");
}
