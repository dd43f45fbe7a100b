#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How tare ends: with the command's own status, 128+N, 127, 126 or its own 125; and what the result
# document says of it.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

# --- The command's own exit code ---

code=0
wrong=
while [ $code -le 255 ]; do
	"$TARE" run -q --json "$tmp/code.$code" sh -c "exit $code"
	[ $? -eq $code ] || wrong="$wrong $code"
	code=$((code + 1))
done
is "$wrong" '' 'exit codes 0 to 255 pass through'
is "$(jq -r 'select(.outcome | .kind == "exited" and .signal == null and .error == null and
	.core_dumped == false) | .outcome.exit_code' "$tmp"/code.* | sort -nu | wc -l)" 256 \
	'each of them is in the document, as exited'

# --- Signals ---

# All but those that do nothing by default (17 CHLD, 18 CONT, 23 URG, 28 WINCH) or stop (19 to 22).
deadly='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 24 25 26 27 29 30 31'
real_time=$(seq 32 64)
wrong=
passed_on=
# shellcheck disable=SC2086 # lists of numbers
for signal in $deadly $real_time; do
	"$TARE" run -q --json "$tmp/signal.$signal" sh -c "kill -$signal \$\$"
	[ $? -eq $((128 + signal)) ] || wrong="$wrong $signal"
	"$TARE" run -q --json "$tmp/shell.$signal" sh -c "sh -c 'kill -$signal \$\$'; exit \$?" \
		2> "$tmp/said"
	[ $? -eq $((128 + signal)) ] || passed_on="$passed_on $signal"
done
is "$wrong" '' 'every signal that ends the command gives 128+N'
is "$passed_on" '' 'and so does a shell that tells of it'
# shellcheck disable=SC2086 # lists of numbers
is "$(jq -r 'select(.outcome | .kind == "signaled" and .exit_code == null) | .outcome.signal' \
	"$tmp"/signal.* | sort -n | tr '\n' ' ')" "$(printf '%s\n' $deadly $real_time | tr '\n' ' ')" \
	'a signal is in the document by its number, as signaled'
is "$(jq -r '.outcome | "\(.kind) \(.signal)"' "$tmp"/shell.* | sort -u)" 'exited null' \
	"what a shell tells by its exit code is an exit"

# --- Core dumps ---

dump() {
	# shellcheck disable=SC3045 # the shells of Debian and Ubuntu have it
	(cd "$tmp" && ulimit -c "$1" && weigh sh -c 'kill -SEGV $$')
	number outcome.core_dumped
}

is "$(dump unlimited)" true 'a dumped core is told'
case $(cat /proc/sys/kernel/core_pattern) in
"|"*) skip 'no core is told where the limit forbids it' 'a handler takes cores of any size' ;;
*) is "$(dump 0)" false 'no core is told where the limit forbids it' ;;
esac

# --- Commands that cannot be executed ---

# Seen inside, because it is the current directory.
mkdir "$tmp/here"
cd "$tmp/here" || exit
mkdir directory later
echo text > plain
echo 'echo text' > no-format
head -c 64 /bin/true > cut-short
echo '#!/no/such/interpreter' > no-interpreter
printf '#!/bin/sh\nexit 7\n' > later/plain
ln -s loop loop
chmod +x no-format no-interpreter cut-short later/plain
long=$(printf %0300d 0)

# not_started COMMAND STATUS ERRNO CLAIM: with a container and without.
not_started() {
	for way in '' --no-container; do
		weigh $way "$1"
		got="$? $(number 'outcome | "\(.kind) \(.exit_code) \(.error.errno)"')"
		is "$got" "$2 not_started null $3" "$4${way:+ ($way)}"
	done
}

