#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What tare itself says, and where: the document whole or not at all, the summary on standard error
# alone, one clear line of what went wrong.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root

# tare ARGUMENTS...: sets $status, leaves $tmp/out and $tmp/err.
tare() {
	"$TARE" "$@" > "$tmp/out" 2> "$tmp/err" < /dev/null
	status=$?
}

# told CLAIM STATUS TEXT: it ended so, with one line (and perhaps a hint) that holds TEXT.
told() {
	got="$status $(grep -c '^tare: ' "$tmp/err") $(grep -cv -e '^tare: ' -e '^  hint' "$tmp/err")"
	if [ "$got" = "$2 1 0" ] && grep '^tare: ' "$tmp/err" | grep -qF -e "$3"; then
		ok "$1"
	else
		not_ok "$1" "status, lines, other lines: $got
$(cat "$tmp/err")"
	fi
}

mkdir "$tmp/place"
file=$tmp/place/result.json

# --- The document in a file ---

tare run -q --json "$file" true
check 'the document is one JSON object' jq -e '.schema == "tare.result/1"' "$file"
is "$(stat -c %a "$file") $(tail -c 1 "$file" | od -An -tx1)" '644  0a' \
	'in a file with the usual mode, ended by a newline'

echo old > "$file"
mkfifo "$tmp/to"
"$TARE" run -q --json "$file" sh -c 'echo ready; read -r line' < "$tmp/to" > "$tmp/out" &
tare=$!
exec 3> "$tmp/to"
wait_until grep -q ready "$tmp/out"
is "$(ls -A "$tmp/place") $(cat "$file")" 'result.json old' \
	'while the command runs, the old file is there, and nothing beside it'
kill -KILL "$tare"
wait "$tare"
exec 3>&-
is "$(ls -A "$tmp/place") $(cat "$file")" 'result.json old' 'also after a SIGKILL of tare'
inode=$(stat -c %i "$file")
tare run -q --json "$file" true
check 'then the new one takes its place at once' \
	test "$(stat -c %i "$file")" != "$inode" -a "$(jq -r .schema "$file")" = tare.result/1
ln -s result.json "$tmp/place/link"
tare run -q --json "$tmp/place/link" sh -c 'exit 4'
is "$status $(readlink "$tmp/place/link") $(jq .outcome.exit_code "$file")" '4 result.json 4' \
	'through a link, which stays'
tare run -q --json "$file" no-such-program
is "$status $(jq -r .outcome.kind "$file")" '127 not_started' \
	'also of a command that was not started'

# --- On standard output ---

tare run -q --json - sh -c 'echo first'
is "$(head -n 1 "$tmp/out") $(tail -n +2 "$tmp/out" | jq -r .outcome.kind)" 'first exited' \
	"with '-' it comes after the command's own output"
# shellcheck disable=SC2094 # that is the question: does one of the two overwrite the other?
"$TARE" run -q --json "$tmp/both" sh -c 'echo first' > "$tmp/both"
is "$(head -n 1 "$tmp/both") $(tail -n +2 "$tmp/both" | jq -r .outcome.kind)" 'first exited' \
	'or to the file that standard output goes to'

mkfifo "$tmp/gate" "$tmp/fifo"
# Open for both, it has a reader without anybody waiting; a FIFO holds 64 KiB.
exec 8<> "$tmp/fifo"
"$TARE" run -q --json "$tmp/fifo" sh -c 'exit 8'
exec 9< "$tmp/fifo" 8>&-
is "$(jq .outcome.exit_code <&9)" 8 'a FIFO with a reader gets it'
exec 9<&-

# --- Where it cannot go ---

tare run -q --json /dev/full sh -c 'exit 3'
told 'a full device is 125, whatever the command did' 125 "'/dev/full': No space left"
"$TARE" run -q --json - true > /dev/full 2> "$tmp/err"
status=$?
told 'so is a full standard output' 125 'No space left'
# The gate opens when the reader has gone.
{
	cat "$tmp/gate" > "$tmp/ignored"
	"$TARE" run -q --json - true 2> "$tmp/err"
	echo $? > "$tmp/status"
} | {
	exec < /dev/null
	echo > "$tmp/gate"
}
status=$(cat "$tmp/status")
told 'and one that nobody reads' 125 'Broken pipe'

