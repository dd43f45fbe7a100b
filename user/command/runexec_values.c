// SPDX-License-Identifier: Apache-2.0
// The values of runexec's options: all that BenchExec understands, and more of the same kind.
#include "runexec_values.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/python.h"
#include "base/text.h"

static const char space[] = " \t\n\v\f\r";
static const char digits[] = "0123456789";

/* A number with its unit, as it is to be: sign apart, no spaces, no '_' between digits. */
struct amount {
	bool is_negative;
	char *plain; /* owned: digits, with or without a fraction, and the unit */
	size_t unit; /* where it begins */
};

/* The part of `text` without space before and behind it; owned. */
static char *strip(const char *text, size_t length)
{
	while (length && strchr(space, *text)) {
		text++;
		length--;
	}
	while (length && strchr(space, text[length - 1]))
		length--;
	return strndup(text, length);
}

/* Python's integers: a sign, and digits with single '_' between them. The digits go to `to`. */
static bool read_integer(const char *text, bool *is_negative, char *to)
{
	*is_negative = *text == '-';
	text += *text == '-' || *text == '+';
	do {
		size_t length = strspn(text, digits);

		if (!length)
			return false;
		to = mempcpy(to, text, length);
		text += length;
	} while (*text++ == '_');
	*to = '\0';
	return !text[-1];
}

static bool read_fraction(const char *fraction)
{
	return *fraction && !fraction[strspn(fraction, digits)];
}

/* Of a number before its unit: "+1_000.5". */
static bool read_number(const char *number, bool has_fraction, struct amount *amount)
{
	cleanup_free char *text = strip(number, strlen(number));
	char *point = text && has_fraction ? strchr(text, '.') : NULL;

	if (point && !read_fraction(point + 1))
		return false;
	if (point)
		*point = '\0';
	if (!text || !read_integer(text, &amount->is_negative, amount->plain))
		return false;
	if (point)
		sprintf(amount->plain + strlen(amount->plain), ".%s", point + 1);
	return true;
}

/* What stands behind the last digit is the unit. */
static bool read_amount(const char *text, bool has_fraction, struct amount *amount)
{
	cleanup_free char *whole = strip(text, strlen(text)), *unit = NULL;
	size_t end = whole ? strlen(whole) : 0;

	while (end && !strchr(digits, whole[end - 1]))
		end--;
	unit = whole ? strip(whole + end, strlen(whole + end)) : NULL;
	*amount = (struct amount){ .plain = malloc(strlen(text) + 1) };
	if (!unit || !amount->plain)
		return false;
	whole[end] = '\0';
	if (!read_number(whole, has_fraction, amount))
		return false;
	amount->unit = strlen(amount->plain);
	stpcpy(amount->plain + amount->unit, unit);
	return true;
}

static int refuse(const char *kind, const char *text, struct failure *why)
{
	cleanup_free char *shown = python_repr(text);

	return failure_set(why, 0, "invalid %s value: %.900s", kind, shown ? shown : "the value");
}

struct amount_kind {
	const char *name; /* of BenchExec's own function, as argparse tells it */
	bool has_fraction;
	const char *units[10];
	int (*parse)(const char *text, uint64_t *value);
};

static const struct amount_kind timespan = { "parse_timespan_value", true,
	{ "s", "min", "h", "d", "ms", "us", "ns" }, text_parse_duration };
static const struct amount_kind memory = { "parse_memory_value", false,
	{ "B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB" }, text_parse_size };

static bool is_unit(const struct amount_kind *kind, const char *unit)
{
	for (size_t i = 0; kind->units[i]; i++) {
		if (!strcmp(unit, kind->units[i]))
			return true;
	}
	return !*unit;
}

static int refuse_unit(const struct amount_kind *kind, const char *unit, struct failure *why)
{
	char allowed[128] = "";
	size_t end = 0;

	for (size_t i = 0; kind->units[i]; i++)
		end += snprintf(allowed + end, sizeof(allowed) - end, "%s%s",
			!i		     ? ""
			: kind->units[i + 1] ? ", "
					     : ", and ",
			kind->units[i]);
	return failure_set(why, 0, "unknown unit: %.800s (allowed are %s)", unit, allowed);
}

