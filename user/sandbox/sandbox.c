// SPDX-License-Identifier: Apache-2.0
// A run's sandbox as its starter holds it: open, bear, go, events, kill, close.
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup.h"
#include "identity.h"
#include "init.h"
#include "janitor.h"
#include "limit.h"
#include "message.h"
#include "mountinfo.h"
#include "process.h"
#include "sandbox_view.h"
#include "scratch.h"
#include "seccomp.h"
#include "terminal.h"

struct sandbox {
	struct cgroup cgroup;
	struct scratch scratch;
	struct janitor *janitor;
	struct sandbox_view view;
	struct seccomp_filter filter;
	struct terminal terminal;
	struct init_task task;
	struct process *init; /* PID 1 */
	int userns_fd;
	int sockets[2]; /* ours, PID 1's */
	int go[2];
	int command_pidfd;
	int memory_event_fd;
	const struct run_config *config; /* borrowed */
};

int sandbox_cgroup_fd(const struct sandbox *sandbox)
{
	return sandbox->cgroup.directories[CGROUP_UNIFIED].fd;
}

const char *sandbox_cgroup_layout(const struct sandbox *sandbox)
{
	return cgroup_layout_name(&sandbox->cgroup);
}

static struct mount_note note_of(const struct view_entry *entry)
{
	return (struct mount_note){
		.path = strdup(entry->path),
		.is_masked = entry->notes & VIEW_WITHHELD,
		.is_unmapped = entry->notes & VIEW_UNMAPPED,
		.is_read_only = entry->notes & VIEW_UNWRITABLE,
	};
}

int sandbox_list_mounts(const struct sandbox *sandbox, struct mount_notes *out, struct failure *why)
{
	const struct view *view = &sandbox->view.view;
	struct mount_note *notes = calloc(view->count + 1, sizeof(*notes));
	size_t count = 0;

	if (!notes)
		return failure_set(why, ENOMEM, "list the mounts that are not shown as they are");
	for (size_t i = 0; i < view->count; i++) {
		const struct view_entry *entry = &view->entries[i];

		/* The part of a mount is told with the mount. */
		if (entry->notes && !entry->is_part)
			notes[count++] = note_of(entry);
	}
	*out = (struct mount_notes){ .notes = notes, .count = count };
	return 0;
}

/* --- Opening --- */

static unsigned int allowed_groups(const struct run_config *config)
{
	return (config->allow_io_uring ? SECCOMP_IO_URING : 0) |
	       (config->allow_mounts ? SECCOMP_MOUNTS : 0) |
	       (config->allow_namespaces ? SECCOMP_NAMESPACES : 0);
}

size_t sandbox_list_refusals(const struct run_config *config, struct refusal_rule *out, size_t room)
{
	if (config->no_container)
		return 0;
	return seccomp_list_refusals(allowed_groups(config), out, room);
}

static int prepare_container(
	struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	int error = seccomp_filter_build(&sandbox->filter, allowed_groups(config), why);

	if (error)
		return error;
	sandbox->userns_fd = identity_open_namespace(config->allow_namespaces, why);
	if (sandbox->userns_fd < 0)
		return sandbox->userns_fd;
	return sandbox_view_split_start(&sandbox->view, config, sandbox->userns_fd, why);
}

static int make_directories(struct sandbox *sandbox, const struct run_config *config,
	const struct mountinfo_list *mounts, struct failure *why)
{
	int error = cgroup_find(&sandbox->cgroup, mounts, why);

	if (!error && config->no_tmpfs)
		error = scratch_find(&sandbox->scratch, getenv("TMPDIR"), why);
	/* The janitor first: from the first directory on there is someone to remove it. */
	if (!error)
		error = janitor_start(&sandbox->cgroup, &sandbox->scratch, &sandbox->janitor, why);
	if (!error)
		error = scratch_make(&sandbox->scratch, why);
	return error ? error : cgroup_create(&sandbox->cgroup, why);
}

static int set_limits(struct sandbox *sandbox, const struct run_limits *limits, struct failure *why)
{
	int error = limit_set(&sandbox->cgroup, limits, why);

	if (error)
		return error;
	return limit_watch_memory(&sandbox->cgroup, limits, &sandbox->memory_event_fd, why);
}

static struct system_config system_config_of(const struct run_config *config)
{
	const char *otherwise = config->network_access ? NULL : SYSTEM_CONFIG_HOSTNAME;

	return (struct system_config){
		.hostname = config->hostname ? config->hostname : otherwise,
		.uid = config->uid,
		.gid = config->gid,
		.has_host_network = config->network_access,
		.has_own_root = config->root_directory,
	};
}

