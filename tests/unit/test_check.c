// SPDX-License-Identifier: Apache-2.0
// `tare check` shown machines that it does not run on: what it finds there and how it tells it.
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "command/check.h"
#include "command/check_probe.h"
#include "own_tree.h"

/* A machine of files, below a directory that vanishes with the test. */
static char machine[] = "/tmp/tare-test-check-XXXXXX";

static int machine_make(void **state)
{
	(void)state;
	memcpy(strrchr(machine, '-') + 1, "XXXXXX", sizeof("XXXXXX"));
	return mkdtemp(machine) ? 0 : -1;
}

static int machine_remove(void **state)
{
	(void)state;
	return remove_own_tree(machine);
}

static void machine_has(const char *path, const char *text)
{
	own_tree_has(machine, path, text);
}

static struct probe_result look(void (*probe)(const char *, struct probe_result *))
{
	struct probe_result result = { 0 };

	probe(machine, &result);
	return result;
}

#define assert_finding(result, expected_state, part)                                               \
	do {                                                                                       \
		assert_int_equal((result).state, expected_state);                                  \
		if (!strstr((result).detail, part))                                                \
			fail_msg("'%s' is not in '%s'", part, (result).detail);                    \
	} while (0)

static void a_bracketed_choice_is_read(void **state)
{
	char choice[8];

	(void)state;
	assert_true(bracketed_choice("always [madvise] never", choice, sizeof(choice)));
	assert_string_equal(choice, "madvise");
	assert_true(bracketed_choice("[none] integrity", choice, sizeof(choice)));
	assert_string_equal(choice, "none");
	assert_false(bracketed_choice("always madvise", choice, sizeof(choice)));
	assert_false(bracketed_choice("[] always", choice, sizeof(choice)));
	assert_false(bracketed_choice("always [madvise", choice, sizeof(choice)));
	assert_false(bracketed_choice("[longer-than-8]", choice, sizeof(choice)));
}

static void a_word_is_found_whole_or_not_at_all(void **state)
{
	(void)state;
	assert_true(list_has_word("rw,cpu,cpuacct", "cpu"));
	assert_true(list_has_word("cpuset cpu io memory pids\n", "pids"));
	assert_false(list_has_word("rw,cpuacct,cpuset", "cpu"));
	assert_false(list_has_word("rw,c,cp", "cpu"));
	assert_false(list_has_word("", "cpu"));
}

static void kernel_5_15_is_refused_and_told_why(void **state)
{
	struct probe_result result;

	(void)state;
	machine_has("/proc/sys/kernel/osrelease", "5.15.0-139-generic\n");
	result = look(check_kernel_version);
	assert_finding(result, PROBE_MISSING, "kernel 5.15.0-139-generic");
	assert_finding(result, PROBE_MISSING, "needs 5.17 or later");
	assert_true(result.repair[0]);
}

static void kernels_from_5_17_on_are_accepted(void **state)
{
	static const char *const releases[] = { "5.17.0\n", "6.1.0-28-amd64\n", "10.0.1\n" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		machine_has("/proc/sys/kernel/osrelease", releases[i]);
		assert_int_equal(look(check_kernel_version).state, PROBE_OK);
	}
}

static void an_unreadable_kernel_version_does_not_stop_a_run(void **state)
{
	(void)state;
	assert_int_equal(look(check_kernel_version).state, PROBE_DEGRADED);
}

static void capabilities_inside_a_user_namespace_do_not_count(void **state)
{
	(void)state;
	machine_has("/proc/self/uid_map", "         0       1000          1\n");
	assert_finding(look(check_capabilities), PROBE_MISSING, "user namespace");
	machine_has("/proc/self/uid_map", "         0          0      65536\n");
	assert_finding(look(check_capabilities), PROBE_MISSING, "user namespace");
}

static void a_kernel_without_type_information_is_refused(void **state)
{
	(void)state;
	assert_int_equal(look(check_btf).state, PROBE_MISSING);
	machine_has("/sys/kernel/btf/vmlinux", "types");
	assert_int_equal(look(check_btf).state, PROBE_OK);
}

static const char hybrid_mounts[] =
	"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
	"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
	"34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
	"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
	"39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
	"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
