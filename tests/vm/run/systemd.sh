#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A machine that systemd runs, as its users meet it: root at a login shell, a scope or a service of
# their own, the scope that tare asks for over D-Bus, and an ordinary user with and without a session.
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

# Without a session, as under su, cron or CI.
alone() {
	setpriv --reuid=user --regid=user --init-groups env HOME=/home/user "$@" 2>&1
}

cgroups() {
	"$@" "$TARE" check | sed -n "s/^  [a-z]* *users' cgroups *//p"
}

bus=/run/user/$(id -u user)/bus
loginctl terminate-user user 2> "$tmp/ignored"
wait_until [ ! -e "$bus" ]
repair='let root start the broker, once: sudo systemctl enable --now tare-broker.socket; or log in, where systemd gives each user a manager: systemd-run --user --scope -p Delegate=yes tare run ...'
alone "$TARE" run -q true > "$tmp/said"
is "$? $(tail -n 1 "$tmp/said")" "125   hint      $repair" 'who is told how to come to a cgroup'
alone "$TARE" check > "$tmp/said"
is "$(grep -c "repair: $repair" "$tmp/said") $(grep -c '^verdict: tare run cannot work here' "$tmp/said")" \
	"$(grep -c 'missing .*\(users. cgroups\|cgroup of a run\|controller\)' "$tmp/said") 1" \
	'and by tare check, too'

# --- The broker ---

for unit in tare-broker.socket tare-broker.service; do
	sed "s,@PREFIX@/bin/tare,$TARE," "scripts/$unit" > "/run/systemd/system/$unit"
done
systemctl daemon-reload
check 'the socket of the broker is a unit' systemctl start tare-broker.socket
is "$(systemctl is-active tare-broker.service)" inactive 'which is all that runs'
is "$(cgroups alone)" 'given by the broker, at /run/tare/broker' 'from which the user has a cgroup'
is "$(systemctl is-active tare-broker.service)" active 'by the service that it starts'
enter=$programs/enter
is "$(alone "$enter" sh -c 'cat "$ENTERED/cgroup.subtree_control"')" 'cpuset cpu io memory pids' \
	'with the controllers that systemd delegates as well'
is "$(alone "$enter" sh -c 'mkdir "$ENTERED/run" && echo 100M > "$ENTERED/run/memory.max" &&
	echo $$ > "$ENTERED/run/cgroup.procs" && grep -c /run$ /proc/self/cgroup')" 1 \
	'where memory can be limited'
systemctl daemon-reload
systemctl set-property --runtime user.slice TasksMax=10000
is "$(alone "$enter" sh -c 'cat "$ENTERED/cgroup.subtree_control"')" 'cpuset cpu io memory pids' \
	'also when systemd was reloaded meanwhile'
is_over() {
	! systemctl is-active --quiet tare-broker.service
}
deadline=60
check 'the service ends when nobody asks' wait_until is_over
deadline=20
is "$(find /sys/fs/cgroup/tare -mindepth 1 -type d)" '' 'and has removed what was empty'
is "$(systemctl is-failed tare-broker.service)" inactive 'without a failure'
check 'it begins anew when somebody does' alone "$enter" true

# --- The user's own systemd ---

loginctl enable-linger user
if wait_until [ -S "$bus" ]; then
	is "$(cgroups alone)" "a scope of this user's systemd" \
		'where the user has a systemd, that one gives the cgroup'
	is "$(alone "$TARE" check | grep -c "/user@.*/tare-[0-9a-f]*\.scope")" \
		"$(alone "$TARE" check | grep -c 'cgroup layout\|cgroup of a run\|[a-z] controller')" \
		'in which a run is made'
	no_scope() {
		! find /sys/fs/cgroup -name 'tare-*.scope' | grep -q .
	}
	check 'which is gone afterwards' wait_until no_scope
else
	skip 'where the user has a systemd, that one gives the cgroup' 'there is no user bus'
fi
loginctl disable-linger user
loginctl terminate-user user 2> "$tmp/ignored"
systemctl stop tare-broker.socket tare-broker.service
"$TARE" collector stop > "$tmp/ignored" 2>&1
is "$(leftovers)" '' 'nothing is left of either'

# --- With sudo ---

echo 'user ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/tare-test
is "$(as_user sudo "$TARE" run -q -- id -u)" '0
0' 'with sudo the user runs a command'
rm /etc/sudoers.d/tare-test

plan
