// SPDX-License-Identifier: Apache-2.0
// The options that say what of the machine a run gets: cores, memory nodes, rlimits, cgroup files.
#include "options_resources.h"

#include <errno.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "sandbox/cgroup_controller.h"
#include "sandbox/cgroup_value.h"
#include "sandbox/rlimit.h"

/* What a list of numbers is of. */
struct list_option {
	const char *name, *one, *allowed;
};

static int refuse_list(const struct list_option *option, const char *value, int error,
	uint64_t number, struct failure *why)
{
	cleanup_free char *shown = text_quote(value);

	if (error == -ERANGE)
		return failure_set(why, 0, "--%s: %s %s does not exist: no Linux has so many",
			option->name, option->one, text_format_count(number).text);
	if (error == -EEXIST)
		return failure_set(why, 0, "--%s: %s %u is named twice", option->name, option->one,
			(unsigned int)number);
	return failure_set(why, 0, "--%s: %s is an invalid %s list; give %s", option->name,
		shown ? shown : "it", option->one, option->allowed);
}

static int set_list(const struct list_option *option, const char *value, const char **typed,
	struct number_set *set, struct failure *why)
{
	uint64_t number = 0;
	int error;

	if (*typed)
		return failure_set(why, 0, "--%s: given twice", option->name);
	error = number_set_parse(value, set, &number);
	if (!error && strchr(value, '\n'))
		error = -EINVAL;
	if (error)
		return refuse_list(option, value, error, number, why);
	*typed = value;
	return 0;
}

static int set_automatic_cores(struct run_config *config, const char *value, struct failure *why)
{
	cleanup_free char *shown = text_quote(value);
	uint64_t count = 0;
	int error = text_parse_decimal(value + strlen("auto:"), &count);

	if (config->cores)
		return failure_set(why, 0, "--cores: given twice");
	if (error || !count || count > NUMBER_SET_SIZE || strchr(value, '\n'))
		return failure_set(why, 0,
			"--cores: %s is no number of physical cores; give one, as in auto:2",
			shown ? shown : "it");
	config->automatic_cores = count;
	config->cores = value;
	return 0;
}

int options_apply_cores(struct run_config *config, const char *value, struct failure *why)
{
	static const struct list_option option = { "cores", "CPU",
		"numbers and ranges, as in 0,2-3, or auto:NUMBER" };

	if (!strncmp(value, "auto:", strlen("auto:")))
		return set_automatic_cores(config, value, why);
	return set_list(&option, value, &config->cores, &config->core_set, why);
}

int options_apply_memory_nodes(struct run_config *config, const char *value, struct failure *why)
{
	static const struct list_option option = { "memory-nodes", "memory node",
		"numbers and ranges, as in 0,2-3" };

	return set_list(&option, value, &config->memory_nodes, &config->memory_node_set, why);
}

int options_apply_rlimit(struct run_config *config, const char *value, struct failure *why)
{
	struct rlimit_rule rule;
	int error = rlimit_parse(value, &rule, why);

	for (size_t i = 0; i < config->rlimit_count && !error; i++) {
		if (config->rlimits[i].resource == rule.resource)
			return failure_set(why, 0, "--rlimit: %s is given twice", rule.name);
	}
	if (!error)
		config->rlimits[config->rlimit_count++] = rule;
	return error;
}

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
