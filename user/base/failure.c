// SPDX-License-Identifier: Apache-2.0
// Why something did not happen: what was attempted, the errno, and a command that repairs it.
#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int failure_code(const struct failure *why)
{
	return why->errnum > 0 ? -why->errnum : -EINVAL;
}

int failure_set(struct failure *why, int errnum, const char *format, ...)
{
	struct failure nobody;
	va_list arguments;

	if (!why)
		why = &nobody;
	why->errnum = errnum;
	why->hint[0] = '\0';
	va_start(arguments, format);
	vsnprintf(why->what, sizeof(why->what), format, arguments);
	va_end(arguments);
	return failure_code(why);
}

int failure_hint(struct failure *why, const char *format, ...)
{
	va_list arguments;

	if (!why)
		return -EINVAL;
	va_start(arguments, format);
	vsnprintf(why->hint, sizeof(why->hint), format, arguments);
	va_end(arguments);
	return failure_code(why);
}

const char *failure_errno_name(int errnum)
{
	const char *name = strerrorname_np(errnum);

	return name ? name : "?";
}

char *failure_describe(const struct failure *why, char *buffer, size_t size)
{
	size_t length;

	snprintf(buffer, size, "%s", why->what);
	length = strlen(buffer);
	if (why->errnum) {
		snprintf(buffer + length, size - length, ": %s (%s)", strerror(why->errnum),
			failure_errno_name(why->errnum));
		length = strlen(buffer);
	}
	if (why->hint[0])
		snprintf(buffer + length, size - length, "\n  hint: %s", why->hint);
	return buffer;
}
