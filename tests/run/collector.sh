#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shared collector: started, used by many runs at once, stopped; and what happens when any of
# that is cut short. In a BPF file system of this file's own, which no other run sees.
set -u
# shellcheck source=lib/own-mounts.sh
. "$(dirname "$0")/lib/own-mounts.sh"
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root
# shellcheck source=lib/check-clean.sh
. "$(dirname "$0")/lib/check-clean.sh"

pins=/sys/fs/bpf/tare
mount -t bpf tare-test "${pins%/*}" || exit
mount -t tmpfs -o mode=755 tare-test /run || exit

at_exit() {
	"$TARE" collector stop --force > "$tmp/ignored" 2>&1
	umount "${pins%/*}"
}

collector() {
	"$TARE" collector "$@" > "$tmp/told" 2>&1
}

mode() {
	number collector.mode
}

why_private() {
	jq -r '.collector.not_shared.what' "$1"
}

# What a run of four threads counts that call so often.
calls() {
	weigh "$@" "$programs/call" threads 1000
	jq -c '[.syscalls.by_name.getppid, .syscalls.by_name.clone3.count, .processes.tasks,
		.processes.forks, .collector.mode]' "$tmp/json"
}

# --- Start, status, stop ---

collector status
is "$? $(cat "$tmp/told")" '1 no shared collector runs' 'it is told that none runs'
weigh true
is "$(mode) $(number collector.not_shared)" 'private null' 'a run then has its own'
collector stop
is "$? $(grep -c 'none runs' "$tmp/told")" '1 1' 'there is nothing to stop'

note_state
check 'it is started' collector start
check 'it is started a second time, which changes nothing' collector start
is "$(cat "$tmp/told")" 'the shared collector runs already' 'and says so'
collector status
is "$? $(sed -n 's/^  runs *//p' "$tmp/told")" '0 0 of 1024 at one time' 'it is told that it runs'
is "$(find "$pins" -perm /077)" '' 'none but root may open any of it'

weigh true
is "$(mode)" shared 'a run uses it'
weigh --private true
is "$(mode) $(number collector.not_shared)" 'private null' 'unless it is told not to'

# --- The same numbers ---

shared=$(calls)
private=$(calls --private)
is "$shared" "$(echo "$private" | sed 's/private/shared/')" \
	'system calls and processes are counted alike'
is "$(echo "$shared" | jq -c '.[0].count')" 4000 'and they are what the program did'
weigh "$programs/call" mix 7
is "$(number syscalls.by_name.getppid.count)" 7 'the next run begins at 0'
weigh "$programs/talk" udp 100000
talked=$(cut -d ' ' -f 1-4 "$said")
is "$(jq -r '.network | "\(.rx_bytes) \(.rx_packets) \(.tx_bytes) \(.tx_packets)"' "$tmp/json")" \
	"$(echo "$talked" | awk '{ print $1, $2, $3, $4 }')" 'packets are counted'
weigh --timelimit 0.1 "$programs/spin" threads 2
is "$? $(number outcome.termination_reason) $(mode)" '124 cputime shared' \
	'a CPU time limit ends a run'
weigh --pids-limit 3 "$programs/breed" together 10
is "$? $(number outcome.termination_reason) $(mode)" '124 pids shared' 'a limit of tasks ends a run'

# --- Many at once ---

# several COUNT FIRST: so many runs at one time, each with a number of calls of its own.
several() {
	several_pids=
	for i in $(seq "$1"); do
		"$TARE" run -q --json "$tmp/json.$i" "$programs/call" threads $((i * 100 + 1)) \
			> "$tmp/said.$i" 2>&1 &
		several_pids="$several_pids $!"
	done
	for pid in $several_pids; do
		wait "$pid"
	done
}

# Each document has its own number, its own process and no loss, and the collector was one. From 7.0
# on calls of one run can be missed while another one registers; the document then says how many.
all_their_own() {
	for i in $(seq "$1"); do
		jq -e --argjson wanted $((i * 400 + 4)) '.collector as $by |
			(.syscalls.by_name.getppid.count | . <= $wanted and
				. + $by.recursion_misses >= $wanted) and .processes.tasks == 5 and
			$by.mode == "shared" and ([$by.lost_events[]] | add) == 0 and
			($by | .cpu_time_differs or .drain_timed_out | not)' "$tmp/json.$i" ||
			{ jq -c '[.collector, .processes]' "$tmp/json.$i"; return 1; }
	done
}

none_is_short() {
	[ "$(jq .collector.recursion_misses "$tmp"/json.* | sort -u)" = 0 ]
}

several 2
check 'two runs at once do not mix' all_their_own 2
several 50
check 'fifty runs at once do not mix' all_their_own 50
case $(uname -r) in
[0-6].*) check 'and no call of theirs was missed' none_is_short ;;
esac
collector status
check 'and have given their slots back' grep -q '^  runs *0 of' "$tmp/told"

# A process that outlives its run, because someone has moved it out, goes on in no one's account.
# Not of a container, whose end it would not outlive. Each of its steps is a birth and some calls.
# shellcheck disable=SC2016 # for the shell inside
start --no-container sh -c 'sh -c "while :; do sleep 0; done" 3>&- 4<&- > "$0" < "$0" & echo $!
	read -r line' /dev/null
stranger=$line
echo "$stranger" > "$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/cgroup.procs"
finish
is "$(number collector.drain_timed_out)" true 'a run that a process was moved out of says so'
: > "$tmp/losses"
weigh "$programs/call" mix 5000
is "$(number syscalls.by_name.getppid.count) $(number processes.tasks) $(number collector.cpu_time_differs)" \
	'5000 1 false' 'what outlives a run is not counted for the next one'
check 'which it did' kill -9 "$stranger"

# --- Inside a run ---

