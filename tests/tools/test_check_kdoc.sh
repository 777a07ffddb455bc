#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_check_kdoc.sh check_kdoc: a comment that is whole, and each way in which
# one is not.
set -eu

check=$1
# shellcheck source=tests/tools/expect.sh
. "${0%/*}/expect.sh"

# kdoc good|bad line...: a header of these lines.
kdoc() {
	verdict=$1
	shift
	put include/vmmdirty/a.h "$@"
	expect "$verdict" "$(printf '%s\n' "$@")" "$check" "$work"
}

prototype='VMD_API int vmd_f(int a, const char *b[2]);'

kdoc good '/**' ' * vmd_f() - does it' ' * @a: one' ' * @b: two' ' *' ' * Context: Any.' ' * Return: 0.' ' */' "$prototype"
kdoc bad "$prototype"
expect_says 'a.h:1: vmd_f() has no comment'
kdoc bad '/**' ' * vmd_g() - does it' ' * @a: one' ' * @b: two' ' * Context: Any.' ' * Return: 0.' ' */' "$prototype"
kdoc bad '/**' ' * vmd_f() - does it' ' * @a: one' ' * Context: Any.' ' * Return: 0.' ' */' "$prototype"
expect_says 'vmd_f(): no @b:'
kdoc bad '/**' ' * vmd_f() - does it' ' * @a: one' ' * @b: two' ' * @c: three' ' * Context: Any.' ' * Return: 0.' ' */' \
	"$prototype"
expect_says '@c: is no argument'
kdoc bad '/**' ' * vmd_f() - does it' ' * @a: one' ' * @b: two' ' * Return: 0.' ' */' "$prototype"
expect_says 'no Context:'
kdoc bad '/**' ' * vmd_f() - does it' ' * @a: one' ' * @b: two' ' * Context: Any.' ' */' "$prototype"
expect_says 'no Return:'

# A comment belongs to what stands under it, and to nothing else.
kdoc bad '/**' ' * vmd_f() - does it' ' * Context: Any.' ' */' 'VMD_API void vmd_f(void);' 'VMD_API void vmd_f(void);'
kdoc bad '/**' ' * vmd_f() - does it' ' * Context: Any.' ' */' 'struct a;' 'VMD_API void vmd_f(void);'

# void; arguments over several lines; functions as arguments; lock rules behind.
kdoc good '/**' ' * vmd_f() - does it' ' *' ' * Context: Any.' ' */' 'VMD_API void vmd_f(void);'
kdoc bad '/**' ' * vmd_f() - does it' ' *' ' * Context: Any.' ' * Return: 0.' ' */' 'VMD_API void vmd_f(void);'
kdoc good '/**' ' * vmd_f() - does it' ' * @fn: f' ' * @arg: a' ' * @...: more' ' *' ' * Context: Any.' ' * Return: 0.' \
	' */' 'VMD_API vmd_must_check int' 'vmd_f(int (*fn)(int x, int y),' '      void *arg, ...)' \
	'	vmd_must_hold(lock_of(arg), &rank);'

# What is not exported may say less.
kdoc good 'static inline int vmd_f(int a)' '{' '	return a;' '}'
kdoc good 'struct a {' '	int b;' '};' 'int vmd_hidden(void);'
exit "$failed"
