/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the result document that have files of their own. */
#ifndef TARE_JSON_SECTIONS_H
#define TARE_JSON_SECTIONS_H

#include "json_document.h"
#include "base/result.h"

void json_put_container(struct document *document, const struct result *result);
void json_put_limits(struct document *document, const struct result *result);
void json_put_files(struct document *document, const struct files_result *files);

#endif
