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

/* What a place is chosen from. A hierarchy is called by a controller; "" is cgroup2. */
struct surroundings {
	const struct mountinfo_list *mounts;
	const char *memberships;
	char name[32]; /* of the run's directories */
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

static bool is_mounted(const struct mountinfo_list *mounts, const char *controller)
{
	for (size_t i = 0; i < mounts->count; i++) {
		if (shows_hierarchy(&mounts->mounts[i], controller))
			return true;
	}
	return false;
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

/* The controllers that a file of a cgroup lists include both that are wanted. */
static bool lists_controllers(const char *directory, const char *file)
{
	char path[PATH_MAX + 64];
	cleanup_free char *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	if (file_read(AT_FDCWD, path, &text, NULL, NULL))
		return false;
	return has_word(text, "memory", " \n") && has_word(text, "pids", " \n");
}

static bool is_alone_in(const char *directory)
{
	char path[PATH_MAX + 64], expected[32];
	cleanup_free char *processes = NULL;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	snprintf(expected, sizeof(expected), "%d\n", getpid());
	return !file_read(AT_FDCWD, path, &processes, NULL, NULL) && !strcmp(processes, expected);
}

/* Cuts `path` to the nearest directory, up to the mount, whose children have the controllers. */
static bool find_giver(char *path, size_t mount_length)
{
	while (!lists_controllers(path, "cgroup.subtree_control")) {
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

/*
 * cgroup2 alone: below the own cgroup if that can give controllers once tare has moved aside;
 * else below the nearest ancestor that gives them, whose limits then hold; else below the own
 * cgroup without controllers.
 */
static int place_pure(struct cgroup *cgroup, const struct surroundings *around,
	const struct mountinfo *mount, const char *own, struct failure *why)
{
	char giver[PATH_MAX];

	snprintf(giver, sizeof(giver), "%s", own);
	cgroup->layout = CGROUP_PURE;
	cgroup->has_memory = cgroup->has_pids = true;
	if (is_alone_in(own) && lists_controllers(own, "cgroup.controllers"))
		return place_in_own(cgroup, own, around->name, why);
	if (find_giver(giver, strlen(mount->path)))
		return set_path(cgroup, CGROUP_UNIFIED, giver, around->name, why);
	cgroup->has_memory = cgroup->has_pids = false;
	return set_path(cgroup, CGROUP_UNIFIED, own, around->name, why);
}

/* A directory of version 1 beside the caller's own, if its controller is of that version. */
static int place_version_1(struct cgroup *cgroup, enum cgroup_role role,
	const struct surroundings *around, bool *is_placed, struct failure *why)
{
	const char *controller = role == CGROUP_MEMORY ? "memory" : "pids";
	const struct mountinfo *mount;
	char own[PATH_MAX];
	int error;

	if (!is_mounted(around->mounts, controller))
		return 0;
	error = find_own(around, controller, own, &mount, why);
	if (!error)
		error = set_path(cgroup, role, own, around->name, why);
	*is_placed = !error;
	return error;
}

static int place_hybrid(struct cgroup *cgroup, const struct surroundings *around, const char *own,
	struct failure *why)
{
	int error = set_path(cgroup, CGROUP_UNIFIED, own, around->name, why);

	cgroup->layout = CGROUP_HYBRID;
	if (!error)
		error = place_version_1(cgroup, CGROUP_MEMORY, around, &cgroup->has_memory, why);
	if (!error)
		error = place_version_1(cgroup, CGROUP_PIDS, around, &cgroup->has_pids, why);
	return error;
}

/* --- The whole --- */

static void choose_name(char *name, size_t size)
{
	uint64_t random = 0;

	/* Random, not a pid: pids come round again while a dead run's directory may linger. */
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (uint64_t)time(NULL) << 32 | getpid();
	snprintf(name, size, "tare-%016llx", (unsigned long long)random);
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

int cgroup_place(struct cgroup *cgroup, const struct mountinfo_list *mounts,
	const char *memberships, struct failure *why)
{
	struct surroundings around = { .mounts = mounts, .memberships = memberships };
	const struct mountinfo *mount;
	char own[PATH_MAX];
	int error;

	if (!is_mounted(mounts, ""))
		return no_unified(mounts, why);
	error = find_own(&around, "", own, &mount, why);
	if (error)
		return error;
	choose_name(around.name, sizeof(around.name));
	if (is_mounted(mounts, "memory") || is_mounted(mounts, "pids"))
		return place_hybrid(cgroup, &around, own, why);
	return place_pure(cgroup, &around, mount, own, why);
}
