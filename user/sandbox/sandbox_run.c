// SPDX-License-Identifier: Apache-2.0
// The command of a sandbox: its birth, its going, its events, who visits it, and its end by force.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/proc.h"
#include "freezer.h"
#include "message.h"
#include "sandbox_parts.h"

/* --- Birth --- */

/* How long its death may take when its end of the line is closed already. */
#define INIT_DEATH_MS 5000

/* What it could not do before it had a line to tell it on is its exit code. */
static int init_is_silent(struct sandbox *sandbox, struct failure *why)
{
	struct process_death death;

	if (!process_wait(sandbox->init, INIT_DEATH_MS, &death, NULL) && !death.is_signaled)
		return failure_set(why, death.code, "start the container's PID 1");
	return failure_set(why, ECHILD, "the container's PID 1 was killed from outside");
}

/* Whether the message was no more than that. */
static bool take_notes(struct sandbox *sandbox, const struct message *message)
{
	if (message->kind != MESSAGE_ENTRY)
		return false;
	if (message->entry < sandbox->view.view.count)
		sandbox->view.view.entries[message->entry].notes |= message->notes;
	return true;
}

/* The next message, which is of this kind, or of a failure of the set-up. */
static int hear(struct sandbox *sandbox, enum message_kind kind, struct message *message,
	int *passed_fd, struct failure *why)
{
	int error;

	do {
		error = message_receive(sandbox->sockets[0], message, passed_fd, why);
	} while (!error && take_notes(sandbox, message));
	if (error)
		return error == -EPIPE ? init_is_silent(sandbox, why) : error;
	if (message->kind == MESSAGE_FAILED) {
		*why = message->failure;
		return why->errnum ? -why->errnum : -EINVAL;
	}
	if (message->kind != kind)
		return failure_set(why, EPROTO, "understand what PID 1 said");
	return 0;
}

/* Those that the command is to be in, which were made after PID 1 was born. */
static int send_cgroups(struct sandbox *sandbox, struct failure *why)
{
	int error = 0;

	for (int role = 0; role < CGROUP_ROLES && !error; role++) {
		const struct cgroup_directory *directory = &sandbox->cgroup.directories[role];
		int fd = role == CGROUP_UNIFIED ? directory->fd : directory->tasks_fd;
		struct message message = { .kind = MESSAGE_CGROUP, .code = role };

		if (fd >= 0)
			error = message_send(sandbox->sockets[0], &message, fd, why);
	}
	return error;
}

/* PID 1 stands where the command starts, and the name for that is the one of the container. */
static int hear_directory(struct sandbox *sandbox, struct message *message, struct failure *why)
{
	cleanup_fd int directory = -1;
	int error = hear(sandbox, MESSAGE_DIRECTORY, message, &directory, why);

	if (error)
		return error;
	sandbox->true_directory = file_path_of(directory);
	if (!sandbox->true_directory)
		return failure_set(why, errno, "find the start directory inside the container");
	return 0;
}

static int hear_layers(struct sandbox *sandbox, struct message *message, struct failure *why)
{
	size_t held_to = sandbox_processors(sandbox);
	int error = hear(sandbox, MESSAGE_LAYERS, message, &sandbox->layers_fd, why);

	if (error || !sandbox_limits_files(sandbox))
		return error;
	sandbox->file_limit = (struct file_limit){ .limits = &sandbox->config->limits,
		.view = &sandbox->view.view,
		.scratch_fd = sandbox->layers_fd,
		.processors = held_to ? held_to : (size_t)sysconf(_SC_NPROCESSORS_ONLN) };
	return file_limit_begin(&sandbox->file_limit, why);
}

int sandbox_bear(struct sandbox *sandbox, bool *is_exec_failure, struct failure *why)
{
	struct message message = { .kind = MESSAGE_BEAR };
	int error = send_cgroups(sandbox, why);

	*is_exec_failure = false;
	if (!error)
		error = message_send(sandbox->sockets[0], &message, -1, why);
	close_fd(&sandbox->view.tried_fd);
	/* A broken line still may hold the reason why PID 1 ended. */
	if (error && error != -EPIPE)
		return error;
	error = sandbox_keeps_layers(sandbox->config) ? hear_layers(sandbox, &message, why) : 0;
	if (!error && sandbox_keeps_layers(sandbox->config))
		error = hear_directory(sandbox, &message, why);
	if (!error)
		error = hear(sandbox, MESSAGE_READY, &message, &sandbox->command_pidfd, why);
	*is_exec_failure = error && message.kind == MESSAGE_FAILED && message.is_exec_failure;
	return error;
}

int sandbox_command_pidfd(const struct sandbox *sandbox)
{
	return sandbox->command_pidfd;
}

/* The number of the process behind a pidfd, as this pid namespace sees it. */
static pid_t pid_of(int pidfd)
{
	return (pid_t)proc_fd_number(pidfd, "Pid", -1);
}

static void lend_terminal(struct sandbox *sandbox)
{
	pid_t pid;

	if (!terminal_is_ours(&sandbox->terminal))
		return;
	pid = pid_of(sandbox->command_pidfd);
	if (pid <= 0)
		return;
	/* The child does this too; whoever comes first. Late, it would read from the background. */
	(void)setpgid(pid, pid);
	terminal_lend(&sandbox->terminal, pid);
}

