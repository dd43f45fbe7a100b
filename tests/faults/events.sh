#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What happens to a run while it lasts (F-21 to F-25, F-33 to F-36, F-38): storms of events and of
# signals, processes that are stopped, an administrator's hand, another clock, a thousand others.
#
# FAULTS=all: a thousand runs at once and ten thousand in a row. Without: a tenth, and a hundredth.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
set -u
# shellcheck source=../run/lib/tap.sh
. "$(dirname "$0")/../run/lib/tap.sh"
# shellcheck source=../run/lib/weigh.sh
. "$(dirname "$0")/../run/lib/weigh.sh"
need_root
# shellcheck source=../run/lib/check-clean.sh
. "$(dirname "$0")/../run/lib/check-clean.sh"

launcher="env TARE_TEST_MARK=$mark"
list_own_descriptors() { :; }
at_once=100 in_a_row=100
[ "${FAULTS-}" != all ] || at_once=1000 in_a_row=10000

# begin ARGUMENTS...: as start, and $init is PID 1 of the container, $place its cgroup.
begin() {
	start "$@"
	init=$(awk '/^PPid/ { print $2 }' "/proc/$command/status")
	place=$(directory_of "$command" '')
}

# end WANTED CLAIM [FILTER]: of what was begun; how, and what of the document, is wanted.
end() {
	exec 3>&- 4<&-
	wait "$tare"
	is "$(jq -r '.outcome | "\(.kind) \(.exit_code) \(.signal) \(.termination_reason)"' "$tmp/json") $(
		jq -r "${3-empty}" "$tmp/json")" "$1" "$2"
}

# --- Stopped (F-24) ---

note_state
begin --walltimelimit 1 sh -c 'echo ready; exec sleep 1000'
kill -STOP "$tare"
is_past() { [ "$(awk '{ print int($22 / 100) }' "/proc/$tare/stat")" -lt "$(($(cut -d . -f 1 /proc/uptime) - 2))" ]; }
wait_until is_past
kill -CONT "$tare"
end 'limit null 9 walltime ' 'a tare that was stopped holds the limit when it goes on'
begin --walltimelimit 1 sh -c 'echo ready; exec sleep 1000'
kill -STOP "$init"
end 'limit null 9 walltime ' 'a stopped PID 1 keeps no limit from being held'
strace -f -qq -o "$tmp/trace" -e trace=execve -e inject=execve:delay_enter=400000 \
	env "TARE_TEST_MARK=$mark" "$TARE" run -q --json "$tmp/json" --walltimelimit 100ms sleep 1000 \
	2> "$tmp/errors"
is "$? $(number outcome.termination_reason) $(test "$(number time.wall_ns)" -ge 100000000; echo $?)" \
	'124 walltime 0' 'an exec that takes longer than the limit is not of its time'
begin --walltimelimit 1 sh -c 'echo ready; exec sleep 1000'
kill -STOP "$command"
end 'limit null 9 walltime ' 'nor does a stopped command'
begin sh -c 'echo ready; read -r line; exit 4'
kill -STOP "$tare"
echo >&3
is_dead() { ! kill -0 "$command" || grep -q '^State:.Z' "/proc/$command/status"; }
wait_until is_dead
kill -CONT "$tare"
end 'exited 4 null null ' 'a command that ends meanwhile has its exit code'
# It passes a limit and goes on, and nobody ends it.
while read -r reason limit program; do
	# shellcheck disable=SC2086 # lists of words
	begin $limit sh -c 'echo ready; read -r line; "$@" < /dev/null; exit 4' sh $program
	kill -STOP "$tare"
	echo >&3
	wait_until is_dead
	kill -CONT "$tare"
	exec 3>&- 4<&-
	wait "$tare"
	is "$? $(number outcome.termination_reason)" "124 $reason" \
		"a limit that is passed meanwhile is told: $reason"
done << TABLE
cputime --timelimit=100ms $programs/burn threads 1 300
walltime --walltimelimit=100ms $programs/burn threads 1 300
memory --memlimit=20MB $programs/grow touch 64 stop
pids --pids-limit=3 $programs/spin forking
TABLE

# --- Storms (F-21, F-23) ---

begin sh -c 'trap "" WINCH; echo ready; for i in $(seq 2000); do (exit 0) & done; wait; exit 6'
kill -STOP "$tare"
many_have_died() { [ "$(awk '/^populated/ { print $2 }' "$place/cgroup.events")" = 0 ] || is_dead; }
wait_until many_have_died
kill -CONT "$tare"
end 'exited 6 null null 2002 0' 'two thousand births and deaths while tare sleeps: none is lost' \
	'"\(.processes.processes) \(.collector.lost_events | add)"'
begin sh -c 'trap "" WINCH; echo ready; read -r line; exit 7'
for signal in WINCH CHLD URG CONT; do
	for _ in $(seq 5000); do kill -$signal "$tare"; done &
	storms="${storms-} $!"
