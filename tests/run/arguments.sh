#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a command is given: its arguments, environment, streams and circumstances are those that
# tare itself was given, and no argument can harm what tare says.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/weigh.sh
. "$(dirname "$0")/lib/weigh.sh"
need_root

# same CLAIM SCRIPT: a shell prints the same with tare, in a container and without, as without it.
same() {
	same_claim=$1
	shift
	without=$("$@" 2>&1)
	contained=$("$TARE" run -q "$@" 2>&1)
	bare=$("$TARE" run -q --no-container "$@" 2>&1)
	is "$contained|$bare" "$without|$without" "$same_claim"
}

# --- Arguments ---

# shellcheck disable=SC2016 # expanded by the command
show='printf "<%s>" "$#" "$@"'
same 'empty arguments stay' sh -c "$show" '' '' x ''
same 'options after the command are its own' sh -c "$show" sh --json -v --
is "$("$TARE" run -q -- sh -c "$show" sh -- x)" '<2><--><x>' "only the first '--' is tare's"

bytes=$(printf 'a\377b\351 \342\202')
same 'arguments of any bytes stay' sh -c "$show" sh "$bytes"
weigh true "$bytes" 'é'
check 'a document about them is valid JSON' jq -e '.command | length == 3' "$tmp/json"
is "$(jq -r '.command_base64[1]' "$tmp/json" | base64 -d)" "$bytes" \
	'and has their exact bytes in base64'
weigh true 'é€'
is "$(number 'command[1]') $(number command_base64)" 'é€ null' 'valid UTF-8 is told as it is'

# Newline, escape, carriage return, a C1 control sequence introducer, a right-to-left override.
hostile=$(printf 'a\nb\033[31m\r\302\233 \342\200\256x')
"$TARE" run true "$hostile" 2> "$tmp/errors"
# What is not ASCII there is the summary's own: a middle dot, a dash, an ellipsis.
is "$(LC_ALL=C tr -d '\n[:print:]' < "$tmp/errors" |
	LC_ALL=C sed 's/\xc2\xb7//g; s/\xe2\x80[\x93\xa6]//g' | wc -c)" 0 \
	'no control character of an argument reaches the summary'
is "$(grep -c '^tare: ' "$tmp/errors") $(grep -cF '\x1b[31m' "$tmp/errors")" '1 1' \
	'they are shown escaped, in one line'
"$TARE" run "$hostile" 2> "$tmp/errors"
is "$(LC_ALL=C grep -c "$(printf '[\033\r]')" "$tmp/errors") $(wc -l < "$tmp/errors")" '0 1' \
	'nor do they reach the message that the program is not there'
"$TARE" run "--$hostile" 2> "$tmp/errors"
is "$(LC_ALL=C grep -c "$(printf '[\033\r]')" "$tmp/errors") $(wc -l < "$tmp/errors")" '0 2' \
	'nor that there is no such option'
"$TARE" run --json "/no/$hostile/x" true 2> "$tmp/errors"
is "$(LC_ALL=C grep -c "$(printf '[\033\r]')" "$tmp/errors") $(wc -l < "$tmp/errors")" '0 1' \
	'nor that the document has no place'
"$TARE" "$hostile" 2> "$tmp/errors"
is "$(LC_ALL=C grep -c "$(printf '[\033\r]')" "$tmp/errors") $(wc -l < "$tmp/errors")" '0 2' \
	'nor that there is no such verb'

# --- The kernel's limit: a quarter of the stack's, here 2 MiB, the environment included ---

cd "$tmp" || exit
# shellcheck disable=SC3045 # the shells of Debian and Ubuntu have it
ulimit -s 8192
part=$(printf %0125000d 0)
set -- "$part" "$part" "$part" "$part" "$part" "$part" "$part" "$part" "$part" "$part" "$part" \
	"$part" "$part" "$part" "$part" "$part"
# shellcheck disable=SC2016 # expanded by the command
weigh sh -c 'echo $#' sh "$@"
is "$? $(cat "$tmp/said") $(jq '.command | length' "$tmp/json")" '0 16 20' \
	'2 MB of arguments reach the command'

# A script whose interpreters add more than "tare run" took away: what tare itself could be given,
# the command cannot. The largest that tare can be given is found by halving.
printf '#!/bin/sh %0200d\n' 0 > first
printf '#!%s/first %0200d\n' "$tmp" 0 > second
printf '#!%s/second %0200d\n' "$tmp" 0 > script
chmod +x first second script
run_script() {
	last=$1
	shift
	"$TARE" run --json "$tmp/json" ./script "$@" "$(printf "%0${last}d" 0)" 2> "$tmp/errors"
}
# The shell's own message begins with the name of the shell.
reaches_tare() {
	run_script "$@"
	grep -q '^tare: ' "$tmp/errors"
}
fits=1
too_large=131000
while [ $((too_large - fits)) -gt 1 ]; do
	middle=$(((fits + too_large) / 2))
	if reaches_tare $middle "$@"; then fits=$middle; else too_large=$middle; fi
