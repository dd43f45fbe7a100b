#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# However a run ends, it leaves nothing behind: no process, cgroup, mount, BPF object or file.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root
# shellcheck source=lib/check-clean.sh
. "$(dirname "$0")/lib/check-clean.sh"

launcher="env TARE_TEST_MARK=$mark"

# The check itself must see what there is to see.
note_state
start sh -c 'echo ready; read -r line'
list_all > "$tmp/during"
is "$(sed -n 's/ .*//p' "$tmp/during" | grep -c process)" 4 \
	'while a run lasts, four processes are seen: tare, its janitor, PID 1, the command'
own_score=$(cat /proc/self/oom_score_adj)
for process in $(pgrep -P "$tare" -x tare-janitor) "$tare" "$command"; do
	cat "/proc/$process/oom_score_adj"
done > "$tmp/scores"
claim='where memory runs out the janitor is not killed, and tare and the command as ever'
if may_exempt; then
	is "$(xargs < "$tmp/scores")" "-1000 $own_score $own_score" "$claim"
else
	skip "$claim" 'no CAP_SYS_RESOURCE, without which nobody is exempt'
fi
finish
leaves_nothing 'a run leaves nothing'
seen=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/tare-0123456789abcdef
mkdir "$seen"
is "$(list_cgroups | grep -c "$seen")" 1 'a cgroup that were left would be seen'
rmdir "$seen"

# --- Other endings ---

note_state
weigh sh -c 'kill -9 $$'
"$TARE" run -q no-such-program 2> "$tmp/errors"
"$TARE" run -q /etc/passwd 2> "$tmp/errors"
"$TARE" run -q --json /dev/full true 2> "$tmp/errors"
"$TARE" run -q --json /no/such/file true 2> "$tmp/errors"
"$TARE" run --memroy true 2> "$tmp/errors"
(mkdir "$tmp/gone" && cd "$tmp/gone" && rmdir "$tmp/gone" && "$TARE" run -q true) 2> "$tmp/errors"
"$TARE" run -q --no-container no-such-program 2> "$tmp/errors"
leaves_nothing 'runs that fail leave nothing'

note_state
start sh -c 'echo ready; read -r line'
kill -TERM "$tare"
wait "$tare"
exec 3>&- 4<&-
leaves_nothing 'a run that is ended by a signal leaves nothing'

# --- SIGKILL of tare, at random moments before, while and after the container is built ---

# Each in a session of its own and with a child that has another one, so that neither a hang-up nor
# the end of a parent reaches it.
tree='(setsid sh -c "sleep 1000 & sleep 1001" &)
(sleep 1002 &)
sleep 1003'

# kill_at_random CLAIM ARGUMENTS...: 60 runs, killed after 0 to 40 ms: a run is built in less than
# that on an idle machine, and the command would last far longer.
kill_at_random() {
	kill_claim=$1
	shift
	note_state
	: > "$tmp/statuses"
	for delay in $(shuf -n 60 -i 0-40000); do
		marked "$programs/kill-after" "$delay" 9 "$TARE" run -q "$@" 2> "$tmp/errors"
		echo $? >> "$tmp/statuses"
	done
	is "$(sort -u "$tmp/statuses")" 137 "$kill_claim: all 60 runs were killed"
	leaves_nothing "$kill_claim leaves nothing"
}

kill_at_random 'SIGKILL of tare' sleep 1000
kill_at_random 'SIGKILL of tare, the command having detached children' sh -c "$tree"
kill_at_random 'SIGKILL of tare that writes to disk' --no-tmpfs sh -c 'echo x > /tmp/x; sleep 1000'
kill_at_random 'SIGKILL of tare without a container' --no-container sleep 1000
kill_at_random 'SIGKILL of tare without a container, with detached children' \
	--no-container sh -c "$tree"

