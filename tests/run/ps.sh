#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Living runs are listed as they are, and ended as what they are: tare ps and tare kill.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

# Others may have runs of their own here: all is asked of this test's.
mine() {
	"$TARE" ps --json | jq -r ".runs[] | select(.launcher_pid == $tare) | .$1"
}

# Waits for its end without a line that the command could read; how it was is in $end.
await_end() {
	wait "$tare"
	end="$? $(number 'outcome | "\(.kind) \(.signal // .exit_code) \(.termination_reason)"')"
	exec 3>&- 4<&-
}

# --- What is listed ---

start sh -c 'sleep 1000 & sleep 1000 & echo ready; read -r line'
id=$(mine run_id)
is "$(mine uid)" "0" 'a run is listed with the user who started it'
is "$(mine launcher_pid) $(mine launcher_command)" \
	"$tare $TARE run --quiet --json $tmp/json sh -c 'sleep 1000 & sleep 1000 & echo ready; read -r line'" \
	'with its launcher, and what that was called with'
is "$(mine cgroup)" "$(directory_of "$command" '')" 'its cgroup is that of the command'
is "$(mine tasks)" "$(wc -l < "$(directory_of "$command" '')/cgroup.threads")" \
	'its tasks are those of the whole tree'
is_at_rest "$command"
is "$(mine cpu_ns)" \
	"$(awk '$1 == "usage_usec" { printf "%.0f", $2 * 1000 }' "$(directory_of "$command" '')/cpu.stat")" \
	"its CPU time is the kernel's"
if memory=$(directory_of "$command" memory) && [ -f "$memory/memory.usage_in_bytes" ]; then
	is "$(mine memory_bytes)" "$(cat "$memory/memory.usage_in_bytes")" "its memory is the kernel's"
else
	is "$(mine memory_bytes)" "$(cat "$(directory_of "$command" '')/memory.current")" \
		"its memory is the kernel's"
fi
# The clock of /proc/PID/stat has hundredths; both are read one after the other.
age=$(awk -v up="$(cut -d ' ' -f 1 /proc/uptime)" '{ sub(/.*\) /, ""); printf "%.0f", (up - $20 / 100) * 1e9 }' \
	"/proc/$tare/stat")
check 'it is as old as its launcher' \
	is_between "$age" "$(mine elapsed_ns)" "$((age + 2000000000))"
"$TARE" ps > "$tmp/table"
is "$(awk -v pid="$tare" '$2 == pid { print substr($1, 1, 12), $3 }' "$tmp/table")" \
	"$(printf '%.12s' "$id") root" 'the table has a row for it'
is "$(sed -n '1s/  */ /gp' "$tmp/table")" 'RUN PID USER ELAPSED CPU MEMORY TASKS COMMAND' \
	'under a heading'
check '--quiet tells the whole id' grep -qx "$id" <<- EOF
	$("$TARE" ps -q)
EOF
finish
is "$(number run_id)" "$id" 'the id is that of the result document'
is "$(mine run_id)" '' 'a run that is over is not listed'

# The launcher's words are the caller's, and may hold anything.
start --env "WORD=$(printf 'x\033[31m')" sh -c 'echo ready; read -r line'
is "$("$TARE" ps | LC_ALL=C grep -c "$(printf '\033')")" 0 'no control character reaches the terminal'
finish

start --no-container sh -c 'echo ready; read -r line'
is "$(mine cgroup)" "$(directory_of "$command" '')" 'a run without a container is listed'
finish

"$TARE" runexec --output "$tmp/out" sleep 1000 > "$tmp/said" 2>&1 &
tare=$!
listed() { [ -n "$(mine run_id)" ]; }
check 'a run of runexec is listed' wait_until listed
"$TARE" kill "$(mine run_id)"
wait "$tare"
is "$(grep '^terminationreason' "$tmp/said")" 'terminationreason=killed' 'and killed in its words'

printf '%s\n' '{"command": ["sleep", "1000"]}' '{"command": ["sleep", "1000"]}' > "$tmp/lines"
"$TARE" run --from "$tmp/lines" --jobs 2 > "$tmp/results" 2> "$tmp/errors" &
batch=$!
jobs_of_batch() { "$TARE" ps --json | jq -r '.runs[].launcher_pid' | while read -r launcher; do
	awk -v batch="$batch" -v pid="$launcher" '/^PPid/ && $2 == batch { print pid }' \
		"/proc/$launcher/status" 2> "$tmp/ignored"; done; }
two_of_batch() { [ "$(jobs_of_batch | wc -l)" -eq 2 ]; }
check 'each job of a batch is listed' wait_until two_of_batch
# shellcheck disable=SC2046 # two words
"$TARE" kill $("$TARE" ps --json | jq -r --argjson pids "[$(jobs_of_batch | paste -sd ,)]" \
	'.runs[] | select(.launcher_pid | IN($pids[])) | .run_id')
wait "$batch"
is "$(jq -r '.outcome.termination_reason' "$tmp/results")" 'killed
killed' 'and can be killed; the batch tells of both'

# --- What is not a run ---

# A directory that looks like one, with somebody in it, and a lock of a process that is no launcher.
place=$(directory_of self '')/tare-00000000000000000000000000000001
mkdir "$place"
flock -s "$place" sleep 1000 &
holder=$!
locked() { grep -q "FLOCK.*:$(stat -c %i "$place") " /proc/locks; }
wait_until locked
is "$("$TARE" ps -q | grep -c '^0*1$')" 0 'a directory that a stranger locks is no run'
is "$("$TARE" kill 00000000 2>&1 | head -n 1)" 'tare: there is no run 00000000' 'and cannot be killed'
check 'nor is the stranger' kill -0 "$holder"
# flock's child holds it, too.
pkill -P "$holder"
kill "$holder" 2> "$tmp/ignored"
wait "$holder" 2> "$tmp/ignored"
rmdir "$place"

# --- Whose runs ---

start sh -c 'echo ready; read -r line'
id=$(mine run_id)
as_other() { setpriv --reuid=61999 --regid=61999 --clear-groups "$@"; }
cp "$TARE" "$tmp/tare"
chmod 755 "$tmp" "$tmp/tare"
is "$(as_other "$tmp/tare" ps -q)" '' 'another user does not see it'
is "$(as_other "$tmp/tare" kill "$id" 2>&1 | head -n 1)" "tare: there is no run $id" \
	'and cannot kill it'
is "$(as_other "$tmp/tare" exec "$id" true 2>&1 | head -n 1)" "tare: there is no run $id" \
	'nor enter it'
check 'it lives' kill -0 "$command"
is "$("$TARE" exec "$id" -- sh -c "'$TARE' ps -q; '$TARE' kill all; kill -40 $tare" 2>&1)" \
	"sh: 1: kill: No such process" 'from inside no run is seen, and no launcher'
finish

# --- Ending ---

start sh -c 'trap "" TERM INT HUP; (setsid sleep 1000 &); echo ready; while :; do sleep 1; done'
id=$(mine run_id)
"$TARE" kill "$(printf '%.10s' "$id")"
is "$? $(kill -0 "$tare" 2>&1 | grep -c 'No such')" '0 1' \
	'kill ends a run by the beginning of its id, and returns when it is over'
await_end
is "$end" '124 limit 9 killed' 'the run tells that it was killed'
is "$(number run_id)" "$id" 'in a whole document'

start sh -c 'echo ready; read -r line'
kill -STOP "$tare"
"$TARE" kill "$(mine run_id)"
await_end
is "$end" '124 limit 9 killed' 'so does one whose launcher was stopped'

# Who ignores the signal is not asked; the tree is killed all the same.
launcher='env --ignore-signal=40'
start sh -c 'echo ready; read -r line'
launcher=
is "$(mine run_id)" '' 'a launcher that takes no orders is not listed'
finish

start sh -c 'trap "echo first; echo got USR1" USR1; trap "exit 7" HUP; echo ready; while :; do sleep 0.01; done'
id=$(mine run_id)
"$TARE" kill --signal USR1 "$id" && hear
is "$line" first 'kill --signal sends the command a signal'
"$TARE" kill -s SIGHUP "$id"
await_end
is "$end" '7 exited 7 null' 'which it may take as it likes'

start sh -c 'echo ready; read -r line'
"$TARE" kill --signal=9 "$(mine run_id)"
await_end
is "$end" '137 signaled 9 null' 'a SIGKILL for the command alone is told as that'

# All that are seen; here these two. Others on this machine may have runs of their own.
# Where there are controllers: tare goes up to where it finds some. And a directory for each, because
# in one whose children have controllers nobody else may be.
top=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$(cat "$top/cgroup.subtree_control")" ] || top=$(directory_of self '')
place=$top/test-of-tare-$$
mkdir "$place" "$place/1" "$place/2"
sed 's/[a-z]*/+&/g' "$place/cgroup.controllers" > "$place/cgroup.subtree_control"
for number in 1 2; do
	sh -c 'echo 0 > "$1/cgroup.procs" && exec "$2" run -q --json "$3" sleep 1000' sh \
		"$place/$number" "$TARE" "$tmp/all.$number" &
	echo $! >> "$tmp/all"
done
# shellcheck disable=SC2016 # expanded by that shell
in_place() {
	unshare -m sh -c 'mount --bind "$1" "$2" && cd / && shift 2 && exec "$@"' sh "$place" \
		"$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)" "$@"
}
both_are_listed() { [ "$(in_place "$TARE" ps -q | wc -l)" -eq 2 ]; }
check 'both runs are seen from there' wait_until both_are_listed
in_place "$TARE" kill all
is "$? $(in_place "$TARE" ps -q)" '0 ' 'kill all ends all'
while read -r process; do
	wait "$process"
done < "$tmp/all"
is "$(jq -r .outcome.termination_reason "$tmp"/all.?)" 'killed
killed' 'and each tells that it was killed'
in_place "$TARE" kill all
is $? 0 'where there is none, there is nothing to do'
rmdir "$place/1" "$place/2" "$place"

# --- Mistakes ---

# mistaken WORDS ARGUMENTS...: one line (and a hint) that has the words.
mistaken() {
	mistaken_words=$1
	shift
	message=$("$TARE" "$@" 2>&1)
	is "$? $(printf '%s\n' "$message" | grep -v '^  hint' | grep -c "^tare: .*$mistaken_words")" '125 1' \
		"'$mistaken_words' is said of $*"
}

start sh -c 'echo ready; read -r line'
id=$(mine run_id)
first=$tare
mkfifo "$tmp/second"
"$TARE" run -q sh -c 'read -r line' < "$tmp/second" &
tare=$!
exec 6> "$tmp/second"
wait_until listed
# Of two random ids the empty beginning is common; a longer one is by chance only.
mistaken 'there is no run' kill ''
mistaken 'there is no run zz' kill zz
mistaken "there is no run ${id}0" kill "${id}0"
mistaken 'there is no run zz' kill "$id" zz
check 'and then no other run is ended' kill -0 "$command"
mistaken 'no run given' kill
mistaken 'takes no operand' ps all
mistaken 'there is no option --all' ps --all
mistaken 'FOO is no signal' kill --signal FOO "$id"
mistaken 'is no signal' kill --signal 65 "$id"
mistaken 'the value is missing' kill --signal
mistaken 'takes no value' ps --json=yes
exec 6>&-
wait "$tare"
tare=$first
finish
"$TARE" ps --help > "$tmp/help"
is "$? $(head -n 1 "$tmp/help")" '0 Usage: tare ps [OPTIONS]' '--help tells of ps'
is "$("$TARE" kill --help | head -n 1)" 'Usage: tare kill [OPTIONS] RUN...' 'and of kill'
"$TARE" ps > /dev/full 2> "$tmp/errors"
is "$? $(grep -c 'No space left' "$tmp/errors")" '125 1' 'a table that cannot be written is a failure'

plan
