#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Limits: each ends the whole tree, in time, and the reason told is the true one.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

# --- CPU time ---

# All must end by the limit and not before it. burn CLAIM ALLOWED_NS SHAPE...: against 100 ms.
burn() {
	claim=$1 allowed=$2
	shift 2
	overshoot time.cpu_ns 100000000 "$allowed" --timelimit 100ms "$programs/spin" "$@"
	is "$fates" '124 limit 9 cputime' "$claim are ended by the CPU time limit"
	check "$claim are not ended before it" [ "$least_over_ns" -ge 0 ]
	check_time "$claim get at most 1 ms more each that runs" is_between 0 "$over_ns" "$allowed"
}

# As many run at a time as there are processors.
running() {
	echo $((($1 < $(nproc) ? $1 : $(nproc)) * 1000000))
}

burn 'one thread' "$(running 1)" threads 1
burn 'two threads' "$(running 2)" threads 2
burn 'eight threads' "$(running 8)" threads 8
burn 'eight processes' "$(running 8)" processes 8

# Killing a thousand processes is work of its own, and in the numbers: how much is not foretold.
is "$(fate --timelimit 100ms "$programs/spin" forking)" '124 limit 9 cputime' \
	'a tree that forks forever is ended by the CPU time limit'

is "$(fate --timelimit 10s sh -c 'exit 3')" '3 exited 3 null' \
	'a command that ends before its limit ends as it does without'

# --- The soft limit ---

is "$(fate --softtimelimit 50ms --timelimit 10s "$programs/spin" processes 2)" \
	'124 limit 15 cputime-soft' 'the soft limit is told to the whole tree'
is "$(number outcome.leftover_processes)" 0 'none of which is left'
is "$(fate --softtimelimit 50ms "$programs/spin" threads 2)" '124 limit 15 cputime-soft' \
	'the soft limit needs no hard one'
# An emulated shell takes tens of milliseconds until it has read what to do.
soft=50ms
[ "${TARE_EMULATED:-0}" = 0 ] || soft=2s
is "$(fate --softtimelimit $soft sh -c 'trap "exit 7" TERM; while :; do :; done')" \
	'124 limit 7 cputime-soft' 'what the command makes of the soft limit is told'
is "$(fate --softtimelimit 50ms --timelimit 150ms "$programs/spin" through-term)" \
	'124 limit 9 cputime-soft' 'who ignores the soft limit is ended by the hard one'
check 'which is not before it is used up' [ "$(number time.cpu_ns)" -ge 150000000 ]

# --- Wall time ---

is "$(fate --walltimelimit 100ms sleep 100)" '124 limit 9 walltime' \
	'a sleeper is ended by the wall time limit'
check 'not before it' [ "$(number time.wall_ns)" -ge 100000000 ]
overshoot time.wall_ns 50000000 1000000 --walltimelimit 50ms sleep 100
check_time 'and at most 1 ms after it' is_between 0 "$over_ns" 1000000
is "$(fate --walltimelimit 100ms sh -c '(setsid sleep 100 &) ; exec sleep 100')" \
	'124 limit 9 walltime' 'walltime limit kills the whole tree'
is "$(fate --walltimelimit 100ms "$programs/spin" stopped)" '124 limit 9 walltime' \
	'a tree that has stopped itself is ended'
is "$(fate --walltimelimit 100ms "$programs/spin" through-term)" '124 limit 9 walltime' \
	'one that ignores SIGTERM is ended'

# Frozen from outside, as no process of the tree could do itself.
start --walltimelimit 2s "$programs/grow" stop
echo 1 > "$(directory_of "$command" '')/cgroup.freeze"
wait "$tare"
is "$? $(number outcome.termination_reason)" '124 walltime' 'a tree that is frozen is ended'
exec 3>&- 4<&-

# The version 1 freezer lets nobody die; without a container root's command can reach it.
freezer=/sys/fs/cgroup/freezer$(sed -n 's,^[0-9]*:freezer:/*,/,p' /proc/self/cgroup)
frozen=$freezer/tare-test-$$
at_exit() {
	[ ! -d "$frozen" ] || rmdir "$frozen/inner" "$frozen"
}
if mountpoint -q /sys/fs/cgroup/freezer && mkdir -p "$frozen/inner" 2> "$tmp/errors"; then
	is "$(fate --no-container --walltimelimit 300ms sh -c "sleep 100 & echo \$! > $frozen/inner/tasks &&
		echo FROZEN > $frozen/freezer.state; wait")" '124 limit 9 walltime' \
		'a child that the command froze by version 1 is ended'
	is "$(cat "$frozen/inner/tasks")" '' 'and is gone'
