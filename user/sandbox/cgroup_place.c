// SPDX-License-Identifier: Apache-2.0
// Where the cgroups of a run can be: chosen from what the caller's own cgroups are and give.
#include "cgroup_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/proc.h"
#include "cgroup_controller.h"

/* What a place is chosen from. A hierarchy is called by a controller; "" is cgroup2. */
struct surroundings {
	const struct mountinfo_list *mounts;
	const char *memberships;
	unsigned int wanted; /* controllers */
	char name[64];	     /* of the run's directories */
};

/* --- Where the caller is --- */

static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t length = strlen(word);

	while (*list) {
		size_t span;

		list += strspn(list, separators);
		span = strcspn(list, separators);
		if (span == length && !strncmp(list, word, length))
			return true;
		list += span;
	}
	return false;
}

/* The line "ID:CONTROLLERS:PATH" of this controller. Returns PATH, owned; NULL: there is none. */
static char *own_path(const char *memberships, const char *controller)
{
	cleanup_free char *copy = strdup(memberships);
	char *line, *rest = copy;

	while (copy && (line = strsep(&rest, "\n"))) {
		char *id = strsep(&line, ":"), *controllers = strsep(&line, ":");

		if (!id || !controllers || !line)
			continue;
		if (*controller ? has_word(controllers, controller, ",") : !*controllers)
			return strdup(line);
	}
	return NULL;
}

static bool shows_hierarchy(const struct mountinfo *mount, const char *controller)
{
	if (!*controller)
		return !strcmp(mount->type, "cgroup2");
	return !strcmp(mount->type, "cgroup") && has_word(mount->options, controller, ",");
}

const struct mountinfo *cgroup_find_mount(
	const struct mountinfo_list *mounts, const char *controller)
{
	for (size_t i = 0; i < mounts->count; i++) {
		if (shows_hierarchy(&mounts->mounts[i], controller))
			return &mounts->mounts[i];
	}
	return NULL;
}

static bool is_mounted(const struct mountinfo_list *mounts, const char *controller)
{
	return cgroup_find_mount(mounts, controller) != NULL;
}

/* `path` without `directory` before it; NULL when it does not lie there. */
static const char *path_below(const char *path, const char *directory)
{
	size_t length = strcmp(directory, "/") ? strlen(directory) : 0;

	if (strncmp(path, directory, length) != 0)
		return NULL;
	return !path[length] || path[length] == '/' ? path + length : NULL;
}

/*
 * What of a cgroup's path lies below the mount; NULL when the mount does not show it. It may show
 * a subtree only; and above the root of a cgroup namespace directories have no name but "..".
 */
static const char *path_in_mount(const struct mountinfo *mount, const char *path)
{
	const char *below = path_below(path, mount->root);

	return below && !path_below(below, "/..") ? below : NULL;
}

/* The caller's own directory in a hierarchy, without '/' at its end, and the mount it lies in. */
static int find_own(const struct surroundings *around, const char *controller, char *path,
	const struct mountinfo **mount, struct failure *why)
{
	cleanup_free char *own = own_path(around->memberships, controller);

	for (size_t i = 0; own && i < around->mounts->count; i++) {
		const char *below;

		*mount = &around->mounts->mounts[i];
		below = shows_hierarchy(*mount, controller) ? path_in_mount(*mount, own) : NULL;
		if (!below)
			continue;
		if (!strcmp(below, "/"))
			below = "";
		if (snprintf(path, PATH_MAX, "%s%s", (*mount)->path, below) >= PATH_MAX)
			return failure_set(why, ENAMETOOLONG, "name this process's own cgroup");
		return 0;
	}
	failure_set(why, ENOENT,
		"find this process's own cgroup '%s' below a mount of its %s hierarchy",
		own ? own : "", *controller ? controller : "cgroup2");
	(void)failure_hint(why, "in a cgroup namespace only a mount made inside it shows this "
				"process's own cgroup: mount the hierarchy once more");
	return -ENOENT;
}

/* --- Where a run can be --- */

/* Those of the controllers that a file of a cgroup lists. */
static unsigned int find_listed(const char *directory, const char *file, unsigned int controllers)
{
	char path[PATH_MAX + 64];
	cleanup_free char *text = NULL;
	unsigned int listed = 0;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	if (file_read(AT_FDCWD, path, &text, NULL, NULL))
		return 0;
	cgroup_controller_for_each (role) {
		if (controllers & CGROUP_BIT(role) &&
			has_word(text, cgroup_controllers[role].name, " \n"))
			listed |= CGROUP_BIT(role);
	}
	return listed;
}

static bool lists_all(const char *directory, const char *file, unsigned int controllers)
{
	return find_listed(directory, file, controllers) == controllers;
}

