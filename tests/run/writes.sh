#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where what a command writes goes: to memory, or with --no-tmpfs to a directory on disk that nobody
# else can enter and that is gone afterwards, whatever was put into it and however tare ended.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

# On disk, with a name that is hard to write down.
disk=$(printf '/var/tmp/test-%s-of-tare a,b:c\\d\ne' $$)
at_exit() {
	rm -rf "$disk"
}
mkdir "$disk" "$disk/start" "$disk/below"
echo original > "$disk/start/file"
cd "$disk/start" || exit

inside() {
	"$TARE" run -q "$@" 2>&1
}
inside_on_disk() {
	TMPDIR=$disk inside --no-tmpfs "$@"
}
left() {
	find "$disk" -maxdepth 1 -name 'tare-*'
}

# --- To memory ---

size=67108864
is "$(inside stat -f -c %T /tmp /dev/shm)" "$(printf 'tmpfs\ntmpfs')" \
	'what is written goes to memory'
# The command itself takes less than the quarter that is allowed for it.
weigh sh -c 'head -c 1 /dev/zero > /dev/null'
alone=$(number memory.peak_bytes)
for place in /tmp /root /dev/shm; do
	weigh sh -c "head -c $size /dev/zero > $place/x"
	check "and what is written to $place is in the peak of its memory" \
		is_between $size "$(number memory.peak_bytes)" $((alone + size + size / 4))
done

# --- To disk ---

is "$(inside_on_disk stat -f -c %T / /tmp /dev/shm)" "$(printf 'overlayfs\noverlayfs\ntmpfs')" \
	'--no-tmpfs: what is written goes to disk, all but /dev/shm'
is "$(inside_on_disk sh -c 'for place in / /root /tmp /run "$PWD"; do
	cd "$place" && mkdir d && echo x > d/x && mv d/x d/y && cat d/y && chmod 1777 d || echo "$place"
done; stat -c "%a %U" /tmp /run; cat file; echo new > file; cat file; rm file; ls')" \
	"$(printf 'x\nx\nx\nx\nx\n1777 root\n755 root\noriginal\nnew\nd')" 'as it does to memory'
is "$(cat file) $(ls)" 'original file' 'and does not reach the host'
is "$(left)" '' 'nor stays on disk'
# Page cache is memory of whoever filled it.
weigh --no-tmpfs sh -c "head -c $size /dev/zero > /tmp/x"
check 'page cache of what is written to disk is in the peak of its memory' \
	is_between $size "$(number memory.peak_bytes)" $((alone + size + size / 4))

export TMPDIR="$disk"
start --no-tmpfs sh -c 'echo secret > /tmp/written; echo ready; read -r line'
unset TMPDIR
scratch=$(left)
is "$(printf '%s\n' "$scratch" | grep -c "/tare-[0-9a-f]*$") $(stat -c '%a %F' "$scratch")" \
	'1 700 directory' 'while the run lasts it is one directory in TMPDIR'
is "$(find "$scratch" -name written -exec cat {} +)" secret 'which has what was written'
# Other runs see the directory only where they are shown all of TMPDIR: as themselves, and as who
# may write there.
name=${scratch##*/}
attempt="cd '$disk' && ls -d $name && { ls $name/ || mv $name moved || rm -r $name || rmdir $name ||
	chmod 777 $name || chown 0:0 $name || mount -t tmpfs x $name; } > /dev/null 2>&1 && echo reached"
check 'root on the host can enter it' ls "$scratch/"
for mode in --overlay-dir --full-access-dir --read-only-dir; do
	is "$(inside $mode "$disk" -- sh -c "$attempt")" "$name" \
		"another run that is shown TMPDIR by $mode cannot enter, move or remove it"
done
finish
is "$? $(left)" '0 ' 'it is gone when the run is over'

