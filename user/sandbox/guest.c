// SPDX-License-Identifier: Apache-2.0
// Commands that are let into a living run (tare exec): the launcher's side.
//
// Theory of operation. It is the run's launcher that starts a guest, not the visitor: it has the
// filter, the limits, the identity and the environment at hand that it gave to the command, and the
// guest takes the very same steps (child.c). Nothing is read back from the container, which could
// lie, and no program of tare's is executed inside.
//
// For each guest there is a host: a process of the launcher's that hears the visitor, so that
// nothing that a visitor says is understood by the launcher itself. It enters the namespaces of
// PID 1, which is tare's own, never those of the command, which can have made others. It stays in
// the host's pid namespace, where nobody inside sees it. Its child is born inside, and is closed to
// all others from before its birth to its exec: not dumpable, first with root's rights, then with
// the command's, and with no descriptor but those that the exec hands on. /proc/PID/exe of it, by
// which others were overwritten from inside, cannot be opened, and is the guest's own from the exec
// on.
//
// Only when nothing but the exec is left to do is the child moved into the run's cgroups, where the
// collector counts it from that moment: of tare's own work one read and the exec are in the
// numbers.
//
// The host ends its guest when the visitor hangs up, and when the launcher does, by its death or
// because the run is over. It reaps it, too, for the container's PID 1 cannot end before (a pid
// namespace waits for all of its dead), and is therefore asked to end before it is killed.
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "message.h"

/* What a host may take to kill and reap its guest, before it is killed itself. */
#define END_TIMEOUT_MS 10000
/* What the command's own process may take from its birth to its own cgroup namespace. */
#define COMMAND_TIMEOUT_MS 5000

/* An exec takes no more than a quarter of the stack's limit; this is what its usual limit gives. */
#define WORDS_LIMIT_BYTES (2 << 20)

/*
 * All that PID 1 can be in, whether it was born in it, made it, or shares it with the host: what
 * is not listed here would be the host's for a guest. The cgroup namespace is the command's, that
 * of users is entered last (child.c), and there is none of time.
 */
#define ALL_OF_INIT (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

struct guest {
	struct process *host;
	int line; /* closed when the host is to end */
};

/* What the host has. */
struct host {
	const struct guest_spec *spec;
	struct child_task child;
	struct process *process; /* the guest's */
	int launcher;		 /* at its end: the run is over */
	int go;			 /* to the guest, until it is let go */
	int streams[3];
	char *text; /* the words; owned */
	char **words;
	char program[PATH_MAX];
	bool is_ended; /* it is being killed: nothing more is heard */
	bool is_exec_failure;
};

/* --- What the visitor wants --- */

static int split_words(struct host *host, size_t size, struct failure *why)
{
	size_t count = 0, at = 0;

	for (size_t i = 0; i < size; i++)
		count += !host->text[i];
	host->words = calloc(count + 1, sizeof(*host->words));
	if (!host->words)
		return failure_set(why, ENOMEM, "read the visitor's command");
	for (size_t i = 0; i < count; i++) {
		host->words[i] = host->text + at;
		at += strlen(host->text + at) + 1;
	}
	return count && at == size ? 0 : failure_set(why, EPROTO, "read the visitor's command");
}

static int read_words(struct host *host, int fd, struct failure *why)
{
	struct stat status;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_size > WORDS_LIMIT_BYTES)
		return failure_set(why, E2BIG, "read the visitor's command");
	host->text = calloc(1, (size_t)status.st_size + 1);
	if (!host->text)
		return failure_set(why, ENOMEM, "read the visitor's command");
	if (pread(fd, host->text, (size_t)status.st_size, 0) != status.st_size)
		return failure_set(why, EIO, "read the visitor's command");
	return split_words(host, (size_t)status.st_size, why);
}

static int take_stream(struct host *host, int number, int *fd, struct failure *why)
{
	if (number < 0 || number > 2 || *fd < 0 || host->streams[number] >= 0)
		return failure_set(why, EPROTO, "understand the visitor");
	host->streams[number] = take_fd(fd);
	return 0;
}

