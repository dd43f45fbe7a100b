/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's cgroup controllers by name: one row for each that a run can have. */
#ifndef TARE_CGROUP_CONTROLLER_H
#define TARE_CGROUP_CONTROLLER_H

#include <stdbool.h>
#include <stddef.h>
#include "cgroup.h"

struct cgroup_controller {
	const char *name;      /* in cgroup2, and where people type it */
	const char *version_1; /* there; NULL: it is not */
	bool is_given;	       /* in cgroup2 by cgroup.subtree_control */
	bool is_built_in;      /* in cgroup2 every directory has what it does */
};

/* By role; name is NULL where the role is no controller's. */
extern const struct cgroup_controller cgroup_controllers[CGROUP_ROLES];

#define cgroup_controller_for_each(role)                                                           \
	for (int role = CGROUP_FIRST_CONTROLLER; role < CGROUP_LAUNCHER; role++)

/* The role of this name, of either version; CGROUP_ROLES when there is none. */
enum cgroup_role cgroup_controller_find(const char *name, size_t length);

/* "memory, pids, ..." for people; static storage. */
const char *cgroup_controller_list(void);

#endif
