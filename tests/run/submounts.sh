#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Mounts below the root: of every type of file system that can be mounted here, in every place, with
# every option. All in a mount namespace of its own, which takes them with it.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
set -u
[ -n "${TARE_TEST_MOUNTS-}" ] ||
	exec env TARE_TEST_MOUNTS=own unshare --mount --propagation private "$0" "$@"
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

# Not below $tmp, and a mount itself, with which at the end all go that are below it.
place=/var/tmp/test-of-tare-$$
images=$tmp/images
at_exit() {
	cd / && umount --lazy "$place" && rm -rf --one-file-system "$place"
}
mkdir "$place" "$images"
mount --bind "$place" "$place" || exit
cd "$place" || exit

# Of files like those beside it, on any kernel: tmpfs maps owners from Linux 6.3 on.
mount_here() {
	mkdir -p "$1"
	mount --bind "$1" "$1"
}

inside() {
	"$TARE" run -q "$@" 2>&1
}
# What the last document says of a mount: "masked", "unmapped", "read_only", in this order.
noted() {
	jq -r --arg path "$1" '.container.mounts[] | select(.path == $path) |
		[to_entries[] | select(.value == true) | .key] | join(" ")' "$tmp/json"
}

is_since() {
	uname -r | awk -F . -v major="$1" -v minor="$2" '{ exit !($1 > major || $1 == major && $2 >= minor) }'
}

# --- Types ---

# What a file system of files has to do, in the directory that is its top.
script='cat file; echo new > file; cat file; echo more > more; mkdir d; mv more d; cat d/more; rm file
stat -c "%U %a" .'
worked=$(printf 'original\nnew\nmore\nroot 750')

# files CLAIM NAME: mounted there already, empty.
files() {
	chmod 750 "$2"
	echo original > "$2/file"
	chmod 600 "$2/file"
	weigh sh -c "cd $2 && $script"
	is "$(cat "$said") $(noted "$place/$2")" "$worked " "$1 is seen and written like the root"
	is "$(cat "$2/file") $(ls -I lost+found "$2")" 'original file' 'and is as it was on the host'
}

mkdir tmpfs
mount -t tmpfs tare-test tmpfs
weigh true
if [ "$(noted "$place/tmpfs")" = unmapped ] && ! is_since 6 3; then
	skip 'a tmpfs is seen and written like the root' 'tmpfs maps owners from Linux 6.3 on'
else
	files 'a tmpfs' tmpfs
fi

# image TYPE SIZE MKFS...: mounts a new one on a directory of that name.
image() {
	type=$1
	truncate -s "$2" "$images/$type"
	shift 2
	mkdir "$type"
	"$@" "$images/$type" > "$tmp/mkfs" 2>&1 && mount -o loop "$images/$type" "$type"
}
has_type() {
	grep -qw "$1" /proc/filesystems
}
if has_type btrfs; then
	check 'a btrfs can be made' image btrfs 120M mkfs.btrfs -q
	files 'btrfs' btrfs
	btrfs -q subvolume create btrfs/sub
	echo sub > btrfs/sub/file
	btrfs -q subvolume snapshot -r btrfs/sub btrfs/snapshot
	mkdir bound
	mount --bind btrfs/sub bound
	is "$(inside sh -c 'for at in btrfs/sub btrfs/snapshot bound; do
		cat $at/file; echo new > $at/file; cat $at/file; rm -r $at/file; ls $at; done')" \
		"$(printf 'sub\nnew\nsub\nnew\nsub\nnew')" \
		'so are its subvolumes, read-only ones, and where one is bound'
	is "$(inside --read-only-dir btrfs/sub --hidden-dir btrfs/snapshot --full-access-dir bound -- \
		sh -c 'cat btrfs/sub/file; touch btrfs/sub/x || ls -A btrfs/snapshot; touch bound/made' |
		sed 's/^touch: .*/refused/')" "$(printf 'sub\nrefused')" \
		'a subvolume can have a mode of its own'
	check 'and what is written through a bound one is in it' test -e btrfs/sub/made
else
	skip 'btrfs' 'this kernel has no btrfs'
fi
if has_type xfs; then
	check 'an xfs can be made' image xfs 320M mkfs.xfs -q
	files 'xfs' xfs
else
	skip 'xfs' 'this kernel has no xfs'
