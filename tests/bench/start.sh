#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What starting costs: the collector's load, attach and detach, and a whole `tare run true` beside
# a plain one and other tools, in rounds that take turns. Prints medians and ratios; passes or fails
# nothing.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=lib/rounds.sh
. tests/bench/lib/rounds.sh

one_round() {
	timed plain true
	timed tare "$tare" run --quiet --json "$work/json" true
	note start "$(jq .collector.start_ns "$work/json")"
	note stop "$(jq .collector.stop_ns "$work/json")"
	timed tare-no-container "$tare" run --quiet --no-container true
	! command -v bwrap > "$work/out" || timed bwrap bwrap --unshare-all --dev-bind / / true
	! command -v strace > "$work/out" || timed strace strace -qq -c -f true
}
each_round one_round

printf 'collector, median of %s private starts on %s, %s processors\n' \
	"$rounds" "$(uname -r)" "$(nproc)"
for part in start stop; do
	echo "$part $(median $part)" | columns
done
echo "whole command, from before its process is made until it has ended"
plain=$(median plain)
for name in plain tare tare-no-container bwrap strace; do
	! has $name || echo "$name $(median $name) $(ratio "$(median $name)" "$plain") x plain" | columns
done
