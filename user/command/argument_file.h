/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments that are written in a file, one a line, and stand on the command line as "@FILE". */
#ifndef TARE_ARGUMENT_FILE_H
#define TARE_ARGUMENT_FILE_H

#include <stddef.h>
#include "base/failure.h"

/* Files that name files, one within the other. */
#define ARGUMENT_FILE_DEPTH 16

/* Words of which each is owned, ended by NULL. */
struct argument_list {
	char **words;
	size_t count;
};

/*
 * Puts the lines of the file in the place of every word that begins with '@', also of those after
 * "--", and in those lines again. On failure *list is empty; *why says it as Python does.
 */
int argument_list_expand(
	struct argument_list *list, char *const *words, size_t count, struct failure *why);

void argument_list_done(struct argument_list *list);

#endif
