// SPDX-License-Identifier: Apache-2.0
// The cgroups of runs that others have made: found in the tree, read, killed.
#include "cgroup_living.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup_place.h"

/* No tree of cgroups is deeper: the kernel's cgroup.max.depth is, but nobody's nesting. */
#define DEPTH 64

/* --- Finding --- */

static const char *run_id_of(const char *name)
{
	size_t length = strlen(CGROUP_RUN_PREFIX);

	if (strncmp(name, CGROUP_RUN_PREFIX, length) != 0)
		return NULL;
	name += length;
	return strlen(name) == CGROUP_RUN_ID_LENGTH &&
			       strspn(name, "0123456789abcdef") == CGROUP_RUN_ID_LENGTH
		       ? name
		       : NULL;
}

static bool is_listed(const struct cgroup_runs *list, const struct stat *status)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->runs[i].inode == status->st_ino && list->runs[i].device == status->st_dev)
			return true;
	}
	return false;
}

static int add(struct cgroup_runs *list, const char *id, const char *path, struct failure *why)
{
	struct cgroup_run *runs, run = { .path = strdup(path) };
	struct stat status;

	/* It may be gone by now; and two mounts may show the same one. */
	if (stat(path, &status) || is_listed(list, &status)) {
		free(run.path);
		return 0;
	}
	runs = realloc(list->runs, (list->count + 1) * sizeof(*runs));
	if (!runs || !run.path) {
		free(run.path);
		return failure_set(why, ENOMEM, "list the runs");
	}
	list->runs = runs;
	memcpy(run.id, id, sizeof(run.id));
	run.device = status.st_dev;
	run.inode = status.st_ino;
	run.owner = status.st_uid;
	runs[list->count++] = run;
	return 0;
}

/* A run may lie in another one. What cannot be opened is gone, or not for the caller. */
static int walk(struct cgroup_runs *list, const char *path, int depth, struct failure *why)
{
	cleanup_directory DIR *directory = opendir(path);
	struct dirent *entry;
	int error = 0;

	while (directory && depth < DEPTH && !error && (entry = readdir(directory))) {
		cleanup_free char *below = NULL;
		const char *id = run_id_of(entry->d_name);

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (asprintf(&below, "%s/%s", path, entry->d_name) < 0)
			return failure_set(why, ENOMEM, "list the runs");
		error = id ? add(list, id, below, why) : 0;
		if (!error)
			error = walk(list, below, depth + 1, why);
	}
	return error;
}

int cgroup_runs_list(
	struct cgroup_runs *list, const struct mountinfo_list *mounts, struct failure *why)
{
	int error = 0;

	*list = (struct cgroup_runs){ 0 };
	for (size_t i = 0; i < mounts->count && !error; i++) {
		if (!strcmp(mounts->mounts[i].type, "cgroup2"))
			error = walk(list, mounts->mounts[i].path, 0, why);
	}
	if (error)
		cgroup_runs_done(list);
	return error;
}

void cgroup_runs_done(struct cgroup_runs *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->runs[i].path);
	free(list->runs);
	*list = (struct cgroup_runs){ 0 };
}

/* --- Reading --- */

/* The text of /proc/PID/cgroup of a process of the run; NULL: it has none now. */
static char *read_memberships(int run_fd)
{
	cleanup_free char *processes = NULL;
	char path[64], *memberships = NULL;

	if (file_read(run_fd, "cgroup.procs", &processes, NULL, NULL) || !*processes)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", atoi(processes));
	return file_read(AT_FDCWD, path, &memberships, NULL, NULL) ? NULL : memberships;
}

/* The same run's directory in the hierarchy of version 1 that has the controller; -1: there is
 * none.
 */
static int open_version_1(const struct cgroup_run *run, const struct mountinfo_list *mounts,
	const char *memberships, const char *controller)
{
	char path[PATH_MAX];
	const char *name;

	if (!memberships || cgroup_place_of(mounts, memberships, controller, path, NULL))
		return -1;
	/* That process may be another one by now. */
	name = strrchr(path, '/');
	if (!name || strcmp(name, strrchr(run->path, '/')) != 0)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct number read_either(
	int run_fd, const char *file, int version_1_fd, const char *version_1_file)
{
	uint64_t value;

	if (!file_read_decimal(run_fd, file, &value, NULL))
		return number_known(value, "cgroup");
	if (version_1_fd >= 0 && !file_read_decimal(version_1_fd, version_1_file, &value, NULL))
		return number_known(value, "cgroup, version 1");
	return number_unknown("no such controller could be had for the run alone");
}

/* In version 1 of pids, and without that controller, the tasks of the directory itself. */
static struct number count_tasks(int run_fd, int version_1_fd)
{
	struct number tasks = read_either(run_fd, "pids.current", version_1_fd, "pids.current");
	cleanup_free char *threads = NULL;
	uint64_t count = 0;

	if (tasks.is_known || file_read(run_fd, "cgroup.threads", &threads, NULL, NULL))
		return tasks;
	for (const char *line = threads; *line; line++)
		count += *line == '\n';
	return number_known(count, "cgroup");
}

static struct number read_cpu(int run_fd)
{
	struct cgroup cgroup;
	uint64_t cpu_ns;

	cgroup_clear(&cgroup);
	cgroup.directories[CGROUP_UNIFIED].fd = run_fd;
	if (cgroup_cpu_ns(&cgroup, &cpu_ns, NULL))
		return number_unknown("the run's cgroup is gone");
	return number_known(cpu_ns, "cgroup");
}

struct cgroup_use cgroup_run_use(const struct cgroup_run *run, const struct mountinfo_list *mounts)
{
	cleanup_fd int run_fd = open(run->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *memberships = read_memberships(run_fd);
	cleanup_fd int memory_fd = open_version_1(run, mounts, memberships, "memory");
	cleanup_fd int pids_fd = open_version_1(run, mounts, memberships, "pids");

	return (struct cgroup_use){ .cpu_ns = read_cpu(run_fd),
		.memory_bytes =
			read_either(run_fd, "memory.current", memory_fd, "memory.usage_in_bytes"),
		.tasks = count_tasks(run_fd, pids_fd) };
}

/* --- Ending --- */

bool cgroup_run_is_there(const struct cgroup_run *run)
{
	struct stat status;

	return !stat(run->path, &status) && status.st_ino == run->inode;
}

int cgroup_run_kill(const struct cgroup_run *run, struct failure *why)
{
	cleanup_fd int run_fd = open(run->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cgroup cgroup;

	if (run_fd < 0)
		return errno == ENOENT ? 0 : failure_set(why, errno, "open '%s'", run->path);
	cgroup_clear(&cgroup);
	cgroup.directories[CGROUP_UNIFIED].fd = run_fd;
	return cgroup_kill(&cgroup, why);
}
