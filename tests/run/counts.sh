#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is counted: tasks, switches, faults and network traffic, against programs that know what they
# do and against the kernel's counters that they read of themselves.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

# --- Tasks ---

# breed KIND: ten of that kind.
breed() {
	weigh "$programs/breed" "$1" 10
	jq -r '.processes | "\(.tasks) \(.processes) \(.forks) \(.execs) \(.peak_tasks)"' \
		"$tmp/json" > "$tmp/tasks"
}

all_but_peak() {
	cut -d ' ' -f 1-4 "$tmp/tasks"
}

breed together
is "$(cat "$tmp/tasks")" '11 11 10 1 11' 'ten children at once are ten forks and eleven tasks'
breed chain
is "$(cat "$tmp/tasks")" '11 11 10 1 11' 'ten generations are all counted'
breed threads
is "$(cat "$tmp/tasks")" '11 1 0 1 11' 'ten threads are tasks, but no processes and no forks'
breed execs
is "$(cat "$tmp/tasks")" '1 1 0 11 1' 'ten execs are no tasks of their own'

# A parent hears of a child's end before the child has left its processor: three at most.
breed in-turn
is "$(all_but_peak)" '11 11 10 1' 'ten children one after the other are ten forks'
check 'children one after the other are not at once' \
	is_between 2 "$(number processes.peak_tasks)" 3
breed thread-execs
is "$(all_but_peak)" '11 1 0 11' 'execs by threads make no process'
check 'an exec by a thread ends the others' is_between 2 "$(number processes.peak_tasks)" 3

# A stranger is moved into the run's cgroup while it waits for a line, and then becomes a program
# that bears ten. The open end keeps its pipe from ending before it is moved.
mkfifo "$tmp/stranger"
sh -c 'read -r _ && exec "$0" chain 10' "$programs/breed" < "$tmp/stranger" &
stranger=$!
exec 5> "$tmp/stranger"
start "$programs/grow" stop
echo "$stranger" > "$(directory_of "$command" '')/cgroup.procs"
echo >&5
wait "$stranger"
exec 5>&-
finish
is "$(jq -r '.processes | "\(.tasks) \(.forks) \(.execs)"' "$tmp/json")" '12 10 2' \
	'a process that is moved into the run counts with all that it bears'

# --- Switches and faults ---

# live WHAT HOW_OFTEN: sets what the program saw of itself, from its first look to its last. When the
# program itself had to be read from a disk, which it cannot see, it is run again: it lies in memory
# then. If it never sees all of these waits, the last run is judged.
live() {
	for attempt in 1 2 3 4 5; do
		look "$@"
		[ "$(number faults.major)" != "$major" ] || return 0
		echo "# run $attempt of $1: $major waits for a disk seen, $(number faults.major) reported"
	done
}

# dd that copies nothing takes a file out of the page cache.
look() {
	[ "$1" != file ] || dd if="$2" iflag=nocache count=0 2> "$tmp/errors"
	weigh "$programs/live" "$@"
	{
		read -r voluntary0 involuntary0 minor0 major0 migrations0
		read -r voluntary involuntary minor major migrations
	} < "$tmp/said"
	voluntary=$((voluntary - voluntary0))
	involuntary=$((involuntary - involuntary0))
	minor=$((minor - minor0))
	major=$((major - major0))
}

# judge KEY TRUTH UNSEEN CLAIM: at least the truth, and no more beyond it than what happens before
# the program's first look and after its last one.
judge() {
	echo "# $1: truth $2, reported $(number "$1")"
	check "$4" is_between "$2" "$(number "$1")" "$(($2 + $3))"
}

# The unseen: the last switch of all, and two in case that the program or its output is on a disk.
live sleeps 100
judge scheduler.voluntary_switches "$((voluntary + 1))" 2 'a hundred sleeps are that many switches'
judge scheduler.wakeups "$voluntary" 2 'a hundred sleeps end by that many wakeups'
# A sleep may be over before it has begun, where the machine is slow.
check_time 'the sleeper saw them, too' [ "$voluntary" -ge 100 ]