static void fill_task(struct sandbox *sandbox, const struct sandbox_spec *spec)
{
	struct init_task *task = &sandbox->task;

	*task = (struct init_task){
		.socket = sandbox->sockets[1],
		.tare_socket = sandbox->sockets[0],
		.go_write_fd = sandbox->go[1],
		.root_fd = sandbox->view.root.mount_fd,
		.view = &sandbox->view.view,
		.bounds = { .size_bytes = spec->config->limits.memory_bytes,
			.nodes = spec->config->memory_nodes },
		.scratch = sandbox->scratch,
		.keeps_system_config = spec->config->keep_system_config,
		.system = system_config_of(spec->config),
		.has_own_network = !spec->config->no_container && !spec->config->network_access,
		.command = spec->config->command,
		.environment = spec->environment,
		.child = {
			.is_contained = !spec->config->no_container,
			.has_terminal = terminal_is_shared(&sandbox->terminal),
			.userns_fd = sandbox->userns_fd,
			.uid = spec->config->uid,
			.gid = spec->config->gid,
			.go_fd = sandbox->go[0],
			.cgroup = &sandbox->cgroup,
			.filter = &sandbox->filter,
			.directory = sandbox->view.directory,
		},
	};
	memcpy(task->streams, spec->streams, sizeof(task->streams));
	memcpy(task->tares_own, spec->tares_own, sizeof(task->tares_own));
}

/*
 * Without CLONE_NEWUSER: the namespaces belong to the host's user namespace, so that even all
 * capabilities of the command's own user namespace would have no power over them.
 */
static int start_init(struct sandbox *sandbox, const struct sandbox_spec *spec, struct failure *why)
{
	static const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
	uint64_t network = spec->config->network_access ? 0 : CLONE_NEWNET;
	struct process_spec init = {
		.clone_flags = spec->config->no_container ? 0 : namespaces | network,
		.cgroup_fd = -1,
		.run = init_run,
		.argument = &sandbox->task,
		.die_with_parent = true,
	};
	int error = message_open(sandbox->sockets, why);

	if (error)
		return error;
	if (pipe2(sandbox->go, O_CLOEXEC))
		return failure_set(why, errno, "make a pipe");
	fill_task(sandbox, spec);
	error = process_start(&init, &sandbox->init, why);
	/* Its end must be open in PID 1 alone, or its death would not be heard. */
	close_fd(&sandbox->sockets[1]);
	close_fd(&sandbox->scratch.mount_fd);
	if (error == -EPERM)
		return failure_hint(why, "run as root: sudo tare run ... (see: tare check)");
	return error;
}

/* Identities and mounts are read and written there: files that only look like it would do harm. */
static int check_proc(struct failure *why)
{
	struct statfs status;

	if (statfs("/proc/self", &status))
		(void)failure_set(why, errno, "look at '/proc/self'");
	else if (status.f_type == PROC_SUPER_MAGIC)
		return 0;
	else
		(void)failure_set(why, 0, "what is mounted on /proc is not the kernel's proc");
	return failure_hint(why, "mount it: sudo mount -t proc proc /proc");
}

static int open_all(struct sandbox *sandbox, const struct sandbox_spec *spec, struct failure *why)
{
	struct mountinfo_list mounts = { 0 };
	int error = check_proc(why);

	if (!error)
		error = mountinfo_read(&mounts, why);
	if (!error)
		error = sandbox_view_plan(&sandbox->view, spec->config, &mounts, why);
	if (!error)
		error = make_directories(sandbox, spec->config, &mounts, why);
	if (!error)
		error = set_limits(sandbox, &spec->config->limits, why);
	if (!error && !spec->config->no_container)
		error = prepare_container(sandbox, spec->config, why);
	mountinfo_done(&mounts);
	if (error)
		return error;
	terminal_open(&sandbox->terminal);
	return start_init(sandbox, spec, why);
}

int sandbox_open(const struct sandbox_spec *spec, struct sandbox **out, struct failure *why)
{
	struct sandbox *sandbox = calloc(1, sizeof(*sandbox));
	int error;

	if (!sandbox)
		return failure_set(why, ENOMEM, "open a sandbox");
	cgroup_clear(&sandbox->cgroup);
	scratch_clear(&sandbox->scratch);
	sandbox->view = SANDBOX_VIEW_NONE;
	sandbox->config = spec->config;
	sandbox->userns_fd = sandbox->command_pidfd = sandbox->terminal.fd = -1;
	sandbox->memory_event_fd = -1;
	sandbox->sockets[0] = sandbox->sockets[1] = sandbox->go[0] = sandbox->go[1] = -1;
	error = open_all(sandbox, spec, why);
	if (error) {
		(void)sandbox_close(sandbox, NULL); /* the first failure is the one to tell */
		return error;
	}
	*out = sandbox;
	return 0;
}

/* --- Running --- */

