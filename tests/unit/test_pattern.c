// SPDX-License-Identifier: Apache-2.0
// Claims about patterns: which paths they choose, that none takes long, and which are none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/pattern.h"

static struct failure why;

static enum pattern_reach reach(const char *text, const char *path)
{
	struct pattern pattern;
	enum pattern_reach found;

	if (pattern_parse(text, &pattern, &why))
		fail_msg("refused: %s", why.what);
	found = pattern_reach(&pattern, path);
	pattern_done(&pattern);
	return found;
}

#define assert_chooses(text, path) assert_int_equal(reach(text, path), PATTERN_MATCHES)
#define assert_leads_to(text, path) assert_int_equal(reach(text, path), PATTERN_LEADS_FARTHER)
#define assert_misses(text, path) assert_int_equal(reach(text, path), PATTERN_MISSES)

static void a_name_chooses_itself_and_what_is_below(void **state)
{
	(void)state;
	assert_chooses("a/b", "a/b");
	assert_chooses("a/b", "a/b/c/.d");
	assert_leads_to("a/b", "a");
	assert_leads_to("a/b", "");
	assert_misses("a/b", "a/bc");
	assert_misses("a/b", "b");
	assert_misses("a/b", "ab");
}

static void a_dot_chooses_everything(void **state)
{
	(void)state;
	assert_chooses(".", "");
	assert_chooses(".", "a");
	assert_chooses("./", ".hidden/x");
	assert_chooses("/", "etc/passwd");
	assert_chooses("a/..", "b");
	assert_chooses("**", ".hidden");
}

static void slashes_and_dots_are_evened_out(void **state)
{
	(void)state;
	assert_chooses("./a//b/./", "a/b");
	assert_chooses("foo/../a", "a");
	assert_chooses("*/../a", "a");
	assert_chooses("/x/../../a", "a");
	assert_misses("foo/../a", "foo/a");
}

static void a_star_is_any_part_of_one_name(void **state)
{
	(void)state;
	assert_chooses("*.txt", "a.txt");
	assert_chooses("*", "a");
	assert_chooses("a*b*c", "a-b-b-c");
	assert_chooses("a*", "a");
	assert_misses("*.txt", "b/a.txt");
	assert_misses("a*b", "a/b");
	assert_misses("a*b*c", "a-c-b");
	assert_chooses("a**c", "abc");
	assert_misses("a**c", "a/b/c");
}

static void a_question_mark_is_one_character(void **state)
{
	(void)state;
	assert_chooses("?", "a");
	assert_chooses("?", "\xc3\xa9");
	assert_chooses("?", "\xff");
	assert_misses("?", "ab");
	assert_misses("a?", "a");
	assert_misses("?", "\xff\xfe");
}

static void a_set_is_one_of_its_characters(void **state)
{
	(void)state;
	assert_chooses("[abc]", "b");
	assert_misses("[abc]", "d");
	assert_chooses("[a-cx]1", "c1");
	assert_chooses("[a-cx]1", "x1");
	assert_misses("[a-cx]1", "d1");
	assert_chooses("[!a-c]", "d");
	assert_chooses("[^a-c]", "d");
	assert_misses("[!a-c]", "b");
	assert_chooses("[]]", "]");
	assert_chooses("[!]]", "a");
	assert_misses("[!]]", "]");
	assert_chooses("[a-]", "-");
	assert_chooses("[[]x]", "[x]");
	assert_chooses("[\xc3\xa0-\xc3\xaf]", "\xc3\xa9");
	assert_misses("[\xc3\xa0-\xc3\xaf]", "\xc3\xb0");
	assert_chooses("[\xfe-\xff]", "\xff");
}

static void a_backslash_is_a_character(void **state)
{
	(void)state;
	assert_chooses("a\\*", "a\\b");
	assert_misses("a\\*", "a*");
	assert_chooses("a[*]", "a*");
	assert_misses("a[*]", "ab");
}

static void bytes_that_are_no_text_are_themselves(void **state)
{
	(void)state;
	assert_chooses("a\xff", "a\xff");
	assert_misses("a\xff", "a\xfe");
	assert_chooses("*\xe2\x82*", "x\xe2\x82y");
	assert_chooses("*\n*", "a\nb");
}

