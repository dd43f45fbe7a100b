#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What of the machine a run gets: cores and memory nodes, values in files of its cgroups, limits of
# each process's resources, and what it moves to and from disks.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root
. "$(dirname "$0")/lib/check-clean.sh"
note_state

inside() {
	"$TARE" run -q --json "$tmp/json" "$@" 2>&1
}

# Of the process that asks, "0-1".
allowed='sed -n "s/^Cpus_allowed_list:\t//p" /proc/self/status'

# The first and the last processor that this test may use itself.
own=$(sh -c "$allowed")
first=${own%%[-,]*}
last=${own##*[-,]}

# In a mount namespace without this version 1 hierarchy, or without any of them.
without() {
	hidden=$1
	shift
	unshare -m --propagation private sh -c '
		for path in $1; do umount "$path" || exit; done
		shift
		exec "$@"' sh "$(awk -v name="$hidden" '
		$3 == "cgroup" && (name == "" || ("," $4 ",") ~ ("," name ",")) { print $2 }
	' /proc/mounts)" "$@"
}

has_version_1() {
	grep -q "^[^ ]* [^ ]* cgroup [^ ]*\\b$1\\b" /proc/mounts
}

# --- Cores ---

is "$(inside sh -c "$allowed")" "$own" 'a run may use what tare may use'
is "$(inside --cores "$last" sh -c "$allowed")" "$last" '--cores gives it the named ones alone'
is "$(number 'container | "\(.cores) \(.sockets)"')" "[$last] 1" 'which the document tells'
is "$(inside --no-container --cores "$first" sh -c "$allowed")" "$first" \
	'--cores holds without a container too'
is "$(inside --memory-nodes 0 sh -c 'sed -n "s/^Mems_allowed_list:\t//p" /proc/self/status')" 0 \
	'--memory-nodes gives it the named ones'
is "$(number container.memory_nodes | tr -d ' \n')" '[0]' 'which the document tells as well'
siblings=$(cat "/sys/devices/system/cpu/cpu$first/topology/package_cpus_list")
inside --cores "$first" true
is "$([ "$siblings" = "$first" ] || number 'container.cores_shared_with[].part' | tail -n 1)" \
	"$([ "$siblings" = "$first" ] || echo socket)" \
	'the others of its socket are told as sharing it, if there are any'

# A version 1 hierarchy can be hidden from tare; of cgroup2 some machines give no cpuset.
inside --cores "$first" true
held_by=$(number container.cores_held_by)
if has_version_1 cpuset; then
	loosely='without cpuset'
elif [ "$held_by" = affinity ]; then
	loosely=
else
	loosely=none
fi

# The command asks for the first one again, which it is not given.
leave="taskset -pc $first \$\$ > /dev/null 2>&1; $allowed"
if [ "$first" = "$last" ] || [ "$held_by" = affinity ]; then
	reason="of CPUs $own, held by $held_by"
	skip 'a command that asks for another core gets it without --cores' "$reason"
	skip 'and does not with it' "$reason"
else
	is "$(inside sh -c "$leave")" "$first" \
		'a command that asks for another core gets it without --cores'
	is "$(inside --cores "$last" sh -c "$leave") $(number container.cores_held_by)" \
		"$last cpuset cgroup" 'and does not with it'
fi

loose() {
	# shellcheck disable=SC2086 # a list of words
	$loosely "$TARE" run --json "$tmp/json" "$@"
}
if [ "$loosely" = none ]; then
	for claim in 'without a cpuset cgroup the command begins on its cores' \
		'the document tells that it may leave them' 'and so does the summary' \
		'its memory is bound to the nodes by policy'; do
		skip "$claim" 'the cpuset controller of cgroup2 cannot be hidden'
	done
else
	is "$(loose -q --cores "$last" sh -c "$allowed")" "$last" \
		'without a cpuset cgroup the command begins on its cores'
	is "$(number container.cores_held_by)" affinity 'the document tells that it may leave them'
	loose --cores "$last" --memory-nodes 0 true 2> "$tmp/errors"
	is "$(grep -c 'the command may leave its' "$tmp/errors")" 2 'and so does the summary'
	is "$(loose -q --memory-nodes 0 grep -c ' bind:0 ' /proc/self/numa_maps |
		sed 's/^[1-9][0-9]*$/some/')" some 'its memory is bound to the nodes by policy'
