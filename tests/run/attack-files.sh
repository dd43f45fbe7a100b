#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a command does to the host by files: its sockets, FIFOs and locks, descriptors that it was
# given or that were left open, file handles, programs that lend rights, devices, and names that
# change while the container is built.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/attack.sh
. "$(dirname "$0")/lib/attack.sh"
need_root

mkdir "$tmp/here" "$tmp/beside"
chmod 755 "$tmp"
cd "$tmp/here" || exit
attempt_here
here=$tmp/here

# --- Doors to the host in directories that are seen ---

mkfifo fifo
echo text > file
chmod 666 fifo file
hold locks attack-file hold-locks file
hold socket attempt serve "$here/socket"
chmod 666 socket
exec 8<> fifo

# Every file is such that everybody may use it. Full access means these, too.
is "$(outside "attempt connect $here/socket")" 'done' "sockets of the host work outside"
is "$(outside 'attack-file open-to-write fifo')" 'done' 'FIFOs, too'
is "$(outside 'attack-file lock-whole file; attack-file lock-record file')" "$(printf \
	'EAGAIN\nEAGAIN')" 'and locks hold'
while read -r mode socket fifo locks; do
	options=--$mode-dir=$here
	is "$(inside "attempt connect $here/socket")" "$socket" "$mode: sockets inside: $socket"
	is "$(inside 'timeout 5 attack-file open-to-write fifo')" "$fifo" "$mode: FIFOs: $fifo"
	is "$(inside 'attack-file lock-whole file; attack-file lock-record file')" "$locks
$locks" "$mode: locks: $locks"
done << 'TABLE'
overlay ECONNREFUSED ENXIO done
read-only ECONNREFUSED ENXIO done
full-access done done EAGAIN
TABLE
options=
exec 8<&-

# Mounted by itself over a file, a socket needs no directory to be reached by.
touch door
# shellcheck disable=SC2016 # expanded by that shell
unshare -m sh -c 'mount --bind socket door && attempt connect "$PWD/door" &&
	exec "$1" run -q attempt connect "$PWD/door"' sh "$TARE" > "$tmp/said" 2>&1
is "$(cat "$tmp/said")" "$(printf 'done\nEACCES')" \
	'a socket that is mounted over a file is reached outside, and not inside'
release

# --- What the command was given ---

# through_input NAME WANTED CLAIM: root's file as standard input.
chmod 644 file
through_input() {
	is "$(attack-file "$1" < file) $("$TARE" run -q attack-file "$1" < file)" "done $2" "$3"
}
through_input write-input-file EACCES 'standard input is opened again for writing outside alone'
through_input change-input-mode EPERM 'its mode is changed outside alone'
through_input change-input-time EPERM 'and its time'

echo secret > ../beside/file
is "$(attack-file open-from-descriptor 0 ../beside/file < .)" 'done' \
	'outside, a directory as standard input leads everywhere'
message=$("$TARE" run -q --json result true 2>&1 < .)
is "$? $message" "125 tare: standard input is a directory: it would lead out of the container
  hint: give a file or nothing: tare run ... < /dev/null" 'tare refuses it'
message=$("$TARE" run -q --json result true 2>&1 1< .)
is "$? $(echo "$message" | grep -c 'standard output is a directory')" '125 1' \
	'also as standard output'
"$TARE" run -q --json result true 2< .
is "$? $(ls result 2>&1)" "125 ls: cannot access 'result': No such file or directory" \
	'also as standard error, and makes nothing'
is "$("$TARE" run -q --no-container attack-file open-from-descriptor 0 ../beside/file < .)" 'done' \
	'without a container there is nothing to lead out of'

is "$(with-descriptors . attack-file open-from-descriptor 20 ../beside/file)
$(with-descriptors . "$TARE" run -q attack-file open-from-descriptor 20 ../beside/file)" "$(printf \
	'done\nEBADF')" 'a directory that the caller left open leads out outside alone'

# --- Files by handle, past all directories ---

handle=$(attack-file print-handle ../beside/file)
attack 'a hidden file by its handle' "attack-file open-handle $handle" = EPERM
options=--full-access-dir=$here
is "$(inside "attack-file open-handle $handle")" EPERM 'nor through the true file system'

# --- Programs that lend rights ---

# Outside by an unprivileged user, inside by one who is not root there either.
cp attack-file set-user-id
chmod 4755 set-user-id
cp attack-file with-capability
attack-file give-capability with-capability > "$tmp/said"
as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
lends() {
	is "$(as_nobody "./$1" "$2")" 'done' "$3: works outside"
	for mode in overlay read-only full-access; do
		is "$("$TARE" run -q "--$mode-dir=$here" --uid 65534 --gid 65534 "./$1" "$2")" \
			EPERM "$3: EPERM inside, $mode"
	done
}
lends set-user-id be-root 'a set-user-ID program lends its rights'
lends with-capability have-capability 'a program with capabilities lends them'
options=--full-access-dir=$here
attack 'a program file is given capabilities' 'attack-file give-capability file' = EPERM
options=

lent() {
	setpriv --inh-caps=+net_raw --ambient-caps=+net_raw "$@"
}
is "$(as_nobody --inh-caps=+net_raw --ambient-caps=+net_raw attack-file have-capability)
$(lent "$TARE" run -q --uid 65534 attack-file have-capability)
$(lent "$TARE" run -q attack-file have-capability)" "$(printf 'done\nEPERM\nEPERM')" \
	'capabilities that the caller lets be inherited are inherited outside alone'

