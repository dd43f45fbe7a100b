// SPDX-License-Identifier: Apache-2.0
// A run's sandbox as its starter holds it: open, bear, go, events, kill, close.
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup.h"
#include "cores.h"
#include "identity.h"
#include "init.h"
#include "janitor.h"
#include "limit.h"
#include "message.h"
#include "mountinfo.h"
#include "process.h"
#include "resources.h"
#include "scope.h"
#include "seccomp.h"
#include "terminal.h"
#include "view.h"

struct sandbox {
	struct cgroup cgroup;
	struct cores cores;
	struct janitor *janitor;
	struct view view;
	struct seccomp_filter filter;
	struct terminal terminal;
	struct init_task task;
	struct process *init; /* PID 1 */
	char *directory;      /* owned: where the command starts */
	int userns_fd;
	int sockets[2]; /* ours, PID 1's */
	int go[2];
	int command_pidfd;
	int memory_event_fd;
	const struct run_config *config; /* borrowed */
	struct mount_counts mounts;
};

int sandbox_cgroup_fd(const struct sandbox *sandbox)
{
	return sandbox->cgroup.directories[CGROUP_UNIFIED].fd;
}

const char *sandbox_cgroup_layout(const struct sandbox *sandbox)
{
	return cgroup_layout_name(&sandbox->cgroup);
}

size_t sandbox_processors(const struct sandbox *sandbox)
{
	const struct core_use *use = &sandbox->cores.use;

	if (!use->has_processors || !cgroup_has(&sandbox->cgroup, CGROUP_CPUSET))
		return 0;
	return number_set_count(&use->processors);
}

const struct core_use *sandbox_core_use(const struct sandbox *sandbox)
{
	return &sandbox->cores.use;
}

struct mount_counts sandbox_mount_counts(const struct sandbox *sandbox)
{
	return sandbox->mounts;
}

/* --- Opening --- */

/* A mount that another one lies over is not the one its path leads to. */
static bool is_visible(const struct mountinfo *mount)
{
	struct statx status;

	if (statx(AT_FDCWD, mount->path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID,
		    &status))
		return false;
	return status.stx_mnt_id == mount->id;
}

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

/* Where the file behind /etc/resolv.conf lies on systems that write it anew at every start. */
static const struct directory_rule name_service[] = {
	{ "/run/systemd/resolve", DIRECTORY_READ_ONLY },
	{ "/run/resolvconf", DIRECTORY_READ_ONLY },
	{ "/run/NetworkManager", DIRECTORY_READ_ONLY },
};

#define NAME_SERVICE_COUNT (sizeof(name_service) / sizeof(name_service[0]))

/* The user's rules, and with the host's network what it takes to find names in it. */
static size_t list_rules(const struct run_config *config, struct directory_rule *rules)
{
	size_t count = config->directory_count;

	memcpy(rules, config->directories, count * sizeof(*rules));
	for (size_t i = 0; config->network_access && i < NAME_SERVICE_COUNT; i++) {
		struct stat status;

		if (!lstat(name_service[i].path, &status) && S_ISDIR(status.st_mode))
			rules[count++] = name_service[i];
	}
	return count;
}

static int prepare_container(struct sandbox *sandbox, const struct run_config *config,
	const struct mountinfo_list *mounts, struct failure *why)
{
	struct directory_rule wanted[DIRECTORY_RULES + NAME_SERVICE_COUNT];
	struct view_rules rules = { 0 };
	size_t count = list_rules(config, wanted);
	int error = view_rules_resolve(&rules, wanted, count, sandbox->directory, why);

	if (!error)
		error = view_plan(&sandbox->view, mounts, is_visible, &rules, why);
	view_rules_done(&rules);
	if (!error)
		error = seccomp_filter_build(&sandbox->filter, allowed_groups(config), why);
	if (error)
		return error;
	sandbox->userns_fd = identity_open_namespace(config->allow_namespaces, why);
	return sandbox->userns_fd < 0 ? sandbox->userns_fd : 0;
}

/* Where tare was started, or else in a scope from systemd if only that has the controllers. */
static int find_cgroups(struct sandbox *sandbox, const struct mountinfo_list *mounts,
	unsigned int wanted, struct failure *why)
{
	int error = cgroup_find(&sandbox->cgroup, mounts, wanted, why);

	if (error || !cgroup_could_have(&sandbox->cgroup, wanted) ||
		access("/run/systemd/system", F_OK))
		return error;
	/* Then the first place has to do. What that lacks is told by all who miss it. */
	if (scope_enter("/usr/bin/busctl", "/proc/self/cgroup", NULL))
		return 0;
	return cgroup_find(&sandbox->cgroup, mounts, wanted, why);
}

