// SPDX-License-Identifier: Apache-2.0
// Claims about text: units, numbers, UTF-8, base64, quoting, columns.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define assert_short(short_text, expected) assert_string_equal((short_text).text, expected)

static void assert_allocated(char *text, const char *expected)
{
	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void times_have_four_digits_in_the_unit_that_fits(void **state)
{
	(void)state;
	assert_short(text_format_time(0), "0 s");
	assert_short(text_format_time(7), "7 ns");
	assert_short(text_format_time(999), "999 ns");
	assert_short(text_format_time(1000), "1.000 us");
	assert_short(text_format_time(412345), "412.3 us");
	assert_short(text_format_time(42129999), "42.13 ms");
	assert_short(text_format_time(4212000000), "4.212 s");
	assert_short(text_format_time(4212345000000), "4,212.3 s");
	assert_short(text_format_time(UINT64_MAX), "18,446,744,073.7 s");
}

static void a_time_that_rounds_up_to_the_next_unit_is_shown_in_it(void **state)
{
	(void)state;
	assert_short(text_format_time(999949), "999.9 us");
	assert_short(text_format_time(999950), "1.000 ms");
	assert_short(text_format_time(9999600000), "10.00 s");
	assert_short(text_format_time(9999499999), "9.999 s");
}

static void sizes_have_three_digits_in_binary_units(void **state)
{
	(void)state;
	assert_short(text_format_size(0), "0 B");
	assert_short(text_format_size(1023), "1023 B");
	assert_short(text_format_size(1024), "1.00 KiB");
	assert_short(text_format_size(1048575), "1.00 MiB");
	assert_short(text_format_size(432642457), "412.6 MiB");
	assert_short(text_format_size(98 * 1048576), "98.0 MiB");
	assert_short(text_format_size(UINT64_MAX), "16,777,216.0 TiB");
}

static void counts_are_grouped_by_thousands(void **state)
{
	(void)state;
	assert_short(text_format_count(0), "0");
	assert_short(text_format_count(999), "999");
	assert_short(text_format_count(1000), "1,000");
	assert_short(text_format_count(184220), "184,220");
	assert_short(text_format_count(UINT64_MAX), "18,446,744,073,709,551,615");
}

static void one_task_is_not_one_tasks(void **state)
{
	(void)state;
	assert_short(text_format_counted(1, "task", "tasks"), "1 task");
	assert_short(text_format_counted(0, "task", "tasks"), "0 tasks");
	assert_short(text_format_counted(2000, "task", "tasks"), "2,000 tasks");
}

static void a_small_share_is_not_shown_as_none(void **state)
{
	(void)state;
	assert_short(text_format_percent(57108, 184220), "31 %");
	assert_short(text_format_percent(1, 100000), "<1 %");
	assert_short(text_format_percent(0, 100), "0 %");
	assert_short(text_format_percent(5, 0), "0 %");
	assert_short(text_format_percent(UINT64_MAX, UINT64_MAX), "100 %");
	assert_short(text_format_share(3921372000, 4212000000), "93.1 %");
	assert_short(text_format_share(UINT64_MAX, UINT64_MAX), "100.0 %");
	assert_short(text_format_share(5, 0), "0.0 %");
}

static void ratios_have_two_decimals_and_survive_division_by_nothing(void **state)
{
	(void)state;
	assert_short(text_format_ratio(7981, 4212), "1.89");
	assert_short(text_format_ratio(5, 100), "0.05");
	assert_short(text_format_ratio(5, 0), "0.00");
	assert_short(text_format_ratio(UINT64_MAX, 1), "184,467,440,737,095,516.15");
}

static void numbers_do_not_follow_the_locale(void **state)
{
	(void)state;
	if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8")) {
		print_message("no locale with a decimal comma is installed\n");
		skip();
	}
	assert_short(text_format_time(4212000000), "4.212 s");
	assert_short(text_format_size(432642457), "412.6 MiB");
	assert_short(text_format_ratio(7981, 4212), "1.89");
	setlocale(LC_ALL, "C");
}

