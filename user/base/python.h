/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as Python writes it, for people and programs that read what a Python program used to write.
 *
 * Functions that return char * allocate; the caller frees; NULL means out of memory. Bytes pass
 * through as they are: what goes to a terminal is for text_escape.
 */
#ifndef TARE_PYTHON_H
#define TARE_PYTHON_H

#include <stdint.h>
#include "text.h"

/* shlex.quote: one word for a POSIX shell. */
char *python_quote(const char *word);

/* shlex.join: all words quoted, with a space between. */
char *python_quote_command(char *const *words);

/* repr of a str: in quotes, with escapes. */
char *python_repr(const char *text);

/*
 * Seconds as repr of a float: "1.0", "0.0019", all digits there are. It has an exponent never, as
 * Python has below 0.0001.
 */
struct text_short python_seconds(uint64_t nanoseconds);

/* os.path.normpath: without "." and empty parts, and ".." taken by its word. */
char *python_normpath(const char *path);

#endif
