#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tare run --self-test: a table that tells the machine and every case, and an exit status that is 0
# only where all of them are as near to the truth as is allowed.
set -u
. "$(dirname "$0")/lib/tap.sh"
need_root

test_self() {
	"$TARE" run --self-test > "$tmp/table" 2> "$tmp/errors" < /dev/null
}

# "VERDICT NUMBER" of each case.
verdicts() {
	awk -F '|' '/^\|/ && ++row > 2 && NF == 10 { gsub(/ /, ""); print $9, $3 }' "$tmp/table"
}

test_self
status=$?
sed 's/^/# /' "$tmp/table" "$tmp/errors"
check_time 'the self-test succeeds' test $status -eq 0
check_time 'every time is as near to the truth as is allowed' \
	test "$(verdicts | grep '_ns$' | grep -vc '^ok ')" -eq 0
# From 7.0 on a hook may miss an event, and says so: LOSS.
marked=LOSS
! kernel_before 7.0 || marked=ok
is "$(verdicts | grep -v '_ns$' | grep -vc -e '^ok ' -e "^$marked ")" 0 'so is every other number, or it is marked'
check 'there is a case of every kind' test "$(verdicts | cut -d ' ' -f 2 | cut -d . -f 1 |
	sort -u | paste -sd ' ')" = 'blocked io memory outcome processes syscalls time'
check 'the kernel is told' grep -q "^Linux $(uname -r) " "$tmp/table"
check 'the version is told' grep -q "^$("$TARE" --version)," "$tmp/table"
check 'the processors are told' grep -q ", $(nproc) processors" "$tmp/table"
check 'the layout of cgroups is told' grep -q 'cgroups: [a-z]' "$tmp/table"
is "$(cat "$tmp/errors")" '' 'nothing is said beside the table'

# With programs that do not do what they are told, its numbers are off, and it says so. They must
# be seen inside, where /tmp is another one.
wrong=$PWD/build/${tmp##*/}
at_exit() {
	rm -rf "$wrong"
}
mkdir -p "$wrong"
ln -s /bin/true "$wrong/sleep"
PATH=$wrong:$PATH test_self
is "$?" 125 'the self-test fails where sleep does not sleep'
verdicts > "$tmp/verdicts"
check 'the wall time is then off' grep -q '^OFF time.wall_ns' "$tmp/verdicts"
check 'the others are still right' grep -q '^ok processes.forks' "$tmp/verdicts"
check 'how many are right is told' grep -q '^[0-9]* of [0-9]* cases are' "$tmp/table"

# A program that is not there is no number that is off: there is only this sleep.
PATH=$wrong test_self
is "$?" 125 'the self-test fails where its programs are missing'
verdicts > "$tmp/verdicts"
check 'and tells what is missing' grep -q '^FAILED time.cpu_ns' "$tmp/verdicts"

"$TARE" run --self-test > "$tmp/table" 2> "$tmp/errors" &
self=$!
wait_until grep -q '^| sleep' "$tmp/table"
kill "$self"
wait "$self"
is "$? $(grep -c 'a signal ended the self-test' "$tmp/errors")" '125 1' 'a signal ends all of it'
plan
