#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Input and output: bytes that calls moved and that storage gave, sockets by family, requests to
# io_uring; against programs that know what they do, the kernel's own files about them, strace and
# the page cache.
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

# --- Bytes by system calls ---

moved() {
	jq -r '.io | "\(.syscall_read_bytes) \(.syscall_written_bytes) \(.syscall_reads) \(.syscall_writes)"' \
		"$tmp/json"
}

# transfer ARGUMENTS: $counted is what the program saw of itself in /proc, and the line that it
# then wrote.
transfer() {
	weigh "$@" || echo "# $* ended with $weigh_status"
	read -r rchar wchar syscr syscw storage_read storage_written cancelled < "$said"
	counted="$rchar $((wchar + $(wc -c < "$said"))) $syscr $((syscw + 1))"
}

# What the program itself did besides: two looks at /proc/self/io, and its line, which makes a page
# dirty where it goes to a disk.
transfer "$programs/transfer" send 0
own_read=$(number io.syscall_read_bytes)
own_page=$(number io.storage_written_bytes)
is "$(moved)" "$counted" 'a program that moves nothing has read and written what it told'
check 'its reads are two looks at /proc' is_between 100 "$own_read" 400

# How; of ten blocks of 4096 bytes, those that are read and written, in how many calls.
while read -r how read written reads writes; do
	transfer "$programs/transfer" "$how" 10
	is "$(moved)" "$counted" "by $how: as /proc tells the program"
	# The looks differ by as many digits as their numbers have.
	rest=$(($(number io.syscall_read_bytes) - read - own_read))
	is "$((-20 <= rest && rest <= 20)) $((wchar - written)) $((syscr - reads - 2)) $((syscw - writes))" \
		'1 0 0 0' "by $how: ten blocks are what was moved"
done << END
read 40960 0 10 0
write 0 40960 0 10
vector 40960 40960 10 10
place 40960 40960 10 10
pipe 40960 40960 10 10
sendfile 40960 40960 10 10
copy 40960 40960 10 10
splice 0 0 0 0
send 0 0 0 0
map 0 0 0 0
END

transfer "$programs/transfer" pipe 10 3
is "$((rchar >= 122880)) $(moved)" "1 $counted" 'the tree is added up, of killed processes too'

# A program with libraries, which another tool can follow. What exec reads of a program lies before
# the window. Into a pipe, because from file to file cat copies without reading.
if command -v strace > "$tmp/where"; then
	strace -f -qq -o "$tmp/trace" -e trace=read,pread64,readv,write,pwrite64,writev \
		cat README.md | cat > "$tmp/copy"
	awk -F ' = ' '/ (read|pread64|readv)\(/ { r += $NF; rs++ }
		/ (write|pwrite64|writev)\(/ { w += $NF; ws++ }
		END { printf "%d %d %d %d\n", r, w, rs, ws }' "$tmp/trace" > "$tmp/traced"
	"$TARE" run --no-container -q --json "$tmp/json" cat README.md | cat > "$tmp/copy"
	is "$(moved)" "$(cat "$tmp/traced")" 'the return values that strace adds up are what was moved'
else
	skip 'the return values that strace adds up are what was moved' 'no strace'
fi

# --- Storage ---

stored() {
	jq -r '.io | "\(.storage_read_bytes) \(.storage_written_bytes) \(.storage_cancelled_bytes)"' \
		"$tmp/json"
}

# on_disk HOW: of a file of 256 blocks. Metadata may be read or become dirty with it: $counted knows.
on_disk() {
	transfer --full-access-dir "$tmp" "$programs/transfer" "$1" 256 0 "$tmp/file"
	counted="$storage_read $((storage_written + own_page)) $cancelled"
}

dd if=/dev/urandom of="$tmp/file" bs=4096 count=256 2> "$tmp/errors"
sync "$tmp/file"
on_disk read-direct
if [ "$weigh_status" -eq 0 ] && [ "$storage_read" -ge 1048576 ]; then
	is "$(stored)" "$counted" 'direct reads: as /proc tells the program'
	is "$storage_read" 1048576 'direct reads come from storage'
	if [ "$(number io.read_bytes)" != null ]; then
		# What the exec itself reads comes before the window, but the cgroup counts it.
		check 'and the cgroup saw them at the block layer' \
			is_between 1048576 "$(number io.read_bytes)" 2097152
	else
		skip 'and the cgroup saw them at the block layer' 'no io controller'
	fi
	weigh --no-container dd if="$tmp/file" of=/dev/null bs=64k iflag=direct
	check 'dd of a mebibyte past the cache reads it from storage' \
		is_between 1048576 "$(number io.storage_read_bytes)" 1200000
	on_disk read-cold
	is "$(stored)" "$counted" 'reads of what is not cached: as /proc tells the program'
	check 'what is not cached is missed page by page' \
		is_between 256 "$(number io.page_cache_misses)" 264
	on_disk read-cached
	is "$(stored) $(number io.page_cache_misses)" "$counted 0" 'what is cached is not missed'
	on_disk touch-cold
	is "$(stored)" "$counted" 'reads through a mapping: as /proc tells the program'
	check 'what is mapped and not cached is missed as well' \
		is_between 256 "$(number io.page_cache_misses)" 264
	for how in write-dirty write-synced write-direct write-cancelled; do
		on_disk $how
		is "$(number io.storage_read_bytes) $(number io.storage_cancelled_bytes)" \
			"$storage_read $cancelled" "$how: as /proc tells the program"
		# What the program says at its end can make an inode and a block of names dirty.
		least=$((storage_written + own_page))
		check "$how: and what it wrote, but for its last words" \
			is_between $least "$(number io.storage_written_bytes)" $((least + 8192))
		check "$how: a mebibyte is written" is_between 1048576 "$storage_written" 1200000
	done
	is "$cancelled" 1048576 'what is truncated before it reached the disk is cancelled'
	"$TARE" run --full-access-dir "$tmp" "$programs/transfer" write-synced 256 0 "$tmp/file" \
		> "$said" 2> "$tmp/summary"
	check 'the summary has a line for it' grep -q '^  io  .* written 1\.0.* MiB ' "$tmp/summary"
else
	skip 'bytes from and to storage' "$tmp is on no disk"
fi
transfer "$programs/transfer" write 256
is "$(stored)" "0 $own_page 0" 'a file in memory is no storage'

# --- Sockets by family ---

sockets() {
	weigh "$@" && jq -r '.network | "\(.sockets) \(.sockets_inet) \(.sockets_inet6) \(.sockets_unix
		) \(.sockets_netlink) \(.sockets_other)"' "$tmp/json"
}

