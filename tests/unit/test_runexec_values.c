// SPDX-License-Identifier: Apache-2.0
// Claims about the values of runexec's options: what BenchExec understands is understood alike.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "command/runexec_values.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

typedef int (*parse_function)(const char *text, int64_t *value, struct failure *why);

static struct failure why;

static void assert_value(parse_function parse, const char *text, int64_t wanted)
{
	int64_t value = 42;

	if (parse(text, &value, &why))
		fail_msg("'%s' refused: %s", text, why.what);
	assert_int_equal(value, wanted);
}

static void assert_refused(parse_function parse, const char *text, const char *message)
{
	int64_t value = 42;

	assert_int_equal(parse(text, &value, &why), -EINVAL);
	assert_string_equal(why.what, message);
	assert_int_equal(value, 42);
}

#define SECOND 1000000000LL

static void a_time_is_seconds_or_has_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t nanoseconds;
	} cases[] = { { "1", SECOND }, { "90s", 90 * SECOND }, { "2min", 120 * SECOND },
		{ "1h", 3600 * SECOND }, { "1d", 86400 * SECOND }, { " 1 s ", SECOND },
		{ "1 min", 60 * SECOND }, { "1_000", 1000 * SECOND }, { "+5", 5 * SECOND },
		{ "-5", -5 * SECOND }, { "0", 0 }, { "007", 7 * SECOND } };

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_value(runexec_parse_timespan, cases[i].text, cases[i].nanoseconds);
}

static void besides_there_are_fractions_and_smaller_units(void **state)
{
	(void)state;
	assert_value(runexec_parse_timespan, "0.5", SECOND / 2);
	assert_value(runexec_parse_timespan, "1.25min", 75 * SECOND);
	assert_value(runexec_parse_timespan, "250ms", SECOND / 4);
	assert_value(runexec_parse_timespan, "250 us", 250000);
	assert_value(runexec_parse_timespan, "17ns", 17);
	assert_value(runexec_parse_timespan, "-0.5", -SECOND / 2);
}

static void a_size_is_bytes_or_has_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = { { "1", 1 }, { "1B", 1 }, { "2kB", 2000 }, { "3MB", 3000000 },
		{ "4GB", 4000000000 }, { "5TB", 5000000000000 }, { " 50 MB ", 50000000 },
		{ "-1", -1 }, { "1KiB", 1024 }, { "1MiB", 1 << 20 }, { "1GiB", 1 << 30 },
		{ "1TiB", 1LL << 40 } };

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_value(runexec_parse_memory, cases[i].text, cases[i].bytes);
}

static void what_is_too_large_is_the_largest(void **state)
{
	(void)state;
	assert_value(runexec_parse_timespan, "99999999999999999999", INT64_MAX);
	assert_value(runexec_parse_timespan, "9999999999", INT64_MAX);
	assert_value(runexec_parse_memory, "99999999999TB", INT64_MAX);
	assert_value(runexec_parse_integer, "99999999999999999999", INT64_MAX);
	assert_value(runexec_parse_integer, "-99999999999999999999", -INT64_MAX);
}

