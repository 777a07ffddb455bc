/* SPDX-License-Identifier: MIT */
/*
 * A submission, in the order of VM-35 and VM-37:
 *
 *	reserve all       ww, backing off                    LK-7..9
 *	unmap             what the device will write         VM-28, VM-29
 *	scan, transfer    an UPDATE for each dirty run       VM-48
 *	the work          writes and their readback          VM-49, VM-50
 *	fence             then drop the reservations
 */
#include <errno.h>

#include "gpu/bo.h"
#include "mmu/cpu.h"

struct submit {
	struct vmd_svga *svga;
	const struct vmd_submit_bo *bos;
	size_t nr_bos;
	struct vmd_ww_acquire_ctx ctx;
	uint64_t nr_updated;
	bool gpu_writes;
};

/* Gives back the first @nr, but not @have. */
static void unreserve_rest(const struct submit *submit,
			   const struct vmd_bo *have, size_t nr)
{
	while (nr > 0)
		if (submit->bos[--nr].bo != have)
			vmd_ww_mutex_unlock(&submit->bos[nr].bo->resv);
}

/* All but @have, which is held; or none but @have, and who was refused. */
static bool reserve_rest(struct submit *submit, const struct vmd_bo *have,
			 size_t *failed)
{
	size_t i;

	for (i = 0; i < submit->nr_bos; i++) {
		struct vmd_bo *bo = submit->bos[i].bo;

		if (bo == have || !vmd_ww_mutex_lock(&bo->resv, &submit->ctx))
			continue;
		unreserve_rest(submit, have, i);
		*failed = i;
		return false;
	}
	return true;
}

/* LK-9: refused: give all back, wait for the refused one, begin again. */
static void reserve_all(struct submit *submit)
{
	struct vmd_bo *have = NULL;
	size_t failed = 0;

	vmd_ww_acquire_init(&submit->ctx, &submit->svga->resv_class);
	while (!reserve_rest(submit, have, &failed)) {
		if (have)
			vmd_ww_mutex_unlock(&have->resv);
		have = submit->bos[failed].bo;
		vmd_ww_mutex_lock_slow(&have->resv, &submit->ctx);
	}
}

struct update {
	struct submit *submit;
	struct vmd_bo *bo;
};

/* One UPDATE command for pages [start, end). */
static int emit_update(void *arg, unsigned long start, unsigned long end)
{
	const struct update *update = arg;
	const struct vmd_svga_cmd cmd = {
		.op = VMD_SVGA_UPDATE,
		.guest = update->bo->guest + start,
		.device = update->bo->device + start,
		.nr = end - start,
	};

	vmd_fifo_emit(update->submit->svga, &cmd);
	update->submit->nr_updated += end - start;
	return 0;
}

/* VM-29: the unmap picks up dirt, so it comes before the transfer. */
static void unmap_gpu_writes(const struct vmd_submit_bo *use)
{
	size_t i;

	for (i = 0; use->bo->tracker && i < use->nr_gpu_writes; i++)
		vmd_tracker_unmap(use->bo->tracker, use->gpu_writes[i].first,
				  use->gpu_writes[i].first +
					  use->gpu_writes[i].nr);
}

static void update_device(struct submit *submit,
			  const struct vmd_submit_bo *use)
{
	struct update update = { submit, use->bo };
	size_t i;

	if (use->bo->tracker) {
		vmd_tracker_scan(use->bo->tracker);
		(void)!vmd_tracker_transfer(use->bo->tracker, 0,
					    use->bo->nr_pages, emit_update,
					    &update);
	}
	for (i = 0; i < use->nr_written; i++)
		(void)emit_update(&update, use->written[i].first,
				  use->written[i].first + use->written[i].nr);
}

static void emit_gpu_writes(struct submit *submit,
			    const struct vmd_submit_bo *use)
{
	size_t i;

	for (i = 0; i < use->nr_gpu_writes; i++) {
		struct vmd_svga_cmd cmd = {
			.op = VMD_SVGA_WRITE,
			.guest = use->bo->guest + use->gpu_writes[i].first,
			.device = use->bo->device + use->gpu_writes[i].first,
			.nr = use->gpu_writes[i].nr,
		};

		vmd_fifo_emit(submit->svga, &cmd);
		cmd.op = VMD_SVGA_READBACK;
		vmd_fifo_emit(submit->svga, &cmd);
		submit->gpu_writes = true;
	}
}

static bool ranges_fit(const struct vmd_bo *bo,
		       const struct vmd_page_range *ranges, size_t nr)
{
	size_t i;

	if (nr && !ranges)
		return false;
	for (i = 0; i < nr; i++)
		if (ranges[i].nr == 0 || ranges[i].first > bo->nr_pages ||
		    ranges[i].nr > bo->nr_pages - ranges[i].first)
			return false;
	return true;
}

static bool use_makes_sense(const struct vmd_svga *svga,
			    const struct vmd_submit_bo *use)
{
	return use->bo && use->bo->svga == svga &&
	       ranges_fit(use->bo, use->written, use->nr_written) &&
	       ranges_fit(use->bo, use->gpu_writes, use->nr_gpu_writes);
}

/* A handful of objects: looking at each pair costs less than a table. */
static bool given_twice(const struct vmd_submit_bo *bos, size_t nr)
{
	size_t i;

	for (i = 0; i + 1 < nr; i++)
		if (bos[i].bo == bos[nr - 1].bo)
			return true;
	return false;
}

static bool bos_make_sense(const struct vmd_svga *svga,
			   const struct vmd_cpu *cpu,
			   const struct vmd_submit_bo *bos, size_t nr_bos)
{
	size_t i;

	if (!svga || !cpu || cpu->env != &svga->hw->env || (nr_bos && !bos))
		return false;
	for (i = 0; i < nr_bos; i++)
		if (!use_makes_sense(svga, &bos[i]) || given_twice(bos, i + 1))
			return false;
	return true;
}

/* All objects are reserved. */
static vmd_seqno_t run(struct submit *submit)
{
	vmd_seqno_t seqno;
	size_t i;

	for (i = 0; i < submit->nr_bos; i++) {
		unmap_gpu_writes(&submit->bos[i]);
		update_device(submit, &submit->bos[i]);
	}
	for (i = 0; i < submit->nr_bos; i++)
		emit_gpu_writes(submit, &submit->bos[i]);
	seqno = vmd_fifo_emit_fence(submit->svga);
	vmd_charge(&submit->svga->hw->env, VMD_EV_SUBMIT, 1);

	/* Whoever faults next must find what the device wrote. */
	if (submit->gpu_writes)
		(void)!vmd_fence_wait(submit->svga, seqno);
	return seqno;
}

int vmd_svga_submit(struct vmd_svga *svga, struct vmd_cpu *cpu,
		    const struct vmd_submit_bo *bos, size_t nr_bos,
		    struct vmd_submit_result *result)
{
	struct submit submit = { .svga = svga, .bos = bos, .nr_bos = nr_bos };
	struct vmd_clock *old;

	if (!result || !bos_make_sense(svga, cpu, bos, nr_bos))
		return -EINVAL;

	old = vmd_clock_switch(&cpu->clock);
	reserve_all(&submit);
	result->seqno = run(&submit);
	result->nr_updated = submit.nr_updated;
	unreserve_rest(&submit, NULL, nr_bos);
	vmd_ww_acquire_fini(&submit.ctx, &svga->hw->env);
	(void)vmd_clock_switch(old);
	return 0;
}
