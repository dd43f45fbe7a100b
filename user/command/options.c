// SPDX-License-Identifier: Apache-2.0
// What a person types after `tare run`: one table for parsing and for --help.
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/environment.h"
#include "base/text.h"
#include "options_resources.h"

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
		shown = text_quote(value);
		return failure_set(
			why, 0, "--allow: %s is not one of %s", shown ? shown : "it", allowed);
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
	return add_directory(config, "/tmp", DIRECTORY_FULL_ACCESS, why);
}

static int apply_start_directory(struct run_config *config, const char *value, struct failure *why)
{
	if (!*value)
		return failure_set(why, 0, "--dir: the path is empty; give a directory");
	if (config->start_directory)
		return failure_set(why, 0, "--dir: given twice");
	config->start_directory = value;
	return 0;
}

/* An id of the host that has a counterpart inside; the kernel keeps the last number for itself. */
static int parse_id(const char *option, const char *value, unsigned int *id, struct failure *why)
{
	cleanup_free char *shown = NULL;
	uint64_t number;

	if (!text_parse_decimal(value, &number) && number < CONFIG_ID_LIMIT) {
		*id = number;
		return 0;
	}
	shown = text_quote(value);
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
	uint64_t bytes = 0;
	int error = text_parse_size(value, &bytes);

	if (error)
		return refuse_limit("memlimit", value, error,
			"give a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in "
			"500MB",
			why);
	if (bytes && bytes < CONFIG_LEAST_MEMORY)
		return failure_set(why, 0,
			"--memlimit: %s is too little for any program; give at "
			"least 1MiB",
			value);
	return check_limit("memlimit", bytes, &config->limits.memory_bytes, why);
}

static int apply_pids_limit(struct run_config *config, const char *value, struct failure *why)
{
	uint64_t tasks = 0;
	int error = text_parse_decimal(value, &tasks);

	if (error)
		return refuse_limit("pids-limit", value, error, "give a whole number", why);
	return check_limit("pids-limit", tasks, &config->limits.tasks, why);
}

static const struct option_entry entries[] = {
	{ "json", 'j', "FILE", "write the result document to FILE; '-' is stdout", apply_json },
	{ "quiet", 'q', NULL, "no summary on standard error", apply_quiet },
	{ "verbose", 'v', NULL, "also what was isolated, left over or not known", apply_verbose },
	{ "no-container", 0, NULL, "weigh without one, with the caller's own rights",
		apply_no_container },
	{ "allow", 0, "WHAT", "let through io_uring, mounts or namespaces", apply_allow },
	{ "read-only-dir", 0, "DIR", "show the host's DIR, without write access", apply_read_only },
	{ "overlay-dir", 0, "DIR", "show it; what is written stays inside", apply_overlay },
	{ "full-access-dir", 0, "DIR", "show it, and let writes reach the host",
		apply_full_access },
	{ "hidden-dir", 0, "DIR", "an empty directory in its place", apply_hidden },
	{ "keep-tmp", 0, NULL, "share the host's /tmp, and let writes reach it", apply_keep_tmp },
	{ "dir", 0, "DIR", "start the command in DIR", apply_start_directory },
	{ "network-access", 0, NULL, "the host's network, instead of none but lo", apply_network },
	{ "uid", 0, "NUMBER", "be this user inside, instead of root", apply_uid },
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
	{ "cores", 0, "LIST", "run on these CPUs, or auto:N on N free physical cores",
		options_apply_cores },
	{ "memory-nodes", 0, "LIST", "use memory of these nodes", options_apply_memory_nodes },
	{ "rlimit", 0, "NAME=S[:H]", "limit each process: nofile, stack, core, nproc, ...",
		options_apply_rlimit },
	{ "set-cgroup-value", 0, "C.O=VALUE", "write VALUE to this file of its cgroup",
		options_apply_cgroup_value },
	{ "require-cgroup-subsystem", 0, "C", "fail unless its cgroup has this controller",
		options_apply_cgroup_subsystem },
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
	cleanup_free char *shown = text_quote(word);

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

static int check(const struct run_config *config, struct failure *why)
{
	int error;

	if (!config->command[0]) {
		failure_set(why, 0, "no command given");
		return failure_hint(why, "tare run [OPTIONS] [--] COMMAND [ARG...]");
	}
	if (!config->command[0][0])
		return failure_set(why, 0, "the command is an empty word");
	if (config->no_container &&
		(config->allow_io_uring || config->allow_mounts || config->allow_namespaces))
		return failure_set(why, 0, "--allow: nothing is refused with --no-container");
	if (config->no_container && config->directory_count)
		return failure_set(
			why, 0, "--no-container: directories have no modes without a container");
	if (config->no_container && (config->has_uid || config->has_gid))
		return failure_set(
			why, 0, "--no-container: the command is the caller without a container");
	error = options_check_resources(config, why);
	return error ? error : check_limits(&config->limits, why);
}

int options_parse(int argc, char **argv, struct run_config *config, enum options_request *request,
	struct failure *why)
{
	bool wants_help = false;
	int next = 1;

	*config = (struct run_config){ 0 };
	while (next < argc && argv[next][0] == '-' && argv[next][1]) {
		int used = 0, error;

		if (!strcmp(argv[next], "--")) {
			next++;
			break;
		}
		error = parse_one(&argv[next], config, &wants_help, &used, why);
		if (error)
			return error;
		next += used;
	}
	config->command = &argv[next];
	*request = wants_help ? OPTIONS_HELP : OPTIONS_RUN;
	return wants_help ? 0 : check(config, why);
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
		"did; 125 when tare failed; 126 when the command is not executable; 127 when it\n"
		"is not found.\n");
}
