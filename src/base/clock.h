/* SPDX-License-Identifier: MIT */
/*
 * Virtual time: each event is charged to the clock of whoever runs. A thread
 * that works for a CPU switches to that CPU's clock; what nobody's clock
 * covers goes to the machine's own.
 */
#ifndef VMD_SRC_BASE_CLOCK_H
#define VMD_SRC_BASE_CLOCK_H

#include <vmmdirty/event.h>

struct vmd_env;

/* Written by the thread that runs on it, read by all. */
struct vmd_clock {
	const struct vmd_env *env;
	struct vmd_event_counts counts;
};

void vmd_clock_init(struct vmd_clock *clock, const struct vmd_env *env);

/* This thread works on @clock from now on; returns what it worked on before. */
struct vmd_clock *vmd_clock_switch(struct vmd_clock *clock);

void vmd_charge(struct vmd_env *env, enum vmd_event event, uint64_t nr);

/* Adds what @clock has counted to @sum. */
void vmd_clock_sum(const struct vmd_clock *clock, struct vmd_event_counts *sum);

#endif /* VMD_SRC_BASE_CLOCK_H */
