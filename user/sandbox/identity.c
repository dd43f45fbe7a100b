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

/* The process that holds a new user namespace until its maps are written. */
struct holder {
	int go[2]; /* the parent closes its end when the maps are written */
	bool may_nest;
	uid_t root_uid; /* what the host's ids 0 are called inside */
	gid_t root_gid;
};

/* Its exit code is the errno of what it could not do. */
static int hold_namespace(void *argument, struct failure *why)
{
	struct holder *holder = argument;
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
static int map_and_open(struct process *process, struct holder *holder, struct failure *why)
{
	cleanup_fd int userns = -1;
	struct process_death death;
	int error = write_map(process_pid(process), "uid_map", holder->root_uid, why);

	if (!error)
		error = write_map(process_pid(process), "gid_map", holder->root_gid, why);
	if (error)
		return error;
	userns = open_namespace_of(process_pid(process), why);
	if (userns < 0)
		return userns;
	close_fd(&holder->go[1]);
	error = process_wait(process, -1, &death, why);
	if (error)
		return error;
	if (death.is_signaled || death.code) {
		(void)failure_set(why, death.is_signaled ? EPERM : death.code,
			"forbid namespaces inside the container by "
			"/proc/sys/user/max_user_namespaces");
		return failure_hint(why, "/proc/sys is covered or read-only, as inside other "
					 "containers: sudo mount -o remount,rw /proc/sys; or let "
					 "the command make namespaces: --allow namespaces");
	}
	return take_fd(&userns);
}

static bool is_chrooted(void)
{
	struct stat own, first;

	return stat("/", &own) == 0 && stat("/proc/1/root/.", &first) == 0 &&
	       (own.st_ino != first.st_ino || own.st_dev != first.st_dev);
}

int identity_open_namespace(bool may_nest, uid_t root_uid, gid_t root_gid, struct failure *why)
{
	struct holder holder = { .may_nest = may_nest, .root_uid = root_uid, .root_gid = root_gid };
	struct process_spec spec = { .clone_flags = CLONE_NEWUSER,
		.cgroup_fd = -1,
		.run = hold_namespace,
		.argument = &holder,
		.die_with_parent = true };
	struct process *process = NULL;
	int result;

	if (pipe2(holder.go, O_CLOEXEC))
		return failure_set(why, errno, "make a pipe");
	result = process_start(&spec, &process, why);
	close_fd(&holder.go[0]);
	if (!result)
		result = map_and_open(process, &holder, why);
	close_fd(&holder.go[1]);
	process_close(process);
	if (result == -EPERM && is_chrooted())
		return failure_hint(why,
			"the kernel allows no user namespaces in a chroot: enter it by "
			"pivot_root, or run on the host");
	if (result == -EXDEV)
		return failure_hint(
			why, "something is mounted over it: grep /proc /proc/self/mountinfo");
	if (result == -ENOSPC || result == -EPERM)
		return failure_hint(why, "allow user namespaces: "
					 "sudo sysctl -w user.max_user_namespaces=10000");
	return result;
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
