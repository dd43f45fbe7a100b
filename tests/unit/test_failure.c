// SPDX-License-Identifier: Apache-2.0
// Claims about failures: what they return, and how people read them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/failure.h"

static void a_failure_returns_its_errno_as_a_negative_number(void **state)
{
	struct failure why;

	(void)state;
	assert_int_equal(failure_set(&why, ENOENT, "open '%s'", "/x"), -ENOENT);
	assert_int_equal(why.errnum, ENOENT);
	assert_string_equal(why.what, "open '/x'");
	assert_string_equal(why.hint, "");
}

static void a_failure_without_errno_is_still_a_failure(void **state)
{
	struct failure why;

	(void)state;
	assert_int_equal(failure_set(&why, 0, "read option '%s'", "--x"), -EINVAL);
	assert_int_equal(failure_hint(&why, "see --help"), -EINVAL);
}

static void a_hint_keeps_the_failure_and_can_end_a_function(void **state)
{
	struct failure why;

	(void)state;
	failure_set(&why, EPERM, "attach a program");
	assert_int_equal(failure_hint(&why, "run %s", "tare check"), -EPERM);
	assert_string_equal(why.what, "attach a program");
	assert_string_equal(why.hint, "run tare check");
}

static void a_new_failure_forgets_the_hint_of_the_last_one(void **state)
{
	struct failure why;

	(void)state;
	failure_set(&why, EPERM, "attach a program");
	failure_hint(&why, "run tare check");
	failure_set(&why, EIO, "read a map");
	assert_string_equal(why.hint, "");
}

static void a_caller_that_does_not_care_gives_no_struct(void **state)
{
	(void)state;
	assert_int_equal(failure_set(NULL, EIO, "read a map"), -EIO);
	assert_true(failure_hint(NULL, "run tare check") < 0);
}

static void a_failure_reads_as_attempt_meaning_name_and_hint(void **state)
{
	struct failure why;
	char text[256];

	(void)state;
	failure_set(&why, ENOENT, "open '/x'");
	assert_string_equal(failure_describe(&why, text, sizeof(text)),
		"open '/x': No such file or directory (ENOENT)");
	failure_hint(&why, "create it");
	assert_string_equal(failure_describe(&why, text, sizeof(text)),
		"open '/x': No such file or directory (ENOENT)\n  hint: create it");
	failure_set(&why, 0, "read option '--x'");
	assert_string_equal(failure_describe(&why, text, sizeof(text)), "read option '--x'");
}

static void a_long_failure_is_cut_and_stays_a_string(void **state)
{
	char path[4096], text[16];
	struct failure why;

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	failure_set(&why, EIO, "open '%s'", path);
	failure_hint(&why, "%s", path);
	assert_int_equal(strlen(why.what), sizeof(why.what) - 1);
	assert_int_equal(strlen(why.hint), sizeof(why.hint) - 1);
	assert_int_equal(strlen(failure_describe(&why, text, sizeof(text))), sizeof(text) - 1);
}

static void errnos_have_their_names_in_every_language(void **state)
{
	(void)state;
	assert_string_equal(failure_errno_name(ENOENT), "ENOENT");
	assert_string_equal(failure_errno_name(0), "0");
	assert_string_equal(failure_errno_name(99999), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_returns_its_errno_as_a_negative_number),
		cmocka_unit_test(a_failure_without_errno_is_still_a_failure),
		cmocka_unit_test(a_hint_keeps_the_failure_and_can_end_a_function),
		cmocka_unit_test(a_new_failure_forgets_the_hint_of_the_last_one),
		cmocka_unit_test(a_caller_that_does_not_care_gives_no_struct),
		cmocka_unit_test(a_failure_reads_as_attempt_meaning_name_and_hint),
		cmocka_unit_test(a_long_failure_is_cut_and_stays_a_string),
		cmocka_unit_test(errnos_have_their_names_in_every_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
