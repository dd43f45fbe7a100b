// SPDX-License-Identifier: Apache-2.0
// PID 1 of the container: builds it, bears the command, reaps, and reports.
//
// Theory of operation. It starts with root's rights in fresh mount, pid, uts, ipc and network
// namespaces that belong to the host's user namespace, builds the file system while tare loads the
// collector, and bears the command when tare says that the collector watches. Then it becomes
// a stranger as the command is, but another one, closed to ptrace and with no capability but to
// signal the command, before the command is let go: nothing that it still holds is worth taking.
// An ordinary user's is born in a user namespace instead, in which alone it has these rights, and
// has no other to become: it gives up all of them and is closed all the same.
// From there on it waits for children, passes signals on, and tells tare how the command ended. It
// dies with tare, and all of the container dies with it. Without a container it does the same work
// in the host's namespaces, and adopts what the command orphans.
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "home.h"
#include "identity.h"
#include "message.h"
#include "mount.h"
#include "network.h"
#include "process.h"
#include "root.h"

struct init {
	struct init_task *task;
	struct process *command;
	char program[PATH_MAX];
	int layers_fd;	  /* what holds the layers, for tare; -1 none */
	int null_fd;	  /* the container's /dev/null; -1 without one */
	int death_signal; /* of the command's process; 0 none */
	bool is_exec_failure;
};

/* Signals that reach PID 1 from outside are meant for the command. */
static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH };

/* For the handler alone: a pidfd cannot come to mean another process. */
static volatile int command_pidfd = -1;

/* Who is in the container has a number there; a user's command may signal PID 1. */
static bool is_from_inside(const siginfo_t *info)
{
	return getpid() == 1 && info->si_code <= 0 && info->si_pid;
}

static void forward(int signal_number, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	if (!is_from_inside(info))
		(void)syscall(SYS_pidfd_send_signal, command_pidfd, signal_number, NULL, 0);
	errno = saved;
}

/* --- Steps --- */

/* Away from tare's process group, whose signals are tare's to forward. */
static int step_leave_group(struct init *init, struct failure *why)
{
	if (init->task->child.has_terminal ? setpgid(0, 0) : setsid() < 0)
		return failure_set(why, errno, "leave tare's process group");
	close(init->task->tare_socket);
	close(init->task->go_write_fd);
	for (size_t i = 0; i < sizeof(init->task->tares_own) / sizeof(int); i++)
		close_fd(&init->task->tares_own[i]);
	output_directory_close(init->task->output);
	/* The cores are free when tare is gone, and not when the last of its children is. */
	close_fd(&init->task->cores_fd);
	close_fd(&init->task->tried_fd);
	return 0;
}

static int step_begin(struct init *init, struct failure *why)
{
	return identity_begin(init->task->identity, init->task->may_nest, why);
}

static int step_adopt_orphans(struct init *init, struct failure *why)
{
	(void)init;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		return failure_set(why, errno, "adopt the command's orphans");
	return 0;
}

static int step_network(struct init *init, struct failure *why)
{
	return init->task->has_own_network ? network_make(why) : 0;
}

static int step_home(struct init *init, struct failure *why)
{
	const struct init_task *task = init->task;

	return task->home ? home_make(task->home, task->identity->owner, task->identity->group, why)
			  : 0;
}

/* Of the command's own environment; NULL when it is not set. */
static const char *command_variable(const struct init *init, const char *prefix)
{
	for (char *const *entry = init->task->environment; *entry; entry++) {
		if (!strncmp(*entry, prefix, strlen(prefix)))
			return *entry + strlen(prefix);
	}
	return NULL;
}

static int step_hostname(struct init *init, struct failure *why)
{
	static const char no_domain[] = "(none)"; /* the kernel's own word */
	const char *name = init->task->system.hostname;

	if (init->task->keeps_system_config || !name)
		return 0;
	if (sethostname(name, strlen(name)) || setdomainname(no_domain, strlen(no_domain)))
		return failure_set(why, errno, "name the container '%s'", name);
	return 0;
}

