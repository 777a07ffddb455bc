#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_fn_stats.sh fn_stats: what it takes for a function, and where the cap is.
set -eu

stats=$1
# shellcheck source=tests/tools/expect.sh
. "${0%/*}/expect.sh"

# function lines [head]: a function with so many lines between its braces.
function_of() {
	[ "${2-}" = brace ] && echo 'int f(void) {' || printf 'int f(void)\n{\n'
	i=0
	while [ "$i" -lt "$1" ]; do
		printf '\tx++;\n'
		i=$((i + 1))
	done
	echo '}'
}

function_of 60 >"$work/a.c"
expect good '60 lines' "$stats" "$work/a.c"
expect_says '1 files, 63 lines, 1 functions: median 60, 90th percentile 60, longest 60'
function_of 61 >"$work/a.c"
expect bad '61 lines' "$stats" "$work/a.c"
expect_says 'a.c:2: 61 lines'
function_of 61 brace >"$work/a.c"
expect bad '61 lines, brace at the end' "$stats" "$work/a.c"
{ echo 'START_TEST(x)'; function_of 61 | tail -n +2; } >"$work/a.c"
expect bad 'a test of 61 lines' "$stats" "$work/a.c"

# Not functions.
{ echo 'static const int table[] = {'; function_of 90 | tail -n +3 | sed 's/}/};/'; } >"$work/a.c"
expect good 'a table of 90 rows' "$stats" "$work/a.c"
{ echo 'struct many {'; function_of 90 | tail -n +3 | sed 's/}/};/'; } >"$work/a.c"
expect good 'a struct of 90 members' "$stats" "$work/a.c"

# Several files, one sum; a short one beside a long one excuses nothing.
function_of 3 >"$work/a.c"
function_of 10 >"$work/b.c"
function_of 5 >"$work/c.c"
expect good 'three files' "$stats" "$work/a.c" "$work/b.c" "$work/c.c"
expect_says '3 functions: median 5, 90th percentile 10, longest 10'
function_of 61 >"$work/b.c"
expect bad 'one of three is too long' "$stats" "$work/a.c" "$work/b.c" "$work/c.c"
exit "$failed"
