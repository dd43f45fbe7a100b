#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The broker: what it gives to an ordinary user, what it refuses to whom, and that nothing which a
# client does or is reaches another one. On cgroups of this file's own.
set -u
# shellcheck source=lib/own-cgroups.sh
. "$(dirname "$0")/lib/own-cgroups.sh"
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root

unified=$(awk '$9 == "cgroup2" || $10 == "cgroup2" || / - cgroup2 / { print $5; exit }' \
	/proc/self/mountinfo)
enter=$programs/enter
# Numbers that no account has.
user=61998
other=61997
broker=

as() {
	as_uid=$1
	shift
	setpriv --reuid="$as_uid" --regid="$as_uid" --clear-groups "$@"
}

serves() {
	grep -qs 'broker serves' "$tmp/broker"
}

# serve [LAUNCHER...]: starts it, with these words before it.
serve() {
	: > "$tmp/broker"
	"$@" "$TARE" collector serve > "$tmp/broker" 2>&1 &
	broker=$!
	wait_until serves
}

end_broker() {
	kill "$1" "$broker" 2> "$tmp/ignored"
	wait "$broker" 2> "$tmp/ignored"
	broker=
}

at_exit() {
	[ -z "$broker" ] || end_broker -TERM
	[ ! -e "$unified/tare/cgroup.kill" ] || echo 1 > "$unified/tare/cgroup.kill"
	"$TARE" collector stop > "$tmp/ignored" 2>&1
}

# Directories that were made for users.
list_made() {
	cgroup_mounts | while read -r mount; do
		find "$mount" -mindepth 2 -path "*/tare/*" -type d
	done
}

is_empty() {
	[ -z "$(list_made)" ]
}

# hold UID: a launcher that stays; its pid is $held, its directory $path.
hold() {
	mkfifo "$tmp/hold"
	# shellcheck disable=SC2016 # for the shell inside
	setpriv --reuid="$1" --regid="$1" --clear-groups \
		"$enter" sh -c 'echo "$ENTERED"; exec sleep 1000' > "$tmp/hold" &
	held=$!
	read -r path < "$tmp/hold"
	rm "$tmp/hold"
}

let_go() {
	kill "$held"
	wait "$held" 2> "$tmp/ignored"
}

# --- It is there ---

is "$(as $user "$enter" 2>&1)" 'connect: No such file or directory' 'without a broker nobody answers'
"$TARE" collector serve --runs 4 > "$tmp/said" 2>&1
is "$? $(wc -l < "$tmp/said")" '125 2' 'it takes no arguments'
is "$(as $user "$TARE" collector serve 2>&1 | head -n 1)" \
	'tare: give cgroups to users as one of them: Operation not permitted (EPERM)' \
	'no ordinary user can be one'
serve
is "$(stat -c '%a %u %F' /run/tare/broker)" '666 0 socket' 'everybody may ask it'
is "$("$TARE" collector serve 2>&1 | head -n 1)" \
	"tare: serve at '/run/tare/broker': Address already in use (EADDRINUSE)" 'there is one only'

# --- What a user gets ---

hold $user
is "${path%/launch-*}" "$unified/tare/u$user" 'a user gets a directory below one with its number'
is "$(grep -c "/tare/u$user/launch-" "/proc/$held/cgroup")" \
	"$(cgroup_mounts | grep -cve /systemd$ -e /devices$ -e /net_ -e /perf_event$ -e /hugetlb$ \
		-e /rdma$ -e /misc$)" 'and is there in all hierarchies'
# shellcheck disable=SC2016 # for the shell inside
as $user sh -c '
	mkdir "$1/run" && echo $$ > "$1/run/cgroup.procs" && grep ^0: /proc/self/cgroup' \
	sh "$path" > "$tmp/said" 2>&1
is "$(grep -c ^0: "$tmp/said") $(wc -l < "$tmp/said")" '0 1' 'who is not in it cannot enter by itself'
rmdir "$path/run"
# shellcheck disable=SC2016
as $user "$enter" sh -c '
	mkdir "$ENTERED/run" && echo $$ > "$ENTERED/run/cgroup.procs" && grep ^0: /proc/self/cgroup |
		sed s,.*/,,' > "$tmp/said" 2>&1
is "$(cat "$tmp/said")" run 'who is makes directories in it and moves there'
check 'what an ended launcher left is removed' \
	wait_until sh -c "[ \$(ls -d '$unified/tare/u$user'/launch-* | wc -l) -eq 1 ]"

