#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The container that an ordinary user gets: what it shows and takes, how it ends, what is refused.
# Nothing is weighed here but at the end, where there is a collector that users can share.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root
# shellcheck source=lib/user.sh
. "$(dirname "$0")/lib/user.sh"
# shellcheck source=lib/image.sh
. "$(dirname "$0")/lib/image.sh"

at_exit() {
	cd /
	rm -rf "$home"
	leave_user
}

home=$(mktemp -d /var/tmp/tare-test.XXXXXX) || exit
own "$home"
cd "$home" || exit
HOME=$home

# --- Who, and what is seen ---

is "$(contain sh -c 'id -u; id -g')" "$user
$user" 'the command is the user inside'
is "$(contain --uid 0 --gid 0 id -u)" 0 'and root by name, if the user wants that'
is "$(contain --uid 0 --full-access-dir "$home" touch made; stat -c %u made)" "$user" \
	'whose files outside are the user'\''s'
rm -f made
is "$(contain ls -A /)" "$(find / -mindepth 1 -maxdepth 1 ! -type s ! -type p -printf '%f\n' |
	LC_ALL=C sort)" 'the root has the same names as outside'
is "$(contain sh -c 'ls -A /tmp /run')" "/run:

/tmp:" '/tmp and /run are empty'
# shellcheck disable=SC2016 # expanded by the command
is "$(contain sh -c 'echo /proc/[0-9]* $(hostname)')" '/proc/1 /proc/2 tare' \
	'it sees its own processes and name alone'
is "$(contain sh -c 'ls /sys/class/net')" lo 'and no network but lo'
is "$(contain grep -h Cap /proc/self/status | cut -f 2 | sort -u)" 0000000000000000 \
	'it has no capability, nor can it get one'
is "$(contain grep -e NoNewPrivs -e Seccomp: /proc/self/status | cut -f 2 | tr '\n' ' ')" '1 2 ' \
	'no new privileges, and a filter'

# --- Rights ---

install -d -m 700 "$tmp/closed"
echo secret > "$tmp/closed/file"
install -m 600 /dev/null "$tmp/of-root"
install -m 600 -o "$user" /dev/null "$tmp/of-user"
install -m 640 -g 61998 /dev/null "$tmp/of-group"
see() {
	contain --read-only-dir "$tmp" sh -c "cat $1 && echo read" 2>&1 | sed 's/.*: //'
}
is "$(see "$tmp/of-user")" read 'it reads what the user can read'
is "$(see "$tmp/of-root") $(see "$tmp/closed/file")" 'Permission denied Permission denied' \
	'and not what is closed to the user'
# shellcheck disable=SC2016 # expanded by that shell
is "$(sh -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$user_cgroup" setpriv --reuid "$user" \
	--regid "$user" --groups 61998 "$contain_program" --read-only-dir "$tmp" \
	sh -c "cat $tmp/of-group && echo read")" read 'a group of the user'\''s is the command'\''s'
is "$(contain sh -c 'touch /usr/made /etc/made' 2>&1 | sed 's/.*: //' | uniq)" \
	'Permission denied' 'it writes nowhere that the user could not'

# --- Writes ---

echo before > kept
own kept
is "$(contain sh -c 'echo after > kept; mkdir new; echo x > new/file; cat kept new/file')
$(cat kept) $(ls)" 'after
x
before kept' 'what is written where the user may write stays inside'
is "$(contain sh -c 'rm kept; touch kept; cat kept; touch /var/tmp/made && echo made')" made \
	'a file gives way to another, and /var/tmp takes files'
if kernel_before 6.6; then
	skip 'and to a directory' 'a tmpfs has no attributes for users before Linux 6.6'
else
	is "$(contain sh -c 'rm kept && mkdir kept && ls -d kept')" kept 'and to a directory'
fi
mkdir shared
chmod 777 shared
is "$(cd shared && contain sh -c 'touch made && ls')" made \
	'where it starts it can write also in a directory of another'\''s'
rmdir shared
is "$(ls "$home") $(find /var/tmp -maxdepth 1 -name made)" 'kept ' 'of which the host sees none'
check 'a directory of full access takes writes' contain --full-access-dir "$home" touch made
is "$(stat -c %u made)" "$user" 'as the user'
rm -f made
is "$(contain --full-access-dir / sh -c 'touch made; ls -A /tmp/.. > /dev/null; echo /proc/[0-9]*')" \
	'/proc/1 /proc/2' 'all of the host can be of full access'
is "$(ls)" "kept
made" 'mounts and all'
rm -f made
is "$(contain --read-only-dir / sh -c 'touch made' 2>&1 | sed 's/.*: //')" \
	'Read-only file system' 'or read-only'
is "$(contain --hidden-dir /usr/share ls -A /usr/share)" '' 'and a directory hidden'
make_image "$tmp/image" ls cat
is "$(contain --root-dir "$tmp/image" ls / | tr '\n' ' ')" \
	"$({ ls "$tmp/image"; printf '%s\n' dev etc proc run sys tmp; } | sort | tr '\n' ' ')" \
	'a root of the run'\''s own'

# --- Disk ---

