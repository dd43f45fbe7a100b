// SPDX-License-Identifier: Apache-2.0
// How the processors of a machine hang together: cores, last caches, sockets.
#include "topology.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"

#define PROCESSORS "devices/system/cpu"

int topology_open(const char *sysfs, struct failure *why)
{
	int fd = open(sysfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	failure_set(why, errno, "open '%s', where the processors are told", sysfs);
	return failure_hint(why, "sudo mount -t sysfs none /sys");
}

static int read_list(int tree_fd, const char *path, struct number_set *set, struct failure *why)
{
	cleanup_free char *text = NULL;
	uint64_t number;
	int error = file_read(tree_fd, path, &text, NULL, why);

	if (error)
		return error;
	error = number_set_parse(text, set, &number);
	if (error)
		return failure_set(why, -error, "understand '%.80s' in '%s'", text, path);
	return 0;
}

int topology_online(int tree_fd, struct number_set *processors, struct failure *why)
{
	return read_list(tree_fd, PROCESSORS "/online", processors, why);
}

int topology_nodes(int tree_fd, struct number_set *nodes, struct failure *why)
{
	int error = read_list(tree_fd, "devices/system/node/online", nodes, why);

	if (error != -ENOENT)
		return error;
	*nodes = (struct number_set){ { 0 } };
	number_set_add(nodes, 0);
	return 0;
}

/* The index of the cache of the highest level; -1 when the kernel tells of none. */
static int find_last_cache(int tree_fd, unsigned int processor)
{
	uint64_t level, last_level = 0;
	int last = -1;

	for (int index = 0;; index++) {
		char path[128];

		snprintf(path, sizeof(path), PROCESSORS "/cpu%u/cache/index%d/level", processor,
			index);
		if (file_read_decimal(tree_fd, path, &level, NULL))
			return last;
		if (level < last_level)
			continue;
		last_level = level;
		last = index;
	}
}

static int read_part(int tree_fd, enum topology_part part, unsigned int processor,
	struct number_set *processors, struct failure *why)
{
	char path[128];

	if (part == TOPOLOGY_CACHE)
		snprintf(path, sizeof(path), PROCESSORS "/cpu%u/cache/index%d/shared_cpu_list",
			processor, find_last_cache(tree_fd, processor));
	else
		snprintf(path, sizeof(path), PROCESSORS "/cpu%u/topology/%s", processor,
			part == TOPOLOGY_CORE ? "core_cpus_list" : "package_cpus_list");
	return read_list(tree_fd, path, processors, why);
}

int topology_of(int tree_fd, enum topology_part part, unsigned int processor,
	struct number_set *processors, struct failure *why)
{
	int error = read_part(tree_fd, part, processor, processors, why);

	if (error != -ENOENT)
		return error;
	*processors = (struct number_set){ { 0 } };
	number_set_add(processors, processor);
	return 0;
}