static void decimals_are_read_whole_or_not_at_all(void **state)
{
	uint64_t value = 5;

	(void)state;
	assert_int_equal(text_parse_decimal("18446744073709551615\n", &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(text_parse_decimal("0", &value), 0);
	assert_true(value == 0);
	assert_int_equal(text_parse_decimal("18446744073709551616", &value), -ERANGE);
	assert_int_equal(text_parse_decimal("max\n", &value), -EINVAL);
	assert_int_equal(text_parse_decimal("", &value), -EINVAL);
	assert_int_equal(text_parse_decimal("\n", &value), -EINVAL);
	assert_int_equal(text_parse_decimal("-1", &value), -EINVAL);
	assert_int_equal(text_parse_decimal("+1", &value), -EINVAL);
	assert_int_equal(text_parse_decimal(" 1", &value), -EINVAL);
	assert_int_equal(text_parse_decimal("1 2", &value), -EINVAL);
	assert_int_equal(text_parse_decimal("1\n\n", &value), -EINVAL);
	assert_true(value == 0);
}

static void a_size_is_digits_and_at_once_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = { { "0", 0 }, { "512", 512 }, { "7B", 7 }, { "3kB", 3000 }, { "3KiB", 3072 },
		{ "2MB", 2000000 }, { "2MiB", 2097152 }, { "1GB", 1000000000 },
		{ "1GiB", 1073741824 }, { "1TB", 1000000000000 }, { "1TiB", 1099511627776 },
		{ "18446744073709551615", UINT64_MAX },
		{ "16777215TiB", UINT64_MAX - ((1ULL << 40) - 1) } };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint64_t bytes = 5;

		assert_int_equal(text_parse_size(sizes[i].text, &bytes), 0);
		assert_true(bytes == sizes[i].bytes);
	}
}

static void what_only_looks_like_a_size_is_none(void **state)
{
	static const char *const invalid[] = { "", " 5", "5 ", "5x", "0x10", "1e3", "+5", "-1",
		"1.5GB", "10KB", "10 kB", "10kb", "10KiBB", "10k", "MB", "5\n", "\xd9\xa5" };
	static const char *const large[] = { "18446744073709551616", "18446744073709552kB",
		"20000000000GiB", "16777216TiB" };
	uint64_t bytes = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++)
		assert_int_equal(text_parse_size(invalid[i], &bytes), -EINVAL);
	for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++)
		assert_int_equal(text_parse_size(large[i], &bytes), -ERANGE);
	assert_true(bytes == 5);
}

static void durations_are_read_with_fractions_and_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} durations[] = { { "0", 0 }, { "3", 3000000000 }, { "0.25", 250000000 },
		{ "250ms", 250000000 }, { "2min", 120000000000 }, { "1.5h", 5400000000000 },
		{ "1d", 86400000000000 }, { "7us", 7000 }, { "9ns", 9 }, { "0.5ns", 0 },
		{ "0.0000000019s", 1 }, { "00.10s", 100000000 },
		{ "18446744073.709551615s", UINT64_MAX } };

	(void)state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		uint64_t ns = 5;

		assert_int_equal(text_parse_duration(durations[i].text, &ns), 0);
		assert_true(ns == durations[i].ns);
	}
}

static void what_only_looks_like_a_duration_is_none(void **state)
{
	static const char *const invalid[] = { "", " 5", "5 ", "5x", "0x10", "1e3", "+5", "-1",
		"1.5.2", ".", ".5", "5.", "nan", "inf", "1,5", "5 s", "5S", "5m", "5\n" };
	static const char *const large[] = { "18446744073709551616", "18446744074",
		"18446744073.709551616s", "213504d" };
	uint64_t ns = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++)
		assert_int_equal(text_parse_duration(invalid[i], &ns), -EINVAL);
	for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++)
		assert_int_equal(text_parse_duration(large[i], &ns), -ERANGE);
	assert_true(ns == 5);
}

static void code_points_are_taken_off_one_by_one(void **state)
{
	uint32_t code_point;

	(void)state;
	assert_int_equal(text_decode("a", &code_point), 1);
	assert_int_equal(code_point, 'a');
	assert_int_equal(text_decode("\xf0\x9f\x98\x80x", &code_point), 4);
	assert_int_equal(code_point, 0x1f600);
	assert_int_equal(text_decode("\xe2\x82z", &code_point), 2);
	assert_true(code_point == TEXT_NO_CODE_POINT);
	assert_int_equal(text_decode("\xff", &code_point), 1);
	assert_true(code_point == TEXT_NO_CODE_POINT);
}

