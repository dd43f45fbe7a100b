// SPDX-License-Identifier: Apache-2.0
// A run's sandbox as its starter holds it: open, bear, go, events, kill, close.
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <limits.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup.h"
#include "cgroup_block.h"
#include "cores.h"
#include "delegation.h"
#include "file_limit.h"
#include "freezer.h"
#include "guest.h"
#include "identity.h"
#include "init.h"
#include "janitor.h"
#include "limit.h"
#include "message.h"
#include "mountinfo.h"
#include "namespace.h"
#include "process.h"
#include "resources.h"
#include "result_files.h"
#include "sandbox_explain.h"
#include "sandbox_view.h"
#include "scope.h"
#include "scratch.h"
#include "seccomp.h"
#include "seccomp_profile.h"
#include "seccomp_ready.h"
#include "set_id.h"
#include "standard_streams.h"
#include "terminal.h"
#include "view_spread.h"

struct sandbox {
	const struct run_config *config; /* borrowed */
	const char *run_id;		 /* borrowed */
	struct cgroup cgroup;
	struct scratch scratch;
	struct cores cores;
	struct janitor *janitor;
	struct sandbox_view view;
	struct seccomp_filter filter, profile; /* without instructions when there is none */
	struct seccomp_filter set_id_filter;   /* so when nothing is written on the host */
	struct terminal terminal;
	struct init_task task;
	struct process *init; /* PID 1 */
	struct guests guests;
	struct identity_holder userns_holder, owners_holder;
	struct identity identity;
	int userns_fd;
	int owners_userns_fd; /* -1: the same */
	bool makes_home;
	int sockets[2]; /* ours, PID 1's */
	int go[2];
	int command_pidfd;
	int memory_event_fd;
	int layers_fd; /* what holds the layers of the view; -1 until PID 1 sent it */
	struct file_limit file_limit;
	char *true_directory; /* owned: where it starts, without links; NULL until it is born */
	uint64_t used_before[CGROUP_USAGES]; /* when the command was let go */
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
	return (identity_is_users() ? 0 : SECCOMP_INIT) |
	       (config->allow_io_uring ? SECCOMP_IO_URING : 0) |
	       (config->allow_mounts ? SECCOMP_MOUNTS : 0) |
	       (config->allow_namespaces ? SECCOMP_NAMESPACES : 0);
}

static bool writes_on_host(const struct run_config *config)
{
	for (size_t i = 0; i < config->directory_count; i++) {
		if (config->directories[i].mode == DIRECTORY_FULL_ACCESS)
			return true;
	}
	return false;
}

bool sandbox_lets_io_uring(const struct run_config *config)
{
	return config->no_container || config->filter == FILTER_NONE || config->allow_io_uring;
}

size_t sandbox_list_refusals(const struct run_config *config, struct refusal_rule *out, size_t room)
{
	size_t count = 0;

	if (config->no_container)
		return 0;
	if (config->filter != FILTER_NONE)
		count = seccomp_list_refusals(allowed_groups(config), out, room);
	if (writes_on_host(config))
		count += set_id_list_refusals(out + count, room - count);
	return count;
}

static int build_profile(struct sandbox *sandbox, const char *path, struct failure *why)
{
	struct seccomp_profile profile;
	int error = seccomp_profile_read(&profile, path, why);

	if (!error)
		error = seccomp_profile_build(&profile, &sandbox->profile, why);
	seccomp_profile_done(&profile);
	return error;
}

static int build_filters(
	struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	int error = 0;

	if (config->filter != FILTER_NONE)
		error = seccomp_ready_take(&sandbox->filter, allowed_groups(config), why);
	if (!error && config->filter == FILTER_PROFILE)
		error = build_profile(sandbox, config->profile_path, why);
	if (!error && writes_on_host(config))
		error = set_id_filter_build(&sandbox->set_id_filter, why);
	return error;
}

