/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the cgroups of a run can be: chosen from two texts of /proc and a few files of the cgroup
 * tree. Nothing is made.
 */
#ifndef TARE_CGROUP_PLACE_H
#define TARE_CGROUP_PLACE_H

#include "cgroup.h"

/*
 * Fills in a cgroup that is none yet: its layout, its paths, and what it will have. `memberships`
 * is the text of /proc/self/cgroup. The tree is looked at where `mounts` says that it is mounted.
 */
int cgroup_place(struct cgroup *cgroup, const char *run_id, const struct mountinfo_list *mounts,
	const char *memberships, unsigned int wanted, struct failure *why);

/* The first mount of a hierarchy, called by a controller of version 1 or "" for cgroup2; or NULL.
 */
const struct mountinfo *cgroup_find_mount(
	const struct mountinfo_list *mounts, const char *controller);

/*
 * Into `path`, of PATH_MAX bytes: the directory of a process with these memberships in the
 * hierarchy that has this controller; "" is cgroup2.
 */
int cgroup_place_of(const struct mountinfo_list *mounts, const char *memberships,
	const char *controller, char *path, struct failure *why);

#endif
