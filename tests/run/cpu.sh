#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CPU time against the kernel's own accounts of the same tasks, wall time against a program's own
# clock, and where the window opens.
#
# Truth about CPU time begins at the birth of the command's process and tare's figure at its exec;
# between them lies collector.exec_baseline_ns. So two things are shown: that the sum of the two is
# what the kernel says of the same tasks, and that the exec was where the baseline puts it.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

shapes='threads 8 20
tree 100 2
unwaited 8 10
daemons 8 10
killed 8 10
left 8 10
rings 2 20'

describe() {
	case $1 in
	threads) echo "$2 threads" ;;
	tree) echo "a tree of $2 processes" ;;
	unwaited) echo "$2 children that nobody waits for" ;;
	daemons) echo "$2 daemons, forked twice" ;;
	killed) echo "$2 children killed while they run" ;;
	left) echo "$2 processes that outlive the command" ;;
	rings) echo "$2 kernel threads of io_uring" ;;
	esac
}

cpuacct=
stopped=
at_exit() {
	[ -z "$stopped" ] || kill -CONT "$stopped"
	[ -z "$cpuacct" ] || rmdir "$cpuacct"
}

reported_ns() {
	jq '.time.cpu_ns + .collector.exec_baseline_ns' "$tmp/json"
}

# What is true of every document, gathered to be judged once.
note_sums() {
	jq -c '.time | select((.cpu_by_processor_ns | add) != .cpu_ns or
		(.user_ns != null and .user_ns + .system_ns != .cpu_ns))' "$tmp/json" >> "$tmp/sums"
}

# start_burning SHAPE TASKS MILLISECONDS: sets $used_ns, the command's CPU time until it waits.
start_burning() {
	start --allow io_uring "$programs/burn" "$@" && wait_until is_at_rest "$command" &&
		read -r used_ns _ < "/proc/$command/schedstat"
}

# --- The kernel's account in nanoseconds ---

# The command is moved while it waits; from there on all that it bears is in this cgroup, too.
weigh_by_cpuacct() {
	start_burning "$@" && echo "$command" > "$cpuacct/cgroup.procs" || return
	before=$(cat "$cpuacct/cpuacct.usage")
	finish || return
	truth=$((used_ns + $(cat "$cpuacct/cpuacct.usage") - before))
}

compare_with_cpuacct() {
	claim="the CPU time of $(describe "$@") is cpuacct's to the nanosecond"
	if [ -z "$cpuacct" ]; then
		skip "$claim" 'no version 1 cpuacct hierarchy'
	elif weigh_by_cpuacct "$@"; then
		echo "# truth $truth, reported $(reported_ns)"
		is "$(reported_ns)" "$truth" "$claim"
	else
		not_ok "$claim" "$(cat "$tmp/errors")"
	fi
	note_sums
}

# --- The kernel's account in microseconds, which every machine has ---

usage_ns() {
	awk '/^usage_usec/ { print $2 "000" }' "$directory/cpu.stat"
}

is_empty() {
	grep -q 'populated 0' "$directory/cgroup.events"
}

# The last task leaves its processor a moment after its cgroup is empty, on a busy machine some
# milliseconds: the usage is final when it has stood still for ten of these moments.
has_settled() {
	usage=$(usage_ns)
	sleep 0.1
	[ "$usage" = "$(usage_ns)" ]
}

# While tare stands still, the cgroup stays there after the last task has ended.
weigh_by_cpu_stat() {
	start_burning "$@" && directory=$(directory_of "$command" '') || return
	kill -STOP "$tare" && stopped=$tare
	echo >&3
	wait_until is_empty && wait_until has_settled
	truth=$(usage_ns)
	kill -CONT "$tare" && stopped=
	finish
}