static int init_is_silent(struct failure *why)
{
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

int sandbox_bear(struct sandbox *sandbox, bool *is_exec_failure, struct failure *why)
{
	struct message message = { .kind = MESSAGE_BEAR };
	int error = message_send(sandbox->sockets[0], &message, -1, why);

	*is_exec_failure = false;
	/* A broken line still may hold the reason why PID 1 ended. */
	if (error && error != -EPIPE)
		return error;
	do {
		error = message_receive(
			sandbox->sockets[0], &message, &sandbox->command_pidfd, why);
	} while (!error && take_notes(sandbox, &message));
	if (error)
		return error == -EPIPE ? init_is_silent(why) : error;
	if (message.kind == MESSAGE_FAILED) {
		*is_exec_failure = message.is_exec_failure;
		*why = message.failure;
		return why->errnum ? -why->errnum : -EINVAL;
	}
	return 0;
}

int sandbox_command_pidfd(const struct sandbox *sandbox)
{
	return sandbox->command_pidfd;
}

/* The number of the process behind a pidfd, as this pid namespace sees it. */
static pid_t pid_of(int pidfd)
{
	cleanup_free char *text = NULL;
	char path[64];
	char *line;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (file_read(AT_FDCWD, path, &text, NULL, NULL))
		return -1;
	line = strstr(text, "\nPid:");
	return line ? atoi(line + strlen("\nPid:")) : -1;
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
	lend_terminal(sandbox);
	/* Its reader may have failed since. Our own read end is open, so that this is no SIGPIPE.
	 */
	if (write(sandbox->go[1], "g", 1) != 1)
		return failure_set(why, errno, "let the command go");
	return 0;
}

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
		return init_is_silent(why);
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

int sandbox_processes(
	const struct sandbox *sandbox, pid_t *pids, size_t room, size_t *count, struct failure *why)
{
	return cgroup_processes(&sandbox->cgroup, pids, room, count, why);
}

int sandbox_terminate(struct sandbox *sandbox, struct failure *why)
{
	return cgroup_signal(&sandbox->cgroup, SIGTERM, why);
}

bool sandbox_holds_memory(const struct sandbox *sandbox)
{
	return sandbox->cgroup.has_memory;
}

int sandbox_memory_event_fd(const struct sandbox *sandbox)
{
	return sandbox->memory_event_fd;
}

bool sandbox_memory_was_hit(const struct sandbox *sandbox)
{
	return limit_memory_was_hit(&sandbox->cgroup, &sandbox->config->limits);
}

int sandbox_kill(struct sandbox *sandbox, struct failure *why)
{
	return cgroup_kill(&sandbox->cgroup, why);
}

int sandbox_wait_empty(const struct sandbox *sandbox, int timeout_ms, struct failure *why)
{
	return cgroup_wait_empty(&sandbox->cgroup, timeout_ms, why);
}

int sandbox_cpu_ns(const struct sandbox *sandbox, uint64_t *cpu_ns, struct failure *why)
{
	return cgroup_cpu_ns(&sandbox->cgroup, cpu_ns, why);
}

int sandbox_oom_kills(const struct sandbox *sandbox, uint64_t *kills, struct failure *why)
{
	return cgroup_oom_kills(&sandbox->cgroup, kills, why);
}

struct number sandbox_memory_peak(const struct sandbox *sandbox)
{
	return cgroup_memory_peak(&sandbox->cgroup);
}

/* --- Closing --- */

/* The tree first, then PID 1: a namespace ends only when its last process was reaped. */
static void end_processes(struct sandbox *sandbox)
{
	if (sandbox_cgroup_fd(sandbox) >= 0)
		(void)sandbox_kill(sandbox, NULL); /* what lives on makes the removal fail */
	process_close(sandbox->init);
}

int sandbox_close(struct sandbox *sandbox, struct failure *why)
{
	int error;

	if (!sandbox)
		return 0;
	end_processes(sandbox);
	error = cgroup_remove(&sandbox->cgroup, why);
	/* Who is dead writes no more; if one lives on, it is the janitor's to wait for it. */
	if (!error)
		error = scratch_remove(&sandbox->scratch, why);
	if (!error)
		janitor_dismiss(sandbox->janitor);
	terminal_take_back(&sandbox->terminal);
	terminal_close(&sandbox->terminal);
	close_fd(&sandbox->sockets[0]);
	close_fd(&sandbox->sockets[1]);
	close_fd(&sandbox->go[0]);
	close_fd(&sandbox->go[1]);
	close_fd(&sandbox->userns_fd);
	close_fd(&sandbox->command_pidfd);
	close_fd(&sandbox->memory_event_fd);
	sandbox_view_done(&sandbox->view);
	seccomp_filter_done(&sandbox->filter);
	free(sandbox);
	return error;
}
