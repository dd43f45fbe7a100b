#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tare exec: a command that is let into a living run is confined as the run's own, counted with it,
# closed to it on its way, and gone with it.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
# shellcheck source=lib/check-clean.sh
. "$(dirname "$0")/lib/check-clean.sh"
# shellcheck source=lib/attack.sh
. "$(dirname "$0")/lib/attack.sh"
need_root

launcher="env TARE_TEST_MARK=$mark"
waits='echo ready; read -r line'

id_of() {
	"$TARE" ps --json | jq -r ".runs[] | select(.launcher_pid == $1) | .run_id"
}

# begin ARGUMENTS...: a run whose id is in $id.
begin() {
	start "$@"
	id=$(id_of "$tare")
}

# visit ARGUMENTS...: tare exec in the background, of a command that says a line and waits; $visit is
# its pid, $guest that of the command.
visit() {
	rm -f "$tmp/visit.to" "$tmp/visit.from"
	mkfifo "$tmp/visit.to" "$tmp/visit.from"
	"$TARE" exec "$id" -- "$@" < "$tmp/visit.to" > "$tmp/visit.from" 2> "$tmp/visit.errors" &
	visit=$!
	exec 5> "$tmp/visit.to" 6< "$tmp/visit.from"
	read -r line <&6
	guest=$(comm -13 "$tmp/members" - <<- EOF | head -n 1
		$(sort "$(directory_of "$tare_member" '')/cgroup.procs")
	EOF
	)
}

# Those that are there before a visit, for what comes to be known by not being one of them.
note_members() {
	tare_member=$command
	sort "$(directory_of "$command" '')/cgroup.procs" > "$tmp/members"
}

end_visit() {
	(echo >&5) 2> "$tmp/ignored"
	exec 5>&- 6<&-
	wait "$visit"
}

# --- How it is confined ---

# What the kernel says of a process: all of this is to be the same for the guest.
describe() {
	for namespace in "/proc/$1/ns/"*; do
		echo "${namespace##*/} $(readlink "$namespace")"
	done
	grep -E '^(Uid|Gid|Groups|NoNewPrivs|Seccomp|Seccomp_filters|Cap.*|Cpus_allowed|Mems_allowed|Umask|SigBlk|SigIgn):' \
		"/proc/$1/status"
	cat "/proc/$1/limits" "/proc/$1/cgroup" "/proc/$1/oom_score_adj"
	readlink "/proc/$1/cwd" "/proc/$1/root"
	tr '\0' '\n' < "/proc/$1/environ" | sort
	awk '{ sub(/.*\) /, ""); print "nice", $17, "policy", $39 }' "/proc/$1/stat"
}

cat > "$tmp/profile" << 'EOF'
{ "defaultAction": "SCMP_ACT_ALLOW",
  "syscalls": [ { "names": [ "sched_yield" ], "action": "SCMP_ACT_ERRNO", "errnoRet": 1 } ] }
EOF
while read -r name options; do
	# shellcheck disable=SC2086 # a list of words
	begin $options sh -c "$waits"
	note_members
	visit sh -c "$waits"
	describe "$command" > "$tmp/of-command"
	describe "$guest" > "$tmp/of-guest"
	is "$(diff "$tmp/of-command" "$tmp/of-guest")" '' \
		"namespaces, identity, rights, filters, limits, cgroups and surroundings are the command's ($name)"
	is "$(find "/proc/$guest/fd" -mindepth 1 -printf '%f ')" '0 1 2 ' \
		"nothing but the standard streams is open ($name)"
	is "$(awk '{ pid = $1; sub(/.*\) /, ""); print ($4 == pid), ($5 <= 0) }' "/proc/$guest/stat")" \
		'1 1' "it leads a session of its own, without a terminal ($name)"
	end_visit
	finish
