#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tare run --explain: what it tells is what a run then does, line by line, and it makes nothing.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

mkdir "$tmp/here"
cp "$programs/call-named" "$tmp/here"
cd "$tmp/here" || exit

# Directories to give a mode to: not in /tmp, which is hidden as a whole.
shown=$(mktemp -d /var/tmp/tare-test.XXXXXX) || exit
at_exit() {
	rm -rf "$shown"
}

# explain OPTION...: what would be, in $tmp/told, a line to each fact: what goes on below is joined.
explain() {
	"$TARE" run --explain "$@" -- true > "$tmp/output" 2> "$tmp/errors" || return
	awk '
		/^               / {
			sub(/^ +/, substr(line, 15) ~ /  / ? " " : "  ")
			line = line $0
			next
		}
		{ if (NR > 1) print line; line = $0 }
		END { print line }' "$tmp/output" > "$tmp/told"
}

# told TOPIC [STATE]: the subjects of a topic's lines, all or those of one state; a tab, the detail.
told() {
	awk -v topic="$1" -v state="${2-}" '
		/^[A-Z]/ { is_in = $0 == topic }
		is_in && /^  / && (state == "" || $1 == state) {
			text = substr($0, 15)
			if (!sub(/  +/, "\t", text)) text = text "\t"
			print text
		}' "$tmp/told"
}
subjects() {
	told "$@" | cut -f 1
}
present() {
	told "$@" | grep -v 'not on this machine' | cut -f 1
}
inside() {
	"$TARE" run -q "$@" 2>&1
}

explain
is "$?$(cat "$tmp/errors")" 0 'a run is explained on standard output'
is "$(grep -c '^Nothing was started' "$tmp/output")" 1 'which says that it is not the run'
is "$(awk 'length > 100' "$tmp/output")" '' 'in 100 columns'

# --- The kernel's files ---

check 'on the host, what will be empty is not' sh -c 'ls -A /sys/fs/cgroup | grep -q . &&
	head -c 1 /proc/kallsyms | grep -q .'
present 'Files of the kernel' empty > "$tmp/empty"
is "$(inside sh -c 'while read -r path; do
	if [ -d "$path" ]; then [ -z "$(ls -A "$path")" ]; else [ -z "$(cat "$path")" ]; fi &&
		echo "$path"
done' < "$tmp/empty")" "$(cat "$tmp/empty")" 'each file that is told to be empty is'
is "$(told 'Files of the kernel' | grep 'not on this machine' | cut -f 1 | while read -r path; do
	inside ls -d "$path" | grep -v 'ls:'; done)" '' 'and what is told not to be there is not'
check 'some are empty' test "$(wc -l < "$tmp/empty")" -gt 5
present 'Files of the kernel' read-only > "$tmp/read-only"
is "$(inside sh -c 'while read -r path; do find "$path" -writable; done' < "$tmp/read-only")" '' \
	'what is told to be read-only cannot be written'
check 'some are read-only' test "$(wc -l < "$tmp/read-only")" -gt 2
is "$(inside ls /dev)" "$(subjects 'Files of the kernel' | sed -n 's,^/dev/,,p' | sort)" \
	'in /dev is what is told, and nothing else'
is "$(subjects 'Files of the kernel' device | inside xargs stat -c '%n %t:%T')" \
	"$(told 'Files of the kernel' device | sed 's/\tcharacter device / /')" 'with these numbers'

# --- Mounts: all of them ---

inside awk '{ for (i = 7; $i != "-"; i++); print $5, $(i + 1) }' /proc/self/mountinfo > "$tmp/mounts"
is "$(told 'Files of the kernel' fresh | sed 's/, read-only//' | tr '\t' ' ' | sort)" \
	"$(told 'Files of the kernel' fresh | cut -f 1 | while read -r path; do
		grep "^$path " "$tmp/mounts"; done | sort)" 'what is told to be fresh is mounted so'
is "$(cut -d ' ' -f 1 "$tmp/mounts" | sort -u | while read -r path; do
	{ subjects Files; subjects 'Files of the kernel'; } | grep -qxF "$path" || echo "$path"
done)" '' 'no mount is there that is not told'

# --- The view ---

for mode in overlay read-only full-access hidden; do
	mkdir "$shown/$mode"
	echo host > "$shown/$mode/file"
	set -- "$@" "--$mode-dir" "$shown/$mode"
done
explain "$@"
is "$(for mode in overlay read-only full-access hidden; do
	subjects Files $mode | grep "^$shown/$mode$"; done | wc -l)" 3 'directories are told with their mode'
is "$(subjects Files overlay | grep "^$shown")" '' 'but for one that has it with all that surrounds it'
is "$(inside "$@" sh -c 'for path; do
	cat "$path/file" 2> /dev/null || echo nothing
	{ echo inside > "$path/file"; } 2> /dev/null && cat "$path/file" || echo refused
