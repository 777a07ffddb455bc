/* SPDX-License-Identifier: MIT */
/*
 * Write traces: which pages were written, epoch by epoch.
 *
 * One source of records, whatever stands behind it: a .dtr file, the text form,
 * or a generator. A trace holds no address: a page is the number of a buffer
 * and an index in it. What a file looks like is in docs/dtr.md.
 *
 * A set of pages is a list of runs that ascend by buffer, then by page, and are
 * maximal: two runs of one buffer neither overlap nor touch.
 *
 * Nothing here is shared between traces or writers: each has its own memory.
 * One trace or writer is used by one thread at a time.
 */
#ifndef VMMDIRTY_TRACE_H
#define VMMDIRTY_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include <vmmdirty/base.h>

VMD_BEGIN_DECLS

/** Most buffers that a trace may have. */
#define VMD_TRACE_MAX_BUFFERS 65536
/** Most pages that a buffer may have. */
#define VMD_TRACE_MAX_PAGES (UINT64_C(1) << 32)
/** Most runs that one set may have. */
#define VMD_TRACE_MAX_RUNS (UINT32_C(1) << 22)
/** Longest name of a buffer, in bytes. */
#define VMD_TRACE_MAX_NAME 255
/** Smallest page, as a power of two. */
#define VMD_TRACE_MIN_PAGE_SHIFT 9
/** Largest page, as a power of two. */
#define VMD_TRACE_MAX_PAGE_SHIFT 30
/** The hash of no record at all; see vmd_trace_hash(). */
#define VMD_TRACE_HASH_INIT UINT64_C(0xcbf29ce484222325)

struct vmd_trace;
struct vmd_trace_writer;

/**
 * struct vmd_trace_run - neighbouring pages of one buffer
 * @buffer: the buffer's number
 * @first: the first page
 * @nr: how many pages, at least one
 */
struct vmd_trace_run {
	uint32_t buffer;
	vmd_pgoff_t first;
	uint64_t nr;
};

/**
 * struct vmd_trace_buffer - a tracked region
 * @pages: its size when the trace begins; 0: not mapped yet
 * @since: the first epoch, counted from 1, in which writes to it are seen
 * @name: what it is called, "" if nobody said; NULL is read as ""
 */
struct vmd_trace_buffer {
	uint64_t pages;
	uint64_t since;
	const char *name;
};

/**
 * enum vmd_trace_type - what a record says
 * @VMD_TRACE_EPOCH: an epoch ended; the runs are what it wrote
 * @VMD_TRACE_MAP: a buffer was mapped, or mapped anew with another size
 * @VMD_TRACE_UNMAP: a buffer was unmapped
 * @VMD_TRACE_GPU_WRITE: the runs are what the GPU wrote since the last epoch
 */
enum vmd_trace_type {
	VMD_TRACE_EPOCH,
	VMD_TRACE_MAP,
	VMD_TRACE_UNMAP,
	VMD_TRACE_GPU_WRITE
};

/**
 * enum vmd_trace_kind - what ended an epoch
 * @VMD_TRACE_SUBMIT: commands were submitted
 * @VMD_TRACE_PRESENT: a picture was shown
 * @VMD_TRACE_FENCE: a fence was waited for
 * @VMD_TRACE_READBACK: the CPU was about to read what the GPU wrote
 */
enum vmd_trace_kind {
	VMD_TRACE_SUBMIT,
	VMD_TRACE_PRESENT,
	VMD_TRACE_FENCE,
	VMD_TRACE_READBACK
};

/**
 * enum vmd_trace_form - how a trace is written
 * @VMD_TRACE_DTR: the compact form, version 1
 * @VMD_TRACE_TEXT: the text form, version 1
 */
enum vmd_trace_form {
	VMD_TRACE_DTR,
	VMD_TRACE_TEXT
};

