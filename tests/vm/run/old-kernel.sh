#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A kernel that is too old is named, by tare run and by tare check, and nothing is left behind.
set -u
# shellcheck source=../../run/lib/tap.sh
. "$(dirname "$0")/../../run/lib/tap.sh"
need_root

release=$(uname -r)
hint='  hint      tare needs Linux 5.17 or later'
refusal="tare: true: tare failed: this kernel, $release, cannot load the BPF programs"

is "$("$TARE" run -q true 2>&1; echo $?)" "$refusal
$hint
125" 'tare run names the kernel that it runs on and the one that it needs'
is "$("$TARE" run -q --no-container true 2>&1; echo $?)" "$refusal
$hint
125" 'also without a container'
"$TARE" run -q --json "$tmp/json" touch "$tmp/ran" 2> "$tmp/errors"
check 'the command has not run' test ! -e "$tmp/ran"
is "$(jq -r '.outcome | "\(.kind) \(.error.what)"' "$tmp/json")" \
	"error this kernel, $release, cannot load the BPF programs" 'the document says so, too'
is "$(find /sys/fs/cgroup -name 'tare-*'; grep -c tare /proc/mounts)" 0 'and nothing is left'

"$TARE" check > "$tmp/check" 2>&1
is "$? $(grep -c "missing *kernel *kernel $release; tare needs 5.17 or later" "$tmp/check")" '1 1' \
	'tare check says that the kernel is missing, and why'
is "$(grep -c 'repair: sudo apt-get install linux-image-amd64' "$tmp/check")" 1 \
	'and what repairs it'
is "$(tail -n 1 "$tmp/check" | grep -c '^verdict: tare run cannot work here; missing: kernel')" 1 \
	'and that is its verdict'

plan
