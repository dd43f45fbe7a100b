# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A machine's cgroups of the test's own: in a mount namespace where each hierarchy shows nothing but
# a directory made for this. Included before lib/tap.sh: the file is run a second time, in there.
# There $own_top is "/tare-test-N", what the kernel calls that directory, and /run and the BPF file
# system are empty ones of its own.

cgroup_mounts() {
	awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) ~ /^cgroup2?$/) print $5 }' \
		/proc/self/mountinfo
}

# Version 1 begins a cpuset that nothing can join.
make_own_top() {
	mkdir "$1$2" "$1$2/shell" || exit
	[ -e "$1$2/cpuset.effective_cpus" ] || return 0
	for directory in "$1$2" "$1$2/shell"; do
		cat "$1/cpuset.cpus" > "$directory/cpuset.cpus"
		cat "$1/cpuset.mems" > "$directory/cpuset.mems"
	done
}

remove_own_top() {
	find "$1$own_top" -depth -type d -exec rmdir {} +
}

# What a container, or a machine that only root may look at, has: a directory is all there is.
show_own_top() {
	cat "$1$own_top/shell/cgroup.procs" > /dev/null
	echo $$ > "$1$own_top/shell/cgroup.procs"
	mount --bind "$1$own_top" /mnt && umount "$1" && mount --move /mnt "$1" || exit
}

if [ "$(id -u)" -eq 0 ] && [ -z "${own_top-}" ]; then
	own_top=/tare-test-$$
	for mount in $(cgroup_mounts); do
		make_own_top "$mount" "$own_top"
	done
	# They are for the one inside; this one has to clean up after it.
	trap : INT TERM HUP
	own_top=$own_top unshare --mount --propagation private "$0"
	own_status=$?
	for mount in $(cgroup_mounts); do
		remove_own_top "$mount"
	done
	exit "$own_status"
fi
if [ "$(id -u)" -eq 0 ]; then
	for mount in $(cgroup_mounts); do
		show_own_top "$mount"
	done
	mount -t tmpfs tare-test /run
	mount -t bpf tare-test /sys/fs/bpf
fi
