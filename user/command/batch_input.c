// SPDX-License-Identifier: Apache-2.0
// The commands of a batch, read line by line as they come: one JSON object each.
#include "batch_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/text.h"

/* A read of this size takes a hundred lines as they mostly are. */
#define READ_BYTES 16384

/* --- Lines --- */

int batch_input_open(struct batch_input *input, const char *path, struct failure *why)
{
	cleanup_free char *shown = text_quote_short(path);

	*input = (struct batch_input){ .path = path };
	input->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC)
				      : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return input->fd >= 0 ? 0 : failure_set(why, errno, "--from: open %s", shown ? shown : "");
}

void batch_input_close(struct batch_input *input)
{
	close_fd(&input->fd);
	free(input->text);
	input->text = NULL;
	input->size = input->room = 0;
}

static int make_room(struct batch_input *input, struct failure *why)
{
	char *larger;

	if (input->size > JSON_INPUT_LIMIT_BYTES)
		return failure_set(
			why, 0, "--from: line %zu is longer than 1 MiB", input->line + 1);
	if (input->room - input->size > READ_BYTES)
		return 0;
	larger = realloc(input->text, input->size + 2 * READ_BYTES);
	if (!larger)
		return failure_set(why, ENOMEM, "--from: read the commands");
	input->text = larger;
	input->room = input->size + 2 * READ_BYTES;
	return 0;
}

int batch_input_fill(struct batch_input *input, struct failure *why)
{
	int error = make_room(input, why);
	ssize_t length;

	if (error)
		return error;
	length = read(input->fd, input->text + input->size, READ_BYTES);
	if (length < 0)
		return errno == EINTR || errno == EAGAIN
			       ? 0
			       : failure_set(why, errno, "--from: read the commands");
	input->size += (size_t)length;
	if (length)
		return 0;
	close_fd(&input->fd);
	/* The last line may lack its newline. */
	if (input->size && input->text[input->size - 1] != '\n')
		input->text[input->size++] = '\n';
	return 0;
}

static char *take_line(struct batch_input *input)
{
	char *end = input->size ? memchr(input->text, '\n', input->size) : NULL;
	size_t length;
	char *line;

	if (!end)
		return NULL;
	length = (size_t)(end - input->text);
	line = strndup(input->text, length);
	/* One with a NUL in it is cut there, and then no JSON any more. */
	input->size -= length + 1;
	memmove(input->text, end + 1, input->size);
	input->line++;
	return line;
}

char *batch_input_take(struct batch_input *input)
{
	char *line;

	while ((line = take_line(input))) {
		if (line[strspn(line, " \t\r")])
			return line;
		free(line);
	}
	return NULL;
}

bool batch_input_is_over(const struct batch_input *input)
{
	return input->fd < 0 && !input->size;
}

/* --- What a line says --- */

static int add_word(const struct json_place *at, void *target, struct failure *why)
{
	struct batch_words *words = target;
	const char **larger = reallocarray(words->words, words->count + 2, sizeof(*larger));

	if (!larger)
		return failure_set(why, ENOMEM, "read a command");
	words->words = larger;
	larger[words->count] = larger[words->count + 1] = NULL;
	return json_read_string(at, &larger[words->count++], why);
}

static int read_options(const struct json_place *at, void *target, struct failure *why)
{
	return json_read_array(at, add_word, &((struct batch_request *)target)->options, why);
}

static int read_command(const struct json_place *at, void *target, struct failure *why)
{
	return json_read_array(at, add_word, &((struct batch_request *)target)->command, why);
}

static int read_id(const struct json_place *at, void *target, struct failure *why)
{
	return json_read_string(at, &((struct batch_request *)target)->id, why);
}

int batch_request_read(const struct batch_input *input, const char *line,
	struct batch_request *request, struct failure *why)
{
	static const struct json_key keys[] = {
		{ "id", read_id, JSON_OPTIONAL },
		{ "options", read_options, JSON_OPTIONAL },
		{ "command", read_command, JSON_REQUIRED },
		{ NULL, NULL, JSON_OPTIONAL },
	};
	cleanup_free char *shown = text_quote_short(input->path);
	cleanup_free char *label = NULL;
	struct json_place place;
	int error;

	*request = (struct batch_request){ 0 };
	if (asprintf(&label, "--from: %s: line %zu", shown ? shown : "", input->line) < 0) {
		label = NULL;
		return failure_set(why, ENOMEM, "read a command");
	}
	error = json_input_parse(&request->document, label, line, strlen(line), why);
	if (error)
		return error;
	place = json_input_place(&request->document);
	return json_read_object(&place, keys, request, why);
}

void batch_request_done(struct batch_request *request)
{
	free(request->options.words);
	free(request->command.words);
	json_input_done(&request->document);
	*request = (struct batch_request){ 0 };
}
