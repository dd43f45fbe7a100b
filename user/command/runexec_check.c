// SPDX-License-Identifier: Apache-2.0
// What runexec refuses before anything is started, in BenchExec's words.
#include "runexec_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/python.h"
#include "runexec_check_resources.h"
#include "runexec_path.h"

/* As Python shows an error of the system. */
static int refuse_file(const char *before, const char *path, int errnum, struct failure *why)
{
	cleanup_free char *shown = python_repr(path);

	return failure_set(why, 0, "%s[Errno %d] %s: %.800s", before, errnum, strerror(errnum),
		shown ? shown : "the file");
}

/* --- Directories --- */

static int refuse_link(const char *path, struct failure *why)
{
	cleanup_free char *target = runexec_path_of_link(path);

	return failure_set(why, 0,
		"Cannot specify directory mode for '%.300s' because it is a symlink. Please "
		"specify the directory mode for its target '%.300s'.",
		path, target ? target : "");
}

static bool is_given_before(const struct runexec_options *options, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *other = runexec_absolute(options->directories[i].path);

		if (other && !strcmp(other, path))
			return true;
	}
	return false;
}

static int check_directory(const struct runexec_options *options, size_t place, struct failure *why)
{
	const char *path = options->directories[place].path;
	cleanup_free char *absolute = runexec_absolute(path);
	struct stat status, link;

	if (!absolute)
		return failure_set(why, ENOMEM, "look at the directories");
	if (stat(absolute, &status) || !S_ISDIR(status.st_mode))
		return failure_set(why, 0,
			"Cannot specify directory mode for '%.800s' because it does not exist or "
			"is no directory.",
			path);
	if (!lstat(absolute, &link) && S_ISLNK(link.st_mode))
		return refuse_link(path, why);
	if (is_given_before(options, place, absolute))
		return failure_set(
			why, 0, "Cannot specify multiple directory modes for '%.800s'.", path);
	if (!strcmp(absolute, "/proc"))
		return failure_set(why, 0,
			"Cannot specify directory mode for /proc, this directory is handled "
			"specially.");
	if (options->keep_tmp && !strcmp(absolute, "/tmp") &&
		options->directories[place].mode != DIRECTORY_FULL_ACCESS)
		return failure_set(why, 0, "Cannot specify both --keep-tmp and --hidden-dir /tmp.");
	return 0;
}

static int check_directories(const struct runexec_options *options, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < options->directory_count && !error; i++)
		error = check_directory(options, i, why);
	return error;
}

/* --- Result files --- */

static int check_result_files(const struct runexec_options *options, struct failure *why)
{
	const struct runexec_texts *patterns = &options->result_patterns;
	struct stat status;

	for (size_t i = 0; i < patterns->count; i++) {
		if (!strncmp(patterns->texts[i], "..", 2))
			return failure_set(why, 0,
				"Invalid relative result-files pattern '%.800s'.",
				patterns->texts[i]);
	}
	if (!stat(options->output_directory, &status) && !S_ISDIR(status.st_mode))
		return failure_set(why, 0,
			"Output directory '%.800s' must not refer to an existing file.",
			options->output_directory);
	return 0;
}

static int check_files_limits(const struct runexec_options *options, struct failure *why)
{
	if (options->no_tmpfs || (!options->files_count.value && !options->files_size.value))
		return 0;
	return failure_set(why, 0,
		"Files-count limit and files-size limit are not supported if tmpfs is used in "
		"container. Use --no-tmpfs to make these limits work or disable them (typically "
		"they are unnecessary if a tmpfs is used).");
}

/* --- Input --- */

/* A FIFO is not waited for: it may be written to later. */
static int check_input(const struct runexec_options *options, struct failure *why)
{
	cleanup_fd int file = -1;
	struct stat status;

	if (!options->input || !strcmp(options->input, "-"))
		return 0;
	if (!strcmp(options->input, options->output))
		return failure_set(why, 0, "Input and output files cannot be the same.");
	file = open(options->input, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file < 0)
		return refuse_file("", options->input, errno, why);
	if (!fstat(file, &status) && S_ISDIR(status.st_mode))
		return refuse_file("", options->input, EISDIR, why);
	return 0;
}

/* --- Cgroups --- */

/* "SUBSYSTEM.OPTION=VALUE", of which the first two are something. */
static bool is_cgroup_value(const char *text)
{
	const char *equals = strchr(text, '='), *point = strchr(text, '.');

	return equals && point && point < equals && point > text && point + 1 < equals;
}

static int check_cgroup_values(const struct runexec_options *options, struct failure *why)
{
	for (size_t i = 0; i < options->cgroup_values.count; i++) {
		if (!is_cgroup_value(options->cgroup_values.texts[i]))
			return failure_set(why, 0,
				"Cgroup value \"%.800s\" has invalid format, needs to be "
				"\"subsystem.option=value\".",
				options->cgroup_values.texts[i]);
	}
	return 0;
}

