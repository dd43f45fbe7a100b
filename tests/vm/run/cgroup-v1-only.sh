#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a machine that has cgroup version 1 alone tare refuses to run, says what to mount, and works
# when that is done.
set -u
# shellcheck source=../../run/lib/tap.sh
. "$(dirname "$0")/../../run/lib/tap.sh"
need_root

refusal="tare: true: tare failed: cannot use this machine's cgroups: only version 1 hierarchies are mounted"
repair='mkdir -p /sys/fs/cgroup/unified && sudo mount -t cgroup2 none /sys/fs/cgroup/unified'

is "$("$TARE" run -q true 2>&1; echo $?)" "$refusal
  hint      mount a cgroup2 hierarchy beside them: sudo $repair
125" 'tare run says what is mounted and what has to be'
"$TARE" run -q touch "$tmp/ran" 2> "$tmp/errors"
check 'the command has not run' test ! -e "$tmp/ran"
"$TARE" check > "$tmp/check" 2>&1
is "$? $(grep -c 'missing *cgroup layout' "$tmp/check")" '1 1' \
	'tare check says that the layout is missing'
is "$(grep -cF "repair: sudo $repair" "$tmp/check")" 1 'and what repairs it'
is "$(find /sys/fs/cgroup -name 'tare-*')" '' 'nothing is left'

sh -c "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified"
is "$("$TARE" run -q true 2>&1; echo $?)" 0 'after the repair it works'
"$TARE" run -q --json "$tmp/json" true
is "$(jq -r '.memory.peak_bytes > 0' "$tmp/json")" true 'with the memory controller of version 1'

plan