fi
is "$(inside grep -c ' bind:0 ' /proc/self/numa_maps)" 0 'it is not unasked'
is "$(number container.memory_nodes_held_by)" null 'and of that nothing is told'

# tare must look again when the limit could be reached by as many as can run on the cores.
overshoot time.cpu_ns 100000000 1000000 --cores "$first" --timelimit 100ms "$programs/spin" threads 2
is "$fates" '124 limit 9 cputime' 'two threads on one core are ended by the CPU time limit'
# One runs at a time.
check_time 'and get at most 1 ms more' is_between 0 "$over_ns" 1000000

for list in 1- 3-1 a 0,,1 '' -1 0- ','; do
	refused 'invalid CPU list' --cores "$list"
	refused 'invalid memory node list' --memory-nodes "$list"
done
refused 'CPU 999,999 does not exist' --cores 0-999999
refused 'CPU 8191 does not exist or is offline; there are' --cores 8191
refused 'named twice' --cores "$first,$first"
refused 'memory node 1023 does not exist or is offline; there are 0' --memory-nodes 1023
if [ "$first" = "$last" ]; then
	skip 'a core that tare may not use is refused' 'there is one processor'
else
	message=$(taskset -c "$first" "$TARE" run -q --cores "$last" true 2>&1)
	is "$? $(echo "$message" | grep -c "CPU $last is not one of those that this process may use")" \
		'125 1' 'a core that tare may not use is refused'
fi

# --- Free cores ---

# Each run says its cores and stays until its input ends.
count=$(cat /sys/devices/system/cpu/cpu[0-9]*/topology/core_cpus_list | sort -u | wc -l)
mkfifo "$tmp/hold"
hold() {
	"$TARE" run -q --cores auto:1 sh -c "$allowed; exec cat" \
		< "$tmp/hold" > "$tmp/core.$1" 2> "$tmp/error.$1" &
	echo $! > "$tmp/pid.$1"
}
said_all() {
	for number in $(seq "$count"); do
		[ -s "$tmp/core.$number" ] || return
	done
}
taken_cores() {
	cat "$tmp"/core.*
}
for number in $(seq "$count"); do
	hold "$number"
done
exec 9> "$tmp/hold"
check "of as many runs as there are cores each gets one by auto:1" wait_until said_all
is "$(taken_cores | sort -u | wc -l)" "$count" 'no two of them the same'
message=$("$TARE" run -q --cores auto:1 true 2>&1)
is "$? $(echo "$message" | grep -c "of $count physical cores\\{0,1\\} 0 are free")
$(echo "$message" | grep -c 'hint *wait for another run to end')" '125 1
1' 'one more is told that none is free'
is "$("$TARE" run -q --cores "$first" sh -c "$allowed")" "$first" \
	'who names a core gets it nonetheless'
is "$(find /proc/[0-9]*/fd -lname /sys/bus/cpu/uevent 2> "$tmp/ignored" | cut -d / -f 3 | sort)" \
	"$(cat "$tmp"/pid.* | sort)" 'nobody but tare holds them: neither PID 1, command nor janitor'

kill -KILL "$(cat "$tmp/pid.1")"
core=$(cat "$tmp/core.1")
: > "$tmp/core.1"
is_free() {
	[ "$("$TARE" run -q --cores auto:1 sh -c "$allowed")" = "$core" ]
}
check 'the core of a tare that is killed is free again' wait_until is_free
exec 9>&-
wait
mkfifo "$tmp/named"
"$TARE" run -q --cores "$first" sh -c 'echo here; exec cat' < "$tmp/named" > "$tmp/core.named" 2>&1 &
named=$!
exec 9> "$tmp/named"
wait_until test -s "$tmp/core.named"
message=$("$TARE" run -q --cores "auto:$count" true 2>&1)
is "$? $(echo "$message" | grep -c "of $count physical cores\\{0,1\\} $((count - 1)) ")" '125 1' \
	'a core that a run has named is not free'
