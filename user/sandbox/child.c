// SPDX-License-Identifier: Apache-2.0
// What the command's own process does between its birth and its exec.
//
// Theory of operation. It is born in the run's cgroup, so that all it does from here on is seen
// by the collector, and as a child of PID 1 with root's rights. The steps below give these up one
// by one; each needs rights that a later one drops, which is what decides their order. When
// nothing is left to do it waits for the word to go, so that what stands between that word and
// the exec is no more than a look at its clock. The collector opens the window at the exec
// itself: nothing of all this is in the numbers.
#include "child.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "identity.h"
#include "mount.h"
#include "process.h"
#include "rlimit.h"

/*
 * A session of its own: no terminal to type into, no group to signal. With a terminal lent to it
 * the command stays in the caller's session, as the kernel demands of a foreground group, in a
 * process group of its own; the filter then keeps it from typing.
 */
static int step_session(const struct child_task *task, struct failure *why)
{
	if (task->has_terminal ? setpgid(0, 0) : setsid() < 0)
		return failure_set(why, errno, "start a session for the command");
	return 0;
}

/* A new session has none; this one is the guest's alone. */
static int step_own_terminal(const struct child_task *task, struct failure *why)
{
	if (task->terminal_fd >= 0 && ioctl(task->terminal_fd, TIOCSCTTY, 0))
		return failure_set(why, errno, "take the terminal of this session");
	return 0;
}

static int step_cgroup(const struct child_task *task, struct failure *why)
{
	return cgroup_join(task->cgroup, why);
}

static int step_cores(const struct child_task *task, struct failure *why)
{
	int error = cores_inherit(task->cores, why);

	return !error && task->holds_cores ? cores_hold(task->cores, why) : error;
}

/* As root, which may raise them; no later step opens a file or needs memory. */
static int step_resource_limits(const struct child_task *task, struct failure *why)
{
	return rlimit_set_all(task->rlimits, task->rlimit_count, task->is_contained, why);
}

/* After joining: the directory it is in now becomes the root of all it can see. */
static int step_cgroup_namespace(const struct child_task *task, struct failure *why)
{
	(void)task;
	if (unshare(CLONE_NEWCGROUP))
		return failure_set(why, errno, "make a cgroup namespace");
	return 0;
}

/*
 * Before it is in that cgroup. Whatever the command may have made of its namespace since, the root
 * of it is the run's cgroup, for the command cannot leave that.
 */
static int step_commands_cgroup_namespace(const struct child_task *task, struct failure *why)
{
	if (setns(task->command_pidfd, CLONE_NEWCGROUP))
		return failure_set(why, errno, "enter the run's cgroup namespace");
	return 0;
}

static int step_identity(const struct child_task *task, struct failure *why)
{
	return identity_enter(task->userns_fd, task->uid, task->gid, why);
}

/*
 * Those of cgroups are of directories outside the container. A link that leads through
 * /proc/self/fd would find the way out of it by them, in the directory to start in, in the
 * program's path, or in the path of its interpreter.
 */
static int step_descriptors(const struct child_task *task, struct failure *why)
{
	return process_keep_descriptors(&task->go_fd, 1, why);
}

/* As the command's own identity, so that it starts nowhere that it could not go. */
static int step_directory(const struct child_task *task, struct failure *why)
{
	if (!task->is_contained && chdir(task->directory))
		return failure_set(why, errno, "enter directory '%s'", task->directory);
	if (!task->is_contained || !mount_enter_inside(task->directory, why))
		return 0;
	if (why->errnum == EACCES)
		return failure_hint(why,
			"let everybody enter it, or start elsewhere: not everything of "
			"its owner's is the command's");
	return failure_hint(why, "start tare in a directory that is visible inside, or show "
				 "this one with --overlay-dir");
}

/*
 * Without a filter nothing else keeps the command from the caller's keys: who was born with a
 * session keyring possesses what is in it, whatever its identity.
 */
static int step_keyring(const struct child_task *task, struct failure *why)
{
	if (!task->filter && syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return failure_set(why, errno, "make a session keyring for the command");
	return 0;
}

static int step_capabilities(const struct child_task *task, struct failure *why)
{
	(void)task;
	return identity_drop_capabilities(false, why);
}

static int step_filter(const struct child_task *task, struct failure *why)
{
	int error = task->set_id_filter ? seccomp_filter_load(task->set_id_filter, why) : 0;

	if (!error && task->filter)
		error = seccomp_filter_load(task->filter, why);
	return error;
}

static int step_wait(const struct child_task *task, struct failure *why)
{
	char go;
	ssize_t size;

	do {
		size = read(task->go_fd, &go, 1);
	} while (size < 0 && errno == EINTR);
	if (size != 1)
		return failure_set(why, size < 0 ? errno : ECANCELED, "be let go by tare");
	return 0;
}

/*
 * Reading the own CPU clock makes the scheduler bring it up to date; the next system call is where
 * the collector looks at it. Four times, for its best look counts. One that sees no system calls
 * looks when the process leaves its processor, which the shortest of sleeps has it do.
 */
static int step_freshen_clock(const struct child_task *task, struct failure *why)
{
	static const struct timespec shortest = { .tv_nsec = 1 };
	struct timespec now;

	if (task->is_unseen)
		(void)nanosleep(&shortest, NULL);
	for (int i = 0; i < 4; i++) {
		if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now))
			return failure_set(why, errno, "read the command's CPU clock");
	}
	return 0;
}

enum child_kind { BOTH, COMMAND, GUEST };

static const struct {
	int (*step)(const struct child_task *task, struct failure *why);
	bool is_for_container;
	enum child_kind who;
} steps[] = {
	{ step_session, false, BOTH },
	{ step_own_terminal, false, GUEST },
	{ step_cgroup, false, COMMAND },
	{ step_cores, false, BOTH },
	{ step_cgroup_namespace, true, COMMAND },
	{ step_commands_cgroup_namespace, true, GUEST },
	{ step_resource_limits, false, BOTH },
	{ step_keyring, true, BOTH },
	{ step_identity, true, BOTH },
	{ step_descriptors, true, BOTH },
	{ step_directory, false, BOTH },
	{ step_capabilities, true, BOTH },
	{ step_filter, true, BOTH },
	{ step_wait, false, COMMAND },
	{ step_freshen_clock, false, COMMAND },
};

static bool is_wanted(size_t step, const struct child_task *task)
{
	enum child_kind kind = task->is_guest ? GUEST : COMMAND;

	return (task->is_contained || !steps[step].is_for_container) &&
	       (steps[step].who == BOTH || steps[step].who == kind);
}

int child_load_profile(void *argument, struct failure *why)
{
	const struct child_task *task = argument;

	return seccomp_filter_load(task->profile, why);
}

int child_wait_as_guest(void *argument, struct failure *why)
{
	const struct child_task *task = argument;
	int error;

	if (write(task->go_fd, "r", 1) != 1)
		return failure_set(why, errno, "tell that the command is ready");
	error = step_wait(task, why);
	return error || !task->profile ? error : seccomp_filter_load(task->profile, why);
}

int child_prepare(void *argument, struct failure *why)
{
	const struct child_task *task = argument;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int error;

		if (!is_wanted(i, task))
			continue;
		error = steps[i].step(task, why);
		if (error)
			return error;
	}
	return 0;
}
