#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Machines that lack something (F-13 to F-20, F-32): capabilities, cgroups, /proc, /sys, BPF. A run
# is refused in one line with a hint, or it is as complete as ever.
set -u
# shellcheck source=../run/lib/own-mounts.sh
. "$(dirname "$0")/../run/lib/own-mounts.sh"
# shellcheck source=../run/lib/tap.sh
. "$(dirname "$0")/../run/lib/tap.sh"
need_root
# shellcheck source=../run/lib/check-clean.sh
. "$(dirname "$0")/../run/lib/check-clean.sh"

namespaces=$(readlink /proc/self/ns/*)
list_own_descriptors() { :; }

# run WORDS...: by these, tare; "complete", or what it says.
run() {
	# shellcheck disable=SC2086 # a list of words
	TARE_TEST_MARK=$mark timeout -k 1 20 "$@" "$TARE" run -q "$programs/confinement" $namespaces \
		> "$tmp/out" 2> "$tmp/errors"
	run_status=$?
	grep -v -e '^Seccomp_filters' -e '^mount /mnt' -e '^/:' "$tmp/out" > "$tmp/told"
	if [ $run_status -eq 0 ]; then
		diff "$tmp/complete" "$tmp/told" && echo complete
	elif [ $run_status -ne 125 ] || [ -s "$tmp/out" ] || [ "$(grep -c '^tare: ' "$tmp/errors")" != 1 ]; then
		echo "status $run_status $(cat "$tmp/errors")"
	else
		sed 's/^tare: .*tare failed: //' "$tmp/errors"
	fi
}

# on CLAIM CHANGE WANTED...: on a machine changed so, in a mount namespace of its own; all of the
# words are said.
on() {
	on_claim=$1
	got=$(run unshare --mount --propagation private sh -c "$2 && exec \"\$@\"" sh)
	shift 2
	for wanted; do
		case $got in
		*"$wanted"*) ;;
		*) not_ok "$on_claim: $wanted" "got: $got"; return ;;
		esac
	done
	ok "$on_claim: $(echo "$got" | tr '\n' ' ')"
}

note_state
: > "$tmp/complete"
run env > "$tmp/ignored"
cp "$tmp/told" "$tmp/complete"
check 'a container tells what it is' test "$(wc -l < "$tmp/complete")" -gt 50

# --- Kernel files ---

on 'without /sys/kernel/btf' 'mount -t tmpfs x /sys/kernel/btf' complete
on 'without /sys/kernel/tracing' 'mkdir -p /sys/kernel/tracing && mount -t tmpfs x /sys/kernel/tracing' complete
on 'without /sys/devices' 'mount -t tmpfs x /sys/devices' 'count the processors' ENOENT
on 'with an empty /dev' 'mount -t tmpfs x /dev' complete
on 'without /sys' 'umount -l /sys' 'none are mounted' 'mount -t cgroup2'
on 'with an empty /sys' 'mount -t tmpfs x /sys' 'make cgroup' ENOENT
on 'without /proc' 'umount -l /proc' 'mount it: sudo mount -t proc proc /proc'
on 'with a /proc that somebody made up' 'mount -t tmpfs x /proc && mkdir -p /proc/self/attr /proc/self/ns &&
	echo "0 0 4294967295" > /proc/self/uid_map && echo allow > /proc/self/setgroups' \
	"is not the kernel's proc" 'mount -t proc'
on 'with a /proc/sys that cannot be written' 'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys' \
	'forbid namespaces' 'is mounted over it'

# --- Cgroups ---

unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
on 'where cgroups are read-only' "mount -o remount,ro,bind $unified" EROFS 'remount,rw'
on 'where none are mounted' 'umount -l /sys/fs/cgroup' 'none are mounted' 'sudo mount -t cgroup2'
if [ "$unified" = /sys/fs/cgroup/unified ]; then
	on 'where only version 1 is' "umount -l $unified" 'only version 1' 'sudo mount -t cgroup2'
	on 'without the hierarchy of pids' 'umount -l /sys/fs/cgroup/pids' complete
fi
place=$unified/tare-test-faults-$$
at_exit() {
	rmdir "$place/below" "$place" 2> "$tmp/ignored"
}
mkdir "$place"
enter="echo \$\$ > $place/cgroup.procs"
echo 0 > "$place/cgroup.max.descendants"
on 'in a cgroup that may have none below it' "$enter" EAGAIN 'raise its cgroup.max.descendants'
echo max > "$place/cgroup.max.descendants"
echo 0 > "$place/cgroup.max.depth"
on 'in one that may not be deeper' "$enter" EAGAIN 'cgroup.max.depth'
echo max > "$place/cgroup.max.depth"
mkdir "$place/below"
echo threaded > "$place/below/cgroup.type"
on 'in a threaded one' "echo \$\$ > $place/below/cgroup.procs" EOPNOTSUPP 'threaded'
rmdir "$place/below"
# Thawed by another process, which is no sooner there than it can be.
(wait_until grep -q 'frozen 1' "$place/cgroup.events" && echo 0 > "$place/cgroup.freeze") &
on 'in one that was frozen for a while' "$enter && echo 1 > $place/cgroup.freeze" complete
wait
rmdir "$place"

# --- Rights ---

for capability in bpf perfmon net_admin sys_admin sys_chroot sys_ptrace sys_resource setpcap setuid \
	setgid setfcap dac_override dac_read_search chown fowner mknod kill; do
	got=$(run setpriv --bounding-set "-$capability")
	case $got in
	complete | *'(EPERM)'* | *'(EACCES)'*)
		ok "without CAP_$capability a run is refused or complete: $(echo "$got" | head -n 1)" ;;
	*) not_ok "without CAP_$capability a run is refused or complete" "$got" ;;
	esac
done
got=$(run setpriv --reuid 65534 --regid 65534 --clear-groups)
check 'a user who may not says which command would' test "$(echo "$got" | grep -c 'hint')" -gt 0
is "$(run "$programs/without-calls" bpf)" 'load the BPF programs into this kernel: Function not implemented (ENOSYS)' \
	'a container that keeps BPF away is named'
leaves_nothing 'and nothing is left of all this'
plan
