#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What surrounds the command at its start: environment, directory, network.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root

inside() {
	"$TARE" run -q "$@" 2>&1
}

# --- Environment ---

is "$(A=1 B=2 inside --env B=3 --env C= sh -c 'echo "$A $B ${C-unset}"')" '1 3 ' \
	'--env sets a variable and leaves the others'
is "$(inside --clear-env --env PATH=/usr/bin:/bin env)" 'PATH=/usr/bin:/bin' \
	'--clear-env leaves nothing but what is set'
is "$(A=1 B=2 inside --keep-env A /usr/bin/env)" A=1 '--keep-env keeps what it names, alone'
mkdir "$tmp/bin"
printf '#!/bin/sh\necho found\n' > "$tmp/bin/only-here"
chmod 755 "$tmp/bin/only-here"
is "$(inside --overlay-dir "$tmp" --env "PATH=$tmp/bin:/bin:/usr/bin" only-here)" found \
	'the command is looked up in the PATH that it is given'
is "$(inside --no-container --env A=9 sh -c 'echo "$A"')" 9 '--env holds without a container too'

# --- Directory ---

is "$(inside --dir /usr/bin pwd)" /usr/bin '--dir is where the command starts'
is "$(cd /usr && inside --dir bin pwd)" /usr/bin 'a relative one is meant from the current directory'
is "$(inside --dir "$tmp/bin" sh -c 'pwd; ls')" "$(printf '%s\nonly-here' "$tmp/bin")" \
	'it is shown even below /tmp'
is "$(inside --no-container --dir /usr/bin pwd)" /usr/bin '--dir holds without a container too'
message=$(inside --dir /no/such true)
is "$? $(echo "$message" | grep -c "enter directory '/no/such'")" '125 1' \
	'a directory that is not there is named'

# --- Network ---

interfaces='for path in /sys/class/net/*; do echo "${path##*/}"; done'
is "$(inside sh -c "$interfaces")" lo 'by default there is no network but lo'
is "$(inside --network-access sh -c "$interfaces")" "$(sh -c "$interfaces")" \
	'--network-access shows the interfaces of the host'
is "$(inside --network-access readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)" \
	'and is the network of the host'
is "$(inside --network-access sh -c 'grep CapEff /proc/self/status')" \
	"$(printf 'CapEff:\t0000000000000000')" 'over which the command has no power'

# --- Identity ---

is "$(inside --uid 1000 --gid 100 sh -c 'id -u; id -g; id -G')" "$(printf '1000\n100\n100')" \
	'--uid and --gid are who the command is inside'
is "$(inside --uid 1000 sh -c 'cat /root/.profile 2>&- || echo no; touch /tmp/x /dev/shm/x && echo tmp
	touch /run/x && echo run')" "$(printf 'no\ntmp\nrun')" \
	'who is not root inside reads nothing of root, and has its own /tmp and /run'
mkfifo "$tmp/identity"
"$TARE" run -q --uid 1000 --overlay-dir "$tmp" sh -c 'echo up; read -r line' < "$tmp/identity" > "$tmp/up" &
exec 9> "$tmp/identity"
wait_until grep -q up "$tmp/up"
command=$(pgrep -f '^sh -c echo up; read -r line$')
is "$(awk '/^Uid/ { print $2, $3, $4, $5 }' "/proc/$command/status")" \
	"$(printf '%s %s %s %s' 1879049192 1879049192 1879049192 1879049192)" \
	'and outside a kernel uid that nobody has'
echo >&9
exec 9>&-
wait

# The command's process can fail just before it is let go: that must not end tare itself.
for _ in $(seq 100); do
	"$TARE" run -q --dir /no/such/directory true > "$tmp/said" 2>&1
	echo "$? $(grep -c 'enter directory' "$tmp/said")"
done | sort -u > "$tmp/statuses"
is "$(cat "$tmp/statuses")" '125 1' 'a start directory that cannot be entered is told, every time'

# --- What cannot be ---

refused "has no '='" --env A
refused 'has no name' --env =B
refused 'is set twice' --env A=1 --env A=2
refused "has a '='" --keep-env A=1
refused 'is empty' --keep-env ''
refused 'path is empty' --dir ''
refused 'is no number' --uid -1
refused 'is no number' --uid 4294967295
refused 'is no number' --gid root
refused 'is no number' --gid ''
refused 'given twice' --uid 1 --uid 1
refused 'without a container' --no-container --uid 1
refused 'given twice' --dir / --dir /usr

plan
