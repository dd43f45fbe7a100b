// SPDX-License-Identifier: Apache-2.0
// Strings and numbers without side effects: human units, UTF-8, base64, quoting, columns.
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define HOST_NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Names */

bool text_is_host_name(const char *text)
{
	size_t length = strspn(text, HOST_NAME_BYTES);

	return length && !strchr("-_.", text[0]) && length <= HOST_NAME_MAX && !text[length];
}

/* Numbers */

struct unit {
	const char *name;
	uint64_t size;
};

/* The smallest unit is shown without decimals: there is nothing below it. */
static const struct unit time_units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000 * 1000 },
	{ "s", 1000 * 1000 * 1000 },
	{ .name = NULL },
};

static const struct unit size_units[] = {
	{ "B", 1 },
	{ "KiB", 1ULL << 10 },
	{ "MiB", 1ULL << 20 },
	{ "GiB", 1ULL << 30 },
	{ "TiB", 1ULL << 40 },
	{ .name = NULL },
};

static const uint64_t powers_of_ten[] = { 1, 10, 100, 1000, 10000 };

/*
 * The value in so many decimals of the unit, rounded. 53 bits are many more than the five digits
 * that are shown, and what does not fit in 64 stays the largest number.
 */
static uint64_t scale(uint64_t value, uint64_t unit, int decimals)
{
	double scaled = (double)value / (double)unit * (double)powers_of_ten[decimals] + 0.5;

	return scaled < 0x1p64 ? (uint64_t)scaled : UINT64_MAX;
}

/* The largest unit that leaves something before the point; 999.96 us is already 1.000 ms. */
static const struct unit *choose_unit(const struct unit *unit, uint64_t value)
{
	for (; unit[1].name; unit++) {
		int decimals = unit->size == 1 ? 0 : 1;
		uint64_t step = unit[1].size / unit[0].size;

		if (scale(value, unit->size, decimals) < step * powers_of_ten[decimals])
			break;
	}
	return unit;
}

static int choose_decimals(const struct unit *unit, uint64_t value, int digits)
{
	int decimals = digits - 1;

	while (decimals > 1 && scale(value, unit->size, decimals) >= powers_of_ten[digits])
		decimals--;
	return decimals;
}

static struct text_short format_in_units(const struct unit *units, uint64_t value, int digits)
{
	const struct unit *unit = choose_unit(units, value);
	int decimals = choose_decimals(unit, value, digits);
	uint64_t scaled = scale(value, unit->size, decimals);
	struct text_short result;

	if (unit->size == 1)
		snprintf(result.text, sizeof(result.text), "%llu %s", (unsigned long long)value,
			unit->name);
	else
		snprintf(result.text, sizeof(result.text), "%.26s.%0*u %s",
			text_format_count(scaled / powers_of_ten[decimals]).text, decimals,
			(unsigned int)(scaled % powers_of_ten[decimals]), unit->name);
	return result;
}

struct text_short text_format_time(uint64_t nanoseconds)
{
	if (!nanoseconds)
		return (struct text_short){ "0 s" };
	return format_in_units(time_units, nanoseconds, 4);
}

struct text_short text_format_size(uint64_t bytes)
{
	return format_in_units(size_units, bytes, 3);
}

struct text_short text_format_count(uint64_t count)
{
	struct text_short result;
	char *position = result.text + sizeof(result.text) - 1;
	int digits = 0;

	*position = '\0';
	do {
		if (digits && digits % 3 == 0)
			*--position = ',';
		*--position = (char)('0' + count % 10);
		count /= 10;
		digits++;
	} while (count);
	memmove(result.text, position, strlen(position) + 1);
	return result;
}

struct text_short text_format_counted(uint64_t count, const char *one, const char *many)
{
	struct text_short result;

	snprintf(result.text, sizeof(result.text), "%.26s %.32s", text_format_count(count).text,
		count == 1 ? one : many);
	return result;
}

struct text_short text_format_percent(uint64_t part, uint64_t whole)
{
	uint64_t percent = whole ? scale(part, whole, 2) : 0;
	struct text_short result;

