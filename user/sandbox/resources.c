// SPDX-License-Identifier: Apache-2.0
// What of the machine a run was asked to get.
#include "resources.h"

#include <string.h>
#include "cgroup_controller.h"
#include "cgroup_value.h"
#include "cpuset.h"
#include "rlimit.h"

unsigned int resources_required(const struct run_config *config)
{
	unsigned int required = 0;

	for (size_t i = 0; i < config->required_controller_count; i++) {
		const char *name = config->required_controllers[i];

		required |= CGROUP_BIT(cgroup_controller_find(name, strlen(name)));
	}
	for (size_t i = 0; i < config->cgroup_value_count; i++)
		required |= cgroup_value_controller(config->cgroup_values[i]);
	return required;
}

unsigned int resources_wanted(const struct run_config *config)
{
	unsigned int cpuset = config->cores || config->memory_nodes ? CGROUP_BIT(CGROUP_CPUSET) : 0;

	return resources_required(config) | cpuset;
}

int resources_choose(const struct run_config *config, struct cores *cores, struct failure *why)
{
	struct cores_machine machine;
	int error = 0;

	for (size_t i = 0; i < config->rlimit_count && !error; i++)
		error = rlimit_check_rights(&config->rlimits[i], why);
	if (!error && (config->cores || config->memory_nodes)) {
		error = cores_read_machine(&machine, why);
		if (!error)
			error = cores_choose(config, &machine, cores, why);
	}
	return error ? error : cores_note_inherited(cores, why);
}

static int hold_cores(struct core_use *use, const struct cgroup *cgroup, struct failure *why)
{
	bool is_held = cgroup_has(cgroup, CGROUP_CPUSET);

	if (use->has_processors)
		use->processors_held_by = is_held ? "cpuset cgroup" : "affinity";
	if (use->has_nodes)
		use->nodes_held_by = is_held ? "cpuset cgroup" : "memory policy";
	return is_held ? cpuset_set(cgroup, use, why) : 0;
}

int resources_set(const struct run_config *config, struct cores *cores, const struct cgroup *cgroup,
	struct failure *why)
{
	int error = cpuset_fill(cgroup, why);

	if (!error)
		error = cgroup_value_set_all(cgroup, config, why);
	return error ? error : hold_cores(&cores->use, cgroup, why);
}
