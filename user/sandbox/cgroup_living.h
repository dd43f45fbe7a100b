/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroups of runs that others have made: found in the tree, read, killed. */
#ifndef TARE_CGROUP_LIVING_H
#define TARE_CGROUP_LIVING_H

#include "cgroup.h"

struct cgroup_run {
	char id[CGROUP_RUN_ID_LENGTH + 1];
	char *path; /* of the cgroup2 directory; owned */
	dev_t device;
	ino_t inode;
	uid_t owner;
};

struct cgroup_runs {
	struct cgroup_run *runs; /* owned */
	size_t count;
};

/* All directories of cgroup2 that are named as a run's are, with or without a run in them. */
int cgroup_runs_list(
	struct cgroup_runs *list, const struct mountinfo_list *mounts, struct failure *why);

void cgroup_runs_done(struct cgroup_runs *list);

/* What the kernel says of a run now. */
struct cgroup_use {
	struct number cpu_ns, memory_bytes, tasks;
};

struct cgroup_use cgroup_run_use(const struct cgroup_run *run, const struct mountinfo_list *mounts);

/* Its directory has not been removed yet. */
bool cgroup_run_is_there(const struct cgroup_run *run);

/* SIGKILL to all processes of the run. */
int cgroup_run_kill(const struct cgroup_run *run, struct failure *why);

#endif