done << EOF
default
with-options --uid 7 --gid 8 --rlimit nofile=50:60 --env A=b --dir /usr --cores 0 --no-tmpfs
profile --seccomp $tmp/profile
network --network-access --keep-system-config
own-namespaces --allow namespaces --allow mounts
writing --full-access-dir $tmp --hostname visited
no-container --no-container
EOF

begin --no-container sh -c "$waits"
is "$("$TARE" exec "$id" -- sh -c 'grep CapEff /proc/self/status')" "$(grep CapEff /proc/self/status)" \
	'without a container it has the rights of the caller, as the command has'
finish

# The command makes namespaces of its own; they are not what a visitor is let into.
begin --allow namespaces unshare -U sh -c "$waits"
init=$(awk '/^PPid/ { print $2 }' "/proc/$command/status")
seen=$("$TARE" exec "$id" -- readlink /proc/self/ns/user)
is "$seen" "$(readlink "/proc/$init/ns/user")" 'a visitor is in the namespaces of PID 1'
check 'not in those that the command has made' \
	[ "${seen:-none}" != "$(readlink "/proc/$command/ns/user")" ]
finish

# --- Streams, status, words ---

begin sh -c "$waits"
is "$(echo typed | "$TARE" exec "$id" -- sh -c 'cat; echo told; echo wrong >&2' 2> "$tmp/errors")" \
	'typed
told' 'standard input and output are those of tare exec'
is "$(cat "$tmp/errors")" wrong 'and standard error'
# shellcheck disable=SC2016 # expanded by the guest
is "$("$TARE" exec "$id" sh -c 'echo "$0" "$@"' 'a b' '' -q --)" 'a b  -q --' \
	'words reach the command as they are'
is "$(head -c 100000 /dev/zero | "$TARE" exec "$id" wc -c | tr -d ' ')" 100000 'nothing is cut'
"$TARE" exec "$id" sh -c 'exit 5'
is $? 5 'its exit code is that of tare exec'
# shellcheck disable=SC2016
"$TARE" exec "$id" sh -c 'kill -USR1 $$'
is $? 138 '128+N when a signal ended it'
"$TARE" exec "$id" no-such-program 2> "$tmp/errors"
is "$? $(grep -c "^tare: find program 'no-such-program'" "$tmp/errors")" '127 1' '127 when it is not found'
"$TARE" exec "$id" /etc/passwd 2> "$tmp/errors"
is $? 126 '126 when it cannot be executed'
"$TARE" exec "$id" 2> "$tmp/errors"
is "$? $(head -n 1 "$tmp/errors")" '125 tare: no command given' '125 and one line when there is none'
finish
"$TARE" exec "$id" true 2> "$tmp/errors"
is "$? $(head -n 1 "$tmp/errors")" "125 tare: there is no run $id" 'and when the run is over'

# --- What is counted ---

begin sh -c "$waits"
# shellcheck disable=SC2016 # expanded by the guest
"$TARE" exec "$id" sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done'
"$TARE" exec "$id" sh -c '/bin/true; /bin/true; exit 0'
finish
is "$(number processes.moved_in)" 2 'the document tells how many processes came from outside'
check 'what they use is in the numbers' is_between 100000000 "$(number time.cpu_ns)" 100000000000
is "$(number 'collector | .cpu_time_differs')" false "and agrees with the kernel's books"

# A run's calls are the same each time. Of a visit whose exec fails there are five: the end of the
# wait, the exec, a look whether the file is there, the report, the exit.
begin sh -c "$waits"
finish
alone=$(number syscalls.total)
begin sh -c "$waits"
"$TARE" exec "$id" /no/such/program 2> "$tmp/ignored"
"$TARE" exec "$id" /etc/passwd 2> "$tmp/ignored"
finish
check 'of tare exec itself no more is counted than its last steps' \
	is_between 2 $(($(number syscalls.total) - alone)) 10

# --- The terminal ---

