// SPDX-License-Identifier: Apache-2.0
// What the result document is put together with: sections by name, values that may be unknown, and
// beside them where each comes from or why there is none.
#include "json_document.h"

#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"

static const char not_measured[] = "not measured";
static const char too_large[] = "the counter holds more than 2^63, which cannot be";

void document_put(struct document *document, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		document->is_broken = true;
}

void document_append(struct document *document, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		document->is_broken = true;
}

/* The object of this name, made at its first key. */
static json_t *find_object(struct document *document, json_t *in, const char *name, size_t length)
{
	char key[64];

	snprintf(key, sizeof(key), "%.*s", (int)length, name);
	if (!json_object_get(in, key))
		document_put(document, in, key, json_object());
	return json_object_get(in, key);
}

json_t *document_section(struct document *document, const char *path)
{
	json_t *object = document->root;
	size_t length;

	for (; *path; path += length + (path[length] == '.')) {
		length = strcspn(path, ".");
		object = find_object(document, object, path, length);
	}
	return object;
}

/* --- Values --- */

json_t *document_integer(uint64_t value)
{
	return value <= INT64_MAX ? json_integer((json_int_t)value) : json_null();
}

json_t *document_string(const char *text)
{
	return text ? json_string(text) : json_null();
}

json_t *document_text(const char *text)
{
	cleanup_free char *repaired = text_repair_utf8(text);

	return repaired ? json_string(repaired) : NULL;
}

json_t *document_base64(const char *text)
{
	cleanup_free char *encoded = text_encode_base64(text, strlen(text));

	return encoded ? json_string(encoded) : NULL;
}

json_t *document_error(const struct failure *error)
{
	return json_pack("{s:o, s:o, s:o}", "what", document_text(error->what), "errno",
		document_string(error->errnum ? failure_errno_name(error->errnum) : NULL), "hint",
		error->hint[0] ? document_text(error->hint) : json_null());
}

/* --- Where a number comes from, or why there is none --- */

static void put_note(json_t *notes, struct document *document, const char *section, const char *key,
	const char *note)
{
	char path[128];

	snprintf(path, sizeof(path), "%s.%s", section, key);
	document_put(document, notes, path, json_string(note));
}

void document_put_null(
	struct document *document, const char *section, const char *key, const char *reason)
{
	document_put(document, document_section(document, section), key, json_null());
	put_note(document->unavailable, document, section, key, reason ? reason : not_measured);
}

void document_put_known(struct document *document, const char *section, const char *key,
	json_t *value, const char *source)
{
	document_put(document, document_section(document, section), key, value);
	put_note(document->sources, document, section, key, source ? source : "unnamed");
}

void document_put_number(struct document *document, const char *section, const char *key,
	const struct number *number)
{
	if (!number->is_known)
		document_put_null(document, section, key, number->reason);
	else if (number->value > INT64_MAX)
		document_put_null(document, section, key, too_large);
	else
		document_put_known(
			document, section, key, document_integer(number->value), number->source);
}

/* --- Any bytes --- */

void document_put_text(struct document *document, json_t *object, const char *key, const char *text)
{
	char exact_key[64];

	document_put(document, object, key, document_text(text));
	if (text_is_utf8(text))
		return;
	snprintf(exact_key, sizeof(exact_key), "%s_base64", key);
	document_put(document, object, exact_key, document_base64(text));
}
