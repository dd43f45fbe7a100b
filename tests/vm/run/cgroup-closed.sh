#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cgroup2 alone, with no controller for anybody's children: a run is weighed all the same, what only
# a controller knows is null with its reason, and what needs one is refused.
set -u
# shellcheck source=../../run/lib/tap.sh
. "$(dirname "$0")/../../run/lib/tap.sh"
# shellcheck source=../../run/lib/weigh.sh
. "$(dirname "$0")/../../run/lib/weigh.sh"
need_root

missing='no memory controller could be had for the run alone'

is "$(cat /sys/fs/cgroup/cgroup.subtree_control)" '' 'no controller is given to anybody here'
weigh "$programs/live" sleeps 10
is "$? $(number 'processes.tasks') $(number 'time.cpu_ns > 0 and .syscalls.total > 0')" '0 1 true' \
	'a command is run and weighed'
is "$(number memory.peak_bytes) $(number 'unavailable["memory.peak_bytes"]')" "null $missing" \
	'the peak of what a limit sees is null, with the reason'
is "$(number 'memory.rss_peak_bytes > 0')" true 'that of resident memory is known'

weigh --memlimit 20MB "$programs/grow" touch 64
is "$? $(number outcome.termination_reason) $(number limits.memory_held_by)" \
	'124 memory collector, by resident memory' 'a memory limit holds, by resident memory, and says so'
weigh --pids-limit 5 "$programs/breed" together 10
is "$? $(number outcome.termination_reason)" '124 pids' 'a limit of processes holds'
weigh --timelimit 200ms "$programs/spin" processes 2
is "$? $(number outcome.termination_reason)" '124 cputime' 'a limit of CPU time holds'

"$TARE" check > "$tmp/check"
is "$? $(tail -n 1 "$tmp/check" | grep -o 'tare run can work here') $(grep -A3 'memory controller' "$tmp/check" |
	sed -n 's/.*repair: //p')" \
	'0 tare run can work here echo +memory | sudo tee /sys/fs/cgroup/cgroup.subtree_control' \
	'tare check says that it works, and what gives the controller'

is "$("$TARE" run --cores 0 nproc 2>&1 | grep -c -e '^1$' \
	-e 'cores  *no cpuset cgroup could be had: the command may leave its cores')" 2 \
	'cores are held by an affinity, which is told'
# refused CONTROLLER OPTION...
refused() {
	controller=$1
	shift
	is "$("$TARE" run -q "$@" true 2>&1; echo $?)" "tare: true: tare failed: the run cannot have the cgroup controller '$controller' (layout: cgroup2)
  hint      echo +$controller | sudo tee /sys/fs/cgroup/cgroup.subtree_control
125" "what needs the $controller controller is refused, with what gives it"
}
refused memory --require-cgroup-subsystem memory
refused cpu --set-cgroup-value cpu.weight=50
sh -c 'echo +memory | tee /sys/fs/cgroup/cgroup.subtree_control' > "$tmp/ignored"
weigh true
is "$? $(number 'memory.peak_bytes > 0')" '0 true' 'and after that it is there'

nothing_is_lost
is "$(find /sys/fs/cgroup -name 'tare-*')" '' 'and nothing is left'

plan
