/* SPDX-License-Identifier: MIT */
/*
 * Opening a file: which form is it?
 */
#include "trace/file.h"

#include <errno.h>

#include "trace/say.h"

static void file_fini(struct vmd_trace *trace)
{
	struct vmd_file_trace *file = vmd_file_trace(trace);

	vmd_runset_fini(&file->set);
	vmd_runset_fini(&file->before);
	vmd_runset_fini(&file->toggles);
	if (file->in.arena)
		vmd_input_close(&file->in);
}

static int no_next(struct vmd_trace *trace, struct vmd_trace_record *record)
{
	(void)record;
	return trace->err;
}

static int no_rewind(struct vmd_trace *trace)
{
	(void)trace;
	return -ESPIPE;
}

/* Until the form is known. */
static const struct vmd_trace_ops unknown_ops = {
	.form = "unknown",
	.next = no_next,
	.rewind = no_rewind,
	.fini = file_fini,
};

static const struct vmd_trace_ops dtr_ops = {
	.form = "dtr 1",
	.unit = "byte",
	.next = vmd_dtr_next,
	.rewind = vmd_dtr_rewind,
	.fini = file_fini,
};

static const struct vmd_trace_ops text_ops = {
	.form = "text 1",
	.unit = "line",
	.next = vmd_text_next,
	.rewind = vmd_text_rewind,
	.fini = file_fini,
};

static int unknown_form(struct vmd_file_trace *file)
{
	struct vmd_trace *trace = &file->trace;

	trace->ops = &dtr_ops; /* for its unit */
	if (file->in.err)
		return vmd_trace_fail(trace, file->in.err, "%s",
				      vmd_say_errno(file->in.err));
	if (file->in.len == 0)
		return vmd_trace_fail(trace, -EINVAL, "the file is empty");
	if (vmd_input_begins_with(&file->in, "DTR"))
		return vmd_trace_fail(trace, -EINVAL,
				      "a .dtr file of another version than 1");
	return vmd_trace_fail(trace, -EINVAL,
			      "neither a .dtr file nor a text trace");
}

static int read_header(struct vmd_file_trace *file)
{
	if (vmd_input_begins_with(&file->in, VMD_DTR_MAGIC)) {
		file->trace.ops = &dtr_ops;
		return vmd_dtr_read_header(file);
	}
	if (vmd_input_begins_with(&file->in, VMD_TEXT_MAGIC)) {
		file->trace.ops = &text_ops;
		return vmd_text_read_header(file);
	}
	return unknown_form(file);
}

static int open_file(struct vmd_file_trace *file, const char *path)
{
	int err;

	vmd_runset_init(&file->set, &file->trace.arena);
	vmd_runset_init(&file->before, &file->trace.arena);
	vmd_runset_init(&file->toggles, &file->trace.arena);
	err = vmd_input_open(&file->in, &file->trace.arena, path);
	if (!err)
		err = read_header(file);
	return err;
}

int vmd_trace_open_failing(const char *path, uint64_t fail_nth,
			   struct vmd_trace **trace,
			   struct vmd_trace_error *error)
{
	struct vmd_trace *new;
	int err;

	new = vmd_trace_create(sizeof(struct vmd_file_trace), path,
			       &unknown_ops, fail_nth);
	if (!new) {
		vmd_say(error, (struct vmd_say_where){ path, NULL, 0 }, "%s",
			vmd_say_errno(-ENOMEM));
		return -ENOMEM;
	}

	err = open_file(vmd_file_trace(new), path);
	if (err) {
		err = vmd_trace_fail(new, err, "%s", vmd_say_errno(err));
		if (error)
			*error = new->error;
		vmd_trace_close(new);
		return err;
	}
	*trace = new;
	return 0;
}

int vmd_trace_open(const char *path, struct vmd_trace **trace,
		   struct vmd_trace_error *error)
{
	return vmd_trace_open_failing(path, 0, trace, error);
}
