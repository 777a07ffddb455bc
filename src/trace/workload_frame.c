/* SPDX-License-Identifier: MIT */
/*
 * Rules whose sets are a few runs: rings, frames, one page.
 */
#include "trace/workload.h"

#define MAX_PAGES  VMD_TRACE_MAX_PAGES
#define MAX_EPOCHS UINT64_C(1000000000)

/* stream_vb */

enum {
	STREAM_BATCH = VMD_PARAM_OWN,
	STREAM_FLIGHT
};

/* Else the CPU would write what the GPU still reads. */
static const char *check_stream(const struct vmd_workload *w)
{
	uint64_t rounds = w->param[STREAM_FLIGHT] + 1;

	if (w->param[STREAM_BATCH] > w->param[VMD_PARAM_PAGES] / rounds)
		return "the ring is too small for batch * (flight + 1) pages";
	return NULL;
}

static int make_stream(struct vmd_workload *w, struct vmd_trace_record *record)
{
	uint64_t start = w->state.pos;
	uint64_t nr = w->param[STREAM_BATCH];

	record->kind = VMD_TRACE_SUBMIT;
	w->state.pos = (start + nr) % w->param[VMD_PARAM_PAGES];
	return vmd_workload_push_ring(w, start, nr);
}

const struct vmd_workload_rule vmd_rule_stream_vb = {
	.name = "stream_vb",
	.help = "a ring of vertex data: batch pages per epoch, in order",
	.buffer = "ring",
	.params = { { "pages", 4096, 2, MAX_PAGES, false },
		    { "epochs", 400, 1, MAX_EPOCHS, false },
		    { "batch", 200, 1, MAX_PAGES, false },
		    { "flight", 3, 0, 64, false } },
	.check = check_stream,
	.make = make_stream,
};

/* persistent_ring */

static int make_persistent(struct vmd_workload *w,
			   struct vmd_trace_record *record)
{
	uint64_t start = w->state.pos;
	uint64_t nr = 2 + vmd_rng_below(&w->rng, 15);

	if (w->state.left == 0)
		w->state.left = 1 + vmd_rng_below(&w->rng, 4);
	w->state.left--;
	w->state.pos = (start + nr) % w->param[VMD_PARAM_PAGES];
	record->kind = w->state.left ? VMD_TRACE_SUBMIT : VMD_TRACE_PRESENT;
	record->writes = (uint32_t)(16 + vmd_rng_below(&w->rng, 49));
	return vmd_workload_push_ring(w, start, nr);
}

const struct vmd_workload_rule vmd_rule_persistent_ring = {
	.name = "persistent_ring",
	.help = "a coherent ring: 1..4 submissions a frame, 2..16 pages each, "
		"each written 16..64 times",
	.buffer = "ring",
	.params = { { "pages", 256, 16, MAX_PAGES, false },
		    { "epochs", 600, 1, MAX_EPOCHS, false } },
	.make = make_persistent,
};

/* full_frame */

enum {
	FRAME_DOUBLE = VMD_PARAM_OWN
};

static int make_frame(struct vmd_workload *w, struct vmd_trace_record *record)
{
	uint64_t buffer = w->param[FRAME_DOUBLE] ? w->epoch % 2 : 0;

	(void)record;
	return vmd_workload_push(w, (uint32_t)buffer, 0,
				 w->param[VMD_PARAM_PAGES]);
}

const struct vmd_workload_rule vmd_rule_full_frame = {
	.name = "full_frame",
	.help = "a whole picture each epoch; double=1: into two by turns",
	.buffer = "frame",
	.params = { { "pages", 2025, 1, MAX_PAGES, false },
		    { "epochs", 300, 1, MAX_EPOCHS, false },
		    { "double", 0, 0, 1, false } },
	.make = make_frame,
};

/* readback */

enum {
	READBACK_EVERY = VMD_PARAM_OWN,
	READBACK_WRITES
};

