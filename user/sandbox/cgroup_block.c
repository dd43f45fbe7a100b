// SPDX-License-Identifier: Apache-2.0
// Bytes to and from block devices as version 1 of cgroups counts them.
#include "cgroup_block.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"

#define COUNTERS "blkio.throttle.io_service_bytes_recursive"

/* Over all lines "MAJOR:MINOR OPERATION BYTES". */
static uint64_t sum_lines(char *text, const char *operation)
{
	uint64_t sum = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		const char *device = strsep(&line, " "), *name = strsep(&line, " ");

		if (device && name && line && !strcmp(name, operation))
			sum += strtoull(line, NULL, 10);
	}
	return sum;
}

struct number cgroup_block_bytes(const struct cgroup *cgroup, const char *operation)
{
	cleanup_free char *text = NULL;

	if (file_read(cgroup_controller_fd(cgroup, CGROUP_IO), COUNTERS, &text, NULL, NULL))
		return number_unknown("the blkio controller has no " COUNTERS " here");
	return number_known(sum_lines(text, operation), "cgroup:" COUNTERS);
}

/* --- Whether it counts --- */

/* What the topmost directory that is to be seen has counted, on which every disk in use is. */
static char *read_top(const struct cgroup *cgroup)
{
	char directory[PATH_MAX], path[PATH_MAX + 64];
	char *top = NULL, *slash;

	snprintf(directory, sizeof(directory), "%s", cgroup->directories[CGROUP_IO].path);
	while ((slash = strrchr(directory, '/'))) {
		char *text = NULL;

		*slash = '\0';
		snprintf(path, sizeof(path), "%s/" COUNTERS, directory);
		if (file_read(AT_FDCWD, path, &text, NULL, NULL))
			break;
		free(top);
		top = text;
	}
	return top;
}

/* A line of it that is not 0: some kernels list what they do not count. */
static bool counts_device(const char *counters, unsigned int major, unsigned int minor)
{
	char device[32];
	size_t length = snprintf(device, sizeof(device), "%u:%u ", major, minor);

	for (const char *line = counters; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, device, length) &&
			strtoull(line + length + strcspn(line + length, " \n"), NULL, 10))
			return true;
	}
	return false;
}

/* What only maps to others (loop, dm, md) has no device behind it: its bytes are counted there. */
static bool is_disk(const char *block_path, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/device", block_path, name);
	return !access(path, F_OK);
}

bool cgroup_block_is_counted(
	const struct cgroup *cgroup, const char *diskstats, const char *block_path)
{
	cleanup_free char *counters = read_top(cgroup), *copy = strdup(diskstats);
	char *line, *rest = copy;

	while (counters && copy && (line = strsep(&rest, "\n"))) {
		unsigned int major, minor;
		uint64_t read, written;
		char name[64];

		/* Calls, merged, sectors and time of reading, then the same of writing. */
		if (sscanf(line, "%u %u %63s %*u %*u %" SCNu64 " %*u %*u %*u %" SCNu64, &major,
			    &minor, name, &read, &written) != 5)
			continue;
		if ((read || written) && is_disk(block_path, name) &&
			!counts_device(counters, major, minor))
			return false;
	}
	return counters && copy;
}