static int hear_visitor(struct host *host, struct failure *why)
{
	struct message message;
	int error;

	do {
		cleanup_fd int fd = -1;

		error = message_receive(host->spec->socket, &message, &fd, why);
		if (error)
			return error;
		if (message.kind == MESSAGE_STREAM)
			error = take_stream(host, message.code, &fd, why);
		else if (message.kind == MESSAGE_COMMAND && fd >= 0)
			error = read_words(host, fd, why);
		else
			error = failure_set(why, EPROTO, "understand the visitor");
	} while (!error && message.kind != MESSAGE_COMMAND);
	for (int i = 0; i < 3 && !error; i++) {
		if (host->streams[i] < 0)
			error = failure_set(why, EPROTO, "understand the visitor");
	}
	if (!error && message.code)
		host->child.terminal_fd = host->streams[STDIN_FILENO];
	return error;
}

/* --- Entering --- */

/* What else the launcher has open is not for this process: it would keep it open for others. */
static int keep_what_is_needed(const struct host *host, struct failure *why)
{
	const struct guest_spec *spec = host->spec;
	int keep[CGROUP_ROLES + 8] = { spec->socket, host->launcher, spec->init_pidfd,
		spec->command_pidfd, host->child.userns_fd };
	size_t count = 5;
	int null;

	for (int role = 0; role < CGROUP_ROLES; role++)
		keep[count++] = host->child.cgroup->directories[role].fd;
	if (process_keep_descriptors(keep, count, why))
		return -why->errnum;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return failure_set(why, errno, "open /dev/null");
	for (int stream = 0; stream < 3; stream++)
		dup2(null, stream);
	close(null);
	return 0;
}

static bool has_own_cgroup_namespace(pid_t pid)
{
	struct stat own, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/cgroup", pid);
	return !stat("/proc/self/ns/cgroup", &own) && !stat(path, &its) && own.st_ino != its.st_ino;
}

/* The run may have begun just now. The kernel tells no event for this, so it is asked again. */
static int await_command(const struct host *host, struct failure *why)
{
	struct pollfd end = { .fd = host->launcher, .events = POLLIN };

	for (int waited_ms = 0; waited_ms < COMMAND_TIMEOUT_MS; waited_ms++) {
		if (has_own_cgroup_namespace(host->spec->command_pid))
			return 0;
		if (poll(&end, 1, 1) > 0)
			return failure_set(why, ESRCH, "enter the run, which is over");
	}
	return failure_set(why, ETIME, "see the run's command in its container");
}

static int enter_container(const struct host *host, struct failure *why)
{
	const struct guest_spec *spec = host->spec;
	int error;

	if (!spec->command->is_contained)
		return 0;
	error = await_command(host, why);
	if (!error && setns(spec->init_pidfd, ALL_OF_INIT))
		return failure_set(why, errno, "enter the run's namespaces");
	return error;
}

static const char *path_variable(char *const *environment)
{
	for (; *environment; environment++) {
		if (!strncmp(*environment, "PATH=", strlen("PATH=")))
			return *environment + strlen("PATH=");
	}
	return NULL;
}

static int find_program(struct host *host, struct failure *why)
{
	int error = process_find_program(host->words[0], path_variable(host->spec->environment),
		host->program, sizeof(host->program), why);

	host->is_exec_failure = error;
	return error;
}

static int bear(struct host *host, struct failure *why)
{
	const struct process_fd streams[] = { { host->streams[0], 0 }, { host->streams[1], 1 },
		{ host->streams[2], 2 } };
	const struct process_spec spec = { .cgroup_fd = -1,
		.run = child_prepare,
		.run_last = child_wait_as_guest,
		.argument = &host->child,
		.path = host->program,
		.argv = host->words,
		.envp = host->spec->environment,
		.fds = streams,
		.fd_count = 3,
		.die_with_parent = true };
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return failure_set(why, errno, "make a pair of sockets");
	host->go = ends[0];
	host->child.go_fd = ends[1];
	error = process_start(&spec, &host->process, why);
	close(ends[1]);
	for (int i = 0; i < 3; i++)
		close_fd(&host->streams[i]);
	return error;
}

