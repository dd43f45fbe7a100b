/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the result document is put together with. Memory that is wanting is noted and looked at
 * once, at the end: a value may be NULL wherever it is put, and is taken in any case. Keys keep the
 * order in which they were put.
 */
#ifndef TARE_JSON_DOCUMENT_H
#define TARE_JSON_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/failure.h"
#include "base/result.h"

struct document {
	json_t *root;
	json_t *sources;     /* by the path of a key: where its value comes from */
	json_t *unavailable; /* or why it is null */
	bool is_broken;	     /* out of memory somewhere */
};

void document_put(struct document *document, json_t *object, const char *key, json_t *value);
void document_append(struct document *document, json_t *array, json_t *value);

/* The object of a section, "syscalls", or of a part of one, "syscalls.io_uring". Borrowed. */
json_t *document_section(struct document *document, const char *path);

/* --- Values, a new reference each --- */

json_t *document_integer(uint64_t value);  /* null from 2^63 on, which JSON's readers lose */
json_t *document_string(const char *text); /* NULL is null */
json_t *document_text(const char *text);   /* any bytes; what is no UTF-8 is replaced */
json_t *document_base64(const char *text);
json_t *document_error(const struct failure *error);

/* Puts the text, and beside it, when it is no UTF-8, its bytes as KEY_base64. */
void document_put_text(
	struct document *document, json_t *object, const char *key, const char *text);

/* --- Where a value comes from, or why there is none --- */

void document_put_null(
	struct document *document, const char *section, const char *key, const char *reason);
void document_put_known(struct document *document, const char *section, const char *key,
	json_t *value, const char *source);
void document_put_number(struct document *document, const char *section, const char *key,
	const struct number *number);

#endif
