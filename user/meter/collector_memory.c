// SPDX-License-Identifier: Apache-2.0
// What the shared collector's maps take in memory, as the kernel counts it.
#include <errno.h>
#include <bpf/bpf.h>
#include "base/cleanup.h"
#include "base/proc.h"
#include "collector_parts.h"

#define MAPS_OF_PROGRAM 32
#define MAPS_OF_ALL 64

struct map_set {
	uint32_t ids[MAPS_OF_ALL];
	size_t count;
};

static void add_map(struct map_set *set, uint32_t id)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->ids[i] == id)
			return;
	}
	if (set->count < MAPS_OF_ALL)
		set->ids[set->count++] = id;
}

static void add_maps_of(struct map_set *set, int program_fd)
{
	uint32_t ids[MAPS_OF_PROGRAM];
	struct bpf_prog_info info = { .nr_map_ids = MAPS_OF_PROGRAM, .map_ids = (uintptr_t)ids };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(program_fd, &info, &size))
		return;
	for (uint32_t map = 0; map < info.nr_map_ids && map < MAPS_OF_PROGRAM; map++)
		add_map(set, ids[map]);
}

/* Also those that are not pinned: the programs keep them. */
static void list_maps(const struct collector *collector, struct map_set *set)
{
	cleanup_fd int sweep_fd = gate_open_sweep(COLLECTOR_DIRECTORY);

	for (size_t i = 0; object_program_name(i); i++)
		add_maps_of(set, collector->programs[i]);
	add_maps_of(set, sweep_fd);
}

uint64_t collector_memory(const struct collector *collector)
{
	struct map_set set = { .count = 0 };
	uint64_t bytes = 0;

	list_maps(collector, &set);
	for (size_t i = 0; i < set.count; i++) {
		cleanup_fd int map_fd = bpf_map_get_fd_by_id(set.ids[i]);

		if (map_fd >= 0)
			bytes += (uint64_t)proc_fd_number(map_fd, "memlock", 0);
	}
	return bytes;
}
