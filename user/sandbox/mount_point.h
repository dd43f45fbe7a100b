/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places for mounts inside a root that is trusted no more than the command.
 *
 * Whatever is there may be missing, be a link or a file, or change while it is looked at. No link
 * is followed, and nothing but the root's own layer, which the command's writes go to as well, is
 * ever written.
 */
#ifndef TARE_MOUNT_POINT_H
#define TARE_MOUNT_POINT_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/failure.h"

struct mount_point {
	int root_fd;
	const char *path; /* inside, with or without '/' at its beginning */
	/*
	 * Where the root is a layer of the command's own: missing directories are made, and what
	 * else is at `path` gives way to one. A link on the way to it is never replaced, for what
	 * it leads to would be missing from the view.
	 */
	bool may_make;
	uid_t owner; /* of what is made, and its group; host-side */
};

/*
 * Puts the mount there. -ENOENT: nothing is at `path`, and nothing may be made. -ELOOP, -ENOTDIR:
 * a link, or not a directory, is in the way.
 */
int mount_point_attach(const struct mount_point *point, int mount_fd, struct failure *why);

#endif
