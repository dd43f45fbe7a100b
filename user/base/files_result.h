/* SPDX-License-Identifier: Apache-2.0 */
/* What was copied out of the container and what was not, as plain data. */
#ifndef TARE_FILES_RESULT_H
#define TARE_FILES_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "failure.h"

struct copied_file {
	char *path; /* owned; below the output directory; any bytes */
	uint64_t size_bytes;
	char *link_of; /* owned; the copied file that this is another name of; NULL */
};

/* What was chosen by a pattern, and not copied. */
struct uncopied_file {
	char *path;	    /* owned; where it would have been */
	const char *kind;   /* "file", "directory", "symlink", "device", "fifo", "socket" */
	const char *reason; /* static storage */
};

/* More are counted but not listed: a command can make millions. */
#define FILES_LISTED 100000

struct files_result {
	const char *output_directory; /* as the user wrote it; borrowed; NULL: nothing was tried */
	const char *reason;	      /* why nothing was; static storage */
	struct copied_file *copied;   /* owned, in the order of copying */
	size_t copied_listed;
	struct uncopied_file *uncopied; /* owned */
	size_t uncopied_listed;
	uint64_t copied_count, uncopied_count;
	uint64_t size_bytes;	   /* of what was copied, each file once whatever its names */
	const char *limit_reached; /* "files-count", "files-size"; NULL: none */
	bool has_failed;	   /* something that should have been copied was not */
	struct failure error;	   /* of the first */
};

/*
 * Note one file, in the list while that has room and in the counts always. Return 0 or -ENOMEM.
 * link_of NULL: a file of its own, whose size is added.
 */
int files_result_add_copied(
	struct files_result *files, const char *path, uint64_t size_bytes, const char *link_of);
int files_result_add_uncopied(
	struct files_result *files, const char *path, const char *kind, const char *reason);

/* Frees the lists; a zeroed one is fine. */
void files_result_done(struct files_result *files);

#endif