/*
 * By the first the owners of the host's files are mapped, too. Where the command has another name
 * than the caller, its namespace has another map, and the files one of their own.
 */
static int hold_user_namespaces(
	struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	struct identity_holder *holder = &sandbox->userns_holder;
	int error;

	if (config->no_container || sandbox->identity.is_users)
		return 0;
	holder->may_nest = config->allow_namespaces;
	if (config->ids_are_names) {
		holder->root_uid = config->uid;
		holder->root_gid = config->gid;
	}
	error = identity_hold_namespace(holder, why);
	if (error || !config->ids_are_names)
		return error;
	return identity_hold_namespace(&sandbox->owners_holder, why);
}

static int open_user_namespaces(
	struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	sandbox->userns_fd = identity_open_namespace(&sandbox->userns_holder, why);
	if (!config->ids_are_names || sandbox->userns_fd < 0)
		return sandbox->userns_fd < 0 ? sandbox->userns_fd : 0;
	sandbox->owners_userns_fd = identity_open_namespace(&sandbox->owners_holder, why);
	return sandbox->owners_userns_fd < 0 ? sandbox->owners_userns_fd : 0;
}

static int settle_user_namespaces(struct sandbox *sandbox, struct failure *why)
{
	int error = identity_settle_namespace(&sandbox->userns_holder, why);

	return error ? error : identity_settle_namespace(&sandbox->owners_holder, why);
}

/* What is made there is made in a layer of the command's own. */
static bool stays_inside(const struct view *view, const char *path)
{
	enum view_mode mode = path ? view_entry_of(view, path)->mode : VIEW_MASKED;

	return mode == VIEW_OVERLAY || mode == VIEW_HIDDEN;
}

/* All that can be wrong with what was asked for is found here, before anything is made. */
static int plan(struct sandbox *sandbox, const struct run_config *config,
	const struct mountinfo_list *mounts, struct failure *why)
{
	int error = config->no_container ? 0 : identity_choose(config, &sandbox->identity, why);

	if (!error)
		error = sandbox_view_plan(&sandbox->view, config, mounts, why);
	if (error || config->no_container)
		return error;
	sandbox->makes_home = stays_inside(&sandbox->view.view, config->home_directory);
	return build_filters(sandbox, config, why);
}

static void free_plan(struct sandbox *sandbox)
{
	sandbox_view_done(&sandbox->view);
	seccomp_filter_done(&sandbox->filter);
	seccomp_filter_done(&sandbox->profile);
	seccomp_filter_done(&sandbox->set_id_filter);
}

static int open_users_ways(
	struct sandbox *sandbox, const struct mountinfo_list *mounts, struct failure *why)
{
	int error = view_spread(&sandbox->view.view, mounts, sandbox->scratch.path, why);

	return error ? error : sandbox_view_split_users(&sandbox->view, getenv("HOME"), why);
}

/* What can only be known now, and by whose rights what the view shows can be shown. */
static int open_owners(struct sandbox *sandbox, const struct run_config *config,
	const struct mountinfo_list *mounts, struct failure *why)
{
	int error;

	if (config->no_container)
		return 0;
	if (sandbox->identity.is_users)
		return open_users_ways(sandbox, mounts, why);
	error = open_user_namespaces(sandbox, config, why);
	if (error)
		return error;
	return sandbox_view_split_start(&sandbox->view, config,
		config->ids_are_names ? sandbox->owners_userns_fd : sandbox->userns_fd, why);
}

/* Where tare was started, or else in a scope from systemd if only that has the controllers. */
static int find_cgroups(struct sandbox *sandbox, const struct mountinfo_list *mounts,
	unsigned int wanted, struct failure *why)
{
	int error;

	if (geteuid() != 0)
		return delegation_find(
			&sandbox->cgroup, sandbox->run_id, mounts, wanted, NULL, why);
	error = cgroup_find(&sandbox->cgroup, sandbox->run_id, mounts, wanted, why);
	if (error || !cgroup_could_have(&sandbox->cgroup, wanted) ||
		access("/run/systemd/system", F_OK))
		return error;
	/* Then the first place has to do. What that lacks is told by all who miss it. */
	if (scope_enter("/usr/bin/busctl", "/proc/self/cgroup", NULL))
		return 0;
	return cgroup_find(&sandbox->cgroup, sandbox->run_id, mounts, wanted, why);
}

