// SPDX-License-Identifier: Apache-2.0
// Fuzzes what makes any bytes fit for a terminal, a shell, JSON, or readers of Python's output.
#include "base/text.h"

#include <jansson.h>
#include "base/python.h"
#include "fuzz.h"

/* What a POSIX shell makes of a word of python_quote: plain, or in '...' with '"'"' in between. */
static void claim_shell_reads(const char *word, const char *expected)
{
	char quote = '\0';

	for (; *word; word++) {
		if (*word == quote)
			quote = '\0';
		else if (!quote && (*word == '\'' || *word == '"'))
			quote = *word;
		else
			claim(*expected++ == *word);
	}
	claim(!quote && !*expected);
}

static void quote(const char *text)
{
	cleanup_free char *python = python_quote(text), *repr = python_repr(text);
	cleanup_free char *shell = text_quote(text), *shorter = text_quote_short(text);
	cleanup_free char *escaped = text_escape(text);

	claim(python && repr && shell && shorter && escaped);
	claim_shell_reads(python, text);
	claim(repr[0] == repr[strlen(repr) - 1] && strchr("'\"", repr[0]));
	claim_printable(shell, "");
	claim_printable(shorter, "");
	claim_printable(escaped, "");
	claim(*shell);
}

/* The repaired text is what JSON takes, and needs no second repair. */
static void repair(const char *text)
{
	cleanup_free char *repaired = text_repair_utf8(text), *again = NULL;
	json_t *string;

	claim(repaired && text_is_utf8(repaired));
	claim(!text_is_utf8(text) || !strcmp(text, repaired));
	again = text_repair_utf8(repaired);
	claim(again && !strcmp(repaired, again));
	string = json_string(repaired);
	claim(string);
	json_decref(string);
}

static void shorten(const char *text, size_t columns)
{
	cleanup_free char *shorter = text_shorten(text, columns);

	claim(shorter && text_count_columns(shorter) <= columns);
	claim(text_count_columns(text) > columns || !strcmp(text, shorter));
}

/* A path in its normal form is in it. */
static void normalise(const char *text)
{
	cleanup_free char *path = python_normpath(text), *again = NULL;

	claim(path && *path && !strstr(path, "/./"));
	again = python_normpath(path);
	claim(again && !strcmp(path, again));
}

static void decode(const char *text)
{
	uint32_t code_point;

	while (*text) {
		size_t length = text_decode(text, &code_point);

		claim(length >= 1 && length <= 4 && length <= strlen(text));
		text += length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	size_t columns = fuzz_take_byte(&input);
	cleanup_free char *text = fuzz_take_text(&input), *second = fuzz_take_text(&input);
	char *const words[] = { text, second, NULL };
	cleanup_free char *command = text_quote_command(words), *base64 = NULL;
	cleanup_free char *python = python_quote_command(words);

	claim(command && python);
	claim_printable(command, "");
	quote(text);
	repair(text);
	shorten(text, columns);
	normalise(text);
	decode(text);
	(void)text_is_host_name(text);
	base64 = text_encode_base64(bytes, size);
	claim(base64 && strlen(base64) == (size + 2) / 3 * 4);
	return 0;
}
