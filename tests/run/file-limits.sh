#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Limits of what is written: they end the command while it writes, and count nothing else.
# shellcheck disable=SC2016 # what is in single quotes is for the shell inside
# shellcheck disable=SC2086 # an option, or none
set -u
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/weigh.sh"
need_root

home=/root/tare-test-$$
at_exit() {
	rm -rf "$home"
}
mkdir "$home" && cd "$home" || exit

endless='i=0; while :; do i=$((i+1)); echo > $i; done'
four='echo > a; echo > b; echo > c; echo > d'
flood='dd if=/dev/zero of=x bs=1M count=4000'

for where in '' --no-tmpfs; do
	way=${where:-in memory}

	# --- How many ---

	is "$(fate $where --files-count-limit 4 -- sh -c "$four")" '0 exited 0 null' \
		"as many files as the limit may be written ($way)"
	is "$(fate $where --files-count-limit 3 -- sh -c "$four; sleep 100")" \
		'124 limit 9 files-count' "one more ends the command ($way)"
	check_time "also one that has ended by then ($way)" test 124\ limit\ 3\ files-count = \
		"$(fate $where --files-count-limit 3 -- sh -c "$four; exit 3")"
	is "$(fate $where --files-count-limit 1000 -- sh -c "$endless")" \
		'124 limit 9 files-count' "one that never stops is stopped ($way)"
	is "$(fate $where --files-count-limit 10 -- sh -c "($endless) & wait")" \
		'124 limit 9 files-count' "and one whose child does it ($way)"
	is "$(fate $where --files-count-limit 3 -- \
		sh -c 'mkdir -p 1/2/3/4/5; ln -s 1 l; mkfifo f; echo > a; mv a b; echo > c; rm c')" \
		'0 exited 0 null' "directories, links and what is gone are no files ($way)"
	is "$(fate $where --files-count-limit 3 -- \
		sh -c 'echo > a; echo > /tmp/b; echo > /run/c; echo >> /etc/hosts; sleep 100')" \
		'124 limit 9 files-count' "files count wherever they are, also changed ones ($way)"
	is "$(fate $where --files-count-limit 3 --full-access-dir . -- sh -c "$four; rm ?")" \
		'0 exited 0 null' "but not those that are written on the host ($way)"

	# --- How large ---

	is "$(fate $where --files-size-limit 1MB -- sh -c 'head -c 1000000 /dev/zero > a')" \
		'0 exited 0 null' "as many bytes as the limit may be written ($way)"
	is "$(fate $where --files-size-limit 1MB -- \
		sh -c 'head -c 1000001 /dev/zero > a; sleep 100')" \
		'124 limit 9 files-size' "one more ends the command ($way)"
	is "$(fate $where --files-size-limit 100 -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9; do echo 123456789 > $i; done')" \
		'0 exited 0 null' "small files count by their bytes, not by their blocks ($way)"
	is "$(fate $where --files-size-limit 1MB -- \
		sh -c 'truncate -s 1T hole; head -c 900000 /dev/zero > a; ln a b; rm hole')" \
		'0 exited 0 null' "holes and second names take no room ($way)"
	is "$(fate $where --files-size-limit 1MB --files-count-limit 1 -- sh -c "$flood")" \
		'124 limit 9 files-size' "of two limits the one that was passed is told ($way)"
done

# --- In time ---

# The command alone writes into this memory, so the peak tells how far it came. dd needs about a
# second for its 4000 MB here. The limit is looked at every 25 ms at least, in which a processor
# copies less than 100 MB; a machine that is busy can wake tare later than that.
for _ in $tries; do
	: > "$tmp/peaks"
	for _ in 1 2 3 4 5; do
		fate --files-size-limit 100MB -- sh -c "$flood" > "$tmp/fate"
		echo $(($(number memory.peak_bytes) - 100000000)) >> "$tmp/peaks"
	done
	echo "# beyond the limit, in bytes: $(sort -n "$tmp/peaks" | tr '\n' ' ')"
	[ "$(sort -n "$tmp/peaks" | sed -n 3p)" -ge 100000000 ] || break
done
check_time 'a flood of bytes is stopped before it is twice the limit' \
	[ "$(sort -n "$tmp/peaks" | sed -n 3p)" -lt 100000000 ]

is "$(fate --files-count-limit 20000 --files-size-limit 100MB -- sh -c "$endless")" \
	'124 limit 9 files-count' 'a large number of files is counted as well'

nothing_is_lost
plan
