#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command's standard streams: files that are named, and a limit on what is written.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root
cd "$tmp" || exit

size_of() {
	stat -c %s "$1"
}

reason() {
	number 'outcome | "\(.kind) \(.termination_reason)"'
}

# --- Files ---

echo 'a line' > input
weigh --input input --output output cat
is "$(cat output)" 'a line' 'a file is the input and another the output'
is "$(cat said)" '' 'the own output stays empty'
weigh --output output sh -c 'echo one; echo two >&2; echo three'
is "$(cat output)" "$(printf 'one\ntwo\nthree')" 'output and errors are in one file, in their order'
echo own | "$TARE" run -q --input - --output - cat > said
is "$(cat said)" own 'a dash is the own stream'
mkfifo fifo
weigh --input fifo cat
is "$? $(cat said)" '0 ' 'a FIFO that nobody writes to is an empty input'
check 'the command cannot make the file of its input its own' \
	[ "$("$TARE" run -q --input input sh -c 'chmod 777 /proc/self/fd/0 2>&- || echo no')" = no ]

# --- Head and tail of a file ---

weigh --output output --max-output-size 1000 seq 100000
is "$? $(reason) $(number output.is_cut)" '0 exited null true' \
	'a file that is cut does not end the command'
check 'it is not larger than the limit' is_between 800 "$(size_of output)" 1000
is "$(head -n 1 output) $(tail -n 1 output)" '1 100000' 'head and tail are kept'
is "$(grep -c 'LINES IN THE MIDDLE WERE REMOVED' output)" 1 'and it says so between them'
is "$(grep -v '^$\|WARNING' output | sort -c -n 2>&1)" '' 'both in their order, in whole lines'
is "$(number output.written_bytes)" "$(seq 100000 | wc -c)" 'what was written is counted'
weigh --output output --max-output-size 292 seq 100
is "$(cat output)" "$(seq 100)" 'what just fits is not touched'
weigh --output output --max-output-size 291 seq 100
is "$(number output.is_cut)" true 'a byte more is cut'
weigh --output output --max-output-size 100 seq 100
is "$(cat output)" "$(seq 100 | head -c 100)" 'a limit without room for the mark keeps the head'
weigh --output output --max-output-size 1000 sh -c 'head -c 100000 /dev/zero | tr "\0" x'
is "$(size_of output)" 1000 'a line without end is cut as well'

# The file is looked at all the time: a flood must never make it larger, nor tare.
"$TARE" run -q --output flood --max-output-size 1MB --walltimelimit 1s yes &
tare=$!
largest=0
resident=0
while kill -0 "$tare" 2> ignored; do
	size=$(size_of flood 2> ignored) && [ "$size" -gt "$largest" ] && largest=$size
	# One that has ended, but was not waited for, has no such line.
	rss=$(awk '/VmHWM/ { print $2 }' "/proc/$tare/status" 2> ignored)
	[ -z "$rss" ] || resident=$rss
done
wait "$tare"
is "$?" 124 'a flood ends by its wall time limit'
echo "# the file was $largest bytes at most, tare $resident kB"
check 'its file never was larger than the limit' is_between 1 "$largest" 1000000
check 'tare needs 8 MB at most for it' is_between 1 "$resident" 8192

# --- Streams that are passed on ---

weigh --max-output-size 1000 yes
is "$? $(reason)" '124 limit output-size' 'a command that writes more than the limit is ended'
is "$(size_of said)" 1000 'what the limit allows is passed on, to the byte'
weigh --max-output-size 1000 seq 500
is "$? $(reason) $(size_of said)" '124 limit output-size 1000' \
	'also when the command was faster than the limit'
weigh --max-output-size 2kB seq 500
is "$? $(reason) $(wc -l < said)" '0 exited null 500' 'one that writes less is not'
weigh --max-output-size 10 sh -c 'echo 12345; echo 67890 >&2'
is "$? $(cat said errors | tr -d '\n')" '124 123456789' 'both streams count together'
# shellcheck disable=SC2016 # expanded by the command
"$TARE" run -q --max-output-size 1MB sh -c 'for i in 1 2 3; do echo $i; echo $i >&2; done' > both 2>&1
is "$(tr '\n' ' ' < both)" '1 1 2 2 3 3 ' 'streams that are one keep their order'
"$TARE" run -q --max-output-size 1GB yes 2> errors | head -n 2 > said
is "$(cat said)" "$(printf 'y\ny')" 'a reader that goes first ends nothing of tare'
check 'which a limit still ends' "$TARE" run -q --max-output-size 1MB true

# --- Bad input ---

refused 'Is a directory' --input .
refused 'No such file' --input missing
refused 'No such file' --output missing/output
refused 'is the input, too' --input input --output input
is "$(cat input)" 'a line' 'which is not harmed'
refused 'no regular file' --output /dev/null --max-output-size 10
refused 'the path is empty' --output ''
refused 'given twice' --input input --input input
refused 'not understood' --max-output-size 10k

nothing_is_lost
plan
