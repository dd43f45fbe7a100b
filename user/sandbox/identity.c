// SPDX-License-Identifier: Apache-2.0
// Who the command is: its user namespace, its kernel uid, and what it may not do.
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "process.h"

/*
 * Opens a file of the kernel's own /proc. Were another one mounted over it, what is written to
 * confine the command would go there, and the command would be free.
 */
static int open_of_kernel(const char *path, struct failure *why)
{
	cleanup_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct open_how how = { .flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS };
	struct statfs status;
	int fd;

	if (proc < 0 || fstatfs(proc, &status))
		return failure_set(why, errno, "open '/proc'");
	if (status.f_type != PROC_SUPER_MAGIC)
		return failure_set(why, EXDEV, "find the kernel's files in '/proc'");
	fd = (int)syscall(SYS_openat2, proc, path, &how, sizeof(how));
	return fd >= 0 ? fd : failure_set(why, errno, "open '/proc/%s' for writing", path);
}

static int tell_kernel(const char *path, const char *text, struct failure *why)
{
	cleanup_fd int fd = open_of_kernel(path, why);

	if (fd < 0)
		return fd;
	if (write(fd, text, strlen(text)) < 0)
		return failure_set(why, errno, "write '%s' to '/proc/%s'", text, path);
	return 0;
}

/* Its exit code is the errno of what it could not do. */
static int hold_namespace(void *argument, struct failure *why)
{
	struct identity_holder *holder = argument;
	char nothing;

	close(holder->go[1]);
	(void)!read(holder->go[0], &nothing, 1);
	/* The limit belongs to the namespace of its writer. 0 closes the way to all namespaces. */
	if (holder->may_nest)
		return 0;
	return -tell_kernel("sys/user/max_user_namespaces", "0", why);
}

/* Ids inside, from which on which of the host they are, and how many. */
static size_t put_extent(char *map, size_t size, unsigned int inside, unsigned int host, int count)
{
	if (!count)
		return 0;
	return snprintf(map, size, "%u %u %d\n", inside, IDENTITY_BASE + host, count);
}

/* 0 and `root` change places, the others keep theirs. */
static void describe_map(char *map, size_t size, unsigned int root)
{
	size_t end = 0;

	if (root) {
		end += put_extent(map + end, size - end, 0, root, 1);
		end += put_extent(map + end, size - end, 1, 1, root - 1);
		end += put_extent(map + end, size - end, root, 0, 1);
		root++;
	}
	put_extent(map + end, size - end, root, root, IDENTITY_COUNT - root);
}

static int write_map(pid_t pid, const char *name, unsigned int root, struct failure *why)
{
	char path[64], map[256];

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	describe_map(map, sizeof(map), root);
	return tell_kernel(path, map, why);
}

static int open_namespace_of(pid_t pid, struct failure *why)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : failure_set(why, errno, "open the new user namespace");
}

/* The holder is our own unreaped child, so its number is safe to use as a path. */
static int map_and_open(struct identity_holder *holder, struct failure *why)
{
	pid_t pid = process_pid(holder->process);
	int error = write_map(pid, "uid_map", holder->root_uid, why);

	if (!error)
		error = write_map(pid, "gid_map", holder->root_gid, why);
	return error ? error : open_namespace_of(pid, why);
}

static bool is_chrooted(void)
{
	struct stat own, first;

	return stat("/", &own) == 0 && stat("/proc/1/root/.", &first) == 0 &&
	       (own.st_ino != first.st_ino || own.st_dev != first.st_dev);
}

static int hint_at_namespace(int error, struct failure *why)
{
	if (error == -EPERM && is_chrooted())
		return failure_hint(why,
			"the kernel allows no user namespaces in a chroot: enter it by "
			"pivot_root, or run on the host");
	if (error == -EXDEV)
		return failure_hint(
			why, "something is mounted over it: grep /proc /proc/self/mountinfo");
	if (error == -ENOSPC || error == -EPERM)
		return failure_hint(why, "allow user namespaces: "
					 "sudo sysctl -w user.max_user_namespaces=10000");
	return error;
}

