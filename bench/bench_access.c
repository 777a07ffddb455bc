/* SPDX-License-Identifier: MIT */
/*
 * What an access through a simulated CPU costs: hits of the inline lines, hits
 * of the TLB behind them, walks, copies. The peer is the same loop through a
 * plain pointer, or guest code on Unicorn.
 */
#include "access.h"

int main(int argc, char **argv)
{
	struct bench_options options;

	bench_parse(argc, argv, &options);
	access_hit(&options);
	access_walk(&options);
	access_bulk(&options);
	access_unicorn(&options);
	return bench_status(&options);
}
