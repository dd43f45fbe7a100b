// SPDX-License-Identifier: Apache-2.0
// What a person types after `tare run`: one table for parsing and for --help.
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "base/environment.h"
#include "base/pattern.h"
#include "base/text.h"
#include "options_batch.h"
#include "options_resources.h"

/* Closer, and looking would be most of what is seen; further, and there is no line. */
#define LEAST_TIMELINE_NS 1000000ULL
#define MOST_TIMELINE_NS 3600000000000ULL

struct option_entry {
	const char *name;  /* without the dashes */
	char letter;	   /* 0: none */
	const char *value; /* what its value is called; NULL: it takes none */
	const char *help;
	int (*apply)(struct run_config *config, const char *value, struct failure *why);
};

/* --- What each option does --- */

static int apply_quiet(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->quiet = true;
	return 0;
}

static int apply_verbose(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->verbose = true;
	return 0;
}

static int apply_interrupts(struct run_config *config, const char *value, struct failure *why)
{
	(void)value;
	(void)why;
	config->weighs_interrupts = true;
	return 0;
}

static int apply_private(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->private_collector = true;
	return 0;
}

static int apply_explain(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->explain = true;
	return 0;
}

static int apply_self_test(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->self_test = true;
	return 0;
}

static int apply_no_container(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->no_container = true;
	return 0;
}

static int apply_json(struct run_config *config, const char *value, struct failure *why)
{
	if (!*value)
		return failure_set(
			why, 0, "--json: the path is empty; give a file, or '-' for stdout");
	if (config->json_path)
		return failure_set(why, 0, "--json: given twice");
	config->json_path = value;
	return 0;
}

static int apply_allow(struct run_config *config, const char *value, struct failure *why)
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

static int apply_seccomp(struct run_config *config, const char *value, struct failure *why)
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

static int add_directory(
	struct run_config *config, const char *path, enum directory_mode mode, struct failure *why)
{
	if (config->directory_count == DIRECTORY_RULES)
		return failure_set(why, 0, "more than %d directories with a mode", DIRECTORY_RULES);
	config->directories[config->directory_count++] =
		(struct directory_rule){ .path = path, .mode = mode };
	return 0;
}

static int apply_hidden(struct run_config *config, const char *value, struct failure *why)
{
	return add_directory(config, value, DIRECTORY_HIDDEN, why);
}

static int apply_read_only(struct run_config *config, const char *value, struct failure *why)
{
	return add_directory(config, value, DIRECTORY_READ_ONLY, why);
}

static int apply_overlay(struct run_config *config, const char *value, struct failure *why)
{
	return add_directory(config, value, DIRECTORY_OVERLAY, why);
}

static int apply_full_access(struct run_config *config, const char *value, struct failure *why)
{
	return add_directory(config, value, DIRECTORY_FULL_ACCESS, why);
}

static int apply_keep_tmp(struct run_config *config, const char *value, struct failure *why)
{
	(void)value;
	if (config->keep_tmp)
		return failure_set(why, 0, "--keep-tmp: given twice");
	config->keep_tmp = true;
	return add_directory(config, "/tmp", DIRECTORY_FULL_ACCESS, why);
}

static int apply_no_tmpfs(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->no_tmpfs = true;
	return 0;
}

