// SPDX-License-Identifier: Apache-2.0
// The cgroups of one run: made, read, killed and removed.
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup_controller.h"
#include "cgroup_place.h"

const char *cgroup_layout_name(const struct cgroup *cgroup)
{
	return cgroup->layout == CGROUP_PURE ? "cgroup2" : "hybrid";
}

void cgroup_clear(struct cgroup *cgroup)
{
	*cgroup = (struct cgroup){ 0 };
	for (int role = 0; role < CGROUP_ROLES; role++)
		cgroup->directories[role].fd = cgroup->directories[role].tasks_fd = -1;
}

bool cgroup_has(const struct cgroup *cgroup, enum cgroup_role controller)
{
	return cgroup->homes[controller] != CGROUP_NOT_HAD;
}

static bool is_version_1(const struct cgroup *cgroup, enum cgroup_role controller)
{
	return cgroup->homes[controller] == CGROUP_IN_VERSION_1;
}

int cgroup_controller_fd(const struct cgroup *cgroup, enum cgroup_role controller)
{
	if (!cgroup_has(cgroup, controller))
		return -1;
	return cgroup->directories[is_version_1(cgroup, controller) ? controller : CGROUP_UNIFIED]
		.fd;
}

/* A directory's parent is not kept: it is all before the last '/'. */
static bool can_make(const struct cgroup_directory *directory)
{
	const char *name = strrchr(directory->path, '/');
	cleanup_free char *parent =
		name ? strndup(directory->path, (size_t)(name - directory->path)) : NULL;

	return !parent || !faccessat(AT_FDCWD, parent, W_OK, AT_EACCESS) || errno != EACCES;
}

bool cgroup_can_create(const struct cgroup *cgroup)
{
	for (int role = 0; role < CGROUP_ROLES; role++) {
		if (!(cgroup->wished & CGROUP_BIT(role)) && !can_make(&cgroup->directories[role]))
			return false;
	}
	return true;
}

/* Controllers that are mounted together, as cpu and cpuacct often are, have one directory. */
static bool is_made_already(const struct cgroup *cgroup, enum cgroup_role role)
{
	for (int earlier = 0; earlier < (int)role; earlier++) {
		if (!strcmp(cgroup->directories[earlier].path, cgroup->directories[role].path))
			return true;
	}
	return false;
}

int cgroup_find(struct cgroup *cgroup, const char *run_id, const struct mountinfo_list *mounts,
	unsigned int wanted, struct failure *why)
{
	cleanup_free char *memberships = NULL;
	int error = file_read(AT_FDCWD, "/proc/self/cgroup", &memberships, NULL, why);

	cgroup_clear(cgroup);
	/* A kernel without cgroups has no such file, and no mount of them, which says it better. */
	if (error && error != -ENOENT)
		return error;
	return cgroup_place(cgroup, run_id, mounts, memberships ? memberships : "", wanted, why);
}

/* --- Telling of them --- */

static const char *const role_purposes[CGROUP_ROLES] = {
	[CGROUP_UNIFIED] = "a cgroup2 directory below, which the collector knows the run by",
	[CGROUP_LAUNCHER] = "one below for tare itself, which makes room for controllers",
};

/* The name itself is another one in every run. */
static void explain_directory(
	const struct cgroup *cgroup, enum cgroup_role role, struct explanation *explanation)
{
	const char *path = cgroup->directories[role].path;
	const char *name = strrchr(path, '/');
	cleanup_free char *parent = name ? strndup(path, (size_t)(name - path)) : NULL;

	if (!parent || is_made_already(cgroup, role))
		return;
	if (role_purposes[role])
		explanation_add(
			explanation, EXPLAIN_CGROUPS, "made", parent, "%s", role_purposes[role]);
	else
		explanation_add(explanation, EXPLAIN_CGROUPS, "made", parent,
			"one below for the %s controller of version 1",
			cgroup_controllers[role].name);
}

