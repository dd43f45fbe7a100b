#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --seccomp: a profile of the user's own beside tare's filter, and no filter at all. An attempt that
# is refused is first shown to succeed without the profile.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

data=$PWD/tests/data/seccomp
cd "$tmp" || exit
cp "$programs/attempt" "$programs/call" "$programs/first-clocks" .

# profile TEXT: the file $tmp/profile.json holds it.
profile() {
	printf '%s\n' "$1" > profile.json
}

# under COMMAND...: with that profile.
under() {
	"$TARE" run -q --seccomp profile.json "$@" 2>&1
}

# --- A profile ---

profile '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13 } ] }'
is "$("$TARE" run -q mkdir /tmp/x && echo made)" made 'without a profile a directory can be made'
is "$(LC_ALL=C under mkdir /tmp/x)" "mkdir: cannot create directory '/tmp/x': Permission denied" \
	'a profile that refuses mkdir with error 13 does that'

printf 'int main(void) { return 42; }\n' > answer.c
make='mkdir out && cc -O2 answer.c -o out/answer && out/answer; echo $?; ls out'
is "$("$TARE" run -q --seccomp "$data/compile.json" sh -c "$make" 2>&1)" "$(printf '42\nanswer')" \
	'a compiler runs under a list of what is allowed, and so does what it makes'
is "$("$TARE" run -q ./attempt new-terminal) $(
	"$TARE" run -q --seccomp "$data/compile.json" ./attempt new-terminal)" 'done EPERM' \
	'and what is not on the list is refused'

profile '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS" } ] }'
"$TARE" run --json "$tmp/json" --seccomp profile.json mkdir /tmp/x 2> "$tmp/errors"
is "$? $(number 'outcome | "\(.kind) \(.signal)"')" '159 signaled 31' \
	'a call that the profile kills for ends the command by SIGSYS'
check 'which the summary tells' grep -q '^tare: mkdir /tmp/x killed by SIGSYS' "$tmp/errors"
check 'with where to look' grep -q '^  seccomp *the profile kills so' "$tmp/errors"
is "$(under sh -c 'mkdir /tmp/x; echo $?' | tail -n 1)" 159 'a child that is killed so is only a child'

profile '{ "defaultAction": "SCMP_ACT_TRAP", "syscalls": [ { "names": ["frobnicate", "execve"],
	"action": "SCMP_ACT_ALLOW" } ] }'
under ./first-clocks
is $? 159 'SCMP_ACT_TRAP ends a command that has no handler'

profile '{ "defaultAction": "SCMP_ACT_LOG" }'
is "$(under mkdir /tmp/x && echo made)" made 'SCMP_ACT_LOG lets through'

# A program without a C library: what else there is to do is tare's own.
profile '{ "defaultAction": "SCMP_ACT_KILL_PROCESS", "syscalls": [
	{ "names": ["execve", "clock_gettime", "write", "exit"], "action": "SCMP_ACT_ALLOW" } ] }'
under ./first-clocks > said
is "$? $(wc -w < said)" '0 2' "of the command's own calls tare needs none but execve"

# --- Beside tare's own filter ---

profile '{ "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] }'
for attempt in keys bpf perf userfaultfd unshare-user unshare-mount clone-user setns fsopen; do
	is "$(./attempt $attempt) $(under ./attempt $attempt)" 'done EPERM' \
		"a profile that allows everything does not let $attempt through"
done
is "$("$TARE" run -q --seccomp profile.json --allow io_uring ./attempt io_uring)" 'done' \
	'--allow does, beside a profile too'
profile '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{ "names": ["add_key"], "action": "SCMP_ACT_ERRNO", "errno": "ENOTTY" } ] }'
is "$(under ./attempt keys)" ENOTTY 'where both refuse, the error is that of the profile'
"$programs/on-terminal" "$TARE" run -q --seccomp profile.json ./attempt type-into-terminal \
	< /dev/null > said
is "$(tr -d '\r' < said)" EPERM "a profile does not let the command type for the caller's shell"

# --- Other ABIs ---

# runs_in WHICH COUNT: the status of as many calls, if they are let through.
if [ "$(./attempt ia32-getpid)" = 'done' ]; then
	profile '{ "defaultAction": "SCMP_ACT_ALLOW", "archMap": [ {
		"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"] } ] }'
	under ./call ia32 5
	is $? 0 'calls of the 32-bit ABI work where the profile names it'
	profile '{ "defaultAction": "SCMP_ACT_ALLOW", "archMap": [ {
		"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X32"] } ] }'
	under ./call ia32 5
	is $? 159 'and kill where it does not'
else
	skip 'the 32-bit ABI of a profile' 'this kernel has no 32-bit ABI'
fi
under ./call x32 5
is $? 0 'so do calls of the x32 ABI, of which the kernel need not have any'
profile '{ "defaultAction": "SCMP_ACT_ALLOW" }'
under ./call x32 5
is $? 159 'and kill'

# --- What is told ---

profile '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{ "names": ["keyctl"], "action": "SCMP_ACT_ERRNO" } ] }'
weigh --seccomp profile.json ./call denied 3
is "$(number container.seccomp) $(number container.seccomp_profile)" 'profile profile.json' \
	'the document names the profile'
is "$(number syscalls.denied) $(number 'syscalls.by_name.keyctl | "\(.errors) \(.denied)"')" \
	'null 3 null' 'how many calls a profile refused is not known, and not said'
check 'with the reason' test -n "$(number 'unavailable["syscalls.denied"]')"
check 'while all calls are counted' test "$(number syscalls.total)" -gt 27
weigh true
is "$(number container.seccomp) $(number container.seccomp_profile)" 'default null' \
	'without an option the filter is the default one'
