// SPDX-License-Identifier: Apache-2.0
// `tare run`: what was typed is understood, done, and told.
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "batch.h"
#include "explain.h"
#include "options.h"
#include "print_failure.h"
#include "report/json.h"
#include "report/summary.h"
#include "sandbox/sandbox.h"
#include "self_test.h"
#include "weigh.h"

static int terminal_columns(int fd)
{
	struct winsize size;

	return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int tell_summary(
	const struct run_config *config, const struct result *result, struct failure *why)
{
	struct summary_style style = { .colour = summary_wants_colour(STDERR_FILENO),
		.verbose = config->verbose,
		.is_brief = config->quiet,
		.columns = terminal_columns(STDERR_FILENO) };
	cleanup_free char *text = NULL;
	int error;

	/* Even a quiet run says why there was none. */
	if (config->quiet && result->outcome.kind != OUTCOME_ERROR &&
		result->outcome.kind != OUTCOME_NOT_STARTED)
		return 0;
	error = summary_render(result, &style, &text, why);
	if (!error)
		fputs(text, stderr);
	return error;
}

static int tell_json(struct output_file *file, const struct result *result, struct failure *why)
{
	cleanup_free char *text = NULL;
	size_t size;
	int error = json_render(result, &text, &size, why);

	return error ? error : output_file_commit(file, text, size, why);
}

static int weigh_and_tell(const struct run_config *config, struct output_file *json)
{
	struct result result;
	struct failure why;
	int status, error;

	(void)run_weigh(config, &result, &why); /* the result says it */
	status = result_exit_status(&result.outcome);
	error = tell_summary(config, &result, &why);
	if (!error && config->json_path)
		error = tell_json(json, &result, &why);
	if (result.files.has_failed)
		status = print_failure(&result.files.error);
	result_done(&result);
	return error ? print_failure(&why) : status;
}

/* A path may be longer than a failure has room for. */
static int open_document(const char *path, struct output_file *file, struct failure *why)
{
	cleanup_free char *shown = NULL, *hint = NULL;
	int error = output_file_open(path, file, why);

	if (!error)
		return 0;
	shown = text_quote_short(strcmp(path, "-") ? path : "standard output");
	hint = strdup(why->hint);
	failure_set(why, why->errnum, "--json: open %s for writing", shown ? shown : "the file");
	return hint && *hint ? failure_hint(why, "%s", hint) : error;
}

/* What the caller left open is for no process of the run: it might lead out of the container. */
static void close_inherited(const struct output_file *keep)
{
	int one = keep->fd > STDERR_FILENO ? keep->fd : STDERR_FILENO;
	int other = keep->directory_fd > STDERR_FILENO ? keep->directory_fd : STDERR_FILENO;
	unsigned int low = one < other ? one : other, high = one < other ? other : one;

	/* Ranges that hold nothing are refused, and that is fine. */
	(void)close_range(STDERR_FILENO + 1, low - 1, 0);
	(void)close_range(low + 1, high - 1, 0);
	(void)close_range(high + 1, ~0U, 0);
}

static int run_batch(const struct run_config *config)
{
	struct failure why;
	int status;

	close_inherited(&OUTPUT_FILE_NONE);
	return batch_run(config, &status, &why) ? print_failure(&why) : status;
}

static int test_self(void)
{
	bool is_sound = false;
	struct failure why;

	close_inherited(&OUTPUT_FILE_NONE);
	if (self_test(&is_sound, &why))
		return print_failure(&why);
	return is_sound ? 0 : 125;
}

int run_command(int argc, char **argv)
{
	struct output_file json = OUTPUT_FILE_NONE;
	enum options_request request;
	struct run_config config;
	struct failure why;
	int status;

	if (options_parse(argc, argv, &config, &request, &why))
		return print_failure(&why);
	if (request == OPTIONS_HELP) {
		options_print_help(stdout);
		return 0;
	}
	if (config.batch_path)
		return run_batch(&config);
	if (config.explain)
		return explain_run(&config, &why) ? print_failure(&why) : 0;
	if (config.self_test)
		return test_self();
	if (sandbox_check(&config, &why))
		return print_failure(&why);
	if (config.json_path && open_document(config.json_path, &json, &why))
		return print_failure(&why);
	close_inherited(&json);
	status = weigh_and_tell(&config, &json);
	output_file_discard(&json);
	return status;
}
