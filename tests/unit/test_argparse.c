// SPDX-License-Identifier: Apache-2.0
// Claims about a command line that is read as argparse reads it. The messages are those of
// Python 3.11.
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
#include <unistd.h>

#include "base/cleanup.h"
#include "command/argparse.h"
#include "command/argument_file.h"

/* What was applied, in its order: "memlimit=5 quiet ". */
static char applied[256];

static int note(
	const struct argparse_option *option, void *target, const char *value, struct failure *why)
{
	char *end = (char *)target + strlen(target);

	if (value && !strcmp(value, "bad"))
		return failure_set(why, 0, "invalid int value: 'bad'");
	sprintf(end, "%s%s%s ", option->name + 2, value ? "=" : "", value ? value : "");
	return 0;
}

static const struct argparse_option options[] = {
	{ "--help", "-h", .help = "show this text" },
	{ "--memlimit", .value = "BYTES", .help = "limit of memory", .apply = note },
	{ "--memoryNodes", .value = "N,M-K", .help = "nodes", .apply = note },
	{ "--container", .rival = "--no-container", .help = "with", .apply = note },
	{ "--no-container", .rival = "--container", .help = "without", .apply = note },
	{ "--quiet", .help = "say less", .apply = note },
	{ "--version", .help = "the version" },
};

static const struct argparse parser = {
	.program = "prog",
	.description = "Does something.",
	.operand = "ARG",
	.operand_help = "the command",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
};

static struct argparse_result result;
static struct failure why;

static int read_words(const char *const *words)
{
	size_t count = 0;

	while (words[count])
		count++;
	applied[0] = '\0';
	free(result.operands);
	result = (struct argparse_result){ 0 };
	return argparse_read(&parser, (char *const *)words, count, applied, &result, &why);
}

#define READ(...) read_words((const char *const[]){ __VA_ARGS__, NULL })

/* All operands, with a space behind each. */
static const char *operands(void)
{
	static char text[256];

	text[0] = '\0';
	for (char **word = result.operands; *word; word++)
		sprintf(text + strlen(text), "%s ", *word);
	return text;
}

#define assert_read(wanted_options, wanted_operands, ...)                                          \
	do {                                                                                       \
		if (READ(__VA_ARGS__))                                                             \
			fail_msg("refused: %s", why.what);                                         \
		assert_string_equal(applied, wanted_options);                                      \
		assert_string_equal(operands(), wanted_operands);                                  \
	} while (0)

#define assert_refused(text, ...)                                                                  \
	do {                                                                                       \
		assert_int_equal(READ(__VA_ARGS__), -EINVAL);                                      \
		assert_string_equal(why.what, text);                                               \
		assert_null(result.operands);                                                      \
	} while (0)

static int forget(void **state)
{
	(void)state;
	free(result.operands);
	result = (struct argparse_result){ 0 };
	return 0;
}

/* --- Options --- */

static void a_value_is_the_next_word_or_stands_behind_an_equals_sign(void **state)
{
	(void)state;
	assert_read("memlimit=5 ", "x ", "--memlimit", "5", "x");
	assert_read("memlimit=5 ", "x ", "--memlimit=5", "x");
	assert_read("memlimit= ", "x ", "--memlimit=", "x");
	assert_read("memlimit=a=b ", "x ", "--memlimit=a=b", "x");
	assert_read("memlimit=- ", "x ", "--memlimit", "-", "x");
	assert_read("memlimit= ", "x ", "--memlimit", "", "x");
}

static void a_name_may_be_shortened_as_long_as_one_alone_begins_so(void **state)
{
	(void)state;
	assert_read("memlimit=5 ", "x ", "--meml", "5", "x");
	assert_read("memoryNodes=0 ", "x ", "--memo=0", "x");
	assert_read("quiet ", "x ", "--q", "x");
	assert_refused(
		"ambiguous option: --mem could match --memlimit, --memoryNodes", "--mem", "5", "x");
	assert_refused(
		"ambiguous option: --mem=5 could match --memlimit, --memoryNodes", "--mem=5", "x");
}

