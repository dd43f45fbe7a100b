// SPDX-License-Identifier: Apache-2.0
// Claims about the list of mounts: what the kernel's text means, and that no text does harm.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sandbox/mountinfo.h"

static struct mountinfo_list list;
static struct failure why;

static int forget_list(void **state)
{
	(void)state;
	mountinfo_done(&list);
	return 0;
}

static void parse(const char *text)
{
	if (mountinfo_parse(text, &list, &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
}

/* The mount point of one line whose mount point is written like this. */
static const char *parsed_path(const char *written)
{
	char line[256];

	snprintf(line, sizeof(line), "1 0 0:1 / %s rw - ext4 /dev/sda rw\n", written);
	mountinfo_done(&list);
	parse(line);
	assert_int_equal(list.count, 1);
	return list.mounts[0].path;
}

static void assert_refused(const char *text)
{
	memset(&why, 0, sizeof(why));
	if (mountinfo_parse(text, &list, &why) != -EINVAL)
		fail_msg("understood: '%s'", text);
	assert_int_equal(why.errnum, EINVAL);
	assert_int_equal(list.count, 0);
	assert_null(list.mounts);
}

static void a_mount_is_told_by_number_root_path_type_and_options(void **state)
{
	(void)state;
	parse("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,quota\n");
	assert_int_equal(list.count, 1);
	assert_int_equal(list.mounts[0].id, 36);
	assert_string_equal(list.mounts[0].root, "/mnt1");
	assert_string_equal(list.mounts[0].path, "/mnt2");
	assert_string_equal(list.mounts[0].type, "ext3");
	assert_string_equal(list.mounts[0].options, "rw,quota");
}

static void a_mount_without_optional_fields_is_understood(void **state)
{
	(void)state;
	parse("36 35 98:0 / /a rw - tmpfs none rw");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.mounts[0].type, "tmpfs");
	assert_string_equal(list.mounts[0].options, "rw");
}

static void the_kernels_order_is_kept(void **state)
{
	(void)state;
	parse("3 1 0:1 / /z rw - a b c\n1 0 0:1 / / rw - a b c\n2 1 0:1 / /z rw - a b c\n");
	assert_int_equal(list.count, 3);
	assert_int_equal(list.mounts[0].id, 3);
	assert_int_equal(list.mounts[1].id, 1);
	assert_int_equal(list.mounts[2].id, 2);
}

static void escaped_characters_are_those_of_the_path(void **state)
{
	(void)state;
	assert_string_equal(parsed_path("/a\\040b"), "/a b");
	assert_string_equal(parsed_path("/a\\011b\\012c"), "/a\tb\nc");
	assert_string_equal(parsed_path("/\\043\\134"), "/#\\");
	assert_string_equal(parsed_path("/\\303\\244"), "/ä");
}

static void what_an_escape_spells_is_not_an_escape_again(void **state)
{
	(void)state;
	assert_string_equal(parsed_path("/a\\134040b"), "/a\\040b");
}

static void a_backslash_that_escapes_nothing_stays(void **state)
{
	(void)state;
	assert_string_equal(parsed_path("/a\\"), "/a\\");
	assert_string_equal(parsed_path("/a\\0"), "/a\\0");
	assert_string_equal(parsed_path("/a\\04"), "/a\\04");
	assert_string_equal(parsed_path("/a\\089"), "/a\\089");
	assert_string_equal(parsed_path("/a\\x41"), "/a\\x41");
}

/* Three octal digits can say 511, but a byte ends at 255; \400 would be a NUL that cuts the path.
 */
static void an_escape_above_a_byte_is_none(void **state)
{
	(void)state;
	assert_string_equal(parsed_path("/a\\400b"), "/a\\400b");
	assert_string_equal(parsed_path("/a\\777b"), "/a\\777b");
	assert_string_equal(parsed_path("/a\\377b"), "/a\377b");
}

static void the_root_of_a_mount_is_unescaped_too(void **state)
{
	(void)state;
	parse("1 0 0:1 /my\\040files /a rw - ext4 /dev/sda rw\n");
	assert_string_equal(list.mounts[0].root, "/my files");
}

static void bytes_that_are_no_text_stay_as_they_are(void **state)
{
	(void)state;
	assert_string_equal(parsed_path("/\xff\xfe"), "/\xff\xfe");
}

static void a_list_may_be_empty(void **state)
{
	(void)state;
	parse("");
	assert_int_equal(list.count, 0);
	mountinfo_done(&list);
	parse("\n\n");
	assert_int_equal(list.count, 0);
}

static void a_line_that_is_cut_off_is_refused(void **state)
{
	static const char line[] = "36 35 98:0 /mnt1 /mnt2 rw master:1 - ext3 /dev/root rw";
	const size_t separator = strstr(line, " - ") - line;

	(void)state;
	for (size_t length = 1; length < separator + 3; length++) {
		cleanup_free char *start = strndup(line, length);

		assert_refused(start);
	}
}

static void a_line_without_numbers_or_paths_is_refused(void **state)
{
	(void)state;
	assert_refused("junk\n");
	assert_refused(" - \n");
	assert_refused("x 35 98:0 / /a rw - ext3 none rw\n");
	assert_refused(" 35 98:0 / /a rw - ext3 none rw\n");
	assert_refused("-1 35 98:0 / /a rw - ext3 none rw\n");
	assert_refused("99999999999999999999 35 98:0 / /a rw - ext3 none rw\n");
	assert_refused("36 35 98:0 /  rw - ext3 none rw\n");
	assert_refused("36 35 98:0 / a rw - ext3 none rw\n");
	assert_refused("36 35 98:0 / /a rw -ext3 none rw\n");
}

static void a_refusal_names_the_mount_and_frees_the_others(void **state)
{
	(void)state;
	assert_refused("1 0 0:1 / / rw - a b c\n\n2 1 0:1 / /b rw - a b c\njunk\n3 1");
	assert_string_equal(why.what, "understand mount 3 of the list of mounts");
}

static void a_separator_within_a_word_does_not_end_the_fields(void **state)
{
	(void)state;
	parse("1 0 0:1 / /a-b\\040-\\040c rw - ext4 /dev/x-y rw\n");
	assert_string_equal(list.mounts[0].path, "/a-b - c");
	assert_string_equal(list.mounts[0].type, "ext4");
}

static void missing_options_are_no_options(void **state)
{
	(void)state;
	parse("1 0 0:1 / /a rw - ext4\n2 0 0:1 / /b rw - ext4 none\n");
	assert_string_equal(list.mounts[0].options, "");
	assert_string_equal(list.mounts[1].options, "");
}

/* As many as fs.mount-max allows in a mount namespace. */
static void a_hundred_thousand_mounts_are_read(void **state)
{
	enum { MOUNTS = 100000 };
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	for (int i = 0; i < MOUNTS; i++)
		fprintf(stream, "%d 1 0:%d / /m/%d rw shared:%d - tmpfs none rw\n", i, i, i, i);
	fclose(stream);
	parse(text);
	free(text);
	assert_int_equal(list.count, MOUNTS);
	assert_int_equal(list.mounts[MOUNTS - 1].id, MOUNTS - 1);
	assert_string_equal(list.mounts[MOUNTS - 1].path, "/m/99999");
}

static void a_path_may_be_longer_than_the_systems_limit(void **state)
{
	enum { LENGTH = 100000 };
	cleanup_free char *text = malloc(LENGTH + 64);
	int start = sprintf(text, "1 0 0:1 / /");

	(void)state;
	memset(text + start, 'a', LENGTH);
	strcpy(text + start + LENGTH, " rw - ext4 none rw\n"); /* NOLINT: there is room */
	parse(text);
	assert_int_equal(strlen(list.mounts[0].path), LENGTH + 1);
}

/* Every one of the kernel's lines with one character lost, doubled or changed. */
static void a_damaged_line_does_no_harm(void **state)
{
	static const char line[] = "36 35 98:0 /m\\040n /a\\134 rw master:1 - ext3 /dev/root rw\n";
	static const char replacements[] = " \n\\-0/\x01\xff";
	char text[sizeof(line)];

	(void)state;
	for (size_t i = 0; i < sizeof(line); i++) {
		for (size_t j = 0; j < sizeof(replacements); j++) {
			memcpy(text, line, sizeof(line));
			text[i < sizeof(line) - 1 ? i : 0] = replacements[j];
			if (!mountinfo_parse(text, &list, NULL))
				mountinfo_done(&list);
			assert_int_equal(list.count, 0);
		}
	}
}

static void this_machines_own_mounts_are_understood(void **state)
{
	bool has_root = false;

	(void)state;
	if (mountinfo_read(&list, &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
	for (size_t i = 0; i < list.count; i++)
		has_root |= !strcmp(list.mounts[i].path, "/");
	assert_true(has_root);
}

static void a_list_can_be_freed_twice(void **state)
{
	(void)state;
	parse("1 0 0:1 / / rw - a b c\n");
	mountinfo_done(&list);
	mountinfo_done(&list);
	assert_null(list.mounts);
	assert_int_equal(list.count, 0);
}

#define claim(name) cmocka_unit_test_teardown(name, forget_list)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(a_mount_is_told_by_number_root_path_type_and_options),
		claim(a_mount_without_optional_fields_is_understood),
		claim(the_kernels_order_is_kept),
		claim(escaped_characters_are_those_of_the_path),
		claim(what_an_escape_spells_is_not_an_escape_again),
		claim(a_backslash_that_escapes_nothing_stays),
		claim(an_escape_above_a_byte_is_none),
		claim(the_root_of_a_mount_is_unescaped_too),
		claim(bytes_that_are_no_text_stay_as_they_are),
		claim(a_list_may_be_empty),
		claim(a_line_that_is_cut_off_is_refused),
		claim(a_line_without_numbers_or_paths_is_refused),
		claim(a_refusal_names_the_mount_and_frees_the_others),
		claim(a_separator_within_a_word_does_not_end_the_fields),
		claim(missing_options_are_no_options),
		claim(a_hundred_thousand_mounts_are_read),
		claim(a_path_may_be_longer_than_the_systems_limit),
		claim(a_damaged_line_does_no_harm),
		claim(this_machines_own_mounts_are_understood),
		claim(a_list_can_be_freed_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
