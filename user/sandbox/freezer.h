/* SPDX-License-Identifier: Apache-2.0 */
/* The freezer of version 1 of cgroups, in which a process does not die of any signal. */
#ifndef TARE_FREEZER_H
#define TARE_FREEZER_H

#include "cgroup.h"

/*
 * Thaws what the run's processes were frozen by, below this process's own cgroup of the freezer:
 * only they can have made that. For runs without a container, which can reach it. What cannot be
 * thawed stays frozen, and is then told by the run not becoming empty.
 */
void freezer_thaw(const struct cgroup *cgroup);

#endif
