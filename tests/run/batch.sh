#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A batch: many commands from one file, some at a time, and a line of result for each, in order.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/check-clean.sh
. "$(dirname "$0")/lib/check-clean.sh"
need_root

# batch OPTION...: the lines of standard input; results in $tmp/results, status in $status.
batch() {
	marked "$TARE" run --from - "$@" > "$tmp/results" 2> "$tmp/err"
	status=$?
}

# Of every result, by a jq expression, one after the other.
told() {
	jq -j "$1 | tostring + \" \"" "$tmp/results"
}

note_state

batch << 'END'
{"id": "first", "command": ["true"]}

{"command": ["sh", "-c", "exit 3"], "options": ["--timelimit", "10s"], "id": "ä\n"}
{"command": ["sh", "-c", "kill -9 $$"]}
END
is "$status $(told .outcome.kind)" '1 exited exited signaled ' 'every command has its result'
is "$(told '[.index, .id]')" '[0,"first"] [1,"ä\n"] [2,null] ' 'with its place and its name'
is "$(wc -l < "$tmp/results")" 3 'each is one line'
is "$(told '.limits.cputime_ns')" 'null 10000000000 null ' 'and each has its own options'
check 'how many failed is told' grep -q '^tare: 3 runs: 1 exited 0, 2 did not' "$tmp/err"

# The first ends last. It waits for what the others have done, which proves that they ran.
mkfifo "$tmp/fifo"
batch --jobs 3 --full-access-dir "$tmp" << END
{"command": ["sh", "-c", "cat $tmp/fifo"]}
{"command": ["sh", "-c", "echo > $tmp/done2"]}
{"command": ["sh", "-c", "while ! [ -e $tmp/done2 ]; do :; done; echo > $tmp/fifo"]}
{"command": ["false"]}
END
is "$status $(told .index) $(told .outcome.exit_code)" '1 0 1 2 3  0 0 0 1 ' \
	'some run at a time, and results keep the order of the input'

batch --quiet < /dev/null
is "$status $(cat "$tmp/results" "$tmp/err")" '0 ' 'no commands are no failure'

# A result is told when it is there, not when the input ends.
mkfifo "$tmp/commands"
env TARE_TEST_MARK="$mark" "$TARE" run --from - < "$tmp/commands" > "$tmp/stream" 2> "$tmp/err" &
exec 8> "$tmp/commands"
echo '{"command": ["true"]}' >&8
tare=$!
check 'a result comes while the input goes on' wait_until test -s "$tmp/stream"

# has_results NUMBER: so many came.
has_results() {
	[ "$(wc -l < "$tmp/stream")" -eq "$1" ]
}
# holds NUMBER: tare has so many descriptors open, now that a run is over.
holds() {
	[ "$(find "/proc/$tare/fd" -type l | wc -l)" -le "$1" ]
}
held=$(find "/proc/$tare/fd" -type l | wc -l)
for _ in 1 2 3 4 5 6 7 8; do
	echo '{"command": ["true"]}
		{"command": ["/no/such/program"], "options": ["--memlimit", "1GiB"]}
		{"command": ["true"], "options": ["--dir", "/no/such/directory"]}' >&8
done
wait_until has_results 25
check 'after 24 more, of which some fail, it holds no more descriptors' wait_until holds "$held"
exec 8>&-
wait "$tare"
is "$? $(wc -l < "$tmp/stream")" '125 25' 'and the batch ends with its input'

# --- What the commands write ---

batch << 'END'
{"command": ["sh", "-c", "echo to 1; echo to 2 >&2; cat"]}
{"command": ["sh", "-c", "echo to 1"], "options": ["--output", "/dev/null"]}
END
is "$(jq -r .outcome.kind "$tmp/results" | tr '\n' ' ')$(grep -c '^to' "$tmp/err")" 'exited exited 2' \
	'what commands write does not come between the results'

