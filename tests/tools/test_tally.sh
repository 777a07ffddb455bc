#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_tally.sh tally: what ctest and Check leave behind, and what it comes to.
set -eu

tally=$1
# shellcheck source=tests/tools/expect.sh
. "${0%/*}/expect.sh"

# ran name:status[:reason]...: what ctest would have left.
ran() {
	rm -rf "${work:?}/build"
	mkdir -p "$work/build/tests"
	for entry in "$@"; do
		name=${entry%%:*}
		rest=${entry#*:}
		printf '\t<testcase name="%s" classname="%s" time="0.1" status="%s">\n' "$name" "$name" "${rest%%:*}"
		case $rest in
		*:*) printf '\t\t<skipped message="%s"/>\n' "${rest#*:}" ;;
		esac
		printf '\t</testcase>\n'
	done >"$work/build/ctest.xml"
}

# comes_to good|bad line: the last line, and the status.
comes_to() {
	expect "$1" "$2" "$tally" "$work/build"
	if [ "$(tail -n 1 "$work/out")" != "$2" ]; then
		echo "should close with \"$2\":"
		cat "$work/out"
		failed=1
	fi
}

ran bitmap:run lint:run
put build/tests/bitmap.tap '# bitmap' 'ok 1 - a.c:x: Passed' 'ok 2 - a.c:y: Passed' '1..2'
comes_to good '3 passed, 0 failed, 0 skipped'
expect_says '2 tests in 1 Check programs, 1 other checks'

ran bitmap:fail lint:run
put build/tests/bitmap.tap 'ok 1 - a.c:x: Passed' 'not ok 2 - a.c:y: boom' 'not ok 3 - a.c:z: boom' '1..3'
comes_to bad '2 passed, 2 failed, 0 skipped'

# It ended badly, but named no test: a sanitizer, a signal, the clock.
ran bitmap:fail
put build/tests/bitmap.tap 'ok 1 - a.c:x: Passed'
comes_to bad '1 passed, 1 failed, 0 skipped'

ran bitmap:fail
comes_to bad '0 passed, 1 failed, 0 skipped'
ran lint:run package:notrun:SKIP_RETURN_CODE=77 other:disabled
comes_to good '1 passed, 0 failed, 2 skipped'
ran lint:notrun:SKIP_RETURN_CODE=77
comes_to bad '0 passed, 0 failed, 1 skipped'
ran lint:run gone:notrun:'Unable to find executable'
comes_to bad '1 passed, 1 failed, 0 skipped'
ran stage:fail consumer:notrun:'Fixture dependency failed'
comes_to bad '0 passed, 2 failed, 0 skipped'
ran
comes_to bad '0 passed, 0 failed, 0 skipped'

# A program that was not asked this time does not count with an old file.
ran lint:run
put build/tests/bitmap.tap 'not ok 1 - a.c:x: boom'
comes_to good '1 passed, 0 failed, 0 skipped'

rm "$work/build/ctest.xml"
expect bad 'nothing was run' "$tally" "$work/build"
exit "$failed"