/**
 * struct vmd_trace_record - one thing that happened
 * @type: what it is
 * @kind: of an epoch: what ended it
 * @dt_us: of an epoch: microseconds since the end of the epoch before
 * @writes: of an epoch: how often each of its pages was written; 1 if the
 *          source does not know
 * @buffer: of a map and an unmap: which buffer
 * @pages: of a map: its new size
 * @runs: of an epoch and a GPU write: the set of pages
 * @nr_runs: how many runs
 */
struct vmd_trace_record {
	enum vmd_trace_type type;
	enum vmd_trace_kind kind;
	uint64_t dt_us;
	uint32_t writes;
	uint32_t buffer;
	uint64_t pages;
	const struct vmd_trace_run *runs;
	size_t nr_runs;
};

/**
 * struct vmd_trace_error - why a call failed
 * @text: one line without a newline: where, and what is wrong there
 *
 * The place is "FILE: byte N" in a .dtr file, "FILE: line N" in a text,
 * "SPEC: character N" in the name of a workload. Every call takes NULL too.
 */
struct vmd_trace_error {
	char text[200];
};

/**
 * vmd_trace_open() - open a file of either form
 * @path: the file; "-" is standard input
 * @trace: the trace
 * @error: why not
 *
 * The header is read here; records are read one at a time, so a trace may be
 * larger than memory.
 *
 * Context: May sleep.
 * Return: 0; -EINVAL for bad contents, -ENOMEM, or what open or read said.
 *         @trace is set only on success.
 */
VMD_API vmd_must_check int vmd_trace_open(const char *path,
					  struct vmd_trace **trace,
					  struct vmd_trace_error *error);

/**
 * vmd_trace_open_workload() - a trace made up by rule
 * @spec: "name" or "name:key=value,key=value"
 * @seed: one seed, one trace, on every machine and with every compiler
 * @trace: the trace
 * @error: why not
 *
 * Context: May sleep.
 * Return: 0, -EINVAL or -ENOMEM. @trace is set only on success.
 */
VMD_API vmd_must_check int
vmd_trace_open_workload(const char *spec, uint64_t seed,
			struct vmd_trace **trace,
			struct vmd_trace_error *error);

/**
 * vmd_trace_workload_name() - what workloads there are
 * @index: 0, 1, ...
 *
 * Context: Any.
 * Return: the name; NULL if there are no more.
 */
VMD_API const char *vmd_trace_workload_name(size_t index);

/**
 * vmd_trace_workload_help() - what a workload is
 * @index: as of vmd_trace_workload_name()
 *
 * Context: Any.
 * Return: one line; NULL if there is no such workload.
 */
VMD_API const char *vmd_trace_workload_help(size_t index);

/**
 * vmd_trace_name() - what the trace was opened as
 * @trace: the trace
 *
 * Context: Any.
 * Return: the path or the spec.
 */
VMD_API const char *vmd_trace_name(const struct vmd_trace *trace);

/**
 * vmd_trace_form_name() - what stands behind a trace
 * @trace: the trace
 *
 * Context: Any.
 * Return: "dtr 1", "text 1" or "workload".
 */
VMD_API const char *vmd_trace_form_name(const struct vmd_trace *trace);

/**
 * vmd_trace_page_shift() - log2 of the bytes in a page of the trace
 * @trace: the trace
 *
 * Context: Any.
 * Return: the shift.
 */
VMD_API unsigned int vmd_trace_page_shift(const struct vmd_trace *trace);

/**
 * vmd_trace_buffers() - the tracked regions, as they are when the trace begins
 * @trace: the trace
 * @nr: how many
 *
 * Context: Any.
 * Return: an array that lives as long as the trace.
 */
VMD_API const struct vmd_trace_buffer *
vmd_trace_buffers(const struct vmd_trace *trace, size_t *nr);

/**
 * vmd_trace_next() - the next record
 * @trace: the trace
 * @record: the record; its runs are valid until the next call on @trace
 * @error: why not
 *
 * Guarantees:
 * (a) The runs ascend, are maximal, and lie within their buffers as these are
 *     at this point of the trace.
 * (b) After an error every further call gives the same error, until
 *     vmd_trace_rewind() succeeds.
 *
 * Context: May sleep.
 * Return: 1 with a record, 0 at the end, -EINVAL for bad contents, -ENOMEM, or
 *         what read said.
 */
