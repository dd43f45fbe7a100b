// SPDX-License-Identifier: Apache-2.0
// The kernel's cgroup controllers by name: one row for each that a run can have.
#include "cgroup_controller.h"

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
