#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The oldest kernel of Debian that tare works on and the newest, each booted in a virtual machine:
# the programs of both kinds of kernels load there, and what they count is right. Takes half a minute
# on an idle machine. All that is tested on other kernels: tests/vm/matrix.
set -u
cd "$(dirname "$0")/../.." || exit

kernels='6.1 newest'
count=0
failed=0

# What was said last is the reason.
test_kernel() {
	local kernel=$1 reason output
	count=$((count + 1))
	if ! reason=$(tests/vm/can-boot "$kernel" small bookworm | tail -n 1; exit "${PIPESTATUS[0]}"); then
		echo "ok $count - tare works on kernel $kernel # SKIP $reason"
		return
	fi
	output=$(tests/vm/boot -s small -t 140 -c "build/vm/quick-$kernel.console" "$kernel" bookworm \
		scripts/tap tests/vm/run/loads.sh 2>&1) || failed=1
	printf '%s\n' "$output" | sed 's/^/# /'
	case $output in
	*' passed, 0 failed, '*) echo "ok $count - tare works on kernel $kernel" ;;
	*) echo "not ok $count - tare works on kernel $kernel" ;;
	esac
}

for kernel in $kernels; do
	test_kernel "$kernel"
done
echo "1..$count"
exit $failed
