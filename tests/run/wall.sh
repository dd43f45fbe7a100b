#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where the wall time goes: to a processor, to its run queue, and to what blocked the main thread,
# against programs that time themselves what they wait for, and against a competitor.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

competitor=
disk=
at_exit() {
	[ -z "$competitor" ] || kill "$competitor"
	[ -z "$disk" ] || rm -rf "$disk"
}

# What is true of every document, gathered to be judged once.
# On an emulated machine the end may take so long that the parts are not told.
note_parts() {
	jq -c 'select(env.TARE_EMULATED != "1" or .time.on_cpu_ns != null) | select(
		.time.on_cpu_ns + .time.runqueue_ns + .time.blocked_ns != .time.wall_ns or
		([.blocked[]] | add) != .time.blocked_ns or
		([.tree_blocked[]] | add) != .time.tree_blocked_ns
	) | .time, .blocked, .tree_blocked' "$tmp/json" >> "$tmp/parts"
}

# wait_for WHAT...: sets $wall_ns, $cpu_ns and $queued_ns, the program's own account of its wait.
wait_for() {
	weigh "$@" && note_parts && read -r wall_ns cpu_ns queued_ns < "$said"
}

# What a program saw of a wait holds the wait itself, what it ran, and what it queued for a
# processor before or after; all of the last two that there was in the run is more.
is_that_wait() {
	is_between "$((wall_ns - $(number time.runqueue_ns) - $(number time.on_cpu_ns)))" \
		"$(number "blocked.$1")" "$((wall_ns + wall_ns / 1000))"
}

# is_untold CLAIM: on an emulated machine; that is a skip.
is_untold() {
	[ "${TARE_EMULATED:-0}" = 1 ] && [ "$(number time.on_cpu_ns)" = null ] &&
		skip "$1" 'the end took longer than a millisecond, and this machine is emulated'
}

# The clock of one part is turned into another's by 500 parts in a million at most.
blames() {
	claim="a main thread that waits for $1 is told to"
	if wait_for "$programs/wait" "$2" 50; then
		echo "# $2: $(number "blocked.$3") ns of $wall_ns ns"
		is_untold "$claim" || check "$claim" is_that_wait "$3"
	else
		not_ok "$claim" "$(cat "$tmp/errors")"
	fi
}

# --- What blocks ---

blames 'a timer' sleep timer_ns
blames 'a timer, twenty times' naps timer_ns
blames 'a timer in select' select timer_ns
blames 'a timer in poll' poll timer_ns
blames 'a mutex' lock lock_ns
blames 'a pipe' pipe pipe_socket_ns
blames 'a socket, in poll' socket pipe_socket_ns
blames 'its child' child child_ns
blames 'the child of its vfork' vfork child_ns

wait_for "$programs/wait" stopped 50
echo "# stopped: $(number blocked.stopped_ns) ns of $wall_ns ns"
check 'a main thread that is stopped and continued 50 ms later is told to' \
	is_between 40000000 "$(number blocked.stopped_ns)" "$wall_ns"

# --- Disk ---

# A file that was just written, and then forgotten by the page cache.
disk=$(mktemp -d "$PWD/build/disk.XXXXXX") && chmod 777 "$disk"
if [ "$(findmnt -n -o FSTYPE -T "$disk")" = tmpfs ]; then
	skip 'a main thread that reads from a disk is told to' 'there is only a tmpfs'
	skip 'a main thread that faults pages in from a disk is told to' 'there is only a tmpfs'
else
	wait_for --full-access-dir "$disk" "$programs/wait" disk 0 "$disk/file"
	echo "# disk: $(number blocked.block_io_ns) ns; read in $wall_ns ns, $cpu_ns ns of them run"
	check 'a main thread that reads from a disk is told to' \
		is_between 1 "$(number blocked.block_io_ns)" "$(number time.wall_ns)"
	is "$(number blocked.page_fault_io_ns)" 0 'reads from a disk are no page faults'
	wait_for --full-access-dir "$disk" "$programs/wait" fault 0 "$disk/file"
	echo "# fault: $(number blocked.page_fault_io_ns) ns of $wall_ns ns"
	claim='a main thread that faults pages in from a disk is told to'
	is_untold "$claim" || check "$claim" is_between 1 "$(number blocked.page_fault_io_ns)" "$wall_ns"
