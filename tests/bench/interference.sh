#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How much of what disturbs a run is found and taken off: a fixed amount of work on an idle machine
# and beside two hogs, a writer to disk, a flood of datagrams, a timer of 20 kHz, and all of them,
# in rounds that take turns. Prints the coefficients of variation of the wall time and of what is
# left of it, time.undisturbed_ns, which is to be within twice that of the idle wall time, and of
# how many runs the verdict was "quiet". Passes or fails nothing: "idle" is as idle as the machine.
#
#   ROUNDS=50 MILLIONS=100 OPTIONS= tests/bench/interference.sh
set -eu
cd "$(dirname "$0")/../.."
ROUNDS=${ROUNDS:-30}
# shellcheck source=lib/rounds.sh
. tests/bench/lib/rounds.sh
[ "$(id -u)" -eq 0 ] || { echo 'interference: needs root, as tare does' >&2; exit 1; }
millions=${MILLIONS:-100}
options=${OPTIONS---interrupts}
programs=build/tests/programs
disturbers=

stop_disturbing() {
	# shellcheck disable=SC2086 # a list of pids
	[ -z "$disturbers" ] || kill -KILL $disturbers 2> "$work/ignored" || :
	wait
	disturbers=
}

at_exit() {
	stop_disturbing
}

# Returns when it has begun.
disturb() {
	rm -f "$work/on"
	mkfifo "$work/on"
	"$programs/disturb" "$1" "$work/file" > "$work/on" &
	disturbers="$disturbers $!"
	read -r _ < "$work/on"
}

# name_of the load, then the disturbers that it is made of
loads='idle
hogs hog hog
disk disk
udp udp
timers timers
all hog hog disk udp timers'

weigh() {
	# shellcheck disable=SC2086 # a list of words
	"$tare" run --quiet $options --json "$work/json" "$programs/calculate" "$millions" > "$work/out"
	note "wall.$1" "$(jq .time.wall_ns "$work/json")"
	note "left.$1" "$(jq .time.undisturbed_ns "$work/json")"
	[ "$(jq -r .noise.verdict "$work/json")" != quiet ] || note "quiet.$1" 1
}

one_round() {
	echo "$loads" > "$work/loads"
	while read -r load shapes; do
		for shape in $shapes; do
			disturb "$shape"
		done
		weigh "$load" < /dev/null
		stop_disturbing
	done < "$work/loads"
}

# In per cent, of the sample.
variation() {
	awk '{ sum += $1; squares += $1 * $1 }
		END { mean = sum / NR; v = squares / NR - mean * mean
			printf "%.2f", 100 * sqrt(v > 0 ? v * NR / (NR - 1) : 0) / mean }' "$work/noted.$1"
}

mean_ms() {
	awk '{ sum += $1 } END { printf "%.1f", sum / NR / 1e6 }' "$work/noted.$1"
}

quiet_runs() {
	if has "quiet.$1"; then wc -l < "$work/noted.quiet.$1"; else echo 0; fi
}

each_round one_round
idle=$(variation wall.idle)
printf 'fixed work, %s runs each, on %s, %s processors\n' "$rounds" "$(uname -r)" "$(nproc)"
printf '%-8s %10s %8s %12s %8s  %-20s %s\n' '' 'wall ms' 'CV %' 'left ms' 'CV %' 'within 2 x idle' quiet
echo "$loads" > "$work/loads"
while read -r load _; do
	left=$(variation "left.$load")
	within=$(awk -v a="$left" -v b="$idle" 'BEGIN { printf "%s (%.1f x)", a <= 2 * b ? "yes" : "no", a / b }')
	printf '%-8s %10s %8s %12s %8s  %-20s %s\n' "$load" "$(mean_ms "wall.$load")" \
		"$(variation "wall.$load")" "$(mean_ms "left.$load")" "$left" "$within" "$(quiet_runs "$load")"
done < "$work/loads"
[ "$(quiet_runs idle)" -ge $((rounds / 2)) ] ||
	echo "the idle runs were not idle: $(quiet_runs idle) of $rounds were quiet, so their wall time is no measure"
