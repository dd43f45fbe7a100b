/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a run that its cgroups hold: memory, and the number of tasks. */
#ifndef TARE_LIMIT_H
#define TARE_LIMIT_H

#include "base/config.h"
#include "base/failure.h"
#include "cgroup.h"

/*
 * Sets them, before the first process is in. Where a controller is missing nothing is set; the
 * collector counts memory and tasks as well, and is then alone in ending the run.
 */
int limit_set(const struct cgroup *cgroup, const struct run_limits *limits, struct failure *why);

/*
 * An eventfd that becomes readable when the run's memory is up, for a memory controller of version
 * 1, which kills one process only; the caller's. -1 where the kernel kills all of the run itself,
 * or there is no limit: nothing has to be done then.
 */
int limit_watch_memory(const struct cgroup *cgroup, const struct run_limits *limits, int *event_fd,
	struct failure *why);

/*
 * Whether it was the run's own memory limit that made the kernel kill, by cgroup2's account; false
 * in version 1, where the event tells.
 */
bool limit_memory_was_hit(const struct cgroup *cgroup, const struct run_limits *limits);

#endif
