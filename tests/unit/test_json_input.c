// SPDX-License-Identifier: Apache-2.0
// Claims about JSON that a person wrote: what is read, and that every mistake is told by its place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/json_input.h"
#include "json_file.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* --- A document to read: { "name": string, "sizes": [1..9, ...], "inner": { "name": ... } } --- */

struct target {
	const char *name;
	uint64_t sizes[8];
	size_t count;
};

static int read_name(const struct json_place *at, void *target, struct failure *why)
{
	return json_read_string(at, &((struct target *)target)->name, why);
}

static int read_size(const struct json_place *at, void *target, struct failure *why)
{
	struct target *all = target;

	return json_read_integer(at, 1, 9, &all->sizes[all->count++], why);
}

static int read_sizes(const struct json_place *at, void *target, struct failure *why)
{
	return json_read_array(at, read_size, target, why);
}

static int read_inner(const struct json_place *at, void *target, struct failure *why)
{
	static const struct json_key keys[] = { { "name", read_name, JSON_REQUIRED },
		{ NULL, NULL, JSON_OPTIONAL } };

	return json_read_object(at, keys, target, why);
}

static int read_inners(const struct json_place *at, void *target, struct failure *why)
{
	return json_read_array(at, read_inner, target, why);
}

static const struct json_key document_keys[] = {
	{ "name", read_name, JSON_REQUIRED },
	{ "sizes", read_sizes, JSON_OPTIONAL },
	{ "inner", read_inner, JSON_OPTIONAL },
	{ "list", read_inners, JSON_OPTIONAL },
	{ NULL, NULL, JSON_OPTIONAL },
};

static struct failure why;

static int read_path(const char *path, struct target *target)
{
	struct json_input input;
	struct json_place at;
	int error = json_input_read(&input, "--option", path, &why);

	if (error)
		return error;
	*target = (struct target){ 0 };
	at = json_input_place(&input);
	error = json_read_object(&at, document_keys, target, &why);
	json_input_done(&input);
	return error;
}

static int read_bytes(const char *text, size_t size, struct target *target)
{
	struct json_file file = json_file_of(text, size);
	int error = read_path(file.path, target);

	json_file_done(&file);
	return error;
}

/* The message ends so, after the option and the file. */
static void assert_refused(const char *text, size_t size, const char *ending)
{
	struct target target = { 0 };
	size_t length;

	assert_int_equal(read_bytes(text, size, &target), -EINVAL);
	length = strlen(why.what);
	if (strncmp(why.what, "--option: /proc/self/fd/", strlen("--option: /proc/self/fd/")) !=
			0 ||
		length < strlen(ending) || strcmp(why.what + length - strlen(ending), ending) != 0)
		fail_msg("'%s' does not end with '%s'", why.what, ending);
	assert_int_equal(why.errnum, 0);
	assert_null(strchr(why.what, '\n'));
}

#define assert_text_refused(text, ending) assert_refused(text, strlen(text), ending)

/* --- What is read --- */

static void a_document_is_read_in_any_order_of_keys(void **state)
{
	static const char text[] = " {\"sizes\": [1, 9],\n\"name\": \"caf\xc3\xa9 \\n\"}\n ";
	struct json_file file = json_file_of(text, strlen(text));
	struct target target = { 0 };
	struct json_input input;
	struct json_place at;

	(void)state;
	assert_int_equal(json_input_read(&input, "--option", file.path, &why), 0);
	at = json_input_place(&input);
	assert_int_equal(json_read_object(&at, document_keys, &target, &why), 0);
	assert_string_equal(target.name, "caf\xc3\xa9 \n");
	assert_int_equal(target.count, 2);
	assert_int_equal(target.sizes[0] * 10 + target.sizes[1], 19);
	json_input_done(&input);
	json_file_done(&file);
}

static void null_stands_for_a_key_that_is_not_there(void **state)
{
	static const char text[] = "{\"name\": \"x\", \"sizes\": null, \"inner\": null}";
	struct target target = { 0 };

	(void)state;
	assert_int_equal(read_bytes(text, strlen(text), &target), 0);
	assert_int_equal(target.count, 0);
	assert_text_refused("{\"name\": null}", ": name: is missing");
}

static void a_file_of_a_mebibyte_is_read_and_one_byte_more_is_not(void **state)
{
	static const char text[] = "{\"name\": \"x\"}";
	size_t size = JSON_INPUT_LIMIT_BYTES + 1;
	cleanup_free char *large = malloc(size);
	struct target target = { 0 };

	(void)state;
	memset(large, ' ', size);
	memcpy(large, text, sizeof(text) - 1);
	assert_int_equal(read_bytes(large, size - 1, &target), 0);
	assert_refused(large, size, " is longer than 1 MiB");
}

/* --- What is no document --- */

