/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who cleans up when tare itself is killed: a process that does nothing until then.
 *
 * The container dies with tare by itself; what would stay are the cgroup directories, which only
 * root may remove, and a command run without a container.
 */
#ifndef TARE_JANITOR_H
#define TARE_JANITOR_H

#include "cgroup.h"

struct janitor;

/*
 * Starts it, before the directories are made, so that there is no moment without it. It knows
 * the paths by a copy of *cgroup.
 */
int janitor_start(const struct cgroup *cgroup, struct janitor **out, struct failure *why);

/* Ends it; everything was removed. NULL is fine. */
void janitor_dismiss(struct janitor *janitor);

#endif