/* In version 1 what joins a directory is a thread; here it is the process's only one. */
static int move_in(const struct host *host, struct failure *why)
{
	char pid[16];
	int error = 0;

	snprintf(pid, sizeof(pid), "%d", process_pid(host->process));
	for (int role = 0; role < CGROUP_LAUNCHER && !error; role++) {
		const struct cgroup_directory *directory = &host->child.cgroup->directories[role];

		/* Last the one that is counted by. */
		if (role != CGROUP_UNIFIED && directory->tasks_fd >= 0)
			error = file_write(directory->fd, "cgroup.procs", pid, why);
	}
	if (!error)
		error = file_write(host->child.cgroup->directories[CGROUP_UNIFIED].fd,
			"cgroup.procs", pid, why);
	return error;
}

/* --- Staying with it --- */

static void end_guest(struct host *host)
{
	host->is_ended = true;
	(void)process_signal(host->process, SIGKILL, NULL);
	close_fd(&host->go);
}

/* It waits with nothing left to do but the exec, or has failed before, which its death tells. */
static int take_ready(struct host *host, struct failure *why)
{
	char word;
	int error = 0;

	if (read(host->go, &word, 1) == 1) {
		error = move_in(host, why);
		if (!error)
			(void)send(host->go, "g", 1, MSG_NOSIGNAL);
	}
	close_fd(&host->go);
	return error;
}

static int take_word(struct host *host, struct failure *why)
{
	struct message message;

	if (message_receive(host->spec->socket, &message, NULL, why) ||
		message.kind != MESSAGE_SIGNAL)
		end_guest(host);
	else
		(void)process_signal(host->process, message.code, NULL);
	return 0;
}

/* One look at what there is; true while the guest lives. */
static bool accompany(struct host *host, struct failure *why, int *error)
{
	struct pollfd news[] = {
		{ .fd = process_pidfd(host->process), .events = POLLIN },
		{ .fd = host->go, .events = POLLIN },
		{ .fd = host->is_ended ? -1 : host->launcher, .events = POLLIN },
		{ .fd = host->is_ended ? -1 : host->spec->socket, .events = POLLIN },
	};

	if (poll(news, 4, -1) < 0)
		return true;
	if (news[0].revents)
		return false;
	if (news[2].revents) {
		end_guest(host);
	} else if (news[1].revents) {
		*error = take_ready(host, why);
		if (*error)
			end_guest(host);
	} else if (news[3].revents) {
		(void)take_word(host, why);
	}
	return true;
}

static bool is_of_exec(const struct failure *why)
{
	return !strncmp(why->what, "execute", strlen("execute"));
}

/* Its guest may have been killed with the command. */
static bool is_run_over(const struct host *host)
{
	struct pollfd ends[] = { { .fd = host->launcher, .events = POLLIN },
		{ .fd = host->spec->command_pidfd, .events = POLLIN } };

	return poll(ends, 2, 0) > 0;
}

/* Whether it was executed is asked only now: until then all else had to be heard. */
static int report_end(struct host *host, struct failure *why)
{
	struct message ended = { .kind = MESSAGE_ENDED };
	struct process_death death = { 0 };
	int error = process_wait(host->process, -1, &death, why);

	if (!error)
		error = process_exec_fate(host->process, why);
	/* Who was killed on its way has ended as one that was killed. */
	if (error && !(error == -EOWNERDEAD && death.is_signaled)) {
		host->is_exec_failure = is_of_exec(why) && error != -EOWNERDEAD;
		return error;
	}
	ended.is_signaled = death.is_signaled;
	ended.core_dumped = death.core_dumped;
	ended.code = death.code;
	ended.is_run_over = death.is_signaled && death.code == SIGKILL && is_run_over(host);
	(void)message_send(host->spec->socket, &ended, -1, NULL);
	return 0;
}

