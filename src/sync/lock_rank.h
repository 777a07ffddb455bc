/* SPDX-License-Identifier: MIT */
/*
 * Two readings of lock_order.def: numbers for run time, tokens for clang. A
 * token is a lock that nobody ever takes; wrappers claim to take it along with
 * the real one, and clang compares the order of tokens.
 */
#ifndef VMD_SRC_SYNC_LOCK_RANK_H
#define VMD_SRC_SYNC_LOCK_RANK_H

#include <vmmdirty/context.h>

enum vmd_lock_rank {
#define LOCK_RANK(name, after, text) VMD_RANK_##name,
#include "sync/lock_order.def"
#undef LOCK_RANK
	VMD_NR_RANKS
};

struct vmd_lock_type("lock rank") vmd_rank_token
{
	char unused;
};

extern struct vmd_rank_token rank_root;
#define LOCK_RANK(name, after, text)                                 \
	extern struct vmd_rank_token rank_##name vmd_acquired_after( \
		rank_##after);
#include "sync/lock_order.def"
#undef LOCK_RANK

const char *vmd_lock_rank_name(enum vmd_lock_rank rank);

/* What a lock of this rank protects. */
const char *vmd_lock_rank_text(enum vmd_lock_rank rank);

#endif /* VMD_SRC_SYNC_LOCK_RANK_H */