static int apply_root_directory(struct run_config *config, const char *value, struct failure *why)
{
	if (!*value)
		return failure_set(why, 0, "--root-dir: the path is empty; give a directory");
	if (config->root_directory)
		return failure_set(why, 0, "--root-dir: given twice");
	config->root_directory = value;
	return 0;
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

static int apply_start_directory(struct run_config *config, const char *value, struct failure *why)
{
	if (!*value)
		return failure_set(why, 0, "--dir: the path is empty; give a directory");
	if (config->start_directory)
		return failure_set(why, 0, "--dir: given twice");
	if (is_too_long(value))
		return failure_set(why, 0, "--dir: more than %d bytes, or %d between two '/'",
			PATH_MAX - 1, NAME_MAX);
	config->start_directory = value;
	return 0;
}

/* A number as it is typed has no newline at its end. */
static int parse_number(const char *value, uint64_t *number)
{
	return strchr(value, '\n') ? -EINVAL : text_parse_decimal(value, number);
}

/* An id of the host that has a counterpart inside; the kernel keeps the last number for itself. */
static int parse_id(const char *option, const char *value, unsigned int *id, struct failure *why)
{
	cleanup_free char *shown = NULL;
	uint64_t number;

	if (!parse_number(value, &number) && number < CONFIG_ID_LIMIT) {
		*id = number;
		return 0;
	}
	shown = text_quote_short(value);
	return failure_set(why, 0, "%s: %s is no number from 0 to %u", option, shown ? shown : "it",
		CONFIG_ID_LIMIT - 1);
}

static int apply_uid(struct run_config *config, const char *value, struct failure *why)
{
	if (config->has_uid)
		return failure_set(why, 0, "--uid: given twice");
	config->has_uid = true;
	return parse_id("--uid", value, &config->uid, why);
}

static int apply_gid(struct run_config *config, const char *value, struct failure *why)
{
	if (config->has_gid)
		return failure_set(why, 0, "--gid: given twice");
	config->has_gid = true;
	return parse_id("--gid", value, &config->gid, why);
}

static int apply_keep_system_config(
	struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->keep_system_config = true;
	return 0;
}

static int apply_hostname(struct run_config *config, const char *value, struct failure *why)
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

static int apply_network(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->network_access = true;
	return 0;
}

static int apply_clear_env(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->clear_environment = true;
	return 0;
}

static int apply_keep_env(struct run_config *config, const char *value, struct failure *why)
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

static int apply_env(struct run_config *config, const char *value, struct failure *why)
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

/* --- Limits --- */

static int refuse_limit(
	const char *option, const char *value, int error, const char *allowed, struct failure *why)
{
	cleanup_free char *shown = text_quote(value);

	return failure_set(why, 0, "--%s: %s is %s; %s", option, shown ? shown : "it",
		error == -ERANGE ? "too large" : "not understood", allowed);
}

/* A limit of nothing would be one that no command can keep. */
static int check_limit(const char *option, uint64_t value, uint64_t *limit, struct failure *why)
{
	if (!value)
		return failure_set(
			why, 0, "--%s: 0 is no limit; give more, or leave it out", option);
	if (*limit)
		return failure_set(why, 0, "--%s: given twice", option);
	*limit = value;
	return 0;
}

static int set_duration(
	const char *option, const char *value, uint64_t *limit_ns, struct failure *why)
{
	uint64_t duration_ns = 0;
	int error = text_parse_duration(value, &duration_ns);

	if (error)
		return refuse_limit(option, value, error,
			"give a number and ns, us, ms, s, min, h or d, as in 2.5s", why);
	return check_limit(option, duration_ns, limit_ns, why);
}

static int set_size(
	const char *option, const char *value, uint64_t *limit_bytes, struct failure *why)
{
	uint64_t bytes = 0;
	int error = text_parse_size(value, &bytes);

	if (error)
		return refuse_limit(option, value, error,
			"give a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in "
			"500MB",
			why);
	return check_limit(option, bytes, limit_bytes, why);
}

static int set_count(const char *option, const char *value, uint64_t *limit, struct failure *why)
{
	uint64_t count = 0;
	int error = parse_number(value, &count);

	if (error)
		return refuse_limit(option, value, error, "give a whole number", why);
	return check_limit(option, count, limit, why);
}

static int apply_timeline(struct run_config *config, const char *value, struct failure *why)
{
	static const char allowed[] = "give how far its points lie apart, 1ms to 1h, as in 10ms";
	uint64_t interval_ns = 0;
	int error = text_parse_duration(value, &interval_ns);

	if (error)
		return refuse_limit("timeline", value, error, allowed, why);
	if (interval_ns < LEAST_TIMELINE_NS || interval_ns > MOST_TIMELINE_NS)
		return failure_set(why, 0, "--timeline: too close or too far apart; %s", allowed);
	if (config->timeline_interval_ns)
		return failure_set(why, 0, "--timeline: given twice");
	config->timeline_interval_ns = interval_ns;
	return 0;
}

static int apply_timelimit(struct run_config *config, const char *value, struct failure *why)
{
	return set_duration("timelimit", value, &config->limits.cpu_ns, why);
}

static int apply_softtimelimit(struct run_config *config, const char *value, struct failure *why)
{
	return set_duration("softtimelimit", value, &config->limits.soft_cpu_ns, why);
}

static int apply_walltimelimit(struct run_config *config, const char *value, struct failure *why)
{
	return set_duration("walltimelimit", value, &config->limits.wall_ns, why);
}

static int apply_memlimit(struct run_config *config, const char *value, struct failure *why)
{
	int error = set_size("memlimit", value, &config->limits.memory_bytes, why);

	if (!error && config->limits.memory_bytes < CONFIG_LEAST_MEMORY)
		return failure_set(why, 0,
			"--memlimit: %s is too little for any program; give at least 1MiB", value);
	return error;
}

static int apply_max_output_size(struct run_config *config, const char *value, struct failure *why)
{
	return set_size("max-output-size", value, &config->limits.output_bytes, why);
}

/* '-' is the caller's own stream, as without the option. */
static int set_stream(const char *option, const char *value, const char **path, struct failure *why)
{
	if (!*value)
		return failure_set(why, 0, "--%s: the path is empty; give a file", option);
	if (*path)
		return failure_set(why, 0, "--%s: given twice", option);
	if (strcmp(value, "-") != 0)
		*path = value;
	return 0;
}

static int apply_input(struct run_config *config, const char *value, struct failure *why)
{
	return set_stream("input", value, &config->input_path, why);
}

static int apply_output(struct run_config *config, const char *value, struct failure *why)
{
	return set_stream("output", value, &config->output_path, why);
}

static int apply_pids_limit(struct run_config *config, const char *value, struct failure *why)
{
	return set_count("pids-limit", value, &config->limits.tasks, why);
}

/* --- Result files --- */

static int apply_output_directory(struct run_config *config, const char *value, struct failure *why)
{
	if (!*value)
		return failure_set(
			why, 0, "--output-directory: the path is empty; give a directory");
	if (config->output_directory)
		return failure_set(why, 0, "--output-directory: given twice");
	config->output_directory = value;
	return 0;
}

/* The empty pattern is none, and so takes the place of the one that would be there by default. */
static int apply_result_files(struct run_config *config, const char *value, struct failure *why)
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

static int apply_files_count_limit(
	struct run_config *config, const char *value, struct failure *why)
{
	return set_count("files-count-limit", value, &config->limits.files_count, why);
}

static int apply_files_size_limit(struct run_config *config, const char *value, struct failure *why)
{
	return set_size("files-size-limit", value, &config->limits.files_bytes, why);
}

static int apply_syscall_times(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->syscall_times = true;
	return 0;
}

static int apply_no_syscalls(struct run_config *config, const char *value, struct failure *why)
{
	(void)value, (void)why;
	config->no_syscalls = true;
	return 0;
}

static const struct option_entry entries[] = {
	{ "json", 'j', "FILE", "write the result document to FILE; '-' is stdout", apply_json },
	{ "quiet", 'q', NULL, "no summary on standard error", apply_quiet },
	{ "interrupts", 0, NULL, "also weigh the interrupts that hit the command",
		apply_interrupts },
	{ "verbose", 'v', NULL, "also what was isolated, left over or not known", apply_verbose },
	{ "syscall-times", 0, NULL, "also time each system call, by name", apply_syscall_times },
	{ "no-syscalls", 0, NULL, "do not look at system calls at all", apply_no_syscalls },
	{ "private", 0, NULL, "a collector of its own, although a shared one runs", apply_private },
	{ "explain", 0, NULL, "only tell what this run would isolate", apply_explain },
	{ "self-test", 0, NULL, "weigh known programs, and tell how far off it is",
		apply_self_test },
	{ "no-container", 0, NULL, "weigh without one, with the caller's own rights",
		apply_no_container },
	{ "allow", 0, "WHAT", "let through io_uring, mounts or namespaces", apply_allow },
	{ "seccomp", 0, "WHICH", "default, none, or a JSON profile beside the default",
		apply_seccomp },
	{ "read-only-dir", 0, "DIR", "show the host's DIR, without write access", apply_read_only },
	{ "overlay-dir", 0, "DIR", "show it; what is written stays inside", apply_overlay },
	{ "full-access-dir", 0, "DIR", "show it, and let writes reach the host",
		apply_full_access },
	{ "hidden-dir", 0, "DIR", "an empty directory in its place", apply_hidden },
	{ "keep-tmp", 0, NULL, "share the host's /tmp, and let writes reach it", apply_keep_tmp },
	{ "no-tmpfs", 0, NULL, "what is written goes to disk, in TMPDIR", apply_no_tmpfs },
	{ "root-dir", 0, "DIR", "show DIR as '/', a prepared root file system",
		apply_root_directory },
	{ "dir", 0, "DIR", "start the command in DIR", apply_start_directory },
	{ "hostname", 0, "NAME", "the container's name, instead of tare", apply_hostname },
	{ "keep-system-config", 0, NULL, "keep hostname, users and name service files",
		apply_keep_system_config },
	{ "network-access", 0, NULL, "the host's network, instead of none but lo", apply_network },
	{ "uid", 0, "NUMBER", "be this user inside, instead of the caller", apply_uid },
	{ "gid", 0, "NUMBER", "be in this group inside", apply_gid },
	{ "env", 0, "NAME=VALUE", "set one variable of the environment", apply_env },
	{ "keep-env", 0, "NAME", "of the caller's keep only the variable so named",
		apply_keep_env },
	{ "clear-env", 0, NULL, "keep none of it", apply_clear_env },
	{ "timelimit", 0, "TIME", "end the run when it has used so much CPU time",
		apply_timelimit },
	{ "softtimelimit", 0, "TIME", "ask it to end by SIGTERM then", apply_softtimelimit },
	{ "walltimelimit", 0, "TIME", "end it when so much time has passed", apply_walltimelimit },
	{ "memlimit", 0, "SIZE", "end it when it needs more memory", apply_memlimit },
	{ "pids-limit", 0, "NUMBER", "end it when it has more processes and threads",
		apply_pids_limit },
	{ "timeline", 0, "TIME", "tell memory and CPU time, at points so far apart",
		apply_timeline },
	{ "input", 0, "FILE", "give it FILE as standard input", apply_input },
	{ "output", 0, "FILE", "write its standard output and error to FILE", apply_output },
	{ "max-output-size", 0, "SIZE", "end it when it writes more to these two",
		apply_max_output_size },
	{ "output-directory", 0, "DIR", "copy to DIR what the command wrote",
		apply_output_directory },
	{ "result-files", 0, "PATTERN", "which files; '.' is all below its start directory",
		apply_result_files },
	{ "files-count-limit", 0, "NUMBER", "end it when it writes more files than this",
		apply_files_count_limit },
	{ "files-size-limit", 0, "SIZE", "or more bytes in them, as in 10MB or 1GiB",
		apply_files_size_limit },
	{ "cores", 0, "LIST", "run on these CPUs, or auto:N on N free physical cores",
		options_apply_cores },
	{ "memory-nodes", 0, "LIST", "use memory of these nodes", options_apply_memory_nodes },
	{ "rlimit", 0, "NAME=S[:H]", "limit each process: nofile, stack, core, nproc, ...",
		options_apply_rlimit },
	{ "set-cgroup-value", 0, "C.O=VALUE", "write VALUE to this file of its cgroup",
		options_apply_cgroup_value },
	{ "require-cgroup-subsystem", 0, "C", "fail unless its cgroup has this controller",
		options_apply_cgroup_subsystem },
	{ "from", 0, "FILE", "run the commands in FILE, a JSON line each, or in '-'",
		options_apply_from },
	{ "jobs", 0, "NUMBER", "so many of them at a time", options_apply_jobs },
	{ "help", 'h', NULL, "show this text", NULL },
};

#define ENTRY_COUNT (sizeof(entries) / sizeof(entries[0]))

/* --- Parsing --- */

static const struct option_entry *find_letter(char letter)
{
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		if (entries[i].letter == letter)
			return &entries[i];
	}
	return NULL;
}

