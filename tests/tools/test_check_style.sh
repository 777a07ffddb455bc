#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_check_style.sh check_style: each of its parts can fail the whole, and a
# tool that is missing here fails nothing.
set -eu

check=$1
# shellcheck source=tests/tools/expect.sh
. "${0%/*}/expect.sh"

spdx='SPDX-License-Identifier: MIT'
# stand_in tool word: a tool that refuses files in which the word stands.
stand_in() {
	# shellcheck disable=SC2016 # the stand-in expands them
	put "bin/$1" '#!/bin/sh' 'for file; do' '	case $file in -*) continue ;; esac' \
		"	! grep -q $2 \"\$file\" || exit 1" 'done'
	chmod +x "$work/bin/$1"
}

stand_in clang-format BADFORM
stand_in shellcheck BADSHELL
stand_in codespell BADWORD

# style good|bad file line...: a project with this one file.
style() {
	verdict=$1
	name=$2
	shift 2
	rm -rf "${work:?}/project"
	put "project/$name" "$@"
	expect "$verdict" "$name: $*" env PATH="$path" "$check" "$work/project"
}

path=$work/bin:/usr/bin:/bin
style good a.c "/* $spdx */" 'int x;'
style bad a.c 'int x;'
expect_says 'no SPDX line'
style bad a.c "/* $spdx BADFORM */"
style bad a.c "/* $spdx BADWORD */"
style good run '#!/bin/sh' "# $spdx"
style bad run '#!/bin/sh' "# $spdx BADSHELL"
# shellcheck disable=SC2046 # one line each
style bad a.c "/* $spdx */" 'int f(void)' '{' $(seq -f 'x%g();' 61) '}'

# The same without the three tools.
mkdir "$work/bare"
for tool in sh awk mawk env git find grep xargs head dirname; do
	where=$(command -v "$tool") && ln -s "$where" "$work/bare/$tool"
done
path=$work/bare
style good a.c "/* $spdx BADFORM BADWORD */"
expect_says 'check_style: no clang-format here'
style bad a.c 'int x;'
exit "$failed"