/* Where they will be. */
static int find_directories(struct sandbox *sandbox, const struct run_config *config,
	const struct mountinfo_list *mounts, struct failure *why)
{
	int error = find_cgroups(sandbox, mounts, resources_wanted(config), why);

	if (!error)
		error = cgroup_require(&sandbox->cgroup, resources_required(config), why);
	if (!error && config->no_tmpfs)
		error = scratch_find(&sandbox->scratch, getenv("TMPDIR"), why);
	return error;
}

/* Before the first directory is made: from then on there is someone to remove it. */
static int start_janitor(
	struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	if (sandbox->janitor)
		return 0;
	return janitor_start(
		&sandbox->cgroup, &sandbox->scratch, config->own_directory, &sandbox->janitor, why);
}

/* What PID 1 has from its birth on. */
static int make_scratch(
	struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	int error = config->no_tmpfs ? start_janitor(sandbox, config, why) : 0;

	return error ? error : scratch_make(&sandbox->scratch, sandbox->identity.is_users, why);
}

static int make_cgroups(
	struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	int error = start_janitor(sandbox, config, why);

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

static struct system_config system_config_of(
	const struct run_config *config, const struct identity *identity)
{
	const char *otherwise = config->network_access ? NULL : SYSTEM_CONFIG_HOSTNAME;

	return (struct system_config){
		.hostname = config->hostname ? config->hostname : otherwise,
		.uid = identity->uid,
		.gid = identity->gid,
		.has_host_network = config->network_access,
		.has_own_root = config->root_directory,
	};
}

static bool layers_are_wanted(const struct run_config *config)
{
	return result_files_are_wanted(config) || file_limit_is_wanted(&config->limits);
}

static void fill_task(struct sandbox *sandbox, const struct sandbox_spec *spec)
{
	struct init_task *task = &sandbox->task;
	bool has_names = spec->config->ids_are_names;

	*task = (struct init_task){
		.socket = sandbox->sockets[1],
		.tare_socket = sandbox->sockets[0],
		.go_write_fd = sandbox->go[1],
		.cores_fd = sandbox->cores.lock_fd,
		.tried_fd = sandbox->view.tried_fd,
		.output = &sandbox->view.output,
		.keeps_layers = layers_are_wanted(spec->config),
		.root_fd = sandbox->view.root.mount_fd,
		.has_own_root = sandbox->view.root.path,
		.view = &sandbox->view.view,
		.cgroup = &sandbox->cgroup,
		.home = sandbox->makes_home ? spec->config->home_directory : NULL,
		.owners_userns_fd = has_names ? sandbox->owners_userns_fd : sandbox->userns_fd,
		.identity = &sandbox->identity,
		.may_nest = spec->config->allow_namespaces,
		.bounds = { .size_bytes = spec->config->limits.memory_bytes,
			.nodes = spec->config->memory_nodes },
		.scratch = sandbox->scratch,
		.keeps_system_config = spec->config->keep_system_config,
		.system = system_config_of(spec->config, &sandbox->identity),
		.has_own_network = !spec->config->no_container && !spec->config->network_access,
		.command = spec->config->command,
		.environment = spec->environment,
		.child = {
			.is_contained = !spec->config->no_container,
			.has_terminal = terminal_is_shared(&sandbox->terminal),
			.is_unseen = spec->config->no_syscalls,
			.userns_fd = sandbox->userns_fd,
			.uid = sandbox->identity.uid,
			.gid = sandbox->identity.gid,
			.go_fd = sandbox->go[0],
			.cgroup = &sandbox->cgroup,
			.cores = &sandbox->cores,
			.holds_cores = !cgroup_has(&sandbox->cgroup, CGROUP_CPUSET),
			.rlimits = spec->config->rlimits,
			.rlimit_count = spec->config->rlimit_count,
			.filter = sandbox->filter.count ? &sandbox->filter : NULL,
			.profile = sandbox->profile.count ? &sandbox->profile : NULL,
			.set_id_filter = sandbox->set_id_filter.count ? &sandbox->set_id_filter
								      : NULL,
			.directory = sandbox->view.directory,
		},
	};
	memcpy(task->streams, spec->streams, sizeof(task->streams));
	memcpy(task->tares_own, spec->tares_own, sizeof(task->tares_own));
}

static int start_init(struct sandbox *sandbox, const struct sandbox_spec *spec, struct failure *why)
{
	struct process_spec init = {
		.clone_flags = spec->config->no_container
				       ? 0
				       : namespace_flags(spec->config, sandbox->identity.is_users),
		.cgroup_fd = -1,
		.run = init_run,
		.argument = &sandbox->task,
		.die_with_parent = true,
	};
	int error = message_open(sandbox->sockets, why);

	if (error)
		return error;
	/* No pipe: the word to go may come to nobody, and must not be answered by SIGPIPE. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sandbox->go))
		return failure_set(why, errno, "make a pair of sockets");
	fill_task(sandbox, spec);
	error = process_start(&init, &sandbox->init, why);
	/* Its end must be open in PID 1 alone, or its death would not be heard. */
	close_fd(&sandbox->sockets[1]);
	close_fd(&sandbox->go[0]);
	close_fd(&sandbox->scratch.mount_fd);
	return error == -EPERM || error == -ENOSPC ? identity_hint(error, why) : error;
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

/*
 * In the caller's session it is the filter that keeps the command from typing for the caller's
 * shell; without it the command gets a session of its own, which the kernel lets type nowhere.
 */
static bool may_share_terminal(const struct run_config *config)
{
	return config->no_container || config->filter != FILTER_NONE;
}

static int open_all(struct sandbox *sandbox, const struct sandbox_spec *spec, struct failure *why)
{
	struct mountinfo_list mounts = { 0 };
	int error = check_proc(why);

	if (!error)
		error = resources_choose(spec->config, &sandbox->cores, why);
	if (!error)
		error = mountinfo_read(&mounts, why);
	if (!error)
		error = plan(sandbox, spec->config, &mounts, why);
	if (!error)
		error = find_directories(sandbox, spec->config, &mounts, why);
	if (!error)
		error = make_scratch(sandbox, spec->config, why);
	if (!error)
		error = hold_user_namespaces(sandbox, spec->config, why);
	if (!error)
		error = open_owners(sandbox, spec->config, &mounts, why);
	mountinfo_done(&mounts);
	if (error)
		return error;
	/* Whose keyboard is to reach tare does not lend it. */
	if (may_share_terminal(spec->config) && !spec->config->signals_end_run)
		terminal_open(&sandbox->terminal);
	error = start_init(sandbox, spec, why);
	/* PID 1 has enough to do; the cgroups it only needs for the command. */
	if (!error)
		error = make_cgroups(sandbox, spec->config, why);
	if (!error)
		error = set_limits(sandbox, spec->config, why);
	return error ? error : settle_user_namespaces(sandbox, why);
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
	cores_clear(&sandbox->cores);
	sandbox->config = spec->config;
	sandbox->run_id = spec->run_id;
	sandbox->userns_holder = sandbox->owners_holder = IDENTITY_HOLDER_NONE;
	sandbox->userns_fd = sandbox->owners_userns_fd = -1;
	sandbox->command_pidfd = sandbox->terminal.fd = -1;
	sandbox->memory_event_fd = sandbox->layers_fd = -1;
	sandbox->sockets[0] = sandbox->sockets[1] = sandbox->go[0] = sandbox->go[1] = -1;
	error = open_all(sandbox, spec, why);
	if (error) {
		(void)sandbox_close(sandbox, NULL); /* the first failure is the one to tell */
		return error;
	}
	*out = sandbox;
	return 0;
}

/* --- Checking --- */

static int check_files(const struct run_config *config, struct failure *why)
{
	struct sandbox_view view = SANDBOX_VIEW_NONE;
	struct mountinfo_list mounts = { 0 };
	int error = mountinfo_read(&mounts, why);

	if (!error)
		error = sandbox_view_plan(&view, config, &mounts, why);
	mountinfo_done(&mounts);
	sandbox_view_done(&view);
	return error;
}

int sandbox_check(const struct run_config *config, struct failure *why)
{
	cleanup_free char *here = getcwd(NULL, 0);
	bool names_files = config->directory_count || config->root_directory ||
			   result_files_are_wanted(config);
	int error;

	if (config->no_container)
		return 0;
	error = standard_streams_check(why);
	/* Without a current directory nothing was asked wrongly: that is told by the run. */
	if (!error && names_files && here)
		error = check_files(config, why);
	return error;
}

/* --- Explaining --- */

/* By the same steps as open_all, up to where it would make something. */
static int plan_all(struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	struct mountinfo_list mounts = { 0 };
	int error = mountinfo_read(&mounts, why);

	if (!error)
		error = plan(sandbox, config, &mounts, why);
	if (!error)
		error = cgroup_find(&sandbox->cgroup, NULL, &mounts, resources_wanted(config), why);
	mountinfo_done(&mounts);
	if (!error && may_share_terminal(config))
		terminal_open(&sandbox->terminal);
	return error;
}

int sandbox_explain(
	const struct run_config *config, struct explanation *explanation, struct failure *why)
{
	struct sandbox sandbox = { .terminal.fd = -1, .view = SANDBOX_VIEW_NONE };
	struct sandbox_plan planned = {
		.config = config,
		.view = &sandbox.view.view,
		.cgroup = &sandbox.cgroup,
		.identity = &sandbox.identity,
		.allowed_groups = allowed_groups(config),
	};
	int error;

	cgroup_clear(&sandbox.cgroup);
	error = plan_all(&sandbox, config, why);
	planned.directory = sandbox.view.directory;
	planned.has_terminal = terminal_is_shared(&sandbox.terminal);
	if (!error)
		error = sandbox_explain_plan(&planned, explanation, why);
	terminal_close(&sandbox.terminal);
	free_plan(&sandbox);
	return error;
}

/* --- Running --- */

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
	error = layers_are_wanted(sandbox->config) ? hear_layers(sandbox, &message, why) : 0;
	if (!error && layers_are_wanted(sandbox->config))
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
	for (int which = 0; which < CGROUP_USAGES; which++)
		sandbox->used_before[which] = cgroup_usage(&sandbox->cgroup, which).value;
	lend_terminal(sandbox);
	/* Who failed since it said that it waits is gone: that is the next event. */
	if (send(sandbox->go[1], "g", 1, MSG_NOSIGNAL) != 1 && errno != EPIPE)
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

bool sandbox_limits_files(const struct sandbox *sandbox)
{
	return file_limit_is_wanted(&sandbox->config->limits);
}

int sandbox_look_at_files(
	struct sandbox *sandbox, const char **reason, uint64_t *pause_ns, struct failure *why)
{
	return file_limit_look(&sandbox->file_limit, reason, pause_ns, why);
}

int sandbox_judge_files(struct sandbox *sandbox, const char **reason, struct failure *why)
{
	return file_limit_judge(&sandbox->file_limit, reason, why);
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

void sandbox_copy_files(
	struct sandbox *sandbox, const struct file_copy_stop *stop, struct files_result *files)
{
	const struct result_files_spec spec = { .config = sandbox->config,
		.view = &sandbox->view.view,
		.scratch_fd = sandbox->layers_fd,
		.start_directory = sandbox->true_directory,
		.output = &sandbox->view.output,
		.stop = stop };

	if (!result_files_are_wanted(sandbox->config))
		return;
	terminal_take_back(&sandbox->terminal);
	result_files_copy(&spec, files);
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

/* Without what was used before the command was let go. */
static struct number usage_since_go(const struct sandbox *sandbox, enum cgroup_usage which)
{
	struct number usage = cgroup_usage(&sandbox->cgroup, which);

	usage.value -= usage.is_known ? sandbox->used_before[which] : 0;
	return usage;
}

/* Version 1 may count on some disks only, and a part would look like the whole. */
static bool counts_blocks(const struct sandbox *sandbox)
{
	cleanup_free char *diskstats = NULL;

	return sandbox->cgroup.homes[CGROUP_IO] != CGROUP_IN_VERSION_1 ||
	       (!file_read(AT_FDCWD, "/proc/diskstats", &diskstats, NULL, NULL) &&
		       cgroup_block_is_counted(&sandbox->cgroup, diskstats, "/sys/block"));
}

static void fill_blocks(const struct sandbox *sandbox, struct result *result)
{
	struct number read = usage_since_go(sandbox, CGROUP_READ_BYTES);
	struct number written = usage_since_go(sandbox, CGROUP_WRITTEN_BYTES);

	if ((read.is_known || written.is_known) && !counts_blocks(sandbox))
		read = written = number_unknown("this kernel counts the blkio of version 1 only on "
						"disks that have had a throttle limit");
	result->io.read = read;
	result->io.written = written;
}

void sandbox_fill_usage(const struct sandbox *sandbox, struct result *result)
{
	fill_blocks(sandbox, result);
	result->pressure.cpu = usage_since_go(sandbox, CGROUP_STALLED_CPU_NS);
	result->pressure.io = usage_since_go(sandbox, CGROUP_STALLED_IO_NS);
	result->pressure.memory = usage_since_go(sandbox, CGROUP_STALLED_MEMORY_NS);
	result->time.throttled = usage_since_go(sandbox, CGROUP_THROTTLED_NS);
}

/* --- Closing --- */

/*
 * Without a container PID 1 is who reaps what the command orphaned. What an overlay has written is
 * looked at, and copied, where it lies: not while the overlay is being taken away.
 */
void sandbox_begin_end(struct sandbox *sandbox)
{
	if (!sandbox->config->no_container && !layers_are_wanted(sandbox->config))
		(void)process_signal(sandbox->init, SIGKILL, NULL);
}

/* The tree first, then PID 1: a namespace ends only when its last process was reaped. */
static void end_processes(struct sandbox *sandbox)
{
	guests_end(&sandbox->guests);
	if (sandbox_cgroup_fd(sandbox) >= 0)
		(void)sandbox_kill(sandbox, NULL); /* what lives on makes the removal fail */
	process_close(sandbox->init);
}

int sandbox_close(struct sandbox *sandbox, struct failure *why)
{
	int error;

	if (!sandbox)
		return 0;
	/* What was written is charged to the cgroup, which would outlive its directory for it. */
	close_fd(&sandbox->layers_fd);
	identity_drop_holder(&sandbox->userns_holder);
	identity_drop_holder(&sandbox->owners_holder);
	end_processes(sandbox);
	error = cgroup_remove(&sandbox->cgroup, why);
	/* Who is dead writes no more; if one lives on, it is the janitor's to wait for it. */
	if (!error)
		error = scratch_remove(&sandbox->scratch, why);
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
	close_fd(&sandbox->owners_userns_fd);
	close_fd(&sandbox->command_pidfd);
	close_fd(&sandbox->memory_event_fd);
	free(sandbox->true_directory);
	free_plan(sandbox);
	free(sandbox);
	return error;
}