static int step_root(struct init *init, struct failure *why)
{
	struct init_task *task = init->task;
	struct system_config system = task->system;
	struct root_spec spec = { .view = task->view,
		.root_fd = task->root_fd,
		.system = task->keeps_system_config ? NULL : &system,
		.has_own_root = task->has_own_root,
		.userns_fd = task->owners_userns_fd,
		.identity = task->identity,
		.bounds = task->bounds,
		.scratch = &task->scratch,
		.keeps_layers = task->keeps_layers };
	/* The caller's umask is for the command's files, not for the container's directories. */
	mode_t callers = umask(022);
	int error;

	system.home = command_variable(init, "HOME=");
	error = root_build(&spec, &init->null_fd, &init->layers_fd, why);
	umask(callers);
	/* They lead to the host. */
	close_fd(&task->root_fd);
	close_fd(&task->scratch.mount_fd);
	close_fd(&task->scratch.fd);
	close_fd(&task->scratch.parent_fd);
	return error;
}

/* Before the command exists, and kept no longer: it leads to where nothing is mapped or hidden. */
static int step_layers(struct init *init, struct failure *why)
{
	struct message message = { .kind = MESSAGE_LAYERS };
	cleanup_fd int layers_fd = init->layers_fd;

	return layers_fd < 0 ? 0 : message_send(init->task->socket, &message, layers_fd, why);
}

/* In the command's directory, for a name like ./a.out and for relative elements of PATH. */
static int step_find_program(struct init *init, struct failure *why)
{
	int error;

	/* A directory that cannot be entered is told by the child, as the command's identity. */
	if (init->task->child.is_contained && mount_enter_inside(init->task->child.directory, why))
		return 0;
	error = process_find_program(init->task->command[0], command_variable(init, "PATH="),
		init->program, sizeof(init->program), why);
	init->is_exec_failure = error;
	return error;
}

/* The one to be born in, or one to join. */
static int take_cgroup(struct cgroup *cgroup, int role, int *fd, struct failure *why)
{
	if (role < 0 || role >= CGROUP_ROLES || *fd < 0)
		return failure_set(why, EPROTO, "understand which cgroup tare spoke of");
	if (role == CGROUP_UNIFIED)
		cgroup->directories[role].fd = take_fd(fd);
	else
		cgroup->directories[role].tasks_fd = take_fd(fd);
	return 0;
}

static int step_await_collector(struct init *init, struct failure *why)
{
	struct message message;
	int error;

	do {
		cleanup_fd int fd = -1;

		error = message_receive(init->task->socket, &message, &fd, why);
		if (!error && message.kind == MESSAGE_CGROUP)
			error = take_cgroup(init->task->cgroup, message.code, &fd, why);
	} while (!error && message.kind == MESSAGE_CGROUP);
	if (!error && message.kind != MESSAGE_BEAR)
		return failure_set(why, EPROTO, "understand what tare said first");
	return error;
}

/* Those that are not this process's own. */
static size_t list_streams(const struct init_task *task, struct process_fd *streams)
{
	size_t count = 0;

	for (int stream = 0; stream < 3; stream++) {
		if (task->streams[stream] >= 0)
			streams[count++] = (struct process_fd){ .source = task->streams[stream],
				.target = stream };
	}
	return count;
}

/* Closed to the command before it exists: PID 1 holds the line on which results are told. */
static int step_bear(struct init *init, struct failure *why)
{
	struct init_task *task = init->task;
	struct process_fd streams[3];
	struct process_spec spec = {
		.fds = streams,
		.fd_count = list_streams(task, streams),
		.cgroup_fd = task->child.cgroup->directories[CGROUP_UNIFIED].fd,
		.run = child_prepare,
		.run_last = task->child.profile ? child_load_profile : NULL,
		.argument = &task->child,
		.path = init->program[0] ? init->program : task->command[0],
		.argv = task->command,
		.envp = task->environment,
	};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return failure_set(why, errno, "close PID 1 to the command");
	return process_start(&spec, &init->command, why);
}

