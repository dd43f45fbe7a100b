// SPDX-License-Identifier: Apache-2.0
// What a person types after `tare run`: one table for parsing and for --help.
#include "options.h"

#include <stddef.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "options_batch.h"
#include "options_check.h"
#include "options_container.h"
#include "options_resources.h"
#include "options_values.h"

/* Closer, and looking would be most of what is seen; further, and there is no line. */
#define LEAST_TIMELINE_NS 1000000ULL
#define MOST_TIMELINE_NS 3600000000000ULL

/* What is of a kind is read into a field; else apply does it; --help is neither. */
struct option_entry {
	const char *name;  /* without the dashes */
	char letter;	   /* 0: none */
	const char *value; /* what its value is called; NULL: it takes none */
	const char *help;
	int (*apply)(struct run_config *config, const char *value, struct failure *why);
	options_reader *read;
	size_t field;
};

#define INTO(kind, member) .read = options_read_##kind, .field = offsetof(struct run_config, member)

/* --- What is of no kind --- */

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

static int apply_timeline(struct run_config *config, const char *value, struct failure *why)
{
	static const char allowed[] = "give how far its points lie apart, 1ms to 1h, as in 10ms";
	uint64_t interval_ns = 0;
	int error = text_parse_duration(value, &interval_ns);

	if (error)
		return options_refuse("timeline", value, error, allowed, why);
	if (interval_ns < LEAST_TIMELINE_NS || interval_ns > MOST_TIMELINE_NS)
		return failure_set(why, 0, "--timeline: too close or too far apart; %s", allowed);
	if (config->timeline_interval_ns)
		return failure_set(why, 0, "--timeline: given twice");
	config->timeline_interval_ns = interval_ns;
	return 0;
}

static int apply_memlimit(struct run_config *config, const char *value, struct failure *why)
{
	int error = options_read_size("memlimit", value, &config->limits.memory_bytes, why);

	if (!error && config->limits.memory_bytes < CONFIG_LEAST_MEMORY)
		return failure_set(why, 0,
			"--memlimit: %s is too little for any program; give at least 1MiB", value);
	return error;
}

/* --- The table --- */

