#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Signals and the terminal reach the command as if there were no tare between; and nothing of the
# command outlives the run.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

# A shell starts background commands with SIGINT and SIGQUIT ignored. In a session of its own, tare
# is alone in its process group.
launcher='setsid env --default-signal'

# Unlike finish, without a line that the command could read before the signal comes.
await_end() {
	wait "$tare"
	await_end_status=$?
	exec 3>&- 4<&-
	return $await_end_status
}

# --- Forwarding ---

# passes_on CLAIM NUMBER MARKER TARGET...: the signal, sent by kill to the targets, is reported, and
# the next report is that of the marker: the signal has come once.
passes_on() {
	passes_on_claim=$1 number=$2 marker=$3
	shift 3
	kill -"$number" "$@" && hear
	got=$line
	kill -"$marker" "$tare" && hear
	is "$got $line" "$(printf '%02d %02d' "$number" "$marker")" "$passes_on_claim"
}

for way in '' --no-container; do
	# 10 is SIGUSR1, 12 SIGUSR2, 28 SIGWINCH.
	# shellcheck disable=SC2086 # one word or none
	start $way "$programs/report-signals"
	for number in 1 2 3 15 10 28; do
		passes_on "signal $number, sent to tare, reaches the command once${way:+ ($way)}" \
			$number 12 "$tare"
	done
	passes_on "signal 12 too${way:+ ($way)}" 12 10 "$tare"
	passes_on "a signal to tare's group reaches the command once${way:+ ($way)}" 15 10 "-$tare"
	init=$(awk '/^PPid/ { print $2 }' "/proc/$command/status")
	passes_on "as does one to the process between${way:+ ($way)}" 15 10 "$init"
	# It had one SIGINT already.
	kill -2 "$tare"
	await_end
	is "$? $(number 'outcome | "\(.kind) \(.signal)"')" '137 signaled 9' \
		"a second SIGINT kills what did not end by the first${way:+ ($way)}"
done

# As nohup leaves it.
launcher='env --ignore-signal=HUP'
start "$programs/report-signals"
kill -HUP "$tare"
kill -USR2 "$tare" && hear
launcher='setsid env --default-signal'
is "$line" 12 'a signal that the caller of tare ignores is not passed on'
finish

start sh -c 'echo ready; read -r line'
kill -TERM "$tare"
await_end
is "$? $(number 'outcome | "\(.kind) \(.signal)"')" '143 signaled 15' \
	'a command that SIGTERM ends gives 143'

start sh -c 'trap "exit 5" TERM; echo ready; while :; do read -r line; done'
kill -TERM "$tare"
await_end
is "$? $(number 'outcome | "\(.kind) \(.exit_code)"')" '5 exited 5' \
	'one that handles it gives its own exit code'

# From before tare has taken the signal to after the exec, whatever the machine's speed: the delays
# are chosen anew for each run. A command that is not killed would wait for its input for ever.
mkfifo "$tmp/endless"
exec 7<> "$tmp/endless"
: > "$tmp/statuses"
# shellcheck disable=SC2034 # counts
for round in $(seq 40); do
	delay=$(shuf -n 1 -i 0-40000)
	"$programs/kill-after" "$delay" 15 "$TARE" run -q sh -c 'read -r line' <&7 2> "$tmp/errors"
	status=$?
	[ $status -eq 143 ] || echo "after $delay us: $status $(cat "$tmp/errors")" >> "$tmp/statuses"
done
exec 7>&-
is "$(cat "$tmp/statuses")" '' 'SIGTERM ends the run with 143 at whatever moment it comes'

# --- What the command leaves behind ---

# marked MARK: the processes that have it in their environment.
marked() {
	grep -lz "^TARE_TEST_MARK=$1$" /proc/[0-9]*/environ 2> "$tmp/ignored"
}

weigh sh -c 'sleep 1000 & sleep 1000 & exit 4'
is "$? $(number outcome.leftover_processes)" '4 2' 'processes that the command leaves are counted'
weigh true
is "$(number outcome.leftover_processes)" 0 'a command that leaves none has none'

