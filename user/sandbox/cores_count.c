// SPDX-License-Identifier: Apache-2.0
// How many physical cores there are for a process.
#include "base/cleanup.h"
#include "cores.h"
#include "topology.h"

int cores_count_physical(const struct cores_machine *machine, size_t *count, struct failure *why)
{
	cleanup_fd int tree_fd = topology_open(machine->sysfs, why);
	struct number_set seen = { { 0 } }, threads;

	*count = 0;
	if (tree_fd < 0)
		return tree_fd;
	number_set_for_each (processor, &machine->processors) {
		int error = number_set_has(&seen, processor)
				    ? 0
				    : topology_of(tree_fd, TOPOLOGY_CORE, processor, &threads, why);

		if (error)
			return error;
		*count += !number_set_has(&seen, processor);
		number_set_add_all(&seen, &threads);
	}
	return 0;
}