weigh --no-container "$TARE" run --quiet --json "$tmp/inner" true
is "$(mode) $(jq -r .collector.mode "$tmp/inner") $(why_private "$tmp/inner")" \
	'shared private the shared collector already weighs tare itself' \
	'tare inside a run has its own collector, and says why'
nothing_is_lost

# --- Stop ---

start sh -c 'echo ready; read -r line'
collector stop
is "$? $(grep -c 'tare collector stop --force' "$tmp/told")" '125 1' \
	'it is not stopped while a run uses it'
finish
is "$(number outcome.kind) $(mode)" 'exited shared' 'and that run has its numbers'
start sh -c 'echo ready; read -r line'
check 'it is stopped by force' collector stop --force
finish
is "$finish_status $(number outcome.kind) $(grep -c 'shared collector was stopped' "$tmp/errors")" \
	'125 error 1' 'and a run that used it says that its numbers are lost'
: > "$tmp/losses"
is "$(find "${pins%/*}" -mindepth 1 -name 'tare*')" '' 'nothing is left of it'
leaves_nothing 'not even a program'

# --- Slots ---

check 'it is started for one run' collector start --runs 1
start sh -c 'echo ready; read -r line'
"$TARE" run -q --json "$tmp/second" true
is "$(jq -r .collector.mode "$tmp/second") $(why_private "$tmp/second")" \
	'private all 1 slots of the shared collector are taken' \
	'one run too many has its own, and says why'
"$TARE" run true 2> "$tmp/summary"
check 'also in its summary' grep -q 'private *.*all 1 slots' "$tmp/summary"
finish
weigh true
is "$(mode)" shared 'a run that has ended gives its slot back'
start sh -c 'echo ready; read -r line'
kill -9 "$tare"
wait "$tare" 2> "$tmp/ignored"
exec 3>&- 4<&-
is_shared() { weigh true && [ "$(mode)" = shared ]; }
check 'so does one whose launcher was killed' wait_until is_shared
nothing_is_lost
collector stop

# Killed at any moment: its slot can be taken again, and its lock does not keep a stop away.
collector start --runs 1
for delay in 300 700 1000 1500 2000 3000 5000 8000; do
	"$programs/kill-after" "$delay" 9 "$TARE" run -q sh -c 'sleep 1000' > "$tmp/ignored" 2>&1
done
check 'however early a launcher is killed, its slot is free again' wait_until is_shared
check 'and it can be stopped' wait_until collector stop

# --- Cut short, or not ours ---

# A copy of tare that expects other programs: their digest in it is another one.
identity=$(grep -aoE '[0-9a-f]{64}' "$TARE" | head -n 1)
LC_ALL=C sed "s/$identity/$(echo "$identity" | tr 0-9a-f 1-9a-f0)/g" "$TARE" > "$tmp/other"
chmod +x "$tmp/other"
collector start
"$tmp/other" run -q --json "$tmp/second" true
is "$(jq -r .collector.mode "$tmp/second") $(why_private "$tmp/second")" \
	'private the shared collector is that of tare 0.1.0, with other programs' \
	'another version of tare has its own, and says why'
"$tmp/other" collector status > "$tmp/told"
is "$? $(grep -c 'whose programs are not this' "$tmp/told")" '2 1' 'its status says so'
"$tmp/other" collector start > "$tmp/told" 2>&1
is "$? $(grep -c 'tare collector stop, then start' "$tmp/told")" '125 1' 'it starts none beside it'
start sh -c 'echo ready; read -r line'
"$tmp/other" collector stop > "$tmp/told" 2>&1
is "$?" 125 'nor stops it under a run'
finish
check 'but stops it when it is idle' "$tmp/other" collector stop

collector start
rm "$pins/stamp"
collector status
is "$? $(grep -c 'cut short' "$tmp/told")" '2 1' 'half a collector is told'
"$TARE" run -q --json "$tmp/second" true
is "$(jq -r .collector.mode "$tmp/second") $(why_private "$tmp/second")" \
	'private only a part of the shared collector is there' 'and is not used'
check 'a start makes it whole' collector start
weigh true
is "$(mode)" shared 'so that it is used again'
rm "$pins/stamp"
check 'a stop removes it' collector stop
is "$(find "${pins%/*}" -mindepth 1 -name 'tare*')" '' 'all of it'

for delay in 1000 3000 5000 7000 9000 12000 16000 20000; do
	"$programs/kill-after" "$delay" 9 "$TARE" collector start > "$tmp/ignored" 2>&1
done
check 'however early a start is killed, the next one succeeds' collector start
for delay in 500 700 1000 1300 1600 2000 3000; do
	"$programs/kill-after" "$delay" 9 "$TARE" collector stop > "$tmp/ignored" 2>&1
	collector start
done
weigh true
is "$(mode)" shared 'however early a stop is killed, the next start succeeds'
collector stop

mkdir "$pins" && chown 65534 "$pins"
collector start
is "$? $(grep -c 'user 65534 may write' "$tmp/told")" '125 1' "what another user has put there is not trusted"
"$TARE" run -q --json "$tmp/second" true
is "$(jq -r .collector.mode "$tmp/second")" private 'and not used'
rmdir "$pins"

# --- What is typed ---

for wrong in '' 'begin' 'start --runs' 'start --runs 0' 'start --runs 65537' 'start --force' \
	'start --runs-per-user' 'start --runs-per-user -1' \
	'stop --runs 3' 'status now'; do
	# shellcheck disable=SC2086 # a list of words
	collector $wrong
	is "$? $(wc -l < "$tmp/told")" "125 $(wc -l < "$tmp/told")" "'tare collector $wrong' is refused"
done
check 'there is help' collector --help
leaves_nothing 'nothing is left in the end'
plan
