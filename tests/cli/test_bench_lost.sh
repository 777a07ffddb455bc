#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_bench_lost.sh mutant: a command whose library loses the last page of
# every run says which page is missing (I-1): one line, exit status 1, no files.
set -eu

vmmdirty=$1
# shellcheck source=tests/cli/expect.sh
. "${0%/*}/expect.sh"

# lost tracker epoch buffer page argument...
lost() {
	tracker=$1
	place="tracker $1, epoch $2, buffer $3, page $4"
	shift 4
	for out in '' '--out new' '--out old'; do
		mkdir -p old
		echo old >old/table.txt
		# shellcheck disable=SC2086 # a list
		ends 1 bench --no-sweep --tracker $tracker $out "$@"
		naming 'lost page (I-1): ' "$place"
	done
}

# Two buffers of ten pages; the first epoch writes none, the second pages 3 to
# 5 of the second buffer.
bytes t.dtr 104 124 122 061 014 000 002 012 001 000 012 001 000 \
	105 000 000 000 105 000 000 001 001 001 003 002
for tracker in mkwrite pagetable vmwgfx; do
	lost $tracker 2 1 5 --trace t.dtr
	naming 't.dtr: '
done
# What is good goes on before what is not, and is not said either.
lost mkwrite 2 1 5 --workload uniform:pages=16,dirty=0,epochs=2 --trace t.dtr
lost pagetable 1 0 8191 --workload full_frame:pages=8192,epochs=2
naming 'full_frame:pages=8192,epochs=2: '

# Explicit synchronisation does not ask the tracker.
accepts bench --no-sweep --trace t.dtr --tracker explicit
exit "$failed"
