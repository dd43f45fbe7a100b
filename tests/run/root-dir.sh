#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --root-dir: a prepared root file system instead of the host's, also one that means harm.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/image.sh
. "$(dirname "$0")/lib/image.sh"
need_root

home=/root/tare-test-$$
image=$home/image
at_exit() {
	umount -R "$image" 2> "$tmp/ignored"
	rm -rf "$home"
}

make_image "$image" cat ls stat touch rm id
mkdir "$image/tmp" "$home/data"
echo image > "$image/file"
echo secret > "$image/secret"
echo other > "$image/other"
echo left > "$image/tmp/left"
chmod 600 "$image/secret" "$image/other"
chown 1234:1234 "$image/other"
echo data > "$home/data/file"
cp "$programs/attempt" "$image/bin/only-here"
cd "$home" || exit

# Runs with options before the script: inside OPTION... -- SCRIPT
inside() {
	"$TARE" run -q --root-dir "$image" "$@" 2>&1
}

# --- The root ---

before=$(state image)
# shellcheck disable=SC2016 # expanded by the command
is "$(inside sh -c 'echo $(cd / && echo *); pwd; cat file')" \
	'bin dev etc file lib lib64 other proc run secret sys tmp
/
image' "the directory is '/', with what a container has, and is where the command starts"
is "$(inside sh -c 'cat secret; stat -c "%u %a" secret; cat other')" \
	"$(printf 'secret\n0 600\ncat: other: Permission denied')" \
	"its files are as their owners have them, root's and others'"
is "$(inside sh -c 'echo new > file; rm secret; touch /bin/new /etc; cat file; ls bin')" \
	"$(printf 'new\ncat\nid\nls\nnew\nonly-here\nrm\nsh\nstat\ntouch')" 'it can be changed'
is "$(state image)" "$before" 'and is as it was afterwards'
is "$(inside only-here)" 'usage: attempt NAME [WORD]' 'the command is looked up there'
inside env > "$tmp/said"
is "$? $(grep -c 'find program' "$tmp/said")" '127 1' 'and nowhere else'
is "$(inside sh -c 'ls -A /tmp /run; stat -c %a /tmp /run')" \
	"$(printf '/run:\n\n/tmp:\n1777\n755')" '/tmp and /run are hidden there, too'
# shellcheck disable=SC2016 # expanded by the command
is "$(inside sh -c 'echo $(ls /dev); echo x > /dev/null; cd /proc; echo [0-9]*; ls /sys/class/net
	cat /proc/kallsyms; touch /proc/sys/kernel/hostname 2>&- || echo no')" \
	"fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero
1 2
lo
no" '/dev, /proc and /sys are as in every container'
is "$(inside --uid 1234 sh -c 'id -u; cat other; cat secret')" \
	"$(printf '1234\nother\ncat: secret: Permission denied')" '--uid is who the command is there'

mkdir bare
cp "$programs/attempt" bare
"$TARE" run -q --root-dir bare /attempt > "$tmp/said" 2>&1
is "$(cat "$tmp/said") $(ls bare)" 'usage: attempt NAME [WORD] attempt' \
	'one static program is a root file system'
is "$(cd image && "$TARE" run -q --root-dir . cat /file) \
$("$TARE" run -q --json "$tmp/json" --root-dir "$image/" rm -f x; jq -r .container.root_directory "$tmp/json")" \
	"image $image/" 'it may be named in any way, and the document says it'

# --- Modes ---

is "$(inside --read-only-dir / id | grep -c 'there is none, and none can be made')" 1 \
	'a root that cannot be written must have /dev, /proc and /sys'
mkdir image/dev image/proc image/sys
is "$(inside --read-only-dir / sh -c 'touch /new /bin/new; touch /tmp/new && cat file')" \
	"touch: cannot touch '/new': Read-only file system
touch: cannot touch '/bin/new': Read-only file system
image" '--read-only-dir / makes it read-only, but for what is hidden'
inside --full-access-dir / sh -c 'echo new > /new'
is "$(cat image/new) $(stat -c '%u %a' image/new) $(ls -A image/dev image/tmp)" \
	"$(printf 'new 0 644 image/dev:\n\nimage/tmp:\nleft')" '--full-access-dir / lets writes reach it'
rm image/new

# --- The host's directories in it ---

before=$(state image)
is "$(inside --full-access-dir data sh -c "cat $home/data/file; echo new > $home/data/new"
	cat data/new)" "$(printf 'data\nnew')" "a rule shows the host's directory in its place"
is "$(inside --overlay-dir data sh -c "cat $home/data/file; rm $home/data/file"; cat data/file)" \
	"$(printf 'data\ndata')" 'in the mode that it has'
