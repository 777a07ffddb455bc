/* SPDX-License-Identifier: MIT */
/*
 * What every room of one machine shares: where memory comes from, whom to
 * complain to, what is counted. Two machines have two of these and never meet.
 */
#ifndef VMD_SRC_BASE_ENV_H
#define VMD_SRC_BASE_ENV_H

#include <vmmdirty/base.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hook.h"

struct vmd_env {
	struct vmd_arena arena;
	struct vmd_clock clock; /* of work that no CPU does */
	struct vmd_hook *hook; /* NULL: nobody looks */
	vmd_report_fn report; /* NULL: stderr, then abort */
	void *report_arg;
	uint64_t nr_warnings;
	uint64_t seed;
};

#endif /* VMD_SRC_BASE_ENV_H */
