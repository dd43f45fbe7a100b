#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What each step of the launch of `true` takes, with a shared collector, by the kernel's own trace of
# a few system calls. tare, PID 1 and the command work side by side, so the steps of one do not wait
# for all of another. Prints medians; passes or fails nothing.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${TARE_BENCH_OWN_MOUNTS-}" ] ||
	TARE_BENCH_OWN_MOUNTS=yes exec unshare --mount --propagation private "$0"
# shellcheck source=lib/rounds.sh
. tests/bench/lib/rounds.sh

trace=/sys/kernel/tracing/instances/tare-bench-$$
events='sched/sched_process_fork sched/sched_process_exec sched/sched_process_exit'
for call in clone3 mkdir unshare pivot_root umount sendmsg rmdir; do
	events="$events syscalls/sys_enter_$call syscalls/sys_exit_$call"
done

at_exit() {
	[ ! -d "$trace" ] || rmdir "$trace"
	"$tare" collector stop --force > "$work/out" 2>&1 || :
	umount /sys/fs/bpf /sys/kernel/tracing
}

mount -t bpf tare-bench /sys/fs/bpf
mount -t tmpfs -o mode=755 tare-bench /run
mount -t tracefs tare-bench /sys/kernel/tracing
mkdir "$trace"
echo mono > "$trace/trace_clock"
echo 0 > "$trace/tracing_on"
for event in $events; do
	[ -d "$trace/events/$event" ] || { echo "steps: this kernel does not trace $event"; exit 0; }
	echo 1 > "$trace/events/$event/enable"
done
"$tare" collector start > "$work/out"

# Who is who: tare executes first; PID 1 is who changes the root, and the command who executes then.
one_round() {
	# shellcheck disable=SC2016 # expanded by that shell
	sh -c 'echo $$ > "$1"; echo 1 > "$2"; exec "$3" run --quiet true' sh \
		"$work/pid" "$trace/tracing_on" "$tare" 2>&1
	echo 0 > "$trace/tracing_on"
	awk -v tare="$(cat "$work/pid")" '
	function note(name, begin, end) { if (begin && end >= begin) print name, int((end - begin) * 1e9) }
	{
		for (i = 1; i <= NF && $i !~ /^[0-9]+\.[0-9]+:$/; i++)
			;
		time = $i + 0; event = $(i + 1)
		sub(/:$/, "", event); sub(/\(.*/, "", event); sub(/^sys_/, "", event)
		match($0, /-[0-9]+ +\[/); pid = substr($0, RSTART + 1, RLENGTH - 1) + 0
		is_exit = $0 ~ / -> 0x/ ? 1 : 0
	}
	event == "sched_process_fork" && (pid in family) { sub(/.*child_pid=/, ""); family[$1 + 0] }
	event == "sched_process_exec" && pid == tare { family[pid]; at["exec"] = time; next }
	!(pid in family) { next }
	event == "sched_process_exec" { command = pid; at["executed"] = time }
	event == "sched_process_exit" && pid == command { at["ended"] = time }
	event == "sched_process_exit" && pid == init { at["gone"] = time }
	event == "sched_process_exit" && pid == tare { at["end"] = time }
	pid == tare && event == "clone3" { clones += !is_exit; at["clone" clones "," is_exit] = time }
	pid == tare && event == "mkdir" { if (!at["mkdir"]) at["mkdir"] = time; at["mkdirs"] = time }
	pid == tare && event == "sendmsg" && !is_exit && !at["bear"] { at["bear"] = time }
	pid == tare && event == "rmdir" { if (!at["rmdir"]) at["rmdir"] = time; at["rmdirs"] = time }
	event == "unshare" && !init { init = pid }
	pid == init && event == "unshare" { at["net" is_exit] = time }
	pid == init && event == "pivot_root" && !is_exit { at["pivot"] = time }
	pid == init && event == "umount" && is_exit { at["let_go"] = time }
	pid == init && event == "clone3" { at["birth" is_exit] = time }
	END {
		note("plan", at["exec"], at["clone1,0"])
		note("user", at["clone1,0"], at["clone2,0"])
		note("init", at["clone2,0"], at["clone2,1"])
		note("janitor", at["clone3,0"], at["clone3,1"])
		note("cgroups", at["mkdir"], at["mkdirs"])
		note("join", at["mkdirs"], at["bear"])
		note("net", at["net0"], at["net1"])
		note("mounts", at["net1"], at["pivot"])
		note("pivot", at["pivot"], at["let_go"])
		note("found", at["let_go"], at["birth0"])
		note("birth", at["birth0"], at["birth1"])
		note("prepare", at["birth1"], at["executed"])
		note("command", at["executed"], at["ended"])
		note("read", at["ended"], at["rmdir"])
		note("rmdirs", at["rmdir"], at["rmdirs"])
		note("end", at["rmdirs"], at["end"])
		note("whole", at["exec"], at["end"])
	}' "$trace/trace" > "$work/steps"
	while read -r step ns; do
		note "$step" "$ns"
	done < "$work/steps"
	echo > "$trace/trace"
}
each_round one_round > "$work/said"
has whole || { cat "$work/said"; exit 1; }

# show NAME WORDS
show() {
	! has "$1" || echo "$1 $(median "$1") $2" | columns
}

printf 'steps of a launch, median of %s on %s, %s processors\n' "$rounds" "$(uname -r)" "$(nproc)"
echo 'tare'
show plan 'its own start, what was asked for, what is mounted, the plan'
show user 'a user namespace is made'
show init 'PID 1 is born'
show janitor 'the janitor is born'
show cgroups 'cgroups are made'
show join 'the shared collector is joined'
echo 'PID 1, meanwhile'
show net 'its network namespace'
show mounts 'the file systems of the container'
show pivot 'the new root for the old'
show found 'the program is found; tare is waited for'
show birth 'the command is born'
echo 'the command'
show prepare 'cgroups, identity, filter, the word to go, exec'
show command 'true'
echo 'tare, at the end'
show read 'the end is heard, accounts are read, the collector left, PID 1 waited for'
show rmdirs 'the cgroups are removed'
show end 'the janitor is dismissed, the result told'
show whole 'from exec to end'
