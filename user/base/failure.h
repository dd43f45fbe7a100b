/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something did not happen: what was attempted, the errno, and a command that repairs it.
 *
 * Every function that can fail returns 0 or a negative errno and fills a `struct failure` that
 * its caller owns. The struct holds no pointer, so a child can write it whole to its parent.
 */
#ifndef TARE_FAILURE_H
#define TARE_FAILURE_H

#include <limits.h>
#include <stddef.h>

struct failure {
	int errnum;	 /* positive errno; 0 when no system call refused */
	char what[1024]; /* the attempt with its object, lower case, no full stop; may be cut */
	char hint[512];	 /* a command to run or a fact about this machine; empty when there is none
			  */
};

/* A child reports by one write(2) to a pipe, which is whole only up to this size. */
_Static_assert(sizeof(struct failure) <= PIPE_BUF, "a failure must fit in one pipe write");

/*
 * Fills *why with the formatted attempt and no hint; returns -errnum, or -EINVAL when errnum is 0.
 * `why` may be NULL when the caller does not care.
 */
int failure_set(struct failure *why, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds the hint, and returns -why->errnum as failure_set does, so that it can end a function. */
int failure_hint(struct failure *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The symbolic name of an errno, "ENOENT"; "0" for 0, "?" for a number this libc does not know. */
const char *failure_errno_name(int errnum);

/*
 * One line (two with a hint) as people read it:
 *   cannot open '/x': No such file or directory (ENOENT)
 *     hint: ...
 * Returns buffer.
 */
char *failure_describe(const struct failure *why, char *buffer, size_t size);

#endif
