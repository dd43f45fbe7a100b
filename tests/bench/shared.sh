#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the shared collector costs: a run that uses it, root's and a user's, and a process that is in no
# run, while 0, 100 and 1000 runs live. In a BPF file system of its own. Prints; passes or fails nothing.
#
#   RUNS="0 100 1000" ROUNDS=50 tests/bench/shared.sh
set -eu
cd "$(dirname "$0")/../.."
[ -n "${TARE_BENCH_OWN_BPF-}" ] ||
	TARE_BENCH_OWN_BPF=yes exec unshare --mount --propagation private "$0"
# shellcheck source=lib/rounds.sh
. tests/bench/lib/rounds.sh
bystander=$PWD/build/tests/programs/bystander
visit=$PWD/build/tests/bench/visit
users=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/tare/bench-$$
mount -t bpf tare-bench /sys/fs/bpf
mount -t tmpfs -o mode=755 tare-bench /run

at_exit() {
	exec 7>&-
	wait
	rmdir "$users/run" "$users" 2> "$work/out" || :
	"$tare" collector stop --force > "$work/out" 2>&1 || :
	umount /sys/fs/bpf
}

# The lowest of three, each itself the lowest of many bursts.
bystand() {
	for turn in 1 2 3; do
		"$bystander" > "$work/bystander.$turn"
	done
	paste "$work"/bystander.[123] | awk '{ m = $1; if ($2 < m) m = $2; if ($3 < m) m = $3; print m }' \
		> "$work/bystander.$1"
	[ -e "$work/bystander.first" ] || cp "$work/bystander.$1" "$work/bystander.first"
	cat "$work/bystander.$1" "$work/bystander.first" | tr '\n' ' ' | awk -v name="$1" '
		{ printf "  %-10s getppid %6.1f ns %5.3f   pipe %7.1f ns %5.3f   fork %8.1f ns %5.3f\n",
			name, $1, $1 / $4, $2, $2 / $5, $3, $3 / $6 }'
}

# Each waits for the end of a pipe that this shell alone has open for writing.
live_runs() {
	while [ "$living" -lt "$1" ]; do
		"$tare" run -q --no-container sh -c 'echo; read -r _' < "$work/pipe" > "$work/up" 7>&- &
		living=$((living + 1))
	done
	until "$tare" collector status | grep -q "^  runs *$1 of"; do
		sleep 0.2
	done
}

echo "a process in no run, on $(uname -r), $(nproc) processors: without a collector,
and, in parts of the first of them, with so many runs that live"
bystand none
rm "$work/bystander.first"
"$tare" collector start > "$work/out"
mkfifo "$work/pipe"
exec 7<> "$work/pipe"
living=0
for runs in ${RUNS-0 100 1000}; do
	live_runs "$runs"
	bystand "$runs"
done
"$tare" collector status | sed -n 's/^  memory/  memory  /p'
exec 7>&-
wait

one_round() {
	"$tare" run --quiet --json "$work/json" true
	note join "$(jq .collector.start_ns "$work/json")"
	note leave "$(jq .collector.stop_ns "$work/json")"
}
each_round one_round
echo "a run that uses it, median of $rounds"
for part in join leave; do
	echo "$part $(median $part)" | columns
done

# By the gate, which costs a user without rights no more than the kernel does root.
mkdir "$users" "$users/run"
chown -R 65534 "$users"
setpriv --reuid=65534 --clear-groups "$visit" time "$users/run" 5000 > "$work/out"
echo "a user's run, at the gate, median of 5000"
awk '{ printf "  %-10s %8.1f us\n", $1, $2 / 1000 }' "$work/out"