	if (part && whole && !percent)
		return (struct text_short){ "<1 %" };
	snprintf(result.text, sizeof(result.text), "%llu %%", (unsigned long long)percent);
	return result;
}

struct text_short text_format_share(uint64_t part, uint64_t whole)
{
	uint64_t tenths = whole ? scale(part, whole, 3) : 0;
	struct text_short result;

	snprintf(result.text, sizeof(result.text), "%llu.%llu %%", (unsigned long long)tenths / 10,
		(unsigned long long)tenths % 10);
	return result;
}

struct text_short text_format_ratio(uint64_t part, uint64_t whole)
{
	uint64_t hundredths = whole ? scale(part, whole, 2) : 0;
	struct text_short result;

	snprintf(result.text, sizeof(result.text), "%.26s.%02u",
		text_format_count(hundredths / 100).text, (unsigned int)(hundredths % 100));
	return result;
}

static bool is_digit(char letter)
{
	return letter >= '0' && letter <= '9';
}

/* Takes the digits at the beginning off the text. */
static int take_digits(const char **text, uint64_t *value)
{
	uint64_t number = 0;

	if (!is_digit(**text))
		return -EINVAL;
	for (; is_digit(**text); (*text)++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, (uint64_t)(**text - '0'), &number))
			return -ERANGE;
	}
	*value = number;
	return 0;
}

int text_parse_decimal(const char *text, uint64_t *value)
{
	uint64_t number;
	int error = take_digits(&text, &number);

	if (error)
		return error;
	if (*text == '\n')
		text++;
	if (*text)
		return -EINVAL;
	*value = number;
	return 0;
}

static const struct unit typed_size_units[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "kB", 1000 },
	{ "MB", 1000 * 1000 },
	{ "GB", 1000 * 1000 * 1000 },
	{ "TB", 1000ULL * 1000 * 1000 * 1000 },
	{ "KiB", 1ULL << 10 },
	{ "MiB", 1ULL << 20 },
	{ "GiB", 1ULL << 30 },
	{ "TiB", 1ULL << 40 },
};

static const struct unit typed_time_units[] = {
	{ "", 1000000000 },
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "min", 60000000000 },
	{ "h", 3600000000000 },
	{ "d", 86400000000000 },
};

/*
 * Takes ".25" off the text, as 25 of 100. Of more than nine digits the others are cut off; they
 * would be less than a nanosecond of a second.
 */
static int take_fraction(const char **text, uint64_t *part, uint64_t *whole)
{
	*part = 0;
	*whole = 1;
	if (**text != '.')
		return 0;
	(*text)++;
	if (!is_digit(**text))
		return -EINVAL;
	for (; is_digit(**text); (*text)++) {
		if (*whole == 1000000000)
			continue;
		*part = *part * 10 + (**text - '0');
		*whole *= 10;
	}
	return 0;
}

int text_parse_duration(const char *text, uint64_t *nanoseconds)
{
	uint64_t number, part, whole;
	int error = take_digits(&text, &number);

	if (!error)
		error = take_fraction(&text, &part, &whole);
	for (size_t i = 0; i < ARRAY_SIZE(typed_time_units) && !error; i++) {
		uint64_t unit = typed_time_units[i].size;

		if (strcmp(text, typed_time_units[i].name) != 0)
			continue;
		part = (unsigned __int128)unit * part / whole;
		if (__builtin_mul_overflow(number, unit, &number) ||
			__builtin_add_overflow(number, part, &number))
			return -ERANGE;
		*nanoseconds = number;
		return 0;
	}
	return error ? error : -EINVAL;
}

