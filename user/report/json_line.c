// SPDX-License-Identifier: Apache-2.0
// The result document as one line, for a batch of runs.
#include "json_line.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "json.h"

static json_t *named_document(const char *text, size_t size, size_t index, const char *id)
{
	json_t *document = json_loadb(text, size, 0, NULL), *line = json_object();

	json_object_set_new(line, "index", json_integer((json_int_t)index));
	json_object_set_new(line, "id", id ? json_string(id) : json_null());
	if (json_object_update(line, document)) {
		json_decref(line);
		line = NULL;
	}
	json_decref(document);
	return line;
}

int json_line_render(const struct result *result, size_t index, const char *id, char **text,
	size_t *size, struct failure *why)
{
	cleanup_free char *whole = NULL, *compact = NULL;
	int error = json_render(result, &whole, size, why);
	json_t *line;

	if (error)
		return error;
	line = named_document(whole, *size, index, id);
	compact = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	if (!compact || asprintf(text, "%s\n", compact) < 0)
		return failure_set(why, ENOMEM, "render the result document");
	*size = strlen(*text);
	return 0;
}
