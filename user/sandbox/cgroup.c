// SPDX-License-Identifier: Apache-2.0
// The cgroups of one run: found, made, read, killed and removed.
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"

const char *cgroup_layout_name(const struct cgroup *cgroup)
{
	return cgroup->layout == CGROUP_PURE ? "cgroup2" : "hybrid";
}

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

/* The line "ID:CONTROLLERS:PATH" of this controller; "" is cgroup2. Returns PATH, owned. */
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

/* The mount that shows this controller's hierarchy; "" is cgroup2. */
static const struct mountinfo *hierarchy(
	const struct mountinfo_list *mounts, const char *controller)
{
	for (size_t i = 0; i < mounts->count; i++) {
		const struct mountinfo *mount = &mounts->mounts[i];

		if (!*controller && !strcmp(mount->type, "cgroup2"))
			return mount;
		if (*controller && !strcmp(mount->type, "cgroup") &&
			has_word(mount->options, controller, ","))
			return mount;
	}
	return NULL;
}

/* The caller's own directory in a hierarchy. The mount may show only a subtree of it. */
static int own_directory(const struct mountinfo *mount, const char *memberships,
	const char *controller, char *path, struct failure *why)
{
	cleanup_free char *own = own_path(memberships, controller);
	size_t hidden = strcmp(mount->root, "/") ? strlen(mount->root) : 0;

	if (!own || strncmp(own, mount->root, hidden))
		return failure_set(
			why, ENOENT, "find this process's own cgroup below '%s'", mount->path);
	if (snprintf(path, PATH_MAX, "%s%s", mount->path, own + hidden) >= PATH_MAX)
		return failure_set(why, ENAMETOOLONG, "name this process's own cgroup");
	while (path[strlen(path) - 1] == '/')
		path[strlen(path) - 1] = '\0';
	return 0;
}

/* --- Where a run can be --- */

