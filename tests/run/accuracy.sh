#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every kind of number against a truth of another source: the kernel's own books of the same tasks,
# strace, perf, stressors of stress-ng and programs of which it is known what they do. Every case
# prints truth, reported and difference.
#
# What stress-ng does for one of its operations is seen in Debian's, 0.15.06; beside those it
# has one process, the stressor, and its first one.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

stopped=
instance=
at_exit() {
	[ -z "$stopped" ] || kill -CONT "$stopped"
	[ -z "$instance" ] || with_tracing rmdir "$instance"
}

judge_by() {
	judge_check=$1
	shift
	echo "# $1: truth $2 ($3), reported $4, difference $(($4 - $2))"
	$judge_check "$1 agrees with $3" is_between $(($2 - ${5:-0})) "$4" $(($2 + ${6:-0}))
}

# judge WHAT TRUTH SOURCE REPORTED [BELOW ABOVE]: how far it may be off; without them, not at all.
judge() {
	judge_by check "$@"
}

# The same of what depends on how long something takes.
judge_time() {
	judge_by check_time "$@"
}

failed() {
	not_ok "$1" "$(cat "$tmp/errors")"
}

# Ubuntu has a perf for each kernel, and one of that name that looks for it.
has() {
	case $1 in
	perf) perf stat true > "$tmp/ignored" 2>&1 && return ;;
	*) command -v "$1" > "$tmp/ignored" && return ;;
	esac
	skip "$2" "no $1: scripts/setup check"
	return 1
}

# --- The kernel's books of the same cgroup ---

# Starts the command when a line says so: before, there is time to look for its cgroups.
hold='echo ready; read -r _; exec "$@"'

usage_us() {
	awk '/^usage_usec/ { print $2 }' "$directory/cpu.stat"
}

is_empty() {
	grep -q 'populated 0' "$directory/cgroup.events"
}

has_settled() {
	usage=$(usage_us)
	sleep 0.1
	[ "$usage" = "$(usage_us)" ]
}

find_peak_file() {
	peak_file=
	for file in "$(directory_of "$command" memory)/memory.max_usage_in_bytes" \
		"$(directory_of "$command" '')/memory.peak"; do
		[ ! -r "$file" ] || peak_file=$file
	done
}

# While tare stands still the cgroups stay after the last task has ended, and their books are final.
weigh_and_look() {
	start sh -c "$hold" sh "$@" && directory=$(directory_of "$command" '') || return
	find_peak_file
	kill -STOP "$tare" && stopped=$tare
	echo >&3
	wait_until is_empty && wait_until has_settled
	cpu_us=$(usage_us)
	[ -z "$peak_file" ] || peak=$(cat "$peak_file")
	kill -CONT "$tare" && stopped=
	finish
}

# The launcher's share is before the window, and the cgroup's all the same.
reported_us() {
	jq '(.time.cpu_ns + .collector.exec_baseline_ns) / 1000 | floor' "$tmp/json"
}

compare_with_cgroup() {
	what=$1
	shift
	if ! weigh_and_look "$@" > "$tmp/ignored"; then
		failed "$what is weighed"
		return
	fi
	judge "CPU time in us of $what" "$cpu_us" cpu.stat "$(reported_us)"
	[ -z "$peak_file" ] || judge "memory peak of $what" "$peak" "${peak_file##*/}" \
		"$(number memory.peak_bytes)"
}

compare_stressors_with_cgroup() {
	has stress-ng 'stressors are weighed as the kernel does' || return
	while read -r stressor times; do
		compare_with_cgroup "stress-ng --$stressor" \
			stress-ng --quiet --"$stressor" 2 --"$stressor"-ops "$times"
	done << EOF
cpu 20
fork 300
vfork 300
pthread 300
switch 3000
pipe 2000
malloc 500
fault 500
EOF
}

# shellcheck disable=SC2016 # expanded by that shell
compare_with_cgroup '100 short processes' sh -c \
	'i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i + 1)); done'