/* Those that it has started already, to hold a namespace or to clean up, move aside with it. */
static bool is_ours(pid_t pid)
{
	return pid == getpid() || proc_parent(pid) == getpid();
}

static bool is_alone_in(const char *directory)
{
	char path[PATH_MAX + 64];
	cleanup_free char *processes = NULL;
	char *line, *rest;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	if (file_read(AT_FDCWD, path, &processes, NULL, NULL) || !*processes)
		return false;
	rest = processes;
	while ((line = strsep(&rest, "\n"))) {
		if (*line && !is_ours(atoi(line)))
			return false;
	}
	return true;
}

/*
 * It is not another's: an ordinary user may make a directory there and move a process there from
 * below. What else is in the way of that is told by who tries it.
 */
static bool may_use(const char *directory)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	return (!access(directory, W_OK) || errno != EACCES) &&
	       (!access(path, W_OK) || errno != EACCES);
}

/*
 * An ordinary user may be in a directory of somebody else's inside of one of the user's own: then
 * that is the place. Where there is none the own one stays, for others to fail with its name.
 */
static void climb_to_open(char *own, size_t mount_length)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", own);
	while (!may_use(path)) {
		if (strlen(path) <= mount_length)
			return;
		*strrchr(path, '/') = '\0';
	}
	snprintf(own, PATH_MAX, "%s", path);
}

static bool gives(const char *directory, unsigned int controllers, int least)
{
	return __builtin_popcount(find_listed(directory, "cgroup.subtree_control", controllers)) >=
		       least &&
	       may_use(directory);
}

/*
 * The nearest directory from `own` up to the mount whose children have at least `least` of the
 * controllers.
 */
static bool find_giver(
	const char *own, size_t mount_length, unsigned int controllers, int least, char *path)
{
	snprintf(path, PATH_MAX, "%s", own);
	while (!gives(path, controllers, least)) {
		if (strlen(path) <= mount_length)
			return false;
		*strrchr(path, '/') = '\0';
	}
	return true;
}

static int set_path(struct cgroup *cgroup, enum cgroup_role role, const char *parent,
	const char *name, struct failure *why)
{
	char *path = cgroup->directories[role].path;
	const char *suffix = role == CGROUP_LAUNCHER ? "-launcher" : "";

	if (snprintf(path, PATH_MAX, "%s/%s%s", parent, name, suffix) < PATH_MAX)
		return 0;
	*path = '\0';
	return failure_set(why, ENAMETOOLONG, "name a cgroup below '%s'", parent);
}

/* A cgroup with processes cannot give controllers to children, unless its only process leaves. */
static int place_in_own(
	struct cgroup *cgroup, const char *own, const char *name, struct failure *why)
{
	int error = set_path(cgroup, CGROUP_LAUNCHER, own, name, why);

	cgroup->left_own = !error;
	return error ? error : set_path(cgroup, CGROUP_UNIFIED, own, name, why);
}

static void note_homes(struct cgroup *cgroup, unsigned int controllers, enum cgroup_home home)
{
	cgroup_controller_for_each (role) {
		if (controllers & CGROUP_BIT(role))
			cgroup->homes[role] = home;
	}
}

/*
 * The cgroup2 directory, for these controllers: below the own cgroup if that can give them once
 * tare has moved aside; else below the nearest ancestor that gives them, whose limits then hold, or
 * gives one of them; else below the own cgroup without controllers. The usual ones decide: for the
 * others' sake tare does not leave a cgroup whose limits hold, they are had where the usual ones
 * are or not at all.
 */
static int place_unified(struct cgroup *cgroup, const struct surroundings *around,
	const struct mountinfo *mount, const char *own, unsigned int controllers,
	struct failure *why)
{
	unsigned int usual = controllers & CGROUP_USUAL;
	unsigned int deciding = usual ? usual : controllers & ~cgroup->wished;
	size_t mount_length = strlen(mount->path);
	char giver[PATH_MAX];

	if (!deciding) {
		note_homes(cgroup, find_listed(own, "cgroup.subtree_control", controllers),
			CGROUP_IN_UNIFIED);
		return set_path(cgroup, CGROUP_UNIFIED, own, around->name, why);
	}
	if (is_alone_in(own) && lists_all(own, "cgroup.controllers", deciding)) {
		note_homes(cgroup, find_listed(own, "cgroup.controllers", controllers),
			CGROUP_IN_UNIFIED);
		return place_in_own(cgroup, own, around->name, why);
	}
	if (!find_giver(own, mount_length, deciding, __builtin_popcount(deciding), giver) &&
		!find_giver(own, mount_length, deciding, 1, giver))
		return set_path(cgroup, CGROUP_UNIFIED, own, around->name, why);
	note_homes(cgroup, find_listed(giver, "cgroup.subtree_control", controllers),
		CGROUP_IN_UNIFIED);
	return set_path(cgroup, CGROUP_UNIFIED, giver, around->name, why);
}

