# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the benchmarks share. Sourced from the top of the project.
#
#   timed NAME COMMAND...   runs the command and notes the nanoseconds that it took, if it succeeded;
#                           what it says is in $work/said.NAME
#   note NAME NUMBER        notes a number
#   has NAME                there is a number of that name
#   median NAME             of what was noted
#   each_round COMMAND...   runs it $rounds times: what is to be compared takes turns in it
#   ratio PART WHOLE        with one decimal
#   columns                 formats "NAME NANOSECONDS WORDS..." as a line of a table
#
# $tare is the program to measure, $work a directory that is removed at the end; a benchmark that
# leaves more behind defines at_exit.

tare=${TARE:-$PWD/build/tare}
stopwatch=$PWD/build/tests/programs/stopwatch
rounds=${ROUNDS:-50}
for needed in "$tare" "$stopwatch"; do
	[ -x "$needed" ] || { echo "$0: no '$needed'; hint: make all tests" >&2; exit 2; }
done
work=$(mktemp -d)

at_exit() { :; }

# shellcheck disable=SC2317 # called by the trap
clean_up() {
	trap - EXIT
	at_exit
	rm -rf "$work"
}
trap clean_up EXIT
# A reader such as head may close the pipe: that is an end like others.
trap 'exit 141' PIPE
trap 'exit 130' INT
trap 'exit 143' TERM

note() {
	echo "$2" >> "$work/noted.$1"
}

timed() {
	name=$1
	shift
	"$stopwatch" "$work/noted.$name" "$@" > "$work/said.$name" 2>&1 || return 0
}

has() {
	[ -s "$work/noted.$1" ]
}

median() {
	sort -n "$work/noted.$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

each_round() {
	round=0
	while [ "$round" -lt "$rounds" ]; do
		round=$((round + 1))
		"$@"
	done
}

ratio() {
	awk -v part="$1" -v whole="$2" 'BEGIN { printf "%5.1f\n", part / whole }'
}

columns() {
	awk '{ words = $0; sub(/^[^ ]+ [^ ]+ ?/, "", words)
		printf "  %-20s %7.2f ms  %s\n", $1, $2 / 1e6, words }'
}
