// SPDX-License-Identifier: Apache-2.0
// What a container is made of, found out by making one and throwing it away.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "check_probe.h"

/* Outside every range that useradd hands out (up to 60000) and below systemd's dynamic users. */
#define TRIAL_OUTSIDE_ID 61183

/*
 * The child ends without a signal: one that ends with SIGCHLD could not be waited for by a caller
 * that was started with SIGCHLD ignored.
 */
int probe_clone3(uint64_t flags, int cgroup_fd)
{
	struct clone_args arguments = {
		.flags = flags,
		.cgroup = (uint64_t)cgroup_fd,
	};

	return (int)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

int probe_wait(pid_t child)
{
	int status;

	while (waitpid(child, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

static void __attribute__((noreturn))
trial_in_child(probe_trial *trial, void *argument, int report_fd)
{
	struct failure why = { 0 };
	int error = trial(argument, &why);

	/* A report that cannot be written shows as a child that ended without one. */
	if (error && write(report_fd, &why, sizeof(why)) != (ssize_t)sizeof(why))
		_exit(2);
	_exit(error ? 1 : 0);
}

/* Runs trial in a child with the namespaces of flags, which vanish with it. */
int probe_run_child(uint64_t flags, probe_trial *trial, void *argument, struct failure *why)
{
	cleanup_fd int read_fd = -1;
	cleanup_fd int write_fd = -1;
	int pipe_fds[2], status;
	pid_t child;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return failure_set(why, errno, "make a pipe");
	read_fd = pipe_fds[0];
	write_fd = pipe_fds[1];
	child = probe_clone3(flags, -1);
	if (child < 0)
		return failure_set(why, errno, "start a child in new namespaces");
	if (child == 0)
		trial_in_child(trial, argument, write_fd);
	close_fd(&write_fd);
	status = probe_wait(child);
	if (status == 0)
		return 0;
	if (read(read_fd, why, sizeof(*why)) != (ssize_t)sizeof(*why))
		return failure_set(why, EPROTO, "hear from the child that tried it");
	return -why->errnum;
}

/* Maps inside 0 to an unprivileged outside identity, or to the caller's own where that is all. */
static int map_identity(pid_t child, struct failure *why)
{
	bool is_free = probe_has_capability(CAP_SETUID) && probe_has_capability(CAP_SETGID);
	char path[64], map[64];
	int error = 0;

	for (int is_group = 0; is_group <= 1 && !error; is_group++) {
		if (is_group && !is_free) {
			/* The kernel takes an own gid map only after groups have been given up. */
			snprintf(path, sizeof(path), "/proc/%d/setgroups", child);
			error = file_write(AT_FDCWD, path, "deny", why);
		}
		snprintf(
			path, sizeof(path), "/proc/%d/%s", child, is_group ? "gid_map" : "uid_map");
		snprintf(map, sizeof(map), "0 %u 1",
			is_free	   ? TRIAL_OUTSIDE_ID
			: is_group ? getegid()
				   : geteuid());
		if (!error)
			error = file_write(AT_FDCWD, path, map, why);
	}
	return error;
}

/* Ubuntu lets anyone make a user namespace and then refuses what its capabilities would allow. */
static void __attribute__((noreturn)) use_user_namespace(int go_fd)
{
	char byte;

	if (read(go_fd, &byte, 1) != 1)
		_exit(EPROTO);
	_exit(unshare(CLONE_NEWUTS) < 0 ? errno : 0);
}

static int map_and_open_namespace(pid_t child, int *namespace_fd, struct failure *why)
{
	char path[64];
	int error = map_identity(child, why);

	if (error)
		return error;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", child);
	*namespace_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *namespace_fd < 0 ? failure_set(why, errno, "open '%s'", path) : 0;
}

/* A user namespace with one mapped identity, held by nothing but the descriptor. */
static int user_namespace_open(int *namespace_fd, struct failure *why)
{
	cleanup_fd int go_read_fd = -1;
	cleanup_fd int go_write_fd = -1;
	int pipe_fds[2], error, status;
	pid_t child;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return failure_set(why, errno, "make a pipe");
	go_read_fd = pipe_fds[0];
	go_write_fd = pipe_fds[1];
	child = probe_clone3(CLONE_NEWUSER, -1);
	if (child < 0)
		return failure_set(why, errno, "make a user namespace");
	if (child == 0) {
		close_fd(&go_write_fd);
		use_user_namespace(go_read_fd);
	}
	error = map_and_open_namespace(child, namespace_fd, why);
	if (!error && write(go_write_fd, "", 1) != 1)
		error = failure_set(why, errno, "write to a pipe");
	close_fd(&go_write_fd);
	status = probe_wait(child);
	if (!error && status)
		error = failure_set(why, WIFEXITED(status) ? WEXITSTATUS(status) : EPROTO,
			"use the capabilities of a user namespace");
	return error;
}

static const struct {
	const char *path;
	long refused;
	const char *repair;
} user_namespace_switches[] = {
	{ "/proc/sys/kernel/unprivileged_userns_clone", 0,
		"sudo sysctl -w kernel.unprivileged_userns_clone=1" },
	{ "/proc/sys/user/max_user_namespaces", 0,
		"sudo sysctl -w user.max_user_namespaces=15000" },
	{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
		"sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
};

void check_user_namespace(const char *root, struct probe_result *result)
{
	cleanup_fd int namespace_fd = -1;
	struct failure why;

	if (user_namespace_open(&namespace_fd, &why) == 0) {
		probe_set(result, PROBE_OK, "made, mapped and used");
		return;
	}
	probe_set_refused(result, &why);
	for (size_t i = 0; i < sizeof(user_namespace_switches) / sizeof(user_namespace_switches[0]);
		i++)
		if (probe_read_number(root, user_namespace_switches[i].path) ==
			user_namespace_switches[i].refused)
			probe_repair(result, "%s", user_namespace_switches[i].repair);
}

static int trial_nothing(void *argument, struct failure *why)
{
	(void)argument;
	(void)why;
	return 0;
}

static const struct {
	uint64_t flag;
	const char *name;
} namespaces[] = {
	{ CLONE_NEWNS, "mount" },
	{ CLONE_NEWPID, "pid" },
	{ CLONE_NEWNET, "network" },
	{ CLONE_NEWIPC, "ipc" },
	{ CLONE_NEWUTS, "uts" },
	{ CLONE_NEWCGROUP, "cgroup" },
};

void check_namespaces(const char *root, struct probe_result *result)
{
	/* Who owns no privilege may make them inside a user namespace of his own. */
	uint64_t inside = probe_has_capability(CAP_SYS_ADMIN) ? 0 : CLONE_NEWUSER;
	struct failure why;
	char names[128] = "";
	size_t length = 0;

	(void)root;
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		if (probe_run_child(inside | namespaces[i].flag, trial_nothing, NULL, &why)) {
			failure_set(&why, why.errnum, "make a %s namespace", namespaces[i].name);
			probe_set_refused(result, &why);
			return;
		}
		length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
			length ? " " : "", namespaces[i].name);
	}
	probe_set(result, PROBE_OK, "%s", names);
}

static int root_copy(int *tree_fd, struct failure *why)
{
	*tree_fd = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return *tree_fd < 0 ? failure_set(why, errno, "copy the mount of '/'") : 0;
}

/* Opens a detached copy of '/' seen through the identities of a user namespace. */
static int idmapped_root_open(int namespace_fd, int *tree_fd, struct failure *why)
{
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)namespace_fd,
	};
	int error = root_copy(tree_fd, why);

	if (!error && mount_setattr(*tree_fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)))
		return failure_set(why, errno, "id-map the mount of '/'");
	return error;
}

