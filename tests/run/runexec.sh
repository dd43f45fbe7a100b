#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `runexec`: what programs and people know of BenchExec's command of that name is as they know it.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root

project=$PWD
mkdir "$tmp/bin" "$tmp/here"
ln -s "$TARE" "$tmp/bin/runexec"
cd "$tmp/here" || exit
PATH=$tmp/bin:$PATH

# runs ARGUMENTS...: its status is in $status, what it said in $tmp/out and $tmp/err.
runs() {
	rm -f output.log
	runexec "$@" > "$tmp/out" 2> "$tmp/err" < /dev/null
	status=$?
}

# value KEY: of the last run; nothing where it has no such line.
value() {
	sed -n "s/^$1=//p" "$tmp/out"
}

# What the command wrote, below the header.
said() {
	tail -n +7 "${1-output.log}"
}

# The status, how it ended and why: "0 9 walltime".
fate() {
	runs "$@"
	echo "$status $(value returnvalue)$(value exitsignal) $(value terminationreason)"
}

# as_number VALUE: without its unit, in nanoseconds.
as_ns() {
	echo "$1" | awk '{ sub(/s$/, ""); printf "%.0f\n", $1 * 1e9 }'
}

# --- A script that was written for BenchExec's ---

cat > "$tmp/wanted" << 'END'
solved: done (exit 0): VERIFICATION SUCCESSFUL
unknown: done (exit 7): gave up
crash: done (signal 11)
busy: TIMEOUT (cputime, signal 9)
polite: TIMEOUT (cputime-soft, exit 3): partial
asleep: TIMEOUT (walltime, signal 9)
hungry: OUT OF MEMORY (signal 9)
missing: ERROR (not started)
reader: done (exit 0): what was sent to it
END
for way in '' --no-container; do
	# shellcheck disable=SC2086 # one word or none
	python3 "$project/tests/data/benchmark-driver.py" $way > "$tmp/got" 2>&1
	is "$(cat "$tmp/got")" "$(cat "$tmp/wanted")" \
		"a benchmark driver written for BenchExec's runexec works${way:+ ($way)}"
done

# --- The output ---

runs -- sh -c 'echo out; echo err >&2; exit 4'
is "$status" 0 'its own status is 0 when the command fails'
is "$(sed 's/=.*//; s/cpu[0-9]*$/cpuN/' "$tmp/out" | uniq | grep -v -e ^blkio -e ^pressure |
	tr '\n' ' ')" 'starttime returnvalue walltime cputime cputime-cpuN memory ' \
	'the keys come in the known order'
is "$(grep -vcE -e '^starttime=[0-9-]{10}T[0-9:]{8}(\.[0-9]{6})?[+-][0-9]{2}:[0-9]{2}$' \
	-e '^returnvalue=4$' -e '^(walltime|cputime)=[0-9]+\.[0-9]+s$' \
	-e '^cputime-cpu[0-9]+=[0-9]+\.[0-9]{9}s$' -e '^(memory|blkio-read|blkio-write)=[0-9]+B$' \
	-e '^pressure-(cpu|io|memory)-some=[0-9]+\.[0-9]+s$' "$tmp/out")" 0 \
	'and the values in the known forms'
is "$(head -n 6 output.log | od -c)" "$(printf "%s\n\n\n%080d\n\n\n" \
	"sh -c 'echo out; echo err >&2; exit 4'" 0 | sed '4s/0/-/g' | od -c)" \
	'output.log begins with the command and a ruler'
is "$(said)" 'out
err' 'and has both streams of the command'
is "$(grep -cE '^[0-9-]{10} [0-9:]{8},[0-9]{3} - INFO - ' "$tmp/err") $(wc -l < "$tmp/err")" '2 2' \
	'two lines are logged'
check 'one names the command' grep -q "INFO - Starting command sh -c 'echo out;" "$tmp/err"
check 'the other the file' grep -q 'INFO - Writing output to output.log$' "$tmp/err"
runs --quiet true
is "$(cat "$tmp/err")" '' '--quiet logs nothing of that'
sum=$(awk -F = '/^cputime-cpu/ { n += $2 } END { printf "%.9f", n }' "$tmp/out")
is "$(as_ns "$sum")" "$(as_ns "$(value cputime)")" \
	'the processors have the CPU time of the whole between them'
before=$(date +%s%N)
runs true
after=$(date +%s%N)
begun=$(date -d "$(value starttime)" +%s%N)
# It is told in microseconds.
check 'the start lies where it was' \
	[ "$((before / 1000))" -le "$((begun / 1000))" -a "$begun" -le "$after" ]
runs --output logs/of/a.log true
is "$status $(wc -l < logs/of/a.log)" '0 6' 'directories for the output are made'
runs --input "$tmp/wanted" -- head -n 1
is "$(said)" "$(head -n 1 "$tmp/wanted")" '--input is read'
runs cat
is "$status $(value returnvalue) $(said)" '0 0 ' 'without it there is nothing to read'
echo line | runexec --input - cat > "$tmp/out" 2> "$tmp/err"
is "$(said)" line "'-' is runexec's own standard input"
is "$("$TARE" runexec --quiet -- sh -c 'exit 5' | grep returnvalue)" returnvalue=5 \
	'tare runexec is the same'

