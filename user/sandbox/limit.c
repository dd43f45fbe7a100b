// SPDX-License-Identifier: Apache-2.0
// The limits of a run that its cgroups hold: memory, and the number of tasks.
//
// Swap would let a run use more than its limit, at another speed: there is none for it. Version 1
// counts memory and swap together, so there the same limit for both means the same.
#include "limit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"

static int write_number(int directory_fd, const char *file, uint64_t number, struct failure *why)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return file_write(directory_fd, file, text, why);
}

/* A kernel that does not know of swap has no such file. */
static int write_if_there(int directory_fd, const char *file, uint64_t number, struct failure *why)
{
	if (faccessat(directory_fd, file, F_OK, 0) && errno == ENOENT)
		return 0;
	return write_number(directory_fd, file, number, why);
}

static int set_memory_pure(int directory_fd, uint64_t bytes, struct failure *why)
{
	int error = write_if_there(directory_fd, "memory.swap.max", 0, why);

	/* The tree dies as one: what one of it cannot get would decide which of it lives on. */
	if (!error)
		error = write_number(directory_fd, "memory.oom.group", 1, why);
	return error ? error : write_number(directory_fd, "memory.max", bytes, why);
}

static int set_memory_version_1(int directory_fd, uint64_t bytes, struct failure *why)
{
	int error = write_number(directory_fd, "memory.limit_in_bytes", bytes, why);

	if (!error)
		error = write_if_there(directory_fd, "memory.memsw.limit_in_bytes", bytes, why);
	/* Where swap is not counted it is at least not used. */
	return error ? error : write_if_there(directory_fd, "memory.swappiness", 0, why);
}

static int set_memory(const struct cgroup *cgroup, uint64_t bytes, struct failure *why)
{
	int directory_fd = cgroup_controller_fd(cgroup, CGROUP_MEMORY);

	if (directory_fd < 0)
		return 0;
	return cgroup->homes[CGROUP_MEMORY] == CGROUP_IN_VERSION_1
		       ? set_memory_version_1(directory_fd, bytes, why)
		       : set_memory_pure(directory_fd, bytes, why);
}

/* One more than the limit: that it is born is what the collector sees. More than that never are. */
static int set_tasks(const struct cgroup *cgroup, uint64_t tasks, struct failure *why)
{
	int directory_fd = cgroup_controller_fd(cgroup, CGROUP_PIDS);

	return directory_fd < 0 ? 0 : write_number(directory_fd, "pids.max", tasks + 1, why);
}

int limit_set(const struct cgroup *cgroup, const struct run_limits *limits, struct failure *why)
{
	int error = 0;

	if (limits->memory_bytes)
		error = set_memory(cgroup, limits->memory_bytes, why);
	if (!error && limits->tasks)
		error = set_tasks(cgroup, limits->tasks, why);
	return error;
}

static int register_event(int directory_fd, int event_fd, struct failure *why)
{
	cleanup_fd int control = openat(directory_fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	char line[32];

	if (control < 0)
		return failure_set(why, errno, "open the cgroup's memory.oom_control");
	snprintf(line, sizeof(line), "%d %d", event_fd, control);
	return file_write(directory_fd, "cgroup.event_control", line, why);
}

int limit_watch_memory(const struct cgroup *cgroup, const struct run_limits *limits, int *event_fd,
	struct failure *why)
{
	cleanup_fd int event = -1;
	int error;

	*event_fd = -1;
	if (!limits->memory_bytes || cgroup->homes[CGROUP_MEMORY] != CGROUP_IN_VERSION_1)
		return 0;
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return failure_set(why, errno, "make an event for the memory limit");
	error = register_event(cgroup_controller_fd(cgroup, CGROUP_MEMORY), event, why);
	if (!error)
		*event_fd = take_fd(&event);
	return error;
}

bool limit_memory_was_hit(const struct cgroup *cgroup, const struct run_limits *limits)
{
	uint64_t hits = 0, kills = 0;

	if (!limits->memory_bytes || cgroup_oom_kills(cgroup, &kills, NULL) || !kills)
		return false;
	/* A machine that is out of memory as a whole kills in this cgroup, too. */
	return !cgroup_memory_limit_hits(cgroup, &hits, NULL) && hits;
}
