/* SPDX-License-Identifier: Apache-2.0 */
/* The result document `tare.result/1`, which tare-result(5) describes key by key. */
#ifndef TARE_JSON_H
#define TARE_JSON_H

#include <stddef.h>
#include "base/result.h"

/*
 * Renders one JSON object, valid UTF-8, indented by 2, with a newline at its end. *text is
 * allocated and the caller frees it; *size does not count its NUL.
 *
 * What is not known is null, and `unavailable` has the reason. JSON readers agree on integers up
 * to INT64_MAX; a larger one, which only a broken counter can hold, is null as well: never
 * negative, never rounded.
 */
int json_render(const struct result *result, char **text, size_t *size, struct failure *why);

#endif