# cpu.stat shows whole microseconds, cut off.
compare_with_cpu_stat() {
	claim="the CPU time of $(describe "$@") is cpu.stat's to the microsecond"
	case $1 in
	left) return ;; # it is tare who ends them
	esac
	if weigh_by_cpu_stat "$@"; then
		echo "# truth $truth, reported $(reported_ns)"
		is "$(($(reported_ns) / 1000 * 1000))" "$truth" "$claim"
	else
		not_ok "$claim" "$(cat "$tmp/errors")"
	fi
	note_sums
}

# --- Where the window opens ---

# The program's first two readings, of its CPU clock and of the monotonic one, against the
# document. It ran from the exec to them without a break, but for the few runs that were disturbed.
weigh_start() {
	weigh "$@" "$programs/first-clocks" && jq --raw-input --slurpfile document "$tmp/json" '
		split(" ") | map(tonumber) as [$cpu, $monotonic] | $document[0].collector |
		.exec_baseline_ns - ($cpu - ($monotonic - .exec_monotonic_ns)) | fabs
	' "$tmp/said" >> "$tmp/starts"
}

# rank SHARE: the least distance that this share of the runs does not exceed.
rank() {
	sort -n "$tmp/starts" | awk -v share="$1" '
		{ all[NR] = $1 } END { print all[int(NR * share + 0.5)] }'
}

# 5 us is what the baseline promises, 20 us what a run does.
half_are_close() {
	is_between 0 "$(rank 0.5)" 5000
}

most_are_close() {
	is_between 0 "$(rank 0.9)" 20000
}

# compare_starts HOW OPTION...: the best of three rounds, because what else the machine does, or its
# host, comes between.
compare_starts() {
	compare_starts_how=$1
	shift
	for _ in $tries; do
		: > "$tmp/starts"
		for _ in $(seq 50); do
			weigh_start "$@" || break
		done
		half_are_close && most_are_close && break
	done
	echo "# exec baseline: median $(rank 0.5) ns off, 90 % within $(rank 0.9) ns"
	is "$(wc -l < "$tmp/starts")" 50 "fifty commands tell their first clocks$compare_starts_how"
	check_time "half of all runs begin within 5 us of the exec$compare_starts_how" half_are_close
	check_time "nine in ten runs begin within 20 us of the exec$compare_starts_how" most_are_close
}

# --- Wall time ---

# By how much the reported wall time exceeds the time from the program's first look at the clock to
# its last.
weigh_nap() {
	weigh "$programs/nap" && jq --raw-input --slurpfile document "$tmp/json" '
		split(" ") | map(tonumber) as [$first, $last] |
		$document[0].time.wall_ns - ($last - $first)' "$tmp/said" >> "$tmp/walls"
}

compare_wall() {
	for _ in $(seq 20); do
		weigh_nap || break
	done
	least=$(sort -n "$tmp/walls" | head -n 1)
	echo "# wall time: at least $least ns more than the program saw"
	is "$(wc -l < "$tmp/walls")" 20 'twenty commands tell their last clocks'
	check 'no wall time is shorter than what the program saw' [ "$least" -ge 0 ]
	# What it cannot see, the kernel's part of its exec, its last write and its exit: 0.2 ms here.
	# Of twenty runs the least, because on a busy machine each part may have to wait.
	check_time 'the wall time of a sleeper is at most 0.5 ms more than it saw' [ "$least" -le 500000 ]
}

for_each_shape() {
	while read -r shape; do
		# shellcheck disable=SC2086 # a list of words
		"$1" $shape
	done << EOF
$shapes
EOF
}

cpuacct=$(directory_of self cpuacct) && cpuacct=$cpuacct/${tmp##*/} && mkdir "$cpuacct" || cpuacct=
for_each_shape compare_with_cpuacct
for_each_shape compare_with_cpu_stat
compare_starts ''
compare_starts ', with --no-syscalls' --no-syscalls
compare_wall
is "$(cat "$tmp/sums")" '' 'the time by processor, and by user and system, adds up to the CPU time'
nothing_is_lost
plan
