/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel counts for the whole machine and never by task: read before and after a run, the
 * difference is an upper bound of what hit the run.
 */
#ifndef TARE_MACHINE_H
#define TARE_MACHINE_H

#include "base/result.h"

struct machine_counters {
	struct number reclaim_stalls, compaction_stalls; /* a task had to free memory first */
	struct number frequency_changes, thermal_throttles;
};

/* `root_fd` is the directory that "proc" and "sys" are below; tests have one of their own. */
struct machine_counters machine_read(int root_fd);

/* Fills the numbers of result->noise that are of the machine. */
void machine_fill(const struct machine_counters *before, const struct machine_counters *after,
	struct noise *noise);

#endif
