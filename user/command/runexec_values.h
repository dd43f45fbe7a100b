/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of runexec's options: all that BenchExec understands, and besides it fractions and
 * smaller units of time, and units of 1024. What is wrong is said in BenchExec's words, without
 * the option.
 */
#ifndef TARE_RUNEXEC_VALUES_H
#define TARE_RUNEXEC_VALUES_H

#include <stdint.h>
#include "base/failure.h"

/* Nanoseconds. A minus sign is understood; what is too large is INT64_MAX. */
int runexec_parse_timespan(const char *text, int64_t *nanoseconds, struct failure *why);

/* Bytes, likewise. */
int runexec_parse_memory(const char *text, int64_t *bytes, struct failure *why);

int runexec_parse_integer(const char *text, int64_t *number, struct failure *why);

/* No Linux for x86-64 has more processors. */
#define RUNEXEC_LIST_NUMBERS 8192

/*
 * A list as "3,0, 2-3,1-0", of which *list becomes the plain form, which the caller frees: "0,2-3".
 * Of empty ranges alone it is "".
 */
int runexec_parse_list(const char *text, char **list, struct failure *why);

#endif
