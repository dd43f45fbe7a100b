// SPDX-License-Identifier: Apache-2.0
// The options of runexec: one table for reading, usage and help.
#include "runexec_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "argparse.h"
#include "base/python.h"
#include "runexec_values.h"

/* --- What the kinds of options do --- */

static void *place_of(const struct argparse_option *option, void *target)
{
	return (char *)target + option->place;
}

static int set_flag(
	const struct argparse_option *option, void *target, const char *text, struct failure *why)
{
	(void)text, (void)why;
	*(bool *)place_of(option, target) = true;
	return 0;
}

/* It only says what is so by default. */
static int set_nothing(
	const struct argparse_option *option, void *target, const char *text, struct failure *why)
{
	(void)option, (void)target, (void)text, (void)why;
	return 0;
}

static int set_text(
	const struct argparse_option *option, void *target, const char *text, struct failure *why)
{
	(void)why;
	*(const char **)place_of(option, target) = text;
	return 0;
}

static int add_text(
	const struct argparse_option *option, void *target, const char *text, struct failure *why)
{
	struct runexec_texts *texts = place_of(option, target);

	if (texts->count == RUNEXEC_REPEATS)
		return failure_set(why, 0, "given more than %d times", RUNEXEC_REPEATS);
	texts->texts[texts->count++] = text;
	return 0;
}

/* The empty pattern is none, and takes the place of the one that is there by default. */
static int add_pattern(
	const struct argparse_option *option, void *target, const char *text, struct failure *why)
{
	struct runexec_options *options = target;
	char *pattern = *text ? python_normpath(text) : NULL;

	options->has_result_patterns = true;
	if (!*text)
		return 0;
	if (!pattern)
		return failure_set(why, ENOMEM, "keep a pattern");
	if (add_text(option, target, pattern, why)) {
		free(pattern);
		return -EINVAL;
	}
	return 0;
}

static int set_memory(
	const struct argparse_option *option, void *target, const char *text, struct failure *why)
{
	struct runexec_value *value = place_of(option, target);

	value->is_given = true;
	return runexec_parse_memory(text, &value->value, why);
}

static int set_timespan(
	const struct argparse_option *option, void *target, const char *text, struct failure *why)
{
	struct runexec_value *value = place_of(option, target);

	value->is_given = true;
	return runexec_parse_timespan(text, &value->value, why);
}

static int set_integer(
	const struct argparse_option *option, void *target, const char *text, struct failure *why)
{
	struct runexec_value *value = place_of(option, target);

	value->is_given = true;
	return runexec_parse_integer(text, &value->value, why);
}

static int set_list(
	const struct argparse_option *option, void *target, const char *text, struct failure *why)
{
	char **list = place_of(option, target);

	free(*list);
	*list = NULL;
	return runexec_parse_list(text, list, why);
}

static int add_directory(
	const struct argparse_option *option, void *target, const char *text, struct failure *why)
{
	struct runexec_options *options = target;

	if (options->directory_count == RUNEXEC_DIRECTORIES)
		return failure_set(why, 0, "more than %d directories", RUNEXEC_DIRECTORIES);
	options->directories[options->directory_count++] = (struct directory_rule){ .path = text,
		.mode = (enum directory_mode)option->detail };
	return 0;
}

/* --- The table --- */

#define AT(member) .place = offsetof(struct runexec_options, member)