static int convert(const struct amount_kind *kind, const struct amount *amount, int64_t *value,
	struct failure *why)
{
	uint64_t size = UINT64_MAX;

	if (!is_unit(kind, amount->plain + amount->unit))
		return refuse_unit(kind, amount->plain + amount->unit, why);
	(void)kind->parse(amount->plain, &size); /* it is well-formed, but may be too large */
	*value = size > INT64_MAX ? INT64_MAX : (int64_t)size;
	*value = amount->is_negative ? -*value : *value;
	return 0;
}

static int parse(
	const struct amount_kind *kind, const char *text, int64_t *value, struct failure *why)
{
	struct amount amount;
	int error;

	if (!*text)
		return failure_set(why, 0, "empty value");
	if (read_amount(text, kind->has_fraction, &amount))
		error = convert(kind, &amount, value, why);
	else
		error = refuse(kind->name, text, why);
	free(amount.plain);
	return error;
}

int runexec_parse_timespan(const char *text, int64_t *nanoseconds, struct failure *why)
{
	return parse(&timespan, text, nanoseconds, why);
}

int runexec_parse_memory(const char *text, int64_t *bytes, struct failure *why)
{
	return parse(&memory, text, bytes, why);
}

static bool parse_integer(const char *text, int64_t *number)
{
	cleanup_free char *whole = strip(text, strlen(text)), *plain = malloc(strlen(text) + 1);
	uint64_t size = UINT64_MAX;
	bool is_negative;

	if (!whole || !plain || !read_integer(whole, &is_negative, plain))
		return false;
	(void)text_parse_decimal(plain, &size); /* it has digits alone, but may be too large */
	*number = size > INT64_MAX ? INT64_MAX : (int64_t)size;
	*number = is_negative ? -*number : *number;
	return true;
}

int runexec_parse_integer(const char *text, int64_t *number, struct failure *why)
{
	return parse_integer(text, number) ? 0 : refuse("int", text, why);
}

/* --- Lists --- */

struct list {
	bool has[RUNEXEC_LIST_NUMBERS + 1]; /* the last stays false */
};

static int add_range(struct list *list, int64_t first, int64_t last, struct failure *why)
{
	if (first <= last && last >= RUNEXEC_LIST_NUMBERS)
		return failure_set(why, 0, "number too large: %lld", (long long)last);
	for (int64_t number = first; number <= last; number++)
		list->has[number] = true;
	return 0;
}

/* "2" or "2-5" */
static int read_item(struct list *list, const char *item, const char *text, struct failure *why)
{
	cleanup_free char *first = strdup(item);
	char *last = first ? strchr(first, '-') : NULL;
	int64_t from, to;

	if (last && strchr(last + 1, '-'))
		return failure_set(why, 0, "invalid range: '%.900s'", text);
	if (last)
		*last++ = '\0';
	if (!first || !parse_integer(first, &from) || !parse_integer(last ? last : first, &to))
		return refuse("parse_int_list", text, why);
	return add_range(list, from, to, why);
}

static int read_items(struct list *list, const char *text, struct failure *why)
{
	cleanup_free char *copy = strdup(text);
	char *item, *rest = copy;
	int error = copy ? 0 : failure_set(why, ENOMEM, "read a list");

	while (!error && (item = strsep(&rest, ","))) {
		cleanup_free char *plain = strip(item, strlen(item));

		error = read_item(list, plain ? plain : "", text, why);
	}
	return error;
}

static void print_list(FILE *out, const struct list *list)
{
	for (int first = 0; first < RUNEXEC_LIST_NUMBERS; first++) {
		int last = first;

		if (!list->has[first])
			continue;
		while (list->has[last + 1])
			last++;
		fprintf(out, "%s%d", ftell(out) ? "," : "", first);
		if (last > first)
			fprintf(out, "-%d", last);
		first = last;
	}
}

int runexec_parse_list(const char *text, char **list, struct failure *why)
{
	cleanup_free char *plain = NULL;
	struct list numbers = { 0 };
	int error = read_items(&numbers, text, why);
	size_t size = 0;
	FILE *out;

	if (error)
		return error;
	out = open_memstream(&plain, &size);
	if (out)
		print_list(out, &numbers);
	if (!out || fclose(out))
		return failure_set(why, ENOMEM, "read a list");
	*list = take_pointer(&plain);
	return 0;
}