/* A directory of version 1 beside the caller's own. */
static int place_version_1(struct cgroup *cgroup, enum cgroup_role role,
	const struct surroundings *around, struct failure *why)
{
	const struct mountinfo *mount;
	char own[PATH_MAX];
	int error = find_own(around, cgroup_controllers[role].version_1, own, &mount, why);

	/* An ordinary user does without the hierarchies in which nothing is the user's. */
	if (!error && !may_use(own)) {
		cgroup->closed |= CGROUP_BIT(role);
		return 0;
	}
	if (!error)
		error = set_path(cgroup, role, own, around->name, why);
	if (!error)
		note_homes(cgroup, CGROUP_BIT(role), CGROUP_IN_VERSION_1);
	return cgroup->wished & CGROUP_BIT(role) ? 0 : error;
}

/* Where a controller is mounted as version 1, cgroup2 does not have it. */
static int place_controllers(struct cgroup *cgroup, const struct surroundings *around,
	unsigned int *for_unified, struct failure *why)
{
	int error = 0;

	*for_unified = 0;
	cgroup_controller_for_each (role) {
		const struct cgroup_controller *controller = &cgroup_controllers[role];

		if (error || !(around->wanted & CGROUP_BIT(role)))
			continue;
		if (is_mounted(around->mounts, controller->version_1))
			error = place_version_1(cgroup, role, around, why);
		else if (controller->is_built_in)
			note_homes(cgroup, CGROUP_BIT(role), CGROUP_IN_UNIFIED);
		else if (controller->is_given)
			*for_unified |= CGROUP_BIT(role);
	}
	return error;
}

/* --- The whole --- */

static void choose_name(const char *run_id, char *name, size_t size)
{
	uint64_t random = 0;

	if (run_id && *run_id) {
		snprintf(name, size, CGROUP_RUN_PREFIX "%s", run_id);
		return;
	}
	/* Random, not a pid: pids come round again while a dead run's directory may linger. */
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (uint64_t)time(NULL) << 32 | getpid();
	snprintf(name, size, CGROUP_RUN_PREFIX "%016llx", (unsigned long long)random);
}

static bool has_version_1(const struct mountinfo_list *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		if (!strcmp(mounts->mounts[i].type, "cgroup"))
			return true;
	}
	return false;
}

static int no_unified(const struct mountinfo_list *mounts, struct failure *why)
{
	bool is_version_1 = has_version_1(mounts);

	failure_set(why, 0, "cannot use this machine's cgroups: %s",
		is_version_1 ? "only version 1 hierarchies are mounted" : "none are mounted");
	return failure_hint(why, is_version_1
					 ? "mount a cgroup2 hierarchy beside them: sudo mkdir -p "
					   "/sys/fs/cgroup/unified && sudo mount -t cgroup2 none "
					   "/sys/fs/cgroup/unified"
					 : "sudo mount -t cgroup2 none /sys/fs/cgroup");
}

int cgroup_place(struct cgroup *cgroup, const char *run_id, const struct mountinfo_list *mounts,
	const char *memberships, unsigned int wanted, struct failure *why)
{
	struct surroundings around = {
		.mounts = mounts,
		.memberships = memberships,
		.wanted = wanted | CGROUP_USUAL | CGROUP_WISHED,
	};
	const struct mountinfo *mount;
	unsigned int for_unified;
	char own[PATH_MAX];
	int error;

	if (!is_mounted(mounts, ""))
		return no_unified(mounts, why);
	error = find_own(&around, "", own, &mount, why);
	if (error)
		return error;
	climb_to_open(own, strlen(mount->path));
	choose_name(run_id, around.name, sizeof(around.name));
	cgroup->wished = CGROUP_WISHED & ~wanted;
	cgroup->layout = is_mounted(mounts, "memory") || is_mounted(mounts, "pids") ? CGROUP_HYBRID
										    : CGROUP_PURE;
	error = place_controllers(cgroup, &around, &for_unified, why);
	return error ? error : place_unified(cgroup, &around, mount, own, for_unified, why);
}

int cgroup_place_of(const struct mountinfo_list *mounts, const char *memberships,
	const char *controller, char *path, struct failure *why)
{
	const struct surroundings around = { .mounts = mounts, .memberships = memberships };
	const struct mountinfo *mount;

	return find_own(&around, controller, path, &mount, why);
}