# The unseen: two last switches, and each thread may lose its processor to something else first.
live compete 100
judge scheduler.voluntary_switches "$((voluntary + 2))" 2 'every thread has a last switch'
judge scheduler.involuntary_switches "$involuntary" 10 'threads that compete are switched that often'
# An emulated machine may be done with one before it looks at the clock again.
check_time 'the competitors saw it, too' [ "$involuntary" -ge 10 ]

# The unseen are the start-up's, 23 here, one or two more or less with where the kernel put the stack.
live pages 1000
judge faults.minor "$minor" 100 'a thousand pages are that many faults'
small=$(number faults.minor)
live pages 5000
judge faults.minor "$minor" 100 'five thousand pages are that many faults'
check 'four thousand pages more are four thousand faults more' \
	is_between 3995 "$(($(number faults.minor) - small))" 4005

# One page of code and one of stack; a page that is not in the cache yet is a major fault. The
# launcher took fourteen faults in the same process before. The middle one of five runs: now and
# then one has none or one, for a reason not found yet.
for _ in 1 2 3 4 5; do
	weigh "$programs/nap"
	number 'faults | .minor + .major'
done > "$tmp/faults"
check 'a program of two pages has the faults of these alone' \
	is_between 2 "$(sort -n "$tmp/faults" | sed -n 3p)" 4

# Migrations are shown by /proc/PID/sched, and there have to be two processors to migrate between.
if [ "$migrations" -ge 0 ] && [ "$(nproc)" -ge 2 ] && taskset -c 0,1 true; then
	live migrations 100
	judge scheduler.migrations "$((migrations - migrations0))" 2 \
		'a hundred migrations are counted'
	check 'the migrant saw them, too' [ "$((migrations - migrations0))" -ge 99 ]
else
	skip 'a hundred migrations are counted' 'needs processors 0 and 1, and /proc/PID/sched'
	skip 'the migrant saw them, too' 'needs processors 0 and 1, and /proc/PID/sched'
fi

live file vmlinux/x86/vmlinux.h
if [ "$major" -gt 0 ]; then
	judge faults.major "$major" 0 'faults that wait for a disk are counted as major'
else
	skip 'faults that wait for a disk are counted as major' 'the file stayed in memory'
fi

# --- Network ---

# talk WHAT HOW_MUCH: $device is what the program saw its loopback device count.
talk() {
	weigh "$programs/talk" "$@" && read -r device < "$tmp/said"
}

traffic() {
	jq -r '.network | "\(.rx_bytes) \(.rx_packets) \(.tx_bytes) \(.tx_packets)"' "$tmp/json"
}

sockets() {
	jq -r '.network | "\(.sockets) \(.connects)"' "$tmp/json"
}

# A datagram has headers of 28 bytes with IPv4 and of 48 with IPv6.
talk udp 100000
is "$(traffic)" '102800 100 102800 100' 'a hundred datagrams are counted with their headers'
is "$(traffic)" "$device" 'datagrams are counted as the loopback device does'
is "$(sockets)" '2 1' 'a socket is counted, and so is its connect'
if [ -e /proc/sys/net/ipv6 ]; then
	talk udp6 100000
	is "$(traffic)" '104800 100 104800 100' 'datagrams of IPv6 are counted with their headers'
else
	skip 'datagrams of IPv6 are counted with their headers' 'no IPv6 on this machine'
fi
talk tcp 1000000
is "$(traffic)" "$device" 'a megabyte by TCP is counted as the loopback device does'
check 'of TCP the megabyte and its headers are counted' \
	is_between 1000000 "$(number network.tx_bytes)" 1100000
is "$(sockets)" '2 1' 'a socket that accept made is not one that the command opened'

# Five times three sockets of IPv4 and IPv6 and one bound first; those of Unix are not networks'.
talk sockets 5
is "$(sockets)" '16 5' 'sockets are counted by family, and refused connects are connects'
# A SYN of 60 bytes goes out and a RST of 40 comes in. The kernel's own, from no socket: not counted.
is "$(traffic)" '200 5 300 5' 'what the kernel answers for nobody is nobody'"'"'s traffic'

nothing_is_lost
plan