int text_parse_size(const char *text, uint64_t *bytes)
{
	uint64_t number;
	int error = take_digits(&text, &number);

	for (size_t i = 0; i < ARRAY_SIZE(typed_size_units) && !error; i++) {
		if (strcmp(text, typed_size_units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(number, typed_size_units[i].size, &number))
			return -ERANGE;
		*bytes = number;
		return 0;
	}
	return error ? error : -EINVAL;
}

/* UTF-8 */

/* A row of table 3-7 of the Unicode standard: no overlong form, no surrogate, none above 10FFFF. */
static const struct utf8_form {
	unsigned char first_low, first_high;
	unsigned char second_low, second_high;
	unsigned char first_mask;
	unsigned char length;
} utf8_forms[] = {
	{ 0x00, 0x7f, 0x00, 0x00, 0x7f, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 0x1f, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 0x0f, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 0x0f, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 0x0f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 0x0f, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 0x07, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 0x07, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 0x07, 4 },
};

static const struct utf8_form *utf8_find_form(unsigned char first)
{
	for (size_t i = 0; i < ARRAY_SIZE(utf8_forms); i++) {
		if (first >= utf8_forms[i].first_low && first <= utf8_forms[i].first_high)
			return &utf8_forms[i];
	}
	return NULL;
}

size_t text_decode(const char *text, uint32_t *code_point)
{
	const unsigned char *bytes = (const unsigned char *)text;
	const struct utf8_form *form = utf8_find_form(bytes[0]);
	uint32_t value;

	*code_point = TEXT_NO_CODE_POINT;
	if (!form)
		return 1;
	value = bytes[0] & form->first_mask;
	for (size_t i = 1; i < form->length; i++) {
		unsigned char low = i == 1 ? form->second_low : 0x80;
		unsigned char high = i == 1 ? form->second_high : 0xbf;

		if (bytes[i] < low || bytes[i] > high)
			return i;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	*code_point = value;
	return form->length;
}

bool text_is_utf8(const char *text)
{
	uint32_t code_point;

	while (*text) {
		text += text_decode(text, &code_point);
		if (code_point == TEXT_NO_CODE_POINT)
			return false;
	}
	return true;
}

char *text_repair_utf8(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *result = malloc(strlen(text) * strlen(replacement) + 1);
	char *end = result;
	uint32_t code_point;

	if (!result)
		return NULL;
	while (*text) {
		size_t length = text_decode(text, &code_point);

		end = code_point == TEXT_NO_CODE_POINT ? stpcpy(end, replacement)
						       : mempcpy(end, text, length);
		text += length;
	}
	*end = '\0';
	return result;
}

char *text_encode_base64(const void *bytes, size_t size)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *from = bytes;
	char *result = malloc((size + 2) / 3 * 4 + 1);
	char *end = result;

	if (!result)
		return NULL;
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t group = (uint32_t)from[i] << 16;

		group |= left > 1 ? (uint32_t)from[i + 1] << 8 : 0;
		group |= left > 2 ? from[i + 2] : 0;
		*end++ = alphabet[group >> 18];
		*end++ = alphabet[group >> 12 & 63];
		*end++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
		*end++ = left > 2 ? alphabet[group & 63] : '=';
	}
	*end = '\0';
	return result;
}

/* Escapes */

/* What a terminal obeys instead of showing, and what makes a line read other than it is. */
static const struct {
	uint32_t low, high;
} harmful[] = {
	{ 0x0000, 0x001f },   /* C0: newline, backspace, escape */
	{ 0x007f, 0x009f },   /* DEL and C1: U+009B begins a control sequence as ESC [ does */
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x200b, 0x200f },   /* zero width, left-to-right and right-to-left marks */
	{ 0x2028, 0x202e },   /* line and paragraph separators, bidirectional overrides */
	{ 0x2060, 0x206f },   /* invisible operators, bidirectional isolates */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xfff9, 0xfffb },   /* interlinear annotations */
	{ 0xe0000, 0xe0fff }, /* tags */
	{ TEXT_NO_CODE_POINT, TEXT_NO_CODE_POINT },
};

static bool is_harmful(uint32_t code_point)
{
	for (size_t i = 0; i < ARRAY_SIZE(harmful); i++) {
		if (code_point >= harmful[i].low && code_point <= harmful[i].high)
			return true;
	}
	return false;
}

/* Both forms of escape take at most this many bytes for each byte they stand for. */
#define ESCAPE_GROWTH 4

static char *put_bytes_escaped(char *end, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		end += sprintf(end, "\\x%02x", (unsigned char)bytes[i]);
	return end;
}