mkdir disk
own disk
# shellcheck disable=SC2016 # expanded by the command
is "$(TMPDIR=$home/disk contain --no-tmpfs sh -c \
	'mkdir -p a/b && echo x > a/b/c && chmod 000 a/b a && echo y > /tmp/t && chmod 0 /tmp/t; rm kept
	stat -f -c %T . && ls -A disk/*')" 'overlayfs' 'with --no-tmpfs writes go to disk, out of sight'
is "$(ls -A disk) $(ls)" ' disk
kept' 'and nothing of them is left'

# --- Files that are wanted ---

contain --output-directory out sh -c \
	'mkdir -p d/e shut; echo 1 > d/e/f; echo 2 > shut/file; chmod 0 shut/file shut; ln -s f link'
is "$? $(cd out && find . -type f -printf '%p %m %U\n' | sort | tr '\n' ' ')" \
	"0 ./d/e/f 644 $user ./shut/file 0 $user " 'result files are copied and the user'\''s'
rm -rf out

# --- Devices ---

is "$(contain sh -c 'echo x > /dev/null; head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c')" '3
3' 'the usual devices are there'
is "$(contain sh -c 'touch /dev/made; rm /dev/fd' 2>&1 | sed 's/.*: //' | uniq)" \
	'Read-only file system' 'and no others can be put beside them'
is "$(contain sh -c 'touch /dev/shm/made && ls /dev/shm')" made 'shared memory can be made'

# --- The network of the host ---

is "$(contain --network-access ls /sys/class/net)" "$(ls /sys/class/net)" \
	'with --network-access it sees the host'\''s network'
is "$(contain --network-access sh -c 'ls -A /sys/fs/cgroup /sys/fs/bpf; touch /sys/made' 2>&1 |
	sed 's/.*: //' | tr -d '\n')" '/sys/fs/bpf:/sys/fs/cgroup:Read-only file system' \
	'in a /sys that shows no cgroups and takes nothing'

# --- How it ends ---

contain sh -c 'exit 7'
is $? 7 'the exit status is the command'\''s'
# shellcheck disable=SC2016 # expanded by the command
contain sh -c 'kill -TERM $$'
is $? 143 'and so is its signal'
# shellcheck disable=SC2016 # expanded by the command
is "$(contain sh -c 'kill -TERM 1; kill -HUP 1; kill -KILL 1; kill -STOP 1; echo $?')" 0 \
	'PID 1 takes no signal from inside'

# A command that says when it runs, and the launcher's number.
start_contained() {
	mkfifo "$tmp/said"
	contain "$@" sh -c 'echo runs; exec sleep 1000' > "$tmp/said" 2> "$tmp/errors" &
	waiting=$!
	read -r _ < "$tmp/said"
	rm "$tmp/said"
	launcher=$(pgrep -P "$waiting")
}
is_gone() {
	[ -z "$(pgrep -u "$user")" ] && [ -z "$(find "$user_cgroup" -mindepth 1 -type d)" ] &&
		[ -z "$(ls -A "$home/disk")" ]
}
check 'nothing of all that is left' wait_until is_gone
TMPDIR=$home/disk start_contained --no-tmpfs
kill -KILL "$launcher"
wait "$waiting" 2> "$tmp/ignored"
check 'nor when the launcher is killed' wait_until is_gone
TMPDIR=$home/disk start_contained --no-tmpfs
kill -KILL "$(pgrep -P "$launcher" | while read -r child; do
	[ "$(cat "/proc/$child/comm")" = tare-janitor ] || echo "$child"
done)"
wait "$waiting"
is "$? $(grep -c 'PID 1 was killed from outside' "$tmp/errors")" '125 1' \
	'a PID 1 that is killed is told'
check 'and nothing is left' wait_until is_gone
start_contained
kill -TERM "$launcher"
wait "$waiting" 2> "$tmp/ignored"
check 'nor when a signal ends it all' wait_until is_gone

# --- Inside of other containers ---

is "$(as_user unshare -Ur "$contain_program" -q id -u)" 0 \
	'the root of a user namespace gets a container, too'
is "$(unshare -Ur "$contain_program" -q id -u 2>&1 | head -n 1 | grep -c 'without root')" 1 \
	'unless that root is the host'\''s'
is "$(as_user unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"' sh \
	"$contain_program" -q true 2>&1 | grep -c 'hint.*max_user_namespaces')" 1 \
	'where user namespaces are forbidden, the switch is named'
is "$(as_user unshare -Urm sh -c 'mount -t tmpfs none /proc/driver && exec "$@"' sh \
	"$contain_program" -q true 2>&1 | grep -c 'hint.*systempaths=unconfined')" 1 \
	'where /proc is covered, it is told how a container leaves it open'

# --- What is refused ---

refused_to_user() {
	refused_words=$1
	shift
	refused_said=$(contain "$@" true 2>&1)
	is "$? $(printf '%s\n' "$refused_said" | grep -c "$refused_words")" '125 1' \
		"'$refused_words' is said of $*"
}
refused_to_user 'rlimit: nofile.*CAP_SYS_RESOURCE' --rlimit nofile=2000000:2000000
refused_to_user 'cores auto' --cores auto:1
refused_to_user 'output-directory' --output-directory /usr/made
TMPDIR=/usr refused_to_user 'no-tmpfs: .*/usr' --no-tmpfs
said=$(setpriv --reuid "$user" --regid "$user" --clear-groups "$contain_program" true 2>&1)
is "$? $(printf '%s\n' "$said" | grep -c 'hint.*\(tare collector serve\|tare-broker.socket\)')" '125 1' \
	'without a cgroup of its own a user is told how to get one'
is "$(find "$user_cgroup" -mindepth 1 -type d)" '' 'of what is refused nothing is made'

plan
