#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Peaks of memory, to the byte: resident memory, its split and the largest processes against
# /proc/PID/smaps of every process at the peak, the memory cgroup's against the cgroup's own file.
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

# Of a process: all that is resident, what of it is anonymous, what of it is shared memory (without
# a name, or in a file of tmpfs), its pid and its name.
split_process() {
	awk -v pid="$1" -v name="$(cat "/proc/$1/comm")" '
		/^[0-9a-f]+-[0-9a-f]+ / { is_shared = / \/(dev\/zero|dev\/shm\/.*) \(deleted\)$/ }
		/^Rss:/ { rss += $2; shared += is_shared ? $2 : 0 }
		/^Anonymous:/ { anonymous += $2 }
		END { printf "%.0f %.0f %.0f %d %s\n",
			rss * 1024, anonymous * 1024, shared * 1024, pid, name }' "/proc/$1/smaps"
}

# What the tree is resident with, what of it is anonymous, and what is shared memory.
split_tree() {
	awk '{ rss += $1; anonymous += $2; shared += $3 }
		END { printf "%.0f %.0f %.0f\n", rss, anonymous, shared }' "$tmp/split"
}

# Adds the tree to $tmp/trees and each process to $tmp/processes; those of the largest tree are in
# $tmp/at_peak.
look() {
	wait_until is_at_rest "$command"
	while read -r process; do
		split_process "$process"
	done < "$(directory_of "$command" '')/cgroup.procs" > "$tmp/split"
	split_tree >> "$tmp/trees"
	cat "$tmp/split" >> "$tmp/processes"
	[ "$(most "$tmp/trees")" != "$(split_tree)" ] ||
		sort -k 1nr -k 4n "$tmp/split" > "$tmp/at_peak"
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
	tree=$(most "$tmp/trees" | cut -d ' ' -f 1)
	split=$(most "$tmp/trees" | cut -d ' ' -f 2-)
	anonymous=$(cut -d ' ' -f 2 "$tmp/trees" | sort -n | tail -n 1)
	process=$(most "$tmp/processes" | cut -d ' ' -f 1)
}

# Before 6.2 each task holds back what it counts, up to 64 pages; no tree here has more than five.
held_back=0
! printf '%s\n' 6.2 "$(uname -r)" | sort -C -V -r || held_back=$((5 * 64 * 4096))

# At most that many bytes more than the truth.
judge() {
	echo "# truth $1, reported $2"
	check "$3" is_between "$(($1 - held_back))" "$2" "$(($1 + $4))"
}

same_sizes() {
	head -n 3 "$1" | cut -d ' ' -f 1 > "$tmp/wanted_sizes"
	cut -d ' ' -f 1 "$2" | paste -d ' ' "$tmp/wanted_sizes" - | are_alike
}

# Of each line the first two numbers; one without a counterpart is not alike.
are_alike() {
	awk -v slack="$held_back" '
		NF < 2 || $1 - $2 > slack || $2 - $1 > slack { differs = 1; print }
		END { exit differs }'
}

# Of the processes in $1, by pid and name, how many in $2 are as large.
count_known() {
	awk -v slack="$held_back" '
		NR == FNR { size[$4 " " $5] = $1; next }
		$2 " " $3 in size && (size[$2 " " $3] - $1) ^ 2 <= slack ^ 2 { known++ }
		END { print known + 0 }' "$1" "$2"
}

# The first pid namespace has the same number on each machine: PROC_PID_INIT_INO.
host_pids='pid:[4026531836]'

# The exec's peak is not that of a stop, and there nobody could have looked.
compare_split() {
	number 'memory | .anon_at_peak_bytes, .shmem_at_peak_bytes' > "$tmp/told"
	echo "$split" | tr ' ' '\n' | paste -d ' ' - "$tmp/told" > "$tmp/kinds"
	check "$1: what of it was anonymous, and what shared" are_alike < "$tmp/kinds"
	is "$(number 'memory | .anon_at_peak_bytes + .file_at_peak_bytes + .shmem_at_peak_bytes')" \
		"$(number memory.rss_peak_bytes)" "$1: anonymous, shared and of files are all of it"
	number 'memory.largest_at_peak[] | "\(.rss_bytes) \(.pid) \(.name)"' > "$tmp/largest"
	# Of equals any may be told, so their sizes are compared with those of the others.
	check "$1: the largest processes are as large as the three largest" \
		same_sizes "$tmp/at_peak" "$tmp/largest"
	claim="$1: they are who was so large, by pid and name"
	if [ "$(readlink /proc/self/ns/pid)" = "$host_pids" ]; then
		is "$(count_known "$tmp/at_peak" "$tmp/largest")" "$(wc -l < "$tmp/largest")" "$claim"
	else
		skip "$claim" "the host's pids are not to be seen in this pid namespace"
	fi
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
		tree=0 process=0 anonymous=0 split=
		cat "$tmp/errors"
	fi
	judge "$tree" "$(number memory.rss_peak_bytes)" "$what: resident memory of the tree" "$slack"
	judge "$process" "$(number memory.rss_peak_process_bytes)" \
		"$what: resident memory of the largest process" "$slack"
	judge "$anonymous" "$(number memory.anon_peak_bytes)" \
		"$what: anonymous memory of the tree" "$slack"
	[ "$slack" -ne 0 ] || compare_split "$what"
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
compare 'five processes of several sizes' 0 fork 1 touch 8 fork 1 touch 24 fork 1 touch 16 \
	fork 1 touch 4 touch 12 touch 40 stop drop stop
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

# --- Swap ---

swapped() {
	while read -r process; do
		awk '/^Swap:/ { printf "%.0f\n", $2 * 1024 }' "/proc/$process/smaps_rollup"
	done < "$(directory_of "$command" '')/cgroup.procs" > "$tmp/swapped"
	sum "$tmp/swapped"
}

# Where the machine has no swap, some for the time of this test.
swap=/root/tare-test-swap-$$
at_exit() {
	[ ! -e "$swap" ] || swapoff "$swap" 2> "$tmp/ignored"
	rm -f "$swap"
}
have_swap() {
	[ "$(wc -l < /proc/swaps)" -lt 2 ] || return 0
	(umask 077 && dd if=/dev/zero of="$swap" bs=1M count=256 status=none) && mkswap -q "$swap" &&
		swapon "$swap"
}

# What a cgroup may not keep in memory is swapped out while its program goes on.
most=memory.high=67108864
[ "$(number container.cgroup_layout)" = cgroup2 ] || most=memory.limit_in_bytes=67108864
if ! have_swap 2> "$tmp/errors"; then
	skip 'what was swapped out is told' "no swap can be had: $(head -n 1 "$tmp/errors")"
elif ! start --set-cgroup-value $most "$programs/grow" touch 128 stop; then
	skip 'what was swapped out is told' "no such limit: $(head -n 1 "$tmp/errors")"
else
	wait_until is_at_rest "$command"
	truth=$(swapped)
	finish
	echo "# truth $truth"
	check 'what was swapped out is told' is_between "$truth" \
		"$(number memory.swap_peak_bytes)" 134217728
	check 'it is more than half of what the cgroup may not keep' is_between 33554432 \
		"$(number memory.swap_peak_bytes)" 134217728
	check 'and is not resident at the peak' is_between 0 \
		"$(number 'memory | .rss_peak_bytes + .swap_at_peak_bytes')" 142606336
fi

nothing_is_lost
plan