done
# shellcheck disable=SC2086 # a list of numbers
wait $storms
echo >&3
end 'exited 7 null null ' 'twenty thousand signals lose no exit code'
leaves_nothing 'nothing is left of these'

# --- An administrator (F-36) ---

begin sh -c 'echo ready; exec sleep 1000'
echo 1 > "$place/cgroup.kill"
end 'signaled null 9 null ' "who kills the run's cgroup is told of as what it is"
begin --walltimelimit 1 sh -c 'echo ready; exec sleep 1000'
echo 1 > "$place/cgroup.freeze"
end 'limit null 9 walltime ' 'who freezes it keeps no limit from being held'
begin sh -c 'echo ready; sleep 0.3; read -r line; exit 3'
echo "$command" > "${place%/*}/cgroup.procs"
echo >&3
end 'exited 3 null null true' 'who moves a process out of it is told of as a doubt' \
	'.collector | .drain_timed_out or .cpu_time_differs'
leaves_nothing 'nothing is left of these'

# --- Streams and caller (F-25) ---

mkfifo "$tmp/slow"
exec 5<> "$tmp/slow"
timeout 20 "$TARE" run true 2>&5 &
wait $!
is $? 0 'a standard error that nobody reads does not stop tare'
exec 5>&-
"$TARE" run sh -c 'exit 5' 2>&1 >&- | true
# shellcheck disable=SC2016 # of that shell
is "$(timeout 20 sh -c '"$0" run sh -c "exit 5" 2>&1 >&- | true; "$0" run -q sh -c "exit 5" <&- >&- 2>&-; echo $?' "$TARE")" 5 \
	'nor one whose reader is gone, nor none at all'
# The caller is gone, its terminal too; the run is its own.
sh -c "TARE_TEST_MARK=$mark '$TARE' run -q --json '$tmp/orphan' sh -c 'exit 8' & kill -9 \$\$" 2> "$tmp/ignored"
check 'a run whose caller was killed ends as any' wait_until jq -e '.outcome.exit_code == 8' "$tmp/orphan"
leaves_nothing 'nothing is left of these'

# --- Another clock (F-38) ---

if unshare -T --monotonic 86400 true 2> "$tmp/ignored"; then
	unshare -T --monotonic 86400 --boottime 86400 "$TARE" run -q --json "$tmp/json" --walltimelimit 10 sleep 0.1
	is "$? $(jq -c '[(.started_at[:19] + "Z" | now - fromdateiso8601 | . >= 0 and . < 60),
		(.time.wall_ns | . > 100000000 and . < 10000000000)]' "$tmp/json")" '0 [true,true]' \
		'in a namespace of another time, a run lasts as long, and began today'
else
	skip 'in a namespace of another time, a run lasts as long, and began today' 'there are none'
fi

# --- Many (F-33 to F-35) ---

mkdir "$tmp/many"
seq "$at_once" | xargs -P "$((at_once < 200 ? at_once : 200))" -I {} env "TARE_TEST_MARK=$mark" "$TARE" run -q \
	--json "$tmp/many/{}" sh -c 'echo {}; exit $(({} % 100))' > "$tmp/out" 2> "$tmp/errors"
is "$(sort -n "$tmp/out" | uniq | wc -l) $(head -n 3 "$tmp/errors")" "$at_once " "$at_once runs at once all run"
is "$(cd "$tmp/many" && jq -r '"\(input_filename) \(.outcome.exit_code) \(.collector.lost_events | add)"' ./* |
	awk '{ sub("./", "", $1); if ($1 % 100 != $2 || $3 != 0) print }')" '' 'and each document is its own'
is "$(cat "$tmp"/many/* | jq -r .run_id | sort -u | wc -l)" "$at_once" 'by its name, too'
leaves_nothing 'and nothing is left of them'

# What the kernel keeps for runs that are over: it must not grow with their number.
kept() {
	cat /sys/fs/cgroup/unified/cgroup.stat /sys/fs/cgroup/cgroup.stat 2> "$tmp/ignored" |
		awk '/^nr_dying_desc/ { n += $2 } END { print n + 0 }'
}
failed=0
before=$(kept)
for _ in $(seq "$in_a_row"); do
	"$TARE" run -q true || failed=$((failed + 1))
done
is $failed 0 "$in_a_row runs in a row all succeed"
# Dying cgroups go when their last page does; other tests make some, too.
is_little() { [ "$(kept)" -le "$((before + in_a_row / 10 + 20))" ]; }
check 'and the kernel keeps no cgroup for each' wait_until is_little
weigh "$programs/breed" together 100
is "$? $(number 'collector.lost_events | add')" '0 0' 'nor are births lost after that'
leaves_nothing 'and nothing is left'
plan
