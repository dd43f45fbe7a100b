#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What starting costs: the collector's load, attach and detach, and a whole `tare run true` beside
# other launchers, in rounds that take turns. Prints medians and ratios; passes or fails nothing.
set -eu
cd "$(dirname "$0")/../.."
tare=${TARE:-build/tare}
rounds=${ROUNDS:-50}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A reader such as head may close the pipe: that is an end like others.
trap 'exit 141' PIPE

now() {
	date +%s%N
}

# Times one command into a file of its own, in nanoseconds.
timed() {
	name=$1
	shift
	begin=$(now)
	"$@" > "$work/out" 2>&1 || return 0
	echo $(($(now) - begin)) >> "$work/$name"
}

median() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

i=0
while [ "$i" -lt "$rounds" ]; do
	i=$((i + 1))
	timed plain true
	timed tare "$tare" run --quiet --json "$work/json" true
	jq '.collector.start_ns' "$work/json" >> "$work/start"
	jq '.collector.stop_ns' "$work/json" >> "$work/stop"
	timed tare-no-container "$tare" run --quiet --no-container true
	! command -v bwrap > "$work/out" || timed bwrap bwrap --unshare-all --dev-bind / / true
	! command -v strace > "$work/out" || timed strace strace -qq -c -f true
done

printf 'collector, median of %s private starts on %s, %s processors\n' \
	"$rounds" "$(uname -r)" "$(nproc)"
for part in start stop; do
	median "$work/$part" | awk -v part="$part" '{ printf "  %-20s %7.2f ms\n", part, $1 / 1e6 }'
done
echo "whole command, with the shell's own cost of starting it"
plain=$(median "$work/plain")
for name in plain tare tare-no-container bwrap strace; do
	[ -s "$work/$name" ] || continue
	median "$work/$name" | awk -v name="$name" -v plain="$plain" \
		'{ printf "  %-20s %7.2f ms  %5.1f x plain\n", name, $1 / 1e6, $1 / plain }'
done