static int make_readback(struct vmd_workload *w,
			 struct vmd_trace_record *record)
{
	uint64_t pages = w->param[VMD_PARAM_PAGES];
	uint64_t nr;

	if ((w->epoch + 1) % w->param[READBACK_EVERY]) {
		record->kind = VMD_TRACE_SUBMIT;
		return 0;
	}
	w->state.gpu_wrote = !w->state.gpu_wrote;
	if (w->state.gpu_wrote) {
		record->type = VMD_TRACE_GPU_WRITE;
		return vmd_workload_push(w, 0, 0, pages);
	}
	record->kind = VMD_TRACE_READBACK;
	nr = vmd_rng_below(&w->rng, w->param[READBACK_WRITES] + 1);
	vmd_workload_draw_pages(w, nr);
	return vmd_workload_push_map(w);
}

static const char *check_readback(const struct vmd_workload *w)
{
	if (w->param[READBACK_WRITES] > w->param[VMD_PARAM_PAGES])
		return "more writes than pages";
	return NULL;
}

const struct vmd_workload_rule vmd_rule_readback = {
	.name = "readback",
	.help = "every 8th epoch the GPU writes all, the CPU reads all and "
		"writes 0..4 pages",
	.buffer = "target",
	.params = { { "pages", 2025, 1, VMD_WORKLOAD_MAP_PAGES, false },
		    { "epochs", 400, 1, MAX_EPOCHS, false },
		    { "every", 8, 1, MAX_EPOCHS, false },
		    { "writes", 4, 0, 4096, false } },
	.check = check_readback,
	.prepare = vmd_workload_alloc_map,
	.make = make_readback,
};

/* heartbeat */

enum {
	HEARTBEAT_K = VMD_PARAM_OWN,
	HEARTBEAT_BURSTS
};

static int make_heartbeat(struct vmd_workload *w,
			  struct vmd_trace_record *record)
{
	uint64_t pages = w->param[VMD_PARAM_PAGES];
	uint64_t bursts = w->param[HEARTBEAT_BURSTS];

	(void)record;
	if (w->epoch < bursts)
		return vmd_workload_push(w, 0, 0, pages / 4);
	if ((w->epoch - bursts + 1) % w->param[HEARTBEAT_K])
		return 0;
	return vmd_workload_push(w, 0, vmd_rng_below(&w->rng, pages), 1);
}

const struct vmd_workload_rule vmd_rule_heartbeat = {
	.name = "heartbeat",
	.help = "one page every k epochs of a large buffer, after bursts "
		"epochs of a quarter of it",
	.buffer = "large",
	.params = { { "pages", 1048576, 4, MAX_PAGES, false },
		    { "epochs", 1000, 1, MAX_EPOCHS, false },
		    { "k", 1, 1, 1000000, false },
		    { "bursts", 0, 0, MAX_EPOCHS, false } },
	.make = make_heartbeat,
};

/* hot2M_far */

enum {
	HOT_PAGES = VMD_PARAM_OWN
};

static const char *check_hot(const struct vmd_workload *w)
{
	if (w->param[HOT_PAGES] > w->param[VMD_PARAM_PAGES] - 2)
		return "no room between the hot pages and the far one";
	return NULL;
}

static int make_hot(struct vmd_workload *w, struct vmd_trace_record *record)
{
	uint64_t pages = w->param[VMD_PARAM_PAGES];
	int err = vmd_workload_push(w, 0, 0, w->param[HOT_PAGES]);

	(void)record;
	return err ? err : vmd_workload_push(w, 0, pages - 1, 1);
}

const struct vmd_workload_rule vmd_rule_hot2m_far = {
	.name = "hot2M_far",
	.help = "512 hot pages and one page at the other end",
	.buffer = "far",
	.params = { { "pages", 16384, 3, MAX_PAGES, false },
		    { "epochs", 400, 1, MAX_EPOCHS, false },
		    { "hot", 512, 1, MAX_PAGES, false } },
	.check = check_hot,
	.make = make_hot,
};
