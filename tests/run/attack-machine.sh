#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a command does to what no namespace divides: system calls in every ABI, the machine's clock,
# log, end and settings, its cgroups, its keys, and what is found by a number or a name.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/attack.sh
. "$(dirname "$0")/lib/attack.sh"
need_root

mkdir "$tmp/here"
cd "$tmp/here" || exit
attempt_here

# --- System calls, by each ABI ---

# Where something else is not there, ENOSYS; programs fall back from that.
expected() {
	case $1 in
	io_uring_*) echo ENOSYS ;;
	socket) echo EAFNOSUPPORT ;;
	*) echo EPERM ;;
	esac
}
for abi in native ia32 x32; do
	attack-abi $abi > "$tmp/outside" < /dev/null
	"$TARE" run -q attack-abi $abi > "$tmp/inside" < /dev/null
	has_abi=yes
	if ! grep -qv ' ENOSYS$' "$tmp/outside"; then
		has_abi=no
		skip "$abi: works outside" 'this kernel has not got that ABI'
	fi
	while read -r call said; do
		if [ $has_abi = no ]; then
			:
		elif [ "$said" = ENOSYS ]; then
			skip "$call, $abi: works outside" 'this kernel has not got it'
		else
			is "$said" 'done' "$call, $abi: works outside"
		fi
		# A call of a number without a call is nobody's.
		case $call-$said in
		chroot-ENOSYS | open_tree_attr-ENOSYS) wanted=ENOSYS ;;
		*) wanted=$(expected "$call") ;;
		esac
		is "$(sed -n "s/^$call //p" "$tmp/inside")" "$wanted" "$call, $abi: $wanted inside"
	done < "$tmp/outside"
done

# --- The machine ---

attacks << 'TABLE'
the clock's pace is set          | attack-machine set-clock-tick            | = | EPERM
the time zone is set             | attack-machine set-time-zone             | = | EPERM
the host's name is set           | attack-machine set-host-name             | = | EPERM
the domain's name is set         | attack-machine set-domain-name           | = | EPERM
the kernel's log is read         | attack-machine read-log                  | = | EPERM
a module is loaded               | attack-machine load-module               | = | EPERM
a module is removed              | attack-machine remove-module             | = | EPERM
the machine is rebooted          | attack-machine reboot                    | = | EPERM
another kernel is loaded         | attack-machine load-other-kernel         | = | EPERM
swap is added                    | attack-machine swap-on                   | = | EPERM
swap is taken away               | attack-machine swap-off                  | = | EPERM
all processes are recorded       | attack-machine account-processes         | = | EPERM
quotas are read                  | attack-machine read-quota                | = | ENOSYS
hardware ports are reached       | attack-machine reach-ports               | = | EPERM
a process runs in real time      | attack-machine run-in-real-time          | = | EPERM
a process runs before others     | attack-machine run-before-others         | = | EACCES
disks are read before others     | attack-machine read-disks-before-others  | = | EPERM
the audit's messages are heard   | attack-machine hear-audit                | = | EPERM
packets of the network are seen  | attack-machine see-packets               | = | EPERM
a file system is watched         | attack-machine watch-file-system         | = | EPERM
TABLE
# Also with the host's network, over which the command has no power.
options=--network-access
attack "packets of the host's network are seen" 'attack-machine see-packets' = EPERM
options=

# --- Its settings: opened for writing, without anything being written ---

while read -r path; do
	attack "$path is written" "attack-file open-to-write $path" = EACCES
done << 'TABLE'
/proc/sys/kernel/core_pattern
/proc/sys/kernel/modprobe
/proc/sys/kernel/poweroff_cmd
/proc/sys/kernel/usermodehelper/bset
/proc/sys/kernel/randomize_va_space
/proc/sys/kernel/perf_event_paranoid
/proc/sys/vm/drop_caches
/proc/sys/vm/overcommit_memory
/proc/sys/fs/binfmt_misc/register
/proc/sys/fs/protected_symlinks
/proc/sys/kernel/threads-max
/proc/sys/net/ipv4/ip_forward
/proc/sysrq-trigger
/proc/irq/default_smp_affinity
/proc/mtrr
/proc/1/oom_score_adj
/sys/kernel/uevent_helper
/sys/kernel/mm/ksm/run
/sys/kernel/mm/transparent_hugepage/enabled
/sys/power/state
/sys/class/mem/null/uevent
/sys/devices/system/cpu/cpu1/online
/sys/module/kernel/parameters/panic
TABLE
release_agent=$(find /sys/fs/cgroup -maxdepth 2 -name release_agent | head -n 1)
# This one asks for no uid: what stops it is that all of /proc/sys is read-only.
attack 'the next process number is chosen' \
	'attack-file open-to-write /proc/sys/kernel/ns_last_pid' = EROFS
attack "a program is named for a cgroup's end" \
	"attack-file open-to-write ${release_agent:-/sys/fs/cgroup/release_agent}" = ENOENT

# --- Cgroups ---

cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
cgroup=$cgroups/test-of-tare-$$
mkdir "$cgroup"
attack 'a process is born into another cgroup' "attempt clone3-into-cgroup $cgroup" = ENOENT
# shellcheck disable=SC2016 # expanded by that shell
attack 'a process enters another cgroup' \
	"echo \$\$ > $cgroup/cgroup.procs && echo done" "attack-file open-to-write $cgroup/cgroup.procs" \
	ENOENT
rmdir "$cgroup"

# --- What is found by a number or a name ---

hold semaphores attack-ipc hold-semaphores $$
hold messages attack-ipc hold-messages $$
hold named attack-ipc hold-named-messages "/test-of-tare-$$"
hold key attack-ipc hold-key test-of-tare
attacks << TABLE
semaphores of the host by their key | attack-ipc find-semaphores $$ | = | ENOENT
message queues by their key         | attack-ipc find-messages $$   | = | ENOENT
message queues by their name        | attack-ipc find-named-messages /test-of-tare-$$ | = | ENOENT
a key by its serial number          | attack-ipc find-key $(cat "$tmp/key") | = | EPERM
TABLE
check 'outside, /proc/keys lists it' grep -q test-of-tare /proc/keys
is "$(inside 'cat /proc/keys')" '' 'inside, /proc/keys is empty'
release

plan
