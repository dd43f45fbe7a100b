/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views of what an ordinary user may not copy as a whole.
 *
 * The kernel lets nobody look beneath a mount who has not the right to unmount it. In a user
 * namespace a directory that has mounts in it can therefore be no layer of an overlay, and no mount
 * of its own without them. It is crowded: it is shown as a new directory with the same names, and
 * what is in it one by one, each by an overlay.
 */
#ifndef TARE_VIEW_SPREAD_H
#define TARE_VIEW_SPREAD_H

#include <stdbool.h>
#include <sys/stat.h>
#include "base/failure.h"
#include "mountinfo.h"
#include "view.h"

/*
 * Marks the crowded ones of the entries that show the host, and gives what is in them entries of
 * its own; but a directory in it that is crowded itself is only listed. `own_directory` is the
 * run's on disk, which must lie in no layer either; NULL: there is none.
 */
int view_spread(struct view *view, const struct mountinfo_list *mounts, const char *own_directory,
	struct failure *why);

/* It is one of those that are listed. */
bool view_is_crowded(const struct view *view, const char *path);

/* What becomes of a name in a crowded directory. */
enum view_part {
	VIEW_LEFT_OUT, /* a socket, a FIFO, a device; or it is gone */
	VIEW_LINK,     /* a link like it */
	VIEW_BARE,     /* an empty directory like it, for nothing in it could be seen */
	VIEW_COPY,     /* a copy, unless it has an entry: a small file that the user may write */
	VIEW_ENTRY,    /* a directory or file that is shown by an entry */
};
enum view_part view_part_of(int directory_fd, const char *name, struct stat *status);

/* The mode of a directory that is the caller's own and lets the caller do what this one does. */
mode_t view_callers_mode(int directory_fd, const char *name, const struct stat *status);

#endif
