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
#include "base/file.h"
#include "process.h"

/* --- Who --- */

/* The kernel's number of its first user namespace, for good (include/linux/proc_ns.h). */
#define FIRST_USER_NAMESPACE 0xeffffffdU

static bool is_in_first_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/user", &status) || status.st_ino == FIRST_USER_NAMESPACE;
}

static bool may_mount(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { 0 } };

	return !syscall(SYS_capget, &header, sets) &&
	       sets[0].effective & CAP_TO_MASK(CAP_SYS_ADMIN);
}

bool identity_is_users(void)
{
	return !may_mount() || !is_in_first_namespace();
}

/* What this number is called around this user namespace; itself where nothing tells. */
static unsigned int id_outside(const char *map_path, unsigned int id)
{
	cleanup_free char *text = NULL;
	unsigned int inside, outside, count;
	char *line, *rest;

	if (file_read(AT_FDCWD, map_path, &text, NULL, NULL))
		return id;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		if (sscanf(line, "%u %u %u", &inside, &outside, &count) == 3 && id >= inside &&
			id - inside < count)
			return outside + (id - inside);
	}
	return id;
}

int identity_choose(const struct run_config *config, struct identity *identity, struct failure *why)
{
	bool is_users = identity_is_users(), has_names = is_users || config->ids_are_names;

	*identity = (struct identity){ .is_users = is_users,
		.uid = is_users && !config->has_uid ? geteuid() : config->uid,
		.gid = is_users && !config->has_gid ? getegid() : config->gid,
		.owner =
			is_users ? IDENTITY_AS_MADE : IDENTITY_BASE + (has_names ? 0 : config->uid),
		.group =
			is_users ? IDENTITY_AS_MADE : IDENTITY_BASE + (has_names ? 0 : config->gid),
		.root = is_users ? IDENTITY_AS_MADE : IDENTITY_BASE,
		.callers_uid = geteuid(),
		.callers_gid = getegid() };
	if (!is_users || id_outside("/proc/self/uid_map", identity->callers_uid))
		return 0;
	(void)failure_set(why, EPERM, "contain a command as a root without root's rights");
	return failure_hint(why,
		"start tare as an ordinary user, or with all capabilities, outside of "
		"the container that took them");
}

/* --- Telling the kernel --- */

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

/* The limit belongs to the namespace of its writer. 0 closes the way to all namespaces. */
static int forbid_namespaces(struct failure *why)
{
	return tell_kernel("sys/user/max_user_namespaces", "0", why);
}

/* --- An ordinary user's, for PID 1 itself --- */

/* The number of this process in the /proc that is mounted here, which is the caller's. */
static int write_own_map(const char *name, const char *text, struct failure *why)
{
	char number[16], path[64];
	ssize_t length = readlink("/proc/self", number, sizeof(number));

	if (length < 0)
		return failure_set(why, errno, "find this process in '/proc'");
	snprintf(path, sizeof(path), "%.*s/%s", (int)length, number, name);
	return tell_kernel(path, text, why);
}

static int map_caller(
	const char *name, unsigned int inside, unsigned int outside, struct failure *why)
{
	char map[64];

	snprintf(map, sizeof(map), "%u %u 1", inside, outside);
	return write_own_map(name, map, why);
}

static int hint_covered(struct failure *why)
{
	return failure_hint(why, "something is mounted over it: grep /proc /proc/self/mountinfo");
}

/*
 * One cgroup namespace more is the command's own, and there is none after it: whoever owns one can
 * mount the hierarchies, in which the run's own directory is the caller's and so the command's.
 */
static int bound_namespaces(bool may_nest, struct failure *why)
{
	int error = may_nest ? 0 : forbid_namespaces(why);

	if (!error)
		error = tell_kernel("sys/user/max_cgroup_namespaces", "1", why);
	return error == -EXDEV ? hint_covered(why) : error;
}

int identity_begin(const struct identity *identity, bool may_nest, struct failure *why)
{
	/* Groups that the caller is in beside are kept: who could leave them could gain by it. */
	int error = write_own_map("setgroups", "deny", why);

	if (!error)
		error = map_caller("uid_map", identity->uid, identity->callers_uid, why);
	if (!error)
		error = map_caller("gid_map", identity->gid, identity->callers_gid, why);
	if (error == -EPERM || error == -EACCES)
		return identity_hint(-EPERM, why);
	return error ? error : bound_namespaces(may_nest, why);
}

static bool is_chrooted(void)
{
	struct stat own, first;

	return stat("/", &own) == 0 && stat("/proc/1/root/.", &first) == 0 &&
	       (own.st_ino != first.st_ino || own.st_dev != first.st_dev);
}

