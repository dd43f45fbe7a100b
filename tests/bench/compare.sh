#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What it costs a program to be measured: the same work bare, under tare and under other tools, and
# in a process that has nothing to do with any of them, in rounds in which all take turns in random
# order. Prints the table of the README and how tare stands to its goals; passes or fails nothing.
#
#   tests/bench/compare.sh [--readme]     also puts the table into README.md
#
# ROUNDS=15 says how many rounds, TOOLS='bare tare' which tools; bare is always among them. What is
# not installed is left out and named. The work runs as SCHED_FIFO where that is allowed, so that
# other programs of the machine disturb it least.
set -eu
cd "$(dirname "$0")/../.."
ROUNDS=${ROUNDS:-15}
# shellcheck source=lib/rounds.sh
. tests/bench/lib/rounds.sh
[ "$(id -u)" -eq 0 ] || { echo 'compare: needs root, as tare does' >&2; exit 1; }

workload=$PWD/tests/bench/lib/workload.sh
contain=$PWD/build/tests/bench/contain
[ -x "$contain" ] || { echo "compare: no '$contain'; hint: make bench" >&2; exit 2; }
first=
! chrt -f 1 true 2> "$work/out" || first="$(command -v chrt) -f 1"

# --- Tools: NAME|NEEDS|WHAT IT IS. run_NAME runs the command of its words. ---

tools='bare||no tool: the time itself
again||no tool, once more: how far two equal things differ
uninvolved|tare|a process outside, while a run of tare lives
contained||the container of tare run, nothing weighed
tare|tare|tare run
tare_bare|tare|tare run --no-container
perf|perf|perf stat
bpftrace|bpftrace|bpftrace, system calls by process name
syscount|syscount|syscount of libbpf-tools
runexec|runexec|runexec of BenchExec
strace|strace|strace -c -f'

run_bare() { $first "$@"; }
run_again() { $first "$@"; }
run_contained() { $first "$contain" "$@"; }
run_tare() { $first "$tare" run --quiet "$@"; }
run_tare_bare() { $first "$tare" run --quiet --no-container "$@"; }
run_perf() { $first perf stat -o "$work/out" "$@"; }
# As SCHED_FIFO it would be ten times slower: its wake-ups then go to the other processor.
run_strace() { strace -c -f -o "$work/out" "$@"; }
run_runexec() {
	$first runexec --quiet --read-only-dir / --output "$work/log" -- "$@" > "$work/out"
	grep '^[a-z]* [0-9.]*$' "$work/log"
}

# beside WORD COMMAND...: when the tool in the background has said the word, until the command's end.
beside() {
	word=$1
	shift
	until grep -q "$word" "$work/said.helper"; do
		kill -0 "$helper" 2> "$work/out" || return 1
		sleep 0.02
	done
	status=0
	$first "$@" || status=$?
	kill -INT "$helper"
	wait "$helper" 2> "$work/out" || :
	helper=
	return $status
}

helper=
at_exit() {
	[ -z "$helper" ] || kill "$helper" || :
}

# A shell ignores SIGINT for what it starts in the background; env lets it through again.
in_background() {
	env --default-signal=INT "$@" > "$work/said.helper" 2>&1 &
	helper=$!
}

# Some need to see tracefs, which is not mounted everywhere.
with_tracefs='[ -e /sys/kernel/tracing/events ] || mount -t tracefs none /sys/kernel/tracing
exec "$@"'

run_uninvolved() {
	in_background "$tare" run --quiet sh -c 'echo ready; exec sleep 1000'
	beside ready "$@"
}

run_syscount() {
	in_background unshare -m sh -c "$with_tracefs" sh stdbuf -oL syscount
	beside Tracing "$@"
}

# It shows what its command says between lines of its own.
run_bpftrace() {
	unshare -m sh -c "$with_tracefs" sh bpftrace -c "$first $*" \
		-e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }' > "$work/log"
	grep '^[a-z]* [0-9.]*$' "$work/log"
}

# --- Rounds ---