# --- Wrong lines ---

batch << 'END'
{"command": ["no-such-program"]}
{"command": []}
{"command": ["true"], "option": []}
{"command": "true"}
{"options": []}
{"command": ["true"], "options": ["--frob"]}
{"command": ["true"], "options": ["--json", "x"]}
{"command": ["true"], "options": ["--from", "x"]}
{"command": ["true"], "options": ["true"]}
[]
{"command": ["tr\u0000ue"]}
true
{"command": ["true"]}
END
is "$status $(told .outcome.kind)" \
	'125 not_started error error error error error error error error error error error exited ' \
	'a line that is wrong is told in its place, and the others run'
is "$(jq -r 'select(.outcome.kind == "error") | .outcome.error.what' "$tmp/results" |
	grep -cv '^--from: -: line [0-9]*')" 0 'with the number of the line'
is "$(jq -r 'select(.index == 5) | .outcome.error.what' "$tmp/results")" \
	'--from: -: line 6: --frob: there is no such option' 'and what is wrong with it'

# batch_refused WORDS OPTION...: in one line that has the words, and no result.
batch_refused() {
	wanted=$1
	shift
	"$TARE" run "$@" > "$tmp/results" 2> "$tmp/err" < /dev/null
	is "$? $(wc -c < "$tmp/results") $(grep -c "^tare: .*$wanted" "$tmp/err")" '125 0 1' \
		"'$wanted' is said of $*"
}

batch_refused 'none follows' --from - true
batch_refused 'give --from' --jobs 2 true
batch_refused 'from 1 to' --from - --jobs 0
batch_refused 'from 1 to' --from - --jobs 1000000
batch_refused 'given twice' --from - --from -
batch_refused 'open nothing' --from nothing
batch_refused 'one file' --from - --output x
batch_refused 'come together' --from - --output-directory x
batch_refused 'would share these' --from - --jobs 2 --cores 0
batch_refused 'physical cores' --from - --jobs 10000 --cores auto:1
{ head -c 1100000 /dev/zero | tr '\0' ' '; } > "$tmp/long"
batch_refused 'longer than 1 MiB' --from "$tmp/long"

# --- Cores ---

if [ "$(nproc)" -gt 1 ]; then
	seq 12 | sed 's/.*/{"command": ["true"]}/' > "$tmp/twelve"
	batch --cores auto:1 --jobs 2 < "$tmp/twelve"
	is "$status $(told .outcome.exit_code)" '0 0 0 0 0 0 0 0 0 0 0 0 0 ' \
		'no run lacks a core, as those before it give theirs back'
else
	skip 'no run lacks a core' 'this machine has one'
fi

# --- Ends ---

cat > "$tmp/three" << END
{"command": ["sh", "-c", "echo > $tmp/sleeping; sleep 100"]}
{"command": ["true"]}
{"command": ["sh", "-c", "trap 'exit 5' TERM; echo > $tmp/trapping; while :; do sleep 1; done"]}
{"command": ["true"]}
END
env TARE_TEST_MARK="$mark" "$TARE" run --jobs 2 --full-access-dir "$tmp" --from "$tmp/three" \
	> "$tmp/results" 2> "$tmp/err" &
pid=$!
wait_until test -e "$tmp/sleeping" && wait_until test -e "$tmp/trapping"
kill -TERM $pid
wait $pid
is "$? $(told '.outcome.signal // .outcome.exit_code')" '143 15 0 5 ' \
	'a signal goes to those that run, and begins no more'

echo '{"command": ["sleep", "100"]}' > "$tmp/one"
env TARE_TEST_MARK="$mark" "$TARE" run --from "$tmp/one" > "$tmp/results" 2> "$tmp/err" &
pid=$!
wait_until pgrep -P $pid > /dev/null
kill -KILL $pid
wait $pid 2> /dev/null
leaves_nothing 'a batch that is killed leaves nothing'

plan