compare_stressors_with_cgroup

# --- The scheduler's own events ---

# tracefs is not mounted everywhere, and is global: in an instance of its own nobody else's is read.
with_tracing() {
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m sh -c '[ -e /sys/kernel/tracing/instances ] ||
		mount -t tracefs none /sys/kernel/tracing || exit
		cd /sys/kernel/tracing/instances && exec "$@"' sh "$@"
}

# Of programs of this name. Whoever runs when the kernel accounts for a task may be another task.
trace_runtime() {
	instance=${tmp##*.}
	# shellcheck disable=SC2016
	with_tracing sh -c 'mkdir "$1" && cd "$1" && echo 4096 > buffer_size_kb &&
		cd events/sched/sched_stat_runtime && echo "comm == \"$2\"" > filter &&
		echo 1 > enable' sh "$instance" "$1" 2> "$tmp/errors"
}

# 0 if the buffer was too small for all of them.
traced_ns() {
	with_tracing cat "$instance/trace" | awk '
		match($0, /entries-written: [0-9]+\/[0-9]+/) {
			split(substr($0, RSTART + 17, RLENGTH - 17), entries, "/")
		}
		match($0, /runtime=[0-9]+/) { sum += substr($0, RSTART + 8, RLENGTH - 8) }
		END { printf "%.0f\n", entries[1] == entries[2] ? sum : 0 }'
}

# compare_with_events WHAT SCRIPT: by a shell of another name, which all that it bears inherits. Until
# it waits, the kernel's account of the one task that it is tells its time.
compare_with_events() {
	what="CPU time in ns of $1"
	name=shell-${tmp##*.}
	cp "$(readlink -f /bin/sh)" "$tmp/$name"
	if ! start --read-only-dir "$tmp" "$tmp/$name" -c "echo ready; read -r _; $2" ||
		! wait_until is_at_rest "$command"; then
		failed "$what"
		return
	fi
	read -r before _ < "/proc/$command/schedstat"
	if trace_runtime "$name"; then
		finish
		judge "$what" $((before + $(traced_ns))) sched_stat_runtime \
			"$(jq '.time.cpu_ns + .collector.exec_baseline_ns' "$tmp/json")"
		with_tracing rmdir "$instance"
	else
		skip "$what agrees with sched_stat_runtime" "$(tail -n 1 "$tmp/errors")"
		finish
	fi
	instance=
}

# shellcheck disable=SC2016 # expanded by that shell
loop='i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done'
compare_with_events 'four loops at once' "for n in 1 2 3 4; do ($loop) & done; wait"
# shellcheck disable=SC2016 # expanded by that shell
compare_with_events '200 short processes' 'i=0; while [ $i -lt 200 ]; do (:); i=$((i + 1)); done'
compare_with_events 'loops that nobody waits for' "for n in 1 2 3 4; do ($loop; :) & done; $loop"

# --- strace ---

# Without exit and exit_group, which strace -c leaves out. Programs ask what their output is.
compare_with_strace() {
	what=$1
	shift
	strace -f -c -U name,calls,errors -o "$tmp/trace" "$@" > /dev/null 2>&1 < /dev/null
	said=/dev/null
	if ! weigh "$@"; then
		failed "$what is weighed"
		return
	fi
	said=$tmp/said
	judge "system calls of $what" "$(awk '$NF == "total" || $1 == "total" { print $2 }' "$tmp/trace")" \
		strace "$(jq '.syscalls | .total - ([.by_name.exit.count, .by_name.exit_group.count] | add)' \
			"$tmp/json")"
	judge "failed system calls of $what" \
		"$(awk '$1 == "total" { print $3 + 0 }' "$tmp/trace")" strace "$(number syscalls.errors)"
}

if has strace 'system calls are those that strace counts'; then
	compare_with_strace 'a program of many kinds of calls' "$programs/call" mix 200
	compare_with_strace find find tests -name '*.sh'
	compare_with_strace sort sort -r scripts/check
	compare_with_strace 'a shell and its programs' sh -c 'for i in 1 2 3 4 5; do /bin/echo; done'
fi

# --- Known operations of stress-ng ---

# stress OPERATIONS STRESSOR OPTION...
stress() {
	operations=$1 stressor=$2
	shift 2
	weigh stress-ng --quiet --"$stressor" 1 --"$stressor"-ops "$operations" "$@"
}

calls() {
	jq --arg name "$1" '.syscalls.by_name[$name].count // 0' "$tmp/json"
}

if has stress-ng 'stressors do what they are told'; then
	stress 400 fork
	judge 'forks of stress-ng --fork' 401 'its operations and one' "$(number processes.forks)"
	stress 400 vfork
	judge 'forks of stress-ng --vfork' 401 'its operations and one' "$(number processes.forks)"
	judge 'vfork of stress-ng --vfork' 400 'its operations' "$(calls vfork)"
	stress 60 zombie
	judge 'processes of stress-ng --zombie' 62 'its operations and two' \
		"$(number processes.processes)"
	stress 300 signal
	judge 'handled signals of stress-ng --signal' 300 'its operations' "$(calls rt_sigreturn)"
fi

# --- perf, of the same program once more ---

# perf_counts EVENT COMMAND...: in $tmp/perf, "COUNT,,EVENT,..." a line.
perf_counts() {
	events=$1
	shift
	perf stat -x , -e "$events" -o "$tmp/perf" "$@" > "$tmp/ignored" 2>&1 < /dev/null
}

perf_count() {
	awk -F , -v name="$1" '$3 ~ "^" name { print $1 }' "$tmp/perf"
}

# Where the stack and the break lie is chosen at random: some pages more or less.
if has perf 'page faults are those that perf counts'; then
	perf_counts page-faults "$programs/work" count fault 20000
	weigh "$programs/work" count fault 20000
	judge 'page faults' "$(perf_count page-faults)" perf "$(number faults.minor)" 10 10
fi

# --- Programs of known behaviour ---

weigh dd if=/dev/zero of=/dev/null bs=4096 count=50000 status=none
judge 'write of dd' 50000 'its command line' "$(calls write)"
# Its own pages, and the libraries': 2 MiB of Debian's.
weigh dd if=/dev/zero of=/dev/null bs=32M count=1 status=none
judge 'resident memory of dd' 33554432 'its block size' "$(number memory.rss_peak_bytes)" 0 4194304
# One switch more is its end; other programs may take its processor at any time. Read from the disk
# before, because each page that it had to wait for would be a sleep.
cat "$programs/live" > "$tmp/ignored"
weigh "$programs/live" sleeps 200
# Where a timer is over before its caller sleeps, as on an emulated machine, that is none.
judge_time 'sleeps of a sleeper' 201 'its command line and its end' \
	"$(number scheduler.voluntary_switches)" 0 3
weigh "$programs/breed" chain 50
judge 'processes of fifty generations' 51 'its command line' "$(number processes.processes)"
weigh "$programs/breed" together 50
judge 'tasks at one time' 51 'its command line' "$(number processes.peak_tasks)"
weigh env env env env env true
judge 'execs of a chain of env' 6 'its command line' "$(number processes.execs)"
# A datagram has headers of 28 bytes.
weigh "$programs/talk" udp 100000
judge 'bytes of a hundred datagrams' 102800 'its command line' "$(number network.tx_bytes)"

# The least of five, because a busy machine makes all longer; its start and end are in it.
for _ in 1 2 3 4 5; do
	weigh sleep 0.2
	number time.wall_ns
done | sort -n > "$tmp/walls"
judge_time 'wall time of a sleeper' 200000000 'its command line' "$(head -n 1 "$tmp/walls")" 0 10000000

nothing_is_lost
plan
