#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad input: one line that names the option and what was wrong with it, status 125, and nothing made
# for it: no process, no directory, no document. And odd input that is good: names of any bytes.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

mkdir "$tmp/here" "$tmp/place"
cd "$tmp/here" || exit
mkdir dir dir/below
echo text > file
ln -s dir link
mkfifo fifo

# Whoever makes a process or a directory must call one of these.
if command -v strace > "$tmp/ignored"; then
	making="strace -f -qq -o $tmp/made -e trace=mkdir,mkdirat,clone,clone3,fork,vfork"
else
	making=
fi
: > "$tmp/made"

# bad WORDS ARGUMENT...: of tare run. In 500 bytes there is no room for the longest input here.
bad() {
	words=$1
	shift
	# shellcheck disable=SC2086 # a list of words
	message=$($making "$TARE" run "$@" 2>&1 < /dev/null)
	got="$? $(printf '%s\n' "$message" | grep -c "^tare: .*$words")"
	got="$got $(printf '%s\n' "$message" | grep -cv '^  hint: ')"
	[ ${#message} -lt 500 ] || got="$got ${#message} bytes"
	is "$got $(cat "$tmp/made")$(ls -A "$tmp/place")" '125 1 1 ' \
		"'$words' is said of $(printf '%s ' "$@" | cut -c 1-60 | tr -c '[:print:]\n' '?')"
}
document=$tmp/place/result
bad_with_document() {
	words=$1
	shift
	bad "$words" --json "$document" "$@"
}

if [ -n "$making" ]; then
	$making "$TARE" run -q true
	check 'what a run makes would be seen' grep -q clone3 "$tmp/made"
	: > "$tmp/made"
else
	skip 'what a run makes would be seen' 'no strace: scripts/setup check'
fi

# --- The command line as such ---

bad_with_document 'no command given'
bad_with_document 'no command given' --
bad_with_document 'the command is an empty word' ''
bad_with_document 'the command is an empty word' -- ''
bad_with_document '--memroy: there is no such option' --memroy 5 true
bad_with_document '-x: there is no such option' -x true
bad_with_document '-qv: there is no such option' -qv true
bad_with_document '--=x: there is no such option' --=x true
bad_with_document '--uid: needs a value: NUMBER' --uid
bad_with_document '--quiet: takes no value' --quiet=yes true
bad_with_document 'there is no such option' "--$(printf %05000d 0)" true
bad_with_document "--allow: '' is not one of io_uring, mounts, namespaces" --allow '' true
bad_with_document '--allow: mount is not one of' --allow mount true
bad_with_document '--allow: nothing is refused with --no-container' --no-container --allow mounts true
bad '--self-test: takes no command' --self-test true
bad '--self-test: takes no other option' --self-test --json "$document"
bad '--self-test: takes no other option' --no-container --self-test

# --- Paths ---

# Longer than PATH_MAX, and with one name longer than NAME_MAX.
path=/$(printf %05000d 0 | sed 's,\(.\{200\}\),\1/,g')
name=$(printf %0256d 0)
bad '--json: .*empty' --json '' true
bad '--json: given twice' --json - --json - true
bad "--json: open $tmp/here for writing: Is a directory" --json "$tmp/here" true
bad '--json: open no/such for writing: No such file or directory' --json no/such true
bad '--json: open file/x for writing: Not a directory' --json file/x true
bad '--json: open fifo for writing: No such device' --json fifo true
bad '--json: .*File name too long' --json "$path" true
bad '--json: .*File name too long' --json "$tmp/$name" true

bad_with_document '--dir: .*empty' --dir '' true
bad_with_document '--dir: given twice' --dir / --dir / true
bad_with_document '--dir: more than 4095 bytes' --dir "$path" true
bad_with_document '--dir: more than .*255' --dir "/$name" true

for mode in overlay read-only full-access hidden; do
	option=--$mode-dir
	bad_with_document "$option: .*is empty" $option '' true
	bad_with_document "$option: missing: No such file or directory" $option missing true
	bad_with_document "$option: file is not a directory" $option file true
	bad_with_document "$option: fifo is not a directory" $option fifo true
	bad_with_document "$option: link is a symbolic link" $option link true
	bad_with_document "$option: link/../link is a symbolic link" $option link/../link true
	bad_with_document "$option: .*File name too long" $option "$path" true
	bad_with_document "$option: .*File name too long" $option "/$name" true
	bad_with_document "$option: file/x: Not a directory" $option file/x true
	bad_with_document "$option: /proc is made fresh" $option /proc true
	bad_with_document "$option: /sys/kernel is made fresh" $option /sys/kernel true
	bad_with_document "$option: /dev/../dev/ is made fresh" $option /dev/../dev/ true
	bad_with_document "$option: dir is given twice" $option ./dir/ $option dir true
	bad_with_document '--no-container: directories have no modes' --no-container $option dir true
done
# However it is written, one directory is one.
for same in dir/ ./dir dir//below/.. "$PWD//dir" ../here/dir; do
	bad_with_document "--hidden-dir: $same has another mode" --overlay-dir dir --hidden-dir "$same" true
done
bad_with_document '--hidden-dir: /dev/.. has another mode' --overlay-dir / --hidden-dir /dev/.. true
bad_with_document '--keep-tmp: given twice' --keep-tmp --keep-tmp true
bad_with_document '--hidden-dir: /tmp has another mode' --keep-tmp --hidden-dir /tmp true

# --- Numbers ---

for option in --uid --gid; do
	for number in '' ' ' ' 1' '1 ' 1x 0x10 1e3 +1 -1 -0 1.0 1,5 nan root 2147483648 4294967295 \
		4294967296 18446744073709551616 1879048191 ٥ "$(printf %05000d 0)x"; do
		bad_with_document "$option: .*is no number from 0 to 1879048190" $option "$number" true
	done
	bad_with_document "$option: given twice" $option 1 $option 1 true
	bad_with_document '--no-container: the command is the caller' --no-container $option 1 true
done

# --- Environment ---

bad_with_document "--env: '' has no '='" --env '' true
bad_with_document "--env: A has no '='" --env A true
bad_with_document '--env: =B has no name' --env =B true
bad_with_document '--env: A is set twice' --env A=1 --env B=2 --env A=1 true
bad_with_document "--env: .*has no '='" --env "$(printf %0100000d 0)" true
bad_with_document "--keep-env: '' is empty" --keep-env '' true
bad_with_document "--keep-env: A=1 has a '='" --keep-env A=1 true

# --- Where it starts: told by the run, which leaves nothing ---

not_there() {
	got="$($2 2>&1)"
	is "$? $(echo "$got" | grep -c "$1") $(echo "$got" | grep -c '^tare: ')" '125 1 1' "'$1' is said: $3"
}
# shellcheck disable=SC2317 # called by name
in_deleted() {
	mkdir gone && cd gone && rmdir ../gone && "$TARE" run -q true
}
not_there 'find the current directory: No such file' in_deleted 'the current directory was deleted'
# shellcheck disable=SC2317
in_hidden() {
	cd dir/below && "$TARE" run -q --hidden-dir "$tmp/here/dir" true
}
not_there "enter directory '$tmp/here/dir/below'.*No such file" in_hidden 'it is in a hidden one'
not_there "enter directory '$tmp/here/no'" "$TARE run -q --dir no true" 'the one to start in is missing'
not_there "enter directory '/etc/passwd'.*Not a directory" "$TARE run -q --dir /etc/passwd true" \
	'or a file'
if [ -n "$making" ]; then
	not_there "enter directory '/no'" "strace -qq -o $tmp/trace -e trace=write
		-e inject=write:delay_enter=100000 $TARE run -q --dir /no true" \
		'also when its end comes before the word to go'
else
	skip 'also when its end comes before the word to go' 'no strace: scripts/setup check'
fi
is "$(PATH='' "$TARE" run -q true 2>&1; echo $?)" "$(printf '%s\n127' \
	"tare: true: not started: find program 'true' in PATH: No such file or directory (ENOENT)")" \
	'without a PATH the command is not found'
is "$(env -u HOME -u PATH "$TARE" run -q sh -c 'echo ran')" ran 'none at all is the usual one'
is "$(TMPDIR=/no/such "$TARE" run -q sh -c 'echo ran')" ran 'TMPDIR is the command'"'"'s affair'

# --- Names of any bytes ---

odd=$(printf 'a\377\tb\nc \303')
mkdir "$odd"
is_valid() {
	iconv -f UTF-8 -t UTF-8 "$tmp/json" > "$tmp/ignored" && jq -e .outcome "$tmp/json"
}
# shellcheck disable=SC2016 # expanded by the command
(cd "$odd" && ODD=$odd weigh sh -c 'printf "%s|%s|%s" "$1" "$ODD" "${PWD##*/}"' sh "$odd" &&
	cat "$said") > "$tmp/got"
is "$(cat "$tmp/got")" "$odd|$odd|$odd" \
	'arguments, environment and current directory may have any bytes'
check 'and the document about it is valid UTF-8 and JSON' is_valid
cp "$programs/attempt" "$odd/$odd"
weigh "./$odd/$odd" ia32-getpid
is $? 0 'so may the command'
check 'and the document' is_valid
weigh --hidden-dir "$odd" --read-only-dir "$odd/../dir" ls "$odd"
is "$? $(cat "$said")" '0 ' 'directories with a mode'
"$TARE" run -q --json "$odd/$odd.json" true
check 'and the place of the document' test -s "$odd/$odd.json"
weigh "./$odd/missing"
is "$? $(grep -c '^tare: ' "$tmp/errors")" '127 1' 'one that is missing is told in one line'
check 'and in a document' is_valid

plan
