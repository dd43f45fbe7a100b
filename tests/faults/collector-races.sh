#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shared collector (F-37): started, stopped and asked for while runs begin, end and are killed.
# Every run has its own numbers, from one collector or another, and nothing is left in the end.
#
# In a BPF file system of this file's own, which no other run sees. FAULTS=all: ten times as long.
set -u
# shellcheck source=../run/lib/own-mounts.sh
. "$(dirname "$0")/../run/lib/own-mounts.sh"
# shellcheck source=../run/lib/tap.sh
. "$(dirname "$0")/../run/lib/tap.sh"
need_root
# shellcheck source=../run/lib/check-clean.sh
. "$(dirname "$0")/../run/lib/check-clean.sh"

pins=/sys/fs/bpf
mount -t bpf tare-test "$pins" || exit
at_exit() {
	"$TARE" collector stop --force > "$tmp/ignored" 2>&1
	umount "$pins"
}
list_own_descriptors() { :; }
rounds=10
[ "${FAULTS-}" != all ] || rounds=300

starts_and_stops() {
	for _ in $(seq $rounds); do
		"$TARE" collector start
		"$TARE" collector status
		"$TARE" collector stop
	done > "$tmp/told.$1" 2>&1
}

# Its own number of calls, or a line that says why not: never another run's.
runs() {
	for round in $(seq $rounds); do
		calls=$(($1 * 1000 + round))
		"$TARE" run -q --json "$tmp/json.$1" "$programs/call" mix $calls > "$tmp/said.$1" 2>&1
		jq -r --argjson calls $calls '"\(.outcome.kind) \(.collector as $by |
			.syscalls.by_name.getppid.count | . <= $calls and . + $by.recursion_misses >= $calls)"' \
			"$tmp/json.$1"
	done > "$tmp/runs.$1"
}

killed_runs() {
	for _ in $(seq $rounds); do
		"$programs/kill-after" "$(shuf -n 1 -i 0-20000)" 9 "$TARE" run -q sleep 1000
	done > "$tmp/killed" 2>&1
}

note_state
everyone=
for work in 'starts_and_stops 1' 'starts_and_stops 2' 'runs 1' 'runs 2' 'runs 3' killed_runs; do
	$work &
	everyone="$everyone $!"
done
# shellcheck disable=SC2086 # a list of numbers
wait $everyone
is "$(sort "$tmp"/runs.* | uniq -c | xargs)" "$((3 * rounds)) exited true" \
	"$((3 * rounds)) runs have their own numbers while two others start and stop the collector"
is "$(grep -hv -e '^the shared collector' -e '^no shared collector' -e '^  ' -e 'none runs' \
	-e 'in use' -e 'is being' -e 'collector' "$tmp"/told.* | head -n 5)" '' 'who are told what they met'
"$TARE" collector stop > "$tmp/ignored" 2>&1
is "$("$TARE" collector status)" 'no shared collector runs' 'in the end none runs'
leaves_nothing 'and nothing is left'
plan
