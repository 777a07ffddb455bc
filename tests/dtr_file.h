/* SPDX-License-Identifier: MIT */
/*
 * A .dtr file in a folder of its own: written, read, drawn at random.
 */
#ifndef VMD_TESTS_DTR_FILE_H
#define VMD_TESTS_DTR_FILE_H

#include <vmmdirty/trace.h>

#define MAX_RECORDS 40
#define MAX_RUNS    24
#define PATH_SIZE   256

/* Behind "DTR1", page shift, flags, one buffer without a name. */
#define HEADER_OF_ONE(pages) 'D', 'T', 'R', '1', 12, 0, 1, pages, 1, 0
#define HEADER_LEN	     10

/* A record with room for its runs. */
struct sample {
	struct vmd_trace_record record;
	struct vmd_trace_run runs[MAX_RUNS];
};

extern char dtr_dir[PATH_SIZE];
extern char dtr_path[PATH_SIZE + 16]; /* in it */

extern const struct vmd_trace_buffer dtr_four_buffers[4];
extern const struct vmd_trace_buffer dtr_one_buffer; /* as HEADER_OF_ONE(100) */

/* The example of docs/dtr.md, byte by byte. */
#define EXAMPLE_LEN 54
extern const unsigned char dtr_example[EXAMPLE_LEN];

/* A folder per test: what is left behind can be seen. */
void dtr_setup(void);
void dtr_teardown(void);

void put_file(const void *bytes, size_t len);
size_t get_file(unsigned char *bytes, size_t size);

struct vmd_trace_writer_config config_of(const struct vmd_trace_buffer *buffers,
					 size_t nr);
struct vmd_trace_writer *begin_file(const struct vmd_trace_buffer *buffers,
				    size_t nr);
void write_epoch(struct vmd_trace_writer *writer,
		 const struct vmd_trace_run *runs, size_t nr);
void finish(struct vmd_trace_writer *writer);

struct vmd_trace *open_trace(void);

/* Reads to the end; what it returned there. */
int drain(struct vmd_trace *trace, size_t *nr, struct vmd_trace_error *error);

/* Opens and reads to the end; the first error, or 0. */
int read_whole(size_t *nr, struct vmd_trace_error *error);

/* A list of records that a writer takes, for dtr_four_buffers; how many. */
size_t draw_records(uint64_t seed, struct sample samples[MAX_RECORDS]);
void write_samples(const struct sample *samples, size_t nr);

#endif /* VMD_TESTS_DTR_FILE_H */
