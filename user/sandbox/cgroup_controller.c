// SPDX-License-Identifier: Apache-2.0
// The kernel's cgroup controllers by name: one row for each that a run can have.
#include "cgroup_controller.h"

#include <stdio.h>
#include <string.h>

const struct cgroup_controller cgroup_controllers[CGROUP_ROLES] = {
	[CGROUP_MEMORY] = { "memory", "memory", .is_given = true },
	[CGROUP_PIDS] = { "pids", "pids", .is_given = true },
	[CGROUP_CPUSET] = { "cpuset", "cpuset", .is_given = true },
	[CGROUP_CPU] = { "cpu", "cpu", .is_given = true },
	[CGROUP_CPUACCT] = { "cpuacct", "cpuacct", .is_built_in = true },
	[CGROUP_IO] = { "io", "blkio", .is_given = true },
	[CGROUP_DEVICES] = { "devices", "devices" },
	[CGROUP_FREEZER] = { "freezer", "freezer", .is_built_in = true },
	[CGROUP_HUGETLB] = { "hugetlb", "hugetlb", .is_given = true },
	[CGROUP_NET_CLS] = { "net_cls", "net_cls" },
	[CGROUP_NET_PRIO] = { "net_prio", "net_prio" },
	[CGROUP_PERF_EVENT] = { "perf_event", "perf_event", .is_built_in = true },
	[CGROUP_RDMA] = { "rdma", "rdma", .is_given = true },
	[CGROUP_MISC] = { "misc", "misc", .is_given = true },
};

static bool is_name(const char *known, const char *name, size_t length)
{
	return known && strlen(known) == length && !strncmp(known, name, length);
}

enum cgroup_role cgroup_controller_find(const char *name, size_t length)
{
	cgroup_controller_for_each (role) {
		if (is_name(cgroup_controllers[role].name, name, length) ||
			is_name(cgroup_controllers[role].version_1, name, length))
			return role;
	}
	return CGROUP_ROLES;
}

const char *cgroup_controller_list(void)
{
	static char list[256];
	char *end = list;

	if (*list)
		return list;
	cgroup_controller_for_each (role)
		end += sprintf(end, "%s%s", end == list ? "" : ", ", cgroup_controllers[role].name);
	return list;
}
