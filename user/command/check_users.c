// SPDX-License-Identifier: Apache-2.0
// What ordinary users need of root, once: looked at by root for all of them, by a user as that one.
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/file.h"
#include "check_probe.h"
#include "meter/collector.h"
#include "sandbox/broker.h"
#include "sandbox/delegation.h"

#define GATE_PATH "/run/tare/gate/gate"

/* Without it root's runs go on as before, and a user's cannot. */
static enum probe_state state_of_lack(void)
{
	return geteuid() ? PROBE_MISSING : PROBE_DEGRADED;
}

static bool is_there(const char *root, const char *path)
{
	cleanup_free char *whole = NULL;

	return asprintf(&whole, "%s%s", root, path) >= 0 && !access(whole, F_OK);
}

/* --- The shared collector --- */

static void tell_none(struct probe_result *result, const char *what)
{
	probe_set(result, state_of_lack(), "%s", what);
	probe_repair(result, geteuid() ? "let root start it: sudo tare collector start"
				       : "sudo tare collector start");
}

static void tell_unusable(const struct collector_status *status, struct probe_result *result)
{
	if (status->state == COLLECTOR_OF_OTHER_VERSION)
		probe_set(result, state_of_lack(), "of tare %s, and this is %s", status->version,
			TARE_VERSION);
	else
		probe_set(result, state_of_lack(), "half started or stopped");
	probe_repair(result, "sudo tare collector stop; sudo tare collector start");
}

/* Its directory is root's alone: what a user knows of it is the gate. */
void check_shared_collector(const char *root, struct probe_result *result)
{
	struct collector_status status;
	struct failure why;

	if (geteuid() != 0 || *root) {
		if (is_there(root, GATE_PATH))
			probe_set(result, PROBE_OK, "it runs");
		else
			tell_none(result, "none runs for users");
		return;
	}
	if (collector_look(&status, &why))
		probe_set_refused(result, &why);
	else if (status.state == COLLECTOR_NONE)
		tell_none(result, "none runs: each run of root's loads its own");
	else if (status.state != COLLECTOR_RUNS)
		tell_unusable(&status, result);
	else
		probe_set(result, PROBE_OK, "%s, ABI %lu, %zu of %zu runs at one time",
			status.version, (unsigned long)status.abi, status.runs, status.slots);
	if (result->state == PROBE_MISSING)
		result->state = PROBE_DEGRADED;
}

/* Before 5.19 bpf(2) was refused to who has no capability, whatever was asked. */
static bool is_too_old(const char *root)
{
	cleanup_free char *release = probe_read(root, "/proc/sys/kernel/osrelease");
	unsigned int major, minor;

	return kernel_version_parse(release, &major, &minor) &&
	       (major < 5 || (major == 5 && minor < 19));
}

void check_gate(const char *root, struct probe_result *result)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = BPF_F_RDONLY);
	cleanup_fd int fd = -1;

	if (is_too_old(root)) {
		probe_set(result, state_of_lack(),
			"this kernel refuses bpf(2) to users; Linux 5.19 is the first not to");
		probe_repair(result, "boot a newer kernel; until then: sudo tare run ...");
		return;
	}
	if (!is_there(root, GATE_PATH)) {
		tell_none(result, "not at " GATE_PATH);
		return;
	}
	fd = bpf_obj_get_opts(GATE_PATH, &options);
	if (fd < 0) {
		probe_set(
			result, state_of_lack(), "cannot open %s: %s", GATE_PATH, strerror(errno));
		probe_repair(result, "sudo tare collector stop; sudo tare collector start");
		return;
	}
	probe_set(result, PROBE_OK, "%s", GATE_PATH);
}

/* --- Namespaces --- */

static const struct {
	const char *path, *name;
	long refused;
	const char *repair;
} switches[] = {
	{ "/proc/sys/user/max_user_namespaces", "user.max_user_namespaces is 0", 0,
		"sudo sysctl -w user.max_user_namespaces=15000" },
	{ "/proc/sys/kernel/unprivileged_userns_clone",
		"kernel.unprivileged_userns_clone is 0, Debian's own switch", 0,
		"sudo sysctl -w kernel.unprivileged_userns_clone=1" },
	{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
		"AppArmor takes their capabilities, as Ubuntu has it since 24.04", 1,
		"sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
};

void check_users_namespaces(const char *root, struct probe_result *result)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (probe_read_number(root, switches[i].path) != switches[i].refused)
			continue;
		probe_set(result, state_of_lack(), "%s", switches[i].name);
		probe_repair(result, "%s", switches[i].repair);
		return;
	}
	probe_set(result, PROBE_OK, "allowed, %ld at one time",
		probe_read_number(root, "/proc/sys/user/max_user_namespaces"));
}

