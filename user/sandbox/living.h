/* SPDX-License-Identifier: Apache-2.0 */
/* Living runs, found without any record of them: what tare ps, exec and kill work on. */
#ifndef TARE_LIVING_H
#define TARE_LIVING_H

#include "base/failure.h"
#include "base/result.h"
#include "cgroup_living.h"

struct living_run {
	const struct cgroup_run *cgroup; /* with its id; borrowed from the list */
	pid_t launcher;
	int launcher_pidfd;
	uid_t user;
	uint64_t elapsed_ns; /* since the launcher was started */
	struct cgroup_use use;
	char *command; /* of the launcher, quoted for a terminal; owned */
};

struct living_runs {
	struct living_run *runs; /* owned; the oldest first */
	size_t count;
	struct cgroup_runs cgroups;
};

/* Those that the caller may meddle with: its own; root's are all. */
int living_list(struct living_runs *list, struct failure *why);

/*
 * The one whose id begins so. -ENOENT: there is none; -EINVAL: there are several, or it is no
 * beginning of an id.
 */
int living_find(const struct living_runs *list, const char *beginning,
	const struct living_run **out, struct failure *why);

void living_done(struct living_runs *list);

#endif