# HOW FAMILY, and what three of them are; sockets, of these inet inet6, unix netlink other.
while read -r how family wanted; do
	got=$(sockets "$programs/open-sockets" "$how" "$family" 3)
	if [ -n "$got" ]; then
		is "$got" "$wanted" "three of $how $family are counted by family"
	else
		skip "three of $how $family are counted by family" 'this kernel has none'
	fi
done << END
socket 1 0 0 0 3 0 0
pair 1 0 0 0 6 0 0
socket 2 3 3 0 0 0 0
socket 10 3 0 3 0 0 0
socket 16 0 0 0 0 3 0
ia32-socket 1 0 0 0 3 0 0
ia32-pair 1 0 0 0 6 0 0
ia32-socket 2 3 3 0 0 0 0
END
is "$(sockets --no-container "$programs/open-sockets" socket 17 3)" '0 0 0 0 0 3' \
	'sockets of any other family are counted together'
if [ -n "$(sockets "$programs/open-sockets" ia32-socket 1 3)" ]; then
	for how in call call-pair; do
		is "$(sockets --no-container "$programs/open-sockets" ia32-$how 1 3)" \
			"0 0 0 $([ $how = call ] && echo 3 || echo 6) 0 0" \
			"the old 32-bit $how is looked into"
	done
	is "$(sockets --no-container "$programs/open-sockets" ia32-call 2 3)" '3 3 0 0 0 0' \
		'sockets of the internet are counted once'
else
	skip 'the old 32-bit socketcall is looked into' 'no ia32 ABI'
fi

# --- io_uring ---

rings() {
	weigh "$@" && jq -c '.syscalls.io_uring | [.rings, .total, .by_op]' "$tmp/json"
}

if "$programs/ring" plain nop 1; then
	for how in plain sqpoll workers; do
		is "$(rings --allow io_uring "$programs/ring" $how nop 7 read 5 write 3)" \
			'[1,15,{"nop":7,"read":5,"write":3}]' "$how: requests are counted by opcode"
		is "$(jq -c '[.syscalls.by_name | (.read, .write) | .count]' "$tmp/json")" \
			'[null,null]' "$how: they are no system calls"
		is "$(moved)" '0 0 0 0' "$how: what they move is not among what calls moved"
	done
	# A call wakes the kernel's thread where it fell asleep, which it does sooner on a busy machine.
	rings --allow io_uring "$programs/ring" sqpoll nop 1000 > "$tmp/rings"
	check_time 'SQPOLL: a thousand requests without a call for each' \
		is_between 0 "$(number 'syscalls.by_name.io_uring_enter.count // 0')" 250
	is "$(cat "$tmp/rings")" '[1,1000,{"nop":1000}]' 'SQPOLL: and none is missed'
	is "$(rings --no-container "$programs/ring" plain nop 2)" '[1,2,{"nop":2}]' \
		'without a container they are counted, too'
	is "$(rings --seccomp none "$programs/ring" plain)" '[1,0,{}]' \
		'a ring is reported even if nothing is asked of it'
	"$TARE" run --allow io_uring "$programs/ring" plain nop 3 2> "$tmp/summary"
	check 'and the summary has a line for it' grep -q '^  io_uring  3 .* 1 ring .*nop 100 %' \
		"$tmp/summary"
	rings --allow io_uring "$programs/ring" plain socket 2 > "$tmp/rings"
	if [ "$weigh_status" -eq 0 ]; then
		is "$(number network.sockets_unix) $(jq -r '.unavailable["network.sockets_unix"]' \
			"$tmp/json")" 'null io_uring does not tell the family of sockets it makes' \
			'sockets that io_uring made are not taken for none'
	else
		skip 'sockets that io_uring made are not taken for none' 'this io_uring makes none'
	fi
else
	skip 'requests are counted by opcode' 'this kernel lets nobody make a ring'
fi
weigh "$programs/ring" plain nop 1
is "$(jq -c '.syscalls | [.io_uring.rings, .io_uring.total, .by_name.io_uring_setup.denied]' \
	"$tmp/json")" '[0,0,1]' 'a ring that is refused is none, and is told as denied'
check 'and why there can be none is said' \
	[ "$(jq -r '.sources["syscalls.io_uring.total"]' "$tmp/json")" = \
	'tare:seccomp filter, which lets no ring be made' ]

nothing_is_lost
plan
