// SPDX-License-Identifier: Apache-2.0
// Arguments that are written in a file, one a line, and stand on the command line as "@FILE".
#include "argument_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/python.h"

static int add(struct argument_list *list, const char *word, size_t length, struct failure *why)
{
	char **longer = reallocarray(list->words, list->count + 2, sizeof(*longer));

	if (longer) {
		list->words = longer;
		longer[list->count] = strndup(word, length);
		longer[list->count + 1] = NULL;
	}
	if (!longer || !longer[list->count])
		return failure_set(why, ENOMEM, "keep the arguments");
	list->count++;
	return 0;
}

static int refuse(const char *path, int errnum, struct failure *why)
{
	cleanup_free char *shown = python_repr(path);

	return failure_set(
		why, 0, "[Errno %d] %s: %s", errnum, strerror(errnum), shown ? shown : "the file");
}

static int add_word(struct argument_list *list, const char *word, int depth, struct failure *why);

/* A line ends as Python ends it: by a newline, a carriage return, or both. */
static int add_lines(struct argument_list *list, const char *text, int depth, struct failure *why)
{
	int error = 0;

	while (*text && !error) {
		size_t length = strcspn(text, "\r\n");
		cleanup_free char *line = strndup(text, length);

		error = line ? add_word(list, line, depth, why)
			     : failure_set(why, ENOMEM, "keep the arguments");
		text += length;
		text += *text == '\r' && text[1] == '\n' ? 2 : *text != '\0';
	}
	return error;
}

static int add_word(struct argument_list *list, const char *word, int depth, struct failure *why)
{
	cleanup_free char *text = NULL;
	int error;

	if (*word != '@')
		return add(list, word, strlen(word), why);
	if (depth == ARGUMENT_FILE_DEPTH)
		return refuse(word + 1, ELOOP, why);
	error = file_read(AT_FDCWD, word + 1, &text, NULL, NULL);
	return error ? refuse(word + 1, -error, why) : add_lines(list, text, depth + 1, why);
}

int argument_list_expand(
	struct argument_list *list, char *const *words, size_t count, struct failure *why)
{
	int error = 0;

	*list = (struct argument_list){ .words = calloc(1, sizeof(*list->words)) };
	if (!list->words)
		return failure_set(why, ENOMEM, "keep the arguments");
	for (size_t i = 0; i < count && !error; i++)
		error = add_word(list, words[i], 0, why);
	if (error)
		argument_list_done(list);
	return error;
}

void argument_list_done(struct argument_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->words[i]);
	free(list->words);
	*list = (struct argument_list){ 0 };
}
