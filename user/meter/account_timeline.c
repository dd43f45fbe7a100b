// SPDX-License-Identifier: Apache-2.0
// From the collector's time line to the result's: the points that there are, in bytes.
#include "account_timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static uint64_t page_bytes(int64_t pages)
{
	return pages > 0 ? (uint64_t)pages * sysconf(_SC_PAGESIZE) : 0;
}

/*
 * What had been used before the exec is known exactly only after the command's first switch, and a
 * time line begins earlier: where the host stole time around the exec, all of it is off by as much.
 * The last point, when no task is left, has as much CPU time as the run.
 */
static int64_t cpu_correction(const struct account *account)
{
	const struct timeline_point *last = NULL;
	uint64_t cpu_ns = 0;

	for (size_t i = 0; i < TIMELINE_POINTS; i++) {
		if (account->timeline[i].time_ns)
			last = &account->timeline[i];
	}
	if (!last || last->tasks)
		return 0;
	for (size_t i = 0; i < account->processors; i++)
		cpu_ns += account->cpus[i].cpu_ns;
	return (int64_t)(cpu_ns - last->cpu_ns);
}

static struct timeline_point_result convert(
	const struct timeline_point *point, int64_t correction_ns)
{
	int64_t cpu_ns = (int64_t)point->cpu_ns + correction_ns;

	return (struct timeline_point_result){
		.time_ns = point->time_ns,
		.rss_bytes = page_bytes(point->rss_pages),
		.rss_peak_bytes = page_bytes(point->rss_peak_pages),
		.anon_bytes = page_bytes(point->anon_pages),
		.cpu_ns = cpu_ns > 0 ? (uint64_t)cpu_ns : 0,
		.tasks = point->tasks > 0 ? (uint64_t)point->tasks : 0,
	};
}

int account_fill_timeline(
	const struct account *account, struct timeline_result *timeline, struct failure *why)
{
	int64_t correction_ns;

	*timeline = (struct timeline_result){ .interval_ns = account->run.timeline_interval_ns };
	if (!account->timeline)
		return 0;
	timeline->points = calloc(TIMELINE_POINTS, sizeof(*timeline->points));
	if (!timeline->points)
		return failure_set(why, ENOMEM, "list the time line");
	correction_ns = cpu_correction(account);
	for (size_t i = 0; i < TIMELINE_POINTS; i++) {
		if (account->timeline[i].time_ns)
			timeline->points[timeline->count++] =
				convert(&account->timeline[i], correction_ns);
	}
	return 0;
}
