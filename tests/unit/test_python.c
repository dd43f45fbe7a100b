// SPDX-License-Identifier: Apache-2.0
// Claims about text as Python writes it. What is wanted was printed by Python 3.11 itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/python.h"

static const struct {
	const char *text, *quoted, *repr, *path;
} samples[] = {
	/* text, shlex.quote, repr, os.path.normpath */
	{ "", "''", "''", "." },
	{ "echo", "echo", "'echo'", "echo" },
	{ "/bin/x-1.2_@%+=:,", "/bin/x-1.2_@%+=:,", "'/bin/x-1.2_@%+=:,'", "/bin/x-1.2_@%+=:," },
	{ "a b", "'a b'", "'a b'", "a b" },
	{ "it's", "'it'\"'\"'s'", "\"it's\"", "it's" },
	{ "a\"'b", "'a\"'\"'\"'b'", "'a\"\\'b'", "a\"'b" },
	{ "a\\b\n\t\r\x1b\x7f", "'a\\b\n\t\r\x1b\x7f'", "'a\\\\b\\n\\t\\r\\x1b\\x7f'",
		"a\\b\n\t\r\x1b\x7f" },
	{ "\xc3\xa4", "'\xc3\xa4'", "'\xc3\xa4'", "\xc3\xa4" },
	{ "$HOME", "'$HOME'", "'$HOME'", "$HOME" },
	{ ".", ".", "'.'", "." },
	{ "./a//b/", "./a//b/", "'./a//b/'", "a/b" },
	{ "a/../b", "a/../b", "'a/../b'", "b" },
	{ "a/..", "a/..", "'a/..'", "." },
	{ "foo/../../bar", "foo/../../bar", "'foo/../../bar'", "../bar" },
	{ "../../a/..", "../../a/..", "'../../a/..'", "../.." },
	{ "/../a", "/../a", "'/../a'", "/a" },
	{ "//a", "//a", "'//a'", "//a" },
	{ "///a", "///a", "'///a'", "/a" },
	{ "//", "//", "'//'", "//" },
	{ "/", "/", "'/'", "/" },
	{ "/a/..", "/a/..", "'/a/..'", "/" },
	{ "..a", "..a", "'..a'", "..a" },
	{ "a/..b/../c", "a/..b/../c", "'a/..b/../c'", "a/c" },
};

#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

static void a_word_is_quoted_for_a_shell(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		cleanup_free char *quoted = python_quote(samples[i].text);

		assert_string_equal(quoted, samples[i].quoted);
	}
}

static void a_text_is_shown_as_a_literal(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		cleanup_free char *repr = python_repr(samples[i].text);

		assert_string_equal(repr, samples[i].repr);
	}
}

static void a_path_is_normalised_by_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		cleanup_free char *path = python_normpath(samples[i].text);

		assert_string_equal(path, samples[i].path);
	}
}

static void a_command_is_its_quoted_words(void **state)
{
	char *const words[] = { (char *)"sh", (char *)"-c", (char *)"echo $1", NULL };
	char *const none[] = { NULL };
	cleanup_free char *command = python_quote_command(words);
	cleanup_free char *nothing = python_quote_command(none);

	(void)state;
	assert_string_equal(command, "sh -c 'echo $1'");
	assert_string_equal(nothing, "");
}

static void seconds_have_the_digits_there_are(void **state)
{
	static const struct {
		uint64_t nanoseconds;
		const char *text;
	} cases[] = {
		{ 0, "0.0" },
		{ 1000000000, "1.0" },
		{ 1900000, "0.0019" },
		{ 1500000001, "1.500000001" },
		{ 100000000000, "100.0" },
		{ 12282808, "0.012282808" },
		{ 1, "0.000000001" },
		{ UINT64_MAX, "18446744073.709551615" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(python_seconds(cases[i].nanoseconds).text, cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_is_quoted_for_a_shell),
		cmocka_unit_test(a_text_is_shown_as_a_literal),
		cmocka_unit_test(a_path_is_normalised_by_its_words),
		cmocka_unit_test(a_command_is_its_quoted_words),
		cmocka_unit_test(seconds_have_the_digits_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