fi
if has_type vfat; then
	check 'a vfat can be made' image vfat 16M mkfs.vfat
	echo original > vfat/file
	weigh sh -c 'cat vfat/file; echo new 2>&- > vfat/new || echo no'
	is "$(cat "$said") $(noted "$place/vfat")" "$(printf 'original\nno read_only')" \
		'vfat, over which there is no overlay, is read-only, and that is told'
	is "$(inside --full-access-dir vfat -- sh -c 'echo new > vfat/new'; cat vfat/new)" new \
		'and written where full access is given'
else
	skip 'vfat' 'this kernel has no vfat'
fi

touch namespace
mount --bind /proc/self/ns/uts namespace
weigh sh -c 'wc -c < namespace; echo x 2>&- > namespace || echo no'
is "$(cat "$said") $(noted "$place/namespace")" "$(printf '0\nno masked')" \
	'a namespace that is mounted on a file is an empty file, and that is told'
umount namespace

mkdir lower upper work overlay
mount -t tmpfs tare-test upper
mkdir upper/upper upper/work
mount -t overlay -o lowerdir=lower,upperdir=upper/upper,workdir=upper/work tare-test overlay
echo open > overlay/open
chmod 666 overlay/open
echo secret > overlay/secret
chmod 600 overlay/secret
mkdir overlay/everyones overlay/own
chmod 777 overlay/everyones
weigh sh -c 'cd overlay; cat open; echo more >> open; cat open; cat secret || echo no
touch everyones/x new && touch own/x || ls everyones new'
is "$(cat "$said") $(noted "$place/overlay")" "$(printf 'open\nopen\nmore\nno\nnew\n\neveryones:\nx') unmapped" \
	'an overlay has the rights of others, all in its top directory, and that is told'
is "$(cat overlay/open; ls overlay overlay/everyones)" \
	"$(printf 'open\noverlay:\neveryones\nopen\nown\nsecret\n\noverlay/everyones:')" \
	'and is as it was on the host'
chown 1234 overlay
is "$(inside sh -c 'touch overlay/new; stat -c %U overlay' | sed 's/^touch: .*/no/')" \
	"$(printf 'no\nnobody')" "but its top directory is the command's only when it is the caller's"
chown 0 overlay
is "$(inside --full-access-dir overlay -- sh -c 'cat overlay/secret || touch overlay/everyones/made
	touch overlay/made || echo no' | grep -v :; stat -c '%u' overlay/everyones/made)" \
	"$(printf 'no\n1879048192')" 'with full access it has the rights of others, and is not root'
rm overlay/everyones/made

# map-owners has mapped them already, and nobody can do so twice.
mkdir mapped
echo mine > mapped/file
chmod 644 mapped/file
check 'a mount with mapped owners can be made' "$programs/map-owners" mapped
check 'on which the host sees the mapped owner' test "$(stat -c %u mapped/file)" = 100
weigh sh -c 'cat mapped/file; echo x >> mapped/file || echo no'
is "$(cat "$said") $(noted "$place/mapped")" "$(printf 'mine\nno') unmapped" \
	'what maps owners already is seen with the rights of others'

if [ -c /dev/fuse ] && has_type fuse; then
	mkdir fuse private dead
	mkfifo "$tmp/fuse"
	serve() {
		"$programs/serve-files" "$1" "$2" < "$tmp/fuse" >> "$tmp/ready" &
	}
	serve fuse user_id=0,group_id=0,allow_other
	serve private user_id=1234,group_id=1234
	serve dead user_id=0,group_id=0,allow_other
	dead=$!
	exec 5> "$tmp/fuse"
	is_served() {
		[ "$(wc -l < "$tmp/ready")" -eq 3 ]
	}
	check 'FUSE file systems are served' wait_until is_served
	is "$(cat fuse/file; ls private 2>&1)" "served
ls: cannot access 'private': Permission denied" 'one lets nobody in but its user, not even root'
	kill "$dead"
	is_dead() {
		! kill -0 "$dead"
	}
	wait_until is_dead
	weigh sh -c 'cat fuse/file; echo new > fuse/new; cat fuse/new; ls -A private; cat dead/file'
	is "$(cat "$said") $(noted "$place/fuse") $(noted "$place/private")" \
		"$(printf 'served\nnew unmapped masked')" \
		'FUSE has the rights of others, and what the caller cannot look at is an empty directory'
	is "$(cat "$tmp/errors")" 'cat: dead/file: Transport endpoint is not connected' \
		'one whose server is gone is as it is on the host'
	umount --lazy fuse private dead
	exec 5>&-
