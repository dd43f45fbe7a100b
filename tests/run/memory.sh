#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Peaks of memory, to the byte: resident memory against /proc/PID/smaps_rollup of every process at
# the peak, the memory cgroup's against the cgroup's own file.
#
# The program stops where it uses most, is looked at, gives memory back and is looked at once more:
# the memory cgroup is charged 64 pages ahead, so that even giving back can raise its peak. What the
# program does after the last look cannot.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

# The file with the high-water mark of the run's memory cgroup; 1 where there is none.
peak_file() {
	for peak_name in \
		"$(directory_of "$command" memory)/memory.max_usage_in_bytes" \
		"$(directory_of "$command" '')/memory.peak"; do
		[ -r "$peak_name" ] && echo "$peak_name" && return
	done
	return 1
}

# Adds what the tree is resident with to $tmp/trees, and each process to $tmp/processes.
look() {
	wait_until is_at_rest "$command"
	while read -r process; do
		awk '/^Rss:/ { printf "%.0f\n", $2 * 1024 }' "/proc/$process/smaps_rollup"
	done < "$(directory_of "$command" '')/cgroup.procs" > "$tmp/rss"
	sum "$tmp/rss" >> "$tmp/trees"
	cat "$tmp/rss" >> "$tmp/processes"
	file=$(peak_file) && cat "$file" > "$tmp/peak"
}

most() {
	sort -n "$1" | tail -n 1
}

# grow WORDS...: sets the truths, at all stops together.
grow() {
	rm -f "$tmp/trees" "$tmp/processes" "$tmp/peak"
	start "$programs/grow" "$@" || return
	while [ "$line" = ready ]; do
		look
		go_on
	done
	finish || return
	tree=$(most "$tmp/trees")
	process=$(most "$tmp/processes")
}

# At most that many bytes more than the truth.
judge() {
	echo "# truth $1, reported $2"
	check "$3" is_between "$1" "$2" "$(($1 + $4))"
}

compare_peak() {
	if [ -f "$tmp/peak" ]; then
		judge "$(cat "$tmp/peak")" "$(number memory.peak_bytes)" "$1" 0
	else
		skip "$1" 'the kernel shows no high-water mark of a memory cgroup'
	fi
}

# compare WHAT SLACK_BYTES WORDS...
compare() {
	what=$1 slack=$2
	shift 2
	if ! grow "$@"; then
		tree=0 process=0
		cat "$tmp/errors"
	fi
	judge "$tree" "$(number memory.rss_peak_bytes)" "$what: resident memory of the tree" "$slack"
	judge "$process" "$(number memory.rss_peak_process_bytes)" \
		"$what: resident memory of the largest process" "$slack"
	compare_peak "$what: the peak of the memory cgroup"
}

compare 'one process with 64 MiB' 0 touch 64 stop drop stop
# Beside what is resident: page tables, kernel stacks, 64 pages charged ahead on every processor.
check 'the peak of the memory cgroup is what was touched and little more' is_between 67108864 \
	"$(number memory.peak_bytes)" $((67108864 + 2097152 + $(nproc) * 262144))
compare 'four children with 32 MiB each' 0 fork 4 touch 32 touch 8 stop drop stop
compare '64 MiB shared by four children until they write' 0 \
	touch 64 fork 4 keep touch 8 stop drop stop
compare '64 MiB rewritten by four children' 0 touch 64 fork 4 rewrite touch 8 stop drop stop
compare 'four threads with 16 MiB each' 0 thread 4 touch 16 touch 8 stop drop stop
compare '64 MiB of shared memory' 0 share 64 stop drop stop
compare 'memory that comes and goes' 0 \
	touch 50 stop drop touch 30 stop drop touch 51 stop drop touch 40 stop drop stop
compare 'memory after a child had its own and is gone' 0 visit touch 32 touch 48 stop drop stop
compare 'more memory after an exec' 0 touch 16 stop exec touch 48 stop drop stop

# For a moment the old memory and the first pages of the new exist both: an exec's arguments and
# environment: two pages here, and 128 KiB is what one argument may have.
compare 'less memory after an exec' 131072 touch 48 stop exec touch 16 stop drop stop

# 64 MiB are in no process, so that they must not be in its resident memory.
compare '64 MiB in a file of /dev/shm' 0 file 64 touch 8 stop drop stop
check 'a file of /dev/shm is in the memory cgroup' \
	is_between 67108864 "$(number memory.peak_bytes)" 100000000
check 'a file of /dev/shm is not resident' \
	is_between 8388608 "$(number memory.rss_peak_bytes)" 16777216

nothing_is_lost
plan
