#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_bench_sweep.sh vmmdirty: the sweep, as figures and as a plot.
set -eu

vmmdirty=$1
# shellcheck source=tests/cli/expect.sh
. "${0%/*}/expect.sh"

# The name of a profile is a path; gnuplot would run what is in backquotes.
# shellcheck disable=SC2016
profile='`touch ran`"'
echo 'base = host-quiet' >"$profile"
accepts bench --workload "$small" --out plot --profile "$profile" --json
valid_json
says '"sweep": {"object_pages": 4096' '"crossover_millipages"'
cmp -s plot/bench.json "$work/out" || complain 'bench.json should be what was printed'
[ "$(grep -c '^[0-9]' plot/cost.dat)" -eq 23 ] || complain 'should leave 23 points'
if command -v gnuplot >/dev/null; then
	grep -q '</svg>' plot/cost.svg || complain 'should leave a picture'
	grep -q 'cost profile' plot/cost.svg || complain 'should say of what'
fi
[ -z "$(find . -name ran)" ] || complain 'should not run the name of a profile'
[ -z "$(find . -name '*.part')" ] || complain 'should leave nothing half-written'

# Without gnuplot the points are there all the same, and one line says so. An
# old picture stays.
mkdir bare
echo old >bare/cost.svg
last='vmmdirty bench, without gnuplot'
PATH=/nowhere "$vmmdirty" bench --workload "$small" --out bare >"$work/out" 2>"$work/err" ||
	complain 'should be good'
IFS= read -r line <"$work/err"
naming 'bare: no cost.svg' 'cost.dat has the points'
cmp -s plot/cost.dat bare/cost.dat || complain 'should leave the same points'
[ "$(cat bare/cost.svg)" = old ] || complain 'should leave the old picture'
[ -z "$(find . -name '*.part')" ] || complain 'should leave nothing half-written'
exit "$failed"
