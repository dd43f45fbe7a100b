// SPDX-License-Identifier: Apache-2.0
// What of the machine a run was asked to get.
#include "resources.h"

#include <string.h>
#include "cgroup_controller.h"
#include "cgroup_value.h"

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
