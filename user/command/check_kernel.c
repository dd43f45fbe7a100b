// SPDX-License-Identifier: Apache-2.0
// What the kernel and the privilege of the caller allow.
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "check_probe.h"

bool kernel_version_parse(const char *release, unsigned int *major, unsigned int *minor)
{
	return sscanf(release, "%u.%u", major, minor) == 2;
}

void check_kernel_version(const char *root, struct probe_result *result)
{
	cleanup_free char *release = probe_read(root, "/proc/sys/kernel/osrelease");
	unsigned int major, minor;

	if (!kernel_version_parse(release, &major, &minor)) {
		probe_set(result, PROBE_DEGRADED, "not known: osrelease is '%s'", release);
	} else if (major > 5 || (major == 5 && minor >= 17)) {
		probe_set(result, PROBE_OK, "%s", release);
	} else {
		probe_set(result, PROBE_MISSING,
			"kernel %s; tare needs 5.17 or later because its BPF loader relocates in "
			"the kernel",
			release);
		probe_repair(result, "sudo apt-get install linux-image-amd64 (Debian 12 and later) "
				     "or linux-generic-hwe-22.04 (Ubuntu), then sudo reboot");
	}
}

/* The capabilities that the launcher uses when root starts it, and what for. */
static const struct {
	int capability;
	const char *name;
} needed_capabilities[] = {
	{ CAP_BPF, "BPF" },				      /* programs and maps */
	{ CAP_PERFMON, "PERFMON" },			      /* programs that read kernel memory */
	{ CAP_NET_ADMIN, "NET_ADMIN" },			      /* cgroup network programs, lo up */
	{ CAP_SYS_ADMIN, "SYS_ADMIN" },			      /* namespaces, mounts, id-mapping */
	{ CAP_SETUID, "SETUID" },			      /* identity and its maps */
	{ CAP_SETGID, "SETGID" }, { CAP_SETPCAP, "SETPCAP" }, /* emptying the bounding set */
	{ CAP_KILL, "KILL" },				      /* ending a tree of another uid */
	{ CAP_MKNOD, "MKNOD" },				      /* the container's /dev */
};

/* In any other than the first user namespace capabilities are real and still do not reach bpf(2).
 */
static bool is_in_first_user_namespace(const char *root)
{
	cleanup_free char *map = probe_read(root, "/proc/self/uid_map");
	unsigned int inside, outside, count;

	return sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
	       outside == 0 && count == UINT32_MAX;
}

void check_capabilities(const char *root, struct probe_result *result)
{
	char lacking[256] = "";
	size_t length = 0;

	if (!is_in_first_user_namespace(root)) {
		probe_set(result, PROBE_MISSING, "those of uid %u end at a user namespace",
			geteuid());
		probe_repair(result, "run tare outside of it; a rootless container cannot weigh");
		return;
	}
	for (size_t i = 0; i < sizeof(needed_capabilities) / sizeof(needed_capabilities[0]); i++)
		if (!probe_has_capability(needed_capabilities[i].capability))
			length += (size_t)snprintf(lacking + length, sizeof(lacking) - length,
				" %s", needed_capabilities[i].name);
	if (!length) {
		probe_set(result, PROBE_OK, "uid %u with all that are needed", geteuid());
		return;
	}
	probe_set(result, PROBE_MISSING, "uid %u lacks%s", geteuid(), lacking);
	if (geteuid() == 0)
		probe_repair(result, "in a container: docker run --privileged --cgroupns=host ...");
	else
		probe_repair(result, "sudo tare check");
}

static int trial_seccomp_filter(void *argument, struct failure *why)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int error;

	(void)argument;
	if (!filter)
		return failure_set(why, ENOMEM, "make a seccomp filter");
	error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOANO), SCMP_SYS(getppid), 0);
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	if (error)
		return failure_set(why, -error, "load a seccomp filter");
	if (syscall(SYS_getppid) != -1 || errno != ENOANO)
		return failure_set(why, 0, "a seccomp filter is loaded and does not filter");
	return 0;
}

