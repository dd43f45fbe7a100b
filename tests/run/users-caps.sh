#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What docs/users.md says of file capabilities: which of them a collector of a user's own takes, and
# what they do not give. On cgroups of this file's own.
set -u
# shellcheck source=lib/own-cgroups.sh
. "$(dirname "$0")/lib/own-cgroups.sh"
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root

user=61998
all=cap_bpf,cap_perfmon,cap_net_admin

# A copy that the user can reach, for /tmp/tare-test.* is closed to others.
chmod 711 "$tmp"
cp "$TARE" "$tmp/tare"
"$TARE" collector serve > "$tmp/broker" 2>&1 &
broker=$!
at_exit() {
	kill $broker
	wait $broker
	"$TARE" collector stop > "$tmp/ignored" 2>&1
}
wait_until grep -q serves "$tmp/broker"

# What setpriv itself executes would still be given from root's capabilities.
as_user() {
	setpriv --reuid=$user --regid=$user --clear-groups env "$@"
}

# weigh_with CAPABILITIES: a run without a container; its status and what the command has of them.
weigh_with() {
	setcap "$1=ep" "$tmp/tare" || return
	as_user "$tmp/tare" run -q --no-container --json - -- \
		grep -c '^Cap\(Inh\|Prm\|Eff\|Amb\):.0*$' /proc/self/status > "$tmp/said" 2> "$tmp/errors"
	echo "$? $(head -n 1 "$tmp/said")"
}

if ! command -v setcap > "$tmp/ignored" || ! setcap $all=ep "$tmp/tare" 2> "$tmp/ignored"; then
	skip 'a user with file capabilities has a collector' 'no file capabilities can be set here'
	plan
	exit
fi
setcap -r "$tmp/tare"
as_user "$tmp/tare" run -q --no-container true 2> "$tmp/errors"
is "$?" 125 'a user without capabilities has no collector'
is "$(weigh_with $all)" '0 4' 'with three a user has one, and the command none of them'
is "$(sed 1d "$tmp/said" | jq -r '[.collector.mode, .outcome.exit_code, .syscalls.total > 0] | @csv')" \
	'"private",0,true' 'which counts'
for missing in cap_bpf cap_perfmon cap_net_admin; do
	is "$(weigh_with "$(echo $all | sed "s/$missing,\{0,1\}//; s/,$//")")" '125 {' \
		"it takes $missing"
done
is "$(weigh_with cap_dac_override,$all) $(grep -c 'lends rights' "$tmp/errors")" '125  1' \
	'one more, which opens files, is refused'
weigh_with $all > "$tmp/ignored"
is "$(as_user setpriv --no-new-privs "$tmp/tare" run -q --no-container true 2> "$tmp/errors"
	echo $?)" 125 'nor is there one under no_new_privs'
is "$(as_user "$tmp/tare" run -q true 2> "$tmp/errors"; echo $?)" 125 \
	'a container is not to be had so: nobody opens the files of such a process in /proc'
plan