is_wanted() {
	case " ${TOOLS-$1} bare " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

is_there() {
	[ -z "$1" ] || [ "$1" = tare ] || command -v "$1" > "$work/out" || return 1
	# It may be tare's own runexec.
	[ "$1" != runexec ] || [ "$(basename "$(readlink -f "$(command -v runexec)")")" != tare ]
}

list_tools() {
	echo "$tools" | while IFS='|' read -r name needed what; do
		is_wanted "$name" || continue
		if is_there "$needed"; then
			echo "$name|$what" >> "$work/tools"
		else
			echo "$needed" >> "$work/missing"
		fi
	done
}

# One that fails is told, and has no number of this round.
one_tool() {
	if "run_$1" "$workload" > "$work/said.$1" 2> "$work/errors.$1"; then
		sed "s/^/$round $1 /" "$work/said.$1" >> "$work/all"
	else
		echo "compare: $1 failed: $(tail -n 1 "$work/errors.$1")" >&2
	fi
}

one_round() {
	for name in $(cut -d '|' -f 1 "$work/tools" | shuf); do
		one_tool "$name"
	done
	[ ! -t 2 ] || printf '\r%s of %s rounds' "$round" "$rounds" >&2
}

# --- Tables, from "ROUND TOOL KIND NANOSECONDS" ---

# Ratios are of two numbers of one round. In a cell is their median and, after ±, half of the
# distance between the quartiles.
# shellcheck disable=SC2016 # awk's
statistics='
function sort_values(n,    i, j, v) {
	for (i = 2; i <= n; i++) {
		v = value[i]
		for (j = i - 1; j >= 1 && value[j] > v; j--)
			value[j + 1] = value[j]
		value[j + 1] = v
	}
}
function quantile(n, share) { return value[int((n - 1) * share + 1.5)] }
# Of tool against other; the difference where is_difference. Sets middle and spread; how many.
function compare(kind, tool, other, is_difference,    n, i) {
	n = 0
	for (i = 1; i <= rounds; i++) {
		if (!((i, tool, kind) in ns) || !((i, other, kind) in ns))
			continue
		value[++n] = is_difference ? ns[i, tool, kind] - ns[i, other, kind] \
			: ns[i, tool, kind] / ns[i, other, kind]
	}
	if (!n)
		return 0
	sort_values(n)
	middle = quantile(n, 0.5)
	spread = (quantile(n, 0.75) - quantile(n, 0.25)) / 2
	return n
}
function absolute(kind, tool,    n, i) {
	n = 0
	for (i = 1; i <= rounds; i++)
		if ((i, tool, kind) in ns)
			value[++n] = ns[i, tool, kind]
	sort_values(n)
	return n ? quantile(n, 0.5) : 0
}
function time(v) {
	if (v < 1000)
		return sprintf("%.3g ns", v)
	return v < 1e6 ? sprintf("%.3g us", v / 1e3) : sprintf("%.3g ms", v / 1e6)
}
{
	if (!($3 in is_kind)) { is_kind[$3] = 1; kinds[++kind_count] = $3 }
	ns[$1, $2, $3] = $4
	if ($1 > rounds) rounds = $1
}'

# shellcheck disable=SC2016
table='
function rule(n,    line) { line = "|---|"; while (n--) line = line "---|"; return line }
END {
	line = "| |"
	for (k = 1; k <= kind_count; k++) line = line " " kinds[k] " |"
	print line
	print rule(kind_count)
	while ((getline < tools) > 0) {
		split($0, part, "|")
		line = "| " part[2] " |"
		for (k = 1; k <= kind_count; k++) {
			if (part[1] == "bare")
				cell = time(absolute(kinds[k], "bare"))
			else if (compare(kinds[k], part[1], "bare", 0))
				cell = sprintf(middle < 10 ? "%.2f ±%.2f" : "%.0f ±%.0f", middle, spread)
			else
				cell = "–"
			line = line " " cell " |"
		}
		print line
	}
}'

# goal KIND TOOL OTHER LIMIT_NS WORDS, or a LIMIT of a ratio.
# shellcheck disable=SC2016
goals='
function judge(words, limit, unit) {
	printf "%-58s %7.2f%s ±%.2f, goal %s%s: %s\n", words, middle, unit, spread, limit, unit, \
		middle <= limit ? "reached" : "missed"
}
END {
	if (compare("getppid", "tare", "contained", 1))
		judge("a system call that is counted costs more, inside", inside, " ns")
	if (compare("getppid", "tare_bare", "bare", 1))
		judge("the same without a container, and so without a filter", inside, " ns")
	if (compare("getppid", "uninvolved", "bare", 1))
		judge("a system call that is not counted, outside", outside, " ns")
	for (k = 1; k <= kind_count; k++)
		if (kinds[k] ~ /^(gcc|tar|sqlite)$/ && compare(kinds[k], "tare", "contained", 0))
			judge(kinds[k] " weighed, to the same container without", 1.02, "")
}'

describe_machine() {
	printf 'Linux %s, %s, %s processors%s; median of %s rounds%s\n' "$(uname -r)" \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
		"$(! grep -q '^flags.* hypervisor' /proc/cpuinfo || echo ', virtual')" "$rounds" \
		"$([ -z "$first" ] || echo ', SCHED_FIFO')"
}

make_table() {
	describe_machine
	echo
	awk -v tools="$work/tools" "$statistics $table" "$work/all"
	[ ! -s "$work/missing" ] || printf '\nNot installed: %s\n' \
		"$(sort -u "$work/missing" | paste -sd , | sed 's/,/, /g')"
}

# From 7.0 on the tracepoint that loses nothing is the classic one.
show_goals() {
	limits='-v inside=20 -v outside=17'
	[ "$(uname -r | cut -d . -f 1)" -lt 7 ] || limits='-v inside=30 -v outside=30'
	# shellcheck disable=SC2086 # a list of words
	awk $limits "$statistics $goals" "$work/all"
}

update_readme() {
	awk -v table="$work/table" '
		/^<!-- end of compare.sh/ { is_old = 0 }
		!is_old
		/^<!-- made by tests\/bench\/compare.sh/ {
			is_old = 1
			while ((getline line < table) > 0)
				print line
		}' README.md > "$work/readme"
	cp "$work/readme" README.md
}

: > "$work/missing"
list_tools
each_round one_round
[ ! -t 2 ] || echo >&2
make_table > "$work/table"
cat "$work/table"
echo
show_goals
[ "${1-}" != --readme ] || update_readme
