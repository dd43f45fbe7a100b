/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the values of options are read that are all of one kind. Each reads the value of --OPTION
 * into the field of the configuration that is of its type, and refuses to do so twice. -EINVAL:
 * *why has one line that names the option, the text and what is allowed. Paths are borrowed.
 */
#ifndef TARE_OPTIONS_VALUES_H
#define TARE_OPTIONS_VALUES_H

#include <stdint.h>
#include "base/failure.h"

typedef int options_reader(const char *option, const char *value, void *field, struct failure *why);

options_reader options_read_flag;      /* bool; there is no value, and twice is as once */
options_reader options_read_directory; /* const char * */
options_reader options_read_stream;    /* const char *; "-" leaves it NULL, as without the option */
options_reader options_read_duration;  /* uint64_t, nanoseconds; 0 is refused */
options_reader options_read_size;      /* uint64_t, bytes; 0 is refused */
options_reader options_read_count;     /* uint64_t; 0 is refused */

/* A number as it is typed has no newline at its end. A negative errno value, and no line. */
int options_parse_number(const char *value, uint64_t *number);

/* The line of a value that cannot be read: -ERANGE it is too large, else not understood. */
int options_refuse(
	const char *option, const char *value, int error, const char *allowed, struct failure *why);

#endif
