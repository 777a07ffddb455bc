/* SPDX-License-Identifier: MIT */
/*
 * Who is charged for what. The clock in use is the one thing here that
 * belongs to a thread and not to a machine: as the kernel's `current`.
 */
#include "base/clock.h"

#include "base/compiler.h"
#include "base/counter.h"
#include "base/env.h"

static _Thread_local struct vmd_clock *current_clock;

static const struct {
	const char *name;
	enum vmd_cause cause;
} events[] = {
#define ROW(event, key, cause, text) { key, VMD_CAUSE_##cause },
	VMD_EVENTS(ROW)
#undef ROW
};

static const char *const causes[] = { "fault", "walk",	 "scan",
				      "flush", "update", "submit" };

_Static_assert(VMD_ARRAY_SIZE(events) == VMD_NR_EVENTS, "one row an event");
_Static_assert(VMD_ARRAY_SIZE(causes) == VMD_NR_CAUSES, "one word a cause");

void vmd_clock_init(struct vmd_clock *clock, const struct vmd_env *env)
{
	*clock = (struct vmd_clock){ .env = env };
}

struct vmd_clock *vmd_clock_switch(struct vmd_clock *clock)
{
	struct vmd_clock *old = current_clock;

	current_clock = clock;
	return old;
}

/* The machine's own clock has no owner: several threads may be on it. */
void vmd_charge(struct vmd_env *env, enum vmd_event event, uint64_t nr)
{
	struct vmd_clock *clock = current_clock;

	if (clock && clock->env == env)
		vmd_counter_add_owner(&clock->counts.nr[event], nr);
	else
		vmd_counter_add(&env->clock.counts.nr[event], nr);
}

void vmd_clock_sum(const struct vmd_clock *clock, struct vmd_event_counts *sum)
{
	unsigned int event;

	for (event = 0; event < VMD_NR_EVENTS; event++)
		sum->nr[event] += vmd_counter_read(&clock->counts.nr[event]);
}

const char *vmd_event_name(enum vmd_event event)
{
	return (unsigned int)event < VMD_NR_EVENTS ? events[event].name : NULL;
}

enum vmd_cause vmd_event_cause(enum vmd_event event)
{
	return (unsigned int)event < VMD_NR_EVENTS ? events[event].cause :
						     VMD_NR_CAUSES;
}

const char *vmd_cause_name(enum vmd_cause cause)
{
	return (unsigned int)cause < VMD_NR_CAUSES ? causes[cause] : NULL;
}

/* Seven months of picoseconds are enough: more stays the most there is. */
static void add_capped(uint64_t *sum, uint64_t nr)
{
	if (__builtin_add_overflow(*sum, nr, sum))
		*sum = UINT64_MAX;
}

uint64_t vmd_virtual_ps(const struct vmd_event_counts *counts,
			const struct vmd_costs *costs,
			uint64_t ps[VMD_NR_CAUSES])
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < VMD_NR_CAUSES; i++)
		ps[i] = 0;
	for (i = 0; i < VMD_NR_EVENTS; i++) {
		uint64_t spent;

		if (__builtin_mul_overflow(counts->nr[i], costs->ps[i], &spent))
			spent = UINT64_MAX;
		add_capped(&ps[events[i].cause], spent);
		add_capped(&sum, spent);
	}
	return sum;
}