/* The file of a cgroup, its text without the newline; NULL when it cannot be read. */
static char *read_text(const char *directory, const char *file)
{
	char path[PATH_MAX + 64];
	char *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	if (file_read(AT_FDCWD, path, &text, NULL, NULL))
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static bool gives_children(const char *directory, const char *controller)
{
	cleanup_free char *controllers = read_text(directory, "cgroup.subtree_control");

	return controllers && has_word(controllers, controller, " ");
}

/* A cgroup with processes cannot give controllers to children, unless its only process leaves. */
static bool is_alone_in(const char *directory)
{
	cleanup_free char *controllers = read_text(directory, "cgroup.controllers");
	char path[PATH_MAX + 64], expected[32];
	cleanup_free char *processes = NULL;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	snprintf(expected, sizeof(expected), "%d\n", getpid());
	if (!controllers || !has_word(controllers, "memory", " "))
		return false;
	return !file_read(AT_FDCWD, path, &processes, NULL, NULL) && !strcmp(processes, expected);
}

static void choose_name(char *name, size_t size)
{
	uint64_t random = 0;

	/* Random, not a pid: pids come round again while a dead run's directory may linger. */
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (uint64_t)time(NULL) << 32 | getpid();
	snprintf(name, size, "tare-%016llx", (unsigned long long)random);
}

static int set_path(struct cgroup *cgroup, enum cgroup_role role, const char *parent,
	const char *name, struct failure *why)
{
	char *path = cgroup->directories[role].path;
	const char *suffix = role == CGROUP_LAUNCHER ? "-launcher" : "";

	if (snprintf(path, PATH_MAX, "%s/%s%s", parent, name, suffix) >= PATH_MAX)
		return failure_set(why, ENAMETOOLONG, "name a cgroup below '%s'", parent);
	return 0;
}

/*
 * cgroup2 alone: below the own cgroup if that can give controllers, or can once tare has moved
 * aside; else below the nearest ancestor that gives them, whose limits then hold; else below the
 * own cgroup without controllers.
 */
static int find_pure(struct cgroup *cgroup, const char *mount_path, char *own, const char *name,
	struct failure *why)
{
	cleanup_free char *parent = strdup(own);

	if (!parent)
		return failure_set(why, ENOMEM, "find a cgroup");
	cgroup->layout = CGROUP_PURE;
	cgroup->has_memory = cgroup->has_pids = true;
	if (is_alone_in(own)) {
		cgroup->left_own = true;
		set_path(cgroup, CGROUP_LAUNCHER, own, name, why);
		return set_path(cgroup, CGROUP_UNIFIED, own, name, why);
	}
	while (strlen(parent) >= strlen(mount_path)) {
		if (gives_children(parent, "memory") && gives_children(parent, "pids"))
			return set_path(cgroup, CGROUP_UNIFIED, parent, name, why);
		if (!strchr(parent + 1, '/'))
			break;
		*strrchr(parent, '/') = '\0';
	}
	cgroup->has_memory = cgroup->has_pids = false;
	return set_path(cgroup, CGROUP_UNIFIED, own, name, why);
}

static int find_version_1(struct cgroup *cgroup, enum cgroup_role role,
	const struct mountinfo *mount, const char *memberships, const char *name,
	struct failure *why)
{
	const char *controller = role == CGROUP_MEMORY ? "memory" : "pids";
	char own[PATH_MAX];
	int error = own_directory(mount, memberships, controller, own, why);

	return error ? error : set_path(cgroup, role, own, name, why);
}

static int find_hybrid(struct cgroup *cgroup, const struct mountinfo_list *mounts, const char *own,
	const char *memberships, const char *name, struct failure *why)
{
	const struct mountinfo *memory = hierarchy(mounts, "memory"),
			       *pids = hierarchy(mounts, "pids");
	int error = set_path(cgroup, CGROUP_UNIFIED, own, name, why);

	cgroup->layout = CGROUP_HYBRID;
	cgroup->has_memory = memory;
	cgroup->has_pids = pids;
	if (!error && memory)
		error = find_version_1(cgroup, CGROUP_MEMORY, memory, memberships, name, why);
	if (!error && pids)
		error = find_version_1(cgroup, CGROUP_PIDS, pids, memberships, name, why);
	return error;
}

static int no_unified(const struct mountinfo_list *mounts, struct failure *why)
{
	bool is_version_1 = hierarchy(mounts, "memory") || hierarchy(mounts, "cpu");

	failure_set(why, 0, "cannot use this machine's cgroups: %s",
		is_version_1 ? "only version 1 hierarchies are mounted" : "none are mounted");
	return failure_hint(why, is_version_1
					 ? "mount a cgroup2 hierarchy beside them: sudo mkdir -p "
					   "/sys/fs/cgroup/unified && sudo mount -t cgroup2 none "
					   "/sys/fs/cgroup/unified"
					 : "sudo mount -t cgroup2 none /sys/fs/cgroup");
}

int cgroup_find(struct cgroup *cgroup, const struct mountinfo_list *mounts, struct failure *why)
{
	const struct mountinfo *unified = hierarchy(mounts, "");
	cleanup_free char *memberships = NULL;
	char own[PATH_MAX], name[32];
	int error;

	*cgroup = (struct cgroup){ 0 };
	for (int role = 0; role < CGROUP_ROLES; role++)
		cgroup->directories[role].fd = cgroup->directories[role].tasks_fd = -1;
	if (!unified)
		return no_unified(mounts, why);
	error = file_read(AT_FDCWD, "/proc/self/cgroup", &memberships, NULL, why);
	if (!error)
		error = own_directory(unified, memberships, "", own, why);
	if (error)
		return error;
	choose_name(name, sizeof(name));
	if (hierarchy(mounts, "memory") || hierarchy(mounts, "pids"))
		return find_hybrid(cgroup, mounts, own, memberships, name, why);
	return find_pure(cgroup, unified->path, own, name, why);
}

/* --- Making them --- */

static int creation_failure(const struct cgroup *cgroup, const char *path, struct failure *why)
{
	int error = errno;

	failure_set(why, error, "make cgroup '%s' (layout: %s)", path, cgroup_layout_name(cgroup));
	if (error == EROFS)
		return failure_hint(why, "the cgroup tree is read-only here: "
					 "sudo mount -o remount,rw /sys/fs/cgroup");
	return failure_hint(why, "run as root, or in a cgroup of your own: "
				 "sudo systemd-run --scope -p Delegate=yes tare run ...");
}

static int make_directory(struct cgroup *cgroup, enum cgroup_role role, struct failure *why)
{
	struct cgroup_directory *directory = &cgroup->directories[role];

	if (!directory->path[0])
		return 0;
	if (mkdir(directory->path, 0755))
		return creation_failure(cgroup, directory->path, why);
	directory->is_made = true;
	directory->fd = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory->fd < 0)
		return failure_set(why, errno, "open cgroup '%s'", directory->path);
	if (role == CGROUP_UNIFIED || role == CGROUP_LAUNCHER)
		return 0;
	directory->tasks_fd = openat(directory->fd, "tasks", O_WRONLY | O_CLOEXEC);
	if (directory->tasks_fd < 0)
		return failure_set(why, errno, "open '%s/tasks'", directory->path);
	return 0;
}

