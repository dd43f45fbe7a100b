#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who and where the command is to its own eyes: hostname, users, name service.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/image.sh
. "$(dirname "$0")/lib/image.sh"
need_root

home=/root/tare-test-$$
at_exit() {
	rm -rf "$home"
}
mkdir "$home"
cd "$home" || exit
names='passwd group hostname hosts resolv.conf nsswitch.conf mtab'

inside() {
	"$TARE" run -q "$@" 2>&1
}
# The bytes of the files in /etc, wherever they lead, as the script sees them.
# shellcheck disable=SC2016 # expanded by the command
contents='cd /etc && for name in $0; do echo "$name:"; cat "$name" 2>&1; done'
# Of the files themselves; the times that reading changes are not among it.
# shellcheck disable=SC2086 # a list of names
host_state() {
	(cd /etc && stat -c '%n %F %i %a %u %s %Y %Z' $names && cat passwd group hostname hosts)
	hostname
}
before=$(host_state)

# --- Who ---

is "$(inside sh -c 'whoami; id -un; id -gn; getent passwd root nobody; getent group root nogroup')" \
	"root
root
root
root:x:0:0:root:$HOME:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
root:x:0:
nogroup:x:65534:" 'the command is root, and has nobody beside it'
is "$(HOME=/srv/x inside --uid 1000 --gid 100 sh -c 'whoami; id; getent passwd 1000')" \
	'tare
uid=1000(tare) gid=100(tare) groups=100(tare)
tare:x:1000:100:tare:/srv/x:/bin/sh' 'another user has a name, a group and its HOME'
is "$(inside --uid 65534 --gid 65534 id)" 'uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)' \
	'nobody can be who it is'
check 'on the host, daemon is a user' getent passwd daemon
is "$(inside getent passwd daemon; echo $?)" 2 'inside it is not'
touch owned
chown 1:1 owned
is "$(stat -c '%U %u' owned) $(inside stat -c '%U %u' owned)" 'daemon 1 UNKNOWN 1' \
	'and its files have a number only'

# --- Where ---

is "$(inside sh -c 'hostname; uname -n; cat /etc/hostname; hostname -f; getent hosts tare')" \
	'tare
tare
tare
tare
127.0.1.1       tare' "the container is called tare, and finds itself"
is "$(inside getent ahosts localhost | grep -o '^127[^ ]*' | sort -u)" 127.0.0.1 'and localhost'
is "$(inside --hostname box.example sh -c 'hostname; cat /etc/hostname; hostname -f')" \
	'box.example
box.example
box.example' '--hostname gives it another name'
is "$(inside domainname)" '(none)' 'it is in no NIS domain'
begin=$(date +%s)
inside getent hosts no.such.host > "$tmp/said"
# A resolver that asks waits 5 seconds for each server.
check 'without a network, an unknown name is unknown at once' test "$(($(date +%s) - begin))" -lt 4
is "$(inside readlink -f /etc/mtab)" "$(inside sh -c 'readlink -f /proc/self/mounts' |
	sed 's,/[0-9]*/,/2/,')" 'mtab is the list of mounts'

# --- The files are the command's own ---

is "$(inside --overlay-dir /etc sh -c 'echo "x:x:7:7::/:/bin/sh" >> /etc/passwd; id -un 7
	sed -i s/tare/box/ /etc/hostname; mv /etc/hosts /etc/moved; rm /etc/group
	cat /etc/hostname; ls /etc/hosts /etc/group')" "x
box
ls: cannot access '/etc/hosts': No such file or directory
ls: cannot access '/etc/group': No such file or directory" 'they can be changed, moved and removed'
is "$(inside --uid 1000 sh -c 'echo x 2>&- >> /etc/passwd || echo no')" no "by root, whose they are"
# shellcheck disable=SC2086 # a list of names
is "$(cd /etc && inside stat -c '%a %U %h' passwd hosts resolv.conf | sort -u)" '644 root 1' \
	'with the usual rights'