static void two_stars_are_any_number_of_directories(void **state)
{
	(void)state;
	assert_chooses("**/*.txt", "a.txt");
	assert_chooses("**/*.txt", "b/c/a.txt");
	assert_leads_to("**/*.txt", "b/c/a.log");
	assert_chooses("a/**/b", "a/b");
	assert_chooses("a/**/b", "a/x/y/b");
	assert_chooses("a/**", "a");
	assert_chooses("**/a/**/b", "x/a/a/y/b");
	assert_misses("a/**/b", "b");
	assert_leads_to("a/**/b", "a/x");
}

static void a_leading_dot_is_written_out(void **state)
{
	(void)state;
	assert_misses("*", ".a");
	assert_misses("?a", ".a");
	assert_misses("[.]a", ".a");
	assert_misses("[!x]a", ".a");
	assert_chooses(".*", ".a");
	assert_chooses(".?", ".a");
	assert_chooses("*.*", "a.b");
	assert_misses("**/x", ".a/x");
	assert_chooses("**/.a/x", "b/.a/x");
	assert_chooses("a*", "a/.b");
}

/* --- Against another way of telling --- */

static bool follows(const char *const *names, size_t count, char *const *path, size_t length)
{
	if (!count)
		return true; /* the rest is below */
	if (!strcmp(names[0], "**"))
		return follows(names + 1, count - 1, path, length) ||
		       (length && path[0][0] != '.' && follows(names, count, path + 1, length - 1));
	/* FNM_PERIOD of glibc is wrong about dots further on: "*?*[!a]" misses "a.". */
	return length && (path[0][0] != '.' || names[0][0] == '.') &&
	       !fnmatch(names[0], path[0], FNM_NOESCAPE) &&
	       follows(names + 1, count - 1, path + 1, length - 1);
}

/* Tries every way there is, with the C library's matcher for the names. */
static bool is_chosen(const char *text, const char *path)
{
	cleanup_free char *copy = strdup(path);
	struct pattern pattern;
	char *names[64], *rest = copy;
	size_t count = 0;
	bool is;

	assert_int_equal(pattern_parse(text, &pattern, &why), 0);
	while (*path && (names[count] = strsep(&rest, "/")))
		count++;
	is = follows(pattern.names, pattern.count, names, count);
	pattern_done(&pattern);
	return is;
}

static uint32_t next_number(uint32_t below)
{
	static uint32_t number = 12345;

	number = number * 1664525 + 1013904223;
	return (number >> 8) % below;
}

static void write_random(char *text, size_t most, const char *const *words, size_t word_count)
{
	size_t count = next_number(most) + 1;

	*text = '\0';
	while (count--)
		text = stpcpy(text, words[next_number(word_count)]);
}

/* Names of few letters, so that a good part of the pairs match. */
static void random_patterns_choose_what_trying_every_way_does(void **state)
{
	static const char *const pattern_words[] = { "a", "b", ".", "*", "?", "[ab]", "[!a]", "/",
		"/", "/**/", "**" };
	static const char *const path_words[] = { "a", "b", ".", "ab", "/", "/" };
	char text[256], path[256];
	int chosen = 0;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		struct pattern pattern;

		write_random(text, 9, pattern_words, 11);
		write_random(path, 9, path_words, 6);
		if (strstr(path, "//") || *path == '/' || path[strlen(path) - 1] == '/')
			continue;
		if (pattern_parse(text, &pattern, &why))
			continue; /* ".." that leads out */
		pattern_done(&pattern);
		chosen += is_chosen(text, path);
		if (is_chosen(text, path) != (reach(text, path) == PATTERN_MATCHES))
			fail_msg("'%s' and '%s'", text, path);
	}
	assert_true(chosen > 10000);
}

/* What is missed has nothing below it that is chosen. */
static void nothing_below_a_path_that_is_missed_is_chosen(void **state)
{
	static const char *const pattern_words[] = { "a", "b", "*", "/", "/**/", ".." };
	static const char *const path_words[] = { "a", "b", "/", ".a" };
	char text[256], path[256];

	(void)state;
	for (int round = 0; round < 100000; round++) {
		struct pattern pattern;
		char *slash;

		write_random(text, 7, pattern_words, 6);
		write_random(path, 8, path_words, 4);
		slash = strrchr(path, '/');
		if (strstr(path, "//") || *path == '/' || !slash || !slash[1] ||
			pattern_parse(text, &pattern, &why))
			continue;
		if (pattern_reach(&pattern, path) != PATTERN_MISSES) {
			*slash = '\0';
			assert_int_not_equal(pattern_reach(&pattern, path), PATTERN_MISSES);
		}
		pattern_done(&pattern);
	}
}

/* --- Time --- */