# Around the end of a run, when what is left is killed, results are read and things are removed. The
# shortest run takes 15 ms, and loaded machines take longer.
note_state
for delay in $(shuf -n 60 -i 5000-45000); do
	marked "$programs/kill-after" "$delay" 9 "$TARE" run -q sh -c 'sleep 1000 & exit 0' \
		2> "$tmp/errors"
done
leaves_nothing 'SIGKILL of tare around the end of its command leaves nothing'

# --- SIGKILL of others ---

# dies_with WHO WAY OUTCOME: one of the three is killed while the command waits.
dies_with() {
	note_state
	# shellcheck disable=SC2086 # one word or none
	start $2 sh -c 'echo ready; read -r line; exit 3'
	case $1 in
	'PID 1') kill -KILL "$(awk '/^PPid/ { print $2 }' "/proc/$command/status")" ;;
	command) kill -KILL "$command" ;;
	janitor) pkill -KILL -P "$tare" -x tare-janitor && echo >&3 ;;
	esac
	wait "$tare"
	got="$? $(number 'outcome | "\(.kind) \(.exit_code) \(.signal)"')"
	exec 3>&- 4<&-
	is "$got" "$3" "SIGKILL of the $1 is told as what it is${2:+ ($2)}"
	leaves_nothing "and leaves nothing${2:+ ($2)}"
}

for way in '' --no-container; do
	dies_with 'PID 1' "$way" '125 error null null'
	dies_with command "$way" '137 signaled null 9'
	dies_with janitor "$way" '3 exited 3 null'
done

if command -v strace > "$tmp/ignored"; then
	note_state
	marked strace -f -qq -o "$tmp/trace" -e trace=execve -e inject=execve:signal=KILL:when=1 \
		"$TARE" run -q --json "$tmp/json" true 2> "$tmp/errors"
	is "$? $(number 'outcome | "\(.kind) \(.exit_code) \(.signal)"')" '125 error null null' \
		'a command killed before its exec has no exit code'
	leaves_nothing 'and leaves nothing'
else
	skip 'a command killed before its exec has no exit code' 'no strace: scripts/setup check'
	skip 'and leaves nothing' 'no strace: scripts/setup check'
fi

# --- Many runs ---

note_state
failed=0
for round in $(seq 200); do
	marked "$TARE" run -q sh -c "exit $((round % 7))"
	[ $? -eq $((round % 7)) ] || failed=$((failed + 1))
done
is $failed 0 '200 runs end as their commands do'
leaves_nothing 'and leave as many processes, cgroups, mounts, BPF objects and files as before'

note_state
for number in $(seq 20); do
	# As many processes as its number says, which is also its exit code.
	marked "$TARE" run -q --json "$tmp/concurrent.$number" sh -c \
		"for i in \$(seq $number); do /bin/true; done; exit $number" &
	echo $! >> "$tmp/concurrent"
done
while read -r process; do
	wait "$process"
done < "$tmp/concurrent"
# seq is a process, too, and so is the shell itself.
is "$(jq -r '"\(.outcome.exit_code) \(.processes.processes - 2)"' "$tmp"/concurrent.* | sort -n)" \
	"$(seq 20 | sed 's/.*/& &/')" '20 runs at once each report their own number'
is "$(jq -r .run_id "$tmp"/concurrent.* | sort -u | wc -l)" 20 'and have names of their own'
leaves_nothing 'and leave nothing'

# In a /tmp and a /run of its own, whatever is in there afterwards is tare's.
# shellcheck disable=SC2016 # expanded by that shell
is "$(unshare -m sh -c 'exec 9< "$1" 8< "$2"
	mount -t tmpfs none /tmp && mount -t tmpfs none /run && cd / || exit
	for delay in 100000 0 2000 4000 8000 16000; do
		/proc/self/fd/8 $delay 9 /proc/self/fd/9 run -q sh -c "echo x > /tmp/x"
	done
	find /tmp /run -mindepth 1' sh "$TARE" "$programs/kill-after" 2>&1)" '' \
	'not a file is made in /tmp and /run, not even for a moment that a SIGKILL could end'

plan
