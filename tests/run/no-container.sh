#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --no-container weighs as much as a container does, in the host's own namespaces and with the
# caller's rights, and leaves no process behind either.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root
# shellcheck source=lib/check-clean.sh
. "$(dirname "$0")/lib/check-clean.sh"

bare() {
	weigh --no-container "$@"
}

# --- The numbers ---

# shellcheck disable=SC2016 # expanded by the command
# Long enough to be hit by a timer tick, which tells user from system time.
work='i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; (cat /proc/self/status) > /dev/null'
known() {
	jq -r 'paths(type == "number") | join(".")' "$tmp/json" |
		grep -v -e '^syscalls.by_name' -e '^noise.preempted_by' -e '_at_peak\.' | sort
}
weigh sh -c "$work"
known > "$tmp/contained"
bare sh -c "$work"
known > "$tmp/bare"
check 'every number of a container is known without one' cmp "$tmp/contained" "$tmp/bare"
is "$(number 'processes.processes, .processes.execs' | tr '\n' ' ')" '2 2 ' \
	'processes are counted'
check 'the loop has taken CPU time, less than the wall time of two processors' \
	jq -e '.time | .cpu_ns > 0 and .cpu_ns < 2 * .wall_ns' "$tmp/json"
is "$(number 'container.used, .collector.mode' | tr '\n' ' ')" 'false private ' \
	'the document tells that there was no container'
"$TARE" run -v --no-container true 2> "$tmp/errors"
check 'and the summary does if asked' grep -q '^  sandbox  *none' "$tmp/errors"

# --- The surroundings ---

# shellcheck disable=SC2016 # expanded by the command
namespaces='cd /proc/self/ns && for name in *; do readlink $name; done'
is "$("$TARE" run -q --no-container sh -c "$namespaces")" "$(sh -c "$namespaces")" \
	"the namespaces are the caller's"
check 'while in a container none is but the one of time' test \
	"$("$TARE" run -q sh -c "$namespaces" | grep -cvxF "$(sh -c "$namespaces")")" -ge 7
rights='grep -E "^([UG]id|Groups|Cap|NoNewPrivs|Seccomp):" /proc/self/status'
is "$("$TARE" run -q --no-container sh -c "$rights")" "$(sh -c "$rights")" "so are the rights"
"$TARE" run -q --no-container sh -c "echo x > $tmp/file"
is "$(cat "$tmp/file")" x 'and the files'
check 'the command is in a cgroup of its own' sh -c \
	"'$TARE' run -q --no-container cat /proc/self/cgroup | grep -q '^0::.*/tare-[0-9a-f]*$'"

# --- Endings ---

bare sh -c 'exit 9'
is "$? $(number 'outcome | "\(.kind) \(.exit_code)"')" '9 exited 9' 'the exit code passes through'
bare sh -c 'kill -11 $$'
is "$? $(number 'outcome | "\(.kind) \(.signal)"')" '139 signaled 11' 'a signal gives 128+N'
bare no-such-program
is "$? $(number 'outcome | "\(.kind) \(.error.errno)"')" '127 not_started ENOENT' \
	'a missing program is 127'

# --- Its processes ---

# The subshell ends at once and leaves an orphan.
start --no-container sh -c '(sleep 1000 & echo $!); read -r line; exit 5'
orphan=$line
parent_of() {
	awk '/^PPid/ { print $2 }' "/proc/$1/status"
}
adopted() {
	[ "$(parent_of "$(parent_of "$orphan")")" = "$tare" ]
}
check 'an orphan is adopted by the process between tare and the command' wait_until adopted
kill "$orphan"
gone() {
	[ ! -e "/proc/$orphan" ]
}
check 'and reaped when it ends, while the command lives' wait_until gone
finish
is "$? $(number 'processes.processes, .outcome.leftover_processes' | tr '\n' ' ')" '5 3 0 ' \
	'the orphan is counted, and not as a leftover'

daemon='(setsid sh -c "trap \"\" TERM HUP; echo up; sleep 1000; sleep 1001" &) | read -r line
exit 6'
note_state
marked "$TARE" run -q --no-container --json "$tmp/json" sh -c "$daemon"
is "$? $(number 'outcome.leftover_processes >= 1')" '6 true' \
	'a daemon that ignores SIGTERM is a leftover'
leaves_nothing 'and is gone after the run, with its children'

plan
