#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What of the machine a run gets: values in files of its cgroups.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root
. "$(dirname "$0")/lib/check-clean.sh"
note_state

# In a mount namespace without this version 1 hierarchy, or without any of them.
without() {
	hidden=$1
	shift
	unshare -m --propagation private sh -c '
		for path in $1; do umount "$path" || exit; done
		shift
		exec "$@"' sh "$(awk -v name="$hidden" '
		$3 == "cgroup" && (name == "" || ("," $4 ",") ~ ("," name ",")) { print $2 }
	' /proc/mounts)" "$@"
}

has_version_1() {
	grep -q "^[^ ]* [^ ]* cgroup [^ ]*\\b$1\\b" /proc/mounts
}

# --- Files of cgroups ---

# of_command CONTROLLER FILE: as the host sees it, where this controller is.
of_command() {
	for directory in "$(directory_of "$command" "$1")" "$(directory_of "$command" '')"; do
		[ ! -e "$directory/$2" ] || { cat "$directory/$2"; return; }
	done
}
start --set-cgroup-value pids.max=17 "$programs/grow" stop
is "$(of_command pids pids.max)" 17 '--set-cgroup-value sets a value in the cgroup of the run'
finish
if has_version_1 cpu && has_version_1 memory; then
	start --set-cgroup-value cpu.shares=512 --set-cgroup-value memory.swappiness=7 \
		"$programs/grow" stop
	is "$(of_command cpu cpu.shares) $(of_command memory memory.swappiness)" '512 7' \
		'each where its controller is'
	is "$(directory_of "$command" cpu | sed 's,.*/tare-[0-9a-f]*$,own,')" own \
		'in a directory of its own'
	finish
	message=$(without '' "$TARE" run -q --require-cgroup-subsystem memory true 2>&1)
	is "$? $(echo "$message" | grep -c "cannot have the cgroup controller 'memory' (layout: cgroup2)")
$(echo "$message" | grep -c 'hint  *mount its hierarchy.*sudo mount -t cgroup -o memory none')" '125 1
1' 'one that cannot be had is told with the layout and a command'
else
	for claim in 'each where its controller is' 'in a directory of its own' \
		'one that cannot be had is told with the layout and a command'; do
		skip "$claim" 'cgroup2 alone'
	done
fi
message=$("$TARE" run -q --set-cgroup-value pids.maximum=1 true 2>&1)
is "$? $(echo "$message" | grep -c "pids.maximum.*ENOENT")" '125 1' \
	'a file that the controller does not have is named'
message=$("$TARE" run -q --set-cgroup-value pids.max=many true 2>&1)
is "$? $(echo "$message" | grep -c "write 'many' to 'pids.max'.*EINVAL")" '125 1' \
	'a value that the kernel does not take is told with its answer'
for value in '' memory memory.max memory.max= .max=1 memory.a/b=1 memory...=1 ../x.y=1; do
	refused 'is not understood; give CONTROLLER.OPTION=VALUE' --set-cgroup-value "$value"
done
refused 'no cgroup controller; there are memory, pids' --set-cgroup-value memori.max=1
refused 'no cgroup controller; there are memory, pids' --require-cgroup-subsystem ''
for file in cgroup.procs cgroup.kill cgroup.freeze freezer.state; do
	refused 'is for tare alone to write' --set-cgroup-value "$file=1"
done
refused 'is what --memlimit sets' --set-cgroup-value memory.max=1 --memlimit 1GB
refused 'is what --pids-limit sets' --pids-limit 9 --set-cgroup-value pids.max=1

nothing_is_lost
leaves_nothing 'nothing is left of all these runs'
plan
