// SPDX-License-Identifier: Apache-2.0
// Claims about the environment that a command starts with.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/environment.h"

static char home[] = "HOME=/root", path[] = "PATH=/bin", homer[] = "HOMER=x";
static char empty[] = "EMPTY=", odd[] = "ODD";
static char *const callers[] = { home, path, homer, empty, odd, NULL };

static struct run_config config;
static struct failure why;

static int forget_config(void **state)
{
	(void)state;
	config = (struct run_config){ 0 };
	return 0;
}

static void assert_environment(const char *const *wanted)
{
	cleanup_free char **built = NULL;
	size_t i;

	assert_int_equal(environment_build(&config, callers, &built, &why), 0);
	for (i = 0; wanted[i]; i++) {
		assert_non_null(built[i]);
		assert_string_equal(built[i], wanted[i]);
	}
	assert_null(built[i]);
}

static void without_a_rule_it_is_the_callers_own(void **state)
{
	(void)state;
	assert_environment((const char *const *)callers);
}

static void what_is_set_replaces_what_the_caller_had(void **state)
{
	static const char *const wanted[] = { "PATH=/bin", "HOMER=x", "EMPTY=", "ODD", "HOME=/tmp",
		"NEW=a=b", NULL };

	(void)state;
	config.set_entries[config.set_count++] = "HOME=/tmp";
	config.set_entries[config.set_count++] = "NEW=a=b";
	assert_environment(wanted);
}

static void cleared_it_is_empty_but_for_what_is_set(void **state)
{
	static const char *const wanted[] = { "A=", NULL };

	(void)state;
	config.clear_environment = true;
	config.set_entries[config.set_count++] = "A=";
	assert_environment(wanted);
}

static void what_is_kept_is_named_whole(void **state)
{
	static const char *const wanted[] = { "HOME=/root", "EMPTY=", NULL };

	(void)state;
	config.clear_environment = true;
	config.kept_names[config.kept_count++] = "EMPTY";
	config.kept_names[config.kept_count++] = "HOME";
	config.kept_names[config.kept_count++] = "NOT_THERE";
	assert_environment(wanted);
}

static void text_that_is_no_variable_is_refused_by_its_name(void **state)
{
	(void)state;
	assert_int_equal(environment_check_set("A=", &why), 0);
	assert_int_equal(environment_check_set("A", &why), -EINVAL);
	assert_string_equal(why.what, "--env: A has no '='; give NAME=VALUE");
	assert_int_equal(environment_check_set("=x", &why), -EINVAL);
	assert_string_equal(why.what, "--env: =x has no name; give NAME=VALUE");
	assert_int_equal(environment_check_name("A", &why), 0);
	assert_int_equal(environment_check_name("", &why), -EINVAL);
	assert_int_equal(environment_check_name("A=x", &why), -EINVAL);
	assert_string_equal(why.what, "--keep-env: A=x has a '='; give a name alone");
}

#define claim(test) cmocka_unit_test_teardown(test, forget_config)

static void assert_explained(size_t line, const char *state, const char *subject)
{
	struct explanation explanation = { 0 };

	environment_explain(&config, callers, &explanation);
	assert_true(line < explanation.count);
	assert_int_equal(explanation.lines[line].topic, EXPLAIN_ENVIRONMENT);
	assert_string_equal(explanation.lines[line].state, state);
	assert_string_equal(explanation.lines[line].subject, subject);
	assert_int_equal(explanation_check(&explanation, &why), 0);
	explanation_done(&explanation);
	assert_int_equal(explanation.count, 0);
}

static void it_is_explained_by_names_without_values(void **state)
{
	(void)state;
	assert_explained(0, "kept", "the caller's");
	config.set_entries[config.set_count++] = "HOME=/secret";
	assert_explained(0, "set", "HOME");
	assert_explained(1, "kept", "the caller's");
	config.clear_environment = true;
	config.kept_names[config.kept_count++] = "HOME";
	config.kept_names[config.kept_count++] = "PATH";
	assert_explained(0, "kept", "PATH");
	assert_explained(1, "set", "HOME");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(without_a_rule_it_is_the_callers_own),
		claim(what_is_set_replaces_what_the_caller_had),
		claim(cleared_it_is_empty_but_for_what_is_set),
		claim(what_is_kept_is_named_whole),
		claim(it_is_explained_by_names_without_values),
		claim(text_that_is_no_variable_is_refused_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
