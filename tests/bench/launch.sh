#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How long a launcher takes to run `true` in a container over the host's root file system: tare,
# which also weighs it, bubblewrap and crun, in rounds that take turns. Prints medians and ratios to
# bubblewrap, and of tare's time what its parts are; passes or fails nothing.
set -eu
cd "$(dirname "$0")/../.."
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
}

# --- Rounds ---

one_round() {
	timed plain true
	timed tare "$tare" run --quiet --json "$work/json" true
	note start "$(jq .collector.start_ns "$work/json")"
	note stop "$(jq .collector.stop_ns "$work/json")"
	note command "$(jq .time.wall_ns "$work/json")"
	timed tare-bare "$tare" run --quiet --no-container true
	! is_installed bwrap || timed bwrap bwrap --unshare-all --die-with-parent --new-session \
		--ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --tmpfs /run true
	[ $has_crun = no ] || run_crun
}

has_crun=no
! is_installed crun || ! prepare_crun || has_crun=yes
each_round one_round
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
show tare 'run, weighed'
show tare-bare 'run --no-container, weighed'
echo 'of tare run'
rest=$(($(median tare) - $(median start) - $(median stop) - $(median command)))
echo "start $(median start) the collector is loaded; the container is built beside it" | columns
echo "command $(median command) from its exec to its end" | columns
echo "stop $(median stop) the collector is detached" | columns
echo "rest $rest cgroups, what of the container takes longer, its end, and the result" | columns
