// SPDX-License-Identifier: Apache-2.0
// Child processes held by a pidfd, so that no signal and no wait can ever meet a stranger.
#include "process.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "process_child.h"

/*
 * The first published form of the kernel's struct pidfd_info (Linux 6.13; exit_code 6.15), which
 * Debian 12 does not have. The request number carries its size, so both keep a name of their own.
 */
struct pidfd_info_64 {
	uint64_t mask;
	uint64_t cgroup_id;
	uint32_t ids[11];
	int32_t exit_code; /* as wait(2) tells it */
};
_Static_assert(sizeof(struct pidfd_info_64) == 64, "the kernel knows this size as version 0");
#define PIDFD_GET_INFO_64 _IOWR(0xFF, 11, struct pidfd_info_64)
#ifndef PIDFD_INFO_CGROUPID
#define PIDFD_INFO_CGROUPID (1UL << 2)
#endif
#ifndef PIDFD_INFO_EXIT
#define PIDFD_INFO_EXIT (1UL << 3)
#endif

enum exec_state {
	EXEC_NONE, /* the spec had no path, or the process is not ours */
	EXEC_UNDECIDED,
	EXEC_DONE,
	EXEC_FAILED,
	EXEC_NEVER,
};

struct process {
	int pidfd;
	pid_t pid;
	bool is_own;
	bool is_detached;
	enum exec_state exec;
	int status_fd; /* the child's failure, or the end of file that its exec makes */
	bool is_status_ended;
	struct failure exec_failure; /* begins as the text of a silent death */
	bool is_dead;		     /* the death below is final */
	bool is_death_known;
	struct process_death death;
	struct process *next; /* in own_processes */
};

/*
 * Our children not yet reaped. The init of a pid namespace cannot finish while children that we
 * moved into its namespace are zombies, so whoever waits for one reaps them all.
 */
static struct process *own_processes;
static size_t own_process_count;
static pthread_mutex_t own_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- the start ---- */

static int clone_failure(const struct process_spec *spec, int errnum, struct failure *why)
{
	int result = failure_set(why, errnum, "start a process (namespaces %#llx, cgroup %s)",
		(unsigned long long)spec->clone_flags, spec->cgroup_fd < 0 ? "inherited" : "given");

	switch (errnum) {
	case EPERM:
		return failure_hint(why, "namespaces need root, or a user namespace of one's own");
	case ENOSPC:
		return failure_hint(why, "too many namespaces: sysctl user | grep max_");
	case EAGAIN:
		return failure_hint(
			why, "too many processes: ulimit -u, or pids.max of the cgroup");
	case ENOMEM:
		return failure_hint(why, "no memory, or the init of the pid namespace is dead");
	case EOPNOTSUPP:
		return failure_hint(why, "a cgroup above is threaded: start tare in another one");
	case EBADF:
		return failure_hint(why, "the cgroup must be a directory of cgroup2");
	default:
		return result;
	}
}

/* In a child: the handles it has are copies, and it has no thread that could hold the lock. */
static void forget_all_own(void)
{
	own_processes = NULL;
	own_process_count = 0;
	pthread_mutex_init(&own_lock, NULL);
}

/* Fills *process only on success: a clone3 that failed may have written a dead number. */
static int clone_child(struct process_child *child, struct process *process, struct failure *why)
{
	const struct process_spec *spec = child->spec;
	int pidfd = -1;
	struct clone_args arguments = {
		.flags = spec->clone_flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
			 (spec->cgroup_fd < 0 ? 0 : CLONE_INTO_CGROUP),
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = 0, /* until the exec: see has_executed */
		.cgroup = spec->cgroup_fd < 0 ? 0 : (uint64_t)spec->cgroup_fd,
	};
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid < 0)
		return clone_failure(spec, errno, why);
	if (pid == 0) {
		forget_all_own();
		process_child_main(child);
	}
	process->pidfd = pidfd;
	process->pid = (pid_t)pid;
	return 0;
}

static struct process *process_new(void)
{
	struct process *process = calloc(1, sizeof(*process));

	if (process) {
		process->pidfd = -1;
		process->status_fd = -1;
	}
	return process;
}

static void process_free(struct process **pointer)
{
	struct process *process = *pointer;

	if (!process)
		return;
	close_fd(&process->pidfd);
	close_fd(&process->status_fd);
	free(process);
}

#define cleanup_process __attribute__((cleanup(process_free)))
#define cleanup_child __attribute__((cleanup(process_child_done)))

static void remember_own(struct process *process)
{
	process->is_own = true;
	pthread_mutex_lock(&own_lock);
	process->next = own_processes;
	own_processes = process;
	own_process_count++;
	pthread_mutex_unlock(&own_lock);
}