static int step_drop(struct init *init, struct failure *why)
{
	bool is_users = init->task->identity->is_users;
	int error = identity_enter(init->task->child.userns_fd, IDENTITY_INIT, IDENTITY_INIT, why);

	/* The change of identity made the kernel forget to kill this process when tare dies. */
	if (!error)
		error = process_follow_parent(why);
	if (!error)
		error = identity_drop_capabilities(!is_users, why);
	return error;
}

static int step_forward_signals(struct init *init, struct failure *why)
{
	struct sigaction action = { .sa_sigaction = forward, .sa_flags = SA_SIGINFO };

	command_pidfd = process_pidfd(init->command);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++) {
		if (sigaction(forwarded[i], &action, NULL))
			return failure_set(why, errno, "forward signal %d", forwarded[i]);
	}
	return 0;
}

/* What was withheld was planned by tare itself. */
static int step_tell_entries(struct init *init, struct failure *why)
{
	const struct view *view = init->task->view;
	int error = 0;

	for (size_t i = 0; i < view->count && !error; i++) {
		struct message message = {
			.kind = MESSAGE_ENTRY, .entry = i, .notes = view->entries[i].notes
		};

		/* What is masked was planned so, and is known. */
		if (message.notes && view->entries[i].mode != VIEW_MASKED)
			error = message_send(init->task->socket, &message, -1, why);
	}
	return error;
}

/* Where the command starts: a name for it is found by tare, to whom this process is closed. */
static int step_tell_directory(struct init *init, struct failure *why)
{
	struct message message = { .kind = MESSAGE_DIRECTORY };
	cleanup_fd int here = -1;

	if (!init->task->keeps_layers)
		return 0;
	here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (here < 0)
		return failure_set(why, errno, "find the start directory inside the container");
	return message_send(init->task->socket, &message, here, why);
}

static int step_ready(struct init *init, struct failure *why)
{
	struct message message = { .kind = MESSAGE_READY };

	return message_send(init->task->socket, &message, process_pidfd(init->command), why);
}

/* The command has its own copies; an open end here would keep its readers waiting. */
static int step_let_streams_go(struct init *init, struct failure *why)
{
	if (init->null_fd < 0)
		init->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (init->null_fd < 0)
		return failure_set(why, errno, "open /dev/null");
	for (int stream = 0; stream < 3; stream++) {
		dup2(init->null_fd, stream);
		close_fd(&init->task->streams[stream]);
	}
	close_fd(&init->null_fd);
	return 0;
}

enum step_scope { EVERYWHERE, CONTAINED, USERS, BARE };

static const struct {
	int (*step)(struct init *init, struct failure *why);
	enum step_scope scope;
} steps[] = {
	{ step_leave_group, EVERYWHERE },
	{ step_begin, USERS },
	{ step_adopt_orphans, BARE },
	{ step_network, CONTAINED },
	{ step_hostname, CONTAINED },
	{ step_root, CONTAINED },
	{ step_layers, CONTAINED },
	{ step_home, CONTAINED },
	{ step_find_program, EVERYWHERE },
	{ step_await_collector, EVERYWHERE },
	{ step_bear, EVERYWHERE },
	{ step_drop, CONTAINED },
	{ step_let_streams_go, EVERYWHERE },
	{ step_forward_signals, EVERYWHERE },
	{ step_tell_entries, CONTAINED },
	{ step_tell_directory, CONTAINED },
	{ step_ready, EVERYWHERE },
};

static bool is_wanted(enum step_scope scope, const struct init_task *task)
{
	switch (scope) {
	case CONTAINED:
		return task->child.is_contained;
	case USERS:
		return task->child.is_contained && task->identity->is_users;
	case BARE:
		return !task->child.is_contained;
	case EVERYWHERE:
		break;
	}
	return true;
}

