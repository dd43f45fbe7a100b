/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory `tare` at the top of a hierarchy: root's, and over all that is made for ordinary
 * users.
 *
 *   tare/uUID/                 root's: what limits all launchers of a user is set here
 *   tare/uUID/launch-RANDOM/   the user's, who makes the directories of runs in it
 *   tare/uUID/launch-RANDOM/self/    cgroup2 only, root's: holds the launcher, because a directory
 *                              with processes gives no controllers
 */
#ifndef TARE_CGROUP_TOP_H
#define TARE_CGROUP_TOP_H

#include <limits.h>
#include <stdbool.h>
#include "base/failure.h"
#include "cgroup.h"
#include "mountinfo.h"

struct cgroup_top {
	enum cgroup_role role; /* CGROUP_UNIFIED, or the controller of version 1 it is called by */
	char path[PATH_MAX];
	int fd;
};

/* Of all hierarchies that a run of a user may need; cgroup2 is the first. */
struct cgroup_tops {
	struct cgroup_top tops[CGROUP_ROLES];
	size_t count;
};

#define CGROUP_TOP_NAME "tare"
#define CGROUP_TOP_SELF "self"

/*
 * Opens it, made if it is missing. In cgroup2 it has and gives the controllers that there are.
 * -ENOENT: the hierarchy is not mounted.
 */
int cgroup_top_make(const struct mountinfo_list *mounts, enum cgroup_role role,
	struct cgroup_top *top, struct failure *why);

/* All of them: made if missing, or with `only_existing` those that are there, maybe none. */
int cgroup_tops_open(struct cgroup_tops *tops, const struct mountinfo_list *mounts,
	bool only_existing, struct failure *why);
void cgroup_tops_close(struct cgroup_tops *tops);

/* Has a directory of cgroup2 give its children the controllers that it has, as far as it can. */
void cgroup_top_give(int directory_fd);

/* A directory below one of these, made if it is missing; a descriptor or a negative errno. */
int cgroup_top_make_below(const struct cgroup_top *top, int parent_fd, const char *name);

#endif