void check_seccomp_filter(const char *root, struct probe_result *result)
{
	uint32_t actions[] = { SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS };
	struct failure why;
	int error = 0;

	(void)root;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]) && !error; i++)
		if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &actions[i]) < 0)
			error = failure_set(&why, errno, "ask for a seccomp action");
	if (!error)
		error = probe_run_child(0, trial_seccomp_filter, NULL, &why);
	if (error)
		probe_set_refused(result, &why);
	else
		probe_set(result, PROBE_OK, "loaded and seen to refuse");
}

/* The ABIs that a process of the native one can switch to. */
static const struct {
	uint32_t native, other;
	const char *name;
} foreign_abis[] = {
	{ SCMP_ARCH_X86_64, SCMP_ARCH_X86, "x86" },
	{ SCMP_ARCH_X86_64, SCMP_ARCH_X32, "x32" },
	{ SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, "arm" },
};

void check_seccomp_architectures(const char *root, struct probe_result *result)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	char names[64] = "native";
	size_t length = strlen(names);

	(void)root;
	probe_set(result, PROBE_OK, "%s", names);
	for (size_t i = 0; i < sizeof(foreign_abis) / sizeof(foreign_abis[0]); i++) {
		if (foreign_abis[i].native != seccomp_arch_native())
			continue;
		length += (size_t)snprintf(
			names + length, sizeof(names) - length, " %s", foreign_abis[i].name);
		if (result->state != PROBE_OK)
			continue;
		probe_set(result, PROBE_OK, "libseccomp filters %s", names);
		if (!filter || seccomp_arch_add(filter, foreign_abis[i].other) < 0)
			probe_set(result, PROBE_MISSING, "libseccomp cannot filter %s",
				foreign_abis[i].name);
	}
	if (result->state != PROBE_OK)
		probe_repair(result, "sudo apt-get install libseccomp2");
	if (filter)
		seccomp_release(filter);
}

static int try_openat2(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	cleanup_fd int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));

	return fd < 0 ? -errno : 0;
}

static int try_close_range(void)
{
	/* Nothing is open up there. */
	return close_range(INT_MAX - 1, INT_MAX, 0) < 0 ? -errno : 0;
}

static int try_pidfd_open(void)
{
	cleanup_fd int fd = pidfd_open(getpid(), 0);

	return fd < 0 ? -errno : 0;
}

/* A kernel that knows the flag looks for the cgroup and finds the descriptor bad. */
static int try_clone_into_cgroup(void)
{
	pid_t child = probe_clone3(CLONE_INTO_CGROUP, INT_MAX);

	if (child == 0)
		_exit(0);
	if (child > 0)
		return probe_wait(child);
	return errno == EBADF ? 0 : -errno;
}

void check_system_calls(const char *root, struct probe_result *result)
{
	static const struct {
		const char *name;
		int (*attempt)(void);
	} calls[] = {
		{ "openat2", try_openat2 },
		{ "close_range", try_close_range },
		{ "pidfd_open", try_pidfd_open },
		{ "clone3 into a cgroup", try_clone_into_cgroup },
	};
	struct failure why;

	(void)root;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int error = calls[i].attempt();

		if (error) {
			failure_set(&why, -error, "call %s", calls[i].name);
			failure_hint(&why, "allow it in the seccomp profile around tare: docker "
					   "run --security-opt seccomp=unconfined ...");
			probe_set_refused(result, &why);
			return;
		}
	}
	probe_set(result, PROBE_OK, "openat2, close_range, pidfd_open, clone3 into a cgroup");
}

void check_lockdown(const char *root, struct probe_result *result)
{
	cleanup_free char *text = probe_read(root, "/sys/kernel/security/lockdown");
	char level[32];

	if (!bracketed_choice(text, level, sizeof(level))) {
		probe_set(result, PROBE_DEGRADED, "not known: no /sys/kernel/security/lockdown");
		probe_repair(result, "sudo mount -t securityfs none /sys/kernel/security");
	} else if (strcmp(level, "confidentiality") == 0) {
		probe_set(result, PROBE_DEGRADED, "confidentiality: see bpf programs above");
		probe_repair(result, "boot without lockdown=confidentiality");
	} else {
		probe_set(result, PROBE_OK, "%s", level);
	}
}