/* bash reads all of these back inside $'…'. */
static char *put_escaped(char *end, const char *bytes, size_t length, uint32_t code_point)
{
	static const char letters[] = "abtnvfr"; /* from \a, 7, to \r, 13 */

	if (code_point >= '\a' && code_point <= '\r')
		return end + sprintf(end, "\\%c", letters[code_point - '\a']);
	if (code_point == TEXT_NO_CODE_POINT || code_point < 0x80)
		return put_bytes_escaped(end, bytes, length);
	return end + sprintf(end, code_point > 0xffff ? "\\U%08x" : "\\u%04x", code_point);
}

/* Copies text with what is harmful escaped, and a backslash before each of `special`. */
static char *put_text(char *end, const char *text, const char *special)
{
	uint32_t code_point;

	while (*text) {
		size_t length = text_decode(text, &code_point);

		if (is_harmful(code_point)) {
			end = put_escaped(end, text, length, code_point);
		} else {
			if (strchr(special, *text))
				*end++ = '\\';
			end = mempcpy(end, text, length);
		}
		text += length;
	}
	*end = '\0';
	return end;
}

char *text_escape(const char *text)
{
	char *result = malloc(strlen(text) * ESCAPE_GROWTH + 1);

	if (result)
		put_text(result, text, "");
	return result;
}

enum quoting {
	QUOTING_NONE,
	QUOTING_LITERAL, /* '…' */
	QUOTING_ESCAPED, /* $'…' */
};

static enum quoting quoting_of(uint32_t code_point)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@%+=:,./-";

	if (is_harmful(code_point) || code_point == '\'')
		return QUOTING_ESCAPED;
	return code_point >= 0x80 || strchr(plain, (int)code_point) ? QUOTING_NONE
								    : QUOTING_LITERAL;
}

static enum quoting choose_quoting(const char *argument)
{
	enum quoting quoting = *argument ? QUOTING_NONE : QUOTING_LITERAL;
	uint32_t code_point;

	while (*argument) {
		argument += text_decode(argument, &code_point);
		if (quoting_of(code_point) > quoting)
			quoting = quoting_of(code_point);
	}
	return quoting;
}

char *text_quote(const char *argument)
{
	static const struct {
		const char *begin, *special, *end;
	} forms[] = {
		[QUOTING_NONE] = { "", "", "" },
		[QUOTING_LITERAL] = { "'", "", "'" },
		[QUOTING_ESCAPED] = { "$'", "\\'", "'" },
	};
	enum quoting quoting = choose_quoting(argument);
	char *result = malloc(strlen(argument) * ESCAPE_GROWTH + sizeof("$''"));
	char *end = result;

	if (!result)
		return NULL;
	end = stpcpy(end, forms[quoting].begin);
	end = put_text(end, argument, forms[quoting].special);
	stpcpy(end, forms[quoting].end);
	return result;
}

static int print_command(FILE *out, char *const *arguments)
{
	for (size_t i = 0; arguments && arguments[i]; i++) {
		cleanup_free char *quoted = text_quote(arguments[i]);

		if (!quoted)
			return -ENOMEM;
		fprintf(out, "%s%s", i ? " " : "", quoted);
	}
	return 0;
}

char *text_quote_command(char *const *arguments)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int error;

	if (!out)
		return NULL;
	error = print_command(out, arguments);
	if (fclose(out) || error)
		return NULL;
	return take_pointer(&text);
}

/* Columns */

/* The byte after the first so many columns, or the end of a text that has fewer. */
static const char *skip_columns(const char *text, size_t columns)
{
	uint32_t code_point;

	for (; *text && columns; columns--)
		text += text_decode(text, &code_point);
	return text;
}

size_t text_count_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; columns++)
		text = skip_columns(text, 1);
	return columns;
}

char *text_shorten(const char *text, size_t columns)
{
	char *result;

	if (!*skip_columns(text, columns))
		return strdup(text);
	if (!columns)
		return strdup("");
	if (asprintf(&result, "%.*s…", (int)(skip_columns(text, columns - 1) - text), text) < 0)
		return NULL;
	return result;
}

char *text_quote_short(const char *argument)
{
	cleanup_free char *start = text_shorten(argument, 100);

	return start ? text_quote(start) : NULL;
}