# Both versions.
memory=$(cgroup_mounts | grep '/memory$')
[ -z "$memory" ] || memory=$memory${path#"$unified"}
limit=memory.limit_in_bytes
[ -n "$memory" ] || { memory=$path limit=memory.max; }
if [ -e "$memory/$limit" ]; then
	check 'below it memory can be limited' as $user sh -c \
		"mkdir $memory/run && echo 104857600 > $memory/run/$limit &&
		[ \$(cat $memory/run/$limit) = 104857600 ]"
	check 'but not at it' as $user sh -c "! echo 104857600 2>&- > $memory/$limit"
else
	skip 'below it memory can be limited' 'no memory controller can be had here'
	skip 'but not at it' 'no memory controller can be had here'
fi
[ ! -d "$memory/run" ] || rmdir "$memory/run"
is "$(find "$path" -maxdepth 1 -user $user | sed "s,$path,.," | sort | tr '\n' ' ')" \
	'. ./cgroup.procs ./cgroup.subtree_control ./cgroup.threads ' \
	'of its files exactly those are the user'\''s that delegate it'
is "$(find "$path/self" "$unified/tare/u$user" -maxdepth 1 -user $user)" "$path" \
	'and none beside it'
is "$(cat "$unified/tare/u$user/cgroup.max.descendants")" 2048 \
	'how many directories a user makes is bounded'

# --- Who else ---

for file in cgroup.procs cgroup.threads cgroup.subtree_control; do
	is "$(as $other sh -c "echo 0 > $path/$file" 2>&1 | sed 's/.*: //')" 'Permission denied' \
		"another user cannot write its $file"
done
is "$(as $other mkdir "$path/x" 2>&1 | sed 's/.*: //')" 'Permission denied' \
	'nor make a directory in it'
sleep 1000 &
stranger=$!
for directory in "$path/x" "$memory/x"; do
	[ -d "$directory" ] || as $user mkdir "$directory"
	is "$(as $user "$enter" sh -c "echo $stranger > $directory/cgroup.procs" 2>&1 |
		sed 's/.*: //' | grep -cv '^$')" 1 "a process of root is not moved to ${directory%%/tare/*}"
done
is "$(grep -c /tare/ "/proc/$stranger/cgroup")" 0 'and it is nowhere there'
kill $stranger
wait $stranger 2> "$tmp/ignored"
is "$("$enter")" '22 serve root, who needs no broker' 'root is sent away'
is "$(as $user unshare -Ur "$enter")" \
	"1 let a container's process leave its cgroups (it has another user namespace)" \
	'so is who is in a user namespace'
is "$(unshare --cgroup setpriv --reuid=$user --clear-groups "$enter")" \
	"1 let a container's process leave its cgroups (it has another cgroup namespace)" \
	'or in another cgroup namespace'
is "$("$enter" --reuse $user)" "ESRCH $own_top/shell" \
	'a process that has the number of a client that has ended stays where it is'

# --- Bad clients ---

for size in 0 4 9 60000; do
	is "$(as $user "$enter" --size $size)" '74 understand the client' \
		"$size bytes of nothing are told to be that"
done
mkfifo "$tmp/silence"
as $user "$enter" --silent 60 < "$tmp/silence" > "$tmp/silent" &
silent=$!
exec 9> "$tmp/silence"
wait_until grep -q silent "$tmp/silent"
check_time 'clients that say nothing keep no other user waiting' \
	timeout 1 setpriv --reuid=$other --clear-groups "$enter" true
exec 9>&-
wait $silent
check 'and their own only for a moment' wait_until as $user "$enter" true
# Until Linux 6.16 such a descriptor is taken by the kernel, which drops it before it looks further.
as $user "$enter" --linger > "$tmp/linger" 2>&1 &
lingering=$!
check_time 'nor does one who sends along what takes long to close' \
	timeout 1 setpriv --reuid=$other --clear-groups "$enter" true
wait $lingering
is "$(grep -cx -e 'not sent: Operation not permitted' -e 'no answer: .*' -e '0 .*' "$tmp/linger")" 1 \
	'who is told so, or is done with in two seconds'
check 'the broker lives' kill -0 "$broker"

# --- How many ---

let_go
check 'nothing is left of all these' wait_until is_empty
# They end when each has read an empty line.
mkfifo "$tmp/many"
exec 9<> "$tmp/many"
seq 128 | as $user xargs -P 128 -I{} "$enter" sh -c 'read -r line <&8' 8< "$tmp/many" 9>&- &
many=$!
all_in() {
	[ "$(cat "$unified/tare/u$user"/launch-*/self/cgroup.procs 2> "$tmp/ignored" | wc -l)" -ge 128 ]
}
deadline=60
check '128 launchers of one user are there at one time' wait_until all_in
deadline=20
is "$(as $user "$enter")" "122 let user $user have more than 128 launchers at one time" \
	'and no more'
check 'and still room for another user' as $other "$enter" true
yes '' | head -n 128 >&9
exec 9>&-
wait $many
check 'when they have ended nothing is left' wait_until is_empty

# --- Killed in the middle ---

hold $user
end_broker -KILL
check 'when the broker is killed a launcher goes on with its directory' \
	as $user mkdir "$path/run"
serve
let_go
check 'the next broker removes it all the same' wait_until is_empty
if command -v strace > "$tmp/ignored"; then
	end_broker -TERM
	serve strace -f -qq -o "$tmp/trace" -e trace=fchown -e inject=fchown:signal=KILL:when=1
	is "$(as $user "$enter" --where)" 'no answer: the end' 'killed before it gives a directory away'
	check 'it leaves nothing of it' wait_until is_empty
	kill "$(pgrep -P "$broker" -x tare)"
	wait "$broker"
	# Of one worker the fourth poll is the look whether its client lived all the time.
	serve strace -f -qq -o "$tmp/trace" -e trace=poll -e inject=poll:retval=1:when=4
	is "$(as $user "$enter" --where)" "3 move a launcher that has ended
$own_top/shell" 'who was moved under a number that came round is put back'
	kill "$(pgrep -P "$broker" -x tare)"
	wait "$broker"
	broker=
	check 'and nothing is left either' is_empty
else
	skip 'killed before it gives a directory away' 'no strace'
fi

# --- With less ---

[ -z "$broker" ] || end_broker -TERM
serve setpriv --bounding-set=-all,+chown,+dac_override,+sys_ptrace,+sys_nice --no-new-privs
check 'it needs no more capabilities than its unit gives' as $user "$enter" true
check 'not to remove, too' wait_until is_empty
end_broker -TERM
is "$(ls /run/tare)" lock 'it takes its socket away'
"$TARE" collector stop > "$tmp/ignored" 2>&1
is "$(cgroup_mounts | while read -r mount; do ls -d "$mount/tare" 2> "$tmp/ignored"; done)" '' \
	'tare collector stop removes what is empty'

plan
