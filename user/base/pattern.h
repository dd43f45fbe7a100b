/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths chosen by a glob pattern, as BenchExec takes it for result files: '*' and '?' and [...]
 * within one name, a name that is "**" for any number of directories. As in the shell, none of
 * these stands for a '.' at the beginning of a name. '?' is one character of UTF-8, or one byte
 * that is part of none. A path below one that matches matches too: "dir" is all of dir.
 */
#ifndef TARE_PATTERN_H
#define TARE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include "failure.h"

struct pattern {
	bool is_absolute;
	char *text;	    /* owned: the names, each ended by NUL */
	const char **names; /* owned, into text */
	size_t count;
};

/*
 * Reads a pattern; "." and empty names in it mean nothing, "a/.." is taken back, "**" repeated is
 * one. -EINVAL: *why has one line with the pattern and what is wrong: empty, too long, a '[' that
 * is not closed, a ".." that leads out of where a relative one begins. -ENOMEM.
 */
int pattern_parse(const char *text, struct pattern *pattern, struct failure *why);
void pattern_done(struct pattern *pattern);

enum pattern_reach {
	PATTERN_MISSES,	       /* neither the path nor anything below it */
	PATTERN_LEADS_FARTHER, /* not the path, but perhaps something below it */
	PATTERN_MATCHES,       /* the path, and everything below it */
};

/*
 * Of a path without '/' at its ends, "" being where the pattern begins. Takes time in proportion
 * to the names of the path times those of the pattern.
 */
enum pattern_reach pattern_reach(const struct pattern *pattern, const char *path);

#endif