begin sh -c "$waits"
mkfifo "$tmp/keys"
: > "$tmp/screen"
"$programs/on-terminal" "$TARE" exec "$id" -- sh -i < "$tmp/keys" > "$tmp/screen" &
terminal=$!
exec 5> "$tmp/keys"
shows() { wait_until grep -q "$1" "$tmp/screen"; }
echo 'stty size; echo be""gun' >&5
check 'a shell on a terminal prompts and obeys' shows 'begun'
check 'the terminal has the size of the caller'"'"'s' shows '24 80'
echo 'trap "echo inter""rupted" INT; echo wait""ing; sleep 1000' >&5
shows 'waiting'
printf '\003' >&5
check 'Ctrl-C interrupts what runs there, and no more' shows 'interrupted'
echo "sh -c 'echo nap\"\"ping; sleep 1000'" >&5
shows 'napping'
printf '\032' >&5
check 'Ctrl-Z stops it' shows 'Stopped'
echo 'kill %1; exit 9' >&5
echo 'exit 9' >&5
exec 5>&-
wait "$terminal"
is $? 9 'and the shell ends as it likes'
rm "$tmp/keys"
finish

# --- Attacks on what enters ---

mkdir "$tmp/here"
cd "$tmp/here" || exit
attempt_here
if command -v strace > "$tmp/ignored"; then
	# Held at its exec for as long as the attempts last: the last instant before it is the guest's.
	# shellcheck disable=SC2016 # expanded by the command
	begin --full-access-dir "$tmp" sh -c 'echo ready; while read -r line; do eval "$line"; done'
	note_members
	strace -f -qq -p "$tare" -o "$tmp/trace" -e trace=execve \
		-e inject=execve:delay_enter=4000000 2> "$tmp/ignored" &
	strace=$!
	is_traced() { ! grep -q '^TracerPid:.0$' "/proc/$tare/status"; }
	wait_until is_traced
	"$TARE" exec "$id" -- sh -c 'exit 3' 2> "$tmp/errors" &
	visit=$!
	newcomer() {
		guest=$(sort "$(directory_of "$command" '')/cgroup.procs" | comm -13 "$tmp/members" - |
			head -n 1)
		[ -n "$guest" ]
	}
	wait_until newcomer
	inside=$(awk '/^NSpid/ { print $NF }' "/proc/$guest/status")
	is "$(cat "/proc/$guest/comm")" tare-host 'what enters is held before its exec'
	for attempt in trace read-memory write-memory write-memory-file take-descriptor \
		compare-descriptors read-environment enter-root open-program change-program-mode \
		overwrite-program; do
		echo "attack-process $attempt $inside 2>&1" >&3
		hear
		case $line in
		EPERM | EACCES) ok "$attempt: $line inside, for what enters" ;;
		*) not_ok "$attempt: refused inside, for what enters" "got: $line" ;;
		esac
	done
	# shellcheck disable=SC2016 # expanded by the command
	echo 'ls /proc/'"$inside"'/fd 2>&1 | grep -c denied' >&3
	hear
	is "$line" 1 'its descriptors are not shown'
	is "$(cat "/proc/$guest/comm")" tare-host 'all that was before its exec'
	wait "$visit"
	is $? 3 'and the guest has run as if nothing had been'
	kill "$strace"
	wait "$strace"

	# Signals are not refused among equals: it dies, and that is told.
	strace -f -qq -p "$tare" -o "$tmp/trace" -e trace=execve \
		-e inject=execve:delay_enter=4000000 2> "$tmp/ignored" &
	strace=$!
	wait_until is_traced
	"$TARE" exec "$id" -- true 2> "$tmp/errors" &
	visit=$!
	wait_until newcomer
	echo "kill -9 $(awk '/^NSpid/ { print $NF }' "/proc/$guest/status"); echo sent" >&3
	hear
	wait "$visit"
	is $? 137 'a command that kills what enters is told as such'

	# The run ends while a guest is on its way.
	"$TARE" exec "$id" -- sh -c 'sleep 1000' 2> "$tmp/errors" &
	visit=$!
	wait_until newcomer
	kill "$strace"
	wait "$strace"
	finish
	wait "$visit"
	is $? 137 'a run that ends while a guest is on its way takes it along'
	is "$(number processes.moved_in)" 3 'and has counted all of them'