is "$(inside --read-only-dir data sh -c "touch $home/data/x 2>&- || echo no; ls $home /root")" \
	"$(printf 'no\n/root:\n%s\n\n%s:\ndata' "${home##*/}" "$home")" 'and nothing that lies beside it'
is "$(inside --full-access-dir data --hidden-dir "$home/data" id | grep -c 'another mode')" 1 \
	'it cannot have two'
is "$(inside --hidden-dir /bin/no --hidden-dir /no/where sh -c 'echo x > /no/where/x; ls /no/where')" \
	x 'a hidden one is a name inside, and need not be there'
is "$(state image)" "$before" 'nothing of that is made in the root'
is "$(inside --read-only-dir / --full-access-dir data id | grep -c 'none can be made')" 1 \
	'where it cannot be made, it must be there'
rmdir image/tmp 2>&- || mv image/tmp kept
is "$(inside --full-access-dir / --full-access-dir "$tmp" id | grep -c 'none can be made')" 1 \
	'nor is it made in a root with full access'
mv kept image/tmp

# --- Mounts ---

mkdir image/mnt beside
mount -t tmpfs -o mode=755 tare-test image/mnt
echo inner > image/mnt/file
mount -t tmpfs -o mode=755 tare-test beside
is "$(inside sh -c 'cat /mnt/file; echo x > /mnt/x && echo wrote'; ls image/mnt)" \
	"$(printf 'inner\nwrote\nfile')" 'a mount below the root is an overlay of its own'
is "$(inside --read-only-dir / sh -c 'cat /mnt/file; echo x 2>&- > /mnt/x || echo no')" \
	"$(printf 'inner\nno')" 'and as the root is'
# shellcheck disable=SC2016 # expanded by the command
points='while read -r a b c d point rest; do echo "$point"; done < /proc/self/mountinfo'
is "$(inside sh -c "$points" | grep -v -e '^/proc' -e '^/sys' -e '^/dev' | sort | tr '\n' ' ')" \
	'/ /mnt /run /tmp ' 'no other mount of the host is there'
is "$(inside --read-only-dir beside sh -c "$points" | grep -c "$home/beside")" 1 \
	'but those that are asked for'
umount image/mnt beside
rmdir image/mnt

# --- What is written, on disk ---

mkdir image/scratch
# shellcheck disable=SC2016 # expanded by the command
on_disk='echo new > file && cat file; for own in "$0"/tare-*; do ls -A "$own" && echo "${own%-*}"; done'
is "$(TMPDIR=$image/scratch inside --no-tmpfs sh -c "$on_disk" /scratch)" \
	"$(printf 'new\n/scratch/tare')" "written to disk, the run's own directory is empty in the root"
is "$(TMPDIR=$home/data inside --no-tmpfs --read-only-dir data sh -c "$on_disk" "$home/data")" \
	"$(printf 'new\n%s/tare' "$home/data")" 'and where a rule shows it'
is "$(cat image/file; find image/scratch data -name 'tare-*')" image 'and neither keeps anything'
rmdir image/scratch

# --- Where the command starts ---

is "$(cd data && inside sh -c 'pwd')" / 'a current directory that is not shown is not entered'
is "$(cd data && inside --read-only-dir .. sh -c 'pwd')" "$home/data" 'one that a rule shows is'
is "$(inside --dir /bin sh -c 'pwd'; inside --dir bin sh -c 'pwd')" "$(printf '/bin\n/bin')" \
	'--dir is a directory inside'
is "$(cd "$tmp" && inside --dir "$tmp" id | grep -c "enter directory '$tmp'")" 1 \
	"and the host's is not shown for it"

# --- What cannot be ---

ln -s image link
no_root() {
	words=$1
	shift
	refused "$words" --root-dir "$@"
}
no_root 'No such file or directory' missing
no_root 'is not a directory' image/file
no_root 'is a symbolic link' link
no_root 'is a symbolic link' link//
no_root 'path is empty' ''
no_root 'File name too long' "$(printf '%5000s' '' | tr ' ' x)"
no_root 'is on proc' /proc/self/task
no_root 'given twice' image --root-dir image
no_root 'without a container' image --no-container
no_root 'is all that' image --hidden-dir /
no_root 'is not absolute' image --hidden-dir tmp
no_root 'No such file' image --full-access-dir /no/such

# --- A root that means harm ---

# Open to the stranger that the command is outside.
chmod 755 "$tmp"
mkdir "$tmp/victim"
echo unharmed > "$tmp/victim/file"
chmod 777 "$tmp/victim"
chmod 666 "$tmp/victim/file"
mkdir image/run image/etc
echo 'root:x:0:0::/:/bin/sh' > image/etc/passwd
# shellcheck disable=SC2016 # expanded by the command
attack='for file in /dev /proc /sys /tmp /run /etc /dev/pts /dev/shm; do echo x 2>&- > $file/mine; done
	echo x 2>&- > /etc/passwd; echo x > /dev/null; echo alive; exit 0'
modes='--overlay-dir=/ --read-only-dir=/ --full-access-dir=/'

# It ran to its end, or tare says what was in the way.
is_clear() {
	if [ "$1" -eq 0 ]; then
		[ "$(printf '%s\n' "$2" | tail -n 1)" = alive ]
	else
		[ "$1" -eq 125 ] && printf '%s\n' "$2" | grep -q -e 'tare failed: mount over .* in the way' \
			-e 'tare failed: mount over .* what is there is not a directory' \
			-e 'tare failed: look at the new root' \
			-e 'tare failed: \(show ./. in the container: \)\{0,1\}put the .* into its /etc: /etc is '
	fi
}

touch "$tmp/victim/new"
ln -s "$tmp/victim" link-to-victim
touch link-to-victim/new2
is "$(ls "$tmp/victim")" "$(printf 'file\nnew\nnew2')" 'on the host, a link leads to the victim'
rm "$tmp/victim/new" "$tmp/victim/new2"
victim=$(state "$tmp/victim")

# replaced NAME TARGET: runs with a link in the place of that name, in every mode.
replaced() {
	mkdir -p "image/${1%/*}"
	[ ! -e "image/$1" ] || mv "image/$1" kept
	ln -s "$2" "image/$1"
	for mode in $modes; do
		said=$(inside "$mode" sh -c "$attack")
		status=$?
		is_clear "$status" "$said" || echo "$1 -> $2 $mode: $status $said"
	done
	rm "image/$1"
	[ ! -e kept ] || mv kept "image/$1"
}
mkdir kept-dev && mv image/dev kept-dev
up=../../../../../../../..$tmp/victim
for name in dev proc sys tmp run etc; do
	[ -e "image/$name" ] || mkdir "image/$name"
	replaced "$name" "$tmp/victim"
	replaced "$name" "$up"
	replaced "$name" "$tmp/victim/file"
	replaced "$name" /proc/self/fd/5
	replaced "$name" "$name"
done > "$tmp/unclear"
for name in etc/passwd dev/null dev/pts dev/shm dev/mqueue proc/self; do
	replaced "$name" "$tmp/victim/file"
	replaced "$name" "$up"
done >> "$tmp/unclear"
is "$(cat "$tmp/unclear")" '' 'with links for its directories a run is as always, or clearly refused'
is "$(state "$tmp/victim")" "$victim" 'and what they lead to is not touched'
for name in dev proc tmp etc; do
	mv "image/$name" kept
	echo file > "image/$name"
	for mode in $modes; do
		said=$(inside "$mode" sh -c "$attack")
		status=$?
		is_clear "$status" "$said" || echo "file $name $mode: $status $said"
	done
	rm "image/$name"
	mv kept "image/$name"
done > "$tmp/unclear"
is "$(cat "$tmp/unclear")" '' 'so with files'

# Each pair of a directory and a link takes turns as fast as the machine can.
mkfifo "$tmp/swappers"
for name in dev proc sys tmp etc; do
	ln -s "$tmp/victim" "link-$name"
	"$programs/swap" "image/$name" "link-$name" < "$tmp/swappers" > "$tmp/swap-$name" &
done
exec 6> "$tmp/swappers"
are_swapping() {
	[ "$(cat "$tmp"/swap-* | grep -c swapping)" -eq 5 ]
}
check 'directories and links are swapped' wait_until are_swapping
run=0
ran=0
while [ "$run" -lt 210 ]; do
	for mode in $modes; do
		said=$(inside "$mode" sh -c "$attack")
		status=$?
		run=$((run + 1))
		[ "$status" -ne 0 ] || ran=$((ran + 1))
		is_clear "$status" "$said" || echo "$mode: $status $said"
	done
done > "$tmp/unclear"
exec 6>&-
wait
is "$(sort "$tmp/unclear" | uniq -c)" '' '210 runs meanwhile are as always, or clearly refused'
check 'some of them ran' test "$ran" -gt 0
check 'while all was swapped more often than that' test \
	"$(awk '/times/ && $1 > 1000' "$tmp"/swap-* | wc -l)" -eq 5
is "$(state "$tmp/victim")" "$victim" 'and what the links lead to is not touched'
is "$(grep -c "$image" /proc/self/mountinfo)" 0 'no mount is left on the host'

plan