static void no_number_is_told_in_the_words_that_scripts_know(void **state)
{
	(void)state;
	assert_refused(runexec_parse_timespan, "", "empty value");
	assert_refused(runexec_parse_memory, "", "empty value");
	assert_refused(runexec_parse_timespan, "x", "invalid parse_timespan_value value: 'x'");
	assert_refused(runexec_parse_timespan, " ", "invalid parse_timespan_value value: ' '");
	assert_refused(runexec_parse_timespan, "s", "invalid parse_timespan_value value: 's'");
	assert_refused(runexec_parse_timespan, ".5", "invalid parse_timespan_value value: '.5'");
	assert_refused(runexec_parse_timespan, "1e3", "invalid parse_timespan_value value: '1e3'");
	assert_refused(
		runexec_parse_timespan, "1.2.3", "invalid parse_timespan_value value: '1.2.3'");
	assert_refused(
		runexec_parse_timespan, "1__0", "invalid parse_timespan_value value: '1__0'");
	assert_refused(runexec_parse_timespan, "1 0", "invalid parse_timespan_value value: '1 0'");
	assert_refused(runexec_parse_timespan, "- 5", "invalid parse_timespan_value value: '- 5'");
	assert_refused(runexec_parse_memory, "x", "invalid parse_memory_value value: 'x'");
	assert_refused(runexec_parse_memory, "1.5MB", "invalid parse_memory_value value: '1.5MB'");
	assert_refused(runexec_parse_memory, "it's", "invalid parse_memory_value value: \"it's\"");
	assert_refused(runexec_parse_integer, "x", "invalid int value: 'x'");
	assert_refused(runexec_parse_integer, "", "invalid int value: ''");
	assert_refused(runexec_parse_integer, "1.5", "invalid int value: '1.5'");
}

static void an_unknown_unit_is_told_with_those_that_are_known(void **state)
{
	static const char times[] = "unknown unit: m (allowed are s, min, h, d, ms, us, and ns)";
	static const char sizes[] = "unknown unit: KB (allowed are B, kB, MB, GB, TB, KiB, MiB, "
				    "GiB, and TiB)";

	(void)state;
	assert_refused(runexec_parse_timespan, "5m", times);
	assert_refused(runexec_parse_timespan, "99999999999999999999m", times);
	assert_refused(runexec_parse_memory, "5KB", sizes);
	assert_refused(runexec_parse_memory, "5 KB", sizes);
}

static void assert_list(const char *text, const char *wanted)
{
	cleanup_free char *list = NULL;

	if (runexec_parse_list(text, &list, &why))
		fail_msg("'%s' refused: %s", text, why.what);
	assert_string_equal(list, wanted);
}

static void assert_list_refused(const char *text, const char *message)
{
	cleanup_free char *list = NULL;

	assert_int_equal(runexec_parse_list(text, &list, &why), -EINVAL);
	assert_string_equal(why.what, message);
	assert_null(list);
}

static void a_list_is_numbers_and_ranges(void **state)
{
	(void)state;
	assert_list("0", "0");
	assert_list("0,2-3", "0,2-3");
	assert_list(" 0 , 2 - 3 ", "0,2-3");
	assert_list("1-1", "1");
	assert_list("0,0", "0");
	assert_list("5,0-2,1-3", "0-3,5");
	assert_list("8191", "8191");
	assert_list("9999-1", "");
	assert_list("3-1", "");
	assert_list("3-1,5", "5");
}

static void a_list_of_something_else_is_refused(void **state)
{
	(void)state;
	assert_list_refused("1-2-3", "invalid range: '1-2-3'");
	assert_list_refused("0,x", "invalid parse_int_list value: '0,x'");
	assert_list_refused("", "invalid parse_int_list value: ''");
	assert_list_refused("0,", "invalid parse_int_list value: '0,'");
	assert_list_refused("-1", "invalid parse_int_list value: '-1'");
	assert_list_refused("1-", "invalid parse_int_list value: '1-'");
	assert_list_refused("8192", "number too large: 8192");
	assert_list_refused("0-99999999999999999999", "number too large: 9223372036854775807");
	assert_list_refused("auto", "invalid parse_int_list value: 'auto'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_seconds_or_has_a_unit),
		cmocka_unit_test(besides_there_are_fractions_and_smaller_units),
		cmocka_unit_test(a_size_is_bytes_or_has_a_unit),
		cmocka_unit_test(what_is_too_large_is_the_largest),
		cmocka_unit_test(no_number_is_told_in_the_words_that_scripts_know),
		cmocka_unit_test(an_unknown_unit_is_told_with_those_that_are_known),
		cmocka_unit_test(a_list_is_numbers_and_ranges),
		cmocka_unit_test(a_list_of_something_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
