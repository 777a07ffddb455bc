#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034,SC2154 # the caller sets $vmmdirty, ends with $failed
#
# What the tests of the command share. They run in a box: what a call leaves
# there, and what it must not, is seen by comparing before and after.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/box"
cd "$work/box" || exit 1
failed=0
line=
small=uniform:pages=64,epochs=3

# complain text: with the last call, and what it said.
complain() {
	echo "$last: $1"
	head -n 5 "$work/out" | sed 's/^/    out: /'
	head -n 5 "$work/err" | sed 's/^/    err: /'
	failed=1
}

# box: what is in it. The time of a folder changes with a file that comes and
# goes; that of a file only if it is written.
box() {
	find . -type f -printf '%p %i %s %T@ %C@\n' -o -printf '%p\n' | sort
}

# call argument...: the status is in $status, the words in $work/out and err.
call() {
	last="vmmdirty $*"
	status=0
	"$vmmdirty" "$@" >"$work/out" 2>"$work/err" || status=$?
}

# accepts argument...
accepts() {
	call "$@"
	[ "$status" -eq 0 ] || complain "exit status $status, not 0"
}

# says text...: the last call printed them.
says() {
	for text; do
		grep -qF -- "$text" "$work/out" || complain "should print \"$text\""
	done
}

# one_line status: the last call ended with it, and with one line on standard
# error, which is then $line.
one_line() {
	[ "$status" -eq "$1" ] || complain "exit status $status, not $1"
	{
		IFS= read -r line || line=
		! read -r _ || line=
	} <"$work/err"
	case $line in
	vmmdirty*) ;;
	*) complain 'should say one line' ;;
	esac
}

# unchanged status: as one_line, with nothing printed, and the box as it was
# before.
unchanged() {
	one_line "$1"
	[ ! -s "$work/out" ] || complain 'should print nothing'
	cmp -s "$work/before" "$work/after" || complain 'should leave everything as it was'
}

# ends status argument...
ends() {
	wanted=$1
	shift
	box >"$work/before"
	call "$@"
	box >"$work/after"
	unchanged "$wanted"
}

# refuses argument...
refuses() {
	ends 2 "$@"
}

# full_disk argument...: as refuses, with room for 512 bytes in each file. A
# limit of the size of files stands for the disk; in a coverage build it meets
# the counters too, which is not said by the command.
full_disk() {
	box >"$work/before"
	last="vmmdirty $* on a full disk"
	# What is said goes through a pipe: it may be more.
	(
		trap '' XFSZ
		ulimit -f 1
		status=0
		"$vmmdirty" "$@" || status=$?
		echo $status >"$work/status"
	) 2>&1 >"$work/out" | sed "/^libgcov profiling error:/d" >"$work/err"
	status=$(cat "$work/status")
	box >"$work/after"
	unchanged 2
}

# bench_refuses argument...: with a folder for the files, new or old.
bench_refuses() {
	mkdir -p old
	echo old >old/table.txt
	refuses bench --no-sweep --out new "$@"
	refuses bench --no-sweep --out old "$@"
}

# naming text...: the line has them.
naming() {
	for text; do
		case $line in
		*"$text"*) ;;
		*) complain "should say \"$text\"" ;;
		esac
	done
}

# bytes file octal...: a file of these bytes.
bytes() {
	file=$1
	shift
	# shellcheck disable=SC2059 # escapes are what it is for
	printf "$(printf '\\%s' "$@")" >"$file"
}

# valid_json: the last call printed it. Without Python it is believed.
valid_json() {
	command -v python3 >/dev/null || return 0
	python3 -m json.tool "$work/out" >/dev/null 2>"$work/err" ||
		complain 'should print JSON'
}
