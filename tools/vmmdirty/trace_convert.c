/* SPDX-License-Identifier: MIT */
/*
 * The writer puts the file in its place when all is there, and not before.
 */
#include "trace_convert.h"

#include "exit.h"

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

static int convert_to(struct vmd_trace *trace, const struct trace_call *call,
		      struct vmd_trace_error *error)
{
	struct vmd_trace_writer_config config = {
		.size = sizeof(config),
		.path = call->out,
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

int trace_convert(const struct trace_call *call)
{
	struct vmd_trace_error error;
	struct vmd_trace *trace;
	int err;

	if (trace_call_open(call, &trace, &error))
		return trace_complain(NULL, error.text);
	err = convert_to(trace, call, &error);
	vmd_trace_close(trace);
	return err ? trace_complain(NULL, error.text) : EXIT_GOOD;
}
