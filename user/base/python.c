// SPDX-License-Identifier: Apache-2.0
// Text as Python writes it, for people and programs that read what a Python program used to write.
#include "python.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cleanup.h"

/* --- Words of a shell --- */

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@%+=:,./-";

	return *word && !word[strspn(word, plain)];
}

/* A quote within is closed, written in quotes of the other kind, and opened again. */
static const char inner_quote[] = "'\"'\"'";

char *python_quote(const char *word)
{
	char *result = malloc(strlen(word) * strlen(inner_quote) + sizeof("''"));
	char *end = result;

	if (!result)
		return NULL;
	if (is_plain(word)) {
		stpcpy(result, word);
		return result;
	}
	*end++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			end = stpcpy(end, inner_quote);
		else
			*end++ = *word;
	}
	stpcpy(end, "'");
	return result;
}

char *python_quote_command(char *const *words)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool is_whole = true;

	if (!out)
		return NULL;
	for (size_t i = 0; words[i]; i++) {
		cleanup_free char *quoted = python_quote(words[i]);

		is_whole &= quoted != NULL;
		fprintf(out, "%s%s", i ? " " : "", quoted ? quoted : "");
	}
	return fclose(out) || !is_whole ? NULL : take_pointer(&text);
}

/* --- Values --- */

/* The longest is of four bytes, \x1b, for one. */
static char *put_repr(char *end, char byte, char quote)
{
	static const char escaped[] = "\t\n\r\\", letters[] = "tnr\\";
	const char *special = byte ? strchr(escaped, byte) : NULL;

	if (special)
		return end + sprintf(end, "\\%c", letters[special - escaped]);
	if (byte == quote)
		return end + sprintf(end, "\\%c", quote);
	if ((unsigned char)byte < ' ' || byte == '\x7f')
		return end + sprintf(end, "\\x%02x", (unsigned char)byte);
	*end++ = byte;
	return end;
}

char *python_repr(const char *text)
{
	char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';
	char *result = malloc(strlen(text) * strlen("\\x1b") + sizeof("''"));
	char *end = result;

	if (!result)
		return NULL;
	*end++ = quote;
	for (; *text; text++)
		end = put_repr(end, *text, quote);
	*end++ = quote;
	*end = '\0';
	return result;
}

struct text_short python_seconds(uint64_t nanoseconds)
{
	struct text_short result;
	size_t length = snprintf(result.text, sizeof(result.text), "%" PRIu64 ".%09" PRIu64,
		nanoseconds / 1000000000, nanoseconds % 1000000000);

	while (result.text[length - 1] == '0' && result.text[length - 2] != '.')
		result.text[--length] = '\0';
	return result;
}

/* --- Paths --- */

/* Takes the last part off what is written so far, if that is one that ".." leads out of. */
static bool take_back(char *start, char **end)
{
	char *last = *end;

	if (last == start)
		return false;
	while (last > start && last[-1] != '/')
		last--;
	if (*end - last == 2 && !memcmp(last, "..", 2))
		return false;
	*end = last > start ? last - 1 : start;
	return true;
}

static void put_part(char *start, char **end, const char *part, size_t length)
{
	if (*end > start)
		*(*end)++ = '/';
	*end = mempcpy(*end, part, length);
}

/* Two leading slashes stay two, as POSIX lets them mean something of their own. */
static size_t leading_slashes(const char *path)
{
	size_t count = strspn(path, "/");

	return count > 2 ? 1 : count;
}

char *python_normpath(const char *path)
{
	char *result = malloc(strlen(path) + sizeof("."));
	size_t root = leading_slashes(path);
	char *start, *end;

	if (!result)
		return NULL;
	memset(result, '/', root);
	start = end = result + root;
	while (*path) {
		size_t length = strcspn(path, "/");
		bool is_up = length == 2 && !memcmp(path, "..", 2);
		bool is_nothing = !length || (length == 1 && *path == '.');

		/* Above the root there is only the root. */
		if (!is_nothing && !(is_up && (take_back(start, &end) || root)))
			put_part(start, &end, path, length);
		path += length + (path[length] == '/');
	}
	if (end == result)
		*end++ = '.';
	*end = '\0';
	return result;
}
