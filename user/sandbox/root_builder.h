/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of root.c share while a root is built. */
#ifndef TARE_ROOT_BUILDER_H
#define TARE_ROOT_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/failure.h"
#include "root.h"
#include "view.h"

/* Those of the fresh mounts that others, and covers, lie on. */
enum { ROOT_FRESH_TREES = 3 };
extern const char *const root_fresh_trees[ROOT_FRESH_TREES];

struct root_builder {
	const struct root_spec *spec;
	int whole_fd; /* a copy of all that is mounted, if that is to be the root; else -1 */
	int scratch_fd;
	int root_fd;			 /* the new root; -1 until its overlay is attached */
	int fresh_fds[ROOT_FRESH_TREES]; /* -1 until they are attached */
	int null_fd;			 /* the new /dev/null, to lie over files */
	int empty_fd;			 /* an empty directory, to lie over others */
	int nothing_fd; /* an empty file, to lie over others before there is a null */
	size_t entry;	/* of the view, the one being built: its number is in its layers' names */
	const struct view_entry *etc; /* what shows /etc; NULL: its files stay as they are */
	bool has_system_layer;	      /* it has the system configuration as a layer */
};

bool root_is_on_disk(const struct root_builder *builder);
struct view_entry *root_current_entry(const struct root_builder *builder);
bool root_is_directory(int fd);

/* A path as a name below the root: without slashes before it, and "." for the root itself. */
const char *root_relative(const char *path);

int root_make_directory(int directory_fd, const char *name, mode_t mode, struct failure *why);

/* A place inside, seen from a mount that tare made wherever it lies on one. */
struct root_spot {
	int fd;
	const char *path;
};

/*
 * What lies in a fresh mount is looked up from there. By way of the root the same name could lead
 * elsewhere: the root's own files are not to be trusted, and may change meanwhile.
 */
struct root_spot root_spot_of(const struct root_builder *builder, const char *path);

/* With `may_make` the way there, and what to mount on, are made where they are missing. */
int root_attach(const struct root_builder *builder, int mount_fd, const char *path, bool may_make,
	struct failure *why);

/* Put nothing over `path`, if there is such a path: an empty directory; or what is of its kind. */
int root_cover_directory(const struct root_builder *builder, const char *path, struct failure *why);
int root_cover_entry(const struct root_builder *builder, const char *path, struct failure *why);

/* root_shown.c: what the current entry shows, as a mount that can still be moved. */
int root_make_shown(struct root_builder *builder, struct failure *why);
int root_make_hidden(struct root_builder *builder, const char *path, struct failure *why);

/*
 * root_names.c: gives the directory `name` of the scratch the mode and the names of the crowded one
 * that source_fd is open on and the entry shows, for a caller who can only make files of its own:
 * links, and something of its kind to mount on for each that is shown.
 */
int root_make_names(
	const struct root_builder *builder, const char *name, int source_fd, struct failure *why);

/* root_kernel.c: /proc, /sys and /dev, and what is covered in them. */
int root_build_kernel_mounts(struct root_builder *builder, struct failure *why);

#endif
