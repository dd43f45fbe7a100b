// SPDX-License-Identifier: Apache-2.0
// Claims about the input of a batch: lines come whole however they are cut, and say what they mean.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "command/batch_input.h"
#include "expect.h"

static struct batch_input input;
static struct batch_request request;
static int writer;

static int open_pipe(void **state)
{
	int ends[2];

	(void)state;
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	input = (struct batch_input){ .fd = ends[0], .path = "commands" };
	writer = ends[1];
	return 0;
}

static int close_pipe(void **state)
{
	(void)state;
	batch_request_done(&request);
	batch_input_close(&input);
	close_fd(&writer);
	return 0;
}

static void come(const char *text, size_t size)
{
	struct failure why;

	assert_int_equal(write(writer, text, size), size);
	assert_int_equal(batch_input_fill(&input, &why), 0);
}

static void end_input(void)
{
	struct failure why;

	close_fd(&writer);
	assert_int_equal(batch_input_fill(&input, &why), 0);
}

static void assert_taken(const char *wanted)
{
	cleanup_free char *line = batch_input_take(&input);

	if (wanted)
		assert_string_equal(line, wanted);
	else
		assert_null(line);
}

static int read_request(const char *line, struct failure *why)
{
	batch_request_done(&request);
	input.line = 7;
	return batch_request_read(&input, line, &request, why);
}

static void assert_wrong(const char *line, const char *wanted)
{
	struct failure why;

	assert_true(read_request(line, &why) < 0);
	if (!strstr(why.what, wanted))
		fail_msg("'%s' is not in '%s'", wanted, why.what);
	assert_non_null(strstr(why.what, "--from: commands: line 7"));
}

static void lines_come_whole_however_they_are_cut(void **state)
{
	(void)state;
	come("ab", 2);
	assert_taken(NULL);
	come("c\nde\nf", 6);
	assert_taken("abc");
	assert_taken("de");
	assert_taken(NULL);
	assert_int_equal(input.line, 2);
}

static void a_last_line_without_a_newline_is_a_line(void **state)
{
	(void)state;
	come("last", 4);
	end_input();
	assert_false(batch_input_is_over(&input));
	assert_taken("last");
	assert_true(batch_input_is_over(&input));
}

static void blank_lines_are_counted_and_passed_over(void **state)
{
	(void)state;
	come("\n \t\r\nx\n\n", 8);
	assert_taken("x");
	assert_int_equal(input.line, 3);
	assert_taken(NULL);
	end_input();
	assert_true(batch_input_is_over(&input));
}

static void a_line_without_end_is_refused(void **state)
{
	static char much[4096];
	struct failure why;
	int error = 0;

	(void)state;
	memset(much, 'x', sizeof(much));
	for (size_t size = 0; size < 2 << 20 && !error; size += sizeof(much)) {
		assert_int_equal(write(writer, much, sizeof(much)), sizeof(much));
		error = batch_input_fill(&input, &why);
	}
	assert_true(error < 0);
	assert_string_equal(why.what, "--from: line 1 is longer than 1 MiB");
}

static void a_request_has_a_command_options_and_a_name(void **state)
{
	struct failure why;

	(void)state;
	assert_int_equal(
		read_request("{\"command\":[\"a\",\"\"],\"options\":[\"-q\"],\"id\":\"x\"}", &why),
		0);
	assert_string_equal(request.command.words[0], "a");
	assert_string_equal(request.command.words[1], "");
	assert_null(request.command.words[2]);
	assert_string_equal(request.options.words[0], "-q");
	assert_null(request.options.words[1]);
	assert_string_equal(request.id, "x");
}

static void only_the_command_is_needed(void **state)
{
	struct failure why;

	(void)state;
	assert_int_equal(read_request("{\"command\":[\"a\"],\"id\":null}", &why), 0);
	assert_int_equal(request.options.count, 0);
	assert_null(request.id);
}

static void what_is_wrong_with_a_line_is_told_by_its_number(void **state)
{
	(void)state;
	assert_wrong("{\"id\":\"x\"}", "command: is missing");
	assert_wrong("{\"command\":\"a\"}", "command: expected an array, got a string");
	assert_wrong("{\"command\":[1]}", "command[0]: expected a string, got an integer");
	assert_wrong("{\"command\":[\"a\"],\"env\":[]}", "env: there is no such key here");
	assert_wrong("{\"command\":[\"a\"],\"command\":[\"b\"]}", "duplicate");
	assert_wrong("[]", "expected an object, got an array");
	assert_wrong("{", ":1:1: ");
	assert_wrong("{\"command\":[\"a\\u0000\"]}", "\\u0000");
	assert_wrong("{\"command\":[\"a\"]} {}", "more text after the end");
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, open_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_come_whole_however_they_are_cut),
		TEST(a_last_line_without_a_newline_is_a_line),
		TEST(blank_lines_are_counted_and_passed_over),
		TEST(a_line_without_end_is_refused),
		TEST(a_request_has_a_command_options_and_a_name),
		TEST(only_the_command_is_needed),
		TEST(what_is_wrong_with_a_line_is_told_by_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
