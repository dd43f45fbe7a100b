// SPDX-License-Identifier: Apache-2.0
// What is decided of a sandbox before anything is made, and what can be told of it then.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "result_files.h"
#include "resources.h"
#include "sandbox_explain.h"
#include "sandbox_parts.h"
#include "seccomp_profile.h"
#include "seccomp_ready.h"
#include "set_id.h"
#include "standard_streams.h"

bool sandbox_keeps_layers(const struct run_config *config)
{
	return result_files_are_wanted(config) || file_limit_is_wanted(&config->limits);
}

/*
 * In the caller's session it is the filter that keeps the command from typing for the caller's
 * shell; without it the command gets a session of its own, which the kernel lets type nowhere.
 */
bool sandbox_may_share_terminal(const struct run_config *config)
{
	return config->no_container || config->filter != FILTER_NONE;
}

/* --- Filters --- */

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

/* --- The whole --- */

/* What is made there is made in a layer of the command's own. */
static bool stays_inside(const struct view *view, const char *path)
{
	enum view_mode mode = path ? view_entry_of(view, path)->mode : VIEW_MASKED;

	return mode == VIEW_OVERLAY || mode == VIEW_HIDDEN;
}

int sandbox_plan_all(struct sandbox *sandbox, const struct run_config *config,
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

void sandbox_free_plan(struct sandbox *sandbox)
{
	sandbox_view_done(&sandbox->view);
	seccomp_filter_done(&sandbox->filter);
	seccomp_filter_done(&sandbox->profile);
	seccomp_filter_done(&sandbox->set_id_filter);
}

/* --- What mounts are not shown as they are --- */

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
static int plan_to_explain(
	struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	struct mountinfo_list mounts = { 0 };
	int error = mountinfo_read(&mounts, why);

	if (!error)
		error = sandbox_plan_all(sandbox, config, &mounts, why);
	if (!error)
		error = cgroup_find(&sandbox->cgroup, NULL, &mounts, resources_wanted(config), why);
	mountinfo_done(&mounts);
	if (!error && sandbox_may_share_terminal(config))
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
	error = plan_to_explain(&sandbox, config, why);
	planned.directory = sandbox.view.directory;
	planned.has_terminal = terminal_is_shared(&sandbox.terminal);
	if (!error)
		error = sandbox_explain_plan(&planned, explanation, why);
	terminal_close(&sandbox.terminal);
	sandbox_free_plan(&sandbox);
	return error;
}
