/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory that result files are copied to: found before the run, so that a bad path is told
 * before anything starts, and made after it, so that the command does not see it appear.
 */
#ifndef TARE_OUTPUT_DIRECTORY_H
#define TARE_OUTPUT_DIRECTORY_H

#include <limits.h>
#include "failure.h"

struct output_directory {
	const char *path;	 /* as the user wrote it; borrowed */
	int fd;			 /* O_PATH; -1 while it is missing */
	int parent_fd;		 /* O_PATH; -1 when it was there at the opening */
	char name[NAME_MAX + 1]; /* in the parent */
};

#define OUTPUT_DIRECTORY_NONE ((struct output_directory){ .fd = -1, .parent_fd = -1 })

/*
 * Finds the directory, or where it is to be. Links in the path are the user's own and are followed.
 * *true_path becomes its path without links, which the caller frees. *why has one line that names
 * the option: empty, '/', not a directory, no parent, not writable.
 */
int output_directory_open(struct output_directory *directory, const char *path, char **true_path,
	struct failure *why);

/* Makes it if it is missing still. Returns 0 or a negative errno. */
int output_directory_make(struct output_directory *directory);

/*
 * Opens a directory below it, O_PATH, that is made, with all on the way, if it is missing. `path`
 * has no "..", and no link on the way is followed. Returns a descriptor or a negative errno.
 */
int output_directory_enter(const struct output_directory *directory, const char *path);

/* For OUTPUT_DIRECTORY_NONE too. */
void output_directory_close(struct output_directory *directory);

#endif
