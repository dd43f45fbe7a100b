#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a command does to other processes: those of the host, PID 1 of its container, other runs.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
# shellcheck source=lib/attack.sh
. "$(dirname "$0")/lib/attack.sh"
need_root

mkdir "$tmp/here"
cd "$tmp/here" || exit
attempt_here
# Another file than the attacker's own, which cannot be written while it runs.
cp attack-process victim

# --- One process ---

# Host processes are tried by their number, which nobody has inside. The last row ends the victim.
hold victim ./victim victim
victim=$held
while read -r name of_init of_host; do
	# To whom PID 1 is of the same user: it does not hear them.
	case $attacker-$name in user-signal*) of_init='done' ;; esac
	is "$(outside "attack-process $name $victim")" 'done' "$name: works outside"
	is "$(inside "attack-process $name 1")" "$of_init" "$name: $of_init inside, for PID 1"
	is "$(inside "attack-process $name $victim")" "$of_host" \
		"$name: $of_host inside, for a process of the host"
done << 'TABLE'
trace EPERM ESRCH
read-memory EPERM ESRCH
write-memory EPERM ESRCH
write-memory-file EACCES ENOENT
take-descriptor EPERM ESRCH
compare-descriptors EPERM ESRCH
read-environment EACCES ENOENT
enter-root EACCES ENOENT
open-program EACCES ENOENT
change-program-mode EACCES ENOENT
signal EPERM ESRCH
signal-by-pidfd EPERM ESRCH
set-limit EPERM ESRCH
set-niceness EPERM ESRCH
set-scheduler EPERM ESRCH
set-processors EPERM ESRCH
set-io-priority EPERM ESRCH
set-timer-slack EPERM ENOENT
make-first-to-be-killed EACCES ENOENT
move-pages EPERM ESRCH
page-out EACCES ESRCH
overwrite-program EACCES ENOENT
TABLE
release
# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'find /proc/1/ -maxdepth 1 -writable ! -type l ! -name timerslack_ns')" '' \
	'no other file of PID 1 in /proc can be written'

# --- What is told of the command ---

if [ "$attacker" = root ]; then
	"$TARE" run -q --no-container attack-result 7 2> "$tmp/said"
	is "$? $(cat "$tmp/said")" '0 ' 'outside, a command can tell a result that is not its own'
fi
"$TARE" run -q attack-result 7 2> "$tmp/said"
is "$? $(cat "$tmp/said")" '7 EPERM' 'inside it cannot, and its own is told'

# A limit of one second of CPU time would end PID 1, and a limit of no files stop its work.
"$TARE" run -q sh -c 'prlimit --pid 1 --cpu=1:1 --nofile=0:0; exit 7' 2> "$tmp/said"
is "$? $(wc -l < "$tmp/said")" '7 1' 'PID 1 cannot be ended by limits in order to blame tare'

# --- All processes of a user ---

user=$((3000000000 + $$))
as_user() {
	setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
}
check 'the user of this test has no process yet' test -z "$(pgrep -u "$user")"
chmod 755 "$tmp"
hold victim as_user ./victim victim
victim=$(cat "$tmp/victim")
as_user sh -c 'kill -KILL -1' 2> "$tmp/ignored"
is_gone() {
	! kill -0 "$victim"
}
check "outside, kill -1 ends all processes of one's user" wait_until is_gone
release

start sh -c 'echo ready; read -r line; exit 4'
# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'sleep 1000 & kill -KILL -1; wait $! 2>&-; echo $?')" 137 \
	'inside it ends those of the run'
check 'and a run of the same kernel user lives on' kill -0 "$command"
finish
is $? 4 'to its own end'

plan