/* Moves tare out of the way, so that its own cgroup can give controllers to the run's. */
static int move_aside(struct cgroup *cgroup, struct failure *why)
{
	const struct cgroup_directory *launcher = &cgroup->directories[CGROUP_LAUNCHER];
	int error;

	if (!cgroup->left_own)
		return 0;
	error = file_write(launcher->fd, "cgroup.procs", "0", why);
	if (!error)
		error = file_write(launcher->fd, "../cgroup.subtree_control", "+memory +pids", why);
	return error;
}

int cgroup_create(struct cgroup *cgroup, struct failure *why)
{
	int error = make_directory(cgroup, CGROUP_LAUNCHER, why);

	if (!error)
		error = move_aside(cgroup, why);
	for (int role = 0; role < CGROUP_LAUNCHER && !error; role++)
		error = make_directory(cgroup, role, why);
	if (error)
		(void)cgroup_remove(cgroup, NULL); /* the first failure is the one to tell */
	return error;
}

int cgroup_join(const struct cgroup *cgroup, struct failure *why)
{
	for (int role = 0; role < CGROUP_ROLES; role++) {
		int tasks_fd = cgroup->directories[role].tasks_fd;

		if (tasks_fd >= 0 && write(tasks_fd, "0", 1) != 1)
			return failure_set(
				why, errno, "join cgroup '%s'", cgroup->directories[role].path);
	}
	return 0;
}

/* --- Reading them --- */

/* The number after `key` in a file of lines "key number". */
static int read_keyed(
	int directory_fd, const char *file, const char *key, uint64_t *value, struct failure *why)
{
	cleanup_free char *text = NULL;
	char *line, *rest;
	size_t length = strlen(key);
	int error = file_read(directory_fd, file, &text, NULL, why);

	if (error)
		return error;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, key, length) || line[length] != ' ')
			continue;
		*value = strtoull(line + length + 1, NULL, 10);
		return 0;
	}
	return failure_set(why, ENOENT, "find '%s' in cgroup file %s", key, file);
}

static int unified_fd(const struct cgroup *cgroup)
{
	return cgroup->directories[CGROUP_UNIFIED].fd;
}

