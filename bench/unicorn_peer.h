/* SPDX-License-Identifier: MIT */
/*
 * Guest code in long mode on Unicorn, over 4K pages of its own.
 */
#ifndef VMMDIRTY_BENCH_UNICORN_PEER_H
#define VMMDIRTY_BENCH_UNICORN_PEER_H

#include <stdbool.h>
#include <stdint.h>

enum unicorn_loop {
	UNICORN_LOADS, /* sixteen of one page a turn */
	UNICORN_STORES, /* as many */
	UNICORN_STRIDES /* one store a turn, then a stride further */
};

/* Was this program built with it? Without, there is nothing but fini. */
bool unicorn_peer_is_there(void);

void unicorn_peer_init(uint64_t nr_pages, uint64_t stride);
void unicorn_peer_run(enum unicorn_loop loop, uint64_t turns);
void unicorn_peer_fini(void);

#endif /* VMMDIRTY_BENCH_UNICORN_PEER_H */
