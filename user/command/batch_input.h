/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of a batch, read line by line as they come: one JSON object each. */
#ifndef TARE_BATCH_INPUT_H
#define TARE_BATCH_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/failure.h"
#include "base/json_input.h"

struct batch_input {
	int fd;		  /* readable when batch_input_fill would not wait; -1: all was read */
	const char *path; /* borrowed; "-" is standard input */
	char *text;	  /* owned: what was read and not taken yet */
	size_t size, room;
	size_t line; /* the number of the line that was taken last */
};

int batch_input_open(struct batch_input *input, const char *path, struct failure *why);
void batch_input_close(struct batch_input *input);

/* Reads once. A line that is longer than a document may be ends the input with -EINVAL. */
int batch_input_fill(struct batch_input *input, struct failure *why);

/* The next line that is not blank, without its newline; NULL: there is none yet. The caller's. */
char *batch_input_take(struct batch_input *input);

/* Nothing is left, and nothing more will come. */
bool batch_input_is_over(const struct batch_input *input);

struct batch_words {
	const char **words; /* owned, NULL-terminated; NULL: there are none */
	size_t count;
};

/*
 * {"command": ["make", "-k"], "options": ["--timelimit", "1min"], "id": "any text"}; the first key
 * is needed.
 */
struct batch_request {
	struct json_input document; /* owned; the texts live as long */
	const char *id;		    /* NULL: none */
	struct batch_words options, command;
};

/* -EINVAL: *why names the file, the line and what is wrong. What was read of it is in *request, for
 * batch_request_done. */
int batch_request_read(const struct batch_input *input, const char *line,
	struct batch_request *request, struct failure *why);
void batch_request_done(struct batch_request *request);

#endif