static void utf8_is_told_from_what_only_looks_like_it(void **state)
{
	static const char *const valid[] = { "", "make", "größe", "\xc2\x80", "\xdf\xbf",
		"\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf" };
	static const char *const invalid[] = { "\x80", "\xff", "\xc0\xaf", "\xc1\xbf", "\xc3",
		"a\xe2\x82", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xc3(" };

	(void)state;
	for (size_t i = 0; i < sizeof(valid) / sizeof(*valid); i++)
		assert_true(text_is_utf8(valid[i]));
	for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++)
		assert_false(text_is_utf8(invalid[i]));
}

static void each_invalid_sequence_becomes_one_replacement_character(void **state)
{
	(void)state;
	assert_allocated(text_repair_utf8("größe"), "größe");
	assert_allocated(text_repair_utf8("a\xff"
					  "b"),
		"a\xef\xbf\xbd"
		"b");
	assert_allocated(text_repair_utf8("\xff\xff"), "\xef\xbf\xbd\xef\xbf\xbd");
	assert_allocated(text_repair_utf8("\xe2\x82x"), "\xef\xbf\xbdx");
	assert_allocated(text_repair_utf8("end\xf0\x9f\x98"), "end\xef\xbf\xbd");
	assert_allocated(text_repair_utf8("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");
}

static void base64_is_the_one_of_rfc_4648(void **state)
{
	(void)state;
	assert_allocated(text_encode_base64("", 0), "");
	assert_allocated(text_encode_base64("f", 1), "Zg==");
	assert_allocated(text_encode_base64("fo", 2), "Zm8=");
	assert_allocated(text_encode_base64("foo", 3), "Zm9v");
	assert_allocated(text_encode_base64("foobar", 6), "Zm9vYmFy");
	assert_allocated(text_encode_base64("\xfb\xff\0", 3), "+/8A");
}

static void arguments_are_quoted_as_bash_reads_them(void **state)
{
	(void)state;
	assert_allocated(text_quote("--jobs=2"), "--jobs=2");
	assert_allocated(text_quote("größe"), "größe");
	assert_allocated(text_quote(""), "''");
	assert_allocated(text_quote("two words"), "'two words'");
	assert_allocated(text_quote("$HOME;*"), "'$HOME;*'");
	assert_allocated(text_quote("back\\slash"), "'back\\slash'");
	assert_allocated(text_quote("it's"), "$'it\\'s'");
	assert_allocated(text_quote("a\\\n"), "$'a\\\\\\n'");
	assert_allocated(text_quote("\x1b[31m"), "$'\\x1b[31m'");
	assert_allocated(text_quote("\xff"), "$'\\xff'");
}

static void commands_are_quoted_word_by_word(void **state)
{
	char *const command[] = { (char *)"sh", (char *)"-c", (char *)"echo hi", NULL };
	char *const nothing[] = { NULL };

	(void)state;
	assert_allocated(text_quote_command(command), "sh -c 'echo hi'");
	assert_allocated(text_quote_command(nothing), "");
	assert_allocated(text_quote_command(NULL), "");
}

static void assert_harmless(char *text)
{
	assert_non_null(text);
	for (const char *byte = text; *byte; byte++)
		assert_true((unsigned char)*byte >= 0x20 && *byte != 0x7f);
	assert_true(text_is_utf8(text));
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strstr(text, "\xe2\x80\xae"));
	free(text);
}

static void no_argument_can_control_the_terminal(void **state)
{
	static const char *const hostile[] = { "\x1b]0;title\a", "\r\b\b", "\x7f",
		"\xc2\x9b"
		"31m",
		"\x9b"
		"31m",
		"abc\xe2\x80\xaetxt.exe", "\xf3\xa0\x81\x81", "\xe2\x80", "\xef\xbb\xbf" };
	char every_byte[256];

	(void)state;
	for (int i = 0; i < 255; i++)
		every_byte[i] = (char)(i + 1);
	every_byte[255] = '\0';
	assert_harmless(text_quote(every_byte));
	assert_harmless(text_escape(every_byte));
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		assert_harmless(text_quote(hostile[i]));
		assert_harmless(text_escape(hostile[i]));
	}
}

