#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Kernels that lack a system call (F-06): one that is needed is named in one line, without one that
# is not, runs are as complete as ever; and the tests of tare pass.
#
# FAULTS=all: whole test files too, in such a kernel. Without: one run for each call.
set -u
# shellcheck source=../run/lib/own-mounts.sh
. "$(dirname "$0")/../run/lib/own-mounts.sh"
# shellcheck source=../run/lib/tap.sh
. "$(dirname "$0")/../run/lib/tap.sh"
need_root
# shellcheck source=../run/lib/check-clean.sh
. "$(dirname "$0")/../run/lib/check-clean.sh"

namespaces=$(readlink /proc/self/ns/*)

# without CALLS: a run on such a kernel.
without() {
	rm -f "$tmp/json"
	# shellcheck disable=SC2086 # a list of words
	TARE_TEST_MARK=$mark timeout -k 1 20 "$programs/without-calls" "$1" "$TARE" run -q \
		--json "$tmp/json" "$programs/confinement" $namespaces > "$tmp/out" 2> "$tmp/errors"
}

# On every such kernel, for the filter is told by the container.
note_state
without acct
check 'a container tells what it is' test $? -eq 0 -a "$(wc -l < "$tmp/out")" -gt 50
cp "$tmp/out" "$tmp/complete"

for call in bpf capset clone3 close_range fsconfig fsmount fsopen mount_setattr move_mount openat2 \
	open_tree pidfd_open pipe2 pivot_root seccomp setns signalfd4 statx unshare; do
	without $call
	is "$? $(wc -c < "$tmp/out") $(grep -c '^tare: .*Function not implemented (ENOSYS)' "$tmp/errors")" \
		'125 0 1' "without $call nothing runs, and a line says why: $(
			sed -n 's/.*tare failed: //p' "$tmp/errors")"
done

# Some of these not even exist here: whoever adds their use sees whether tare needs them.
for call in clone copy_file_range epoll_create1 epoll_pwait2 execveat faccessat2 fchmodat2 getrandom \
	io_uring_setup kcmp keyctl landlock_create_ruleset landlock_restrict_self membarrier \
	memfd_create perf_event_open pidfd_getfd pidfd_send_signal ppoll preadv2 process_madvise \
	process_mrelease process_vm_readv renameat2 rseq set_robust_list splice tgkill timerfd_create; do
	without $call
	is "$? $(cat "$tmp/errors") $(diff "$tmp/complete" "$tmp/out") $(
		jq '.time.cpu_ns > 0 and .processes.tasks == 1' "$tmp/json")" '0   true' \
		"without $call a run is complete"
done
leaves_nothing 'none of these leaves anything'

# What programs inside do without them is not asked: only that tare does as ever. renameat2 is not
# among them: result files and --no-tmpfs need it, as overlays do.
if [ "${FAULTS-}" = all ]; then
	optional=copy_file_range,epoll_pwait2,faccessat2,fchmodat2,landlock_create_ruleset,membarrier
	optional=$optional,memfd_create,pidfd_getfd,process_madvise,process_mrelease,rseq,splice
	for file in clean exit-status limits signals counts result-files directories streams; do
		check "tests/run/$file.sh passes without all of them" \
			"$programs/without-calls" "$optional" "tests/run/$file.sh"
	done
fi
plan