weigh --seccomp default ./call denied 3
is "$(number container.seccomp) $(number syscalls.denied)" 'default 18' \
	'as it is with --seccomp default'
weigh --no-container true
is "$(number container.seccomp)" null 'without a container there is none to name'

# --- A profile without execve ---

profile '{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
	{ "names": ["read", "write", "exit_group"], "action": "SCMP_ACT_ALLOW" } ] }'
"$TARE" run --json "$tmp/json" --seccomp profile.json true 2> "$tmp/errors"
is "$? $(number 'outcome | "\(.kind) \(.error.errno)"')" '126 not_started EPERM' \
	'a command whose execve the profile refuses was not started'
check 'and the profile is named as the reason' grep -q 'does the seccomp profile allow execve' \
	"$tmp/errors"
profile '{ "defaultAction": "SCMP_ACT_KILL_PROCESS" }'
"$TARE" run --json "$tmp/json" --seccomp profile.json true 2> "$tmp/errors"
is "$? $(number 'outcome | "\(.kind) \(.error.errno)"')" '126 not_started EPERM' \
	'nor one that it kills for it'
check 'with the same reason' grep -q 'does the seccomp profile allow execve' "$tmp/errors"

# --- No filter ---

without() {
	"$TARE" run -q --seccomp none "$@" 2>&1
}
# shellcheck disable=SC2016 # awk's
is "$(without awk '/^(NoNewPrivs|Seccomp):/ { print $2 }' /proc/self/status | tr '\n' ' ')" '1 0 ' \
	'--seccomp none leaves no filter, and no_new_privs in place'
for attempt in keys userfaultfd io_uring vsock; do
	is "$("$TARE" run -q ./attempt $attempt | grep -c '^done$') $(without ./attempt $attempt)" \
		"0 $(./attempt $attempt)" "$attempt does without a filter what it does outside"
done
refused_without() {
	is "$(without ./attempt "$1")" "$2" "$3"
}
refused_without unshare-user ENOSPC 'without a filter there still is no user namespace'
refused_without clone-user ENOSPC 'nor by clone'
refused_without unshare-mount EPERM 'nor a mount namespace'
refused_without setns EPERM 'nor can one be entered'
refused_without mount EPERM 'nothing can be mounted'
refused_without umount EPERM 'nor unmounted'
refused_without fsopen EPERM 'nor by the newer calls'
refused_without bpf EPERM 'bpf is for root outside'
refused_without trace-init EPERM 'PID 1 is closed'

is "$("$programs/with-key" tare-test ./attempt read-key tare-test) $(
	"$programs/with-key" tare-test "$TARE" run -q --seccomp none ./attempt read-key tare-test)" \
	'done ENOKEY' "the caller's keys are out of reach"

weigh --seccomp none ./call uring 3
is "$(number container.seccomp) $(number syscalls.denied)" 'none 0' \
	'the document tells it, and nothing was refused'
"$TARE" run -v --seccomp none true 2> "$tmp/errors"
check 'and so does the summary, when asked' grep -q '^  seccomp *no filter' "$tmp/errors"

"$programs/on-terminal" ./attempt type-into-terminal < /dev/null > said
outside=$(tr -d '\r' < said | grep -o -e 'done$' -e 'EIO$')
"$programs/on-terminal" "$TARE" run -q --seccomp none ./attempt type-into-terminal < /dev/null > said
# EIO where the kernel lets nobody type so.
is "${outside:+tried} $(tr -d '\r' < said | sed 's/^EIO$/EPERM/')" 'tried EPERM' \
	"without a filter, too, the command cannot type for the caller's shell"
# shellcheck disable=SC2016 # expanded by the command
is "$(printf 'word\n' | "$programs/on-terminal" "$TARE" run -q --seccomp none sh -c '
	read -r line; echo "got $line"; cut -d " " -f 5-7 /proc/$$/stat' | tr -d '\r' | tail -n 2)" \
	"$(printf 'got word\n2 2 0')" 'because it has a session of its own, and the keyboard all the same'

# --- What cannot be ---

profile '{ "defaultAction": "SCMP_ACT_ALLOW", }'
refused "profile.json:1:38: string or '}' expected" --seccomp profile.json
profile '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{ "names": ["mkdirr"], "action": "SCMP_ACT_ERRNO" } ] }'
refused 'profile.json: syscalls\[0\].names\[0\]: libseccomp .* knows no system call mkdirr' \
	--seccomp profile.json
refused 'no/such/file: No such file' --seccomp no/such/file
refused 'is not a regular file' --seccomp /dev/zero
refused 'is not a regular file' --seccomp "$tmp"
mkfifo fifo
refused 'is not a regular file' --seccomp fifo
: > empty
refused 'is empty' --seccomp empty
refused 'the value is empty' --seccomp ''
refused 'given twice' --seccomp none --seccomp none
refused 'nothing is refused with --no-container' --no-container --seccomp default
refused 'nothing is refused with --seccomp none' --seccomp none --allow mounts

# Children, directories and other mounts are made by these calls.
made() {
	strace -f -o trace -e trace=clone,clone3,fork,vfork,mkdir,mkdirat,fsopen "$@" > said 2>&1
	grep -E '(clone|fork|mkdir|fsopen)' trace
}
check 'a run makes processes and directories' test -n "$(made "$TARE" run -q true)"
profile '{ "defaultAction": "SCMP_ACT_FROB" }'
is "$(made "$TARE" run -q --seccomp profile.json true)" '' \
	'for a profile that is refused nothing is made'

plan