int cgroup_wait_empty(const struct cgroup *cgroup, int timeout_ms, struct failure *why)
{
	/* Opened before the first look: a change after that look is an event on this descriptor. */
	cleanup_fd int events = openat(unified_fd(cgroup), "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd change = { .fd = events, .events = POLLPRI };
	char text[256];

	if (events < 0)
		return failure_set(why, errno, "watch the run's cgroup");
	for (;;) {
		ssize_t size = pread(events, text, sizeof(text) - 1, 0);

		if (size < 0)
			return failure_set(why, errno, "read cgroup.events");
		text[size] = '\0';
		if (strstr(text, "populated 0"))
			return 0;
		if (poll(&change, 1, timeout_ms) == 0)
			return failure_set(why, ETIME, "see the last process of the run end");
	}
}

int cgroup_processes(
	const struct cgroup *cgroup, pid_t *pids, size_t room, size_t *count, struct failure *why)
{
	cleanup_free char *text = NULL;
	char *line, *rest;
	int error = file_read(unified_fd(cgroup), "cgroup.procs", &text, NULL, why);

	*count = 0;
	if (error)
		return error;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		if (*count < room)
			pids[*count] = atoi(line);
		(*count)++;
	}
	return 0;
}

/* Before 5.14 there is no cgroup.kill: what forks while it is being killed is met next round. */
static int kill_each(const struct cgroup *cgroup, struct failure *why)
{
	pid_t pids[256];
	size_t count = 0;
	int error = 0;

	for (int round = 0; round < 100; round++) {
		error = cgroup_processes(cgroup, pids, 256, &count, why);
		if (error || !count)
			return error;
		for (size_t i = 0; i < count && i < 256; i++)
			kill(pids[i], SIGKILL);
	}
	return failure_set(why, EBUSY, "kill all processes of the run");
}

int cgroup_kill(const struct cgroup *cgroup, struct failure *why)
{
	int error = file_write(unified_fd(cgroup), "cgroup.kill", "1", why);

	return error == -ENOENT ? kill_each(cgroup, why) : error;
}

int cgroup_cpu_ns(const struct cgroup *cgroup, uint64_t *cpu_ns, struct failure *why)
{
	uint64_t usage_us = 0;
	int error = read_keyed(unified_fd(cgroup), "cpu.stat", "usage_usec", &usage_us, why);

	*cpu_ns = usage_us * 1000;
	return error;
}

int cgroup_oom_kills(const struct cgroup *cgroup, uint64_t *kills, struct failure *why)
{
	if (!cgroup->has_memory)
		return failure_set(why, ENOENT, "count kills without a memory controller");
	if (cgroup->layout == CGROUP_PURE)
		return read_keyed(unified_fd(cgroup), "memory.events", "oom_kill", kills, why);
	return read_keyed(cgroup->directories[CGROUP_MEMORY].fd, "memory.oom_control", "oom_kill",
		kills, why);
}

/* --- Removing them --- */

int cgroup_remove_path(const char *path, int timeout_ms)
{
	/* The kernel tells no event for "the last dead task has left", so this asks again. */
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int waited_ms = 0;; waited_ms++) {
		if (rmdir(path) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY || waited_ms >= timeout_ms)
			return -errno;
		nanosleep(&pause, NULL);
	}
}

static int remove_directory(struct cgroup_directory *directory, struct failure *why)
{
	int error;

	close_fd(&directory->fd);
	close_fd(&directory->tasks_fd);
	if (!directory->is_made)
		return 0;
	directory->is_made = false;
	error = cgroup_remove_path(directory->path, 1000);
	return error ? failure_set(why, -error, "remove cgroup '%s'", directory->path) : 0;
}

/* The controllers go before tare can return to a cgroup that has children. */
static void move_back(struct cgroup *cgroup)
{
	const struct cgroup_directory *launcher = &cgroup->directories[CGROUP_LAUNCHER];

	if (!launcher->is_made)
		return;
	/* A cgroup that cannot be entered again costs nothing but an empty directory. */
	(void)file_write(launcher->fd, "../cgroup.subtree_control", "-memory -pids", NULL);
	(void)file_write(launcher->fd, "../cgroup.procs", "0", NULL);
}

int cgroup_remove(struct cgroup *cgroup, struct failure *why)
{
	int result = 0;

	for (int role = 0; role < CGROUP_LAUNCHER; role++) {
		int error = remove_directory(&cgroup->directories[role], why);

		result = result ? result : error;
	}
	move_back(cgroup);
	return result ? result : remove_directory(&cgroup->directories[CGROUP_LAUNCHER], why);
}
