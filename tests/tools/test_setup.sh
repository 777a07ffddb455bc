#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_setup.sh setup: on machines that exist only here: stand-ins say who runs
# it, what is installed, and what apt-get makes of it.
set -eu

setup=$1
# shellcheck source=tests/tools/expect.sh
. "${0%/*}/expect.sh"

all='cmake ninja-build gcc libc6-dev pkg-config patch check libsubunit-dev liburcu-dev libjemalloc-dev'
unicorn=libunicorn-dev # on each machine, if not said otherwise

# stand_in name line...: a command of the machine.
stand_in() {
	name=$1
	shift
	put "bin/$name" '#!/bin/sh' "$@"
	chmod +x "$work/bin/$name"
}

# machine uid package...: a fresh one with these packages.
machine() {
	uid=$1
	shift
	rm -rf "${work:?}/bin" "$work/project" "$work/calls"
	mkdir -p "$work/bin" "$work/project/scripts"
	cp "$setup" "$work/project/scripts/setup"
	: >"$work/calls"
	for tool in sh cat tail mkdir env grep; do
		ln -s "$(command -v "$tool")" "$work/bin/$tool"
	done
	stand_in id "echo $uid"
	# shellcheck disable=SC2016 # the stand-in expands them
	stand_in dpkg-query 'for package; do :; done' \
		"case ' $* $unicorn ' in *\" \$package \"*) printf 'install ok installed' ;; *) exit 1 ;; esac"
	stand_in apt-get "echo \"apt-get \$*\" >>$work/calls"
	stand_in gnuplot
	stand_in true
}

# sets good|bad what [package...]
sets() {
	verdict=$1
	what=$2
	shift 2
	expect "$verdict" "$what" env PATH="$work/bin" "$work/project/scripts/setup" "$@"
}

# called times text: the machine was asked so often.
called() {
	n=$(grep -v '^sudo' "$work/calls" | grep -cF -- "$2" || true)
	if [ "$n" -ne "$1" ]; then
		echo "$what: \"$2\" called $n times, not $1:"
		cat "$work/calls"
		failed=1
	fi
}

quiet() {
	if [ -s "$work/out" ]; then
		echo "$what: should say nothing, but says:"
		cat "$work/out"
		failed=1
	fi
}

# shellcheck disable=SC2016,SC2086 # the stand-ins expand them; a list of names
{
	machine 1000 $all
	sets good 'nobody in particular, all is there'
	quiet
	called 0 apt-get
	sets bad 'nobody in particular, an extra package is missing' clang
	expect_says 'neither root nor sudo'
	expect_says 'apt-get install clang'
	called 0 apt-get

	stand_in sudo "echo \"sudo \$*\" >>$work/calls" '[ "$1" = -n ] && shift' 'shift' 'exec "$@"'
	sets good 'sudo works' clang
	expect_says 'setup: installing clang'
	called 1 ' update'
	called 1 'install --no-install-recommends clang'
	stand_in sudo 'exit 1'
	sets bad 'sudo does not' clang
	expect_says 'neither root nor sudo'

	machine 0 ${all#cmake }
	sets good 'root, one is missing'
	expect_says 'setup: installing cmake'
	called 1 ' update'
	called 1 'install --no-install-recommends cmake'
	called 0 gcc
	stand_in apt-get 'echo "E: no such package"' 'exit 100'
	sets bad 'apt-get cannot'
	expect_says 'E: no such package'
	expect_says 'could not install cmake'

	machine 0 $all
	rm "$work/bin/gnuplot"
	sets good 'root, no gnuplot'
	called 1 'install --no-install-recommends gnuplot-nox'
	stand_in apt-get "echo \"apt-get \$*\" >>$work/calls" 'exit 100'
	sets good 'no gnuplot to be had'
	expect_says 'there will be no plots'
	: >"$work/calls"
	sets good 'no gnuplot to be had, second time'
	quiet
	called 0 apt-get

	unicorn=
	machine 0 $all
	rm "$work/bin/gnuplot"
	sets good 'root, neither gnuplot nor Unicorn'
	expect_says 'setup: installing gnuplot-nox libunicorn-dev'
	called 1 ' update'
	called 1 'install --no-install-recommends gnuplot-nox'
	called 1 'install --no-install-recommends libunicorn-dev'

	machine 0 $all
	stand_in apt-get "echo \"apt-get \$*\" >>$work/calls" \
		'case $* in *libunicorn-dev) exit 100 ;; esac'
	rm "$work/bin/gnuplot"
	sets good 'the distribution has no Unicorn'
	expect_says 'no libunicorn-dev to be had: there will be no second opinion'
	called 1 'install --no-install-recommends gnuplot-nox'
	: >"$work/calls"
	stand_in gnuplot
	sets good 'the distribution has no Unicorn, second time'
	quiet
	called 0 apt-get

	machine 1000 $all
	rm "$work/bin/gnuplot"
	sets good 'nobody in particular, neither gnuplot nor Unicorn'
	quiet
	called 0 apt-get
	unicorn=libunicorn-dev

	machine 0 $all
	rm "$work/bin/apt-get"
	sets good 'not Debian'
	expect_says 'no Debian here'
}
exit "$failed"