static int stay(struct host *host, struct failure *why)
{
	struct failure own;
	int error = 0;

	while (accompany(host, &own, &error))
		continue;
	if (!error)
		return report_end(host, why);
	*why = own;
	(void)process_wait(host->process, -1, NULL, NULL);
	return error;
}

static int begin(struct host *host, struct failure *why)
{
	struct message ready = { .kind = MESSAGE_READY };
	int error = keep_what_is_needed(host, why);

	/* From now on it knows that its socket was fetched. */
	if (!error)
		error = message_send(host->spec->socket, &ready, -1, why);
	if (!error)
		error = hear_visitor(host, why);
	if (!error)
		error = enter_container(host, why);
	if (!error)
		error = find_program(host, why);
	return error ? error : bear(host, why);
}

static void report_failure(struct host *host, const struct failure *why)
{
	struct message failed = {
		.kind = MESSAGE_FAILED, .is_exec_failure = host->is_exec_failure, .failure = *why
	};

	(void)message_send(host->spec->socket, &failed, -1, NULL);
}

/* Before anything else: closed to others, and out of reach of the keyboard's signals. */
static int be_host(void *argument, struct failure *why)
{
	struct host *host = argument;
	int error;

	setsid();
	prctl(PR_SET_NAME, "tare-host");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		error = failure_set(why, errno, "close this process to others");
	else
		error = begin(host, why);
	if (!error)
		error = stay(host, why);
	/* Whatever it was that failed for want of a run to enter. */
	if (error && !host->is_exec_failure && is_run_over(host))
		(void)failure_set(why, ESRCH, "enter the run, which is over");
	if (error)
		report_failure(host, why);
	return 0;
}

/* --- In the launcher --- */

static void forget_ended(struct guests *guests)
{
	size_t kept = 0;

	for (size_t i = 0; i < guests->count; i++) {
		struct guest *guest = &guests->all[i];

		if (process_wait(guest->host, 0, NULL, NULL) == -ETIME) {
			guests->all[kept++] = *guest;
			continue;
		}
		process_close(guest->host);
		close_fd(&guest->line);
	}
	guests->count = kept;
}

static int start_host(
	const struct guest_spec *spec, int launcher, struct process **out, struct failure *why)
{
	struct host host = { .spec = spec,
		.child = *spec->command,
		.launcher = launcher,
		.go = -1,
		.streams = { -1, -1, -1 } };
	const struct process_spec process = { .cgroup_fd = -1, .run = be_host, .argument = &host };

	host.child.is_guest = true;
	host.child.has_terminal = false;
	host.child.terminal_fd = -1;
	host.child.command_pidfd = spec->command_pidfd;
	return process_start(&process, out, why);
}

int guests_admit(struct guests *guests, const struct guest_spec *spec, struct failure *why)
{
	struct guest guest = { .line = -1 };
	struct guest *all;
	int ends[2], error;

	forget_ended(guests);
	all = realloc(guests->all, (guests->count + 1) * sizeof(*all));
	if (!all)
		return failure_set(why, ENOMEM, "let a visitor in");
	guests->all = all;
	if (pipe2(ends, O_CLOEXEC))
		return failure_set(why, errno, "make a pipe");
	guest.line = ends[1];
	error = start_host(spec, ends[0], &guest.host, why);
	close(ends[0]);
	if (error)
		close(ends[1]);
	else
		all[guests->count++] = guest;
	return error;
}

void guests_end(struct guests *guests)
{
	for (size_t i = 0; i < guests->count; i++)
		close_fd(&guests->all[i].line);
	for (size_t i = 0; i < guests->count; i++) {
		(void)process_wait(guests->all[i].host, END_TIMEOUT_MS, NULL, NULL);
		process_close(guests->all[i].host);
	}
	free(guests->all);
	*guests = (struct guests){ 0 };
}
