#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_bench_good.sh vmmdirty: what a good call prints, twice the same.
set -eu

vmmdirty=$1
# shellcheck source=tests/cli/expect.sh
. "${0%/*}/expect.sh"

# field name: of the only row of CSV that the last call printed.
field() {
	sed 's/"[^"]*"/name/' "$work/out" | awk -F, -v name="$1" '
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
	NR == 2 { print $at }'
}

# is field value: of the last call's CSV.
is() {
	[ "$(field "$1")" = "$2" ] || complain "$1 should be $2"
}

# rectangle: each row of CSV has as many fields as the head.
rectangle() {
	sed 's/"[^"]*"/name/' "$work/out" |
		awk -F, 'NR == 1 { nr = NF } NF != nr { exit 1 }' ||
		complain 'should print rows of one length'
}

# Every form, twice: same bytes. Wall time is no part of it.
for form in '' --csv --json; do
	# shellcheck disable=SC2086 # may be nothing
	for i in 1 2; do
		accepts bench --no-sweep $form --workload "$small" --workload readback:epochs=4
		mv "$work/out" "$work/out$i"
	done
	cmp -s "$work/out1" "$work/out2" || complain 'should print the same again'
done

accepts bench --no-sweep --workload "$small" --tracker pagetable --json
valid_json
says '"tracker": "pagetable"' '"epochs": 3' '"pages": 64'
accepts bench --no-sweep --workload "$small" --json
valid_json

accepts bench --no-sweep --workload "$small" --csv
rectangle
[ "$(wc -l <"$work/out")" -eq 5 ] || complain 'should be a head and four rows'
accepts bench --no-sweep --workload "$small" --csv --tracker pagetable
rectangle
is tracker pagetable
is epochs 3
is pages 64
is pages_written "$(field pages_updated)"
is overhead_permille ''
is wins 1

# Explicit alone is not above itself, and cannot win.
accepts bench --no-sweep --workload "$small" --csv --tracker explicit
rectangle
is tracker explicit
is over_reported 0
is write_fault "$(field fault)"
is overhead_permille 0
is wins 0
accepts bench --no-sweep --workload "$small" --tracker explicit --json
valid_json

# A tracker named twice counts once; the last form that is named is printed.
accepts bench --no-sweep --workload "$small" --tracker mkwrite --tracker mkwrite --json --csv
[ "$(wc -l <"$work/out")" -eq 2 ] || complain 'should be a head and one row'

# A seed is a trace; decimal and hexadecimal are one number.
random=uniform:pages=512,dirty=0.2,epochs=20
accepts bench --no-sweep --workload $random --seed 7 --csv
mv "$work/out" "$work/seven"
accepts bench --no-sweep --workload $random --seed 0x7 --csv
cmp -s "$work/out" "$work/seven" || complain 'should be as --seed 7'
accepts bench --no-sweep --workload $random --seed 8 --csv
! cmp -s "$work/out" "$work/seven" || complain 'should not be as --seed 7'

# A workload, the .dtr and the text made of it are one trace; a pipe will do
# for one tracker.
accepts trace convert "workload:$small" w.dtr
accepts trace convert w.dtr w.txt --text
mkfifo pipe
for input in "--workload $small" '--trace w.dtr' '--trace w.txt' '--trace pipe'; do
	[ "$input" != '--trace pipe' ] || cat w.dtr >pipe &
	# shellcheck disable=SC2086 # a list
	accepts bench --no-sweep --tracker mkwrite --csv $input
	wait
	sed 's/^"[^"]*"//' "$work/out" >"$work/row"
	[ -f "$work/first" ] || cp "$work/row" "$work/first"
	cmp -s "$work/row" "$work/first" || complain 'should be the row of the workload'
done

# Two files of one name are two traces: each row is held against its own.
mkdir a b
accepts trace convert workload:uniform:pages=64,epochs=3 a/t.dtr
accepts trace convert workload:uniform:pages=64,dirty=1,epochs=3 b/t.dtr
accepts bench --no-sweep --csv --trace b/t.dtr --tracker explicit --tracker mkwrite
tail -n 2 "$work/out" >"$work/alone"
accepts bench --no-sweep --csv --trace a/t.dtr --trace b/t.dtr --tracker explicit --tracker mkwrite
tail -n 2 "$work/out" | cmp -s - "$work/alone" || complain 'b/t.dtr should be as it is alone'

# A buffer that a record names before the epoch since which it is seen, and one
# that grows to what its header does not say.
bytes since.dtr 104 124 122 061 014 000 001 012 003 000 115 000 024 \
	105 000 000 000 105 000 000 000 105 000 000 001 000 001 023 000
accepts bench --no-sweep --csv --trace since.dtr --tracker mkwrite
is epochs 3
is pages_written 1
bytes early.dtr 104 124 122 061 014 000 001 012 003 000 105 000 000 001 000 001 000 000
accepts bench --no-sweep --csv --trace early.dtr --tracker mkwrite
is pages_written 1
bytes grows.dtr 104 124 122 061 014 000 001 000 001 000 115 000 300 204 075 \
	105 000 000 001 000 001 277 204 075 000
accepts bench --no-sweep --csv --trace grows.dtr --tracker pagetable
is pages_written 1
# Gone, and back with another size.
bytes again.dtr 104 124 122 061 014 000 001 012 001 000 105 000 000 001 000 001 000 011 \
	125 000 105 000 000 000 115 000 002 105 000 000 001 000 001 000 001 \
	122 001 000 001 001 000
for tracker in explicit mkwrite pagetable vmwgfx; do
	accepts bench --no-sweep --csv --trace again.dtr --tracker $tracker
	is epochs 3
	is pages_written 12
done

# Names that are hard to quote.
cp w.dtr 'a "b", c\d.dtr'
accepts bench --no-sweep --json --trace 'a "b", c\d.dtr'
valid_json
accepts bench --no-sweep --csv --trace 'a "b", c\d.dtr'
says '"a ""b"", c\d",explicit,'
name=$(printf '\303\244\377.dtr') # one letter, and one byte that is none
cp w.dtr "$name"
accepts bench --no-sweep --json --trace "$name"
valid_json

# The example of the manual for a profile.
printf '%s\n' '# mine' 'base = emulator' 'fault_ns = 1000 # slow' >profile
accepts bench --no-sweep --workload "$small" --profile profile --json
valid_json
says '"fault": 1000000' '"tlb_flush": 200000'

# What there is.
accepts --version
says 'vmmdirty '
accepts --help
says 'usage: vmmdirty' bench trace
accepts bench --help
says 'usage: vmmdirty bench' --workload
accepts bench --list
says traces: glxgears.dtr workloads: uniform trackers: pagetable profiles: host-quiet
exit "$failed"
