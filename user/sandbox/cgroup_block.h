/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to and from block devices as version 1 of cgroups counts them. From Linux 6.10 on it counts
 * on a disk only since that one has first had a throttle limit in any cgroup; Debian's 6.1 lists
 * all disks, and counts only in cgroups that have one.
 */
#ifndef TARE_CGROUP_BLOCK_H
#define TARE_CGROUP_BLOCK_H

#include <stdbool.h>
#include "cgroup.h"

/* Of the run so far, over all devices; `operation` is the kernel's "Read" or "Write". */
struct number cgroup_block_bytes(const struct cgroup *cgroup, const char *operation);

/*
 * Counting is on for every disk that is in use. `diskstats` is the text of /proc/diskstats;
 * `block_path` "/sys/block", which tells disks from what lies over them.
 */
bool cgroup_block_is_counted(
	const struct cgroup *cgroup, const char *diskstats, const char *block_path);

#endif
