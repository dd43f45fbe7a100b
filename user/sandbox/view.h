/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which parts of the host's file system the command sees, and how: a plan, made before anything
 * is mounted. root.c carries it out.
 */
#ifndef TARE_VIEW_H
#define TARE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include "mountinfo.h"

enum view_mode {
	VIEW_OVERLAY, /* the host's files; what is written stays inside */
	VIEW_HIDDEN,  /* an empty directory of the command's own */
	VIEW_MASKED,  /* an empty directory that cannot be written */
};

struct view_entry {
	char *path; /* owned; absolute, the same outside and inside */
	enum view_mode mode;
	bool is_below_hidden; /* its directories must be made first */
};

struct view {
	struct view_entry *entries; /* owned; a directory comes before what lies below it */
	size_t count;
	size_t masked; /* mounts of the host that cannot be shown */
};

/*
 * Plans the default view: overlay on '/' and on every mount of files, /tmp and /run hidden, and
 * the current directory visible even below these. Mounts for which `is_visible` says no lie under
 * another mount and are left out; so are /proc, /sys and /dev, which are made fresh.
 */
int view_plan(struct view *view, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), const char *current_directory,
	struct failure *why);

void view_done(struct view *view);

/* `path` is `directory` or lies below it; both absolute without trailing '/'. */
bool path_is_inside(const char *path, const char *directory);

#endif
