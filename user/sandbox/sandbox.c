// SPDX-License-Identifier: Apache-2.0
// A run's sandbox as its starter holds it: what is made for it, in which order, and how it goes.
#include "sandbox.h"

#include <errno.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "delegation.h"
#include "limit.h"
#include "message.h"
#include "namespace.h"
#include "resources.h"
#include "scope.h"
#include "view_spread.h"
#include "sandbox_parts.h"

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

/* --- Opening --- */

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
		.keeps_layers = sandbox_keeps_layers(spec->config),
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

static int open_all(struct sandbox *sandbox, const struct sandbox_spec *spec, struct failure *why)
{
	struct mountinfo_list mounts = { 0 };
	int error = check_proc(why);

	if (!error)
		error = resources_choose(spec->config, &sandbox->cores, why);
	if (!error)
		error = mountinfo_read(&mounts, why);
	if (!error)
		error = sandbox_plan_all(sandbox, spec->config, &mounts, why);
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
	if (sandbox_may_share_terminal(spec->config) && !spec->config->signals_end_run)
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

/* --- Closing --- */

/*
 * Without a container PID 1 is who reaps what the command orphaned. What an overlay has written is
 * looked at, and copied, where it lies: not while the overlay is being taken away.
 */
void sandbox_begin_end(struct sandbox *sandbox)
{
	if (!sandbox->config->no_container && !sandbox_keeps_layers(sandbox->config))
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
	sandbox_free_plan(sandbox);
	free(sandbox);
	return error;
}