static const struct option_entry *find_name(const char *name, size_t length)
{
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		if (strlen(entries[i].name) == length && !strncmp(entries[i].name, name, length))
			return &entries[i];
	}
	return NULL;
}

static int unknown(const char *word, struct failure *why)
{
	cleanup_free char *shown = text_quote_short(word);

	failure_set(why, 0, "%s: there is no such option", shown ? shown : "option");
	return failure_hint(why, "tare run --help lists them; a command that begins with '-' "
				 "goes after '--'");
}

/*
 * One option: "--name", "--name=value", "--name value", "-n", "-n value". *used is how many words
 * it took.
 */
static int parse_one(
	char **words, struct run_config *config, bool *wants_help, int *used, struct failure *why)
{
	const char *word = words[0], *value = NULL;
	const struct option_entry *entry;

	if (word[1] == '-') {
		value = strchr(word, '=');
		entry = find_name(word + 2, value ? (size_t)(value - word - 2) : strlen(word + 2));
		value = value ? value + 1 : NULL;
	} else {
		entry = word[2] ? NULL : find_letter(word[1]);
	}
	if (!entry)
		return unknown(word, why);
	if (!entry->value && value)
		return failure_set(why, 0, "--%s: takes no value", entry->name);
	*used = 1;
	if (entry->value && !value) {
		value = words[(*used)++];
		if (!value)
			return failure_set(
				why, 0, "--%s: needs a value: %s", entry->name, entry->value);
	}
	*wants_help |= !entry->apply;
	return entry->apply ? entry->apply(config, value, why) : 0;
}

