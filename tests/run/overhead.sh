#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What tare says that its probes cost a run, against what the kernel says that they ran
# (kernel.bpf_stats_enabled). The two are not the same: the kernel's figure leaves out how a program
# is come to, 18 ns of a system call's 27, and has in it how its own clock is read, 25 to 30 ns each
# time. So both are told, and may differ by two and a half times. The kernel's clock is off again before
# the command ends: what a call costs then is what tare measures.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

bpftool=$(scripts/find-bpftool)
switch=/proc/sys/kernel/bpf_stats_enabled
before=$(cat $switch)
at_exit() {
	echo "$before" > $switch
}

# The programs that this tare has loaded, summed; those of other runs have their own.
stats_ns() {
	sed -n 's/^prog_id:[[:space:]]*//p' /proc/"$tare"/fdinfo/* | sort -u > "$tmp/ids"
	"$bpftool" -j prog show | jq --slurpfile ids "$tmp/ids" '
		[.[] | select(.id as $id | $ids | index($id)) | .run_time_ns // 0] | add'
}

# The command is done when it is looked at, and then only ends.
weigh_with_stats() {
	echo 1 > $switch
	start "$programs/work" count "$1" "$2" || return
	truth=$(stats_ns)
	echo 0 > $switch
	finish
	reported=$(number collector.overhead_ns)
	echo "# $1: truth $truth ns, reported $reported ns, difference $((reported - truth)) ns"
}

agree() {
	is_between $((truth * 2 / 5)) "$reported" $((truth * 5 / 2))
}

# The programs run for all other processes of the machine as well, and each run of one is as long as
# it is interrupted: on a busy machine the kernel's figure is too large. It is taken up to five times.
compare_with_stats() {
	for _ in 1 2 3 4 5; do
		weigh_with_stats "$@" || break
		agree 2> "$tmp/ignored" && break
	done
	check_time "the estimate for $2 times $1 is within two and a half times what the kernel measured" agree
}

# A kernel without it, or a machine that does not let it be set.
if ! echo 1 2> "$tmp/ignored" > $switch; then
	echo '1..0 # SKIP kernel.bpf_stats_enabled cannot be set'
	exit 0
fi
compare_with_stats getppid 300000
compare_with_stats pipe 20000
compare_with_stats fork 1000
compare_with_stats exec 300
compare_with_stats fault 100000

# What is not counted by events must not be in it: a program that only calculates.
compare_nothing() {
	weigh "$programs/work" alu
	echo "# alu: $(number collector.overhead_ns) ns of $(number time.cpu_ns) ns"
	check_time 'a program that only calculates costs less than a part in a hundred' \
		is_between 1 "$(number collector.overhead_ns)" $(($(number time.cpu_ns) / 100))
}
compare_nothing

is "$(jq -r '.sources["collector.overhead_ns"]' "$tmp/json" | cut -d : -f 1)" estimate \
	'it is called an estimate'
nothing_is_lost
plan
