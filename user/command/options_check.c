// SPDX-License-Identifier: Apache-2.0
// Options that contradict each other, found before anything is made.
#include "options_check.h"

#include <string.h>
#include <sys/stat.h>
#include "base/text.h"
#include "options_batch.h"
#include "options_resources.h"

static int check_limits(const struct run_limits *limits, struct failure *why)
{
	if (limits->cpu_ns && limits->soft_cpu_ns > limits->cpu_ns)
		return failure_set(why, 0, "--softtimelimit: %s is more than the hard limit of %s",
			text_format_time(limits->soft_cpu_ns).text,
			text_format_time(limits->cpu_ns).text);
	return 0;
}

static bool allows_any(const struct run_config *config)
{
	return config->allow_io_uring || config->allow_mounts || config->allow_namespaces;
}

/* Also one that is not there yet; not a device or FIFO, which is for more than one. */
static bool is_one_file(const char *one, const char *other)
{
	struct stat first, second;

	if (!one || !other || !strcmp(one, "-") || !strcmp(other, "-"))
		return false;
	if (stat(one, &first) || stat(other, &second))
		return !strcmp(one, other);
	return S_ISREG(first.st_mode) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* It takes the place of whatever is there, also when the run is refused for another reason. */
static int check_document(const struct run_config *config, struct failure *why)
{
	const struct {
		const char *path, *text;
	} others[] = {
		{ config->profile_path, "--json: would overwrite the profile of --seccomp" },
		{ config->input_path, "--json: would overwrite the file of --input" },
		{ config->output_path, "--json: would overwrite the file of --output" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (is_one_file(config->json_path, others[i].path))
			return failure_set(why, 0, "%s", others[i].text);
	}
	return 0;
}

/* The first that is given is told. */
static int check_contradictions(const struct run_config *config, struct failure *why)
{
	bool is_bare = config->no_container;
	const struct {
		bool is_given;
		const char *text;
	} contradictions[] = {
		{ config->explain && config->json_path,
			"--json: nothing is weighed with --explain" },
		{ config->keep_system_config && config->hostname,
			"--hostname: --keep-system-config keeps the host's" },
		{ config->no_syscalls && config->syscall_times,
			"--syscall-times: --no-syscalls looks at none" },
		{ is_bare && allows_any(config),
			"--allow: nothing is refused with --no-container" },
		{ is_bare && config->has_filter && config->filter != FILTER_NONE,
			"--seccomp: nothing is refused with --no-container" },
		{ is_bare && config->directory_count,
			"--no-container: directories have no modes without a container" },
		{ is_bare && config->root_directory,
			"--no-container: there is no --root-dir without a container" },
		{ is_bare && (config->keep_system_config || config->hostname),
			"--no-container: hostname and /etc are the host's without a container" },
		{ is_bare && config->no_tmpfs,
			"--no-container: writes go where they go without a container" },
		{ is_bare && (config->has_uid || config->has_gid),
			"--no-container: the command is the caller without a container" },
		{ is_bare && (config->output_directory || config->has_result_patterns),
			"--no-container: without one the command's files need not be copied" },
		{ is_bare && (config->limits.files_count || config->limits.files_bytes),
			"--no-container: without one nobody counts the command's files" },
		{ config->filter == FILTER_NONE && allows_any(config),
			"--allow: nothing is refused with --seccomp none" },
	};

	for (size_t i = 0; i < sizeof(contradictions) / sizeof(contradictions[0]); i++) {
		if (contradictions[i].is_given)
			return failure_set(why, 0, "%s", contradictions[i].text);
	}
	return 0;
}

static int check_command(const struct run_config *config, struct failure *why)
{
	if (config->batch_path)
		return 0;
	if (!config->command[0]) {
		failure_set(why, 0, "no command given");
		return failure_hint(why, "tare run [OPTIONS] [--] COMMAND [ARG...]");
	}
	if (!config->command[0][0])
		return failure_set(why, 0, "the command is an empty word");
	return 0;
}

int options_check(const struct run_config *config, struct failure *why)
{
	int error = check_command(config, why);

	if (!error)
		error = options_check_batch(config, why);
	if (!error)
		error = check_contradictions(config, why);
	if (!error)
		error = check_document(config, why);
	if (!error)
		error = options_check_resources(config, why);
	return error ? error : check_limits(&config->limits, why);
}
