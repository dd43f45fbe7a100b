#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a command does with namespaces and mounts of its own, which it has only when --allow lets it:
# it is root there, and everything that was put over the host's files must stay where it is.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/attack.sh
. "$(dirname "$0")/lib/attack.sh"
need_root

mkdir "$tmp/here" "$tmp/here/dir"
cd "$tmp/here" || exit
attempt_here

# nested CLAIM WANTED SCRIPT: the script says "done" when it could.
allow='--allow namespaces --allow mounts --uid 1000 --gid 1000'
nested() {
	is "$(unshare -mCpfinu sh -c "$3" 2> "$tmp/ignored" < /dev/null)" 'done' "$1: works outside"
	# shellcheck disable=SC2086 # lists of words
	is "$("$TARE" run -q $options $allow unshare -UrmCpfinu --propagation unchanged sh -c "$3" \
		2> "$tmp/ignored" < /dev/null)" "$2" "$1: $2 inside"
}

options=
is "$(inside 'unshare -Ur echo done 2>&1 | tail -n 1')" \
	'unshare: unshare failed: Operation not permitted' 'without --allow there are no namespaces'
nested 'namespaces and a tmpfs of its own' 'done' 'mount -t tmpfs none /mnt && echo done'

# --- The host's processes and settings, by a new /proc or the old one uncovered ---

refused_to() {
	nested "$1" no "$2 && echo done || echo no"
}
refused_to 'a new /proc, of all processes of its own' 'mount -t proc none /mnt'
refused_to 'a new /sys' 'mount -t sysfs none /mnt'
refused_to '/proc made writable' \
	'mount --bind /proc /proc && mount -o remount,bind,rw /proc &&
	: >> /proc/sys/kernel/hostname'
refused_to 'nosuid taken from the root' 'mount -o remount,bind,suid /'
refused_to 'what lies over a masked file taken away' \
	'{ [ -c /proc/keys ] || mount --bind /dev/null /proc/keys; } &&
	umount /proc/keys && [ ! -c /proc/keys ]'
options="--read-only-dir $PWD/dir"
refused_to 'a read-only directory made writable' \
	'mount --bind dir dir && mount -o remount,bind,ro dir && mount -o remount,bind,rw dir &&
	touch dir/file && rm dir/file'
options=

# --- Cgroups: opened, but not written ---

# In a cgroup namespace of its own, where that mount is let through: what is in it is root's.
cgroup2='mount -t cgroup2 none /mnt'
nested 'cgroup2 mounted again' 'done' "$cgroup2 && echo done"
nested 'a process moved there' EACCES "$cgroup2 && attack-file open-to-write /mnt/cgroup.procs"
nested 'controllers given away there' EACCES \
	"$cgroup2 && attack-file open-to-write /mnt/cgroup.subtree_control"
nested 'a process born there' EACCES "$cgroup2 && attempt clone3-into-cgroup /mnt"
refused_to 'a cgroup made there' "$cgroup2 && mkdir /mnt/test-of-tare && rmdir /mnt/test-of-tare"
if awk '$1 == "devices" && $2 > 0 { found = 1 } END { exit !found }' /proc/cgroups; then
	nested 'a program named for the end of a version 1 cgroup' EACCES \
		'mount -t cgroup -o devices none /mnt && attack-file open-to-write /mnt/release_agent'
else
	skip 'a program named for the end of a version 1 cgroup' 'no version 1 cgroups here'
fi

# --- The limit that forbids namespaces, were it written elsewhere ---

# In place of the kernel's file, another one takes what is written to it, and forbids nothing.
# shellcheck disable=SC2016 # expanded by that shell
unshare -m sh -c 'mount -t tmpfs none /proc/sys/user &&
	echo 5 > /proc/sys/user/max_user_namespaces && exec "$@"' \
	sh "$TARE" run -q attempt clone3-user > "$tmp/said" 2>&1
is "$? $(grep -c 'max_user_namespaces.*EXDEV' "$tmp/said") $(grep -cx 'done' "$tmp/said")" '125 1 0' \
	'a file that is mounted over the limit is noticed, and nothing runs'
is "$(attempt clone3-user) $("$TARE" run -q attempt clone3-user)" 'done ENOSPC' \
	'with the true one, namespaces are made outside alone'

plan