static void options_may_stand_before_and_behind_the_command(void **state)
{
	(void)state;
	assert_read("quiet ", "echo hi ", "--quiet", "echo", "hi");
	assert_read("quiet ", "echo hi ", "echo", "hi", "--quiet");
	assert_read("memlimit=5 quiet ", "echo hi ", "--memlimit", "5", "echo", "hi", "--quiet");
}

static void what_looks_like_an_option_is_no_value(void **state)
{
	(void)state;
	assert_refused("argument --memlimit: expected one argument", "--memlimit", "--quiet", "x");
	assert_refused("argument --memlimit: expected one argument", "--memlimit", "-x", "x");
	assert_refused("argument --memlimit: expected one argument", "--memlimit", "--", "x");
	assert_refused("argument --memlimit: expected one argument", "x", "--memlimit");
}

static void negative_numbers_and_words_with_spaces_are_values(void **state)
{
	(void)state;
	assert_read("memlimit=-5 ", "x ", "--memlimit", "-5", "x");
	assert_read("memlimit=-.5 ", "x ", "--memlimit", "-.5", "x");
	assert_read("memlimit=-0.5 ", "x ", "--memlimit", "-0.5", "x");
	assert_read("memlimit=-a b ", "x ", "--memlimit", "-a b", "x");
	assert_read("memlimit=--a b ", "x ", "--memlimit", "--a b", "x");
	assert_refused("argument --memlimit: expected one argument", "--memlimit", "-5s", "x");
	assert_refused("argument --memlimit: expected one argument", "--memlimit", "-5.", "x");
}

static void a_value_that_is_wrong_is_told_with_its_option(void **state)
{
	(void)state;
	assert_refused("argument --memlimit: invalid int value: 'bad'", "--memlimit", "bad", "x");
	assert_refused("argument --quiet: ignored explicit argument '1'", "--quiet=1", "x");
	assert_refused("argument -h/--help: ignored explicit argument 'x'", "-hx", "x");
}

static void rivals_exclude_each_other(void **state)
{
	(void)state;
	assert_refused("argument --no-container: not allowed with argument --container",
		"--container", "--no-container", "x");
	assert_refused("argument --container: not allowed with argument --no-container",
		"--no-container", "x", "--container");
	assert_read("container container ", "x ", "--container", "--container", "x");
}

static void help_and_version_end_the_reading(void **state)
{
	(void)state;
	assert_int_equal(READ("--quiet", "-h", "--unknown", "--memlimit"), 0);
	assert_ptr_equal(result.stopped, &options[0]);
	assert_int_equal(READ("--vers"), 0);
	assert_ptr_equal(result.stopped, &options[6]);
	/* Unless something before them is wrong, or cannot be judged. */
	assert_refused(
		"ambiguous option: --mem could match --memlimit, --memoryNodes", "--help", "--mem");
}

/* --- Operands --- */

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	assert_read("", "echo --quiet -h ", "--", "echo", "--quiet", "-h");
	assert_read("quiet ", "--memlimit ", "--quiet", "--", "--memlimit");
	assert_read("", "echo -- x ", "--", "echo", "--", "x");
	assert_read("", "echo x ", "echo", "--", "x");
}

static void operands_are_in_one_piece(void **state)
{
	(void)state;
	assert_refused("unrecognized arguments: hi", "echo", "--quiet", "hi");
	assert_refused("unrecognized arguments: -n hi", "echo", "-n", "hi");
	assert_refused(
		"unrecognized arguments: --unknown --other=1", "--unknown", "echo", "--other=1");
	assert_refused("unrecognized arguments: --", "echo", "--quiet", "--");
}

static void a_command_is_required(void **state)
{
	(void)state;
	assert_int_equal(read_words((const char *const[]){ NULL }), -EINVAL);
	assert_string_equal(why.what, "the following arguments are required: ARG");
	assert_refused("the following arguments are required: ARG", "--quiet");
	assert_refused("the following arguments are required: ARG", "--");
	assert_refused("the following arguments are required: ARG", "--unknown");
	assert_read("", " ", "");
}

/* --- Usage --- */