int process_start(const struct process_spec *spec, struct process **out, struct failure *why)
{
	cleanup_child struct process_child child = { .status_fd = -1, .parent_pidfd = -1 };
	cleanup_process struct process *process = process_new();
	int result;

	if (!process)
		return failure_set(why, ENOMEM, "start a process");
	result = process_child_prepare(&child, spec, &process->status_fd, why);
	if (result)
		return result;
	if (spec->path) {
		process->exec = EXEC_UNDECIDED;
		failure_set(&process->exec_failure, EOWNERDEAD, "execute '%s'", spec->path);
	}
	result = clone_child(&child, process, why);
	if (result)
		return result;
	remember_own(process);
	*out = take_pointer(&process);
	return 0;
}

int process_open(pid_t pid, struct process **out, struct failure *why)
{
	cleanup_process struct process *process = process_new();

	if (!process)
		return failure_set(why, ENOMEM, "open process %d", (int)pid);
	process->pid = pid;
	process->pidfd = pidfd_open(pid, 0);
	if (process->pidfd < 0)
		return failure_set(why, errno, "open process %d", (int)pid);
	*out = take_pointer(&process);
	return 0;
}

/* ---- exec or not ---- */

static bool is_pidfd_dead(int pidfd)
{
	struct pollfd death = { .fd = pidfd, .events = POLLIN };

	return poll(&death, 1, 0) > 0;
}

/*
 * Exact also for a zombie, and without /proc: a child without the termination signal SIGCHLD is
 * found by __WCLONE only, and an exec sets that signal before it closes the status pipe.
 */
static bool has_executed(const struct process *process, siginfo_t *death)
{
	return waitid(P_PIDFD, (id_t)process->pidfd, death,
		       WEXITED | WNOHANG | WNOWAIT | __WCLONE) != 0;
}

static void tell_silent_death(struct process *process, const siginfo_t *death)
{
	process->exec = EXEC_NEVER;
	failure_hint(&process->exec_failure, "the child died before that: %s %d",
		death->si_code == CLD_EXITED ? "exit code" : "signal", death->si_status);
}

/* Called when the pipe may have news or the child is dead; stays undecided when it is neither. */
static void decide_exec(struct process *process)
{
	bool is_dead = is_pidfd_dead(process->pidfd);
	struct failure told;
	siginfo_t death = { 0 };
	ssize_t length;

	if (process->exec != EXEC_UNDECIDED)
		return;
	length = read(process->status_fd, &told, sizeof(told));
	process->is_status_ended = length == 0;
	if (length == (ssize_t)sizeof(told)) {
		process->exec = EXEC_FAILED;
		process->exec_failure = told;
	} else if (!is_dead && length != 0) {
		return;
	} else if (has_executed(process, &death)) {
		process->exec = EXEC_DONE;
	} else if (is_dead) {
		tell_silent_death(process, &death);
	}
	/* A dying child closes its descriptors before it is dead: then the pidfd has the answer. */
	if (process->exec != EXEC_UNDECIDED)
		close_fd(&process->status_fd);
}

/* A process that the child left behind can hold the pipe open, hence the pidfd beside it. */
static void watch_exec(const struct process *process)
{
	struct pollfd news[] = {
		{ .fd = process->pidfd, .events = POLLIN },
		{ .fd = process->is_status_ended ? -1 : process->status_fd, .events = POLLIN },
	};

	(void)poll(news, 2, -1); /* after a signal the caller looks again */
}

static bool look_for_exec(struct process *process)
{
	bool is_decided;

	pthread_mutex_lock(&own_lock);
	decide_exec(process);
	is_decided = process->exec != EXEC_UNDECIDED;
	pthread_mutex_unlock(&own_lock);
	return is_decided;
}

int process_exec_fate(struct process *process, struct failure *why)
{
	if (process->exec == EXEC_NONE)
		return failure_set(why, EINVAL, "ask for an exec that was not wanted");
	while (!look_for_exec(process))
		watch_exec(process);
	if (process->exec == EXEC_DONE)
		return 0;
	if (why)
		*why = process->exec_failure;
	return process->exec_failure.errnum > 0 ? -process->exec_failure.errnum : -EINVAL;
}

int process_spawn(const struct process_spec *spec, struct process **out, struct failure *why)
{
	struct process *process = NULL;
	int result;

	*out = NULL;
	if (!spec->path)
		return failure_set(why, EINVAL, "spawn a process with nothing to execute");
	result = process_start(spec, &process, why);
	if (process)
		result = process_exec_fate(process, why);
	if (!result)
		*out = take_pointer(&process);
	process_close(process);
	return result;
}

/* ---- death ---- */

static void read_status(struct process_death *death, int status)
{
	death->is_signaled = WIFSIGNALED(status);
	death->code = death->is_signaled ? WTERMSIG(status) : WEXITSTATUS(status);
	death->core_dumped = death->is_signaled && WCOREDUMP(status);
}

/* What the kernel keeps of a dead process for its pidfds. */
static bool read_pidfd_info(int pidfd, struct pidfd_info_64 *info)
{
	*info = (struct pidfd_info_64){ .mask = PIDFD_INFO_CGROUPID | PIDFD_INFO_EXIT };
	return ioctl(pidfd, PIDFD_GET_INFO_64, info) == 0;
}

