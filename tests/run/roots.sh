#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Roots: tare on a machine whose '/' is a btrfs, an xfs, a tmpfs, or the overlay of a container; and
# tare in tare. Each root is made in a mount namespace of its own, which takes it with it.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root

place=/var/tmp/test-of-tare-$$
images=$tmp/images
at_exit() {
	rmdir "$place"
}
mkdir "$place" "$images"

# --- Making roots ---

has_type() {
	grep -qw "$1" /proc/filesystems
}
is_since() {
	uname -r | awk -F . -v major="$1" -v minor="$2" '{ exit !($1 > major || $1 == major && $2 >= minor) }'
}

# Functions for the fixture, which is a shell of its own.
cat > "$tmp/make-root" << 'END'
set -eu
type=$1 place=$2 images=$3 tmp=$4 project=$5 script=$6

# The host's programs and no more of it: /usr and the links that lead there.
fill() {
	for entry in /*; do
		if [ -L "$entry" ]; then cp -P "$entry" "$1"; fi
	done
	mkdir -p "$1/usr" "$1/etc" "$1/root" "$1/srv" "$1/var"
	chmod 700 "$1/root"
	mount --bind /usr "$1/usr"
	cp /etc/passwd /etc/group /etc/ld.so.cache "$1/etc"
}

image() {
	rm -f "$images/$1"
	truncate -s "$2" "$images/$1"
	mkfs."$1" -q "$images/$1" > "$tmp/mkfs" 2>&1
	mount -o loop "$images/$1" "$place"
}

# overlay LOWER LAYERS: which keep what is written, as those of a container do.
overlay() {
	mkdir -p "$2/upper" "$2/work" "$2/root"
	mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" tare-test "$2/root"
}

case $type in
tmpfs) mount -t tmpfs -o mode=755 tare-test "$place"; fill "$place" ;;
btrfs) image btrfs 120M; fill "$place" ;;
btrfs-subvolume)
	image btrfs 120M
	btrfs -q subvolume create "$place/os"
	btrfs -q subvolume create "$place/os/srv"
	btrfs -q subvolume create "$place/os/var"
	umount "$place"
	mount -o loop,subvol=os "$images/btrfs" "$place"
	fill "$place"
	;;
xfs) image xfs 320M; fill "$place" ;;
overlay*)
	mount -t tmpfs tare-test "$place"
	overlay / "$place/one"
	overlay "$place/one/root" "$place/two"
	if [ "$type" = overlay ]; then place=$place/one/root; else place=$place/two/root; fi
	;;
esac
cd "$place"
mkdir -p proc sys dev tmp run old ".$project" ".$tmp"
mount --rbind /proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tare-test tmp
mount -t tmpfs tare-test run
mkdir -p ".$tmp" ".$project"
mount --bind "$project" ".$project"
mount --bind "$tmp" ".$tmp"
pivot_root . old
cd /
umount --lazy /old
rmdir /old

# What a run is about: a directory of root's, with what only root may read, and those of others.
mkdir -p /srv/start/sub /srv/of-others /srv/everyones
echo original > /srv/start/file
echo secret > /srv/start/secret
chmod 600 /srv/start/secret
chown 1234 /srv/of-others
chmod 1777 /srv/everyones
echo hidden > /root/file
cd /srv/start
export TARE="$project/build/tare" programs="$project/build/tests/programs"
set +e
. "$script"
END

# in_root TYPE: runs the script on standard input there; what it says is in $got.
in_root() {
	cat > "$tmp/script"
	got=$(unshare --mount --propagation private sh "$tmp/make-root" "$1" "$place" "$images" "$tmp" \
		"$PWD" "$tmp/script" 2>&1)
}

# --- Roots that map owners ---

# The same for each: what is seen, what is written, what is on the host afterwards.
mapped_root() {
	in_root "$1" << 'END'
"$TARE" run -q --json "$tmp/json" sh -c 'cat file secret /root/file; stat -c %U secret
echo new > file; cat file; for at in . sub / /srv /usr /root /srv/everyones; do
	echo x > $at/written && cat $at/written; done; mv sub moved && ls; touch /srv/of-others/x 2>&- || echo no'
cat file
find / -xdev -name written -o -name moved
jq -c .container.mounts "$tmp/json"
TMPDIR=/var "$TARE" run -q --no-tmpfs sh -c 'mkdir d && mv d e && rm -r sub && stat -f -c %T /tmp && ls'
find /var -mindepth 1
END
	is "$got" 'original
secret
hidden
root
new
x
x
x
x
x
x
x
file
moved
secret
written
no
original
[]
overlayfs
e
file
secret' "$2"
}

if is_since 6 3; then
	mapped_root tmpfs 'on a tmpfs as the root, everything is as on ext4'
else
	skip 'on a tmpfs as the root, everything is as on ext4' 'tmpfs maps owners from Linux 6.3 on'
fi
if has_type btrfs; then
	mapped_root btrfs 'on btrfs'
	mapped_root btrfs-subvolume 'on a subvolume of btrfs, with others in it that are no mounts'
else
	skip 'on btrfs' 'this kernel has no btrfs'
	skip 'on a subvolume of btrfs, with others in it that are no mounts' 'this kernel has no btrfs'
fi
if has_type xfs; then
	mapped_root xfs 'on xfs'
else
	skip 'on xfs' 'this kernel has no xfs'
fi

# --- The root of a container ---

# What can be done, with the rights of others: first as root on that machine, then in a run.
in_root overlay << 'END'
cat secret
"$TARE" run -q --json "$tmp/json" sh -c 'cat file; cat secret /root/file 2>&- || echo no secrets
stat -c %U . file; echo x > new && cat new
for at in sub /srv /srv/of-others; do touch $at/x 2>&- && echo $at; done
echo x > /srv/everyones/x && cat /srv/everyones/x; echo x > /tmp/x && cat /tmp/x
(echo more >> file) 2>&- || echo file stays; mv file other && cp other file && echo x > file && cat file'
ls . /srv/everyones
jq -c ".container | .unmapped_mounts, .read_only_mounts, .mounts" "$tmp/json"
END
is "$got" 'secret
original
no secrets
root
nobody
x
x
x
file stays
x
.:
file
secret
sub

/srv/everyones:
1
0
[{"path":"/","masked":false,"unmapped":true,"read_only":false}]' \
	"on an overlay a run has the rights of others, and its start directory is its own; that is told"

in_root overlay << 'END'
"$TARE" run true 2>&1 | grep mounts
cat > hello.c << 'C'
#include <stdio.h>
int main(void) { puts("compiled"); return 0; }
C
printf 'hello: hello.o\n\tcc -o $@ $<\nhello.o: hello.c\n\tcc -c $<\n' > Makefile
"$TARE" run -q sh -c 'make -s && ./hello && touch hello.c 2>&-; rm hello.o && make -s && ./hello'
ls
cd /srv/of-others && "$TARE" run -q sh -c 'pwd; touch x 2>&- || echo no'
chown 0 . && "$TARE" run -q --uid 1234 sh -c 'pwd; touch x 2>&- || echo no'
chown 1234 . && "$TARE" run -q --uid 1234 sh -c 'touch x && ls'
cd / && "$TARE" run -q sh -c 'touch x && ls x; touch /etc/x 2>&- || echo no'
END
is "$got" '  mounts    /: with the rights of others
compiled
compiled
Makefile
file
hello.c
secret
sub
/srv/of-others
no
/srv/of-others
no
x
x
no' 'a program can be compiled there, in a directory that is owned by who the command is'

in_root overlay << 'END'
mkdir /root/deep && cd /root/deep && "$TARE" run -q sh -c 'touch x && pwd && ls && cat ../file && touch ../y'
mkdir -m 700 /srv/of-others/below && cd /srv/of-others/below && chmod 700 .. && "$TARE" run -q true
cd /srv/start
"$TARE" run -q --read-only-dir /srv sh -c 'cat file; touch new 2>&- || echo no; cat secret 2>&- || echo no'
"$TARE" run -q --full-access-dir /srv sh -c 'touch /srv/everyones/made; touch new sub/new 2>&- || echo no'
stat -c '%n %u' /srv/everyones/*
"$TARE" run -q --hidden-dir /srv --dir / ls -A /srv
mkdir -p /mnt/disk && mount --bind "$tmp/images" /mnt/disk
echo secret > /mnt/disk/secret && chmod 600 /mnt/disk/secret
"$TARE" run -q sh -c 'cat /mnt/disk/secret && echo x > /mnt/disk/x && cat /mnt/disk/x'
ls /mnt/disk/x
# Kernels differ in why.
TMPDIR=/srv "$TARE" run -q --no-tmpfs true 2>&1 | sed 's/\(an overlay writes\): .*/\1/'
TMPDIR=/mnt/disk "$TARE" run -q --no-tmpfs sh -c 'echo x > new; cat new'
END
is "$(echo "$got" | sed "s|$tmp|TMP|")" "/root/deep
x
hidden
tare: true: tare failed: enter directory '/srv/of-others/below' inside the container: Permission denied (EACCES)
  hint      let everybody enter it, or start elsewhere: not everything of its owner's is the command's
original
no
no
no
/srv/everyones/made 1879048192
secret
x
ls: cannot access '/mnt/disk/x': No such file or directory
tare: true: tare failed: --no-tmpfs: /srv is on a file system that cannot keep what an overlay writes
  hint      set TMPDIR to a directory on ext4, xfs or btrfs, or let writes go to memory, without --no-tmpfs
x" 'every other mode, a disk below that maps owners, and what cannot be'

# Inside, the command is 1000; whose the way is, the host tells by the caller's number.
in_root overlay << 'END'
mkdir -p /root/deep /srv/others/below && cd /root/deep && ln -s "$TARE" /bin/runexec
runexec --quiet --output "$tmp/log" -- sh -c 'pwd; id -u; echo x > new; cat new' > "$tmp/out"
tail -n +7 "$tmp/log"
chown 1000 /srv/others && chmod 700 /srv/others && cd /srv/others/below
runexec --quiet --output "$tmp/log" -- true 2>&1 | grep -o 'enter directory.*denied'
END
is "$got" "/root/deep
1000
x
enter directory '/srv/others/below' inside the container: Permission denied" \
	'runexec starts in a closed directory of the caller, not in one of who it is called inside'

in_root overlay << 'END'
mkdir -p /own/home/me /own/usr /own/etc && chmod 700 /own/home && find /bin /lib* -maxdepth 0 -type l -exec cp -P {} /own \;
"$TARE" run -q --root-dir /own --read-only-dir /usr --dir /home/me sh -c 'pwd; echo x > f; cat f /etc/hostname'
cd /own/etc && "$TARE" run -q --root-dir / --dir "$PWD" sh -c 'pwd; echo x > f; cat f'
cd /etc && "$TARE" run -q sh -c 'echo x > f; cat f hostname'
find /own /etc -name f
END
is "$got" "/home/me
x
tare
/own/etc
x
x
tare" 'a root of the run'"'"'s own is written where the command starts, with the files of its /etc'

in_root overlay-on-overlay << 'END'
"$TARE" run --json "$tmp/json" sh -c 'cat file; touch new /srv/everyones/x 2>&- || echo no; echo x > /tmp/x; cat /tmp/x; exit 3' 2>&1 | grep -v -e wall -e cpu -e memory -e syscalls -e network -e blocked -e noise -e "^  io " -e throttle
jq -c ".container | .unmapped_mounts, .read_only_mounts, .mounts" "$tmp/json"
"$TARE" check | grep -c -e 'degraded  id-mapped mount' -e 'degraded  overlay'
END
is "$(echo "$got" | sed 's/sh -c .* exited 3 .*/exited 3/')" "original
no
x
tare: exited 3
  mounts    /: read-only, with the rights of others
1
1
[{\"path\":\"/\",\"masked\":false,\"unmapped\":true,\"read_only\":true}]
2" 'on an overlay over an overlay, where the kernel lays no third one, it is read-only, and that is told'

# --- What the machine has mounted of /proc and /sys ---

with_proc() {
	unshare --mount --propagation private sh -c "$1"' && exec "$0" run -q sh -c "ls -d /proc/1 /proc/sys"' \
		"$TARE" 2>&1
}
is "$(with_proc 'mount -o remount,hidepid=2 /proc')" "$(printf '/proc/1\n/proc/sys')" \
	'a /proc that hides processes is none of the container'
is "$(with_proc 'umount --lazy /proc')" "tare: sh -c 'ls -d /proc/1 /proc/sys': tare failed: \
look at '/proc/self': No such file or directory (ENOENT)
  hint      mount it: sudo mount -t proc proc /proc" 'without /proc, tare says what to do'
is "$(with_proc 'mount -t tmpfs tare-test /proc/sys' | grep -c -e /proc/sys/user/max_user_namespaces \
	-e 'hint .*is mounted over it')" 2 'as it does where /proc/sys is covered'

# --- tare in tare ---

is "$("$TARE" run -q "$TARE" run true 2>&1)" "tare: true: tare failed: weigh as a root without \
capabilities: Operation not permitted (EPERM)
  hint      a container took them, and with them BPF: start tare outside of it, around it, or in a \
more privileged one (see: tare check)" 'tare in a container of tare says why it cannot run there'
"$TARE" run -q --no-container --json "$tmp/outer" -- "$TARE" run -q --json "$tmp/inner" -- \
	sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; exit 7'
is "$? $(jq .outcome.exit_code "$tmp/outer" "$tmp/inner" | tr '\n' ' ')" '7 7 7 ' \
	'without a container around it, it runs, and both tell the same end'
check 'the outer weighs all of the inner and its own work' jq -e -s '.[0].time.cpu_ns > .[1].time.cpu_ns and
	.[0].processes.tasks > .[1].processes.tasks and .[1].processes.tasks == 1 and
	.[0].time.wall_ns > .[1].time.wall_ns and .[1].time.cpu_ns > 1000000' "$tmp/outer" "$tmp/inner"
is "$(jq '.collector | .lost_events[], .recursion_misses' "$tmp/outer" "$tmp/inner" | sort -u)" 0 \
	'and neither loses an event'

plan
