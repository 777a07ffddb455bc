#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034 # the caller ends with $failed
#
# What the tests of the tools share: a folder of their own and one verb. A check
# that was never seen failing is not a check.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# put file line...: one file below $work, made of these lines.
put() {
	file=$work/$1
	shift
	mkdir -p "${file%/*}"
	printf '%s\n' "$@" >"$file"
}

# expect good|bad what command...: the command's verdict, by its exit status.
# What it says stays in $work/out.
expect() {
	verdict=$1
	what=$2
	shift 2
	if "$@" >"$work/out" 2>&1; then got=good; else got=bad; fi
	if [ "$got" != "$verdict" ]; then
		echo "$what: should be $verdict, but the tool says:"
		sed 's/^/    /' "$work/out"
		failed=1
	fi
}

# expect_says text: the last command said so.
expect_says() {
	if ! grep -qF -- "$1" "$work/out"; then
		echo "should say \"$1\", but the tool says:"
		sed 's/^/    /' "$work/out"
		failed=1
	fi
}
