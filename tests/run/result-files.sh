#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Result files: which of what the command wrote is copied out of its container, as what, and that
# nothing that the command puts in the way leads to a file of the host.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

home=/root/tare-test-$$
at_exit() {
	for mounted in "$home/small" "$home/sealed"; do
		! mountpoint -q "$mounted" || umount "$mounted"
	done
	rm -rf "$home"
}
mkdir "$home"
cd "$home" || exit

# copy OPTION... -- SCRIPT: one run in an empty directory, whose files are copied to "$home/out".
copy() {
	rm -rf "$home/out" "$home/work"
	mkdir "$home/work"
	cd "$home/work" || exit
	weigh "$@"
	copied=$?
	cd "$home" || exit
	return $copied
}

to_out() {
	copy --output-directory ../out "$@"
}

listed() {
	find "$1" -mindepth 1 ! -type d -printf '%P\n' | sort | tr '\n' ' '
}

# --- Which files, and where they land ---

to_out -- sh -c 'echo one > a; mkdir dir; echo two > dir/.b; echo > /tmp/c; echo > /etc/made'
is "$? $(listed out)" '0 a dir/.b ' 'by default all below the start directory is copied'
is "$(cat out/a out/dir/.b)" "$(printf 'one\ntwo')" 'as it was written'
is "$(ls -A work; ls /etc/made 2>&-)" '' 'and is nowhere else on the host'
is "$(jq -c '.files | [.output_directory, .count, .size_bytes, .not_copied_count, .error]' \
	"$tmp/json")" '["../out",2,8,0,null]' 'the document counts what was copied'
is "$(jq -c '.files.copied' "$tmp/json")" \
	'[{"path":"a","size_bytes":4},{"path":"dir/.b","size_bytes":4}]' 'and lists it'
is "$("$TARE" run --output-directory out sh -c 'echo hi > a' 2>&1 | grep '^  files')" \
	'  files     3 B        1 file copied to out' 'the summary has a line of it'

copy -- sh -c 'echo one > a'
is "$(listed work) $(number files) $(jq -r '.unavailable.files' "$tmp/json")" \
	' null no files were asked for' 'without being asked tare copies nothing'
copy --result-files '*.txt' -- sh -c 'echo > a.txt; echo > a.log; echo > .a.txt'
is "$(listed work)" 'output.files/a.txt ' 'a pattern alone copies to output.files'
to_out --result-files '' -- sh -c 'echo one > a'
is "$? $(ls) $(number files)" '0 work null' 'an empty pattern is none'
to_out --result-files '**/x?' --result-files 'd[a-c]' -- \
	sh -c 'mkdir -p da/e de/f; touch da/e/a da/xy de/f/x1 de/f/xyz x2 .x3'
is "$(listed out)" 'da/e/a da/xy de/f/x1 x2 ' 'patterns choose by name, and a directory is all of it'
to_out --result-files /tmp --result-files a -- sh -c 'echo > a; echo > b; mkdir /tmp/d; echo > /tmp/d/c'
is "$(listed out)" "${home#/}/work/a tmp/d/c " \
	'with an absolute pattern all files land at their whole path'
to_out --result-files /run --result-files /dev -- sh -c 'echo > /run/a; echo > /dev/shm/b'
is "$(listed out)" 'run/a ' '/run has files, /dev has none'

rm -r out
mkdir -p place/real
ln -s real place/link
weigh --output-directory out --dir place/link --result-files a -- sh -c 'pwd; echo > a; echo > ../a'
is "$(cat "$said") $(listed out)" "$home/place/real a " 'relative patterns begin where --dir leads to'
rm -r out
weigh --output-directory out --dir /tmp -- sh -c 'echo > a'
is "$(listed out)" 'a ' 'also in a directory that is hidden'
rm -r out place

echo host > file
echo host > other
weigh --output-directory out -- sh -c 'echo more >> file; rm other; chmod 600 /etc/hostname'
is "$(listed out) $(cat out/file)" "$(printf 'file  host\nmore')" \
	'a changed file of the host is copied as a whole, a deleted one is not'