static int make_cgroups(struct sandbox *sandbox, const struct run_config *config,
	const struct mountinfo_list *mounts, struct failure *why)
{
	int error = find_cgroups(sandbox, mounts, resources_wanted(config), why);

	if (!error)
		error = cgroup_require(&sandbox->cgroup, resources_required(config), why);
	/* The janitor first: from the first directory on there is someone to remove it. */
	if (!error)
		error = janitor_start(&sandbox->cgroup, &sandbox->janitor, why);
	return error ? error : cgroup_create(&sandbox->cgroup, why);
}

static int set_limits(struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	const struct run_limits *limits = &config->limits;
	int error = resources_set(config, &sandbox->cores, &sandbox->cgroup, why);

	if (!error)
		error = limit_set(&sandbox->cgroup, limits, why);
	if (error)
		return error;
	return limit_watch_memory(&sandbox->cgroup, limits, &sandbox->memory_event_fd, why);
}

static void fill_task(struct sandbox *sandbox, const struct sandbox_spec *spec)
{
	sandbox->task = (struct init_task){
		.socket = sandbox->sockets[1],
		.tare_socket = sandbox->sockets[0],
		.go_write_fd = sandbox->go[1],
		.cores_fd = sandbox->cores.lock_fd,
		.view = &sandbox->view,
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
			.cores = cgroup_has(&sandbox->cgroup, CGROUP_CPUSET) ? NULL
									     : &sandbox->cores,
			.rlimits = spec->config->rlimits,
			.rlimit_count = spec->config->rlimit_count,
			.filter = &sandbox->filter,
			.directory = sandbox->directory,
		},
	};
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
	close_fd(&sandbox->go[0]);
	if (error == -EPERM)
		return failure_hint(why, "run as root: sudo tare run ... (see: tare check)");
	return error;
}

/* A relative --dir is meant from where the caller stands. It need not be on the host. */
static int find_start_directory(
	struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	cleanup_free char *here = getcwd(NULL, 0);
	const char *wanted = config->start_directory;

	if (wanted && wanted[0] == '/')
		sandbox->directory = strdup(wanted);
	else if (!here)
		return failure_set(why, errno, "find the current directory");
	else if (!wanted)
		sandbox->directory = take_pointer(&here);
	else if (asprintf(&sandbox->directory, "%s/%s", here, wanted) < 0)
		sandbox->directory = NULL;
	return sandbox->directory ? 0 : failure_set(why, ENOMEM, "name the start directory");
}

static int open_all(struct sandbox *sandbox, const struct sandbox_spec *spec, struct failure *why)
{
	struct mountinfo_list mounts = { 0 };
	int error = resources_choose(spec->config, &sandbox->cores, why);

	if (!error)
		error = mountinfo_read(&mounts, why);
	if (!error)
		error = find_start_directory(sandbox, spec->config, why);
	if (!error)
		error = make_cgroups(sandbox, spec->config, &mounts, why);
	if (!error)
		error = set_limits(sandbox, spec->config, why);
	if (!error && !spec->config->no_container)
		error = prepare_container(sandbox, spec->config, &mounts, why);
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
	cores_clear(&sandbox->cores);
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

int sandbox_bear(struct sandbox *sandbox, bool *is_exec_failure, struct failure *why)
{
	struct message message = { .kind = MESSAGE_BEAR };
	int error = message_send(sandbox->sockets[0], &message, -1, why);

	*is_exec_failure = false;
	/* A broken line still may hold the reason why PID 1 ended. */
	if (error && error != -EPIPE)
		return error;
	error = message_receive(sandbox->sockets[0], &message, &sandbox->command_pidfd, why);
	if (error)
		return error == -EPIPE ? init_is_silent(why) : error;
	if (message.kind == MESSAGE_FAILED) {
		*is_exec_failure = message.is_exec_failure;
		*why = message.failure;
		return why->errnum ? -why->errnum : -EINVAL;
	}
	sandbox->mounts = message.mounts;
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
	return cgroup_has(&sandbox->cgroup, CGROUP_MEMORY);
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
	if (!error)
		janitor_dismiss(sandbox->janitor);
	cores_release(&sandbox->cores);
	terminal_take_back(&sandbox->terminal);
	terminal_close(&sandbox->terminal);
	close_fd(&sandbox->sockets[0]);
	close_fd(&sandbox->sockets[1]);
	close_fd(&sandbox->go[0]);
	close_fd(&sandbox->go[1]);
	close_fd(&sandbox->userns_fd);
	close_fd(&sandbox->command_pidfd);
	close_fd(&sandbox->memory_event_fd);
	view_done(&sandbox->view);
	seccomp_filter_done(&sandbox->filter);
	free(sandbox->directory);
	free(sandbox);
	return error;
}