done' sh "$shown/overlay" "$shown/read-only" "$shown/full-access" "$shown/hidden" | tr '\n' ' ')" \
	'host inside host refused host inside nothing inside ' 'and have it'
is "$(cat "$shown/overlay/file" "$shown/full-access/file")" "$(printf 'host\ninside')" \
	'outside as well'
is "$(subjects Files start)" "$PWD" 'the start directory is told'
explain --hidden-dir /usr/share --dir /usr/bin
is "$(subjects Files hidden | sort | tr '\n' ' ') $(subjects Files start)" \
	'/run /tmp /usr/share  /usr/bin' 'and options change it'

# --- Namespaces and identity ---

# compare OPTION...: each namespace of the machine is told, and is the host's only if told so.
compare() {
	explain "$@"
	for path in /proc/self/ns/*; do
		name=${path##*/}
		[ "${name#*_for_}" = "$name" ] || continue
		[ "$(readlink "$path")" = "$(inside "$@" readlink "$path")" ] && state=host || state=own
		subjects Namespaces "$state" | grep -qx "$name" || echo "$name is the $state one"
	done
}
is "$(compare)" '' 'each namespace is what it is told to be'
is "$(compare --network-access)" '' "also when the network is the host's"
is "$(subjects Network)" 'all interfaces' 'which is told'

explain --uid 33 --gid 44
is "$(subjects Identity inside | tr '\n' ' ')" 'uid 33 gid 44 ' 'who the command is inside is told'
launcher=
start --uid 33 --gid 44 sh -c 'echo ready; read -r line'
is "$(told Identity inside | grep -o 'outside [0-9]*' | cut -d ' ' -f 2 | tr '\n' ' ')" \
	"$(awk '/^[UG]id:/ { print $2 }' "/proc/$command/status" | tr '\n' ' ')" \
	'and who it is outside'

# --- Cgroups, of that run ---

explain
for controller in '' memory pids; do
	directory_of "$command" "$controller" | sed 's,/tare-[0-9a-f]*$,,'
done | sort -u > "$tmp/parents"
is "$(subjects Cgroups made | sort -u | comm -13 - "$tmp/parents")" '' \
	'the cgroups of a run are below those that are told'
finish

# --- System calls ---

# as_told OPTION...: each refusal that is told is tried, and each call that is let through.
as_told() {
	explain "$@"
	told 'System calls' refused | sed -n '
		s/^\([a-z0-9_]*\)\t\([A-Z]*\) if argument \([0-9]\) [a-z ]* 0x\([0-9a-f]*\).*/\1 \2 \3 0x\4/p
		t
		s/^\([a-z0-9_]*\)\t\([A-Z]*\).*/\1 \2/p' > "$tmp/calls"
	"$TARE" run -q "$@" sh -c 'while read -r name error argument value; do
		echo "$name $error $(./call-named $name $argument $value)"
	done' < "$tmp/calls" > "$tmp/tried"
}
as_told
is "$(awk '$2 != $3' "$tmp/tried")" '' 'each system call that is told to be refused is, with its error'
is "$(wc -l < "$tmp/tried")" "$(subjects 'System calls' refused | wc -l)" 'all of them were tried'
check 'and they are many' test "$(wc -l < "$tmp/tried")" -gt 20
as_told --allow io_uring
is "$(subjects 'System calls' allowed | tr '\n' ' ')" \
	'io_uring_setup io_uring_enter io_uring_register ' 'what --allow lets through is told'
is "$(awk '$2 != $3' "$tmp/tried")" '' 'what is still refused is refused'
is "$(inside --allow io_uring ./call-named io_uring_setup)" EFAULT 'and what is let through is not'

printf '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["getuid", "getgid"],
	"action": "SCMP_ACT_ERRNO", "errnoRet": 11 }, { "names": ["personality"],
	"action": "SCMP_ACT_ERRNO", "args": [ { "index": 0, "value": 8, "op": "SCMP_CMP_EQ" } ] } ] }' \
	> profile.json
explain --seccomp profile.json
is "$(told 'System calls' profile | tr '\t' ' ')" "EAGAIN getuid, getgid
EPERM personality if argument 0 is 0x8
ALLOW all other calls; any of the ia32 ABI kills; any of the x32 ABI kills" 'a profile is told'
is "$(subjects 'System calls' beside) $(subjects 'System calls' refused | grep -c keyctl)" \
	'profile.json 1' "beside tare's own filter"
is "$(inside --seccomp profile.json ./call-named getuid) $(
	inside --seccomp profile.json ./call-named personality 0 8)" 'EAGAIN EPERM' 'and is obeyed'
explain --seccomp none
is "$(told 'System calls' none) $(subjects 'System calls' refused | wc -l)" \
	"$(printf 'filter\tnothing is refused, as --seccomp none asks') 0" 'and so is no filter'

# --- Environment ---