check 'tare itself is no such program' test ! -u "$TARE" -a ! -g "$TARE"

# --- Programs that would lend rights on the host afterwards ---

# What the command makes with full access is the caller's, that is root's. Where a call has its mode
# in memory, a filter cannot see it: openat2 is not there then.
mkdir made
hand_over made
for abi in native ia32; do
	attack-set-id $abi made > "$tmp/outside"
	is "$(grep -v -e ' done$' -e ' ENOSYS$' "$tmp/outside")" '' \
		"set-user-ID files are made by every call outside, $abi"
	is "$("$TARE" run -q attack-set-id $abi made)" "$(cat "$tmp/outside")" \
		"and where they stay inside, $abi"
	"$TARE" run -q --full-access-dir made attack-set-id $abi made > "$tmp/inside"
	is "$(cat "$tmp/inside")" "$(awk '
		$1 ~ /^openat2/ { $2 = "ENOSYS" }
		$1 !~ /^openat2/ && $1 !~ /-plain$/ { $2 = "EPERM" }
		{ print }' "$tmp/outside")" "and by none with full access, $abi, but plain files are"
done
"$TARE" run -q --keep-tmp attack-set-id native "$here/made" > "$tmp/inside"
is "$(grep -cx 'chmod EPERM' "$tmp/inside")" 1 'nor in a /tmp that is kept'

# --- Core dumps ---

dump='ulimit -c unlimited; sh -c "kill -SEGV \$\$" 2> /dev/null; ls core* > /dev/null && echo done'
case $(cat /proc/sys/kernel/core_pattern) in
core*)
	is "$(outside "$dump")" 'done' 'a core dump stays in the directory outside'
	rm -f core*
	is "$(inside "$dump") $(find . -name 'core*')" 'done ' 'and inside, where it is gone with the run'
	;;
*) skip 'a core dump stays inside' 'this machine pipes it to a program, or keeps it elsewhere' ;;
esac

# --- Devices ---

mknod null c 1 3
chmod 666 null
for mode in overlay read-only full-access; do
	options=--$mode-dir=$here
	attack "a device in a directory that is seen, $mode" 'attack-file open-to-write null' = EACCES
done
attack 'a device is made in a directory of full access' 'attempt make-device disk; rm -f disk' = EPERM
options=
# What covers it can be opened, and holds nothing.
attack "the machine's memory, in /proc" 'attack-file open-to-read /proc/kcore' \
	'head -c 4 /proc/kcore 2>&- | wc -c' 0
attacks << 'TABLE'
the kernel's log is read     | attack-file open-to-read /dev/kmsg        | = | ENOENT
the kernel's log, in /proc   | attack-file open-to-read /proc/kmsg       | = | EACCES
the machine's memory is read | attack-file open-to-read /dev/mem         | = | ENOENT
a disk is read               | attack-file open-to-read /dev/zram0       | = | ENOENT
virtual machines are made    | attack-file open-to-write /dev/kvm        | = | ENOENT
file systems in user space   | attack-file open-to-write /dev/fuse       | = | ENOENT
faults are handled           | attack-file open-to-write /dev/userfaultfd | = | ENOENT
networks are made            | attack-file open-to-write /dev/net/tun    | = | ENOENT
the console is read          | attack-file open-to-read /dev/console     | = | ENOENT
a screen is written          | attack-file open-to-write /dev/tty1       | = | ENOENT
loop devices are made        | attack-file open-to-write /dev/loop-control | = | ENOENT
TABLE
is "$(inside 'ls /dev/pts; ls /dev/console 2>&-')" ptmx 'inside there is no terminal but the own'
# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'for file in kallsyms keys timer_list; do
	[ "$(stat -c %t:%T /proc/$file)" = 1:3 ] || echo $file
done')" '' 'what lies over masked files is the null device'

# --- Names that change while the container is built ---

# Of two names, one is a directory, the other a link to a place that the command is not given; they
# change places all the time. A rule for the first finds the directory, or the run is refused.
mkdir -p shared/below elsewhere
ln -s ../elsewhere shared/link
touch shared/link/made
is "$(ls elsewhere)" made 'outside, what is made below a link is made where it leads'
rm elsewhere/made
# shellcheck disable=SC2016 # expanded by that shell
hold swapping sh -c 'cd shared && exec "$1" below link' sh "$programs/swap"

# 40 times, of which one in four went wrong when links were followed, and until one found the
# directory.
run_while_swapping() {
	name=$1
	runs=0
	shift
	: > "$tmp/said"
	while [ $runs -lt 40 ] || { [ $runs -lt 1000 ] && ! grep -qx ran "$tmp/said"; }; do
		"$TARE" run -q "$@" sh -c "echo x > shared/below/$name; echo ran" >> "$tmp/said" 2>&1
		runs=$((runs + 1))
	done
}
run_while_swapping full --full-access-dir shared/below
check 'with full access to the directory, some runs find it' grep -qx ran "$tmp/said"
is "$(ls elsewhere)" '' 'and none wrote where the link leads'
run_while_swapping hidden --full-access-dir shared --hidden-dir shared/below
check 'with the directory hidden in one of full access, some runs find it' \
	grep -qx ran "$tmp/said"
release
is "$(find elsewhere shared -name hidden)" '' 'and none wrote into it'
is "$(find elsewhere shared -mindepth 1 ! -name below ! -name link ! -name full)" '' \
	'no run has left an empty file or directory on the host, where it was to mount something'

plan
