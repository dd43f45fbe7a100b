#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# System calls by name: how many and how many failed, against strace; how many the container's
# filter refused, against programs that know.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

# Programs ask what their standard output is; inside and outside it is this one.
said=/dev/null

# "NAME COUNT ERRORS", a line for each call: the table of strace -c -f, with exit and exit_group,
# which it leaves out because they never return, from the lines before it. Of a call in which a task
# is killed it does not see the end, which the kernel and tare do: no program here has one.
calls_by_strace() {
	strace -f -C -U name,calls,errors -o "$tmp/trace" "$@" > "$said" 2> "$tmp/errors" < /dev/null ||
		return
	awk '
		/^[0-9]+ +exit(_group)?\(/ { sub(/\(.*/, "", $2); calls[$2]++ }
		/^syscall / { is_table = 1; next }
		is_table && /^[a-z]/ && $1 != "total" { calls[$1] += $2; errors[$1] += $3 }
		END {
			for (name in calls) print name, calls[name], errors[name] + 0
		}' "$tmp/trace" | sort > "$tmp/expected"
}

calls_by_tare() {
	weigh "$@" || return
	jq -r '.syscalls.by_name | to_entries[] | "\(.key) \(.value.count) \(.value.errors)"' \
		"$tmp/json" | sort > "$tmp/got"
}

list_differences() {
	echo 'strace -c -f has <, tare has >'
	diff "$tmp/expected" "$tmp/got"
}

are_equal() {
	cmp -s "$tmp/expected" "$tmp/got" &&
		[ "$(number syscalls.total)" = "$(awk '{ n += $2 } END { print n }' "$tmp/got")" ] &&
		[ "$(number syscalls.errors)" = "$(awk '{ n += $3 } END { print n }' "$tmp/got")" ]
}

# compare WHAT COMMAND...
compare() {
	claim="the system calls of $1 are those that strace counts"
	shift
	if ! calls_by_strace "$@" || ! calls_by_tare "$@"; then
		not_ok "$claim" "$(cat "$tmp/errors")"
	elif are_equal; then
		echo "# $(number syscalls.total) calls, $(number syscalls.errors) errors"
		ok "$claim"
	else
		not_ok "$claim" "$(list_differences)"
	fi
}

# Whether a thread has to wait for another one's end is a matter of timing, and so is futex.
compare_threads() {
	claim='the system calls of four threads are those that strace counts, but for futex'
	calls_by_strace "$programs/call" threads 500 && calls_by_tare "$programs/call" threads 500
	sed -i '/^futex /d' "$tmp/expected" "$tmp/got"
	if [ -s "$tmp/got" ] && cmp -s "$tmp/expected" "$tmp/got"; then
		ok "$claim"
	else
		not_ok "$claim" "$(list_differences)"
	fi
}

# count NAME: of the last run, "CALLS ERRORS DENIED".
count() {
	jq -r --arg name "$1" '.syscalls.by_name[$name] |
		"\(.count // 0) \(.errors // 0) \(.denied // 0)"' "$tmp/json"
}

compare_known() {
	is "$(count "$1")" "$2" "$3"
}

compare 'a static program' "$programs/call" mix 100
compare 'five children' "$programs/call" forks 5
compare 'four failed and four successful execs' "$programs/call" execs 4
compare 'children made by posix_spawn and vfork' "$programs/call" spawn 3
compare 'a program with 50 signals' "$programs/call" signals 25
compare 'ten children that are killed' "$programs/call" killed 10
compare 'ls' ls -l scripts
compare 'cat' cat scripts/tap
compare 'a shell that starts programs' sh -c 'for i in 1 2 3; do /bin/true; done'
compare 'tar' tar cf /dev/null scripts
compare_threads

weigh "$programs/call" ia32 11
compare_known ia32:getpid '11 0 0' 'calls by int 0x80 from a 64-bit program have names of their own'
compare_known ia32:close '11 11 0' 'failed calls by int 0x80 are errors'
compare_known ia32:keyctl '11 11 11' 'refused calls by int 0x80 are counted as denied'
compare_known ia32:socketcall '11 11 11' 'sockets by the old 32-bit call are denied'
compare_known getpid '0 0 0' 'calls by int 0x80 are not taken for 64-bit ones of the same name'

weigh "$programs/call" x32 12
is "$(count x32:getpid | cut -d ' ' -f 1,3)" '12 0' 'calls of the x32 ABI have names of their own'
compare_known x32:keyctl '12 12 12' 'refused calls of the x32 ABI are counted as denied'

weigh "$programs/call" denied 13
for name in keyctl bpf io_uring_setup; do
	compare_known "$name" '13 13 13' "of 13 refused calls of $name all 13 are denied and errors"
done
for name in unshare socket; do
	compare_known "$name" '26 13 13' "of 26 calls of $name the 13 refused ones are denied"
done
compare_known ioctl '26 26 13' 'of 26 failing calls of ioctl the 13 refused ones are denied'
is "$(number syscalls.denied)" 78 'the denied calls of all names add up'

weigh --allow io_uring "$programs/call" uring 14
compare_known io_uring_setup '14 14 0' '--allow io_uring lets io_uring_setup through to the kernel'

# The program makes a file by each call three times: set-user-ID, set-group-ID, and plain.
for abi in native ia32; do
	if [ $abi = native ]; then prefix=; else prefix=ia32:; fi
	mkdir "$tmp/shared"
	weigh --full-access-dir "$tmp/shared" "$programs/attack-set-id" $abi "$tmp/shared"
	wrong=
	for name in chmod fchmod fchmodat creat open openat mknod mknodat; do
		[ "$(count $prefix$name | cut -d ' ' -f 3)" = 2 ] || wrong="$wrong $name: $(count $prefix$name)"
	done
	is "$wrong $(count ${prefix}openat2 | cut -d ' ' -f 3)" ' 3' \
		"set-user-ID and set-group-ID files that are refused are counted as denied ($abi)"
	rm -r "$tmp/shared"
done
mkdir "$tmp/shared"
weigh --full-access-dir "$tmp/shared" --seccomp none "$programs/attack-set-id" native "$tmp/shared"
is "$(count openat | cut -d ' ' -f 3)" 2 'also when that is all that is refused'

nothing_is_lost
plan