static int set_up(struct init *init, struct failure *why)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int error;

		if (!is_wanted(steps[i].scope, init->task))
			continue;
		error = steps[i].step(init, why);
		if (error)
			return error;
	}
	return 0;
}

/* --- Life --- */

static void report_stop(struct init *init, int code)
{
	struct message stopped = { .kind = MESSAGE_STOPPED, .code = code };

	/* tare is gone if this fails, and then so is this process. */
	(void)message_send(init->task->socket, &stopped, -1, NULL);
}

/* After the profile is loaded nothing but the exec is left, and it can be refused by killing. */
static bool is_killed_by_profile(const struct init *init, int error)
{
	return error == -EOWNERDEAD && init->task->child.profile && init->death_signal == SIGSYS;
}

/* A failed step of the child is tare's failure; only the exec itself is the command's. */
static int judge_exec_failure(struct init *init, int error, struct failure *why)
{
	bool is_killed = is_killed_by_profile(init, error);

	init->is_exec_failure = is_killed || (error != -EOWNERDEAD && !strncmp(why->what, "execute",
									      strlen("execute")));
	if (is_killed)
		why->errnum = EPERM;
	if (is_killed || (init->is_exec_failure && init->task->child.profile && !why->hint[0]))
		return failure_hint(why, "does the seccomp profile allow execve?");
	return error;
}

/*
 * Only now is it asked whether the exec had happened: to wait for the answer would mean to be woken
 * by the exec, on the command's own processor as like as not, inside the measured window.
 */
static int report_end(struct init *init, struct failure *why)
{
	struct process_death death = { 0 };
	struct message ended = { .kind = MESSAGE_ENDED };
	int error = process_wait(init->command, -1, &death, why);

	init->death_signal = death.is_signaled ? death.code : 0;
	if (!error)
		error = process_exec_fate(init->command, why);
	if (error)
		return judge_exec_failure(init, error, why);
	ended.is_signaled = death.is_signaled;
	ended.core_dumped = death.core_dumped;
	ended.code = death.code;
	return message_send(init->task->socket, &ended, -1, why);
}

/* Takes what is not the command's death, which stays for process_wait. */
static void reap_one(struct init *init, siginfo_t *child)
{
	if (child->si_code != CLD_STOPPED) {
		waitid(P_PID, child->si_pid, child, WEXITED | WNOHANG | __WALL);
		return;
	}
	waitid(P_PID, child->si_pid, child, WSTOPPED | WNOHANG | __WALL);
	if (child->si_pid == process_pid(init->command))
		report_stop(init, child->si_status);
}

/* Signals are passed on by their handler, which only interrupts the wait. */
static int live(struct init *init, struct failure *why)
{
	siginfo_t child;

	for (;;) {
		if (waitid(P_ALL, 0, &child, WEXITED | WSTOPPED | WNOWAIT | __WALL)) {
			if (errno == EINTR)
				continue;
			return failure_set(why, errno, "wait for the command");
		}
		if (child.si_pid == process_pid(init->command) && child.si_code != CLD_STOPPED)
			return report_end(init, why);
		reap_one(init, &child);
	}
}

/* The command is dead; its orphans are killed by tare. Until then they are reaped here. */
static void outlive(void)
{
	for (;;) {
		if (waitid(P_ALL, 0, NULL, WEXITED | __WALL) && errno == ECHILD)
			pause();
	}
}

static void report_failure(struct init *init, const struct failure *why)
{
	struct message failed = { .kind = MESSAGE_FAILED,
		.is_exec_failure = init->is_exec_failure,
		.code = init->death_signal,
		.failure = *why };

	(void)message_send(init->task->socket, &failed, -1, NULL);
}

int init_run(void *argument, struct failure *why)
{
	struct init init = { .task = argument, .null_fd = -1, .layers_fd = -1 };

	if (set_up(&init, why) || live(&init, why)) {
		report_failure(&init, why);
		return 1;
	}
	outlive();
	return 0;
}
