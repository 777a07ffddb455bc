#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_check_spdx.sh check_spdx: with the licence line and without, in a plain
# folder and in a git repository.
set -eu

check=$1
# shellcheck source=tests/tools/expect.sh
. "${0%/*}/expect.sh"

spdx='SPDX-License-Identifier: MIT'

# licensed good|bad file line...: a project with this one file.
licensed() {
	verdict=$1
	name=$2
	shift 2
	rm -rf "${work:?}/project"
	put "project/$name" "$@"
	expect "$verdict" "$name: $*" "$check" "$work/project"
}

licensed good src/a.c "/* $spdx */" 'int x;'
licensed bad src/a.c 'int x;'
expect_says 'src/a.c: no SPDX line'
licensed bad src/a.c 'int x;' '' '' "/* $spdx */"
licensed bad src/a.c '/* SPDX-License-Identifier: GPL-2.0-only */'
licensed good tools/run '#!/bin/sh' "# $spdx"
licensed bad tools/run '#!/bin/sh' 'true'
licensed bad CMakeLists.txt 'project(x)'
licensed bad src/x.map '{ local: *; };'
licensed bad src/lock_order.def 'X(a, b)'
licensed bad docs/page.md '# A page'
licensed good docs/page.md "<!-- $spdx -->" '# A page'
licensed bad 'docs/two words.md' '# A page'
licensed good presets.json '{}'
licensed good tests/golden/x.csv 'a,b'
licensed good LICENSE 'Copyright'
licensed good build/generated.c 'int x;'

if command -v git >/dev/null; then
	rm -rf "${work:?}/project"
	put project/a.c 'int x;'
	git -c init.defaultBranch=main init -q "$work/project"
	expect bad 'a file that git does not know yet' "$check" "$work/project"
	put project/.gitignore "# $spdx" 'a.c'
	expect good 'a file that git ignores' "$check" "$work/project"
fi
exit "$failed"
