// SPDX-License-Identifier: Apache-2.0
// The directory `tare` at the top of a hierarchy, with the controllers that it can have.
#include "cgroup_top.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup_controller.h"
#include "cgroup_place.h"

/*
 * The controllers that are given to users: those that bound and count a run. Not `devices`, which
 * may keep a process from something, nor those that name its packets for others.
 */
#define GIVEN                                                                                      \
	(CGROUP_BIT(CGROUP_MEMORY) | CGROUP_BIT(CGROUP_PIDS) | CGROUP_BIT(CGROUP_CPUSET) |         \
		CGROUP_BIT(CGROUP_CPU) | CGROUP_BIT(CGROUP_CPUACCT) | CGROUP_BIT(CGROUP_IO) |      \
		CGROUP_BIT(CGROUP_FREEZER))

/* --- What a directory needs before it is of use --- */

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += length) {
		if ((at == list || at[-1] == ' ') && strchr(" \n", at[length]))
			return true;
	}
	return false;
}

/* Those that it has and does not give yet: a write waits for what is just being removed. */
static unsigned int find_withheld(int directory_fd)
{
	cleanup_free char *had = NULL, *given = NULL;
	unsigned int withheld = 0;

	if (file_read(directory_fd, "cgroup.controllers", &had, NULL, NULL) ||
		file_read(directory_fd, "cgroup.subtree_control", &given, NULL, NULL))
		return 0;
	cgroup_controller_for_each (role) {
		const char *name = cgroup_controllers[role].name;

		if (GIVEN & CGROUP_BIT(role) && cgroup_controllers[role].is_given &&
			has_word(had, name) && !has_word(given, name))
			withheld |= CGROUP_BIT(role);
	}
	return withheld;
}

static int give(int directory_fd, unsigned int controllers)
{
	char words[256] = "", *end = words;

	cgroup_controller_for_each (role) {
		if (controllers & CGROUP_BIT(role))
			end += sprintf(end, "%s+%s", end == words ? "" : " ",
				cgroup_controllers[role].name);
	}
	return file_write(directory_fd, "cgroup.subtree_control", words, NULL);
}

/* What one controller is refused for, such as real-time processes, is not the others'. */
void cgroup_top_give(int directory_fd)
{
	unsigned int withheld = find_withheld(directory_fd);

	if (!withheld || !give(directory_fd, withheld))
		return;
	cgroup_controller_for_each (role) {
		if (withheld & CGROUP_BIT(role))
			(void)give(directory_fd, CGROUP_BIT(role));
	}
}

/* Version 1 begins a cpuset, if this is one, without processors and nodes, which nothing can join.
 */
static void fill_cpuset(int directory_fd)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		cleanup_free char *own = NULL, *above = NULL;
		char parent[32];

		snprintf(parent, sizeof(parent), "../%s", files[i]);
		if (file_read(directory_fd, files[i], &own, NULL, NULL) || *own != '\n' ||
			file_read(directory_fd, parent, &above, NULL, NULL))
			continue;
		above[strcspn(above, "\n")] = '\0';
		(void)file_write(directory_fd, files[i], above, NULL);
	}
}

static int open_directory(int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int cgroup_top_make_below(const struct cgroup_top *top, int parent_fd, const char *name)
{
	int fd;

	if (mkdirat(parent_fd, name, 0755) && errno != EEXIST)
		return -errno;
	fd = open_directory(parent_fd, name);
	if (fd >= 0 && top->role != CGROUP_UNIFIED)
		fill_cpuset(fd);
	return fd;
}

/* --- The top itself --- */

static int name_top(const struct mountinfo_list *mounts, enum cgroup_role role, char *path,
	char *parent, struct failure *why)
{
	const char *controller = role == CGROUP_UNIFIED ? "" : cgroup_controllers[role].version_1;
	const struct mountinfo *mount = cgroup_find_mount(mounts, controller);

	if (!mount)
		return failure_set(why, ENOENT, "find a mount of the %s hierarchy",
			*controller ? controller : "cgroup2");
	snprintf(parent, PATH_MAX, "%s", mount->path);
	if (snprintf(path, PATH_MAX, "%s/" CGROUP_TOP_NAME, mount->path) >= PATH_MAX)
		return failure_set(why, ENAMETOOLONG, "name a cgroup below '%s'", mount->path);
	return 0;
}

/* In a container somebody else may be the one who makes directories there. */
static int check_owner(const struct cgroup_top *top, struct failure *why)
{
	struct stat status;

	if (fstat(top->fd, &status))
		return failure_set(why, errno, "look at '%s'", top->path);
	if (status.st_uid == 0 && !(status.st_mode & 022))
		return 0;
	failure_set(why, EPERM, "trust '%s', which user %u may write to", top->path, status.st_uid);
	return failure_hint(why, "remove it: sudo rmdir %s", top->path);
}

static int open_top(const struct mountinfo_list *mounts, enum cgroup_role role, bool only_existing,
	struct cgroup_top *top, struct failure *why)
{
	char parent[PATH_MAX];
	cleanup_fd int parent_fd = -1;
	int error;

	*top = (struct cgroup_top){ .role = role, .fd = -1 };
	error = name_top(mounts, role, top->path, parent, why);
	if (error)
		return error;
	parent_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent_fd < 0)
		return failure_set(why, errno, "open '%s'", parent);
	top->fd = only_existing ? open_directory(parent_fd, CGROUP_TOP_NAME)
				: cgroup_top_make_below(top, parent_fd, CGROUP_TOP_NAME);
	if (top->fd < 0)
		return failure_set(why, -top->fd, "make '%s'", top->path);
	error = check_owner(top, why);
	if (error)
		close_fd(&top->fd);
	if (error || only_existing || role != CGROUP_UNIFIED)
		return error;
	cgroup_top_give(parent_fd);
	cgroup_top_give(top->fd);
	return 0;
}

int cgroup_top_make(const struct mountinfo_list *mounts, enum cgroup_role role,
	struct cgroup_top *top, struct failure *why)
{
	return open_top(mounts, role, false, top, why);
}

/* --- All of them --- */

/* Controllers that are mounted together have one hierarchy. */
static bool is_there_already(const struct cgroup_tops *tops, const char *path)
{
	for (size_t i = 0; i < tops->count; i++) {
		if (!strcmp(tops->tops[i].path, path))
			return true;
	}
	return false;
}

static int add_top(struct cgroup_tops *tops, const struct mountinfo_list *mounts,
	enum cgroup_role role, bool only_existing, struct failure *why)
{
	struct cgroup_top *top = &tops->tops[tops->count];
	int error = open_top(mounts, role, only_existing, top, why);

	if (error)
		return error == -ENOENT && (role != CGROUP_UNIFIED || only_existing) ? 0 : error;
	if (is_there_already(tops, top->path))
		close_fd(&top->fd);
	else
		tops->count++;
	return 0;
}

int cgroup_tops_open(struct cgroup_tops *tops, const struct mountinfo_list *mounts,
	bool only_existing, struct failure *why)
{
	int error;

	tops->count = 0;
	error = add_top(tops, mounts, CGROUP_UNIFIED, only_existing, why);
	cgroup_controller_for_each (role) {
		if (!error && GIVEN & CGROUP_BIT(role))
			error = add_top(tops, mounts, role, only_existing, why);
	}
	if (error)
		cgroup_tops_close(tops);
	return error;
}

void cgroup_tops_close(struct cgroup_tops *tops)
{
	for (size_t i = 0; i < tops->count; i++)
		close_fd(&tops->tops[i].fd);
	tops->count = 0;
}
