#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Memory, descriptors, processes and room on disk run out (F-07 to F-12): tare says so in one line,
# or the run is as always.
#
# FAULTS=all: at every number. Without: at some.
set -u
# shellcheck source=../run/lib/own-mounts.sh
. "$(dirname "$0")/../run/lib/own-mounts.sh"
# shellcheck source=../run/lib/tap.sh
. "$(dirname "$0")/../run/lib/tap.sh"
need_root
# shellcheck source=../run/lib/check-clean.sh
. "$(dirname "$0")/../run/lib/check-clean.sh"

step=10
[ "${FAULTS-}" != all ] || step=1
namespaces=$(readlink /proc/self/ns/*)
list_own_descriptors() { :; }

# What the limit itself changes of what is told is not of interest.
as_told() {
	grep -v -e '^Max ' -e '^Seccomp_filters' "$1"
}

# run WORDS...: by these, tare; its end, and whether what ran was complete, or nothing was.
run() {
	rm -f "$tmp/json"
	# shellcheck disable=SC2086 # a list of words
	TARE_TEST_MARK=$mark timeout -k 1 20 "$@" "$TARE" run -q --json "$tmp/json" \
		"$programs/confinement" $namespaces 2>&1 > "$tmp/out" | head -c 2000 > "$tmp/errors"
	if [ -s "$tmp/out" ]; then
		as_told "$tmp/out" | cmp -s - "$tmp/complete" && echo complete || echo INCOMPLETE
	elif [ "$(grep -c '^tare: ' "$tmp/errors")" -gt 0 ]; then
		sed -n 's/.*(\(E[A-Z0-9]*\)).*/\1/p' "$tmp/errors" | sort -u
	else
		echo silent
	fi
}

note_state
run env > "$tmp/ignored"
as_told "$tmp/out" > "$tmp/complete"
check 'a container tells what it is' test "$(wc -l < "$tmp/complete")" -gt 50

# sweep CLAIM WANTED NUMBERS OPTION: prlimit's, with each of these numbers in the place of N.
sweep() {
	for number in $3; do
		run prlimit "$(echo "$4" | sed "s/N/$number/g")"
	done | sort -u > "$tmp/ends"
	is "$(tr '\n' ' ' < "$tmp/ends")" "$2" "$1"
	leaves_nothing 'and nothing is left'
}

# --- Descriptors, processes, memory ---

sweep 'with too few descriptors, tare says so, and with enough of them the run is complete' \
	'EMFILE complete ' "$(seq 0 "$step" 100)" --nofile=N:N
# Without room for tare itself the kernel ends it in silence.
sweep 'with too little memory nothing runs, or what runs is complete' 'complete silent ' \
	"$(seq 200000 100000 1500000)" --data=N
sweep 'a small limit of files is not one of pages' 'complete ' 0 --memlock=N
sweep 'with a small limit of file sizes the document cannot be written, and that is told' \
	'EFBIG ' '0 50 100' --fsize=N

directory=$(awk '$3 == "cgroup" && $4 ~ /(^|,)pids(,|$)/ { print $2; exit }' /proc/mounts)
[ -n "$directory" ] || directory=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
directory=$directory/tare-test-faults-$$
memory=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
at_exit() {
	[ ! -d "$directory" ] || rmdir "$directory"
	[ -z "$memory" ] || [ ! -d "$memory/tare-test-faults-$$" ] || rmdir "$memory/tare-test-faults-$$"
	umount "$tmp/small" 2> "$tmp/ignored"
}

# shellcheck disable=SC2016 # of that shell: DIRECTORY COMMAND...
in_cgroup='echo $$ > "$0/cgroup.procs" && exec "$@"'

mkdir "$directory"
if [ -e "$directory/pids.max" ]; then
	for number in 1 2 3 4 5 6 7 8; do
		echo $number > "$directory/pids.max"
		run sh -c "$in_cgroup" "$directory"
	done | sort -u > "$tmp/ends"
	is "$(tr '\n' ' ' < "$tmp/ends")" 'EAGAIN complete ' \
		'where no more processes may be born, tare says so, and leaves none'
	leaves_nothing 'nor anything else'
else
	skip 'where no more processes may be born, tare says so' 'no pids controller here'
fi

# The cgroups of runs whose janitor was killed as well. Prints the runs.
remove_what_is_left() {
	is_left || return
	sed -n 's,^cgroup .*/,,p' "$tmp/left" | sort -u | while read -r name; do
		find /sys/fs/cgroup -depth -type d -name "$name" -exec rmdir {} +
		echo "$name"
	done
}