void cgroup_explain(const struct cgroup *cgroup, struct explanation *explanation)
{
	for (int role = 0; role < CGROUP_ROLES; role++)
		explain_directory(cgroup, role, explanation);
	if (geteuid() == 0)
		explanation_add(explanation, EXPLAIN_CGROUPS, "root's", "all their files",
			"the command owns none of them");
	else
		explanation_add(explanation, EXPLAIN_CGROUPS, "user's", "all their files",
			"the command is the same user, and no path leads there");
	if (!cgroup_has(cgroup, CGROUP_MEMORY))
		explanation_add(explanation, EXPLAIN_CGROUPS, "none", "memory controller",
			"none could be had for the run alone");
}

/* --- One directory, removed --- */

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

/* --- Making them --- */

static int creation_failure(const struct cgroup *cgroup, const char *path, struct failure *why)
{
	int error = errno;

	failure_set(why, error, "make cgroup '%s' (layout: %s)", path, cgroup_layout_name(cgroup));
	if (error == EROFS)
		return failure_hint(why, "the cgroup tree is read-only here: "
					 "sudo mount -o remount,rw /sys/fs/cgroup");
	if (error == EAGAIN)
		return failure_hint(why, "a cgroup above may have no more below it: raise its "
					 "cgroup.max.descendants and cgroup.max.depth");
	return failure_hint(why, "run as root, or in a cgroup of your own: "
				 "sudo systemd-run --scope -p Delegate=yes tare run ...");
}

static int make_directory(struct cgroup *cgroup, enum cgroup_role role, struct failure *why)
{
	struct cgroup_directory *directory = &cgroup->directories[role];
	bool is_new = !is_made_already(cgroup, role);

	if (!directory->path[0])
		return 0;
	if (is_new && mkdir(directory->path, 0755))
		return creation_failure(cgroup, directory->path, why);
	directory->is_made = is_new;
	directory->fd = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory->fd < 0)
		return failure_set(why, errno, "open cgroup '%s'", directory->path);
	/* Shared, as the collector's own is. Without it the run is as good, but is not listed. */
	if (role == CGROUP_UNIFIED)
		(void)flock(directory->fd, LOCK_SH | LOCK_NB);
	if (!is_new || role == CGROUP_UNIFIED || role == CGROUP_LAUNCHER)
		return 0;
	directory->tasks_fd = openat(directory->fd, "tasks", O_WRONLY | O_CLOEXEC);
	if (directory->tasks_fd < 0)
		return failure_set(why, errno, "open '%s/tasks'", directory->path);
	return 0;
}

/* Returns 0: the run goes on without the controller. */
static int do_without(struct cgroup *cgroup, enum cgroup_role role)
{
	(void)remove_directory(&cgroup->directories[role], NULL);
	cgroup->directories[role].path[0] = '\0';
	cgroup->homes[role] = CGROUP_NOT_HAD;
	return 0;
}

/* All processes of one cgroup, by the path of its cgroup.procs, to another. */
static int move_processes(int directory_fd, const char *from, const char *to, struct failure *why)
{
	cleanup_free char *text = NULL;
	char *line, *rest;
	int error = file_read(directory_fd, from, &text, NULL, why);

	rest = text;
	while (!error && (line = strsep(&rest, "\n"))) {
		if (*line)
			error = file_write(directory_fd, to, line, why);
		/* It has ended meanwhile. */
		if (error == -ESRCH)
			error = 0;
	}
	return error;
}

/* "+memory +pids": what its cgroup is to give to the run when tare has moved aside. */
struct controller_list {
	char text[256];
};

static struct controller_list list_given(const struct cgroup *cgroup, char sign)
{
	struct controller_list list = { "" };
	char *end = list.text;

	cgroup_controller_for_each (role) {
		if (cgroup->homes[role] == CGROUP_IN_UNIFIED && cgroup_controllers[role].is_given)
			end += sprintf(end, "%s%c%s", end == list.text ? "" : " ", sign,
				cgroup_controllers[role].name);
	}
	return list;
}

/*
 * Moves tare and its janitor out of the way: the kernel lets only a cgroup without processes give
 * controllers.
 */
static int move_aside(struct cgroup *cgroup, struct failure *why)
{
	const struct cgroup_directory *launcher = &cgroup->directories[CGROUP_LAUNCHER];
	int error;

	if (!cgroup->left_own)
		return 0;
	error = move_processes(launcher->fd, "../cgroup.procs", "cgroup.procs", why);
	if (!error)
		error = file_write(launcher->fd, "../cgroup.subtree_control",
			list_given(cgroup, '+').text, why);
	return error;
}

