# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Whether runs of tare left anything behind. After lib/tap.sh.
#
#   note_state            remembers what there is now
#   marked COMMAND...     runs the command with $mark in its environment, by which its processes
#                         are known
#   leaves_nothing CLAIM  one test: what came since note_state is gone within 2 seconds
#   is_left               whether it is not; then what is left is in $tmp/left
#   may_exempt            whether a process here can be exempt from being killed for want of memory
#
# Other runs of tare may come and go meanwhile: what a living process of theirs holds is not
# counted, nor what was not yet there at the first look after the runs.

mark=$tmp/mark

marked() {
	env TARE_TEST_MARK="$mark" "$@"
}

list_processes() {
	grep -lsz "^TARE_TEST_MARK=$mark$" /proc/[0-9]*/environ | sed 's/^/process /'
}

# Of those with processes, the processes are listed already, or are someone else's.
list_cgroups() {
	find /sys/fs/cgroup -type d -regex '.*/tare-[0-9a-f]+\(-launcher\)?' 2> "$tmp/ignored" |
		while read -r directory; do
			process=
			{ read -r process < "$directory/cgroup.procs"; } 2> "$tmp/ignored"
			[ -n "$process" ] || echo "cgroup $directory"
		done
}

list_mounts() {
	grep -e ' - [a-z0-9]* tare ' -e '/tare-' /proc/self/mountinfo | sed 's/^/mount /'
}

# What no living process holds.
list_bpf() {
	"$programs/bpf-objects"
	find /sys/fs/bpf -mindepth 1 | sed 's/^/pin /'
}

# Other tests have files called tare-test* there.
list_files() {
	find /tmp /run /dev/shm -maxdepth 1 \( -name 'tare-*' -o -name '.tare-*' \) \
		! -name 'tare-test*' | sed 's/^/file /'
}

list_shared_memory() {
	tail -qn +2 /proc/sysvipc/* | awk '{ print "ipc", $1, $2 }'
}

list_own_descriptors() {
	for descriptor in /proc/$$/fd/*; do
		echo "descriptor ${descriptor##*/}"
	done
}

list_all() {
	list_processes
	list_cgroups
	list_mounts
	list_bpf
	list_files
	list_shared_memory
	list_own_descriptors
}

note_state() {
	list_all | sort > "$tmp/state"
}

# What is left can only become less.
is_clean() {
	list_all | sort > "$tmp/now"
	comm -12 "$tmp/left" "$tmp/now" > "$tmp/still"
	mv "$tmp/still" "$tmp/left"
	[ ! -s "$tmp/left" ]
}

is_left() {
	list_all | sort > "$tmp/now"
	comm -13 "$tmp/state" "$tmp/now" > "$tmp/left"
	[ -s "$tmp/left" ] || return 1
	# shellcheck disable=SC2034 # wait_until's
	deadline=2
	wait_until is_clean
	# shellcheck disable=SC2034
	deadline=20
	[ -s "$tmp/left" ]
}

# It takes CAP_SYS_RESOURCE.
may_exempt() {
	sh -c 'echo -1000 > /proc/self/oom_score_adj' 2> "$tmp/ignored"
}

leaves_nothing() {
	is_left
	is "$(cat "$tmp/left")" '' "$1"
}
