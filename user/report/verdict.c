// SPDX-License-Identifier: Apache-2.0
// How a run ended, in a few words.
#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* BenchExec's words for why a run was stopped, and ours. */
static const struct {
	const char *reason, *limit;
} limits[] = {
	{ "cputime", "the CPU time limit" },
	{ "cputime-soft", "the soft CPU time limit" },
	{ "walltime", "the wall time limit" },
	{ "memory", "the memory limit" },
	{ "files-count", "the limit on the number of files" },
	{ "files-size", "the limit on the size of files" },
	{ "pids", "the limit on processes" },
	{ "output-size", "the limit on output" },
};

/* Allocated; NULL when there is no memory. */
__attribute__((format(printf, 1, 2))) static char *print_text(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return length < 0 ? NULL : text;
}

static char *describe_limit(const char *reason)
{
	if (!reason)
		reason = "reason unknown";
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (strcmp(limits[i].reason, reason) == 0)
			return print_text("stopped by %s (%s)", limits[i].limit, reason);
	}
	return print_text("stopped by tare (%s)", reason);
}

static char *describe_signal(const struct outcome *outcome)
{
	const char *core = outcome->core_dumped ? " (core dumped)" : "";
	const char *name = sigabbrev_np(outcome->signal);

	if (name)
		return print_text("killed by SIG%s%s", name, core);
	return print_text("killed by signal %d%s", outcome->signal, core);
}

static char *describe_error(const char *kind, struct failure error)
{
	char text[sizeof(error.what) + 256]; /* and the errno in words */
	cleanup_free char *safe = NULL;

	error.hint[0] = '\0'; /* has a line of its own */
	safe = text_escape(failure_describe(&error, text, sizeof(text)));
	return safe ? print_text("%s: %s", kind, safe) : NULL;
}

char *verdict_describe(const struct outcome *outcome)
{
	switch (outcome->kind) {
	case OUTCOME_EXITED:
		return print_text("exited %d", outcome->exit_code);
	case OUTCOME_SIGNALED:
		return describe_signal(outcome);
	case OUTCOME_LIMIT:
		return describe_limit(outcome->termination_reason);
	case OUTCOME_NOT_STARTED:
		return describe_error("not started", outcome->error);
	case OUTCOME_ERROR:
		break;
	}
	return describe_error("tare failed", outcome->error);
}
