// SPDX-License-Identifier: Apache-2.0
// The child's half of process.c: what it needs from its parent, and its way from clone to exec.
#include "process_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"

/* Nobody reads it: a child that fails tells its failure through the status pipe. */
#define FAILED_CHILD_EXIT_CODE 127

#define CLONE_NAMESPACES                                                                           \
	((uint64_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |  \
		    CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME))

/* In a child that is to die with its parent: what tells that the parent lives. */
static int followed_parent = -1;

/* In a child that will execute a program: itself, for what it still needs for that. */
static const struct process_child *executing;

/* ---- in the parent ---- */

static bool has_double_target(const struct process_spec *spec)
{
	for (size_t i = 0; i < spec->fd_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (spec->fds[i].target == spec->fds[j].target)
				return true;
		}
	}
	return false;
}

/* A source that is closed now could be the number of a descriptor opened here for the child. */
static int check_descriptors(const struct process_spec *spec, struct failure *why)
{
	for (size_t i = 0; i < spec->fd_count; i++) {
		const struct process_fd *fd = &spec->fds[i];

		if (fd->target < 0 || fcntl(fd->source, F_GETFD) < 0)
			return failure_set(
				why, EBADF, "map descriptor %d to %d", fd->source, fd->target);
	}
	if (has_double_target(spec))
		return failure_set(why, EINVAL, "map two descriptors to one number");
	return 0;
}

static int check_spec(const struct process_spec *spec, struct failure *why)
{
	if (spec->clone_flags & ~CLONE_NAMESPACES)
		return failure_set(why, EINVAL, "start a process with clone flags %#llx",
			(unsigned long long)spec->clone_flags);
	if (!spec->path && (!spec->run || spec->fd_count))
		return failure_set(why, EINVAL, "start a process with nothing to execute");
	if (spec->path && !(spec->argv && spec->argv[0]))
		return failure_set(why, EINVAL, "execute '%s' without argument 0", spec->path);
	return check_descriptors(spec, why);
}

static int copy_descriptors(struct process_child *child, struct failure *why)
{
	const struct process_spec *spec = child->spec;

	child->fd_count = spec->fd_count;
	if (!spec->fd_count)
		return 0;
	child->fds = calloc(spec->fd_count, sizeof(*child->fds));
	if (!child->fds)
		return failure_set(why, ENOMEM, "map %zu descriptors", spec->fd_count);
	memcpy(child->fds, spec->fds, spec->fd_count * sizeof(*child->fds));
	return 0;
}

static int open_status_pipe(struct process_child *child, int *status_fd, struct failure *why)
{
	int ends[2];

	if (!child->spec->path)
		return 0;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return failure_set(why, errno, "make a status pipe");
	*status_fd = ends[0];
	child->status_fd = ends[1];
	return 0;
}

static int open_parent_pidfd(struct process_child *child, struct failure *why)
{
	if (!child->spec->die_with_parent)
		return 0;
	child->parent_pidfd = pidfd_open(getpid(), 0);
	if (child->parent_pidfd < 0)
		return failure_set(why, errno, "open a pidfd of this process");
	return 0;
}

int process_child_prepare(struct process_child *child, const struct process_spec *spec,
	int *status_fd, struct failure *why)
{
	int result;

	*child = (struct process_child){ .spec = spec, .status_fd = -1, .parent_pidfd = -1 };
	result = check_spec(spec, why);
	if (!result)
		result = copy_descriptors(child, why);
	if (!result)
		result = open_status_pipe(child, status_fd, why);
	if (!result)
		result = open_parent_pidfd(child, why);
	return result;
}

void process_child_done(struct process_child *child)
{
	free(child->fds);
	close_fd(&child->status_fd);
	close_fd(&child->parent_pidfd);
}

/* ---- in the child: nothing allocates from here on ---- */