if [ -n "$memory" ]; then
	mkdir "$memory/tare-test-faults-$$"
	killed=0
	for number in $(seq 400 $((step * 40)) 4000) 20000; do
		echo "${number}K" > "$memory/tare-test-faults-$$/memory.limit_in_bytes"
		TARE_TEST_MARK=$mark timeout -k 1 20 sh -c "$in_cgroup" "$memory/tare-test-faults-$$" \
			"$TARE" run -q true > "$tmp/out" 2>&1
		[ $? -ne 137 ] || killed=$((killed + 1))
	done
	check "the kernel killed tare or what it began in $killed runs, for their memory" \
		test "$killed" -gt 0
	if may_exempt; then
		leaves_nothing 'none of which left anything'
	else
		remove_what_is_left > "$tmp/removed"
		check 'of which at most one in twenty left cgroups, for janitors cannot be exempt here' \
			test $(($(wc -l < "$tmp/removed") * 20)) -le $killed
		leaves_nothing 'and nothing else'
	fi
else
	skip 'the kernel kills tare for its memory' 'no memory controller of version 1'
fi

# --- Room ---

# shellcheck disable=SC2016 # of the command
end() {
	timeout -k 1 20 "$@" > "$tmp/out" 2> "$tmp/errors" < /dev/null
	echo "$? $(sed -n 's/^tare: \(.*tare failed: \)\{0,1\}//p' "$tmp/errors" | sed "s,$tmp,TMP,g")"
}
mkdir "$tmp/small" "$tmp/work"
mount -t tmpfs -o size=64k,nr_inodes=40 tare-test "$tmp/small"
head -c 62k /dev/zero > "$tmp/small/fill"
note_state
is "$(end "$TARE" run -q --json "$tmp/small/json" true)" \
	"125 write the report to 'TMP/small/json': No space left on device (ENOSPC)" \
	'a full disk keeps the document away, and that is told'
is "$(ls -A "$tmp/small")" fill 'and no half of it'
is "$(end "$TARE" run -q --output "$tmp/small/out" --max-output-size 1MB seq 100000)" \
	"125 write the command's output: No space left on device (ENOSPC)" 'or the output, that goes through tare'
rm "$tmp/small/out"
is "$(end "$TARE" run -q --output "$tmp/small/out" seq 100000)" '1 ' "or the command's own file, which is the command's to tell"
rm "$tmp/small/out"
mkdir "$tmp/small/results"
# shellcheck disable=SC2016 # of the command
is "$(cd "$tmp/work" && end "$TARE" run -q --json "$tmp/json" --output-directory "$tmp/small/results" \
	--result-files . sh -c 'head -c 300000 /dev/zero > big; echo x > small; exit 3')" \
	"125 copy the result file 'big' to 'TMP/small/results': No space left on device (ENOSPC)" \
	'or the result files'
is "$(jq -r '.files.not_copied[] | "\(.path): \(.reason)"' "$tmp/json") $(ls -A "$tmp/small/results")" \
	'big: No space left on device
small: No space left on device ' 'of which none is half there, and the document names them'
is "$(cd /usr && TMPDIR=$tmp/small end "$TARE" run -q --no-tmpfs sh -c 'head -c 100000 /dev/zero > x')$(
	grep -c 'No space left' "$tmp/errors")" '1 1' 'or what the command writes with --no-tmpfs'
rmdir "$tmp/small/results"
leaves_nothing 'and all these runs leave nothing'
is "$(ls -A "$tmp/small")" fill 'nor a file on the full disk'
"$TARE" run -q echo x > /dev/full 2> "$tmp/errors"
is "$? $(grep -c '^tare' "$tmp/errors")" '1 0' 'a full standard output is the command'"'"'s to tell'
rmdir "$directory"

# --- OOM inside, many times ---

hundred=10
[ "${FAULTS-}" != all ] || hundred=100
for _ in $(seq $hundred); do
	"$TARE" run -q --memlimit 30MB --json "$tmp/json" "$programs/grow" touch 64 > "$tmp/out" 2>&1
	echo "$? $(jq -r .outcome.termination_reason "$tmp/json")"
done | sort | uniq -c > "$tmp/ends"
is "$(xargs < "$tmp/ends")" "$hundred 124 memory" "$hundred times, memory is the reason told"
leaves_nothing 'and nothing is left'
plan
