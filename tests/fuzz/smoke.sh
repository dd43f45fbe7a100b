#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No input that was kept breaks a reader, nor does what a second makes of them. TAP.
set -u
cd "$(dirname "$0")/../.." || exit

tests/fuzz/run -b
[ $? -ne 77 ] || { echo '1..0 # SKIP clang has no libFuzzer: scripts/setup looks'; exit; }

count=0
failures=0
for source in tests/fuzz/*.c; do
	target=$(basename "$source" .c)
	count=$((count + 1))
	if output=$(tests/fuzz/run -q "$target" 2>&1); then
		echo "ok $count - $output"
	else
		printf '%s\n' "$output" | sed 's/^/# /'
		echo "not ok $count - $target"
		failures=$((failures + 1))
	fi
done
echo "1..$count"
[ $failures -eq 0 ]
