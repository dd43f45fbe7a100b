// SPDX-License-Identifier: Apache-2.0
// What a run's command sees of files, and where in it it starts, found from what was asked for.
#include "sandbox_view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "mount.h"
#include "result_files.h"
#include "view_spread.h"

/* --- Rules --- */

/* Where the file behind /etc/resolv.conf lies on systems that write it anew at every start. */
static const struct directory_rule name_service[] = {
	{ "/run/systemd/resolve", DIRECTORY_READ_ONLY },
	{ "/run/resolvconf", DIRECTORY_READ_ONLY },
	{ "/run/NetworkManager", DIRECTORY_READ_ONLY },
};

#define NAME_SERVICE_COUNT (sizeof(name_service) / sizeof(name_service[0]))

/*
 * The user's rules, and with the host's network what it takes to find names in it. A root of the
 * run's own does not lead there.
 */
static size_t list_rules(const struct run_config *config, struct directory_rule *rules)
{
	bool finds_names = config->network_access && !config->root_directory;
	size_t count = config->directory_count;

	memcpy(rules, config->directories, count * sizeof(*rules));
	for (size_t i = 0; finds_names && i < NAME_SERVICE_COUNT; i++) {
		struct stat status;

		if (!lstat(name_service[i].path, &status) && S_ISDIR(status.st_mode))
			rules[count++] = name_service[i];
	}
	return count;
}

/*
 * What of the host is to be visible because the command starts there; "/", which is so anyway, when
 * it is no directory there, which the command's start tells. In a root of the run's own nothing is.
 */
static const char *visible_start(const struct sandbox_view *view)
{
	struct stat status;

	if (view->root.path || stat(view->directory, &status) || !S_ISDIR(status.st_mode))
		return "/";
	return view->directory;
}

static int resolve_rules(const struct sandbox_view *view, const struct run_config *config,
	struct view_rules *rules, struct failure *why)
{
	struct directory_rule wanted[DIRECTORY_RULES + NAME_SERVICE_COUNT];
	size_t count = list_rules(config, wanted);

	return view_rules_resolve(rules, wanted, count, visible_start(view), view->root.path, why);
}

/* --- The start directory --- */

/* A relative --dir is meant from `base`, where the command would start without it. */
static int start_in(struct sandbox_view *view, const struct run_config *config, const char *base,
	struct failure *why)
{
	const char *wanted = config->start_directory;

	if (wanted && wanted[0] == '/')
		view->directory = strdup(wanted);
	else if (!base)
		return failure_set(why, errno, "find the current directory");
	else if (!wanted)
		view->directory = strdup(base);
	else if (asprintf(&view->directory, "%s/%s", strcmp(base, "/") ? base : "", wanted) < 0)
		view->directory = NULL;
	if (view->directory)
		return 0;
	(void)failure_set(why, ENOMEM, "name the start directory");
	return -ENOMEM;
}

/*
 * On the host, by the host's own name: rules hold for directories, and links to one may not be
 * there inside. It need not be on the host: what can be entered is seen inside.
 */
static int start_on_host(
	struct sandbox_view *view, const struct run_config *config, struct failure *why)
{
	cleanup_free char *here = getcwd(NULL, 0);
	int error = start_in(view, config, here, why);
	char *plain = error || config->no_container ? NULL : realpath(view->directory, NULL);

	if (plain) {
		free(view->directory);
		view->directory = plain;
	}
	return error;
}

/* In a root of the run's own, the caller's directory is there if a rule shows it. */
static int start_in_root(struct sandbox_view *view, const struct run_config *config,
	const struct view_rules *rules, struct failure *why)
{
	cleanup_free char *here = getcwd(NULL, 0);
	bool is_shown = here && view_rule_of(rules, here)->is_of_host;

	return start_in(view, config, is_shown ? here : "/", why);
}

/*
 * It is shown as itself: there, no link, and called by its plain name, for paths are compared.
 * Nothing is looked up inside before it is the root, so the host is asked.
 */
static bool is_plain_directory(const struct view_entry *whole, const char *directory)
{
	cleanup_free char *source = path_move(directory, whole->path, whole->source);
	cleanup_fd int fd = source ? mount_open_exactly(AT_FDCWD, source, NULL) : -1;
	cleanup_free char *found = fd >= 0 ? file_path_of(fd) : NULL;
	struct stat status;

	return found && !strcmp(found, source) && !fstat(fd, &status) && S_ISDIR(status.st_mode);
}

/* It is the command's own, whom the host knows by the number `owner`, and others cannot pass. */
static bool is_closed_way(const struct view_entry *whole, const char *way, uid_t owner)
{
	cleanup_free char *source = path_move(way, whole->path, whole->source);
	struct stat status;

	return source && !lstat(source, &status) && status.st_uid == owner &&
	       !(status.st_mode & S_IXOTH);
}

/*
 * Where owners cannot be mapped, of an overlay only the top directory can be the command's. So the
 * directory in which it starts becomes one, and so do those on the way to it that others could not
 * pass. It lies below the entry `whole`, a copy, whose strings stay when the view is changed.
 */
static int split_way(struct sandbox_view *view, const struct run_config *config,
	struct view_entry whole, struct failure *why)
{
	cleanup_free char *way = strdup(view->directory);
	/* Where its ids are names only, the files are those of the caller, who is root. */
	uid_t owner = config->ids_are_names ? 0 : config->uid;
	int error = 0;

