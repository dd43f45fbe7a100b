#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many runs on the shared collector, at one time and one after the other, each with its right result:
# a short piece of tests/bench/soak.sh, which goes on for as long as it is told.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root
# shellcheck source=lib/check-clean.sh
. "$(dirname "$0")/lib/check-clean.sh"

note_state
LIVE=100 RUNS=280 marked tests/bench/soak.sh > "$tmp/told" 2>&1
status=$?
[ $status -eq 0 ] || sed 's/^/# /' "$tmp/told"
is "$status $(grep ' results, ' "$tmp/told")" "0   100 results, 0 of them wrong
  280 results, 0 of them wrong" 'a hundred at one time and 280 in a row have right results'
leaves_nothing 'and nothing is left of them'
plan
