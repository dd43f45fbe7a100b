# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# For tests that compare what tare reports with a source of their own. After lib/tap.sh.
#
#   weigh ARGUMENTS...            tare run, to its end; its document is for `number`, the command's
#                                 standard output in $said
#   fate ARGUMENTS...             the same; prints the status, how it ended and why: "124 limit 9
#                                 walltime"
#   number KEY                    one value of the last document: number time.cpu_ns
#   overshoot KEY LIMIT_NS ALLOWED_NS ARGUMENTS...
#                                 twelve runs against a limit of that key, and twelve more while the
#                                 median goes further beyond it than allowed and there are $tries:
#                                 the last median is $over_ns, the least of all $least_over_ns, and
#                                 the fates of all, each once, are in $fates
#   start ARGUMENTS...            tare run in the background: $tare is its pid, $command the
#                                 command's own; returns when the command has said its first line,
#                                 which is in $line; the words of $launcher are put before tare
#   go_on                         gives the command a line; returns when it has said another one,
#                                 or has ended
#   finish                        gives the command a line and waits for tare's end
#   directory_of PID CONTROLLER   its cgroup's directory; "" is cgroup2; 1 where there is none
#   is_at_rest PID                it has left its processor: its counters stand still
#   is_between LOW VALUE HIGH     exact, also beyond 32 bits
#   sum FILES...                  of the first word of each line
#   nothing_is_lost               one test: of no run so far did tare report a loss
#
# A program that is started says a line on its standard output when there is something to look at,
# and then waits for a line on its standard input.

said=$tmp/said
launcher=
: > "$tmp/losses"

# From 7.0 on a few hooks can miss an event, which tare tells of (docs/kernels.md): a run that is
# marked so has lost nothing in silence.
may_miss=true
! kernel_before 7.0 || may_miss=false

# Lost events, not the doubt about the start: that tells of time stolen by the host of a virtual
# machine, which is no fault of tare's.
note_losses() {
	jq -c --argjson may_miss "$may_miss" '.collector | select(.drain_timed_out or
		.cpu_time_differs or (.recursion_misses != 0 and ($may_miss | not)) or
		any(.lost_events[]; . != 0))' "$tmp/json" >> "$tmp/losses"
}

nothing_is_lost() {
	is "$(cat "$tmp/losses")" '' 'no run lost an event or a task'
}

# A document of its own for each run, so that a failed one leaves none to be mistaken for it.
weigh() {
	rm -f "$tmp/json"
	"$TARE" run --quiet --json "$tmp/json" "$@" > "$said" 2> "$tmp/errors" < /dev/null
	weigh_status=$?
	note_losses
	return $weigh_status
}

fate() {
	weigh "$@"
	echo "$? $(jq -r '.outcome | "\(.kind) \(.signal // .exit_code) \(.termination_reason)"' \
		"$tmp/json")"
}

# The median, since what the machine does besides, or its host, delays some.
overshoot() {
	over_key=$1 over_limit_ns=$2 over_allowed_ns=$3
	shift 3
	: > "$tmp/over-all" && : > "$tmp/fates"
	for _ in $tries; do
		: > "$tmp/over"
		for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
			fate "$@" >> "$tmp/fates"
			echo $(($(number "$over_key") - over_limit_ns)) >> "$tmp/over"
		done
		cat "$tmp/over" >> "$tmp/over-all"
		echo "# overshoot in ns: $(sort -n "$tmp/over" | tr '\n' ' ')"
		over_ns=$(sort -n "$tmp/over" | sed -n 6p)
		is_between 0 "$over_ns" "$over_allowed_ns" && break
	done
	# shellcheck disable=SC2034 # used by the files that include this one
	least_over_ns=$(sort -n "$tmp/over-all" | head -n 1) fates=$(sort -u "$tmp/fates")
}

number() {
	jq -r ".$1" "$tmp/json"
}

# Opening either end of a pipe waits for the other end; when tare ends too early, reading says so.
start() {
	rm -f "$tmp/json" "$tmp/to" "$tmp/from"
	mkfifo "$tmp/to" "$tmp/from"
	# shellcheck disable=SC2086 # a list of words
	$launcher "$TARE" run --quiet --json "$tmp/json" "$@" \
		< "$tmp/to" > "$tmp/from" 2> "$tmp/errors" &
	tare=$!
	exec 3> "$tmp/to" 4< "$tmp/from"
	hear || return
	find_command
}

hear() {
	line=
	read -r line <&4
}

# The child of PID 1 of the container, which is a child of tare.
find_command() {
	for parent in $(pgrep -P "$tare"); do
		command=$(pgrep -P "$parent") && return
	done
	return 1
}

go_on() {
	echo >&3
	hear
}

finish() {
	# A command that is gone already needs no word.
	(echo >&3) 2> "$tmp/ignored"
	exec 3>&- 4<&-
	wait "$tare"
	finish_status=$?
	note_losses
	return $finish_status
}

directory_of() {
	directory_mount=$(awk -v wanted="$2" '
		wanted == "" && $3 == "cgroup2" { print $2; exit }
		wanted != "" && $3 == "cgroup" && ("," $4 ",") ~ ("," wanted ",") { print $2; exit }
	' /proc/mounts)
	directory_path=$(awk -F : -v wanted="$2" '
		("," $2 ",") ~ ("," wanted ",") { print $3; exit }' "/proc/$1/cgroup")
	[ -n "$directory_mount" ] && [ -n "$directory_path" ] &&
		echo "$directory_mount${directory_path%/}"
}

is_at_rest() {
	[ "$(cut -d ' ' -f 1 "/proc/$1/syscall")" != running ]
}

is_between() {
	awk -v low="$1" -v value="$2" -v high="$3" 'BEGIN {
		number = "^-?[0-9]+$"
		exit !(low ~ number && value ~ number && high ~ number &&
			low + 0 <= value + 0 && value + 0 <= high + 0)
	}'
}

sum() {
	awk '{ sum += $1 } END { printf "%.0f\n", sum }' "$@"
}
