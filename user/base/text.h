/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings and numbers without side effects. No locale is consulted: the decimal point is '.', the
 * thousands separator ',', and bytes are taken as UTF-8.
 *
 * Functions that return char * allocate; the caller frees; NULL means out of memory.
 */
#ifndef TARE_TEXT_H
#define TARE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A short text by value, so that it can be an argument of printf: text_format_time(ns).text.
 * The longest content is UINT64_MAX with six commas (26) and a noun of a dozen letters.
 */
struct text_short {
	char text[64];
};

/* "412 ns", "412.3 us", "4.212 s", "4,212.3 s": four significant digits, at least one decimal. */
struct text_short text_format_time(uint64_t nanoseconds);

/* "412 B", "3.21 KiB", "412.6 MiB": three significant digits, at least one decimal. */
struct text_short text_format_size(uint64_t bytes);

/* "184,220" */
struct text_short text_format_count(uint64_t count);

/* "1 task", "184,220 tasks" */
struct text_short text_format_counted(uint64_t count, const char *one, const char *many);

/* "31 %", "<1 %" for what is not nothing; "0 %" when whole is 0. */
struct text_short text_format_percent(uint64_t part, uint64_t whole);
struct text_short text_format_share(uint64_t part, uint64_t whole); /* "93.1 %" */

/* "1.89"; "0.00" when whole is 0. */
struct text_short text_format_ratio(uint64_t part, uint64_t whole);

/*
 * Reads a whole text of decimal digits, with or without one newline at its end, as kernel files
 * are written. Returns 0, -EINVAL when there is anything else, -ERANGE above UINT64_MAX; *value
 * changes only on success.
 */
int text_parse_decimal(const char *text, uint64_t *value);

/*
 * Reads a size as people type it: decimal digits and at once a unit, B, kB, MB, GB, TB (powers of
 * 1000) or KiB, MiB, GiB, TiB (of 1024); none is B. Returns 0, -EINVAL when there is anything
 * else, -ERANGE above UINT64_MAX; *bytes changes only on success.
 */
int text_parse_size(const char *text, uint64_t *bytes);

/*
 * Reads a duration as people type it: decimal digits, with or without a decimal point and more
 * digits, and at once a unit: ns, us, ms, s, min, h or d; none is s. Below a nanosecond is cut off.
 * Returns as text_parse_size does.
 */
int text_parse_duration(const char *text, uint64_t *nanoseconds);

/*
 * Takes one code point off a NUL-terminated text, or TEXT_NO_CODE_POINT and as many bytes as could
 * still have become one. Returns the number of bytes, at least 1.
 */
#define TEXT_NO_CODE_POINT UINT32_MAX
size_t text_decode(const char *text, uint32_t *code_point);

/*
 * A name that a host can have: 1 to 64 bytes, letters, digits, '-', '_' and '.', the first one a
 * letter or digit.
 */
bool text_is_host_name(const char *text);

bool text_is_utf8(const char *text);

/* The text as valid UTF-8: each invalid sequence becomes one U+FFFD, as browsers do it. */
char *text_repair_utf8(const char *text);

char *text_encode_base64(const void *bytes, size_t size);

/*
 * The text without a byte or code point that moves the cursor, colours the terminal, hides or
 * reorders what stands beside it: those become \n, \x1b, \u202e. Other text stays as it is.
 */
char *text_escape(const char *text);

/*
 * One argument as a person would type it to bash: plain when harmless, in '…', or in $'…' when it
 * has to be escaped. Never holds a control character, so it may go to a terminal.
 */
char *text_quote(const char *argument);

/* All arguments quoted, with a space between; "" for NULL. */
char *text_quote_command(char *const *arguments);

/* Code points, and one for each invalid sequence: good enough to align columns. */
size_t text_count_columns(const char *text);

/* The text cut to at most so many columns, of which the last is then '…'; no column is "". */
char *text_shorten(const char *text, size_t columns);

/* The argument of a person's mistake, quoted for a message: cut after 100 columns. */
char *text_quote_short(const char *argument);

#endif
