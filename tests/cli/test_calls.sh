#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_calls.sh vmmdirty: a call that makes no sense is one line that names the
# word, exit status 2.
set -eu

vmmdirty=$1
# shellcheck source=tests/cli/expect.sh
. "${0%/*}/expect.sh"

refuses nonsense
naming 'nonsense: unknown command'
refuses ''
naming '"": unknown command'
refuses --nonsense
naming '--nonsense: unknown command'
refuses --version twice
naming '--version: unknown command'
refuses "$(printf 'two\nlines')"
naming 'two?lines: unknown command'

# bench
for option in trace workload tracker profile seed out; do
	bench_refuses --$option
	naming "--$option: this option wants a value"
done
for option in quick no-sweep csv json list; do
	bench_refuses --$option=1
	naming "--$option=1: this option takes no value"
done
bench_refuses --nonsense
naming '--nonsense: unknown'
bench_refuses --tra x
naming '--tra: unknown or ambiguous'
bench_refuses -xyz
naming '-x: unknown'
bench_refuses word
naming 'word: unexpected argument'
bench_refuses -- --json
naming '--json: unexpected argument'
for seed in '' x -1 ' -1' ' 1' +1 1x 0x 1.5 18446744073709551616; do
	bench_refuses --workload "$small" --seed "$seed"
	naming 'not a seed'
done
bench_refuses --seed 5ive
naming '5ive: not a seed'

i=0
set --
while [ $i -lt 65 ]; do
	set -- "$@" --workload "uniform:pages=64,epochs=$((i + 1))"
	i=$((i + 1))
done
bench_refuses "$@"
naming 'epochs=65: too many traces and workloads'

# trace
refuses trace
naming 'say info or convert'
refuses trace nonsense
naming 'nonsense: neither info nor convert'
refuses trace --json
naming '--json: neither info nor convert'
for words in info 'info a b' convert 'convert a' 'convert a b c'; do
	# shellcheck disable=SC2086 # a list
	refuses trace $words
	naming "${words%% *}: " wanted
done
for words in 'info --text a' 'convert --json a b' 'convert --tail 1 a b' 'info --nonsense a' \
	'convert -x a b'; do
	# shellcheck disable=SC2086
	refuses trace $words
	naming unknown
done
for option in warmup tail seed; do
	refuses trace info a --$option
	naming "--$option: this option wants a value"
	refuses trace info a --$option -1
	naming '-1: not a number'
done
refuses trace info a --json=1
naming '--json=1: this option takes no value'
exit "$failed"
