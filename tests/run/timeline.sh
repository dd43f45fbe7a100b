#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --timeline: how memory and CPU time went, against the run's own totals and /proc/PID/smaps_rollup
# of a program that holds still.
# shellcheck disable=SC2016 # the variables are jq's
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

# What a claim about the points of the last document comes to: each is an object.
points() {
	jq -e ".timeline as \$line | [range(\$line.time_ns | length) as \$i |
		\$line | map_values(if type == \"array\" then .[\$i] else . end)] as \$points |
		$1" "$tmp/json"
}

# The last switch of the last task is the last note, and the run's totals are taken there, too.
claim_totals() {
	check "$1: the last point is the end, with all CPU time" points \
		'$points[-1].cpu_ns == .time.cpu_ns and $points[-1].tasks == 0 and
			$points[-1].rss_bytes == 0'
	check "$1: the highest of all points is the peak" points \
		'([$points[].rss_peak_bytes] | max) == .memory.rss_peak_bytes'
	check "$1: no point has more tasks than the most, or more memory than its highest" points \
		'.processes.peak_tasks as $most |
			all($points[]; .tasks <= $most and .anon_bytes <= .rss_bytes and
				.rss_bytes <= .rss_peak_bytes)'
	check "$1: time goes on, and CPU time never back" points \
		'[$points[].time_ns] == ([$points[].time_ns] | unique) and
			[$points[].cpu_ns] == ([$points[].cpu_ns] | sort)'
	check "$1: there is one point at most in each interval" points \
		'[$points[] | (.time_ns / .interval_ns | floor)] | . == unique'
}

# --- A program that holds still ---

resident() {
	while read -r process; do
		awk '/^Rss:/ { rss = $2 } /^Anonymous:/ { anonymous = $2 }
			END { printf "%.0f %.0f\n", rss * 1024, anonymous * 1024 }' \
			"/proc/$process/smaps_rollup"
	done < "$(directory_of "$command" '')/cgroup.procs" |
		awk '{ rss += $1; anonymous += $2 } END { printf "%.0f %.0f\n", rss, anonymous }'
}

look() {
	wait_until is_at_rest "$command"
	resident
}

start --timeline 2ms "$programs/grow" touch 8 fork 3 touch 16 touch 20 stop drop stop share 5 stop
first=$(look)
go_on
second=$(look)
go_on
third=$(look)
finish

# Before 6.2 each task holds back what it counts, up to 64 pages.
held_back=0
! printf '%s\n' 6.2 "$(uname -r)" | sort -C -V -r || held_back=$((4 * 64 * 4096))

# An interval without a point is one in which nothing changed, so that these are points of their own.
for state in "$first" "$second" "$third"; do
	echo "# truth $state"
	check 'what a tree at rest is resident with is a point, with its four tasks' points \
		"[\$points[] | select(.tasks == 4 and
			(${state% *} - .rss_bytes | . >= 0 and . <= $held_back) and
			(${state#* } - .anon_bytes | . >= 0 and . <= $held_back))] | length > 0"
done
claim_totals 'a tree that stops'

# --- A program that runs on without a switch ---

# Without looks its CPU time would be known when the scheduler took it off its processor: on a
# machine that is idle, at the end. How late a look is depends on that machine's clock interrupts.
weigh --timeline 20ms --timelimit 0.5 "$programs/spin" threads 1
claim_totals 'a program that spins'
claim='its CPU time is told as it is used, and not at its end'
[ -z "${TARE_EMULATED-}" ] || skip "$claim" 'clock interrupts are late under emulation'
[ -n "${TARE_EMULATED-}" ] || check "$claim" points \
	'[$points[].cpu_ns] | [., .[1:]] | transpose | all(.[:-1][]; .[1] - .[0] <= 125000000)'
is "$(number timeline.interval_ns)" 20000000 'the interval is the one that was asked for'
# The start of the window is known to 2 us in a sound run, and to what was stolen then in others.
check 'one thread never has more CPU time than time' points \
	'all($points[]; .cpu_ns <= .time_ns + 100000)'

# --- One that runs longer than there are points ---

# 64 MiB at first, which later points must not make forgotten; then 3 s of CPU time.
weigh --timeline 1ms --timelimit 3 sh -c "'$programs/grow' touch 64; exec '$programs/spin' threads 1"
claim_totals 'a long run'
check 'the interval grew by doubling until the run had room, and no further' points \
	'.time.wall_ns as $wall | .timeline.interval_ns / 1000000 | log2 | . == floor and . >= 1 and
		$wall / pow(2; .) / 1000000 <= 1024 and $wall / pow(2; . - 1) / 1000000 > 1023'
check 'and there are not more points than were promised' points '$points | length <= 1024'
check 'the peak at the beginning is told at the beginning' points \
	'.memory.rss_peak_bytes as $peak | (.time.wall_ns / 2) as $half |
		[$points[] | select(.rss_peak_bytes == $peak).time_ns] | max < $half'

# --- Without it, and what it takes ---

weigh true
is "$(number timeline) $(number unavailable.timeline)" \
	'null no time line was kept: --timeline asks for one' 'it is kept only where it is asked for'
refused 'too close or too far apart' --timeline 0
refused 'too close or too far apart' --timeline 999us
refused 'too close or too far apart' --timeline 2h
refused 'is not understood' --timeline often
refused 'given twice' --timeline 10ms --timeline 10ms

nothing_is_lost
plan