static void what_reorders_or_hides_text_is_spelled_out(void **state)
{
	(void)state;
	assert_allocated(text_escape("a\xe2\x80\xae"
				     "b"),
		"a\\u202eb");
	assert_allocated(text_escape("\xc2\x9b"), "\\u009b");
	assert_allocated(text_escape("\xf3\xa0\x81\x81"), "\\U000e0041");
	assert_allocated(text_escape("open 'a b'\t\x1b"), "open 'a b'\\t\\x1b");
}

static void columns_are_counted_by_character(void **state)
{
	(void)state;
	assert_int_equal(text_count_columns(""), 0);
	assert_int_equal(text_count_columns("größe"), 5);
	assert_int_equal(text_count_columns("–…"), 2);
	assert_int_equal(text_count_columns("a\xff"), 2);
}

static void long_text_is_cut_with_an_ellipsis_inside_its_columns(void **state)
{
	(void)state;
	assert_allocated(text_shorten("größe", 5), "größe");
	assert_allocated(text_shorten("größe", 4), "grö…");
	assert_allocated(text_shorten("größe", 1), "…");
	assert_allocated(text_shorten("größe", 0), "");
	assert_allocated(text_shorten("", 0), "");
}

static void a_host_name_is_short_and_plain(void **state)
{
	static const char *const good[] = { "a", "7", "box", "Box-1.example_2" };
	static const char *const bad[] = { "", "-a", ".a", "_a", "a/b", "a b", "a\n", "\n", "a:b",
		"\xc3\xa4", "a\x7f", "#" };
	char longest[66];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(text_is_host_name(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_is_host_name(bad[i]));
	memset(longest, 'x', sizeof(longest));
	longest[64] = '\0';
	assert_true(text_is_host_name(longest));
	longest[64] = 'x';
	longest[65] = '\0';
	assert_false(text_is_host_name(longest));
}

static void a_quoted_mistake_is_cut_after_100_columns(void **state)
{
	char word[6001], expected[128];

	(void)state;
	memset(word, 'x', sizeof(word));
	word[100] = '\0';
	assert_allocated(text_quote_short(word), word);
	memcpy(expected, word, 99);
	memcpy(expected + 99, "…", sizeof("…"));
	word[100] = 'x';
	word[6000] = '\0';
	assert_allocated(text_quote_short(word), expected);
	assert_allocated(text_quote_short("a b"), "'a b'");
	assert_allocated(text_quote_short(""), "''");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_have_four_digits_in_the_unit_that_fits),
		cmocka_unit_test(a_time_that_rounds_up_to_the_next_unit_is_shown_in_it),
		cmocka_unit_test(sizes_have_three_digits_in_binary_units),
		cmocka_unit_test(counts_are_grouped_by_thousands),
		cmocka_unit_test(one_task_is_not_one_tasks),
		cmocka_unit_test(a_small_share_is_not_shown_as_none),
		cmocka_unit_test(ratios_have_two_decimals_and_survive_division_by_nothing),
		cmocka_unit_test(numbers_do_not_follow_the_locale),
		cmocka_unit_test(decimals_are_read_whole_or_not_at_all),
		cmocka_unit_test(a_size_is_digits_and_at_once_a_unit),
		cmocka_unit_test(what_only_looks_like_a_size_is_none),
		cmocka_unit_test(durations_are_read_with_fractions_and_units),
		cmocka_unit_test(what_only_looks_like_a_duration_is_none),
		cmocka_unit_test(code_points_are_taken_off_one_by_one),
		cmocka_unit_test(utf8_is_told_from_what_only_looks_like_it),
		cmocka_unit_test(each_invalid_sequence_becomes_one_replacement_character),
		cmocka_unit_test(base64_is_the_one_of_rfc_4648),
		cmocka_unit_test(arguments_are_quoted_as_bash_reads_them),
		cmocka_unit_test(commands_are_quoted_word_by_word),
		cmocka_unit_test(no_argument_can_control_the_terminal),
		cmocka_unit_test(what_reorders_or_hides_text_is_spelled_out),
		cmocka_unit_test(columns_are_counted_by_character),
		cmocka_unit_test(a_host_name_is_short_and_plain),
		cmocka_unit_test(long_text_is_cut_with_an_ellipsis_inside_its_columns),
		cmocka_unit_test(a_quoted_mistake_is_cut_after_100_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
