#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tare check: what it says of this machine is so, it names what is taken away from it, and it leaves
# nothing behind.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/check-clean.sh"
need_root
note_state

# state NAME: of one line of the document.
state() {
	jq -r --arg name "$1" '.checks[] | select(.name == $name) | .state' "$tmp/document"
}

# repair NAME: the command that it names.
repair() {
	jq -r --arg name "$1" '.checks[] | select(.name == $name) | .repair' "$tmp/document"
}

# Where something is hidden from it: a shell command that runs before, in mounts of its own.
check_without() {
	unshare --mount sh -c "$1; exec \"\$0\" check --json" "$TARE" \
		> "$tmp/document" 2> "$tmp/errors"
}

another_user() {
	setpriv --reuid=1234 --regid=1234 --clear-groups "$@"
}

# --- This machine ---

marked "$TARE" check --json > "$tmp/document"
is "$?" 0 'root is told that tare run can work where it does'
check 'tare run does' "$TARE" run -q true
is "$(jq -r '.schema, .can_run' "$tmp/document" | paste -sd ' ')" 'tare.check/1 true' \
	'the document says so, too'
is "$(jq -r '.checks[] | select(.required) | .state' "$tmp/document" | grep -c missing)" 0 \
	'nothing that is required is missing'
is "$(jq '[.checks[] | select(.detail == "" or .purpose == "")] | length' "$tmp/document")" 0 \
	'every line says what was found, and why it is looked for'

marked "$TARE" check > "$tmp/text"
is "$(grep -cE '^  (ok|degraded|missing) ' "$tmp/text")" "$(jq '.checks | length' "$tmp/document")" \
	'the text has as many lines as the document'
is "$(grep -c '^verdict: tare run can work here' "$tmp/text")" 1 'and the verdict'
is "$(tr -d '\n -~' < "$tmp/text" | wc -c)" 0 'no colour goes to a file'
leaves_nothing 'nothing is left behind'

# --- What is taken away ---

check_without 'mount -t tmpfs none /sys/kernel/btf'
is "$? $(state 'kernel types')" '1 missing' 'a kernel without types is told'

check_without 'umount -R -l /sys/fs/cgroup'
is "$? $(state 'cgroup layout')" '1 missing' 'a machine without cgroups is told'
is "$(repair 'cgroup layout')" 'sudo mount -t cgroup2 none /sys/fs/cgroup' \
	'with the command that mounts them'

check_without 'mount --bind -o ro /sys/fs/cgroup /sys/fs/cgroup &&
	mount -o remount,bind,ro /sys/fs/cgroup/unified 2> /dev/null ||
	mount -o remount,bind,ro /sys/fs/cgroup'
is "$?" 1 'cgroups that cannot be made are told'

# From 7.0 on the counter of system calls is found there.
check_without 'mount -t tmpfs none /sys/kernel/tracing'
found="$? $(state 'bpf hooks')"
if kernel_before 7.0; then
	is "$found" '0 ok' 'tracefs is not needed on this kernel'
else
	is "$found" '1 missing' 'a machine without tracefs is told'
fi

unshare --user --map-root-user "$TARE" check --json > "$tmp/document"
is "$? $(state capabilities)" '1 missing' 'root of a user namespace is not taken for root'

setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$TARE" check --json > "$tmp/document"
is "$? $(state capabilities)" '1 missing' 'root without CAP_SYS_ADMIN is told'

# --- Another user ---

another_user "$TARE" check --json > "$tmp/document"
is "$?" 1 'a user is told that tare run cannot work alone'
is "$(repair capabilities)" 'let root start the shared collector: sudo tare collector start' \
	'but with what root starts once'
is "$(state 'user namespace') $(state 'system calls')" 'ok ok' 'what a user may do is found to work'
leaves_nothing 'of all these nothing is left behind'

# --- Usage ---

is "$("$TARE" check --help | head -n 1)" 'Usage: tare check [--json]' 'there is help'
"$TARE" check --nothing 2> "$tmp/errors"
is "$? $(head -n 1 "$tmp/errors")" "2 tare check: unknown option '--nothing'" \
	'an unknown option is refused'
"$TARE" check nothing 2> "$tmp/errors"
is "$? $(head -n 1 "$tmp/errors")" "2 tare check: unexpected argument 'nothing'" 'a word, too'
"$TARE" check > /dev/full 2> "$tmp/errors"
is "$? $(grep -c 'write to standard output: .*No space left' "$tmp/errors")" '125 1' 'a full disk is told'
plan
