#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A machine that systemd runs, as its users meet it: root at a login shell, a scope or a service of
# their own, the scope that tare asks for over D-Bus, and an ordinary user.
# shellcheck disable=SC2016 # what is in single quotes is for the shells inside
set -u
# shellcheck source=../../run/lib/tap.sh
. "$(dirname "$0")/../../run/lib/tap.sh"
need_root

json=$tmp/json

# run ARGUMENTS...: a quiet run with a document; its status and all that was said.
run() {
	rm -f "$json"
	"$TARE" run -q --json "$json" "$@" 2>&1
	echo $?
}

number() {
	jq -r ".$1" "$json"
}

# What a run could leave: units and control groups.
leftovers() {
	systemctl list-units --all --plain --no-legend 'tare-*'
	systemctl --failed --plain --no-legend
	find /sys/fs/cgroup -name 'tare-*'
}

own_cgroup() {
	sed -n 's/^0:://p' /proc/self/cgroup
}

# --- Root at a login shell ---

is "$(own_cgroup | grep -c '^/user\.slice/user-0\.slice/session-.*\.scope$')" 1 \
	'the shell is in the scope of its session'
"$TARE" check > "$tmp/check"
is "$? $(tail -n 1 "$tmp/check" | grep -c '^verdict: tare run can work here')" '0 1' \
	'tare check finds nothing missing'
is "$(run true)" 0 'a command is run'
is "$(number 'memory.peak_bytes > 0')" true 'with its peak of memory'
is "$(run --memlimit 20MB "$programs/grow" touch 64 | tail -n 1) $(number outcome.termination_reason)" \
	'124 memory' 'the memory limit holds'
is "$(run --pids-limit 5 "$programs/breed" together 10 | tail -n 1) $(
	number outcome.termination_reason)" '124 pids' 'the limit of processes holds'
is "$(leftovers)" '' 'and nothing is left'

# --- A scope of tare's own ---

before=$(own_cgroup)
is "$(run --cores 0 nproc) $(number container.cores_held_by)" '1
0 cpuset cgroup' 'a cpuset, which no session has, comes with a scope from systemd'
is "$(own_cgroup)" "$before" 'the shell stays where it was'
is "$(leftovers)" '' 'the scope is gone when the run is over'
is "$(run --set-cgroup-value cpu.weight=50 true)" 0 'and so is the cpu controller had'
is "$(run --require-cgroup-subsystem io true)" 0 'and that of block devices'

"$TARE" run -q --cores 0 sleep 1000 &
tare=$!
in_scope() {
	grep -q '/user\.slice/user-0\.slice/tare-[0-9a-f]*\.scope/' "/proc/$tare/cgroup"
}
check 'the scope is in the slice that the shell is in' wait_until in_scope
systemctl list-units --plain --no-legend 'tare-*.scope' > "$tmp/units"
is "$(wc -l < "$tmp/units") $(grep -c 'tare run$' "$tmp/units")" '1 1' \
	'systemd shows it as what it is'
kill -KILL "$tare"
wait "$tare" 2> "$tmp/ignored"
nothing_is_left() {
	[ -z "$(leftovers)" ]
}
check 'after SIGKILL of tare nothing is left either' wait_until nothing_is_left

# --- systemd meanwhile ---

mkfifo "$tmp/to"
"$TARE" run -q --json "$json" --memlimit 100MB sh -c 'echo up; read -r line' \
	< "$tmp/to" > "$tmp/up" 2> "$tmp/errors" &
tare=$!
exec 9> "$tmp/to"
wait_until grep -q up "$tmp/up"
systemctl daemon-reload
systemctl set-property --runtime user-0.slice TasksMax=1000
echo >&9
exec 9>&-
wait "$tare"
is "$? $(number 'memory.peak_bytes > 0') $(cat "$tmp/errors")" '0 true ' \
	'systemd may be reloaded and a property of the slice be set while a run lasts'

# --- systemd-run ---

is "$(systemd-run --quiet --scope "$TARE" run -q --json "$json" true 2>&1; echo $?)" 0 \
	'a run in a scope'
is "$(number 'memory.peak_bytes > 0')" true 'has its peak of memory'
is "$(systemd-run --quiet --scope -p Delegate=yes "$TARE" run -q --json "$json" true 2>&1; echo $?
	)" 0 'a run in a scope that is delegated to it'
is "$(number 'memory.peak_bytes > 0')" true 'has it, too'
is "$(systemd-run --quiet --scope -p MemoryMax=60M "$TARE" run -q --json "$json" \
	"$programs/grow" touch 128 2>&1; echo $?) $(number outcome.signal)" '137 9' \
	'the memory limit of its scope holds for a run that is alone there'
systemctl reset-failed
is "$(systemd-run --quiet --wait --pipe --working-directory="$PWD" "$TARE" run -q --json "$json" \
	echo said 2>&1; echo $?)" 'said
0' 'a run in a service'
is "$(number 'memory.peak_bytes > 0')" true 'has it, too'
is "$(leftovers)" '' 'and nothing is left'

# --- An ordinary user ---

as_user() {
	runuser -l user -c "cd $PWD && $*" 2>&1
	echo $?
}

is "$(as_user id -un)" 'user
0' 'there is a user'
as_user "$TARE" run -q true > "$tmp/said"
is "$(tail -n 2 "$tmp/said")" '  hint      run as root, or in a cgroup of your own: sudo systemd-run --scope -p Delegate=yes tare run ...
125' 'who is told how to run it'
is "$(as_user "$TARE" check | grep -c '^verdict: tare run cannot work here')" 1 \
	'and by tare check, too'
echo 'user ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/tare-test
is "$(as_user sudo "$TARE" run -q -- id -u)" '0
0' 'with sudo the user runs a command'
rm /etc/sudoers.d/tare-test

plan