static int check_limits(const struct run_limits *limits, struct failure *why)
{
	if (limits->cpu_ns && limits->soft_cpu_ns > limits->cpu_ns)
		return failure_set(why, 0, "--softtimelimit: %s is more than the hard limit of %s",
			text_format_time(limits->soft_cpu_ns).text,
			text_format_time(limits->cpu_ns).text);
	return 0;
}

/* What the two options mean by themselves is BenchExec's. */
static void complete_files(struct run_config *config)
{
	if (config->output_directory && !config->has_result_patterns)
		config->result_patterns[config->result_pattern_count++] = ".";
	if (!config->output_directory && config->result_pattern_count)
		config->output_directory = "output.files";
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

static int check(const struct run_config *config, struct failure *why)
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

/* Up to the first word that is no option; *next is its place. */
static int parse_all(int argc, char **argv, struct run_config *config, bool *wants_help, int *next,
	struct failure *why)
{
	while (*next < argc && argv[*next][0] == '-' && argv[*next][1]) {
		int used = 0, error;

		if (!strcmp(argv[*next], "--")) {
			(*next)++;
			break;
		}
		error = parse_one(&argv[*next], config, wants_help, &used, why);
		if (error)
			return error;
		*next += used;
	}
	return 0;
}

/* Its truths are those of its own commands, in the container that there is without options. */
static int check_self_test(const struct run_config *config, int words, struct failure *why)
{
	if (config->command[0])
		return failure_set(why, 0, "--self-test: takes no command, it has its own");
	if (words > 1)
		return failure_set(why, 0, "--self-test: takes no other option");
	return 0;
}

int options_parse(int argc, char **argv, struct run_config *config, enum options_request *request,
	struct failure *why)
{
	bool wants_help = false;
	int next = 1, error;

	*config = (struct run_config){ 0 };
	error = parse_all(argc, argv, config, &wants_help, &next, why);
	if (error)
		return error;
	config->command = &argv[next];
	complete_files(config);
	*request = wants_help ? OPTIONS_HELP : OPTIONS_RUN;
	if (config->self_test && !wants_help)
		return check_self_test(config, argc - 1, why);
	return wants_help ? 0 : check(config, why);
}

int options_parse_line(
	int argc, char **argv, char *const *command, struct run_config *config, struct failure *why)
{
	bool wants_help = false;
	int next = 0, error = parse_all(argc, argv, config, &wants_help, &next, why);
	cleanup_free char *shown = next < argc ? text_quote_short(argv[next]) : NULL;

	if (error)
		return error;
	if (next < argc || wants_help)
		return failure_set(why, 0, "options: %s is none of a run",
			next < argc && shown ? shown : "--help");
	error = options_check_batch_line(config, why);
	if (error)
		return error;
	config->command = command;
	complete_files(config);
	return check(config, why);
}

void options_print_help(FILE *stream)
{
	fprintf(stream, "Usage: tare run [OPTIONS] [--] COMMAND [ARG...]\n"
			"Runs a command in a fresh container and weighs it.\n\nOptions:\n");
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		const struct option_entry *entry = &entries[i];
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", entry->letter ? '-' : ' ',
			entry->letter ? entry->letter : ' ', entry->letter ? "," : " ", entry->name,
			entry->value ? " " : "", entry->value ? entry->value : "");
		fprintf(stream, "  %-24s %s\n", left, entry->help);
	}
	fprintf(stream,
		"\nExit status: the command's own; 128+N when signal N ended it; 124 when a limit\n"
		"did; 125 when tare failed, or a self-test found a number off; 126 when the\n"
		"command is not executable; 127 when it is not found.\n");
}
