#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a kernel that tare works on: its programs load, and each kind of number is what programs of known
# behaviour make it. In as few runs as that takes, for an emulated machine.
set -u
# shellcheck source=../../run/lib/tap.sh
. "$(dirname "$0")/../../run/lib/tap.sh"
# shellcheck source=../../run/lib/weigh.sh
. "$(dirname "$0")/../../run/lib/weigh.sh"
need_root

echo "# kernel $(uname -r)"
"$TARE" check > "$tmp/check"
is "$? $(tail -n 1 "$tmp/check" | grep -c '^verdict: tare run can work here')" '0 1' \
	'tare check finds nothing missing'

weigh "$programs/call" threads 5000
is "$? $(number 'syscalls.by_name.getppid | "\(.count) \(.errors)"')" '0 20000 0' \
	'twenty thousand system calls of four threads are as many'
weigh "$programs/breed" in-turn 30
is "$? $(number processes.tasks)" '0 31' 'thirty children, one after the other, are as many'
weigh "$programs/breed" threads 10
is "$? $(number 'processes | "\(.tasks) \(.processes) \(.peak_tasks)"')" '0 11 1 11' \
	'ten threads are as many'
weigh "$programs/grow" touch 32
is "$?" 0 'memory is used'
for key in peak_bytes rss_peak_bytes; do
	# 32 MiB, and at most 4 of the program and the kernel.
	check "and $key tells how much" is_between 33554432 "$(number memory.$key)" 37748736
done
weigh --timelimit 100ms "$programs/spin" processes 2
is "$? $(number outcome.termination_reason)" '124 cputime' 'a limit of CPU time ends the run'
check 'which is not before it is used up' is_between 100000000 "$(number time.cpu_ns)" 10000000000
# Each of these options has programs, or parts of programs, that are only loaded with it.
for option in --interrupts --syscall-times '--timeline 10ms'; do
	# shellcheck disable=SC2086 # a list of words
	weigh $option "$programs/call" threads 500
	is "$? $(number syscalls.by_name.getppid.count)" '0 2000' "with $option it counts alike"
done
weigh --no-container sh -c 'exit 7'
is "$?" 7 'without a container as well'
nothing_is_lost

# A user without rights, at the gate of the shared collector, in a cgroup of its own.
user=61234
unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
export TARE_UNIFIED="$unified/tare/loads"
check 'a shared collector is started' "$TARE" collector start
mkdir "$TARE_UNIFIED" && chown -R $user "$TARE_UNIFIED"
# shellcheck disable=SC2016 # for the shell inside
sh -c 'setpriv --reuid="$0" --clear-groups mkdir "$TARE_UNIFIED/run" "$TARE_UNIFIED/launchers"
	echo $$ > "$TARE_UNIFIED/launchers/cgroup.procs" &&
	exec setpriv --reuid="$0" --clear-groups "$@"' $user build/tests/bench/visit run \
	"$TARE_UNIFIED/run" "$programs/call" threads 500 > "$tmp/numbers" 2> "$tmp/errors"
got() { sed -n "s/^$1 //p" "$tmp/numbers"; }
is "$(got getppid) $(got tasks) $(got lost)" '2000 5 0' 'for a user it counts as for root'
is "$(got charged_us)" "$(got cgroup_us)" 'and CPU time is what the cgroup says'
rmdir "$TARE_UNIFIED/run" "$TARE_UNIFIED/launchers" "$TARE_UNIFIED"
check 'it is stopped' "$TARE" collector stop

plan
