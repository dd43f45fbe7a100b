#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How long system calls take, against strace's account of the very same calls and against programs
# that time themselves; and that with --no-syscalls nothing looks at them.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

# of NAME KEY
of() {
	number "syscalls.by_name[\"$1\"].$2"
}

# The C library sleeps by one of two calls.
sleeping() {
	jq -r '.syscalls.by_name | if .nanosleep then "nanosleep" else "clock_nanosleep" end' \
		"$tmp/json"
}

# --- Twenty sleeps of 10 ms ---

weigh --syscall-times "$programs/wait" naps 10
read -r wall_ns cpu_ns _ < "$said"
name=$(sleeping)
echo "# $name: $(of "$name" wall_ns) ns of $wall_ns ns, $(of "$name" cpu_ns) ns of $cpu_ns ns"
is "$(of "$name" count)" 20 'twenty sleeps are counted'
check 'they took as long as the program saw, and no less than it asked for' \
	is_between 200000000 "$(of "$name" wall_ns)" "$wall_ns"
check 'their CPU time is less than what the program used' \
	is_between 1 "$(of "$name" cpu_ns)" "$cpu_ns"
check 'the longest one took 10 ms at least, and no more than all but 19 of these' \
	is_between 10000000 "$(of "$name" max_ns)" "$((wall_ns - 190000000))"
is "$(of "$name" 'histogram | add')" 20 'every one is in the histogram'
is "$(of "$name" 'histogram[:23] | add')" 0 'none is there with less than 2^23 ns, 8.4 ms'
is "$(jq -c '[.syscalls.by_name[] | select((.histogram | add // 0) != .count)]' "$tmp/json")" '[]' \
	'every call of the run is in the histogram of its name'
is "$(jq '([.syscalls.by_name[].wall_ns] | add) == .syscalls.wall_ns and
	([.syscalls.by_name[].cpu_ns] | add) == .syscalls.cpu_ns' "$tmp/json")" true \
	'the times of all names add up'

# --- The same calls, by strace ---

# strace sees a call begin before tare does, and end after.
weigh --no-container --syscall-times strace -f -c -w -U name,total-time,calls -o "$tmp/trace" \
	"$programs/wait" naps 10
strace_ns=$(awk -v name="$name" '$1 == name { printf "%.0f\n", $2 * 1e9 }' "$tmp/trace")
echo "# $name: strace $strace_ns ns, tare $(of "$name" wall_ns) ns"
# strace prints microseconds.
check 'strace does not see the same sleeps take less' \
	is_between 200000000 "$(of "$name" wall_ns)" "$((strace_ns + 1000))"
check 'nor twice as long' is_between 0 "$strace_ns" "$((2 * $(of "$name" wall_ns)))"

# --- A pipe ---

weigh --syscall-times "$programs/wait" pipe 50
read -r wall_ns cpu_ns _ < "$said"
echo "# read: $(of read wall_ns) ns of $wall_ns ns, of which $(number blocked.pipe_socket_ns) blocked"
check 'reads of a pipe that is fed late take as long as they block' \
	is_between "$(number blocked.pipe_socket_ns)" "$(of read wall_ns)" "$wall_ns"
is "$(number 'syscalls.by_name.exit_group | .count == (.histogram | add)')" true \
	'a call that does not return has a time, too'

# --- What is not timed ---

weigh --syscall-times "$programs/call" denied 13
is "$(number 'syscalls.by_name.bpf | "\(.count) \(.wall_ns) \(.histogram | length)"')" \
	'13 0 0' 'calls that a filter refused have no time'
weigh true
is "$(number 'unavailable["syscalls.wall_ns"]')" 'system calls were not timed (--syscall-times)' \
	'without being asked for, times are not known, and why is told'
is "$(number 'syscalls.by_name.execve | keys | join(" ")')" 'count denied errors' \
	'and by name there are counts alone'

# --- User and system time ---

calls='bpf:raw_syscalls and bpf:sched_switch'
weigh --syscall-times awk 'BEGIN { while (i < 3000000) i++ }'
is "$(number 'sources["time.system_ns"]')" "$calls" 'timed calls tell user from system time'
# A twentieth is left for what starting the program takes.
check 'a program that only computes does so in user mode' \
	jq -e '.time | .user_ns > .cpu_ns * 0.95 and .user_ns + .system_ns == .cpu_ns' "$tmp/json"
weigh --syscall-times dd if=/dev/zero of=/dev/null bs=8M count=2000
check 'a program that only reads and writes much does so in the kernel' \
	jq -e '.time | .system_ns > .cpu_ns * 0.95 and .user_ns + .system_ns == .cpu_ns' "$tmp/json"
is "$(number 'sources["time.system_ns"]')" "$calls" 'and that is measured'
weigh --syscall-times head -c 300M /dev/zero
# shellcheck disable=SC2016 # jq's own
check_time 'where calls are many and short, their times are not taken for the system time' \
	jq -e --arg calls "$calls" '.sources["time.system_ns"] != $calls' "$tmp/json"

# --- Nothing looks at them ---

hooks() {
	grep -ls '^tp_name:[[:space:]]*sys_e' /proc/"$tare"/fdinfo/* | wc -l
}
# hooked CLAIM WANTED OPTION...: how many hooks are there while a command runs
hooked() {
	hooked_claim=$1
	hooked_wanted=$2
	shift 2
	start "$@" sh -c 'echo; read line'
	hooks_seen=$(hooks)
	finish
	is "$hooks_seen" "$hooked_wanted" "$hooked_claim"
}
case $(uname -r) in
[7-9].* | [1-9][0-9].*) skip 'hooks are as many as needed' 'here they are no links' ;;
*)
	hooked 'usually one hook looks at system calls' 1
	hooked 'where they are timed, two do' 2 --syscall-times
	hooked 'with --no-syscalls none does' 0 --no-syscalls
	;;
esac
weigh --no-syscalls sh -c 'echo'
reason='system calls were not looked at (--no-syscalls)'
is "$(number 'syscalls | del(.io_uring) | [.[]] | unique | tostring') $(number syscalls.io_uring.rings)" '[null] null' \
	'with --no-syscalls nothing is known of system calls'
is "$(jq -r '[.unavailable | to_entries[] | select(.key | startswith("syscalls.")) | .value] |
	unique[]' "$tmp/json")" "$reason" 'and why is told'
is "$(number 'unavailable["network.connects"]')" "$reason" 'nor of what is counted by them'
check 'all else is known' jq -e '.time.cpu_ns > 0 and (.time.on_cpu_ns > 0 or env.TARE_EMULATED == "1") and
	.memory.rss_peak_bytes > 0' "$tmp/json"

nothing_is_lost
plan
