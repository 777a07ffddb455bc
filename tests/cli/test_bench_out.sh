#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_bench_out.sh vmmdirty: files appear whole or not at all, and what cannot
# be written is one line that names it.
set -eu

vmmdirty=$1
# shellcheck source=tests/cli/expect.sh
. "${0%/*}/expect.sh"

set -- bench --no-sweep --tracker pagetable --workload "$small"

# Into a new folder, and over what is in an old one.
accepts "$@" --out new --csv
cmp -s new/bench.csv "$work/out" || complain 'bench.csv should be what was printed'
mkdir old
for file in table.txt bench.csv bench.json; do
	echo old >old/$file
	ln old/$file "old/same_$file"
done
accepts "$@" --out old --json
cmp -s old/bench.json "$work/out" || complain 'bench.json should be what was printed'
for file in table.txt bench.csv bench.json; do
	cmp -s old/$file new/$file || complain "$file should be the same again"
	[ "$(cat "old/same_$file")" = old ] || complain "$file should be another file, not other bytes"
	rm "old/same_$file"
done
[ "$(find new old -type f | wc -l)" -eq 6 ] || complain 'nothing else should be there'

# A place that is no folder, or not there, or without a name.
echo text >file
refuses "$@" --out file
naming file 'ot a directory'
refuses "$@" --out nowhere/new
naming 'nowhere/new: No such file or directory'
refuses "$@" --out ''
naming '--out: No such file or directory'
refuses "$@" --out "$(printf '%300s' '' | tr ' ' x)"
naming 'xxx: File name too long'

# A folder where a file should be: the other files stay as they are.
for file in table.txt bench.csv bench.json cost.dat cost.gp; do
	mkdir -p "folder/$file"
	refuses "$@" --out folder
	naming "folder/$file: Is a directory"
	rmdir "folder/$file"
done

# No rights. They do not hold for root.
if [ "$(id -u)" -ne 0 ]; then
	mkdir -m 555 readonly
	refuses "$@" --out readonly
	naming 'readonly/table.txt: Permission denied'
	refuses "$@" --out readonly/new
	naming 'readonly/new: Permission denied'
	mkdir -m 755 partly
	chmod 000 "$work/box/file"
	refuses "$@" --trace file --out partly
	naming 'file: permission denied'
fi

# A full disk.
for out in new fresh; do
	full_disk "$@" --out $out
	naming "$out/" 'File too large'
done

# Standard output that is closed, full, or nobody reads. A closed one must not
# be taken for one of the files.
for out in new fresh; do
	box >"$work/before"
	: >"$work/out"
	last="vmmdirty $* --out $out >&-"
	status=0
	"$vmmdirty" "$@" --out $out >&- 2>"$work/err" || status=$?
	one_line 2
	naming 'standard output'
	if [ -c /dev/full ]; then
		last="vmmdirty $* --out $out >/dev/full"
		status=0
		"$vmmdirty" "$@" --out $out >/dev/full 2>"$work/err" || status=$?
		one_line 2
		naming 'standard output'
	fi
	last="vmmdirty $* --out $out | true"
	{
		status=0
		sleep 0.2
		"$vmmdirty" "$@" --out $out 2>"$work/err" || status=$?
		echo $status >"$work/status"
	} | true
	status=$(cat "$work/status")
	one_line 2
	naming 'standard output'
	box >"$work/after"
	cmp -s "$work/before" "$work/after" || complain 'should leave everything as it was'
done
for words in --version --help 'bench --help' 'bench --list' 'trace --help' \
	"trace info workload:$small" "trace info --json workload:$small"; do
	last="vmmdirty $words >&-"
	status=0
	# shellcheck disable=SC2086 # a list
	"$vmmdirty" $words >&- 2>"$work/err" || status=$?
	one_line 2
	naming 'standard output'
done

# Closed standard input and error take no file's place either.
last="vmmdirty $* --out streams <&- 2>&-"
"$vmmdirty" "$@" --out streams >"$work/out" <&- 2>&- || complain 'should be good'
cmp -s streams/table.txt new/table.txt || complain 'table.txt should be the same'
exit "$failed"
