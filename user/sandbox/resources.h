/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the machine a run was asked to get: processors, memory nodes, values of cgroup files, and
 * which controllers that takes.
 */
#ifndef TARE_RESOURCES_H
#define TARE_RESOURCES_H

#include "base/config.h"
#include "base/failure.h"
#include "cgroup.h"
#include "cores.h"

/* Controllers that the run should have, and of these the ones that it cannot do without. */
unsigned int resources_wanted(const struct run_config *config);
unsigned int resources_required(const struct run_config *config);

/*
 * Chooses cores and nodes on this machine, and refuses what it cannot give, before anything is
 * made.
 */
int resources_choose(const struct run_config *config, struct cores *cores, struct failure *why);

/*
 * Sets what the cgroups hold, before the first process is in and before the run's own limits are
 * set. What no cgroup can hold is for the command's process: cores_hold.
 */
int resources_set(const struct run_config *config, struct cores *cores, const struct cgroup *cgroup,
	struct failure *why);

#endif
