#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The man pages: every option and every key that there is stands in them, and no other.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

check "the options of tare(1) are those of --help (scripts/man-options)" scripts/man-options --check

# Keys whose content depends on the run, or is the same for each of many, stand as one.
weigh --timeline 1ms --syscall-times sh -c 'seq 10'
jq -r 'paths | map(select(type == "string")) | join(".")' "$tmp/json" |
	sed -e '/^sources/d' -e '/^unavailable/d' -e 's/^\(syscalls\.by_name\)\..*/\1/' \
		-e 's/^\(syscalls\.io_uring\.by_op\)\..*/\1/' -e 's/^\(memory\.largest_at_peak\)\..*/\1/' \
		-e 's/^\(noise\.preempted_by\)\..*/\1/' -e 's/^\(container\.mounts\)\..*/\1/' \
		-e 's/^\(container\.cores_shared_with\)\..*/\1/' -e 's/^\(limits\.rlimits\)\..*/\1/' \
		-e '/^\(outcome\|time\|blocked\|tree_blocked\|memory\|timeline\|syscalls\)$/d' \
		-e '/^\(processes\|scheduler\|faults\|io\|network\|pressure\|noise\|limits\)$/d' \
		-e '/^\(collector\|container\|output\|syscalls\.io_uring\|collector\.lost_events\)$/d' |
	sort -u > "$tmp/keys"
sed -n -e '/^\.T[PQ]$/{n;s/^\.B //p}' user/report/tare-result.5 | sed -e '/^index$/d' -e '/^id$/d' |
	sort > "$tmp/told"
is "$(comm -23 "$tmp/keys" "$tmp/told")" '' 'every key of the document stands in tare-result(5)'
is "$(comm -13 "$tmp/keys" "$tmp/told")" '' 'and nothing else does'
is "$(uniq -d "$tmp/told")" '' 'nor anything twice'

plan