VMD_API vmd_must_check int vmd_trace_next(struct vmd_trace *trace,
					  struct vmd_trace_record *record,
					  struct vmd_trace_error *error);

/**
 * vmd_trace_rewind() - begin again with the first record
 * @trace: the trace
 *
 * Context: May sleep.
 * Return: 0; -ESPIPE if the input cannot be read twice, and then nothing
 *         happened.
 */
VMD_API vmd_must_check int vmd_trace_rewind(struct vmd_trace *trace);

/**
 * vmd_trace_close() - give the trace back
 * @trace: the trace, or NULL
 *
 * Context: May sleep.
 */
VMD_API void vmd_trace_close(struct vmd_trace *trace);

/**
 * vmd_trace_hash() - a stable hash of what records say
 * @hash: VMD_TRACE_HASH_INIT, or the hash of the records before
 * @record: the record
 *
 * FNV-1a, 64 bits, over type, buffer, pages and runs. Times, kinds and counts
 * do not matter: two forms of one trace have one hash.
 *
 * Context: Any.
 * Return: the hash.
 */
VMD_API uint64_t vmd_trace_hash(uint64_t hash,
				const struct vmd_trace_record *record);

/**
 * struct vmd_trace_writer_config - what to write, and where
 * @size: sizeof(struct vmd_trace_writer_config)
 * @path: the file; it is replaced when all is written, and not before
 * @form: how to write it
 * @page_shift: log2 of the bytes in a page; 0 means VMD_PAGE_SHIFT
 * @buffers: the tracked regions
 * @nr_buffers: how many, at least one
 */
struct vmd_trace_writer_config {
	size_t size;
	const char *path;
	enum vmd_trace_form form;
	unsigned int page_shift;
	const struct vmd_trace_buffer *buffers;
	size_t nr_buffers;
};

/**
 * vmd_trace_writer_create() - begin a file
 * @config: what and where; nothing in it is needed after the call
 * @writer: the writer
 * @error: why not
 *
 * Writes go to a new file beside the path, which is left alone until
 * vmd_trace_writer_finish(). A path that exists must be a regular file.
 *
 * Context: May sleep.
 * Return: 0, -EINVAL, -ENOMEM, or what open said. @writer is set only on
 *         success.
 */
VMD_API vmd_must_check int
vmd_trace_writer_create(const struct vmd_trace_writer_config *config,
			struct vmd_trace_writer **writer,
			struct vmd_trace_error *error);

/**
 * vmd_trace_writer_write() - append a record
 * @writer: the writer
 * @record: the record; @record->writes is not kept
 * @error: why not
 *
 * A record that could not be read back is refused with -EINVAL, and the writer
 * is as it was. The text form keeps neither kinds nor names and refuses every
 * record that is not an epoch. After any other error only finish and abort are
 * of use.
 *
 * Context: May sleep.
 * Return: 0, -EINVAL, -ENOMEM, or what write said.
 */
VMD_API vmd_must_check int
vmd_trace_writer_write(struct vmd_trace_writer *writer,
		       const struct vmd_trace_record *record,
		       struct vmd_trace_error *error);

/**
 * vmd_trace_writer_finish() - put the file in its place
 * @writer: the writer; it is gone afterwards, whatever the result
 * @error: why not
 *
 * Either all of the file is at its path, or the path is as it was and nothing
 * is left beside it.
 *
 * Context: May sleep.
 * Return: 0, or the first error that the writer met.
 */
VMD_API vmd_must_check int
vmd_trace_writer_finish(struct vmd_trace_writer *writer,
			struct vmd_trace_error *error);

/**
 * vmd_trace_writer_abort() - give up; the path is as it was
 * @writer: the writer, or NULL
 *
 * Context: May sleep.
 */
VMD_API void vmd_trace_writer_abort(struct vmd_trace_writer *writer);

VMD_END_DECLS

#endif /* VMMDIRTY_TRACE_H */