# Before the run: the command must not have run in vain, so it does not run.
for where in "$tmp/fifo" "$tmp/place" "$tmp/no/such/file" "$tmp/both/file" ''; do
	tare run --json "$where" echo ran
	told "a document that cannot be written to '${where#"$tmp"/}' is 125" 125 "${where%/file}"
	is "$(cat "$tmp/out")" '' 'and the command is not run'
done
"$TARE" run --json - sh -c 'echo ran >&2' 2> "$tmp/err" >&-
status=$?
told 'a closed standard output is told before the run' 125 'standard output'

# --- The summary ---

tare run sh -c 'echo out; exit 3'
is "$status $(cat "$tmp/out") $(grep -c '^tare: ' "$tmp/err")" '3 out 1' \
	'the summary is on standard error alone'
is "$(head -n 1 "$tmp/err" | sed 's/ · .*//')" "tare: sh -c 'echo out; exit 3' exited 3" \
	'and says first how the command ended'
"$TARE" run sh -c 'exit 3' 2> /dev/full
is $? 3 'a standard error that takes nothing does not change the status'
tare run --quiet sh -c 'exit 3'
is "$status $(cat "$tmp/err")" '3 ' '--quiet prints nothing, also when the command fails'
tare run --quiet no-such-program
told 'but says why a command was not started' 127 no-such-program
tare run --quiet --json /no/such/file true
told 'and why tare failed' 125 /no/such
tare run --verbose true
check '--verbose tells more' test "$(wc -l < "$tmp/err")" -gt 5

# shown ARGUMENTS...: of env, on a terminal of 80 columns.
shown() {
	"$programs/on-terminal" env "$@" < /dev/null > "$tmp/out"
}
escape=$(printf '\033')
shown -u NO_COLOR TERM=xterm "$TARE" run true
check 'on a terminal there is colour' grep -q "$escape\\[" "$tmp/out"
# awk may count bytes: each character that is longer is one column.
is "$(tr -d '\r' < "$tmp/out" | sed -e "s/$escape\\[[0-9;]*m//g" -e 's/…/./g' -e 's/·/./g' -e 's/–/-/g' |
	awk 'length($0) > 80' | wc -l)" 0 'and no line is longer than 80 columns'
shown TERM=xterm NO_COLOR=1 "$TARE" run true
check 'NO_COLOR keeps it away' test "$(grep -c "$escape" "$tmp/out")" -eq 0 -a -s "$tmp/out"
shown -u NO_COLOR TERM=dumb "$TARE" run true
check 'as does a terminal that has none' \
	test "$(grep -c "$escape" "$tmp/out")" -eq 0 -a -s "$tmp/out"
tare run true
is "$(grep -c "$escape" "$tmp/err")" 0 'and a file gets none'

# --- Help, and words that are not known ---

tare --help
is "$status $(grep -c '^  tare run ' "$tmp/out") $(cat "$tmp/err")" '0 1 ' \
	'tare --help lists the verbs'
tare run --help
is "$status $(cat "$tmp/err")" '0 ' 'tare run --help is no failure'
is "$(grep -c -e '--json FILE' -e '--quiet' -e '--verbose' -e '--no-container' -e '--allow WHAT' \
	"$tmp/out")" 5 'and lists the options'
is "$(awk 'length($0) > 80' "$tmp/out" | wc -l)" 0 'in lines of at most 80 columns'
tare run -h
check '-h is the same' grep -q '^Usage: tare run' "$tmp/out"
tare --version
check 'tare --version is one line' grep -qx 'tare [0-9]*\.[0-9]*\.[0-9]*.*' "$tmp/out"
is "$status $(wc -l < "$tmp/out")" '0 1' 'and no failure'

tare
told 'without a verb, tare says so' 125 'verb'
tare weigh true
told 'an unknown verb is named' 125 weigh
tare run --memroy 5 true
told 'an unknown option is named' 125 --memroy
tare run -x true
told 'and an unknown letter' 125 -x
tare run --quiet=yes true
told 'a value too much is told with its option' 125 --quiet
tare run --json
told 'a missing value, too' 125 --json
tare run --allow everything true
told 'a word that an option does not know is named with it' 125 "--allow: everything"
tare run
told 'a missing command is told' 125 'no command'
tare run --no-container --allow mounts true
told 'as are options that contradict each other' 125 '--allow'

plan