int sandbox_go(struct sandbox *sandbox, struct failure *why)
{
	for (int which = 0; which < CGROUP_USAGES; which++)
		sandbox->used_before[which] = cgroup_usage(&sandbox->cgroup, which).value;
	lend_terminal(sandbox);
	/* Who failed since it said that it waits is gone: that is the next event. */
	if (send(sandbox->go[1], "g", 1, MSG_NOSIGNAL) != 1 && errno != EPIPE)
		return failure_set(why, errno, "let the command go");
	return 0;
}

/* --- Events --- */

int sandbox_event_fd(const struct sandbox *sandbox)
{
	return sandbox->sockets[0];
}

static const struct {
	uint32_t message;
	enum sandbox_event_kind event;
} event_kinds[] = {
	{ MESSAGE_FAILED, SANDBOX_SET_UP_FAILED },
	{ MESSAGE_STOPPED, SANDBOX_STOPPED },
	{ MESSAGE_ENDED, SANDBOX_ENDED },
};

static int event_from_message(
	struct sandbox_event *event, const struct message *message, struct failure *why)
{
	*event = (struct sandbox_event){ .is_signaled = message->is_signaled,
		.core_dumped = message->core_dumped,
		.code = message->code };
	for (size_t i = 0; i < sizeof(event_kinds) / sizeof(event_kinds[0]); i++) {
		if (event_kinds[i].message != message->kind)
			continue;
		event->kind = event_kinds[i].event;
		if (message->kind == MESSAGE_FAILED)
			*why = message->failure;
		if (message->kind == MESSAGE_FAILED && message->is_exec_failure)
			event->kind = SANDBOX_EXEC_FAILED;
		return 0;
	}
	return failure_set(why, EPROTO, "understand what PID 1 said");
}

int sandbox_next_event(struct sandbox *sandbox, struct sandbox_event *event, struct failure *why)
{
	struct message message;
	int error = message_receive(sandbox->sockets[0], &message, NULL, why);

	if (error == -EPIPE)
		return init_is_silent(sandbox, why);
	return error ? error : event_from_message(event, &message, why);
}

int sandbox_signal(struct sandbox *sandbox, int signal_number, struct failure *why)
{
	if (syscall(SYS_pidfd_send_signal, sandbox->command_pidfd, signal_number, NULL, 0))
		return failure_set(why, errno, "send signal %d to the command", signal_number);
	return 0;
}

bool sandbox_suspend(struct sandbox *sandbox, int stop_signal)
{
	/* A background command wants the keyboard, and the shell has brought tare to the front. */
	if ((stop_signal == SIGTTIN || stop_signal == SIGTTOU) &&
		terminal_is_ours(&sandbox->terminal)) {
		sandbox_resume(sandbox);
		return false;
	}
	terminal_take_back(&sandbox->terminal);
	return terminal_is_shared(&sandbox->terminal);
}

void sandbox_resume(struct sandbox *sandbox)
{
	pid_t group = pid_of(sandbox->command_pidfd);

	lend_terminal(sandbox);
	/*
	 * The whole group, for the keyboard stopped all of it. It may have been killed while
	 * stopped; its end is told as an event.
	 */
	if (group > 0)
		(void)kill(-group, SIGCONT);
}

/* --- Visitors --- */

static void refuse_visitor(int socket, const struct failure *why)
{
	struct message failed = { .kind = MESSAGE_FAILED, .failure = *why };

	(void)message_send(socket, &failed, -1, NULL);
}

/* PID 1 is closed to its own user as to the command, who is the same: nobody can enter by it. */
static int admit(struct sandbox *sandbox, const struct guest_spec *spec, struct failure *why)
{
	if (!spec->command->is_contained || !sandbox->identity.is_users)
		return guests_admit(&sandbox->guests, spec, why);
	return failure_set(why, EPERM,
		"enter the container of an ordinary user, which only its own command is in");
}

void sandbox_admit(struct sandbox *sandbox, const struct order *order)
{
	struct failure why;
	/* Who cannot be reached hears of it by this socket's closing, or the run's end. */
	cleanup_fd int socket = order_fetch_socket(order, &why);
	const struct guest_spec spec = { .command = &sandbox->task.child,
		.environment = sandbox->task.environment,
		.init_pidfd = process_pidfd(sandbox->init),
		.command_pidfd = sandbox->command_pidfd,
		.command_pid = pid_of(sandbox->command_pidfd),
		.socket = socket };

	if (socket >= 0 && admit(sandbox, &spec, &why))
		refuse_visitor(socket, &why);
}

void sandbox_send_guests_away(struct sandbox *sandbox)
{
	guests_end(&sandbox->guests);
}

/* --- Its processes --- */

int sandbox_processes(
	const struct sandbox *sandbox, pid_t *pids, size_t room, size_t *count, struct failure *why)
{
	return cgroup_processes(&sandbox->cgroup, pids, room, count, why);
}

int sandbox_terminate(struct sandbox *sandbox, struct failure *why)
{
	return cgroup_signal(&sandbox->cgroup, SIGTERM, why);
}

int sandbox_kill(struct sandbox *sandbox, struct failure *why)
{
	int error = cgroup_kill(&sandbox->cgroup, why);

	if (!error && sandbox->config->no_container)
		freezer_thaw(&sandbox->cgroup);
	/* One that somebody has stopped could not tell of the end. */
	if (!error)
		(void)process_signal(sandbox->init, SIGCONT, NULL);
	return error;
}

int sandbox_wait_empty(const struct sandbox *sandbox, int timeout_ms, struct failure *why)
{
	return cgroup_wait_empty(&sandbox->cgroup, timeout_ms, why);
}