static int trial_idmapped_mount(void *argument, struct failure *why)
{
	cleanup_fd int tree_fd = -1;

	return idmapped_root_open(*(int *)argument, &tree_fd, why);
}

static int make_overlay_parts(int tree_fd, struct failure *why)
{
	static const char *const parts[] = { "/tmp/lower", "/tmp/upper", "/tmp/work", "/tmp/all" };

	/* Nothing of what follows may reach the mount namespace of the caller. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failure_set(why, errno, "make mounts private");
	if (mount("tare-check", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") < 0)
		return failure_set(why, errno, "mount a tmpfs");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (mkdir(parts[i], 0755) < 0)
			return failure_set(why, errno, "make '%s' in a tmpfs", parts[i]);
	if (move_mount(tree_fd, "", AT_FDCWD, parts[0], MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return failure_set(why, errno, "mount the copy of '/'");
	return 0;
}

static int lay_overlay(int tree_fd, struct failure *why)
{
	const char *options = "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work";
	int error = make_overlay_parts(tree_fd, why);

	if (error)
		return error;
	if (mount("tare-check", "/tmp/all", "overlay", MS_NOSUID | MS_NODEV, options) == 0)
		return 0;
	failure_set(why, errno, "mount an overlay over '/'");
	if (why->errnum == ENODEV)
		return failure_hint(why, "sudo modprobe overlay");
	return -why->errnum;
}

static int trial_mapped_overlay(void *argument, struct failure *why)
{
	cleanup_fd int tree_fd = -1;
	struct stat root, seen;
	int error = idmapped_root_open(*(int *)argument, &tree_fd, why);

	if (!error)
		error = lay_overlay(tree_fd, why);
	if (error)
		return error;
	if (stat("/", &root) < 0 || stat("/tmp/all", &seen) < 0)
		return failure_set(why, errno, "look into an overlay");
	if (root.st_uid == 0 && seen.st_uid != TRIAL_OUTSIDE_ID)
		return failure_set(why, 0, "the overlay does not show mapped identities");
	return 0;
}

static int trial_overlay(void *argument, struct failure *why)
{
	cleanup_fd int tree_fd = -1;
	int error = root_copy(&tree_fd, why);

	(void)argument;
	return error ? error : lay_overlay(tree_fd, why);
}

static int try_with_mapped_identity(probe_trial *trial, struct failure *why)
{
	cleanup_fd int namespace_fd = -1;
	int error = user_namespace_open(&namespace_fd, why);

	return error ? error : probe_run_child(CLONE_NEWNS, trial, &namespace_fd, why);
}

/* `tare run` has a fallback for what the file system of '/' cannot do, and tells of it. */
static void degrade(struct probe_result *result, const struct failure *why, const char *consequence)
{
	probe_set(result, PROBE_DEGRADED, "cannot %s: %s", why->what, consequence);
	probe_repair(result, "run tare on the host, whose '/' is no overlay as in docker; or "
			     "measure without isolation: tare run --no-container");
}

void check_idmapped_mount(const char *root, struct probe_result *result)
{
	struct failure why;
	int error = try_with_mapped_identity(trial_idmapped_mount, &why);

	(void)root;
	if (!error)
		probe_set(result, PROBE_OK, "'/' mounted as uid %d", TRIAL_OUTSIDE_ID);
	else if (error == -EINVAL)
		degrade(result, &why, "the command has the rights of others to its files");
	else
		probe_set_refused(result, &why);
}

void check_overlay(const char *root, struct probe_result *result)
{
	struct failure why;
	int error = try_with_mapped_identity(trial_mapped_overlay, &why);

	(void)root;
	if (!error) {
		probe_set(result, PROBE_OK, "over the id-mapped '/'");
		return;
	}
	if (error == -EINVAL)
		error = probe_run_child(CLONE_NEWNS, trial_overlay, NULL, &why);
	if (!error)
		probe_set(result, PROBE_OK, "over '/' as it is");
	else if (error == -EINVAL)
		degrade(result, &why, "it is read-only for the command");
	else
		probe_set_refused(result, &why);
}
