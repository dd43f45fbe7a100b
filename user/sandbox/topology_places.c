// SPDX-License-Identifier: Apache-2.0
// Where each processor of the machine lies: its last level of cache, and its memory node.
#include "topology_places.h"

#include <stdint.h>
#include <stdio.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "topology.h"

/* Linux lists caches by rising level, and no processor has more of them yet. */
#define LAST_CACHE_INDEX 4

static bool read_set(int tree_fd, const char *path, struct number_set *set)
{
	cleanup_free char *text = NULL;
	uint64_t number;

	return !file_read(tree_fd, path, &text, NULL, NULL) &&
	       !number_set_parse(text, set, &number);
}

static bool read_cache(int tree_fd, int processor, int *index, struct number_set *sharers)
{
	char path[128];

	for (; *index >= 0; --*index) {
		snprintf(path, sizeof(path),
			"devices/system/cpu/cpu%d/cache/index%d/shared_cpu_list", processor,
			*index);
		if (read_set(tree_fd, path, sharers))
			return true;
	}
	return false;
}

static bool place_caches(
	int tree_fd, const struct number_set *processors, struct place places[PLACES])
{
	struct number_set placed = { { 0 } }, sharers;
	int index = LAST_CACHE_INDEX;
	unsigned int caches = 0;

	number_set_for_each (processor, processors) {
		if (number_set_has(&placed, processor))
			continue;
		if (caches > UINT8_MAX || !read_cache(tree_fd, processor, &index, &sharers))
			return false;
		number_set_for_each (sharer, &sharers) {
			if (sharer < PLACES)
				places[sharer].cache = caches;
		}
		number_set_add_all(&placed, &sharers);
		caches++;
	}
	return true;
}

static bool place_nodes(int tree_fd, struct place places[PLACES])
{
	struct number_set nodes, members;
	char path[128];

	if (topology_nodes(tree_fd, &nodes, NULL))
		return false;
	number_set_for_each (node, &nodes) {
		snprintf(path, sizeof(path), "devices/system/node/node%d/cpulist", node);
		/* Without NUMA all are of node 0, and there is no such file. */
		if (node == 0 && number_set_count(&nodes) == 1)
			break;
		if (node > UINT8_MAX || !read_set(tree_fd, path, &members))
			return false;
		number_set_for_each (member, &members) {
			if (member < PLACES)
				places[member].node = node;
		}
	}
	return true;
}

bool topology_places(int tree_fd, struct place places[PLACES])
{
	struct number_set processors;

	return !topology_online(tree_fd, &processors, NULL) &&
	       place_caches(tree_fd, &processors, places) && place_nodes(tree_fd, places);
}
