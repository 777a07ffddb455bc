/* SPDX-License-Identifier: MIT */
/*
 * Cost of an epoch against the dirty fraction: one object, so many of its
 * pages written at random in each epoch, steady state.
 */
#ifndef VMMDIRTY_TOOL_SWEEP_H
#define VMMDIRTY_TOOL_SWEEP_H

#include "report.h"

/* Replays that sweep_run() makes, for the progress line. */
unsigned int sweep_nr_jobs(void);

int sweep_run(struct report *report, struct progress *progress,
	      struct replay_error *error);

#endif /* VMMDIRTY_TOOL_SWEEP_H */
