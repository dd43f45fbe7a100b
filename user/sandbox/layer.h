/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer of the container: a directory that holds what the command wrote in one place of its view,
 * be it over the host's files or in a directory of its own. Its content is the command's, and is
 * trusted with nothing: neither a link, nor a name, nor how deep it goes.
 */
#ifndef TARE_LAYER_H
#define TARE_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include "base/failure.h"
#include "view.h"

/* In the scratch directory, where root.c makes it: by the place of its entry in the view. */
struct layer_name {
	char text[32];
};
struct layer_name layer_name(enum view_mode mode, size_t entry);

struct layer {
	int fd;		  /* -1: the view has none at this place */
	const char *path; /* of the place, inside; borrowed from the view */
	bool is_overlay;  /* it may hold marks of what was deleted */
};

/* Opens the layer of a view's entry, if it has one. The caller closes the descriptor. */
int layer_open(int scratch_fd, const struct view *view, size_t entry, struct layer *layer,
	struct failure *why);

/* What is no directory, and no mark of a deletion. All is borrowed for the time of the call. */
struct layer_file {
	const char *directory; /* inside, absolute; "" is the root */
	const char *name;
	int directory_fd;
	struct stat status; /* of a link itself */
};

struct layer_visitor {
	/*
	 * Each returns 0 for the walk to go on; anything else ends it, and is what it returns.
	 * Whether to look into a directory, by its absolute path inside; "" is the root:
	 */
	int (*enter)(void *argument, const char *directory, bool *is_wanted, struct failure *why);
	int (*visit)(void *argument, const struct layer_file *file, struct failure *why);
	/* A directory that cannot be read, and why: */
	int (*miss)(void *argument, const char *directory, int errnum, struct failure *why);
	void *argument;
	bool lets_in; /* the command has ended: what it closed to its own user is opened */
};

/* Visits what lies in the layer, directory by directory, and by name in each. */
int layer_walk(const struct layer *layer, const struct layer_visitor *visitor, struct failure *why);

/*
 * Opens a regular file for reading, which the command has closed or not, and nothing else: what is
 * not one any more is -ESTALE. Returns a descriptor or a negative errno.
 */
int layer_open_file(const struct layer_file *file);

/* An overlay's mark of a deletion in the form of an empty file. */
bool layer_is_whiteout(const struct layer *layer, int file_fd);

#endif
