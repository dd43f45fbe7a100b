#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A machine that changes under tare, and one that keeps things to itself: processors that come and
# go, no user namespaces, a kernel that is locked down. Each is done to the whole machine, and the
# last is for good.
set -u
# shellcheck source=../../run/lib/tap.sh
. "$(dirname "$0")/../../run/lib/tap.sh"
# shellcheck source=../../run/lib/weigh.sh
. "$(dirname "$0")/../../run/lib/weigh.sh"
need_root
# shellcheck source=../../run/lib/check-clean.sh
. "$(dirname "$0")/../../run/lib/check-clean.sh"

launcher="env TARE_TEST_MARK=$mark"
note_state

# --- Processors ---

second=/sys/devices/system/cpu/cpu1/online

turn() {
	echo "$1" > "$second"
}

counted() {
	jq -c '[.syscalls.by_name, .processes]' "$tmp/json"
}

# What was counted of the CPU time of each processor is all of it, and all that the cgroup knows of.
is_whole() {
	number '| [.time.cpu_ns == (.time.cpu_by_processor_ns | add), .collector.cpu_time_differs,
		(.collector.lost_events | add)] | join(" ")'
}

# The cycle counter of an emulated processor does not begin where it was: time would jump.
clock=/sys/devices/system/clocksource/clocksource0
sed 's/.*\(hpet\|acpi_pm\).*/\1/' "$clock/available_clocksource" > "$clock/current_clocksource"

start "$programs/burn" threads 2 500
echo >&3
for on in 0 1 0 1; do
	turn $on
done
finish
is "$? $(is_whole)" '0 true false 0' 'processors that go and come while a run lasts lose nothing of it'
turn 0
weigh "$programs/burn" threads 2 100
is "$? $(is_whole)" '0 true false 0' 'a run with one of two processors is weighed'
"$TARE" collector start > "$tmp/said"
weigh --cores 0 "$programs/breed" together 10
mode=$(number collector.mode)
counted > "$tmp/first"
turn 1
weigh --cores 1 "$programs/breed" together 10
is "$mode $(number collector.mode) $(counted)" "shared shared $(cat "$tmp/first")" \
	'a shared collector counts on a processor that came after its start'
is "$(number 'time | .cpu_by_processor_ns[1] == .cpu_ns')" true 'where all of it ran'
weigh --timelimit 200ms "$programs/spin" threads 2
is "$? $(number outcome.termination_reason)" '124 cputime' 'and a limit of CPU time holds there'
"$TARE" collector stop > "$tmp/said"

# --- What is kept from tare ---

# refused CLAIM HINT COMMAND...
refused() {
	claim=$1 hint=$2
	shift 2
	"$@" > "$tmp/said" 2> "$tmp/errors"
	is "$? $(sed -n 's/^  hint:* *//p' "$tmp/errors" | grep -c "$hint")" '125 1' "$claim"
}

namespaces=$(cat /proc/sys/user/max_user_namespaces)
echo 0 > /proc/sys/user/max_user_namespaces
refused 'without user namespaces nothing runs, and the hint allows them' \
	'sudo sysctl -w user.max_user_namespaces=' "$TARE" run true
"$TARE" check > "$tmp/check"
is "$? $(grep -c '^verdict: tare run cannot work here; missing: user namespace' "$tmp/check")" '1 1' \
	'tare check says so'
echo "$namespaces" > /proc/sys/user/max_user_namespaces

grep -q ' /sys/kernel/security ' /proc/mounts || mount -t securityfs none /sys/kernel/security
echo integrity > /sys/kernel/security/lockdown
weigh "$programs/breed" together 10
is "$? $(counted)" "0 $(cat "$tmp/first")" \
	'a kernel that is locked for integrity is as any'
echo confidentiality > /sys/kernel/security/lockdown
refused 'one that is locked for confidentiality weighs nothing, and the hint says why' \
	'boot without lockdown=confidentiality' "$TARE" run true
refused 'and has no shared collector' 'boot without lockdown=confidentiality' "$TARE" collector start
"$TARE" check > "$tmp/check"
is "$? $(grep -A3 '  lockdown  ' "$tmp/check" | sed -n 's/.*repair: //p')" \
	'1 boot without lockdown=confidentiality' 'tare check says so'
leaves_nothing 'nothing is left of all this'
plan
