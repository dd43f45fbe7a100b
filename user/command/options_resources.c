// SPDX-License-Identifier: Apache-2.0
// The options that say what of the machine a run gets: files of its cgroups.
#include "options_resources.h"

#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "sandbox/cgroup_controller.h"
#include "sandbox/cgroup_value.h"

int options_apply_cgroup_value(struct run_config *config, const char *value, struct failure *why)
{
	int error = cgroup_value_check(value, why);

	if (!error && config->cgroup_value_count == CGROUP_RULES)
		return failure_set(why, 0, "--set-cgroup-value: more than %d values", CGROUP_RULES);
	if (!error)
		config->cgroup_values[config->cgroup_value_count++] = value;
	return error;
}

int options_apply_cgroup_subsystem(
	struct run_config *config, const char *value, struct failure *why)
{
	cleanup_free char *shown = text_quote(value);

	if (cgroup_controller_find(value, strlen(value)) == CGROUP_ROLES)
		return failure_set(why, 0,
			"--require-cgroup-subsystem: %s is no cgroup controller; there are %s",
			shown ? shown : "it", cgroup_controller_list());
	if (config->required_controller_count == CGROUP_RULES)
		return failure_set(
			why, 0, "--require-cgroup-subsystem: more than %d times", CGROUP_RULES);
	config->required_controllers[config->required_controller_count++] = value;
	return 0;
}

int options_check_resources(const struct run_config *config, struct failure *why)
{
	return cgroup_value_check_all(config, why);
}
