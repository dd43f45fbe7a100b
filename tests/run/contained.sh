#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a command in the container sees, what it can change, and what it cannot reach. An attempt
# that is refused inside is first shown to succeed outside, where that does no harm.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

mark=tare-test-$$
inside() {
	"$TARE" run -q sh -c "$1" sh "$mark" 2>&1
}

at_exit() {
	rm -rf "/root/$mark" "/dev/shm/$mark"
	./attempt remove-shared-memory $$ > "$tmp/ignored"
}

# Below /tmp, so that the directory is seen and what lies beside it is not.
mkdir "$tmp/here" "$tmp/sibling"
echo text > "$tmp/here/file"
cp "$programs/attempt" "$programs/with-descriptors" "$tmp/here"
cd "$tmp/here" || exit

# --- Files ---

mkdir "/root/$mark"
echo original > "/root/$mark/file"
echo secret > "/root/$mark/secret"
chmod 600 "/root/$mark/secret"

# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'for place in /root /usr /etc .; do
	echo x > $place/$1-new && cat $place/$1-new
done')" "$(printf 'x\nx\nx\nx')" 'files can be made in /root, /usr, /etc and the current directory'
is "$(find /root /usr /etc . -maxdepth 1 -name "$mark-new")" '' 'and are nowhere on the host'
# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'cd /root/$1 && echo more >> file && chmod 777 file && cat file && mv file moved &&
	rm -r ../$1 && ls -d ../$1')" "$(printf 'original\nmore\n')
ls: cannot access '../$mark': No such file or directory" 'files can be changed, moved and removed'
is "$(cat "/root/$mark/file") $(stat -c %a "/root/$mark/file")" 'original 644' \
	'and are as they were on the host'
# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'cat /root/$1/secret; stat -c "%U %a" /root/$1/secret')" \
	"$(printf 'secret\nroot 600')" "root's own files are readable, and root's"
chown 1234:1234 "/root/$mark/secret"
# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'stat -c "%u %g" /root/$1/secret; cat /root/$1/secret')" \
	"1234 1234
cat: /root/$mark/secret: Permission denied" "others' files are theirs, and closed when they say so"
is "$(inside 'id -u; id -g; id -G' | tr '\n' ' ')" '0 0 0 ' \
	'the command is root to its own eyes'

# --- Hidden directories ---

is "$(cd / && inside 'ls -A /tmp /run; stat -c "%a %U" /tmp /run')" "$(printf \
	'/run:\n\n/tmp:\n1777 root\n755 root')" '/tmp and /run are fresh and empty'
check 'while on the host they are not' test -n "$(ls -A /tmp)" -a -n "$(ls -A /run)"
# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'echo x > /tmp/$1; echo y > /run/$1; cat /tmp/$1 /run/$1')" "$(printf 'x\ny')" \
	'both can be written'
is "$(ls -d "/tmp/$mark" "/run/$mark" 2> "$tmp/ignored")" '' 'and nothing of that is on the host'
is "$(inside 'cat file')" text 'a current directory below /tmp is kept'
is "$(ls ..) / $(inside 'ls ..')" "$(ls "$tmp") / here" 'what lies beside it is not seen'
is "$(inside 'ls -A /tmp')" "${tmp##*/}" 'nor what else is in /tmp'
echo secret > "/dev/shm/$mark"
# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'ls -A /dev/shm; stat -c %a /dev/shm; echo x > /dev/shm/$1-new')" 1777 \
	'/dev/shm is fresh, and can be written'
is "$(find /dev/shm -name "$mark*")" "/dev/shm/$mark" 'with nothing of that on the host'

# --- Devices ---

is "$(inside 'ls /dev | tr "\n" " "')" \
	'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero ' '/dev is minimal'
# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'echo x > /dev/null; head -c 2 /dev/zero | od -An -tx1; head -c 3 /dev/urandom | wc -c
	echo x > /dev/full || echo full; echo x | cat /dev/stdin; ls /dev/pts')" "$(printf \
	' 00 00\n3\nsh: 2: echo: echo: I/O error\nfull\nx\nptmx')" 'and its devices work'
is "$(./attempt new-terminal) $(inside './attempt new-terminal')" 'done done' \
	'a new pseudo-terminal can be opened'
is "$(./attempt make-device "$tmp/device") $(inside './attempt make-device device')" 'done EPERM' \
	'a device cannot be made'

# --- /proc and /sys ---

# shellcheck disable=SC2016 # expanded by the command
check 'on the host, processes of others are seen' test "$(echo /proc/[0-9]* | wc -w)" -gt 2
is "$(inside 'cd /proc && echo [0-9]*')" '1 2' "in /proc are only the command's own processes"

