// SPDX-License-Identifier: Apache-2.0
// The options that say what the container is: its directories, its name, its user, its environment,
// what it lets through and what is copied out of it.
#include "options_container.h"

#include <limits.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/environment.h"
#include "base/pattern.h"
#include "base/text.h"
#include "options_values.h"

/* --- The filter --- */

int options_apply_allow(struct run_config *config, const char *value, struct failure *why)
{
	static const char allowed[] = "io_uring, mounts, namespaces";
	cleanup_free char *shown = NULL;

	if (!strcmp(value, "io_uring"))
		config->allow_io_uring = true;
	else if (!strcmp(value, "mounts"))
		config->allow_mounts = true;
	else if (!strcmp(value, "namespaces"))
		config->allow_namespaces = true;
	else {
		shown = text_quote_short(value);
		return failure_set(
			why, 0, "--allow: %s is not one of %s", shown ? shown : "it", allowed);
	}
	return 0;
}

int options_apply_seccomp(struct run_config *config, const char *value, struct failure *why)
{
	if (!*value)
		return failure_set(why, 0,
			"--seccomp: the value is empty; give default, none or a profile's file");
	if (config->has_filter)
		return failure_set(why, 0, "--seccomp: given twice");
	config->has_filter = true;
	if (!strcmp(value, "none"))
		config->filter = FILTER_NONE;
	else if (strcmp(value, "default") != 0) {
		config->filter = FILTER_PROFILE;
		config->profile_path = value;
	}
	return 0;
}

/* --- Directories --- */

static int add_directory(
	struct run_config *config, const char *path, enum directory_mode mode, struct failure *why)
{
	if (config->directory_count == DIRECTORY_RULES)
		return failure_set(why, 0, "more than %d directories with a mode", DIRECTORY_RULES);
	config->directories[config->directory_count++] =
		(struct directory_rule){ .path = path, .mode = mode };
	return 0;
}

int options_apply_hidden(struct run_config *config, const char *value, struct failure *why)
{
	return add_directory(config, value, DIRECTORY_HIDDEN, why);
}

int options_apply_read_only(struct run_config *config, const char *value, struct failure *why)
{
	return add_directory(config, value, DIRECTORY_READ_ONLY, why);
}

int options_apply_overlay(struct run_config *config, const char *value, struct failure *why)
{
	return add_directory(config, value, DIRECTORY_OVERLAY, why);
}

int options_apply_full_access(struct run_config *config, const char *value, struct failure *why)
{
	return add_directory(config, value, DIRECTORY_FULL_ACCESS, why);
}

int options_apply_keep_tmp(struct run_config *config, const char *value, struct failure *why)
{
	(void)value;
	if (config->keep_tmp)
		return failure_set(why, 0, "--keep-tmp: given twice");
	config->keep_tmp = true;
	return add_directory(config, "/tmp", DIRECTORY_FULL_ACCESS, why);
}

/* Some kernels tell it only of what is there. */
static bool is_too_long(const char *path)
{
	size_t length;

	if (strlen(path) >= PATH_MAX)
		return true;
	for (; *path; path += length + !!path[length]) {
		length = strcspn(path, "/");
		if (length > NAME_MAX)
			return true;
	}
	return false;
}

int options_apply_start_directory(struct run_config *config, const char *value, struct failure *why)
{
	int error = options_read_directory("dir", value, &config->start_directory, why);

	if (!error && is_too_long(value))
		return failure_set(why, 0, "--dir: more than %d bytes, or %d between two '/'",
			PATH_MAX - 1, NAME_MAX);
	return error;
}

/* --- Who and where --- */

/* An id of the host that has a counterpart inside; the kernel keeps the last number for itself. */
static int parse_id(const char *option, const char *value, unsigned int *id, struct failure *why)
{
	cleanup_free char *shown = NULL;
	uint64_t number;

	if (!options_parse_number(value, &number) && number < CONFIG_ID_LIMIT) {
		*id = number;
		return 0;
	}
	shown = text_quote_short(value);
	return failure_set(why, 0, "%s: %s is no number from 0 to %u", option, shown ? shown : "it",
		CONFIG_ID_LIMIT - 1);
}

int options_apply_uid(struct run_config *config, const char *value, struct failure *why)
{
	if (config->has_uid)
		return failure_set(why, 0, "--uid: given twice");
	config->has_uid = true;
	return parse_id("--uid", value, &config->uid, why);
}

int options_apply_gid(struct run_config *config, const char *value, struct failure *why)
{
	if (config->has_gid)
		return failure_set(why, 0, "--gid: given twice");
	config->has_gid = true;
	return parse_id("--gid", value, &config->gid, why);
}

int options_apply_hostname(struct run_config *config, const char *value, struct failure *why)
{
	cleanup_free char *shown = text_quote(value);

	if (config->hostname)
		return failure_set(why, 0, "--hostname: given twice");
	if (!text_is_host_name(value))
		return failure_set(why, 0,
			"--hostname: %s is not a name of 1 to 64 letters, digits, '-', '_' and '.'",
			shown ? shown : "it");
	config->hostname = value;
	return 0;
}

/* --- The environment --- */

int options_apply_keep_env(struct run_config *config, const char *value, struct failure *why)
{
	int error = environment_check_name(value, why);

	if (error)
		return error;
	if (config->kept_count == ENVIRONMENT_RULES)
		return failure_set(why, 0, "--keep-env: more than %d names", ENVIRONMENT_RULES);
	config->clear_environment = true;
	config->kept_names[config->kept_count++] = value;
	return 0;
}

int options_apply_env(struct run_config *config, const char *value, struct failure *why)
{
	int error = environment_check_set(value, why);
	size_t name = strcspn(value, "=") + 1;

	for (size_t i = 0; i < config->set_count && !error; i++) {
		if (!strncmp(config->set_entries[i], value, name))
			return failure_set(
				why, 0, "--env: %.*s is set twice", (int)name - 1, value);
	}
	if (!error && config->set_count == ENVIRONMENT_RULES)
		return failure_set(why, 0, "--env: more than %d of them", ENVIRONMENT_RULES);
	if (!error)
		config->set_entries[config->set_count++] = value;
	return error;
}

/* --- Result files --- */

/* The empty pattern is none, and so takes the place of the one that would be there by default. */
int options_apply_result_files(struct run_config *config, const char *value, struct failure *why)
{
	struct pattern pattern;
	struct failure wrong;
	int error;

	config->has_result_patterns = true;
	if (!*value)
		return 0;
	if (config->result_pattern_count == RESULT_PATTERNS)
		return failure_set(
			why, 0, "--result-files: more than %d patterns", RESULT_PATTERNS);
	error = pattern_parse(value, &pattern, &wrong);
	if (error)
		return failure_set(why, wrong.errnum, "--result-files: %.900s", wrong.what);
	pattern_done(&pattern);
	config->result_patterns[config->result_pattern_count++] = value;
	return 0;
}
