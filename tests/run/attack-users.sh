#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The attempts of the other attack tests, made inside by the command of an ordinary user, who is
# outside what it is inside: whatever is refused to root's command is refused to it.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root
# shellcheck source=lib/user.sh
. "$(dirname "$0")/lib/user.sh"

at_exit() {
	leave_user
}

# What those tests call instead of tare: the user calls it, in the same place.
cat > "$tmp/tare" << END
#!/bin/sh
shift
exec "$tmp/as-user" "$contain_program" "\$@"
END
chmod 755 "$tmp/tare"

for about in files machine process; do
	TARE=$tmp/tare TARE_TEST_ATTACKER=user TARE_TEST_USER=$user "tests/run/attack-$about.sh" \
		> "$tmp/said" 2> "$tmp/errors"
	is "$? $(sed -n '/^#/p; /^not ok/p' "$tmp/said")" '0 ' "attack-$about.sh, as an ordinary user"
	check "which made $(grep -c '^ok' "$tmp/said") attempts" grep -q '^1\.\.' "$tmp/said"
done

# --- With namespaces and mounts of its own, if --allow lets it ---

mkdir "$tmp/here" "$tmp/here/dir"
own "$tmp/here"
cd "$tmp/here" || exit
cp "$programs/attempt" .
nested() {
	# shellcheck disable=SC2086 # a list of words
	contain $options --allow namespaces --allow mounts \
		unshare -Urmpfinu --propagation unchanged sh -c "$1" 2>&1 < /dev/null | tail -n 1
}
options=
is "$(nested 'mount -t tmpfs none /mnt && echo done')" 'done' \
	'it can have namespaces and a tmpfs of its own'
while IFS='|' read -r claim script; do
	is "$(nested "{ $script; } > /dev/null 2>&1 && echo done || echo no")" no "$claim"
done << 'TABLE'
but no new /proc|mount -t proc none /mnt
nor a new /sys|mount -t sysfs none /mnt
/proc stays read-only|mount -o remount,bind,rw /proc/sys
the root stays nosuid|mount -o remount,bind,suid /
what lies over a masked file stays|umount /proc/timer_list
what lies over the host's /dev stays|umount /dev/null
no cgroup2 is mounted|mount -t cgroup2 none /mnt
nor version 1|mount -t cgroup -o memory none /mnt
no cgroup namespace is made, in which they could be|unshare -C true
PID 1 is not traced|nsenter --mount=/proc/1/ns/mnt true
TABLE
options="--read-only-dir $PWD/dir"
is "$(nested 'mount --bind dir dir && mount -o remount,bind,rw dir && touch dir/file || echo no')" no \
	'a read-only directory stays so'
is "$(contain ./attempt clone3-user)" ENOSPC 'without --allow it makes no namespace'

plan
