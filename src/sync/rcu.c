/* SPDX-License-Identifier: MIT */
/*
 * The binding to liburcu. A thread registers itself when it first reads, and
 * is unregistered when it ends.
 *
 * ThreadSanitizer does not see the inside of liburcu: for it, a grace period
 * orders nothing. rcu_edge is a name for the missing arrow: every reader that
 * leaves releases it, and the end of a grace period acquires it.
 */
#include "sync/rcu.h"

#include <pthread.h>
#include <stdbool.h>
#include <urcu/urcu-memb.h>

#include "sync/tsan.h"

static char rcu_edge;
static pthread_key_t thread_key;
static pthread_once_t thread_key_once = PTHREAD_ONCE_INIT;
static _Thread_local bool registered;

static void unregister(void *unused)
{
	(void)unused;
	registered = false;
	urcu_memb_unregister_thread();
}

static void make_key(void)
{
	(void)pthread_key_create(&thread_key, unregister);
}

static void register_once(void)
{
	if (registered)
		return;
	(void)pthread_once(&thread_key_once, make_key);
	(void)pthread_setspecific(thread_key, &rcu_edge);
	urcu_memb_register_thread();
	registered = true;
}

void vmd_rcu_read_lock(void)
{
	register_once();
	urcu_memb_read_lock();
}

void vmd_rcu_read_unlock(void)
{
	vmd_tsan_release(&rcu_edge);
	urcu_memb_read_unlock();
}

void vmd_synchronize_rcu(void)
{
	urcu_memb_synchronize_rcu();
	vmd_tsan_acquire(&rcu_edge);
}