int identity_hold_namespace(struct identity_holder *holder, struct failure *why)
{
	struct process_spec spec = { .clone_flags = CLONE_NEWUSER,
		.cgroup_fd = -1,
		.run = hold_namespace,
		.argument = holder,
		.die_with_parent = true };
	int error;

	if (pipe2(holder->go, O_CLOEXEC))
		return failure_set(why, errno, "make a pipe");
	error = process_start(&spec, &holder->process, why);
	close_fd(&holder->go[0]);
	return error ? hint_at_namespace(error, why) : 0;
}

int identity_open_namespace(struct identity_holder *holder, struct failure *why)
{
	int userns = map_and_open(holder, why);

	close_fd(&holder->go[1]);
	return userns < 0 ? hint_at_namespace(userns, why) : userns;
}

int identity_settle_namespace(struct identity_holder *holder, struct failure *why)
{
	struct process_death death;
	int error = holder->process ? process_wait(holder->process, -1, &death, why) : 0;

	if (error || !holder->process || (!death.is_signaled && !death.code))
		return error;
	(void)failure_set(why, death.is_signaled ? EPERM : death.code,
		"forbid namespaces inside the container by "
		"/proc/sys/user/max_user_namespaces");
	error = failure_hint(why, "/proc/sys is covered or read-only, as inside other "
				  "containers: sudo mount -o remount,rw /proc/sys; or let "
				  "the command make namespaces: --allow namespaces");
	return hint_at_namespace(error, why);
}

void identity_drop_holder(struct identity_holder *holder)
{
	close_fd(&holder->go[0]);
	close_fd(&holder->go[1]);
	process_close(holder->process);
	*holder = IDENTITY_HOLDER_NONE;
}

int identity_enter(int userns_fd, uid_t uid, gid_t gid, struct failure *why)
{
	if (setns(userns_fd, CLONE_NEWUSER))
		return failure_set(why, errno, "enter the user namespace");
	if (syscall(SYS_setgroups, 0, NULL))
		return failure_set(why, errno, "leave all supplementary groups");
	if (syscall(SYS_setresgid, gid, gid, gid))
		return failure_set(why, errno, "become gid %u inside", gid);
	if (syscall(SYS_setresuid, uid, uid, uid))
		return failure_set(why, errno, "become uid %u inside", uid);
	if (prctl(PR_SET_DUMPABLE, 0))
		return failure_set(why, errno, "close this process to others");
	return 0;
}

static int drop_bounding_set(struct failure *why)
{
	/* The kernel tells the end of the set by EINVAL; it may know more than our headers. */
	for (int capability = 0; capability < 64; capability++) {
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return 0;
		return failure_set(
			why, errno, "drop capability %d from the bounding set", capability);
	}
	return 0;
}

int identity_drop_capabilities(bool may_signal, struct failure *why)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	uint32_t kept = may_signal ? CAP_TO_MASK(CAP_KILL) : 0;
	struct __user_cap_data_struct sets[2] = { { .effective = kept, .permitted = kept } };
	int error = drop_bounding_set(why);

	if (error)
		return error;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return failure_set(why, errno, "clear the ambient capabilities");
	if (syscall(SYS_capset, &header, sets))
		return failure_set(why, errno, "drop all capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return failure_set(why, errno, "give up new privileges");
	return 0;
}

static void explain_id(const char *name, unsigned int inside, struct explanation *explanation)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "%s %u", name, inside);
	explanation_add(explanation, EXPLAIN_IDENTITY, "inside", subject,
		"outside %u, which no account of the host has", IDENTITY_BASE + inside);
}

void identity_explain(uid_t uid, gid_t gid, bool may_nest, struct explanation *explanation)
{
	char range[64];

	explain_id("uid", uid, explanation);
	explain_id("gid", gid, explanation);
	snprintf(range, sizeof(range), "0 to %u", IDENTITY_COUNT - 1);
	explanation_add(explanation, EXPLAIN_IDENTITY, "mapped", range,
		"outside %u more: the host's owners look as they are", IDENTITY_BASE);
	explanation_add(explanation, EXPLAIN_IDENTITY, "none", "supplementary groups", "%s", "");
	explanation_add(explanation, EXPLAIN_IDENTITY, "none", "capabilities",
		"in all five sets, and no_new_privs keeps it so");
	explanation_add(explanation, EXPLAIN_IDENTITY, may_nest ? "allowed" : "none",
		"user namespaces", "below this one, by /proc/sys/user/max_user_namespaces");
}