# --- Limits ---

is "$(fate --timelimit 0.3 -- sh -c 'while :; do :; done')" '0 9 cputime' \
	'a fraction of a second is a limit'
check 'that is not cut short' [ "$(as_ns "$(value cputime)")" -ge 300000000 ]
# Of a few times, because what else runs on the machine, or on its host, can only make it later.
for _ in $tries; do
	[ "$(as_ns "$(value cputime)")" -ge 301000000 ] || break
	fate --timelimit 0.3 -- sh -c 'while :; do :; done' > "$tmp/fate"
done
check_time 'and kept to the millisecond' [ "$(as_ns "$(value cputime)")" -lt 301000000 ]
is "$(fate --walltimelimit 300ms -- sh -c 'sleep 100 & sleep 100')" '0 9 walltime' \
	'as is one of wall time, for the whole tree'
is "$(fate --memlimit 20MB -- sh -c '(tail /dev/zero; echo survived); sleep 100')" '0 9 memory' \
	'memory that a grandchild needs ends the run'
is "$(fate --walltimelimit 100 true)" '0 0 ' 'a limit that is not passed is no reason'
runs --maxOutputSize 10kB -- sh -c 'echo first; yes | head -c 1000000; echo last'
# The header is not the command's, and what is cut out is told.
check 'an output that is too long is cut' [ "$(wc -c < output.log)" -le 10300 ]
is "$(said | sed -n '1p;$p')" 'first
last' 'head and tail of it are kept'
check 'the cut is told in the file' grep -q \
	'^WARNING: YOUR LOGFILE WAS TOO LONG, SOME LINES IN THE MIDDLE WERE REMOVED.$' output.log
check 'and logged' grep -q "WARNING - Logfile 'output.log' is too big (size 1000011 bytes)" \
	"$tmp/err"

# --- The container ---

# shellcheck disable=SC2016 # expanded by the command
runs -- sh -c 'id -u; id -g; echo "$HOME"; ls -A "$HOME"; touch "$HOME/x" x && stat -c %u x'
is "$(said)" '1000
1000
/home/benchexec
1000' 'the command is user 1000, at home in an empty /home/benchexec, and owns what is its'
is "$(ls . output.files)" '.:
logs
output.files
output.log

output.files:
x' 'what it wrote stays inside, but for a copy of its files'
rm -r output.files
# shellcheck disable=SC2016 # expanded by the command
runs --debug -- sh -c 'for i in $(seq 1002); do : > $i; done'
is "$(grep -c 'DEBUG - Transferring output file ' "$tmp/err") $(grep -c '1002 output files matched' "$tmp/err")" \
	'1000 1' '--debug names the copied files, but not without end'
rm -r output.files
(umask 077 && echo secret > mine)
runs cat mine
is "$(said)" secret "it reads what only the caller may read"
runs -- stat -c %u mine .
is "$(said)" '1000
1000' "the caller's files are its own"
runs --keep-system-config -- id -u
is "$(said)" 0 '--keep-system-config keeps the name of the caller'
# shellcheck disable=SC2016 # expanded by the command
runs --read-only-dir / --hidden-dir /home --hidden-dir /tmp --dir /tmp -- \
	sh -c 'touch "$HOME/x" /tmp/x; pwd; touch /x'
is "$(value returnvalue) $(said | head -n 1)" '1 /tmp' \
	"BenchExec's own way without overlays works"
check 'with a root that cannot be written' grep -q 'Read-only' output.log
runs --read-only-dir / true
if [ -d /home/benchexec ]; then
	skip 'a home that cannot be made is told' 'this host has /home/benchexec'
else
	check 'a home that cannot be made is told' \
		grep -q 'WARNING - Home directory in container should be /home/benchexec' "$tmp/err"
fi
runs --full-access-dir "$PWD" touch kept
is "$(stat -c %u kept)" "$(id -u)" 'where it has full access, it writes as the caller'

# --- Without a container ---

# shellcheck disable=SC2016 # expanded by the command
runs --no-container -- sh -c 'echo "$HOME"; echo "$TMPDIR"; touch "$HOME/x" && mkdir -p "$TMP/a/b"'
is "$(said | sed 's/_run_[A-Za-z0-9]*/_run_X/')" '/tmp/BenchExec_run_X/home
/tmp/BenchExec_run_X/tmp' 'without a container HOME and TMPDIR are fresh'
check 'and removed' [ ! -e "$(said | head -n 1 | xargs dirname)" ]
# shellcheck disable=SC2016 # expanded by the command
runs --no-container --skip-cleanup -- sh -c 'echo "$TMPDIR"; echo text > "$TMPDIR/file"'
is "$(cat "$(said)/file")" text '--skip-cleanup leaves them'
rm -r "$(dirname "$(said)")"
runs --skip-cleanup true
check 'and in a container is told to have no effect' \
	grep -q 'WARNING - --skip-cleanup keeps nothing of a container' "$tmp/err"

# --- How it ends ---

