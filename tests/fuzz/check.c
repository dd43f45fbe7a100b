// SPDX-License-Identifier: Apache-2.0
// Fuzzes what `tare check` tells of a machine: its files of /proc and /sys are the input.
// words: user/command/check_machine.c user/command/check_kernel.c
#include "command/check_probe.h"

#include "fuzz_tree.h"

static const char *const files[] = { "proc/sys/kernel/osrelease", "proc/sys/kernel/version",
	"proc/cpuinfo", "proc/stat", "proc/swaps", "proc/sys/kernel/randomize_va_space",
	"proc/self/uid_map", "sys/hypervisor/type", "sys/kernel/security/lockdown",
	"sys/kernel/mm/transparent_hugepage/enabled", "sys/devices/system/cpu/smt/active",
	"sys/devices/system/cpu/intel_pstate/no_turbo",
	"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
	"proc/sys/kernel/unprivileged_bpf_disabled", "proc/self/mountinfo", "proc/self/cgroup" };

#define FILES (sizeof(files) / sizeof(files[0]))

/* Those that only read. */
static void (*const probes[])(const char *, struct probe_result *) = { check_kernel_version,
	check_capabilities, check_preemption, check_virtual_machine, check_swap, check_governor,
	check_turbo, check_smt, check_aslr, check_thp, check_lockdown, check_unprivileged_bpf,
	check_cgroup_layout };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static int tree = -1;
	struct fuzz_input input = { bytes, size };
	char root[64];

	if (tree < 0)
		tree = fuzz_tree_make(files, FILES);
	fuzz_tree_write(tree, files, FILES, &input);
	snprintf(root, sizeof(root), "/proc/self/fd/%d", tree);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		struct probe_result result = { .detail = "" };

		probes[i](root, &result);
		claim(result.detail[0]);
		claim_printable(result.detail, "");
		claim_printable(result.repair, "");
	}
	return 0;
}
