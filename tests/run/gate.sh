#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The gate of the shared collector: users without rights have their runs weighed as root has, and get
# at nothing else of it. With a BPF file system and a /run of this file's own, as a collector of the
# machine's must not lose its gate; the users have no account, and each a cgroup that is given here.
set -u
# shellcheck source=lib/own-mounts.sh
. "$(dirname "$0")/lib/own-mounts.sh"
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root
# shellcheck source=lib/check-clean.sh
. "$(dirname "$0")/lib/check-clean.sh"

pins=/sys/fs/bpf/tare
place=/run/tare/gate
unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
user=61234
other=61235
if [ -z "$unified" ]; then
	echo '1..0 # SKIP there is no cgroup2'
	exit 0
fi
mount -t bpf tare-test "${pins%/*}" || exit
mount -t tmpfs -o mode=755 tare-test /run || exit
chmod 755 "$tmp"
cp "$programs/attack-gate" "$programs/call" "$programs/breed" "$programs/grow" "$programs/spin" \
	"$programs/talk" build/tests/bench/visit "$tmp"
TARE_IDENTITY=$(grep -aoE '[0-9a-f]{64}' "$TARE" | head -n 1)
export TARE_IDENTITY

at_exit() {
	exec 5>&- 6<&-
	"$TARE" collector stop --force > "$tmp/ignored" 2>&1
	take_back
	umount "${pins%/*}"
}

collector() {
	"$TARE" collector "$@" > "$tmp/told" 2>&1
}

# --- Users and their cgroups ---

as_uid() {
	as_uid=$1
	shift
	setpriv --reuid="$as_uid" --regid="$as_uid" --clear-groups "$@"
}

# home NAME UID: a cgroup below the collector's that the user may divide, with a place for launchers.
home() {
	mkdir -p "$unified/tare/$1"
	chown "$2:$2" "$unified/tare/$1" "$unified/tare/$1"/cgroup.procs \
		"$unified/tare/$1"/cgroup.threads "$unified/tare/$1"/cgroup.subtree_control
	as_uid "$2" mkdir -p "$unified/tare/$1/launchers"
}

homes() {
	home test-1 $user
	home test-2 $other
	mine=$unified/tare/test-1
	theirs=$unified/tare/test-2
}

# A process that has ended may still be there for a moment.
are_removed() {
	[ ! -e "$unified/tare" ] || find "$unified/tare/"test-* -depth -type d -exec rmdir {} +
}

take_back() {
	wait_until are_removed
	rmdir "$unified/tare" 2> "$tmp/ignored"
}

# In the user's own cgroup: who is outside may not put a child into it.
as() {
	as_home=$1
	shift
	# shellcheck disable=SC2016 # for the shell inside
	sh -c 'echo $$ > "$0/launchers/cgroup.procs" && uid=$(stat -c %u "$0") &&
		exec setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"' "$as_home" "$@"
}

attack() {
	as "$mine" "$tmp/attack-gate" "$@" 2> "$tmp/errors"
}

made=0
fresh() {
	made=$((made + 1))
	directory=$mine/run-$made
	as "$mine" mkdir "$directory"
}

# visit ARGUMENTS...: a run in a directory of its own; its numbers are for `got`.
visit() {
	fresh
	as "$mine" "$tmp/visit" run "$directory" "$@" > "$tmp/numbers" 2> "$tmp/errors"
	visit_status=$?
	rmdir "$directory"
	return $visit_status
}

got() {
	sed -n "s/^$1 //p" "$tmp/numbers"
}

