#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whether a machine stays what it was: so many runs at one time, then so many in a row, on the shared
# collector. Each is a command of which it is known what it does, and its result is compared with
# that. What the machine holds while none runs is noted after every twentieth part, and a line is laid
# through it. The status is 0 if every result was right and nothing was left.
#
#   RUNS=20000 JOBS=4 LIVE=1000 tests/bench/soak.sh
set -eu
cd "$(dirname "$0")/../.."
[ -n "${TARE_BENCH_OWN_BPF-}" ] ||
	TARE_BENCH_OWN_BPF=yes exec unshare --mount --propagation private "$0"
# shellcheck source=lib/rounds.sh
. tests/bench/lib/rounds.sh
programs=$PWD/build/tests/programs
bpftool=$(scripts/find-bpftool)
runs=${RUNS:-20000} live=${LIVE:-1000} jobs=${JOBS:-4}
parts=20
mount -t bpf tare-bench /sys/fs/bpf
mount -t tmpfs -o mode=755 tare-bench /run

# shellcheck disable=SC2317 # called by the trap
at_exit() {
	exec 7>&- 8>&-
	wait
	"$tare" collector stop --force > "$work/out" 2>&1 || :
	umount /sys/fs/bpf
}

# --- The commands ---

# Of ten short ones one is longer, and three end badly.
list_commands() {
	awk -v count="$1" -v programs="$programs" '
		function add(id, command, options) {
			lines[kinds++] = sprintf("{\"id\": \"%s\", \"command\": [%s]%s}", id, command,
				options ? ", \"options\": [" options "]" : "")
		}
		function program(name) { return "\"" programs "/" name "\"" }
		BEGIN {
			add("nothing", "\"true\"")
			add("calls", program("call") ", \"threads\", \"250\"")
			add("status", "\"sh\", \"-c\", \"exit 3\"")
			add("memory", program("grow") ", \"touch\", \"4\"")
			add("killed", "\"sh\", \"-c\", \"kill -9 $$\"")
			add("nothing", "\"true\"")
			add("crashed", "\"sh\", \"-c\", \"kill -SEGV $$\"")
			add("burns", program("burn") ", \"tree\", \"2\", \"5\"")
			add("daemon", "\"sh\", \"-c\", \"setsid sleep 100 & exit 0\"")
			add("nothing", "\"true\"")
			add("missing", "\"no-such-program\"")
			add("cputime", program("spin") ", \"threads\", \"2\"", "\"--timelimit\", \"10ms\"")
			add("walltime", "\"sleep\", \"100\"", "\"--walltimelimit\", \"30ms\"")
			add("waits", "\"sleep\", \"0.1\"")
			for (i = 0; i < count; i++)
				print lines[i % kinds]
		}'
}

# judge FILE: what is not right in the lines of standard input goes to $work/wrong.
judge() {
	jq -c --unbuffered -f tests/bench/lib/soak.jq > "$1"
}

# --- What the machine holds ---

count_cgroups() {
	find /sys/fs/cgroup -type d -regex '.*/tare-[0-9a-f]+\(-launcher\)?' 2> "$work/ignored" | wc -l
}

count_bpf() {
	for kind in prog map link; do
		"$bpftool" -j $kind show | jq length
	done | awk '{ sum += $1 } END { print sum }'
}

# Namespaces of the net are freed by the kernel later, one after the other.
count_net_namespaces() {
	awk '$1 == "net_namespace" { print $2 }' /proc/slabinfo
}

settle() {
	tries=0
	while [ "$(count_net_namespaces)" -gt "$1" ] && [ $tries -lt 50 ]; do
		tries=$((tries + 1))
		sleep 0.2
	done
}

kib_of() {
	sed -n "s/^$1:[[:space:]]*\([0-9]*\).*/\1/p" "$2"
}

# Done, then one number for each word of $held.
held='batch_kib batch_fds cgroups bpf collector_kib processes net_namespaces slab_kib files'
note_held() {
	settle "$net_namespaces"
	echo 2 > /proc/sys/vm/drop_caches # what the kernel would give back when asked, it gives now
	echo "$1" \
		"$(kib_of RssAnon "/proc/$batch/status")" \
		"$(find "/proc/$batch/fd" -mindepth 1 | wc -l)" \
		"$(count_cgroups)" "$(count_bpf)" \
		"$("$tare" collector status | sed -n 's/^  memory *\([0-9.]*\) MiB.*/\1/p' |
			awk '{ print $1 * 1024 }')" \
		"$(find /proc -maxdepth 1 -name '[0-9]*' 2> "$work/ignored" | wc -l)" \
		"$(count_net_namespaces)" "$(kib_of SUnreclaim /proc/meminfo)" \
		"$(find /tmp /run /dev/shm -maxdepth 1 -name '*tare-*' ! -name 'tare-test*' | wc -l)" \
		>> "$work/held"
}