static void what_is_no_json_is_told_by_line_and_column(void **state)
{
	static const struct {
		const char *text, *ending;
	} slips[] = {
		{ "{\"name\": \"x\"", ":1:12: '}' expected near end of file" },
		{ "{\"name\": \"x\",}", ":1:14: string or '}' expected near '}'" },
		{ "{'name': 1}", ":1:2: string or '}' expected near '''" },
		{ "{\"name\": \"x\"} {}", ":1:15: more text after the end of the document" },
		{ "{\"name\": \"x\"}\nx", ":2:1: more text after the end of the document" },
		{ "{\n\"name\": \"x\",\n\"name\": \"y\"}",
			":3:6: duplicate object key near '\"name\"'" },
		{ "{\"name\": \"a\\u0000b\"}", ":1:19: a string holds \\u0000, which no text may" },
		{ "{\"na\\u0000me\": 1}", ":1:13: a key holds \\u0000, which no text may" },
		{ "{\"sizes\": [1e400]}",
			":1:16: a number is out of range: integers end at 2^63 - 1" },
		{ "{\"sizes\": [12345678901234567890]}",
			":1:31: a number is out of range: integers end at 2^63 - 1" },
		{ "5", ":1:1: '[' or '{' expected near '5'" },
		{ "{\"name\": NaN}", ":1:12: invalid token near 'NaN'" },
		{ "{\"name\": \"x\"} // y", ":1:15: more text after the end of the document" },
		{ "{\"name\" \x02}", ":1:9: ':' expected near '\\x02'" },
		{ "{\"name\" \x1b[31m}", ":1:9: ':' expected near '\\x1b'" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(slips); i++)
		assert_text_refused(slips[i].text, slips[i].ending);
}

static void what_is_no_utf8_is_refused(void **state)
{
	static const char *const texts[] = {
		"{\"name\": \"\xff\"}",		/* never in UTF-8 */
		"{\"name\": \"\xc0\xaf\"}",	/* overlong */
		"{\"name\": \"\\ud800\"}",	/* half of a pair */
		"{\"name\": \"\xed\xa0\x80\"}", /* the same in bytes */
		"\xff\xfe{\0\"\0n\0",		/* UTF-16 */
	};
	struct target target = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		assert_int_equal(read_bytes(texts[i], strlen(texts[i]), &target), -EINVAL);
		assert_non_null(strstr(why.what, ":1:"));
	}
	assert_text_refused("\xef\xbb\xbf{\"name\": \"x\"}",
		" begins with a byte order mark, which JSON has not");
}

static void an_empty_file_is_called_empty(void **state)
{
	(void)state;
	assert_text_refused("", " is empty");
	assert_text_refused(" \r\n\t \n", " is empty");
}

static void brackets_without_end_are_refused_and_not_followed(void **state)
{
	size_t size = 1000000;
	cleanup_free char *deep = malloc(size);

	(void)state;
	memset(deep, '[', size);
	assert_refused(deep, size, ": nested too deeply");
}

static void what_is_no_regular_file_is_refused_without_waiting(void **state)
{
	char directory[] = "/tmp/tare-test.XXXXXX", fifo[64];
	struct target target = { 0 };

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(read_path(fifo, &target), -EINVAL);
	assert_non_null(strstr(why.what, "is not a regular file"));
	assert_int_equal(unlink(fifo), 0);
	assert_int_equal(read_path(directory, &target), -EINVAL);
	assert_non_null(strstr(why.what, "is not a regular file"));
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(read_path("/dev/zero", &target), -EINVAL);
	assert_non_null(strstr(why.what, "is not a regular file"));
	assert_int_equal(read_path("/no/such/file", &target), -ENOENT);
	assert_string_equal(why.what, "--option: /no/such/file");
	assert_int_equal(read_path("", &target), -ENOENT);
}

/* --- What is not asked for --- */