is "$(inside stat -c '%a %u %g %Y' /etc)" "$(stat -c '%a %u %g %Y' /etc)" '/etc itself is as on the host'
# A host may lack one of them, as one without mtab does.
is "$(inside ls /etc | sort)" "$({
	ls /etc
	printf '%s\n' passwd group hostname hosts resolv.conf nsswitch.conf mtab
} | sort -u)" 'and has no more names and no fewer'
is "$(host_state)" "$before" 'nothing of all this is on the host'

# --- Where /etc is no overlay ---

for mode in --read-only-dir --full-access-dir; do
	for directory in / /etc; do
		is "$(inside "$mode" "$directory" --uid 7 sh -c 'whoami; cat /etc/hostname
			getent passwd daemon')" "$(printf 'tare\ntare')" \
			"with $mode $directory they are replaced as well"
		claim="with $mode $directory it finds itself"
		if [ -e /etc/hosts ]; then
			is "$(inside "$mode" "$directory" hostname -f)" tare "$claim"
		else
			skip "$claim" 'this machine has no /etc/hosts that could be replaced'
		fi
	done
done
# shellcheck disable=SC2016 # expanded by the command
is "$(inside --read-only-dir / sh -c 'for file in passwd hosts resolv.conf; do
	echo x 2>&- >> /etc/$file || echo no; done')" "$(printf 'no\nno\nno')" 'and read-only where all is'
inside --full-access-dir / sh -c 'echo "# changed" >> /etc/passwd' > "$tmp/said"
is "$(host_state)" "$before" 'with full access, too, they are not the ones of the host'
is "$(inside --hidden-dir /etc ls -A /etc)" '' 'a hidden /etc is empty'

# --- What the host may have there ---

# In a mount namespace of its own, /etc is what these tests make of it.
mkdir -p etc elsewhere
cp -a /etc/. etc
echo outside > elsewhere/file
ln -sfn "$home/elsewhere/file" etc/resolv.conf
ln -sfn /no/such/file etc/hostname
rm etc/hosts etc/group
mkdir etc/hosts
touch etc/hosts/file
outside=$(state etc elsewhere)
# with_etc COMMAND...: mounted over the host's, with one file mounted in it as containers have it.
with_etc() {
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m sh -c 'mount --bind etc /etc && mount --bind elsewhere/file /etc/nsswitch.conf && "$@"' \
		sh "$@" 2>&1
}
check 'an /etc of links and directories can be made' with_etc test -d /etc/hosts -a -h /etc/resolv.conf
script='cat /etc/hostname /etc/nsswitch.conf | head -n 2; id -gn; getent hosts tare; head -c 1 /etc/resolv.conf'
wanted='tare
passwd: files
root
127.0.1.1       tare
#'
is "$(with_etc "$TARE" run -q sh -c "$script")" "$wanted" \
	'links, directories, mounts and missing files are all replaced'
is "$(with_etc "$TARE" run -q --read-only-dir / true | grep -c 'hosts is a directory')" 1 \
	'a directory that has to stay is told'
is "$(state etc elsewhere)" "$outside" 'and where links lead to is not touched'
rm -r etc/hosts
ln -s /no/such/file etc/hosts
outside=$(state etc elsewhere)
for mode in --read-only-dir --full-access-dir; do
	is "$(with_etc "$TARE" run -q "$mode" / sh -c "$script")" \
		"$(echo "$wanted" | sed 's/^root$/id: cannot find name for group ID 0\n0/')" \
		"with $mode / links and mounts are covered, and what is missing is missing"
done
is "$(state etc elsewhere)" "$outside" 'and nothing is written through them'

# --- Kept ---

# shellcheck disable=SC2086 # one word of names
is "$(inside --keep-system-config sh -c "$contents" "${names% mtab}")" \
	"$(sh -c "$contents" "${names% mtab}")" '--keep-system-config keeps the files'