is "$(cat file other)" "$(printf 'host\nhost')" 'and the host has them as they were'
weigh --keep-system-config --output-directory out --result-files /etc/hostname -- chmod 600 /etc/hostname
is "$(stat -c %a out/etc/hostname) $(cmp out/etc/hostname /etc/hostname 2>&1)" '600 ' \
	'a file of which only the mode was changed is copied with its content'
rm -r out file other

mkdir open sealed-off
weigh --output-directory out --full-access-dir open --read-only-dir sealed-off -- \
	sh -c 'echo > open/a; echo 2>&- > sealed-off/b; echo > c'
is "$(listed out) $(listed open)" 'c  a ' 'what is written on the host is not copied as well'
rm -r out open sealed-off

# --- Files as they are ---

to_out -- sh -c 'truncate -s 1G hole; printf x | dd of=mixed bs=1 seek=500M conv=notrunc status=none'
is "$(stat -c '%n %s' out/*)" "$(printf 'out/hole 1073741824\nout/mixed 524288001')" \
	'sparse files keep their size'
check 'and their holes' test "$(du -k out | cut -f 1)" -lt 100
to_out -- sh -c 'echo text > a; mkdir d; ln a d/b; ln a /tmp/c; ln d/b e'
is "$(stat -c %h out/a) $(stat -c %i out/a out/d/b out/e | sort -u | wc -l)" '3 1' \
	'hard links stay one file'
is "$(jq -c '.files | [.size_bytes, .count, .copied[1]]' "$tmp/json")" \
	'[5,3,{"path":"e","size_bytes":5,"link_of":"a"}]' 'which is told, and counted once by size'
to_out --uid 1234 --gid 99 --dir /tmp -- sh -c 'umask 0; echo > a; chmod 7613 a
	echo > none; chmod 0 none; touch -d "2001-02-03 04:05:06.789 UTC" a'
is "$(stat -c '%a %u %g %Y' out/a) $(stat -c '%a %u %g' out/none)" '613 0 0 981173106 0 0 0' \
	'modes but not their special bits, and times are kept; the owner is the caller'
is "$(date -u -d "$(stat -c %y out/a)" +%N)" 789000000 'times to the nanosecond'
to_out -- sh -c 'echo 1 > "$(printf "new\nline")"; echo 2 > "$(printf "\377")"; echo 3 > ...
	echo 4 > "..x"; echo 5 > " "; echo 6 > "-n"; echo 7 > "%s"'
is "$(find out -type f -exec cat {} + | sort | tr -d '\n')" 1234567 'a name is any bytes'
is "$(cat "out/$(printf 'new\nline')" "out/$(printf '\377')" out/...)" "$(printf '1\n2\n3')" \
	'and stays the same bytes'
is "$(jq -c '.files.copied | map(select(.path_base64))' "$tmp/json")" \
	'[{"path":"�","path_base64":"/w==","size_bytes":2}]' 'the document has those that are no text'

# The programs are named as mounts of their own, in case that they lie below /tmp.
to_out --read-only-dir "$programs" -- "$programs/leave" mapped mapped
is "$(number outcome.leftover_processes) $(head -c 4 out/mapped) $(tail -c 4 out/mapped)" \
	'1 ffff llll' 'what a killed process wrote to mapped memory is copied'
to_out -- sh -c 'head -c 50000000 /dev/urandom > a; sha256sum a; kill -9 $$'
is "$? $(cd out && sha256sum a)" "137 $(cat "$said")" \
	'files are complete, and copied however the command ends'

# --- What is no regular file ---

echo secret > secret
to_out -- sh -c 'ln -s /etc/shadow shadow; ln -s '"$home"'/secret link; ln -s nowhere dangling
	mkfifo fifo; ln -s / root'
is "$? $(listed out)" '0 ' 'links and pipes are not copied'
is "$(jq -r '.files.not_copied[] | "\(.path) \(.kind)"' "$tmp/json" | tr '\n' ' ')" \
	'dangling symlink fifo fifo link symlink root symlink shadow symlink ' 'but named'
to_out --read-only-dir "$programs" --result-files /tmp -- \
	"$programs/leave" socket /tmp/socket device /tmp/device