# Opened for writing, without anything being written.
check 'on the host, /proc/sys can be written' sh -c 'true >> /proc/sys/kernel/hostname'
# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'find /proc/sys -type f | while read -r file; do
	{ true >> "$file"; } 2> /dev/null && echo "$file"; done')" '' 'inside no file of /proc/sys can'
# shellcheck disable=SC2016 # awk's
is "$(inside 'awk "\$6 !~ /nosuid/" /proc/self/mountinfo')" '' 'no mount lends set-uid rights'
is "$(inside 'cat /proc/sys/kernel/ostype')" Linux 'though they can be read'
# -xtype looks at what lies over a file, too.
is "$(inside 'find /proc -maxdepth 1 -xtype f -writable')" '' \
	'nor any other that concerns the machine'
is "$(inside 'find /sys -writable ! -type l')" '' '/sys is read-only'

# with_proc: runs the script where another file system lies over /proc, made to look like it.
with_proc() {
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m sh -c 'mkdir proc && cp /proc/self/mountinfo /proc/self/cgroup proc &&
		mount -t tmpfs tare-test /proc && mkdir /proc/self && cp proc/* /proc/self && "$@"' sh "$@" 2>&1
	rm -r proc
}
# shellcheck disable=SC2016 # expanded by that shell
is "$(with_proc sh -c '"$1" run true; echo $?; ls /proc/self; cd /proc && echo *' sh "$TARE")" \
	"tare: true: tare failed: what is mounted on /proc is not the kernel's proc
  hint      mount it: sudo mount -t proc proc /proc
125
cgroup
mountinfo
self" 'outside, files that look like /proc are not taken for it, nor written to'

masked=
for file in kallsyms kcore keys kpagecgroup kpagecount kpageflags timer_list sched_debug; do
	[ ! -e /proc/$file ] || masked="$masked $file"
done
check 'on the host, /proc/kallsyms tells' test -n "$(head -c 1 /proc/kallsyms)"
is "$(inside "cd /proc && cat $masked | wc -c")" 0 "inside$masked are empty"
is "$(inside 'cd /sys && ls -A firmware fs/bpf kernel/debug kernel/security kernel/tracing |
	grep -v : | tr -d "\n"')" '' 'of /sys, what tells of the machine is empty'

check 'on the host, cgroup files are seen' test -n "$(ls -A /sys/fs/cgroup)"
is "$(inside 'find /sys/fs/cgroup -mindepth 1; find /sys/fs/cgroup -writable
	grep -v ":/$" /proc/self/cgroup')" '' 'inside there is none, and the own cgroup is the root'
is "$(inside 'grep -c -e " - cgroup" -e " - bpf " -e " - tracefs " /proc/self/mountinfo')" 0 \
	'and no file system of the kernel that could be one'

# --- The way up ---

# From every directory of the root and from every mount, ".." leads nowhere but up to the root.
# shellcheck disable=SC2016 # expanded by the command
walk='for place in /*/ /proc/self/root/ /proc/self/cwd/ $(cut -d " " -f 5 /proc/self/mountinfo); do
	[ -d "$place" ] || continue
	up=$place/../../../../../../../../..
	[ "$(stat -L -c %d:%i "$up")" = "$(stat -c %d:%i /)" ] || echo "$place is elsewhere"
	[ ! -e "$up$1" ] || echo "$place shows $1"
done'
check 'on the host, the way up leads to everything' test -e "/usr/..$tmp/sibling"
is "$("$TARE" run -q sh -c "$walk" sh "$tmp/sibling" 2>&1)" '' \
	"'..' from every directory ends in the container's root"
check "which is not the host's" test "$(inside 'stat -c %d:%i /')" != "$(stat -c %d:%i /)"

# --- Network ---

is "$(inside 'ls /sys/class/net; tail -n +3 /proc/net/dev | wc -l')" "$(printf 'lo\n1')" \
	'the only network interface is lo'
is "$(inside './attempt talk-to-itself')" 'done' 'and TCP over 127.0.0.1 works'

# Servers on the host: they end with their standard input.
mkfifo "$tmp/servers"
for address in 0 "@$mark" "$tmp/here/socket"; do
	./attempt serve "$address" < "$tmp/servers" >> "$tmp/ports" &
done
exec 6> "$tmp/servers"
is_serving() {
	[ "$(wc -l < "$tmp/ports")" -eq 3 ]
}
check 'servers on the host are ready' wait_until is_serving
port=$(sort -n "$tmp/ports" | tail -n 1)
reach() {
	is "$(./attempt connect "$1") $("$TARE" run -q ./attempt connect "$1")" "done $2" "$3"
}
reach "$port" ECONNREFUSED "the host's TCP servers are not reached"
reach "@$mark" ECONNREFUSED 'nor its abstract sockets'
reach "$tmp/here/socket" ECONNREFUSED 'nor its sockets in a directory that is seen'
exec 6>&-

./attempt make-shared-memory $$ > "$tmp/said"
is "$(./attempt find-shared-memory $$) $(inside "./attempt find-shared-memory $$")" 'done ENOENT' \
	"the host's shared memory is not found"

# --- Rights ---

is "$(inside 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status | sort | tr -s "\t\n" " "')" \
	"CapAmb: 0000000000000000 CapBnd: 0000000000000000 CapEff: 0000000000000000 \
CapInh: 0000000000000000 CapPrm: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 " \
	'no capability, no new privileges, and a system call filter'

# kernel_ids PID: of the user and of the group, real, effective, saved and for files.
kernel_ids() {
	awk '/^[UG]id:/ { for (i = 2; i <= 5; i++) print $i }' "/proc/$1/status" | sort -u
}
status_of() {
	awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"
}
launcher="./with-descriptors $tmp/sibling"
start sh -c 'echo ready; read -r line'
init=$(status_of "$command" PPid)
is "$(kernel_ids "$command" | wc -l) $(kernel_ids "$command" | grep -cx 0)" '1 0' \
	'seen from outside, the command is one unprivileged user'
is "$(kernel_ids "$init" | wc -l) $(kernel_ids "$init" | grep -cx -e 0 -e "$(kernel_ids "$command")")" \
	'1 0' 'PID 1 is another one'
# Of the last one, bit 5 is CAP_KILL.
is "$(status_of "$init" CapBnd) $(status_of "$init" NoNewPrivs) $(status_of "$init" CapEff)" \
	'0000000000000000 1 0000000000000020' 'with no capability but to signal the command'
is "$(status_of "$command" Groups)$(status_of "$init" Groups)" '' 'both are in no other group'
is "$(status_of "$init" NSpid | wc -l) $(awk '/^NSpid/ { print $NF }' "/proc/$init/status")" '1 1' \
	'PID 1 is the first process of its namespace'
is "$(find "/proc/$init/fd" "/proc/$command/fd" -lname "$tmp/sibling")" '' \
	'neither holds a descriptor that the caller of tare left open'
finish
is $? 0 'and all that while the command runs'
launcher=

check 'on the host, descriptors that were left open are inherited' \
	./with-descriptors / test -d /proc/self/fd/20/etc
# The last one is ls's own.
is "$(./with-descriptors / "$TARE" run -q ls /proc/self/fd | tr '\n' ' ')" '0 1 2 3 ' \
	'inside there are none but 0, 1 and 2'

# What a name leads to through tare's own descriptors before they are closed: a link that another
# may have left, for the directory to start in, for the program, and for its interpreter.
# through NUMBER: makes the links that lead through that descriptor to $tmp/sibling.
links=/root/$mark/links
through() {
	out=/proc/self/fd/$1/../../../../../../../../../..$tmp/sibling
	ln -sfn "$out" "$links/directory"
	ln -sfn "$out/program" "$links/program"
	printf '#!%s/program\n' "$out" > "$links/script"
	chmod 755 "$links/script"
}
mkdir "$links"
cp "$programs/attempt" "$tmp/sibling/program"
# Out there the command is a stranger.
chmod 755 "$tmp"
through 20
is "$(./with-descriptors / ls -d "$links/directory/program")
$(./with-descriptors / "$links/program" 2>&1)
$(./with-descriptors / "$links/script" 2>&1)" "$links/directory/program
usage: attempt NAME [WORD]
usage: attempt NAME [WORD]" 'on the host, a link leads anywhere through an inherited descriptor'
for number in $(seq 0 40); do
	through "$number"
	"$TARE" run -q --dir "$links/directory" "$programs/attempt"
	"$TARE" run -q "$links/program"
	"$TARE" run -q "$links/script"
done > "$tmp/said" 2>&1
chmod 700 "$tmp"
is "$(grep -v -e ' enter directory ' -e ' execute ' -e '  hint ' "$tmp/said")" '' \
	'inside no link leads out of the container through any descriptor'

# --- PID 1 ---

# shellcheck disable=SC2016 # expanded by the command
closed='for file in environ maps mem fd exe root cwd auxv io stack syscall; do
	path=/proc/$1/$file
	{ ls $path/ || cat $path || readlink $path; } > /dev/null 2>&1 && echo $file
done'
check 'what /proc tells of a process is open for its own' \
	test "$("$TARE" run -q sh -c "$closed" sh self | wc -l)" -gt 4
is "$("$TARE" run -q sh -c "$closed" sh 1)" '' 'but closed for PID 1'
is "$(inside 'kill -9 1 || kill -STOP 1 || echo alive' 2>&1)" "$(printf '%s\n' \
	'sh: 1: kill: Operation not permitted' '' 'sh: 1: kill: Operation not permitted' '' alive)" \
	'and it cannot be signalled'

# same_inside NAME, refused NAME ERRNO, only_inside NAME ERRNO: what an attempt comes to.
same_inside() {
	is "$(./attempt "$1") $(inside "./attempt $1")" 'done done' "$2"
}
refused() {
	is "$(./attempt "$1") $(inside "./attempt $1")" "done $2" "$3"
}
# Those that would do harm outside.
refused_inside() {
	is "$(inside "./attempt $1")" "$2" "$3"
}
same_inside trace-child "a process may trace its own child"
refused_inside trace-init EPERM 'but not PID 1'
refused_inside read-init-memory EPERM 'nor read its memory'
same_inside take-own-descriptor 'a process may copy descriptors by a pidfd'
refused_inside take-init-descriptor EPERM 'but none of PID 1'

# --- Signals ---

start sh -c 'echo ready; read -r line; exit 4'
is "$("$TARE" run -q ./attempt kill-all)" 'done' 'a command can try to kill everything'
check "a command of another run lives on, though the kernel sees the same user" kill -0 "$command"
finish
is $? 4 'and ends as it wishes'

# beside COMMAND...: runs it in a process group with another process, $sleeper.
beside() {
	# shellcheck disable=SC2016 # expanded by that shell
	setsid -w sh -c 'sleep 1000 & echo $! > "$0"; "$@"; exit 0' "$tmp/sleeper" "$@" \
		> "$tmp/said" 2>&1
	sleeper=$(cat "$tmp/sleeper")
}
lives() {
	grep -q '^State:.[SRD]' "/proc/$1/status"
}
is_dead() {
	! lives "$1"
}
beside ./attempt end-group
check 'on the host, a signal to the own group hits the group' wait_until is_dead "$sleeper"
beside "$TARE" run -q ./attempt end-group
check "inside it does not reach tare's" lives "$sleeper"
kill "$sleeper"
is "$(cat "$tmp/said")" 'done' 'though it was sent'

# shellcheck disable=SC2016 # expanded by the command
is "$(inside 'cut -d " " -f 5-8 /proc/$$/stat')" '2 2 0 -1' \
	'the command has a session and a process group of its own, and no terminal'
"$programs/on-terminal" ./attempt type-into-terminal < /dev/null > "$tmp/said"
outside=$(tr -d '\r' < "$tmp/said" | grep -o -e 'done$' -e 'EIO$')
"$programs/on-terminal" "$TARE" run -q ./attempt type-into-terminal < /dev/null > "$tmp/said"
# EIO: the kernel itself refuses it, by dev.tty.legacy_tiocsti.
is "${outside:+tried} $(tr -d '\r' < "$tmp/said")" 'tried EPERM' \
	"with a terminal, nothing can be typed into it for the caller's shell to read"

# --- Namespaces and mounts ---

refused unshare-user EPERM 'unshare makes no user namespace'
refused unshare-mount EPERM 'nor a mount namespace'
refused unshare-network EPERM 'nor a network namespace'
refused clone-user EPERM 'nor does clone'
same_inside clone3-plain 'clone3 makes processes'
refused clone3-user ENOSPC 'but no user namespace'
refused clone3-user-mount ENOSPC 'nor others with it'
refused setns EPERM 'no namespace can be entered'
if [ "$(./attempt ia32-getpid)" = 'done' ]; then
	refused ia32-unshare-user EPERM 'the 32-bit ABI is no way round'
else
	skip 'the 32-bit ABI is no way round' 'this kernel has no 32-bit ABI'
fi
refused_inside mount EPERM 'nothing can be mounted'
refused_inside umount EPERM 'nothing can be unmounted'
refused fsopen EPERM 'nor by the newer calls'
refused chroot EPERM 'the root cannot be changed'
refused become-other EPERM 'nobody else can be become'
refused open-by-handle EPERM 'files are not opened by handle, past all directories'

# --- What is in no namespace ---

refused keys EPERM 'keyrings are refused'
refused bpf EPERM 'bpf is refused'
refused perf EPERM 'perf events are refused'
refused userfaultfd EPERM 'userfaultfd is refused'
refused_inside io_uring ENOSYS 'io_uring is not there'
refused_inside vsock EAFNOSUPPORT 'sockets to the hypervisor are not there'

wait
plan