	if (!way)
		return failure_set(why, ENOMEM, "plan the way to '%s'", view->directory);
	for (size_t i = strlen(whole.path) + 1; !error && way[i]; i++) {
		if (way[i] != '/')
			continue;
		way[i] = '\0';
		if (is_closed_way(&whole, way, owner))
			error = view_split(&view->view, way, true, why);
		way[i] = '/';
	}
	return error ? error : view_split(&view->view, view->directory, true, why);
}

int sandbox_view_split_start(struct sandbox_view *view, const struct run_config *config,
	int userns_fd, struct failure *why)
{
	const struct view_entry *whole = view_entry_of(&view->view, view->directory);

	if (whole->mode != VIEW_OVERLAY || !strcmp(whole->path, view->directory) ||
		view_is_fresh(view->directory) || !is_plain_directory(whole, view->directory) ||
		mount_can_map(whole->source, userns_fd, &view->tried_fd))
		return 0;
	return split_way(view, config, *whole, why);
}

/* --- What an ordinary user can write --- */

enum hold { HOLD_OWN, HOLD_WRITABLE, HOLD_NONE };

static enum hold hold_on(const struct view_entry *whole, const char *path)
{
	cleanup_free char *source = path_move(path, whole->path, whole->source);
	struct stat status;

	if (!source || lstat(source, &status) || !S_ISDIR(status.st_mode))
		return HOLD_NONE;
	/* Neither owner nor group of the copy could be another's. */
	if (status.st_uid == geteuid() && status.st_gid == getegid())
		return HOLD_OWN;
	return faccessat(AT_FDCWD, source, W_OK | X_OK, AT_EACCESS) ? HOLD_NONE : HOLD_WRITABLE;
}

/*
 * One of the user's own is copied where what it lies in is, or is a top. A crowded one is made
 * anew, and is the user's then.
 */
static bool needs_top(enum hold hold, bool is_above_copied)
{
	return hold == HOLD_WRITABLE || (hold == HOLD_OWN && !is_above_copied);
}

static int split_to(struct sandbox_view *view, const char *place, struct failure *why)
{
	const struct view_entry *entry = view_entry_of(&view->view, place);
	struct view_entry whole = *entry;
	cleanup_free char *way = strdup(place);
	bool is_copied = true;
	int error = 0;

	if (whole.mode != VIEW_OVERLAY || !strcmp(whole.path, place) || view_is_fresh(place))
		return 0;
	if (!way)
		return failure_set(why, ENOMEM, "plan the way to '%s'", place);
	/* Ends at the slash before each name, and at the end. */
	for (size_t i = strlen(whole.path) + 1; !error && i <= strlen(place); i++) {
		enum hold hold;

		if (way[i] != '/' && way[i])
			continue;
		way[i] = '\0';
		hold = view_is_crowded(&view->view, way) ? HOLD_OWN : hold_on(&whole, way);
		if (needs_top(hold, is_copied))
			error = view_split(&view->view, way, true, why);
		is_copied = hold != HOLD_NONE;
		way[i] = place[i];
	}
	return error;
}

int sandbox_view_split_users(struct sandbox_view *view, const char *home, struct failure *why)
{
	cleanup_free char *true_home = home && home[0] == '/' ? realpath(home, NULL) : NULL;
	const char *const places[] = { view->directory, true_home, "/var/tmp" };
	int error = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !error; i++) {
		/* In a root of the run's own these are only names. */
		if (places[i] && !view->root.path)
			error = split_to(view, places[i], why);
	}
	return error;
}

/* --- The whole --- */

/* A mount that another one lies over is not the one its path leads to. */
static enum view_sight look(const struct mountinfo *mount)
{
	struct statx status;

	if (statx(AT_FDCWD, mount->path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID,
		    &status))
		return errno == ENOENT || errno == ENOTDIR ? VIEW_COVERED : VIEW_CLOSED;
	if (!(status.stx_mask & STATX_MNT_ID))
		return VIEW_CLOSED;
	return status.stx_mnt_id == mount->id ? VIEW_ON_TOP : VIEW_COVERED;
}

static int plan(struct sandbox_view *view, const struct run_config *config,
	const struct mountinfo_list *mounts, struct view_rules *rules, struct failure *why)
{
	int error = resolve_rules(view, config, rules, why);

	if (!error && view->root.path)
		error = start_in_root(view, config, rules, why);
	if (!error)
		error = result_files_find_place(config, rules, &view->output, why);
	return error ? error : view_plan(&view->view, mounts, look, rules, why);
}

int sandbox_view_plan(struct sandbox_view *view, const struct run_config *config,
	const struct mountinfo_list *mounts, struct failure *why)
{
	struct view_rules rules = { 0 };
	int error;

	*view = SANDBOX_VIEW_NONE;
	error = config->root_directory
			? root_directory_open(config->root_directory, &view->root, why)
			: start_on_host(view, config, why);
	if (error || config->no_container)
		return error;
	error = plan(view, config, mounts, &rules, why);
	view_rules_done(&rules);
	return error;
}

void sandbox_view_done(struct sandbox_view *view)
{
	close_fd(&view->tried_fd);
	root_directory_close(&view->root);
	output_directory_close(&view->output);
	view_done(&view->view);
	free(view->directory);
	*view = SANDBOX_VIEW_NONE;
}