is "$(inside --keep-system-config readlink /etc/mtab)" "$(readlink /etc/mtab)" 'with the link'
is "$(inside --keep-system-config hostname)" "$(hostname)" 'and the name of the host'
is "$("$TARE" run -q --json "$tmp/json" --keep-system-config true
	jq -r .container.system_config "$tmp/json"
	"$TARE" run -q --json "$tmp/json" true
	jq -r .container.system_config "$tmp/json")" "$(printf 'kept\nreplaced')" \
	'the document says which it was'

# --- On the host's network ---

# shellcheck disable=SC2016 # expanded by the command
on_network='cat /etc/hosts /etc/nsswitch.conf /etc/resolv.conf /etc/hostname 2>&1; hostname
getent hosts "$(hostname)" localhost'
is "$(inside --network-access sh -c "$on_network")" "$(sh -c "$on_network")" \
	"with --network-access hosts are found as on the host, and it is called as the host is"
is "$(inside --network-access --uid 7 whoami; inside --network-access getent passwd daemon)" tare \
	'while users are the container'"'"'s own'
claim='another name is found besides'
if [ -e /etc/hosts ]; then
	is "$(inside --network-access --hostname box sh -c 'hostname -f; hostname; getent hosts localhost')" \
		"$(printf 'box\nbox\n'; getent hosts localhost)" "$claim"
else
	skip "$claim" 'this machine has no /etc/hosts'
fi

# --- In a root of its own ---

make_image image cat id ls head
make_image empty id
mkdir image/etc
echo 'user:x:7:7::/:/bin/sh' > image/etc/passwd
echo 'group:x:7:' > image/etc/group
ln -s /proc/self/fd/9 image/etc/hosts
ln -s "$home/elsewhere/file" image/etc/hostname
mkdir image/etc/resolv.conf
outside=$(state image elsewhere)
rooted() {
	inside --root-dir image "$@"
}
is "$(rooted --uid 7 sh -c 'id; cat /etc/hostname; head -n 1 /etc/hosts; ls -A /etc/resolv.conf')" \
	"$(printf 'uid=7(tare) gid=0(root) groups=0(root)\ntare\n127.0.0.1\tlocalhost\n/etc/resolv.conf')" \
	'a prepared root has them as well, whatever it has of that name'
is "$(inside --root-dir empty --uid 7 id)" 'uid=7(tare) gid=0(root) groups=0(root)' \
	'even without an /etc'
is "$(rooted --keep-system-config --uid 7 --gid 7 id)" 'uid=7(user) gid=7(group) groups=7(group)' \
	'--keep-system-config leaves its own'
copied=/etc/resolv.conf
[ ! -e /etc/hosts ] || copied="$copied /etc/hosts"
# shellcheck disable=SC2086 # a list of names
is "$(rooted --network-access cat $copied /etc/hostname)" "$(cat $copied; hostname)" \
	"on the host's network it has copies of the host's"
mv image/etc image/kept
ln -s kept image/etc
is "$(rooted id | grep -c '/etc is a symbolic link')" 1 'an /etc that is a link is told'
is "$(rooted --keep-system-config --uid 7 --gid 7 id)" 'uid=7(user) gid=7(group) groups=7(group)' \
	'and can be kept'
rm image/etc
mv image/kept image/etc
is "$(state image elsewhere | grep -v -e '^image [d]' -e '^image/etc ')" \
	"$(echo "$outside" | grep -v -e '^image [d]' -e '^image/etc ')" 'nothing of all that is written'

# --- What cannot be ---

refused 'is not a name' --hostname ''
refused 'is not a name' --hostname "$(printf '%65s' '' | tr ' ' x)"
refused 'is not a name' --hostname a/b
is "$(inside --hostname "$(printf 'a\nb')" true | grep -c 'is not a name')" 1 'nor with a newline'
refused 'given twice' --hostname a --hostname b
refused "keeps the host's" --hostname a --keep-system-config
refused 'without a container' --no-container --hostname a
refused 'without a container' --no-container --keep-system-config
is "$(inside --hostname "$(printf '%64s' '' | tr ' ' x)" hostname | wc -c)" 65 'a name may have 64 bytes'
is "$(host_state)" "$before" 'the host is as it was, and called as it was'

plan
