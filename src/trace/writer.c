/* SPDX-License-Identifier: MIT */
/*
 * Writing a trace: check, encode, put the whole in its place.
 */
#include "trace/writer.h"
#include "base/config.h"

#include <errno.h>
#include <string.h>

#include "trace/say.h"
#include "trace/trace.h"

static const char *check_config(const struct vmd_trace_writer_config *config)
{
	unsigned int shift = config->page_shift;
	const char *why = NULL;
	size_t i;

	if ((unsigned int)config->form > VMD_TRACE_TEXT)
		return "no such form";
	if (shift && (shift < VMD_TRACE_MIN_PAGE_SHIFT ||
		      shift > VMD_TRACE_MAX_PAGE_SHIFT))
		return "the page shift is not in 9..30";
	if (config->nr_buffers == 0 ||
	    config->nr_buffers > VMD_TRACE_MAX_BUFFERS)
		return "a trace has 1 to 65536 buffers";
	for (i = 0; i < config->nr_buffers && !why; i++)
		why = vmd_space_check_buffer(&config->buffers[i]);
	return why;
}

/* Gives the writer back; the output is closed already. */
static void free_writer(struct vmd_trace_writer *writer)
{
	struct vmd_arena arena;

	vmd_runset_fini(&writer->before);
	vmd_runset_fini(&writer->set);
	vmd_runset_fini(&writer->toggles);
	vmd_space_fini(&writer->space);

	/* It lies in the arena that it holds. */
	arena = writer->arena;
	vmd_free(&arena, writer);
	vmd_arena_fini(&arena);
}

static struct vmd_trace_writer *
alloc_writer(const struct vmd_trace_writer_config *config, uint64_t fail_nth)
{
	struct vmd_trace_writer *writer;
	struct vmd_arena arena;

	if (vmd_arena_init(&arena, fail_nth))
		return NULL;
	writer = vmd_alloc(&arena, sizeof(*writer));
	if (!writer) {
		vmd_arena_fini(&arena);
		return NULL;
	}

	writer->arena = arena;
	writer->form = config->form;
	writer->page_shift = config->page_shift ? config->page_shift :
						  VMD_PAGE_SHIFT;
	vmd_space_init(&writer->space, &writer->arena);
	vmd_runset_init(&writer->before, &writer->arena);
	vmd_runset_init(&writer->set, &writer->arena);
	vmd_runset_init(&writer->toggles, &writer->arena);
	return writer;
}

static int begin(struct vmd_trace_writer *writer,
		 const struct vmd_trace_writer_config *config)
{
	size_t i;
	int err = 0;

	for (i = 0; i < config->nr_buffers && !err; i++)
		err = vmd_space_add(&writer->space, &config->buffers[i]);
	if (!err)
		err = vmd_output_open(&writer->out, &writer->arena,
				      config->path);
	if (err)
		return err;
	if (writer->form == VMD_TRACE_DTR)
		vmd_dtr_write_header(writer);
	else
		vmd_text_write_header(writer);
	return 0;
}

static int say(struct vmd_trace_error *error, const char *path, int err,
	       const char *why)
{
	vmd_say(error, (struct vmd_say_where){ path, NULL, 0 }, "%s", why);
	return err;
}

int vmd_trace_writer_create_failing(
	const struct vmd_trace_writer_config *config, uint64_t fail_nth,
	struct vmd_trace_writer **writer, struct vmd_trace_error *error)
{
	struct vmd_trace_writer_config ours;
	struct vmd_trace_writer *new;
	const char *why;
	int err;

	if (!vmd_copy_config(&ours, sizeof(ours), config))
		return say(error, config->path, -EINVAL,
			   "the configuration is of another version");
	why = check_config(&ours);
	if (why)
		return say(error, ours.path, -EINVAL, why);
	new = alloc_writer(&ours, fail_nth);
	if (!new)
		return say(error, ours.path, -ENOMEM, vmd_say_errno(-ENOMEM));
	err = begin(new, &ours);
	if (err) {
		free_writer(new);
		return say(error, ours.path, err, vmd_say_errno(err));
	}
	*writer = new;
	return 0;
}

int vmd_trace_writer_create(const struct vmd_trace_writer_config *config,
			    struct vmd_trace_writer **writer,
			    struct vmd_trace_error *error)
{
	return vmd_trace_writer_create_failing(config, 0, writer, error);
}

static int say_record(const struct vmd_trace_writer *writer,
		      struct vmd_trace_error *error, int err, const char *why)
{
	vmd_say(error,
		(struct vmd_say_where){ writer->out.path, "record",
					writer->nr_records + 1 },
		"%s", why);
	return err;
}

static const char *check_record(const struct vmd_trace_writer *writer,
				const struct vmd_trace_record *record)
{
	if (writer->form == VMD_TRACE_TEXT && record->type != VMD_TRACE_EPOCH)
		return "the text form has epochs only";
	return vmd_space_check_record(&writer->space, record);
}

static int encode(struct vmd_trace_writer *writer,
		  const struct vmd_trace_record *record)
{
	if (writer->form == VMD_TRACE_DTR)
		return vmd_dtr_write(writer, record);
	vmd_text_write(writer, record);
	return 0;
}

int vmd_trace_writer_write(struct vmd_trace_writer *writer,
			   const struct vmd_trace_record *record,
			   struct vmd_trace_error *error)
{
	const char *why;

	if (!writer->err) {
		why = check_record(writer, record);
		if (why)
			return say_record(writer, error, -EINVAL, why);
		writer->err = encode(writer, record);
	}
	if (!writer->err)
		writer->err = writer->out.err;
	if (writer->err)
		return say_record(writer, error, writer->err,
				  vmd_say_errno(writer->err));
	vmd_space_apply(&writer->space, record);
	writer->nr_records++;
	writer->nr_epochs += record->type == VMD_TRACE_EPOCH;
	return 0;
}

int vmd_trace_writer_finish(struct vmd_trace_writer *writer,
			    struct vmd_trace_error *error)
{
	struct vmd_trace_error text;
	int err;

	if (writer->err) {
		err = say_record(writer, error, writer->err,
				 vmd_say_errno(writer->err));
		vmd_trace_writer_abort(writer);
		return err;
	}

	if (writer->form == VMD_TRACE_TEXT)
		vmd_text_write_end(writer);
	/* The path goes with the output: the message is made before. */
	(void)say(&text, writer->out.path, 0, "");
	err = vmd_output_commit(&writer->out);
	if (err && error) {
		*error = text;
		(void)strncat(error->text, vmd_say_errno(err),
			      sizeof(error->text) - strlen(error->text) - 1);
	}
	free_writer(writer);
	return err;
}

void vmd_trace_writer_abort(struct vmd_trace_writer *writer)
{
	if (!writer)
		return;
	vmd_output_abort(&writer->out);
	free_writer(writer);
}