else
	skip 'FUSE' 'this kernel has no FUSE'
fi

# --- Types of the kernel ---

masked() {
	mkdir "$1"
	mount -t "$1" tare-test "$1" || return
	check "on the host, $1 has something in it" test -n "$(ls -A "$1")"
	weigh sh -c "ls -A $1; touch $1/x 2>&- || echo no"
	is "$(cat "$said") $(noted "$place/$1") $(number container.masked_mounts)" 'no masked 1' \
		"$1 is an empty directory, and that is told"
	umount "$1"
}
for type in proc sysfs devtmpfs cgroup2 devpts; do
	masked $type
done

# The automounter's own process group alone may make directories there; tare is in another one.
mkdir automount
mkfifo "$tmp/automount"
exec 5<> "$tmp/automount"
if mount -t autofs -o "fd=5,pgrp=$(ps -o pgid= $$ | tr -d ' '),minproto=5,maxproto=5,indirect" \
	tare-test automount; then
	exec 5>&-
	mkdir automount/on automount/on-file
	mount -t tmpfs tare-test automount/on
	echo text > automount/on/file
	mount --bind automount/on/file automount/on-file 2>&- || rmdir automount/on-file
	weigh setsid -w sh -c 'ls automount; cat automount/on/file; echo x > automount/on/x && echo wrote'
	is "$(cat "$said") $(noted "$place/automount")" "$(printf 'on\ntext\nwrote') masked" \
		'of an automounter only what it has mounted is shown'
	umount automount/on
	umount automount
else
	exec 5>&-
	skip 'of an automounter only what it has mounted is shown' 'autofs cannot be mounted here'
fi

# --- Files ---

mkdir files
echo original > files/file
echo bound > "$tmp/bound"
mount --bind "$tmp/bound" files/file
weigh sh -c 'cat files/file; echo x 2>&- > files/file || echo no; echo y > files/other && cat files/other'
is "$(cat "$said") $(noted "$place/files/file")" "$(printf 'bound\nno\ny read_only')" \
	'a bound file is read-only in an overlay, and that is told'
weigh --read-only-dir files cat files/file
is "$(cat "$said") $(noted "$place/files/file")" 'bound ' \
	'below a read-only directory that is what was asked for'
is "$(inside --hidden-dir files -- ls -A files)" '' 'below a hidden one it is hidden'
inside --full-access-dir files -- sh -c 'echo changed > files/file' > "$tmp/said"
is "$(cat "$tmp/said" "$tmp/bound")" changed 'with full access it is written'

# --- Options ---

mkdir options
mount -t tmpfs -o noexec,noatime,nodev,nosuid tare-test options
cp "$programs/attempt" options
check 'on the host, nothing is executed on a mount with noexec' \
	test "$(options/attempt 2>&1 | grep -c 'Permission denied')" = 1
for mode in --overlay-dir --read-only-dir --full-access-dir; do
	weigh $mode options options/attempt
	is "$(number outcome.kind) $(number outcome.error.errno)" 'not_started EACCES' \
		"nor is it inside, $mode"
done
is "$(inside sh -c "grep -w $place/options /proc/self/mountinfo" | grep -c noatime)" 1 \
	'noatime stays too'
mount -o remount,bind,ro options
is "$(inside sh -c 'echo x > options/x && cat options/x')" x \
	'an overlay over a read-only mount can be written'
is "$(inside --full-access-dir options -- sh -c 'echo x 2>&- > options/x || echo no')" no \
	'full access to it cannot'
umount options
if mount -t tmpfs -o nosymfollow,mode=755 tare-test options 2> "$tmp/ignored" &&
	grep -q "$place/options .*nosymfollow" /proc/self/mountinfo; then
	ln -s "$place/tmpfs/file" options/link
	is "$(cat options/link 2>&1; inside cat options/link)" "cat: options/link: \
Too many levels of symbolic links
cat: options/link: Too many levels of symbolic links" 'links that are not followed stay so'
else
	skip 'links that are not followed stay so' 'this mount(8) does not know nosymfollow'
fi

# --- Places ---

mkdir closed closed/mounted
mount -t tmpfs tare-test closed/mounted
echo text > closed/mounted/file
chmod 000 closed
is "$(inside sh -c 'cat closed/mounted/file 2>&- || echo no; chmod 700 closed; cat closed/mounted/file')" \
	"$(printf 'no\ntext')" 'a mount below a closed directory is there when it is opened'
