// SPDX-License-Identifier: Apache-2.0
// The words of tare ps, exec and kill: what they ask for, and what is wrong with others.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include "command/options_living.h"

static struct living_options options;
static struct failure why;

#define WORDS 8

/* The words as main has them: the verb, these, NULL. */
static int parse_words(enum living_verb verb, const char *const *words)
{
	static char *argv[WORDS + 2];
	static char verb_word[] = "verb";
	int argc = 1;

	argv[0] = verb_word;
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	argv[argc] = NULL;
	memset(&why, 0, sizeof(why));
	return living_parse(verb, argc, argv, &options, &why);
}

#define parse(verb, ...) parse_words(verb, (const char *const[]){ __VA_ARGS__, NULL })

static void flags_are_read_in_all_their_forms(void **state)
{
	(void)state;
	assert_int_equal(parse(LIVING_PS, NULL), 0);
	assert_false(options.json || options.quiet || options.wants_help);
	assert_int_equal(parse(LIVING_PS, "--json", "-q"), 0);
	assert_true(options.json && options.quiet);
	assert_int_equal(parse(LIVING_PS, "-h"), 0);
	assert_true(options.wants_help);
	assert_int_equal(parse(LIVING_EXEC, "-T", "run", "ls"), 0);
	assert_true(options.no_terminal);
}

static void a_signal_has_a_name_or_a_number(void **state)
{
	(void)state;
	assert_int_equal(parse(LIVING_KILL, "run"), 0);
	assert_int_equal(options.signal_number, 0);
	assert_int_equal(parse(LIVING_KILL, "-s", "TERM", "run"), 0);
	assert_int_equal(options.signal_number, SIGTERM);
	assert_int_equal(parse(LIVING_KILL, "--signal=SIGKILL", "run"), 0);
	assert_int_equal(options.signal_number, SIGKILL);
	assert_int_equal(parse(LIVING_KILL, "--signal", "64", "run"), 0);
	assert_int_equal(options.signal_number, 64);
	assert_int_not_equal(parse(LIVING_KILL, "--signal", "0", "run"), 0);
	assert_int_not_equal(parse(LIVING_KILL, "--signal", "65", "run"), 0);
	assert_int_not_equal(parse(LIVING_KILL, "--signal", "term", "run"), 0);
	assert_int_not_equal(parse(LIVING_KILL, "--signal", "", "run"), 0);
	assert_int_not_equal(parse(LIVING_KILL, "--signal"), 0);
}

static void all_words_after_the_run_are_the_command(void **state)
{
	(void)state;
	assert_int_equal(parse(LIVING_EXEC, "run", "ls", "-l", "--"), 0);
	assert_string_equal(options.runs[0], "run");
	assert_string_equal(options.command[0], "ls");
	assert_string_equal(options.command[1], "-l");
	assert_string_equal(options.command[2], "--");
	assert_null(options.command[3]);
	assert_int_equal(parse(LIVING_EXEC, "run", "--", "-x"), 0);
	assert_string_equal(options.command[0], "-x");
	assert_int_equal(parse(LIVING_EXEC, "--", "run", "--", "--"), 0);
	assert_string_equal(options.runs[0], "run");
	assert_string_equal(options.command[0], "--");
}

static void what_is_missing_or_too_much_is_told(void **state)
{
	(void)state;
	assert_int_not_equal(parse(LIVING_EXEC, NULL), 0);
	assert_string_equal(why.what, "no run given");
	assert_int_not_equal(parse(LIVING_EXEC, "run"), 0);
	assert_string_equal(why.what, "no command given");
	assert_int_not_equal(parse(LIVING_EXEC, "run", "--"), 0);
	assert_string_equal(why.what, "no command given");
	assert_int_not_equal(parse(LIVING_EXEC, "run", ""), 0);
	assert_string_equal(why.what, "the command is an empty word");
	assert_int_not_equal(parse(LIVING_KILL, NULL), 0);
	assert_int_not_equal(parse(LIVING_PS, "run"), 0);
	assert_int_not_equal(parse(LIVING_PS, "--json=x"), 0);
	assert_string_equal(why.what, "--json: takes no value");
}

static void options_are_those_of_the_verb(void **state)
{
	(void)state;
	assert_int_not_equal(parse(LIVING_PS, "--signal", "9"), 0);
	assert_int_not_equal(parse(LIVING_KILL, "--json", "run"), 0);
	assert_int_not_equal(parse(LIVING_EXEC, "-q", "run", "ls"), 0);
	assert_int_not_equal(parse(LIVING_PS, "--jso"), 0);
	assert_int_not_equal(parse(LIVING_PS, "--jsonx"), 0);
	assert_int_not_equal(parse(LIVING_PS, "-jq"), 0);
	assert_string_equal(why.what, "there is no option -jq");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_read_in_all_their_forms),
		cmocka_unit_test(a_signal_has_a_name_or_a_number),
		cmocka_unit_test(all_words_after_the_run_are_the_command),
		cmocka_unit_test(what_is_missing_or_too_much_is_told),
		cmocka_unit_test(options_are_those_of_the_verb),
	};

	return cmocka_run_group_tests_name("options_living", tests, NULL, NULL);
}
