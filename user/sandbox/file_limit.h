/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of what a command writes into its container: how many files, and how many bytes in
 * them. Looked at while it runs, and once more when it has ended.
 *
 * A file counts by each of its names, and its bytes as far as they take room: a hole takes none.
 * Directories, links and what has no name any more do not count, nor does what is written where
 * the host's own files are.
 */
#ifndef TARE_FILE_LIMIT_H
#define TARE_FILE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/config.h"
#include "base/failure.h"
#include "view.h"

struct file_room {
	uint64_t files, bytes;
};

struct file_limit {
	const struct run_limits *limits; /* borrowed, as the view */
	const struct view *view;
	int scratch_fd;		    /* holds the layers of the view; borrowed */
	struct file_room written;   /* by the command, when that was counted last */
	struct file_room used_then; /* of the file system of the layers, at that time */
	struct file_room used;	    /* as of the last look */
	uint64_t counted_ns;	    /* CLOCK_MONOTONIC of that time */
	uint64_t counting_ns;	    /* how long it took */
	uint64_t pause_ns;	    /* after the last look */
	size_t processors;	    /* that the command can write with, at least one */
};

bool file_limit_is_wanted(const struct run_limits *limits);

/*
 * Before the command is let go: nothing is written yet. The caller has set the borrowed fields and
 * the processors.
 */
int file_limit_begin(struct file_limit *limit, struct failure *why);

/*
 * A cheap look: counts only if the file system holds so much more than at the last count that a
 * limit may be passed. *reason is "files-count" or "files-size" if one is, else NULL, and then
 * *pause_ns says when to look again.
 */
int file_limit_look(
	struct file_limit *limit, const char **reason, uint64_t *pause_ns, struct failure *why);

/* The last one, when nobody writes any more. */
int file_limit_judge(struct file_limit *limit, const char **reason, struct failure *why);

#endif
