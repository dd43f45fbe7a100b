#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Interference: a known disturber is named with the time that the kernel's own books say it had,
# the command's waits are those of its schedstat, and a run that nobody disturbs is quiet.
#
# Command and hog share one processor, and the command never sleeps: so whatever the hog ran, the
# command waited. Both are read by the command itself, at its begin and end. Outside of these looks
# lie its exec and its exit; at each of them it may lose its processor once, for a time slice.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

# Of 3 ms, looked at by a tick of 4 ms (10 ms at 100 Hz), for command and hog.
slices_ns=26000000
hog=

at_exit() {
	[ -z "$hog" ] || kill "$hog"
}

start_hog() {
	mkfifo "$tmp/on"
	taskset -c 0 "$programs/disturb" "${1-hog}" > "$tmp/on" &
	hog=$!
	read -r _ < "$tmp/on"
	rm "$tmp/on"
}

stop_hog() {
	kill "$hog"
	wait "$hog" 2> "$tmp/ignored"
	hog=
}

named_ns() {
	jq "[.noise.preempted_by[] | select(.name == \"$1\").ns] | add // 0" "$tmp/json"
}

near() {
	is_between $(($2 - $3)) "$1" $(($2 + $3))
}

# --- A hog on the same processor ---

start_hog
"$TARE" run --no-container --cores 0 --json "$tmp/json" -- "$programs/calculate" 300 \
	/proc/self/schedstat "/proc/$hog/schedstat" > "$said" 2> "$tmp/summary" < /dev/null
note_losses
stop_hog
{ read -r ran_ns waited_ns && read -r hog_ran_ns _; } < "$said"
echo "# command ran $ran_ns, waited $waited_ns; hog ran $hog_ran_ns"
echo "# $(jq -c '.noise | [.preempted_ns, .waited_for_own_ns, .waited_unexplained_ns, .preempted_by]' "$tmp/json")"

check_time 'a hog is named with the time that its schedstat says it ran' \
	near "$(named_ns disturb-hog)" "$hog_ran_ns" $slices_ns
check_time 'the waits add up to what the schedstat of the command says' \
	near "$(jq '.noise | .preempted_ns + .waited_for_own_ns + .waited_unexplained_ns' "$tmp/json")" \
	"$waited_ns" $slices_ns
check 'at most five are named, the worst first' \
	jq -e '.noise.preempted_by | length <= 5 and . == sort_by(-.ns)' "$tmp/json"
is "$(number noise.verdict)" disturbed 'the verdict is disturbed'
check 'the first line of the summary ends in the verdict' \
	sh -c "head -1 '$tmp/summary' | grep -q ' · disturbed\$'"
check 'the summary names the hog and its time' \
	grep -q "^  noise  .* waited for a processor, behind: .*disturb-hog [0-9]" "$tmp/summary"
# What is left of a command that never sleeps is its CPU time; exec and exit wait as any part of it.
check_time 'less its waits the wall time is the CPU time' \
	near "$(number time.undisturbed_ns)" "$(number time.cpu_ns)" \
	$(($(number time.cpu_ns) / 100 + 1000000))

# --- The run's own tasks ---

weigh --cores 0 "$programs/burn" threads 4 50
echo "# $(jq -c '.noise | [.preempted_ns, .waited_for_own_ns, .waited_unexplained_ns]' "$tmp/json")"
# Four threads that need 50 ms each on one processor: 0 + 50 + 100 + 150 ms where one follows the
# other, up to 150 each where they take turns.
check_time 'waits behind tasks of the same run are counted apart' \
	is_between 290000000 "$(number noise.waited_for_own_ns)" 610000000
is "$(named_ns burn)" 0 'tasks of the run do not disturb it'

# --- Interrupts ---

weigh "$programs/calculate" 100
is "$(jq -c '[.noise.irq_ns, .unavailable["noise.irq_ns"]]' "$tmp/json")" \
	'[null,"interrupts are weighed only with --interrupts"]' \
	'interrupts are unknown where they are not weighed'
weigh --interrupts --cores 0 "$programs/calculate" 100
alone_ns=$(number noise.irq_ns)
start_hog timers
weigh --interrupts --cores 0 "$programs/calculate" 100
stop_hog
echo "# $alone_ns alone, $(number noise.irq_ns) beside a timer of 20 kHz"
check 'the timer ticks of a run are weighed, and are few' \
	is_between 1000 "$alone_ns" $(($(number time.cpu_ns) / 5))
check 'those of a fast timer on its processor are more' \
	is_between $((alone_ns * 2)) "$(number noise.irq_ns)" "$(number time.cpu_ns)"

# --- Nobody ---

is_quiet() {
	weigh "$programs/calculate" 1 && [ "$(number noise.verdict)" = quiet ]
}
check 'a run that nobody disturbs is quiet' wait_until is_quiet
is "$(jq -c .noise.reasons "$tmp/json")" '[]' 'and for no reason'

nothing_is_lost
plan