not_started no-such-program 127 ENOENT 'a program that is not in PATH is 127'
not_started ./no-such-program 127 ENOENT 'a path to nothing is 127'
not_started ./plain/program 127 ENOTDIR 'a path through a file is 127'
not_started ./plain 126 EACCES 'a file that is not executable is 126'
not_started ./directory 126 EACCES 'a directory is 126'
not_started ./no-format 126 ENOEXEC 'a file of no format is 126'
not_started ./cut-short 126 ENOEXEC 'a program cut short is 126'
not_started ./loop 126 ELOOP 'a link to itself is 126'
not_started "$long" 126 ENAMETOOLONG 'a name too long for any file is 126'
not_started ./no-interpreter 127 ENOENT 'a script without its interpreter is 127'
check 'and the hint says that the script itself is there' \
	jq -e '.outcome.error.hint | test("interpreter")' "$tmp/json"
is "$(cat "$tmp/said")" '' 'what was not started printed nothing'
is "$(jq -r '[.time.wall_ns, .syscalls.total, .processes.tasks] | @csv' "$tmp/json")" ',,' \
	'and has no numbers'

# --- The search in PATH ---

in_path() {
	PATH=$1 weigh plain
}

true_path=$PATH
weigh ./later/plain
is $? 7 'a command with a slash is relative to the current directory'
# shellcheck disable=SC2123 # the search is what is tested
PATH=later:/bin:/usr/bin "$TARE" run -q plain
is $? 7 'a relative element of PATH is relative to the current directory'
PATH=/nowhere:.:later "$TARE" run -q plain
is $? 7 'the search goes on after a file that is not executable'
PATH=. "$TARE" run -q plain 2> "$tmp/said"
is $? 126 'and ends in 126 when there is no other'
(cd later && PATH='' exec "$TARE" run -q plain)
is $? 7 'an empty PATH is the current directory'
(cd later && exec env -u PATH "$TARE" run -q sh -c 'exit 5')
is $? 5 'without a PATH the system has a default one'
PATH=$true_path

# --- tare's own failures ---

cd "$OLDPWD" || exit
ls -A > "$tmp/before"

# fails CLAIM ARGUMENTS...: 125, one line and perhaps a hint, and the command was not run.
fails() {
	fails_claim=$1
	shift
	"$TARE" "$@" > "$tmp/said" 2> "$tmp/errors" < /dev/null
	got="$? $(grep -c '^tare: ' "$tmp/errors") $(grep -cv -e '^tare: ' -e '^  hint: ' \
		"$tmp/errors") $(wc -c < "$tmp/said")"
	is "$got" '125 1 0 0' "$fails_claim: 125, one line, no output"
}

fails 'no command' run
fails 'an empty command' run ''
fails 'an unknown option' run --memroy echo ran
fails 'an unknown letter' run -x echo ran
fails 'a value for an option that takes none' run --quiet=3 echo ran
fails 'an option without its value' run --json
fails 'an empty path for the document' run --json '' echo ran
fails 'a document twice' run --json a --json b echo ran
fails 'an unknown word for --allow' run --allow everything echo ran
fails 'a document in a directory that is not there' run --json no/such/file echo ran
fails 'a contradiction' run --no-container --allow mounts echo ran
fails 'an unknown verb' weigh echo ran
ls -A > "$tmp/after"
check 'and nothing was created' cmp "$tmp/before" "$tmp/after"

deleted() {
	mkdir "$tmp/deleted" && cd "$tmp/deleted" && rmdir "$tmp/deleted" || return
	weigh "$@" true
	echo "$? $(number 'outcome | "\(.kind) \(.exit_code) \(.error.errno)"')"
}

# In a subshell each, which the lost directory dies with.
is "$(deleted)" '125 error null ENOENT' 'a current directory that was deleted is 125'
is "$(deleted --no-container)" '125 error null ENOENT' 'also without a container'

for asked in --help --version 'run --help' 'check --help'; do
	# shellcheck disable=SC2086 # a list of words
	"$TARE" $asked > /dev/full 2> "$tmp/errors"
	echo "$? $(cat "$tmp/errors")"
done > "$tmp/said"
is "$(sort -u "$tmp/said")" \
	"125 tare: write to standard output: No space left on device (ENOSPC)" 'help that nobody can read is 125'

plan