int runexec_check_usage(const struct runexec_options *options, struct failure *why)
{
	static const struct {
		int (*check)(const struct runexec_options *options, struct failure *why);
		bool is_of_container;
	} checks[] = {
		{ check_directories, true },
		{ check_result_files, true },
		{ check_files_limits, true },
		{ check_input, false },
		{ check_cgroup_values, false },
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !error; i++) {
		if (!checks[i].is_of_container || !options->no_container)
			error = checks[i].check(options, why);
	}
	return error;
}

/* --- Limits --- */

/* Seconds as Python shows them: a whole number has no fraction. */
static struct text_short show_seconds(int64_t nanoseconds)
{
	uint64_t size = nanoseconds < 0 ? -(uint64_t)nanoseconds : (uint64_t)nanoseconds;
	struct text_short shown, seconds = python_seconds(size);

	if (size % 1000000000 == 0)
		*strchr(seconds.text, '.') = '\0';
	snprintf(shown.text, sizeof(shown.text), "%s%.40s", nanoseconds < 0 ? "-" : "",
		seconds.text);
	return shown;
}

static int check_time(const struct runexec_value *limit, const char *name, struct failure *why)
{
	if (!limit->is_given || limit->value > 0)
		return 0;
	return failure_set(why, 0, "Invalid %s %s.", name, show_seconds(limit->value).text);
}

static int check_times(const struct runexec_options *options, struct failure *why)
{
	int error = check_time(&options->time, "time limit", why);

	if (!error)
		error = check_time(&options->soft_time, "soft time limit", why);
	if (!error && options->time.is_given && options->soft_time.value > options->time.value)
		error = failure_set(
			why, 0, "Soft time limit cannot be larger than the hard time limit.");
	return error ? error : check_time(&options->wall_time, "wall time limit", why);
}

static int check_memory(const struct runexec_options *options, struct failure *why)
{
	const struct runexec_value *memory = &options->memory;

	if (!memory->is_given || memory->value >= CONFIG_LEAST_MEMORY)
		return 0;
	return failure_set(why, 0, "Invalid memory limit %lld%s.", (long long)memory->value,
		memory->value > 0 ? ", no program can do with less than 1MiB" : "");
}

/* A limit of 0 is one that no run keeps, or none at all: it is not for tare to choose. */
static int check_sizes(const struct runexec_options *options, struct failure *why)
{
	const struct {
		const struct runexec_value *limit;
		const char *name;
	} limits[] = {
		{ &options->output_size, "output-size" },
		{ &options->files_count, "files-count" },
		{ &options->files_size, "files-size" },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i].limit->is_given && limits[i].limit->value <= 0)
			return failure_set(why, 0, "Invalid %s limit %lld.", limits[i].name,
				(long long)limits[i].limit->value);
	}
	if (options->no_container &&
		(options->files_count.is_given || options->files_size.is_given))
		return failure_set(
			why, 0, "Files-count limit and files-size limit need a container.");
	return 0;
}

/* --- Files --- */

static int check_start_directory(const struct runexec_options *options, struct failure *why)
{
	const char *path = options->directory;
	struct stat status;

	if (!path || !*path)
		return 0;
	if (stat(path, &status))
		return failure_set(why, 0, "Working directory %.900s does not exist.", path);
	if (!S_ISDIR(status.st_mode))
		return failure_set(why, 0, "Working directory %.900s is not a directory.", path);
	if (access(path, X_OK))
		return failure_set(why, 0, "Permission denied for working directory %.900s.", path);
	return 0;
}

static int check_output_directory(const struct runexec_options *options, struct failure *why)
{
	int error = 0;

	if (!options->no_container)
		error = runexec_make_parents(options->output_directory);
	return error ? refuse_file("Could not make output directory: ", options->output_directory,
			       -error, why)
		     : 0;
}

static int check_output(const struct runexec_options *options, struct failure *why)
{
	static const char before[] = "Could not write to output file: ";
	int error = runexec_make_parents(options->output);
	cleanup_fd int file = -1;

	if (error)
		return refuse_file(before, options->output, -error, why);
	file = open(options->output, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	return file < 0 ? refuse_file(before, options->output, errno, why) : 0;
}

int runexec_check_run(const struct runexec_options *options, struct failure *why)
{
	static int (*const checks[])(const struct runexec_options *options, struct failure *why) = {
		runexec_check_subsystems,
		check_times,
		check_memory,
		runexec_check_lists,
		check_start_directory,
		check_sizes,
		check_output,
		check_output_directory,
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !error; i++)
		error = checks[i](options, why);
	return error;
}
