/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who cleans up when tare itself is killed: a process that does nothing until then.
 *
 * The container dies with tare by itself; what would stay are the cgroup directories, which only
 * root may remove, directories on disk that took its writes, and a command run without a container.
 * The kernel does not kill it for want of memory, except where tare has no CAP_SYS_RESOURCE: there
 * it may be killed before tare's memory is given back.
 */
#ifndef TARE_JANITOR_H
#define TARE_JANITOR_H

#include "cgroup.h"
#include "scratch.h"

struct janitor;

/*
 * Starts it, before the directories are made, so that there is no moment without it. It knows
 * the paths by a copy of *cgroup and *scratch. `directory` is removed as well, and NULL none.
 */
int janitor_start(const struct cgroup *cgroup, const struct scratch *scratch, const char *directory,
	struct janitor **out, struct failure *why);

/* Ends it; everything was removed. NULL is fine. */
void janitor_dismiss(struct janitor *janitor);

#endif