# names OPTION...: what the command finds.
names() {
	env -i HOME=/x PATH="$PATH" SECRET=hidden-value "$@"
}
names "$TARE" run --explain --clear-env --keep-env HOME --env LANG=C -- true > "$tmp/told"
is "$({ subjects Environment kept | grep -v ' '; subjects Environment set; } | sort)" \
	"$(names "$TARE" run -q --clear-env --keep-env HOME --env LANG=C /usr/bin/env |
		cut -d = -f 1 | sort)" 'variables that are kept and set are told'
is "$(told Environment kept | tail -n 1 | cut -f 2)" '1 of 3 variables' 'with how many there were'
is "$(grep -c -e hidden-value -e LANG=C "$tmp/told")" 0 'and without their values'

# --- Session ---

explain
is "$(told Session | cut -f 1 | tr '\n' ' ')" 'session descriptors 0, 1, 2 all other descriptors ' \
	'the session is told'
is "$(subjects Session own)" session 'away from a terminal it is its own'
"$programs/on-terminal" "$TARE" run --explain true < /dev/null | tr -d '\r' > "$tmp/told"
is "$(subjects Session "caller's" | head -n 1)" session "on a terminal it is the caller's"
"$programs/on-terminal" "$TARE" run --explain --seccomp none true < /dev/null | tr -d '\r' > "$tmp/told"
is "$(subjects Session own)" session 'but its own without a filter'

# --- Not isolated ---

explain
is "$(subjects 'Not isolated' | grep -c sockets)" 0 'what is not isolated depends on the options'
explain --read-only-dir /usr
is "$(subjects 'Not isolated' | grep -c sockets)" 0 'a read-only directory shows no sockets'
explain --full-access-dir /usr
is "$(subjects 'Not isolated' | grep -c sockets)" 1 'a plainly shown directory has sockets'
is "$(told 'System calls' refused | grep -c -e '^fchmodat	EPERM if .*set-user-ID' -e '^openat2	ENOSYS')" 2 \
	'and gets no set-user-ID files, by which calls ever'
explain --full-access-dir /usr --seccomp none
is "$(subjects 'System calls' refused | grep -c -x -e fchmodat -e keyctl)" 1 'that is left without the filter'

# --- Limits ---

explain
is "$(told Limits | cut -f 1)" 'all others' 'without a limit there are those around tare'
explain --timelimit 1500ms --walltimelimit 1min --memlimit 512MiB --pids-limit 7
is "$(told Limits limited | sed 's/:.*//' | grep '[0-9]' | tr '\t\n' '=;')" \
	'CPU time=1.500 s;wall time=60.00 s;memory=512.0 MiB;tasks=7;' 'limits are told with their size'
explain --no-container
is "$(told Namespaces | cut -f 2)" 'no container, as --no-container asks' \
	'without a container there is little to tell'

# --- It makes nothing, and takes what a run takes ---

strace -f -o "$tmp/trace" "$TARE" run --explain -- true > "$tmp/ignored" 2>&1
is "$(grep -E '(clone|clone3|fork|vfork|mkdir|mkdirat|mount|fsopen|unshare|setns|bpf|mknodat)\(' \
	"$tmp/trace")" '' 'no process, directory, mount, namespace or BPF program is made'
is "$(grep -E 'O_CREAT|O_WRONLY|O_TMPFILE' "$tmp/trace")" '' 'and no file'
mkdir "$shown/$(printf 'a\033[31m')"
explain --hidden-dir "$shown/$(printf 'a\033[31m')"
is "$(LC_ALL=C grep -c "$(printf '\033')" "$tmp/output") $(grep -cF 'a\x1b[31m' "$tmp/output")" '0 1' \
	'names of any bytes are told escaped'
refused 'no/such: No such file' --explain --hidden-dir no/such
refused 'No such file' --explain --seccomp no/such
refused 'nothing is weighed' --explain --json x
refused 'is not one of' --explain --allow frobnication
"$TARE" run --explain > "$tmp/ignored" 2> "$tmp/errors"
is "$? $(head -n 1 "$tmp/errors")" '125 tare: no command given' 'a command is asked for'
# Whether stdio's buffer is written out early or at the end: a page more, and all lengths between.
head -c 4096 /dev/zero | tr '\0' x > "$tmp/page"
for length in 0 1000 2000 3000 4096; do
	"$TARE" run --explain true "$(head -c $length "$tmp/page")" > /dev/full 2> "$tmp/errors"
	echo "$? $(grep -c 'No space left' "$tmp/errors")"
done > "$tmp/said"
is "$(sort -u "$tmp/said")" '125 1' 'an explanation that cannot be told is an error, however long'
setpriv --reuid 65534 --regid 65534 --clear-groups "$TARE" run --explain true > "$tmp/of-user"
is "$(grep '^  refused' "$tmp/of-user" | grep -vc PID_1)" \
	"$(subjects 'System calls' refused | wc -l)" 'it needs no privilege'
is "$(grep -c 'uid 65534 *outside 65534,' "$tmp/of-user") $(grep -c PID_1 "$tmp/of-user")" '1 7' \
	'and tells an ordinary user of a container by the user'\''s own rights'

plan
