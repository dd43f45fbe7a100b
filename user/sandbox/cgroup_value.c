// SPDX-License-Identifier: Apache-2.0
// Values that a user wants in files of the run's cgroups.
#include "cgroup_value.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroup_controller.h"

#define OPTION "--set-cgroup-value"

static size_t length_of_controller(const char *text)
{
	return strcspn(text, ".=");
}

static size_t length_of_file(const char *text)
{
	return strcspn(text, "=");
}

unsigned int cgroup_value_controller(const char *text)
{
	return CGROUP_BIT(cgroup_controller_find(text, length_of_controller(text)));
}

/* --- Which are allowed --- */

/* A name as the kernel gives them: it cannot leave the directory. */
static bool is_file_name(const char *text)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t controller = length_of_controller(text), whole = length_of_file(text);

	return controller && text[controller] == '.' && whole > controller + 1 &&
	       strspn(text, allowed) >= whole && !memmem(text, whole, "..", 2);
}

static bool is_file(const char *text, const char *file)
{
	return length_of_file(text) == strlen(file) && !strncmp(text, file, strlen(file));
}

/* A frozen process could neither start nor be killed. */
static bool is_only_tares(const char *text)
{
	return !strncmp(text, "cgroup.", strlen("cgroup.")) || is_file(text, "freezer.state");
}

int cgroup_value_check(const char *text, struct failure *why)
{
	cleanup_free char *shown = text_quote(text);
	const char *value = strchr(text, '=');

	if (!value || !value[1] || !is_file_name(text))
		return failure_set(why, 0,
			OPTION ": %s is not understood; give CONTROLLER.OPTION=VALUE, as in "
			       "memory.swappiness=0",
			shown ? shown : "it");
	if (is_only_tares(text))
		return failure_set(why, 0, OPTION ": %.*s is for tare alone to write",
			(int)length_of_file(text), text);
	if (cgroup_controller_find(text, length_of_controller(text)) == CGROUP_ROLES)
		return failure_set(why, 0, OPTION ": %.*s is no cgroup controller; there are %s",
			(int)length_of_controller(text), text, cgroup_controller_list());
	return 0;
}

/* --- What options of tare's set --- */

static bool has_memory_limit(const struct run_config *config)
{
	return config->limits.memory_bytes;
}

static bool has_task_limit(const struct run_config *config)
{
	return config->limits.tasks;
}

static bool has_cores(const struct run_config *config)
{
	return config->cores;
}

static bool has_nodes(const struct run_config *config)
{
	return config->memory_nodes;
}

static const struct {
	const char *file, *option;
	bool (*is_given)(const struct run_config *config);
} owned[] = {
	{ "memory.max", "--memlimit", has_memory_limit },
	{ "memory.swap.max", "--memlimit", has_memory_limit },
	{ "memory.oom.group", "--memlimit", has_memory_limit },
	{ "memory.limit_in_bytes", "--memlimit", has_memory_limit },
	{ "memory.memsw.limit_in_bytes", "--memlimit", has_memory_limit },
	{ "memory.swappiness", "--memlimit", has_memory_limit },
	{ "memory.oom_control", "--memlimit", has_memory_limit },
	{ "pids.max", "--pids-limit", has_task_limit },
	{ "cpuset.cpus", "--cores", has_cores },
	{ "cpuset.mems", "--memory-nodes", has_nodes },
};

static int check_conflict(const struct run_config *config, const char *text, struct failure *why)
{
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		if (is_file(text, owned[i].file) && owned[i].is_given(config))
			return failure_set(why, 0, OPTION ": %s is what %s sets", owned[i].file,
				owned[i].option);
	}
	return 0;
}

static int check_double(const struct run_config *config, size_t last, struct failure *why)
{
	const char *text = config->cgroup_values[last];
	size_t name_length = length_of_file(text) + 1;

	for (size_t i = 0; i < last; i++) {
		if (!strncmp(config->cgroup_values[i], text, name_length))
			return failure_set(
				why, 0, OPTION ": %.*s is set twice", (int)name_length - 1, text);
	}
	return 0;
}

int cgroup_value_check_all(const struct run_config *config, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < config->cgroup_value_count && !error; i++) {
		error = check_conflict(config, config->cgroup_values[i], why);
		if (!error)
			error = check_double(config, i, why);
	}
	return error;
}

/* --- Setting them --- */

static int set(const struct cgroup *cgroup, const char *text, struct failure *why)
{
	enum cgroup_role role = cgroup_controller_find(text, length_of_controller(text));
	char file[NAME_MAX + 1];
	int error;

	if (snprintf(file, sizeof(file), "%.*s", (int)length_of_file(text), text) > NAME_MAX)
		return failure_set(why, ENAMETOOLONG, "set cgroup value '%s'", text);
	error = file_write(cgroup_controller_fd(cgroup, role), file, strchr(text, '=') + 1, why);
	if (error == -ENOENT)
		return failure_hint(why, "the controller has no such file here (layout: %s)",
			cgroup_layout_name(cgroup));
	return error;
}

int cgroup_value_set_all(
	const struct cgroup *cgroup, const struct run_config *config, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < config->cgroup_value_count && !error; i++)
		error = set(cgroup, config->cgroup_values[i], why);
	return error;
}