static char *print(void (*print_text)(const struct argparse *argparse, FILE *stream))
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	print_text(&parser, stream);
	fclose(stream);
	return text;
}

static void the_usage_is_as_argparse_writes_it(void **state)
{
	cleanup_free char *usage = print(argparse_print_usage);

	(void)state;
	assert_string_equal(usage,
		"usage: prog [-h] [--memlimit BYTES] [--memoryNodes N,M-K]\n"
		"            [--container | --no-container] [--quiet] [--version]\n"
		"            ARG [ARG ...]\n");
}

static void the_help_has_every_option_in_lines_that_fit(void **state)
{
	cleanup_free char *help = print(argparse_print_help);

	(void)state;
	for (size_t i = 0; i < parser.option_count; i++)
		assert_non_null(strstr(help, options[i].help));
	assert_non_null(strstr(help, "\n  -h, --help            show this text\n"));
	assert_non_null(strstr(help, "\n  --memlimit BYTES      limit of memory\n"));
	assert_non_null(strstr(help, "\n  ARG                   the command\n"));
	for (const char *line = help; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
}

/* --- Files of arguments --- */

static char file[64];

static int make_file(const char *text)
{
	snprintf(file, sizeof(file), "/tmp/tare-test-arguments-XXXXXX");
	cleanup_fd int fd = mkstemp(file);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

static void lines_of_a_file_take_the_place_of_its_name(void **state)
{
	static const char *const wanted[] = { "a", "--timelimit", "5 s", "", "x", "y", "b" };
	char name[80];
	char *words[] = { (char *)"a", name, (char *)"b" };
	struct argument_list list;

	(void)state;
	assert_int_equal(make_file("--timelimit\n5 s\r\n\nx\ry"), 0);
	snprintf(name, sizeof(name), "@%s", file);
	assert_int_equal(argument_list_expand(&list, words, 3, &why), 0);
	assert_int_equal(list.count, 7);
	for (size_t i = 0; i < list.count; i++)
		assert_string_equal(list.words[i], wanted[i]);
	assert_null(list.words[list.count]);
	argument_list_done(&list);
}

static void a_file_that_names_itself_is_refused(void **state)
{
	char name[80];
	char *words[] = { name };
	struct argument_list list;
	FILE *again;

	(void)state;
	assert_int_equal(make_file(""), 0);
	snprintf(name, sizeof(name), "@%s", file);
	again = fopen(file, "we");
	fprintf(again, "%s\n", name);
	fclose(again);
	assert_int_equal(argument_list_expand(&list, words, 1, &why), -EINVAL);
	assert_non_null(strstr(why.what, "[Errno 40]"));
	assert_null(list.words);
}

static void a_file_that_is_not_there_is_told_as_python_does(void **state)
{
	char *words[] = { (char *)"@/no/such/file" };
	struct argument_list list;

	(void)state;
	assert_int_equal(argument_list_expand(&list, words, 1, &why), -EINVAL);
	assert_string_equal(why.what, "[Errno 2] No such file or directory: '/no/such/file'");
	assert_null(list.words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_the_next_word_or_stands_behind_an_equals_sign),
		cmocka_unit_test(a_name_may_be_shortened_as_long_as_one_alone_begins_so),
		cmocka_unit_test(options_may_stand_before_and_behind_the_command),
		cmocka_unit_test(what_looks_like_an_option_is_no_value),
		cmocka_unit_test(negative_numbers_and_words_with_spaces_are_values),
		cmocka_unit_test(a_value_that_is_wrong_is_told_with_its_option),
		cmocka_unit_test(rivals_exclude_each_other),
		cmocka_unit_test(help_and_version_end_the_reading),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(operands_are_in_one_piece),
		cmocka_unit_test(a_command_is_required),
		cmocka_unit_test(the_usage_is_as_argparse_writes_it),
		cmocka_unit_test(the_help_has_every_option_in_lines_that_fit),
		cmocka_unit_test_teardown(lines_of_a_file_take_the_place_of_its_name, remove_file),
		cmocka_unit_test_teardown(a_file_that_names_itself_is_refused, remove_file),
		cmocka_unit_test(a_file_that_is_not_there_is_told_as_python_does),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
