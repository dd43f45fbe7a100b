// SPDX-License-Identifier: Apache-2.0
// JSON that a person wrote, read strictly, with every mistake told by its place.
#include "json_input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cleanup.h"
#include "text.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Of a key or a value that is told in a message. */
#define TOLD_COLUMNS 60

/* --- Reading the file --- */

static int refuse_file(const struct json_input *input, const char *reason, struct failure *why)
{
	(void)failure_set(why, 0, "%s %s", input->label, reason);
	return -EINVAL;
}

/* O_NONBLOCK, because the opening of a FIFO would wait for its writer. */
static int open_regular(const struct json_input *input, const char *path, struct failure *why)
{
	cleanup_fd int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (file < 0 || fstat(file, &status))
		return failure_set(why, errno, "%s", input->label);
	if (!S_ISREG(status.st_mode))
		return refuse_file(input, "is not a regular file", why);
	return take_fd(&file);
}

/* Reads one byte more than is allowed, since the size that a file tells need not be true. */
static int read_bounded(int file, char *text, size_t *size)
{
	ssize_t length;

	for (*size = 0; *size <= JSON_INPUT_LIMIT_BYTES; *size += (size_t)length) {
		length = read(file, text + *size, JSON_INPUT_LIMIT_BYTES + 1 - *size);
		if (length < 0)
			return -errno;
		if (length == 0)
			break;
	}
	return 0;
}

static int read_text(const struct json_input *input, const char *path, char **text, size_t *size,
	struct failure *why)
{
	cleanup_fd int file = open_regular(input, path, why);
	int error;

	if (file < 0)
		return file;
	*text = malloc(JSON_INPUT_LIMIT_BYTES + 1);
	if (!*text)
		return failure_set(why, ENOMEM, "%s", input->label);
	error = read_bounded(file, *text, size);
	if (error)
		return failure_set(why, -error, "%s", input->label);
	if (*size > JSON_INPUT_LIMIT_BYTES)
		return refuse_file(input, "is longer than 1 MiB", why);
	return 0;
}

/* --- Parsing --- */

/* In words, where jansson's own are about its programming interface. */
static const struct {
	enum json_error_code code;
	const char *words;
} error_words[] = {
	{ json_error_null_character, "a string holds \\u0000, which no text may" },
	{ json_error_null_byte_in_key, "a key holds \\u0000, which no text may" },
	{ json_error_stack_overflow, "nested too deeply" },
	{ json_error_numeric_overflow, "a number is out of range: integers end at 2^63 - 1" },
	{ json_error_end_of_input_expected, "more text after the end of the document" },
};

static const char *words_of(const json_error_t *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(error_words); i++) {
		if (error_words[i].code == json_error_code(error))
			return error_words[i].words;
	}
	return error->text;
}

static bool is_blank(const char *text, size_t size)
{
	static const char blanks[4] = { ' ', '\t', '\r', '\n' };

	for (size_t i = 0; i < size; i++) {
		if (!memchr(blanks, text[i], sizeof(blanks)))
			return false;
	}
	return true;
}

static int parse(struct json_input *input, const char *text, size_t size, struct failure *why)
{
	cleanup_free char *words = NULL;
	json_error_t error;

	if (is_blank(text, size))
		return refuse_file(input, "is empty", why);
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		return refuse_file(input, "begins with a byte order mark, which JSON has not", why);
	input->root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (input->root)
		return 0;
	/* jansson's words quote the document as it is. */
	words = text_escape(words_of(&error));
	(void)failure_set(why, 0, "%s:%d:%d: %s", input->label, error.line, error.column,
		words ? words : "is no JSON");
	return -EINVAL;
}

int json_input_read(
	struct json_input *input, const char *option, const char *path, struct failure *why)
{
	cleanup_free char *quoted = text_quote(path);
	cleanup_free char *text = NULL;
	size_t size = 0;
	int error;

	*input = (struct json_input){ 0 };
	if (!quoted || asprintf(&input->label, "%s: %s", option, quoted) < 0) {
		input->label = NULL;
		return failure_set(why, ENOMEM, "read the file of %s", option);
	}
	error = read_text(input, path, &text, &size, why);
	if (!error)
		error = parse(input, text, size, why);
	if (error)
		json_input_done(input);
	return error;
}

int json_input_parse(struct json_input *input, const char *label, const char *text, size_t size,
	struct failure *why)
{
	int error;

	*input = (struct json_input){ .label = strdup(label) };
	if (!input->label)
		return failure_set(why, ENOMEM, "%s", label);
	error = parse(input, text, size, why);
	if (error)
		json_input_done(input);
	return error;
}