static const char hybrid_self[] = "9:name=systemd:/\n8:pids:/\n4:memory:/a/b\n3:cpuset:/x\n"
				  "1:cpu,cpuacct:/c\n0::/u\n";
static const char v2_mounts[] =
	"30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
static const char v2_self[] = "0::/user.slice/user-1000.slice/session-3.scope\n";

static void a_hybrid_layout_is_told_with_the_place_in_each_hierarchy(void **state)
{
	struct cgroup_layout layout;

	(void)state;
	cgroup_layout_parse(&layout, hybrid_mounts, hybrid_self);
	assert_int_equal(layout.kind, CGROUP_HYBRID);
	assert_string_equal(layout.unified.mount_point, "/sys/fs/cgroup/unified");
	assert_string_equal(layout.unified.own_path, "/u");
	assert_string_equal(layout.v1[CGROUP_CPU].mount_point, "/sys/fs/cgroup/cpu,cpuacct");
	assert_string_equal(layout.v1[CGROUP_CPU].own_path, "/c");
	assert_string_equal(layout.v1[CGROUP_MEMORY].own_path, "/a/b");
	assert_string_equal(layout.v1[CGROUP_PIDS].mount_point, "/sys/fs/cgroup/pids");
	assert_string_equal(layout.v1[CGROUP_PIDS].own_path, "");
}

static void a_pure_cgroup2_layout_is_told(void **state)
{
	struct cgroup_layout layout;

	(void)state;
	cgroup_layout_parse(&layout, v2_mounts, v2_self);
	assert_int_equal(layout.kind, CGROUP_V2);
	assert_string_equal(layout.unified.own_path, "/user.slice/user-1000.slice/session-3.scope");
	assert_string_equal(layout.v1[CGROUP_MEMORY].mount_point, "");
}

static void a_layout_without_cgroup2_cannot_serve(void **state)
{
	struct probe_result result;

	(void)state;
	machine_has("/proc/self/cgroup", hybrid_self);
	machine_has("/proc/self/mountinfo",
		"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
	result = look(check_cgroup_layout);
	assert_finding(result, PROBE_MISSING, "v1 only");
	assert_non_null(strstr(result.repair, "mount -t cgroup2"));
	machine_has("/proc/self/mountinfo", "22 27 0:21 / /proc rw - proc proc rw\n");
	assert_finding(look(check_cgroup_layout), PROBE_MISSING, "none");
	assert_int_equal(look(check_memory_controller).state, PROBE_MISSING);
	assert_int_equal(look(check_cgroup_child).state, PROBE_MISSING);
}

static void a_mount_of_a_part_of_the_hierarchy_shows_the_rest_of_the_path(void **state)
{
	struct cgroup_layout layout;

	(void)state;
	cgroup_layout_parse(&layout, "9 1 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
		"0::/docker/abc/inner\n");
	assert_false(layout.unified.is_outside);
	assert_string_equal(layout.unified.own_path, "/inner");
}

static void a_caller_outside_of_what_is_mounted_is_told_so(void **state)
{
	static const char *const outside[] = { "0::/docker/abcdef\n", "0::/../other\n", "0::/\n" };
	struct cgroup_layout layout;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		cgroup_layout_parse(&layout,
			"9 1 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n", outside[i]);
		assert_true(layout.unified.is_outside);
	}
	cgroup_layout_parse(&layout, v2_mounts, "0::/../other\n");
	assert_true(layout.unified.is_outside);
	machine_has("/proc/self/mountinfo", v2_mounts);
	machine_has("/proc/self/cgroup", "0::/../other\n");
	assert_finding(look(check_cgroup_layout), PROBE_MISSING, "outside");
}

static void a_second_mount_is_taken_when_the_first_does_not_show_the_caller(void **state)
{
	struct cgroup_layout layout;

	(void)state;
	cgroup_layout_parse(&layout,
		"8 1 0:26 /other /mnt/part rw - cgroup2 cgroup rw\n"
		"9 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n"
		"10 1 0:26 / /mnt/again rw - cgroup2 cgroup rw\n",
		v2_self);
	assert_string_equal(layout.unified.mount_point, "/sys/fs/cgroup");
	assert_false(layout.unified.is_outside);
}

