// SPDX-License-Identifier: Apache-2.0
// `runexec`: tare's run behind the options and the output of BenchExec's command of that name.
//
// Standard output has the result as lines "key=value", standard error the log, and the file that
// --output names has what the command wrote, below a header. runexec(1) says what is different.
#include "runexec.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/python.h"
#include "base/text.h"
#include "report/doubt.h"
#include "report/runexec.h"
#include "weigh.h"
#include "runexec_check.h"
#include "runexec_config.h"
#include "runexec_home.h"
#include "runexec_log.h"
#include "runexec_log_files.h"
#include "runexec_options.h"

/* --- Before the run --- */

static void print_line(const char *before, const char *text)
{
	cleanup_free char *shown = text_escape(text);

	fprintf(stderr, "%s%s\n", before, shown ? shown : "out of memory");
}

static int refuse_usage(const struct failure *why)
{
	runexec_print_usage(stderr);
	print_line("runexec: error: ", why->what);
	return 2;
}

static int refuse(const struct failure *why)
{
	char text[sizeof(*why) + 256];

	print_line("", failure_describe(why, text, sizeof(text)));
	return 1;
}

/* In Python's words, and whole: it may be longer than a line of C. */
static void log_quoted(const char *before, char *quoted)
{
	runexec_log(RUNEXEC_INFO, "%s%s", before, quoted ? quoted : "");
	free(quoted);
}

static void log_start(const struct runexec_options *options)
{
	cleanup_free char *output = python_quote(options->output);
	cleanup_free char *directory = python_quote(options->output_directory);
	bool has_files = !options->no_container && options->result_patterns.count;

	runexec_log(RUNEXEC_DEBUG, "This is runexec %s of tare %s.", RUNEXEC_VERSION, TARE_VERSION);
	log_quoted("Starting command ", python_quote_command(options->command));
	runexec_log(RUNEXEC_INFO, "Writing output to %s%s%s", output ? output : "",
		has_files ? " and result files to " : "", has_files && directory ? directory : "");
}

/* The command line, and a ruler. */
static char *make_header(char *const *command)
{
	cleanup_free char *quoted = python_quote_command(command);
	char ruler[81];
	char *header;

	memset(ruler, '-', sizeof(ruler) - 1);
	ruler[sizeof(ruler) - 1] = '\0';
	if (!quoted || asprintf(&header, "%s\n\n\n%s\n\n\n", quoted, ruler) < 0)
		return NULL;
	return header;
}

/*
 * Blocked, so that from here on a run that is to end can clean up. Also those that a shell made
 * ignored, as it does for what it starts in the background: who sends them to runexec means them.
 */