# Its own run is no different, but that it sees an empty directory, which it cannot change.
own="cd '$disk' && ls -A tare-*/ && echo empty; find . -name written | grep . ; mv tare-* moved; rmdir tare-*
touch tare-*/x; rm -rf tare-*; ls -d tare-* | wc -l"
echo x > "$disk/written"
for mode in --overlay-dir --full-access-dir --read-only-dir; do
	is "$(inside_on_disk $mode "$disk" -- sh -c "echo secret > /tmp/written; $own" 2>&1 |
		grep -v '^[a-z]*: ')" "$(printf 'empty\n./written\n1')" \
		"where TMPDIR is shown by $mode, the own directory is empty, and stays"
done
is "$(left)" '' 'and all are removed'
is "$(TMPDIR='' inside --no-tmpfs --keep-tmp ls -A /tmp | grep -c '^tare-[0-9a-f]*$')" 1 \
	'without TMPDIR it is in /tmp'
is "$(inside_on_disk -- sh -c "ls -A '$disk'" | grep -c '^tare-[0-9a-f]*$')" 1 \
	'TMPDIR below the root is shown as the root is'
is "$(cd / && inside_on_disk --hidden-dir "$disk" -- ls -A "$disk")" '' 'and hidden where it is hidden'

# --- What is hard to remove ---

cp "$programs/dig" .
is "$(inside_on_disk sh -c './dig /tmp 10000 && ./dig . 10000 && ./dig /root 1 && echo dug')" dug \
	'a command can leave directories 10,000 levels deep'
is "$(left)" '' 'they are removed'
is "$(inside_on_disk sh -c 'mkdir /tmp/wide && cd /tmp/wide &&
	seq 20000 | xargs touch && seq -f %g.d 5000 | xargs mkdir -m 0 &&
	rm -r /etc /usr/share/doc 2> /dev/null; mkfifo f; ln -s / l; ls | wc -l')" 25002 \
	'or wide and closed ones, links, FIFOs and removed directories of the host'
is "$(left)" '' 'they are removed as well'
check 'and what they led to is there' test -d /etc -a -d /usr/share

# --- However tare ends ---

is_gone() {
	[ -z "$(left)" ]
}
export TMPDIR="$disk"
start --no-tmpfs sh -c './dig /tmp 3000; echo ready; read -r line'
unset TMPDIR
check 'before tare is killed the directory is there' test -n "$(left)"
kill -KILL "$tare"
wait "$tare"
exec 3>&- 4<&-
check 'after SIGKILL of tare it is removed' wait_until is_gone
is "$(inside_on_disk no-such-program | grep -c 'not started'; left)" 1 \
	'after a run that could not start, too'

# --- What cannot be ---

refused 'without a container' --no-tmpfs --no-container
unusable() {
	claim=$1
	message=$(TMPDIR=$2 "$TARE" run -q --no-tmpfs true 2>&1)
	is "$? $(printf '%s\n' "$message" | grep -c -e "--no-tmpfs: .*$3" -e 'hint.*set TMPDIR to') \
$(printf '%s\n' "$message" | wc -l)" '125 2 2' "$claim"
}
unusable 'a TMPDIR that is not absolute is told' relative/path 'is not an absolute path'
unusable 'or that is missing' /no/such/directory 'No such file'
unusable 'or that is a file' /etc/passwd 'Not a directory'
unusable 'or in which nothing can be made' /sys 'EPERM'
cat > "$tmp/on-overlay" << 'END'
mkdir "$1/lower" "$1/upper" "$1/work" "$1/merged"
mount -t overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" overlay "$1/merged" &&
TMPDIR=$1/merged "$TARE" run -q --no-tmpfs true 2>&1
find "$1/upper" -mindepth 1
END
mkdir "$tmp/layers"
mount -t tmpfs tare-test "$tmp/layers"
is "$(TARE=$TARE unshare -m sh "$tmp/on-overlay" "$tmp/layers" |
	sed "s|$tmp|TMP|; s/\(an overlay writes\): .*/\1/")" "tare: true: tare failed: --no-tmpfs: \
TMP/layers/merged is on a file system that cannot keep what an overlay writes
  hint      set TMPDIR to a directory on ext4, xfs or btrfs, or let writes go to memory, without --no-tmpfs" \
	'or whose file system cannot be the upper layer of an overlay, of which nothing is left'
umount "$tmp/layers"

plan