/* --- Overlay --- */

/* Who is mapped to nobody makes no files. */
static int map_self(const uid_t outside[2], struct failure *why)
{
	static const char *const files[] = { "/proc/self/uid_map", "/proc/self/gid_map" };
	char map[32];
	int error = file_write(AT_FDCWD, "/proc/self/setgroups", "deny", why);

	for (size_t i = 0; i < 2 && !error; i++) {
		snprintf(map, sizeof(map), "0 %u 1", outside[i]);
		error = file_write(AT_FDCWD, files[i], map, why);
	}
	return error;
}

/* In a child with a user and a mount namespace of its own. */
static int trial_overlay(void *argument, struct failure *why)
{
	static const char *const parts[] = { "/tmp/lower", "/tmp/upper", "/tmp/work", "/tmp/all",
		"/tmp/lower/full", "/tmp/lower/full/one" };
	const char *options = "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work,userxattr";
	int error = map_self(argument, why);

	if (error)
		return error;
	if (mount("tare-check", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700"))
		return failure_set(why, errno, "mount a tmpfs in a user namespace");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (mkdir(parts[i], 0755))
			return failure_set(why, errno, "make '%s' in a tmpfs", parts[i]);
	if (mount("tare-check", "/tmp/all", "overlay", MS_NOSUID | MS_NODEV, options))
		return failure_set(why, errno, "mount an overlay in a user namespace");
	/* What is noted of it takes an attribute that a tmpfs has had for users since Linux 6.6. */
	if (rmdir("/tmp/all/full/one") || rmdir("/tmp/all/full"))
		return failure_set(why, errno, "remove a directory of the host's in memory");
	return 0;
}

void check_users_overlay(const char *root, struct probe_result *result)
{
	uid_t outside[] = { geteuid(), getegid() };
	struct failure why;

	(void)root;
	if (!probe_run_child(CLONE_NEWUSER | CLONE_NEWNS, trial_overlay, outside, &why)) {
		probe_set(result, PROBE_OK, "mounted in a user namespace");
		return;
	}
	if (why.errnum == EIO) {
		probe_set(result, PROBE_DEGRADED,
			"directories of the host cannot be removed in memory before Linux 6.6");
		probe_repair(result, "tare run --no-tmpfs ...");
		return;
	}
	probe_set(result, state_of_lack(), "cannot %s: %s", why.what, strerror(why.errnum));
	probe_repair(result, why.errnum == ENODEV
				     ? "sudo modprobe overlay"
				     : "allow user namespaces, above; or boot Linux 5.11 or newer");
}

/* --- Cgroups --- */

/* What root has set up for all; whether a user has a manager depends on how that one came in. */
static void look_for_all(const char *root, struct probe_result *result)
{
	if (is_there(root, BROKER_SOCKET)) {
		probe_set(result, PROBE_OK, "the broker gives them, at " BROKER_SOCKET);
	} else if (is_there(root, "/run/systemd/system")) {
		probe_set(result, PROBE_DEGRADED,
			"of systemd, where a user is logged in; under su, cron or CI of nobody");
		probe_repair(result, "sudo systemctl enable --now tare-broker.socket");
	} else {
		probe_set(result, PROBE_DEGRADED, "nobody gives them to users");
		probe_repair(result, "sudo tare collector serve &");
	}
}

/* As a run would, so that what is looked at after this is where the run would be. */
static void look_for_user(struct probe_result *result)
{
	static const char *const givers[] = {
		[DELEGATION_OWN] = "this user's already",
		[DELEGATION_SYSTEMD] = "a scope of this user's systemd",
		[DELEGATION_BROKER] = "given by the broker, at " BROKER_SOCKET,
	};
	enum delegation_way way;
	struct failure why;

	if (!delegation_try(&way, &why)) {
		probe_set(result, PROBE_OK, "%s", givers[way]);
		return;
	}
	probe_set_refused(result, &why);
	probe_repair(result, "%s", why.hint[0] ? why.hint : delegation_repair());
}

void check_users_cgroups(const char *root, struct probe_result *result)
{
	if (geteuid() == 0 || *root)
		look_for_all(root, result);
	else
		look_for_user(result);
}
