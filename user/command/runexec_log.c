// SPDX-License-Identifier: Apache-2.0
// Lines on standard error as Python's logging writes them.
#include "runexec_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/cleanup.h"
#include "base/text.h"

static enum runexec_level lowest = RUNEXEC_INFO;

void runexec_log_from(enum runexec_level level)
{
	lowest = level;
}

void runexec_log(enum runexec_level level, const char *format, ...)
{
	static const char *const names[] = {
		[RUNEXEC_DEBUG] = "DEBUG",
		[RUNEXEC_INFO] = "INFO",
		[RUNEXEC_WARNING] = "WARNING",
		[RUNEXEC_CRITICAL] = "CRITICAL",
	};
	cleanup_free char *message = NULL, *shown = NULL;
	struct timespec now;
	struct tm local;
	char date[32];
	va_list arguments;

	if (level < lowest)
		return;
	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	shown = message ? text_escape(message) : NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", localtime_r(&now.tv_sec, &local));
	fprintf(stderr, "%s,%03ld - %s - %s\n", date, now.tv_nsec / 1000000, names[level],
		shown ? shown : "out of memory");
}