else
	skip 'a child that the command froze by version 1 is ended' 'no freezer of version 1'
fi

# --- Memory ---

is "$(fate --memlimit 20MB "$programs/grow" touch 64 stop)" '124 limit 9 memory' \
	'a process that needs more memory is ended by the memory limit'
check 'its peak is not above the limit' \
	is_between 10000000 "$(number memory.peak_bytes)" 20000000
is "$(fate --memlimit 200MB "$programs/grow" touch 64)" '0 exited 0 null' \
	'one that needs less is not'
# shellcheck disable=SC2016 # expanded by the command
for _ in 1 2 3 4 5 6 7 8 9 10; do
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		fate --memlimit 20MB sh -c '("$0" touch 64; echo survived); sleep 100' \
			"$programs/grow"
	done
done | sort | uniq -c > "$tmp/fates"
is "$(sed 's/^ *//' "$tmp/fates")" '100 124 limit 9 memory' \
	'a hundred times the grandchild is the one, and the limit is the reason'

is "$(number limits.memory_held_by)" 'memory cgroup' 'it is told what holds the memory limit'

# Which may be a huge one.
one_page() {
	if grep -q '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled; then
		echo 2097152
	else
		echo 4096
	fi
}

# In a mount namespace where this hierarchy is not mounted. With cgroup2 alone there is no such way
# to be without the controller.
if grep -q ' /sys/fs/cgroup/memory ' /proc/mounts; then
	# shellcheck disable=SC2016 # expanded in there
	unshare -m --propagation private sh -c 'umount /sys/fs/cgroup/memory && exec "$@"' sh \
		"$TARE" run -q --json "$tmp/json" --memlimit 20MB "$programs/grow" touch 64 stop \
		< /dev/null > "$tmp/said"
	is "$? $(jq -r '"\(.outcome.termination_reason), \(.limits.memory_held_by)"' "$tmp/json")" \
		'124 memory, collector, by resident memory' \
		'without a memory controller the collector holds the limit'
	most=$((20000000 + $(one_page)))
	check_time 'to the page' is_between 20000000 "$(number memory.rss_peak_bytes)" "$most"
else
	skip 'without a memory controller the collector holds the limit' 'cgroup2 alone'
	skip 'to the page' 'cgroup2 alone'
fi

# --- Processes and threads ---

is "$(fate --pids-limit 5 "$programs/breed" together 10)" '124 limit 9 pids' \
	'more processes than the limit end the run'
check 'there were not many more' is_between 5 "$(number processes.peak_tasks)" 6
is "$(fate --pids-limit 5 "$programs/breed" threads 10)" '124 limit 9 pids' \
	'threads are counted as well'
is "$(fate --pids-limit 11 "$programs/breed" together 10)" '0 exited 0 null' \
	'as many as the limit are allowed'
is "$(fate --pids-limit 100 "$programs/spin" forking)" '124 limit 9 pids' \
	'a tree that forks forever is ended by the limit on processes'

# --- Without a container ---

is "$(fate --no-container --timelimit 100ms "$programs/spin" threads 1)" '124 limit 9 cputime' \
	'limits hold without a container'

# --- Bad input ---

for time in '' ' 5' 5x 0x10 1e3 +5 -1 '5 ' 1.5.2 . .5 5. nan inf 1,5 '5 s'; do
	refused 'is not understood; give a number and ns' --timelimit "$time"
done
refused 'too large' --walltimelimit 18446744073709551616
refused 'too large' --walltimelimit 213504d
for size in '' 10KB '10 kb' 10KiBB 10k 1.5MB -5; do
	refused 'is not understood; give a whole number and B' --memlimit "$size"
done
refused 'too large' --memlimit 20000000000GiB
refused 'at least 1MiB' --memlimit 1
refused '0 is no limit' --timelimit 0
refused '0 is no limit' --walltimelimit 0s
refused '0 is no limit' --memlimit 0
refused '0 is no limit' --pids-limit 0
refused 'given twice' --timelimit 1 --timelimit 2
refused 'more than the hard limit' --timelimit 1 --softtimelimit 2

nothing_is_lost
plan