static double seconds_for(const char *text, const char *path)
{
	struct timespec start, end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	(void)reach(text, path);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

static void fill(char *text, const char *word, size_t size, const char *end)
{
	size_t left = size - strlen(end) - 1;

	for (; left >= strlen(word); left -= strlen(word))
		text = stpcpy(text, word);
	(void)stpcpy(text, end);
}

/*
 * The longest of each kind take 12 ms at most here, under sanitizers 100; trying every way would
 * take longer than the world is old.
 */
static void no_pattern_takes_long(void **state)
{
	static const struct {
		const char *word, *end;
	} kinds[] = { { "**/", "z" }, { "**/a/", "z" }, { "*/", "z" }, { "*a", "z" }, { "*?", "z" },
		{ "[!z]*", "z" }, { "**/*a*a*a*a/", "z" } };
	static char text[PATH_MAX], path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		fill(text, kinds[i].word, sizeof(text), kinds[i].end);
		fill(path, "a/", sizeof(path), "b");
		assert_true(seconds_for(text, path) < 5);
		fill(path, "a", NAME_MAX, "b");
		assert_true(seconds_for(text, path) < 5);
	}
}

/* --- What is no pattern --- */

static void assert_refused(const char *text, const char *wanted)
{
	struct pattern pattern;

	assert_int_equal(pattern_parse(text, &pattern, &why), -EINVAL);
	assert_string_equal(why.what, wanted);
	assert_null(pattern.text);
}

static void what_is_no_pattern_is_told(void **state)
{
	(void)state;
	assert_refused("", "'' is empty");
	assert_refused("..", ".. leads out of the start directory");
	assert_refused("a/../../b", "a/../../b leads out of the start directory");
	assert_refused("./../a", "./../a leads out of the start directory");
	assert_refused("a[b", "'a[b' has a '[' without a ']'; a '[' of a name is written [[]");
	assert_refused("[]", "'[]' has a '[' without a ']'; a '[' of a name is written [[]");
	assert_refused("[!]", "'[!]' has a '[' without a ']'; a '[' of a name is written [[]");
	assert_refused("[a/b]", "'[a/b]' has a '[' without a ']'; a '[' of a name is written [[]");
}

static void a_pattern_is_not_longer_than_a_path(void **state)
{
	static char text[PATH_MAX + 1];
	struct pattern pattern;

	(void)state;
	memset(text, 'a', PATH_MAX);
	assert_int_equal(pattern_parse(text, &pattern, &why), -EINVAL);
	assert_non_null(strstr(why.what, "is longer than a path can be"));
	assert_true(strlen(why.what) < 300);
	for (size_t i = 0; i < PATH_MAX; i += 2)
		text[i] = '/';
	text[PATH_MAX - 1] = '\0';
	assert_int_equal(pattern_parse(text, &pattern, &why), 0);
	assert_int_equal(pattern.count, PATH_MAX / 2 - 1);
	assert_int_equal(pattern_reach(&pattern, text + 1), PATTERN_MATCHES);
	pattern_done(&pattern);
}

static void an_absolute_pattern_is_known_as_one(void **state)
{
	struct pattern pattern;

	(void)state;
	assert_int_equal(pattern_parse("/../a", &pattern, &why), 0);
	assert_true(pattern.is_absolute);
	pattern_done(&pattern);
	assert_int_equal(pattern_parse("a/", &pattern, &why), 0);
	assert_false(pattern.is_absolute);
	pattern_done(&pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_chooses_itself_and_what_is_below),
		cmocka_unit_test(a_dot_chooses_everything),
		cmocka_unit_test(slashes_and_dots_are_evened_out),
		cmocka_unit_test(a_star_is_any_part_of_one_name),
		cmocka_unit_test(a_question_mark_is_one_character),
		cmocka_unit_test(a_set_is_one_of_its_characters),
		cmocka_unit_test(a_backslash_is_a_character),
		cmocka_unit_test(bytes_that_are_no_text_are_themselves),
		cmocka_unit_test(two_stars_are_any_number_of_directories),
		cmocka_unit_test(a_leading_dot_is_written_out),
		cmocka_unit_test(random_patterns_choose_what_trying_every_way_does),
		cmocka_unit_test(nothing_below_a_path_that_is_missed_is_chosen),
		cmocka_unit_test(no_pattern_takes_long),
		cmocka_unit_test(what_is_no_pattern_is_told),
		cmocka_unit_test(a_pattern_is_not_longer_than_a_path),
		cmocka_unit_test(an_absolute_pattern_is_known_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