static void a_mount_point_with_blanks_is_read(void **state)
{
	struct cgroup_layout layout;

	(void)state;
	cgroup_layout_parse(
		&layout, "9 1 0:26 / /mnt/my\\040cgroups\\134 rw - cgroup2 cgroup rw", "0::/a:b");
	assert_string_equal(layout.unified.mount_point, "/mnt/my cgroups\\");
	assert_string_equal(layout.unified.own_path, "/a:b");
	cgroup_layout_parse(&layout, "torn line\n1 2 - cgroup2\n", "0::/");
	assert_int_equal(layout.kind, CGROUP_NONE);
}

/* Root, a slice that hands on memory and pids, and a session with two processes. */
static void machine_has_a_session(void)
{
	machine_has("/proc/self/mountinfo", v2_mounts);
	machine_has("/proc/self/cgroup", "0::/user.slice/session\n");
	machine_has("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
	machine_has("/sys/fs/cgroup/cgroup.subtree_control", "memory pids\n");
	machine_has("/sys/fs/cgroup/cgroup.procs", "1\n2\n");
	machine_has("/sys/fs/cgroup/user.slice/cgroup.controllers", "memory pids\n");
	machine_has("/sys/fs/cgroup/user.slice/cgroup.subtree_control", "memory\n");
	machine_has("/sys/fs/cgroup/user.slice/cgroup.procs", "7\n");
	machine_has("/sys/fs/cgroup/user.slice/cgroup.type", "domain\n");
	machine_has("/sys/fs/cgroup/user.slice/session/cgroup.controllers", "memory\n");
	machine_has("/sys/fs/cgroup/user.slice/session/cgroup.subtree_control", "\n");
	machine_has("/sys/fs/cgroup/user.slice/session/cgroup.procs", "3\n4\n");
	machine_has("/sys/fs/cgroup/user.slice/session/cgroup.type", "domain\n");
}

static void controllers_come_from_the_nearest_cgroup_that_gives_memory_and_pids(void **state)
{
	(void)state;
	machine_has_a_session();
	assert_string_equal(look(check_memory_controller).detail, "given by /sys/fs/cgroup");
	assert_string_equal(look(check_pids_controller).detail, "given by /sys/fs/cgroup");
	machine_has("/sys/fs/cgroup/user.slice/cgroup.subtree_control", "memory pids\n");
	machine_has("/sys/fs/cgroup/cgroup.subtree_control", "cpuset memory pids\n");
	assert_string_equal(
		look(check_memory_controller).detail, "given by /sys/fs/cgroup/user.slice");
	/* A run is made in the slice, and the root could give it there no more. */
	assert_finding(look(check_cpuset_controller), PROBE_MISSING, "not given by");
}

static void what_the_root_has_but_gives_to_nobody_is_missing(void **state)
{
	(void)state;
	machine_has_a_session();
	assert_finding(look(check_cpu_controller), PROBE_MISSING, "not given by");
}

static void a_caller_alone_in_its_cgroup_can_give_controllers_to_a_child(void **state)
{
	char self[16];

	(void)state;
	machine_has_a_session();
	snprintf(self, sizeof(self), "%d\n", getpid());
	machine_has("/sys/fs/cgroup/user.slice/session/cgroup.procs", self);
	machine_has("/sys/fs/cgroup/user.slice/session/cgroup.controllers", "memory pids\n");
	assert_string_equal(
		look(check_memory_controller).detail, "given by /sys/fs/cgroup/user.slice/session");
}

static void a_controller_that_nobody_may_give_is_missing(void **state)
{
	(void)state;
	machine_has_a_session();
	machine_has("/sys/fs/cgroup/cgroup.subtree_control", "memory\n");
	assert_finding(look(check_cpu_controller), PROBE_MISSING, "no cgroup from");
	machine_has("/sys/fs/cgroup/cgroup.controllers", "cpu io pids\n");
	assert_finding(look(check_memory_controller), PROBE_MISSING, "not in");
	assert_non_null(strstr(look(check_memory_controller).repair, "cgroup_enable=memory"));
}

static void a_v1_controller_needs_the_own_directory_to_be_writable(void **state)
{
	(void)state;
	machine_has("/proc/self/mountinfo", hybrid_mounts);
	machine_has("/proc/self/cgroup", hybrid_self);
	assert_finding(look(check_memory_controller), PROBE_MISSING, "cannot make a cgroup");
	machine_has("/sys/fs/cgroup/memory/a/b/tasks", "");
	assert_finding(look(check_memory_controller), PROBE_OK, "/sys/fs/cgroup/memory/a/b");
}

static void the_cgroup_made_for_a_trial_is_removed(void **state)
{
	char pattern[128];
	glob_t left = { 0 };

	(void)state;
	machine_has_a_session();
	assert_finding(look(check_cgroup_kill), PROBE_DEGRADED, "5.14");
	/* A plain directory is no cgroup: the trial fails, and cleans up as well. */
	assert_finding(look(check_cgroup_child), PROBE_MISSING, "start a process");
	snprintf(pattern, sizeof(pattern), "%s/sys/fs/cgroup/user.slice/session/tare*", machine);
	assert_int_equal(glob(pattern, 0, NULL, &left), GLOB_NOMATCH);
}

static void the_kernels_own_memory_peak_is_found_in_either_version(void **state)
{
	(void)state;
	machine_has_a_session();
	assert_int_equal(look(check_memory_peak).state, PROBE_DEGRADED);
	machine_has("/sys/fs/cgroup/user.slice/memory.peak", "1\n");
	assert_finding(look(check_memory_peak), PROBE_OK, "memory.peak");
	machine_has("/proc/self/mountinfo", hybrid_mounts);
	machine_has("/sys/fs/cgroup/memory/memory.max_usage_in_bytes", "1\n");
	assert_finding(look(check_memory_peak), PROBE_OK, "(v1)");
}

static void any_processor_with_another_governor_is_told(void **state)
{
	struct probe_result result;

	(void)state;
	assert_finding(look(check_governor), PROBE_DEGRADED, "none");
	machine_has("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
	assert_int_equal(look(check_governor).state, PROBE_OK);
	machine_has("/sys/devices/system/cpu/cpu11/cpufreq/scaling_governor", "powersave\n");
	result = look(check_governor);
	assert_finding(result, PROBE_DEGRADED, "powersave on 1 of 2");
	assert_non_null(strstr(result.repair, "echo performance | sudo tee"));
}

static void turbo_is_read_from_intels_switch_and_from_the_common_one(void **state)
{
	(void)state;
	assert_finding(look(check_turbo), PROBE_DEGRADED, "not known");
	machine_has("/sys/devices/system/cpu/cpufreq/boost", "1\n");
	assert_string_equal(look(check_turbo).repair,
		"echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost");
	machine_has("/sys/devices/system/cpu/cpufreq/boost", "0\n");
	assert_int_equal(look(check_turbo).state, PROBE_OK);
	machine_has("/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
	assert_string_equal(look(check_turbo).repair,
		"echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo");
}

static void swap_areas_are_counted(void **state)
{
	(void)state;
	machine_has("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
	assert_int_equal(look(check_swap).state, PROBE_OK);
	machine_has("/proc/swaps", "Filename\tType\n/dev/sda2\tpartition\n/dev/zram0\tpartition\n");
	assert_finding(look(check_swap), PROBE_DEGRADED, "2 areas");
	assert_string_equal(look(check_swap).repair, "sudo swapoff -a");
}

static void what_disturbs_a_benchmark_is_told_with_its_repair(void **state)
{
	static const struct {
		void (*probe)(const char *, struct probe_result *);
		const char *path, *good, *bad;
	} switches[] = {
		{ check_smt, "/sys/devices/system/cpu/smt/active", "0\n", "1\n" },
		{ check_aslr, "/proc/sys/kernel/randomize_va_space", "0\n", "2\n" },
		{ check_thp, "/sys/kernel/mm/transparent_hugepage/enabled",
			"always [madvise] never\n", "[always] madvise never\n" },
		{ check_unprivileged_bpf, "/proc/sys/kernel/unprivileged_bpf_disabled", "2\n",
			"0\n" },
		{ check_lockdown, "/sys/kernel/security/lockdown",
			"none [integrity] confidentiality\n",
			"none integrity [confidentiality]\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		machine_has(switches[i].path, switches[i].good);
		assert_int_equal(look(switches[i].probe).state, PROBE_OK);
		machine_has(switches[i].path, switches[i].bad);
		assert_int_equal(look(switches[i].probe).state, PROBE_DEGRADED);
		assert_true(look(switches[i].probe).repair[0]);
	}
}

static void a_virtual_machine_is_told_with_the_time_stolen_from_it(void **state)
{
	(void)state;
	machine_has("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme\n");
	assert_int_equal(look(check_virtual_machine).state, PROBE_OK);
	machine_has("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor\nbugs\t:\n");
	machine_has("/proc/stat", "cpu  50 0 25 120 0 0 0 5 0 0\ncpu0 1 2 3\n");
	assert_finding(look(check_virtual_machine), PROBE_DEGRADED, "2.50 %");
}

static void preemptible_tracepoints_of_kernel_7_are_told(void **state)
{
	(void)state;
	machine_has("/proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.1-1\n");
	machine_has("/proc/sys/kernel/osrelease", "6.12.1\n");
	assert_finding(look(check_preemption), PROBE_OK, "PREEMPT_DYNAMIC");
	machine_has("/proc/sys/kernel/osrelease", "7.2.0\n");
	assert_finding(look(check_preemption), PROBE_DEGRADED, "inexact");
}

static void a_hostile_name_cannot_reach_the_terminal(void **state)
{
	struct probe_result result;

	(void)state;
	probe_set(&result, PROBE_OK, "in /\033[31mx\xff\n");
	assert_string_equal(result.detail, "in /?[31mx??");
}

static void a_refusal_names_the_error_and_keeps_its_hint(void **state)
{
	struct probe_result result = { 0 };
	struct failure why;

	(void)state;
	failure_set(&why, ENOSYS, "call openat2");
	failure_hint(&why, "boot a newer kernel");
	probe_set_refused(&result, &why);
	assert_finding(result, PROBE_MISSING, "cannot call openat2: ");
	assert_finding(result, PROBE_MISSING, "(ENOSYS)");
	assert_string_equal(result.repair, "boot a newer kernel");
}

/* What root is told; for a user the same is missing. */
static const enum probe_state users_lack = PROBE_DEGRADED;

static void each_switch_that_keeps_users_from_namespaces_is_told_with_its_repair(void **state)
{
	static const struct {
		const char *path, *value, *name, *repair;
	} cases[] = {
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n", "AppArmor",
			"sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
		{ "/proc/sys/kernel/unprivileged_userns_clone", "0\n", "Debian",
			"sudo sysctl -w kernel.unprivileged_userns_clone=1" },
		{ "/proc/sys/user/max_user_namespaces", "0\n", "user.max_user_namespaces is 0",
			"sudo sysctl -w user.max_user_namespaces=15000" },
	};
	struct probe_result result;

	(void)state;
	if (geteuid() != 0)
		skip();
	machine_has("/proc/sys/user/max_user_namespaces", "15000\n");
	machine_has("/proc/sys/kernel/unprivileged_userns_clone", "1\n");
	machine_has("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0\n");
	assert_finding(look(check_users_namespaces), PROBE_OK, "15000");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		machine_has(cases[i].path, cases[i].value);
		result = look(check_users_namespaces);
		assert_finding(result, users_lack, cases[i].name);
		assert_string_equal(result.repair, cases[i].repair);
	}
}

static void who_gives_cgroups_to_users_is_told(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_finding(look(check_users_cgroups), users_lack, "nobody");
	assert_string_equal(look(check_users_cgroups).repair, "sudo tare collector serve &");
	machine_has("/run/systemd/system/x", "");
	assert_finding(look(check_users_cgroups), users_lack, "logged in");
	assert_string_equal(
		look(check_users_cgroups).repair, "sudo systemctl enable --now tare-broker.socket");
	machine_has("/run/tare/broker", "");
	assert_finding(look(check_users_cgroups), PROBE_OK, "the broker");
}

static void a_kernel_that_refuses_bpf_to_users_is_told(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	machine_has("/proc/sys/kernel/osrelease", "5.18.0\n");
	assert_finding(look(check_gate), users_lack, "5.19");
	machine_has("/proc/sys/kernel/osrelease", "6.1.0\n");
	assert_finding(look(check_gate), users_lack, "not at");
	assert_finding(look(check_shared_collector), users_lack, "none");
	machine_has("/run/tare/gate/gate", "");
	assert_finding(look(check_shared_collector), PROBE_OK, "runs");
}

static const struct probe three_probes[] = {
	{ "bpf", "to weigh", PROBE_REQUIRED, NULL },
	{ "lockdown", "to protect", PROBE_ISOLATION, NULL },
	{ "swap", "to be precise", PROBE_PRECISION, NULL },
	{ NULL, NULL, PROBE_REQUIRED, NULL },
};

static char *print_text(const struct probe_result *results, bool has_colour)
{
	char *text = NULL;
	size_t size;
	FILE *output = open_memstream(&text, &size);

	assert_non_null(output);
	check_print_text(output, three_probes, results, has_colour);
	assert_int_equal(fclose(output), 0);
	return text;
}

static void only_a_missing_requirement_stops_a_run(void **state)
{
	static const struct probe for_users[] = {
		{ "gate", "to weigh", PROBE_USERS, NULL },
		{ NULL, NULL, PROBE_REQUIRED, NULL },
	};
	struct probe_result results[3] = { { .state = PROBE_DEGRADED }, { .state = PROBE_MISSING },
		{ .state = PROBE_MISSING } };

	(void)state;
	assert_true(check_can_run(three_probes, results));
	results[0].state = PROBE_MISSING;
	assert_false(check_can_run(three_probes, results));
	assert_false(check_can_run(for_users, results));
}

static void the_list_is_grouped_aligned_and_ends_with_the_verdict(void **state)
{
	struct probe_result results[3] = { { .detail = "a map was made" }, { .detail = "none" },
		{ .state = PROBE_DEGRADED, .detail = "on", .repair = "sudo swapoff -a" } };
	char *text = print_text(results, false);

	(void)state;
	assert_string_equal(text,
		"required\n"
		"  ok        bpf       a map was made\n"
		"\n"
		"recommended for isolation\n"
		"  ok        lockdown  none\n"
		"\n"
		"for precise benchmarks\n"
		"  degraded  swap      on\n"
		"                      why: to be precise\n"
		"                      repair: sudo swapoff -a\n"
		"\n"
		"verdict: tare run can work here; 1 thing can disturb precise benchmarks\n");
	free(text);
}

static void the_verdict_names_what_is_missing(void **state)
{
	struct probe_result results[3] = { { .state = PROBE_MISSING, .detail = "no" },
		{ .state = PROBE_MISSING, .detail = "no" }, { .detail = "off" } };
	char *text = print_text(results, false);

	(void)state;
	assert_non_null(strstr(text, "\nverdict: tare run cannot work here; missing: bpf\n"));
	free(text);
}

static void colour_is_written_only_when_asked_for(void **state)
{
	struct probe_result results[3] = { 0 };
	char *plain = print_text(results, false);
	char *coloured = print_text(results, true);

	(void)state;
	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(coloured, "\033[32mok"));
	free(plain);
	free(coloured);
}

static void the_json_form_says_the_same(void **state)
{
	struct probe_result results[3] = {
		{ .state = PROBE_MISSING, .detail = "\"no\"", .repair = "sudo tare check" },
		{ .detail = "none" },
		{ .state = PROBE_DEGRADED, .detail = "on" },
	};
	const char *name, *group, *state_name, *repair;
	char *text = NULL;
	int is_required, can_run;
	json_t *document, *checks, *no_repair;
	size_t size;
	FILE *output = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(check_print_json(output, three_probes, results), 0);
	assert_int_equal(fclose(output), 0);
	document = json_loads(text, 0, NULL);
	assert_non_null(document);
	assert_int_equal(
		json_unpack(document, "{sb so}", "can_run", &can_run, "checks", &checks), 0);
	assert_false(can_run);
	assert_int_equal(json_array_size(checks), 3);
	assert_int_equal(
		json_unpack(json_array_get(checks, 0), "{ss ss sb ss ss}", "name", &name, "group",
			&group, "required", &is_required, "state", &state_name, "repair", &repair),
		0);
	assert_string_equal(name, "bpf");
	assert_string_equal(group, "required");
	assert_true(is_required);
	assert_string_equal(state_name, "missing");
	assert_string_equal(repair, "sudo tare check");
	no_repair = json_object_get(json_array_get(checks, 2), "repair");
	assert_true(json_is_null(no_repair));
	json_decref(document);
	free(text);
}

static void every_probe_says_what_it_is_for(void **state)
{
	(void)state;
	for (const struct probe *probe = check_probes; probe->name; probe++) {
		assert_non_null(probe->look);
		assert_true(probe->purpose[0]);
		for (const struct probe *other = check_probes; other < probe; other++)
			assert_string_not_equal(other->name, probe->name);
	}
}

/* The complaint goes to stderr, which is not what these tests look at. */
static int check_quietly(char *argument)
{
	char verb[] = "check";
	char *argv[] = { verb, argument, NULL };
	int stderr_fd = dup(STDERR_FILENO);
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int status;

	dup2(null_fd, STDERR_FILENO);
	status = check_command(2, argv);
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	close(null_fd);
	return status;
}

static void wrong_usage_ends_with_status_2(void **state)
{
	char option[] = "--jsno", argument[] = "all";

	(void)state;
	assert_int_equal(check_quietly(option), 2);
	assert_int_equal(check_quietly(argument), 2);
}

#define on_a_machine(test) cmocka_unit_test_setup_teardown(test, machine_make, machine_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bracketed_choice_is_read),
		cmocka_unit_test(a_word_is_found_whole_or_not_at_all),
		on_a_machine(kernel_5_15_is_refused_and_told_why),
		on_a_machine(kernels_from_5_17_on_are_accepted),
		on_a_machine(an_unreadable_kernel_version_does_not_stop_a_run),
		on_a_machine(each_switch_that_keeps_users_from_namespaces_is_told_with_its_repair),
		on_a_machine(who_gives_cgroups_to_users_is_told),
		on_a_machine(a_kernel_that_refuses_bpf_to_users_is_told),
		on_a_machine(capabilities_inside_a_user_namespace_do_not_count),
		on_a_machine(a_kernel_without_type_information_is_refused),
		cmocka_unit_test(a_hybrid_layout_is_told_with_the_place_in_each_hierarchy),
		cmocka_unit_test(a_pure_cgroup2_layout_is_told),
		on_a_machine(a_layout_without_cgroup2_cannot_serve),
		cmocka_unit_test(a_mount_of_a_part_of_the_hierarchy_shows_the_rest_of_the_path),
		on_a_machine(a_caller_outside_of_what_is_mounted_is_told_so),
		cmocka_unit_test(a_second_mount_is_taken_when_the_first_does_not_show_the_caller),
		cmocka_unit_test(a_mount_point_with_blanks_is_read),
		on_a_machine(controllers_come_from_the_nearest_cgroup_that_gives_memory_and_pids),
		on_a_machine(what_the_root_has_but_gives_to_nobody_is_missing),
		on_a_machine(a_caller_alone_in_its_cgroup_can_give_controllers_to_a_child),
		on_a_machine(a_controller_that_nobody_may_give_is_missing),
		on_a_machine(a_v1_controller_needs_the_own_directory_to_be_writable),
		on_a_machine(the_cgroup_made_for_a_trial_is_removed),
		on_a_machine(the_kernels_own_memory_peak_is_found_in_either_version),
		on_a_machine(any_processor_with_another_governor_is_told),
		on_a_machine(turbo_is_read_from_intels_switch_and_from_the_common_one),
		on_a_machine(swap_areas_are_counted),
		on_a_machine(what_disturbs_a_benchmark_is_told_with_its_repair),
		on_a_machine(a_virtual_machine_is_told_with_the_time_stolen_from_it),
		on_a_machine(preemptible_tracepoints_of_kernel_7_are_told),
		cmocka_unit_test(a_hostile_name_cannot_reach_the_terminal),
		cmocka_unit_test(a_refusal_names_the_error_and_keeps_its_hint),
		cmocka_unit_test(only_a_missing_requirement_stops_a_run),
		cmocka_unit_test(the_list_is_grouped_aligned_and_ends_with_the_verdict),
		cmocka_unit_test(the_verdict_names_what_is_missing),
		cmocka_unit_test(colour_is_written_only_when_asked_for),
		cmocka_unit_test(the_json_form_says_the_same),
		cmocka_unit_test(every_probe_says_what_it_is_for),
		cmocka_unit_test(wrong_usage_ends_with_status_2),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
