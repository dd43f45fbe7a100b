#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How long a launcher takes to run `true` in a container over the host's root file system: tare,
# which also weighs it, by the shared collector and by one of its own, bubblewrap and crun, in rounds
# that take turns. Prints medians and ratios to bubblewrap, and of tare's time what its parts are; then
# how many of them a second can be had, 1, 8 and 64 at a time. Passes or fails nothing. The shared
# collector is in a BPF file system of the benchmark's own.
#
#   ROUNDS=50 RUNS=300 tests/bench/launch.sh
set -eu
cd "$(dirname "$0")/../.."
[ -n "${TARE_BENCH_OWN_BPF-}" ] ||
	TARE_BENCH_OWN_BPF=yes exec unshare --mount --propagation private "$0"
# shellcheck source=lib/rounds.sh
. tests/bench/lib/rounds.sh
[ "$(id -u)" -eq 0 ] || { echo 'launch: needs root, as tare does' >&2; exit 1; }

is_installed() {
	command -v "$1" > "$work/out"
}

# --- crun, in a mount namespace of its own ---

# Its root file system is the host's, mounted once more where the bundle wants it. crun refuses a
# cgroup2 beside version 1 controllers, so that mount is taken out of its sight. The namespace's
# shell says a line when all that is done, and another one after each run that it is asked for.
prepare_crun() {
	mkdir "$work/bundle" "$work/bundle/root"
	crun spec -f "$work/spec.json" 2>&1
	jq '.process.args = ["true"] | .process.terminal = false | .root = { path: "root", readonly: true } |
		.mounts |= map(select(.type != "cgroup" and .type != "cgroup2"))' \
		"$work/spec.json" > "$work/bundle/config.json"
	mkfifo "$work/ask" "$work/answer"
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m sh -c 'set -e; cd "$1"; mount --bind / bundle/root
		! grep -q " - cgroup " /proc/self/mountinfo ||
			umount "$(awk "\$3 == \"cgroup2\" { print \$2; exit }" /proc/mounts)"
		echo
		while read -r number; do
			"$2" noted.crun crun run --bundle bundle "tare-bench-$3-$number" > said.crun 2>&1 || :
			echo
		done' sh "$work" "$stopwatch" $$ < "$work/ask" > "$work/answer" 2> "$work/said.crun" &
	exec 3> "$work/ask" 4< "$work/answer"
	read -r _ <&4
}

run_crun() {
	echo "$round" >&3
	read -r _ <&4
}

at_exit() {
	exec 3>&- 4<&-
	wait
	"$tare" collector stop --force > "$work/out" 2>&1 || :
	umount /sys/fs/bpf
}

# --- Rounds ---

# The directories in which this process's cgroups are: cgroup2 first, then what tare uses of version 1.
list_cgroups() {
	for controller in '' memory pids; do
		awk -v wanted="$controller" '
			NR == FNR {
				if (wanted == "" ? $3 == "cgroup2" : $3 == "cgroup" && ("," $4 ",") ~ ("," wanted ","))
					mount = $2
				next
			}
			mount && wanted == $2 { print mount $3; exit }' /proc/mounts FS=: /proc/self/cgroup
	done
}

# The same for all: bubble COMMAND..., which begins with a program.
bubble() {
	"$@" bwrap --unshare-all --die-with-parent --new-session --ro-bind / / --dev /dev --proc /proc \
		--tmpfs /tmp --tmpfs /run true
}

# Takes the directories of cgroups.
one_round() {
	timed plain true
	timed tare "$tare" run --quiet true
	timed tare-private "$tare" run --quiet --private --json "$work/json" true
	note start "$(jq .collector.start_ns "$work/json")"
	note stop "$(jq .collector.stop_ns "$work/json")"
	note command "$(jq .time.wall_ns "$work/json")"
	timed tare-bare "$tare" run --quiet --no-container true
	timed floor build/tests/bench/floor "$@" -- /usr/bin/true
	! is_installed bwrap || bubble timed bwrap
	[ $has_crun = no ] || run_crun
}

# rate NAME AT_ONCE COMMAND...: notes how long one of so many at a time takes, xargs' own share with it.
rate() {
	name=$1.$2
	at_once=$2
	shift 2
	begin_ns=$(date +%s%N)
	seq "$runs" | xargs -P "$at_once" -n 1 "$@" > "$work/said.$name" 2>&1 || return 0
	note "$name" $((($(date +%s%N) - begin_ns) / runs))
}

# xargs adds a number to each command.
one_rate() {
	for at_once in 1 8 64; do
		rate tare "$at_once" "$tare" run --quiet -- true
		rate floor "$at_once" build/tests/bench/floor "$@" -- /usr/bin/true
		! is_installed bwrap || bubble rate bwrap "$at_once"
	done
}

mount -t bpf tare-bench /sys/fs/bpf
"$tare" collector start > "$work/out"
has_crun=no
! is_installed crun || ! prepare_crun || has_crun=yes
# shellcheck disable=SC2046 # a list of words
set -- $(list_cgroups)
each_round one_round "$@"
has tare || { cat "$work/said.tare"; exit 1; }

# show NAME WORDS: against bubblewrap, where there is one.
show() {
	if ! has "$1"; then
		echo "  $1: $(tail -n 1 "$work/said.$1" 2> "$work/out" || echo not installed)"
	elif has bwrap; then
		echo "$1 $(median "$1") $(ratio "$(median "$1")" "$(median bwrap)") x bwrap  $2" | columns
	else
		echo "$1 $(median "$1") $2" | columns
	fi
}

printf 'true in a container, median of %s runs each on %s, %s processors\n' \
	"$rounds" "$(uname -r)" "$(nproc)"
show plain 'no launcher at all'
show bwrap '--unshare-all'
show crun 'run, with a bundle over /'
show floor 'the least that such a container takes: with cgroups, but nobody to weigh or clean up'
show tare 'run, weighed by the shared collector'
show tare-private 'run --private, weighed by a collector of its own'
show tare-bare 'run --no-container, weighed by the shared one'
echo 'of tare run --private'
rest=$(($(median tare-private) - $(median start) - $(median stop) - $(median command)))
echo "start $(median start) the collector is loaded; the container is built beside it" | columns
echo "command $(median command) from its exec to its end" | columns
echo "stop $(median stop) the collector is detached" | columns
echo "rest $rest cgroups, what of the container takes longer, its end, and the result" | columns

runs=${RUNS-300}
rounds=3
each_round one_rate "$@"
echo "runs of true in a second, $runs of them, so many at a time"
for at_once in 1 8 64; do
	for name in tare bwrap floor; do
		! has "$name.$at_once" || echo "$at_once $name $(median "$name.$at_once")"
	done
done | awk '{ printf "  %2d at a time  %-6s %5d a second\n", $1, $2, 1e9 / $3 }'