# Of the second half: in the first the batch touches its ring of results, and caches fill.
print_slopes() {
	awk -v names="$held" -v parts="$parts" '
		NR > parts / 2 {
			n++
			x = $1 / 1000
			sx += x
			sxx += x * x
			for (i = 2; i <= NF; i++) {
				sy[i] += $i
				sxy[i] += x * $i
				if (n == 1) first[i] = $i
				last[i] = $i
			}
		}
		END {
			count = split(names, name, " ")
			printf "  %-16s %10s %10s %s\n", "held", "half-way", "at the end", "slope in 1000 runs"
			for (i = 1; i <= count; i++)
				printf "  %-16s %10d %10d %+.2f\n", name[i], first[i + 1], last[i + 1],
					(n * sxy[i + 1] - sx * sy[i + 1]) / (n * sxx - sx * sx)
		}' "$work/held"
}

# --- The two halves ---

wait_for_results() {
	until [ "$(wc -l < "$work/judged")" -ge "$1" ]; do
		[ -d "/proc/$batch" ] || { echo "$0: the batch is dead" >&2; exit 1; }
		sleep 0.1
	done
}

run_in_a_row() {
	mkfifo "$work/commands" "$work/results"
	judge "$work/judged" < "$work/results" &
	judge=$!
	"$tare" run --quiet --from - --jobs "$jobs" \
		< "$work/commands" > "$work/results" 2> "$work/noise" &
	batch=$!
	exec 8> "$work/commands"
	list_commands "$runs" > "$work/all"
	net_namespaces=$(count_net_namespaces)
	part=0
	while [ $part -lt $parts ]; do
		from=$((runs * part / parts))
		part=$((part + 1))
		sed -n "$((from + 1)),$((runs * part / parts))p" "$work/all" >&8
		wait_for_results $((runs * part / parts))
		note_held $((runs * part / parts))
	done
	exec 8>&-
	wait $batch || :
	wait $judge
}

# Each says that it lives, and goes on when a pipe ends that this shell alone has open for writing.
run_at_one_time() {
	mkfifo "$work/pipe"
	exec 7<> "$work/pipe"
	command="[\"sh\", \"-c\", \"read -r _; exec $programs/call threads 250\"]"
	line="{\"id\": \"starts\", \"options\": [\"--input\", \"$work/pipe\"], \"command\": $command}"
	seq "$live" | sed "s|.*|$line|" > "$work/at-once"
	"$tare" run --quiet --from "$work/at-once" --jobs "$live" 7>&- 2> "$work/noise" \
		> "$work/documents" &
	batch=$!
	until "$tare" collector status | grep -q "^  runs *$live of"; do
		[ -d "/proc/$batch" ] || { cat "$work/noise"; exit 1; }
		sleep 0.2
	done
	echo "  $live live: $(kib_of MemAvailable /proc/meminfo | awk -v before="$available_kib" -v n="$live" \
		'{ printf "%.0f KiB of memory each", (before - $1) / n }')," \
		"$(count_cgroups) cgroups, collector $("$tare" collector status | sed -n 's/^  memory *//p')"
	exec 7>&-
	wait $batch || :
	judge "$work/judged-at-once" < "$work/documents"
}

print_wrong() {
	jq -r 'select(.[1]) | "  \(.[0]): \(.[1])"' "$1" > "$work/wrong"
	head -5 "$work/wrong" | cut -c 1-400
	echo "  $(wc -l < "$1") results, $(wc -l < "$work/wrong") of them wrong"
	[ "$(wc -l < "$1")" -eq "$2" ] && [ ! -s "$work/wrong" ]
}

verdict=0
"$tare" collector start --runs $((live + jobs)) > "$work/out"
available_kib=$(kib_of MemAvailable /proc/meminfo)
echo "on $(uname -r), $(nproc) processors: $live runs at one time"
run_at_one_time
print_wrong "$work/judged-at-once" "$live" || verdict=1

echo "$runs runs in a row, $jobs at a time"
began=$(date +%s)
run_in_a_row
print_wrong "$work/judged" "$runs" || verdict=1
echo "  $((runs / ($(date +%s) - began + 1))) in a second"
print_slopes
exit $verdict