chmod 700 closed

mkdir over over/below
mount -t tmpfs tare-test over
mkdir over/lower over/below
echo under > over/file
mount -t tmpfs tare-test over/below
echo covered > over/below/file
mount -t tmpfs tare-test over
echo top > over/file
is "$(inside sh -c 'cat over/file; ls over')" "$(printf 'top\nfile')" \
	'of two mounts in one place the upper one is seen, and nothing that is below the other'

mkdir source bound-away
echo text > source/file
mount --bind source bound-away
rm -r source
check 'on the host, a bound directory can be removed' test -d bound-away -a ! -e source
is "$(inside sh -c 'ls -A bound-away; echo still here')" 'still here' 'and a run does not fail for it'

# In one argument each, and with the name as the kernel writes it.
hard=$(printf 'a b\tc\nd\\134e#f\377')
mkdir "$hard" "$hard/below it"
mount -t tmpfs tare-test "$hard/below it"
echo odd > "$hard/below it/file"
is "$(inside sh -c 'cat */below*/file; echo x > "$1/below it/x" && cat */below*/x' sh "$hard")" \
	"$(printf 'odd\nx')" 'a mount has any name: blank, tab, newline, backslash, no UTF-8'
mount -t proc tare-test "$hard/below it"
weigh true
is "$(jq -r '.container.mounts[0].path_base64' "$tmp/json" | base64 -d)" "$place/$hard/below it" \
	'which the document has byte by byte'

at=nest
mkdir nest
for name in a b c d; do
	at=$at/$name
	mount_here $at
	echo text > $at/file
done
# nest CLAIM WANTED OPTION...: for each of the four what is read and written: "rw", "r-", "-w", "--".
nest() {
	nest_claim=$1
	nest_wanted=$2
	shift 2
	is "$(inside "$@" -- sh -c 'cd nest; for at in a a/b a/b/c a/b/c/d; do
		[ -e $at/file ] && printf r || printf -- -
		(echo x > $at/written) 2> /dev/null && printf "w " || printf -- "- "; done')" \
		"$nest_wanted " "$nest_claim"
	nest_reached=$(cd nest && find . -name written | sort)
	find nest -name written -delete
}
nest 'mounts in mounts are overlays' 'rw rw rw rw'
is "$nest_reached" '' 'none of which reaches the host'
nest 'read-only below overlay below read-only' 'r- rw r- r-' --read-only-dir nest/a \
	--overlay-dir nest/a/b --read-only-dir nest/a/b/c
nest 'hidden in hidden is hidden' '-w -- -- --' --hidden-dir nest/a --hidden-dir nest/a/b/c
nest 'full access below hidden below read-only' 'r- -w rw rw' --read-only-dir nest/a \
	--hidden-dir nest/a/b --full-access-dir nest/a/b/c
is "$nest_reached" "$(printf './a/b/c/d/written\n./a/b/c/written')" 'reaches the host, and no more does'
nest 'hidden below full access' 'rw rw -w --' --full-access-dir nest/a --hidden-dir nest/a/b/c
is "$nest_reached" "$(printf './a/b/written\n./a/written')" 'and full access is with all below'

# Where the command starts, and one level below.
mkdir -p begin/below
echo text | tee begin/below/file > begin/file
begin() {
	for at in begin begin/below; do
		is "$(cd $at && inside "$1" "$place/begin" -- sh -c 'pwd; cat file; echo x 2>&- > written ||
			echo no; cat written') $(find begin -name written)" "$place/$at
$2${3:+ $at/written}" "a command starts in $at, $1 of begin"
		rm -f $at/written
	done
}
begin --overlay-dir "$(printf 'text\nx') "
begin --read-only-dir "$(printf "text\nno\ncat: written: No such file or directory") "
begin --full-access-dir "$(printf 'text\nx')" reached
is "$(cd begin && inside --hidden-dir . -- sh -c 'pwd; ls; echo x > written; cat written' && ls)" \
	"$(printf '%s\nx\nbelow\nfile' "$place/begin")" 'or in begin, --hidden-dir of begin'
is "$(cd begin/below && inside --hidden-dir "$place/begin" -- pwd | head -n 1)" \
	"tare: pwd: tare failed: enter directory '$place/begin/below' inside the container: \
No such file or directory (ENOENT)" 'but not below it'

# --- Shared memory of older systems ---