static const struct option_entry entries[] = {
	{ "json", 'j', "FILE", "write the result document to FILE; '-' is stdout",
		.apply = apply_json },
	{ "quiet", 'q', NULL, "no summary on standard error", INTO(flag, quiet) },
	{ "interrupts", 0, NULL, "also weigh the interrupts that hit the command",
		INTO(flag, weighs_interrupts) },
	{ "verbose", 'v', NULL, "also what was isolated, left over or not known",
		INTO(flag, verbose) },
	{ "syscall-times", 0, NULL, "also time each system call, by name",
		INTO(flag, syscall_times) },
	{ "no-syscalls", 0, NULL, "do not look at system calls at all", INTO(flag, no_syscalls) },
	{ "private", 0, NULL, "a collector of its own, although a shared one runs",
		INTO(flag, private_collector) },
	{ "explain", 0, NULL, "only tell what this run would isolate", INTO(flag, explain) },
	{ "self-test", 0, NULL, "weigh known programs, and tell how far off it is",
		INTO(flag, self_test) },
	{ "no-container", 0, NULL, "weigh without one, with the caller's own rights",
		INTO(flag, no_container) },
	{ "allow", 0, "WHAT", "let through io_uring, mounts or namespaces",
		.apply = options_apply_allow },
	{ "seccomp", 0, "WHICH", "default, none, or a JSON profile beside the default",
		.apply = options_apply_seccomp },
	{ "read-only-dir", 0, "DIR", "show the host's DIR, without write access",
		.apply = options_apply_read_only },
	{ "overlay-dir", 0, "DIR", "show it; what is written stays inside",
		.apply = options_apply_overlay },
	{ "full-access-dir", 0, "DIR", "show it, and let writes reach the host",
		.apply = options_apply_full_access },
	{ "hidden-dir", 0, "DIR", "an empty directory in its place",
		.apply = options_apply_hidden },
	{ "keep-tmp", 0, NULL, "share the host's /tmp, and let writes reach it",
		.apply = options_apply_keep_tmp },
	{ "no-tmpfs", 0, NULL, "what is written goes to disk, in TMPDIR", INTO(flag, no_tmpfs) },
	{ "root-dir", 0, "DIR", "show DIR as '/', a prepared root file system",
		INTO(directory, root_directory) },
	{ "dir", 0, "DIR", "start the command in DIR", .apply = options_apply_start_directory },
	{ "hostname", 0, "NAME", "the container's name, instead of tare",
		.apply = options_apply_hostname },
	{ "keep-system-config", 0, NULL, "keep hostname, users and name service files",
		INTO(flag, keep_system_config) },
	{ "network-access", 0, NULL, "the host's network, instead of none but lo",
		INTO(flag, network_access) },
	{ "uid", 0, "NUMBER", "be this user inside, instead of the caller",
		.apply = options_apply_uid },
	{ "gid", 0, "NUMBER", "be in this group inside", .apply = options_apply_gid },
	{ "env", 0, "NAME=VALUE", "set one variable of the environment",
		.apply = options_apply_env },
	{ "keep-env", 0, "NAME", "of the caller's keep only the variable so named",
		.apply = options_apply_keep_env },
	{ "clear-env", 0, NULL, "keep none of it", INTO(flag, clear_environment) },
	{ "timelimit", 0, "TIME", "end the run when it has used so much CPU time",
		INTO(duration, limits.cpu_ns) },
	{ "softtimelimit", 0, "TIME", "ask it to end by SIGTERM then",
		INTO(duration, limits.soft_cpu_ns) },
	{ "walltimelimit", 0, "TIME", "end it when so much time has passed",
		INTO(duration, limits.wall_ns) },
	{ "memlimit", 0, "SIZE", "end it when it needs more memory", .apply = apply_memlimit },
	{ "pids-limit", 0, "NUMBER", "end it when it has more processes and threads",
		INTO(count, limits.tasks) },
	{ "timeline", 0, "TIME", "tell memory and CPU time, at points so far apart",
		.apply = apply_timeline },
	{ "input", 0, "FILE", "give it FILE as standard input", INTO(stream, input_path) },
	{ "output", 0, "FILE", "write its standard output and error to FILE",
		INTO(stream, output_path) },
	{ "max-output-size", 0, "SIZE", "end it when it writes more to these two",
		INTO(size, limits.output_bytes) },
	{ "output-directory", 0, "DIR", "copy to DIR what the command wrote",
		INTO(directory, output_directory) },
	{ "result-files", 0, "PATTERN", "which files; '.' is all below its start directory",
		.apply = options_apply_result_files },
	{ "files-count-limit", 0, "NUMBER", "end it when it writes more files than this",
		INTO(count, limits.files_count) },
	{ "files-size-limit", 0, "SIZE", "or more bytes in them, as in 10MB or 1GiB",
		INTO(size, limits.files_bytes) },
	{ "cores", 0, "LIST", "run on these CPUs, or auto:N on N free physical cores",
		.apply = options_apply_cores },
	{ "memory-nodes", 0, "LIST", "use memory of these nodes",
		.apply = options_apply_memory_nodes },
	{ "rlimit", 0, "NAME=S[:H]", "limit each process: nofile, stack, core, nproc, ...",
		.apply = options_apply_rlimit },
	{ "set-cgroup-value", 0, "C.O=VALUE", "write VALUE to this file of its cgroup",
		.apply = options_apply_cgroup_value },
	{ "require-cgroup-subsystem", 0, "C", "fail unless its cgroup has this controller",
		.apply = options_apply_cgroup_subsystem },
	{ "from", 0, "FILE", "run the commands in FILE, a JSON line each, or in '-'",
		.apply = options_apply_from },
	{ "jobs", 0, "NUMBER", "so many of them at a time", .apply = options_apply_jobs },
	{ "help", 'h', NULL, "show this text", .apply = NULL },
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

static int apply(const struct option_entry *entry, const char *value, struct run_config *config,
	bool *wants_help, struct failure *why)
{
	if (entry->read)
		return entry->read(entry->name, value, (char *)config + entry->field, why);
	if (entry->apply)
		return entry->apply(config, value, why);
	*wants_help = true;
	return 0;
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
	return apply(entry, value, config, wants_help, why);
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

/* What the two options mean by themselves is BenchExec's. */
static void complete_files(struct run_config *config)
{
	if (config->output_directory && !config->has_result_patterns)
		config->result_patterns[config->result_pattern_count++] = ".";
	if (!config->output_directory && config->result_pattern_count)
		config->output_directory = "output.files";
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
	return wants_help ? 0 : options_check(config, why);
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
	return options_check(config, why);
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
