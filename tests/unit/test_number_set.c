// SPDX-License-Identifier: Apache-2.0
// Claims about lists of processors: which texts are one, and how one is written.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number_set.h"

static struct number_set set;
static uint64_t number;

static void assert_reads_as(const char *text, const char *expected)
{
	cleanup_free char *written = NULL;

	if (number_set_parse(text, &set, &number))
		fail_msg("'%s' was refused", text);
	written = number_set_format(&set);
	assert_string_equal(written, expected);
}

static void numbers_and_ranges_are_read_and_written_in_order(void **state)
{
	(void)state;
	assert_reads_as("0", "0");
	assert_reads_as("0,2-3", "0,2-3");
	assert_reads_as("5,3,4,0-1", "0-1,3-5");
	assert_reads_as("7-7", "7");
	assert_reads_as("63-64,127", "63-64,127");
	assert_reads_as("8191", "8191");
	assert_reads_as("0-8191", "0-8191");
	assert_reads_as("007", "7");
}

static void a_kernels_newline_is_no_fault(void **state)
{
	(void)state;
	assert_reads_as("0-1\n", "0-1");
	assert_int_equal(number_set_parse("0-1\n\n", &set, &number), -EINVAL);
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const texts[] = { "", "\n", "a", "1-", "-1", "3-1", "0,,1", ",0", "0,",
		"0 1", " 0", "0-1-2", "0x1", "1.5", "0-a", "99999999999999999999999-1", "8192x",
		"1,1-", "+1", "0;1", "1\n2" };

	(void)state;
	memset(&set, 0, sizeof(set));
	number_set_add(&set, 5);
	number = 77;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (number_set_parse(texts[i], &set, &number) != -EINVAL)
			fail_msg("'%s' was not refused", texts[i]);
	}
	assert_int_equal(number_set_count(&set), 1);
	assert_int_equal(number, 77);
}

static void what_no_kernel_has_is_told_with_its_number(void **state)
{
	(void)state;
	assert_int_equal(number_set_parse("8192", &set, &number), -ERANGE);
	assert_int_equal(number, 8192);
	assert_int_equal(number_set_parse("0-999999", &set, &number), -ERANGE);
	assert_int_equal(number, 999999);
	assert_int_equal(number_set_parse("1,99999-100000", &set, &number), -ERANGE);
	assert_int_equal(number, 99999);
	assert_int_equal(number_set_parse("18446744073709551616", &set, &number), -ERANGE);
	assert_true(number == UINT64_MAX);
}

static void what_is_named_twice_is_told(void **state)
{
	(void)state;
	assert_int_equal(number_set_parse("3,3", &set, &number), -EEXIST);
	assert_int_equal(number, 3);
	assert_int_equal(number_set_parse("0-4,2-9", &set, &number), -EEXIST);
	assert_int_equal(number, 2);
}

static void the_empty_set_is_written_as_nothing(void **state)
{
	cleanup_free char *text = NULL;

	(void)state;
	memset(&set, 0, sizeof(set));
	text = number_set_format(&set);
	assert_string_equal(text, "");
	assert_int_equal(number_set_next(&set, 0), -1);
}

static void sets_are_walked_counted_joined_and_cut(void **state)
{
	struct number_set other;
	int sum = 0;

	(void)state;
	assert_reads_as("1,63-64,8191", "1,63-64,8191");
	assert_int_equal(number_set_count(&set), 4);
	number_set_for_each (each, &set)
		sum += each;
	assert_int_equal(sum, 1 + 63 + 64 + 8191);
	assert_false(number_set_has(&set, NUMBER_SET_SIZE));
	other = set;
	assert_reads_as("2,63", "2,63");
	number_set_remove_all(&other, &set);
	assert_int_equal(number_set_count(&other), 3);
	number_set_add_all(&other, &set);
	assert_int_equal(number_set_count(&other), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_ranges_are_read_and_written_in_order),
		cmocka_unit_test(a_kernels_newline_is_no_fault),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(what_no_kernel_has_is_told_with_its_number),
		cmocka_unit_test(what_is_named_twice_is_told),
		cmocka_unit_test(the_empty_set_is_written_as_nothing),
		cmocka_unit_test(sets_are_walked_counted_joined_and_cut),
	};

	return cmocka_run_group_tests_name("number_set", tests, NULL, NULL);
}