# hold DIRECTORY: a process that has registered it; `obey LINE` has it answer in $line.
hold() {
	rm -f "$tmp/to" "$tmp/from"
	mkfifo "$tmp/to" "$tmp/from"
	as "$mine" "$tmp/attack-gate" hold "$1" < "$tmp/to" > "$tmp/from" 5>&- 6<&- &
	holder=$!
	exec 5> "$tmp/to" 6< "$tmp/from"
	read -r line <&6
	ticket=${line#* }
}

obey() {
	echo "$1" >&5
	line='nothing'
	read -r line <&6
}

let_go() {
	exec 5>&- 6<&-
	wait "$holder"
}

kill_holder() {
	kill -9 "$holder"
	wait "$holder" 2> "$tmp/ignored"
	exec 5>&- 6<&-
}

# How many runs the user can have at this moment, and what one more is told.
room() {
	fresh
	attack fill "$directory" < /dev/null
	rmdir "$directory"
}

users_runs() {
	"$TARE" collector status | sed -n 's/^  users *//p'
}

# --- Start and stop ---

attack_closed() {
	as_uid $user "$tmp/attack-gate" register / 2>&1
}
note_state
is "$(attack_closed)" 'closed: ENOENT' 'without a collector there is no gate'
home test-1 $user
mine=$unified/tare/test-1
as "$mine" "$TARE" run -q --no-container true > "$tmp/told" 2>&1
is "$? $(grep -c 'no shared collector' "$tmp/told") $(grep -c 'sudo tare collector start' "$tmp/told")" \
	'125 1 1' 'tare run says so, and what root can do about it'
check 'a collector is started' collector start --runs 16 --runs-per-user 4
homes
is "$(users_runs)" '0 runs without rights, 4 at most of each user' 'its status tells of users'
is "$(find "$place" -type f ! -name '*.debug' -printf '%f %m %u\n')" 'gate 444 root' \
	'its place has one program, which anybody may open'
is "$(stat -c '%a %u' /run/tare $place | tr '\n' ' ')" '755 0 1755 0 ' 'and root alone may put others'
is "$(attack keep)" 'closed on exec' 'it does not go along into what is executed'

# --- The same numbers as root's ---

visit "$tmp/call" threads 1000
is "$? $(got status) $(got getppid) $(got tasks) $(got lost) $(got misses)" '0 0 4000 5 0 0' \
	'a user has system calls and tasks counted'
is "$(got charged_us)" "$(got cgroup_us)" 'CPU time is to the microsecond what the cgroup says'
check 'the command is seen before its exec, so that its start is known' test "$(got clock_known)" -ne 0
visit "$tmp/breed" in-turn 30
is "$(got status) $(got tasks) $(got charged_us)" "0 31 $(got cgroup_us)" \
	'also that of thirty children, one after the other'
visit "$tmp/talk" udp 100000
is "$(got rx_bytes) $(got tx_packets) $(got sockets_inet)" '102800 100 2' \
	"packets and sockets are counted, below the collector's own cgroup"
visit "$tmp/call" mix 7
is "$(got getppid) $(got rx_bytes)" '7 0' 'the next run begins at 0'
mkdir "$unified/tare-test-$$"
chown -R $user "$unified/tare-test-$$"
as_uid $user mkdir "$unified/tare-test-$$/launchers" "$unified/tare-test-$$/run"
as "$unified/tare-test-$$" "$tmp/visit" run "$unified/tare-test-$$/run" "$tmp/talk" udp 100000 \
	> "$tmp/numbers" 2>&1
is "$(got status) $(got rx_bytes) $(got sockets_inet)" '0 null null' \
	'where they are not counted they are not known, and not 0'
is "$(got charged_us)" "$(got cgroup_us)" 'all else is'
find "$unified/tare-test-$$" -depth -type d -exec rmdir {} +

visit --cpu 100000000 "$tmp/spin" threads 2
is "$? $(got limit) $(got status)" '0 cpu 137' 'a limit of CPU time ends a run'
visit --tasks 3 "$tmp/breed" together 10
is "$? $(got limit) $(got status)" '0 tasks 137' 'so does one of tasks'
visit --rss 20000000 "$tmp/grow" touch 64
is "$? $(got limit) $(got status)" '0 memory 137' 'and one of memory'
check 'which is near that' test "$(got rss_peak_bytes)" -lt 24000000

# Two users at once.
fresh
as "$mine" "$tmp/visit" run "$directory" "$tmp/call" threads 3000 > "$tmp/numbers" &
as "$theirs" mkdir "$theirs/run"
as "$theirs" "$tmp/visit" run "$theirs/run" "$tmp/call" threads 2000 > "$tmp/numbers-2"
wait $!
is "$(got getppid) $(sed -n 's/^getppid //p' "$tmp/numbers-2")" '12000 8000' \
	'the runs of two users at once do not mix'
is "$(got charged_us)" "$(got cgroup_us)" 'nor does their CPU time'
rmdir "$directory" "$theirs/run"

# --- What is refused ---

fresh
is "$(attack register "$theirs")" not-owner "another user's cgroup is refused"
is "$(attack register "$unified")" not-owner "so is root's"
is "$(attack register "$unified/tare")" not-owner "and the collector's"
is "$("$tmp/attack-gate" register "$directory")" root 'root has another way'
is "$(as "$theirs" "$tmp/attack-gate" register "$directory")" not-owner \
	'the same cgroup is refused to another user'
is "$(attack register "$mine")" populated 'one with processes below it is refused'
is "$(attack register "$directory/cgroup.procs")" no-cgroup 'a file of a cgroup is none'
is "$(attack register "$tmp")" no-cgroup 'a directory of a disk is none'
is "$(attack register /dev/shm)" no-cgroup 'nor one of a tmpfs'
version_1=$(awk '$3 == "cgroup" { print $2; exit }' /proc/mounts)
if [ -n "$version_1" ]; then
	mkdir "$version_1/tare-test-$$"
	chown $user "$version_1/tare-test-$$"
	is "$(attack register "$version_1/tare-test-$$")" no-cgroup 'nor one of version 1'
	rmdir "$version_1/tare-test-$$"
else
	skip 'nor one of version 1' 'this machine has none'
fi
deep=$directory/$(printf 'd/%.0s' $(seq 70))
as "$mine" mkdir -p "$deep"
is "$(attack register "$deep")" too-deep 'one far down is refused'
find "$directory/d" -depth -type d -exec rmdir {} +
for number in -1 4000 high pipe; do
	is "$(attack descriptor $number)" no-cgroup "descriptor $number is none"
done
is "$(attack size 100)" EINVAL 'a request too short is refused'
is "$(attack size 65535)" no-cgroup 'one too long is read as far as it goes'
is "$(attack size 65536)" EINVAL 'up to what the kernel takes'
is "$(attack abi "$directory") $(attack identity "$directory")" 'other-programs other-programs' \
	'another version of tare is told so'

if as_uid $user unshare --user --map-root-user true 2> "$tmp/ignored"; then
	is "$(as "$mine" unshare --user --map-root-user "$tmp/attack-gate" register "$theirs")" \
		not-owner "root of a user's own namespace is still that user"
	is "$(as "$mine" unshare --user --map-root-user "$tmp/attack-gate" register "$unified")" \
		not-owner 'and no other one'
	is "$(as "$mine" unshare --user --map-root-user "$tmp/attack-gate" register "$directory")" \
		'done' 'who may register there as well'
	rmdir "$directory" && fresh
else
	skip "root of a user's own namespace is still that user" 'users may make no namespaces here'
fi

hold "$directory"
is "${line%% *}" 'done' 'a cgroup of ones own is taken'
is "$(attack register "$directory")" registered 'by one process'
for operation in read processor syscalls misses leave; do
	is "$(attack use $operation "$ticket")" not-registrants \
		"another process of the same user may not ask it for '$operation'"
	is "$(as "$theirs" "$tmp/attack-gate" use $operation "$ticket")" not-registrants \
		'nor may another user'
done
is "$(attack use read "${ticket%:*}:1")" not-registrants 'a forged ticket is none'
is "$(attack use read "99999:${ticket#*:}")" not-registrants 'nor one of a slot that is not there'
obey unknown
is "$line" bad-request 'what nobody can ask is refused'
obey misses
missed=$("$TARE" collector status | sed -n 's/^  missed *\([0-9]*\).*/\1/p')
is "$line" "done $missed" 'events that were missed are as many as root is told'
for operation in read processor syscalls leave; do
	obey $operation
	is "$line" 'done' "whose run it is may ask for '$operation'"
done
obey read
is "$line" not-registrants 'and after it has left for nothing'
let_go
rmdir "$directory"

visit "$tmp/attack-gate" register "$mine/launchers"
is "$(head -n 1 "$tmp/numbers")" inside-run 'a process that is weighed may not weigh'
is "$("$TARE" run -q "$programs/attack-gate" register / 2>&1)" 'closed: EPERM' \
	'inside of a container bpf(2) is refused, and with it the gate'

# --- What else bpf(2) may do ---

for pin in maps/runs maps/tasks maps/owners programs/task_leaves links/exec gate/runs gate/state \
	gate/sweep stamp; do
	check "$pin is there" test -e "$pins/$pin"
	is "$(attack open "$pins/$pin")" EACCES 'and no user may open it'
done
is "$(attack pin "$place/mine")" EACCES 'the gate is not pinned a second time by users'
is "$(attack pin "$pins/mine")" EACCES 'nowhere else either'
is "$(attack by-id)" EPERM "what it is made of is not had by its number"
is "$(attack attach "$mine")" EINVAL 'it is not attached to anything'
if [ "$(cat /proc/sys/kernel/unprivileged_bpf_disabled)" -ne 0 ]; then
	is "$(attack bind)" EPERM 'no map is bound to it'
else
	skip 'no map is bound to it' 'this machine lets users make maps'
fi

# --- Quotas ---

is "$(room)" '4 over-quota' 'a user has so many runs at one time, and one more is refused'
is "$(room)" '4 over-quota' 'what the removal of cgroups gives back can be had again'
is "$(users_runs)" '0 runs without rights, 4 at most of each user' 'and none is left'

# What the command says of it.
fresh
rm -f "$tmp/to"
mkfifo "$tmp/to"
as "$mine" "$tmp/attack-gate" fill "$directory" < "$tmp/to" > "$tmp/filled" 5>&- &
filler=$!
exec 5> "$tmp/to"
check 'when a user has that many' wait_until test -s "$tmp/filled"
as "$mine" "$TARE" run -q --no-container true > "$tmp/told" 2>&1
is "$? $(grep -c 'you have as many runs' "$tmp/told") $(grep -c 'runs-per-user N' "$tmp/told")" \
	'125 1 1' 'tare run says so, and what root can do about it'
exec 5>&-
wait "$filler"
rmdir "$directory"
as "$mine" "$TARE" run -q --no-container --timeline 1ms true > "$tmp/told" 2>&1
is "$? $(grep -c 'a time line takes' "$tmp/told") $(grep -c 'weigh as root' "$tmp/told")" \
	'125 1 1' 'so it does of what only a collector of its own can do'
as "$mine" "$TARE" run -q --no-container --json - true > "$tmp/told"
is "$? $(jq -r '.collector.mode, .collector.not_shared' "$tmp/told" | tr '\n' ' ')" \
	'0 shared null ' 'otherwise it has the shared one'

# Another uid below the first one's cgroup, as a range of subordinate ones is.
sub=$((user + 100000))
fresh
chown $sub "$directory"
as_uid $sub mkdir "$directory/0" "$directory/1" "$directory/2" "$directory/3"
for run in 0 1 2 3; do
	as_uid $sub "$tmp/attack-gate" register "$directory/$run" > "$tmp/said-$run"
	# It lives on in a cgroup that has a process.
	sleep 1000 &
	echo $! > "$directory/$run/cgroup.procs"
	echo $! >> "$tmp/sleepers"
done
is "$(cat "$tmp"/said-[0-3] | tr '\n' ' ')" 'done done done done ' 'a subordinate uid may have runs'
outer=$directory
fresh
is "$(attack register "$directory")" over-quota 'which are on the quota of the user above'
as "$theirs" mkdir "$theirs/run"
is "$(as "$theirs" "$tmp/attack-gate" register "$theirs/run")" 'done' "and not on another user's"
rmdir "$theirs/run"
rmdir "$directory"
# shellcheck disable=SC2046 # a list of numbers
kill $(cat "$tmp/sleepers")
# shellcheck disable=SC2046
wait $(cat "$tmp/sleepers") 2> "$tmp/ignored"
is "$(room)" '4 over-quota' 'runs without processes whose launcher is gone make place'
find "$outer" -depth -type d -exec rmdir {} +

# Killed while it holds one, before it has a process; with its cgroup and without it.
for removal in : rmdir; do
	for turn in 1 2 3 4 5 6; do
		fresh
		hold "$directory"
		[ "${line%% *}" = 'done' ] || not_ok "turn $turn is registered" "$line"
		kill_holder
		$removal "$directory"
	done
	is "$(room)" '4 over-quota' "killed launchers leave nothing on the quota ($removal)"
done
fresh
hold "$directory"
kill_holder
is "$(attack register "$directory")" 'done' 'their cgroup can be registered again'
rmdir "$directory"
find "$mine" -mindepth 1 -depth -name 'run-*' -type d -exec rmdir {} +
fresh
hold "$directory"
is "$(users_runs)" '1 runs without rights, 4 at most of each user' 'one that lives is shown'
is "$(room)" '3 over-quota' 'and keeps its place'
obey read
is "$line" 'done' 'also while others look for places'

# --- Stop, and start again, with a run that lives ---

for turn in 1 2 3 4 5 6 7 8 9 10; do
	collector stop
	echo "$? $(grep -c 'while runs use it' "$tmp/told")"
done > "$tmp/stops" &
while kill -0 $! 2> "$tmp/ignored"; do
	obey read
	[ "$line" = 'done' ] || not_ok 'while that is tried it is served' "$line"
done
is "$(sort -u "$tmp/stops")" '125 1' 'the collector is not stopped under it'
obey read
is "$line" 'done' 'which changes nothing for it'
check 'by force it is' collector stop --force
obey read
is "$line" stopped 'and then it is told so'
check 'another one is started' collector start --runs 2 --runs-per-user 4
obey read
is "$line" stopped 'which has nothing to do with the run of the first'
let_go
rmdir "$directory"
is "$(room)" '2 full' 'when all slots are taken, that is what is told'
check 'and all are given back' sh -c "'$TARE' collector status | grep -q 'runs  *0 of 2'"

hold_killed() {
	fresh
	hold "$directory"
	kill_holder
}
hold_killed
check 'a stop does not wait for a run whose launcher was killed' collector stop
rmdir "$directory"

collector start --runs-per-user 0
is "$(users_runs) $(attack register /)" 'root alone may use it closed: ENOENT' \
	'one for root alone has no gate'
collector stop

# Cut short: what half a start leaves is removed by the next one, also the gate.
collector start
rm "$pins/stamp"
is "$(find $place -name gate -type f)" "$place/gate" 'of half a collector the gate may be left'
check 'a start repairs it' collector start
check 'a stop removes it' collector stop
is "$(grep -c " $place " /proc/self/mountinfo) $(find $place 2> "$tmp/ignored")" '0 ' \
	'and leaves no mount'

# --- Races ---

collector start --runs-per-user 4
homes
fresh
is "$(attack swap "$directory" "$theirs")" '0 foreign, some own' \
	'a descriptor that is replaced meanwhile is never of another cgroup'
is "$(attack vanish "$directory")" some 'a cgroup that comes and goes is registered at times'
is "$(room)" '4 over-quota' 'and counts for nothing afterwards'
# What one user does at the gate is of no effect on what another one is told.
as "$mine" "$tmp/attack-gate" vanish "$directory" > "$tmp/ignored" 2>&1 &
vanishing=$!
for turn in 1 2 3 4 5; do
	as "$theirs" mkdir "$theirs/run"
	as "$theirs" "$tmp/visit" run "$theirs/run" "$tmp/call" threads 3000 > "$tmp/numbers"
	rmdir "$theirs/run"
	echo "$(got getppid) $(got lost) $(($(got charged_us) - $(got cgroup_us)))"
done | sort -u > "$tmp/told"
wait $vanishing
is "$(cat "$tmp/told")" '12000 0 0' "meanwhile another user's numbers are right"
is "$(attack rivals "$directory")" '0 rounds without one winner' \
	'of processes that register one cgroup at once, one succeeds'
as "$mine" mkdir "$directory/a" "$directory/b"
is "$(attack reuse "$directory/a" "$directory/b")" '0 of another run' \
	'what is read while a slot changes hands is of no other run'
is "$(room)" '4 over-quota' 'and no place was lost in all that'
is "$(users_runs)" '0 runs without rights, 4 at most of each user' 'none at all'

collector stop
take_back
leaves_nothing 'nothing is left in the end'
check 'also no cgroup' test ! -e "$unified/tare"
plan
