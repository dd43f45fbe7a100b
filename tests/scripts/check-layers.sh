#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which includes scripts/check-layers refuses.
set -u

work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
count=0

# A tree that keeps the rules: FILE INCLUDES... a line.
sound_tree() {
	rm -rf "${work:?}"/*
	mkdir -p "$work/tests/unit"
	while read -r file includes; do
		mkdir -p "$work/$(dirname "$file")"
		for name in $includes; do
			echo "#include $name"
		done > "$work/$file"
	done << 'EOF'
bpf/abi.h "vmlinux.h"
bpf/run.bpf.h "abi.h"
bpf/cpu.bpf.c "run.bpf.h" <bpf/bpf_helpers.h>
user/base/text.h <stddef.h>
user/base/text.c "text.h"
user/base/file.h
user/base/file.c "file.h" "text.h"
user/meter/account.h "base/text.h"
user/meter/collector.h
user/meter/collector.c "collector.h" "account.h" "bpf/abi.h" <bpf/bpf.h> "tare.lskel.h"
user/sandbox/child.h "base/file.h"
user/sandbox/child.c "child.h" "child_setup.h"
user/sandbox/child_setup.h "child.h"
user/sandbox/mount.h "child.h"
user/command/main.c "sandbox/child.h" "meter/collector.h"
tests/unit/test_text.c "base/text.h" "bpf/abi.h"
EOF
}

# refuses TEXT FILE INCLUDE OUTPUT: the sound tree with one include more.
refuses() {
	sound_tree
	echo "#include $3" >> "$work/$2"
	report "$1" 1 "$4"
}

report() {
	count=$((count + 1))
	output=$(scripts/check-layers "$work" 2>&1)
	status=$?
	if [ $status -eq "$2" ] && echo "$output" | grep -qF -e "$3"; then
		echo "ok $count - $1"
	else
		echo "$output" | sed 's/^/# /'
		echo "not ok $count - $1"
	fi
}

sound_tree
report 'a tree that keeps the rules passes' 0 ''

refuses 'base rests on nothing' user/base/file.c '"meter/account.h"' \
	'user/base/file.c:3: user/base/ may not include user/meter/account.h'
refuses 'base does not know the ABI' user/base/file.c '"bpf/abi.h"' 'may not include bpf/abi.h'
refuses 'wings do not know each other' user/sandbox/child.h '"meter/account.h"' \
	'user/sandbox/ may not include user/meter/account.h'
refuses 'a way round by .. is seen' user/sandbox/child.h '"../meter/account.h"' \
	'user/sandbox/ may not include user/meter/account.h'
refuses 'a wing does not know the command' user/meter/account.h '"command/main.c"' \
	'may not include user/command/main.c'
refuses 'bpf does not include user' bpf/cpu.bpf.c '"user/base/text.h"' 'bpf/ may not include'
refuses 'user sees only the ABI of bpf' user/meter/account.h '"bpf/run.bpf.h"' 'only bpf/abi.h'
refuses 'the program does not include tests' user/meter/account.h '"tests/unit/test_text.c"' \
	'the program may not include'
refuses 'only the meter includes the skeleton' user/command/main.c '"tare.lskel.h"' \
	'only one file of user/meter'
refuses 'only one file includes the skeleton' user/meter/account.h '"tare.lskel.h"' \
	'already included by'
refuses 'two modules do not need each other' user/base/text.c '"file.h"' 'a circle of includes'
refuses 'a part counts as its module' user/sandbox/child_setup.h '"mount.h"' \
	'user/sandbox/child user/sandbox/mount user/sandbox/child'
refuses 'bpf modules have no circle either' bpf/abi.h '"run.bpf.h"' \
	'a circle of includes'

echo "1..$count"