exec 9>&-
wait "$named"
refused_count=$((count + 1))
message=$("$TARE" run -q --cores "auto:$refused_count" true 2>&1)
is "$? $(echo "$message" | grep -c "ask for fewer: --cores auto:$count")" '125 1' \
	'more than there are is told with what could be had'
is "$("$TARE" run -q --cores "auto:$count" sh -c "$allowed; nproc" | tail -n 1)" "$count" \
	'all are free when all have ended'
for number in '' 0 x -1 1.5; do
	refused 'is no number of physical cores' --cores "auto:$number"
done
is "$(find /run /tmp -maxdepth 1 -name '*tare*core*')" '' 'no lock file was made'

# --- Files of cgroups ---

# of_command CONTROLLER FILE: as the host sees it, where this controller is.
of_command() {
	for directory in "$(directory_of "$command" "$1")" "$(directory_of "$command" '')"; do
		[ ! -e "$directory/$2" ] || { cat "$directory/$2"; return; }
	done
}
start --set-cgroup-value pids.max=17 "$programs/grow" stop
is "$(of_command pids pids.max)" 17 '--set-cgroup-value sets a value in the cgroup of the run'
finish
if has_version_1 cpu && has_version_1 memory; then
	start --set-cgroup-value cpu.shares=512 --set-cgroup-value memory.swappiness=7 \
		"$programs/grow" stop
	is "$(of_command cpu cpu.shares) $(of_command memory memory.swappiness)" '512 7' \
		'each where its controller is'
	is "$(directory_of "$command" cpu | sed 's,.*/tare-[0-9a-f]*$,own,')" own \
		'in a directory of its own'
	finish
	is "$(inside --require-cgroup-subsystem cpuset sh -c "$allowed")" "$own" \
		'a controller that is only required changes nothing'
	is "$(taskset -c "$last" "$TARE" run -q --require-cgroup-subsystem cpuset sh -c "$allowed")" \
		"$last" 'not even the processors that tare has from its caller'
	message=$(without '' "$TARE" run -q --require-cgroup-subsystem memory true 2>&1)
	is "$? $(echo "$message" | grep -c "cannot have the cgroup controller 'memory' (layout: cgroup2)")
$(echo "$message" | grep -c 'hint  *mount its hierarchy.*sudo mount -t cgroup -o memory none')" '125 1
1' 'one that cannot be had is told with the layout and a command'
else
	for claim in 'each where its controller is' 'in a directory of its own' \
		'a controller that is only required changes nothing' \
		'not even the processors that tare has from its caller' \
		'one that cannot be had is told with the layout and a command'; do
		skip "$claim" 'cgroup2 alone'
	done
fi
message=$("$TARE" run -q --set-cgroup-value pids.maximum=1 true 2>&1)
is "$? $(echo "$message" | grep -c "pids.maximum.*ENOENT")" '125 1' \
	'a file that the controller does not have is named'
message=$("$TARE" run -q --set-cgroup-value pids.max=many true 2>&1)
is "$? $(echo "$message" | grep -c "write 'many' to 'pids.max'.*EINVAL")" '125 1' \
	'a value that the kernel does not take is told with its answer'
for value in '' memory memory.max memory.max= .max=1 memory.a/b=1 memory...=1 ../x.y=1; do
	refused 'is not understood; give CONTROLLER.OPTION=VALUE' --set-cgroup-value "$value"
done
refused 'no cgroup controller; there are memory, pids' --set-cgroup-value memori.max=1
refused 'no cgroup controller; there are memory, pids' --require-cgroup-subsystem ''
for file in cgroup.procs cgroup.kill cgroup.freeze freezer.state; do
	refused 'is for tare alone to write' --set-cgroup-value "$file=1"
done
refused 'is what --memlimit sets' --set-cgroup-value memory.max=1 --memlimit 1GB
refused 'is what --pids-limit sets' --pids-limit 9 --set-cgroup-value pids.max=1
refused 'is what --cores sets' --cores "$first" --set-cgroup-value "cpuset.cpus=$first"

# --- Limits of each process ---