/* CLONE_CLEAR_SIGHAND removes handlers only: SIG_IGN and the mask would reach the program. */
static void child_reset_signals(void)
{
	/* The kernel's own struct: handler, flags, restorer, mask. */
	static const unsigned long by_default[4];
	sigset_t none;

	/*
	 * SIGKILL and SIGSTOP refuse. Not sigaction(3), which keeps 32 and 33 to itself, although
	 * its posix_spawn(3) leaves 32 ignored in whatever make starts.
	 */
	for (int signal = 1; signal <= SIGRTMAX; signal++)
		(void)syscall(SYS_rt_sigaction, signal, by_default, NULL, sizeof(by_default[3]));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int process_follow_parent(struct failure *why)
{
	struct pollfd parent = { .fd = followed_parent, .events = POLLIN };

	if (followed_parent < 0)
		return failure_set(why, EINVAL, "follow a parent without die_with_parent");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return failure_set(why, errno, "ask for SIGKILL at the parent's death");
	/* A parent already dead sends nothing. getppid would be 0 in a new pid namespace. */
	if (poll(&parent, 1, 0) < 0)
		return failure_set(why, errno, "look whether the parent lives");
	if (parent.revents & POLLNVAL)
		return failure_set(why, EBADF, "look whether the parent lives");
	/* By an exit, since SIGKILL from itself does nothing to the init of a namespace. */
	if (parent.revents)
		_exit(FAILED_CHILD_EXIT_CODE);
	return 0;
}

/* The one that comes first from `low` on; -1: neither does. */
static int first_from(int low, int a, int b)
{
	if (a < low || (b >= low && b < a))
		return b < low ? -1 : b;
	return a;
}

/* The lowest descriptor from `low` on that is kept or still needed here; -1: there is none. */
static int next_kept(const int *keep, size_t count, int low)
{
	int next = first_from(low, followed_parent, executing ? executing->status_fd : -1);

	for (size_t i = 0; executing && i < executing->fd_count; i++)
		next = first_from(low, next, executing->fds[i].source);
	for (size_t i = 0; i < count; i++)
		next = first_from(low, next, keep[i]);
	return next;
}

int process_keep_descriptors(const int *keep, size_t count, struct failure *why)
{
	unsigned int low = STDERR_FILENO + 1;
	int next;

	while ((next = next_kept(keep, count, (int)low)) >= 0) {
		if ((unsigned int)next > low && close_range(low, next - 1, 0))
			return failure_set(why, errno, "close all other descriptors");
		low = next + 1;
	}
	if (close_range(low, ~0U, 0))
		return failure_set(why, errno, "close all other descriptors");
	return 0;
}

static int child_prepare(struct process_child *child, struct failure *why)
{
	const struct process_spec *spec = child->spec;
	int result = spec->run ? spec->run(spec->argument, why) : 0;

	if (result && !why->what[0])
		failure_set(why, result < 0 ? -result : 0, "prepare to execute '%s'", spec->path);
	return result;
}

static bool is_awaited_source(const struct process_child *child, int number)
{
	for (size_t i = 0; i < child->fd_count; i++) {
		if (child->fds[i].source == number)
			return true;
	}
	return false;
}

/* The entry whose target nobody needs any more; NULL when only circles are left. */
static struct process_fd *find_free_target(struct process_child *child)
{
	for (size_t i = 0; i < child->fd_count; i++) {
		if (!is_awaited_source(child, child->fds[i].target))
			return &child->fds[i];
	}
	return NULL;
}

/*
 * An entry that keeps its number is a circle of one. In circles every target is a source, hence
 * open, so that the free number taken here is none of them; and every source is there once.
 */
static int break_circle(struct process_child *child, struct failure *why)
{
	int moved = fcntl(child->fds[0].source, F_DUPFD_CLOEXEC, 0);

	if (moved < 0)
		return failure_set(why, errno, "map descriptor %d", child->fds[0].source);
	child->fds[0].source = moved;
	return 0;
}

/* The status pipe gives way: its number is our choice, the targets are the caller's. */
static int place_descriptor(
	struct process_child *child, const struct process_fd *fd, struct failure *why)
{
	int moved;

	if (fd->target == child->status_fd) {
		moved = fcntl(child->status_fd, F_DUPFD_CLOEXEC, 0);
		if (moved < 0)
			return failure_set(why, errno, "move the status pipe");
		child->status_fd = moved;
	}
	if (dup2(fd->source, fd->target) < 0)
		return failure_set(why, errno, "map descriptor %d to %d", fd->source, fd->target);
	return 0;
}

static int child_map_descriptors(struct process_child *child, struct failure *why)
{
	struct process_fd *fd;
	int result = 0;

	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
		return failure_set(why, errno, "set close-on-exec for all descriptors");
	while (!result && child->fd_count) {
		fd = find_free_target(child);
		if (!fd) {
			result = break_circle(child, why);
			continue;
		}
		result = place_descriptor(child, fd, why);
		*fd = child->fds[--child->fd_count];
	}
	return result;
}

static int child_execute(const struct process_spec *spec, struct failure *why)
{
	execve(spec->path, spec->argv, spec->envp ? spec->envp : environ);
	failure_set(why, errno, "execute '%s'", spec->path);
	if (why->errnum == ENOENT && !access(spec->path, F_OK))
		return failure_hint(why, "the file is there; its interpreter or loader is not");
	if (why->errnum == E2BIG)
		return failure_hint(why, "all arguments and the environment may have a quarter of "
					 "'ulimit -s' together, and each of them 128 KiB");
	if (why->errnum == ENOEXEC)
		return failure_hint(
			why, "it is no program of this machine; a script begins with #!");
	return -why->errnum;
}

static int child_prepare_and_execute(struct process_child *child, struct failure *why)
{
	bool is_following = followed_parent >= 0;
	int result = is_following ? process_follow_parent(why) : 0;

	if (!result)
		result = child_prepare(child, why);
	/* The preparation may have changed the identity, which clears the wish. */
	if (!result && is_following)
		result = process_follow_parent(why);
	if (!result)
		result = child_map_descriptors(child, why);
	if (!result && child->spec->run_last)
		result = child->spec->run_last(child->spec->argument, why);
	return result ? result : child_execute(child->spec, why);
}

static int child_run(const struct process_spec *spec, struct failure *why)
{
	int error = followed_parent >= 0 ? process_follow_parent(why) : 0;

	/* As an errno: nothing else can be told without a pipe. */
	return error ? -error : spec->run(spec->argument, why);
}

_Noreturn void process_child_main(struct process_child *child)
{
	struct failure why = { 0 };

	child_reset_signals();
	followed_parent = child->parent_pidfd;
	if (!child->spec->path)
		_exit(child_run(child->spec, &why));
	executing = child;
	child_prepare_and_execute(child, &why);
	(void)!write(child->status_fd, &why, sizeof(why)); /* only a dead parent misses it */
	_exit(FAILED_CHILD_EXIT_CODE);
}
