#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_trace.sh vmmdirty: trace info and convert. Bad input is one line that
# says where, and leaves the output as it was.
set -eu

vmmdirty=$1
# shellcheck source=tests/cli/expect.sh
. "${0%/*}/expect.sh"

echo old >old.dtr

# both_refuse input text...: info does, and convert to a new and an old file.
both_refuse() {
	input=$1
	shift
	for words in info 'info --json' 'info --tail 1' 'info --warmup 9'; do
		# shellcheck disable=SC2086 # a list
		refuses trace $words "$input"
		naming "$@"
	done
	for words in new.dtr old.dtr 'new.txt --text'; do
		# shellcheck disable=SC2086
		refuses trace convert "$input" $words
		naming "$@"
	done
}

both_refuse absent.dtr 'absent.dtr: no such file'
both_refuse . '.: ' directory
: >empty.dtr
both_refuse empty.dtr 'empty.dtr: byte 0: '
echo prose >prose.dtr
both_refuse prose.dtr 'prose.dtr: byte 0: neither'
bytes tag.dtr 104 124 122 061 014 000 001 012 001 000 105 000 000 000 132
both_refuse tag.dtr 'tag.dtr: byte 14: 0x5a begins no record'
both_refuse workload:nobody 'nobody: character 1: '
both_refuse workload:uniform:pages=x 'uniform:pages=x: character 15: '
{
	echo '# vmmdirty write trace, text form 1'
	echo 'B 0 10 1'
	echo 'E 0'
	echo '0 9 2'
} >text
both_refuse text 'text: line 4: '

# Cut anywhere within a record, also far behind the header.
accepts trace convert workload:uniform:pages=64,epochs=49 49.dtr
accepts trace convert workload:uniform:pages=64,epochs=60 60.dtr
whole=$(wc -c <49.dtr)
for cut in 5 9 $((whole + 1)) $((whole + 2)); do
	head -c "$cut" 60.dtr >cut.dtr
	both_refuse cut.dtr 'cut.dtr: byte ' 'the file ends'
done
naming "byte $((whole + 2)): "

# Outputs that cannot be.
refuses trace convert 60.dtr .
naming '.: is a directory'
refuses trace convert 60.dtr nowhere/new.dtr
naming 'nowhere/new.dtr: no such file or directory'
refuses trace convert 60.dtr old.dtr/new.dtr
naming 'old.dtr/new.dtr: a part of the path is not a directory'
refuses trace convert 60.dtr ''
naming 'no such file or directory'
refuses trace convert 60.dtr /dev/null
naming '/dev/null: not a regular file'
bytes maps.dtr 104 124 122 061 014 000 001 012 001 000 125 000
refuses trace convert --text maps.dtr old.dtr
naming 'old.dtr: record 1: the text form has epochs only'
if [ "$(id -u)" -ne 0 ]; then
	mkdir -m 555 readonly
	refuses trace convert 60.dtr readonly/new.dtr
	naming 'readonly/new.dtr: permission denied'
fi
mkfifo pipe
cat 60.dtr >pipe &
refuses trace info --tail 1 pipe
naming 'pipe: --tail reads twice'
wait
rm pipe

for out in new.dtr old.dtr; do
	full_disk trace convert workload:uniform:pages=4096,dirty=0.1,epochs=40 $out
	naming "$out: " 'the file is too large'
done

# There and back; the hash is that of what it says, whatever the form.
hash_of() {
	accepts trace info --json "$1"
	sed 's/.*"hash":"\([0-9a-f]*\)".*/\1/' "$work/out"
}
accepts trace convert 60.dtr 60.txt --text
accepts trace convert 60.txt back.dtr
accepts trace convert --seed 1 workload:uniform:pages=64,epochs=60 again.dtr
cmp -s 60.dtr again.dtr || complain 'one seed should be one trace'
[ "$(hash_of 60.dtr)" = "$(hash_of 60.txt)" ] || complain 'the text should have the same hash'
[ "$(hash_of 60.dtr)" = "$(hash_of back.dtr)" ] || complain 'the way back should have the same hash'
[ "$(hash_of 60.dtr)" != "$(hash_of 49.dtr)" ] || complain 'another trace should have another hash'
accepts trace convert --seed 2 workload:uniform:pages=64,epochs=60 other.dtr
[ "$(hash_of 60.dtr)" != "$(hash_of other.dtr)" ] || complain 'another seed should have another hash'
cp 60.dtr same.dtr
accepts trace convert same.dtr same.dtr
cmp -s 60.dtr same.dtr || complain 'a file made from itself should be itself'
accepts trace convert 60.dtr old.dtr
cmp -s 60.dtr old.dtr || complain 'what was there should be replaced'

# info, for people and for programs.
accepts trace info 60.dtr
says '60.dtr: dtr 1' 'page size        4096 bytes' 'buffers          1, 64 pages' \
	'epochs           60, of these counted 60'
accepts trace info --warmup 10 --tail 20 60.dtr
says 'epochs           60, of these counted 30'
accepts trace info 60.dtr --warmup 99
says 'epochs           60, of these counted 0'
accepts trace info --json --warmup 10 60.dtr
says '"epochs":60,"counted_epochs":50'
! command -v python3 >/dev/null || python3 -m json.tool "$work/out" >/dev/null ||
	complain 'should print JSON'
accepts trace info - <60.dtr
says '-: dtr 1' 'epochs           60'
accepts trace --help
says 'usage: vmmdirty trace info' uniform
accepts trace info --help
says 'usage: vmmdirty trace info'

# A closed output is none that convert needs.
"$vmmdirty" trace convert 60.dtr closed.dtr >&- 2>&- <&- || complain 'should be good'
cmp -s 60.dtr closed.dtr || complain 'should be the same file'
exit "$failed"
