#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Directory modes: each by what can be read and written inside, and what is on the host afterwards.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root

home=/root/tare-test-$$
at_exit() {
	rm -rf "$home"
}
mkdir -p "$home/dir/below" "$home/other"
echo original > "$home/dir/file"
echo secret > "$home/dir/secret"
chmod 600 "$home/dir/secret"
echo deep > "$home/dir/below/file"
odd=$(printf '%s/a b\nc\\d\377' "$home")
mkdir "$odd"
echo odd > "$odd/file"
cd "$home" || exit

# Runs a script with options before it: inside OPTION... -- SCRIPT
inside() {
	"$TARE" run -q "$@" 2>&1
}

# --- Each mode ---

is "$(inside -- sh -c 'cat dir/secret; echo new > dir/file; cat dir/file')" \
	"$(printf 'secret\nnew')" 'overlay, the default, shows files and takes writes'
is "$(cat dir/file)" original 'which the host does not see'

is "$(inside --read-only-dir dir -- sh -c 'cat dir/secret; echo new 2>&- > dir/file || echo no')" \
	"$(printf 'secret\nno')" 'read-only shows files and takes no writes'

inside --full-access-dir dir -- sh -c 'echo new > dir/file; echo made > dir/made' > out
is "$(cat dir/file dir/made)" "$(printf 'new\nmade')" 'full access writes on the host'
is "$(stat -c '%u %g %a' dir/made)" '0 0 644' 'as the caller, with the usual mode'
rm dir/made
echo original > dir/file

is "$(inside --hidden-dir dir -- sh -c 'ls -A dir; echo x > dir/x; cat dir/x')" x \
	'hidden is an empty directory that can be written'
is "$(ls dir)" "$(printf 'below\nfile\nsecret')" 'and whose files are nowhere on the host'

# --- One below the other, in both orders of the options ---

below() {
	claim=$1
	outer=$2
	inner=$3
	wanted=$4
	script='cat dir/below/file 2>&-; echo x 2>&- > dir/below/x && echo wrote
echo x 2>&- > dir/x && echo wrote above'
	is "$(inside "$outer" dir "$inner" dir/below -- sh -c "$script")" "$wanted" "$claim"
	is "$(inside "$inner" dir/below "$outer" dir -- sh -c "$script")" "$wanted" \
		"$claim, given the other way round"
	rm -f dir/x dir/below/x
}
below 'read-only below overlay' --overlay-dir --read-only-dir "$(printf 'deep\nwrote above')"
below 'overlay below read-only' --read-only-dir --overlay-dir "$(printf 'deep\nwrote')"
below 'read-only below hidden' --hidden-dir --read-only-dir "$(printf 'deep\nwrote above')"
below 'hidden below read-only' --read-only-dir --hidden-dir wrote
below 'hidden below full access' --full-access-dir --hidden-dir "$(printf 'wrote\nwrote above')"

inside --hidden-dir dir --full-access-dir dir/below -- sh -c 'echo x > dir/below/x; echo x > dir/x'
is "$(find dir -name x)" dir/below/x 'full access below hidden reaches the host, and no more'
rm -f dir/below/x

# --- Places ---

is "$(inside --hidden-dir "$home/other" --read-only-dir "$odd" -- sh -c 'cat */file' sh)" \
	"$(printf 'odd\noriginal')" 'a name with a blank, a newline and no UTF-8 is a name'
is "$(inside --read-only-dir / -- sh -c 'touch /etc/x 2>&- || echo no; touch /tmp/x && echo tmp')" \
	"$(printf 'no\ntmp')" 'the root can be read-only, and /tmp is still the command'"'"'s own'
is "$(cd / && inside --hidden-dir / --read-only-dir "$programs" -- "$programs/attempt" 2>&1 |
	head -n 1)" 'usage: attempt NAME [WORD]' 'the root can be hidden but for one directory'
echo here > "$tmp/beside"
is "$(inside --keep-tmp -- sh -c "cat $tmp/beside; echo back > $tmp/back"; cat "$tmp/back")" \
	"$(printf 'here\nback')" '--keep-tmp shares /tmp with the host'
is "$(cd dir && inside --read-only-dir . -- sh -c 'pwd; cat file')" \
	"$(printf '%s\noriginal' "$home/dir")" 'a mode for the current directory'

mkdir mounted
mount -t tmpfs -o mode=700 tare-test mounted
echo inner > mounted/file
is "$(inside -- sh -c 'cat mounted/file; echo x > mounted/x && echo wrote'; ls mounted)" \
	"$(printf 'inner\nwrote\nfile')" 'a mount below is an overlay of its own'
# Before 6.3 no owners are mapped in a tmpfs: then it shows what others may read.
! kernel_before 6.3 || chmod 755 mounted
is "$(inside --read-only-dir . -- sh -c 'cat mounted/file; touch mounted/x 2>&- || echo no')" \
	"$(printf 'inner\nno')" 'a mount below a read-only directory is read-only'
is "$(inside --hidden-dir . -- sh -c 'ls -A; pwd')" "$home" \
	'a hidden directory where the command starts is there, and empty'
umount mounted

is "$(inside --dir /tmp/../usr sh -c 'pwd; ls -A /tmp')" /usr 'a start directory is meant where it leads'
ln -s "$tmp" way
is "$(inside --dir way sh -c 'pwd; cat beside')" "$(printf '%s\nhere' "$tmp")" \
	'and is seen there, even below /tmp'

# --- What cannot be ---

ln -s dir link
refused 'No such file or directory' --hidden-dir missing
refused 'is not a directory' --read-only-dir dir/file
refused 'is a symbolic link' --overlay-dir link
refused 'is empty' --hidden-dir ''
refused 'has another mode already' --hidden-dir dir --overlay-dir "$home//dir/../dir/"
refused 'is given twice' --hidden-dir dir --hidden-dir ./dir
refused 'is made fresh' --full-access-dir /proc
refused 'is made fresh' --hidden-dir /sys/kernel
refused 'without a container' --no-container --hidden-dir dir

# Runs tare where there is no cgroup to be had.
without_cgroups() {
	unshare -m sh -c 'mount -t tmpfs tare-test /sys/fs/cgroup && exec "$@"' sh "$TARE" run -q "$@" 2>&1
}
is "$(without_cgroups true | grep -c 'make cgroup\|cgroup2')" 1 'without cgroups there is no run'
is "$(without_cgroups --hidden-dir missing true | grep -c missing)" 1 \
	'what is refused is refused before there are any'

plan