mount -t tmpfs tare-test /run
mkdir /run/shm
mount -t tmpfs tare-test /run/shm
echo secret > /run/shm/secret
for mode in --hidden-dir --overlay-dir --read-only-dir --full-access-dir; do
	is "$(inside $mode /run -- sh -c 'ls -A /run/shm; stat -c %a /run/shm; stat -f -c %T /run/shm
		echo x > /run/shm/x && cat /run/shm/x')" "$(printf '1777\ntmpfs\nx')" \
		"/run/shm is fresh, and can be written, $mode of /run"
done
is "$(ls -A /run/shm)" secret 'with nothing of that on the host'
is "$(inside --full-access-dir /run/shm -- ls /run/shm)" secret 'unless it is given a mode itself'
umount /run/shm
rmdir /run/shm
is "$(inside ls -d /run/shm 2>&1 | grep -c 'No such file')" 1 'where the host has none, there is none'
umount /run

# --- Many ---

mkdir many
for number in $(seq 300); do
	mkdir many/"$number" && mount -t tmpfs tare-test many/"$number" && echo text > many/"$number"/file
done
# A run with 300 takes 0.1 s; a minute is for machines that are busy otherwise.
is "$(timeout 60 "$TARE" run -q sh -c 'cat many/*/file | wc -l; for at in many/*; do
	echo x > "$at/x"; done; cat many/*/x | wc -l'; ls many/*/x 2>&-)" "$(printf '300\n300')" \
	'300 mounts are overlays in a run that takes no more than a moment'

umount many/*

# --- What goes wrong while the container is built ---

mount_here zzz
echo text > zzz/file
chmod 600 zzz/file
# injected WHAT COMMAND...: a run in which a system call fails so; zzz is mounted last.
injected() {
	injection=$1
	shift
	rm -f "$tmp/json"
	# shellcheck disable=SC2086 # two words or none
	strace -f -qq -o "$tmp/trace" -e trace="${injection%%:*}" -e inject="$injection" $only_at \
		"$TARE" run -q --json "$tmp/json" "$@" > "$said" 2> "$tmp/errors"
}
claims='an overlay that the kernel refuses is a read-only mount with mapped owners, and that is told
what the kernel says besides ends the run, with the name of the mount
a table of mounts that is full is told with what enlarges it
what is unmounted and removed meanwhile is no longer missed
a kernel without overlays is told with what brings them'
if command -v strace > "$tmp/ignored"; then
	only_at=
	strace -f -qq -o "$tmp/trace" -e trace=fsconfig "$TARE" run -q true
	# Its options come first, and then the overlay is made.
	last=$(awk '/lower[0-9]+"/ { made = 0; lower = 1 }
		lower && !made && /FSCONFIG_CMD_CREATE/ { made = NR }
		END { print made }' "$tmp/trace")
	check 'the last overlay of a run is found' test "$last" -gt 0
	injected "fsconfig:error=EINVAL:when=$last" sh -c 'cat zzz/file; echo x > zzz/x || echo no'
	is "$(cat "$said") $(noted "$place/zzz")" "$(printf 'text\nno read_only')" \
		"$(echo "$claims" | sed -n 1p)"
	injected "fsconfig:error=EIO:when=$last" true
	is "$? $(cat "$tmp/errors")" "125 tare: true: tare failed: show '$place/zzz' in the container: \
create a new overlay: Input/output error (EIO)" "$(echo "$claims" | sed -n 2p)"
	injected move_mount:error=ENOSPC:when=3 true
	is "$? $(grep -c 'hint .*fs.mount-max' "$tmp/errors")" '125 1' "$(echo "$claims" | sed -n 3p)"
	strace -f -qq -o "$tmp/trace" -e trace=fsopen "$TARE" run -q true
	first=$(awk '/"overlay"/ { print NR; exit }' "$tmp/trace")
	injected "fsopen:error=ENODEV:when=$first" true
	is "$? $(grep -c 'hint .*modprobe overlay' "$tmp/errors")" '125 1' "$(echo "$claims" | sed -n 5p)"
	only_at="-P $place/zzz"
	injected open_tree:error=ENOENT echo x
	is "$(cat "$said") $(grep -c INJECTED "$tmp/trace")" 'x 1' "$(echo "$claims" | sed -n 4p)"
else
	echo "$claims" > "$tmp/claims"
	while read -r claim; do
		skip "$claim" 'no strace: scripts/setup check'
	done < "$tmp/claims"
fi

nothing_is_lost
plan
