/* SPDX-License-Identifier: Apache-2.0 */
/* The cpuset cgroup of a run: the processors and memory nodes that nothing in it can leave. */
#ifndef TARE_CPUSET_H
#define TARE_CPUSET_H

#include "base/failure.h"
#include "base/result.h"
#include "cgroup.h"

/*
 * Makes it one that a process can join: version 1 begins without processors and nodes. It gets
 * all that this process may use. Does nothing elsewhere.
 */
int cpuset_fill(const struct cgroup *cgroup, struct failure *why);

/* Sets what was chosen, and makes sure of it. Of a cgroup that has the controller. */
int cpuset_set(const struct cgroup *cgroup, const struct core_use *use, struct failure *why);

#endif