/* Someone else reaped our child, or is about to: its exit is told from then on. */
static void read_stolen_death(struct process *process)
{
	struct pollfd reaped = { .fd = process->pidfd, .events = 0 };
	struct pidfd_info_64 info;

	/* A kernel that has the request (6.13) also has POLLHUP for reaped (6.9). */
	while (read_pidfd_info(process->pidfd, &info)) {
		if (info.mask & PIDFD_INFO_EXIT) {
			read_status(&process->death, info.exit_code);
			process->is_death_known = true;
			return;
		}
		if (!process->is_own || reaped.revents)
			return;
		(void)poll(&reaped, 1, -1);
	}
}

static bool reap(struct process *process)
{
	struct process_death *death = &process->death;
	siginfo_t info = { 0 };

	/* The library's waitid has no rusage. */
	if (syscall(SYS_waitid, P_PIDFD, process->pidfd, &info, WEXITED | WNOHANG | __WALL,
		    &death->rusage)) {
		if (errno == ECHILD)
			read_stolen_death(process);
		return true;
	}
	if (info.si_signo != SIGCHLD) /* a tracer has it first */
		return false;
	death->is_signaled = info.si_code != CLD_EXITED;
	death->code = info.si_status;
	death->core_dumped = info.si_code == CLD_DUMPED;
	death->has_rusage = true;
	process->is_death_known = true;
	return true;
}

/* Once only, under the lock. */
static void latch_death(struct process *process)
{
	struct pidfd_info_64 info;

	if (process->is_dead || !is_pidfd_dead(process->pidfd))
		return;
	decide_exec(process); /* needs the zombie */
	if (read_pidfd_info(process->pidfd, &info) && info.mask & PIDFD_INFO_CGROUPID)
		process->death.cgroup_id = info.cgroup_id;
	if (process->is_own) {
		process->is_dead = reap(process);
	} else {
		read_stolen_death(process);
		process->is_dead = true;
	}
}

static void forget_own(struct process *process)
{
	struct process **link = &own_processes;

	while (*link && *link != process)
		link = &(*link)->next;
	if (*link) {
		*link = process->next;
		own_process_count--;
	}
}

static bool look_for_deaths(struct process *process)
{
	struct process *next;
	bool is_dead;

	pthread_mutex_lock(&own_lock);
	for (struct process *own = own_processes; own; own = next) {
		next = own->next;
		latch_death(own);
		if (own->is_dead)
			forget_own(own);
	}
	latch_death(process);
	is_dead = process->is_dead;
	pthread_mutex_unlock(&own_lock);
	return is_dead;
}

/* Without memory only the process itself is watched. */
static void watch_deaths(const struct process *process, int timeout_ms)
{
	struct pollfd only = { .fd = process->pidfd, .events = POLLIN };
	cleanup_free struct pollfd *all = NULL;
	nfds_t count = 0;

	pthread_mutex_lock(&own_lock);
	all = calloc(own_process_count + 1, sizeof(*all));
	for (struct process *own = own_processes; all && own; own = own->next)
		all[count++] = (struct pollfd){ .fd = own->pidfd, .events = POLLIN };
	pthread_mutex_unlock(&own_lock);
	if (all)
		all[count++] = only;
	(void)poll(all ? all : &only, all ? count : 1, timeout_ms);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int process_wait(
	struct process *process, int timeout_ms, struct process_death *death, struct failure *why)
{
	int64_t deadline_ms = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
	int left_ms = timeout_ms;

	while (!look_for_deaths(process)) {
		if (left_ms == 0)
			return failure_set(why, ETIME, "wait for process %d", (int)process->pid);
		watch_deaths(process, left_ms);
		if (timeout_ms > 0)
			left_ms = (int)(deadline_ms > now_ms() ? deadline_ms - now_ms() : 0);
	}
	if (!process->is_death_known)
		return failure_set(why, ENODATA, "learn how process %d died", (int)process->pid);
	if (death)
		*death = process->death;
	return 0;
}

int process_signal(struct process *process, int signal, struct failure *why)
{
	int errnum = ESRCH;

	/* The kernel would accept a signal to a zombie, and nobody would get it. */
	if (!is_pidfd_dead(process->pidfd))
		errnum = pidfd_send_signal(process->pidfd, signal, NULL, 0) ? errno : 0;
	if (errnum)
		return failure_set(
			why, errnum, "send signal %d to process %d", signal, (int)process->pid);
	return 0;
}

void process_detach(struct process *process)
{
	process->is_detached = true;
}

void process_close(struct process *process)
{
	int result;

	if (!process)
		return;
	if (process->is_own && !process->is_detached && !process->is_dead) {
		result = process_signal(process, SIGKILL, NULL);
		if (!result || result == -ESRCH)
			(void)process_wait(process, -1, NULL, NULL);
	}
	(void)look_for_deaths(process); /* reaps a detached child that is dead already */
	pthread_mutex_lock(&own_lock);
	forget_own(process);
	pthread_mutex_unlock(&own_lock);
	process_free(&process);
}

int process_pidfd(const struct process *process)
{
	return process->pidfd;
}

pid_t process_pid(const struct process *process)
{
	return process->pid;
}