static void wrong_types_are_told_with_both_types(void **state)
{
	static const struct {
		const char *text, *ending;
	} slips[] = {
		{ "[]", ": expected an object, got an array" },
		{ "{\"name\": 5}", ": name: expected a string, got an integer" },
		{ "{\"name\": \"x\", \"sizes\": {}}", ": sizes: expected an array, got an object" },
		{ "{\"name\": \"x\", \"sizes\": [1, \"5\"]}",
			": sizes[1]: expected an integer, got a string" },
		{ "{\"name\": \"x\", \"sizes\": [5.0]}",
			": sizes[0]: expected an integer, got a fraction" },
		{ "{\"name\": \"x\", \"sizes\": [true]}",
			": sizes[0]: expected an integer, got true" },
		{ "{\"name\": \"x\", \"sizes\": [null]}",
			": sizes[0]: expected an integer, got null" },
		{ "{\"name\": \"x\", \"inner\": {\"name\": []}}",
			": inner.name: expected a string, got an array" },
		{ "{\"name\": \"x\", \"list\": [{\"name\": \"y\"}, {\"name\": 1}]}",
			": list[1].name: expected a string, got an integer" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(slips); i++)
		assert_text_refused(slips[i].text, slips[i].ending);
}

static void numbers_out_of_range_are_told_with_the_range(void **state)
{
	(void)state;
	assert_text_refused(
		"{\"name\": \"x\", \"sizes\": [0]}", ": sizes[0]: 0 is out of range: 1 to 9");
	assert_text_refused(
		"{\"name\": \"x\", \"sizes\": [10]}", ": sizes[0]: 10 is out of range: 1 to 9");
	assert_text_refused(
		"{\"name\": \"x\", \"sizes\": [-0]}", ": sizes[0]: 0 is out of range: 1 to 9");
	assert_text_refused("{\"name\": \"x\", \"sizes\": [-9223372036854775808]}",
		": sizes[0]: -9223372036854775808 is out of range: 1 to 9");
}

static void missing_and_unknown_keys_are_told(void **state)
{
	(void)state;
	assert_text_refused("{}", ": name: is missing");
	assert_text_refused("{\"name\": \"x\", \"inner\": {}}", ": inner.name: is missing");
	assert_text_refused("{\"name\": \"x\", \"Name\": 1}", ": Name: there is no such key here");
	assert_text_refused("{\"name\": \"x\", \"list\": [{\"name\": \"y\", \"z\": {}}]}",
		": list[0].z: there is no such key here");
	assert_text_refused(
		"{\"name\": \"x\", \"__proto__\": {}}", ": __proto__: there is no such key here");
}

static void a_hostile_key_is_told_escaped_and_cut(void **state)
{
	static const char begin[] = "{\"a\\n\\u001b[31m", end[] = "\": 1}";
	size_t length = 100000;
	cleanup_free char *text = malloc(strlen(begin) + length + sizeof(end));
	struct target target = { 0 };

	(void)state;
	memset(text, 'x', strlen(begin) + length);
	memcpy(text, begin, sizeof(begin) - 1);
	memcpy(text + strlen(begin) + length, end, sizeof(end));
	assert_int_equal(read_bytes(text, strlen(text), &target), -EINVAL);
	assert_non_null(strstr(why.what, "$'a\\n\\x1b[31mxxxx"));
	assert_non_null(strstr(why.what, "there is no such key here"));
	assert_null(strchr(why.what, '\033'));
	assert_in_range(strlen(why.what), 1, 200);
}

static void a_hostile_path_is_told_escaped(void **state)
{
	struct target target = { 0 };

	(void)state;
	assert_int_equal(read_path("/no/\033[31m\n/x", &target), -ENOENT);
	assert_null(strchr(why.what, '\033'));
	assert_null(strchr(why.what, '\n'));
}

/* --- Any bytes --- */

static uint32_t next_number(void)
{
	static uint32_t number = 12345;

	number = number * 1664525 + 1013904223;
	return number >> 8;
}

static void no_bytes_make_the_reader_fail_without_a_reason(void **state)
{
	static const char good[] = "{\"name\": \"x\", \"sizes\": [1, 2], \"list\": "
				   "[{\"name\": \"\\u00e9\"}], \"inner\": {\"name\": \"y\"}}";
	char text[sizeof(good)];
	struct target target = { 0 };

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t size = sizeof(good) - 1 - (round & 1 ? next_number() % 20 : 0);

		memcpy(text, good, sizeof(good));
		for (uint32_t i = 0; i < 1 + next_number() % 3; i++)
			text[next_number() % size] = (char)next_number();
		memset(&why, 0, sizeof(why));
		if (read_bytes(text, size, &target))
			assert_string_not_equal(why.what, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_read_in_any_order_of_keys),
		cmocka_unit_test(null_stands_for_a_key_that_is_not_there),
		cmocka_unit_test(a_file_of_a_mebibyte_is_read_and_one_byte_more_is_not),
		cmocka_unit_test(what_is_no_json_is_told_by_line_and_column),
		cmocka_unit_test(what_is_no_utf8_is_refused),
		cmocka_unit_test(an_empty_file_is_called_empty),
		cmocka_unit_test(brackets_without_end_are_refused_and_not_followed),
		cmocka_unit_test(what_is_no_regular_file_is_refused_without_waiting),
		cmocka_unit_test(wrong_types_are_told_with_both_types),
		cmocka_unit_test(numbers_out_of_range_are_told_with_the_range),
		cmocka_unit_test(missing_and_unknown_keys_are_told),
		cmocka_unit_test(a_hostile_key_is_told_escaped_and_cut),
		cmocka_unit_test(a_hostile_path_is_told_escaped),
		cmocka_unit_test(no_bytes_make_the_reader_fail_without_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
