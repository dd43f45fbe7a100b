// SPDX-License-Identifier: Apache-2.0
// How the values of options are read that are all of one kind: flags, paths, durations, sizes,
// counts.
#include "options_values.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"

int options_read_flag(const char *option, const char *value, void *field, struct failure *why)
{
	(void)option, (void)value, (void)why;
	*(bool *)field = true;
	return 0;
}

/* --- Paths --- */

static int check_path(const char *option, const char *value, const char *before, const char *what,
	struct failure *why)
{
	if (!*value)
		return failure_set(why, 0, "--%s: the path is empty; give a %s", option, what);
	return before ? failure_set(why, 0, "--%s: given twice", option) : 0;
}

int options_read_directory(const char *option, const char *value, void *field, struct failure *why)
{
	const char **path = field;
	int error = check_path(option, value, *path, "directory", why);

	if (!error)
		*path = value;
	return error;
}

int options_read_stream(const char *option, const char *value, void *field, struct failure *why)
{
	const char **path = field;
	int error = check_path(option, value, *path, "file", why);

	if (!error && strcmp(value, "-") != 0)
		*path = value;
	return error;
}

/* --- Limits --- */

int options_refuse(
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

int options_read_duration(const char *option, const char *value, void *field, struct failure *why)
{
	uint64_t duration_ns = 0;
	int error = text_parse_duration(value, &duration_ns);

	if (error)
		return options_refuse(option, value, error,
			"give a number and ns, us, ms, s, min, h or d, as in 2.5s", why);
	return check_limit(option, duration_ns, field, why);
}

int options_read_size(const char *option, const char *value, void *field, struct failure *why)
{
	uint64_t bytes = 0;
	int error = text_parse_size(value, &bytes);

	if (error)
		return options_refuse(option, value, error,
			"give a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in "
			"500MB",
			why);
	return check_limit(option, bytes, field, why);
}

int options_parse_number(const char *value, uint64_t *number)
{
	return strchr(value, '\n') ? -EINVAL : text_parse_decimal(value, number);
}

int options_read_count(const char *option, const char *value, void *field, struct failure *why)
{
	uint64_t count = 0;
	int error = options_parse_number(value, &count);

	if (error)
		return options_refuse(option, value, error, "give a whole number", why);
	return check_limit(option, count, field, why);
}