is "$? $(jq -r '.files.not_copied[] | "\(.path) \(.kind)"' "$tmp/json" | tr '\n' ' ')" \
	'0 tmp/device device tmp/socket socket ' 'nor are sockets and devices'
check 'the file behind a link is read by a copy that follows it' \
	test "$(ln -s "$home/secret" "$tmp/link"; cat "$tmp/link")" = secret

# --- What a command puts in the way ---

mkdir victim
echo secret > victim/file
to_out -- sh -c 'cd ..; rmdir work; ln -s '"$home"'/victim work'
is "$? $(listed out) $(jq -r '.files.not_copied[] | "\(.path) \(.kind)"' "$tmp/json")" \
	'0  . symlink' 'a start directory that became a link is not entered'
to_out -- sh -c 'mkdir -p etc dir; echo mine > etc/hosts; ln -s '"$home"'/victim/file dir/file'
is "$(listed out)$(cat out/etc/hosts)" 'etc/hosts mine' 'a file is judged by its own path alone'

# The first process ends when it has had its turns; the others go on until they are killed.
racing='mkdir dir; echo mine > dir/file; ln -s '"$home"'/victim other
	swap() { mv -T dir x; mv -T other dir; mv -T dir other; mv -T x dir; }
	(while :; do swap; done) 2>&- &
	(while :; do rm -f one; ln -s '"$home"'/victim/file one; rm -f one; echo mine > one; done) 2>&- &
	for turn in 1 2 3 4 5; do swap; done 2>&-'
leaked=
for round in 1 2 3 4 5 6 7 8 9 10; do
	to_out -- sh -c "$racing"
	! grep -rq secret out || leaked="$leaked $round"
	[ "$(number outcome.leftover_processes)" -gt 0 ] || leaked="$leaked none-left"
done
is "$leaked" '' 'names that are swapped until the last process is killed lead nowhere'
is "$(ls victim) $(cat victim/file)" 'file secret' 'and what they led to is as it was'

deep='i=0; while [ $i -lt 30 ]; do d=$(printf "%0200d" 0); mkdir $d && cd $d || exit; i=$((i + 1)); done
	echo deep > file'
to_out -- sh -c "echo > a; $deep"
is "$? $(ls out) $(jq -r '.files.not_copied[].reason' "$tmp/json")" '125 a File name too long' \
	'a tree deeper than any path is told, and what can be copied is'
to_out -- sh -c 'ln -s $(seq 20000) .'
is "$? $(jq -c '.files | [.count, .not_copied_count]' "$tmp/json")" '0 [0,20000]' \
	'any number of links is a number'

# --- The output directory ---

mkdir old
echo old > old/a
echo old > old/kept
ln old/a same
echo old > target
ln -s ../target old/b
weigh --output-directory old -- sh -c 'echo new > a; echo new > b'
is "$? $(cat old/a old/kept old/b same target | tr '\n' ' ')" '0 new old new old old ' \
	'its files are replaced, and no file is changed that has another name too'
ln -s victim old/dir
mkdir old/file
weigh --output-directory old -- sh -c 'mkdir dir; echo > dir/x; echo > file; echo > z'
is "$? $(ls -A victim) $(ls -A old/file) $(cat old/z)" '125 file  ' \
	'a link or a directory in the way of a file stays, and is a failure'
is "$(cat "$tmp/errors")" \
	"tare: copy the result file 'file' to 'old': Is a directory (EISDIR)" 'told in one line'
is "$(jq -c '[.outcome.kind, .outcome.exit_code, .files.error.errno, .files.count]' "$tmp/json")" \
	'["exited",0,"EISDIR",1]' 'beside the outcome, which is the command'"'"'s'
check 'and beside what it weighed' test "$(number time.cpu_ns)" -gt 0

mkdir small
mount -t tmpfs -o size=1m tare-test small
weigh --output-directory small/out -- sh -c 'echo > a; head -c 2000000 /dev/zero > b; echo > c; exit 3'
is "$? $(ls -A small/out) $(number outcome.exit_code) $(number files.error.errno)" '125 a 3 ENOSPC' \
	'when it is full, what was copied stays whole, and no half file is left'
