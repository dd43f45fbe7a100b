// SPDX-License-Identifier: Apache-2.0
// What runexec's options, and its defaults, make of a run.
#include "runexec_config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "options_resources.h"
#include "runexec_path.h"
#include "sandbox/view.h"

/* More wall time than CPU time, where only that has a limit. */
#define WALL_TIME_MORE_NS 30000000000

/* Of a device or a FIFO there is nothing to keep head and tail of. */
static bool is_regular(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISREG(status.st_mode);
}

static void set_limits(const struct runexec_options *options, struct run_limits *limits)
{
	limits->cpu_ns = options->time.value;
	limits->soft_cpu_ns = options->soft_time.value;
	limits->memory_bytes = options->memory.value;
	if (is_regular(options->output))
		limits->output_bytes = options->output_size.value;
	if (options->wall_time.is_given)
		limits->wall_ns = options->wall_time.value;
	else if (limits->cpu_ns || limits->soft_cpu_ns)
		limits->wall_ns =
			(limits->cpu_ns ? limits->cpu_ns : limits->soft_cpu_ns) + WALL_TIME_MORE_NS;
}

static void set_streams(
	const struct runexec_options *options, const char *header, struct run_config *config)
{
	const char *input = options->input ? options->input : "/dev/null";

	config->input_path = strcmp(input, "-") ? input : NULL;
	config->output_path = options->output;
	config->output_header = header;
}

/* As `tare run` reads them. */
static int apply_all(struct run_config *config, const struct runexec_texts *values,
	int (*apply)(struct run_config *config, const char *value, struct failure *why),
	struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < values->count && !error; i++)
		error = apply(config, values->texts[i], why);
	return error;
}

static int set_resources(
	const struct runexec_options *options, struct run_config *config, struct failure *why)
{
	int error = 0;

	if (options->cores)
		error = options_apply_cores(config, options->cores, why);
	if (!error && options->memory_nodes)
		error = options_apply_memory_nodes(config, options->memory_nodes, why);
	if (!error)
		error = apply_all(config, &options->cgroup_values, options_apply_cgroup_value, why);
	if (!error)
		error = apply_all(
			config, &options->required_subsystems, options_apply_cgroup_subsystem, why);
	return error ? error : options_check_resources(config, why);
}

/* --- Container --- */

static bool has_rule(const struct run_config *config, const char *path)
{
	for (size_t i = 0; i < config->directory_count; i++) {
		cleanup_free char *absolute = runexec_absolute(config->directories[i].path);

		if (absolute && !strcmp(absolute, path))
			return true;
	}
	return false;
}

static void add_rule(struct run_config *config, const char *path, enum directory_mode mode)
{
	config->directories[config->directory_count++] =
		(struct directory_rule){ .path = path, .mode = mode };
}

static bool is_directory(const char *path)
{
	struct stat status;

	return !lstat(path, &status) && S_ISDIR(status.st_mode);
}

static void set_directories(const struct runexec_options *options, struct run_config *config)
{
	config->directory_count = options->directory_count;
	memcpy(config->directories, options->directories, sizeof(options->directories));
	if (options->keep_tmp && !has_rule(config, "/tmp"))
		add_rule(config, "/tmp", DIRECTORY_FULL_ACCESS);
	if (config->home_directory && is_directory(RUNEXEC_HOME) && !has_rule(config, RUNEXEC_HOME))
		add_rule(config, RUNEXEC_HOME, DIRECTORY_HIDDEN);
}

static void set_identity(const struct runexec_options *options, struct run_config *config)
{
	config->keep_system_config = options->keep_system_config;
	if (options->keep_system_config)
		return;
	config->uid = RUNEXEC_UID;
	config->gid = RUNEXEC_GID;
	config->has_uid = config->has_gid = config->ids_are_names = true;
	config->hostname = RUNEXEC_HOSTNAME;
	config->home_directory = RUNEXEC_HOME;
	config->set_entries[config->set_count++] = "HOME=" RUNEXEC_HOME;
}

/* What is written there is on the host without being copied. */
static bool writes_in_place(const struct run_config *config)
{
	cleanup_free char *here = getcwd(NULL, 0);

	for (size_t i = 0; here && i < config->directory_count; i++) {
		cleanup_free char *path = runexec_absolute(config->directories[i].path);

		if (path && config->directories[i].mode == DIRECTORY_FULL_ACCESS &&
			path_is_inside(here, path))
			return true;
	}
	return false;
}

static void set_result_files(const struct runexec_options *options, struct run_config *config)
{
	const struct runexec_texts *patterns = &options->result_patterns;

	config->output_directory = options->output_directory;
	config->has_result_patterns = true;
	for (size_t i = 0; i < patterns->count; i++)
		config->result_patterns[config->result_pattern_count++] = patterns->texts[i];
	if (!options->has_result_patterns && !writes_in_place(config))
		config->result_patterns[config->result_pattern_count++] = ".";
	config->limits.files_count = options->files_count.value;
	config->limits.files_bytes = options->files_size.value;
}

static void set_container(const struct runexec_options *options, struct run_config *config)
{
	config->network_access = options->network_access;
	config->no_tmpfs = options->no_tmpfs;
	set_identity(options, config);
	set_directories(options, config);
	set_result_files(options, config);
}

static void set_no_container(const struct runexec_options *options, const struct runexec_home *home,
	struct run_config *config)
{
	config->no_container = true;
	config->own_directory = options->skip_cleanup ? NULL : home->path;
	for (size_t i = 0; i < RUNEXEC_HOME_VARIABLES; i++)
		config->set_entries[config->set_count++] = home->variables[i];
}

int runexec_configure(const struct runexec_options *options, const char *header,
	const struct runexec_home *home, struct run_config *config, struct failure *why)
{
	*config = (struct run_config){ .command = options->command, .signals_end_run = true };
	if (options->directory && *options->directory)
		config->start_directory = options->directory;
	set_limits(options, &config->limits);
	set_streams(options, header, config);
	if (options->no_container)
		set_no_container(options, home, config);
	else
		set_container(options, config);
	return set_resources(options, config, why);
}

bool runexec_misses_home(const struct run_config *config)
{
	size_t longest = 0;
	enum directory_mode mode = DIRECTORY_OVERLAY;

	if (!config->home_directory || is_directory(config->home_directory))
		return false;
	for (size_t i = 0; i < config->directory_count; i++) {
		cleanup_free char *path = runexec_absolute(config->directories[i].path);

		if (!path || !path_is_inside(config->home_directory, path) ||
			strlen(path) < longest)
			continue;
		longest = strlen(path);
		mode = config->directories[i].mode;
	}
	return mode == DIRECTORY_READ_ONLY || mode == DIRECTORY_FULL_ACCESS;
}