static void hold_signals(void)
{
	static const int meant[] = { SIGINT, SIGQUIT, SIGTERM };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	for (size_t i = 0; i < sizeof(meant) / sizeof(meant[0]); i++) {
		signal(meant[i], SIG_DFL);
		sigaddset(&signals, meant[i]);
	}
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

/* --- After it --- */

static void log_failure(const struct runexec_options *options, const struct failure *why)
{
	cleanup_free char *name = python_quote(options->command[0]);
	cleanup_free char *path = python_repr(options->command[0]);
	const char *command = name ? name : "";

	if (!why->errnum)
		runexec_log(RUNEXEC_CRITICAL, "Cannot execute '%s': %s.", command, why->what);
	else
		runexec_log(RUNEXEC_CRITICAL, "Cannot execute '%s': [Errno %d] %s: %s.", command,
			why->errnum, strerror(why->errnum), path ? path : "");
}

/* What tare itself could not do has an object of its own. */
static void log_error(const struct runexec_options *options, const struct failure *why)
{
	cleanup_free char *name = python_quote(options->command[0]);
	struct failure first = *why;
	char text[sizeof(*why) + 256];

	first.hint[0] = '\0';
	runexec_log(RUNEXEC_CRITICAL, "Cannot execute '%s': %s.", name ? name : "",
		failure_describe(&first, text, sizeof(text)));
	if (why->hint[0])
		runexec_log(RUNEXEC_CRITICAL, "Hint: %s", why->hint);
}

static void log_end(const struct runexec_options *options, const struct result *result)
{
	const struct outcome *outcome = &result->outcome;
	const char *reason = outcome->termination_reason ? outcome->termination_reason : "";

	if (!strcmp(reason, "walltime"))
		runexec_log(RUNEXEC_WARNING, "Killed the command due to wall time timeout.");
	if (!strcmp(reason, "killed"))
		runexec_log(RUNEXEC_WARNING, "Killed the command forcefully.");
	if (outcome->leftover_processes)
		runexec_log(RUNEXEC_WARNING, "Killed %s that the command had left running.",
			text_format_counted(outcome->leftover_processes, "process", "processes")
				.text);
	if (result->output.is_cut)
		runexec_log(RUNEXEC_WARNING,
			"Logfile '%s' is too big (size %llu bytes). Removing lines.",
			options->output, (unsigned long long)result->output.written_bytes);
}

static void log_doubts(const struct loss *loss)
{
	struct doubt doubts[DOUBT_LIMIT];
	size_t count = doubt_list(loss, doubts);

	for (size_t i = 0; i < count; i++)
		runexec_log(RUNEXEC_WARNING, "The result is in doubt: %s", doubts[i].text);
}

static void log_result(const struct runexec_options *options, const struct result *result)
{
	switch (result->outcome.kind) {
	case OUTCOME_ERROR:
		log_error(options, &result->outcome.error);
		return;
	case OUTCOME_NOT_STARTED:
		log_failure(options, &result->outcome.error);
		return;
	case OUTCOME_EXITED:
	case OUTCOME_SIGNALED:
	case OUTCOME_LIMIT:
		log_end(options, result);
		log_doubts(&result->collector.loss);
		runexec_log_files(&result->files);
		return;
	}
}

static int print_result(const struct result *result, struct failure *why)
{
	cleanup_free char *text = NULL;
	int error = runexec_render(result, &text, why);

	if (error)
		return error;
	if (fputs(text, stdout) == EOF || fflush(stdout))
		return failure_set(why, errno, "write the result to standard output");
	return 0;
}

/* --- The whole --- */

static int run(const struct runexec_options *options, const struct run_config *config)
{
	struct result result;
	struct failure why;
	int status;

	if (runexec_misses_home(config))
		runexec_log(RUNEXEC_WARNING,
			"Home directory in container should be %s but it cannot be made because of "
			"the mode of the directory above it. Use '--overlay-dir /home' or "
			"'--hidden-dir /home'.",
			RUNEXEC_HOME);
	if (options->skip_cleanup && !options->no_container)
		runexec_log(RUNEXEC_WARNING, "--skip-cleanup keeps nothing of a container: what is "
					     "to be kept is named by --result-files.");
	(void)run_weigh(config, &result, &why); /* the result says it */
	log_result(options, &result);
	status = result.outcome.kind == OUTCOME_ERROR;
	if (print_result(&result, &why))
		status = refuse(&why);
	result_done(&result);
	return status;
}

static int leave_home(
	const struct runexec_options *options, struct runexec_home *home, struct failure *why)
{
	if (!options->skip_cleanup)
		return runexec_home_remove(home, why);
	if (home->path)
		runexec_log(
			RUNEXEC_INFO, "Skipping cleanup of temporary directory %s.", home->path);
	runexec_home_done(home);
	return 0;
}

static int run_at_home(const struct runexec_options *options)
{
	cleanup_free char *header = make_header(options->command);
	struct runexec_home home = { 0 };
	struct run_config config;
	struct failure why;
	int status;

	if (!header) {
		(void)failure_set(&why, ENOMEM, "make the header of the output");
		return refuse(&why);
	}
	hold_signals();
	if (options->no_container && runexec_home_make(&home, &why))
		return refuse(&why);
	status = runexec_configure(options, header, &home, &config, &why) ? refuse(&why)
									  : run(options, &config);
	return leave_home(options, &home, &why) ? refuse(&why) : status;
}

static int obey(const struct runexec_options *options)
{
	struct failure why;

	switch (options->request) {
	case RUNEXEC_HELP:
		runexec_print_help(stdout);
		return 0;
	case RUNEXEC_VERSION_TEXT:
		printf("runexec %s (tare %s)\n", RUNEXEC_VERSION, TARE_VERSION);
		return 0;
	case RUNEXEC_RUN:
		break;
	}
	if (runexec_check_usage(options, &why))
		return refuse_usage(&why);
	if (options->is_debug || options->is_quiet)
		runexec_log_from(options->is_debug ? RUNEXEC_DEBUG : RUNEXEC_WARNING);
	log_start(options);
	return runexec_check_run(options, &why) ? refuse(&why) : run_at_home(options);
}

int runexec_command(int argc, char **argv)
{
	struct runexec_options options;
	struct failure why;
	int status;

	/* What the caller left open is for no process of the run. */
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	if (runexec_options_parse(argc, argv, &options, &why))
		return refuse_usage(&why);
	status = obey(&options);
	runexec_options_done(&options);
	return status;
}