/* In BenchExec's order, which is that of its usage. */
static const struct argparse_option entries[] = {
	{ "--help", "-h", .help = "show this text and end" },
	{ "--memlimit", .value = "BYTES", .apply = set_memory, AT(memory),
		.help = "end the run when it needs more memory" },
	{ "--timelimit", .value = "SECONDS", .apply = set_timespan, AT(time),
		.help = "end it when it has used so much CPU time" },
	{ "--softtimelimit", .value = "SECONDS", .apply = set_timespan, AT(soft_time),
		.help = "ask it to end by SIGTERM then" },
	{ "--walltimelimit", .value = "SECONDS", .apply = set_timespan, AT(wall_time),
		.help = "end it when so much time has passed (default: 30 s more than the "
			"limit of CPU time, if there is one)" },
	{ "--cores", .value = "N,M-K", .apply = set_list, AT(cores),
		.help = "run on these processors" },
	{ "--memoryNodes", .value = "N,M-K", .apply = set_list, AT(memory_nodes),
		.help = "take memory from these NUMA nodes" },
	{ "--input", .value = "FILE", .apply = set_text, AT(input),
		.help = "standard input (default: /dev/null; '-' is that of runexec)" },
	{ "--output", .value = "FILE", .apply = set_text, AT(output),
		.help = "file for standard output and standard error (default: output.log)" },
	{ "--maxOutputSize", .value = "BYTES", .apply = set_memory, AT(output_size),
		.help = "keep only head and tail of an output that is longer" },
	{ "--filesCountLimit", .value = "COUNT", .apply = set_integer, AT(files_count),
		.help = "end the run when it has written more files (with --no-tmpfs)" },
	{ "--filesSizeLimit", .value = "BYTES", .apply = set_memory, AT(files_size),
		.help = "end it when these are larger (with --no-tmpfs)" },
	{ "--skip-cleanup", .apply = set_flag, AT(skip_cleanup),
		.help = "leave the temporary directories of --no-container where they are" },
	{ "--container", .rival = "--no-container", .apply = set_nothing,
		.help = "run in a container (default)" },
	{ "--no-container", .rival = "--container", .apply = set_flag, AT(no_container),
		.help = "run without one, with the caller's own rights" },
	{ "--network-access", .apply = set_flag, AT(network_access),
		.help = "the host's network, instead of none but lo" },
	{ "--no-tmpfs", .apply = set_flag, AT(no_tmpfs),
		.help = "what is written goes to disk, not to memory" },
	{ "--keep-system-config", .apply = set_flag, AT(keep_system_config),
		.help = "the host's name, users and name service" },
	{ "--keep-tmp", .apply = set_flag, AT(keep_tmp), .help = "as --full-access-dir /tmp" },
	{ "--hidden-dir", .value = "DIR", .apply = add_directory, .detail = DIRECTORY_HIDDEN,
		.help = "an empty directory in its place (default for /tmp and /run)" },
	{ "--read-only-dir", .value = "DIR", .apply = add_directory, .detail = DIRECTORY_READ_ONLY,
		.help = "show it, without write access" },
	{ "--overlay-dir", .value = "DIR", .apply = add_directory, .detail = DIRECTORY_OVERLAY,
		.help = "show it; what is written stays inside (default for /)" },
	{ "--full-access-dir", .value = "DIR", .apply = add_directory,
		.detail = DIRECTORY_FULL_ACCESS, .help = "show it, and let writes reach the host" },
	{ "--output-directory", .value = "DIR", .apply = set_text, AT(output_directory),
		.help = "where result files are copied to (default: output.files)" },
	{ "--result-files", .value = "PATTERN", .apply = add_pattern, AT(result_patterns),
		.help = "which of the files that the run wrote (default: '.')" },
	{ "--require-cgroup-subsystem", .value = "SUBSYSTEM", .apply = add_text,
		AT(required_subsystems),
		.help = "end at once where this controller cannot be had" },
	{ "--set-cgroup-value", .value = "SUBSYSTEM.OPTION=VALUE", .apply = add_text,
		AT(cgroup_values), .help = "write this to the run's cgroup" },
	{ "--dir", .value = "DIR", .apply = set_text, AT(directory),
		.help = "start the command in DIR (default: here)" },
	{ "--version", .help = "show the version and end" },
	{ "--debug", .rival = "--quiet", .apply = set_flag, AT(is_debug), .help = "log more" },
	{ "--quiet", .rival = "--debug", .apply = set_flag, AT(is_quiet),
		.help = "log warnings only" },
};

static const struct argparse parser = {
	.program = "runexec",
	.description = "Runs a command with limits and measures what it uses, as the runexec of "
		       "BenchExec does. An argument @FILE is replaced by the lines of FILE. "
		       "What is different stands in runexec(1).",
	.operand = "ARG",
	.operand_help = "the command; write -- before it, so that none of its words is taken for "
			"an option",
	.options = entries,
	.option_count = sizeof(entries) / sizeof(entries[0]),
};

/* --- The whole --- */

static enum runexec_request request_of(const struct argparse_option *stopped)
{
	if (!stopped)
		return RUNEXEC_RUN;
	return stopped == &entries[0] ? RUNEXEC_HELP : RUNEXEC_VERSION_TEXT;
}

int runexec_options_parse(
	int argc, char **argv, struct runexec_options *options, struct failure *why)
{
	struct argparse_result result = { 0 };
	int error;

	*options = (struct runexec_options){ .output = "output.log",
		.output_directory = "output.files" };
	error = argument_list_expand(&options->words, argv + 1, argc - 1, why);
	if (!error)
		error = argparse_read(
			&parser, options->words.words, options->words.count, options, &result, why);
	options->command = result.operands;
	options->request = request_of(result.stopped);
	if (error)
		runexec_options_done(options);
	return error;
}

void runexec_options_done(struct runexec_options *options)
{
	for (size_t i = 0; i < options->result_patterns.count; i++)
		free((char *)options->result_patterns.texts[i]);
	argument_list_done(&options->words);
	free(options->command);
	free(options->cores);
	free(options->memory_nodes);
	*options = (struct runexec_options){ 0 };
}

void runexec_print_usage(FILE *stream)
{
	argparse_print_usage(&parser, stream);
}

void runexec_print_help(FILE *stream)
{
	argparse_print_help(&parser, stream);
}