limits='ulimit -n; ulimit -Hn; ulimit -s; ulimit -Hs'
is "$(inside --rlimit nofile=77:99 --rlimit stack=1MiB sh -c "$limits" | tr '\n' ' ')" \
	'77 99 1024 1024 ' '--rlimit sets soft and hard limits'
is "$(number 'limits.rlimits | "\(.nofile.soft) \(.nofile.hard) \(.stack.soft)"')" \
	'77 99 1048576' 'which the document tells'
is "$(inside --rlimit nofile=77:99 sh -c 'ulimit -Sn 99 && ulimit -Hn 100 || ulimit -n')" \
	'sh: 1: ulimit: error setting limit (Operation not permitted)
99' 'inside the soft limit can be raised to the hard one, and that not at all'
is "$(inside --no-container --rlimit nofile=77 sh -c 'ulimit -n')" 77 \
	'limits hold without a container too'
is "$(inside --rlimit fsize=1000 sh -c 'head -c 2000 /dev/zero > /tmp/x; wc -c < /tmp/x' |
	tail -n 1)" 1000 'a file does not grow beyond its limit'
is "$(inside --rlimit cpu=1 "$programs/spin" threads 1; number outcome.signal)" 9 \
	'a process that has used its CPU time is killed by the kernel'
message=$(inside --rlimit as=4096 true)
is "$? $(echo "$message" | grep -c 'hint .* does not fit at its exec: give more by --rlimit')" \
	'125 1' 'a limit that no program fits in is told as the reason'
# Where root may raise them, from limits that would allow it.
may_raise=
prlimit --rtprio=5 true 2> "$tmp/ignored" && may_raise='prlimit --rtprio=5 --nice=30'
# shellcheck disable=SC2086 # a list of words
is "$($may_raise "$TARE" run -q grep -c -e 'Max realtime priority *0 *0 ' \
	-e 'Max nice priority *0 *0 ' /proc/self/limits)" 2 \
	'a contained command may not raise its priority'
for limit in nofile nofile= nofile=x nofile=1kB nofile=-1 nofile=1: nofil=1 as=1.5MB =1 ''; do
	refused 'is not' --rlimit "$limit"
done
refused 'above the hard one' --rlimit nofile=2:1
refused 'is given twice' --rlimit nofile=2 --rlimit nofile=3
if setpriv --bounding-set -sys_resource true 2> "$tmp/ignored"; then
	hard=$(prlimit --nofile --noheadings --output HARD | tr -d " ")
	message=$(setpriv --bounding-set -sys_resource --inh-caps -sys_resource sh -c "
		'$TARE' run -q --rlimit nofile=$((hard + 1)) true" 2>&1)
	is "$? $(echo "$message" | grep -c "hard limit is $hard, and raising it takes CAP_SYS_RES")" \
		'125 1' 'a hard limit is not raised without the right to'
else
	skip 'a hard limit is not raised without the right to' 'no setpriv that drops a capability'
fi

# --- Block devices ---

# On a disk, past the page cache: what dd says that it moved is what the disk has moved, and for the
# rest of what it wrote the file system keeps its own books, of a few blocks.
disk=$(mktemp -d "$PWD/build/tare-test.XXXXXX")
size=8388608
weigh --full-access-dir "$disk" sh -c 'dd if=/dev/zero of="$1/file" bs=1M count=8 oflag=direct conv=fsync &&
	dd if="$1/file" of=/dev/null bs=1M iflag=direct' sh "$disk"
moved=$?
rm -r "$disk"
claim='bytes to and from disks are counted'
if [ "$moved" -ne 0 ]; then
	skip "$claim" "no direct I/O here: $(tail -n 1 "$tmp/errors")"
elif [ "$(number io.read_bytes)" = null ]; then
	skip "$claim" "$(number 'unavailable["io.read_bytes"]')"
else
	check "$claim" test "$(is_between $size "$(number io.read_bytes)" $((size + 65536)) &&
		is_between $size "$(number io.written_bytes)" $((size + 1048576)) && echo yes)" = yes
	weigh true
	is "$(number io.written_bytes)" 0 'a command that writes nothing has written nothing'
fi

nothing_is_lost
leaves_nothing 'nothing is left of all these runs'
plan
