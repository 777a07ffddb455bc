#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_kdoc_filter.sh kdoc_filter.py: kernel-doc in, Doxygen's words out. Skipped
# without Python.
set -eu

filter=$1
# shellcheck source=tests/tools/expect.sh
. "${0%/*}/expect.sh"
command -v python3 >/dev/null || exit 77

put a.h '/* SPDX-License-Identifier: MIT */' '/*' ' * About @everything.' ' */' \
	'/**' ' * vmd_f() - does it' ' * @a: one of @b' ' *' ' * Looks at @a.' ' *' ' * Context: Any.' ' * Return: @a.' ' */' \
	'int vmd_f(int a);' \
	'/**' ' * struct vmd_s - a thing' ' * @m: its member' ' *' ' * More.' ' */' 'struct vmd_s {' '	int m; /**< as @m */' '};' \
	'/* plain: mail @home */'
expect good 'a header' "$filter" "$work/a.h"
for text in '/**' ' * @file' ' * About @p everything.' ' * @brief does it' ' * @param a one of @p b' ' * Looks at @p a.' \
	' * @par Context' ' * Any.' ' * @return @p a.' ' * @struct vmd_s' ' * @brief a thing' ' * @var vmd_s::m' \
	' * its member' 'int vmd_f(int a);' '	int m; /**< as @p m */' '/* plain: mail @home */'; do
	expect_says "$text"
done
expect bad 'no such header' "$filter" "$work/none.h"
exit "$failed"