else
	skip 'what enters is closed to the command' 'no strace: scripts/setup check'
fi
cd "$OLDPWD" || exit

# --- Ends ---

note_state
begin sh -c "$waits"
note_members
visit sh -c "$waits; exit 4"
first=$visit
"$TARE" exec "$id" -- sh -c 'exit 6'
is $? 6 'two at once do not disturb each other'
kill -TERM "$first"
wait "$first"
is $? 143 'SIGTERM of tare exec reaches its command'
exec 5>&- 6<&-
visit sh -c 'trap "" TERM HUP; echo ready; sleep 1000'
kill -KILL "$visit"
wait "$visit" 2> "$tmp/ignored"
exec 5>&- 6<&-
is_gone() { ! kill -0 "$1"; }
check 'the command dies with tare exec' wait_until is_gone "$guest"
visit sh -c 'sleep 1000 & echo ready; sleep 1000'
finish
wait "$visit"
is "$? $(grep -c "^tare: run .* is over" "$tmp/visit.errors")" '137 1' \
	'the end of the run is the end of its guests, and is told'
exec 5>&- 6<&-
# The first sleep; the others need not have been born yet.
is "$(number 'outcome | "\(.kind) \(.exit_code) \(.leftover_processes >= 1)"')" 'exited 0 true' \
	'what guests have left behind is told as left'
begin sh -c "$waits"
note_members
visit sh -c "$waits"
kill -KILL "$tare"
wait "$visit"
is $? 137 'and so is SIGKILL of its launcher'
exec 3>&- 4<&- 5>&- 6<&-
wait "$tare" 2> "$tmp/ignored"
begin sh -c "$waits"
note_members
visit sh -c "$waits"
"$TARE" kill "$id"
wait "$visit"
is $? 137 'and tare kill'
exec 3>&- 4<&- 5>&- 6<&-
wait "$tare"
is "$? $(number outcome.termination_reason)" '124 killed' 'whose run is told as killed'
leaves_nothing 'and all of that leaves nothing'

# Runs that end at any moment of a visit: it is let in, or told that the run is over.
note_state
: > "$tmp/statuses"
for delay in $(shuf -n 30 -i 0-30); do
	begin sh -c 'echo ready; read -r line'
	"$TARE" exec "$id" -- true 2> "$tmp/visit.errors" &
	visit=$!
	sleep "0.0$(printf '%02d' "$delay")"
	finish || echo "run: $?" >> "$tmp/statuses"
	wait "$visit"
	status=$?
	case $status in
	0 | 137) : ;;
	125) grep -qE 'is over|there is no run|in its container|was killed' "$tmp/visit.errors" ||
		echo "visit: $(cat "$tmp/visit.errors")" >> "$tmp/statuses" ;;
	*) echo "visit: $status $(cat "$tmp/visit.errors")" >> "$tmp/statuses" ;;
	esac
done
is "$(sort "$tmp/statuses" | uniq -c)" '' 'at whatever moment a run ends, both end as they should'
leaves_nothing 'and leave nothing'

begin sh -c "$waits"
for number in $(seq 10); do
	"$TARE" exec "$id" -- sh -c "exit $number" &
	echo "$! $number" >> "$tmp/visits"
done
: > "$tmp/wrong"
while read -r process number; do
	wait "$process"
	[ $? -eq "$number" ] || echo "$number" >> "$tmp/wrong"
done < "$tmp/visits"
is "$(cat "$tmp/wrong")" '' 'ten at once end each in its own way'
finish
is "$(number processes.moved_in)" 10 'and are counted, each of them'
nothing_is_lost

"$TARE" exec --help > "$tmp/help"
is "$? $(head -n 1 "$tmp/help")" '0 Usage: tare exec [OPTIONS] RUN [--] COMMAND [ARG...]' '--help tells of it'

plan