void json_input_done(struct json_input *input)
{
	json_decref(input->root);
	free(input->label);
	*input = (struct json_input){ 0 };
}

/* --- Places --- */

struct json_place json_input_place(const struct json_input *input)
{
	return (struct json_place){ .input = input, .value = input->root };
}

struct json_place json_place_member(const struct json_place *object, const char *key)
{
	const json_t *value = json_object_get(object->value, key);

	return (struct json_place){ .input = object->input,
		.parent = object,
		.key = key,
		.value = json_is_null(value) ? NULL : value };
}

static void print_place(FILE *out, const struct json_place *at)
{
	cleanup_free char *quoted = NULL, *shown = NULL;

	if (!at->parent)
		return;
	print_place(out, at->parent);
	if (!at->key) {
		fprintf(out, "[%zu]", at->index);
		return;
	}
	quoted = text_quote(at->key);
	shown = quoted ? text_shorten(quoted, TOLD_COLUMNS) : NULL;
	fprintf(out, "%s%s", at->parent->parent ? "." : "", shown ? shown : "?");
}

int json_refuse(const struct json_place *at, struct failure *why, const char *format, ...)
{
	cleanup_free char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	va_list arguments;

	if (!out)
		return failure_set(why, ENOMEM, "%s", at->input->label);
	fprintf(out, "%s: ", at->input->label);
	print_place(out, at);
	fputs(at->parent ? ": " : "", out);
	va_start(arguments, format);
	vfprintf(out, format, arguments);
	va_end(arguments);
	if (fclose(out))
		return failure_set(why, ENOMEM, "%s", at->input->label);
	(void)failure_set(why, 0, "%s", text);
	return -EINVAL;
}

static const char *type_name(const json_t *value)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};

	return names[json_typeof(value)];
}

static int refuse_type(const struct json_place *at, const char *wanted, struct failure *why)
{
	return json_refuse(at, why, "expected %s, got %s", wanted, type_name(at->value));
}

/* --- Objects and arrays --- */

static bool is_known(const struct json_key *keys, const char *name)
{
	for (; keys->name; keys++) {
		if (!strcmp(keys->name, name))
			return true;
	}
	return false;
}

static int refuse_unknown_keys(
	const struct json_place *at, const struct json_key *keys, struct failure *why)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)at->value, name, value) {
		struct json_place member = { at->input, at, name, 0, value };

		if (!is_known(keys, name))
			return json_refuse(&member, why, "there is no such key here");
	}
	return 0;
}

static int read_key(
	const struct json_place *at, const struct json_key *key, void *target, struct failure *why)
{
	struct json_place member = json_place_member(at, key->name);

	if (!member.value)
		return key->need == JSON_REQUIRED ? json_refuse(&member, why, "is missing") : 0;
	return key->read(&member, target, why);
}

int json_read_object(
	const struct json_place *at, const struct json_key *keys, void *target, struct failure *why)
{
	int error;

	if (!json_is_object(at->value))
		return refuse_type(at, "an object", why);
	error = refuse_unknown_keys(at, keys, why);
	for (; keys->name && !error; keys++)
		error = read_key(at, keys, target, why);
	return error;
}

int json_read_array(
	const struct json_place *at, json_reader *read, void *target, struct failure *why)
{
	int error = 0;

	if (!json_is_array(at->value))
		return refuse_type(at, "an array", why);
	for (size_t i = 0; i < json_array_size(at->value) && !error; i++) {
		struct json_place element = { at->input, at, NULL, i,
			json_array_get(at->value, i) };

		error = read(&element, target, why);
	}
	return error;
}

/* --- Strings and numbers --- */

int json_read_string(const struct json_place *at, const char **text, struct failure *why)
{
	if (!json_is_string(at->value))
		return refuse_type(at, "a string", why);
	*text = json_string_value(at->value);
	return 0;
}

int json_read_integer(const struct json_place *at, uint64_t least, uint64_t most, uint64_t *number,
	struct failure *why)
{
	json_int_t value = json_integer_value(at->value);

	if (!json_is_integer(at->value))
		return refuse_type(at, "an integer", why);
	if (value < 0 || (uint64_t)value < least || (uint64_t)value > most)
		return json_refuse(at, why,
			"%" JSON_INTEGER_FORMAT " is out of range: %" PRIu64 " to %" PRIu64, value,
			least, most);
	*number = (uint64_t)value;
	return 0;
}