# Its double-forked grandchild has a session of its own and ignores every signal that it may.
# shellcheck disable=SC2016 # expanded by the command
tree='mkfifo /tmp/up
( setsid sh -c "trap \"\" HUP INT TERM; sleep 1000 &
	until read -r name < /proc/\$!/comm && [ \$name = sleep ]; do :; done
	echo up > /tmp/up; sleep 1001; sleep 1002" & )
read -r line < /tmp/up; exit 6'
TARE_TEST_MARK=$tmp/tree "$TARE" run -v --json "$tmp/json" sh -c "$tree" 2> "$tmp/errors"
is "$? $(number 'outcome.leftover_processes >= 2')" '6 true' \
	'a daemon that ignores SIGTERM does not keep the run from ending'
is "$(marked "$tmp/tree")" '' 'and is gone after it'
check '-v lists it' grep -q '^tare: killed what was left: process [0-9]* sh$' "$tmp/errors"
check 'with its children' grep -q '^tare: killed what was left: process [0-9]* sleep$' "$tmp/errors"
check 'and the summary tells' grep -q '^  left  *[0-9]* processes were still running' "$tmp/errors"

# --- The terminal ---

# on_terminal COMMAND...: on a terminal of its own, in the background; $screen is what it shows.
screen=$tmp/screen
on_terminal() {
	rm -f "$tmp/keys"
	mkfifo "$tmp/keys"
	: > "$screen"
	"$programs/on-terminal" "$@" < "$tmp/keys" > "$screen" &
	terminal=$!
	exec 5> "$tmp/keys"
}

shows() {
	wait_until grep -q "$1" "$screen"
}

# The keyboard; Ctrl-C is \003, Ctrl-D \004, Ctrl-Z \032, Ctrl-\ \034.
press() {
	# shellcheck disable=SC2059 # the escapes are meant
	printf "$1" >&5
}

# The status of what was on the terminal. What hangs is ended, with all of the terminal's session, so
# that the next test can be made.
leave() {
	exec 5>&-
	wait_until is_over || pkill -KILL -s "$(pgrep -P "$terminal")"
	wait "$terminal"
}

is_over() {
	! kill -0 "$terminal" || grep -q '^State:.Z' "/proc/$terminal/status"
}

# lines: of the screen, without the echo of keys such as ^C.
lines() {
	tr -d '\r' < "$screen" | sed 's/^\(\^[A-Z\\]\)*//' | grep -v '^$' | tr '\n' ' '
}

# shellcheck disable=SC2016 # expanded by the command
on_terminal "$TARE" run -q sh -c 'cut -d " " -f 5,8 /proc/$$/stat; read -r line; echo "got $line"'
shows 2
press 'word\n'
leave
is "$? $(lines)" '0 2 2 word got word ' \
	'on a terminal, the command is in the foreground and reads the keyboard'

on_terminal "$TARE" run -q "$programs/report-signals"
shows ready
press '\003'
shows 02
press '\034'
shows 03
press '\004'
leave
is "$? $(lines)" '0 ready 02 03 ' 'Ctrl-C and Ctrl-\ reach it, once'

on_terminal "$TARE" run sh -c 'echo ready; read -r line'
shows ready
press '\003'
leave
is $? 130 'Ctrl-C ends a command that does not handle it'
check 'and tare itself lives to tell' shows 'killed by SIGINT'

on_terminal sh -c "'$TARE' run -q true; read -r line; echo \"got \$line\""
press 'word\n'
leave
is "$? $(lines)" '0 word got word ' 'after the run, the terminal is taken back'

on_terminal sh -c "'$TARE' run -q sh -c 'kill -9 \$\$'; read -r line; echo \"got \$line\""
press 'word\n'
leave
is "$? $(lines)" '0 word got word ' 'also after a command that was killed'

is_running() {
	grep -q '^State:.[SR]' "/proc/$1/status"
}

# A shell with job control. 147 is 128 + SIGSTOP, by which tare stops as its command did.
on_terminal sh -c "set -m; '$TARE' run -q sh -c 'echo ready; cat; echo over; exit 3'
	echo \"stopped \$?\"; read -r line; fg > /dev/null; echo \"ended \$?\""
shows ready
tare=$(pgrep -P "$(pgrep -P "$terminal")")
find_command
press '\032'
check 'Ctrl-Z stops the run, and the shell goes on' shows 'stopped 147'
is "$(awk '/^State/ { print $2 }' "/proc/$tare/status" "/proc/$command/status" | tr -d '\n')" TT \
	'tare and the command are stopped'
press '\nword\n\004'
leave
check 'fg continues the command, the processes that it started too' shows over
is "$(tr -d '\r' < "$screen" | grep -c '^word') $(tr -d '\r' < "$screen" | tail -n 1)" '2 ended 3' \
	'which reads the keyboard again and ends as it wishes'

# Through two stops in a row, so that the second is seen as the first was.
on_terminal sh -c "set -m; '$TARE' run -q sh -c 'echo ready; read -r line; exit 3'
	echo \"stopped \$?\"; fg > /dev/null; echo \"again \$?\"; fg > /dev/null; echo \"ended \$?\""
shows ready
press '\032'
shows 'stopped 147'
tare=$(pgrep -P "$(pgrep -P "$terminal")")
find_command
wait_until is_running "$command"
press '\032'
check 'a second Ctrl-Z does as the first' shows 'again 147'
press 'word\n'
leave
check 'and so does a second fg' shows 'ended 3'

# shellcheck disable=SC2016 # expanded by the command
on_terminal sh -c "'$TARE' run -q sh -c 'cut -d \" \" -f 7,8 /proc/\$\$/stat; echo end' |
	{ grep -v end; read -r line < /dev/tty; echo \"got \$line\"; }"
shows '0 -1'
press 'word\n'
leave
is "$? $(lines)" '0 0 -1 word got word ' \
	'in a pipeline the terminal is not taken from its partners'

# Without tare, SIGTTIN stops a background command that reads. The shell reads after it, so that what
# is typed would be the command's.
mkfifo "$tmp/gate"
on_terminal sh -c "set -m; '$TARE' run -q sh -c 'echo ready; exec cat > /dev/null' &
	cat '$tmp/gate'; read -r line; echo \"got \$line\"; kill -KILL %1"
shows ready
tare=$(pgrep -P "$(pgrep -P "$terminal")" -x tare)
find_command
is_waiting_cat() {
	grep -q '^Name:.cat$' "/proc/$command/status" &&
		grep -q '^State:.[ST]' "/proc/$command/status"
}
wait_until is_waiting_cat
press 'word\n'
echo > "$tmp/gate"
deadline=5
leave
check 'in the background, the command does not take the keyboard from the shell' \
	grep -q 'got word' "$screen"

plan
