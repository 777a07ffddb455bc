#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_bench_input.sh vmmdirty: every bad trace, tracker, workload and profile
# is one line that says where, exit status 2, and nothing half-written.
set -eu

vmmdirty=$1
# shellcheck source=tests/cli/expect.sh
. "${0%/*}/expect.sh"

# "DTR1", pages of 2^12 bytes, no flags, one buffer of ten pages.
head='104 124 122 061 014 000 001 012 001 000'

# dtr file octal...: the header and these records.
dtr() {
	file=$1
	shift
	# shellcheck disable=SC2086 # a list
	bytes "$file" $head "$@"
}

# Absent, no trace, of another version, cut.
bench_refuses --trace absent.dtr
naming 'absent.dtr: no such file'
bench_refuses --trace .
naming '.: ' directory
: >empty.dtr
bench_refuses --trace empty.dtr
naming 'empty.dtr: byte 0: ' empty
echo 'not a trace' >prose.dtr
bench_refuses --trace prose.dtr
naming 'prose.dtr: byte 0: neither a .dtr'
bytes version.dtr 104 124 122 062 014 000 001 012 001 000
bench_refuses --trace version.dtr
naming 'version.dtr: byte 0: ' version
bytes short.dtr 104 124 122 061 014 000
bench_refuses --trace short.dtr
naming 'short.dtr: byte 6: the file ends'
dtr tag.dtr 132
bench_refuses --trace tag.dtr
naming 'tag.dtr: byte 10: 0x5a begins no record'
dtr behind.dtr 105 000 000 001 000 001 012 000
bench_refuses --trace behind.dtr
naming 'behind.dtr: byte 16: '
dtr unmapped.dtr 125 000 105 000 000 001 000 001 000 000
bench_refuses --trace unmapped.dtr
naming 'unmapped.dtr: byte 17: '

# Of two traces the second is bad: the first leaves nothing either.
bench_refuses --workload "$small" --trace tag.dtr
naming 'tag.dtr: byte 10: '

# The 50th record is cut; what comes before it is whole.
for nr in 49 60; do
	accepts trace convert "workload:uniform:pages=64,epochs=$nr" "$nr.dtr"
done
whole=$(wc -c <49.dtr)
head -c $((whole + 1)) 60.dtr >cut.dtr
rm 49.dtr
bench_refuses --trace cut.dtr
naming "cut.dtr: byte $((whole + 1)): the file ends"

# From a pipe the cut comes up in the replay itself.
mkfifo pipe
for out in '' '--out new' '--out old'; do
	cat cut.dtr >pipe &
	# shellcheck disable=SC2086 # a list
	refuses bench --no-sweep --tracker explicit $out --trace pipe
	naming "pipe: byte $((whole + 1)): the file ends"
	wait
done
cat 60.dtr >pipe &
refuses bench --trace pipe
naming 'pipe: cannot be read twice'
wait
rm pipe
call bench --trace - --tracker explicit <&-
one_line 2
naming '-: byte 0: '

# The text form counts lines.
{
	echo '# vmmdirty write trace, text form 1'
	echo 'B 0 10 1'
	echo 'E 0'
	echo '0 9 2'
} >text
bench_refuses --trace text
naming 'text: line 4: '

# What bench does not model.
bytes shift.dtr 104 124 122 061 020 000 001 012 001 000
bench_refuses --trace shift.dtr
naming 'shift.dtr: ' '65536 bytes' 'pages of 4096'
big='200 200 200 200 020 001 000' # 2^32 pages
# shellcheck disable=SC2086 # lists
{
	bytes big.dtr 104 124 122 061 014 000 001 $big
	bytes bigger.dtr 104 124 122 061 014 000 004 $big $big $big $big
}
bench_refuses --trace big.dtr
naming 'big.dtr: buffer 0: 4294967296 pages'
bench_refuses --trace bigger.dtr
naming 'bigger.dtr: buffer 0: 4294967296 pages'
dtr map.dtr 115 000 200 200 200 200 020
bench_refuses --trace map.dtr
naming 'map.dtr: buffer 0: 4294967296 pages'

# Names that do not fit in a line, or are two.
long=$(printf '%5000s' '' | tr ' ' x)
bench_refuses --trace "$long"
naming 'too long'
bench_refuses --trace "$(printf 'two\nlines.dtr')"
naming 'two?lines.dtr: no such file'
bench_refuses --tracker "$(printf 'two\nlines')"
naming 'two?lines: unknown tracker'

# Trackers and workloads.
bench_refuses --tracker nobody
naming 'nobody: unknown tracker'
bench_refuses --tracker ''
naming '"": unknown tracker'
bench_refuses --workload nobody
naming 'nobody: character 1: no workload'
bench_refuses --workload ''
naming 'character 1: no workload'
bench_refuses --workload uniform:colour=1
naming 'uniform:colour=1: character 9: uniform has no parameter'
bench_refuses --workload uniform:pages=x
naming 'uniform:pages=x: character 15: pages is a number in'
bench_refuses --workload uniform:pages=0
naming 'character 15: '
bench_refuses --workload uniform:pages=64,pages=64
naming 'character 18: pages was set before'
bench_refuses --workload uniform:pages
naming 'character 14: '
bench_refuses --workload uniform:dirty=2
naming 'character 15: dirty is a fraction in'
bench_refuses --workload uniform:epochs=99999999999999999999
naming 'character 16: '

# profile line...: a profile of these lines.
profile() {
	printf '%s\n' "$@" >profile
	bench_refuses --workload "$small" --profile profile
}

bench_refuses --profile nobody
naming 'nobody: neither a profile'
bench_refuses --profile .
naming '.: '
profile '# a comment' 'colour_ns = 1'
naming 'profile: line 2: unknown key "colour_ns"'
profile 'fault_ns = fast'
naming 'profile: line 1: "fast" is not a number'
profile 'fault_ns = -1'
naming 'profile: line 1: '
profile 'fault_ns ='
naming 'profile: line 1: '
profile 'fault_ns = 1' 'fault_ns = 1'
naming 'profile: line 2: "fault_ns" is given twice'
profile 'fault_ns = 1' '' 'base = emulator'
naming 'profile: line 3: base must come before'
profile 'base = nobody'
naming 'profile: line 1: no built-in profile "nobody"'
profile 'fault_ns 1'
naming 'profile: line 1: expected'
profile 'fault_ns = 1' "# $long"
naming 'profile: line 2: the line is too long'
profile "$(printf 'fault\033_ns = 1')"
naming 'profile: line 1: unknown key "fault?_ns"'

# The recordings that come with the program.
VMMDIRTY_TRACES=/nowhere
export VMMDIRTY_TRACES
bench_refuses --quick
naming glxgears.dtr VMMDIRTY_TRACES=/nowhere
accepts bench --list
says '  glxgears.dtr'
exit "$failed"
