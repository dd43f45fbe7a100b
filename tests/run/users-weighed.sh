#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tare run as an ordinary user calls it, with the collector that root started: the numbers, limits
# and ends of root's runs. In a BPF file system of this file's own.
set -u
# shellcheck source=lib/own-mounts.sh
. "$(dirname "$0")/lib/own-mounts.sh"
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root
# shellcheck source=lib/user.sh
. "$(dirname "$0")/lib/user.sh"

at_exit() {
	cd /
	"$TARE" collector stop --force > "$tmp/ignored" 2>&1
	umount /sys/fs/bpf
	rm -rf "$home"
	leave_user
}

home=$(mktemp -d /var/tmp/tare-test.XXXXXX) || exit
chmod 755 "$home"
own "$home"
cd "$home" || exit
HOME=$home
mount -t bpf tare-test /sys/fs/bpf || exit
mount -t tmpfs -o mode=755 tare-test /run || exit
"$TARE" collector start > "$tmp/said" 2>&1
if ! user_can_weigh; then
	echo "1..0 # SKIP users share no collector here: $(tail -n 1 "$tmp/said")"
	exit 0
fi
cp "$programs/breed" "$programs/grow" "$programs/spin" "$programs/on-terminal" .

# weigh OPTION... COMMAND: as the user; the document is $home/json.
weigh() {
	rm -f json
	as_user "$TARE" run -q --json json "$@" > "$tmp/said" 2> "$tmp/errors" < /dev/null
}

number() {
	jq -r ".$1" json
}

fate() {
	weigh "$@"
	echo "$? $(jq -r '.outcome | "\(.kind) \(.signal // .exit_code) \(.termination_reason)"' json)"
}

# --- The numbers ---

# What does not depend on who looks: no paths, and no libraries that are searched for.
same='[.syscalls.total, .syscalls.errors, .processes.tasks, .processes.forks, .processes.execs,
	.outcome.exit_code, .collector.lost_events, .collector.cpu_time_differs]'
"$TARE" run -q --json of-root ./breed together 20 > "$tmp/said"
weigh ./breed together 20
is "$(jq -c "$same" json)" "$(jq -c "$same" of-root)" 'the same command has the same numbers as root'\''s'
is "$(number collector.mode) $(number container.used)" 'shared true' \
	'from the shared collector, in a container'
is "$(number syscalls.denied)" 0 'nothing was denied'
weigh sh -c 'exec 2>&-; prlimit --pid 1 --nofile=1:1; exit 0'
is "$(number syscalls.denied)" 1 'a limit for PID 1 is, and told'
is "$(stat -c '%u %a' json)" "$user 644" 'the document is the user'\''s'

# --- Ends ---

is "$(fate sh -c 'exit 7')" '7 exited 7 null' 'an exit status'
# shellcheck disable=SC2016 # expanded by the command
is "$(fate sh -c 'kill -KILL $$')" '137 signaled 9 null' 'a signal'
is "$(fate ./no-such-program)" '127 not_started null null' 'a command that is not there'
is "$(fate --timelimit 100ms ./spin threads 2)" '124 limit 9 cputime' 'a limit of CPU time'
is "$(fate --walltimelimit 100ms sleep 100)" '124 limit 9 walltime' 'of wall time'
is "$(fate --memlimit 50MB ./grow touch 200)" '124 limit 9 memory' 'of memory'
is "$(fate --pids-limit 5 ./breed together 20 | cut -d ' ' -f 1,2,4)" '124 limit pids' 'of processes'
# shellcheck disable=SC2016 # expanded by the command
is "$(fate --files-count-limit 5 sh -c 'for i in 1 2 3 4 5 6 7; do : > $i; done; sleep 100')" \
	'124 limit 9 files-count' 'of files'
is "$(fate --max-output-size 1000 yes | cut -d ' ' -f 1,2,4)" '124 limit output-size' 'of output'
is "$(fate sh -c 'sleep 100 & exit 3') $(number outcome.leftover_processes)" '3 exited 3 null 1' \
	'what is left running is killed and counted'

# --- Files, streams, a terminal ---

weigh --output-directory out sh -c 'mkdir d; echo x > d/file'
is "$? $(stat -c %u out/d/file) $(cat out/d/file)" "0 $user x" 'result files are the user'\''s'
rm -rf out
echo typed > input
weigh --input input --output output sh -c 'cat; echo more'
is "$(cat output) $(stat -c %u output)" "typed
more $user" 'and so are those of its streams'
is "$(echo 'exit 5' | as_user ./on-terminal "$TARE" run -q sh -i > "$tmp/said" 2>&1; echo $?)" 5 \
	'a terminal is lent to it'
TMPDIR=$home weigh --no-tmpfs sh -c 'mkdir -p a/b; chmod 0 a'
is "$? $(find . -maxdepth 1 -name 'tare-*')" '0 ' 'of --no-tmpfs nothing is left'

# --- Many commands, and BenchExec's words ---

printf '%s\n' '{"command": ["true"]}' '{"command": ["sh", "-c", "exit 3"]}' '{"command": ["./breed", "together", "5"]}' |
	as_user "$TARE" run --from - --jobs 2 > "$tmp/lines" 2> "$tmp/errors"
is "$(jq -c '[.outcome.exit_code, .processes.tasks]' "$tmp/lines" | tr -d '\n')" '[0,1][3,1][0,6]' \
	'many commands run side by side'
as_user "$TARE" runexec --output log -- sh -c 'id -u; exit 4' > "$tmp/said" 2> "$tmp/errors"
is "$? $(grep returnvalue "$tmp/said") $(tail -n 1 log)" '0 returnvalue=4 1000' \
	'runexec gives its usual user inside'

# --- Living runs ---

as_user "$TARE" run -q --json json sleep 1000 &
own_of() { "$@" ps --json | jq -r ".runs[] | select(.uid == $user) | .run_id"; }
is_listed() { [ -n "$(own_of as_user "$TARE")" ]; }
check 'a user'\''s run is listed for the user' wait_until is_listed
id=$(own_of as_user "$TARE")
is "$(own_of "$TARE")" "$id" 'and for root'
is "$(setpriv --reuid=61999 --regid=61999 --clear-groups "$TARE" ps -q)" '' 'and for nobody else'
as_user "$TARE" exec "$id" true 2> "$tmp/errors"
is "$? $(grep -c '^tare: enter the container of an ordinary user' "$tmp/errors")" '125 1' \
	'nobody enters its container, and that is said'
as_user "$TARE" kill "$id"
is "$? $(own_of "$TARE")" '0 ' 'the user ends it'
wait
is "$(number run_id) $(number outcome.termination_reason)" "$id killed" 'which the document tells'

is_gone() {
	[ -z "$(pgrep -u "$user")" ] && [ -z "$(find "$user_cgroup" -mindepth 1 -type d)" ]
}
check 'nothing is left of all that' wait_until is_gone

# --- What needs more than a user has ---

refused_to_user() {
	refused_words=$1
	shift
	refused_said=$(as_user "$TARE" run -q "$@" -- true 2>&1)
	is "$? $(printf '%s\n' "$refused_said" | grep -c "$refused_words")" '125 1' \
		"'$refused_words' is said of $*"
}
refused_to_user 'sudo' --private
refused_to_user 'rlimit: nofile.*CAP_SYS_RESOURCE' --rlimit nofile=2000000:2000000
refused_to_user 'cores auto' --cores auto:1

plan
