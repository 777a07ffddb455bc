#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_check_quotes.sh check_quotes: a quote that holds, and those that do not.
set -eu

check=$1
# shellcheck source=tests/tools/expect.sh
. "${0%/*}/expect.sh"

# quotes good|bad page line...: a page of these lines.
quotes() {
	verdict=$1
	page=$2
	shift 2
	rm -f "$work/README.md" "$work"/docs/*.md
	put "$page" "$@"
	expect "$verdict" "$page: $(printf '%s\n' "$@")" "$check" "$work"
}

put examples/a.c 'int a(void)' '{' '	return 1;' '}' '' 'int b;'
mark='<!-- quote: examples/a.c -->'

quotes good README.md '# No quote' '```c' 'int z;' '```'
quotes good README.md "$mark" '```c' 'int a(void)' '{' '	return 1;' '}' '```' 'More.' '```' 'int z;' '```'
quotes good docs/page.md "$mark" '' '```c' '}' '' 'int b;' '```'
quotes bad README.md "$mark" '```c' 'int a(void)' '{' '	return 2;' '}' '```'
expect_says 'README.md:1: this does not stand in examples/a.c'
quotes bad docs/page.md "$mark" '```c' 'return 1;' '```'
quotes bad README.md "$mark" '```c' 'int a(void)' '	return 1;' '```'
quotes bad README.md "$mark" '```c' '```'
quotes bad README.md "$mark" 'No block.'
quotes bad README.md '<!-- quote: examples/none.c -->' '```c' 'int a;' '```'
expect_says 'there is no examples/none.c'
quotes bad README.md "$mark" '```c' 'int b;' '```' "$mark" '```c' 'int c;' '```'
exit "$failed"
