// SPDX-License-Identifier: Apache-2.0
// What a run would isolate, line by line.
#include "explanation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct explanation_line *extend(struct explanation *explanation)
{
	size_t count = explanation->count + 1;
	struct explanation_line *lines =
		reallocarray(explanation->lines, count, sizeof(*explanation->lines));

	if (!lines) {
		explanation->is_broken = true;
		return NULL;
	}
	explanation->lines = lines;
	return &lines[explanation->count++];
}

void explanation_add(struct explanation *explanation, enum explanation_topic topic,
	const char *state, const char *subject, const char *format, ...)
{
	struct explanation_line *line = extend(explanation);
	va_list arguments;

	if (!line)
		return;
	*line = (struct explanation_line){
		.topic = topic, .state = state, .subject = strdup(subject)
	};
	va_start(arguments, format);
	if (vasprintf(&line->detail, format, arguments) < 0)
		line->detail = NULL;
	va_end(arguments);
	explanation->is_broken |= !line->subject || !line->detail;
}

int explanation_check(const struct explanation *explanation, struct failure *why)
{
	return explanation->is_broken ? failure_set(why, ENOMEM, "explain the run") : 0;
}

void explanation_done(struct explanation *explanation)
{
	for (size_t i = 0; i < explanation->count; i++) {
		free(explanation->lines[i].subject);
		free(explanation->lines[i].detail);
	}
	free(explanation->lines);
	*explanation = (struct explanation){ 0 };
}
