#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every process of a run is killed at every system call of every other one: while the container is
# built, while the command runs and afterwards. And tare is sent what ends or stops a process there.
#
# FAULTS=all: at every place. Without: at some of them.
set -u
# shellcheck source=../run/lib/own-mounts.sh
. "$(dirname "$0")/../run/lib/own-mounts.sh"
# shellcheck source=../run/lib/tap.sh
. "$(dirname "$0")/../run/lib/tap.sh"
need_root
# shellcheck source=../run/lib/check-clean.sh
. "$(dirname "$0")/../run/lib/check-clean.sh"
# shellcheck source=../run/lib/inject.sh
. "$(dirname "$0")/../run/lib/inject.sh"

# At these nothing changes: hundreds of places that are like their neighbours.
alike=' (getppid|rt_sigaction|close|newfstatat) '

# signal_at STEP SIGNAL VICTIM: at every STEPth place of all processes, and at every one for
# FAULTS=all.
signal_at() {
	step=$1 signal=$2 victim=$3
	[ "${FAULTS-}" != all ] || step=1
	places '' | grep -Ev "$alike" | every "$step" > "$tmp/chosen"
	before=$injected
	while read -r process call n; do
		inject "$process" "$call" "$n" "$signal:$victim" && "expect_$signal" "$process" "$call"
	done < "$tmp/chosen"
	check "signal $signal was sent to $victim at $((injected - before)) places" \
		test $injected -gt $before
}

# Who ends by SIGKILL says nothing; what it had said before is true.
expect_9() {
	case "$victim $ended" in
	"$tare 137") [ -z "$said" ] || wrong 'a word of a dead one' ;;
	"$tare "*) wrong 'another status' ;;
	"$command 137") ;;
	*) expect_either '' ;;
	esac
}

# It ends the command as if it had been sent to it, or comes when that has ended.
expect_ending() {
	case $ended in
	0) expect_success ;;
	"$1") [ -z "$said" ] || wrong 'a word too many' ;;
	*) wrong 'an unknown status' ;;
	esac
}
expect_1() { expect_ending 129; }
expect_2() { expect_ending 130; }
expect_3() { expect_ending 131; }
expect_15() { expect_ending 143; }
# Not of those that end tare: the command has its default, which is to end, or is not there yet.
expect_10() { expect_ending 138; }
expect_28() { expect_ending 0; }

runs_with ''
signal_at 20 9 "$tare"
nothing_wrong 'SIGKILL of tare, wherever it or another is: everything dies with it, nothing is left'
signal_at 20 9 "$init"
nothing_wrong 'SIGKILL of PID 1: tare says so, and has no result'
signal_at 5 9 "$command"
nothing_wrong 'SIGKILL of the command before its exec: tare says so, and has no result'
signal_at 40 9 "$janitor"
nothing_wrong 'SIGKILL of the janitor: the run is as always'
for signal in 1 2 3 15 10 28; do
	signal_at 60 "$signal" "$tare"
	nothing_wrong "signal $signal, wherever tare is: the command has it, or nobody, and nothing is left"
done
plan
