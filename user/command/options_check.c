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

static int check_filter(const struct run_config *config, struct failure *why)
{
	if (config->filter == FILTER_NONE && allows_any(config))
		return failure_set(why, 0, "--allow: nothing is refused with --seccomp none");
	return 0;
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

/* What has no meaning without a container. */
static int check_no_container(const struct run_config *config, struct failure *why)
{
	const struct {
		bool is_given;
		const char *text;
	} contradictions[] = {
		{ allows_any(config), "--allow: nothing is refused with --no-container" },
		{ config->has_filter && config->filter != FILTER_NONE,
			"--seccomp: nothing is refused with --no-container" },
		{ config->directory_count,
			"--no-container: directories have no modes without a container" },
		{ config->root_directory,
			"--no-container: there is no --root-dir without a container" },
		{ config->keep_system_config || config->hostname,
			"--no-container: hostname and /etc are the host's without a container" },
		{ config->no_tmpfs, "--no-container: writes go where they go without a container" },
		{ config->has_uid || config->has_gid,
			"--no-container: the command is the caller without a container" },
		{ config->output_directory || config->has_result_patterns,
			"--no-container: without one the command's files need not be copied" },
		{ config->limits.files_count || config->limits.files_bytes,
			"--no-container: without one nobody counts the command's files" },
	};

	for (size_t i = 0; i < sizeof(contradictions) / sizeof(contradictions[0]); i++) {
		if (config->no_container && contradictions[i].is_given)
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
	if (error)
		return error;
	if (config->explain && config->json_path)
		return failure_set(why, 0, "--json: nothing is weighed with --explain");
	if (config->keep_system_config && config->hostname)
		return failure_set(why, 0, "--hostname: --keep-system-config keeps the host's");
	if (config->no_syscalls && config->syscall_times)
		return failure_set(why, 0, "--syscall-times: --no-syscalls looks at none");
	error = check_no_container(config, why);
	if (!error)
		error = check_filter(config, why);
	if (!error)
		error = check_document(config, why);
	if (!error)
		error = options_check_resources(config, why);
	return error ? error : check_limits(&config->limits, why);
}