fi

# --- Who the main thread is ---

weigh "$programs/wait" ended 50
note_parts
check_time 'the time after the end of the main thread is told as that' \
	is_between 50000000 "$(number blocked.ended_ns)" "$(number time.wall_ns)"

weigh "$programs/wait" exec 50
note_parts
check 'before a thread takes the place of the main thread, its wait for that thread counts' \
	is_between 50000000 "$(number blocked.lock_ns)" "$(number time.wall_ns)"
check 'after that, the wait of that thread counts' \
	is_between 50000000 "$(number blocked.timer_ns)" "$(number time.wall_ns)"

# --- A processor ---

processor=$(awk '/^Cpus_allowed_list/ { sub(/[-,].*/, "", $2); print $2 }' /proc/self/status)

# Beside another program that never sleeps, on one processor.
compete() {
	taskset -c "$processor" nice -n 5 "$programs/spin" threads 1 &
	competitor=$!
	wait_for taskset -c "$processor" "$programs/wait" spin 100
	kill "$competitor"
	competitor=
}

# What the program did not see is its beginning and its end.
compete
unseen_ns=$(($(number time.wall_ns) - wall_ns))
echo "# beside a competitor: run queue $(number time.runqueue_ns) ns; the program saw" \
	"$queued_ns ns by schedstat, $((wall_ns - cpu_ns)) ns off its processor"
check_time 'beside a competitor on its processor the main thread waits on the run queue' \
	is_between 5000000 "$(number time.runqueue_ns)" "$(number time.wall_ns)"
check_time 'the time on the run queue is what schedstat says' \
	is_between "$queued_ns" "$(number time.runqueue_ns)" "$((queued_ns + unseen_ns))"
# What the host steals from a processor is no CPU time, and no time on the run queue either.
check_time 'the time on the run queue is the wall time less the CPU time' \
	is_between "$(((wall_ns - cpu_ns) * 95 / 100))" "$(number time.runqueue_ns)" \
	"$((wall_ns - cpu_ns + unseen_ns))"

# --- Limits of bandwidth ---

if [ -e "$(directory_of self cpu)/cpu.cfs_quota_us" ]; then
	limit=cpu.cfs_quota_us=5000 controller=cpu key=throttled_time unit=1
else
	limit='cpu.max=5000 100000' controller='' key=throttled_usec unit=1000
fi
throttled_by_kernel() {
	awk -v key="$key" -v unit="$unit" '$1 == key { printf "%.0f\n", $2 * unit }' \
		"$(directory_of "$command" "$controller")/cpu.stat"
}
# shellcheck disable=SC2016 # the command's own
if start --set-cgroup-value "$limit" -- sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done
	echo done; read line'; then
	wait_until is_at_rest "$command"
	kernel_ns=$(throttled_by_kernel)
	finish
	note_parts
	echo "# throttled: $(number time.throttled_ns) ns; $kernel_ns ns by the kernel, with the start"
	# The launcher's share, from before the exec, is no part of it: a period at most.
	check 'the time of throttling is that of the cgroup' is_between \
		"$((kernel_ns - 100000000))" "$(number time.throttled_ns)" "$((kernel_ns + 100000000))"
	check 'a command that wants more than its limit is throttled' is_between \
		1 "$(number time.throttled_ns)" "$(number time.wall_ns)"
else
	skip 'the time of throttling is that of the cgroup' 'no cpu controller can be had'
fi
weigh true
[ "$(number time.throttled_ns)" != null ] ||
	is "$(number 'unavailable["time.throttled_ns"]')" \
		'no cpu controller could be had for the run alone' \
		'without a cpu controller nothing is said of throttling, but why'

# --- The sums ---

for command in 'true' 'sh -c "sleep 0.01 & sleep 0.02; wait"' 'sh -c "sleep 9 & exit 3"' \
	"$programs/burn threads 4 10" "$programs/burn tree 20 2" "$programs/call forks 20"; do
	eval "weigh $command"
	note_parts
done
is "$(cat "$tmp/parts")" '' 'in every run the parts add up to the wall time, to the nanosecond'
nothing_is_lost
plan