int cgroup_create(struct cgroup *cgroup, struct failure *why)
{
	int error = make_directory(cgroup, CGROUP_LAUNCHER, why);

	if (!error)
		error = move_aside(cgroup, why);
	for (int role = 0; role < CGROUP_LAUNCHER && !error; role++) {
		error = make_directory(cgroup, role, why);
		if (error && cgroup->wished & CGROUP_BIT(role))
			error = do_without(cgroup, role);
	}
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
		if (strncmp(line, key, length) != 0 || line[length] != ' ')
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

/* Where the whole cgroup is killed, the process that was chosen first is counted once more. */
static int read_oom_kills(int directory_fd, uint64_t *kills, struct failure *why)
{
	uint64_t groups = 0;
	int error = read_keyed(directory_fd, "memory.events", "oom_kill", kills, why);

	/* Before 5.17 group kills are not counted. */
	if (!error && !read_keyed(directory_fd, "memory.events", "oom_group_kill", &groups, NULL) &&
		groups < *kills)
		*kills -= groups;
	return error;
}

int cgroup_oom_kills(const struct cgroup *cgroup, uint64_t *kills, struct failure *why)
{
	if (!cgroup_has(cgroup, CGROUP_MEMORY))
		return failure_set(why, ENOENT, "count kills without a memory controller");
	if (is_version_1(cgroup, CGROUP_MEMORY))
		return read_keyed(cgroup_controller_fd(cgroup, CGROUP_MEMORY), "memory.oom_control",
			"oom_kill", kills, why);
	return read_oom_kills(cgroup_controller_fd(cgroup, CGROUP_MEMORY), kills, why);
}

int cgroup_memory_limit_hits(const struct cgroup *cgroup, uint64_t *hits, struct failure *why)
{
	if (!cgroup_has(cgroup, CGROUP_MEMORY) || is_version_1(cgroup, CGROUP_MEMORY))
		return failure_set(
			why, ENOENT, "count limit hits without cgroup2's memory controller");
	return read_keyed(
		cgroup_controller_fd(cgroup, CGROUP_MEMORY), "memory.events", "oom", hits, why);
}

struct number cgroup_memory_peak(const struct cgroup *cgroup)
{
	int directory_fd = cgroup_controller_fd(cgroup, CGROUP_MEMORY);
	uint64_t bytes;

	if (!cgroup_has(cgroup, CGROUP_MEMORY))
		return number_unknown("no memory controller could be had for the run alone");
	if (is_version_1(cgroup, CGROUP_MEMORY)) {
		if (file_read_decimal(directory_fd, "memory.max_usage_in_bytes", &bytes, NULL))
			return number_unknown("memory.max_usage_in_bytes could not be read");
		return number_known(bytes, "cgroup:memory.max_usage_in_bytes");
	}
	if (file_read_decimal(directory_fd, "memory.peak", &bytes, NULL))
		return number_unknown("this kernel has no memory.peak; Linux 5.19 is the first");
	return number_known(bytes, "cgroup:memory.peak");
}

/* --- Removing them --- */

void cgroup_move_back(const struct cgroup *cgroup)
{
	const char *path = cgroup->directories[CGROUP_LAUNCHER].path;
	cleanup_fd int launcher = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (launcher < 0)
		return;
	/* A cgroup that cannot be entered again costs nothing but an empty directory. */
	(void)file_write(launcher, "../cgroup.subtree_control", list_given(cgroup, '-').text, NULL);
	(void)move_processes(launcher, "cgroup.procs", "../cgroup.procs", NULL);
}

int cgroup_remove(struct cgroup *cgroup, struct failure *why)
{
	int result = 0;

	for (int role = 0; role < CGROUP_LAUNCHER; role++) {
		int error = remove_directory(&cgroup->directories[role], why);

		result = result ? result : error;
	}
	if (cgroup->directories[CGROUP_LAUNCHER].is_made)
		cgroup_move_back(cgroup);
	return result ? result : remove_directory(&cgroup->directories[CGROUP_LAUNCHER], why);
}
