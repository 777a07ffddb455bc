/* SPDX-License-Identifier: MIT */
/*
 * RCU by liburcu's membarrier flavour. Its inline code stays behind rcu.c: its
 * licence is the LGPL. A reader may sleep, which only makes writers wait; so
 * this is the sleepable kind too (MN-6).
 */
#ifndef VMD_SRC_SYNC_RCU_H
#define VMD_SRC_SYNC_RCU_H

void vmd_rcu_read_lock(void);
void vmd_rcu_read_unlock(void);

/* Returns when every reader that was inside has left. Not from a reader. */
void vmd_synchronize_rcu(void);

#endif /* VMD_SRC_SYNC_RCU_H */