# ends_by SIGNAL: sent to runexec once the command has said that it runs.
ends_by() {
	rm -f output.log
	# A shell has what it starts in the background ignore INT and QUIT.
	runexec -- sh -c 'echo up; sleep 100 & exec sleep 100' > "$tmp/out" 2> "$tmp/err" &
	tare=$!
	wait_until grep -q '^up$' output.log
	kill -"$1" "$tare"
	wait "$tare"
	echo "$? $(value exitsignal) $(value terminationreason)"
}
for signal in TERM INT QUIT HUP; do
	is "$(ends_by $signal)" '0 9 killed' "SIG$signal to runexec kills the run, and is the reason"
done
# shellcheck disable=SC2016 # expanded by the command
runexec --no-container -- sh -c 'echo "$TMPDIR"; echo x > "$TMPDIR/x"; sleep 100 & exec sleep 100' \
	> "$tmp/out" 2> "$tmp/err" &
tare=$!
wait_until grep -q '/tmp$' output.log
home=$(dirname "$(said)")
is_gone() {
	[ ! -e "$home" ]
}
check 'while the run lasts, its directories are there' [ -e "$home/tmp/x" ]
kill -KILL "$tare"
wait "$tare"
check 'SIGKILL of runexec leaves no directory either' wait_until is_gone
for way in '' --no-container; do
	# shellcheck disable=SC2086 # one word or none
	runs $way /no/such/program
	is "$status $(cat "$tmp/out")" '0 terminationreason=failed' \
		"a command that is not there has failed, and no more${way:+ ($way)}"
	check 'why is logged' grep -q "CRITICAL - Cannot execute '/no/such/program': \[Errno 2\]" \
		"$tmp/err"
	is "$(wc -l < output.log)" 6 'and its output has the header alone'
done
runs -- sh -c 'setsid sleep 100 & echo $!'
is "$(value returnvalue) $(value terminationreason)" '0 ' \
	'processes left behind are no fault of the command'
check 'but are told' \
	grep -q 'WARNING - Killed 1 process that the command had left running' "$tmp/err"
runs --no-tmpfs --filesCountLimit 2 -- sh -c 'echo > a; echo > b; echo > c; sleep 100'
is "$(value terminationreason) $(value exitsignal)" 'files-count 9' \
	'files too many end the command while it runs'
runs --no-tmpfs --filesSizeLimit 1MB -- sh -c 'head -c 1000001 /dev/zero > a; sleep 100'
is "$(value terminationreason) $(value exitsignal)" 'files-size 9' 'and files too large'
runs --full-access-dir /sys true
is "$status $(cat "$tmp/out")" '1 terminationreason=failed' 'what tare cannot do is 1, and failed'
check 'and logged' grep -q 'CRITICAL - Cannot execute' "$tmp/err"

# --- Arguments ---

# misused WORDS OPTION...: refused with the usage and one line that has the words.
misused() {
	wanted=$1
	shift
	runs "$@"
	is "$status $(head -n 1 "$tmp/err" | cut -c 1-20) $(tail -n 1 "$tmp/err")" \
		"2 usage: runexec [-h]  runexec: error: $wanted" "'$wanted' follows the usage"
	check 'nothing is run' [ ! -e output.log ]
}
misused "argument --memlimit: invalid parse_memory_value value: 'x'" --memlimit x true
misused 'ambiguous option: --mem could match --memlimit, --memoryNodes' --mem 5 true
misused 'the following arguments are required: ARG' --debug
misused 'unrecognized arguments: --tmie' --tmie 5 -- true
runs --timelimit 0 true
is "$status $(tail -n 1 "$tmp/err") $(cat "$tmp/out")" '1 Invalid time limit 0. ' \
	'a limit that cannot be is told without the usage'
runs --require-cgroup-subsystem invalid true
is "$status $(tail -n 1 "$tmp/err")" '1 Cgroup subsystem "invalid" was required but is not available.' \
	'so is a controller that there is not'
runs --cores 8190-8191 true
is "$status $(tail -n 1 "$tmp/err")" '1 Cores [8190, 8191] are not allowed to be used' \
	'and cores that may not be used'
printf '%s\n' --walltimelimit=100 echo 'two words' > arguments
runs @arguments --output=by-file
is "$(said by-file)" 'two words' 'arguments can be in a file'
is "$(fate --wallt 0.2 sleep 100)" '0 9 walltime' 'options can be shortened'
runs echo hi --output behind
is "$(said behind)" hi 'and stand behind the command'
runs -- echo -- --output
is "$(said)" '-- --output' 'but not behind two dashes'
runs --version
check '--version is one line that tools understand' \
	grep -qxE 'runexec [0-9]+\.[0-9]+ \(tare [0-9.]+\)' "$tmp/out"
runs --help
is "$status $(grep -c -e '^  --timelimit SECONDS' -e '^usage: runexec' "$tmp/out")" '0 2' \
	'--help lists the options'
hostile=$(printf 'a\033[31m\r')
runs true "$hostile"
runs "--$hostile" true
is "$(LC_ALL=C grep -c "$(printf '[\033\r]')" "$tmp/err")" 0 \
	'no control character of an argument reaches the terminal'

plan
