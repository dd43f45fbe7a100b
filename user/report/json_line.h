/* SPDX-License-Identifier: Apache-2.0 */
/* The result document as one line, for a batch of runs. */
#ifndef TARE_JSON_LINE_H
#define TARE_JSON_LINE_H

#include <stddef.h>
#include "base/result.h"

/*
 * Renders what json_render does as one line with a newline at its end, after the keys "index", the
 * run's place in its batch, and "id", what the user calls it; NULL is null. *text is allocated and
 * the caller frees it; *size does not count its NUL.
 */
int json_line_render(const struct result *result, size_t index, const char *id, char **text,
	size_t *size, struct failure *why);

#endif