/* Where distributions keep user namespaces from ordinary users. */
static const struct {
	const char *file, *forbidding, *repair;
} switches[] = {
	{ "/proc/sys/kernel/unprivileged_userns_clone", "0",
		"allow user namespaces: sudo sysctl -w kernel.unprivileged_userns_clone=1" },
	{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
		"allow user namespaces: "
		"sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
	{ "/proc/sys/user/max_user_namespaces", "0",
		"allow user namespaces: sudo sysctl -w user.max_user_namespaces=10000" },
};

int identity_hint(int error, struct failure *why)
{
	if (error == -EPERM && is_chrooted())
		return failure_hint(why,
			"the kernel allows no user namespaces in a chroot: enter it by "
			"pivot_root, or run on the host");
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		cleanup_free char *text = NULL;

		if (!file_read(AT_FDCWD, switches[i].file, &text, NULL, NULL) &&
			text[0] == switches[i].forbidding[0] && text[1] == '\n')
			return failure_hint(why, "%s", switches[i].repair);
	}
	if (error == -ENOSPC)
		return failure_hint(why, "allow more user namespaces: "
					 "sudo sysctl -w user.max_user_namespaces=10000");
	return failure_hint(why, "a container or a seccomp filter around tare forbids user "
				 "namespaces: start tare outside of it (see: tare check)");
}

/* --- Root's, for the command --- */

/* Its exit code is the errno of what it could not do. */
static int hold_namespace(void *argument, struct failure *why)
{
	struct identity_holder *holder = argument;
	char nothing;

	close(holder->go[1]);
	(void)!read(holder->go[0], &nothing, 1);
	return holder->may_nest ? 0 : -forbid_namespaces(why);
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

static int hint_at_namespace(int error, struct failure *why)
{
	if (error == -EXDEV)
		return hint_covered(why);
	return error == -ENOSPC || error == -EPERM ? identity_hint(error, why) : error;
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

/* --- On the way --- */

static int become(int userns_fd, uid_t uid, gid_t gid, struct failure *why)
{
	if (setns(userns_fd, CLONE_NEWUSER))
		return failure_set(why, errno, "enter the user namespace");
	if (syscall(SYS_setgroups, 0, NULL))
		return failure_set(why, errno, "leave all supplementary groups");
	if (syscall(SYS_setresgid, gid, gid, gid))
		return failure_set(why, errno, "become gid %u inside", gid);
	if (syscall(SYS_setresuid, uid, uid, uid))
		return failure_set(why, errno, "become uid %u inside", uid);
	return 0;
}

int identity_enter(int userns_fd, uid_t uid, gid_t gid, struct failure *why)
{
	int error = userns_fd < 0 ? 0 : become(userns_fd, uid, gid, why);

	if (error)
		return error;
	if (prctl(PR_SET_DUMPABLE, 0))
		return failure_set(why, errno, "close this process to others");
	return 0;
}

static int drop_bounding_set(struct failure *why)
{
	/* The kernel tells the end of the set by EINVAL; it may know more than our headers, not
	 * less. */
	for (int capability = 0; capability < 64; capability++) {
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL && capability > CAP_LAST_CAP)
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

static void explain_id(const char *name, unsigned int inside, unsigned int outside,
	const char *whose, struct explanation *explanation)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "%s %u", name, inside);
	explanation_add(
		explanation, EXPLAIN_IDENTITY, "inside", subject, "outside %u, %s", outside, whose);
}

static void explain_strangers(const struct identity *identity, struct explanation *explanation)
{
	static const char nobodys[] = "which no account of the host has";
	char range[64];

	explain_id("uid", identity->uid, IDENTITY_BASE + identity->uid, nobodys, explanation);
	explain_id("gid", identity->gid, IDENTITY_BASE + identity->gid, nobodys, explanation);
	snprintf(range, sizeof(range), "0 to %u", IDENTITY_COUNT - 1);
	explanation_add(explanation, EXPLAIN_IDENTITY, "mapped", range,
		"outside %u more: the host's owners look as they are", IDENTITY_BASE);
	explanation_add(explanation, EXPLAIN_IDENTITY, "none", "supplementary groups", "%s", "");
}

static void explain_callers(const struct identity *identity, struct explanation *explanation)
{
	static const char callers[] = "the caller's own, whose rights to files it has";

	explain_id("uid", identity->uid, identity->callers_uid, callers, explanation);
	explain_id("gid", identity->gid, identity->callers_gid, callers, explanation);
	explanation_add(explanation, EXPLAIN_IDENTITY, "unmapped", "all others",
		"their files look like nobody's");
	explanation_add(explanation, EXPLAIN_IDENTITY, "caller's", "supplementary groups",
		"an ordinary user cannot leave them");
}

void identity_explain(
	const struct identity *identity, bool may_nest, struct explanation *explanation)
{
	if (identity->is_users)
		explain_callers(identity, explanation);
	else
		explain_strangers(identity, explanation);
	explanation_add(explanation, EXPLAIN_IDENTITY, "none", "capabilities",
		"in all five sets, and no_new_privs keeps it so");
	explanation_add(explanation, EXPLAIN_IDENTITY, may_nest ? "allowed" : "none",
		"user namespaces", "below this one, by /proc/sys/user/max_user_namespaces");
}
