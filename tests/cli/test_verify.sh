#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_verify.sh vmmdirty: verify, a sample of each pass. What all of it comes
# to: ctest -L exhaustive.
set -eu

vmmdirty=$1
# shellcheck source=tests/cli/expect.sh
. "${0%/*}/expect.sh"

# lines number: the last call printed so many.
lines() {
	[ "$(wc -l <"$work/out")" -eq "$1" ] || complain "should print $1 lines"
}

# json_lines: each line is an object with these keys, in this order.
json_lines() {
	pattern='^[{]"suite": "[a-z0-9]+", "extra": (true|false), "levels": [0-9]+, "maxphyaddr": [0-9]+, '
	pattern="$pattern"'"upper_a": "[a-z]+", "tlb": "[a-z, ]+", "seed": [0-9]+, "skipped": (null|"[^"]+"), '
	pattern="$pattern"'"legal": [0-9]+, "expected_legal": [0-9]+, "run": [0-9]+, "faults": [0-9]+, '
	pattern="$pattern"'"mismatches": 0, "known": [0-9]+[}]$'
	! grep -vE "$pattern" "$work/out" >"$work/bad" || complain "should not print $(head -n 1 "$work/bad")"
}

# A table: each count of the case space, no mismatch; wall time apart.
accepts verify mmu --quick
says 'suite' 'MAXPHYADDR' '28999680' '19169280' '9338880' '28753920' 'pml5' 'random' 'unicorn'
grep -q '^wall time: ' "$work/err" || complain 'should say the wall time on standard error'
[ "$(wc -l <"$work/err")" -eq 1 ] || complain 'should show no progress in a pipe'

# As JSON, twice the same bytes; a part of it.
set -- verify mmu --quick --only enum --levels 5 --maxphyaddr 37 --json
accepts "$@"
json_lines
mv "$work/out" "$work/first"
accepts "$@"
cmp -s "$work/out" "$work/first" || complain 'should print the same again'
! grep -vE '"suite": "(enum|pml5)".*"levels": 5, "maxphyaddr": 37,' "$work/out" ||
	complain 'should be that part alone'
grep '"suite": "enum"' "$work/out" >"$work/enum"
[ "$(grep -c '"legal": \([0-9]*\), "expected_legal": \1,' "$work/enum")" -eq "$(wc -l <"$work/enum")" ] ||
	complain 'should count what there is'
accepts verify mmu --only random --cases 500 --seed 9 --levels 5 --maxphyaddr 52 --json
json_lines
lines 1
says '"levels": 5, "maxphyaddr": 52' '"run": 500' '"seed": 9'
mv "$work/out" "$work/first"
accepts verify mmu --only random --cases 500 --seed 0xa --levels 5 --maxphyaddr 52 --json
! sed 's/"seed": 10/"seed": 9/' "$work/out" | cmp -s - "$work/first" || complain 'should be other cases'

# Where there is no Unicorn, asking for nothing else is a bad call.
call verify mmu --only unicorn --cases 300
if [ "$status" -eq 0 ]; then
	says 'unicorn  ' 'unicorn+features' ' 300 '
else
	one_line 2
	naming 'unicorn: '
fi
for words in '--levels 5' '--maxphyaddr 46'; do
	# shellcheck disable=SC2086 # a list
	refuses verify mmu --only unicorn $words
	naming 'unicorn: ' 'MAXPHYADDR 40'
done

# Bad calls.
refuses verify
naming 'say mmu'
refuses verify tlb
naming 'tlb: say mmu'
refuses verify --quick
naming '--quick: say mmu'
refuses verify mmu word
naming 'word: unexpected argument'
refuses verify mmu --nonsense
naming '--nonsense: unknown'
for option in quick json; do
	refuses verify mmu --$option=1
	naming "--$option=1: this option takes no value"
done
for option in only levels maxphyaddr cases seed; do
	refuses verify mmu --$option
	naming "--$option: this option wants a value"
done
for word in walker '' en; do
	refuses verify mmu --only "$word"
	naming 'neither enum, random nor unicorn'
done
for words in '--levels 3' '--levels 6' '--levels x' '--maxphyaddr 31' '--maxphyaddr 53' '--maxphyaddr -1'; do
	# shellcheck disable=SC2086
	refuses verify mmu $words
	naming 'not a number from '
done
for words in '--cases 0' '--cases x' '--seed -1' '--seed 1x'; do
	# shellcheck disable=SC2086
	refuses verify mmu $words
	naming 'not a number'
done
accepts verify --help
says 'usage: vmmdirty verify mmu' '--maxphyaddr'
accepts verify mmu --help
says 'usage: vmmdirty verify mmu'
exit "$failed"