done
run_script $fits "$@"
is "$? $(number 'outcome | "\(.kind) \(.error.errno)"')" '126 not_started E2BIG' \
	'more than the kernel takes is 126, and told by its name'
check 'and in words' grep -q 'Argument list too long' "$tmp/errors"
check 'with what the limit is' grep -q "hint .*a quarter of 'ulimit -s'" "$tmp/errors"
set --
cd "$OLDPWD" || exit

# --- Circumstances ---

NUMBER=1 same 'the environment is passed on' env
same 'an empty environment stays empty' env -i /usr/bin/env
is "$(env -i "$TARE" run -q /usr/bin/env)" '' 'also when tare has none'
same 'the current directory is kept' pwd
cd /usr/share || exit
same 'also elsewhere' pwd
cd "$OLDPWD" || exit
umask 027
same 'the umask is kept' sh -c umask
umask 022
is "$(nice -n 7 "$TARE" run -q nice)" "$(nice -n 7 nice)" 'the niceness is kept'
is "$(prlimit --nofile=77:99 "$TARE" run -q sh -c 'ulimit -n; ulimit -Hn' | tr '\n' ' ')" '77 99 ' \
	'resource limits are kept'
is "$(prlimit --core=4096 "$TARE" run -q sh -c 'ulimit -c')" \
	"$(prlimit --core=4096 sh -c 'ulimit -c')" 'the limit of core dumps is kept'
is "$(taskset -c 0 "$TARE" run -q nproc)" 1 'the set of processors is kept'

is "$(echo typed | "$TARE" run -q cat)" typed 'standard input is passed on'
"$TARE" run -q sh -c 'echo out; echo error >&2' > "$tmp/said" 2> "$tmp/errors"
is "$(cat "$tmp/said") $(cat "$tmp/errors")" 'out error' 'output and errors are passed on apart'
# shellcheck disable=SC2217 # to prove that nothing reads it
is "$(printf 'one\ntwo\n' | { "$TARE" run -q true; cat; })" "$(printf 'one\ntwo')" \
	'of an input that the command does not read nothing is lost'

# cat ends only when every copy of its input's writing end is closed, tare's among them.
mkfifo "$tmp/to" "$tmp/from"
"$TARE" run -q sh -c 'exec > /dev/null; read -r line' < "$tmp/to" > "$tmp/from" &
tare=$!
{ cat "$tmp/from"; echo ended; } > "$tmp/said" &
exec 5> "$tmp/to"
check "a reader of the command's output is not kept waiting by tare" \
	wait_until grep -q ended "$tmp/said"
check 'while the command itself still runs' kill -0 $tare
exec 5>&-
wait

# --- Odd callers ---

"$TARE" run -q --json "$tmp/json" sh -c 'exit 3' <&- >&- 2>&-
is "$? $(number outcome.exit_code)" '3 3' 'tare runs with all standard streams closed'
is "$("$TARE" run -q sh -c 'cat || echo refused' <&- 2> "$tmp/ignored")" refused \
	'a closed standard input is closed for the command'
"$TARE" run -q sh -c 'echo lost' >&- 2> "$tmp/errors"
is $? 1 'and so is a closed standard output'
is "$(env --ignore-signal=CHLD "$TARE" run -q sh -c 'exit 9'; echo $?)" 9 \
	'a caller who ignores SIGCHLD gets the exit status'
# shellcheck disable=SC2016 # expanded by the command
is "$(env --ignore-signal=CHLD --block-signal=TERM "$TARE" run -q \
	awk '/^Sig(Ign|Blk)/ { print $2 }' /proc/self/status | tr '\n' ' ')" \
	'0000000000000000 0000000000000000 ' 'the command starts with no signal ignored or blocked'
(umask 0777 && "$TARE" run -q sh -c 'ls / /tmp /run /dev/shm . > /dev/null && : > /dev/null')
is $? 0 'a umask of 0777 does not close the container to the command'
mkdir -p "$tmp/way/down"
(umask 0777 && cd "$tmp/way/down" && "$TARE" run -q ls "$tmp/way" > "$tmp/said")
is $? 0 'nor the way to its directory'

german=$(locale -a 2> "$tmp/ignored" | grep -m 1 -i -e '^de_DE.utf' -e '^fr_FR.utf' -e '^nl_NL.utf')
LC_ALL=${german:-de_DE.UTF-8} "$TARE" run sh -c 'exit 0' 2> "$tmp/errors"
is "$(grep -c '[0-9],[0-9]* [mu]*s' "$tmp/errors")
$(grep -c '^  wall  *[0-9.]* [mu]*s' "$tmp/errors")" '0
1' "numbers keep their '.' in a locale with decimal commas"

plan