is "$(jq -c '[.files.not_copied[] | [.path, .reason]]' "$tmp/json")" \
	'[["b","No space left on device"],["c","No space left on device"]]' 'what has no place is named'
umount small

mkdir sealed
mount -t tmpfs -o ro tare-test sealed
refused 'cannot be written to' --output-directory sealed
refused 'cannot be written to' --output-directory sealed/out
umount sealed
refused 'is the root' --output-directory /
refused 'is not a directory' --output-directory secret
refused 'no directory to be made in' --output-directory no/way
ln -s nowhere dangling
refused 'is a symbolic link to nowhere' --output-directory dangling
refused 'path is empty' --output-directory ''
refused 'which the command can write to' --output-directory out2 --full-access-dir .
refused 'which the command can write to' --output-directory /tmp/out2 --keep-tmp
refused 'need not be copied' --no-container --output-directory out2
refused 'given twice' --output-directory out2 --output-directory out2
is "$(ls -d out2 /tmp/out2 2>&-)" '' 'what is refused makes nothing'
weigh --output-directory out2 -- no-such-program
is "$? $(ls -d out2 2>&-) $(jq -r .unavailable.files "$tmp/json")" \
	'127  the command was not executed' 'nor does a command that was not executed'

# --- Patterns ---

refused 'leads out' --result-files '../a'
refused 'leads out' --result-files 'a/../../b'
refused "has a '\\[' without a '\\]'" --result-files 'a[b'
refused 'longer than a path' --result-files "$(printf '%05000d' 0)"
many=$(printf '**/%.0s' $(seq 1000))
to_out --result-files "${many}a*a*a*a*b" -- sh -c 'mkdir -p x/y/z; echo > x/y/z/aaaab; echo > x/aaaa'
is "$(listed out)" 'x/y/z/aaaab ' 'a thousand "**" take no time'

# --- Limits ---

to_out --files-count-limit 2 -- sh -c 'echo > a; echo > b; echo > c; echo > d'
is "$? $(listed out)" '124 a b ' 'no more files than the limit are copied'
is "$(jq -c '.files | [.limit_reached, .not_copied_count, .not_copied[0]]' "$tmp/json")" \
	'["files-count",2,{"path":"c","kind":"file","reason":"files-count"}]' 'and the others named'
to_out --files-size-limit 3kB -- sh -c 'for f in a b c; do head -c 1500 /dev/zero > $f; done'
is "$? $(listed out) $(number files.limit_reached) $(number files.size_bytes)" \
	'124 a b  files-size 3000' 'nor more bytes'
refused '0 is no limit' --output-directory out2 --files-count-limit 0
refused 'not understood' --output-directory out2 --files-size-limit 10KB

# --- Beside the measurement ---

to_out -- sh -c 'head -c 67108864 /dev/zero > a'
with=$(number memory.peak_bytes)
copy -- sh -c 'head -c 67108864 /dev/zero > a'
without=$(number memory.peak_bytes)
# The shell's and head's own pages differ by some dozen from run to run.
check 'the copying is in no number' is_between $((without - 1048576)) "$with" $((without + 1048576))
nothing_is_lost

# An emulated machine takes a minute for them.
deadline=120
many_files='i=0; while [ $i -lt 30000 ]; do i=$((i + 1)); : > $i; done'
interrupt() {
	rm -rf out work
	mkdir work
	(cd work && exec "$TARE" run -q --json "$tmp/json" --output-directory ../out sh -c "$many_files") \
		2> "$tmp/errors" &
	tare=$!
	wait_until test -e out/1
	kill "-$1" "$tare"
	wait "$tare" 2> "$tmp/ignored"
}
interrupt TERM
is "$? $(cat "$tmp/errors")" \
	'125 tare: copy all result files: a signal ended it: Interrupted system call (EINTR)' \
	'a signal ends the copying'
is "$(number files.count) $(number outcome.kind)" "$(find out -type f | wc -l) exited" \
	'and the document tells what there is'
check 'which is not all' test "$(number files.count)" -lt 30000
interrupt KILL
is "$(find out -name '.tare*')" '' 'a killed tare leaves no half file'

plan
