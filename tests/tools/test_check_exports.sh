#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_check_exports.sh check_exports cc: a small library whose headers, version
# script and symbols agree, and each way in which they do not.
set -eu

check=$1
cc=$2
# shellcheck source=tests/tools/expect.sh
. "${0%/*}/expect.sh"

# exports good|bad what: build the library from what was put down, look at it.
exports() {
	"$cc" -shared -fPIC -fvisibility=hidden -I "$work/include" "$work/lib.c" -o "$work/lib.so" \
		-Wl,--version-script="$work/src/libvmmdirty.map"
	expect "$1" "$2" "$check" "$work/lib.so" "$work"
}

api='#define VMD_API __attribute__((visibility("default")))'
map() {
	put src/libvmmdirty.map 'VMMDIRTY_0.1 {' 'global:' "$@" 'local:' '	*;' '};'
}

put include/vmmdirty/base.h "$api"
put include/vmmdirty/a.h '#include <vmmdirty/base.h>' 'VMD_API int vmd_one(void);' \
	'/* not vmd_none(x) */' 'VMD_API const char *' 'vmd_two(int a,' '        int b);' \
	'VMD_API extern const int vmd_three[3];' 'int vmd_inside(void);'
put lib.c '#include <vmmdirty/a.h>' 'int vmd_inside(void) { return 1; }' 'const int vmd_three[3] = { 1 };' \
	'int vmd_one(void) { return 1; }' \
	'const char *vmd_two(int a, int b) { return a > b ? "a" : "b"; }'
map '	vmd_one;' '	vmd_three;' '	vmd_two; /* why */'
exports good 'all three agree'

map '	vmd_one;' '	vmd_three;'
exports bad 'a name missing in the map'
expect_says 'the headers and the map differ'
expect_says '-vmd_two'
map '	vmd_gone;' '	vmd_one;' '	vmd_three;' '	vmd_two;'
exports bad 'a name in the map that no header has'
expect_says '+vmd_gone'
map '	vmd_*;'
exports bad 'a wildcard in the map'

map '	vmd_one;' '	vmd_three;' '	vmd_two;'
put lib.c '#include <vmmdirty/a.h>' 'const int vmd_three[3] = { 1 };' 'int vmd_one(void) { return 1; }'
exports bad 'promised, listed, not there'
expect_says 'the headers and the library differ'
expect bad 'no library' "$check" "$work/none.so" "$work"

rm "$work/include/vmmdirty/a.h"
echo 'int x;' >"$work/lib.c"
exports bad 'a library without a single function'
exit "$failed"
